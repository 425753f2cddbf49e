/** The topic in SNS. */
import { AuditorError } from '../errors.ts';
import type { Notification } from '../mail/notification.ts';
import { type AwsOptions, awsDefaults, awsReason, lazily, withinTime } from './aws.ts';
import type { Notifier } from './ports.ts';

/**
 * The topic in SNS. A publication is sent once: one whose answer was lost may have reached everybody, and the same mail
 * twice is worse than an error that is reported again.
 */
export function createNotifier(topicArn: string, options: AwsOptions = {}): Notifier {
  const sns = lazily(() => loadSns(topicArn, options));
  /** Publishing to nobody succeeds silently, so it is asked whether anybody would get it. Not to know counts as no. */
  const isHeard = async (): Promise<boolean> => {
    try {
      return (await askForSubscribers(await sns(), topicArn, options)).confirmed > 0;
    } catch {
      return false;
    }
  };
  return {
    async publish(notification) {
      try {
        const { sdk, client } = await sns();
        const heard = isHeard();
        const command = new sdk.PublishCommand({ TopicArn: topicArn, ...messageOf(notification) });
        const { MessageId } = await withinTime(options, (abortSignal) =>
          client.send(command, { abortSignal }),
        );
        // A page of somebody in between comes with 200, too: what was not published is no notice.
        if (MessageId === undefined) throw new Error('no message id');
        return { confirmed: await heard };
      } catch (error) {
        throw new AuditorError(
          'NotificationFailed',
          `Sending the mail through SNS failed (${awsReason(error)}); check the topic ${topicArn} and the function's rights on it and on its key.`,
        );
      }
    },
  };
}

/** How many the topic has: those who get the mail, and those who have yet to confirm that they want it. */
export interface Subscribers {
  readonly confirmed: number;
  readonly pending: number;
}

/**
 * Counts who is subscribed to the topic.
 *
 * @throws AuditorError `NotificationFailed`
 */
export async function countSubscribers(topicArn: string, options: AwsOptions = {}): Promise<Subscribers> {
  try {
    return await askForSubscribers(await loadSns(topicArn, options), topicArn, options);
  } catch (error) {
    throw new AuditorError(
      'NotificationFailed',
      `Asking SNS who is subscribed to ${topicArn} failed (${awsReason(error)}); check TOPIC_ARN, AWS credentials and the right sns:GetTopicAttributes.`,
    );
  }
}

interface Sns {
  readonly sdk: typeof import('@aws-sdk/client-sns');
  readonly client: import('@aws-sdk/client-sns').SNSClient;
}

async function loadSns(topicArn: string, options: AwsOptions): Promise<Sns> {
  const sdk = await import('@aws-sdk/client-sns');
  // The topic's own region; elsewhere SNS says that there is no such topic.
  const region = topicArn.split(':')[3] ?? '';
  const client = new sdk.SNSClient({
    ...awsDefaults(options),
    maxAttempts: 1,
    ...(region === '' ? {} : { region }),
  });
  options.scope?.atEnd(() => {
    client.destroy();
  });
  return { sdk, client };
}

async function askForSubscribers(
  { sdk, client }: Sns,
  topicArn: string,
  options: AwsOptions,
): Promise<Subscribers> {
  const command = new sdk.GetTopicAttributesCommand({ TopicArn: topicArn });
  const { Attributes } = await withinTime(options, (abortSignal) => client.send(command, { abortSignal }));
  return {
    confirmed: Number(Attributes?.['SubscriptionsConfirmed'] ?? 0),
    pending: Number(Attributes?.['SubscriptionsPending'] ?? 0),
  };
}

/** One publication: the text for people, the summary for programs. */
function messageOf({ subject, text, summary, outcome, severity }: Notification) {
  return {
    Subject: subject,
    MessageStructure: 'json',
    Message: JSON.stringify({ default: text, email: text, sqs: summary, lambda: summary, https: summary }),
    MessageAttributes: {
      outcome: { DataType: 'String', StringValue: outcome },
      severity: { DataType: 'String', StringValue: severity },
    },
  };
}

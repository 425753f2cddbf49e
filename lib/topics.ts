// The topics: one for the mails of the functions, and one for the alarms where these have addresses of their own.
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { alarmArns } from './alarms.ts';
import type { Config } from './config.ts';

interface TopicProps {
  readonly topicName: string;
  readonly emails: readonly string[];
  readonly config: Config;
  readonly key: Key;
}

/** An encrypted topic, with a subscription for each address, that the alarms of the stage may publish to. */
function makeTopic(scope: Construct, id: string, { topicName, emails, config, key }: TopicProps): Topic {
  const stack = Stack.of(scope);
  const topic = new Topic(scope, id, {
    topicName,
    displayName: topicName,
    masterKey: key,
    enforceSSL: true,
  });
  // A topic with a policy of its own has lost the one by which alarms of the account may publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': alarmArns(stack, config.name) },
      },
    }),
  );
  for (const address of emails) topic.addSubscription(new EmailSubscription(address));
  return topic;
}

/** The topic that the functions publish to. */
export function makeMailTopic(scope: Construct, config: Config, key: Key): Topic {
  const { emails } = config.notifications;
  if (emails.length === 0)
    Validations.of(scope).addWarning(
      'hub-token-auditor:no-mail-address',
      'hub-token-auditor.notifications.emails names no mail address: unless somebody subscribes to the topic, nobody hears of findings and failures, and nothing is withdrawn, because no notice can be given.',
    );
  return makeTopic(scope, 'Topic', { topicName: config.name, emails, config, key });
}

/** The topic that the alarms publish to: one of their own where they have addresses, else the mail topic. */
export function makeAlarmTopic(scope: Construct, config: Config, key: Key, mailTopic: Topic): Topic {
  const { emails } = config.alarms;
  return emails.length === 0
    ? mailTopic
    : makeTopic(scope, 'AlarmTopic', { topicName: `${config.name}-alarms`, emails, config, key });
}

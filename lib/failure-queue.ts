import { type Alarm, ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { AuditorAlarm } from './alarms.ts';
import type { Data } from './data-stack.ts';

/** The two queues by their part of the name. */
export const FAILURE_QUEUES = ['audit', 'issue'] as const;

/** One of the two queues: the audit's, or that of issue and revoke. */
type FailureQueuePart = (typeof FAILURE_QUEUES)[number];

function queueName(name: string, part: FailureQueuePart): string {
  return `${name}-${part}-failures`;
}

/** ARN of a queue in whichever stack, made of its name, so that no stack has to import from another. */
export function failureQueueArn(stack: Stack, name: string, part: FailureQueuePart): string {
  return stack.formatArn({ service: 'sqs', resource: queueName(name, part) });
}

/**
 * Where an event goes that Lambda or the scheduler could not do: the scheduler when it can't reach the function,
 * Lambda when the function failed or the event grew too old. It holds the event and the error, neither of which ever
 * contains anything that grants access.
 */
export class FailureQueue extends Queue {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, name: string, part: FailureQueuePart, data: Data) {
    super(scope, id, {
      queueName: queueName(name, part),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: data.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this, { 'AwsSolutions-SQS3': 'This is the dead-letter queue itself.' });
    this.alarm = new AuditorAlarm(this, 'NotEmpty', {
      name,
      about: `${part}-dead-letter`,
      impact:
        part === 'audit'
          ? 'A nightly run did not happen or failed, and its event is kept in the queue of failures.'
          : 'Somebody’s request to issue or revoke a token was not carried out, and nobody was there to see it fail; its event is kept in the queue of failures.',
      section: 'dead-letter',
      topic: data.topic,
      metric: this.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: Stats.MAXIMUM,
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // An idle queue sends no numbers.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

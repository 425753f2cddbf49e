import { Duration } from 'aws-cdk-lib/core';
import { ComparisonOperator, Stats, TreatMissingData, type Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { AuditorAlarm } from './alarms.ts';
import type { Data } from './data-stack.ts';

/**
 * Where an event goes that Lambda or the scheduler could not do: the scheduler when it can't reach the function,
 * Lambda when the function failed or the event grew too old. It holds the event and the error, neither of which ever
 * contains anything that grants access.
 */
export class FailureQueue extends Queue {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, name: string, part: 'audit' | 'issue', data: Data) {
    super(scope, id, {
      queueName: `${name}-${part}-failures`,
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

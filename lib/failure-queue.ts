// Where events are kept that could not be carried out.
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, type Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Data } from './data-stack.ts';

/**
 * Long enough to look at on the Tuesday after a bad Friday night. No longer, because Lambda keeps with a refused event
 * whatever a caller pasted into it.
 */
const RETENTION = Duration.days(4);

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
 * Lambda when the function failed or the event grew too old. It holds the error, in which every secret is concealed, and
 * the event as it was sent: what a caller pasted into one lies here until the queue lets go of it.
 *
 * It is for looking at afterwards and raises no alarm: what failed in a function raises that function's, what never
 * reached one raises "undelivered", and an alarm that lasts until somebody empties a queue says nothing of the next
 * failure.
 */
export class FailureQueue extends Queue {
  constructor(scope: Construct, id: string, name: string, part: FailureQueuePart, data: Data) {
    super(scope, id, {
      queueName: queueName(name, part),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: data.key,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    });
    acknowledge(this, { 'AwsSolutions-SQS3': 'This is the dead-letter queue itself.' });
  }
}

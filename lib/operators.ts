import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import type { Config } from './config.ts';
import { registryArn, testEventSchemaArn } from './console-events.ts';
import type { Data } from './data-stack.ts';
import { FAILURE_QUEUES, failureQueueArn } from './failure-queue.ts';
import { keyStatement } from './function-permissions.ts';
import { FUNCTIONS, functionName } from './names.ts';
import { REPORTS, REPORTS_REASON } from './store.ts';

/**
 * The rights of the people who run this: invoke the functions, edit license list, exemptions and `HOLD`, read
 * reports, see and clear failed events. It is attached to nobody; whoever gives it to a group decides who may issue and
 * revoke. Only `HOLD` may be deleted: a list that is gone stops the audit. Test events are for using; they come with
 * the stacks, and nobody needs to edit them.
 */
export function makeOperatorsPolicy(scope: Construct, config: Config, data: Data): ManagedPolicy {
  const stack = Stack.of(scope);
  const objects = (...keys: string[]) => keys.map((key) => data.bucket.objectArn(key));
  const bucketKey = config.bucketName === undefined ? data.key.keyArn : config.bucketKeyArn;
  const functionArns = FUNCTIONS.map((kind) =>
    stack.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName(config.name, kind),
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  const policy = new ManagedPolicy(scope, 'Operators', {
    managedPolicyName: `${config.name}-operators`,
    description: 'Invoke audit, issue and revoke; edit license list, exemptions and HOLD; read reports',
    statements: [
      new PolicyStatement({ sid: 'Invoke', actions: ['lambda:InvokeFunction'], resources: functionArns }),
      new PolicyStatement({
        sid: 'OpenInConsole',
        actions: ['lambda:GetFunction', 'lambda:GetFunctionConfiguration'],
        resources: functionArns,
      }),
      new PolicyStatement({
        sid: 'UseTestEvents',
        actions: ['schemas:DescribeRegistry', 'schemas:DescribeSchema', 'schemas:ListSchemaVersions'],
        resources: [
          registryArn(stack),
          ...FUNCTIONS.map((kind) => testEventSchemaArn(stack, config.name, kind)),
        ],
      }),
      // Lambda's guide wants this one too of who uses shareable test events.
      new PolicyStatement({
        sid: 'UnderstandTestEvents',
        actions: ['schemas:GetDiscoveredSchema'],
        resources: ['*'],
      }),
      new PolicyStatement({
        sid: 'SeeBucket',
        actions: ['s3:ListBucket', 's3:GetBucketLocation'],
        resources: [data.bucket.bucketArn],
      }),
      new PolicyStatement({
        sid: 'ReadListsAndReports',
        actions: ['s3:GetObject'],
        resources: objects(OBJECTS.licenses, OBJECTS.exemptions, OBJECTS.hold, REPORTS),
      }),
      new PolicyStatement({
        sid: 'EditLists',
        actions: ['s3:PutObject'],
        resources: objects(OBJECTS.licenses, OBJECTS.exemptions, OBJECTS.hold),
      }),
      new PolicyStatement({
        sid: 'LiftHold',
        actions: ['s3:DeleteObject'],
        resources: objects(OBJECTS.hold),
      }),
      ...(bucketKey === undefined ? [] : [keyStatement(scope, 'UseKey', bucketKey, ['s3'])]),
      new PolicyStatement({
        // An alarm lasts until the queue is empty, so that whoever cures a failure has to be able to empty it.
        sid: 'HandleFailedEvents',
        actions: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:PurgeQueue'],
        resources: FAILURE_QUEUES.map((part) => failureQueueArn(stack, config.name, part)),
      }),
      keyStatement(scope, 'ReadFailedEvents', data.key.keyArn, ['sqs'], ['kms:Decrypt']),
    ],
  });
  acknowledge(policy, {
    [wildcardFinding(stack, data.bucket.objectArn(REPORTS))]: REPORTS_REASON,
    'AwsSolutions-IAM5[Resource::*]':
      'AWS knows no resource for schemas:GetDiscoveredSchema; it describes events that the caller brings and reads nothing of the account.',
  });
  return policy;
}

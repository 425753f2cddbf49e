import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/objects.ts';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import type { Config } from './config.ts';
import { registryArn, testEventSchemaArn } from './console-events.ts';
import type { Data } from './data-stack.ts';
import { keyStatement } from './function-permissions.ts';
import { FUNCTIONS, functionName } from './names.ts';
import { REPORTS, REPORTS_REASON } from './store.ts';

/**
 * The rights of the people who run this: invoke the functions, edit license list, exemptions and `HOLD`, read
 * reports. It is attached to nobody; whoever gives it to a group decides who may issue and revoke. Only `HOLD` may be
 * deleted: a list that is gone stops the audit.
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
        actions: ['schemas:DescribeRegistry', 'schemas:DescribeSchema'],
        resources: [
          registryArn(stack),
          ...FUNCTIONS.map((kind) => testEventSchemaArn(stack, config.name, kind)),
        ],
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
    ],
  });
  acknowledge(policy, { [wildcardFinding(stack, data.bucket.objectArn(REPORTS))]: REPORTS_REASON });
  return policy;
}

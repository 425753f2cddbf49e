// What each function may do.
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';
import type { FunctionKind } from './names.ts';
import { REPORTS } from './store.ts';

/** Objects that each function reads and writes, and no others. */
const ACCESS: Readonly<
  Record<FunctionKind, { readonly reads: readonly string[]; readonly writes: readonly string[] }>
> = {
  audit: {
    reads: [OBJECTS.licenses, OBJECTS.exemptions, OBJECTS.hold, OBJECTS.ledger, OBJECTS.lease],
    writes: [OBJECTS.ledger, OBJECTS.lease, REPORTS],
  },
  issue: {
    reads: [OBJECTS.licenses, OBJECTS.ledger, OBJECTS.lease],
    writes: [OBJECTS.ledger, OBJECTS.lease],
  },
  revoke: { reads: [OBJECTS.ledger, OBJECTS.lease], writes: [OBJECTS.ledger, OBJECTS.lease] },
};

/** Rights that Lambda wants of a function in a VPC, on any resource. */
const ENI_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** The service names by which a key's use is bound to what is stored with it. */
function via(scope: IConstruct, services: readonly string[]): Record<string, unknown> {
  // In China the suffix is another one.
  const { region, urlSuffix } = Stack.of(scope);
  return {
    StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.${urlSuffix}`) },
  };
}

/** A statement that lets somebody use a key through these services, to read and to write. */
export function keyStatement(
  scope: IConstruct,
  sid: string,
  keyArn: string,
  services: readonly string[],
  actions: readonly string[] = ['kms:Decrypt', 'kms:GenerateDataKey'],
): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: [...actions],
    resources: [keyArn],
    conditions: via(scope, services),
  });
}

/** What a function's statements are about. */
export interface PermissionProps {
  readonly kind: FunctionKind;
  readonly functionArn: string;
  readonly config: Config;
  readonly data: Data;
  readonly logGroup: ILogGroup;
  readonly failures: IQueue;
}

/**
 * Everything a function may do. It is written out rather than collected from `grant…` methods, which give wildcards
 * (`s3:GetObject*`, `kms:ReEncrypt*`) and what no function needs.
 */
export function functionStatements(scope: IConstruct, props: PermissionProps): PolicyStatement[] {
  const { kind, config, data } = props;
  const objects = (keys: readonly string[]) => keys.map((key) => data.bucket.objectArn(key));
  return [
    new PolicyStatement({
      sid: 'Log',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [props.logGroup.logGroupArn],
    }),
    new PolicyStatement({
      sid: 'ReadObjects',
      actions: ['s3:GetObject'],
      resources: objects(ACCESS[kind].reads),
    }),
    new PolicyStatement({
      sid: 'WriteObjects',
      actions: ['s3:PutObject'],
      resources: objects(ACCESS[kind].writes),
    }),
    new PolicyStatement({
      // Without it a missing object is a refusal, and a first night looks like a broken one.
      sid: 'SeeWhatIsMissing',
      actions: ['s3:ListBucket'],
      resources: [data.bucket.bucketArn],
    }),
    new PolicyStatement({
      sid: 'Mail',
      // The attributes say whether anybody has confirmed: notice counts from then only.
      actions: ['sns:Publish', 'sns:GetTopicAttributes'],
      resources: [data.topic.topicArn],
    }),
    ...(data.vaultLogin === undefined
      ? []
      : [
          new PolicyStatement({
            sid: 'ReadVaultLogin',
            actions: ['secretsmanager:GetSecretValue'],
            resources: [data.vaultLogin],
          }),
        ]),
    new PolicyStatement({
      sid: 'KeepFailedEvents',
      actions: ['sqs:SendMessage'],
      resources: [props.failures.queueArn],
    }),
    keyStatement(scope, 'UseKey', data.key.keyArn, ['s3', 'sns', 'sqs', 'secretsmanager']),
    ...(config.bucketKeyArn === undefined
      ? []
      : [keyStatement(scope, 'UseBucketKey', config.bucketKeyArn, ['s3'])]),
    ...(config.vault.loginSecretKeyArn === undefined
      ? []
      : [
          keyStatement(
            scope,
            'UseVaultLoginKey',
            config.vault.loginSecretKeyArn,
            ['secretsmanager'],
            ['kms:Decrypt'],
          ),
        ]),
    ...(config.vpc === undefined
      ? []
      : [
          new PolicyStatement({ sid: 'JoinNetwork', actions: ENI_ACTIONS, resources: ['*'] }),
          new PolicyStatement({
            // Lambda needs these rights before the function runs; its code never does.
            sid: 'NotFromTheCodeItself',
            effect: Effect.DENY,
            actions: ENI_ACTIONS,
            resources: ['*'],
            conditions: { ArnEquals: { 'lambda:SourceFunctionArn': props.functionArn } },
          }),
        ]),
  ];
}

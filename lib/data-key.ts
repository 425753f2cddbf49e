// The key of everything that is stored.
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { alarmArns } from './alarms.ts';

/**
 * The key of bucket, topic, queues and login secret. It is kept when the stack goes, because the bucket is kept and
 * could not be read without it.
 *
 * Alarms publish as the service itself and not by a role, so that the key has to name the service; only this account's
 * alarms of this stage may use it.
 */
export function makeDataKey(scope: Construct, name: string): Key {
  const stack = Stack.of(scope);
  const key = new Key(scope, 'Key', {
    description: `${name}: bucket, mail topic, failed events and Vault login`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      // In a key's policy this means the key itself.
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': alarmArns(stack, name) },
      },
    }),
  );
  return key;
}

// What holds data.
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { CallerTrail } from './caller-trail.ts';
import type { Config } from './config.ts';
import { consoleLink } from './console-links.ts';
import { makeDataKey } from './data-key.ts';
import { type Store, makeStore } from './store.ts';
import { makeAlarmTopic, makeMailTopic } from './topics.ts';
import { makeVaultLogin, secretNameOf } from './vault-login.ts';

/** What the functions work with. */
export interface Data {
  readonly key: Key;
  readonly bucket: Store;
  readonly topic: Topic;
  /** Where alarms go: a topic of their own, or the same. */
  readonly alarmTopic: Topic;
  /** ARN of the secret with the Vault login; none where the functions log in by their own AWS identity. */
  readonly vaultLogin: string | undefined;
}

/** What holds data: kept when the stack goes, and apart from what can be replaced at any time. */
export class DataStack extends Stack implements Data {
  readonly key: Key;
  readonly bucket: Store;
  readonly topic: Topic;
  readonly alarmTopic: Topic;
  readonly vaultLogin: string | undefined;

  constructor(scope: Construct, id: string, config: Config, props: StackProps) {
    super(scope, id, {
      ...props,
      description: 'Hub Token Auditor: bucket, mail topic, key and Vault login',
    });
    this.key = makeDataKey(this, config.name);
    this.bucket = makeStore(this, config, this.key);
    this.topic = makeMailTopic(this, config, this.key);
    this.alarmTopic = makeAlarmTopic(this, config, this.key, this.topic);
    this.vaultLogin = makeVaultLogin(this, config, this.key);
    if (config.trail) new CallerTrail(this, 'Callers', config, this.bucket);
    new CfnOutput(this, 'BucketName', {
      value: this.bucket.bucketName,
      description: 'Where licenses.csv belongs and the reports are',
    });
    if (this.vaultLogin !== undefined)
      new CfnOutput(this, 'VaultLoginSecret', {
        value: this.vaultLogin,
        description: 'Secret to fill with the Vault login',
      });
    new CfnOutput(this, 'BucketLink', {
      value: consoleLink.bucket(this, this.bucket.bucketName),
      description: 'Where licenses.csv is uploaded',
    });
    if (this.vaultLogin !== undefined)
      new CfnOutput(this, 'VaultLoginLink', {
        value: consoleLink.secret(this, secretNameOf(config)),
        description: 'Where the Vault login is filled in',
      });
    // Bucket and secret are kept and can't be read without it: whoever uses them again has to name it.
    new CfnOutput(this, 'KeyArn', {
      value: this.key.keyArn,
      description: 'Key of what was created here: bucket, mail topic, failed events and Vault login',
    });
  }
}

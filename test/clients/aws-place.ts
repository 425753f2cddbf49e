import {
  BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { at } from '../sandbox/ask.ts';
import { startAws } from '../sandbox/aws.ts';
import { type JsonObject, isObject, jsonObject } from '../sandbox/json.ts';

/** AWS as the contract tests find it: the project's stand-in, or any other emulator. */
export interface Place {
  /** Where it answers. */
  readonly url: string;
  readonly region: string;
  readonly bucketName: string;
  /** A topic without subscribers, and one that a queue is subscribed to. */
  readonly topicArn: string;
  readonly heardTopicArn: string;
  /** What the queue has received since the last time. */
  received(): Promise<JsonObject[]>;
  /** Makes a secret of that name, or gives it another value; without a value it has none yet. */
  setSecret(name: string, value: string | undefined): Promise<void>;
  /** Schedules a secret for deletion. */
  dropSecret(name: string): Promise<void>;
  close(): Promise<void>;
}

/** The project's stand-in. */
export async function standInPlace(): Promise<Place> {
  const aws = await startAws();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const sns = new SNSClient({ endpoint: aws.url, region: aws.region, credentials });
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'nobody' }));
  sns.destroy();
  return {
    url: aws.url,
    region: aws.region,
    bucketName: aws.bucketName,
    topicArn: TopicArn,
    heardTopicArn: aws.topicArn,
    received: () => aws.topics.received(),
    setSecret: async (name, value) => {
      aws.secrets.set(name, value === undefined ? { error: 'ResourceNotFoundException' } : { value });
    },
    dropSecret: async (name) => {
      aws.secrets.set(name, { error: 'InvalidRequestException' });
    },
    close: () => aws.close(),
  };
}

/**
 * Another emulator at an address, in which everything is made with the SDK's own clients, under names of this run, and
 * taken away again.
 */
export async function placeAt(url: string, unique: string): Promise<Place> {
  const region = process.env['AWS_REGION'] ?? 'eu-west-1';
  const credentials = {
    accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'test',
    secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'test',
  };
  const common = { endpoint: url, region, credentials };
  const s3 = new S3Client({ ...common, forcePathStyle: true });
  const sns = new SNSClient(common);
  const secrets = new SecretsManagerClient(common);
  const made = new Set<string>();
  const Bucket = unique;

  /** SQS, for which the project has no client. No emulator asks for a signature, but some look for the service in it. */
  const sqs = async (action: string, input: JsonObject): Promise<JsonObject> => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${action}`,
        authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/${region}/sqs/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(input),
    });
    if (!answer.ok) throw new Error(`SQS refuses ${action} with ${answer.status}.`);
    return jsonObject(Buffer.from(await answer.arrayBuffer())) ?? {};
  };
  const textAt = (from: unknown, ...path: string[]): string => {
    const found = at(from, ...path);
    if (typeof found !== 'string') throw new Error(`There is no ${path.join('.')}.`);
    return found;
  };
  const topic = async (Name: string): Promise<string> =>
    (await sns.send(new CreateTopicCommand({ Name }))).TopicArn ?? '';

  const constraint = Object.values(BucketLocationConstraint).find((known) => known === region);
  await s3.send(
    new CreateBucketCommand({
      Bucket,
      // The oldest region is the one that may not be named.
      ...(constraint === undefined ? {} : { CreateBucketConfiguration: { LocationConstraint: constraint } }),
    }),
  );
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const topicArn = await topic(`${unique}-nobody`);
  const heardTopicArn = await topic(`${unique}-heard`);
  const QueueUrl = textAt(await sqs('CreateQueue', { QueueName: unique }), 'QueueUrl');
  const attributes = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  await sns.send(
    new SubscribeCommand({
      TopicArn: heardTopicArn,
      Protocol: 'sqs',
      Endpoint: textAt(attributes, 'Attributes', 'QueueArn'),
    }),
  );

  return {
    url,
    region,
    bucketName: Bucket,
    topicArn,
    heardTopicArn,
    received: async () => {
      const { Messages } = await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
      const messages: readonly unknown[] = Array.isArray(Messages) ? Messages : [];
      for (const message of messages)
        await sqs('DeleteMessage', { QueueUrl, ReceiptHandle: textAt(message, 'ReceiptHandle') });
      return messages
        .filter((message) => isObject(message))
        .map((message) => jsonObject(Buffer.from(textAt(message, 'Body'))) ?? {});
    },
    setSecret: async (name, value) => {
      const text = value === undefined ? {} : { SecretString: value };
      if (made.has(name)) await secrets.send(new PutSecretValueCommand({ SecretId: name, ...text }));
      else await secrets.send(new CreateSecretCommand({ Name: name, ...text }));
      made.add(name);
    },
    dropSecret: async (name) => {
      await secrets.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }));
      made.delete(name);
    },
    close: async () => {
      const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
        await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      await s3.send(new DeleteBucketCommand({ Bucket }));
      for (const TopicArn of [topicArn, heardTopicArn]) await sns.send(new DeleteTopicCommand({ TopicArn }));
      await sqs('DeleteQueue', { QueueUrl });
      for (const SecretId of made)
        await secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
      for (const client of [s3, sns, secrets]) client.destroy();
    },
  };
}

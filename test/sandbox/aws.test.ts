// What the AWS stand-in answers: S3 with conditions and versions, SNS, SQS and Secrets Manager.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsHeader, awsStatus } from '../../lambdas/clients/aws.ts';
import { at } from './ask.ts';
import { type AwsStandIn, startAws } from './aws.ts';
import { createClock } from './clock.ts';
import { FAULTS, requests } from './faults.ts';
import type { SecretError } from './secrets-manager.ts';

/* Asked by the SDK's own clients: what they send, and what they make of the answers, is what counts. */

let aws: AwsStandIn;
let s3: S3Client;
let sns: SNSClient;
let secrets: SecretsManagerClient;
let Bucket: string;

beforeEach(async () => {
  aws = await startAws({ clock: createClock() });
  Bucket = aws.bucketName;
  const common = {
    endpoint: aws.url,
    region: aws.region,
    credentials: { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox' },
    maxAttempts: 1,
  };
  s3 = new S3Client({ ...common, forcePathStyle: true });
  sns = new SNSClient(common);
  secrets = new SecretsManagerClient(common);
});

afterEach(async () => {
  for (const client of [s3, sns, secrets]) client.destroy();
  await aws.close();
});

/** The error that an SDK call comes to. */
async function errorOf(
  work: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; error: unknown }> {
  try {
    await work;
  } catch (error) {
    return { name: error instanceof Error ? error.name : '', status: awsStatus(error), error };
  }
  throw new Error('It was expected to fail, and did not.');
}

const put = (Key: string, Body: string, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }));
const get = async (Key: string): Promise<string | undefined> =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

describe('S3', () => {
  it('gives back what was put, with its etag', async () => {
    const { ETag } = await put('a/b c.json', '{"é":1}');
    const answer = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/b c.json' }));
    expect(await answer.Body?.transformToString()).toBe('{"é":1}');
    expect(answer.ETag).toBe(ETag);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a/b c.json' }))).ContentLength).toBe(8);
    expect(aws.bucket.text('a/b c.json')).toBe('{"é":1}');
  });

  it('takes an upload in chunks with a trailing checksum', async () => {
    const body = 'x'.repeat(200_000);
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'stream',
        Body: Readable.from([body.slice(0, 70_000), body.slice(70_000)].map((part) => Buffer.from(part))),
        ContentLength: body.length,
      }),
    );
    expect(aws.log.at(-1)?.body).toMatch(/\r\nx-amz-checksum-\w+:/);
    expect(aws.bucket.text('stream')).toBe(body);
  });

  it('with If-None-Match puts only what is not there: else 412', async () => {
    await put('key', 'one', { IfNoneMatch: '*' });
    const { name, status } = await errorOf(put('key', 'two', { IfNoneMatch: '*' }));
    expect([name, status]).toEqual(['PreconditionFailed', 412]);
    expect(await get('key')).toBe('one');
  });

  it('with If-Match puts only over what was read: else 412', async () => {
    const { ETag = '' } = await put('key', 'one');
    await put('key', 'two', { IfMatch: ETag });
    expect((await errorOf(put('key', 'three', { IfMatch: ETag }))).status).toBe(412);
    expect((await errorOf(put('gone', 'x', { IfMatch: ETag }))).status).toBe(404);
    expect(await get('key')).toBe('two');
  });

  it('says NoSuchKey with 404 of what never was, and 403 to who may not list', async () => {
    const { name, status, error } = await errorOf(get('never'));
    expect([name, status, awsHeader(error, 'x-amz-delete-marker')]).toEqual(['NoSuchKey', 404, undefined]);
    aws.s3.mayList = false;
    expect((await errorOf(get('never'))).status).toBe(403);
  });

  it('lays a delete marker over a deleted object: a 404 that says so, and put again it is there again', async () => {
    const first = await put('key', 'one');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
    const { status, error } = await errorOf(get('key'));
    expect([status, awsHeader(error, 'x-amz-delete-marker')]).toEqual([404, 'true']);
    // The version under the marker is there still.
    const old = await s3.send(new GetObjectCommand({ Bucket, Key: 'key', VersionId: first.VersionId }));
    expect(await old.Body?.transformToString()).toBe('one');
    await put('key', 'two', { IfNoneMatch: '*' });
    expect(await get('key')).toBe('two');
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    expect([Versions.length, DeleteMarkers.length]).toEqual([2, 1]);
    expect(Versions.find(({ IsLatest }) => IsLatest)?.ETag).toBe((await s3.send(new HeadObjectCommand({ Bucket, Key: 'key' }))).ETag); // prettier-ignore
  });

  it('lists by prefix, by folder, and page by page, without what is deleted', async () => {
    for (const key of ['reports/2026/a.json', 'reports/2026/b.json', 'reports/2025/c.json', 'x & y'])
      await put(key, key);
    await put('reports/2026/d.json', 'd');
    aws.bucket.delete('reports/2026/d.json');
    const keys = async (options: { Prefix?: string; MaxKeys?: number; ContinuationToken?: string }) =>
      s3.send(new ListObjectsV2Command({ Bucket, ...options }));
    const all = await keys({});
    expect(all.Contents?.map(({ Key }) => Key)).toEqual(['reports/2025/c.json', 'reports/2026/a.json', 'reports/2026/b.json', 'x & y']); // prettier-ignore
    const page = await keys({ Prefix: 'reports/2026/', MaxKeys: 1 });
    expect([page.IsTruncated, page.Contents?.length]).toEqual([true, 1]);
    const next = await keys({ Prefix: 'reports/2026/', ContinuationToken: page.NextContinuationToken ?? '' });
    expect(next.Contents?.map(({ Key }) => Key)).toEqual(['reports/2026/b.json']);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'reports/', Delimiter: '/' }));
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['reports/2025/', 'reports/2026/']);
  });

  it('knows no other bucket, and forbids what it is told to', async () => {
    expect((await errorOf(s3.send(new GetObjectCommand({ Bucket: 'other', Key: 'k' })))).name).toBe(
      'NoSuchBucket',
    );
    aws.s3.denied.set('ledger.json', ['PUT']);
    expect((await errorOf(put('ledger.json', '{}'))).status).toBe(403);
  });
});

describe('Secrets Manager', () => {
  const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }));

  it('gives the value', async () => {
    aws.secrets.set('login', { value: '{"role_id":"r"}' });
    expect((await read('login')).SecretString).toBe('{"role_id":"r"}');
  });

  it('fails by the name of what is wrong', async () => {
    expect((await errorOf(read('none'))).name).toBe('ResourceNotFoundException');
    const errors: SecretError[] = ['InvalidRequestException', 'DecryptionFailure', 'AccessDeniedException'];
    for (const error of errors) {
      aws.secrets.set('login', { error });
      expect((await errorOf(read('login'))).name).toBe(error);
    }
  });
});

describe('SNS', () => {
  const publish = (input: { Subject?: string; Message: string; MessageStructure?: string }) =>
    sns.send(
      new PublishCommand({
        TopicArn: aws.topicArn,
        MessageAttributes: { outcome: { DataType: 'String', StringValue: 'clean' } },
        ...input,
      }),
    );

  it('records a publication in full, and hands each protocol its own text', async () => {
    await publish({
      Subject: 'Two to fix',
      Message: JSON.stringify({ default: 'text', email: 'text', sqs: '{"n":2}' }),
      MessageStructure: 'json',
    });
    expect(aws.published).toHaveLength(1);
    expect(aws.published[0]).toMatchObject({ subject: 'Two to fix', structured: true, heard: true });
    expect([...(aws.published[0]?.messages ?? [])]).toEqual([['default', 'text'], ['email', 'text'], ['sqs', '{"n":2}']]); // prettier-ignore
    expect(aws.published[0]?.attributes.get('outcome')).toBe('clean');
    const received = await aws.topics.received();
    expect(received.map((message) => at(message, 'Message'))).toEqual(['{"n":2}']);
    expect(at(received[0], 'MessageAttributes', 'outcome', 'Value')).toBe('clean');
  });

  it('takes a publication that nobody is subscribed to, silently', async () => {
    const confirmed = async (): Promise<string | undefined> =>
      (await sns.send(new GetTopicAttributesCommand({ TopicArn: aws.topicArn }))).Attributes?.[
        'SubscriptionsConfirmed'
      ];
    expect(await confirmed()).toBe('1');
    await aws.topics.setSubscribed(false);
    expect(await confirmed()).toBe('0');
    await publish({ Message: 'into the void' });
    expect(aws.published[0]?.heard).toBe(false);
    expect(await aws.topics.received()).toEqual([]);
    await aws.topics.setSubscribed(true);
    expect(await confirmed()).toBe('1');
  });

  it('refuses a subject that is too long, not ASCII, or more than a line', async () => {
    for (const Subject of ['x'.repeat(100), 'déjà vu', 'one\ntwo', ' leading'])
      expect((await errorOf(publish({ Subject, Message: 'm' }))).status).toBe(400);
    expect(aws.published).toEqual([]);
    await publish({ Subject: 'x'.repeat(99), Message: 'm' });
  });

  it('refuses a message that is too long, or structured without a default', async () => {
    expect((await errorOf(publish({ Message: 'x'.repeat(262_145) }))).status).toBe(400);
    const lacking = publish({ Message: '{"email":"text"}', MessageStructure: 'json' });
    expect((await errorOf(lacking)).status).toBe(400);
    await publish({ Message: 'x'.repeat(262_000) });
  });
});

describe('faults', () => {
  it('befall one of the services and leave the others alone', async () => {
    aws.secrets.set('login', { value: 'v' });
    aws.faults.always(FAULTS.unavailablePage, requests({ system: 's3' }));
    expect((await errorOf(get('key'))).status).toBe(503);
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'login' }))).SecretString).toBe('v');
    await sns.send(new PublishCommand({ TopicArn: aws.topicArn, Message: 'm' }));
    expect(aws.log.map(({ system }) => system)).toEqual(['s3', 'secretsmanager', 'sns']);
  });
});

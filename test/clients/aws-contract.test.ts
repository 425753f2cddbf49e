import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBucket } from '../../lambdas/clients/bucket.ts';
import { createLoginSecret } from '../../lambdas/clients/login-secret.ts';
import { createNotifier } from '../../lambdas/clients/notifier.ts';
import type { Bucket, Clock, ReadObject } from '../../lambdas/clients/ports.ts';
import { type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { LEASE_MILLISECONDS, type LeaseServices, takeLease } from '../../lambdas/ledger/lease.ts';
import { openLedger } from '../../lambdas/ledger/store.ts';
import type { Notification } from '../../lambdas/mail/notification.ts';
import { failureOf } from '../failure.ts';
import { createClock } from '../sandbox/clock.ts';
import { FAULTS, type FaultName, requests } from '../sandbox/faults.ts';
import { type SandboxServer, startServer } from '../sandbox/server.ts';
import { type Place, placeAt, standInPlace } from './aws-place.ts';

/*
 * What the program relies on of S3, SNS and Secrets Manager, asked by its own clients. The stand-in is held to it here,
 * and so is any emulator: name its address in AWS_CONTRACT_URL. What an emulator is known to do otherwise than AWS is
 * in the list below, under the name in AWS_CONTRACT_EMULATOR: there the test holds the emulator to its mistake, so that
 * it is noticed when the mistake is gone.
 */

const MISTAKES = {
  moto: [
    // Its GET of a deleted object is a 404 without x-amz-delete-marker, which only its HEAD has: the object looks as if
    // it had never been. S3 sends the header with both.
    'hides delete markers',
    // GetTopicAttributes says of every topic that it has 0 confirmed subscriptions, however many there are: a count that
    // moto never raises.
    'counts no subscribers',
  ],
} as const;
type Mistake = (typeof MISTAKES)[keyof typeof MISTAKES][number];

const url = process.env['AWS_CONTRACT_URL'] ?? '';
const emulator = process.env['AWS_CONTRACT_EMULATOR'] ?? '';
const known = new Set<string>(emulator === 'moto' ? MISTAKES.moto : []);
const makes = (mistake: Mistake): boolean => known.has(mistake);

const unique = `contract-${randomBytes(4).toString('hex')}`;
/** Long enough for a busy machine. */
const TIME_OUT = 15_000;
/** Where a test waits for it. */
const SHORT = 1_000;

let place: Place;
let s3: S3Client;
/** Hands every request on, and can lose answers: what the clients speak with. */
let way: SandboxServer;
let number = 0;
let key = '';
const before = { ...process.env };

beforeAll(async () => {
  place = url === '' ? await standInPlace() : await placeAt(url.replace(/\/+$/, ''), unique);
  way = await startServer({
    name: 'way',
    clock: createClock(),
    handle: async ({ method, path, query, headers, body }) => {
      const { connection: _connection, 'transfer-encoding': _encoding, expect: _expect, ...rest } = headers;
      const text = query.size === 0 ? '' : `?${query.toString()}`;
      const answer = await fetch(`${place.url}${path}${text}`, {
        method,
        headers: rest,
        body: body.length === 0 ? null : body,
      });
      const { 'content-encoding': _packed, ...received } = Object.fromEntries(answer.headers);
      return { status: answer.status, headers: received, body: new Uint8Array(await answer.arrayBuffer()) };
    },
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  s3 = new S3Client({ endpoint: place.url, region: place.region, credentials, forcePathStyle: true });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: way.url,
    AWS_REGION: place.region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});

afterAll(async () => {
  s3.destroy();
  await way.close();
  await place.close();
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
});

beforeEach(() => {
  way.faults.clear();
  key = `objects/${++number}.json`;
});

const bucket = (milliseconds = TIME_OUT): Bucket =>
  createBucket(place.bucketName, process.env, { answerMilliseconds: milliseconds });
const textOf = (object: ReadObject): string =>
  typeof object === 'string' ? object : new TextDecoder().decode(object.body);
const read = async (name = key): Promise<string> => textOf(await bucket().read(name));
const put = (Body: string | Uint8Array, Key = key) =>
  s3.send(new PutObjectCommand({ Bucket: place.bucketName, Key, Body }));
const remove = (Key = key, VersionId?: string) =>
  s3.send(new DeleteObjectCommand({ Bucket: place.bucketName, Key, VersionId }));

/** Writes on a condition and expects it to hold. */
async function written(body: string, etag: string | undefined): Promise<string> {
  const answer = await bucket().writeIf(key, body, etag);
  if (answer === 'conflict') throw new Error('There was nothing to conflict with.');
  return answer.etag;
}

/** A bucket in which every key is this test's own. */
function ownBucket(): Bucket {
  const own = bucket();
  const folder = `own/${++number}/`;
  return {
    location: own.location,
    read: (name) => own.read(folder + name),
    exists: (name) => own.exists(folder + name),
    listTop: () => own.listTop(),
    write: (name, body, type) => own.write(folder + name, body, type),
    writeIf: (name, body, etag) => own.writeIf(folder + name, body, etag),
  };
}

describe('reading an object', () => {
  it('tells one that never was from one that is there', async () => {
    expect(await read()).toBe('absent');
    await put('content');
    expect(await read()).toBe('content');
  });

  it(`tells one that was deleted from one that never was${makes('hides delete markers') ? ' (not so in moto, whose answer has no x-amz-delete-marker)' : ''}`, async () => {
    await put('content');
    await remove();
    expect(await read()).toBe(makes('hides delete markers') ? 'absent' : 'deleted');
    await put('again');
    expect(await read()).toBe('again');
  });

  it('gives every byte as it was put, and its etag with quotes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { ETag } = await put(bytes);
    const object = await bucket().read(key);
    expect(object).toEqual({ body: bytes, etag: ETag });
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it('says whether it is there, whatever its content, an empty one too', async () => {
    expect(await bucket().exists(key)).toBe(false);
    await put(new Uint8Array());
    expect(await bucket().exists(key)).toBe(true);
    await remove();
    expect(await bucket().exists(key)).toBe(false);
  });

  it('is StorageUnavailable where there is no such bucket, and never "absent"', async () => {
    const nobodys = createBucket(`${unique}-none`, process.env, { answerMilliseconds: TIME_OUT });
    expect((await failureOf(() => nobodys.read(key))).name).toBe('StorageUnavailable');
    expect((await failureOf(() => nobodys.exists(key))).name).toBe('StorageUnavailable');
    expect((await failureOf(() => nobodys.writeIf(key, 'x', undefined))).name).toBe('StorageUnavailable');
  });
});

describe('writing an object', () => {
  it('replaces what is there, with the type of the content', async () => {
    await put('old');
    await bucket().write(key, '<p>é</p>', 'text/html; charset=utf-8');
    expect(await read()).toBe('<p>é</p>');
    const { ContentType } = await s3.send(new HeadObjectCommand({ Bucket: place.bucketName, Key: key }));
    expect(ContentType).toBe('text/html; charset=utf-8');
  });

  it('keeps every earlier version, and a deleted object comes back with its marker taken away', async () => {
    await written('second', await written('first', undefined));
    await remove();
    const { Versions = [], DeleteMarkers = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: place.bucketName, Prefix: key }),
    );
    const contents = await Promise.all(
      Versions.map(async ({ VersionId }) => {
        const one = new GetObjectCommand({ Bucket: place.bucketName, Key: key, VersionId });
        return (await s3.send(one)).Body?.transformToString();
      }),
    );
    expect(contents.sort()).toEqual(['first', 'second']);
    expect(DeleteMarkers).toHaveLength(1);
    await remove(key, DeleteMarkers[0]?.VersionId);
    expect(await read()).toBe('second');
  });

  it('is told by the name of the bucket', () => {
    expect(bucket().location).toBe(`s3://${place.bucketName}`);
  });
});

describe('writing on a condition', () => {
  it('creates what is not there, once', async () => {
    const etag = await written('1', undefined);
    expect(await bucket().read(key)).toMatchObject({ etag });
    expect(await bucket().writeIf(key, '2', undefined)).toBe('conflict');
    expect(await read()).toBe('1');
  });

  it('replaces what is still as it was read, and nothing else', async () => {
    const first = await written('1', undefined);
    const second = await written('2', first);
    expect(second).not.toBe(first);
    expect(await bucket().writeIf(key, '3', first)).toBe('conflict');
    expect(await read()).toBe('2');
    await bucket().write(key, 'by hand', 'text/plain');
    expect(await bucket().writeIf(key, '3', second)).toBe('conflict');
    expect(await read()).toBe('by hand');
  });

  it('is a conflict where the object that was read is gone, or never was', async () => {
    expect(await bucket().writeIf(key, '1', '"d41d8cd98f00b204e9800998ecf8427e"')).toBe('conflict');
    const etag = await written('1', undefined);
    await remove();
    expect(await bucket().writeIf(key, '2', etag)).toBe('conflict');
    expect(['absent', 'deleted']).toContain(await read());
  });

  it('creates over a delete marker, for that is nothing', async () => {
    await written('1', undefined);
    await remove();
    await written('2', undefined);
    expect(await read()).toBe('2');
  });

  it('lets one of ten that come at the same time win, creating and replacing', async () => {
    const compete = async (etag: string | undefined): Promise<number> => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => bucket().writeIf(key, `${etag ?? ''} ${index}`, etag)),
      );
      return answers.filter((answer) => answer !== 'conflict').length;
    };
    expect(await compete(undefined)).toBe(1);
    const there = await bucket().read(key);
    expect(await compete(typeof there === 'string' ? undefined : there.etag)).toBe(1);
  });

  it.each<FaultName>(['resetAfter', 'timeOutAfter', 'internalError'])(
    "does not take its own write for somebody else's where the first answer was lost by %s",
    async (fault) => {
      way.faults.nth(1, FAULTS[fault], requests({ method: 'PUT' }));
      const answer = await bucket(SHORT).writeIf(key, 'mine', undefined);
      expect(answer).not.toBe('conflict');
      expect(await bucket().read(key)).toMatchObject(answer === 'conflict' ? {} : answer);
      expect(await read()).toBe('mine');
    },
  );

  it('tells a conflict from a lost answer: what somebody else wrote stays', async () => {
    const etag = await written('1', undefined);
    await put('theirs');
    way.faults.nth(1, FAULTS.resetAfter, requests({ method: 'PUT' }));
    expect(await bucket().writeIf(key, 'mine', etag)).toBe('conflict');
    expect(await read()).toBe('theirs');
  });
});

describe('the lease in this bucket', () => {
  const clock: Clock & { at: number } = {
    at: Date.parse('2026-03-02T02:00:00Z'),
    now: () => clock.at,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
  };
  const ownServices = (): LeaseServices => ({
    bucket: ownBucket(),
    clock,
    deadline: clock.at + LEASE_MILLISECONDS,
    codes: { lastStep: 0 },
  });

  it('is held by one function at a time, and free again with its release', async () => {
    const services = ownServices();
    const lease = await takeLease(services, 'audit', 'one');
    expect((await failureOf(() => takeLease(services, 'issue', 'two'))).name).toBe('Busy');
    await lease.release();
    await (await takeLease(services, 'issue', 'two')).release();
    await takeLease(services, 'revoke', 'three');
  });

  it('of a crashed function is taken over when it is past, and not given back by its first holder', async () => {
    const services = ownServices();
    const late = await takeLease(services, 'audit', 'one');
    clock.at += LEASE_MILLISECONDS;
    await takeLease(services, 'audit', 'two');
    await late.release();
    expect((await failureOf(() => takeLease(services, 'issue', 'three'))).name).toBe('Busy');
  });

  it('is got by one of five functions that begin at the same time', async () => {
    const services = ownServices();
    const takers = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => takeLease(services, 'audit', `run ${index}`)),
    );
    const got = takers.filter(({ status }) => status === 'fulfilled').length;
    expect(got).toBe(1);
    for (const taker of takers)
      if (taker.status === 'rejected') expect(isAuditorError(taker.reason, 'Busy')).toBe(true);
  });
});

describe('the ledger in this bucket', () => {
  const inactive =
    (id: string) =>
    (ledger: Ledger): Ledger => ({ ...ledger, inactive: [...ledger.inactive, id] });

  it('is empty where it never was, and what was written is read again', async () => {
    const own = ownBucket();
    const store = await openLedger(own);
    expect(store.current).toEqual(emptyLedger());
    await store.update(inactive('a'));
    await store.update(inactive('b'));
    expect((await openLedger(own)).current.inactive).toEqual(['a', 'b']);
  });

  it('loses nothing of what two functions write that both have read it', async () => {
    const own = ownBucket();
    const [one, other] = [await openLedger(own), await openLedger(own)];
    await one.update(inactive('a'));
    await other.update(inactive('b'));
    await one.update(inactive('c'));
    expect((await openLedger(own)).current.inactive).toEqual(['a', 'b', 'c']);
  });

  it(`that was deleted is not begun again${makes('hides delete markers') ? ' (it is in moto, which hides that it was deleted)' : ''}`, async () => {
    const own = ownBucket();
    const store = await openLedger(own);
    await store.update(inactive('a'));
    await remove(`own/${number}/${OBJECTS.ledger}`);
    if (makes('hides delete markers')) {
      expect((await openLedger(own)).current).toEqual(emptyLedger());
      return;
    }
    expect((await failureOf(() => openLedger(own))).name).toBe('LedgerUnreadable');
    expect((await failureOf(() => store.update(inactive('b')))).name).toBe('LedgerUnreadable');
  });
});

describe('a mail through the topic', () => {
  const mail: Notification = {
    subject: '[Docker Hub tokens] 1 to fix',
    text: 'Hello\nSupport, é',
    summary: '{"runId":"r"}',
    outcome: 'attention',
    severity: 'critical',
  };
  const publish = (topicArn: string, changes: Partial<Notification> = {}) =>
    createNotifier(topicArn, { answerMilliseconds: TIME_OUT }).publish({ ...mail, ...changes });

  it(`says that somebody was there${makes('counts no subscribers') ? ' (not so in moto, which counts nobody)' : ''}`, async () => {
    expect(await publish(place.heardTopicArn)).toEqual({ confirmed: !makes('counts no subscribers') });
  });

  it('reaches a program as the summary, with subject and attributes to filter by', async () => {
    await place.received();
    await publish(place.heardTopicArn);
    const received = await place.received();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      TopicArn: place.heardTopicArn,
      Subject: mail.subject,
      Message: mail.summary,
      MessageAttributes: {
        outcome: { Type: 'String', Value: 'attention' },
        severity: { Type: 'String', Value: 'critical' },
      },
    });
  });

  it('to nobody succeeds, and says that nobody was there', async () => {
    expect(await publish(place.topicArn)).toEqual({ confirmed: false });
  });

  it('is NotificationFailed where the subject is longer than SNS takes, and where there is no such topic', async () => {
    const long = { subject: 'x'.repeat(101) };
    expect((await failureOf(() => publish(place.heardTopicArn, long))).name).toBe('NotificationFailed');
    const nowhere = `${place.topicArn}-none`;
    expect((await failureOf(() => publish(nowhere))).name).toBe('NotificationFailed');
  });

  it('that is longer than SNS takes is NotificationFailed', async () => {
    const failure = await failureOf(() => publish(place.heardTopicArn, { text: 'x'.repeat(140_000) }));
    expect(failure.name).toBe('NotificationFailed');
  });

  it('whose answer was lost is NotificationFailed, and went out once', async () => {
    await place.received();
    way.faults.when(({ body }) => body.includes('Action=Publish'), FAULTS.resetAfter);
    expect((await failureOf(() => publish(place.heardTopicArn))).name).toBe('NotificationFailed');
    expect(await place.received()).toHaveLength(1);
  });
});

describe('the Vault login in its secret', () => {
  const name = (): string => `${unique}/vault-login-${++number}`;
  const login = (secret: string): string => JSON.stringify({ role_id: 'role', secret_id: secret });

  it('is read, and again where it was changed', async () => {
    const id = name();
    await place.setSecret(id, login('one'));
    const secret = createLoginSecret(id, { answerMilliseconds: TIME_OUT });
    expect(await secret.read()).toEqual({ roleId: 'role', secretId: 'one' });
    await place.setSecret(id, login('two'));
    expect(await secret.read()).toEqual({ roleId: 'role', secretId: 'one' });
    expect(await secret.read(true)).toEqual({ roleId: 'role', secretId: 'two' });
  });

  it('says what to do where there is no such secret, and where it has no value yet', async () => {
    const empty = name();
    await place.setSecret(empty, undefined);
    for (const id of [name(), empty]) {
      const failure = await failureOf(() => createLoginSecret(id, { answerMilliseconds: TIME_OUT }).read());
      expect([failure.name, failure.message.includes('no such secret or it has no value yet')]).toEqual([
        'SecretUnavailable',
        true,
      ]);
    }
  });

  it('says what to do where it is scheduled for deletion', async () => {
    const id = name();
    await place.setSecret(id, login('one'));
    await place.dropSecret(id);
    const failure = await failureOf(() => createLoginSecret(id, { answerMilliseconds: TIME_OUT }).read());
    expect([failure.name, failure.message.includes('restore-secret')]).toEqual(['SecretUnavailable', true]);
  });
});

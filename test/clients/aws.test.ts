import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsReason, withinTime } from '../../lambdas/clients/aws.ts';
import { createBucket } from '../../lambdas/clients/bucket.ts';
import { createLoginSecret } from '../../lambdas/clients/login-secret.ts';
import { countSubscribers, createNotifier } from '../../lambdas/clients/notifier.ts';
import type { Bucket } from '../../lambdas/clients/ports.ts';
import type { Notification } from '../../lambdas/mail/notification.ts';
import { failureOf } from '../failure.ts';
import { createClock } from '../sandbox/clock.ts';
import { makeCertificate } from './certificate.ts';
import { type AwsStandIn, startAws } from '../sandbox/aws.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { FAULTS, type FaultName, answering, requests } from '../sandbox/faults.ts';
import type { SecretError } from '../sandbox/secrets-manager.ts';

const SECRET = 'hub-token-auditor/vault-login';
/** Long enough for a busy machine, and short where an answer never comes. */
const TIME_OUT = 3000;
const SHORT = 250;

let canaries: Canaries;
let aws: AwsStandIn;

beforeEach(async () => {
  canaries = new Canaries();
  aws = await startAws();
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
  vi.stubEnv('AWS_REGION', aws.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'sandbox');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', canaries.password());
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await aws.close();
});

const bucket = (milliseconds = TIME_OUT): Bucket =>
  createBucket(aws.bucketName, process.env, { answerMilliseconds: milliseconds });
const bodyOf = async (key: string, milliseconds = TIME_OUT): Promise<string> => {
  const read = await bucket(milliseconds).read(key);
  return typeof read === 'string' ? read : new TextDecoder().decode(read.body);
};

describe('the bucket', () => {
  it('tells an object from one that never was, and from one that was deleted', async () => {
    expect(await bodyOf('licenses.csv')).toBe('absent');
    aws.bucket.put('licenses.csv', 'telco;country\n');
    expect(await bodyOf('licenses.csv')).toBe('telco;country\n');
    aws.bucket.delete('licenses.csv');
    expect(await bodyOf('licenses.csv')).toBe('deleted');
  });

  it('says what is at its top, folders as such, and since when', async () => {
    aws.bucket.put('hold.txt', '');
    aws.bucket.put('reports/2026/a.json', '{}');
    const top = await bucket().listTop();
    expect(top.map(({ key }) => key)).toEqual(expect.arrayContaining(['hold.txt', 'reports/']));
    expect(typeof top.find(({ key }) => key === 'hold.txt')?.at).toBe('number');
  });

  it('says whether an object is there, whatever its content', async () => {
    expect(await bucket().exists('HOLD')).toBe(false);
    aws.bucket.put('HOLD', '');
    expect(await bucket().exists('HOLD')).toBe(true);
  });

  it.each(['', '404 page not found\n', '<html><body>404 Not Found</body></html>'])(
    "does not take a 404 that is not S3's own (%j) for an object that is not there",
    async (body) => {
      aws.bucket.put('HOLD', '');
      const headers = { 'content-type': 'text/html' };
      aws.faults.always(answering('a page', { status: 404, headers, body }), requests({ method: 'GET' }));
      expect((await failureOf(() => bucket().read('HOLD'))).name).toBe('StorageUnavailable');
      expect((await failureOf(() => bucket().exists('HOLD'))).name).toBe('StorageUnavailable');
    },
  );

  it('is not read to see that it exists, however long it is', async () => {
    aws.bucket.put('HOLD', 'x'.repeat(1_000_000));
    // Of a whole body only half would come.
    aws.faults.always(
      FAULTS.stalled,
      ({ method, headers }) => method === 'GET' && headers['range'] === undefined,
    );
    expect(await bucket(SHORT).exists('HOLD')).toBe(true);
  });

  it('reads no more of an object than is of use, so that a huge one fills no memory', async () => {
    aws.bucket.put('licenses.csv', 'x'.repeat(3_000_000));
    const read = async (most: number) => {
      const found = await bucket(SHORT).read('licenses.csv', most);
      return typeof found === 'string' ? found : found.body.length;
    };
    expect([await read(2_999_999), await read(3_000_000), await read(3_000_001)]).toEqual([
      3_000_000, 3_000_000, 3_000_000,
    ]);
    // Whoever waited for the second half would wait for ever.
    aws.faults.always(FAULTS.stalled);
    expect(await read(1_000_000)).toBe(1_000_001);
    expect(await read(0)).toBe(1);
  });

  it('writes with the type of the content', async () => {
    await bucket().write('reports/a.html', '<p>', 'text/html');
    expect(aws.bucket.current('reports/a.html')?.contentType).toBe('text/html');
  });

  const long = {
    body: Array.from({ length: 90 }, (_, n) => `é${n}`.padEnd(100_000, '.')).join(''),
    type: 'text/html',
  };

  it('writes a long body, whole and with its type', async () => {
    await bucket().write('reports/a.html', long.body, long.type);
    expect(aws.bucket.text('reports/a.html') === long.body).toBe(true);
    expect(aws.bucket.current('reports/a.html')?.contentType).toBe(long.type);
  });

  it.each<FaultName>(['resetBefore', 'resetAfter', 'internalError'])(
    'writes a long body again after one %s',
    async (fault) => {
      aws.faults.nth(1, FAULTS[fault], requests({ method: 'PUT' }));
      await bucket().write('reports/a.html', long.body, long.type);
      expect(aws.bucket.text('reports/a.html') === long.body).toBe(true);
      expect(aws.faults.happened).toHaveLength(1);
    },
  );

  it.each<FaultName>(['resetBefore', 'internalError', 'forbidden'])(
    'is StorageUnavailable where %s does not end, also for a long body',
    async (fault) => {
      aws.faults.always(FAULTS[fault]);
      const failure = await failureOf(() => bucket().write('reports/a.html', long.body, long.type));
      expect(failure.name).toBe('StorageUnavailable');
    },
  );

  it('gives a long body the time that a slow link needs for it, and a short one only its usual time', async () => {
    const slow = await startAws({ latencyMs: 2 * SHORT });
    try {
      vi.stubEnv('AWS_ENDPOINT_URL', slow.url);
      const hurried = createBucket(slow.bucketName, process.env, { answerMilliseconds: SHORT });
      await hurried.write('reports/a.html', long.body, long.type);
      expect(await hurried.writeIf('ledger.json', long.body, undefined)).not.toBe('conflict');
      expect(slow.bucket.text('ledger.json') === long.body).toBe(true);
      expect((await failureOf(() => hurried.write('a', 'b', 'text/plain'))).name).toBe('StorageUnavailable');
    } finally {
      await slow.close();
    }
  });

  it.each<FaultName>(['okPage', 'forbidden', 'internalError'])(
    'never takes an object for written that S3 did not confirm with its etag (%s)',
    async (fault) => {
      aws.faults.always(FAULTS[fault], requests({ method: 'PUT' }));
      const { name, message } = await failureOf(() => bucket().write('reports/a.json', '{}', 'text/plain'));
      expect(name).toBe('StorageUnavailable');
      expect(message).toContain('Writing reports/a.json');
    },
  );

  it('writes on a condition only what is still as it was read', async () => {
    const first = await bucket().writeIf('ledger.json', '1', undefined);
    if (first === 'conflict') throw new Error('There was nothing to conflict with.');
    expect(await bucket().writeIf('ledger.json', '2', undefined)).toBe('conflict');
    const second = await bucket().writeIf('ledger.json', '2', first.etag);
    expect(second).not.toBe('conflict');
    expect(await bucket().writeIf('ledger.json', '3', first.etag)).toBe('conflict');
    expect(aws.bucket.text('ledger.json')).toBe('2');
    aws.bucket.delete('ledger.json');
    expect(await bucket().writeIf('ledger.json', '3', first.etag)).toBe('conflict');
  });

  it('takes a conflict at the same time for a conflict', async () => {
    aws.faults.always(
      answering('409', {
        status: 409,
        body: '<Error><Code>ConditionalRequestConflict</Code></Error>',
        headers: { 'content-type': 'application/xml' },
      }),
      requests({ method: 'PUT' }),
    );
    expect(await bucket().writeIf('lease.json', '1', undefined)).toBe('conflict');
  });

  it.each<FaultName>(['resetAfter', 'timeOutAfter'])(
    "does not take its own write for somebody else's where the answer was lost by %s",
    async (fault) => {
      aws.faults.nth(1, FAULTS[fault], requests({ method: 'PUT' }));
      expect(await bucket(800).writeIf('lease.json', 'mine', undefined)).not.toBe('conflict');
      expect(aws.bucket.versions).toHaveLength(1);
    },
  );

  it('is StorageUnavailable, and says why it may be, where a missing object looks like a forbidden one', async () => {
    aws.s3.mayList = false;
    const failure = await failureOf(() => bucket().read('exemptions.csv'));
    expect([failure.name, failure.message.includes('ListBucket')]).toEqual(['StorageUnavailable', true]);
    await expect(bucket().exists('HOLD')).rejects.toThrow();
  });

  it('is StorageUnavailable where there is no such bucket', async () => {
    expect(
      (
        await failureOf(() =>
          createBucket('nobodys', process.env, { answerMilliseconds: TIME_OUT }).read('a'),
        )
      ).name,
    ).toBe('StorageUnavailable');
  });

  it.each<FaultName>(['resetBefore', 'timeOut', 'internalError', 'stalled', 'cutShort'])(
    'goes on after one %s',
    async (fault) => {
      aws.bucket.put('licenses.csv', 'x');
      aws.faults.nth(1, FAULTS[fault]);
      expect(await bodyOf('licenses.csv', 800)).toBe('x');
    },
  );

  it.each<FaultName>(['resetBefore', 'timeOut', 'internalError', 'forbidden'])(
    'is StorageUnavailable where %s does not end',
    async (fault) => {
      aws.faults.always(FAULTS[fault]);
      for (const work of [
        () => bucket(SHORT).read('a'),
        () => bucket(SHORT).exists('a'),
        () => bucket(SHORT).write('a', 'b', 'text/plain'),
        () => bucket(SHORT).writeIf('a', 'b', undefined),
      ])
        expect((await failureOf(work)).name).toBe('StorageUnavailable');
    },
  );

  it.each<FaultName>(['stalled', 'cutShort'])(
    'is StorageUnavailable where each body is %s, after three tries',
    async (fault) => {
      aws.bucket.put('ledger.json', '{"version": 1}');
      aws.faults.always(FAULTS[fault]);
      expect((await failureOf(() => bucket(SHORT).read('ledger.json'))).name).toBe('StorageUnavailable');
      expect(aws.log).toHaveLength(3);
    },
  );
});

describe('the Vault login in Secrets Manager', () => {
  const login = (): { role_id: string; secret_id: string } => ({
    role_id: canaries.uuid(),
    secret_id: canaries.uuid(),
  });
  const put = (value: unknown): void => {
    aws.secrets.set(SECRET, { value: typeof value === 'string' ? value : JSON.stringify(value) });
  };

  it('is read once, and again where that is asked for', async () => {
    const one = login();
    put(one);
    const secret = createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT });
    const wanted = { roleId: one.role_id, secretId: one.secret_id };
    expect(await Promise.all([secret.read(), secret.read()])).toEqual([wanted, wanted]);
    const two = login();
    const { cert } = makeCertificate();
    put({ ...two, ca_cert: cert });
    expect(await secret.read()).toEqual(wanted);
    const fresh = { roleId: two.role_id, secretId: two.secret_id, caCert: cert };
    expect([await secret.read(true), await secret.read()]).toEqual([fresh, fresh]);
    expect(aws.log).toHaveLength(2);
  });

  it.each([
    ['a path', '/etc/ssl/certs/vault.pem'],
    ['the first line alone', '-----BEGIN CERTIFICATE-----'],
    ['a private key', makeCertificate().key],
    ['a certificate cut short', makeCertificate().cert.slice(0, 200)],
  ])('is SecretUnavailable where ca_cert is %s, saying that it is no PEM', async (_, text) => {
    put({ ...login(), ca_cert: text });
    const failure = await failureOf(() => createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT }).read());
    expect([failure.name, failure.message.includes('PEM')]).toEqual(['SecretUnavailable', true]);
  });

  it.each(['', ' \n', null])('has no ca_cert where that is %j', async (blank) => {
    put({ ...login(), ca_cert: blank });
    expect(await createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT }).read()).not.toHaveProperty(
      'caCert',
    );
  });

  it('forgets a failure', async () => {
    const secret = createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT });
    await failureOf(() => secret.read());
    put(login());
    expect(Object.keys(await secret.read())).toEqual(['roleId', 'secretId']);
  });

  it.each([
    '',
    'role_id=x',
    '[]',
    '{"role_id":"r"}',
    '{"role_id":"r","secret_id":""}',
    '{"role_id":"r","secret_id":7}',
  ])('is SecretUnavailable where it is %j, without showing it', async (value) => {
    put(value);
    const failure = await failureOf(() => createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT }).read());
    expect(failure.name).toBe('SecretUnavailable');
    if (value !== '' && value !== '[]') expect(failure.message).not.toContain(value);
  });

  it.each<[SecretError, string]>([
    ['ResourceNotFoundException', 'no such secret'],
    ['InvalidRequestException', 'deletion'],
    ['DecryptionFailure', 'decrypted'],
    ['AccessDeniedException', 'may not'],
    ['InternalServiceError', 'try again'],
  ])('says what %s means', async (error, words) => {
    aws.secrets.set(SECRET, { error });
    const failure = await failureOf(() => createLoginSecret(SECRET, { answerMilliseconds: TIME_OUT }).read());
    expect([failure.name, failure.message.includes(words)]).toEqual(['SecretUnavailable', true]);
  });
});

describe('a call to AWS', () => {
  it.each([
    ['that moves nothing', 0, 45_000],
    ['with a ledger of 12.5 MB', 12_500_000, 95_000],
  ])('%s ends by a bound that grows with what it moves', async (_, bytes, bound) => {
    vi.useFakeTimers();
    try {
      let end: unknown;
      const ended = withinTime(
        {},
        () =>
          new Promise((resolve) =>
            setTimeout(() => {
              resolve('too late');
            }, bound),
          ),
        bytes,
      ).catch((error: unknown) => error);
      void ended.then((value) => {
        end = value;
      });
      await vi.advanceTimersByTimeAsync(bound - 1);
      expect(end).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      expect(awsReason(await ended)).toBe('no whole answer in time');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an answer of AWS that stops half way', () => {
  it('of Secrets Manager is SecretUnavailable', async () => {
    aws.secrets.set(SECRET, { value: '{"role_id": "a", "secret_id": "b"}' });
    for (const fault of [FAULTS.stalled, FAULTS.cutShort]) {
      aws.faults.always(fault);
      const secret = createLoginSecret(SECRET, { answerMilliseconds: SHORT });
      expect((await failureOf(() => secret.read())).name).toBe('SecretUnavailable');
      aws.faults.clear();
      expect(await secret.read()).toEqual({ roleId: 'a', secretId: 'b' });
    }
  });

  it('is not waited for beyond the end of the function', async () => {
    aws.bucket.put('ledger.json', '{}');
    aws.faults.always(FAULTS.timeOut);
    const clock = createClock({ now: 0, ticking: false });
    const late = createBucket(aws.bucketName, process.env, { clock, deadline: 50 });
    expect((await failureOf(() => late.read('ledger.json'))).message).toContain('no whole answer in time');
    clock.advance(100);
    aws.faults.clear();
    expect((await failureOf(() => late.read('ledger.json'))).name).toBe('StorageUnavailable');
  });
});

describe('the notifier', () => {
  const mail: Notification = {
    subject: '[Docker Hub tokens] 1 to fix',
    text: 'Hello\nSupport',
    summary: '{"runId":"r"}',
    outcome: 'attention',
    severity: 'critical',
  };

  it('publishes once: plain text for people, the summary for programs, attributes for filters', async () => {
    expect(await createNotifier(aws.topicArn, { answerMilliseconds: TIME_OUT }).publish(mail)).toEqual({
      confirmed: true,
    });
    expect(aws.published).toHaveLength(1);
    const [sent] = aws.published;
    expect(sent?.subject).toBe(mail.subject);
    expect(Object.fromEntries(sent?.messages ?? [])).toEqual({
      default: mail.text,
      email: mail.text,
      sqs: mail.summary,
      lambda: mail.summary,
      https: mail.summary,
    });
    expect(Object.fromEntries(sent?.attributes ?? [])).toEqual({
      outcome: 'attention',
      severity: 'critical',
    });
  });

  it('says that nobody heard it where nobody confirmed, and where that is not to be known', async () => {
    await aws.topics.setSubscribed(false);
    expect(await createNotifier(aws.topicArn, { answerMilliseconds: TIME_OUT }).publish(mail)).toEqual({
      confirmed: false,
    });
    await aws.topics.setSubscribed(true);
    aws.faults.nth(1, FAULTS.forbidden);
    expect(await createNotifier(aws.topicArn, { answerMilliseconds: TIME_OUT }).publish(mail)).toEqual({
      confirmed: false,
    });
    expect(aws.published).toHaveLength(2);
  });

  it('counts subscribers without a mail, and says what to check where it can not', async () => {
    const count = () => countSubscribers(aws.topicArn, { answerMilliseconds: TIME_OUT });
    expect(await count()).toEqual({ confirmed: 1, pending: 0 });
    await aws.topics.setSubscribed(false);
    expect((await count()).confirmed).toBe(0);
    aws.faults.nth(1, FAULTS.forbidden);
    const { name, message } = await failureOf(count);
    expect([name, message.includes('sns:GetTopicAttributes')]).toEqual(['NotificationFailed', true]);
    expect(aws.published).toHaveLength(0);
  });

  it('never takes a page of somebody else for a mail that was sent: a notice would count from it', async () => {
    aws.faults.when(({ body }) => body.includes('Action=Publish'), FAULTS.okPage);
    expect(
      (await failureOf(() => createNotifier(aws.topicArn, { answerMilliseconds: TIME_OUT }).publish(mail)))
        .name,
    ).toBe('NotificationFailed');
    expect(aws.published).toHaveLength(0);
  });

  it("publishes in the topic's own region", async () => {
    vi.stubEnv('AWS_REGION', 'us-west-2');
    expect(await createNotifier(aws.topicArn, { answerMilliseconds: TIME_OUT }).publish(mail)).toEqual({
      confirmed: true,
    });
  });

  it.each<FaultName>(['stalled', 'cutShort'])(
    'says that nobody heard it where the count of subscribers is answered with %s',
    async (fault) => {
      aws.faults.when(({ body }) => body.includes('Action=GetTopicAttributes'), FAULTS[fault]);
      const notifier = createNotifier(aws.topicArn, { answerMilliseconds: 1000 });
      expect(await notifier.publish(mail)).toEqual({ confirmed: false });
    },
  );

  it.each<FaultName>([
    'resetBefore',
    'resetAfter',
    'timeOutAfter',
    'internalError',
    'forbidden',
    'stalled',
    'cutShort',
  ])('is NotificationFailed where %s befalls it, and sends no second mail', async (fault) => {
    aws.faults.when(({ body }) => body.includes('Action=Publish'), FAULTS[fault]);
    expect(
      (await failureOf(() => createNotifier(aws.topicArn, { answerMilliseconds: 1000 }).publish(mail))).name,
    ).toBe('NotificationFailed');
    expect(aws.published.length).toBeLessThanOrEqual(1);
  });
});

describe('errors of the AWS clients', () => {
  it('hold no secret, however deeply they are looked into', async () => {
    aws.secrets.set(SECRET, {
      value: JSON.stringify({ role_id: canaries.uuid(), secret_id: canaries.uuid() }),
    });
    for (const name of [
      'resetAfter',
      'timeOut',
      'forbidden',
      'internalError',
      'truncated',
      'okPage',
    ] as const) {
      aws.faults.always(FAULTS[name]);
      const outcomes = await Promise.all([
        failureOf(() => bucket(SHORT).read('a')).catch(String),
        failureOf(() => bucket(SHORT).writeIf('a', 'b', undefined)).catch(String),
        failureOf(() => createLoginSecret(SECRET, { answerMilliseconds: SHORT }).read()).catch(String),
      ]);
      aws.faults.clear();
      for (const secret of canaries.all)
        expect(inspect(outcomes, { depth: 10, showHidden: true })).not.toContain(secret);
    }
  });
});

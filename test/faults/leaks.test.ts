// That the search for secrets finds them, whatever they look like on their way out.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { powertoolsLog, powertoolsMeter } from '../../lambdas/runtime/telemetry.ts';
import { ask } from '../sandbox/ask.ts';
import { Canaries, markOf } from '../sandbox/canaries.ts';
import { signHs256 } from '../sandbox/jwt.ts';
import { leaksIn } from '../sandbox/leaks.ts';
import { type Hearing, startHearing } from './hearing.ts';
import { type FaultSandbox, startFaultSandbox } from './fault-sandbox.ts';

let hearing: Hearing;
let sandbox: FaultSandbox;

beforeEach(async () => {
  hearing = startHearing();
  sandbox = await startFaultSandbox([{ label: 'moov-bj', lastDay: '2026-06-18' }], { hearing });
});

afterEach(async () => {
  hearing.stop();
  await sandbox.close();
});

/** A new secret of each kind that there is in a sandbox. */
const KINDS: Readonly<Record<string, () => string>> = {
  'Docker Hub password': () => sandbox.canaries.password(),
  'TOTP secret': () => sandbox.canaries.base32(),
  'content of a token': () => sandbox.dockerHub.tokens.add().content,
  'content of an old token, role id or secret id': () => sandbox.canaries.uuid(),
  'Vault token': () => sandbox.canaries.vaultToken(),
  'key of AWS': () => sandbox.canaries.accessKey(),
  'session of Docker Hub': () => sandbox.canaries.add(signHs256({ exp: 1 }, randomBytes(32))),
};

/** A text in base64 that begins so many bytes into what is encoded, and ends within it. */
const base64 =
  (before: number, encoding: 'base64' | 'base64url') =>
  (text: string): string =>
    Buffer.from(`${'user:'.slice(0, before)}${text}, and more`).toString(encoding);

const htmlOf = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('é', '&#xe9;');
const asciiJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Every form that a secret may take on its way out. */
const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'its first eight characters': (secret) => markOf(secret),
  'its first eight characters in base64': (secret) => base64(1, 'base64')(markOf(secret)),
  ...Object.fromEntries(
    [0, 1, 2].flatMap((before) => [
      [`base64 after ${before} bytes`, base64(before, 'base64')],
      [`base64url after ${before} bytes`, base64(before, 'base64url')],
    ]),
  ),
  'URL-escaped': encodeURIComponent,
  'URL-escaped in small letters': (secret) =>
    encodeURIComponent(secret).replace(/%\w\w/g, (byte) => byte.toLowerCase()),
  'URL-escaped to the last byte': (secret) => Buffer.from(secret).toString('hex').replace(/../g, '%$&'),
  'in a form': (secret) => new URLSearchParams({ secret }).toString(),
  'JSON-escaped': (secret) => JSON.stringify(secret),
  'JSON-escaped in ASCII': asciiJson,
  'JSON in JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ secret: asciiJson(secret) })),
  'HTML-escaped': htmlOf,
  'base64 in JSON': (secret) => JSON.stringify({ authorization: `Basic ${base64(2, 'base64')(secret)}` }),
};

const log = () => powertoolsLog('hub-token-auditor-audit', 'request');

/** An error that holds something where only a thorough search looks. */
function errorHolding(held: unknown): Error {
  return Object.defineProperty(new Error('foreign'), Symbol('request'), { value: held, enumerable: false });
}

/** Every way out, by the channel that has to be named, and how something is put there. */
const OUTLETS: Readonly<Record<string, readonly [channel: string, put: (text: string) => unknown]>> = {
  'standard output': ['standard output', (text) => process.stdout.write(text)],
  'standard error': ['standard error', (text) => process.stderr.write(Buffer.from(text))],
  'console.log': [
    'standard output',
    (text) => {
      console.log({ deep: { text } });
    },
  ],
  'console.error': [
    'standard error',
    (text) => {
      console.error(text);
    },
  ],
  'the log': [
    'standard output',
    (text) => {
      log().info('message', { deep: { field: text } });
    },
  ],
  'a warning in the log': [
    'standard error',
    (text) => {
      log().warn(text);
    },
  ],
  'a metric': [
    'standard output',
    (text) => {
      const meter = powertoolsMeter('hub-token-auditor');
      meter.count('Findings', 1, text);
    },
  ],
  'a warning of Node': ['warning of Node', (text) => process.emit('warning', new Error(text))],
  'a result': [
    'result',
    (text) => {
      sandbox.note('result', { actions: [{ reason: text }] });
    },
  ],
  'the message of an error': [
    'error',
    (text) => {
      sandbox.note('error', new Error(text));
    },
  ],
  'the cause of an error': [
    'error',
    (text) => {
      sandbox.note('error', new Error('x', { cause: new Error(text) }));
    },
  ],
  'what an error hides': [
    'error',
    (text) => {
      sandbox.note('error', errorHolding({ headers: [text] }));
    },
  ],
  'bytes that an error holds': [
    'error',
    (text) => {
      sandbox.note('error', errorHolding(Buffer.from(text)));
    },
  ],
  'a map that an error holds': [
    'error',
    (text) => {
      sandbox.note('error', errorHolding(new Map([[text, 1]])));
    },
  ],
  'a mail': ['mail', (text) => sandbox.aws.published.push(mailWith({ text }))],
  'the subject of a mail': ['mail', (text) => sandbox.aws.published.push(mailWith({ subject: text }))],
  'an attribute of a mail': ['mail', (text) => sandbox.aws.published.push(mailWith({ attribute: text }))],
  'an object': ['object', (text) => sandbox.bucket.put('ledger.json', text)],
  'an old version of an object': [
    'object',
    (text) => {
      sandbox.bucket.put('ledger.json', text);
      sandbox.bucket.put('ledger.json', '{}');
    },
  ],
  'a deleted object': [
    'object',
    (text) => {
      sandbox.bucket.put('lease.json', text);
      sandbox.bucket.delete('lease.json');
    },
  ],
  'the name of an object': ['object', (text) => sandbox.bucket.put(`reports/${text}.json`, '{}')],
};

function mailWith({ text = '', subject = '', attribute = '' }) {
  return {
    topicArn: sandbox.aws.topicArn,
    subject,
    messages: new Map([['email', text]]),
    structured: true,
    attributes: new Map([['outcome', attribute]]),
    at: 0,
    heard: true,
  };
}

describe('a secret of whatever kind, in whatever form, is found', () => {
  it.each(Object.entries(OUTLETS))('in %s', (_name, [channel, put]) => {
    const missed = Object.entries(FORMS).flatMap(([form, shaped]) =>
      Object.entries(KINDS).flatMap(([kind, make]) => {
        const secret = make();
        put(shaped(secret));
        const found = leaksIn(sandbox.channels(), { all: [secret], codes: new Set() });
        hearing.forget();
        return found.some((leak) => leak.channel === channel) ? [] : [`${kind}, ${form}`];
      }),
    );
    expect(missed).toEqual([]);
  });

  it('in the address of a request', async () => {
    const secret = sandbox.canaries.password();
    await ask(`${sandbox.dockerHub.url}/v2/access-tokens?session=${encodeURIComponent(secret)}`);
    expect(sandbox.leaks()).toMatchObject([{ channel: 'address', form: 'plain' }]);
  });
});

describe('what is no leak is none', () => {
  it('so a whole night says nothing that is found, although it used every secret', async () => {
    await audit({ verifyAll: true }, sandbox.services());
    expect(sandbox.canaries.codes.size).toBeGreaterThan(0);
    expect(sandbox.aws.published).toHaveLength(1);
    expect(hearing.text).toContain('The audit begins');
    expect(sandbox.canaries.all.length).toBeGreaterThan(10);
    expect(sandbox.leaks()).toEqual([]);
  });

  it('so hexadecimal digits within longer ones are chance, and a code within a longer number is', () => {
    const canaries = new Canaries();
    const uuid = canaries.uuid();
    canaries.codes.add('482913');
    const search = (text: string) => leaksIn([{ name: 'mail', text }], canaries);
    expect(search(`etag a0${uuid.slice(0, 8)}`)).toEqual([]);
    expect(search('at 1482913 and 0.4829131')).toEqual([]);
    expect(search(`secret id ${uuid.slice(0, 8)}…`)).toMatchObject([{ form: 'plain', canary: 1 }]);
    expect(search('code: 482913.')).toMatchObject([{ form: 'code', canary: 1 }]);
  });
});

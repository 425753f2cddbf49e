// The services that a command works with: settings from the environment, a bucket or files in its place.

import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createBucket } from '../../lambdas/clients/bucket.ts';
import { EventScope } from '../../lambdas/clients/event-scope.ts';
import { createNotifier } from '../../lambdas/clients/notifier.ts';
import type { Bucket, Notifier } from '../../lambdas/clients/ports.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { makeServices } from '../../lambdas/runtime/make-services.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { ENV, type Settings, isLoopback, readSettings } from '../../lambdas/runtime/settings.ts';
import { type Typed, UsageError } from './arguments.ts';
import { createFolder } from './file-bucket.ts';
import { createOutbox } from './file-notifier.ts';
import { withVaultCertificate } from './vault-certificate.ts';

/** As long as a function has. */
const MAX_RUN_MILLISECONDS = 15 * 60_000;

/** The services that a command works with, and whether it may change anything. */
export interface Session {
  readonly services: Services;
  /** Files instead of the bucket, and a system that is not on this machine: nothing may be changed. */
  readonly onlyDry: boolean;
}

/** Where the words for a person go: results to standard output, progress and mails to standard error. */
export interface Voice {
  print(text: string): void;
  printError(text: string): void;
  /** What is being done at this moment: one line that the next one replaces. */
  progress(text: string): void;
  /** Columns of the output; 80 where it is no terminal. */
  readonly columns: number;
  /** Whose secrets are in none of the words. */
  readonly scope?: EventScope;
}

/** A voice whose words are searched for the secrets that the clients meet, and hold nothing that a terminal obeys. */
export function withoutSecrets(voice: Voice, scope: EventScope): Voice & { readonly scope: EventScope } {
  const clean = (text: string): string => scope.secrets.redactWrapped(text).replace(CONTROLS, escapeControl);
  return {
    scope,
    columns: voice.columns,
    print: (text) => {
      voice.print(clean(text));
    },
    printError: (text) => {
      voice.printError(clean(text));
    },
    progress: (text) => {
      voice.progress(clean(text));
    },
  };
}

/** What a terminal obeys, but for the line break and the tab; also marks of text direction. */
const CONTROLS = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** As JSON has it, so that JSON stays JSON. */
const escapeControl = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings and whatever else is missing, all at once. */
function settingsOf(environment: Environment, alsoMissing: readonly string[]): Settings {
  let settings: Settings | undefined;
  const problems: string[] = [];
  try {
    settings = readSettings(environment);
  } catch (error) {
    if (!(error instanceof AuditorError)) throw error;
    problems.push(error.message.replace(/^[^:]*: /, '').replace(/; correct the configuration.*$/, ''));
  }
  problems.push(...alsoMissing.map((name) => `${name} is not set`));
  if (settings === undefined || problems.length > 0)
    throw new AuditorError(
      'InvalidConfiguration',
      `The environment is not usable: ${problems.join('; ')}; set these variables and try again (--help names them).`,
    );
  return settings;
}

function isOnThisMachine({ dockerHubUrl, dockerAuthUrl, dockerRegistryUrl, vaultAddr }: Settings): boolean {
  return [dockerHubUrl, dockerAuthUrl, dockerRegistryUrl, vaultAddr].every(isLoopback);
}

/** Makes the services that the words and the environment ask for. @throws AuditorError `InvalidConfiguration`, UsageError */
export function openSession(typed: Typed, given: Environment, voice: Voice, dry: boolean): Session {
  const environment = withVaultCertificate(given);
  const licenses = typed.text('licenses');
  const state = typed.text('state');
  const inFiles = licenses !== undefined || state !== undefined;
  if (inFiles && typed.text('bucket') !== undefined)
    throw new UsageError('--bucket and --licenses/--state exclude each other.');
  const valueOf = (variable: string): string => environment[variable]?.trim() ?? '';
  const bucketName = typed.text('bucket') ?? valueOf(ENV.bucket);
  const vaultToken = valueOf('VAULT_TOKEN');
  const hasTopic = valueOf(ENV.topicArn) !== '';
  const settings = settingsOf(environment, [
    ...vaultLoginMissing(valueOf),
    ...(inFiles ? [] : bucketMissing(bucketName, hasTopic || dry)),
  ]);

  const { scope = new EventScope() } = voice;
  const bucket: Bucket = inFiles
    ? folderOf(licenses, state)
    : createBucket(bucketName, environment, { scope });
  const notifier: Notifier = hasTopic
    ? createNotifier(settings.topicArn, { scope })
    : createOutbox(
        bucket,
        () => Date.now(),
        (mail) => {
          voice.printError(mail);
        },
      );
  const log = (message: string): void => {
    if (environment['AUDITOR_VERBOSE'] === '1') voice.printError(message);
  };
  const services = makeServices(settings, {
    deadline: Date.now() + MAX_RUN_MILLISECONDS,
    requestId: randomUUID(),
    log: { info: log, warn: log, error: log },
    meter: { count: () => undefined, milliseconds: () => undefined, flush: () => undefined },
    scope,
    bucket,
    notifier,
    ...(vaultToken === '' ? {} : { vaultToken }),
    onProgress: (rows, count) => {
      voice.progress(`Docker Hub: ${rows} of ${count} tokens read`);
    },
  });
  return { services, onlyDry: inFiles && !isOnThisMachine(settings) };
}

/** What is missing to log in to Vault: a token, the secret of the AppRole login, or the function's AWS identity. */
function vaultLoginMissing(valueOf: (variable: string) => string): string[] {
  const hasLogin =
    valueOf('VAULT_TOKEN') !== '' ||
    valueOf(ENV.vaultLoginSecret) !== '' ||
    valueOf(ENV.vaultLogin) === 'aws-iam';
  return hasLogin ? [] : [`VAULT_TOKEN (or ${ENV.vaultLoginSecret})`];
}

function bucketMissing(bucketName: string, needsNoTopic: boolean): string[] {
  return [
    ...(bucketName === '' ? [`${ENV.bucket} (or --bucket, or --licenses and --state)`] : []),
    ...(needsNoTopic ? [] : [ENV.topicArn]),
  ];
}

/** A folder in place of the bucket; without one of its own, one that nobody keeps. */
function folderOf(licenses: string | undefined, state: string | undefined): Bucket {
  return createFolder(
    state ?? mkdtempSync(join(tmpdir(), 'hub-token-auditor-')),
    new Map(licenses === undefined ? [] : [[OBJECTS.licenses, resolve(licenses)]]),
  );
}

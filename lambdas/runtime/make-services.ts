// The clients of one event, and the edges that keep its secrets in.

import { createSignIdentity } from '../clients/aws-identity.ts';
import { createBucket } from '../clients/bucket.ts';
import { readCertificates } from '../clients/certificate.ts';
import { createDockerHub } from '../clients/docker-hub.ts';
import { EventScope } from '../clients/event-scope.ts';
import { systemClock } from '../clients/http.ts';
import { createLoginSecret } from '../clients/login-secret.ts';
import { createNotifier } from '../clients/notifier.ts';
import type { Bucket, Clock, DockerHubLogin, Notifier, Vault } from '../clients/ports.ts';
import { createRegistry } from '../clients/registry.ts';
import type { AwsLogin, VaultSessionOptions } from '../clients/vault-session.ts';
import { createVault } from '../clients/vault.ts';
import { AuditorError } from '../errors.ts';
import { allowIds, guardBucket, guardLog, guardMeter, guardNotifier } from './edges.ts';
import type { Secrets } from '../text/redact.ts';
import type { Log, Meter, Services } from './services.ts';
import { ENV, type Settings } from './settings.ts';

/** What differs from one invocation, or from the command line, to another. */
export interface ServicesOptions {
  readonly deadline: number;
  readonly requestId: string;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock?: Clock;
  /** What the clients of this event share; whoever gives it ends it. */
  readonly scope?: EventScope;
  /** In place of the bucket that the settings name. */
  readonly bucket?: Bucket;
  /** In place of the topic that the settings name. */
  readonly notifier?: Notifier;
  /** A Vault token in place of the AppRole login. */
  readonly vaultToken?: string;
  /** Milliseconds that an answer may take; default 15,000, of AWS 10,000. */
  readonly answerMilliseconds?: number;
  /** Is called with how many of Docker Hub's tokens were read. */
  readonly onProgress?: (rows: number, count: number) => void;
}

/** Makes the clients of one event. Nothing is asked of anybody before it is needed. */
export function makeServices(settings: Settings, options: ServicesOptions): Services {
  const { deadline, requestId, clock = systemClock, scope = new EventScope() } = options;
  const { secrets } = scope;
  const missing = [
    ...(options.bucket === undefined && settings.bucket === '' ? [ENV.bucket] : []),
    ...(options.notifier === undefined && settings.topicArn === '' ? [ENV.topicArn] : []),
    ...(options.vaultToken === undefined ? missingForVault(settings) : []),
  ];
  if (missing.length > 0)
    throw new AuditorError(
      'InvalidConfiguration',
      `The function's environment is not usable: ${missing.map((name) => `${name} is not set`).join('; ')}; deploy the stacks again, they set it.`,
    );
  const common = {
    clock,
    deadline,
    scope,
    ...(options.answerMilliseconds === undefined ? {} : { answerMilliseconds: options.answerMilliseconds }),
  };
  rememberGiven(settings, options, secrets);
  const codes = { lastStep: 0 };
  const log = guardLog(options.log, secrets);
  const vault = createVault({
    ...vaultLogin(settings, { ...common, token: options.vaultToken }),
    mount: settings.vaultMount,
    loginPath: settings.vaultLoginPath,
    tokensPath: settings.vaultTokensPath,
    onWarning: (message, fields) => {
      log.warn(message, fields);
    },
  });
  return {
    settings,
    clock,
    deadline,
    requestId,
    codes,
    log,
    meter: guardMeter(options.meter, secrets),
    vault,
    bucket: guardBucket(options.bucket ?? createBucket(settings.bucket, process.env, common), secrets),
    notifier: guardNotifier(options.notifier ?? createNotifier(settings.topicArn, common), secrets),
    dockerHub: allowIds(
      createDockerHub({
        ...common,
        url: settings.dockerHubUrl,
        account: settings.account,
        codes,
        login: () => rememberedLogin(vault, secrets),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      }),
      secrets,
    ),
    registry: createRegistry({
      ...common,
      authUrl: settings.dockerAuthUrl,
      registryUrl: settings.dockerRegistryUrl,
    }),
  };
}

/** The Docker Hub login, which must not leave from then on. */
async function rememberedLogin(vault: Vault, secrets: Secrets): Promise<DockerHubLogin> {
  const login = await vault.readDockerHubLogin();
  secrets.addPassword(login.password);
  secrets.add(login.totpSecret?.replace(/[\s-]+/g, ''));
  return login;
}

/** Remembers the secrets that the function was given, and that its settings are none, whatever a key may hold. */
function rememberGiven(settings: Settings, options: ServicesOptions, secrets: Secrets): void {
  secrets.add(options.vaultToken);
  secrets.add(process.env['AWS_SECRET_ACCESS_KEY']);
  secrets.add(process.env['AWS_SESSION_TOKEN']);
  for (const setting of Object.values(settings)) if (typeof setting === 'string') secrets.allow(setting);
}

/** Variables that logging in to Vault needs and that are not set. */
function missingForVault({ vaultLogin, vaultLoginSecret, vaultRole }: Settings): string[] {
  if (vaultLogin === 'aws-iam') return vaultRole === '' ? [ENV.vaultRole] : [];
  return vaultLoginSecret === '' ? [ENV.vaultLoginSecret] : [];
}

/** What a session at Vault goes by: where it is, and how to log in. */
export function vaultLogin(
  settings: Settings,
  options: Pick<VaultSessionOptions, 'clock' | 'deadline' | 'answerMilliseconds' | 'scope' | 'token'>,
): VaultSessionOptions {
  return {
    ...options,
    address: settings.vaultAddr,
    namespace: settings.vaultNamespace,
    login: createLoginSecret(settings.vaultLoginSecret, {
      scope: options.scope,
      answerMilliseconds: options.answerMilliseconds,
    }),
    caCert: readCertificates(settings.vaultCaCert),
    aws: awsLogin(settings, options.clock),
  };
}

/** How to log in to Vault by the function's own AWS identity; `undefined` where that is not configured. */
function awsLogin(settings: Settings, clock: Clock): AwsLogin | undefined {
  if (settings.vaultLogin !== 'aws-iam') return undefined;
  return {
    role: settings.vaultRole,
    mount: settings.vaultAuthMount,
    sign: createSignIdentity({ serverId: settings.vaultServerId, clock, environment: process.env }),
  };
}

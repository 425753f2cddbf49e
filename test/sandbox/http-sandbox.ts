// A sandbox whose systems are stand-ins on loopback: the functions reach them with their real clients.

import { makeServices, type ServicesOptions } from '../../lambdas/runtime/make-services.ts';
import type { Log, Meter, Services } from '../../lambdas/runtime/services.ts';
import {
  ENV,
  type SettingName,
  type Settings,
  readSettings,
  toText,
} from '../../lambdas/runtime/settings.ts';
import { powertoolsLog, powertoolsMeter } from '../../lambdas/runtime/telemetry.ts';
import { type AwsStandIn, startAws } from './aws.ts';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import { type FirstContents, Sandbox, type SandboxState, type SentMail } from './contents.ts';
import type { DockerHubSwitches } from './docker-hub-switches.ts';
import { type DockerHubStandIn, startDockerHub } from './docker-hub.ts';
import { FaultPlan } from './faults.ts';
import { type RegistryStandIn, type SigningKey, startRegistry } from './registry.ts';
import type { LoggedRequest, SandboxServer } from './server.ts';
import { type VaultStandIn, startVault } from './vault.ts';

/** What may differ from one sandbox over HTTP to another. */
export interface HttpSandboxOptions {
  readonly transport?: 'http';
  /** What is in it at first; default: the company. */
  readonly contents?: FirstContents;
  /** The time: an instant at which it stands still, or a clock; default: the machine's time, ticking. */
  readonly now?: number | SandboxClock;
  /** Milliseconds until each answer begins; default 0. */
  readonly latencyMs?: number;
  /** Settings of the functions other than the defaults; where the systems are is added. */
  readonly settings?: Partial<Settings>;
  readonly dockerHub?: Partial<DockerHubSwitches>;
  /** Whether the account has two-factor login; default true. */
  readonly twoFactor?: boolean;
  /** What a real registry verifies bearers by. */
  readonly signingKey?: SigningKey;
  /** Version of Vault's KV mount; default 2. */
  readonly kvVersion?: 1 | 2;
  /** PEM of a key, its certificate, and the private authority's that issued it: Vault is served by HTTPS then. */
  readonly vaultTls?: { readonly key: string; readonly cert: string; readonly ca: string };
  /** Makes everything that grants access; default: random values. */
  readonly canaries?: Canaries;
  /** Makes the ids of tokens; default: random UUIDs. */
  readonly makeId?: () => string;
  /** Whether the functions write logs and metrics as in Lambda; default: they are silent. */
  readonly speaks?: boolean;
}

interface StandIns {
  readonly dockerHub: DockerHubStandIn;
  readonly registry: RegistryStandIn;
  readonly vault: VaultStandIn;
  readonly aws: AwsStandIn;
}

interface Parts extends StandIns, Pick<SandboxState, 'clock' | 'canaries' | 'settings'> {
  readonly faults: FaultPlan;
  readonly log: LoggedRequest[];
  readonly speaks: boolean;
}

const nothing = (): void => undefined;
const SILENT_LOG: Log = { info: nothing, warn: nothing, error: nothing };
const SILENT_METER: Meter = { count: nothing, milliseconds: nothing, flush: nothing };
const SECRET_NAME = 'hub-token-auditor/vault-login';
/** The company's list comes on several pages even where 100 rows are asked for. */
const COMPANY_PAGE = 25;
const FIELDS: readonly SettingName[] = Object.keys(ENV).filter((name): name is SettingName => name in ENV);

/** All systems around the functions, on loopback, and what is in them. */
export class HttpSandbox extends Sandbox {
  readonly dockerHub: DockerHubStandIn;
  readonly registry: RegistryStandIn;
  readonly vault: VaultStandIn;
  readonly aws: AwsStandIn;
  /** The functions' environment, with region and credentials. */
  readonly environment: Record<string, string>;
  /** Faults over all systems: "the Nth request" is the Nth of all. */
  readonly faults: FaultPlan;
  /** Requests to all systems in the order in which they came. */
  readonly log: LoggedRequest[];
  readonly servers: readonly SandboxServer[];
  private readonly speaks: boolean;
  private invocations = 0;

  constructor(parts: Parts) {
    const { dockerHub, registry, vault, aws } = parts;
    super({ ...parts, tokens: dockerHub.tokens, secrets: vault.secrets, bucket: aws.bucket });
    this.dockerHub = dockerHub;
    this.registry = registry;
    this.vault = vault;
    this.aws = aws;
    this.servers = [dockerHub, registry.auth, registry.registry, vault, aws];
    this.faults = parts.faults;
    this.log = parts.log;
    this.speaks = parts.speaks;
    this.environment = {
      ...environmentOf(parts.settings),
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'AKIASANDBOX000000000',
      AWS_SECRET_ACCESS_KEY: parts.canaries.accessKey(),
    };
  }

  /** Everything that grants access, so far: sessions are added as they are given out. */
  get secrets(): string[] {
    return this.canaries.all;
  }

  get mails(): SentMail[] {
    return this.aws.published.map(({ subject, messages }) => ({
      subject,
      text: messages.get('email') ?? '',
    }));
  }

  get confirmed(): boolean {
    return this.aws.topics.isSubscribed();
  }

  setConfirmed(confirmed: boolean): Promise<void> {
    return this.aws.topics.setSubscribed(confirmed);
  }

  /** The services of one invocation in this process, whose environment is the sandbox's from then on. */
  services(changes: Partial<ServicesOptions> = {}): Services {
    Object.assign(process.env, this.environment);
    const requestId = `request-${++this.invocations}`;
    return makeServices(this.settings, {
      clock: this.clock,
      deadline: this.clock.now() + 10 * 60_000,
      requestId,
      log: this.speaks ? powertoolsLog('hub-token-auditor-sandbox', requestId) : SILENT_LOG,
      meter: this.speaks ? powertoolsMeter('hub-token-auditor') : SILENT_METER,
      ...changes,
    });
  }

  async close(): Promise<void> {
    await Promise.all(
      [this.dockerHub, this.registry, this.vault, this.aws].map((standIn) => standIn.close()),
    );
  }
}

/** Starts Docker Hub, registry, Vault and AWS on loopback, and fills them. */
export async function startHttpSandbox(options: HttpSandboxOptions = {}): Promise<HttpSandbox> {
  const { contents = 'company', now, canaries = new Canaries() } = options;
  const clock = typeof now === 'object' ? now : createClock(now === undefined ? {} : { now, ticking: false });
  const faults = new FaultPlan();
  const log: LoggedRequest[] = [];
  const common = { clock, canaries, sharedFaults: faults, sharedLog: log, latencyMs: options.latencyMs ?? 0 };
  // The defaults, before it is known where the systems are.
  const wanted: Settings = { ...readSettings({ [ENV.vaultAddr]: 'http://127.0.0.1' }), ...options.settings };
  const dockerHub = await startDockerHub({
    ...common,
    account: {
      username: wanted.account,
      totpSecret: (options.twoFactor ?? true) ? canaries.base32() : undefined,
    },
    switches: {
      ...(contents === 'company' ? { maxPageSize: COMPANY_PAGE } : {}),
      // What is measured is the program, not how long Docker Hub makes it wait.
      ...(typeof contents === 'object' ? { rateLimit: { requests: 1_000_000, seconds: 60 } } : {}),
      ...options.dockerHub,
    },
    ...(options.makeId === undefined ? {} : { makeId: options.makeId }),
  });
  const [image = '', tag = ''] = wanted.testImage.split(/:(?=[^:]*$)/);
  const [registry, vault, aws] = await Promise.all([
    startRegistry({
      ...common,
      hub: dockerHub,
      images: { [image]: [tag] },
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
    }),
    startVault({
      ...common,
      mount: wanted.vaultMount,
      namespace: wanted.vaultNamespace,
      ...(options.kvVersion === undefined ? {} : { kvVersion: options.kvVersion }),
      ...(options.vaultTls === undefined ? {} : { tls: options.vaultTls }),
    }),
    startAws(common),
  ]);
  const settings: Settings = {
    ...wanted,
    dockerHubUrl: dockerHub.url,
    dockerAuthUrl: registry.auth.url,
    dockerRegistryUrl: registry.registry.url,
    vaultAddr: vault.url,
    vaultLoginSecret: SECRET_NAME,
    bucket: aws.bucketName,
    topicArn: aws.topicArn,
  };
  const standIns = { dockerHub, registry, vault, aws };
  giveLogins(standIns, settings, options);
  const { speaks = false } = options;
  const sandbox = new HttpSandbox({ ...standIns, clock, canaries, settings, faults, log, speaks });
  if (settings.vaultLogin === 'aws-iam') letIdentityIn(sandbox);
  sandbox.fill(contents);
  return sandbox;
}

/** Lets the functions' AWS identity in at Vault, which asks AWS itself. */
function letIdentityIn({ vault, aws, environment, settings }: HttpSandbox): void {
  environment['AWS_ENDPOINT_URL_STS'] = 'https://sts.amazonaws.com';
  aws.secrets.delete(SECRET_NAME);
  vault.aws.serverId = settings.vaultServerId;
  vault.aws.roles.set(settings.vaultRole, {
    identities: [
      {
        accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
        secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
      },
    ],
    name: settings.vaultRole,
    policies: ['auditor'],
    tokenTtl: 1200,
    tokenUses: 0,
    tokenWorksHere: true,
    hasDefaultPolicy: true,
  });
}

/** Puts the logins where the functions find them, with the README's policy and not a right more. */
function giveLogins(
  { dockerHub, vault, aws }: StandIns,
  { vaultMount: mount, vaultLoginPath, vaultTokensPath }: Settings,
  { kvVersion, vaultTls }: HttpSandboxOptions,
): void {
  vault.allow({
    [`${mount}/data/${vaultLoginPath}`]: ['read'],
    [`${mount}/data/${vaultTokensPath}`]: ['create', 'read', 'patch'],
    [`${mount}/subkeys/${vaultTokensPath}`]: ['read'],
    [`${mount}/metadata/${vaultTokensPath}`]: ['read'],
    ...(kvVersion === 1
      ? {
          [`${mount}/${vaultLoginPath}`]: ['read'],
          [`${mount}/${vaultTokensPath}`]: ['create', 'read', 'update'],
        }
      : {}),
  });
  const { username, password, totpSecret } = dockerHub.account;
  vault.secrets.put(vaultLoginPath, {
    username,
    password,
    ...(totpSecret === undefined ? {} : { totp_secret: totpSecret }),
  });
  aws.secrets.set(SECRET_NAME, {
    value: JSON.stringify({
      role_id: vault.role.roleId,
      secret_id: vault.secretId,
      ...(vaultTls === undefined ? {} : { ca_cert: vaultTls.ca }),
    }),
  });
}

/** The environment of a function as the stacks write it: every setting, the empty ones left out. */
function environmentOf(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    FIELDS.map((name): [string, string] => [ENV[name], toText(settings[name])]).filter(
      ([, text]) => text !== '',
    ),
  );
}

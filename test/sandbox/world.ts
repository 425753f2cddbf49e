import { DAY } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import {
  ENV,
  type SettingName,
  type Settings,
  readSettings,
  toText,
} from '../../lambdas/runtime/settings.ts';
import { type AwsStandIn, startAws } from './aws.ts';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import {
  type SampleData,
  type SampleToken,
  bulkData,
  companyData,
  exemptionsCsv,
  licensesCsv,
  valueOf,
} from './data.ts';
import type { DockerHubSwitches } from './docker-hub-switches.ts';
import type { NewToken, StoredToken } from './docker-hub-tokens.ts';
import { type DockerHubStandIn, startDockerHub } from './docker-hub.ts';
import { FaultPlan } from './faults.ts';
import { type JsonObject, isObject } from './json.ts';
import { type RegistryStandIn, type SigningKey, startRegistry } from './registry.ts';
import type { LoggedRequest } from './server.ts';
import { type VaultStandIn, startVault } from './vault.ts';

export interface SandboxOptions {
  /**
   * What is in it: a `company` of some fifty customers (the default), so many customers for measuring, or nothing but
   * the accounts, for tests that build their own small world.
   */
  readonly world?: 'company' | 'empty' | { readonly customers: number };
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
}

/** One token and its key, as a test wants them. */
export interface NewDeployment extends NewToken {
  /** What its key in Vault holds: its content (the default), any value, or no key at all. */
  readonly key?: 'own' | 'none' | { readonly value: unknown };
}

/** All systems around the functions, on loopback, and what is in them. */
export interface Sandbox {
  readonly clock: SandboxClock;
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
  /** Everything that grants access, so far: sessions are added as they are given out. */
  readonly secrets: string[];
  /** Adds a token, and its key. */
  addDeployment(label: string, options?: NewDeployment): StoredToken;
  /** Keys and values of the deployments' secret in Vault as it is now; empty where there is none. */
  keys(): JsonObject;
  /** Writes the deployments' secret anew. */
  setKeys(keys: JsonObject): void;
  /** Writes `licenses.csv`: deployment, last paid day, no grace; a text is written as it is. */
  putLicenses(rows: string | readonly (readonly [deployment: string, lastDay: string])[]): void;
  /** Writes `exemptions.csv`. */
  putExemptions(csv: string): void;
  /** A JSON object of the bucket, `undefined` where it is not there. */
  json(key: string): JsonObject | undefined;
  close(): Promise<void>;
}

const SECRET_NAME = 'hub-token-auditor/vault-login';
/** The company's list comes on several pages even where 100 rows are asked for. */
const COMPANY_PAGE = 25;
const FIELDS: readonly SettingName[] = Object.keys(ENV).filter((name): name is SettingName => name in ENV);

/** The environment of a function as the stacks write it: every setting, the empty ones left out. */
function environmentOf(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    FIELDS.map((name): [string, string] => [ENV[name], toText(settings[name])]).filter(
      ([, text]) => text !== '',
    ),
  );
}

function storedToken(sample: SampleToken, now: number): NewToken {
  const ago = (days: number): string => new Date(now - days * DAY).toISOString();
  return {
    token_label: sample.label,
    created_at: ago(sample.createdDaysAgo),
    last_used: sample.usedDaysAgo === null ? null : ago(sample.usedDaysAgo),
    is_active: sample.isActive ?? true,
    generated_by: sample.generatedBy ?? 'manual',
    expires_at: sample.expiresInDays === undefined ? null : ago(-sample.expiresInDays),
    ...('scopes' in sample ? { scopes: sample.scopes } : {}),
  };
}

/** Starts Docker Hub, registry, Vault and AWS on loopback, and fills them. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { world = 'company', now, latencyMs = 0, twoFactor = true } = options;
  const clock = typeof now === 'object' ? now : createClock(now === undefined ? {} : { now, ticking: false });
  const canaries = new Canaries();
  const faults = new FaultPlan();
  const log: LoggedRequest[] = [];
  const common = { clock, canaries, sharedFaults: faults, sharedLog: log, latencyMs };

  // The defaults, before it is known where the systems are.
  const wanted: Settings = { ...readSettings({ [ENV.vaultAddr]: 'http://127.0.0.1' }), ...options.settings };
  const dockerHub = await startDockerHub({
    ...common,
    account: { username: wanted.account, totpSecret: twoFactor ? canaries.base32() : undefined },
    switches: {
      ...(world === 'company' ? { maxPageSize: COMPANY_PAGE } : {}),
      // What is measured is the program, not how long Docker Hub makes it wait.
      ...(typeof world === 'object' ? { rateLimit: { requests: 1_000_000, seconds: 60 } } : {}),
      ...options.dockerHub,
    },
  });
  const [image = '', tag = ''] = wanted.testImage.split(/:(?=[^:]*$)/);
  const registry = await startRegistry({
    ...common,
    hub: dockerHub,
    images: { [image]: [tag] },
    ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
  });
  const vault = await startVault({
    ...common,
    mount: wanted.vaultMount,
    namespace: wanted.vaultNamespace,
    ...(options.kvVersion === undefined ? {} : { kvVersion: options.kvVersion }),
    ...(options.vaultTls === undefined ? {} : { tls: options.vaultTls }),
  });
  const aws = await startAws(common);

  const { vaultMount: mount, vaultLoginPath, vaultTokensPath } = wanted;
  vault.allow({
    [`${mount}/data/${vaultLoginPath}`]: ['read'],
    [`${mount}/data/${vaultTokensPath}`]: ['create', 'read', 'patch'],
    [`${mount}/subkeys/${vaultTokensPath}`]: ['read'],
    [`${mount}/metadata/${vaultTokensPath}`]: ['read'],
    ...(options.kvVersion === 1
      ? {
          [`${mount}/${vaultLoginPath}`]: ['read'],
          [`${mount}/${vaultTokensPath}`]: ['create', 'read', 'update'],
        }
      : {}),
  });
  vault.secrets.put(vaultLoginPath, {
    username: dockerHub.account.username,
    password: dockerHub.account.password,
    ...(dockerHub.account.totpSecret === undefined ? {} : { totp_secret: dockerHub.account.totpSecret }),
  });
  aws.secrets.set(SECRET_NAME, {
    value: JSON.stringify({
      role_id: vault.role.roleId,
      secret_id: vault.secretId,
      ...(options.vaultTls === undefined ? {} : { ca_cert: options.vaultTls.ca }),
    }),
  });
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

  const fill = (data: SampleData): void => {
    const contents = new Map<string, string>();
    for (const sample of data.tokens)
      contents.set(sample.label, dockerHub.tokens.add(storedToken(sample, clock.now())).content);
    vault.secrets.put(
      vaultTokensPath,
      Object.fromEntries(
        [...data.keys].map(([label, key]) => [label, valueOf(key, label, contents, canaries)]),
      ),
    );
    aws.bucket.put(OBJECTS.licenses, licensesCsv(data.licenses), 'text/csv');
    if (data.exemptions.length > 0)
      aws.bucket.put(
        OBJECTS.exemptions,
        exemptionsCsv(data.exemptions, clock.now(), settings.timeZone),
        'text/csv',
      );
  };
  if (world === 'company') fill(companyData(clock.now(), settings.timeZone));
  else if (world !== 'empty') fill(bulkData(world.customers, clock.now(), settings.timeZone));

  const keys = (): JsonObject => vault.secrets.current(vaultTokensPath) ?? {};
  const setKeys = (values: JsonObject): void => {
    vault.secrets.put(vaultTokensPath, values);
  };
  return {
    clock,
    dockerHub,
    registry,
    vault,
    aws,
    environment: {
      ...environmentOf(settings),
      AWS_ENDPOINT_URL: aws.url,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'AKIASANDBOX000000000',
      AWS_SECRET_ACCESS_KEY: canaries.accessKey(),
    },
    faults,
    log,
    get secrets() {
      return canaries.all;
    },
    addDeployment: (label, { key = 'own', ...token } = {}) => {
      const added = dockerHub.tokens.add({ token_label: label, ...token });
      if (key !== 'none') setKeys({ ...keys(), [label]: key === 'own' ? added.content : key.value });
      return added;
    },
    keys,
    setKeys,
    putLicenses: (rows) => {
      const csv =
        typeof rows === 'string'
          ? rows
          : licensesCsv(
              rows.map(([deployment, lastDay]) => ({
                telco: deployment.slice(0, deployment.lastIndexOf('-')),
                country: deployment.slice(deployment.lastIndexOf('-') + 1),
                product: '',
                expiresOn: lastDay,
                graceDays: 0,
              })),
            );
      aws.bucket.put(OBJECTS.licenses, csv, 'text/csv');
    },
    putExemptions: (csv) => {
      aws.bucket.put(OBJECTS.exemptions, csv, 'text/csv');
    },
    json: (key) => {
      const text = aws.bucket.text(key);
      const parsed: unknown = text === undefined ? undefined : JSON.parse(text);
      return isObject(parsed) ? parsed : undefined;
    },
    close: async () => {
      await Promise.all([dockerHub.close(), registry.close(), vault.close(), aws.close()]);
    },
  };
}

import { inspect } from 'node:util';
import { emptyLedger, ledgerText, type Ledger } from '../../lambdas/core/ledger.ts';
import { makeServices, type ServicesOptions } from '../../lambdas/make-services.ts';
import { OBJECTS } from '../../lambdas/objects.ts';
import type { Services } from '../../lambdas/services.ts';
import { ENV, readSettings, type Settings } from '../../lambdas/settings.ts';
import { startAws, type AwsStandIn } from '../sandbox/aws.ts';
import { Canaries, markOf } from '../sandbox/canaries.ts';
import { createClock, type SandboxClock } from '../sandbox/clock.ts';
import { startDockerHub, type DockerHubStandIn } from '../sandbox/docker-hub.ts';
import { FaultPlan } from '../sandbox/faults.ts';
import { startRegistry, type RegistryStandIn } from '../sandbox/registry.ts';
import { S3Bucket } from '../sandbox/s3-store.ts';
import { startVault, type VaultStandIn } from '../sandbox/vault.ts';

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const KEYS = `${LOGIN}/riaktrdelivery-tokens`;
const START = Date.parse('2026-06-15T01:30:00Z');
/** Long enough for loopback, short enough that a time-out costs little. */
const ANSWER_MILLISECONDS = 1500;

/** One deployment of a small world. */
export interface Deployment {
  readonly label: string;
  /** Last day of its license; absent without a row. */
  readonly lastDay?: string;
  readonly enabled?: boolean;
  readonly withKey?: boolean;
}

/** A world of a few deployments over real HTTP, with one fault plan for all of its servers. */
export interface SmallWorld {
  readonly clock: SandboxClock;
  readonly hub: DockerHubStandIn;
  readonly vault: VaultStandIn;
  readonly registry: RegistryStandIn;
  readonly aws: AwsStandIn;
  readonly bucket: S3Bucket;
  readonly faults: FaultPlan;
  readonly canaries: Canaries;
  readonly settings: Settings;
  /** Everything that left the program: logs, results, errors, mails, objects. */
  readonly said: string[];
  services(changes?: Partial<ServicesOptions>): Services;
  setLicenses(rows: readonly (readonly [label: string, lastDay: string])[]): void;
  changeLedger(change: (ledger: Ledger) => Ledger): void;
  keys(): Readonly<Record<string, unknown>>;
  /** What there is to compare: which tokens can be used, and whose content each key holds. */
  state(): string;
  /** Secrets that were found in what left the program. */
  leaks(): string[];
  close(): Promise<void>;
}

/** AWS is started once: its emulator takes longer to begin than a whole case. */
let sharedAws: Promise<{ aws: AwsStandIn; faults: { current: FaultPlan } }> | undefined;

async function awsOf(clock: SandboxClock, plan: FaultPlan): Promise<AwsStandIn> {
  const faults = { current: plan };
  // A plan that hands over to that of the world of the moment.
  const handOver = new FaultPlan();
  sharedAws ??= startAws({ clock, sharedFaults: handOver }).then((started) => ({ aws: started, faults }));
  const { aws, faults: held } = await sharedAws;
  held.current = plan;
  aws.faults.decide = (request) => held.current.next(request);
  aws.published.length = 0;
  aws.buckets.set(aws.bucketName, new S3Bucket(clock));
  return aws;
}

/** Ends what all worlds share. */
export async function closeShared(): Promise<void> {
  await (await sharedAws)?.aws.close();
}

function encodings(secret: string): string[] {
  return [
    secret,
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    markOf(secret),
  ];
}

/** What a small world is made with where its own choice does not do. */
export interface SmallWorldOptions {
  readonly now?: number;
  readonly canaries?: Canaries;
  /** Makes the ids of tokens. */
  readonly makeId?: () => string;
  /** More of the functions' environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a small world. */
export async function startSmallWorld(
  deployments: readonly Deployment[],
  options: SmallWorldOptions = {},
): Promise<SmallWorld> {
  const { now = START, canaries = new Canaries(), makeId } = options;
  const clock = createClock({ now, ticking: false });
  const faults = new FaultPlan();
  const common = { clock, canaries, sharedFaults: faults };
  const hub = await startDockerHub({
    ...common,
    account: { totpSecret: canaries.base32() },
    ...(makeId === undefined ? {} : { makeId }),
  });
  const [vault, registry, aws] = await Promise.all([
    startVault(common),
    startRegistry({ ...common, hub }),
    awsOf(clock, faults),
  ]);
  const bucket = aws.buckets.get(aws.bucketName);
  if (bucket === undefined) throw new Error('The sandbox has no bucket.');
  const { username, password, totpSecret } = hub.account;
  // The policy of the README, and not a right more.
  vault.allow({
    [`secret/data/${LOGIN}`]: ['read'],
    [`secret/data/${KEYS}`]: ['read', 'patch'],
    [`secret/subkeys/${KEYS}`]: ['read'],
  });
  vault.kv.put(LOGIN, { username, password, totp_secret: totpSecret });
  const keys: Record<string, unknown> = {};
  for (const { label, enabled = true, withKey = true } of deployments) {
    const token = hub.tokens.add({
      token_label: label,
      is_active: enabled,
      created_at: new Date(now - 20 * 86_400_000).toISOString(),
      last_used: new Date(now - 3_600_000).toISOString(),
    });
    if (withKey) keys[label] = token.content;
  }
  vault.kv.put(KEYS, keys);
  aws.secrets.set('vault-login', {
    value: JSON.stringify({ role_id: vault.role.roleId, secret_id: vault.secretId }),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
  });
  const settings = readSettings({
    [ENV.vaultAddr]: vault.url,
    [ENV.dockerHubUrl]: hub.url,
    [ENV.dockerAuthUrl]: registry.auth.url,
    [ENV.dockerRegistryUrl]: registry.registry.url,
    [ENV.bucket]: aws.bucketName,
    [ENV.topicArn]: aws.topicArn,
    [ENV.vaultLoginSecret]: 'vault-login',
    [ENV.timeZone]: 'UTC',
    ...options.environment,
  });

  const said: string[] = [];
  const note = (message: string, fields?: Record<string, unknown>): void => {
    said.push(`${message} ${inspect(fields, { depth: 10 })}`);
  };
  const world: SmallWorld = {
    clock,
    hub,
    vault,
    registry,
    aws,
    bucket,
    faults,
    canaries,
    settings,
    said,
    services: (changes) =>
      makeServices(settings, {
        clock,
        deadline: clock.now() + 10 * 60_000,
        requestId: `request-${Math.random()}`,
        log: { info: note, warn: note, error: note },
        meter: {
          count: (name, value) => said.push(`${name} ${value}`),
          milliseconds: () => undefined,
          flush: () => undefined,
        },
        answerMilliseconds: ANSWER_MILLISECONDS,
        ...changes,
      }),
    setLicenses: (rows) => {
      const lines = rows.map(([label, day]) => {
        const cut = label.lastIndexOf('-');
        return `${label.slice(0, cut)},${label.slice(cut + 1)},${day},0`;
      });
      bucket.put(OBJECTS.licenses, ['telco,country,expires_on,grace_days', ...lines].join('\n'));
    },
    changeLedger: (change) => {
      bucket.put(OBJECTS.ledger, ledgerText(change(emptyLedger())));
    },
    keys: () => vault.kv.current(KEYS) ?? {},
    state: () => {
      const labels = new Map(hub.tokens.all.map((token) => [token.content, token.token_label ?? '']));
      return JSON.stringify({
        tokens: hub.tokens.all
          .map(({ token_label, is_active }) => `${token_label ?? ''} ${is_active === true}`)
          .sort(),
        keys: Object.entries(world.keys())
          .map(([name, content]) => `${name} holds that of ${labels.get(String(content)) ?? 'nobody'}`)
          .sort(),
      });
    },
    leaks: () => {
      const everything = [
        ...said,
        ...aws.published.map(({ subject, messages }) => `${subject} ${[...messages.values()].join(' ')}`),
        ...bucket.keys.map((key) => bucket.text(key) ?? ''),
      ].join('\n');
      return canaries.all.filter((secret) => encodings(secret).some((form) => everything.includes(form)));
    },
    close: async () => {
      await Promise.all([hub.close(), vault.close(), registry.close()]);
    },
  };
  world.setLicenses(
    deployments.flatMap(({ label, lastDay }) => (lastDay === undefined ? [] : [[label, lastDay] as const])),
  );
  return world;
}

/** What a piece of work came to: its result, or the name of its error; both are noted for the search for secrets. */
export async function outcomeOf(
  world: SmallWorld,
  work: () => Promise<unknown>,
): Promise<{ error?: string; result?: unknown }> {
  try {
    const result = await work();
    world.said.push(JSON.stringify(result));
    return { result };
  } catch (error) {
    world.said.push(inspect(error, { depth: 10, showHidden: true }));
    return { error: error instanceof Error ? error.name : 'not an error' };
  }
}

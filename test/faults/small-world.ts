import { type Ledger, emptyLedger, ledgerText, readLedger } from '../../lambdas/domain/ledger.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { type ServicesOptions, makeServices } from '../../lambdas/runtime/make-services.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { ENV, type Settings, readSettings } from '../../lambdas/runtime/settings.ts';
import { powertoolsLog, powertoolsMeter } from '../../lambdas/runtime/telemetry.ts';
import { type AwsStandIn, startAws } from '../sandbox/aws.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { type DockerHubStandIn, startDockerHub } from '../sandbox/docker-hub.ts';
import { FaultPlan } from '../sandbox/faults.ts';
import { type Channel, type Leak, everythingIn, leaksIn } from '../sandbox/leaks.ts';
import { type RegistryStandIn, startRegistry } from '../sandbox/registry.ts';
import { S3Bucket } from '../sandbox/s3-store.ts';
import type { LoggedRequest, SandboxServer } from '../sandbox/server.ts';
import { type VaultStandIn, startVault } from '../sandbox/vault.ts';
import type { Hearing } from './hearing.ts';

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const KEYS = `${LOGIN}/riaktrdelivery-tokens`;
const START = Date.parse('2026-06-15T01:30:00Z');
const DAY = 86_400_000;
/** Objects that people write. */
const BY_PEOPLE: ReadonlySet<string> = new Set([OBJECTS.licenses, OBJECTS.exemptions, OBJECTS.hold]);

/** One deployment of a small world. */
export interface Deployment {
  readonly label: string;
  /** Last day of its license; absent without a row. */
  readonly lastDay?: string;
  readonly enabled?: boolean;
  readonly withKey?: boolean;
}

/** What a small world is made with besides its deployments. */
export interface SmallWorldOptions {
  /** What this process says while the world is there: one of the channels that are searched for secrets. */
  readonly hearing?: Hearing;
  /** Whether the deployments' secret is in Vault; default true. */
  readonly secret?: boolean;
  /** When it begins; default a night in June. */
  readonly now?: number;
  readonly canaries?: Canaries;
  /** Makes the ids of tokens. */
  readonly makeId?: () => string;
  /** More of the functions' environment. */
  readonly environment?: Readonly<Record<string, string>>;
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
  /** Requests to all systems, in the order in which they came. */
  readonly log: readonly LoggedRequest[];
  /** The functions' services; logs and metrics are written as in Lambda where `changes` does not say otherwise. */
  services(changes?: Partial<ServicesOptions>): Services;
  setLicenses(rows: readonly (readonly [label: string, lastDay: string])[]): void;
  changeLedger(change: (ledger: Ledger) => Ledger): void;
  keys(): Readonly<Record<string, unknown>>;
  /** The ledger as it stands in the bucket. */
  ledger(): Ledger;
  /** Labels whose license is in force, by the true list. */
  inForce(): string[];
  /** Notes what an operation came to, for the search for secrets. */
  note(name: 'result' | 'error', value: unknown): void;
  /** Requests that will never be answered. */
  hanging(): number;
  /** From now on each request has to make its own connection. */
  keepNoConnections(): void;
  /** Which tokens can be used, and whose content each key holds. */
  access(): string;
  /** What else a run leaves, but for names and times that differ from run to run. */
  traces(): string;
  /** Everything that left the program, and how. */
  channels(): Channel[];
  /** Secrets that were found in what left the program. */
  leaks(): Leak[];
  close(): Promise<void>;
}

interface SharedAws {
  readonly aws: AwsStandIn;
  readonly clock: { current: SandboxClock };
  readonly faults: { current: FaultPlan };
}

/** AWS is started once: its emulator takes longer to begin than a whole case. */
let sharedAws: Promise<SharedAws> | undefined;

async function startSharedAws(first: SandboxClock): Promise<SharedAws> {
  const clock = { current: first };
  const faults = { current: new FaultPlan() };
  // Clock and plan are those of the world of the moment.
  const now: SandboxClock = {
    now: () => clock.current.now(),
    sleep: (milliseconds) => clock.current.sleep(milliseconds),
    random: () => clock.current.random(),
    set: (instant) => {
      clock.current.set(instant);
    },
    advance: (milliseconds) => {
      clock.current.advance(milliseconds);
    },
  };
  const aws = await startAws({ clock: now });
  aws.faults.decide = (request) => faults.current.next(request);
  return { aws, clock, faults };
}

async function awsOf(clock: SandboxClock, plan: FaultPlan): Promise<AwsStandIn> {
  sharedAws ??= startSharedAws(clock);
  const { aws, clock: time, faults } = await sharedAws;
  time.current = clock;
  faults.current = plan;
  aws.published.length = 0;
  aws.log.length = 0;
  aws.keepsConnections = true;
  aws.buckets.set(aws.bucketName, new S3Bucket(clock));
  return aws;
}

/** Ends what all worlds share. */
export async function closeShared(): Promise<void> {
  await (await sharedAws)?.aws.close();
  sharedAws = undefined;
}

/** How many entries each part of a ledger has: what it holds, without ids and times. */
function entriesOf(ledger: Ledger): Record<string, unknown> {
  const { lastNight, measures, exemptions, ...lists } = ledger;
  return {
    ...Object.fromEntries(
      Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? list.length : list]),
    ),
    undisturbed: lastNight?.undisturbed,
    measures,
    exemptions,
  };
}

/** Starts a small world. */
export async function startSmallWorld(
  deployments: readonly Deployment[],
  options: SmallWorldOptions = {},
): Promise<SmallWorld> {
  const { now = START, canaries = new Canaries(), makeId, hearing, secret = true } = options;
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
  const servers: readonly SandboxServer[] = [hub, vault, registry.auth, registry.registry, aws];
  const bucket = aws.buckets.get(aws.bucketName);
  if (bucket === undefined) throw new Error('The sandbox has no bucket.');
  const { username, password, totpSecret } = hub.account;
  // The policy of the README, and not a right more.
  vault.allow({
    [`secret/data/${LOGIN}`]: ['read'],
    [`secret/data/${KEYS}`]: [...(secret ? [] : (['create'] as const)), 'read', 'patch'],
    [`secret/subkeys/${KEYS}`]: ['read'],
  });
  vault.kv.put(LOGIN, { username, password, totp_secret: totpSecret });
  const keys: Record<string, unknown> = {};
  for (const { label, enabled = true, withKey = true } of deployments) {
    const token = hub.tokens.add({
      token_label: label,
      is_active: enabled,
      created_at: new Date(now - 20 * DAY).toISOString(),
      last_used: new Date(now - 3_600_000).toISOString(),
    });
    if (withKey) keys[label] = token.content;
  }
  if (secret) vault.kv.put(KEYS, keys);
  aws.secrets.set('vault-login', {
    value: JSON.stringify({ role_id: vault.role.roleId, secret_id: vault.secretId }),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: aws.region,
    AWS_ACCESS_KEY_ID: 'AKIASANDBOX000000000',
    AWS_SECRET_ACCESS_KEY: canaries.accessKey(),
    AWS_SESSION_TOKEN: canaries.accessKey(),
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

  hearing?.forget();
  const noted: Channel[] = [];
  let invocations = 0;
  let licenses = new Map<string, string>();
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
    get log() {
      return servers.flatMap(({ log }) => log);
    },
    services: (changes) => {
      const requestId = `request-${++invocations}`;
      return makeServices(settings, {
        clock,
        deadline: clock.now() + 10 * 60_000,
        requestId,
        log: powertoolsLog('hub-token-auditor-sandbox', requestId),
        meter: powertoolsMeter('hub-token-auditor'),
        ...changes,
      });
    },
    setLicenses: (rows) => {
      licenses = new Map(rows);
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
    ledger: () => {
      const text = bucket.text(OBJECTS.ledger);
      return text === undefined ? emptyLedger() : readLedger(Buffer.from(text));
    },
    inForce: () => {
      const today = new Date(clock.now()).toISOString().slice(0, 10);
      return [...licenses].filter(([, lastDay]) => lastDay >= today).map(([label]) => label);
    },
    note: (name, value) => {
      noted.push({ name, text: everythingIn(value) });
    },
    hanging: () => servers.reduce((sum, { hanging }) => sum + hanging, 0),
    keepNoConnections: () => {
      for (const server of servers) server.keepsConnections = false;
    },
    access: () => {
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
    traces: () =>
      JSON.stringify({
        mails: aws.published.map(({ subject }) => subject).sort(),
        objects: bucket.keys.map((key) => key.replace(/[^/]+(\.\w+)$/, '$1')).sort(),
        ledger: entriesOf(world.ledger()),
      }),
    channels: () => [
      ...(hearing?.channels() ?? []),
      ...noted,
      ...aws.published.map((mail) => ({ name: 'mail', text: everythingIn(mail) })),
      // What people put there did not leave the program.
      ...bucket.versions
        .filter(({ key }) => !BY_PEOPLE.has(key))
        .map(({ key, version }) => ({
          name: 'object',
          text: `${key} ${version.contentType}\n${version.body.toString()}`,
        })),
      { name: 'address', text: world.log.map(({ path, query }) => `${path}?${query}`).join('\n') },
    ],
    leaks: () => leaksIn(world.channels(), canaries),
    close: async () => {
      // The AWS clients of this world keep their connections for the next request, which never comes.
      const dropConnections = aws.down().then(() => aws.up());
      await Promise.all([hub.close(), vault.close(), registry.close(), dropConnections]);
    },
  };
  world.setLicenses(
    deployments.flatMap(({ label, lastDay }) => (lastDay === undefined ? [] : [[label, lastDay] as const])),
  );
  return world;
}

// A sandbox of a few deployments whose requests fail as a test wants, with everything that leaves the program in it.

import type { Ledger } from '../../lambdas/domain/ledger.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { HttpSandbox, HttpSandboxOptions } from '../sandbox/http-sandbox.ts';
import { type Channel, type Leak, everythingIn, leaksIn } from '../sandbox/leaks.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import type { Hearing } from './hearing.ts';

const START = Date.parse('2026-06-15T01:30:00Z');
/** Objects that people write. */
const BY_PEOPLE: ReadonlySet<string> = new Set([OBJECTS.licenses, OBJECTS.exemptions, OBJECTS.hold]);

/** One deployment of the sandbox. */
export interface Deployment {
  readonly label: string;
  /** Last day of its license; absent without a row. */
  readonly lastDay?: string;
  readonly enabled?: boolean;
  readonly withKey?: boolean;
}

/** A sandbox that is searched for secrets. */
export interface FaultSandbox extends HttpSandbox {
  /** Notes what an operation came to, for the search. */
  note(name: 'result' | 'error', value: unknown): void;
  /** Everything that left the program, and how. */
  channels(): Channel[];
  /** Secrets that were found in it. */
  leaks(): Leak[];
}

/** What is around the deployments, where it is not as usual. */
export interface Surroundings extends Pick<HttpSandboxOptions, 'kvVersion' | 'settings'> {
  /** What this process says: one of the channels that are searched for secrets. */
  readonly hearing?: Hearing;
  /** Whether the deployments' secret is in Vault; default true. */
  readonly secret?: boolean;
}

/** Starts one in a night in June. */
export async function startFaultSandbox(
  deployments: readonly Deployment[],
  { hearing, secret = true, settings, ...systems }: Surroundings = {},
): Promise<FaultSandbox> {
  const sandbox = await startSandbox({
    contents: 'empty',
    now: START,
    settings: { timeZone: 'UTC', ...settings },
    speaks: true,
    ...systems,
  });
  const { canaries, aws, bucket } = sandbox;
  sandbox.environment['AWS_SESSION_TOKEN'] = canaries.accessKey();
  if (secret) sandbox.keys.replace({});
  for (const { label, enabled = true, withKey = true } of deployments)
    sandbox.addToken(label, {
      key: withKey,
      enabled,
      createdAt: START - 20 * DAY,
      lastUsedAt: START - HOUR,
    });
  sandbox.putLicenses(
    deployments.flatMap(({ label, lastDay }) => (lastDay === undefined ? [] : [[label, lastDay] as const])),
  );
  hearing?.forget();
  const noted: Channel[] = [];
  const channels = (): Channel[] => [
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
    { name: 'address', text: sandbox.log.map(({ path, query }) => `${path}?${query}`).join('\n') },
  ];
  return Object.assign(sandbox, {
    note: (name: 'result' | 'error', value: unknown): void => {
      noted.push({ name, text: everythingIn(value) });
    },
    channels,
    leaks: () => leaksIn(channels(), canaries),
  });
}

/** Requests that will never be answered. */
export function hanging({ servers }: HttpSandbox): number {
  return servers.reduce((sum, server) => sum + server.hanging, 0);
}

/** From now on each request has to make its own connection. */
export function keepNoConnections({ servers }: HttpSandbox): void {
  for (const server of servers) server.keepsConnections = false;
}

/** Labels whose license is in force, by the list as it was uploaded last, whether or not it is there still. */
export function inForce({ bucket, clock }: HttpSandbox): string[] {
  const uploaded = bucket.versions.find(
    ({ key, version }) => key === OBJECTS.licenses && !version.isDeleteMarker,
  );
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const [, ...rows] = uploaded?.version.body.toString().split('\n') ?? [];
  return rows
    .map((row) => row.split(','))
    .filter(([, , lastDay = '']) => lastDay >= today)
    .map(([telco = '', country = '']) => `${telco}-${country}`);
}

/** Which tokens can be used, and whose content each key holds. */
export function accessOf({ tokens, keys }: HttpSandbox): string {
  const labels = new Map(tokens.all.map((token) => [token.content, token.token_label ?? '']));
  return JSON.stringify({
    tokens: tokens.all
      .map(({ token_label, is_active }) => `${token_label ?? ''} ${is_active === true}`)
      .sort(),
    keys: Object.entries(keys.all)
      .map(([name, content]) => `${name} holds that of ${labels.get(String(content)) ?? 'nobody'}`)
      .sort(),
  });
}

/** What else a run leaves, but for names and times that differ from run to run. */
export function tracesOf({ aws, bucket, ledger }: HttpSandbox): string {
  return JSON.stringify({
    mails: aws.published.map(({ subject }) => subject).sort(),
    objects: bucket.keys.map((key) => key.replace(/[^/]+(\.\w+)$/, '$1')).sort(),
    ledger: entriesOf(ledger),
  });
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

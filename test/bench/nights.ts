// Whole runs of the audit against the sandbox: nights by size, the memory that they need, a review of an upload.
import * as v from 'valibot';
import { DAY, dayOf } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { LoggedRequest } from '../sandbox/server.ts';
import { median, runProcess, seconds } from './processes.ts';

/** Milliseconds after which every answer of the sandbox comes. */
export const LATENCY = 50;
/** Audits of each size, of which the median counts. */
const REPEATS = 3;

const once = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    milliseconds: v.number(),
    user: v.number(),
    tokens: v.number(),
    findings: v.number(),
    megabytes: v.number(),
  }),
);
type Once = v.InferOutput<typeof once>;

/** The time of the requests that wait for each other, in milliseconds, were nothing else to do. */
export function unavoidable(tokens: number): number {
  const pages = Math.ceil(tokens / 100);
  const inTurn = [
    2, // The lease is read and taken.
    4, // Vault: the login's secret, the login, the mount's version, what is read.
    2, // Docker Hub: the login and the first page,
    Math.ceil((pages - 1) / 8), // the other pages, eight at a time,
    20 / 2, // and the contents of 20 keys, two at a time.
    1, // The mail.
    2, // The report and its page at once, then the ledger.
    1, // The lease is given back while Vault ends the session.
  ];
  return inTurn.reduce((sum, number) => sum + number, 0) * LATENCY;
}

/** A sandbox of so many customers that was never audited. */
function freshSandbox(customers: number): Promise<HttpSandbox> {
  return startSandbox({
    contents: { customers },
    latencyMs: LATENCY,
    twoFactor: false,
    dockerHub: { rateLimitHeaders: false },
  });
}

/** Runs the audit in a process of its own. */
async function auditOnce(
  sandbox: HttpSandbox,
  script: string,
  event: object,
  flags: readonly string[] = [],
): Promise<Once> {
  // What making the sandbox left is not to be tidied away while it answers.
  globalThis.gc?.();
  const { output } = await runProcess(
    [process.execPath, '--expose-gc', ...flags, script],
    sandbox.environment,
    JSON.stringify(event),
  );
  return v.parse(once, output);
}

/** How often each system was asked, the most asked first; and what was read twice, for a sentence. */
function requestsOf(log: readonly LoggedRequest[]): { bySystem: string; twice: string } {
  const systems = new Map<string, number>();
  const reads = new Map<string, number>();
  for (const { system, method, path, query } of log) {
    systems.set(system, (systems.get(system) ?? 0) + 1);
    const read = `${system} ${path}${query === '' ? '' : `?${query}`}`;
    if (method === 'GET') reads.set(read, (reads.get(read) ?? 0) + 1);
  }
  const twice = [...reads].filter(([, number]) => number > 1).map(([read, number]) => `${read} (${number})`);
  return {
    bySystem: [...systems]
      .sort(([, a], [, b]) => b - a)
      .map(([system, number]) => `${system} ${number}`)
      .join(', '),
    twice: twice.length === 0 ? 'nothing' : twice.join(', '),
  };
}

/** A row of the table of nights, and what a night of that size read twice. */
export async function benchNight(tokens: number, script: string): Promise<{ row: string; twice: string }> {
  const runs: Once[] = [];
  let requests = { bySystem: '', twice: '' };
  while (runs.length < REPEATS) {
    const sandbox = await freshSandbox(tokens);
    try {
      const before = sandbox.log.length;
      runs.push(await auditOnce(sandbox, script, {}));
      requests = requestsOf(sandbox.log.slice(before));
    } finally {
      await sandbox.close();
    }
  }
  const middle = (figure: keyof Once): number => median(runs.map((run) => run[figure]));
  const min = unavoidable(tokens);
  const milliseconds = middle('milliseconds');
  const row = [
    tokens.toLocaleString('en'),
    seconds(milliseconds),
    seconds(middle('user')),
    seconds(min),
    (milliseconds / min).toFixed(2),
    `${Math.round(middle('megabytes'))} MB`,
    requests.bySystem,
  ];
  return { row: `| ${row.join(' | ')} |`, twice: requests.twice };
}

/**
 * A night in a function of so much memory: V8 is given nine tenths of it, and more than all of it is too much.
 *
 * @param megabytes of the function
 */
export async function benchMemory(tokens: number, megabytes: number, script: string): Promise<string> {
  const sandbox = await freshSandbox(tokens);
  try {
    const flags = [`--max-old-space-size=${Math.floor(megabytes * 0.9)}`];
    const run = await auditOnce(sandbox, script, {}, flags);
    const fits = run.megabytes < megabytes ? 'fits' : 'DOES NOT FIT';
    const largest = Math.max(...sandbox.aws.bucket.versions.map(({ version }) => version.body.length));
    return `| ${tokens.toLocaleString('en')} | ${megabytes.toLocaleString('en')} MB | ${Math.round(run.megabytes)} MB, ${fits} | ${Math.round(largest / 1e6)} MB | ${seconds(run.milliseconds)} | ${seconds(run.user)} |`;
  } finally {
    await sandbox.close();
  }
}

/** The review of a list in which so many rows have another end, after a night. */
export async function benchReview(rows: number, script: string): Promise<string> {
  const sandbox = await freshSandbox(rows);
  try {
    await auditOnce(sandbox, script, {});
    const end = dayOf(sandbox.clock.now() + 400 * DAY, 'UTC');
    sandbox.putLicenses(sandbox.keys.names.map((name) => [name, end]));
    const before = sandbox.log.length;
    const { milliseconds, user } = await auditOnce(sandbox, script, { review: true });
    const { bySystem } = requestsOf(sandbox.log.slice(before));
    return `A review after an upload of ${OBJECTS.licenses} with ${rows.toLocaleString('en')} rows: ${seconds(milliseconds)}, ${seconds(user)} of it user time (${bySystem}).`;
  } finally {
    await sandbox.close();
  }
}

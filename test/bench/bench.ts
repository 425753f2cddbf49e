import { build } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { emptyLedger } from '../../lambdas/domain/ledger.ts';
import type { License } from '../../lambdas/domain/licenses.ts';
import { makePlan } from '../../lambdas/domain/plan/plan.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import { Secrets } from '../../lambdas/text/redact.ts';
import { writeBundle } from '../../lib/bundle.ts';
import { FUNCTIONS } from '../../lib/names.ts';
import { type Sandbox, startSandbox } from '../sandbox/world.ts';

/**
 * Timings, in the form of the tables of the README. `SIZES=1000,10000` chooses how many tokens. Nothing here is a test:
 * a slow machine prints larger numbers.
 */
const LATENCY = 50;
const SIZES = (process.env['SIZES'] ?? '1000,10000,100000').split(',').map(Number);
/** Audits of each size, of which the median counts. */
const REPEATS = 3;
const HERE = import.meta.dirname;
/** What a function of 256 MB is to be run with: V8's heap must leave room for the rest of the process. */

const once = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ milliseconds: v.number(), tokens: v.number(), findings: v.number(), megabytes: v.number() }),
);

/** Runs a script with Node in a process of its own, while this one serves the sandbox. */
function run(
  script: string,
  environment: Record<string, string>,
  options: readonly string[] = [],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, script], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${script} ended with ${code ?? 'a signal'}.`));
    });
  });
}

/**
 * The time of the requests that wait for each other: lease (read, take), Vault's login (secret, login, read), Docker
 * Hub's login, first page, the other pages eight at a time, 20 contents two at a time, SNS, then ledger, reports and
 * Vault's session at once, and the lease given back.
 */
function unavoidable(tokens: number): number {
  const pages = Math.ceil(tokens / 100);
  const inTurn = 2 + 3 + 1 + 1 + Math.ceil((pages - 1) / 8) + 20 / 2 + 1 + 1 + 1;
  return inTurn * LATENCY;
}

/** The list as other tools read it: page by page, one after the other. */
async function pageByPage(sandbox: Sandbox, size: number, pages: number): Promise<number> {
  const { url, account } = sandbox.dockerHub;
  const login = await fetch(`${url}/v2/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: account.username, secret: account.password }),
  });
  const { access_token: bearer } = v.parse(v.object({ access_token: v.string() }), await login.json());
  const begin = performance.now();
  for (let page = 1; page <= pages; page++)
    await (
      await fetch(`${url}/v2/access-tokens?page=${page}&page_size=${size}`, {
        headers: { authorization: `Bearer ${bearer}` },
      })
    ).json();
  return performance.now() - begin;
}

const shown = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

/** One audit of a sandbox that was never audited, and what else the sandbox is asked for. */
async function auditFresh<More>(
  tokens: number,
  script: string,
  more: (sandbox: Sandbox) => Promise<More>,
): Promise<{ milliseconds: number; megabytes: number; requests: number; more: More }> {
  const sandbox = await startSandbox({
    world: { customers: tokens },
    latencyMs: LATENCY,
    twoFactor: false,
    dockerHub: { rateLimitHeaders: false },
  });
  try {
    const before = sandbox.log.length;
    // What making the sandbox left is not to be tidied away while it answers.
    globalThis.gc?.();
    const { milliseconds, megabytes } = v.parse(
      once,
      await run(script, sandbox.environment, ['--expose-gc']),
    );
    return { milliseconds, megabytes, requests: sandbox.log.length - before, more: await more(sandbox) };
  } finally {
    await sandbox.close();
  }
}

async function benchAudit(tokens: number, script: string): Promise<{ row: string; milliseconds: number }> {
  const first = await auditFresh(tokens, script, async (sandbox) => {
    // Long lists one by one take minutes; a part of them tells as much.
    const part = async (size: number): Promise<number> => {
      const pages = Math.ceil(tokens / size);
      const tried = Math.min(pages, 40);
      return ((await pageByPage(sandbox, size, tried)) / tried) * pages;
    };
    return { ten: await part(10), hundred: await part(100) };
  });
  const times = [first.milliseconds];
  while (times.length < REPEATS)
    times.push((await auditFresh(tokens, script, () => Promise.resolve())).milliseconds);
  const milliseconds = median(times);
  const least = unavoidable(tokens);
  const { ten, hundred } = first.more;
  const row = `| ${tokens.toLocaleString('en')} | ${shown(milliseconds)} | ${shown(least)} | ${(milliseconds / least).toFixed(2)} | ${first.requests} | ${Math.round(first.megabytes)} MB | ${shown(hundred)} | ${shown(ten)} |`;
  return { row, milliseconds };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Milliseconds that loading a bundle takes in a fresh process: what a cold start pays for our code. */
function loadTime(bundle: string): number {
  const times = Array.from({ length: 20 }, () =>
    Number(
      execFileSync(process.execPath, [
        '--input-type=module',
        '-e',
        `const begin = performance.now(); await import(${JSON.stringify(bundle)}); console.log(performance.now() - begin);`,
      ]).toString(),
    ),
  );
  return median(times);
}

/** Bundles a file into one, with everything that it may ever import. */
async function bundle(folder: string, name: string, entry: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

/** The functions' bundles as they are deployed, and one that imports everything eagerly. */
async function benchBundles(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const eager = join(folder, 'eager.ts');
    const root = join(HERE, '..', '..');
    writeFileSync(
      eager,
      ['@aws-sdk/client-s3', '@aws-sdk/client-sns', '@aws-sdk/client-secrets-manager', 'node-vault']
        .map(
          (name) =>
            `import * as ${name.replace(/\W/g, '_')} from ${JSON.stringify(join(root, 'node_modules', name))};\nglobalThis[${JSON.stringify(name)}] = ${name.replace(/\W/g, '_')};`,
        )
        .concat(
          ['audit', 'issue', 'revoke'].map(
            (name) => `export * as ${name} from ${JSON.stringify(join(root, `lambdas/${name}/handler.ts`))};`,
          ),
        )
        .join('\n'),
    );
    const rows: string[] = [];
    const times = new Map<string, number>();
    const add = (name: string, index: string, bytes: number): void => {
      const time = loadTime(index);
      times.set(name, time);
      rows.push(
        `| ${name} | ${Math.round(statSync(index).size / 1024)} kB of ${Math.round(bytes / 1024).toLocaleString('en')} kB | ${time.toFixed(0)} ms |`,
      );
    };
    for (const kind of FUNCTIONS) {
      const files = writeBundle(kind, join(folder, kind));
      add(
        kind,
        join(folder, kind, 'index.mjs'),
        files.reduce((sum, { bytes }) => sum + bytes, 0),
      );
    }
    const whole = await bundle(folder, 'eager', eager);
    add('everything, eagerly', whole, statSync(whole).size);
    const share = (times.get('issue') ?? 0) / (times.get('everything, eagerly') ?? 1);
    return [
      ...rows,
      '',
      `The issue function loads in ${Math.round(share * 100)} % of the time of one that imports everything eagerly.`,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last look for secrets at a report's text, and the preparation for it. */
function benchRedaction(number: number): string {
  const secrets = new Secrets();
  const row = (index: number): string =>
    JSON.stringify({
      deployment: `telco${index}-cd`,
      tokenId: randomUUID(),
      detail: 'It was last used in May.',
    });
  const text = Array.from({ length: number }, (_unused, index) => row(index)).join('\n');
  for (let index = 0; index < number; index++)
    secrets.add(`dckr_pat_${randomBytes(20).toString('base64url')}`);
  const begin = performance.now();
  secrets.redact('');
  const ready = performance.now();
  secrets.redact(text);
  const end = performance.now();
  return `Searching a text of ${(text.length / 1e6).toFixed(1)} MB for ${number.toLocaleString('en')} contents in every encoding: ${Math.round(end - ready)} ms, after ${Math.round(ready - begin)} ms of preparation once in a run.`;
}

/** The pure decision over a million tokens. */
function benchReconcile(number: number): string {
  const now = Date.now();
  const tokens: HubToken[] = [];
  const licenses = new Map<string, License>();
  const names: string[] = [];
  for (let index = 0; index < number; index++) {
    const label = `telco${index}-cd`;
    tokens.push({
      id: `id-${index}`,
      label,
      enabled: true,
      createdAt: now - 4e9,
      lastUsedAt: now - 1e6,
      scopes: ['repo:read'],
    });
    if (index % 50 !== 0) names.push(label);
    licenses.set(label, {
      deployment: label,
      lastDay: index % 100 === 1 ? '2020-01-01' : '2099-01-01',
      paidUntil: index % 100 === 1 ? '2020-01-01' : '2099-01-01',
      products: [],
    });
  }
  const facts = {
    tokens,
    keys: { names, version: 1 },
    licenses: {
      licenses,
      invalid: [],
      rows: [...licenses.values()].map(({ deployment, lastDay, paidUntil }, index) => ({
        deployment,
        product: '',
        paidUntil,
        accessUntil: lastDay,
        line: index + 2,
      })),
      rowCount: number,
    },
    exemptions: [],
    ledger: emptyLedger(),
  };
  const begin = performance.now();
  const world = takeSnapshot(facts, readSettings({ VAULT_ADDR: 'https://vault.example' }), now);
  const findings = reconcile(world);
  const plan = makePlan(world, { hold: false });
  return `Deciding over ${number.toLocaleString('en')} tokens without any I/O: ${shown(performance.now() - begin)}, ${findings.length.toLocaleString('en')} findings, ${plan.steps.length.toLocaleString('en')} steps.`;
}

const machine =
  /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
console.log(`Node ${process.version}, ${machine}; every answer of the sandbox comes after ${LATENCY} ms.\n`);
console.log(
  '| tokens | audit | unavoidable | ratio | requests | memory (RSS) | list page by page, 100 rows | with 10 rows |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
const times: number[] = [];
const workshop = mkdtempSync(join(tmpdir(), 'bench-'));
const auditOnce = await bundle(workshop, 'audit-once', join(HERE, 'audit-once.ts'));
for (const size of SIZES) {
  const { row, milliseconds } = await benchAudit(size, auditOnce);
  times.push(milliseconds);
  console.log(row);
}
rmSync(workshop, { recursive: true, force: true });
const [first, , third] = times;
if (first !== undefined && third !== undefined)
  console.log(`\nA hundred times the tokens take ${(third / first).toFixed(1)} times as long.`);
console.log(
  `\n| bundle | read at once, of all | load in a fresh process (median of 20) |\n| --- | --- | --- |`,
);
for (const row of await benchBundles()) console.log(row);
console.log(`\n${benchRedaction(15_000)}`);
console.log(`\n${benchReconcile(1_000_000)}`);
process.exit(0);

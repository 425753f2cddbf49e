/**
 * Timings, in the form of the tables of docs/scaling.md. `SIZES=1000,10000` chooses how many tokens, `MEMORY=17000:512`
 * which size is tried in a function of how many megabytes. Nothing here is a test: a slow or busy machine prints larger
 * numbers, and user time less so.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOADS, benchBundles } from './bundles.ts';
import { benchListing } from './listing.ts';
import { LATENCY, benchMemory, benchNight, benchReview } from './nights.ts';
import { bundleFile } from './processes.ts';
import { benchDecision, benchLedger, benchLists, benchRedaction } from './pure.ts';

const SIZES = (process.env['SIZES'] ?? '1000,10000').split(',').map(Number);
const MEMORY = (process.env['MEMORY'] ?? '17000:512,100000:1024')
  .split(',')
  .filter((pair) => pair !== '')
  .map((pair): readonly [number, number] => {
    const [tokens = 0, megabytes = 0] = pair.split(':').map(Number);
    return [tokens, megabytes];
  });

function printTable(columns: readonly string[], rows: readonly string[]): void {
  console.log(`\n| ${columns.join(' | ')} |\n| ${columns.map(() => '---').join(' | ')} |`);
  for (const row of rows) console.log(row);
}

const machine =
  /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
console.log(
  `Node ${process.version}, ${machine}, load ${loadavg()[0]?.toFixed(1) ?? 'unknown'}; every answer of the sandbox comes after ${LATENCY} ms.`,
);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
try {
  const auditOnce = await bundleFile(folder, 'audit-once', join(import.meta.dirname, 'audit-once.ts'));
  const listOnce = await bundleFile(folder, 'list-once', join(import.meta.dirname, 'list-once.ts'));

  const nights = [];
  for (const size of SIZES) nights.push(await benchNight(size, auditOnce));
  printTable(
    ['tokens', 'audit', 'user time', 'unavoidable', 'ratio', 'memory (RSS)', 'requests'],
    nights.map(({ row }) => row),
  );
  console.log(`\nRead twice in such a night: ${nights.at(-1)?.twice ?? 'nothing'}.`);
  console.log(`\n${await benchReview(1000, auditOnce)}`);

  const memory = [];
  for (const [tokens, megabytes] of MEMORY) memory.push(await benchMemory(tokens, megabytes, auditOnce));
  printTable(['tokens', 'function', 'memory (RSS)', 'largest object', 'audit', 'user time'], memory);

  printTable(
    ['listing, whole process', 'tokens', 'time', 'user time', 'memory (RSS)'],
    await benchListing(10_000, listOnce),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printTable(
  ['bundle', 'read at once, of all', `load in a fresh process (median of ${LOADS})`, 'user time'],
  await benchBundles(),
);
printTable(['licenses.csv', 'read in', 'outcome'], benchLists());
console.log(`\n${benchLedger(17_000)}`);
console.log(`\n${benchRedaction(15_000)}`);
console.log(`\n${benchDecision(1_000_000)}`);
process.exit(0);

// How long the functions' bundles take to load: what a cold start pays for our code.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeBundle } from '../../lib/bundle.ts';
import { FUNCTIONS } from '../../lib/names.ts';
import { bundleFile, median } from './processes.ts';

/** Loads of each bundle, of which the median counts. */
export const LOADS = 20;

const root = join(import.meta.dirname, '..', '..');
const figures = v.pipe(v.string(), v.parseJson(), v.object({ wall: v.number(), user: v.number() }));

/** Milliseconds that loading a bundle takes in a fresh process. */
function loadTime(bundle: string): { wall: number; user: number } {
  const script = `const begin = performance.now(); const before = process.cpuUsage();
await import(${JSON.stringify(bundle)});
console.log(JSON.stringify({ wall: performance.now() - begin, user: process.cpuUsage(before).user / 1000 }));`;
  const loads = Array.from({ length: LOADS }, () =>
    v.parse(figures, execFileSync(process.execPath, ['--input-type=module', '-e', script]).toString()),
  );
  return { wall: median(loads.map(({ wall }) => wall)), user: median(loads.map(({ user }) => user)) };
}

/** A module that imports everything which the functions import when they need it. */
function eagerModule(): string {
  const packages = [
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sns',
    '@aws-sdk/client-secrets-manager',
    'node-vault',
  ];
  return [
    ...packages.map((name, index) => {
      const path = JSON.stringify(join(root, 'node_modules', name));
      return `import * as package${index} from ${path};\nglobalThis[${JSON.stringify(name)}] = package${index};`;
    }),
    ...FUNCTIONS.map(
      (name) => `export * as ${name} from ${JSON.stringify(join(root, `lambdas/${name}/handler.ts`))};`,
    ),
  ].join('\n');
}

/** Rows of a table: the functions' bundles as they are deployed, and one that imports everything eagerly. */
export async function benchBundles(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const row = (name: string, index: string, bytes: number): string => {
    const { wall, user } = loadTime(index);
    return `| ${name} | ${Math.round(statSync(index).size / 1024)} kB of ${Math.round(bytes / 1024).toLocaleString('en')} kB | ${wall.toFixed(0)} ms | ${user.toFixed(0)} ms |`;
  };
  try {
    const rows = FUNCTIONS.map((kind) => {
      const files = writeBundle(kind, join(folder, kind));
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      return row(kind, join(folder, kind, 'index.mjs'), bytes);
    });
    const eager = join(folder, 'eager.ts');
    writeFileSync(eager, eagerModule());
    const whole = await bundleFile(folder, 'eager', eager);
    return [...rows, row('everything, eagerly', whole, statSync(whole).size)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

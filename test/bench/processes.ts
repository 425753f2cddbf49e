// Scripts in processes of their own, so that their time and memory are theirs alone.
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Seconds as they are printed. */
export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;

/** The middle one of some numbers; 0 of none. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** What a process printed, and how many milliseconds it took from its start to its end. */
export interface Ended {
  readonly output: string;
  readonly milliseconds: number;
}

/** Runs a program in a process of its own, while this one serves the sandbox. @throws Error where it fails */
export function runProcess(
  command: readonly [string, ...string[]],
  environment: Record<string, string>,
  input = '',
): Promise<Ended> {
  const [program, ...given] = command;
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, given, {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ output, milliseconds: performance.now() - begin });
      else reject(new Error(`${command.join(' ')} ended with ${code ?? 'a signal'}.`));
    });
  });
}

/** Bundles a file into one, with everything that it may ever import; its path. */
export async function bundleFile(folder: string, name: string, entry: string): Promise<string> {
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

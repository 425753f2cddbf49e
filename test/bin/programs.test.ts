// The programs as people start them: npm's script with a forgotten dash, npx, and the sandbox that stays.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

/** Whatever npm tells its scripts about the run of these tests is none of the program's business. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$|^VITEST/i.test(name)),
);

/** Runs a program to its end. */
async function program(
  command: string,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: unknown; out: string }> {
  const child = spawn(command, words, { env: { ...environment, ...more } });
  started.push(child);
  let out = '';
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (out += text.toString()));
  const ended: readonly unknown[] = await once(child, 'close');
  return { code: ended[0], out };
}

describe('the command line as a program', () => {
  it('refuses what npm kept for itself because of a forgotten --', async () => {
    const { code, out } = await program('npm', ['run', 'auditor', 'audit', '--dry-run']);
    expect(code).toBe(2);
    expect(out).toContain('npm kept --dry-run for itself');
  });

  it('is started by its own name too, also by a Node that reads no TypeScript', async () => {
    const { code, out } = await program(process.execPath, ['bin/hub-token-auditor.js', '--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('ends with the exit code of the program behind it', async () => {
    const { code } = await program(process.execPath, ['bin/hub-token-auditor.js', 'adit']);
    expect(code).toBe(2);
  });
});

describe('npm start', () => {
  it('shows a night, a review, a new token and the path of the page in under 100 lines', async () => {
    const { code, out } = await program(process.execPath, ['test/sandbox/start.ts']);
    expect(code).toBe(0);
    expect(out.split('\n').length).toBeLessThan(100);
    for (const part of [
      'LOSES ACCESS NEXT',
      'SWITCHED ON AGAIN',
      'New token for africell-ug',
      'reports/night.html',
    ])
      expect(out).toContain(part);
  });

  it('-- --serve prints an environment against which the commands work', async () => {
    const child = spawn(process.execPath, ['test/sandbox/start.ts', '--serve'], { env: environment });
    started.push(child);
    let out = '';
    await new Promise<void>((resolve, reject) => {
      child.once('close', () => {
        reject(new Error(out));
      });
      child.stderr.on('data', (text: Buffer) => (out += text.toString()));
      child.stdout.on('data', (text: Buffer) => {
        out += text.toString();
        if (out.includes('Try:')) resolve();
      });
    });
    const exported = Object.fromEntries(
      [...out.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const auditor = (...words: string[]) => program(process.execPath, ['bin/auditor.ts', ...words], exported);
    const dry = await auditor('audit');
    expect(dry.out).toContain('(dry');
    expect(dry.code).toBe(0);
    const issued = await auditor('issue', 'africell-ug', '--requested-by', 'me');
    expect(issued.out).toContain('africell-ug: token');
    expect(issued.code).toBe(0);
    const doctor = await auditor('doctor', '--json');
    expect(doctor.out).toContain('"subject": "Docker Hub"');
  });
});

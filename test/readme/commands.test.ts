// Every command line of README and docs that can run here, run against the sandbox.

import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../bin/auditor/run.ts';
import { type Sandbox, startSandbox } from '../sandbox/world.ts';

const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md')];

/** What is typed after the program's name, wherever a document says it; without comments. */
const commands = [
  ...new Set(
    documents.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/npm run auditor -- ([^`\n#]+)/g)].map(([, words = '']) =>
        words.trim(),
      ),
    ),
  ),
];

describe('the commands of README and docs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ twoFactor: false });
    for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
    for (const name of ['licenses.csv', 'exemptions.csv'])
      writeFileSync(join(folder, name), sandbox.aws.bucket.text(name) ?? '');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  it('are there', () => {
    expect(commands.length).toBeGreaterThan(5);
  });

  it.each(commands)('npm run auditor -- %s', async (command) => {
    const words = command
      .split(/\s+/)
      .map((word) => (/^(\.\/state|\w+\.csv)$/.test(word) ? join(folder, word) : word));
    const said: string[] = [];
    const say = (text: string): void => {
      said.push(text);
    };
    const code = await run(words, sandbox.environment, {
      print: say,
      printError: say,
      progress: () => undefined,
      columns: 80,
    });
    // A doctor and a check that find something to do end with 1; wrong usage is 2.
    const isFinding = words[0] === 'doctor' || words[0] === 'check';
    expect(isFinding ? [0, 1] : [0], said.join('\n')).toContain(code);
  });
});

describe('the documents', () => {
  it.each(documents)('%s links only to files and sections that are there', (file) => {
    const text = readFileSync(file, 'utf8');
    const folder = file.includes('/') ? 'docs' : '.';
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
      expect(globSync(join(folder, target)), target).toHaveLength(1);
  });

  it('name every file of docs/ in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const file of globSync('docs/*.md').filter((name) => !name.endsWith('vault.md')))
      expect(readme).toContain(`(${file})`);
  });
});

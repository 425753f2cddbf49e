// Every command that README, CONTRIBUTING and docs show is run, here or by `.ci/run`, or named with the reason why it can't be.

import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../bin/auditor/run.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { DOCUMENTS, blocksOf, commandsIn, inlineCommandsOf, isCommandLine } from './shown-commands.ts';

const blocks = DOCUMENTS.flatMap(blocksOf);
const shown: readonly string[] = [
  ...new Set([
    ...blocks
      .filter(({ language, mark }) => language === 'sh' && mark === undefined)
      .flatMap(({ text }) => commandsIn(text)),
    ...DOCUMENTS.flatMap(inlineCommandsOf),
  ]),
];
const ci = readFileSync('.ci/run', 'utf8');
const setup = readFileSync('test/vault/setup.ts', 'utf8');

/** Run here, against the sandbox. */
const AUDITOR = /^npm run auditor -- /;
/** Run here by a shell whose `aws` only notes what it was called with: the account's own is not to be had. */
const AWS = /\baws [a-z0-9]+ [a-z-]+ /;
/** What installs a tool of the wider tests, which `.ci/run` does too. */
const INSTALLS = /^(?:pip|apt-get|npm) install /;

/** Commands that nothing here runs, and why. A command of the documents that is in none of these lists fails. */
const NOT_RUN: readonly (readonly [reason: string, commands: readonly string[]])[] = [
  [
    'wants an AWS account; test:aws and test:deployed do it by the same command line in emulators',
    [
      'npx cdk bootstrap',
      'npm run deploy',
      'npm run diff',
      'npm run destroy',
      'npx cdk deploy --all -c hub-token-auditor="$(cat test-stage.json)"',
      'npx cdk deploy --exclusively HubTokenAuditor-Audit HubTokenAuditor-Issue',
    ],
  ],
  [
    'wants the AWS plugin of a Vault and an address of the reader, which a server on loopback has not',
    [
      'export VAULT_ADDR=https://vault.example.com',
      'export VAULT_NAMESPACE=admin',
      'vault auth enable aws',
      'vault write auth/aws/config/client iam_server_id_header_value=vault.example.com',
      'vault write auth/aws/role/hub-token-auditor auth_type=iam resolve_aws_unique_ids=false bound_iam_principal_arn=<AuditRoleArn>,<IssueRoleArn>,<RevokeRoleArn> token_policies=hub-token-auditor token_no_default_policy=true token_ttl=20m token_max_ttl=20m',
    ],
  ],
  [
    'names a command within a sentence, without all that is typed behind it',
    [
      'git clone',
      'npm run auditor',
      'vault kv patch',
      'vault kv put',
      'vault kv put -cas=0',
      'vault kv get',
      'vault kv metadata get',
      'vault kv undelete',
      'vault kv rollback',
      'vault kv enable-versioning secret',
      'vault status',
    ],
  ],
  [
    "is typed on the customer's server",
    ['docker login', 'docker login --username riaktrdelivery', 'docker logout', 'docker pull'],
  ],
  ['is run by test/bin/programs.test.ts', ['npm start -- --serve', 'npx hub-token-auditor']],
  ['is a part of npm test', ['npx vitest run test/domain/plan']],
  [
    'writes into the project; that what it wrote is current is tested beside this',
    ['npm run table', 'npm run format', 'node test/readme/pictures.ts'],
  ],
  ['takes an hour', ['npm run mutation']],
  ['is part of npm run synth', ['npm run sbom']],
  ['is what runs all this', ['.ci/run']],
];
const named: ReadonlySet<string> = new Set(NOT_RUN.flatMap(([, commands]) => commands));

/** Whether `.ci/run` runs a script of npm. */
const isRunByCi = (command: string): boolean =>
  /^npm (?:run )?[a-z:-]+$/.test(command) && new RegExp(`\\b${command}$`, 'm').test(ci);

/** The lists that hold a command; one is right. */
function listsOf(command: string): string[] {
  const lists: Readonly<Record<string, boolean>> = {
    'run here': command.startsWith('npm run auditor -- '),
    'run here with a stand-in of aws': AWS.test(command) || command.includes('read -r ROLE_ID'),
    'run by .ci/run': isRunByCi(command),
    'installed by .ci/run': INSTALLS.test(command),
    named: named.has(command),
  };
  return Object.keys(lists).filter((list) => lists[list] === true);
}

describe('the commands that the documents show', () => {
  it.each(shown)('%s is run, or it is said why not', (command) => {
    expect(listsOf(command)).toHaveLength(1);
  });

  it('are all there still: no reason is given for a command that nobody shows', () => {
    expect([...named].filter((command) => !shown.includes(command))).toEqual([]);
  });

  it.each(shown.filter((command) => INSTALLS.test(command)))('%s: .ci/run installs the same', (command) => {
    const packages = command
      .replaceAll(/^\S+ install|--prefix \S+|'/g, '')
      .trim()
      .split(' ');
    for (const name of packages) expect(ci).toContain(name);
  });

  it.each(blocks.filter(({ mark }) => mark?.startsWith('tried: ')))(
    'the block "$mark" is run against a real server, by itself or in the README',
    ({ mark = '', text }) => {
      const isOwn = setup.includes(`guideBlock('${mark.replace('tried: ', '')}')`);
      const [whole] = blocks.filter((block) => block.mark === 'vault');
      expect(isOwn || (setup.includes('readmeBlock()') && whole?.text.includes(text))).toBe(true);
    },
  );

  it('stand in blocks that say that they are for a shell', () => {
    const others = blocks.filter(({ language }) => language !== 'sh');
    expect(others.flatMap(({ text }) => text.split('\n').filter(isCommandLine))).toEqual([]);
  });
});

describe('a command of aws', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aws-'));
  beforeAll(() => {
    // Notes its words and what it is given to read, one line each.
    const script =
      '#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word" >>"$NOTES"; done\ncase "$*" in *stdin*) cat >>"$NOTES" ;; esac\n';
    writeFileSync(join(folder, 'aws'), script);
    chmodSync(join(folder, 'aws'), 0o755);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** What `aws` was called with and given, line by line. */
  function noted(script: string, input = ''): string[] {
    const notes = join(folder, 'notes');
    writeFileSync(notes, '');
    const ran = spawnSync('sh', ['-e', '-u', '-c', script.replaceAll(/<(\w+)>/g, 'the-$1')], {
      input,
      encoding: 'utf8',
      env: { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, NOTES: notes },
    });
    expect(ran.stderr).toBe('');
    expect(ran.status).toBe(0);
    return readFileSync(notes, 'utf8').trimEnd().split('\n');
  }

  it.each(shown.filter((command) => command.startsWith('aws ')))(
    'is one that a shell takes, and its payload is JSON: %s',
    (command) => {
      const words = noted(command);
      expect(words.length).toBeGreaterThan(3);
      const payload = words[words.indexOf('--payload') + 1] ?? '';
      if (words.includes('--payload')) expect(JSON.parse(payload)).toEqual({ deployment: 'orange-cd' });
    },
  );

  it('fills the Vault login with both ids as JSON, and has neither among its words', () => {
    const block = blocks.find(({ text }) => text.includes('put-secret-value'));
    const words = noted(block?.text ?? '', 'a-role\na-secret\n');
    expect(JSON.parse(words.pop() ?? '')).toEqual({ role_id: 'a-role', secret_id: 'a-secret' });
    expect(words.join(' ')).toBe(
      'secretsmanager put-secret-value --secret-id the-VaultLoginSecret --secret-string file:///dev/stdin',
    );
  });
});

/** What is typed after the program's name, wherever a document says it. */
const commands = shown
  .filter((command) => command.startsWith('npm run auditor -- '))
  .map((command) => command.replace(AUDITOR, ''));

describe('against the sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  let sandbox: HttpSandbox;
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
  it.each(DOCUMENTS)('%s links only to files and sections that are there', (file) => {
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

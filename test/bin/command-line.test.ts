// The command line against the sandbox: what it refuses before anything is done, and what it prints.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMANDS } from '../../bin/auditor/arguments.ts';
import { run } from '../../bin/auditor/run.ts';
import { addDays, dayOf } from '../../lambdas/domain/days.ts';
import { emptyLedger, ledgerText } from '../../lambdas/domain/ledger.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'auditor-test-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the command line and gathers what it says. */
async function shell(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
  columns = 80,
): Promise<{ code: number; out: string; err: string; progress: string[] }> {
  const [out, err, progress]: [string[], string[], string[]] = [[], [], []];
  const code = await run(words, environment, {
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    progress: (text) => progress.push(text),
    columns,
  });
  return { code, out: out.join('\n'), err: err.join('\n'), progress };
}

describe('wrong usage', () => {
  it.each([
    [['adit'], 'Did you mean audit?'],
    [['doktor'], 'Did you mean doctor?'],
    [['audit', '--enforc'], 'Did you mean --enforce?'],
    [['audit', '--dryrun'], 'Did you mean --dry-run?'],
    [['issue', 'orange-cd', '--dry-run'], 'audit has it'],
    [['issue'], "the deployment's name"],
    [['audit', 'orange-cd'], 'What is orange-cd?'],
    [['--json', 'audit'], 'The command comes first'],
    [[], 'Which command?'],
    [['audit', '--enforce', '--dry-run'], 'exclude each other'],
    [['audit', '--enforce', '--as-of', '2027-01-01'], 'exclude each other'],
    [['audit', '--catch-up'], 'wants --enforce'],
    [['audit', '--as-of', '2027-02-30'], 'a day that exists'],
    [['check', join(folder, 'nowhere.csv')], 'no file'],
  ])('%j ends with code 2 and says what to type', async (words, sentence) => {
    const { code, err, out } = await shell(words);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(out).toBe('');
  });

  it.each([[['adit']], [['--json', 'audit']], [[]]])('%j is answered on one screen', async (words) => {
    const { err } = await shell(words);
    expect(err.split('\n').length).toBeLessThan(20);
    for (const command of COMMANDS) expect(err).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.each([
    ['npm_config_dry_run', '--dry-run'],
    ['npm_config_as_of', '--as-of'],
    ['npm_config_enforce', '--enforce'],
    ['npm_config_verify_pull', '--no-verify-pull'],
    ['npm_config_licenses', '--licenses'],
  ])('an option that npm kept (%s) is refused, with the forgotten dashes', async (variable, option) => {
    const { code, err } = await shell(['audit'], { [variable]: 'true' });
    expect(code).toBe(2);
    expect(err).toContain(option);
    expect(err).toContain('-- audit');
  });
});

describe('help and version', () => {
  it.each([[['help']], [['--help']], [['help', 'audit']], [['audit', '--help']]])(
    '%j needs nothing else',
    async (words) => {
      const { code, out } = await shell(words);
      expect(code).toBe(0);
      expect(out).toContain('npm run auditor --');
    },
  );

  it('name the program as it was started', async () => {
    expect((await shell(['help'], { npm_lifecycle_event: 'npx' })).out).toContain('npx hub-token-auditor');
  });

  it('--version is the version of package.json', async () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({ version: (await shell(['--version'])).out });
  });

  it('every command has help', async () => {
    for (const command of COMMANDS) expect((await shell(['help', command])).out).toContain(command);
  });
});

describe('against the sandbox', () => {
  let sandbox: HttpSandbox;
  beforeAll(async () => {
    // One login follows the other within a second here, and no one-time code serves twice.
    sandbox = await startSandbox({ twoFactor: false });
    for (const [name, value] of Object.entries(sandbox.environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await sandbox.close();
  });
  afterEach(() => {
    sandbox.aws.published.length = 0;
  });
  const changes = () =>
    sandbox.log.filter(({ method, path }) => method !== 'GET' && path.startsWith('/v2/access-tokens'));
  const here = () => sandbox.environment;

  it('an audit without --enforce changes nothing, sends nothing, and remembers nothing', async () => {
    const { code, out, progress } = await shell(['audit'], here());
    expect(code).toBe(0);
    expect(out.replace(/\s+/g, ' ')).toContain('dry run: nothing was changed');
    expect(progress[0]).toContain('Dry run');
    expect(changes()).toEqual([]);
    expect(sandbox.aws.published).toEqual([]);
    expect(sandbox.aws.bucket.keys).not.toContain('ledger.json');
  });

  it('findings name the commands of the shell, not events to paste', async () => {
    const { out } = await shell(['audit'], here(), 400);
    expect(out).toContain('npm run auditor -- issue africell-ao --regenerate');
    expect(out).not.toMatch(/\{"/);
  });

  it('lines are as wide as the terminal', async () => {
    const narrow = await shell(['audit'], here(), 60);
    const wide = await shell(['audit'], here(), 200);
    const longest = (text: string): number =>
      Math.max(
        ...text
          .split('\n')
          .filter((line) => line.includes(' ') && !line.startsWith('Report'))
          .map(({ length }) => length),
      );
    expect(longest(narrow.out)).toBeLessThan(80);
    expect(longest(wide.out)).toBeGreaterThan(120);
  });

  it('a report for a folder that does not exist is refused before anything is asked', async () => {
    const before = sandbox.log.length;
    const { code, err } = await shell(
      ['audit', '--enforce', '--report', join(folder, 'nowhere', 'report.html')],
      here(),
    );
    expect(code).toBe(2);
    expect(err).toContain('there is no folder');
    expect(sandbox.log.length).toBe(before);
  });

  it('a report is written where it is wanted', async () => {
    const file = join(folder, 'report.html');
    expect((await shell(['audit', '--report', file], here())).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('<!doctype html>');
  });

  it('a simulation until yesterday is refused before anything is asked, until today it is not', async () => {
    const before = sandbox.log.length;
    const today = dayOf(Date.now(), 'Europe/Brussels');
    const { code, err } = await shell(['simulate', '--until', addDays(today, -1)], here());
    expect(code).toBe(2);
    expect(err).toContain('is past');
    expect(sandbox.log.length).toBe(before);
    expect((await shell(['simulate', '--until', today], here())).code).toBe(0);
  });

  it('with files in place of the bucket it works for real on this machine only', async () => {
    const licenses = join(folder, 'licenses.csv');
    writeFileSync(licenses, sandbox.aws.bucket.text('licenses.csv') ?? '');
    const files = ['--licenses', licenses, '--state', join(folder, 'state')];
    const { code, err } = await shell(['issue', 'airtel-zm', ...files], {
      ...here(),
      DOCKER_HUB_URL: 'https://hub.docker.com',
    });
    expect(code).toBe(2);
    expect(err).toContain('wants --bucket');
    const dry = await shell(['audit', ...files], here());
    expect(dry.code).toBe(0);
    expect(dry.out).toContain('(dry');
  });

  it('the doctor says ok of everything that is, and changes nothing', async () => {
    const { code, out, err } = await shell(['doctor'], here());
    expect(err).toBe('');
    expect(out).toMatch(/^ok {5}settings/m);
    expect(out).toMatch(/^ok {5}Vault rights/m);
    expect(out).toMatch(/^ok {5}Docker Hub/m);
    expect(out).toMatch(/^ok {5}mail topic/m);
    // The sandbox's list has rows that can't be read.
    expect(out).toMatch(/^TO DO {2}licenses.csv/m);
    expect(code).toBe(1);
    expect(changes()).toEqual([]);
    expect(sandbox.aws.published).toEqual([]);
    expect(sandbox.vault.openTokens()).toBe(0);
  });

  it('the doctor names a right that is missing in Vault', async () => {
    const token = sandbox.environment['VAULT_TOKENS_PATH'] ?? '';
    const login = sandbox.environment['VAULT_LOGIN_PATH'] ?? '';
    sandbox.vault.allow({
      [`secret/data/${login}`]: ['read'],
      [`secret/data/${token}`]: ['read'],
      [`secret/subkeys/${token}`]: ['read'],
    });
    const { code, out } = await shell(['doctor'], here(), 300);
    expect(code).toBe(1);
    expect(out).toMatch(/^TO DO {2}Vault rights .*patch/m);
  });

  it.each([
    ['HTTPS_PROXY', true],
    ['https_proxy', true],
    ['OTHER_PROXY', false],
  ])('the doctor says that a proxy is not honoured where one is named: %s', async (variable, isNamed) => {
    const environment = { ...here(), [variable]: 'http://user:proxy-password@127.0.0.1:9' };
    const { out } = await shell(['doctor'], environment, 300);
    expect(out).toMatch(/^ok {5}Docker Hub/m);
    expect(out.includes(`${variable} is set and not honoured`)).toBe(isNamed);
    expect(out).not.toContain('proxy-password');
  });

  it('the doctor says what to do where nothing is set', async () => {
    const { code, out } = await shell(['doctor'], {}, 300);
    expect(code).toBe(1);
    expect(out).toMatch(/^TO DO {2}settings .*VAULT_ADDR/m);
  });

  it('the doctor says what to do where nobody would read the mail', async () => {
    await sandbox.aws.topics.setSubscribed(false);
    const { out } = await shell(['doctor'], here(), 300);
    await sandbox.aws.topics.setSubscribed(true);
    expect(out).toMatch(/^TO DO {2}mail topic .*no confirmed subscriber/m);
  });
});

describe('checking a list', () => {
  it('says which line can not be read, without asking any system', async () => {
    const file = join(folder, 'list.csv');
    writeFileSync(file, 'telco,country,expires_on\norange,cd,2099-02-30\nmtn,gn,2027-01-31\n');
    const { code, out } = await shell(['check', file]);
    expect(code).toBe(1);
    expect(out).toContain("licenses.csv: 2 rows of 1 deployment, 1 can't be read.");
    expect(out.replaceAll(/\s+/g, ' ')).toContain("Line 2 of licenses.csv (orange-cd) can't be read");
    expect(out.replaceAll(/\s+/g, ' ')).toContain('nothing is withdrawn from orange-cd');
  });

  it('says of exemptions whom they exempt, and how their days were read', async () => {
    const file = join(folder, 'exemptions.csv');
    writeFileSync(file, 'label,reason,owner,until\norange-cd,migration,ops,03/04/2090\n');
    const { code, out } = await shell(['check', file], {}, 300);
    expect(code).toBe(0);
    expect(out).toContain('No day of exemptions.csv shows');
    expect(out).toContain('orange-cd is exempt from everything, until');
  });

  it('reads exemptions beside the list, and the ledger for what changed', async () => {
    const list = join(folder, 'renewed.csv');
    const exemptions = join(folder, 'beside.csv');
    writeFileSync(list, 'telco,country,expires_on\nmtn,gn,2030-01-31\n');
    writeFileSync(exemptions, 'label,reason,owner,until\nMTN_gn,migration,ops,\n');
    writeFileSync(join(folder, 'ledger.json'), ledgerText(emptyLedger()));
    const { code, out } = await shell(
      ['check', list, '--exemptions', exemptions, '--state', folder],
      {},
      300,
    );
    expect(code).toBe(0);
    expect(out).toContain('exemptions.csv: 1 row.');
    expect(out).toContain('probably mtn-gn is meant');
    expect((await shell(['check', list, '--licenses', list])).code).toBe(2);
    expect((await shell(['check', list, '--state', join(folder, 'nowhere')])).code).toBe(2);
  });

  it('ends with code 0 where every row can be read', async () => {
    const file = join(folder, 'good.csv');
    writeFileSync(file, 'telco,country,expires_on\nmtn,gn,2027-01-31\n');
    expect((await shell(['check', file])).code).toBe(0);
  });
});

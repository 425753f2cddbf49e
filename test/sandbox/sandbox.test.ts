// What is in a sandbox, and that both ways to reach it come to the same.
import { afterEach, describe, expect, it } from 'vitest';
import { DAY } from '../../lambdas/domain/days.ts';
import { FINDING_KINDS } from '../../lambdas/domain/findings.ts';
import { readLicenses } from '../../lambdas/domain/licenses.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import { runNight } from './run-audit.ts';
import { type HttpSandbox, startSandbox } from './sandbox.ts';

const NOW = Date.parse('2026-03-03T02:00:00Z');

let sandbox: HttpSandbox | undefined;

afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

describe('the company', () => {
  it('has every kind of finding that a first night can have', async () => {
    sandbox = await startSandbox({ now: NOW, settings: { verifyPerRun: 60 } });
    const { counts, outcome } = await runNight(sandbox);
    expect(outcome).toBe('attention');
    // What is suspended was withdrawn on an earlier night.
    expect(Object.keys(counts.findings).sort()).toEqual(FINDING_KINDS.filter((kind) => kind !== 'suspended').toSorted()); // prettier-ignore
    expect(counts).toMatchObject({ automaticTokens: 4, exempt: 3 });
    expect(counts.tokens).toBeGreaterThan(50);
  });

  it('looks the same whenever it is looked at', async () => {
    const pictures = [];
    for (const instant of [NOW, Date.parse('2027-12-31T22:59:59Z'), Date.parse('2028-02-29T12:00:00Z')]) {
      sandbox = await startSandbox({ now: instant, settings: { verifyPerRun: 60 } });
      pictures.push((await runNight(sandbox)).counts);
      await sandbox.close();
    }
    expect(pictures[1]).toEqual(pictures[0]);
    expect(pictures[2]).toEqual(pictures[0]);
  });

  it('comes to the same in memory as over HTTP, night after night', async () => {
    const settings = { verifyPerRun: 60, timeZone: 'UTC' };
    const memory = startSandbox({ transport: 'memory', contents: 'company', settings });
    sandbox = await startSandbox({ now: memory.now, settings });
    for (let night = 0; night < 3; night++) {
      const [counts, inMemory] = [await runNight(sandbox), await runNight(memory)].map((result) => ({
        counts: result.counts,
        steps: result.actions.map(({ kind, deployment, status }) => `${kind} ${deployment} ${status}`).sort(),
      }));
      expect(counts).toEqual(inMemory);
      expect(sandbox.mails.map(({ subject }) => subject)).toEqual(memory.mails.map(({ subject }) => subject));
      for (const one of [sandbox, memory]) one.clock.advance(DAY);
    }
  });

  it('has its tokens on several pages, and its license list as a spreadsheet exports it', async () => {
    sandbox = await startSandbox({ now: NOW });
    expect(sandbox.dockerHub.tokens.size).toBeGreaterThan(2 * sandbox.dockerHub.switches.maxPageSize);
    const csv = sandbox.aws.bucket.text('licenses.csv') ?? '';
    expect(csv).toMatch(/^\ufeffTelco;Country;/);
    expect(csv).toMatch(/"Renewed by mail;\r\n/);
    const list = readLicenses(Buffer.from(csv), 3);
    expect(list.invalid).toHaveLength(2);
    expect([...list.licenses.values()].filter(({ products }) => products.length > 1).length).toBeGreaterThan(
      2,
    );
  });

  it('gives nobody more rights in Vault than the functions need', async () => {
    sandbox = await startSandbox({ now: NOW });
    expect(
      [...(sandbox.vault.policies.get('auditor') ?? [])].map(([path, names]) => [
        path.replace(/.*docker-deploy/, '…'),
        names,
      ]),
    ).toEqual([
      // prettier-ignore
      ['…-tokens', ['read']],
      ['…-tokens/riaktrdelivery-tokens', ['create', 'read', 'patch']],
      ['…-tokens/riaktrdelivery-tokens', ['read']],
      // Of a secret that is not there: whether it was there before.
      ['…-tokens/riaktrdelivery-tokens', ['read']],
    ]);
  });
});

describe('a sandbox', () => {
  it('may be empty but for the accounts, and be filled piece by piece', async () => {
    sandbox = await startSandbox({ now: NOW, contents: 'empty', twoFactor: false });
    expect(sandbox.keys.all).toEqual({});
    const token = sandbox.addToken('orange-cd');
    sandbox.addToken('vodacom-cd', { key: false, enabled: false });
    sandbox.keys.set('mtn-cm', 7);
    sandbox.putLicenses([['orange-cd', '2026-12-31']]);
    expect(sandbox.keys.all).toEqual({ 'orange-cd': token.content, 'mtn-cm': 7 });
    expect(readLicenses(Buffer.from(sandbox.aws.bucket.text('licenses.csv') ?? ''), 3).licenses.size).toBe(1);
  });

  it('has as many customers as are asked for', async () => {
    sandbox = await startSandbox({ now: NOW, contents: { customers: 2500 } });
    expect(sandbox.dockerHub.tokens.size).toBe(2500);
    expect(sandbox.keys.names).toHaveLength(2475);
    const { counts } = await runNight(sandbox);
    expect(counts).toMatchObject({ tokens: 2500, licenses: 2500 });
    expect(counts.findings).toMatchObject({
      'license-expired': 25,
      'license-expiring': 25,
      'orphaned-token': 25,
    });
  });

  it('names everything that grants access, each only once', async () => {
    sandbox = await startSandbox({ now: NOW });
    const before = sandbox.secrets.length;
    const { account, tokens } = sandbox.dockerHub;
    expect(sandbox.secrets).toContain(account.password);
    expect(sandbox.secrets).toContain(account.totpSecret);
    expect(sandbox.secrets).toContain(tokens.all[0]?.content);
    expect(sandbox.secrets).toContain(sandbox.vault.secretId);
    await runNight(sandbox);
    // Sessions of Docker Hub and Vault came to it.
    expect(sandbox.secrets.length).toBeGreaterThan(before + 2);
    expect(new Set(sandbox.secrets).size).toBe(sandbox.secrets.length);
  });

  it('speaks the settings of the functions, and nothing else', async () => {
    sandbox = await startSandbox({ now: NOW, settings: { deleteAfterDays: null, mode: 'observe' } });
    expect(readSettings(sandbox.environment)).toMatchObject({
      deleteAfterDays: null,
      mode: 'observe',
      dockerHubUrl: sandbox.dockerHub.url,
      bucket: sandbox.aws.bucketName,
    });
    expect(Object.keys(sandbox.environment).filter((name) => name.startsWith('AWS_'))).toEqual([
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ]);
  });
});

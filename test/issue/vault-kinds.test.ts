// Issuing, renaming and a night on what else Vault may be: KV version 1, a deleted secret, a secret that will vanish.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { failureOf } from '../failure.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';

const NOW = Date.parse('2026-03-02T02:00:00Z');
const TOKENS = 'Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens';
let sandbox: HttpSandbox;

async function start(kvVersion: 1 | 2): Promise<void> {
  sandbox = await startSandbox({ contents: 'empty', now: NOW, kvVersion, twoFactor: false });
  sandbox.addToken('vodacom-cd');
  sandbox.putLicenses([
    ['orange-cd', '2027-01-01'],
    ['vodacom-cd', '2027-01-01'],
  ]);
}

afterEach(() => sandbox.close());

const call = (event: unknown): Promise<IssueResult> =>
  issue(parseEvent(issueEventSchema, event), sandbox.services());

describe('with KV version 1', () => {
  beforeEach(() => start(1));

  it('a token is issued, regenerated and renamed, every other key stays, and results hold no version', async () => {
    const before = sandbox.keys.get('vodacom-cd');
    const issued = await call({ deployment: 'orange-cd' });
    expect(issued.vault).toEqual({ path: `secret/${TOKENS}`, key: 'orange-cd' });
    const regenerated = await call({ deployment: 'orange-cd', regenerate: true });
    expect(sandbox.keys.get('orange-cd')).toBe(sandbox.dockerHub.tokens.get(regenerated.tokenId)?.content);
    const renamed = await call({ deployment: 'orange-cd', renameTo: 'orange-rdc-cd' });
    expect(renamed.vault).toEqual({ path: `secret/${TOKENS}`, key: 'orange-rdc-cd' });
    expect(sandbox.keys.names.sort()).toEqual(['orange-rdc-cd', 'vodacom-cd']);
    expect(sandbox.keys.get('vodacom-cd')).toBe(before);
    expect(sandbox.mails.map(({ text }) => text).join()).not.toContain('version');
  });

  it('the secret is made with createSecret, and only where there is none', async () => {
    sandbox.vault.plainKv.forget(TOKENS);
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('VaultSecretMissing');
    await call({ deployment: 'orange-cd', createSecret: true });
    expect(sandbox.keys.names).toEqual(['orange-cd']);
    await call({ deployment: 'vodacom-cd', createSecret: true, regenerate: true });
    expect(sandbox.keys.names.sort()).toEqual(['orange-cd', 'vodacom-cd']);
  });

  it('a night reads and checks the keys', async () => {
    const { counts } = await audit({}, sandbox.services());
    expect([counts.keys, counts.verified.matching]).toEqual([1, 1]);
  });
});

describe('with KV version 2', () => {
  beforeEach(() => start(2));

  it.each([
    ['deleted', () => sandbox.vault.kv.delete(TOKENS)],
    ['destroyed', () => sandbox.vault.kv.destroy(TOKENS, [1])],
    [
      'metadata only',
      () => {
        sandbox.vault.kv.forget(TOKENS);
        sandbox.vault.kv.configure(TOKENS, {});
      },
    ],
  ])('a secret that is %s is not made over, and no token is made for it', async (_, remove) => {
    remove();
    const failure = await failureOf(() => call({ deployment: 'orange-cd', createSecret: true }));
    expect([failure.name, sandbox.dockerHub.tokens.size]).toEqual(['VaultSecretMissing', 1]);
    expect(failure.message).toMatch(/undelete|rollback/);
  });

  it('the instant of a write is no secret: one call after another finds the ledger as it was written', async () => {
    const { createdAt } = await call({ deployment: 'orange-cd' });
    expect(sandbox.ledger.issued).toMatchObject([{ deployment: 'orange-cd', at: createdAt }]);
    expect((await call({ deployment: 'orange-cd', regenerate: true })).vault).toMatchObject({ version: 3 });
  });

  it('a night reports weeks before that Vault will delete the secret by itself', async () => {
    sandbox.vault.kv.configure(TOKENS, { delete_version_after: '720h' });
    sandbox.keys.replace(sandbox.keys.all);
    const { notes } = await audit({}, sandbox.services());
    expect(notes.join()).toContain("Vault will delete the deployments' secret by itself on 2026-04-01");
    expect(sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ')).toContain('will delete the deployments');
  });
});

// What README and docs/vault.md give the functions in Vault is what they need, and no more.
import { afterEach, describe, expect, it } from 'vitest';
import { createVault } from '../../lambdas/clients/vault.ts';
import { createClock } from '../sandbox/clock.ts';
import { CAPABILITIES } from '../sandbox/vault-policy.ts';
import { type VaultStandIn, startVault } from '../sandbox/vault.ts';
import { guideBlock, policyIn, readmeBlock } from './vault-setup.ts';

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const TOKENS = `${LOGIN}/riaktrdelivery-tokens`;
const clock = createClock({ now: Date.parse('2026-03-02T02:00:00Z'), ticking: false });
let server: VaultStandIn;

afterEach(() => server.close());

/** Everything that the functions ever ask, with the policy's rights and none of the policy `default`. */
async function useAll(
  policy: ReadonlyMap<string, string[]>,
): Promise<{ names: readonly string[]; warnings: string[] }> {
  // prettier-ignore
  const given = [...policy].map(
    ([path, names]) => [path, CAPABILITIES.filter((one) => names.includes(one))] as const,
  );
  server.allow(Object.fromEntries(given));
  server.approle.configure('hub-token-auditor', { hasDefaultPolicy: false });
  server.secrets.put(LOGIN, { username: 'riaktrdelivery', password: 'p' });
  const warnings: string[] = [];
  const vault = createVault({
    address: server.url,
    namespace: '',
    mount: 'secret',
    loginPath: LOGIN,
    tokensPath: TOKENS,
    login: { read: async () => ({ roleId: server.role.roleId, secretId: server.secretId }) },
    clock,
    deadline: clock.now() + 60_000,
    onWarning: (message) => warnings.push(message),
  });
  await vault.readDockerHubLogin();
  await vault.createSecret(new Map([['orange-cd', 'x']]));
  const { version } = await vault.readKeys();
  await vault.patchKeys(new Map([['mtn-cm', 'y']]), version);
  const { names } = await vault.readKeyNames();
  await vault.close();
  return { names, warnings };
}

describe('the policy', () => {
  it('of the README is enough for version 2, and revokes its own token', async () => {
    server = await startVault({ clock });
    expect(await useAll(policyIn(readmeBlock()))).toEqual({ names: ['orange-cd', 'mtn-cm'], warnings: [] });
    expect(server.openTokens()).toBe(0);
  });

  it('of docs/vault.md is enough for version 1', async () => {
    server = await startVault({ clock, kvVersion: 1 });
    expect(await useAll(policyIn(guideBlock('policy-1')))).toEqual({
      names: ['orange-cd', 'mtn-cm'],
      warnings: [],
    });
    expect(server.openTokens()).toBe(0);
  });

  it.each([...policyIn(readmeBlock()).keys()])(
    'has no right that nobody needs: without that on %s something fails',
    async (path) => {
      server = await startVault({ clock });
      const policy = policyIn(readmeBlock());
      policy.delete(path);
      const outcome = await useAll(policy).catch((error: unknown) => error);
      // Without the metadata only a deleted secret is not told from none.
      if (path.startsWith('secret/metadata/')) expect(outcome).toMatchObject({ warnings: [] });
      else expect(outcome instanceof Error || JSON.stringify(outcome).includes('not revoked')).toBe(true);
    },
  );
});

describe('the README', () => {
  it('has the blocks of docs/vault.md, one after the other', async () => {
    server = await startVault({ clock });
    expect(readmeBlock()).toBe([guideBlock('base'), guideBlock('login'), guideBlock('policy')].join('\n'));
  });

  it('names no password on a command line', async () => {
    server = await startVault({ clock });
    expect(readmeBlock()).not.toMatch(/password=[^-\s]/);
  });
});

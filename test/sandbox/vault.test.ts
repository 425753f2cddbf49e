// What the Vault stand-in does that no real server lets a test arrange.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, ask, at } from './ask.ts';
import { type SandboxClock, createClock } from './clock.ts';
import { VAULT_FAULTS } from './vault-answers.ts';
import { type VaultStandIn, type VaultState, startVault } from './vault.ts';

/* What a development server can't be brought to: the states of a cluster, and time. The rest is in the contract tests. */

const NOW = Date.parse('2026-03-03T02:00:00Z');
const MINUTE = 60_000;

let clock: SandboxClock;
let vault: VaultStandIn;

beforeEach(async () => {
  clock = createClock({ now: NOW, ticking: false });
  vault = await startVault({ clock });
  vault.kv.put('path', { key: 'value' });
});

afterEach(async () => {
  await vault.close();
});

function read(token = vault.rootToken): Promise<Asked> {
  return ask(`${vault.url}/v1/secret/data/path`, { headers: { 'x-vault-token': token } });
}

function logIn(secretId = vault.secretId): Promise<Asked> {
  return ask(`${vault.url}/v1/auth/approle/login`, {
    method: 'POST',
    body: { role_id: vault.role.roleId, secret_id: secretId },
  });
}

const words = ({ json }: Asked): string => JSON.stringify(json['errors']);
const tokenOf = ({ json }: Asked): string => String(at(json, 'auth', 'client_token'));

describe('a cluster', () => {
  it('tells its state by the status of its health', async () => {
    const states: [VaultState, number][] = [
      ['active', 200],
      ['standby', 429],
      ['performance-standby', 473],
      ['recovery', 472],
      ['sealed', 503],
    ];
    for (const [state, status] of states) {
      vault.state = state;
      expect((await ask(`${vault.url}/v1/sys/health`)).status).toBe(status);
    }
  });

  it('that is sealed says so with 503', async () => {
    vault.state = 'sealed';
    expect([(await read()).status, words(await read())]).toEqual([503, '["Vault is sealed"]']);
  });

  it('without an active node says so with 503', async () => {
    vault.state = 'no-active';
    expect((await read()).status).toBe(503);
    expect(words(await read())).toContain('no active Vault instance found');
  });

  it('sends requests to a standby on to another host', async () => {
    vault.state = 'standby';
    vault.activeUrl = 'https://active.example';
    const answer = await read();
    expect([answer.status, answer.headers['location']]).toEqual([
      307,
      'https://active.example/v1/secret/data/path',
    ]);
  });
});

describe('bad moments', () => {
  it('have their status and their words', async () => {
    const wanted: [keyof typeof VAULT_FAULTS, number, string][] = [
      ['sealed', 503, 'Vault is sealed'],
      ['noActive', 503, 'no active Vault instance found'],
      ['quota', 429, 'rate limit quota exceeded'],
      ['upgrading', 400, 'Upgrading from non-versioned to versioned data'],
      ['lagging', 412, ''],
      ['performanceStandby', 473, ''],
      ['recovery', 472, ''],
    ];
    for (const [fault, status, text] of wanted) {
      vault.faults.nth(1, VAULT_FAULTS[fault]);
      const answer = await read();
      expect(answer.status).toBe(status);
      expect(words(answer)).toContain(text);
    }
  });

  it('one race echoes the secret id', async () => {
    vault.faults.nth(1, VAULT_FAULTS.secretIdEcho);
    const answer = await logIn();
    expect(answer.status).toBe(400);
    expect(words(answer)).toContain(vault.secretId);
  });

  it('an unknown token may be told "bad token"', async () => {
    vault.badTokenText = 'bad token';
    const answer = await read('hvs.unknown');
    expect([answer.status, words(answer)]).toEqual([403, '["bad token"]']);
  });
});

describe('time', () => {
  it('ends a token after its life', async () => {
    vault.allow({ 'secret/data/path': ['read'] });
    const token = tokenOf(await logIn());
    clock.advance(vault.role.tokenTtl * 1000 - 1);
    expect((await read(token)).status).toBe(200);
    clock.advance(1);
    expect((await read(token)).status).toBe(403);
  });

  it('ends the lock of a role after 15 minutes', async () => {
    for (let failed = 0; failed < 5; failed++) await logIn('wrong');
    clock.advance(15 * MINUTE - 1);
    expect((await logIn()).status).toBe(403);
    clock.advance(1);
    expect((await logIn()).status).toBe(200);
  });
});

describe('limits', () => {
  it('an entry of more than 1 MiB is refused', async () => {
    vault.maxStrings = 10_000;
    const answer = await ask(`${vault.url}/v1/secret/data/path`, {
      method: 'POST',
      headers: { 'x-vault-token': vault.rootToken },
      body: { data: { key: 'x'.repeat(1024 * 1024) } },
    });
    expect(answer.status).toBe(500);
    expect(words(answer)).toContain('put failed due to value being too large');
    expect(at((await read()).json, 'data', 'data')).toEqual({ key: 'value' });
  });

  it('a secret id with counted uses burns up when the answer is lost', async () => {
    const once = vault.approle.addSecretId(vault.role, 1);
    vault.faults.when(({ path }) => path.endsWith('/login'), {
      name: 'lost answer',
      hasEffect: true,
      apply: async ({ handle }) => {
        await handle();
        return 'reset';
      },
    });
    await expect(logIn(once)).rejects.toThrow();
    expect((await logIn(once)).status).toBe(400);
  });
});

describe('sessions', () => {
  it('are counted until they are revoked', async () => {
    const token = tokenOf(await logIn());
    expect(vault.openTokens()).toBe(1);
    await ask(`${vault.url}/v1/auth/token/revoke-self`, {
      method: 'POST',
      headers: { 'x-vault-token': token },
      body: {},
    });
    expect(vault.openTokens()).toBe(0);
  });
});

describe('a namespace', () => {
  it('is named by header or by path, and no other is known', async () => {
    const own = await startVault({ clock, namespace: 'team/support' });
    own.kv.put('path', { key: 'value' });
    const headers = { 'x-vault-token': own.rootToken };
    const status = async (path: string, namespace?: string): Promise<number> =>
      (
        await ask(`${own.url}/v1/${path}`, {
          headers: { ...headers, ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }) },
        })
      ).status;
    expect(await status('secret/data/path', 'team/support')).toBe(200);
    expect(await status('secret/data/path', 'team/support/')).toBe(200);
    expect(await status('team/support/secret/data/path')).toBe(200);
    expect(await status('secret/data/path')).toBe(404);
    expect(await status('secret/data/path', 'team')).toBe(404);
    await own.close();
  });
});

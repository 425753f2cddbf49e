import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoginSecret, Vault, VaultLogin } from '../../lambdas/clients/ports.ts';
import { createVault } from '../../lambdas/clients/vault.ts';
import { failureOf } from '../failure.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { FAULTS, type FaultName, RETRY_AFTER_SECONDS, answering } from '../sandbox/faults.ts';
import { VAULT_FAULTS } from '../sandbox/vault-answers.ts';
import { type VaultStandIn, startVault } from '../sandbox/vault.ts';

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const TOKENS = `${LOGIN}/riaktrdelivery-tokens`;

let clock: SandboxClock;
let canaries: Canaries;
let server: VaultStandIn;

beforeEach(async () => {
  clock = createClock({ now: Date.parse('2026-03-02T02:00:00Z'), ticking: false });
  canaries = new Canaries();
  server = await startVault({ clock, canaries });
  server.allow({
    [`secret/data/${LOGIN}`]: ['read'],
    [`secret/data/${TOKENS}`]: ['read', 'create', 'update', 'patch'],
    [`secret/subkeys/${TOKENS}`]: ['read'],
  });
  store(LOGIN, { username: 'riaktrdelivery', password: canaries.password() });
  store(TOKENS, { 'orange-cd': canaries.tokenContent(), 'mtn-cm': canaries.tokenContent() });
});

afterEach(() => server.close());

function store(path: string, data: Record<string, unknown>): void {
  server.kv.write(path, { data });
}

/** The login as Secrets Manager gives it: what was remembered, then what is there now. */
function secretOf(
  remembered: Partial<VaultLogin> = {},
  fresh: Partial<VaultLogin> = remembered,
): LoginSecret & { reads: boolean[] } {
  const reads: boolean[] = [];
  const right = { roleId: server.role.roleId, secretId: server.secretId };
  return {
    reads,
    read: async (isFresh = false) => {
      reads.push(isFresh);
      return { ...right, ...(isFresh ? fresh : remembered) };
    },
  };
}

interface Wanted {
  readonly login?: LoginSecret;
  readonly token?: string;
  readonly mount?: string;
  readonly namespace?: string;
  readonly answerMilliseconds?: number;
}

function client({
  login = secretOf(),
  token,
  mount = 'secret',
  namespace = '',
  answerMilliseconds = 100,
}: Wanted = {}): Vault {
  return createVault({
    address: server.url,
    namespace,
    mount,
    loginPath: LOGIN,
    tokensPath: TOKENS,
    login,
    clock,
    deadline: clock.now() + 15 * 60_000,
    answerMilliseconds,
    ...(token === undefined ? {} : { token }),
  });
}

const logins = (): number => server.log.filter(({ path }) => path.endsWith('/login')).length;
const asked = (method: string): number => server.log.filter((request) => request.method === method).length;
const isLogin = ({ path }: { path: string }): boolean => path.endsWith('/login');
const isRead = ({ method }: { method: string }): boolean => method === 'GET';
const nameOf = async (work: () => unknown): Promise<string> => (await failureOf(work)).name;

describe('logging in to Vault', () => {
  it('happens once for all calls at the same time', async () => {
    const vault = client();
    await Promise.all([vault.readKeys(), vault.readKeyNames(), vault.readDockerHubLogin()]);
    expect(logins()).toBe(1);
  });

  it('happens again before the session ends', async () => {
    server.approle.configure('hub-token-auditor', { tokenTtl: 300 });
    const vault = client();
    await vault.readKeys();
    clock.advance(290_000);
    await vault.readKeys();
    expect(logins()).toBe(2);
  });

  it('is tried once more with the secret read anew, where that has changed', async () => {
    const login = secretOf({ secretId: canaries.uuid() }, {});
    await client({ login }).readKeys();
    expect([login.reads, logins()]).toEqual([[false, true], 2]);
  });

  it('is VaultLoginFailed where it is refused, and not tried again in that run', async () => {
    const login = secretOf({ secretId: canaries.uuid() });
    const vault = client({ login });
    for (let time = 0; time < 3; time++)
      expect(await nameOf(() => vault.readKeys())).toBe('VaultLoginFailed');
    expect([login.reads, logins()]).toEqual([[false, true], 1]);
  });

  it('is VaultLoginFailed where Vault has no such login', async () => {
    server.faults.always(
      answering('no AppRole', {
        status: 404,
        body: { errors: ['no handler for route "auth/approle/login"'] },
      }),
      isLogin,
    );
    expect(await nameOf(() => client().readKeys())).toBe('VaultLoginFailed');
  });

  it.each<FaultName>(['resetBefore', 'resetAfter', 'timeOut', 'internalError', 'okPage', 'limitedSeconds'])(
    'is sent once where %s befalls it, because a secret id may be good for one use only',
    async (fault) => {
      server.faults.nth(1, FAULTS[fault], isLogin);
      expect(await nameOf(() => client().readKeys())).toBe('VaultUnavailable');
      expect(logins()).toBe(1);
    },
  );

  it('never shows the secret id, though Vault repeats it', async () => {
    server.faults.always(VAULT_FAULTS.secretIdEcho, isLogin);
    const failure = await failureOf(() => client().readKeys());
    expect(failure.name).toBe('VaultLoginFailed');
    expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(server.secretId);
  });

  it('is ended at the close, unless the token was given', async () => {
    const vault = client();
    await vault.readKeys();
    expect(server.openTokens()).toBe(1);
    await vault.close();
    expect(server.openTokens()).toBe(0);
    server.log.length = 0;
    const given = client({ token: server.rootToken });
    await given.readKeys();
    await given.close();
    expect(server.log.map(({ method }) => method)).toEqual(['GET']);
  });

  it('never fails at the close', async () => {
    const vault = client();
    await vault.close();
    await vault.readKeys();
    server.faults.always(FAULTS.timeOut);
    await vault.close();
  });

  it('is VaultLoginFailed for a given token that Vault does not know', async () => {
    server.badTokenText = 'bad token';
    expect(await nameOf(() => client({ token: 'nonsense' }).readKeys())).toBe('VaultLoginFailed');
  });
});

describe('what the environment says', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('changes nothing: no token, address, namespace, prefix or proxy of it is used', async () => {
    vi.stubEnv('VAULT_TOKEN', server.rootToken);
    vi.stubEnv('VAULT_ADDR', 'http://127.0.0.1:9');
    vi.stubEnv('VAULT_NAMESPACE', 'elsewhere');
    vi.stubEnv('VAULT_PREFIX', '/elsewhere');
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    server.allow({});
    expect(await nameOf(() => client().readKeys())).toBe('VaultPermissionDenied');
    expect(logins()).toBe(1);
  });

  it('sends the namespace that is configured', async () => {
    await server.close();
    server = await startVault({ clock, canaries, namespace: 'team' });
    server.allow({ [`secret/data/${TOKENS}`]: ['read'] });
    store(TOKENS, { 'orange-cd': 'x' });
    expect((await client({ namespace: 'team' }).readKeys()).names).toEqual(['orange-cd']);
    expect(await nameOf(() => client().readKeys())).not.toBe('');
  });
});

describe('reading', () => {
  it('gives the Docker Hub login, with its second factor where there is one', async () => {
    expect(Object.keys(await client().readDockerHubLogin())).toEqual(['username', 'password']);
    store(LOGIN, { username: 'riaktrdelivery', password: 'p', totp_secret: 'JBSWY3DPEHPK3PXP' });
    expect(await client().readDockerHubLogin()).toEqual({
      username: 'riaktrdelivery',
      password: 'p',
      totpSecret: 'JBSWY3DPEHPK3PXP',
    });
  });

  it.each([
    [{ username: 'riaktrdelivery' }, 'password'],
    [{ password: 'p' }, 'username'],
    [{ username: 'riaktrdelivery', password: '' }, 'password'],
    [{ username: 'riaktrdelivery', password: 7 }, 'password'],
  ])('is VaultSecretMissing where the login is %j, naming the field', async (data, field) => {
    store(LOGIN, data);
    const failure = await failureOf(() => client().readDockerHubLogin());
    expect([failure.name, failure.message.includes(field)]).toEqual(['VaultSecretMissing', true]);
  });

  it('gives names and values as they are, and the version', async () => {
    store(
      TOKENS,
      Object.fromEntries<unknown>([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['number', 7],
        ['nested', { x: 1 }],
        ['', ''],
      ]),
    );
    const keys = await client().readKeys();
    expect(new Map(keys.values)).toEqual(
      new Map<string, unknown>([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['number', 7],
        ['nested', { x: 1 }],
        ['', ''],
      ]),
    );
    expect(keys.version).toBe(2);
    const names = await client().readKeyNames();
    expect([names.names, names.values, names.version]).toEqual([keys.names, undefined, 2]);
  });

  it('reads names only without any value leaving Vault', async () => {
    await client().readKeyNames();
    expect(server.log.filter(isRead).map(({ path }) => path)).toEqual([`/v1/secret/subkeys/${TOKENS}`]);
  });

  it('tells every 404 apart, and takes none for an empty secret', async () => {
    const sentences: string[] = [];
    const read = async (wanted: Wanted = {}): Promise<void> => {
      for (const work of ['readKeys', 'readKeyNames'] as const) {
        const failure = await failureOf(() => client({ token: server.rootToken, ...wanted })[work]());
        expect(failure.name).toBe('VaultSecretMissing');
        sentences.push(failure.message.replace(/^.*?because /, '').replace(/;.*/, ''));
      }
    };
    server.kv.delete(TOKENS);
    await read();
    server.kv.destroy(TOKENS, [1]);
    await read();
    server.kv.forget(TOKENS);
    await read();
    await read({ mount: 'elsewhere' });
    server.faults.always(
      answering('version 1 path', {
        status: 404,
        body: { data: null, warnings: ['Invalid path for a versioned K/V secrets engine. See the API docs'] },
      }),
    );
    await read();
    expect(new Set(sentences).size).toBe(5);
    expect(sentences.join('\n')).toMatch(/deleted[^]*destroyed[^]*no secret[^]*no mount[^]*no path/);
  });

  it('does not take an outage for a missing secret', async () => {
    server.faults.always(FAULTS.notFound, isRead);
    expect(await nameOf(() => client().readKeys())).toBe('VaultUnavailable');
  });

  it('is VaultPermissionDenied where it may not, naming path and capability', async () => {
    server.allow({});
    const failure = await failureOf(() => client().readKeys());
    expect(failure.name).toBe('VaultPermissionDenied');
    expect(failure.message).toContain(`read on secret/data/${TOKENS}`);
    expect((await failureOf(() => client().readKeyNames())).message).toContain(
      `read on secret/subkeys/${TOKENS}`,
    );
  });

  it.each(['sealed', 'noActive', 'quota', 'upgrading', 'lagging', 'performanceStandby', 'recovery'] as const)(
    'goes on after one "%s", and is VaultUnavailable where it does not end',
    async (fault) => {
      server.faults.nth(1, VAULT_FAULTS[fault], isRead);
      expect((await client().readKeys()).names).toHaveLength(2);
      server.faults.always(VAULT_FAULTS[fault], isRead);
      expect(await nameOf(() => client().readKeys())).toBe('VaultUnavailable');
    },
  );

  it.each<FaultName>([
    'resetBefore',
    'timeOut',
    'internalError',
    'unavailablePage',
    'okPage',
    'truncated',
    'notFound',
  ])('goes on after one %s', async (fault) => {
    server.faults.nth(1, FAULTS[fault], isRead);
    expect((await client().readKeys()).names).toHaveLength(2);
    expect(asked('GET')).toBe(2);
  });

  it.each<FaultName>(['limitedSeconds', 'limitedDate', 'limitedUnix'])(
    'waits as told by %s',
    async (fault) => {
      const before = clock.now();
      server.faults.nth(1, FAULTS[fault], isRead);
      await client().readKeys();
      expect(clock.now() - before).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1000 - 1000);
    },
  );

  it('does not follow a standby to another host, which would take the token there', async () => {
    const elsewhere = await startVault({ clock, canaries });
    const vault = client();
    await vault.readKeys();
    server.state = 'standby';
    server.activeUrl = elsewhere.url;
    expect(await nameOf(() => vault.readKeys())).toBe('VaultUnavailable');
    expect(elsewhere.log).toEqual([]);
    await elsewhere.close();
  });
});

describe('writing', () => {
  it('changes one key and leaves all others, whatever they are called', async () => {
    store(
      TOKENS,
      Object.fromEntries([
        ['__proto__', 'a'],
        ['constructor', 'b'],
        ['orange-cd', 'c'],
      ]),
    );
    const vault = client();
    const { version } = await vault.readKeys();
    const written = await vault.patchKeys(
      new Map<string, string | null>([
        ['__proto__', 'A'],
        ['orange-cd', null],
        ['mtn-cm', 'd'],
      ]),
      version,
    );
    expect(written.version).toBe(version + 1);
    expect(new Map((await vault.readKeys()).values)).toEqual(
      new Map([
        ['__proto__', 'A'],
        ['constructor', 'b'],
        ['mtn-cm', 'd'],
      ]),
    );
  });

  it('sends the one key only, so that a big secret is no limit', async () => {
    store(TOKENS, Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`telco${index}-cd`, 'x'])));
    const vault = client();
    await vault.patchKeys(new Map([['new-cd', 'y']]), (await vault.readKeys()).version);
    expect((await vault.readKeys()).names).toHaveLength(2001);
  });

  it('is VaultConflict where somebody wrote in between', async () => {
    const vault = client();
    const { version } = await vault.readKeys();
    store(TOKENS, { 'other-cd': 'x' });
    expect(await nameOf(() => vault.patchKeys(new Map([['new-cd', 'y']]), version))).toBe('VaultConflict');
    expect((await vault.readKeys()).names).toEqual(['other-cd']);
  });

  it('creates the secret where there is none, and is VaultConflict where there is or was one', async () => {
    const vault = client();
    expect(await nameOf(() => vault.createSecret(new Map([['a-cd', 'x']])))).toBe('VaultConflict');
    server.kv.delete(TOKENS);
    expect(await nameOf(() => vault.createSecret(new Map([['a-cd', 'x']])))).toBe('VaultConflict');
    server.kv.forget(TOKENS);
    expect(await vault.createSecret(new Map([['__proto__', 'x']]))).toEqual({ version: 1 });
    expect((await vault.readKeys()).names).toEqual(['__proto__']);
  });

  it('is VaultSecretMissing where there is nothing to change', async () => {
    server.kv.forget(TOKENS);
    expect(await nameOf(() => client().patchKeys(new Map([['a-cd', 'x']]), 1))).toBe('VaultSecretMissing');
  });

  it('is VaultPermissionDenied without the capability patch, and says so', async () => {
    server.allow({ [`secret/data/${TOKENS}`]: ['read', 'update'] });
    const failure = await failureOf(() => client().patchKeys(new Map([['a-cd', 'x']]), 1));
    expect([failure.name, failure.message.includes('capability patch')]).toEqual([
      'VaultPermissionDenied',
      true,
    ]);
  });

  it.each<FaultName>([
    'resetBefore',
    'resetAfter',
    'timeOut',
    'timeOutAfter',
    'internalError',
    'okPage',
    'truncated',
    'notFound',
  ])('is sent once where %s befalls it, and is VaultUnavailable', async (fault) => {
    server.faults.nth(1, FAULTS[fault], ({ method }) => method === 'PATCH');
    expect(await nameOf(() => client().patchKeys(new Map([['a-cd', 'x']]), 1))).toBe('VaultUnavailable');
    expect(asked('PATCH')).toBe(1);
  });
});

describe('secrets', () => {
  it('are in no error, and nothing is printed, however much is asked for', async () => {
    const printed: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => {
        printed.push(String(chunk));
        return true;
      }),
    );
    vi.stubEnv('DEBUG', '*');
    try {
      const content = canaries.tokenContent();
      for (const fault of [...Object.values(FAULTS), ...Object.values(VAULT_FAULTS)]) {
        for (const matches of [isLogin, (request: { path: string }) => !isLogin(request)]) {
          server.faults.clear();
          server.faults.always(fault, matches);
          const vault = client({ answerMilliseconds: 30 });
          for (const work of [
            () => vault.readKeys(),
            () => vault.readDockerHubLogin(),
            () => vault.patchKeys(new Map([['a-cd', content]]), 1),
          ]) {
            const outcome: unknown = await Promise.resolve(work()).catch((error: unknown) => error);
            if (outcome instanceof Error) printed.push(inspect(outcome, { depth: 10, showHidden: true }));
          }
          await vault.close();
        }
      }
    } finally {
      vi.unstubAllEnvs();
      for (const spy of spies) spy.mockRestore();
    }
    expect(printed.length).toBeGreaterThan(50);
    const all = printed.join('\n');
    for (const secret of canaries.all) expect(all).not.toContain(secret);
  });
});

describe('a key whose name is a token’s content', () => {
  it('is concealed where names and values are read, and nothing is written under the name that is shown', async () => {
    const [content, other, old] = [canaries.tokenContent(), canaries.tokenContent(), canaries.uuid()];
    store(TOKENS, { [content]: 'orange-cd', [other]: 'mtn-cm', [old]: 'moov-bj', 'airtel-td': content });
    const vault = client();
    const keys = await vault.readKeys();
    expect(keys.names).toEqual([
      expect.stringMatching(/^dckr_pat_\(concealed \w+\)$/),
      expect.stringMatching(/^dckr_pat_\(concealed \w+\)$/),
      expect.stringMatching(/^uuid_\(concealed \w+\)$/),
      'airtel-td',
    ]);
    expect(new Set(keys.names).size).toBe(4);
    expect(keys.values?.get(keys.names[0] ?? '')).toBe('orange-cd');
    expect(keys.values?.get('airtel-td')).toBe(content);
    expect((await vault.readKeyNames()).names).toEqual(keys.names);
    const before = server.kv.current(TOKENS);
    const write = new Map([[keys.names[0] ?? '', 'x']]);
    for (const work of [() => vault.patchKeys(write, keys.version), () => vault.createSecret(write)])
      expect((await failureOf(work)).name).toBe('InvalidRequest');
    expect(server.kv.current(TOKENS)).toEqual(before);
  });
});

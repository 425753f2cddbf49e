// The Vault client against the stand-in: logins, reading, writing, both versions of KV, and what every refusal means.
import { inspect } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSignIdentity, stsEndpoint } from '../../lambdas/clients/aws-identity.ts';
import {
  type LoginSecret,
  SecretToRestore,
  type Vault,
  type VaultLogin,
  WriteNotRetried,
} from '../../lambdas/clients/ports.ts';
import type { AwsLogin } from '../../lambdas/clients/vault-session.ts';
import { createVault } from '../../lambdas/clients/vault.ts';
import { failureOf } from '../failure.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { FAULTS, type FaultName, RETRY_AFTER_SECONDS, answering } from '../sandbox/faults.ts';
import { VAULT_FAULTS } from '../sandbox/vault-answers.ts';
import { type VaultStandIn, startVault } from '../sandbox/vault.ts';
import { makeCertificate } from './certificate.ts';

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const TOKENS = `${LOGIN}/riaktrdelivery-tokens`;

let clock: SandboxClock;
let canaries: Canaries;
let server: VaultStandIn;

// What is loaded with the first request takes longer than an answer may on a busy machine.
beforeAll(() => Promise.all([import('node-vault'), import('undici')]));

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
  readonly aws?: AwsLogin;
  readonly onWarning?: (message: string, fields: Record<string, unknown>) => void;
}

function client({
  login = secretOf(),
  token,
  mount = 'secret',
  namespace = '',
  answerMilliseconds = 100,
  aws,
  onWarning,
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
    token,
    aws,
    onWarning,
  });
}

const logins = (): number => server.log.filter(({ path }) => path.endsWith('/login')).length;
/** Whether a request is the question which version the mount has. */
const isProbe = ({ path }: { path: string }): boolean => path.startsWith('/v1/sys/internal/ui/mounts/');
const asked = (method: string): number =>
  server.log.filter((request) => request.method === method && !isProbe(request)).length;
const isLogin = ({ path }: { path: string }): boolean => path.endsWith('/login');
const isRead = ({ method, path }: { method: string; path: string }): boolean =>
  method === 'GET' && !isProbe({ path });
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

  it('is tried once more with the secret read again, where that has changed', async () => {
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

  it.each<FaultName>(['resetBefore', 'resetAfter', 'timeOut', 'internalError', 'okPage'])(
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
    expect(server.log.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('waits for a limit as it is told, because a limited login is not a used one', async () => {
    server.faults.nth(1, FAULTS.limitedSeconds, isLogin);
    const before = clock.now();
    await client().readKeys();
    expect(clock.now() - before).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1000 - 1000);
    expect(logins()).toBe(2);
  });

  it('never fails at the close, and says what it could not revoke', async () => {
    const warnings: unknown[] = [];
    const vault = client({ onWarning: (message, fields) => warnings.push([message, fields]) });
    await vault.close();
    await vault.readKeys();
    server.faults.always(FAULTS.timeOut);
    await vault.close();
    expect(warnings).toEqual([[expect.stringContaining('not revoked'), { status: 0 }]]);
  });

  it('says at the close that a role without the policy "default" needs the right to revoke its token', async () => {
    server.approle.configure('hub-token-auditor', { hasDefaultPolicy: false });
    const warnings: string[] = [];
    const vault = client({ onWarning: (message) => warnings.push(message) });
    await vault.readKeys();
    await vault.close();
    expect(warnings.join()).toContain('capability update on auth/token/revoke-self');
  });

  it('is VaultLoginFailed for a given token that Vault does not know', async () => {
    server.badTokenText = 'bad token';
    expect(await nameOf(() => client({ token: 'nonsense' }).readKeys())).toBe('VaultLoginFailed');
  });
});

describe('a token that ends before its time', () => {
  const endings: [string, () => void][] = [
    ['used up', () => server.approle.configure('hub-token-auditor', { tokenUses: 1 })],
    [
      'bound to another address',
      () => server.approle.configure('hub-token-auditor', { tokenWorksHere: false }),
    ],
  ];

  it.each(['permission denied', 'bad token', 'invalid token'] as const)(
    'is replaced by one new login where Vault says "%s"',
    async (text) => {
      server.badTokenText = text;
      const vault = client();
      await vault.readKeys();
      server.faults.nth(1, answering('ended', { status: 403, body: { errors: [text] } }), isRead);
      await Promise.all([vault.readKeys(), vault.readDockerHubLogin()]);
      expect(logins()).toBe(2);
    },
  );

  it.each(endings)(
    'is VaultLoginFailed after that where it is %s, naming what may be the cause',
    async (_, make) => {
      make();
      const vault = client();
      const failure = await failureOf(async () => {
        for (let time = 0; time < 3; time++) await vault.readKeys();
      });
      expect(failure.name).toBe('VaultLoginFailed');
      for (const limit of ['token_ttl', 'token_num_uses', 'token_bound_cidrs'])
        expect(failure.message).toContain(limit);
      expect(logins()).toBe(2);
    },
  );

  it('is no missing right, and a missing right is no ended token', async () => {
    server.allow({ [`secret/data/${LOGIN}`]: ['read'] });
    expect(await nameOf(() => client().readKeys())).toBe('VaultPermissionDenied');
    expect(logins()).toBe(1);
  });

  it('of one second is VaultLoginFailed only where it can not be used at all', async () => {
    server.approle.configure('hub-token-auditor', { tokenTtl: 1 });
    const vault = client();
    await vault.readKeys();
    clock.advance(2000);
    await vault.readKeys();
    expect(logins()).toBe(2);
  });

  it('loses no change: one that was refused is made with the new token, once', async () => {
    const vault = client();
    const { version } = await vault.readKeys();
    server.faults.nth(
      1,
      answering('ended', { status: 403, body: { errors: ['permission denied'] } }),
      ({ method }) => method === 'PATCH',
    );
    await vault.patchKeys(new Map([['new-cd', 'x']]), version);
    expect(server.kv.current(TOKENS)).toHaveProperty('new-cd', 'x');
    expect(server.log.filter(({ method, status }) => method === 'PATCH' && status === 200)).toHaveLength(1);
  });
});

describe('a login that reaches something else', () => {
  const page = (status: number, headers = {}): void => {
    server.faults.always(
      answering('page', {
        status,
        headers: { 'content-type': 'text/html', ...headers },
        body: '<html>Forbidden</html>',
      }),
      isLogin,
    );
  };

  it.each([400, 401, 403, 404, 407, 502])(
    'in front of Vault, by an HTML page with %d, is named as that',
    async (status) => {
      page(status);
      const failure = await failureOf(() => client().readKeys());
      expect(failure.name).toBe('VaultUnavailable');
      expect(failure.message).toContain('something in front of Vault');
      expect(failure.message).toMatch(/^Logging in to Vault failed, because/);
      expect(failure.message).not.toContain('role_id');
    },
  );

  it.each([301, 302, 307, 308])(
    'by a redirect with %d, is named as that and not followed',
    async (status) => {
      page(status, { location: 'https://login.example/' });
      const failure = await failureOf(() => client().readKeys());
      expect(failure.name).toBe('VaultUnavailable');
      expect(failure.message).toContain('redirect');
    },
  );

  it.each([
    [404, 'namespace not found'],
    [403, 'namespace not authorized'],
    [400, 'invalid namespace'],
    [403, 'permission denied'],
    [404, 'no handler for route "auth/approle/login". route entry not found.'],
  ] as const)('of another namespace, by %d "%s", names the namespace', async (status, error) => {
    await server.close();
    server = await startVault({ clock, canaries, namespace: 'admin' });
    server.namespaceRefusal = { status, error };
    const without = await failureOf(() => client().readKeys());
    const wrong = await failureOf(() => client({ namespace: 'team' }).readKeys());
    expect([without.name, wrong.name]).toEqual(['VaultLoginFailed', 'VaultLoginFailed']);
    expect(without.message).toMatch(/without a namespace[^]*HCP Vault's is admin/);
    expect(wrong.message).toMatch(/in the namespace team[^]*correct vault.namespace/);
  });
});

describe('a certificate', () => {
  it('that nobody vouches for leads to ca_cert', async () => {
    await server.close();
    const { key, cert } = makeCertificate();
    server = await startVault({ clock, canaries, tls: { key, cert } });
    server.allow({ [`secret/data/${TOKENS}`]: ['read'] });
    store(TOKENS, { 'orange-cd': 'x' });
    const failure = await failureOf(() => client().readKeys());
    expect(failure.name).toBe('VaultUnavailable');
    expect(failure.message).toMatch(/certificate is not trusted[^]*ca_cert[^]*VAULT_CACERT/);
    expect((await client({ login: secretOf({ caCert: cert }) }).readKeys()).names).toEqual(['orange-cd']);
  });
});

describe('logging in by an AWS identity', () => {
  const identity = { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example-secret' };
  const aws = (serverId = '', environment = {}): AwsLogin => ({
    role: 'auditor',
    mount: 'aws',
    sign: createSignIdentity({ serverId, clock, environment }),
  });

  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', identity.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', identity.secretAccessKey);
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    server.aws.roles.set('auditor', {
      identities: [identity],
      name: 'auditor',
      policies: ['auditor'],
      tokenTtl: 1200,
      tokenUses: 0,
      tokenWorksHere: true,
      hasDefaultPolicy: true,
    });
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const noSecret: LoginSecret = { read: () => Promise.reject(new Error('There is none to read.')) };

  it('needs no secret, and revokes its token', async () => {
    const vault = client({ aws: aws(), login: noSecret });
    expect((await vault.readKeys()).names).toHaveLength(2);
    await vault.close();
    expect(server.openTokens()).toBe(0);
    expect(server.log.filter(isLogin).map(({ path }) => path)).toEqual(['/v1/auth/aws/login']);
  });

  it('signs what Vault wants to find in its header', async () => {
    server.aws.serverId = 'vault.example';
    expect((await client({ aws: aws('vault.example') }).readKeys()).names).toHaveLength(2);
    const failure = await failureOf(() => client({ aws: aws('elsewhere') }).readKeys());
    expect([failure.name, failure.message.includes('vault.serverId')]).toEqual(['VaultLoginFailed', true]);
  });

  it('signs for the endpoint that the environment names', async () => {
    server.aws.stsEndpoint = 'https://sts.eu-west-1.amazonaws.com/';
    server.aws.stsRegion = 'eu-west-1';
    const environment = { AWS_ENDPOINT_URL_STS: 'https://sts.eu-west-1.amazonaws.com' };
    expect((await client({ aws: aws('', environment) }).readKeys()).names).toHaveLength(2);
    expect(await nameOf(() => client({ aws: aws() }).readKeys())).toBe('VaultLoginFailed');
  });

  it.each([
    [{ AWS_REGION: 'eu-west-1' }, 'https://sts.amazonaws.com/', 'us-east-1'],
    [{}, 'https://sts.amazonaws.com/', 'us-east-1'],
    [{ AWS_REGION: 'cn-north-1' }, 'https://sts.cn-north-1.amazonaws.com.cn/', 'cn-north-1'],
    [{ AWS_REGION: 'us-gov-west-1' }, 'https://sts.us-gov-west-1.amazonaws.com/', 'us-gov-west-1'],
    [
      { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:5000' },
      'http://127.0.0.1:5000/',
      'eu-west-1',
    ],
  ])('signs in %j for %s', (environment, url, region) => {
    expect(stsEndpoint(environment)).toEqual({ url, region });
  });

  it('is VaultLoginFailed for an identity that Vault does not take, once, and shows no key', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another-secret');
    const vault = client({ aws: aws() });
    for (let time = 0; time < 2; time++) {
      const failure = await failureOf(() => vault.readKeys());
      expect(failure.name).toBe('VaultLoginFailed');
      expect(failure.message).toContain('bound_iam_principal_arn');
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(
        /another-secret|AKIAEXAMPLE|Signature/,
      );
    }
    expect(logins()).toBe(1);
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

  it.each(['\n', '\r\n', ' ', '\t'])('takes no notice of %j around a field of the login', async (space) => {
    store(LOGIN, {
      username: `riaktrdelivery${space}`,
      password: `${space}p w${space}`,
      totp_secret: `JBSWY3DPEHPK3PXP${space}`,
    });
    expect(await client().readDockerHubLogin()).toEqual({
      username: 'riaktrdelivery',
      password: 'p w',
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

describe('a secret that was there before', () => {
  it.each([
    ['deleted', () => server.kv.delete(TOKENS), /vault kv undelete/],
    ['destroyed', () => server.kv.destroy(TOKENS, [1]), /vault kv rollback/],
    [
      'metadata only',
      () => {
        server.kv.forget(TOKENS);
        server.kv.configure(TOKENS, { max_versions: 5 });
      },
      /has metadata and no version[^]*undelete/,
    ],
  ])('and is %s says how to restore it, and that it is not to be created', async (_, remove, cure) => {
    remove();
    server.allow({
      [`secret/data/${TOKENS}`]: ['read', 'create', 'patch'],
      [`secret/subkeys/${TOKENS}`]: ['read'],
      [`secret/metadata/${TOKENS}`]: ['read'],
    });
    for (const work of ['readKeys', 'readKeyNames'] as const) {
      const failure = await failureOf(() => client()[work]());
      expect(failure).toBeInstanceOf(SecretToRestore);
      expect([failure.name, failure.message]).toEqual(['VaultSecretMissing', expect.stringMatching(cure)]);
    }
  });

  it('is told from one that never was, as far as the policy lets it', async () => {
    server.kv.forget(TOKENS);
    expect(await failureOf(() => client().readKeys())).not.toBeInstanceOf(SecretToRestore);
    server.kv.configure(TOKENS, { max_versions: 5 });
    expect(await failureOf(() => client().readKeys())).not.toBeInstanceOf(SecretToRestore);
    server.allow({ [`secret/data/${TOKENS}`]: ['create'] });
    const failure = await failureOf(() => client().createSecret(new Map([['a-cd', 'x']])));
    expect([failure.name, failure.message.includes('update')]).toEqual(['VaultPermissionDenied', true]);
  });

  it('and will vanish by itself says when', async () => {
    server.kv.configure(TOKENS, { delete_version_after: '720h' });
    store(TOKENS, { 'orange-cd': 'x' });
    const then = clock.now() + 720 * 3_600_000;
    expect((await client().readKeys()).vanishesAt).toBe(then);
    expect((await client().readKeyNames()).vanishesAt).toBe(then);
    clock.advance(720 * 3_600_000);
    expect(await failureOf(() => client().readKeys())).toBeInstanceOf(SecretToRestore);
  });
});

describe('a mount with KV version 1', () => {
  beforeEach(async () => {
    await server.close();
    server = await startVault({ clock, canaries, kvVersion: 1 });
    server.allow({
      [`secret/${LOGIN}`]: ['read'],
      [`secret/${TOKENS}`]: ['read', 'create', 'update'],
    });
    server.plainKv.put(LOGIN, { username: 'riaktrdelivery', password: 'p' });
    server.plainKv.put(TOKENS, { 'orange-cd': 'a', 'mtn-cm': { odd: [1] }, constructor: 'b' });
  });

  const now = (): unknown => server.plainKv.current(TOKENS);

  it('is read at its own paths, and asked for once', async () => {
    const vault = client();
    expect((await vault.readDockerHubLogin()).username).toBe('riaktrdelivery');
    const keys = await vault.readKeys();
    expect([keys.version, keys.values?.get('orange-cd')]).toEqual([0, 'a']);
    const names = await vault.readKeyNames();
    expect([names.names, names.values]).toEqual([['orange-cd', 'mtn-cm', 'constructor'], undefined]);
    expect(server.log.filter(isProbe)).toHaveLength(1);
    expect(server.log.some(({ path }) => /\/(?:data|subkeys)\//.test(path))).toBe(false);
  });

  it('has single keys changed, with every other as it was', async () => {
    const vault = client();
    await vault.readKeys();
    await vault.patchKeys(
      new Map<string, string | null>([
        ['orange-cd', null],
        ['new-cd', 'x'],
      ]),
      0,
    );
    expect(now()).toEqual({ 'mtn-cm': { odd: [1] }, constructor: 'b', 'new-cd': 'x' });
  });

  it('keeps what somebody wrote before the change, because it is read right before', async () => {
    const vault = client();
    await vault.readKeys();
    server.plainKv.put(TOKENS, { 'other-cd': 'y' });
    await vault.patchKeys(new Map([['new-cd', 'x']]), 0);
    expect(now()).toEqual({ 'other-cd': 'y', 'new-cd': 'x' });
  });

  it('is VaultConflict where the change did not last, and where another key changed at that moment', async () => {
    const vault = client();
    await vault.readKeys();
    let reads = 0;
    const afterWrite = (work: () => void): void => {
      reads = 0;
      server.faults.clear();
      server.faults.when(
        ({ method, path }) => method === 'GET' && path.endsWith('-tokens') && ++reads === 2,
        {
          name: 'somebody else writes',
          hasEffect: true,
          apply: (context) => {
            work();
            return context.handle();
          },
        },
      );
    };
    afterWrite(() => {
      server.plainKv.put(TOKENS, { 'other-cd': 'y' });
    });
    const overwritten = await failureOf(() => vault.patchKeys(new Map([['new-cd', 'x']]), 0));
    expect([overwritten.name, overwritten instanceof WriteNotRetried]).toEqual(['VaultConflict', false]);
    server.plainKv.put(TOKENS, { 'orange-cd': 'a', 'mtn-cm': 'b' });
    afterWrite(() => {
      server.plainKv.put(TOKENS, { 'orange-cd': 'a', 'new-cd': 'x' });
    });
    const lost = await failureOf(() => vault.patchKeys(new Map([['new-cd', 'x']]), 0));
    expect([lost.name, lost instanceof WriteNotRetried]).toEqual(['VaultConflict', true]);
    expect(lost.message).toContain('mtn-cm');
  });

  it('takes a key that somebody added after the write for what it is', async () => {
    const vault = client();
    await vault.readKeys();
    let reads = 0;
    server.faults.when(({ method, path }) => method === 'GET' && path.endsWith('-tokens') && ++reads === 2, {
      name: 'somebody adds a key',
      hasEffect: true,
      apply: (context) => {
        server.plainKv.put(TOKENS, { ...server.plainKv.current(TOKENS), 'other-cd': 'y' });
        return context.handle();
      },
    });
    expect(await vault.patchKeys(new Map([['new-cd', 'x']]), 0)).toEqual({ version: 0 });
  });

  it('has the secret created where there is none, and not written over where there is one', async () => {
    const vault = client();
    expect(await nameOf(() => vault.createSecret(new Map([['a-cd', 'x']])))).toBe('VaultConflict');
    server.plainKv.forget(TOKENS);
    expect(await nameOf(() => vault.readKeys())).toBe('VaultSecretMissing');
    expect(await vault.createSecret(new Map([['a-cd', 'x']]))).toEqual({ version: 0 });
    expect(now()).toEqual({ 'a-cd': 'x' });
  });

  it('keeps no empty secret, so that its last key is not removed', async () => {
    server.plainKv.put(TOKENS, { 'a-cd': 'x' });
    const failure = await failureOf(() => client().patchKeys(new Map([['a-cd', null]]), 0));
    expect([failure.name, failure.message.includes('no empty secret')]).toEqual(['VaultConflict', true]);
    expect(now()).toEqual({ 'a-cd': 'x' });
  });

  it('names the path and the capability of its own where something is not allowed', async () => {
    server.allow({ [`secret/${TOKENS}`]: ['read'] });
    expect((await failureOf(() => client().readDockerHubLogin())).message).toContain(
      `read on secret/${LOGIN}`,
    );
    expect((await failureOf(() => client().patchKeys(new Map([['a-cd', 'x']]), 0))).message).toContain(
      `update on secret/${TOKENS}`,
    );
  });

  it('is known also where the token ended right before it was asked for', async () => {
    server.faults.nth(
      1,
      answering('ended', { status: 403, body: { errors: ['permission denied'] } }),
      isProbe,
    );
    expect((await client().readKeys()).version).toBe(0);
  });
});

describe('the version of a mount', () => {
  const read = (status: number, body: unknown): Promise<unknown> => {
    server.faults.clear();
    server.faults.always(answering('mount', { status, body }), isProbe);
    return client().readKeys();
  };

  it.each([
    [403, { errors: ['preflight capability check returned 403'] }],
    [403, { errors: ['permission denied'] }],
    [404, { errors: [] }],
    [400, { errors: ['unsupported'] }],
    [200, { data: {} }],
    [200, { data: { type: 'kv', options: { version: '2' } } }],
    [200, { data: { type: 'kv', options: { version: 2 } } }],
    [200, { data: { type: 'plugin', options: null } }],
  ])('is 2 where Vault says %d %j', async (status, body) => {
    expect(await read(status, body)).toMatchObject({ version: 1, names: ['orange-cd', 'mtn-cm'] });
  });

  it.each([
    [{ data: { type: 'kv', options: { version: '1' } } }],
    [{ data: { type: 'kv', options: null } }],
    [{ data: { type: 'kv', options: {} } }],
    [{ data: { type: 'generic', options: null } }],
  ])('is 1 where Vault says %j', async (body) => {
    await read(200, body).catch(() => undefined);
    expect(server.log.at(-1)?.path).toBe(`/v1/secret/${TOKENS}`);
  });

  it('is not guessed in an outage', async () => {
    server.faults.always(FAULTS.internalError, isProbe);
    const vault = client();
    expect(await nameOf(() => vault.readKeys())).toBe('VaultUnavailable');
    server.faults.clear();
    expect((await vault.readKeys()).version).toBe(1);
  });

  it('is asked for a mount with slashes and "data" in its name too, which errors name as it is', async () => {
    await server.close();
    server = await startVault({ clock, canaries, mount: 'team/data/kv' });
    server.allow({ [`team/data/kv/data/${TOKENS}`]: ['read'] });
    const failure = await failureOf(() => client({ mount: 'team/data/kv' }).readKeys());
    expect(failure.message).toContain(`there is no secret team/data/kv/${TOKENS}`);
    store(TOKENS, { 'orange-cd': 'x' });
    expect((await client({ mount: 'team/data/kv' }).readKeys()).names).toEqual(['orange-cd']);
  });
});

describe('writing', () => {
  it('is said to be full beyond 1 MiB, which no further try cures', async () => {
    store(TOKENS, { 'big-cd': 'x'.repeat(1024 * 1024 - 100) });
    const vault = client();
    const failure = await failureOf(() => vault.patchKeys(new Map([['a-cd', 'x'.repeat(200)]]), 2));
    expect(failure).toBeInstanceOf(WriteNotRetried);
    expect([failure.name, failure.message.includes('full')]).toEqual(['VaultUnavailable', true]);
  });

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

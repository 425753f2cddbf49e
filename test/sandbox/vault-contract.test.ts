// What the Vault stand-in and a real server both do.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asked, ask, at } from './ask.ts';
import { type JsonObject, jsonObject } from './json.ts';
import { type VaultStandIn, startVault } from './vault.ts';

/*
 * What the program relies on of Vault. The stand-in is held to it here, and so is any real server: name its address in
 * VAULT_CONTRACT_ADDR and a token that may set up mounts, logins and policies in VAULT_CONTRACT_TOKEN.
 */

const unique = `contract-${randomBytes(4).toString('hex')}`;
const MERGE_PATCH = 'application/merge-patch+json';

let standIn: VaultStandIn | undefined;
let address = '';
let root = '';
const madePolicies: string[] = [];

interface VaultAsk {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Empty for none at all. */
  readonly token?: string;
  readonly body?: unknown;
  readonly type?: string;
  readonly namespace?: string;
}

function vault(path: string, { method, token = root, body, type, namespace }: VaultAsk = {}): Promise<Asked> {
  return ask(`${address}/v1/${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === '' ? {} : { 'x-vault-token': token }),
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

const data = (path: string): string => `${unique}/data/${path}`;
const subkeys = (path: string): string => `${unique}/subkeys/${path}`;

function put(path: string, content: JsonObject, cas?: number, token?: string): Promise<Asked> {
  return vault(data(path), {
    body: { data: content, ...(cas === undefined ? {} : { options: { cas } }) },
    ...(token === undefined ? {} : { token }),
  });
}

function patch(path: string, content: JsonObject, cas?: number, token?: string): Promise<Asked> {
  return vault(data(path), {
    method: 'PATCH',
    type: MERGE_PATCH,
    body: { data: content, ...(cas === undefined ? {} : { options: { cas } }) },
    ...(token === undefined ? {} : { token }),
  });
}

/** The words of a refusal. */
const words = ({ json }: Asked): string => JSON.stringify(json['errors'] ?? json['warnings']);
const contentOf = ({ json }: Asked): unknown => at(json, 'data', 'data');
const versionOf = ({ json }: Asked): unknown => at(json, 'data', 'version');

async function textAt(asked: Promise<Asked>, ...keys: string[]): Promise<string> {
  const found = at((await asked).json, ...keys);
  if (typeof found !== 'string') throw new Error(`Vault gave no ${keys.join('.')}.`);
  return found;
}

interface Role {
  readonly roleId: string;
  readonly secretId: string;
}

/** Makes a role with one policy, and a secret id for it. */
async function makeRole(
  name: string,
  paths: Readonly<Record<string, readonly string[]>>,
  options: JsonObject = {},
): Promise<Role> {
  const policy = Object.fromEntries(
    Object.entries(paths).map(([path, capabilities]) => [path, { capabilities }]),
  );
  const acl = `sys/policies/acl/${unique}-${name}`;
  madePolicies.push(acl);
  await vault(acl, { body: { policy: JSON.stringify({ path: policy }) } });
  const role = `auth/${unique}/role/${name}`;
  await vault(role, { body: { token_policies: [`${unique}-${name}`], token_ttl: 600, ...options } });
  return {
    roleId: await textAt(vault(`${role}/role-id`), 'data', 'role_id'),
    secretId: await textAt(vault(`${role}/secret-id`, { method: 'POST' }), 'data', 'secret_id'),
  };
}

function logIn({ roleId, secretId }: Role): Promise<Asked> {
  return vault(`auth/${unique}/login`, { token: '', body: { role_id: roleId, secret_id: secretId } });
}

/** The token of a new role that may do this and nothing else. */
async function tokenThatMay(
  name: string,
  paths: Readonly<Record<string, readonly string[]>>,
): Promise<string> {
  return textAt(logIn(await makeRole(name, paths)), 'auth', 'client_token');
}

beforeAll(async () => {
  const named = process.env['VAULT_CONTRACT_ADDR'];
  if (named === undefined || named === '') {
    standIn = await startVault();
    address = standIn.url;
    root = standIn.rootToken;
  } else {
    address = named.replace(/\/+$/, '');
    root = process.env['VAULT_CONTRACT_TOKEN'] ?? '';
  }
  await vault(`sys/mounts/${unique}`, { body: { type: 'kv', options: { version: '2' } } });
  await vault(`sys/auth/${unique}`, { body: { type: 'approle' } });
  // A new mount says for a moment that it is being upgraded.
  for (let tries = 0; tries < 1000 && (await put('ready', {})).status !== 200; tries++);
});

afterAll(async () => {
  for (const path of [...madePolicies, `sys/mounts/${unique}`, `sys/auth/${unique}`])
    await vault(path, { method: 'DELETE' });
  await standIn?.close();
});

describe('reading a secret', () => {
  it('gives data and metadata with the version', async () => {
    await put('read', { 'orange-cd': 'one', 'vodacom-cd': 'two' });
    const answer = await vault(data('read'));
    expect(answer.status).toBe(200);
    expect(contentOf(answer)).toEqual({ 'orange-cd': 'one', 'vodacom-cd': 'two' });
    expect(at(answer.json, 'data', 'metadata')).toMatchObject({
      version: 1,
      destroyed: false,
      deletion_time: '',
    });
  });

  it('gives an earlier version where one is asked for', async () => {
    await put('earlier', { key: 'old' });
    await put('earlier', { key: 'new' });
    expect(contentOf(await vault(`${data('earlier')}?version=1`))).toEqual({ key: 'old' });
    expect(contentOf(await vault(data('earlier')))).toEqual({ key: 'new' });
  });

  it('keeps keys of any name and values of any type as they are', async () => {
    const odd =
      jsonObject(
        Buffer.from(
          '{"__proto__":"p","constructor":"c","":"empty","ключ \\u0001":"é","number":20240117,"list":[1],"null":null}',
        ),
      ) ?? {};
    await put('odd', odd);
    const read = await vault(data('odd'));
    expect(Object.keys(odd)).toHaveLength(7);
    expect(Object.entries(contentOf(read) ?? {}).sort()).toEqual(Object.entries(odd).sort());
  });

  it('gives the names alone by subkeys, nested ones too', async () => {
    await put('names', { 'orange-cd': 'secret-one', nested: { inner: 'secret-two' }, hollow: {} });
    const answer = await vault(subkeys('names'));
    expect(answer.status).toBe(200);
    expect(at(answer.json, 'data', 'subkeys')).toEqual({
      'orange-cd': null,
      nested: { inner: null },
      hollow: null,
    });
    expect(at(answer.json, 'data', 'metadata', 'version')).toBe(1);
    expect(answer.text).not.toContain('secret-');
  });

  it('names the versions and which is current in the metadata', async () => {
    await put('meta', { key: 'a' });
    await put('meta', { key: 'b' });
    const answer = await vault(`${unique}/metadata/meta`);
    expect(at(answer.json, 'data')).toMatchObject({ current_version: 2, cas_required: false });
    expect(Object.keys(at(answer.json, 'data', 'versions') ?? {}).sort()).toEqual(['1', '2']);
  });
});

describe('404 has many meanings, none of them "no keys"', () => {
  it('says {"errors":[]} of a secret that never existed', async () => {
    for (const path of [data('never'), subkeys('never'), `${unique}/metadata/never`]) {
      const answer = await vault(path);
      expect([answer.status, answer.json]).toEqual([404, { errors: [] }]);
    }
  });

  it('gives no data but metadata with the time of deletion where the latest version is deleted', async () => {
    await put('deleted', { key: 'value' });
    expect((await vault(data('deleted'), { method: 'DELETE' })).status).toBe(204);
    for (const [path, field] of [
      [data('deleted'), 'data'],
      [subkeys('deleted'), 'subkeys'],
    ] as const) {
      // prettier-ignore
      const answer = await vault(path);
      expect(answer.status).toBe(404);
      expect(at(answer.json, 'data', field)).toBeNull();
      expect(at(answer.json, 'data', 'metadata')).toMatchObject({ version: 1, destroyed: false });
      expect(at(answer.json, 'data', 'metadata', 'deletion_time')).not.toBe('');
    }
  });

  it('gives a deleted version back when it is undeleted', async () => {
    await put('undeleted', { key: 'value' });
    await vault(data('undeleted'), { method: 'DELETE' });
    await vault(`${unique}/undelete/undeleted`, { body: { versions: [1] } });
    expect(contentOf(await vault(data('undeleted')))).toEqual({ key: 'value' });
  });

  it('says "destroyed" of a version that is destroyed', async () => {
    await put('destroyed', { key: 'value' });
    await vault(`${unique}/destroy/destroyed`, { body: { versions: [1] } });
    const answer = await vault(data('destroyed'));
    expect(answer.status).toBe(404);
    expect(at(answer.json, 'data', 'data')).toBeNull();
    expect(at(answer.json, 'data', 'metadata', 'destroyed')).toBe(true);
  });

  it('warns of a path of version 1', async () => {
    const answer = await vault(`${unique}/some/path`);
    expect(answer.status).toBe(404);
    expect(words(answer)).toContain('Invalid path for a versioned K/V secrets engine');
  });

  it('says that there is no handler where there is no such mount', async () => {
    const answer = await vault(`${unique}-none/data/path`);
    expect(answer.status).toBe(404);
    expect(words(answer)).toContain('no handler for route');
  });
});

describe('writing with check-and-set', () => {
  it('creates with cas 0, and refuses it once there is a version', async () => {
    const created = await put('cas', { key: 'a' }, 0);
    expect([created.status, versionOf(created)]).toEqual([200, 1]);
    const again = await put('cas', { key: 'b' }, 0);
    expect(again.status).toBe(400);
    expect(words(again)).toContain('check-and-set parameter did not match the current version');
  });

  it('refuses any version but the current one', async () => {
    await put('race', { key: 'a' });
    await put('race', { key: 'b' });
    expect((await put('race', { key: 'c' }, 1)).status).toBe(400);
    expect(versionOf(await put('race', { key: 'c' }, 2))).toBe(3);
  });

  it('refuses cas 0 on a deleted secret: its versions are there still', async () => {
    await put('gone', { key: 'a' });
    await vault(data('gone'), { method: 'DELETE' });
    const answer = await put('gone', { key: 'b' }, 0);
    expect(answer.status).toBe(400);
    expect(words(answer)).toContain('did not match');
    expect(versionOf(await put('gone', { key: 'b' }, 1))).toBe(2);
  });

  it('says so where it is required and missing', async () => {
    await put('required', { key: 'a' });
    await vault(`${unique}/metadata/required`, { body: { cas_required: true } });
    const answer = await put('required', { key: 'b' });
    expect(answer.status).toBe(400);
    expect(words(answer)).toContain('check-and-set parameter required for this call');
    expect((await put('required', { key: 'b' }, 1)).status).toBe(200);
  });

  it('refuses a write without data, and one that is not JSON', async () => {
    expect((await vault(data('nothing'), { body: { options: { cas: 0 } } })).status).toBe(400);
    expect((await vault(data('nothing'), { method: 'POST', body: '{"data":' })).status).toBe(400);
    expect((await vault(data('nothing'))).status).toBe(404);
  });

  it('replaces the whole secret: keys that are not written are gone', async () => {
    await put('whole', { one: '1', two: '2' });
    await put('whole', { two: '2' });
    expect(contentOf(await vault(data('whole')))).toEqual({ two: '2' });
  });

  it('keeps ten versions and gives the oldest away', async () => {
    for (let version = 1; version <= 11; version++) await put('eleven', { key: String(version) });
    const oldest = await vault(`${data('eleven')}?version=1`);
    expect([oldest.status, oldest.json]).toEqual([404, { errors: [] }]);
    expect(contentOf(await vault(`${data('eleven')}?version=2`))).toEqual({ key: '2' });
  });

  it('refuses a body of more than 1000 strings, keys counted', async () => {
    const keys = (count: number): JsonObject =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'value']));
    expect((await put('big', keys(499))).status).toBe(200);
    const refused = await put('big', keys(500));
    expect(refused.status).toBe(400);
    expect(words(refused)).toContain('exceeded maximum number of strings');
    // One key at a time it may grow beyond.
    expect((await patch('big', { 'key-500': 'value', 'key-501': 'value' })).status).toBe(200);
  });
});

describe('merge-patch', () => {
  it('sets and removes the named keys and leaves all others alone', async () => {
    await put('patched', { keep: 'k', change: 'old', drop: 'd', nested: { a: '1', b: '2' } });
    const answer = await patch('patched', { change: 'new', drop: null, add: 'a', nested: { b: null } }, 1);
    expect([answer.status, versionOf(answer)]).toEqual([200, 2]);
    expect(contentOf(await vault(data('patched')))).toEqual({
      keep: 'k',
      change: 'new',
      add: 'a',
      nested: { a: '1' },
    });
  });

  it('removing a key that is not there is no error, and makes a version all the same', async () => {
    await put('absent', { keep: 'k' });
    expect(versionOf(await patch('absent', { drop: null }))).toBe(2);
    expect(contentOf(await vault(data('absent')))).toEqual({ keep: 'k' });
  });

  it('is refused with another version than the current one', async () => {
    await put('stale', { key: 'a' });
    await put('stale', { key: 'b' });
    const answer = await patch('stale', { key: 'c' }, 1);
    expect(answer.status).toBe(400);
    expect(words(answer)).toContain('check-and-set parameter did not match the current version');
    expect(contentOf(await vault(data('stale')))).toEqual({ key: 'b' });
  });

  it('wants its own content type', async () => {
    await put('typed', { key: 'a' });
    const answer = await vault(data('typed'), { method: 'PATCH', body: { data: { key: 'b' } } });
    expect(answer.status).toBe(415);
    expect(words(answer)).toContain(MERGE_PATCH);
  });

  it('of a secret that never existed is a 404 without any body', async () => {
    const answer = await patch('nowhere', { key: 'a' });
    expect([answer.status, answer.text]).toEqual([404, '']);
    expect((await vault(data('nowhere'))).status).toBe(404);
  });

  it('of a deleted secret is a 404 with the metadata', async () => {
    await put('lost', { key: 'a' });
    await vault(data('lost'), { method: 'DELETE' });
    const answer = await patch('lost', { key: 'b' });
    expect(answer.status).toBe(404);
    expect(at(answer.json, 'data')).toMatchObject({ version: 1, destroyed: false });
    expect(at(answer.json, 'data', 'deletion_time')).not.toBe('');
  });
});

describe('what a policy allows', () => {
  it('reading the names does not allow reading the values', async () => {
    await put('shop', { key: 'value' });
    const token = await tokenThatMay('names', { [subkeys('shop')]: ['read'] });
    expect((await vault(subkeys('shop'), { token })).status).toBe(200);
    const values = await vault(data('shop'), { token });
    expect(values.status).toBe(403);
    expect(words(values)).toContain('permission denied');
  });

  it('a patch wants the capability patch, update is not enough', async () => {
    await put('patchable', { key: 'a' });
    const updater = await tokenThatMay('updater', { [data('patchable')]: ['read', 'update'] });
    const patcher = await tokenThatMay('patcher', { [data('patchable')]: ['read', 'patch'] });
    expect((await patch('patchable', { key: 'b' }, 1, updater)).status).toBe(403);
    expect((await patch('patchable', { key: 'b' }, 1, patcher)).status).toBe(200);
    expect((await put('patchable', { key: 'c' }, 2, patcher)).status).toBe(403);
    expect((await put('patchable', { key: 'c' }, 2, updater)).status).toBe(200);
  });

  it('writing again wants create, writing again wants update', async () => {
    const creator = await tokenThatMay('creator', { [data('made')]: ['create'] });
    const updater = await tokenThatMay('made-updater', { [data('made')]: ['update'] });
    expect((await put('made', { key: 'a' }, 0, updater)).status).toBe(403);
    expect((await put('made', { key: 'a' }, 0, creator)).status).toBe(200);
    expect((await put('made', { key: 'b' }, 1, creator)).status).toBe(403);
    expect((await put('made', { key: 'b' }, 1, updater)).status).toBe(200);
  });

  it('a secret that is denied and one that is not there look alike', async () => {
    const token = await tokenThatMay('blind', { [data('elsewhere')]: ['read'] });
    expect((await vault(data('read'), { token })).status).toBe(403);
    expect((await vault(data('never'), { token })).status).toBe(403);
  });
});

describe('logging in by AppRole', () => {
  it('gives a token with the policies of the role and a life', async () => {
    const answer = await logIn(await makeRole('login', { [data('read')]: ['read'] }));
    expect(answer.status).toBe(200);
    expect(at(answer.json, 'auth')).toMatchObject({ lease_duration: 600, renewable: true });
    expect(at(answer.json, 'auth', 'policies')).toContain(`${unique}-login`);
  });

  it('says the same of everything that is wrong', async () => {
    const role = await makeRole('wrong', {});
    for (const tried of [
      { ...role, roleId: 'no-such-role' },
      { ...role, secretId: 'no-such-secret' },
    ]) {
      const answer = await logIn(tried);
      expect(answer.status).toBe(400);
      expect(words(answer)).toContain('invalid role or secret ID');
    }
    const missing = await vault(`auth/${unique}/login`, { token: '', body: { role_id: role.roleId } });
    expect([missing.status, words(missing)]).toEqual([400, '["missing secret_id"]']);
  });

  it('uses a secret id up where its uses are counted', async () => {
    const role = await makeRole('counted', {}, { secret_id_num_uses: 2 });
    expect((await logIn(role)).status).toBe(200);
    expect((await logIn(role)).status).toBe(200);
    const third = await logIn(role);
    expect(third.status).toBe(400);
    expect(words(third)).toContain('invalid role or secret ID');
  });

  it('locks the role after 5 failures, for good credentials too', async () => {
    const role = await makeRole('locked', {});
    for (let failures = 1; failures <= 5; failures++)
      expect((await logIn({ ...role, secretId: 'wrong' })).status).toBe(400);
    const answer = await logIn(role);
    expect(answer.status).toBe(403);
    expect(words(answer)).toContain('permission denied');
  });
});

describe('tokens', () => {
  it('are needed, and must be known', async () => {
    for (const token of ['', 'hvs.nobody-knows-this-one']) {
      const answer = await vault(data('read'), { token });
      expect(answer.status).toBe(403);
      expect(words(answer)).toMatch(/permission denied|bad token/);
    }
  });

  it('revoke themselves, and are good for nothing afterwards', async () => {
    const token = await tokenThatMay('revoked', { [data('read')]: ['read'] });
    expect((await vault(data('read'), { token })).status).toBe(200);
    expect((await vault('auth/token/revoke-self', { method: 'POST', token, body: {} })).status).toBe(204);
    expect((await vault(data('read'), { token })).status).toBe(403);
  });

  it('may look themselves up', async () => {
    const token = await tokenThatMay('looking', {});
    expect((await vault('auth/token/lookup-self', { token })).status).toBe(200);
  });
});

describe('a token that has ended', () => {
  const ended = ['"permission denied"'];

  it('is told so in other words than one that may not', async () => {
    const may = await tokenThatMay('may', { [data('elsewhere')]: ['read'] });
    expect(words(await vault(data('read'), { token: may }))).toContain('1 error occurred:');
    const uses = await makeRole('once', { [data('read')]: ['read'] }, { token_num_uses: 1 });
    const token = await textAt(logIn(uses), 'auth', 'client_token');
    expect((await vault(data('read'), { token })).status).toBe(200);
    const answer = await vault(data('read'), { token });
    expect([answer.status, words(answer)]).toEqual([403, `[${ended.join()}]`]);
  });

  it('is also one that is bound to another address', async () => {
    const role = await makeRole(
      'bound',
      { [data('read')]: ['read'] },
      { token_bound_cidrs: ['192.0.2.0/24'] },
    );
    const login = await logIn(role);
    // A login from there may be refused as well.
    if (login.status !== 200) return;
    const answer = await vault(data('read'), {
      token: await textAt(Promise.resolve(login), 'auth', 'client_token'),
    });
    expect([answer.status, words(answer)]).toEqual([403, `[${ended.join()}]`]);
  });

  it('needs the right to revoke itself where its role leaves the policy "default" out', async () => {
    const role = await makeRole('bare', { [data('read')]: ['read'] }, { token_no_default_policy: true });
    const token = await textAt(logIn(role), 'auth', 'client_token');
    expect((await vault('auth/token/revoke-self', { method: 'POST', token, body: {} })).status).toBe(403);
  });
});

describe('a secret that is deleted by itself', () => {
  it('has the time of it in its metadata from the beginning', async () => {
    await vault(`${unique}/metadata/vanishing`, { body: { delete_version_after: '720h' } });
    await put('vanishing', { a: 'x' });
    const answer = await vault(data('vanishing'));
    expect(answer.status).toBe(200);
    const written = String(at(answer.json, 'data', 'metadata', 'deletion_time'));
    const created = String(at(answer.json, 'data', 'metadata', 'created_time'));
    expect(Math.round((Date.parse(written) - Date.parse(created)) / 3_600_000)).toBe(720);
  });

  it('and one of which only the metadata are left looks like none, and is updated, not created', async () => {
    await vault(`${unique}/metadata/rest`, { body: { max_versions: 5 } });
    const answer = await vault(data('rest'));
    expect([answer.status, answer.json['errors']]).toEqual([404, []]);
    expect((await vault(`${unique}/metadata/rest`)).status).toBe(200);
    const creator = await tokenThatMay('rest-creator', { [data('rest')]: ['create'] });
    expect((await put('rest', { a: 'x' }, 0, creator)).status).toBe(403);
  });
});

describe('a mount with KV version 1', () => {
  const plain = `${unique}-plain`;

  beforeAll(async () => {
    await vault(`sys/mounts/${plain}`, { body: { type: 'kv', options: { version: '1' } } });
  });

  afterAll(async () => {
    await vault(`sys/mounts/${plain}`, { method: 'DELETE' });
  });

  it('says so, and so does one with version 2, to everybody with a right on it', async () => {
    const token = await tokenThatMay('asking', { [`${plain}/shop`]: ['read'], [data('shop')]: ['read'] });
    for (const [mount, version] of [
      [plain, '1'],
      [unique, '2'],
    ] as const) {
      const answer = await vault(`sys/internal/ui/mounts/${mount}`, { token });
      expect(at(answer.json, 'data')).toMatchObject({ type: 'kv', options: { version } });
    }
    const stranger = await tokenThatMay('stranger', {});
    expect((await vault(`sys/internal/ui/mounts/${plain}`, { token: stranger })).status).toBe(403);
  });

  it('answers version 2 paths like those of a secret that is not there', async () => {
    const answer = await vault(`${plain}/data/shop`);
    expect([answer.status, answer.json['errors']]).toEqual([404, []]);
  });

  it('is read and written as a whole', async () => {
    expect((await vault(`${plain}/shop`, { body: { a: 'x', b: { c: [1] } } })).status).toBe(204);
    expect(at((await vault(`${plain}/shop`)).json, 'data')).toEqual({ a: 'x', b: { c: [1] } });
    expect((await vault(`${plain}/shop`, { body: { d: 'y' } })).status).toBe(204);
    expect(at((await vault(`${plain}/shop`)).json, 'data')).toEqual({ d: 'y' });
    const empty = await vault(`${plain}/shop`, { body: {} });
    expect([empty.status, words(empty)]).toEqual([400, '["missing data fields"]']);
  });

  it('creates by the capability create, and changes by update', async () => {
    const creator = await tokenThatMay('plain-creator', { [`${plain}/made`]: ['create'] });
    expect((await vault(`${plain}/made`, { token: creator, body: { a: 'x' } })).status).toBe(204);
    expect((await vault(`${plain}/made`, { token: creator, body: { a: 'y' } })).status).toBe(403);
  });
});

describe('the server', () => {
  it('says 200 of its health when it is active', async () => {
    const answer = await vault('sys/health', { token: '' });
    expect([answer.status, answer.json['sealed'], answer.json['initialized']]).toEqual([200, false, true]);
  });

  it('knows no namespace that was not made', async () => {
    expect((await vault(data('read'), { namespace: `${unique}-none` })).status).toBe(404);
  });
});

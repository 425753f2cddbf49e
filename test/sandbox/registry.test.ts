// What the registry's stand-in and its token service answer.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, ask, at } from './ask.ts';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import { type DockerHubStandIn, startDockerHub } from './docker-hub.ts';
import { jsonObject } from './json.ts';
import { type RegistryStandIn, startRegistry } from './registry.ts';

const NOW = Date.parse('2026-03-03T02:00:00Z');
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

let clock: SandboxClock;
let hub: DockerHubStandIn;
let registry: RegistryStandIn;

beforeEach(async () => {
  clock = createClock({ now: NOW, ticking: false });
  const canaries = new Canaries();
  hub = await startDockerHub({ clock, canaries });
  registry = await startRegistry({ hub, clock, canaries });
});

afterEach(async () => {
  await Promise.all([registry.close(), hub.close()]);
});

function askToken(secret: string | undefined, scope = 'repository:riaktr/base:pull'): Promise<Asked> {
  const basic = Buffer.from(`${hub.account.username}:${secret ?? ''}`).toString('base64');
  return ask(`${registry.auth.url}/token?service=registry.docker.io&scope=${encodeURIComponent(scope)}`, {
    ...(secret === undefined ? {} : { headers: { authorization: `Basic ${basic}` } }),
  });
}

const bearerOf = ({ json }: Asked): string => String(json['token']);
const claimsOf = (answer: Asked): unknown =>
  jsonObject(Buffer.from(bearerOf(answer).split('.')[1] ?? '', 'base64url'));

function manifest(
  bearer: string | undefined,
  image = 'riaktr/base',
  tag = '3.12',
  method: 'HEAD' | 'GET' = 'HEAD',
): Promise<Asked> {
  return ask(`${registry.registry.url}/v2/${image}/manifests/${tag}`, {
    method,
    headers: { accept: MANIFEST, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) },
  });
}

describe('the token service', () => {
  it('gives a bearer of 300 seconds for user name and token', async () => {
    const { content } = hub.tokens.add();
    const answer = await askToken(content);
    expect([answer.status, answer.json['expires_in']]).toEqual([200, 300]);
    expect(claimsOf(answer)).toMatchObject({
      iss: 'auth.docker.io',
      aud: 'registry.docker.io',
      exp: NOW / 1000 + 300,
      access: [{ type: 'repository', name: 'riaktr/base', actions: ['pull'] }],
    });
  });

  it('notes that the token was used', async () => {
    const token = hub.tokens.add();
    await askToken(token.content);
    expect(token.last_used).toBe(new Date(NOW).toISOString());
  });

  it('refuses with 401 and its text: unknown, switched off, past its end', async () => {
    const off = hub.tokens.add({ is_active: false });
    const past = hub.tokens.add({ expires_at: new Date(NOW).toISOString() });
    for (const secret of ['dckr_pat_unknown', off.content]) {
      const answer = await askToken(secret);
      expect(answer.status).toBe(401);
      expect(answer.text).toContain('incorrect username or password');
    }
    const answer = await askToken(past.content);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('personal access token is expired');
  });

  it('gives a bearer without rights, with 200, where the right is missing', async () => {
    const publicOnly = hub.tokens.add({ scopes: ['repo:public_read'] });
    const good = hub.tokens.add();
    expect(at(claimsOf(await askToken(publicOnly.content)), 'access')).toEqual([]);
    expect(at(claimsOf(await askToken(good.content, 'repository:elsewhere/base:pull')), 'access')).toEqual(
      [],
    );
    expect(at(claimsOf(await askToken(undefined)), 'access')).toEqual([]);
    registry.switches.withoutRights = true;
    const answer = await askToken(good.content);
    expect([answer.status, at(claimsOf(answer), 'access')]).toEqual([200, []]);
  });

  it('may name the bearer otherwise', async () => {
    const { content } = hub.tokens.add();
    registry.switches.bearerField = 'access_token';
    expect(Object.keys((await askToken(content)).json)).toContain('access_token');
  });

  it("may count failures towards Docker Hub's lock-out of the user name", async () => {
    registry.switches.failuresCount = true;
    for (let failed = 0; failed < hub.switches.lockOutAfter; failed++) await askToken('dckr_pat_unknown');
    expect(hub.logins.isLocked(hub.account.username)).toBe(true);
    expect((await askToken(hub.tokens.add().content)).status).toBe(429);
  });
});

describe('the registry', () => {
  it('shows a manifest to who may pull, and counts a pull for GET only', async () => {
    const bearer = bearerOf(await askToken(hub.tokens.add().content));
    const head = await manifest(bearer);
    expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', MANIFEST]);
    expect(head.headers['docker-content-digest']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(registry.pulls).toBe(0);
    const got = await manifest(bearer, 'riaktr/base', '3.12', 'GET');
    expect(got.json['mediaType']).toBe(MANIFEST);
    expect(registry.pulls).toBe(1);
  });

  it('asks with 401 and a challenge where the bearer is missing, foreign, without the right, or too old', async () => {
    const bearer = bearerOf(await askToken(hub.tokens.add().content));
    const without = bearerOf(await askToken(undefined));
    for (const tried of [undefined, 'not.a.token', `${bearer}x`, without]) {
      const answer = await manifest(tried);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        `Bearer realm="${registry.auth.url}/token",service="registry.docker.io",scope="repository:riaktr/base:pull"`,
      );
    }
    expect((await manifest(without)).headers['www-authenticate']).toContain('error="insufficient_scope"');
    clock.advance(300_000);
    expect((await manifest(bearer)).status).toBe(401);
  });

  it('knows no image of another tag, or kind of manifest', async () => {
    const bearer = bearerOf(await askToken(hub.tokens.add().content));
    expect((await manifest(bearer, 'riaktr/base', '9.99')).status).toBe(404);
    const answer = await ask(`${registry.registry.url}/v2/riaktr/base/manifests/3.12`, {
      headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' },
    });
    expect([answer.status, at(answer.json, 'errors', 0, 'code')]).toEqual([404, 'MANIFEST_UNKNOWN']);
    registry.addImage('riaktr/base', '9.99');
    expect((await manifest(bearer, 'riaktr/base', '9.99')).status).toBe(200);
  });

  it('says at its root whether the bearer is good', async () => {
    expect((await ask(`${registry.registry.url}/v2/`)).status).toBe(401);
    const bearer = bearerOf(await askToken(undefined));
    const answer = await ask(`${registry.registry.url}/v2/`, {
      headers: { authorization: `Bearer ${bearer}` },
    });
    expect(answer.status).toBe(200);
  });
});

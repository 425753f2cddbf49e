// What the Docker Hub stand-in answers, on good and on bad days.
import { TOTP } from 'otpauth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Asked, ask, at } from './ask.ts';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import type { DockerHubSwitches } from './docker-hub-switches.ts';
import { type DockerHubStandIn, startDockerHub } from './docker-hub.ts';
import { jsonObject } from './json.ts';

const NOW = Date.parse('2026-03-03T02:00:00Z');
const MINUTE = 60_000;
/** The claim that holds Docker Hub's own ones. */
const NESTED = 'https://hub.docker.com';

let hub: DockerHubStandIn;
let clock: SandboxClock;

beforeEach(async () => {
  clock = createClock({ now: NOW, ticking: false });
  hub = await startDockerHub({ clock, canaries: new Canaries() });
});

afterEach(async () => {
  await hub.close();
});

const post = (path: string, body: unknown): Promise<Asked> =>
  ask(`${hub.url}${path}`, { method: 'POST', body });
const newRoute = (secret: string, identifier = hub.account.username): Promise<Asked> =>
  post('/v2/auth/token', { identifier, secret });
const oldRoute = (password: string, username = hub.account.username): Promise<Asked> =>
  post('/v2/users/login', { username, password });

/** A request in a session of the password's, or in the given one. */
function inSession(
  path: string,
  options: { method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'; body?: unknown; bearer?: string } = {},
): Promise<Asked> {
  const { bearer = hub.logins.session({ username: hub.account.username }), ...rest } = options;
  return ask(`${hub.url}${path}`, { ...rest, headers: { authorization: `Bearer ${bearer}` } });
}

const list = (query = ''): Promise<Asked> => inSession(`/v2/access-tokens${query}`);
const labels = ({ json }: Asked): unknown[] => {
  const rows = json['results'];
  return Array.isArray(rows) ? rows.map((row) => at(row, 'token_label')) : [];
};

function claimsOf(answer: Asked): unknown {
  const token = String(answer.json['access_token'] ?? answer.json['token']);
  return jsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
}

describe('logging in', () => {
  it('gives a session of ten minutes by the new route, and by the old one under another name', async () => {
    const fresh = await newRoute(hub.account.password);
    expect([fresh.status, typeof fresh.json['access_token']]).toEqual([200, 'string']);
    expect(at(claimsOf(fresh), 'exp')).toBe(NOW / 1000 + 600);
    const old = await oldRoute(hub.account.password);
    expect([old.status, typeof old.json['token']]).toEqual([200, 'string']);
  });

  it('with a wrong password is a 401 with its detail', async () => {
    const answer = await newRoute('wrong');
    expect([answer.status, answer.json]).toEqual([401, { detail: 'Incorrect authentication credentials' }]);
  });

  it('may be refused by the new route although the old one takes the password', async () => {
    hub.switches.newRouteTakesPassword = false;
    expect((await newRoute(hub.account.password)).status).toBe(401);
    expect((await oldRoute(hub.account.password)).status).toBe(200);
  });

  it('by the old route is a 404 where it is gone', async () => {
    hub.switches.hasOldRoute = false;
    expect((await oldRoute(hub.account.password)).status).toBe(404);
  });

  it('is refused by password where single sign-on is enforced', async () => {
    hub.switches.enforcesSingleSignOn = true;
    expect((await newRoute(hub.account.password)).status).toBe(401);
    expect((await oldRoute(hub.account.password)).status).toBe(401);
  });

  it('ends after its life', async () => {
    const session = hub.logins.session({ username: hub.account.username });
    clock.advance(600_000 - 1);
    expect((await inSession('/v2/access-tokens', { bearer: session })).status).toBe(200);
    clock.advance(1);
    expect((await inSession('/v2/access-tokens', { bearer: session })).status).toBe(401);
  });
});

describe('two-factor login', () => {
  const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const code = (timestamp: number): string => new TOTP({ secret }).generate({ timestamp });

  beforeEach(() => {
    hub.account.totpSecret = secret;
  });

  it('gives half a login for the password, and a session for the code', async () => {
    const half = await newRoute(hub.account.password);
    expect(half.status).toBe(401);
    expect(half.json['detail']).toBe('Require secondary authentication on MFA enabled account');
    const body = { login_2fa_token: half.json['login_2fa_token'], code: code(NOW) };
    const whole = await post('/v2/users/2fa-login', body);
    expect(whole.status).toBe(200);
    expect((await inSession('/v2/access-tokens', { bearer: String(whole.json['token']) })).status).toBe(200);
    // Half a login is good for one try.
    expect((await post('/v2/users/2fa-login', body)).status).toBe(401);
  });

  it('refuses the code of another hour', async () => {
    const half = await newRoute(hub.account.password);
    const body = { login_2fa_token: half.json['login_2fa_token'], code: code(NOW - 60 * MINUTE) };
    expect((await post('/v2/users/2fa-login', body)).status).toBe(401);
  });
});

describe('lock-out', () => {
  const failOften = async (): Promise<void> => {
    for (let failed = 0; failed < hub.switches.lockOutAfter; failed++) await newRoute('wrong');
  };

  it('comes after too many failures of one user name, for good credentials too, and ends after ten minutes', async () => {
    await failOften();
    const locked = await newRoute(hub.account.password);
    expect(locked.status).toBe(429);
    expect(locked.text).toContain('too many failed login attempts for username or IP address');
    expect((await oldRoute(hub.account.password)).status).toBe(429);
    clock.advance(10 * MINUTE - 1);
    expect((await newRoute(hub.account.password)).status).toBe(429);
    clock.advance(1);
    expect((await newRoute(hub.account.password)).status).toBe(200);
  });

  it('counts contents of tokens that are refused as well', async () => {
    for (let failed = 0; failed < hub.switches.lockOutAfter; failed++) await newRoute('dckr_pat_unknown');
    expect(hub.logins.isLocked(hub.account.username)).toBe(true);
  });

  it('does not concern other user names', async () => {
    for (let failed = 0; failed < hub.switches.lockOutAfter; failed++) await newRoute('wrong', 'somebody');
    expect((await newRoute(hub.account.password)).status).toBe(200);
  });

  it('does not end sessions', async () => {
    const bearer = hub.logins.session({ username: hub.account.username });
    await failOften();
    expect((await inSession('/v2/access-tokens', { bearer })).status).toBe(200);
  });
});

describe('a session got with a personal access token', () => {
  it("names the token's uuid and its scopes", async () => {
    const token = hub.tokens.add({ token_label: 'orange-cd' });
    const claims = claimsOf(await newRoute(token.content));
    expect(claims).toMatchObject({
      iss: 'https://api.docker.com/',
      scope: 'repo:read',
      source: {},
      [NESTED]: { source: `docker_pat|${token.uuid}`, username: 'riaktrdelivery' },
    });
    hub.switches.claimsForm = 'flat';
    expect(claimsOf(await newRoute(token.content))).toMatchObject({ source: `docker_pat|${token.uuid}` });
  });

  it("is given for any user name, and says whose the token is: another account's too", async () => {
    const { content } = hub.tokens.add();
    for (const [secret, owner] of [
      [content, 'riaktrdelivery'],
      [hub.logins.addForeignToken('somebody'), 'somebody'],
    ] as const)
      expect(claimsOf(await newRoute(secret, 'whoever'))).toMatchObject({ [NESTED]: { username: owner } });
  });

  it('may name no token, or an id that no listed token has', async () => {
    const token = hub.tokens.add({ token_label: 'orange-cd' });
    const sourceOf = async (): Promise<unknown> =>
      at(at(claimsOf(await newRoute(token.content)), NESTED), 'source');
    hub.switches.claims = 'none';
    expect(await sourceOf()).toBeUndefined();
    hub.switches.claims = 'foreign';
    const foreign = await sourceOf();
    expect(foreign).toMatch(/^docker_pat\|/);
    expect(foreign).not.toBe(`docker_pat|${token.uuid}`);
  });

  it('may not manage tokens, in any of the wordings', async () => {
    const token = hub.tokens.add();
    const bearer = String((await newRoute(token.content)).json['access_token']);
    const wordings: [DockerHubSwitches['tokenSessionRefusal'], string][] = [
      ['message', 'token issued from personal access token is not allowed'],
      ['older-message', 'access to the resource is forbidden with personal access token'],
      ['older-detail', 'access to the resource is forbidden with personal access token'],
    ];
    for (const [wording, text] of wordings) {
      hub.switches.tokenSessionRefusal = wording;
      const answer = await inSession('/v2/access-tokens', { bearer });
      expect(answer.status).toBe(403);
      expect(answer.json['detail'] ?? answer.json['message']).toBe(text);
    }
  });

  it('moves last_used, or does not', async () => {
    const token = hub.tokens.add();
    hub.switches.exchangeIsUse = false;
    await newRoute(token.content);
    expect(token.last_used).toBeNull();
    hub.switches.exchangeIsUse = true;
    await newRoute(token.content);
    expect(token.last_used).toBe(new Date(NOW).toISOString());
  });

  it('is refused where the token is switched off, past its end, or deleted', async () => {
    const off = hub.tokens.add({ is_active: false });
    const past = hub.tokens.add({ expires_at: new Date(NOW).toISOString() });
    const deleted = hub.tokens.add();
    hub.tokens.delete(deleted.uuid);
    for (const { content } of [off, past, deleted]) expect((await newRoute(content)).status).toBe(401);
  });

  it('is needed: the raw token as bearer is a 401', async () => {
    const { content } = hub.tokens.add();
    expect((await inSession('/v2/access-tokens', { bearer: content })).status).toBe(401);
  });
});

describe('the list', () => {
  beforeEach(() => {
    for (let number = 1; number <= 25; number++) hub.tokens.add({ token_label: `telco-${number}-cd` });
  });

  it('comes in pages of ten unless more are asked for, the newest first', async () => {
    const first = await list();
    expect(first.json).toMatchObject({ count: 25, active_count: 25, previous: null });
    expect(labels(first)).toHaveLength(10);
    expect(labels(first)[0]).toBe('telco-25-cd');
    expect(labels(await list('?page=1&page_size=100'))).toHaveLength(25);
    const last = await list('?page=3&page_size=10');
    expect([labels(last).length, last.json['next']]).toEqual([5, null]);
  });

  it('gives fewer rows than asked for where the server has a maximum', async () => {
    hub.switches.maxPageSize = 20;
    expect(labels(await list('?page=1&page_size=100'))).toHaveLength(20);
    expect(labels(await list('?page=2&page_size=100'))).toHaveLength(5);
  });

  it('counts active tokens apart', async () => {
    hub.tokens.modify(hub.tokens.only('telco-1-cd').uuid, { is_active: false });
    hub.tokens.modify(hub.tokens.only('telco-2-cd').uuid, { expires_at: new Date(NOW - 1).toISOString() });
    expect((await list()).json).toMatchObject({ count: 25, active_count: 23 });
  });

  it('points to the next page in many ways, some of them hostile', async () => {
    const next = async (how: DockerHubSwitches['next']): Promise<unknown> => {
      hub.switches.next = how;
      return (await list('?page=1&page_size=10')).json['next'];
    };
    expect(await next('absolute')).toBe(`${hub.url}/v2/access-tokens?page=2&page_size=10`);
    expect(await next('relative')).toBe('/v2/access-tokens?page=2&page_size=10');
    expect(await next('looping')).toBe(`${hub.url}/v2/access-tokens?page=1&page_size=10`);
    expect(await next('foreign')).not.toContain('127.0.0.1');
    expect(await next('null')).toBeNull();
    expect(await next('empty')).toBe('');
    expect(await next('missing')).toBeUndefined();
  });

  it('may be partial or blank with 200, and count as before', async () => {
    hub.switches.list = 'partial';
    expect([labels(await list()).length, (await list()).json['count']]).toEqual([5, 25]);
    hub.switches.list = 'blank';
    const blank = await list();
    expect([blank.status, labels(blank), blank.json['count']]).toEqual([200, [], 25]);
  });

  it('shifts when a token is made or deleted between two pages', async () => {
    hub.beforePage = (page) => {
      if (page === 2) hub.tokens.delete(hub.tokens.only('telco-25-cd').uuid);
    };
    const seen = [
      ...labels(await list('?page=1')),
      ...labels(await list('?page=2')),
      ...labels(await list('?page=3')),
    ];
    expect(new Set(seen).size).toBe(24);
    // One that is there still was skipped over.
    expect(seen).not.toContain('telco-15-cd');
  });

  it('shows no content, in whatever way', async () => {
    const field = async (how: DockerHubSwitches['contentField']): Promise<unknown> => {
      hub.switches.contentField = how;
      const answer = await list();
      expect(answer.text).not.toContain('dckr_pat_');
      return at(answer.json, 'results', 0, 'token');
    };
    expect([await field('blank'), await field('stars'), await field('missing')]).toEqual([
      '',
      '***',
      undefined,
    ]);
  });

  it('may count without the tokens that programs made', async () => {
    hub.tokens.add({ generated_by: 'desktop' });
    expect((await list()).json['count']).toBe(26);
    hub.switches.countsAutomatic = false;
    expect((await list()).json['count']).toBe(25);
  });

  it('may have rows that lack fields', async () => {
    hub.tokens.add({
      token_label: 'bare-cd',
      scopes: undefined,
      last_used: undefined,
      generated_by: undefined,
    });
    const row = at((await list()).json, 'results', 0);
    for (const field of ['scopes', 'last_used', 'generated_by']) expect(row).not.toHaveProperty(field);
    hub.switches.noEnd = 'missing';
    expect(at((await list()).json, 'results', 0)).not.toHaveProperty('expires_at');
  });

  it('has an empty page behind the last one, or a 404', async () => {
    expect(labels(await list('?page=9'))).toEqual([]);
    hub.switches.pastEnd = 'not-found';
    expect((await list('?page=9')).status).toBe(404);
  });
});

describe('one token', () => {
  it('is created with its content, which is shown this once', async () => {
    const answer = await inSession('/v2/access-tokens', {
      method: 'POST',
      body: { token_label: 'orange-cd', scopes: ['repo:read'] },
    });
    expect(answer.status).toBe(201);
    expect(answer.json['token']).toMatch(/^dckr_pat_[\w-]{27}$/);
    expect(answer.json).toMatchObject({ token_label: 'orange-cd', is_active: true, last_used: null });
    const again = await inSession(`/v2/access-tokens/${String(answer.json['uuid'])}`);
    expect([again.status, again.json['token']]).toEqual([200, '']);
  });

  it('may have the label of another', async () => {
    const body = { token_label: 'orange-cd', scopes: ['repo:read'] };
    for (let made = 0; made < 2; made++)
      expect((await inSession('/v2/access-tokens', { method: 'POST', body })).status).toBe(201);
    expect(hub.tokens.labelled('orange-cd')).toHaveLength(2);
  });

  it('is refused with a label that is empty or too long, and with scopes that there are not', async () => {
    for (const body of [
      { token_label: '', scopes: ['repo:read'] },
      { token_label: 'x'.repeat(101), scopes: ['repo:read'] },
      { token_label: 'orange-cd', scopes: ['repo:everything'] },
      { token_label: 'orange-cd' },
    ])
      expect((await inSession('/v2/access-tokens', { method: 'POST', body })).status).toBe(400);
    expect(hub.tokens.size).toBe(0);
  });

  it('says of tokens made through the API what it is told to say', async () => {
    const made = async (by: string | null): Promise<unknown> => {
      hub.switches.createdThroughApi = by;
      const body = { token_label: 'orange-cd', scopes: ['repo:read'] };
      return (await inSession('/v2/access-tokens', { method: 'POST', body })).json['generated_by'];
    };
    expect([await made('manual'), await made('api'), await made(null)]).toEqual(['manual', 'api', undefined]);
  });

  it('changes its label and its state only, and only what is sent', async () => {
    const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    const patch = (body: unknown): Promise<Asked> =>
      inSession(`/v2/access-tokens/${uuid}`, { method: 'PATCH', body });
    expect((await patch({ is_active: false })).json).toMatchObject({
      token_label: 'orange-cd',
      is_active: false,
    });
    expect((await patch({ token_label: 'orange-cm' })).json).toMatchObject({ token_label: 'orange-cm', is_active: false }); // prettier-ignore
    await patch({ scopes: ['repo:admin'], expires_at: '2030-01-01T00:00:00Z' });
    expect(hub.tokens.get(uuid)).toMatchObject({ scopes: ['repo:read'], expires_at: null });
  });

  it('is gone once deleted: 204, then 404', async () => {
    const path = `/v2/access-tokens/${hub.tokens.add().uuid}`;
    expect((await inSession(path, { method: 'DELETE' })).status).toBe(204);
    for (const method of ['GET', 'PATCH', 'DELETE'] as const)
      expect((await inSession(path, { method, ...(method === 'PATCH' ? { body: {} } : {}) })).status).toBe(
        404,
      );
  });
});

describe('rate limits', () => {
  it('are told in headers: how many, how many left, and when the count starts again', async () => {
    hub.switches.rateLimit = { requests: 3, seconds: 60 };
    const left = [];
    for (let asked = 0; asked < 4; asked++) left.push((await list()).headers['x-ratelimit-remaining']);
    expect(left).toEqual(['2', '1', '0', '0']);
    const { headers } = await list();
    expect(headers['x-ratelimit-limit']).toBe('3');
    expect(headers['x-ratelimit-reset']).toBe(String(NOW / 1000 + 60));
    clock.advance(MINUTE);
    expect((await list()).headers['x-ratelimit-remaining']).toBe('2');
  });

  it('may be enforced, with the wait in each of its forms', async () => {
    Object.assign(hub.switches, { rateLimit: { requests: 1, seconds: 60 }, rateLimitEnforced: true });
    await list();
    const wait = async (form: DockerHubSwitches['retryAfter']): Promise<unknown> => {
      hub.switches.retryAfter = form;
      const { status, headers } = await list();
      expect(status).toBe(429);
      return headers['retry-after'] ?? headers['x-retry-after'];
    };
    expect(await wait('seconds')).toBe('60');
    expect(await wait('date')).toBe(new Date(NOW + MINUTE).toUTCString());
    expect(await wait('unix')).toBe(String((NOW + MINUTE) / 1000));
    expect(await wait('nothing')).toBeUndefined();
    clock.advance(MINUTE);
    expect((await list()).status).toBe(200);
  });

  it('may not be told at all', async () => {
    hub.switches.rateLimitHeaders = false;
    expect((await list()).headers).not.toHaveProperty('x-ratelimit-remaining');
  });
});

import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDockerHub } from '../../lambdas/clients/docker-hub.ts';
import type { DockerHub, OneTimeCodes } from '../../lambdas/clients/ports.ts';
import { failureOf } from '../failure.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { type DockerHubStandIn, startDockerHub } from '../sandbox/docker-hub.ts';
import { FAULTS, type FaultName, RETRY_AFTER_SECONDS, answering } from '../sandbox/faults.ts';

let clock: SandboxClock;
let canaries: Canaries;
let hub: DockerHubStandIn;

beforeEach(async () => {
  clock = createClock({ now: Date.parse('2026-03-02T02:00:00Z'), ticking: false });
  canaries = new Canaries();
  hub = await startDockerHub({ clock, canaries });
});

afterEach(() => hub.close());

interface Wanted {
  readonly login?: Partial<{ username: string; password: string; totpSecret: string }>;
  /** The code that was sent last, by whichever function. */
  readonly codes?: OneTimeCodes;
  readonly minutes?: number;
  /** Milliseconds that the client's clock is ahead of Docker Hub's. */
  readonly ahead?: number;
}

function client({ login = {}, codes = { lastStep: 0 }, minutes = 15, ahead = 0 }: Wanted = {}): DockerHub {
  const { username, password, totpSecret } = hub.account;
  return createDockerHub({
    url: hub.url,
    account: 'riaktrdelivery',
    codes,
    login: async () => ({
      username,
      password,
      ...(totpSecret === undefined ? {} : { totpSecret }),
      ...login,
    }),
    clock: { ...clock, now: () => clock.now() + ahead },
    deadline: clock.now() + ahead + minutes * 60_000,
    answerMilliseconds: 150,
  });
}

const fill = (number: number): void => {
  for (let index = 0; index < number; index++) hub.tokens.add({ token_label: `telco${index}-cd` });
};
const logins = (): number => hub.log.filter(({ path }) => /auth|login/.test(path)).length;
const lists = (): number => hub.log.filter(({ path }) => path === '/v2/access-tokens').length;
const isList = ({ path, method }: { path: string; method: string }): boolean =>
  path === '/v2/access-tokens' && method === 'GET';

describe('logging in to Docker Hub', () => {
  it('takes the new route, once for all calls at the same time', async () => {
    const docker = client();
    await Promise.all([docker.listTokens(), docker.listTokens()]);
    expect(hub.log.filter(({ path }) => path === '/v2/auth/token')).toHaveLength(1);
    expect(logins()).toBe(1);
  });

  it('falls back to the old route where the new one refuses', async () => {
    hub.switches.newRouteTakesPassword = false;
    expect(await client().listTokens()).toEqual([]);
    expect(logins()).toBe(2);
  });

  it('gives a code where the account asks for one', async () => {
    hub.account.totpSecret = canaries.base32();
    expect(await client().listTokens()).toEqual([]);
  });

  it.each([
    ['no secret is stored', undefined],
    ['the secret is another one', 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
    ['the secret is not base32', 'not base 32!'],
  ])('is DockerHubNeedsTwoFactor where %s', async (_name, stored) => {
    hub.account.totpSecret = canaries.base32();
    const { username, password } = hub.account;
    const docker = createDockerHub({
      url: hub.url,
      account: username,
      login: async () => ({ username, password, ...(stored === undefined ? {} : { totpSecret: stored }) }),
      clock,
      deadline: clock.now() + 60_000,
    });
    expect((await failureOf(() => docker.listTokens())).name).toBe('DockerHubNeedsTwoFactor');
  });

  it('is refused once, and not tried again in that run', async () => {
    const docker = client({ login: { password: 'wrong' } });
    for (let time = 0; time < 3; time++)
      expect((await failureOf(() => docker.listTokens())).name).toBe('DockerHubLoginFailed');
    expect(logins()).toBe(2);
  });

  it('is DockerHubNeedsPassword where a token is stored, or single sign-on is enforced', async () => {
    const token = hub.tokens.add({ token_label: 'x' });
    expect((await failureOf(() => client({ login: { password: token.content } }).listTokens())).name).toBe(
      'DockerHubNeedsPassword',
    );
    expect(logins()).toBe(0);
    const old = hub.tokens.add({ token_label: 'old', content: canaries.uuid() });
    expect((await failureOf(() => client({ login: { password: old.content } }).listTokens())).name).toBe(
      'DockerHubNeedsPassword',
    );
    hub.switches.claims = 'none';
    for (const wording of ['message', 'older-message', 'older-detail'] as const) {
      hub.switches.tokenSessionRefusal = wording;
      expect((await failureOf(() => client({ login: { password: old.content } }).listTokens())).name).toBe(
        'DockerHubNeedsPassword',
      );
    }
  });

  it('has its own words for an organization account, and for single sign-on', async () => {
    for (const [change, words] of [
      [{ isOrganization: true, enforcesSingleSignOn: false }, /organization account/],
      [{ isOrganization: false, enforcesSingleSignOn: true }, /single sign-on is enforced/],
    ] as const) {
      Object.assign(hub.switches, change);
      const failure = await failureOf(() => client().listTokens());
      expect(failure.name).toBe('DockerHubNeedsPassword');
      expect(failure.message).toMatch(words);
    }
  });

  it('knows single sign-on also where the refusal is plain text, or one of its fields is of another type', async () => {
    const words = 'please use personal access token to login when SSO is enforced';
    for (const body of [`unauthorized: ${words}`, { detail: { code: 1 }, message: words }]) {
      hub.faults.clear();
      hub.faults.always(
        answering('refusal', {
          status: 401,
          ...(typeof body === 'string' ? { headers: { 'content-type': 'text/plain' } } : {}),
          body,
        }),
        ({ path }) => /auth|login/.test(path),
      );
      expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubNeedsPassword');
    }
  });

  it('is DockerHubLockedOut after too many failures, good credentials too', async () => {
    for (let time = 0; time < 3; time++)
      await failureOf(() => client({ login: { password: 'wrong' } }).listTokens());
    expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubLockedOut');
  });

  it('is InvalidConfiguration for another user than the configured account, before anything is sent', async () => {
    expect((await failureOf(() => client({ login: { username: 'somebody' } }).listTokens())).name).toBe(
      'InvalidConfiguration',
    );
    expect(hub.log).toEqual([]);
  });

  it('of another user is not said: where user name and password were swapped, it is the password', async () => {
    const swapped = { username: hub.account.password, password: hub.account.username };
    const failure = await failureOf(() => client({ login: swapped }).listTokens());
    expect(failure.name).toBe('InvalidConfiguration');
    expect(failure.message).not.toContain(hub.account.password.slice(0, 12));
    expect(failure.message).toContain(hub.account.username);
  });

  it('is renewed when the session runs out, and where Docker Hub refuses it', async () => {
    const docker = client();
    await docker.listTokens();
    clock.advance(595_000);
    await docker.listTokens();
    expect(logins()).toBe(2);
    hub.faults.when(isList, FAULTS.unauthorized);
    await docker.listTokens();
    expect(logins()).toBe(3);
  });

  it('does not log in again for each request where sessions are short or the clocks differ', async () => {
    fill(500);
    hub.switches.sessionSeconds = 5;
    await client().listTokens();
    expect(logins()).toBe(1);
    hub.log.length = 0;
    await client({ ahead: 20 * 60_000 }).listTokens();
    expect(logins()).toBe(1);
  });

  it('does not become a loop where sessions are refused again and again', async () => {
    fill(100);
    const docker = client();
    for (let time = 0; time < 10; time++) {
      hub.faults.when(isList, FAULTS.unauthorized);
      await docker.listTokens().catch(() => undefined);
    }
    expect(logins()).toBe(4);
  });

  it('is tried once more after it came to nothing, and not a third time', async () => {
    hub.faults.always(FAULTS.internalError, ({ path }) => path === '/v2/auth/token');
    const docker = client();
    for (let time = 0; time < 4; time++)
      expect((await failureOf(() => docker.listTokens())).name).toBe('DockerHubUnavailable');
    expect(logins()).toBe(2);
  });

  it('does not take routes that are not there for a refusal', async () => {
    hub.faults.always(FAULTS.notFound, ({ path }) => /auth|login/.test(path));
    expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubUnavailable');
  });

  it('waits for the next code where another function sent this one', async () => {
    hub.account.totpSecret = canaries.base32();
    const begin = clock.now();
    const codes = { lastStep: 0 };
    await client({ codes }).listTokens();
    await client({ codes }).listTokens();
    expect(clock.now() - begin).toBe(30_000);
    expect(logins()).toBe(4);
    expect(codes.lastStep).toBe(Math.floor(clock.now() / 30_000));
  });

  it('tries a refused code once more with the next one', async () => {
    hub.account.totpSecret = canaries.base32();
    await client().listTokens();
    // A function that does not know what another one sent: a dry run.
    expect(await client().listTokens()).toEqual([]);
  });

  it('does not wait for a code that lies far ahead', async () => {
    hub.account.totpSecret = canaries.base32();
    const begin = clock.now();
    await client({ codes: { lastStep: 4_000_000_000 } }).listTokens();
    expect(clock.now()).toBe(begin);
  });

  it('never sends the same code of a second factor twice', async () => {
    hub.account.totpSecret = canaries.base32();
    const docker = client();
    await docker.listTokens();
    hub.faults.when(isList, FAULTS.unauthorized);
    await docker.listTokens();
    const codes = hub.log
      .filter(({ path }) => path.includes('2fa'))
      .map(({ body }) => /"code":"(\d+)"/.exec(body)?.[1]);
    expect(codes).toHaveLength(2);
    expect(new Set(codes).size).toBe(2);
  });

  it('waits as it is told where it is limited, which is no refusal', async () => {
    hub.faults.when(({ path }) => path === '/v2/auth/token', FAULTS.limitedSeconds);
    await client().listTokens();
    expect(logins()).toBe(2);
  });

  it.each<FaultName>(['internalError', 'unavailablePage', 'okPage', 'truncated', 'resetBefore', 'timeOut'])(
    'that fails by %s is DockerHubUnavailable and not repeated',
    async (fault) => {
      hub.faults.when(({ path }) => path === '/v2/auth/token', FAULTS[fault]);
      expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubUnavailable');
      expect(logins()).toBe(1);
    },
  );
});

describe('listing the tokens', () => {
  it.each([0, 1, 100, 101, 250])('reads all of %d on as many pages as needed', async (number) => {
    fill(number);
    expect(new Set((await client().listTokens()).map(({ id }) => id)).size).toBe(number);
    expect(lists()).toBe(Math.max(1, Math.ceil(number / 100)));
  });

  it('reads smaller pages than it asked for', async () => {
    fill(95);
    hub.switches.maxPageSize = 25;
    expect(await client().listTokens()).toHaveLength(95);
    expect(lists()).toBe(4);
  });

  it.each(['absolute', 'null', 'empty', 'missing', 'relative'] as const)(
    'works where next is %s',
    async (next) => {
      fill(250);
      hub.switches.next = next;
      expect(await client().listTokens()).toHaveLength(250);
    },
  );

  it.each([
    ['foreign', 'another host'],
    ['looping', 'points back'],
  ] as const)('refuses a %s next', async (next, why) => {
    fill(250);
    hub.switches.next = next;
    const failure = await failureOf(() => client().listTokens());
    expect([failure.name, failure.message.includes(why)]).toEqual(['DockerHubUnavailable', true]);
  });

  it('fetches the pages after the first at the same time, and no more than 8', async () => {
    fill(2000);
    hub.latencyMs = 15;
    await client().listTokens();
    expect(hub.peak).toBeGreaterThan(4);
    expect(hub.peak).toBeLessThanOrEqual(8);
  });

  it('is no faster than the rate limit headers allow', async () => {
    fill(2000);
    hub.switches.rateLimit = { requests: 8, seconds: 30 };
    hub.switches.rateLimitEnforced = true;
    expect(await client().listTokens()).toHaveLength(2000);
    expect(hub.log.filter(({ status }) => status === 429)).toEqual([]);
  });

  it('lists once more where a token comes or goes under way, and gives up where that does not help', async () => {
    fill(250);
    let shifts = 1;
    hub.beforePage = (page) => {
      if (page === 2 && shifts-- > 0) hub.tokens.add({ token_label: 'new-cd' });
    };
    expect(await client().listTokens()).toHaveLength(251);
    shifts = 1;
    hub.beforePage = (page) => {
      const [first] = hub.tokens.all;
      if (page === 2 && shifts-- > 0 && first) hub.tokens.delete(first.uuid);
    };
    expect(await client().listTokens()).toHaveLength(250);
    hub.beforePage = undefined;
    hub.switches.list = 'partial';
    const failure = await failureOf(() => client().listTokens());
    expect(failure.message).toContain('counts 250');
    hub.switches.list = 'blank';
    expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubUnavailable');
  });

  it('takes null results with count 0 for an empty list, and no others', async () => {
    hub.switches.emptyResults = 'null';
    expect(await client().listTokens()).toEqual([]);
    fill(3);
    hub.switches.list = 'blank';
    expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubUnavailable');
  });

  it('tries again where a page of something in between says 403', async () => {
    fill(3);
    const page = { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>Forbidden</html>' };
    hub.faults.nth(1, answering('403 HTML', page), isList);
    const docker = client();
    expect(await docker.listTokens()).toHaveLength(3);
    const [token] = hub.tokens.all;
    hub.faults.nth(1, answering('403 HTML', page), ({ method }) => method === 'GET');
    expect(await docker.getToken(token?.uuid ?? '')).toBeDefined();
  });

  it.each(['.', '..', ' ', '\ud800'])(
    'refuses a token with the id %j, which would be another path',
    async (uuid) => {
      hub.tokens.add({ uuid });
      const docker = client();
      expect((await failureOf(() => docker.listTokens())).message).toContain('uuid');
      hub.log.length = 0;
      for (const work of [
        () => docker.getToken(uuid),
        () => docker.setEnabled(uuid, false),
        () => docker.setLabel(uuid, 'x-cd'),
        () => docker.deleteToken(uuid),
      ])
        expect((await failureOf(work)).name).toBe('InvalidRequest');
      expect(hub.log).toEqual([]);
    },
  );

  it('escapes an id in paths and errors', async () => {
    const uuid = 'a/../b?c#\u001b[31m';
    hub.tokens.add({ uuid });
    const docker = client();
    await docker.setEnabled(uuid, false);
    expect(hub.tokens.get(uuid)?.is_active).toBe(false);
    hub.switches.ignoresChanges = true;
    const failure = await failureOf(() => docker.setEnabled(uuid, true));
    expect(failure.message).not.toContain('\u001b');
  });

  it('stops asking for pages as soon as the list is lost', async () => {
    fill(5000);
    hub.faults.nth(
      4,
      answering('a page of another host', {
        status: 200,
        body: { count: 5000, next: 'https://elsewhere.example/?page=9', results: [] },
      }),
      isList,
    );
    expect((await failureOf(() => client().listTokens())).message).toContain('another host');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(lists()).toBeLessThan(20);
    hub.log.length = 0;
    hub.faults.nth(
      1,
      answering('a nearly blank first page', {
        status: 200,
        body: { count: 5000, next: null, results: [{ uuid: 'a', is_active: true }] },
      }),
      isList,
    );
    expect(await client().listTokens()).toHaveLength(5000);
    expect(lists()).toBeLessThan(70);
  });

  it.each([
    ['0001-01-01T00:00:00Z', undefined, null],
    ['', undefined, null],
    ['2026-01-02T03:04:05', 1767323045000, 1767323045000],
    ['2026-01-02T03:04:05.123456Z', 1767323045123, 1767323045123],
    ['2026-01-02T04:04:05+01:00', 1767323045000, 1767323045000],
  ])('reads the time %j the same on every machine', async (written, time, used) => {
    hub.tokens.add({ created_at: written, expires_at: written, last_used: written });
    const [token] = await client().listTokens();
    expect([token?.createdAt, token?.expiresAt, token?.lastUsedAt]).toEqual([time, time, used]);
  });

  it('refuses a time that is none, naming the field', async () => {
    hub.tokens.add({ expires_at: 'tomorrow' });
    expect((await failureOf(() => client().listTokens())).message).toContain('expires_at');
  });

  it('takes missing fields for not known, and refuses rows without id or state', async () => {
    hub.tokens.add({
      token_label: undefined,
      created_at: undefined,
      last_used: undefined,
      generated_by: undefined,
      scopes: undefined,
      expires_at: undefined,
    });
    const [token] = await client().listTokens();
    expect(token).toEqual({ id: token?.id, label: '', enabled: true });
    hub.tokens.add({ is_active: undefined });
    expect((await failureOf(() => client().listTokens())).message).toContain('is_active');
  });

  it.each(Object.keys(FAULTS).filter((name): name is FaultName => name in FAULTS))(
    'goes on after one page that fails by %s',
    async (fault) => {
      fill(250);
      hub.faults.nth(2, FAULTS[fault], isList);
      const docker = client();
      if (fault === 'forbidden')
        expect((await failureOf(() => docker.listTokens())).name).toBe('DockerHubUnavailable');
      else expect(await docker.listTokens()).toHaveLength(250);
      expect(hub.faults.happened).toHaveLength(1);
    },
  );

  it('waits as it is told: in seconds, by date, as unix time, and only as long as there is time', async () => {
    for (const fault of ['limitedSeconds', 'limitedDate', 'limitedUnix'] as const) {
      const before = clock.now();
      hub.faults.when(isList, FAULTS[fault]);
      await client().listTokens();
      expect(clock.now() - before).toBeGreaterThanOrEqual(2_000);
      expect(clock.now() - before).toBeLessThan(5_000);
    }
    hub.faults.always(FAULTS.limitedSeconds, isList);
    expect((await failureOf(() => client({ minutes: 0.01 }).listTokens())).name).toBe('DockerHubUnavailable');
  });

  it('gives up after some tries instead of trying for ever', async () => {
    hub.faults.always(FAULTS.unavailablePage, isList);
    expect((await failureOf(() => client().listTokens())).name).toBe('DockerHubUnavailable');
    expect(lists()).toBe(4);
  });

  it('is DockerHubUnavailable where nobody listens', async () => {
    await hub.down();
    const failure = await failureOf(() => client().listTokens());
    expect(failure.message).toContain('refused');
    await hub.up();
  });
});

describe('changing a token', () => {
  it('sends only what changes', async () => {
    const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    await client().setEnabled(uuid, false);
    await client().setLabel(uuid, 'orange-cm');
    expect(hub.log.filter(({ method }) => method === 'PATCH').map(({ body }) => body)).toEqual([
      '{"is_active":false}',
      '{"token_label":"orange-cm"}',
    ]);
    expect(hub.tokens.get(uuid)).toMatchObject({ is_active: false, token_label: 'orange-cm' });
  });

  it.each<FaultName>(['resetAfter', 'truncated', 'timeOutAfter'])(
    'reads the token where the answer was lost by %s',
    async (fault) => {
      const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
      const docker = client();
      hub.faults.when(({ method }) => method === 'PATCH', FAULTS[fault]);
      await docker.setEnabled(uuid, false);
      expect(hub.log.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
      hub.faults.when(({ method }) => method === 'DELETE', FAULTS[fault]);
      await docker.deleteToken(uuid);
      expect(hub.tokens.size).toBe(0);
    },
  );

  it.each<FaultName>(['resetBefore', 'internalError', 'unavailablePage', 'okPage'])(
    'fails where it did not happen because of %s, and is not sent twice',
    async (fault) => {
      const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
      hub.faults.when(({ method }) => method === 'PATCH', FAULTS[fault]);
      expect((await failureOf(() => client().setEnabled(uuid, false))).name).toBe('DockerHubUnavailable');
      expect(hub.log.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
      expect(hub.tokens.get(uuid)?.is_active).toBe(true);
    },
  );

  it('says so where a change is answered with 200 and not made', async () => {
    const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    hub.switches.ignoresChanges = true;
    for (const work of [() => client().setEnabled(uuid, false), () => client().setLabel(uuid, 'mtn-cm')]) {
      const failure = await failureOf(work);
      expect(failure.name).toBe('DockerHubUnavailable');
      expect(failure.message).toContain('status 200, and the token is still as it was');
    }
  });

  it('waits for a limit as it is told, because a limited change did not happen', async () => {
    const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    hub.faults.when(({ method }) => method === 'PATCH', FAULTS.limitedSeconds);
    const before = clock.now();
    await client().setEnabled(uuid, false);
    expect(clock.now() - before).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1000);
    expect(hub.tokens.get(uuid)?.is_active).toBe(false);
  });

  it('counts a token that is gone as deleted, and reads it as undefined', async () => {
    await client().deleteToken('no-such-token');
    expect(await client().getToken('no-such-token')).toBeUndefined();
  });

  it('does not take an outage for a token that is gone', async () => {
    const { uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    hub.faults.always(FAULTS.notFound, ({ method }) => method === 'GET');
    expect((await failureOf(() => client().getToken(uuid))).name).toBe('DockerHubUnavailable');
  });

  it('creates with the scopes that are asked for, and never twice by itself', async () => {
    const { token, content } = await client().createToken('orange-cd', ['repo:read']);
    expect(token).toMatchObject({
      label: 'orange-cd',
      scopes: ['repo:read'],
      enabled: true,
      lastUsedAt: null,
    });
    expect(hub.tokens.get(token.id)?.content).toBe(content);
    hub.faults.when(
      ({ method, path }) => method === 'POST' && path === '/v2/access-tokens',
      FAULTS.resetAfter,
    );
    expect((await failureOf(() => client().createToken('mtn-cm', ['repo:read']))).name).toBe(
      'DockerHubUnavailable',
    );
    expect(hub.tokens.labelled('mtn-cm')).toHaveLength(1);
  });
});

describe('a creation that makes another token than was asked for', () => {
  it.each([
    ['label', 'orange-cd-1'],
    ['scopes', 'repo:admin'],
    ['end', 'expires on 2027-03-02'],
  ] as const)('by another %s deletes it again and says what it was', async (differs, what) => {
    hub.switches.creationDiffers = differs;
    const failure = await failureOf(() => client().createToken('orange-cd', ['repo:read']));
    expect([failure.name, hub.tokens.size]).toEqual(['DockerHubUnavailable', 0]);
    expect(failure.message).toContain(what);
  });

  it('names it where it can not be deleted again', async () => {
    hub.switches.creationDiffers = 'scopes';
    hub.faults.always(FAULTS.internalError, ({ method }) => method === 'DELETE');
    const failure = await failureOf(() => client().createToken('orange-cd', ['repo:read']));
    expect(failure).toMatchObject({ name: 'DockerHubUnavailable', left: hub.tokens.all[0]?.uuid });
  });
});

describe('checking a content', () => {
  it('tells whose it is, that it is refused, or that it is not to be told', async () => {
    const token = hub.tokens.add({ token_label: 'orange-cd' });
    const docker = client();
    expect(await docker.checkContent(token.content)).toEqual({ outcome: 'accepted', claimedId: token.uuid });
    hub.switches.claims = 'none';
    expect(await docker.checkContent(token.content)).toEqual({ outcome: 'accepted' });
    expect(await docker.checkContent('nonsense')).toEqual({ outcome: 'refused' });
    for (const fault of ['limitedSeconds', 'limitedPlain'] as const) {
      hub.faults.when(() => true, FAULTS[fault]);
      expect(await docker.checkContent(token.content)).toEqual({ outcome: 'limited' });
    }
    for (const fault of ['unavailablePage', 'okPage', 'truncated', 'timeOut', 'forbidden'] as const) {
      hub.faults.when(() => true, FAULTS[fault]);
      expect(await docker.checkContent(token.content)).toEqual({ outcome: 'unwell' });
    }
  });

  it.each(['\n', '\r\n', ' ', '\u00a0', '\ufeff'])('takes no notice of %j around it', async (space) => {
    const { content, uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    for (const stored of [content + space, space + content])
      expect(await client().checkContent(stored)).toEqual({ outcome: 'accepted', claimedId: uuid });
  });

  it('reads the claims in their flat form too', async () => {
    const { content, uuid } = hub.tokens.add({ token_label: 'orange-cd' });
    hub.switches.claimsForm = 'flat';
    expect(await client().checkContent(content)).toEqual({ outcome: 'accepted', claimedId: uuid });
  });

  it("tells another account's token by its claims", async () => {
    const content = hub.logins.addForeignToken('somebody');
    expect(await client().checkContent(content)).toMatchObject({
      outcome: 'accepted',
      otherAccount: 'somebody',
    });
  });

  it("tells the account's own password by the second factor that Docker Hub asks for", async () => {
    hub.account.totpSecret = canaries.base32();
    expect(await client().checkContent(hub.account.password)).toEqual({ outcome: 'password' });
  });
});

describe('errors', () => {
  it('hold no secret, however deeply they are looked into', async () => {
    fill(3);
    for (const fault of Object.values(FAULTS)) {
      hub.faults.clear();
      hub.faults.always(fault);
      const docker = client({ minutes: 0.2 });
      const texts: string[] = [];
      for (const work of [
        () => docker.listTokens(),
        () => docker.createToken('x', ['repo:read']),
        () => docker.setEnabled('x', true),
      ])
        texts.push(inspect(await failureOf(work), { depth: 10, showHidden: true }));
      for (const secret of canaries.all) expect(texts.join('\n')).not.toContain(secret);
    }
  });
});

describe('a label that is a token’s content', () => {
  it('is concealed wherever the token is read, and is never written', async () => {
    const content = canaries.tokenContent();
    const token = hub.tokens.add({ token_label: content });
    const docker = client();
    const [listed] = await docker.listTokens();
    expect(listed?.label).toMatch(/^dckr_pat_\(concealed \w+\)$/);
    expect((await docker.getToken(token.uuid))?.label).toBe(listed?.label);
    const failure = await failureOf(() => docker.setLabel(token.uuid, listed?.label ?? ''));
    expect([failure.name, token.token_label]).toEqual(['InvalidRequest', content]);
    await docker.setLabel(token.uuid, 'orange-cd');
    expect(token.token_label).toBe('orange-cd');
  });
});

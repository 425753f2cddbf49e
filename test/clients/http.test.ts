import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Http,
  type HttpOptions,
  NoAnswer,
  createHttp,
  requestedWait,
} from '../../lambdas/clients/http.ts';
import { EventScope } from '../../lambdas/clients/event-scope.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { FAULTS, type SandboxAnswer, answering } from '../sandbox/faults.ts';
import { type SandboxServer, startServer } from '../sandbox/server.ts';
import { makeCertificate } from './certificate.ts';

const NOW = Date.parse('2026-03-02T02:00:00Z');
const GET = { method: 'GET', path: '/x' } as const;

let clock: SandboxClock;
let server: SandboxServer;
let answer: SandboxAnswer;

beforeEach(async () => {
  clock = createClock({ now: NOW, ticking: false });
  answer = { status: 200, body: { fine: true } };
  server = await startServer({ name: 'any', clock, handle: () => answer });
});

afterEach(() => server.close());

function client(options: Partial<HttpOptions> = {}): Http {
  return createHttp({ url: server.url, clock, deadline: NOW + 60_000, answerMilliseconds: 200, ...options });
}

async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  const outcome: unknown = await work().catch((error: unknown) => error);
  return outcome instanceof NoAnswer ? outcome.message : 'there was an answer';
}

describe('one request', () => {
  it('takes for JSON only what is JSON in fact and by its type', async () => {
    expect((await client().send(GET)).json).toEqual({ fine: true });
    for (const [type, body] of [
      ['text/html', '{"fine":true}'],
      ['application/json', '{"fine":tr'],
      ['application/jsonp', '{"fine":true}'],
      ['application/json', ''],
    ] as const) {
      answer = { status: 200, headers: { 'content-type': type }, body };
      expect((await client().send(GET)).json).toBeUndefined();
    }
    answer = {
      status: 400,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      body: '[]',
    };
    expect((await client().send(GET)).json).toEqual([]);
  });

  it('follows no redirect', async () => {
    answer = { status: 302, headers: { location: `${server.url}/elsewhere` } };
    expect((await client().send(GET)).status).toBe(302);
    expect(server.log).toHaveLength(1);
  });

  it('is refused an answer without end', async () => {
    answer = { status: 200, body: 'x'.repeat(17 * 1024 * 1024) };
    expect(await reasonOf(() => client({ answerMilliseconds: 5000 }).send(GET))).toBe(
      'the answer was too long',
    );
  });

  it('does not wait longer than its time-out, nor beyond the deadline', async () => {
    server.latencyMs = 3000;
    const before = performance.now();
    expect(await reasonOf(() => client().send({ ...GET, milliseconds: 100 }))).toBe('the time was over');
    expect(await reasonOf(() => client({ deadline: NOW + 100 }).send(GET))).toBe('the time was over');
    expect(performance.now() - before).toBeLessThan(2500);
    expect(await reasonOf(() => client({ deadline: NOW }).send(GET))).toBe('the time was over');
    expect(server.log).toHaveLength(2);
  });

  it('goes straight to its server, whatever proxy the environment names', async () => {
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
    expect((await client().send(GET)).status).toBe(200);
    vi.unstubAllEnvs();
  });

  it('trusts a private certificate authority where it is given, and nobody else', async () => {
    const tls = makeCertificate();
    const secure = await startServer({ name: 'secure', clock, handle: () => answer, tls });
    const options = { url: secure.url, answerMilliseconds: 2000 };
    expect((await client({ ...options, ca: tls.cert }).send(GET)).status).toBe(200);
    expect(await reasonOf(() => client(options).send(GET))).toBe('its certificate is not trusted');
    expect(await reasonOf(() => client({ ...options, ca: makeCertificate().cert }).send(GET))).toBe(
      'its certificate is not trusted',
    );
    expect(await reasonOf(() => client({ ...options, ca: 'nonsense' }).send(GET))).not.toBe(
      'there was an answer',
    );
    expect(secure.log).toHaveLength(1);
    await secure.close();
  });

  it('says that nobody listens', async () => {
    await server.down();
    expect(await reasonOf(() => client().send(GET))).toBe('the connection was refused');
    await server.up();
  });
});

describe('reads', () => {
  it('are tried again three times, each time later', async () => {
    server.faults.always(answering('500', { status: 500, body: {} }));
    expect((await client().read(GET)).status).toBe(500);
    const times = server.log.map(({ at }) => at - NOW);
    expect(times).toHaveLength(4);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses).toEqual([200, 400, 800]);
  });

  it('are not tried again after the deadline', async () => {
    server.faults.always(answering('500', { status: 500, body: {} }));
    expect((await client({ deadline: NOW + 300 }).read(GET)).status).toBe(500);
    expect(server.log).toHaveLength(2);
  });

  it('are tried again where the answer is not the promised one', async () => {
    server.faults.nth(1, answering('odd', { status: 200, body: 'odd' }));
    expect((await client().read(GET, ({ json }) => json !== undefined)).json).toEqual({ fine: true });
  });
});

describe('changes', () => {
  it('are sent once, but for a limit', async () => {
    server.faults.nth(1, answering('429', { status: 429, headers: { 'retry-after': '7' } }));
    expect((await client().change({ ...GET, method: 'POST', body: {} })).status).toBe(200);
    expect(clock.now() - NOW).toBeGreaterThanOrEqual(7000);
    server.log.length = 0;
    server.faults.always(answering('500', { status: 500, body: {} }));
    expect((await client().change({ ...GET, method: 'POST', body: {} })).status).toBe(500);
    expect(server.log).toHaveLength(1);
  });

  it('are tried again where there was no connection, because nothing can have happened', async () => {
    await server.down();
    const tried = vi.spyOn(clock, 'sleep').mockImplementationOnce(async () => server.up());
    expect((await client().change({ ...GET, method: 'POST', body: {} })).status).toBe(200);
    expect(tried).toHaveBeenCalledTimes(1);
    expect(server.log).toHaveLength(1);
  });

  it('are not tried again where the connection broke off, because they may have happened', async () => {
    server.faults.always(FAULTS.resetAfter);
    expect(await reasonOf(() => client().change({ ...GET, method: 'POST', body: {} }))).toMatch(/connection/);
    expect(server.log).toHaveLength(1);
  });
});

describe('the end of an event', () => {
  it('closes its connections, and a later request makes new ones', async () => {
    const scope = new EventScope();
    const http = client({ scope });
    await http.send(GET);
    await scope.end();
    const closed = vi.waitFor(() => {
      expect(server.connections).toBe(0);
    });
    await closed;
    expect((await http.send(GET)).status).toBe(200);
    await scope.end();
  });

  it('knows the secrets that were sent and received', async () => {
    const scope = new EventScope();
    answer = {
      status: 200,
      body: { access_token: 'a_session_of_today', auth: { client_token: 'token_of_the_vault' } },
    };
    await client({ scope }).send({
      ...GET,
      method: 'POST',
      body: { password: 'a password from below' },
      headers: { authorization: 'Bearer session_of_yesterday' },
    });
    expect(
      scope.secrets.redact(
        'a_session_of_today token_of_the_vault a password from below session_of_yesterday',
      ),
    ).toBe('(concealed) (concealed) (concealed) (concealed)');
  });

  it.each([
    [
      'version 2',
      {
        data: {
          data: { 'orange-cd': 'the content of a key', username: 'nobody in particular' },
          metadata: { version: 1, created_time: '2026-11-27T00:00:00.123456789Z' },
        },
      },
    ],
    ['version 1', { data: { 'orange-cd': 'the content of a key', metadata: 'another of the keys' } }],
  ])('knows what Vault holds with %s', async (_version, body) => {
    const scope = new EventScope();
    answer = { status: 200, body };
    await client({ scope }).send(GET);
    expect(scope.secrets.redact('the content of a key')).toBe('(concealed)');
    expect(scope.secrets.redact('nobody in particular 2026-11-27T00:00:00.123456789Z')).not.toContain('(');
  });
});

describe('a 429', () => {
  const said = (headers: Record<string, string>, waited?: number): number =>
    requestedWait(new Map(Object.entries(headers)), NOW, waited);
  const unix = String(NOW / 1000 + 30);

  it.each([
    ['seconds', { 'retry-after': '30' }],
    ['seconds twice', { 'retry-after': '30, 30' }],
    [
      'an HTTP date twice',
      { 'retry-after': `${new Date(NOW + 30_000).toUTCString()}, ${new Date(NOW).toUTCString()}` },
    ],
    ['an HTTP date', { 'retry-after': new Date(NOW + 30_000).toUTCString() }],
    ['unix time, though it should be seconds', { 'retry-after': unix }],
    ['unix time in milliseconds', { 'retry-after': String(NOW + 30_000) }],
    ['unix time in X-Retry-After', { 'x-retry-after': unix }],
    ['seconds in X-Retry-After', { 'x-retry-after': '30' }],
    ['the end of the window', { 'x-ratelimit-reset': unix }],
    ['something unreadable, and the end of the window', { 'retry-after': 'soon', 'x-ratelimit-reset': unix }],
  ])('is understood where it tells %s', (_form, headers) => {
    expect(said(headers)).toBe(30_000);
  });

  it('never becomes a hot loop: the past, zero and nonsense wait too, and longer each time that nothing is reported', () => {
    for (const value of [
      '0',
      '-5',
      '1',
      'NaN',
      '',
      String(NOW / 1000 - 500),
      'Thu, 01 Jan 1970 00:00:00 GMT',
    ])
      expect(said({ 'retry-after': value })).toBeGreaterThanOrEqual(200);
    expect([0, 1, 2, 3].map((waited) => said({}, waited))).toEqual([1000, 2000, 4000, 8000]);
  });

  it.each(['99999', '99999999999', '99999999999999999999', '4102444800'])(
    'is given up at once where it asks for longer than there is time: %s',
    async (value) => {
      answer = { status: 429, headers: { 'retry-after': value } };
      expect((await client().read(GET)).status).toBe(429);
      expect([server.log.length, clock.now()]).toEqual([1, NOW]);
    },
  );

  it('is waited for five times, not for ever', async () => {
    answer = { status: 429, headers: { 'retry-after': '1' } };
    expect((await client().read(GET)).status).toBe(429);
    expect(server.log).toHaveLength(6);
  });

  it('of a lock-out is not waited for', async () => {
    answer = {
      status: 429,
      body: { detail: 'toomanyrequests: too many failed login attempts for username or IP address' },
    };
    expect((await client().read(GET)).status).toBe(429);
    expect(server.log).toHaveLength(1);
  });
});

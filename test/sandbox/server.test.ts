// The server below all stand-ins: faults, logs, connections.
import { get } from 'node:http';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { createClock } from './clock.ts';
import { FAULTS, FaultPlan, RETRY_AFTER_SECONDS, afterEffect, requests } from './faults.ts';
import { refuseConnection } from './refusal.ts';
import { type SandboxServer, startServer } from './server.ts';

const NOW = Date.parse('2026-03-03T02:00:00Z');

let server: SandboxServer;
let shared: FaultPlan;
let effects: number;

beforeEach(async () => {
  effects = 0;
  shared = new FaultPlan();
  server = await startServer({
    name: 'counter',
    clock: createClock({ now: NOW, ticking: false }),
    sharedFaults: shared,
    handle: () => {
      effects++;
      return { status: 200, body: { effects, padding: 'some more text' } };
    },
  });
});

afterEach(async () => {
  await server.close();
});

const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  }
  return 'no error';
};

describe('a stand-in without faults', () => {
  it('answers on loopback, and remembers what it was asked', async () => {
    const answer = await ask(`${server.url}/v2/x?page=2`, { method: 'POST', body: { a: 1 } });
    expect(answer.json['effects']).toBe(1);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(server.log).toEqual([
      {
        system: 'counter',
        method: 'POST',
        path: '/v2/x',
        query: 'page=2',
        at: NOW,
        body: '{"a":1}',
        status: 200,
      },
    ]);
  });

  it('counts how many requests were under way at once', async () => {
    server.latencyMs = 20;
    await Promise.all(Array.from({ length: 5 }, () => ask(server.url)));
    expect(server.peak).toBe(5);
  });

  it('tells the time of the sandbox, not that of the machine', async () => {
    expect((await ask(server.url)).headers['date']).toBe(new Date(NOW).toUTCString());
  });
});

describe('a fault', () => {
  it('befalls the request that it is for, and no other', async () => {
    server.faults.nth(2, FAULTS.internalError);
    const statuses = [];
    for (let asked = 0; asked < 3; asked++) statuses.push((await ask(server.url)).status);
    expect(statuses).toEqual([200, 500, 200]);
    expect(effects).toBe(2);
    expect(server.faults.happened).toEqual([{ fault: '500 JSON', request: 'counter GET /' }]);
  });

  it('befalls as many of the matching requests as it is told', async () => {
    server.faults.when(requests({ method: 'POST', path: /^\/v2\// }), FAULTS.forbidden, 2);
    const status = async (path: string, method: 'GET' | 'POST'): Promise<number> =>
      (await ask(`${server.url}${path}`, { method })).status;
    expect(await status('/v2/a', 'POST')).toBe(403);
    expect(await status('/v2/a', 'GET')).toBe(200);
    expect(await status('/other', 'POST')).toBe(200);
    expect(await status('/v2/b', 'POST')).toBe(403);
    expect(await status('/v2/c', 'POST')).toBe(200);
  });

  it('may be decided request by request', async () => {
    server.faults.decide = ({ path }, index) =>
      index === 2 && path === '/two' ? FAULTS.notFound : undefined;
    expect((await ask(`${server.url}/two`)).status).toBe(200);
    expect((await ask(`${server.url}/two`)).status).toBe(404);
  });

  it('is over when the plan is cleared', async () => {
    server.faults.always(FAULTS.unavailablePage);
    expect((await ask(server.url)).status).toBe(503);
    server.faults.clear();
    expect((await ask(server.url)).status).toBe(200);
    expect(server.faults.count).toBe(1);
  });

  it('of a shared plan counts over all of its servers', async () => {
    const other = await startServer({
      name: 'other',
      clock: createClock(),
      sharedFaults: shared,
      handle: () => ({ status: 204 }),
    });
    shared.nth(2, FAULTS.notAllowedPage);
    expect((await ask(server.url)).status).toBe(200);
    expect((await ask(other.url)).status).toBe(405);
    await other.close();
  });

  it('that resets before the effect has none, after the effect has one', async () => {
    server.faults.nth(1, FAULTS.resetBefore);
    expect(await code(ask(server.url))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(effects).toBe(0);
    server.faults.nth(1, FAULTS.resetAfter);
    expect(await code(ask(server.url))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(effects).toBe(1);
  });

  it('that times out never answers, until the server is closed', async () => {
    server.faults.nth(1, FAULTS.timeOut);
    server.faults.nth(2, FAULTS.timeOutAfter);
    const waiting = [code(ask(server.url)), code(ask(server.url))];
    while (server.hanging < 2) await new Promise((resolve) => setImmediate(resolve));
    expect([server.log.length, effects]).toEqual([2, 1]);
    await server.close();
    expect(await Promise.all(waiting)).toEqual([
      expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
      expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
    ]);
  });

  it('may come after the effect in any form', async () => {
    server.faults.nth(1, afterEffect(FAULTS.unavailablePage));
    expect((await ask(server.url)).status).toBe(503);
    expect(effects).toBe(1);
  });
});

describe('the bad days', () => {
  const answerTo = async (fault: keyof typeof FAULTS) => {
    server.faults.nth(1, FAULTS[fault]);
    return ask(server.url);
  };

  it('tell a 429 in seconds, as HTTP date, as unix time, and in plain text', async () => {
    expect((await answerTo('limitedSeconds')).headers['retry-after']).toBe(String(RETRY_AFTER_SECONDS));
    const date = (await answerTo('limitedDate')).headers['retry-after'] ?? '';
    expect(Date.parse(date)).toBe(NOW + RETRY_AFTER_SECONDS * 1000);
    expect((await answerTo('limitedUnix')).headers['x-retry-after']).toBe(
      String(NOW / 1000 + RETRY_AFTER_SECONDS),
    );
    const plain = await answerTo('limitedPlain');
    expect([plain.status, plain.text]).toEqual([429, 'Too Many Requests (HAP429).\n']);
  });

  it('give HTML with 200, 405 and 503', async () => {
    for (const [fault, status] of [
      ['okPage', 200],
      ['notAllowedPage', 405],
      ['unavailablePage', 503],
    ] as const) {
      // prettier-ignore
      const answer = await answerTo(fault);
      expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    }
  });

  it('cut a JSON body short although its length is right', async () => {
    const answer = await answerTo('truncated');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(answer.headers['content-length']).toBe(String(answer.text.length));
    expect(() => {
      JSON.parse(answer.text);
    }).toThrow();
  });
});

describe('an outage', () => {
  it('refuses connections until it is over, on the same port', async () => {
    const before = server.url;
    await server.down();
    expect(await code(ask(server.url))).toBe('ECONNREFUSED');
    await server.up();
    expect(server.url).toBe(before);
    expect((await ask(server.url)).status).toBe(200);
  });
});

describe('a connection', () => {
  it('is kept for the next request, or made again for each where the server does not keep it', async () => {
    const asked = async (): Promise<number> => {
      const connections = refuseConnection(0);
      const agent = new Agent({ connections: 1 });
      for (let sent = 0; sent < 3; sent++)
        await (await request(server.url, { dispatcher: agent })).body.dump();
      connections.stop();
      await agent.close();
      return connections.begun;
    };
    expect(await asked()).toBe(1);
    server.keepsConnections = false;
    expect(await asked()).toBe(3);
  });

  it('that is refused is refused before the server sees anything, and the next one is not', async () => {
    server.keepsConnections = false;
    const refusal = refuseConnection(2);
    const agent = new Agent();
    const codes = [];
    for (let sent = 0; sent < 3; sent++)
      codes.push(await code(request(server.url, { dispatcher: agent }).then(({ body }) => body.dump())));
    refusal.stop();
    await agent.close();
    expect(codes).toEqual(['no error', 'ECONNREFUSED', 'no error']);
    expect(refusal.happened).toBe(true);
    expect(server.log).toHaveLength(2);
  });

  it('of Node’s own client is refused in the same way', async () => {
    const refusal = refuseConnection(1);
    const failed = new Promise((resolve) => get(server.url).on('error', resolve));
    expect(await failed).toMatchObject({ code: 'ECONNREFUSED' });
    refusal.stop();
    expect(effects).toBe(0);
  });
});

describe('the sandbox clock', () => {
  it('moves forward by sleeping, and sleepers at the same time share it', async () => {
    const clock = createClock({ now: NOW, ticking: false });
    await Promise.all([clock.sleep(1000), clock.sleep(3000), clock.sleep(2000)]);
    expect(clock.now()).toBe(NOW + 3000);
    clock.advance(500);
    expect(clock.now()).toBe(NOW + 3500);
  });
});

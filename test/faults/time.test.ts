// That time taken in hand goes on only while nobody waits for an answer that will come.
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBucket } from '../../lambdas/clients/bucket.ts';
import { createHttp } from '../../lambdas/clients/http.ts';
import { createClock } from '../sandbox/clock.ts';
import { FAULTS } from '../sandbox/faults.ts';
import { type SandboxServer, startServer } from '../sandbox/server.ts';
import { takeTime } from './time.ts';

/** Longer than any test may take: what times out by it, times out because time is in hand. */
const LONG = 3_600_000;
const clock = createClock({ now: Date.parse('2026-06-15T01:30:00Z'), ticking: false });

let server: SandboxServer;
let giveTimeBack: () => void;
let turns: number;

beforeEach(async () => {
  turns = 0;
  server = await startServer({
    name: 'server',
    clock,
    handle: async () => {
      for (let turned = 0; turned < turns; turned++) await turn();
      return { status: 200, headers: { etag: '"1"' }, body: {} };
    },
  });
  vi.stubEnv('AWS_ENDPOINT_URL', server.url);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'sandbox');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'sandbox');
  giveTimeBack = takeTime(() => server.hanging);
});

afterEach(async () => {
  giveTimeBack();
  vi.unstubAllEnvs();
  await server.close();
});

const send = () => {
  const deadline = clock.now() + 10 * LONG;
  const http = createHttp({ url: server.url, clock, deadline, answerMilliseconds: LONG });
  return http.send({ method: 'POST', path: '/' });
};
const read = () =>
  createBucket('bucket', { AWS_ENDPOINT_URL: server.url }, { answerMilliseconds: LONG }).read('ledger.json');

it('A request that is never answered times out at once, however long its client would wait', async () => {
  server.faults.when(() => true, FAULTS.timeOut, 4);
  await expect(send()).rejects.toThrow('no answer in time');
  await expect(read()).rejects.toMatchObject({ name: 'StorageUnavailable' });
});

it('A request that is answered late does not time out, and neither does one beside a request that hangs', async () => {
  turns = 5_000;
  expect((await send()).status).toBe(200);
  server.faults.nth(1, FAULTS.timeOut);
  const hanging = send();
  while (server.hanging === 0) await turn();
  const [first, second] = await Promise.allSettled([hanging, send()]);
  expect(first).toMatchObject({ reason: { message: 'no answer in time' } });
  expect(second).toMatchObject({ value: { status: 200 } });
});

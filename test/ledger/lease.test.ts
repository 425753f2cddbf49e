import { beforeEach, describe, expect, it } from 'vitest';
import { iso } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { LEASE_MILLISECONDS, type Lease, takeLease } from '../../lambdas/ledger/lease.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
});

const take = (who = 'audit', runId = 'run-1', codes = { lastStep: 0 }): Promise<Lease> =>
  takeLease({ ...sandbox.services(), codes }, who, runId);
const content = (): unknown => {
  const object = sandbox.bucket.text(OBJECTS.lease);
  return object === undefined ? undefined : JSON.parse(object);
};
const heldBy = (runId: string): unknown => ({
  holder: { function: 'audit', runId, until: iso(sandbox.now + LEASE_MILLISECONDS) },
  incompleteTold: null,
  lastCodeStep: 0,
});

describe('the lease', () => {
  it('is for 15 minutes at most', () => {
    expect(LEASE_MILLISECONDS).toBe(900_000);
  });

  it('lets one function at a time change things, and tells the other who does and until when', async () => {
    await take('issue');
    const failure = await failureOf(() => take());
    expect(failure.name).toBe('Busy');
    expect(failure.message).toBe(
      'Nothing was done, because the issue function is changing tokens just now (lease.json in the bucket); try again after it ends, 2026-03-02T02:15:00.000Z at the latest.',
    );
  });

  it('is given back with its release, and then free at once', async () => {
    const lease = await take();
    expect(content()).toEqual(heldBy('run-1'));
    await lease.release();
    expect(content()).toEqual({ holder: null, incompleteTold: null, lastCodeStep: 0 });
    await take('audit', 'run-2');
    expect(content()).toEqual(heldBy('run-2'));
  });

  it('that a crash left is taken over when it is past, not a millisecond before', async () => {
    await take();
    sandbox.now += LEASE_MILLISECONDS - 1;
    expect((await failureOf(() => take('audit', 'run-2'))).name).toBe('Busy');
    sandbox.now += 1;
    await take('audit', 'run-2');
    expect(content()).toEqual(heldBy('run-2'));
  });

  it('is not given back by whom it was taken over from', async () => {
    const late = await take();
    sandbox.now += LEASE_MILLISECONDS;
    await take('audit', 'run-2');
    await late.release();
    expect(content()).toEqual(heldBy('run-2'));
  });

  it('never fails to be given back: it ends by itself', async () => {
    const lease = await take();
    sandbox.fate = (call) => (call.startsWith('bucket.writeIf') ? 'fail before' : 'pass');
    await expect(lease.release()).resolves.toBeUndefined();
  });

  it('goes to one of two that take it at the same time', async () => {
    const both = [take('audit', 'run-1'), take('issue', 'run-2')];
    const results = await Promise.allSettled(both);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const failure = await failureOf(() => both[1]);
    expect(failure.message).toContain('because the audit function is changing tokens just now');
  });

  it.each([
    ['not JSON', 'x'],
    ['of another shape', '{"holder":{"function":"audit"},"incompleteTold":null}'],
    ['null', 'null'],
  ])('whose content is %s gives nobody a right and is replaced', async (_name, body) => {
    sandbox.bucket.put(OBJECTS.lease, body);
    await take();
    expect(content()).toEqual(heldBy('run-1'));
  });

  it('whose object was deleted is free', async () => {
    sandbox.bucket.delete(OBJECTS.lease);
    await take();
    expect(content()).toEqual(heldBy('run-1'));
  });
});

describe('a function that finds the lease held', () => {
  /** The services of a function whose sleeping lets the sandbox's time pass. */
  const waiting = (): Services => {
    const services = sandbox.services();
    const sleep = async (milliseconds: number): Promise<void> => {
      await Promise.resolve();
      sandbox.now += milliseconds;
    };
    return { ...services, clock: { ...services.clock, sleep } };
  };
  const failureAfter = async (services: Services, wait?: number): Promise<number> => {
    const begin = sandbox.now;
    expect((await failureOf(() => takeLease(services, 'audit', 'run-2', wait))).name).toBe('Busy');
    return sandbox.now - begin;
  };

  it('takes it as soon as the other one gives it back within a minute', async () => {
    const other = await take('issue');
    const services = waiting();
    let polls = 0;
    const clock = {
      ...services.clock,
      sleep: async (milliseconds: number) => {
        if (++polls === 5) await other.release();
        await services.clock.sleep(milliseconds);
      },
    };
    await takeLease({ ...services, clock }, 'audit', 'run-2');
    expect(content()).toEqual(heldBy('run-2'));
    expect(polls).toBe(5);
  });

  it('gives up with Busy after a minute, or after as long as it says', async () => {
    await take('issue');
    expect(await failureAfter(waiting())).toBe(60_000);
    expect(await failureAfter(waiting(), 600_000)).toBe(600_000);
  });

  it('leaves itself a minute for its own work', async () => {
    await take('issue');
    const services = waiting();
    expect(await failureAfter({ ...services, deadline: sandbox.now + 90_000 })).toBe(30_000);
  });

  it.each(['2099-01-01T00:00:00.000Z', 'tomorrow'])('takes over one until %s', async (until) => {
    sandbox.bucket.put(
      OBJECTS.lease,
      JSON.stringify({ holder: { function: 'audit', runId: 'run-0', until }, incompleteTold: null }),
    );
    await take();
    expect(content()).toEqual(heldBy('run-1'));
  });
});

describe('the one-time code that was sent last', () => {
  it('is handed from one function to the next, and never goes back', async () => {
    const first = { lastStep: 0 };
    const lease = await take('audit', 'run-1', first);
    first.lastStep = 59_400_123;
    await lease.release();
    const second = { lastStep: 0 };
    await (await take('issue', 'run-2', second)).release();
    expect(second.lastStep).toBe(59_400_123);
    const third = { lastStep: 59_400_125 };
    await (await take('issue', 'run-3', third)).release();
    expect(content()).toMatchObject({ lastCodeStep: 59_400_125 });
  });
});

describe('the causes of an incomplete run that were mailed', () => {
  it('are remembered for their day, with those of before, over releases and takings', async () => {
    const first = await take();
    expect(first.reportedCauses('2026-03-02')).toEqual([]);
    first.rememberCauses('2026-03-02', ['VaultUnavailable']);
    expect(first.reportedCauses('2026-03-02')).toEqual(['VaultUnavailable']);
    first.rememberCauses('2026-03-02', ['StorageUnavailable', 'VaultUnavailable']);
    await first.release();
    const second = await take();
    expect(second.reportedCauses('2026-03-02')).toEqual(['VaultUnavailable', 'StorageUnavailable']);
    expect(second.reportedCauses('2026-03-03')).toEqual([]);
    second.rememberCauses('2026-03-03', ['DockerHubUnavailable']);
    await second.release();
    expect(content()).toEqual({
      holder: null,
      incompleteTold: { day: '2026-03-03', causes: ['DockerHubUnavailable'] },
      lastCodeStep: 0,
    });
  });
});

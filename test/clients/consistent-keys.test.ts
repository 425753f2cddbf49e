// One call's view of the deployments' secret where the engine has no versions, and where a write is not retried.
import { describe, expect, it } from 'vitest';
import { FreshKeys } from '../../lambdas/clients/consistent-keys.ts';
import { type Vault, WriteNotRetried } from '../../lambdas/clients/ports.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { failureOf } from '../failure.ts';

type Writing = (keys: Map<string, unknown>, changes: ReadonlyMap<string, string | null>) => void;

/** A secret with these keys; `write` says what becomes of a change. */
function make(
  version: number,
  write: Writing,
): { keys: Map<string, unknown>; fresh: FreshKeys; slept: number[]; writes: () => number } {
  // prettier-ignore
  const keys = new Map<string, unknown>([['mtn-cm', 'b']]);
  const slept: number[] = [];
  let writes = 0;
  const vault: Vault = {
    readDockerHubLogin: () => Promise.reject(new Error('Nobody asks.')),
    readKeyNames: () => Promise.resolve({ names: [...keys.keys()], version }),
    readKeys: () => Promise.resolve({ names: [...keys.keys()], values: new Map(keys), version }),
    patchKeys: async (changes) => {
      writes += 1;
      write(keys, changes);
      for (const [name, value] of changes) keys.set(name, value);
      return { version };
    },
    createSecret: () => Promise.reject(new Error('Nobody asks.')),
    close: () => Promise.resolve(),
  };
  const clock = {
    now: () => 0,
    sleep: async (milliseconds: number) => void slept.push(milliseconds),
    random: () => 0.5,
  };
  return { keys, slept, writes: () => writes, fresh: new FreshKeys({ vault, clock, deadline: 60_000 }) };
}

const conflict = new AuditorError('VaultConflict', 'Somebody else wrote it.');
const lost = new AuditorError('VaultUnavailable', 'No answer.');
const add = () => new Map([['orange-cd', 'a']]);

describe('a secret without versions', () => {
  it('knows after a write that it holds the content', async () => {
    const { fresh } = make(0, () => undefined);
    expect(await fresh.holds('orange-cd', 'a')).toBe(false);
    await fresh.change(add);
    expect([await fresh.holds('orange-cd', 'a'), await fresh.holds('orange-cd', 'b')]).toEqual([true, false]);
  });

  it.each([conflict, lost, new AuditorError('VaultPermissionDenied', 'Denied.')])(
    'looks into the secret after a write that ended with $name',
    async (error) => {
      const { fresh } = make(0, (keys) => {
        keys.set('orange-cd', 'a');
        throw error;
      });
      await failureOf(() => fresh.change(add));
      expect(await fresh.holds('orange-cd', 'a')).toBe(true);
    },
  );

  it('does not wait for a version that never comes', async () => {
    const { fresh, slept } = make(0, () => {
      throw lost;
    });
    await failureOf(() => fresh.change(add));
    slept.length = 0;
    expect(await fresh.holds('orange-cd', 'a')).toBe(false);
    expect(slept).toEqual([]);
  });
});

describe('a write that fails', () => {
  it('is tried again after pauses that grow, with what is there then', async () => {
    let tries = 0;
    const { fresh, slept, writes } = make(3, () => {
      if (++tries < 3) throw conflict;
    });
    await fresh.change(add).catch(() => undefined);
    expect(writes()).toBe(3);
    expect(slept.length).toBeGreaterThanOrEqual(2);
  });

  it('is not tried again where no further try would make it better', async () => {
    const { fresh, writes } = make(3, () => {
      throw new WriteNotRetried('VaultUnavailable', 'The secret is full.');
    });
    expect((await failureOf(() => fresh.change(add))).message).toBe('The secret is full.');
    expect([writes(), await fresh.holds('orange-cd', 'a')]).toEqual([1, false]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { type Ledger, emptyLedger, ledgerText } from '../../lambdas/domain/ledger.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { openLedger } from '../../lambdas/ledger/store.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
});

const withInactive =
  (id: string) =>
  (ledger: Ledger): Ledger => ({ ...ledger, inactive: [...ledger.inactive, id] });
/** Somebody else adds an id to the ledger. */
const write = (id: string): void => {
  sandbox.bucket.put(OBJECTS.ledger, ledgerText(withInactive(id)(sandbox.ledger)));
};
const writes = (): number => sandbox.calls.filter((call) => call.startsWith('bucket.writeIf')).length;

describe('the ledger in the bucket', () => {
  it('is that of a first night where it never was, and is written then', async () => {
    const store = await openLedger(sandbox.services().bucket);
    expect(store.current).toEqual(emptyLedger());
    await store.update(withInactive('a'));
    await store.update(withInactive('b'));
    expect(store.current.inactive).toEqual(['a', 'b']);
    expect(sandbox.ledger).toEqual(store.current);
  });

  it('is no first night where it was deleted', async () => {
    sandbox.bucket.delete(OBJECTS.ledger);
    const failure = await failureOf(() => openLedger(sandbox.services().bucket));
    expect([failure.name, failure.message.includes('it was deleted')]).toEqual(['LedgerUnreadable', true]);
  });

  it('is written one entry a line, so that two versions of it can be compared', () => {
    const lines = ledgerText({ ...emptyLedger(), inactive: ['a', 'b'] }).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['"inactive": [', '"a",', '"b"', '],', '"notices": [],']));
  });

  it('is not written where nothing changes', async () => {
    const store = await openLedger(sandbox.services().bucket);
    expect(await store.update((ledger) => ledger)).toBe(store.current);
    expect(writes()).toBe(0);
  });

  it('that somebody wrote in between is read again, and decided again', async () => {
    write('before');
    const store = await openLedger(sandbox.services().bucket);
    write('between');
    const seen: string[][] = [];
    const after = await store.update((ledger) => {
      seen.push(ledger.inactive);
      return withInactive('mine')(ledger);
    });
    expect(seen).toEqual([['before'], ['before', 'between']]);
    expect(after.inactive).toEqual(['before', 'between', 'mine']);
    expect([store.current, sandbox.ledger]).toEqual([after, after]);
    await store.update(withInactive('more'));
    expect(sandbox.ledger.inactive).toEqual(['before', 'between', 'mine', 'more']);
  });

  it('is given up after 5 refused writes', async () => {
    const store = await openLedger(sandbox.services().bucket);
    sandbox.fate = (call) => {
      if (call.startsWith('bucket.writeIf')) write('again');
      return 'pass';
    };
    const failure = await failureOf(() => store.update(withInactive('mine')));
    expect([failure.name, writes()]).toEqual(['StorageUnavailable', 5]);
    expect(failure.message).toContain('refused 5 times');
    expect(sandbox.ledger.inactive).toEqual(Array(5).fill('again'));
  });

  it('that was deleted in between is not written over', async () => {
    write('before');
    const store = await openLedger(sandbox.services().bucket);
    sandbox.bucket.delete(OBJECTS.ledger);
    expect((await failureOf(() => store.update(withInactive('mine')))).name).toBe('LedgerUnreadable');
    expect(sandbox.bucket.current(OBJECTS.ledger)?.isDeleteMarker).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { iso } from '../../lambdas/domain/days.ts';
import { type Issuing, type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import { closeIssuing, isNeverUsed, isRecent, tokensMadeBy } from '../../lambdas/ledger/unfinished-issues.ts';
import { tokenOf } from '../domain/situation.ts';

const BEGUN = Date.parse('2026-03-02T10:00:00Z');
const MINUTE = 60_000;

/** An issue of `orange-cd` that broke off before it learnt the new token's id. */
const entryOf = (changes: Partial<Issuing> = {}): Issuing => ({
  deployment: 'orange-cd',
  requestId: 'request-1',
  at: iso(BEGUN),
  before: ['old'],
  regenerate: false,
  overlapHours: 72,
  ...changes,
});
const made = (entry: Issuing, ...tokens: readonly Partial<HubToken>[]): string[] =>
  tokensMadeBy(
    entry,
    tokens.map((changes) => tokenOf({ id: 'new', createdAt: BEGUN + MINUTE, ...changes })),
  ).map(({ id }) => id);

describe('what a broken-off issue made', () => {
  it('is the token whose id it learnt, whatever else is there', () => {
    const entry = entryOf({ tokenId: 'new' });
    expect(made(entry, { id: 'other' }, { id: 'new', label: 'renamed-cd', createdAt: 0 })).toEqual(['new']);
  });

  it('is else what has its label, was not there before, and was created within its time', () => {
    expect(made(entryOf(), {})).toEqual(['new']);
    expect(made(entryOf(), { label: 'orange-cm' }, { id: 'old' })).toEqual([]);
    expect(
      tokensMadeBy(entryOf(), [{ id: 'new', label: 'orange-cd', enabled: true }]).map(({ id }) => id),
    ).toEqual([]);
  });

  it('was created from 5 minutes before it began, for clocks differ, until 5 minutes after the lease', () => {
    const isMade = (minutes: number): boolean =>
      made(entryOf(), { createdAt: BEGUN + minutes * MINUTE }).length === 1;
    expect([-6, -5, -4, 0, 14, 19, 20, 21].map(isMade)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('may be undone for an hour', () => {
    expect([59, 60].map((minutes) => isRecent(entryOf(), BEGUN + minutes * MINUTE))).toEqual([true, false]);
  });
});

describe('a token that nobody used', () => {
  const used = (checkedAt: string | undefined, lastUsedAt: number | null | undefined): boolean => {
    const token = { id: 'new', label: 'orange-cd', enabled: true };
    return !isNeverUsed(
      entryOf(checkedAt === undefined ? {} : { checkedAt }),
      lastUsedAt === undefined ? token : { ...token, lastUsedAt },
    );
  };

  it('was never used, or nobody knows of any use', () => {
    expect([used(undefined, null), used(undefined, undefined)]).toEqual([false, false]);
    expect([used(iso(BEGUN), null), used(iso(BEGUN), undefined)]).toEqual([false, false]);
  });

  it('was used by our own pull check only, which takes up to 2 minutes', () => {
    expect([0, 1, 2, 3].map((minutes) => used(iso(BEGUN), BEGUN + minutes * MINUTE))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(used(undefined, BEGUN)).toBe(true);
  });
});

describe('closing broken-off issues', () => {
  const other = entryOf({ deployment: 'mtn-gh', tokenId: 'theirs' });
  const entry = entryOf({ tokenId: 'new' });
  const ledger: Ledger = { ...emptyLedger(), issuing: [entry, other] };
  const tokens = [tokenOf({ id: 'new' }), tokenOf({ id: 'theirs', label: 'mtn-gh' })];

  it('makes what they made tokens of ours like any other, and leaves the other issues open', () => {
    const closed = closeIssuing(ledger, [entry], tokens);
    expect(closed.issuing).toEqual([other]);
    expect(closed.issued).toEqual([{ tokenId: 'new', deployment: 'orange-cd', at: iso(BEGUN) }]);
  });

  it('does not remember a token twice, and changes nothing where there is none to close', () => {
    const known = [{ tokenId: 'new', deployment: 'orange-cd', at: iso(0) }];
    expect(closeIssuing({ ...ledger, issued: known }, [entry], tokens).issued).toEqual(known);
    expect(closeIssuing(ledger, [], tokens)).toBe(ledger);
  });
});

import { describe, expect, it } from 'vitest';
import type { HubToken } from '../../lambdas/clients/types.ts';
import { DAY, HOUR, iso } from '../../lambdas/core/days.ts';
import { closeIssuing, isNeverUsed, isRecent, tokensMadeBy } from '../../lambdas/core/issuing.ts';
import { emptyLedger, type Issuing } from '../../lambdas/core/ledger.ts';
import { NOW, tokenOf } from './situation.ts';

const MINUTE = 60_000;
/** An issue for `orange-cd` that broke off, when `t0` was there. */
const issuingOf = (changes: Partial<Issuing> = {}): Issuing => ({
  deployment: 'orange-cd',
  requestId: 'request-1',
  at: iso(NOW),
  before: ['t0'],
  regenerate: false,
  overlapHours: 72,
  ...changes,
});
const made = (changes: Partial<HubToken> = {}): HubToken => tokenOf({ createdAt: NOW, ...changes });
const ids = (entry: Issuing, ...tokens: HubToken[]): string[] =>
  tokensMadeBy(entry, tokens).map(({ id }) => id);

describe('the tokens that a broken-off issue made', () => {
  it('are the one whose id it learnt, whatever else there is', () => {
    const known = issuingOf({ tokenId: 't9' });
    expect(ids(known, made(), made({ id: 't9', label: 'renamed-cd', createdAt: NOW - DAY }))).toEqual(['t9']);
  });

  it('are else those of its label that were not there before', () => {
    const tokens = [made(), made({ id: 't0' }), made({ id: 't2', label: 'mtn-cm' }), made({ id: 't3' })];
    expect(ids(issuingOf(), ...tokens)).toEqual(['t1', 't3']);
  });

  it('are of the 15 minutes of its lease, give or take 5 for clocks that differ', () => {
    const of = (createdAt: number): number => ids(issuingOf(), made({ createdAt })).length;
    expect([of(NOW - 5 * MINUTE), of(NOW - 5 * MINUTE + 1)]).toEqual([0, 1]);
    expect([of(NOW + 20 * MINUTE - 1), of(NOW + 20 * MINUTE)]).toEqual([1, 0]);
    const { createdAt: _, ...undated } = made();
    expect(ids(issuingOf(), undated)).toEqual([]);
  });
});

describe('the token of a broken-off issue', () => {
  it('was never used where Docker Hub says so, or where its only use was our pull check of two minutes', () => {
    const { lastUsedAt: _, ...silent } = made();
    const used = (lastUsedAt: number | null): HubToken => made({ lastUsedAt });
    const checked = issuingOf({ checkedAt: iso(NOW) });
    expect([isNeverUsed(issuingOf(), silent), isNeverUsed(issuingOf(), used(null))]).toEqual([true, true]);
    expect(isNeverUsed(issuingOf(), used(NOW))).toBe(false);
    expect(isNeverUsed(checked, used(NOW + 2 * MINUTE))).toBe(true);
    expect(isNeverUsed(checked, used(NOW + 2 * MINUTE + 1))).toBe(false);
  });

  it('may be undone for an hour', () => {
    expect([isRecent(issuingOf(), NOW + HOUR - 1), isRecent(issuingOf(), NOW + HOUR)]).toEqual([true, false]);
  });
});

describe('closing broken-off issues', () => {
  const stale = issuingOf({ tokenId: 't1' });
  const open = issuingOf({ requestId: 'request-2' });
  const ledger = { ...emptyLedger(), issuing: [stale, open] };

  it('keeps the others open, and takes what they made for issued by us, once', () => {
    const entry = { tokenId: 't1', deployment: 'orange-cd', at: stale.at };
    const closed = closeIssuing(ledger, [stale], [made()]);
    expect([closed.issuing, closed.issued]).toEqual([[open], [entry]]);
    const issued = [{ ...entry, at: iso(NOW - DAY) }];
    expect(closeIssuing({ ...ledger, issued }, [stale], [made()]).issued).toEqual(issued);
  });

  it('changes nothing where there is none', () => {
    expect(closeIssuing(ledger, [], [made()])).toBe(ledger);
  });
});

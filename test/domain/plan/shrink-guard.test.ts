import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../../lambdas/domain/days.ts';
import type { Ledger } from '../../../lambdas/domain/ledger.ts';
import { doubtOf, hasShrunk } from '../../../lambdas/domain/plan/shrink-guard.ts';
import { NOW } from '../situation.ts';

type Baseline = NonNullable<Ledger['baseline']>;
const baselineOf = (tokens: number, doubted?: Baseline['doubted']): Baseline => ({
  tokens,
  keys: 0,
  licenses: 0,
  exemptions: 0,
  ...(doubted === undefined ? {} : { doubted }),
});

describe('an input', () => {
  it('has shrunk where it lost more than a fifth and more than 2', () => {
    expect([hasShrunk(10, 8), hasShrunk(10, 7), hasShrunk(15, 12), hasShrunk(14, 11)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe("Docker Hub's list", () => {
  it('is doubted where it shrank or is empty, and never where there is nothing to compare it with', () => {
    const doubt = (tokens: number, before: number): unknown => doubtOf(baselineOf(before), tokens, NOW);
    expect(doubt(7, 10)).toEqual({ since: iso(NOW), tokens: 10 });
    expect([doubt(8, 10), doubt(12, 10), doubt(0, 0)]).toEqual([undefined, undefined, undefined]);
    expect(doubt(0, 1)).toEqual({ since: iso(NOW), tokens: 1 });
    expect(doubtOf(null, 0, NOW)).toBeUndefined();
  });

  it('is doubted until it is as long as the last believed one again, or for 7 days, to the millisecond', () => {
    const since = (at: number): Baseline => baselineOf(0, { since: iso(at), tokens: 10 });
    const week = NOW - 7 * DAY;
    expect(doubtOf(since(week + 1), 0, NOW)).toEqual({ since: iso(week + 1), tokens: 10 });
    expect(doubtOf(since(week + 1), 7, NOW)).toEqual({ since: iso(week + 1), tokens: 10 });
    expect(doubtOf(since(week + 1), 8, NOW)).toBeUndefined();
    expect(doubtOf(since(week), 0, NOW)).toBeUndefined();
  });
});

import { DAY, iso } from '../days.ts';
import type { Doubt, Ledger } from '../ledger.ts';

/** An input that lost more than this share of its entries, and more than this number, is not believed. */
const SHRUNK_SHARE = 0.2;
const SHRUNK_NUMBER = 2;
/** What a list that is too short to be believed lacks is remembered for so long, then its absence is believed. */
const DOUBTED_FOR = 7 * DAY;

/** Whether an input lost more than 20 % of its entries and more than 2. */
export function hasShrunk(before: number, now: number): boolean {
  const lost = before - now;
  return lost > SHRUNK_NUMBER && lost > SHRUNK_SHARE * before;
}

/**
 * Since when, and compared with how many, Docker Hub's list is too short to be believed; `undefined` where it is not.
 * The shrink guard of withdrawals looks one run back. Memory that is lost never comes back, so this looks back to the
 * last list that was believed, for a week: a shrunken list may be read night after night, and by hand in between.
 *
 * @param tokens how many are listed, without automatic ones
 */
export function doubtOf(baseline: Ledger['baseline'], tokens: number, now: number): Doubt | undefined {
  if (baseline === null) return undefined;
  const doubt = baseline.doubted ?? { since: iso(now), tokens: baseline.tokens };
  if (now - Date.parse(doubt.since) >= DOUBTED_FOR) return undefined;
  const isNone = tokens === 0 && doubt.tokens > 0;
  return isNone || hasShrunk(doubt.tokens, tokens) ? doubt : undefined;
}

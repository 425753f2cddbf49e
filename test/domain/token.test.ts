// What is known of one token: whether it works, and when its customer used it last.
import { describe, expect, it } from 'vitest';
import { iso } from '../../lambdas/domain/days.ts';
import type { ContentCheckEntry } from '../../lambdas/domain/ledger.ts';
import { isActive, isPastExpiry, lastRealUse } from '../../lambdas/domain/token.ts';
import { NOW, tokenOf } from './situation.ts';

const MINUTE = 60_000;

describe('a token', () => {
  it.each([
    ['works when it is switched on and has no end', {}, true, false],
    ['works up to its end', { expiresAt: NOW + 1 }, true, false],
    ['works no more from its end on', { expiresAt: NOW }, false, true],
    ['does not work when it is switched off', { enabled: false }, false, false],
    ['does not work when it is switched off and past its end', { enabled: false, expiresAt: NOW - 1 }, false, true],
  ])('%s', (_what, changes, active, past) => {
    const token = tokenOf(changes);
    expect([isActive(token, NOW), isPastExpiry(token, NOW)]).toEqual([active, past]);
  }); // prettier-ignore
});

describe('use by the customer', () => {
  const check = (changes: Partial<ContentCheckEntry> = {}): ContentCheckEntry => ({
    deployment: 'orange-cd',
    tokenId: 't1',
    at: iso(NOW),
    verdict: 'matching',
    fingerprint: 'f',
    lastUse: iso(NOW - 100 * MINUTE),
    ...changes,
  });

  it.each<[string, ContentCheckEntry | undefined, number | null | undefined]>([
    ['is what was known before the check', check(), NOW - 100 * MINUTE],
    ['is never where it had never been used before the check', check({ lastUse: null }), null],
    ['is not known where nobody knew before the check', check({ lastUse: undefined }), undefined],
    ['is what Docker Hub says where that is more than ten minutes after the check', check({ at: iso(NOW - 20 * MINUTE) }), NOW],
    ['is what was known before the last try, not before the verdict', check({ at: iso(NOW - 20 * MINUTE), tried: iso(NOW - MINUTE) }), NOW - 100 * MINUTE],
  ])('%s', (_what, entry, used) => {
    expect(lastRealUse(tokenOf({ lastUsedAt: NOW }), entry)).toBe(used);
  }); // prettier-ignore

  it.each([
    ['a minute before the issue was over', -1, null],
    ['ten minutes after it, which may be our own pull', 10, null],
    ['later', 10 + 1 / MINUTE, NOW + 10 * MINUTE + 1],
  ])('is, of a token that we made, none where Docker Hub saw it %s', (_when, minutes, used) => {
    expect(lastRealUse(tokenOf({ lastUsedAt: NOW + minutes * MINUTE }), undefined, NOW)).toBe(used);
  });

  it('is what Docker Hub does not know of a token that we made', () => {
    expect(lastRealUse(tokenOf({ lastUsedAt: null }), undefined, NOW)).toBeNull();
    const { lastUsedAt: _, ...unknown } = tokenOf();
    expect(lastRealUse(unknown, undefined, NOW)).toBeUndefined();
  });
});

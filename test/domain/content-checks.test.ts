import { describe, expect, it } from 'vitest';
import {
  countChecks,
  judgeCheck,
  keysToCheck,
  keysWithWhiteSpace,
  sayNothing,
  triedCheck,
} from '../../lambdas/domain/content-checks.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import type { ContentCheckEntry } from '../../lambdas/domain/ledger.ts';
import { takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { lastRealUse } from '../../lambdas/domain/token.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../default-settings.ts';
import { NOW, type Situation, contentOf, inputsOf, tokenOf, snapshotOf } from './situation.ts';

const [X, Y, OLD] = [contentOf('x'), contentOf('y'), contentOf('old')];

const checkOf = (changes: Partial<ContentCheckEntry> = {}): ContentCheckEntry => ({
  deployment: 'orange-cd',
  tokenId: 't1',
  at: iso(NOW - DAY),
  verdict: 'matching',
  fingerprint: fingerprintOf(X),
  ...changes,
});

describe('the keys to check', () => {
  const keys = (situation: Situation, share = Infinity): string[] =>
    keysToCheck(snapshotOf(situation), share).map(({ deployment }) => deployment);

  it('are those whose label has exactly one active token', () => {
    const of = (...tokens: NonNullable<Situation['tokens']>): string[] =>
      keys({ tokens, keys: { 'orange-cd': X } });
    expect(keysToCheck(snapshotOf({ tokens: [{}], keys: { 'orange-cd': X } }), 1)).toEqual([
      { deployment: 'orange-cd', content: X, tokenId: 't1' },
    ]);
    expect([of(), of({}, {}), of({ enabled: false }), of({}, { enabled: false })]).toEqual([
      [],
      [],
      [],
      ['orange-cd'],
    ]);
  });

  it('are those with a content', () => {
    for (const content of ['', ' \n', null, 7, ['x']])
      expect(keys({ tokens: [{}], keys: { 'orange-cd': content } })).toEqual([]);
  });

  it('are none where only names were read', () => {
    const { keys: _, ...inputs } = inputsOf({ tokens: [{}] });
    const names = { ...inputs, keys: { names: ['orange-cd'], version: 1 } };
    expect(keysToCheck(takeSnapshot(names, defaultSettings(), NOW), 9)).toEqual([]);
    expect(keysToCheck(takeSnapshot(inputs, defaultSettings(), NOW), 9)).toEqual([]);
  });

  it('are not those of exempt labels, unless only kinds are exempt', () => {
    const of = (exemptions: string): string[] => keys({ tokens: [{}], keys: { 'orange-cd': X }, exemptions });
    expect(of('label,reason,owner,until\norange-cd,,,\n')).toEqual([]);
    expect(of('label,reason,owner,until,findings\norange-cd,,,,wrong-scope\n')).toEqual(['orange-cd']);
  });

  it('are changed ones first by name, then the longest unchecked, as many as the share', () => {
    const names = ['e', 'd', 'c', 'b', 'a'].map((name) => `${name}-cd`);
    const situation: Situation = {
      tokens: names.map((label) => ({ id: `id-${label}`, label })),
      keys: Object.fromEntries(names.map((name) => [name, X])),
      ledger: {
        checks: [
          checkOf({ deployment: 'a-cd', tokenId: 'id-a-cd', at: iso(NOW - DAY) }),
          checkOf({ deployment: 'b-cd', tokenId: 'id-b-cd', at: iso(NOW - 2 * DAY) }),
          checkOf({ deployment: 'c-cd', tokenId: 'another' }),
          checkOf({ deployment: 'd-cd', tokenId: 'id-d-cd', fingerprint: fingerprintOf(OLD) }),
        ],
      },
    };
    const expected = ['c-cd', 'd-cd', 'e-cd', 'b-cd', 'a-cd'];
    expect(keys(situation)).toEqual(expected);
    expect(
      keys({ ...situation, keys: Object.fromEntries([...names].reverse().map((name) => [name, X])) }),
    ).toEqual(expected);
    expect(keys(situation, 2)).toEqual(['c-cd', 'd-cd']);
    expect(keys(situation, 0)).toEqual([]);
  });
});

describe('what a check tells', () => {
  const key = { deployment: 'orange-cd', content: X, tokenId: 't1' };
  const snapshot = snapshotOf({ tokens: [{}, { label: 'mtn-cm' }], keys: { 'orange-cd': X } });
  const verdict = (check: Parameters<typeof judgeCheck>[2], active = true): string => {
    const entry = judgeCheck(snapshot, key, check, active);
    return entry.claimedId === undefined ? entry.verdict : `${entry.verdict} ${entry.claimedId}`;
  };

  it('is matching, mismatched with another listed token, else unclear', () => {
    expect(verdict({ outcome: 'accepted', claimedId: 't1' })).toBe('matching');
    expect(verdict({ outcome: 'accepted', claimedId: 't2' })).toBe('mismatched t2');
    expect(verdict({ outcome: 'accepted', claimedId: 'nobody' })).toBe('unclear');
    expect(verdict({ outcome: 'accepted' })).toBe('unclear');
  });

  it('is rejected only where the token was still active after the refusal', () => {
    expect(verdict({ outcome: 'refused' })).toBe('rejected');
    expect(verdict({ outcome: 'refused' }, false)).toBe('unclear');
  });

  it('is remembered with when, of what content, and when the token was really used last', () => {
    const entry = (lastUsedAt: number | null): ContentCheckEntry =>
      judgeCheck(
        snapshotOf({ tokens: [{ lastUsedAt }], keys: { 'orange-cd': X } }),
        key,
        { outcome: 'accepted', claimedId: 't1' },
        true,
      );
    expect(entry(NOW - DAY)).toStrictEqual({
      deployment: 'orange-cd',
      tokenId: 't1',
      at: iso(NOW),
      verdict: 'matching',
      fingerprint: fingerprintOf(X),
      lastUse: iso(NOW - DAY),
    });
    expect(entry(null).lastUse).toBeNull();
    expect(judgeCheck(snapshotOf({}), key, { outcome: 'refused' }, true)).not.toHaveProperty('lastUse');
  });

  it('is counted by what came out, and every other key as unchecked', () => {
    const verdicts = [
      'matching',
      'matching',
      'rejected',
      'mismatched',
      'mismatched',
      'mismatched',
      'unclear',
    ] as const;
    expect(
      countChecks(
        verdicts.map((one) => checkOf({ verdict: one })),
        10,
      ),
    ).toEqual({
      matching: 2,
      rejected: 1,
      mismatched: 3,
      unclear: 1,
      unchecked: 3,
    });
  });
});

describe('checks that say nothing', () => {
  const verdicts = (...wanted: ContentCheckEntry['verdict'][]): boolean =>
    sayNothing(wanted.map((verdict) => checkOf({ verdict })));
  const unclear = (number: number): ContentCheckEntry['verdict'][] => Array.from({ length: number }, () => 'unclear'); // prettier-ignore

  it('are five or more of which none could be compared', () => {
    expect(verdicts(...unclear(4))).toBe(false);
    expect(verdicts(...unclear(5))).toBe(true);
    expect(verdicts(...unclear(4), 'rejected')).toBe(true);
    expect(verdicts(...unclear(40), 'matching')).toBe(false);
    expect(verdicts(...unclear(40), 'mismatched')).toBe(false);
  });
});

describe('white space around a content', () => {
  it('is found in texts that hold anything beside it', () => {
    const values = new Map<string, unknown>([
      ['a-cd', 'x\n'],
      ['b-cd', '\u00a0x'],
      ['c-cd', X],
      ['d-cd', ' '],
      ['e-cd', 7],
      ['f-cd', 'x y'],
    ]);
    expect(keysWithWhiteSpace(values)).toEqual(['a-cd', 'b-cd']);
    expect(keysWithWhiteSpace(undefined)).toEqual([]);
  });
});

describe('a key for whose content Docker Hub gave no usable answer', () => {
  const key = { deployment: 'orange-cd', content: X, tokenId: 't1' };
  const tried = (check?: ContentCheckEntry, changes = {}): ContentCheckEntry =>
    triedCheck(
      snapshotOf({
        tokens: [{ lastUsedAt: NOW - HOUR }],
        keys: { 'orange-cd': X },
        ...(check === undefined ? {} : { ledger: { checks: [check] } }),
        ...changes,
      }),
      key,
    );

  it('is unclear where nothing was reported of that content and token before', () => {
    const unclear = checkOf({ at: iso(NOW), verdict: 'unclear', lastUse: iso(NOW - HOUR) });
    expect(tried()).toStrictEqual(unclear);
    for (const other of [{ tokenId: 't2' }, { fingerprint: fingerprintOf(OLD) }])
      expect(tried(checkOf({ ...other, verdict: 'rejected' }))).toStrictEqual(unclear);
    expect(tried(undefined, { tokens: [] })).not.toHaveProperty('lastUse');
  });

  it('keeps what was reported of it, and when, until it is checked again', () => {
    const known = checkOf({ verdict: 'rejected', at: iso(NOW - 9 * DAY) });
    expect(tried(known)).toStrictEqual({ ...known, tried: iso(NOW), lastUse: iso(NOW - HOUR) });
    expect(tried(known, { tokens: [] })).toMatchObject({ verdict: 'rejected', tried: iso(NOW) });
    const used = { ...known, lastUse: iso(NOW - 2 * DAY) };
    expect(tried(used, { tokens: [] })).toStrictEqual({ ...used, tried: iso(NOW) });
  });

  it('comes last in the coming nights, and counts as unclear', () => {
    const snapshot = snapshotOf({
      tokens: [{}, { label: 'mtn-cm' }],
      keys: { 'orange-cd': X, 'mtn-cm': Y },
      ledger: {
        checks: [
          checkOf({ at: iso(NOW - 9 * DAY), tried: iso(NOW) }),
          checkOf({ deployment: 'mtn-cm', tokenId: 't2', fingerprint: fingerprintOf(Y) }),
        ],
      },
    });
    expect(keysToCheck(snapshot, 1).map(({ deployment }) => deployment)).toEqual(['mtn-cm']);
    expect(countChecks([checkOf({ tried: iso(NOW) })], 1)).toMatchObject({ matching: 0, unclear: 1 });
  });

  it('was not used by its customer when it was tried', () => {
    const check = checkOf({ at: iso(NOW - 9 * DAY), tried: iso(NOW - DAY), lastUse: null });
    expect(lastRealUse(tokenOf({ lastUsedAt: NOW - DAY }), check)).toBeNull();
    expect(lastRealUse(tokenOf({ lastUsedAt: NOW }), check)).toBe(NOW);
  });
});

describe('a key that holds the content of an automatic token', () => {
  it('is mismatched, although automatic tokens are not judged', () => {
    const snapshot = snapshotOf({
      tokens: [{}, { label: 'docker-desktop', generatedBy: 'desktop' }],
      keys: { 'orange-cd': X },
    });
    expect(snapshot.automatic).toHaveLength(1);
    const key = { deployment: 'orange-cd', content: X, tokenId: 't1' };
    expect(judgeCheck(snapshot, key, { outcome: 'accepted', claimedId: 't2' }, true)).toMatchObject({
      verdict: 'mismatched',
      claimedId: 't2',
    });
  });
});

describe("a key that holds the account's own password", () => {
  it('is unclear', () => {
    const key = { deployment: 'orange-cd', content: X, tokenId: 't1' };
    const snapshot = snapshotOf({ tokens: [{}], keys: { 'orange-cd': X } });
    expect(judgeCheck(snapshot, key, { outcome: 'password' }, false).verdict).toBe('unclear');
  });
});

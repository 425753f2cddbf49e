import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyLedger } from '../../lambdas/domain/ledger.ts';
import { renewFingerprints } from '../../lambdas/ledger/renew-fingerprints.ts';
import {
  fingerprintOf,
  fingerprintOfKey,
  fingerprintOfNew,
  holdsFingerprint,
} from '../../lambdas/text/fingerprint.ts';

const CONTENT = `dckr_pat_${'aB3-_'.repeat(5)}xy`;
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a fingerprint', () => {
  it('tells contents apart, of today and of before 2022, and holds none of them', () => {
    const all = [CONTENT, `${CONTENT}z`, `${CONTENT}\n`, UUID].map(fingerprintOf);
    expect(new Set(all).size).toBe(4);
    const forms = [` \n${CONTENT}\t `, ` ${UUID}`, CONTENT.toUpperCase(), `dckr_o_${'a'.repeat(20)}`].map(
      fingerprintOf,
    );
    for (const fingerprint of [...all, ...forms]) expect(fingerprint).toMatch(/^token-[0-9a-f]{16}$/);
  });

  it('is kept of nothing that could be guessed', () => {
    for (const value of [
      'hunter2',
      'riaktr-2024!',
      '',
      `dckr_pat_${'a'.repeat(19)}`,
      `dckr__${'a'.repeat(20)}`,
      `x${CONTENT}`,
      `${CONTENT}!`,
      `x ${UUID}`,
      `${UUID}0`,
      UUID.replace('-', ''),
      '{"auths": {}}',
      'orange-cd',
    ]) {
      expect(fingerprintOf(value)).toBe('');
      expect(fingerprintOfKey(new Map([['orange-cd', value]]), 'orange-cd')).toBeUndefined();
    }
    expect(fingerprintOfKey(undefined, 'orange-cd')).toBeUndefined();
    expect(fingerprintOfKey(new Map([['orange-cd', 7]]), 'orange-cd')).toBeUndefined();
  });

  it.each([
    ['today', CONTENT],
    ['before 2022', UUID],
  ])('of a key is that of the content of %s that it holds', (_time, content) => {
    const values = new Map([['orange-cd', content]]);
    expect(fingerprintOfKey(values, 'orange-cd')).toBe(fingerprintOf(content));
    expect(fingerprintOfKey(values, 'orange-cm')).toBeUndefined();
  });

  it('of a content that Docker Hub has just made is one whatever its form', () => {
    const values = new Map([['orange-cd', 'a-content-of-some-new-form']]);
    const fingerprint = fingerprintOfNew('a-content-of-some-new-form');
    expect(holdsFingerprint(values, 'orange-cd', fingerprint)).toBe(true);
    expect(holdsFingerprint(values, 'vodacom-cd', fingerprint)).toBe(false);
    expect(holdsFingerprint(new Map([['orange-cd', 'hunter2']]), 'orange-cd', '')).toBe(false);
    expect(holdsFingerprint(new Map([['orange-cd', 'another content']]), 'orange-cd', fingerprint)).toBe(
      false,
    );
    expect(holdsFingerprint(undefined, 'orange-cd', fingerprint)).toBe(false);
    expect(holdsFingerprint(new Map([['orange-cd', '']]), 'orange-cd', fingerprintOfNew(''))).toBe(false);
  });
});

describe('fingerprints that an earlier version kept', () => {
  const old = (text: string): string => digestOf(text).slice(0, 16);
  const at = '2026-03-02T02:00:00.000Z';
  const ledger = (fingerprint: string) => ({
    ...emptyLedger(),
    checks: [{ deployment: 'orange-cd', tokenId: 't', at, verdict: 'matching' as const, fingerprint }],
    suspensions: [
      { deployment: 'orange-cd', tokenId: 't', by: 'audit' as const, at, reason: 'x', fingerprint },
    ],
  });
  const renewed = (kept: string, value?: unknown): (string | undefined)[] => {
    const names = { names: ['orange-cd'], version: 1 };
    const keys = value === undefined ? names : { ...names, values: new Map([['orange-cd', value]]) };
    const { checks, suspensions } = renewFingerprints(ledger(kept), keys);
    return [...checks, ...suspensions].map(({ fingerprint }) => fingerprint);
  };

  it('become those of this version where the key holds the same content', () => {
    expect(renewed(old(CONTENT), CONTENT)).toEqual([fingerprintOf(CONTENT), fingerprintOf(CONTENT)]);
    expect(renewed(fingerprintOf(CONTENT), 'hunter2')).toEqual([
      fingerprintOf(CONTENT),
      fingerprintOf(CONTENT),
    ]);
    expect(renewed('', CONTENT)).toEqual(['', '']);
  });

  it('become so wherever the ledger keeps one, of a rename by the name that it comes from', () => {
    const kept = old(CONTENT);
    const open = { deployment: 'orange-cd', at, fingerprint: kept };
    const keys = { names: ['orange-cd'], values: new Map([['orange-cd', CONTENT]]), version: 1 };
    const { intents, issuing, renaming } = renewFingerprints(
      {
        ...emptyLedger(),
        intents: [{ ...open, step: 'remove-key', reason: 'x', approved: false, replaced: false, runId: 'r' }],
        issuing: [{ ...open, requestId: 'r', before: [], regenerate: false, overlapHours: 0 }],
        renaming: [
          { from: 'orange-cd', to: 'orange-dr-cd', tokenIds: [], at, fingerprint: kept },
          { from: 'mtn-cm', to: 'mtn-gh', tokenIds: [], at },
        ],
      },
      keys,
    );
    expect([...intents, ...issuing, ...renaming].map(({ fingerprint }) => fingerprint)).toEqual([
      fingerprintOf(CONTENT),
      fingerprintOf(CONTENT),
      fingerprintOf(CONTENT),
      undefined,
    ]);
    expect(renaming[0]).toMatchObject({ from: 'orange-cd', to: 'orange-dr-cd' });
  });

  it('are not made up where none was kept', () => {
    const suspensions = [{ deployment: 'orange-cd', tokenId: 't', by: 'audit' as const, at, reason: 'x' }];
    const keys = { names: ['orange-cd'], values: new Map([['orange-cd', CONTENT]]), version: 1 };
    expect(renewFingerprints({ ...emptyLedger(), suspensions }, keys).suspensions).toStrictEqual(suspensions);
  });

  it('are gone where it was a password, where the content changed, and where nobody read it', () => {
    for (const [kept, value] of [
      [old('hunter2'), 'hunter2'],
      [old('hunter2'), CONTENT],
      [old('hunter2'), undefined],
    ] as const) {
      const after = renewed(kept, value);
      expect(after.join()).not.toContain(kept);
      expect(after).not.toContain(fingerprintOf(CONTENT));
    }
  });
});

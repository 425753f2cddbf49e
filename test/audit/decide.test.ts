// What a run decides by: its own checks of stored contents beside those that are remembered.
import { expect, it } from 'vitest';
import { reconciledLedger } from '../../lambdas/audit/decide.ts';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { type ContentCheckEntry, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { CONTENT, NOW, inputsOf } from '../domain/situation.ts';

const checkOf = (deployment: string, changes: Partial<ContentCheckEntry> = {}): ContentCheckEntry => ({
  deployment,
  tokenId: deployment === 'orange-cd' ? 't1' : 't2',
  at: iso(NOW - DAY),
  verdict: 'matching',
  fingerprint: fingerprintOf(CONTENT),
  ...changes,
});

it('the latest check of a key counts: that of this run, and for the others the one before', () => {
  const before = ['orange-cd', 'mtn-cm'].map((name) => checkOf(name));
  const checksAfter = (checks: readonly ContentCheckEntry[]): unknown => {
    const ledger = { ...emptyLedger(), checks: before };
    const { tokens, keys, licenses, exemptions } = inputsOf({
      tokens: [{}, { label: 'mtn-cm' }],
      keys: { 'orange-cd': CONTENT, 'mtn-cm': CONTENT },
    });
    if (!tokens || !keys || !licenses || !exemptions) throw new Error('A situation has all inputs.');
    const inputs = { tokens, keys, licenses, exemptions, ledger };
    return reconciledLedger(ledger, { inputs, checks, now: NOW }).checks;
  };
  const tonight = checkOf('orange-cd', { at: iso(NOW), verdict: 'rejected' });
  expect(checksAfter([tonight])).toEqual([tonight, before[1]]);
  expect(checksAfter([])).toEqual(before);
});

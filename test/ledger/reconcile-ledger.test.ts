import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import { type Intent, type Issuing, type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { reconcileLedger, tokensToAskFor } from '../../lambdas/ledger/reconcile-ledger.ts';
import { doneAction, recordStep } from '../../lambdas/ledger/transitions.ts';
import { type LicenseList, readLicenses } from '../../lambdas/domain/licenses.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import { NOW, suspensionOf, tokenOf } from '../domain/situation.ts';

const ledgerOf = (parts: Partial<Ledger>): Ledger => ({ ...emptyLedger(), ...parts });
const intentOf = (changes: Partial<Intent>): Intent => ({
  step: 'deactivate',
  deployment: 'orange-cd',
  tokenId: 't1',
  reason: 'the license ended with 2026-03-01',
  approved: false,
  replaced: false,
  at: iso(NOW - DAY),
  runId: 'run-1',
  ...changes,
});
/** An intent about a key: it has no token. */
const keyIntent = (changes: Partial<Intent> = {}): Intent => {
  const { tokenId: _, ...intent } = intentOf({ step: 'remove-key', ...changes });
  return intent;
};
const noticeOf = (tokenId: string): Ledger['notices'][number] => ({
  tokenId,
  deployment: 'orange-cd',
  step: 'deactivate',
  end: '2026-03-01',
  at: iso(NOW - DAY),
});
const restoreOf = (tokenId: string, at = NOW - DAY): Ledger['restores'][number] => ({
  tokenId,
  deployment: 'orange-cd',
  at: iso(at),
  reason: 'by hand',
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const licensesOf = (rows = ''): LicenseList =>
  readLicenses(bytes(`telco,country,expires_on,grace_days\n${rows}\n`), 3);
/** The ledger after it was compared with what was read. */
const compared = (
  ledger: Ledger,
  tokens: readonly HubToken[],
  keys: readonly string[],
  gone: readonly string[] = [],
  rows = 'filler,zz,9999-12-31,0',
): Ledger =>
  reconcileLedger(
    ledger,
    { tokens, keys: { names: keys, version: 1 }, licenses: licensesOf(rows), gone: new Set(gone) },
    NOW,
  );
const ids = (entries: readonly { readonly tokenId: string }[]): string[] =>
  entries.map(({ tokenId }) => tokenId);

describe('a step that is done', () => {
  it('is reported with its token, a key without one', () => {
    expect(doneAction('deactivate', { deployment: 'a-bc', tokenId: 't1' }, 'why')).toEqual({
      kind: 'deactivate',
      deployment: 'a-bc',
      tokenId: 't1',
      status: 'done',
      reason: 'why',
    });
    expect(doneAction('remove-key', { deployment: 'a-bc' }, 'why')).not.toHaveProperty('tokenId');
  });

  it('closes its own intent and no other one', () => {
    const intent = intentOf({});
    const others = [
      intentOf({ step: 'delete-token' }),
      intentOf({ deployment: 'mtn-cm' }),
      intentOf({ tokenId: 't2' }),
      keyIntent(),
    ];
    const after = recordStep(ledgerOf({ intents: [intent, ...others] }), intent, NOW);
    expect(after.intents).toEqual(others);
    expect(after.unreported).toEqual([doneAction('deactivate', intent, intent.reason)]);
  });

  it('is counted by the caps with the time it was done, whether it was approved, and its token', () => {
    expect(recordStep(emptyLedger(), intentOf({ approved: true }), NOW).withdrawals).toEqual([
      { step: 'deactivate', deployment: 'orange-cd', tokenId: 't1', at: iso(NOW), approved: true },
    ]);
    expect(recordStep(emptyLedger(), keyIntent(), NOW).withdrawals).toEqual([
      { step: 'remove-key', deployment: 'orange-cd', at: iso(NOW), approved: false },
    ]);
  });

  it('is not counted by the caps where it switches on or deletes a replaced token', () => {
    const before = ledgerOf({
      withdrawals: [{ step: 'deactivate', deployment: 'mtn-cm', at: iso(NOW), approved: false }],
    });
    for (const intent of [
      intentOf({ step: 'reactivate' }),
      intentOf({ step: 'delete-token', replaced: true }),
    ])
      expect(recordStep(before, intent, NOW).withdrawals).toEqual(before.withdrawals);
  });

  describe('deactivate', () => {
    it('remembers who switched the token off, for which end, and what the key held', () => {
      const intent = intentOf({ end: '2026-03-01', fingerprint: 'f' });
      expect(recordStep(emptyLedger(), intent, NOW).suspensions).toEqual([
        {
          tokenId: 't1',
          deployment: 'orange-cd',
          by: 'audit',
          at: iso(NOW),
          reason: intent.reason,
          runId: intent.runId,
          end: '2026-03-01',
          fingerprint: 'f',
        },
      ]);
      const [bare] = recordStep(emptyLedger(), intentOf({}), NOW).suspensions;
      expect([bare?.end, bare?.fingerprint]).toEqual([undefined, undefined]);
    });

    it("takes the token's notice and restore away, and the others stay", () => {
      const before = ledgerOf({
        notices: [noticeOf('t1'), noticeOf('t2')],
        restores: [restoreOf('t1'), restoreOf('t2')],
        suspensions: [suspensionOf({ by: 'people' }), suspensionOf({ tokenId: 't2' })],
      });
      const after = recordStep(before, intentOf({}), NOW);
      expect([ids(after.notices), ids(after.restores)]).toEqual([['t2'], ['t2']]);
      expect(after.suspensions.map(({ tokenId, by }) => `${tokenId} ${by}`)).toEqual([
        't2 audit',
        't1 audit',
      ]);
    });
  });

  it('reactivate forgets that the token was off, so that nobody takes it for switched on by hand', () => {
    const before = ledgerOf({
      notices: [noticeOf('t1'), noticeOf('t2')],
      suspensions: [suspensionOf(), suspensionOf({ tokenId: 't2' })],
      inactive: ['t1', 't2'],
    });
    const after = recordStep(before, intentOf({ step: 'reactivate' }), NOW);
    expect([ids(after.notices), ids(after.suspensions), after.inactive]).toEqual([['t2'], ['t2'], ['t2']]);
    expect(after.unreported).toMatchObject([{ kind: 'reactivate', status: 'done' }]);
  });

  it('delete-token remembers that the audit did it, for the key that may still be there', () => {
    const before = ledgerOf({
      notices: [noticeOf('t1'), noticeOf('t2')],
      replaced: ['t1', 't2'].map((tokenId) => ({
        tokenId,
        deployment: 'orange-cd',
        until: iso(NOW),
        by: 't9',
      })),
      suspensions: [suspensionOf(), suspensionOf({ tokenId: 't2' })],
      inactive: ['t1', 't2'],
    });
    const after = recordStep(before, intentOf({ step: 'delete-token' }), NOW);
    expect([ids(after.notices), ids(after.replaced), after.inactive]).toEqual([['t2'], ['t2'], ['t2']]);
    expect(after.suspensions).toEqual([
      suspensionOf({ deletedAt: iso(NOW) }),
      suspensionOf({ tokenId: 't2' }),
    ]);
  });

  it("remove-key ends the audit's story of that deployment, not people's and not another deployment's", () => {
    const peoples = suspensionOf({ by: 'people', tokenId: 't2' });
    const other = suspensionOf({ deployment: 'mtn-cm', tokenId: 't3' });
    const before = ledgerOf({ suspensions: [suspensionOf(), peoples, other] });
    expect(recordStep(before, keyIntent(), NOW).suspensions).toEqual([peoples, other]);
  });
});

describe('a step that an earlier run intended and did not mark', () => {
  const settle = (
    intent: Intent,
    tokens = [tokenOf()],
    keys = ['orange-cd'],
    gone: readonly string[] = [],
  ): Ledger => compared(ledgerOf({ intents: [intent] }), tokens, keys, gone);
  const off = tokenOf({ enabled: false });
  const happened = (ledger: Ledger): boolean => ledger.unreported.length === 1;

  it.each([
    ['deactivate', intentOf({}), [off], ['orange-cd'], true],
    ['deactivate', intentOf({}), [tokenOf()], ['orange-cd'], false],
    ['deactivate', intentOf({}), [], ['orange-cd'], false],
    ['reactivate', intentOf({ step: 'reactivate' }), [tokenOf()], ['orange-cd'], true],
    ['reactivate', intentOf({ step: 'reactivate' }), [off], ['orange-cd'], false],
    ['reactivate', intentOf({ step: 'reactivate' }), [], ['orange-cd'], false],
    ['delete-token', intentOf({ step: 'delete-token' }), [], ['orange-cd'], true],
    ['delete-token', intentOf({ step: 'delete-token' }), [off], ['orange-cd'], false],
    ['remove-key', keyIntent(), [], [], true],
    ['remove-key', keyIntent(), [], ['orange-cd'], false],
  ] as const)(
    '%s: %j is judged by what is there now (%j, keys %j): %s',
    (_step, intent, tokens, keys, was) => {
      const after = settle(intent, [...tokens], [...keys], ['t1']);
      expect(happened(after)).toBe(was);
      expect(after.intents).toEqual([]);
    },
  );

  it('is reported with the run that broke off, and counts from when it was found', () => {
    const after = settle(intentOf({ end: '2026-03-01' }), [off]);
    const reason = 'the license ended with 2026-03-01 (begun by run run-1, which broke off)';
    expect(after.unreported).toEqual([doneAction('deactivate', intentOf({}), reason)]);
    expect(after.suspensions).toMatchObject([{ tokenId: 't1', by: 'audit', at: iso(NOW), reason }]);
    expect(after.withdrawals).toMatchObject([{ deployment: 'orange-cd', at: iso(NOW) }]);
  });

  it('switched a token on: that was not done by hand', () => {
    const before = ledgerOf({
      intents: [intentOf({ step: 'reactivate' })],
      suspensions: [suspensionOf()],
      inactive: ['t1'],
    });
    const after = compared(before, [tokenOf()], ['orange-cd']);
    expect([after.restores, after.suspensions]).toEqual([[], []]);
  });

  it('is settled by itself where there are several', () => {
    const before = ledgerOf({
      intents: [intentOf({}), intentOf({ tokenId: 't2', deployment: 'mtn-cm' })],
    });
    const after = compared(before, [off, tokenOf({ id: 't2', label: 'mtn-cm' })], []);
    expect(after.intents).toEqual([]);
    expect(ids(after.suspensions)).toEqual(['t1']);
  });
});

describe('what people switched on', () => {
  it('is recognised as theirs: of the last inactive ones, and of what was suspended', () => {
    const before = ledgerOf({
      inactive: ['t1'],
      suspensions: [suspensionOf({ tokenId: 't2' }), suspensionOf({ tokenId: 't3' })],
      notices: [noticeOf('t1'), noticeOf('t3')],
      restores: [restoreOf('t1'), restoreOf('t3')],
    });
    const tokens = ['t1', 't2', 't3'].map((id) => tokenOf({ id, enabled: id !== 't3' }));
    const after = compared(before, tokens, ['orange-cd']);
    expect(after.restores).toEqual([
      restoreOf('t3'),
      ...['t1', 't2'].map((tokenId) => ({
        tokenId,
        deployment: 'orange-cd',
        at: iso(NOW),
        reason: 'switched on by hand',
      })),
    ]);
    expect([ids(after.notices), ids(after.suspensions), after.inactive]).toEqual([['t3'], ['t3'], ['t3']]);
  });

  it('is remembered for 7 days, to the millisecond', () => {
    const kept = (at: number): number =>
      compared(ledgerOf({ restores: [restoreOf('t1', at)] }), [tokenOf()], []).restores.length;
    expect([kept(NOW - 7 * DAY + 1), kept(NOW - 7 * DAY)]).toEqual([1, 0]);
  });
});

describe('what no longer exists', () => {
  it('is forgotten: notices, restores, replacements and issues of tokens that are gone, checks of keys that are', () => {
    const of = (tokenId: string): Partial<Ledger> => ({
      notices: [noticeOf(tokenId)],
      restores: [restoreOf(tokenId)],
      replaced: [{ tokenId, deployment: 'orange-cd', until: iso(NOW), by: 't9' }],
      issued: [{ tokenId, deployment: 'orange-cd', at: iso(NOW) }],
      checks: [{ deployment: tokenId, tokenId, at: iso(NOW), verdict: 'matching', fingerprint: 'f' }],
    });
    const counts = (ledger: Ledger): number[] =>
      [ledger.notices, ledger.restores, ledger.replaced, ledger.issued, ledger.checks].map(
        (entries) => entries.length,
      );
    expect(counts(compared(ledgerOf(of('t1')), [tokenOf(), tokenOf({ id: 't9' })], ['t1']))).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(
      counts(compared(ledgerOf(of('gone')), [tokenOf(), tokenOf({ id: 't9' })], ['t1'], ['gone'])),
    ).toEqual([0, 0, 0, 0, 0]);
  });

  it('is forgotten of the caps after 20 hours, to the millisecond', () => {
    const kept = (at: number): number =>
      compared(
        ledgerOf({ withdrawals: [{ step: 'deactivate', deployment: 'a-bc', at: iso(at), approved: false }] }),
        [],
        [],
      ).withdrawals.length;
    expect([kept(NOW - 20 * HOUR + 1), kept(NOW - 20 * HOUR)]).toEqual([1, 0]);
  });

  it('is forgotten of a token that we deleted ourselves, also where nobody asked Docker Hub for it', () => {
    const deleted = ledgerOf({ suspensions: [suspensionOf({ deletedAt: iso(NOW - DAY) })] });
    expect(compared(deleted, [], ['orange-cd']).suspensions).toHaveLength(1);
    expect(compared(deleted, [], []).suspensions).toEqual([]);
  });

  it('is not forgotten where nobody asked for what is not listed', () => {
    const before = ledgerOf({ notices: [noticeOf('t1')], inactive: ['t1'] });
    const listed = { tokens: [], keys: { names: [], version: 1 }, licenses: licensesOf('a,zz,9999-12-31,0') };
    const after = reconcileLedger(before, listed, NOW);
    expect([after.notices, after.inactive]).toEqual([before.notices, before.inactive]);
  });

  it.each<[rule: string, issuing: Partial<Issuing>, isLeft: boolean]>([
    ['stays while it may be undone', { at: iso(NOW - HOUR + 1) }, true],
    ['stays so whatever it made', { at: iso(NOW - HOUR + 1), tokenId: 't1' }, true],
    ['is closed after an hour', { at: iso(NOW - HOUR) }, false],
    ['is closed where its token is listed', { tokenId: 't1' }, false],
    ['is closed where its token is gone', { tokenId: 'gone' }, false],
    ['stays while its token may be there although it is not listed', { tokenId: 't2' }, true],
  ])('of an issue that broke off %s', (_rule, changes, isLeft) => {
    const issue: Issuing = {
      deployment: 'orange-cd',
      requestId: 'request-1',
      at: iso(NOW - 2 * HOUR),
      before: [],
      regenerate: false,
      overlapHours: 72,
      ...changes,
    };
    const { issuing } = compared(ledgerOf({ issuing: [issue] }), [tokenOf()], [], ['gone']);
    expect(issuing).toEqual(isLeft ? [issue] : []);
  });

  describe('of a token that was switched off', () => {
    const after = (
      suspension: ReturnType<typeof suspensionOf>,
      keys: readonly string[] = ['orange-cd'],
      tokens = [tokenOf({ id: 't9', label: 'mtn-cm' })],
    ): Ledger['suspensions'] =>
      compared(ledgerOf({ suspensions: [suspension] }), tokens, keys, ['t1']).suspensions;
    const deletedAt = iso(NOW - DAY);

    it('is the whole story where the label has a new token, whoever switched the old one off', () => {
      const fresh = [tokenOf({ id: 't2' })];
      expect(after(suspensionOf({ by: 'people' }), ['orange-cd'], fresh)).toEqual([]);
      expect(after(suspensionOf({ deletedAt }), ['orange-cd'], fresh)).toEqual([]);
    });

    it("stays remembered where it was people's, with the day on which it was first gone", () => {
      expect(after(suspensionOf({ by: 'people' }))).toEqual([
        suspensionOf({ by: 'people', deletedAt: iso(NOW) }),
      ]);
      expect(after(suspensionOf({ by: 'people', deletedAt }))).toEqual([
        suspensionOf({ by: 'people', deletedAt }),
      ]);
    });

    it("stays remembered where the audit deleted it and its key is still there; somebody else's deletion does not", () => {
      expect(after(suspensionOf({ deletedAt }))).toEqual([suspensionOf({ deletedAt })]);
      expect(after(suspensionOf({ deletedAt }), [])).toEqual([]);
      expect(after(suspensionOf())).toEqual([]);
    });
  });
});

describe("a people's suspension", () => {
  const people = suspensionOf({ by: 'people' });
  const superseded = (tokens: ReturnType<typeof tokenOf>[], before = people): (boolean | undefined)[] =>
    compared(ledgerOf({ suspensions: [before] }), tokens, [], ['t1']).suspensions.map(
      (suspension) => suspension.superseded,
    );
  const off = tokenOf({ enabled: false });

  it('is superseded once another token of the label is active', () => {
    expect(superseded([off, tokenOf({ id: 't2' })])).toEqual([true]);
    expect(superseded([off])).toEqual([undefined]);
    for (const other of [{ label: 'mtn-cm' }, { enabled: false }, { expiresAt: NOW }])
      expect(superseded([off, tokenOf({ id: 't2', ...other })])).toEqual([undefined]);
  });

  it('stays superseded when that token is gone again, until its own is gone, too', () => {
    const before = { ...people, superseded: true };
    expect(superseded([off], before)).toEqual([true]);
    expect(superseded([], before)).toEqual([]);
  });
});

describe('the end that a suspension goes by', () => {
  const endOf = (changes: Parameters<typeof suspensionOf>[0], rows: string): unknown =>
    compared(ledgerOf({ suspensions: [suspensionOf(changes)] }), [tokenOf({ enabled: false })], [], [], rows)
      .suspensions[0]?.end;
  const row = 'orange,cd,2027-01-01,0';

  it("is the list's, where people revoked the token before any run had read the list", () => {
    expect(endOf({ by: 'people' }, row)).toBe('2027-01-01');
    expect(endOf({ by: 'people' }, 'mtn,cm,2027-01-01,0')).toBeUndefined();
  });

  it("is else the one that was remembered, and an audit's takes none from the list", () => {
    expect(endOf({ by: 'people', end: '2026-01-01' }, row)).toBe('2026-01-01');
    expect(endOf({ by: 'audit' }, row)).toBeUndefined();
    expect(endOf({ by: 'audit', end: '2026-01-01' }, row)).toBe('2026-01-01');
  });
});

describe("an audit's suspension", () => {
  it('is superseded by nothing: a renewal may still switch its token on', () => {
    const tokens = [tokenOf({ enabled: false }), tokenOf({ id: 't2' })];
    expect(compared(ledgerOf({ suspensions: [suspensionOf()] }), tokens, []).suspensions).toEqual([
      suspensionOf(),
    ]);
  });
});

describe('a token that Docker Hub does not list', () => {
  const remembered: Partial<Ledger> = {
    notices: [noticeOf('t1')],
    restores: [restoreOf('t1')],
    replaced: [{ tokenId: 't1', deployment: 'orange-cd', until: iso(NOW), by: 't9' }],
    issued: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW) }],
    inactive: ['t2', 't3'],
    suspensions: [suspensionOf({ tokenId: 't2' }), suspensionOf({ tokenId: 't3', by: 'people' })],
    intents: [
      intentOf({ step: 'delete-token', tokenId: 't4' }),
      intentOf({ tokenId: 't4' }),
      intentOf({ step: 'reactivate', tokenId: 't2' }),
    ],
  };
  const parts = (ledger: Ledger): Partial<Ledger> => ({
    notices: ledger.notices,
    restores: ledger.restores,
    replaced: ledger.replaced,
    issued: ledger.issued,
    inactive: ledger.inactive,
    suspensions: ledger.suspensions,
    intents: ledger.intents,
  });
  const before = ledgerOf(remembered);

  it('is unknown until it is asked for: nothing is forgotten, and nothing taken for done', () => {
    const after = compared(before, [], []);
    expect(parts(after)).toEqual(remembered);
    expect([after.unreported, after.withdrawals]).toEqual([[], []]);
    const one = compared(before, [tokenOf({ id: 't3' })], []);
    expect(one.inactive).toEqual(['t2']);
    expect([ids(one.suspensions), ids(one.restores)]).toEqual([['t2'], ['t1', 't3']]);
  });

  it('is forgotten once Docker Hub said that it is gone', () => {
    const after = compared(before, [], [], ['t1', 't2', 't3', 't4']);
    expect(parts(after)).toEqual({
      notices: [],
      restores: [],
      replaced: [],
      issued: [],
      inactive: [],
      suspensions: [suspensionOf({ tokenId: 't3', by: 'people', deletedAt: iso(NOW) })],
      intents: [],
    });
  });

  it('is listed after all where both are said', () => {
    const after = compared(before, [tokenOf({ id: 't1' })], [], ['t1']);
    expect(ids(after.notices)).toEqual(['t1']);
  });

  it('does not keep the steps of others, and of keys, from being resolved', () => {
    const intents = [intentOf({ tokenId: 't1' }), keyIntent()];
    const after = compared(ledgerOf({ intents }), [tokenOf({ enabled: false })], []);
    expect([after.intents, after.unreported.length]).toEqual([[], 2]);
  });

  it('is asked for where anything is remembered of it, but one that we deleted ourselves', () => {
    const ledger = ledgerOf({
      ...remembered,
      suspensions: [...before.suspensions, suspensionOf({ tokenId: 't5', deletedAt: iso(NOW) })],
    });
    expect(tokensToAskFor(ledger, [])).toEqual(['t1', 't2', 't3', 't4', 't9']);
    expect(tokensToAskFor(ledger, [tokenOf({ id: 't2' })])).toEqual(['t1', 't3', 't4', 't9']);
  });

  it('is asked for after the one that was asked for last, which comes at the end', () => {
    const ledger = ledgerOf({ inactive: ['t1', 't2', 't3'], lastAskedFor: 't2' });
    expect(tokensToAskFor(ledger, [])).toEqual(['t3', 't1', 't2']);
  });

  it('is asked for because of a notice, a restore, an issue, a step or a suspension alone, and never for a key', () => {
    const asked = (parts: Partial<Ledger>): string[] => tokensToAskFor(ledgerOf(parts), []);
    expect([
      asked({ notices: [noticeOf('t1')] }),
      asked({ restores: [restoreOf('t2')] }),
      asked({ issued: [{ tokenId: 't3', deployment: 'orange-cd', at: iso(NOW) }] }),
      asked({ intents: [intentOf({ tokenId: 't4' })] }),
      asked({ suspensions: [suspensionOf({ tokenId: 't5' })] }),
      asked({ intents: [keyIntent()] }),
    ]).toEqual([['t1'], ['t2'], ['t3'], ['t4'], ['t5'], []]);
  });

  it('is remembered as the last that was asked for, until another one is', () => {
    const after = (lastAskedFor?: string): string | null =>
      reconcileLedger(
        ledgerOf({ lastAskedFor: 't1' }),
        {
          tokens: [],
          keys: { names: [], version: 1 },
          licenses: licensesOf('a,zz,9999-12-31,0'),
          ...(lastAskedFor === undefined ? {} : { lastAskedFor }),
        },
        NOW,
      ).lastAskedFor;
    expect([after('t2'), after()]).toEqual(['t2', 't1']);
  });

  it('is asked for on a later night where there are more than a hundred', () => {
    const inactive = Array.from({ length: 250 }, (_, index) => `t${1000 + index}`);
    const asked: string[] = [];
    let ledger = ledgerOf({ inactive });
    for (let night = 0; night < 3; night++) {
      const tonight = tokensToAskFor(ledger, []);
      expect(tonight).toHaveLength(100);
      asked.push(...tonight);
      ledger = { ...ledger, lastAskedFor: tonight.at(-1) ?? null };
    }
    expect(new Set(asked)).toEqual(new Set(inactive));
  });
});

describe('a token that was relabelled', () => {
  const moved = tokenOf({ label: 'orange-dr-cd', enabled: false });

  it('is suspended under its present label, and its notice has lapsed', () => {
    const after = compared(
      ledgerOf({ suspensions: [suspensionOf()], notices: [noticeOf('t1')] }),
      [moved],
      [],
    );
    expect(after.suspensions).toMatchObject([{ tokenId: 't1', deployment: 'orange-dr-cd', by: 'audit' }]);
    expect(after.notices).toEqual([]);
  });
});

describe('a token that is being replaced', () => {
  const entry = { tokenId: 't1', deployment: 'orange-cd', until: iso(NOW - DAY), by: 't2' };
  const successor = (changes: Partial<HubToken> = {}): HubToken => tokenOf({ id: 't2', ...changes });
  const left = (
    tokens: readonly HubToken[],
    ledger: Partial<Ledger> = {},
    gone: readonly string[] = [],
  ): Ledger['replaced'] => compared(ledgerOf({ replaced: [entry], ...ledger }), tokens, [], gone).replaced;

  it('stays so while its successor works, was switched off by the audit, or is not known to be gone', () => {
    expect(ids(left([tokenOf(), successor()]))).toEqual(['t1']);
    const suspended = { suspensions: [suspensionOf({ tokenId: 't2' })] };
    expect(ids(left([tokenOf(), successor({ enabled: false })], suspended))).toEqual(['t1']);
    expect(ids(left([tokenOf()]))).toEqual(['t1']);
  });

  it('is so no longer where its successor is gone, was revoked by people, or is past its own expiry', () => {
    expect(left([tokenOf()], {}, ['t2'])).toEqual([]);
    expect(left([tokenOf(), successor({ enabled: false })])).toEqual([]);
    const revoked = { suspensions: [suspensionOf({ tokenId: 't2', by: 'people' })] };
    expect(left([tokenOf(), successor({ enabled: false })], revoked)).toEqual([]);
    expect(left([tokenOf(), successor({ expiresAt: NOW })])).toEqual([]);
    const deleted = { suspensions: [suspensionOf({ tokenId: 't2', by: 'people', deletedAt: iso(NOW) })] };
    expect(left([tokenOf()], deleted)).toEqual([]);
  });

  it('is so no longer where people switched it on again', () => {
    expect(left([tokenOf(), successor()], { inactive: ['t1'] })).toEqual([]);
    const restored = { restores: [restoreOf('t1')], replaced: [{ ...entry, at: iso(NOW - 2 * DAY) }] };
    expect(left([tokenOf(), successor()], restored)).toEqual([]);
    const before = { restores: [restoreOf('t1')], replaced: [{ ...entry, at: iso(NOW - DAY / 2) }] };
    expect(ids(left([tokenOf(), successor()], before))).toEqual(['t1']);
  });

  const since = NOW - 2 * DAY;
  it.each<[rule: string, restores: Ledger['restores'], isLeft: boolean]>([
    ['is so no longer from the instant on at which people restored it', [restoreOf('t1', since)], false],
    ['stays so where people restored it before', [restoreOf('t1', since - 1)], true],
    ['stays so where people restored another one', [restoreOf('t2')], true],
    ['is so no longer where people restored it and another one', [restoreOf('t2'), restoreOf('t1')], false],
    ['stays so where it came back with a whole run', [{ ...restoreOf('t1'), withRun: true }], true],
    [
      'is so no longer where people named it, too',
      [{ ...restoreOf('t1'), withRun: true }, restoreOf('t1')],
      false,
    ],
  ])('%s', (_rule, restores, isLeft) => {
    const ledger = { restores, replaced: [{ ...entry, at: iso(since) }] };
    expect(ids(left([tokenOf(), successor()], ledger))).toEqual(isLeft ? ['t1'] : []);
  });

  it('stays so while its successor is not listed, though the audit had switched it off', () => {
    expect(ids(left([tokenOf()], { suspensions: [suspensionOf({ tokenId: 't2' })] }))).toEqual(['t1']);
  });

  it('is known to be off since it was first seen so', () => {
    const off = tokenOf({ enabled: false });
    expect(left([off, successor()])[0]?.offSince).toBe(iso(NOW));
    const known = { replaced: [{ ...entry, offSince: iso(NOW - DAY) }] };
    expect(left([off, successor()], known)[0]?.offSince).toBe(iso(NOW - DAY));
    expect(left([tokenOf(), successor()], known)[0]?.offSince).toBeUndefined();
  });
});

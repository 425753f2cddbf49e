import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger } from '../../../lambdas/domain/ledger.ts';
import { withdrawalLimit } from '../../../lambdas/domain/plan/guards.ts';
import { type Plan, type PlanOptions, makePlan, reactivatedBy } from '../../../lambdas/domain/plan/plan.ts';
import {
  type Step,
  intentsOf,
  isAsPlanned,
  isLeftToNight,
  stepText,
} from '../../../lambdas/domain/plan/step.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import type { HubToken } from '../../../lambdas/domain/token.ts';
import { fingerprintOf } from '../../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../../default-settings.ts';
import { CONTENT, NOW, type Situation, inputsOf, suspensionOf, tokenOf, snapshotOf } from '../situation.ts';

const ENDED = '2026-02-01';
const FAR = '2027-01-01';
const KEY = { 'orange-cd': CONTENT };
const ended = (...names: string[]): string[] => names.map((name) => `${name.replace('-', ',')},${ENDED},0`);

const plan = (situation: Situation, options: Partial<PlanOptions> = {}): Plan =>
  makePlan(snapshotOf(situation), { hold: false, ...options });
const planned = (situation: Situation, options: Partial<PlanOptions> = {}): readonly Step[] =>
  plan(situation, options).steps;
const texts = (steps: readonly Step[]): string[] =>
  steps.map(
    ({ kind, deployment, tokenId, withheld }) =>
      `${kind} ${tokenId ?? deployment}${withheld === undefined ? '' : ' withheld'}`,
  );

type Notice = Ledger['notices'][number];
const noticeOf = (changes: Partial<Notice> = {}): Notice => ({
  tokenId: 't1',
  deployment: 'orange-cd',
  step: 'deactivate',
  end: ENDED,
  at: iso(NOW - DAY),
  ...changes,
});
const replacedOf = (tokenId: string, by: string, until = NOW): Ledger['replaced'][number] => ({
  tokenId,
  deployment: 'orange-cd',
  until: iso(until),
  by,
});

/** The key of another deployment was seen to hold what belongs to the token `t1`. */
const HELD_BY_MTN: Ledger['checks'][number] = {
  deployment: 'mtn-cm',
  tokenId: 't2',
  claimedId: 't1',
  verdict: 'mismatched',
  fingerprint: fingerprintOf(CONTENT),
  at: iso(NOW - DAY),
};

/** Deployments with one token each, whose licenses have ended and were announced. */
function due(...names: string[]): Situation & { readonly licenses: string[] } {
  return {
    tokens: names.map((label) => ({ id: `id-${label}`, label })),
    licenses: [...ended(...names), `filler,zz,${FAR},0`],
    ledger: {
      notices: names.map((deployment) => noticeOf({ deployment, tokenId: `id-${deployment}` })),
    },
  };
}

describe('an announcement', () => {
  const reason = (row: string, noticeHours = 20): string | undefined =>
    planned({ tokens: [{}], licenses: [row], settings: { noticeHours } })[0]?.reason;

  it('says when the license ends or ended, and from when on the token will be switched off', () => {
    const off = 'the token will be switched off in the night of';
    expect(reason('orange,cd,2026-03-05,0')).toBe(
      `the license ends with 2026-03-05; ${off} 2026-03-06, 03:30`,
    );
    expect(reason('orange,cd,2026-03-02,0')).toBe(
      `the license ends with 2026-03-02; ${off} 2026-03-03, 03:30`,
    );
    expect(reason('orange,cd,2026-03-01,0')).toBe(
      `the license ended with 2026-03-01; ${off} 2026-03-03, 03:30`,
    );
    expect(reason('orange,cd,2026-03-01,0', 48)).toContain('in the night of 2026-03-04, 03:30');
  });

  it('is made from 7 days before the end on', () => {
    expect(texts(planned({ tokens: [{}], licenses: ['orange,cd,2026-03-09,0'] }))).toEqual(['announce t1']);
    expect(planned({ tokens: [{}], licenses: ['orange,cd,2026-03-10,0'] })).toEqual([]);
  });

  it('is not made of an inactive token', () => {
    expect(planned({ tokens: [{ enabled: false }], licenses: ended('orange-cd') })).toEqual([]);
  });

  it('waits for 7 days where people switched the token on, to the millisecond', () => {
    const restored = (at: number, id = 't1'): string[] =>
      texts(
        planned({
          tokens: [{}],
          licenses: ended('orange-cd'),
          ledger: {
            restores: [{ tokenId: id, deployment: 'orange-cd', at: iso(at), reason: 'by hand' }],
          },
        }),
      );
    expect([restored(NOW - 7 * DAY + 1), restored(NOW - 7 * DAY)]).toEqual([[], ['announce t1']]);
    expect(restored(NOW - DAY, 't2')).toEqual(['announce t1']);
  });

  it('of a misspelt label says for whom the token was probably meant', () => {
    expect(planned({ tokens: [{ label: 'Orange_CD' }], licenses: ended('orange-cd') })[0]).toMatchObject({
      deployment: 'Orange_CD',
      reason: `the license of orange-cd, for which it was probably meant, ended with ${ENDED}; the token will be switched off in the night of 2026-03-03, 03:30`,
    });
  });
});

describe('switching off', () => {
  const withNotice = (notice: Partial<Notice>, end = ENDED): Step[] => [
    ...planned({
      tokens: [{}],
      keys: KEY,
      licenses: [`orange,cd,${end},0`],
      ledger: { notices: [noticeOf(notice)] },
    }),
  ];

  it('needs a notice for this token, this end and this step, given noticeHours before', () => {
    expect(texts(withNotice({ at: iso(NOW - 20 * HOUR) }))).toEqual(['deactivate t1']);
    expect(withNotice({ at: iso(NOW - 20 * HOUR + 1) })).toEqual([]);
    for (const other of [{ tokenId: 't2' }, { end: '2026-02-02' }, { step: 'delete-token' as const }])
      expect(texts(withNotice(other))).toEqual(['announce t1']);
  });

  it('waits until the last day is over', () => {
    expect(withNotice({ end: '2026-03-02' }, '2026-03-02')).toEqual([]);
    expect(texts(withNotice({ end: '2026-03-01' }, '2026-03-01'))).toEqual(['deactivate t1']);
  });

  it('remembers what the key holds, where values were read', () => {
    expect(withNotice({})[0]).toMatchObject({ end: ENDED, fingerprint: fingerprintOf(CONTENT) });
    const { keys: _, ...unread } = inputsOf({
      tokens: [{}],
      licenses: ended('orange-cd'),
      ledger: { notices: [noticeOf()] },
    });
    for (const inputs of [unread, { ...unread, keys: { names: ['orange-cd'], version: 1 } }]) {
      const [step] = makePlan(takeSnapshot(inputs, defaultSettings(), NOW), { hold: false }).steps;
      expect(step?.kind).toBe('deactivate');
      expect(step).not.toHaveProperty('fingerprint');
      expect(step).not.toHaveProperty('withheld');
    }
  });
});

describe('deleting what was switched off', () => {
  const notice = noticeOf({ step: 'delete-token', at: iso(NOW - 7 * DAY) });
  const remains = (ledger: Partial<Ledger>, situation: Situation = {}): Step[] => [
    ...planned({
      tokens: [{ enabled: false }],
      keys: KEY,
      licenses: ended('orange-cd'),
      ledger,
      ...situation,
    }),
  ];

  it('is announced 7 days before the token was off for deleteAfterDays, and takes at least these 7 days', () => {
    const offFor = (days: number, less = 0): Step[] =>
      remains({ suspensions: [suspensionOf({ at: iso(NOW - days * DAY + less) })] });
    expect(offFor(83)).toMatchObject([{ kind: 'announce', announces: 'delete-token', tokenId: 't1' }]);
    expect(offFor(83, 1)).toEqual([]);
    expect(offFor(83)[0]?.reason).toBe(
      `switched off on 2025-12-09 because the license ended with ${ENDED}; token and key will be deleted for good in the night of 2026-03-09, 03:30`,
    );
    expect(offFor(200)[0]?.reason).toContain('in the night of 2026-03-09, 03:30');
  });

  it('takes the token and its key when both times are over', () => {
    expect(texts(remains({ suspensions: [suspensionOf()], notices: [notice] }))).toEqual([
      'delete-token t1',
      'remove-key orange-cd',
    ]);
  });

  it('leaves the key alone where the token is announced again, or withheld', () => {
    const old = { ...notice, at: iso(NOW - 40 * DAY) };
    expect(texts(remains({ suspensions: [suspensionOf()], notices: [old] }))).toEqual(['announce t1']);
    const held = remains(
      { suspensions: [suspensionOf()], notices: [notice] },
      {
        tokens: [{ enabled: false }, { id: 't2', label: 'mtn-cm' }],
        keys: { ...KEY, 'mtn-cm': CONTENT },
        licenses: [...ended('orange-cd'), `mtn,cm,${FAR},0`],
        ledger: {
          suspensions: [suspensionOf()],
          notices: [notice],
          checks: [HELD_BY_MTN],
        },
      },
    );
    expect(held.map(({ kind, guard }) => [kind, guard])).toEqual([
      ['delete-token', 'in use by somebody else'],
      ['remove-key', 'in use by somebody else'],
    ]);
  });

  it('does not happen before deleteAfterDays are over, whatever was announced', () => {
    const offFor = (less: number): string[] =>
      texts(remains({ suspensions: [suspensionOf({ at: iso(NOW - 90 * DAY + less) })], notices: [notice] }));
    expect([offFor(0).length, offFor(1)]).toEqual([2, []]);
  });

  it('does not happen before it was announced for 7 days', () => {
    const soon = { ...notice, at: iso(NOW - 7 * DAY + 1) };
    expect(remains({ suspensions: [suspensionOf()], notices: [soon] })).toEqual([]);
  });

  it('is only of what the audit switched off and nobody switched on', () => {
    const notices = [notice, { ...notice, tokenId: 't2' }];
    const off = { enabled: false };
    const of = (suspensions: Ledger['suspensions'], tokens: readonly Partial<HubToken>[] = [off]): Step[] =>
      remains({ suspensions, notices }, { tokens });
    expect(of([suspensionOf({ by: 'people' })])).toEqual([]);
    // Suspensions belong to ids, whatever the label was then.
    expect(texts(of([suspensionOf({ deployment: 'mtn-cm' })]))).toContain('delete-token t1');
    expect(of([suspensionOf()], [{ id: 't2', enabled: false }])).toEqual([]);
    expect(texts(of([suspensionOf()], [{}]))).toEqual(['announce t1']);
  });

  it('never happens where deleteAfterDays says so, or where no row says that the license has ended', () => {
    const ledger = { suspensions: [suspensionOf()], notices: [notice] };
    expect(remains(ledger, { settings: { deleteAfterDays: null } })).toEqual([]);
    expect(remains({ suspensions: [suspensionOf()] }, { settings: { deleteAfterDays: null } })).toEqual([]);
    const passedEnds = [{ deployment: 'orange-cd', end: ENDED }];
    expect(remains(ledger, { licenses: [], ledger: { ...ledger, passedEnds } })).toEqual([]);
  });

  it('is not of a deployment whose license is in force again', () => {
    const expired = { tokens: [{ enabled: false, expiresAt: NOW }], licenses: [`orange,cd,${FAR},0`] };
    const far = { ...notice, end: FAR };
    expect(remains({ suspensions: [suspensionOf()], notices: [far] }, expired)).toEqual([]);
    expect(remains({ suspensions: [suspensionOf()] }, expired)).toEqual([]);
    const today = '2026-03-02';
    const ending = { ...expired, licenses: [`orange,cd,${today},0`] };
    expect(remains({ suspensions: [suspensionOf()], notices: [{ ...notice, end: today }] }, ending)).toEqual(
      [],
    );
  });

  describe('and then the key', () => {
    const gone = suspensionOf({ deletedAt: iso(NOW - DAY) });
    const key = (suspensions: Ledger['suspensions'], situation: Situation = {}): string[] =>
      texts(remains({ suspensions, notices: [notice] }, { tokens: [], ...situation }));

    it('goes also on a later night than its token', () => {
      expect(key([gone])).toEqual(['remove-key orange-cd']);
      expect(key([gone], { keys: {} })).toEqual([]);
    });

    it('stays while any token of the label is left', () => {
      expect(key([gone], { tokens: [{ id: 't2', enabled: false }] })).toEqual([]);
    });

    it('stays where the audit did not delete the token', () => {
      expect(key([suspensionOf()])).toEqual([]);
      expect(key([{ ...gone, fingerprint: 'another' }, suspensionOf({ tokenId: 't2' })])).toEqual([]);
    });

    it('stays where it holds something else, and goes where any of the deleted tokens had its content', () => {
      expect(key([gone], { keys: { 'orange-cd': 'dckr_pat_new' } })).toEqual([]);
      expect(key([gone, { ...gone, tokenId: 't2', fingerprint: 'another' }])).toEqual([
        'remove-key orange-cd',
      ]);
    });

    it('stays where nobody knows what it holds or held', () => {
      const { fingerprint: _, ...unknown } = gone;
      expect(key([unknown])).toEqual([]);
      expect(key([unknown], { keys: { 'orange-cd': '' } })).toEqual([]);
      // What is no token's content has no fingerprint of its own.
      expect(key([{ ...gone, fingerprint: '' }], { keys: { 'orange-cd': 'hunter2' } })).toEqual([]);
    });
  });
});

describe('switching on again', () => {
  const renewed = (situation: Situation): readonly Step[] =>
    planned({ licenses: [`orange,cd,${FAR},0`], ...situation });
  const off = (changes: Partial<HubToken> = {}): Partial<HubToken> => ({
    enabled: false,
    ...changes,
  });
  const both = { suspensions: [suspensionOf(), suspensionOf({ tokenId: 't2' })] };

  it('says until when the license is in force', () => {
    const ledger = { suspensions: [suspensionOf()] };
    expect(renewed({ tokens: [off()], ledger })).toEqual([
      {
        kind: 'reactivate',
        deployment: 'orange-cd',
        tokenId: 't1',
        reason: `the license is in force again, until ${FAR}`,
      },
    ]);
    expect(renewed({ tokens: [off()], ledger, licenses: ['orange,cd,9999-12-31,0'] })[0]?.reason).toBe(
      'the license is in force again',
    );
  });

  it('is only of what the audit itself switched off', () => {
    expect(renewed({ tokens: [off()] })).toEqual([]);
    expect(renewed({ tokens: [off()], ledger: { suspensions: [suspensionOf({ by: 'people' })] } })).toEqual(
      [],
    );
  });

  it.each([
    ['both of two', {}, {}, ['t1', 't2']],
    ['the one that can work again', { expiresAt: NOW }, {}, ['t2']],
    ['none where another token of the label was made since', {}, { id: 't3', enabled: true }, []],
    ['both beside an older token', {}, { id: 't3', enabled: true, createdAt: NOW - 200 * DAY }, ['t1', 't2']],
  ] as const)('is of each token that the audit switched off: %s', (_, first, third, expected) => {
    const tokens = [off({ createdAt: NOW - 300 * DAY, ...first }), off({ createdAt: NOW - 300 * DAY })];
    const steps = renewed({ tokens: 'id' in third ? [...tokens, third] : tokens, ledger: both });
    expect(steps.map(({ kind, tokenId }) => `${kind} ${tokenId ?? ''}`)).toEqual(
      expected.map((id) => `reactivate ${id}`),
    );
  });

  it('is of none that is gone or that people switched on, nor of one whose row is gone', () => {
    const ledger = { suspensions: [suspensionOf()] };
    expect(renewed({ tokens: [{ id: 't2', enabled: false }], ledger })).toEqual([]);
    expect(renewed({ tokens: [{ createdAt: NOW - 300 * DAY }], ledger })).toEqual([]);
    const passedEnds = [{ deployment: 'orange-cd', end: ENDED }];
    expect(renewed({ tokens: [off()], licenses: [], ledger: { ...ledger, passedEnds } })).toEqual([]);
  });

  it('is also beside a token that was not made after it was switched off, as far as anybody knows', () => {
    const inputs = inputsOf({
      tokens: [off({ createdAt: NOW - 300 * DAY }), { createdAt: Date.parse(suspensionOf().at) }, {}],
      licenses: [`orange,cd,${FAR},0`],
      ledger: { suspensions: [suspensionOf()] },
    });
    const tokens = (inputs.tokens ?? []).map(({ createdAt, ...token }) =>
      token.id === 't3' || createdAt === undefined ? token : { ...token, createdAt },
    );
    const { steps } = makePlan(takeSnapshot({ ...inputs, tokens }, defaultSettings(), NOW), { hold: false });
    expect(texts(steps)).toEqual(['reactivate t1']);
  });

  it('is of a replaced token while its overlap lasts, and of none that was switched off because it was over', () => {
    const tokens = [off({ createdAt: NOW - 300 * DAY }), off({ createdAt: NOW - 200 * DAY })];
    const within = { ...both, replaced: [replacedOf('t1', 't2', NOW + 1)] };
    expect(texts(renewed({ tokens, ledger: within }))).toEqual(['reactivate t1', 'reactivate t2']);
    const over = { ...both, replaced: [replacedOf('t1', 't2', NOW)] };
    expect(texts(renewed({ tokens, ledger: over }))).toEqual(['reactivate t2']);
    const replaced = { suspensions: [suspensionOf({ replaced: true }), suspensionOf({ tokenId: 't2' })] };
    expect(texts(renewed({ tokens, ledger: replaced }))).toEqual(['reactivate t2']);
  });

  it('is of a token under the label that it has now', () => {
    const relabelled = [off({ label: 'orange-dr-cd' })];
    const licenses = [`orange-dr,cd,${FAR},0`];
    expect(
      texts(planned({ tokens: relabelled, licenses, ledger: { suspensions: [suspensionOf()] } })),
    ).toEqual(['reactivate t1']);
  });

  it('is reported to rules that would otherwise miss the token, and nothing else is', () => {
    const situation = { tokens: [off(), { label: 'mtn-cm' }], ledger: { suspensions: [suspensionOf()] } };
    const whole = plan({ ...situation, licenses: [`orange,cd,${FAR},0`, ...ended('mtn-cm')] });
    expect(texts(whole.steps)).toEqual(['reactivate t1', 'announce t2']);
    expect([...reactivatedBy(whole)]).toEqual(['orange-cd']);
  });
});

describe('a replaced token', () => {
  const licenses = [`orange,cd,${FAR},0`];
  type Entry = Ledger['replaced'][number];
  const replaced = (
    tokens: readonly Partial<HubToken>[],
    entry: Partial<Entry> = {},
    situation: Situation = {},
  ): readonly Step[] =>
    planned({
      tokens,
      licenses,
      ...situation,
      ledger: { ...situation.ledger, replaced: [{ ...replacedOf('t1', 't2'), ...entry }] },
    });
  const off = { enabled: false };
  const week = { until: iso(NOW - 7 * DAY), offSince: iso(NOW - 7 * DAY) };

  it.each([
    ['is switched off from the instant on at which its overlap is over', [{}, {}], {}, ['deactivate t1']],
    ['is left before', [{}, {}], { until: iso(NOW + 1) }, []],
    ['is left where it is not listed', [{ id: 't2' }], {}, []],
    ['is deleted 7 days after', [off, {}], week, ['delete-token t1']],
    ['is kept until it was off for 7 days', [off, {}], { ...week, offSince: iso(NOW - 7 * DAY + 1) }, []],
    [
      'is kept until its overlap is over for 7 days',
      [off, {}],
      { ...week, until: iso(NOW - 7 * DAY + 1) },
      [],
    ],
    ['is kept while nobody knows since when it is off', [off, {}], { until: iso(NOW - 9 * DAY) }, []],
    ['is held while its successor is inactive', [{}, off], {}, ['deactivate t1 withheld']],
    ['is held while its successor is not listed', [{}], {}, ['deactivate t1 withheld']],
    ['is deleted whatever became of its successor', [off, off], week, ['delete-token t1']],
  ] as const)('%s', (_, tokens, entry, expected) => {
    expect(texts(replaced(tokens, entry))).toEqual(expected);
  });

  const made = NOW - 3 * DAY;
  const unused = { createdAt: made, lastUsedAt: null };
  const minute = 60_000;
  const ours: Partial<Ledger> = {
    issued: [
      { tokenId: 't9', deployment: 'mtn-cm', at: iso(NOW) },
      { tokenId: 't2', deployment: 'orange-cd', at: iso(made + minute) },
    ],
    checks: [
      {
        deployment: 'orange-cd',
        tokenId: 't2',
        at: iso(NOW - DAY),
        verdict: 'matching',
        fingerprint: 'f',
        lastUse: null,
      },
    ],
  };

  it.each<readonly [string, number | null, number | null | undefined, Partial<Ledger>, boolean]>([
    ['was used since, and its successor never', made + 1, null, {}, true],
    ['was used since, and nobody knows of its successor', made + 1, undefined, {}, true],
    ['was last used before', made, null, {}, false],
    ['was never used', null, null, {}, false],
    ['has a successor that is used, too', NOW, NOW, ours, false],
    ['has a successor that only our pull check used', NOW, made + 2 * minute, ours, true],
    ['has a successor that only our check of its content used', NOW, NOW - DAY, ours, true],
    [
      'has a successor that was used before our check, too',
      NOW,
      made + 20 * minute,
      { issued: ours.issued ?? [] },
      false,
    ],
  ])('is held as still used, or not, where it %s', (_, old, fresh, ledger, isHeld) => {
    const { lastUsedAt: __, ...bare } = tokenOf({ id: 't2', createdAt: made });
    const successor: HubToken = fresh === undefined ? bare : { ...bare, lastUsedAt: fresh };
    const base = inputsOf({ licenses, ledger: { replaced: [replacedOf('t1', 't2')], ...ledger } });
    const inputs = { ...base, tokens: [tokenOf({ id: 't1', lastUsedAt: old }), successor] };
    const { steps } = makePlan(takeSnapshot(inputs, defaultSettings(), NOW), { hold: false });
    expect(texts(steps)).toEqual([`deactivate t1${isHeld ? ' withheld' : ''}`]);
    if (isHeld) expect(steps[0]?.guard).toBe('still used');
  });

  it.each([
    ['an exemption from everything', { exemptions: 'label,reason,owner,until\norange-cd,,,\n' }, []],
    [
      'an exemption from a kind',
      { exemptions: 'label,reason,owner,until,findings\norange-cd,,,,unused-token\n' },
      ['deactivate t1'],
    ],
    [
      'an exemption that was probably meant for it',
      { exemptions: 'label,reason,owner,until\nOrange_CD,,,\n' },
      ['deactivate t1 withheld'],
    ],
    [
      'an unreadable row of its deployment',
      { licenses: [...licenses, 'orange,cd,never,0', 'orange,cd,2027-01-01,0'] },
      ['deactivate t1 withheld'],
    ],
    [
      'an unreadable row of its country',
      { licenses: [...licenses, ',cd,2027-01-01,0', 'orange,cd,2027-01-01,0'] },
      ['deactivate t1 withheld'],
    ],
    ['caps of 0', { settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } }, ['deactivate t1 withheld']],
    [
      'a shrunken input',
      { ledger: { measures: { tokens: 9, keys: null, licenses: null, exemptions: null } } },
      ['deactivate t1 withheld'],
    ],
  ] as const)('is kept by %s like any other', (_, situation, expected) => {
    expect(texts(replaced([{}, {}], {}, situation))).toEqual(expected);
  });

  it('is kept by HOLD', () => {
    const ledger = { replaced: [replacedOf('t1', 't2')] };
    expect(texts(planned({ tokens: [{}, {}], licenses, ledger }, { hold: true }))).toEqual([
      'deactivate t1 withheld',
    ]);
  });

  /** `t1` of a renewed deployment was replaced; others are due. */
  const beside = (...names: string[]): Situation => {
    const others = due(...names);
    return {
      ...others,
      tokens: [{ id: 't1' }, { id: 't2' }, ...(others.tokens ?? [])],
      licenses: [...licenses, ...others.licenses],
      ledger: { ...others.ledger, replaced: [replacedOf('t1', 't2')] },
    };
  };

  it('is switched off also where the caps withhold the withdrawals, and is none of them', () => {
    const over = plan(beside('a-aa', 'b-bb', 'c-cc', 'd-dd'));
    expect(texts(over.steps)).toEqual([
      'deactivate id-a-aa withheld',
      'deactivate id-b-bb withheld',
      'deactivate id-c-cc withheld',
      'deactivate id-d-dd withheld',
      'deactivate t1',
    ]);
    expect(over.steps[0]?.withheld).toContain('4 withdrawals due');
    expect(
      texts(planned(beside('a-aa', 'b-bb', 'c-cc'))).filter((text) => text.includes('withheld')),
    ).toEqual([]);
  });

  it('is approved by name, over what holds it, once its overlap is over', () => {
    const held = replacedOf('t1', 't2');
    const used = { tokens: [{ lastUsedAt: NOW }, { ...unused }], licenses };
    const options = { approve: ['orange-cd'] };
    const approved = plan({ ...used, ledger: { replaced: [held] } }, options);
    expect(texts(approved.steps)).toEqual(['deactivate t1']);
    expect(approved.steps[0]?.reason).toContain('by approval, over: it was used since the token t2');
    expect(
      plan({ ...used, ledger: { replaced: [{ ...held, until: iso(NOW + 1) }] } }, options).notDue,
    ).toEqual(['orange-cd']);
  });

  it('goes once where its license has ended as well: by whichever is not withheld', () => {
    const ending = (...noticed: string[]): Situation => ({
      tokens: [{ id: 't1' }, { id: 't2' }],
      licenses: ended('orange-cd'),
      ledger: {
        notices: noticed.map((tokenId) => noticeOf({ tokenId })),
        replaced: [replacedOf('t1', 't2')],
      },
    });
    expect(texts(planned(ending('t1', 't2')))).toEqual(['deactivate t1', 'deactivate t2']);
    expect(planned(ending('t1', 't2')).map(({ replaced }) => replaced)).toEqual([undefined, undefined]);
    expect(texts(planned(ending('t2')))).toEqual(['deactivate t1', 'deactivate t2']);
    expect(planned(ending('t2')).map(({ replaced }) => replaced)).toEqual([true, undefined]);
    const row = { licenses: [...ended('orange-cd'), 'orange,cd,never,0', 'orange,cd,never,0'] };
    expect(texts(planned({ ...ending('t2'), ...row }))).toEqual(['deactivate t2 withheld', 'announce t1']);
  });

  it('that was also switched off long ago is deleted once', () => {
    const situation = {
      tokens: [{ enabled: false }],
      keys: KEY,
      licenses: ended('orange-cd'),
      ledger: {
        suspensions: [suspensionOf()],
        notices: [noticeOf({ step: 'delete-token', at: iso(NOW - 7 * DAY) })],
        replaced: [{ ...replacedOf('t1', 't2'), ...week }],
      },
    };
    expect(texts(planned(situation))).toEqual(['delete-token t1', 'remove-key orange-cd']);
  });
});

describe('the order of the steps', () => {
  it('is renewed customers first, then by kind, deployment and token, whatever order the inputs are in', () => {
    const names = ['m-mm', 'a-aa', 'z-zz', 'b-bb', 'y-yy'];
    const expected = [
      'reactivate off',
      'deactivate id-a-aa',
      'deactivate id-b-bb',
      'deactivate id-m-mm',
      'deactivate more-a',
      'deactivate more-b',
      'deactivate more-c',
      'deactivate id-y-yy',
      'deactivate id-z-zz',
      'announce soon',
    ];
    const base = due(...names);
    const more = ['more-b', 'more-a', 'more-c'];
    const tokens = [
      { id: 'soon', label: 'soon-cd' },
      { id: 'off', label: 'renewed-cd', enabled: false },
      ...more.map((id) => ({ id, label: 'm-mm' })),
      ...(base.tokens ?? []),
    ];
    const situation: Situation = {
      tokens,
      licenses: ['soon,cd,2026-03-05,0', `renewed,cd,${FAR},0`, ...base.licenses],
      settings: { maxWithdrawals: 9 },
      ledger: {
        notices: [
          ...(base.ledger?.notices ?? []),
          ...more.map((tokenId) => noticeOf({ deployment: 'm-mm', tokenId })),
        ],
        suspensions: [suspensionOf({ tokenId: 'off', deployment: 'renewed-cd' })],
      },
    };
    expect(texts(planned(situation))).toEqual(expected);
    expect(
      texts(
        planned({
          ...situation,
          tokens: [...tokens].reverse(),
          licenses: [...(situation.licenses ?? [])].reverse(),
        }),
      ),
    ).toEqual(expected);
  });
});

describe('the caps', () => {
  it('are 3 or 2 % of the deployments with an active token, whichever is more, rounded down', () => {
    const limit = (active: number): number =>
      withdrawalLimit(
        snapshotOf({
          tokens: Array.from({ length: active + 1 }, (_, index) => ({
            label: `t${index}-cd`,
            enabled: index < active,
          })),
          licenses: Array.from({ length: 2000 }, (_, index) => `invented${index},cd,2020-01-01,0`),
        }),
      );
    expect([limit(1), limit(199), limit(200), limit(249), limit(250)]).toEqual([3, 3, 4, 4, 5]);
  });

  it('count deployments, not tokens, and each once with the last 20 hours', () => {
    const names = ['a-aa', 'b-bb', 'c-cc'];
    const situation = due(...names);
    const withdrawn = (deployment: string, at: number, approved = false): Situation => ({
      ...situation,
      ledger: {
        ...situation.ledger,
        withdrawals: [{ step: 'deactivate', deployment, at: iso(at), approved }],
      },
    });
    const held = (chosen: Situation): boolean =>
      planned(chosen).every(({ withheld }) => withheld !== undefined);
    expect(held(withdrawn('a-aa', NOW - HOUR))).toBe(false);
    expect(held(withdrawn('d-dd', NOW - 20 * HOUR + 1))).toBe(true);
    expect(held(withdrawn('d-dd', NOW - 20 * HOUR))).toBe(false);
    expect(held(withdrawn('d-dd', NOW - HOUR, true))).toBe(false);
    const twoTokens = {
      ...situation,
      tokens: [...(situation.tokens ?? []), { id: 'second', label: 'a-aa' }],
      ledger: {
        notices: [...(situation.ledger?.notices ?? []), noticeOf({ deployment: 'a-aa', tokenId: 'second' })],
      },
    };
    expect(planned(twoTokens)).toHaveLength(4);
    expect(held(twoTokens)).toBe(false);
  });

  it('do not count announcements, nor what another guard holds', () => {
    const names = ['a-aa', 'b-bb', 'c-cc'];
    const soon = due(...names);
    const announced = {
      ...soon,
      tokens: [...(soon.tokens ?? []), { id: 'new', label: 'd-dd' }],
      licenses: [...ended('d-dd'), ...soon.licenses],
    };
    expect(texts(planned(announced))).toEqual([
      ...names.map((name) => `deactivate id-${name}`),
      'announce new',
    ]);
    const four = due(...names, 'd-dd');
    const held = plan({ ...four, licenses: [...four.licenses, 'd,dd,never,0'] });
    expect(texts(held.steps)).toEqual([
      ...names.map((name) => `deactivate id-${name}`),
      'deactivate id-d-dd withheld',
    ]);
    expect(held.steps[3]?.withheld).toBe("line 7 of licenses.csv can't be read and may be about it");
    expect(held.approvable).toEqual([]);
  });

  it('of which only one is 0 do not forbid everything: an approval counts', () => {
    for (const settings of [
      { maxWithdrawals: 0, maxWithdrawalPercent: 2 },
      { maxWithdrawals: 1, maxWithdrawalPercent: 0 },
    ]) {
      const situation = { ...due('a-aa', 'b-bb'), settings };
      const withheld = plan(situation);
      expect(withheld.steps[0]?.withheld).toBe(
        `2 withdrawals due and 0 in the last 20 hours are more than the ${settings.maxWithdrawals} allowed`,
      );
      expect(withheld.approvable).toEqual(['a-aa', 'b-bb']);
      expect(texts(planned(situation, { approve: ['a-aa', 'b-bb'] }))).toEqual([
        'deactivate id-a-aa',
        'deactivate id-b-bb',
      ]);
    }
  });
});

describe('an approval', () => {
  const four = due('a-aa', 'b-bb', 'c-cc', 'd-dd');

  it('lets exactly the named ones pass, marks them, and offers the others', () => {
    const approved = plan(four, { approve: ['b-bb'] });
    expect(texts(approved.steps)).toEqual([
      'deactivate id-a-aa withheld',
      'deactivate id-b-bb',
      'deactivate id-c-cc withheld',
      'deactivate id-d-dd withheld',
    ]);
    expect(approved.steps.map((step) => step.approved)).toEqual([false, true, false, false]);
    expect([approved.notDue, approved.approvable]).toEqual([[], ['a-aa', 'c-cc', 'd-dd']]);
  });

  it('withdraws nobody else, also where the caps would let them pass', () => {
    const two = plan(due('a-aa', 'b-bb'), { approve: ['a-aa'] });
    expect(texts(two.steps)).toEqual(['deactivate id-a-aa', 'deactivate id-b-bb withheld']);
    expect(texts(planned(due('a-aa'), { approve: [] }))).toEqual(['deactivate id-a-aa withheld']);
  });

  it('of what is not due yet, only announced or unknown is refused', () => {
    const situation = {
      ...due('a-aa'),
      tokens: [...(due('a-aa').tokens ?? []), { id: 'new', label: 'b-bb' }],
      licenses: [...ended('a-aa', 'b-bb')],
    };
    expect(plan(situation, { approve: ['a-aa', 'b-bb', 'x-xx'] }).notDue).toEqual(['b-bb', 'x-xx']);
  });

  it('counts over the shrink guard, and is offered then', () => {
    const one = due('a-aa');
    const measures = { tokens: 9, keys: null, licenses: null, exemptions: null };
    const shrunk = { ...one, ledger: { ...one.ledger, measures } };
    const withheld = plan(shrunk);
    expect(withheld.steps[0]?.withheld).toBe(
      "Docker Hub's list went from 9 to 1 since the last whole run in which nothing was missing",
    );
    expect(withheld.approvable).toEqual(['a-aa']);
    expect(texts(planned(shrunk, { approve: ['a-aa'] }))).toEqual(['deactivate id-a-aa']);
  });

  it('is asked for by the input that shrank first, where the caps would withhold as well', () => {
    const measures = { tokens: 9, keys: null, licenses: null, exemptions: null };
    const both = planned({ ...four, ledger: { ...four.ledger, measures } });
    expect(both.map(({ guard }) => guard)).toEqual(Array(4).fill('shrunk input'));
  });

  it('goes by the first notice that was given, though a hold that is over made it void', () => {
    const lapsed = (first: number, second: number): Situation => ({
      ...due('a-aa'),
      ledger: {
        notices: [
          noticeOf({
            deployment: 'a-aa',
            tokenId: 'id-a-aa',
            firstAt: iso(NOW - first),
            at: iso(NOW - second),
            lapsed: true,
          }),
        ],
      },
    });
    expect(texts(planned(lapsed(DAY, 0)))).toEqual(['announce id-a-aa']);
    expect(texts(planned(lapsed(DAY, 0), { approve: ['a-aa'] }))).toEqual(['deactivate id-a-aa']);
    expect(plan(lapsed(HOUR, 0), { approve: ['a-aa'] }).notDue).toEqual(['a-aa']);
  });

  it('is said in the reason with whose word it was, and what it went over', () => {
    const reasonOf = (situation: Situation, options: Partial<PlanOptions>): string | undefined =>
      planned(situation, options)[0]?.reason;
    const reason = planned(due('a-aa'))[0]?.reason;
    expect(reasonOf(due('a-aa'), { approve: ['a-aa'] })).toBe(`by approval; ${reason}`);
    expect(reasonOf(due('a-aa'), { approve: ['a-aa'], approval: '"ann"' })).toBe(
      `by approval ("ann"); ${reason}`,
    );
    expect(reasonOf(four, { approve: ['a-aa'] })).toBe(
      `by approval, over: 4 withdrawals due and 0 in the last 20 hours are more than the 3 allowed; ${reason}`,
    );
  });

  it('is offered for a deployment of which one token is withheld and another is not', () => {
    const two = {
      tokens: [{}, {}],
      keys: { 'mtn-cm': CONTENT },
      licenses: [...ended('orange-cd'), `mtn,cm,${FAR},0`],
      ledger: {
        notices: [noticeOf(), noticeOf({ tokenId: 't2' })],
        checks: [{ ...HELD_BY_MTN, tokenId: 't9' }],
      },
    };
    expect(texts(planned(two))).toEqual(['deactivate t1 withheld', 'deactivate t2']);
    expect(plan(two).approvable).toEqual(['orange-cd']);
  });

  it('is not offered where it would not help, nor where nothing is withheld', () => {
    expect(plan(due('a-aa')).approvable).toEqual([]);
    expect(plan(four, { hold: true }).approvable).toEqual([]);
    const never = { maxWithdrawals: 0, maxWithdrawalPercent: 0 };
    expect(plan({ ...four, settings: never }).approvable).toEqual([]);
  });

  it('does not count over an unreadable row', () => {
    const row = { ...due('a-aa'), licenses: [...ended('a-aa'), 'a,aa,never,0'] };
    expect(texts(planned(row, { approve: ['a-aa'] }))).toEqual(['deactivate id-a-aa withheld']);
  });
});

describe('probably renewed under another spelling', () => {
  const held = (...rows: string[]): string | undefined =>
    planned({ ...due('orange-cd'), licenses: [...ended('orange-cd'), ...rows] })[0]?.withheld;

  it('names each of those that it may be', () => {
    expect(held(`orangee,cd,${FAR},0`, `orang,cd,${FAR},0`)).toContain('renewed as orang-cd or orangee-cd,');
  });

  it('is a license in force without an active token', () => {
    expect(held('orangee,cd,2026-03-01,0')).toBeUndefined();
    expect(held('orangee,cd,2026-03-02,0')).toContain('orangee-cd');
    const situation = due('orange-cd');
    const tokens = [...(situation.tokens ?? []), { id: 'off', label: 'orangee-cd', enabled: false }];
    expect(
      texts(planned({ ...situation, tokens, licenses: [...ended('orange-cd'), `orangee,cd,${FAR},0`] })),
    ).toEqual(['deactivate id-orange-cd withheld']);
    const active = [...(situation.tokens ?? []), { id: 'on', label: 'orangee-cd' }];
    expect(
      texts(
        planned({ ...situation, tokens: active, licenses: [...ended('orange-cd'), `orangee,cd,${FAR},0`] }),
      ),
    ).toEqual(['deactivate id-orange-cd']);
  });
});

describe('a token that is read again right before it is changed', () => {
  const step = (kind: Step['kind'], replaced = false): Step => ({
    kind,
    deployment: 'orange-cd',
    tokenId: 't1',
    reason: 'why',
    replaced,
  });

  it.each([
    [step('deactivate'), true, false],
    [step('reactivate'), false, true],
    [step('delete-token'), false, true],
    [step('delete-token', true), false, true],
    [step('announce'), true, true],
    [step('remove-key'), true, true],
  ])('%j is as planned: %s when it is on, %s when it is off', (planned, on, off) => {
    expect(isAsPlanned(planned, tokenOf())).toBe(on);
    expect(isAsPlanned(planned, tokenOf({ enabled: false }))).toBe(off);
  });

  it('is not as planned when it is gone or renamed, whatever the step', () => {
    for (const kind of ['deactivate', 'reactivate', 'delete-token'] as const)
      for (const enabled of [true, false]) {
        expect(isAsPlanned(step(kind), undefined)).toBe(false);
        expect(isAsPlanned(step(kind), tokenOf({ enabled, label: 'mtn-cm' }))).toBe(false);
      }
  });
});

describe('a step for a sentence', () => {
  it('is its kind and whom it is about, escaped', () => {
    expect(stepText({ kind: 'delete-token', deployment: 'a\nb' })).toBe('delete-token "a\\u{a}b"');
  });
});

describe('a plan without a ledger', () => {
  it('is that of a first night', () => {
    const { ledger: _, ...inputs } = inputsOf({ tokens: [{}], licenses: ended('orange-cd') });
    const first = makePlan(takeSnapshot(inputs, defaultSettings(), NOW), { hold: false });
    expect(texts(first.steps)).toEqual(['announce t1']);
    const empty = takeSnapshot({ ...inputs, ledger: emptyLedger() }, defaultSettings(), NOW);
    expect(first.steps).toEqual(makePlan(empty, { hold: false }).steps);
  });
});

describe('what holds a deployment', () => {
  const soon = { tokens: [{}], licenses: ['orange,cd,2026-03-05,0', `mtn,cm,${FAR},0`] };
  const holdsOf = (situation: Situation, options: Partial<PlanOptions> = {}): unknown =>
    Object.fromEntries(plan(situation, options).holds);

  it.each<readonly [string, Situation, Partial<PlanOptions>, Readonly<Record<string, readonly string[]>>]>([
    ['is remembered of whoever is announced now', soon, {}, { 'orange-cd': [] }],
    [
      'is remembered of whoever was announced',
      { ...soon, ledger: { notices: [noticeOf({ end: '2026-03-05' })] } },
      { hold: true },
      { 'orange-cd': ['HOLD'] },
    ],
    ['is remembered of nobody else', { ...soon, licenses: [`orange,cd,${FAR},0`] }, { hold: true }, {}],
    [
      'is observe as well, behind the guards',
      { ...soon, settings: { mode: 'observe' } },
      { hold: true },
      { 'orange-cd': ['HOLD', 'observe'] },
    ],
    [
      'is a renewal under another spelling also before the end',
      { ...soon, licenses: ['orange,cd,2026-03-05,0', `orangee,cd,${FAR},0`] },
      {},
      { 'orange-cd': ['probably renewed under another spelling'] },
    ],
    [
      'is no renewal under another spelling more than 7 days before the end',
      {
        ...soon,
        licenses: ['orange,cd,2026-03-10,0', `orangee,cd,${FAR},0`],
        ledger: { notices: [noticeOf({ end: '2026-03-10' })] },
      },
      {},
      { 'orange-cd': [] },
    ],
    [
      'is such a renewal from 7 days before the end on',
      { ...soon, licenses: ['orange,cd,2026-03-09,0', `orangee,cd,${FAR},0`] },
      {},
      { 'orange-cd': ['probably renewed under another spelling'] },
    ],
    [
      'is the use of any of its tokens by somebody else',
      {
        ...soon,
        keys: { 'mtn-cm': CONTENT },
        ledger: {
          checks: [{ ...HELD_BY_MTN, tokenId: 't9' }],
        },
      },
      {},
      { 'orange-cd': ['in use by somebody else'] },
    ],
  ])('%s', (_, situation, options, expected) => {
    expect(holdsOf(situation, options)).toEqual(expected);
  });
});

describe('a withdrawal that was withheld until its notice was too old', () => {
  /** Three of four are due; the fourth was, and was announced again an hour ago. */
  const waiting = (changes: Partial<Notice> = {}, situation: Partial<Situation> = {}): Situation => {
    const base = due('a-aa', 'b-bb', 'c-cc');
    return {
      ...base,
      tokens: [...(base.tokens ?? []), { id: 'id-d-dd', label: 'd-dd' }],
      licenses: [...ended('d-dd'), ...base.licenses],
      ...situation,
      ledger: {
        notices: [
          ...(base.ledger?.notices ?? []),
          noticeOf({
            deployment: 'd-dd',
            tokenId: 'id-d-dd',
            at: iso(NOW - HOUR),
            firstAt: iso(NOW - 15 * DAY),
            overdue: true,
            ...changes,
          }),
        ],
      },
    };
  };
  const all = due('a-aa', 'b-bb', 'c-cc');
  const fourth = { id: 'id-d-dd', label: 'd-dd' };
  const ofFourth = (token: Partial<HubToken>): Partial<Situation> => ({
    tokens: [...(all.tokens ?? []), { ...fourth, ...token }],
  });
  const rows = (...more: string[]): Partial<Situation> => ({ licenses: [...more, ...all.licenses] });

  it.each<readonly [string, Situation, boolean]>([
    ['that has waited since', waiting(), true],
    ['that was only announced', waiting({ overdue: undefined }), false],
    ['that is a deletion', waiting({ step: 'delete-token' }), false],
    ['for another end', waiting({ end: '2026-01-31' }), false],
    ['whose license is in force again', waiting({}, rows(`d,dd,${FAR},0`)), false],
    ['whose end moved to a day that comes', waiting({ end: '2026-03-05' }, rows('d,dd,2026-03-05,0')), false],
    ['whose token is off', waiting({}, ofFourth({ enabled: false })), false],
    ['whose token was replaced by hand', waiting({}, ofFourth({ id: 'another' })), false],
    ['whose token is one of two', waiting({}, { tokens: [...(ofFourth({}).tokens ?? []), { id: 'more', label: 'd-dd' }] }), true],
    ['whose name is no more', waiting({}, { tokens: all.tokens ?? [], licenses: all.licenses }), false],
    ['that an unreadable row holds', waiting({}, rows(...ended('d-dd'), 'd,dd,never,0')), false],
  ])('counts for the caps, or not, with three others: one %s', (_, situation, isCounted) => {
    const others = planned(situation).filter(({ kind }) => kind === 'deactivate');
    expect(others.map(({ deployment, guard }) => [deployment, guard])).toEqual(
      ['a-aa', 'b-bb', 'c-cc'].map((name) => [name, isCounted ? 'caps' : undefined]),
    );
  }); // prettier-ignore
});

describe('what an approval does not name', () => {
  const guards = (situation: Situation, approve: readonly string[]): unknown =>
    planned(situation, { approve }).map(({ deployment, guard }) => `${deployment} ${guard ?? 'goes'}`);

  it.each<readonly [string, Situation, readonly string[], readonly string[]]>([
    [
      'is left to the night where the caps allow the rest',
      due('a-aa', 'b-bb', 'c-cc', 'd-dd'),
      ['a-aa'],
      ['a-aa goes', 'b-bb not approved', 'c-cc not approved', 'd-dd not approved'],
    ],
    [
      'is held by the caps where the rest is too many still',
      due('a-aa', 'b-bb', 'c-cc', 'd-dd', 'e-ee'),
      ['a-aa'],
      ['a-aa goes', 'b-bb caps', 'c-cc caps', 'd-dd caps', 'e-ee caps'],
    ],
    [
      'is left to the night where an input shrank: the new counts are the measure then',
      {
        ...due('a-aa', 'b-bb'),
        ledger: {
          ...due('a-aa', 'b-bb').ledger,
          measures: { tokens: 9, keys: null, licenses: null, exemptions: null },
        },
      },
      ['a-aa'],
      ['a-aa goes', 'b-bb not approved'],
    ],
    [
      'is held by what is about it alone',
      { ...due('a-aa', 'b-bb'), licenses: [...ended('a-aa', 'b-bb'), `c,cc,${FAR},0`, 'b,bb,never,0'] },
      ['a-aa'],
      ['a-aa goes', 'b-bb unreadable row'],
    ],
  ])('%s', (_, situation, approve, expected) => {
    expect(guards(situation, approve)).toEqual(expected);
  });

  it('makes the plan one by approval, also where nothing is named', () => {
    const isApproval = (options: Partial<PlanOptions>): unknown => plan(due('a-aa'), options).isApproval;
    expect([isApproval({}), isApproval({ approve: [] }), isApproval({ approve: ['a-aa'] })]).toEqual([
      false,
      true,
      true,
    ]);
    expect(plan(due('a-aa')).notDue).toEqual([]);
  });
});

describe('a step for each token', () => {
  it('is one, where it was replaced and switched off for its end: it is deleted, and not announced besides', () => {
    const situation = {
      tokens: [{ enabled: false }, {}],
      licenses: ended('orange-cd'),
      ledger: {
        suspensions: [suspensionOf()],
        replaced: [{ ...replacedOf('t1', 't2', NOW - 7 * DAY), offSince: iso(NOW - 7 * DAY) }],
      },
    };
    expect(texts(planned(situation))).toEqual(['delete-token t1', 'announce t2']);
  });

  it('stops at no guard where a renewed customer is switched on', () => {
    const renewed: Situation = {
      tokens: [{ enabled: false }],
      licenses: [`orange,cd,${FAR},0`],
      ledger: { suspensions: [suspensionOf()] },
      settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 },
    };
    expect(texts(planned(renewed, { hold: true }))).toEqual(['reactivate t1']);
  });

  it('holds the key by what holds its token, whatever else would hold the key', () => {
    const held = planned({
      tokens: [{ enabled: false }, { id: 't2', label: 'mtn-cm' }],
      keys: { ...KEY, 'mtn-cm': CONTENT },
      licenses: [...ended('orange-cd'), `mtn,cm,${FAR},0`],
      ledger: {
        suspensions: [suspensionOf()],
        notices: [noticeOf({ step: 'delete-token', at: iso(NOW - 7 * DAY) })],
        measures: { tokens: 9, keys: null, licenses: null, exemptions: null },
        checks: [HELD_BY_MTN],
      },
    });
    expect(held.map(({ kind, guard }) => [kind, guard])).toEqual([
      ['delete-token', 'in use by somebody else'],
      ['remove-key', 'in use by somebody else'],
    ]);
  });
});

describe('a notice that is too old', () => {
  const situation: Situation = {
    tokens: [{}],
    licenses: ended('orange-cd'),
    ledger: { notices: [noticeOf({ at: iso(NOW - 15 * DAY) })] },
  };

  it('is given again before anything is done', () => {
    expect(planned(situation)).toMatchObject([{ kind: 'announce', announces: 'deactivate', dueAt: NOW }]);
  });

  it('is given again among the withheld, where a guard stops the step', () => {
    expect(planned(situation, { hold: true })).toMatchObject([
      { kind: 'deactivate', guard: 'HOLD', announces: 'deactivate', dueAt: NOW },
    ]);
  });

  it('and one that lapsed lets nothing go by it, however long ago it was given', () => {
    const lapsed = { ...situation, ledger: { notices: [noticeOf({ at: iso(NOW - DAY), lapsed: true })] } };
    expect(texts(planned(lapsed))).toEqual(['announce t1']);
  });
});

describe('the night that an announcement names', () => {
  const at = (time: string, situation: Situation): readonly Step[] => {
    const snapshot = takeSnapshot(inputsOf(situation), defaultSettings(situation.settings), Date.parse(time));
    return makePlan(snapshot, { hold: false }).steps;
  };
  const over: Situation = { tokens: [{}], licenses: ended('orange-cd') };

  it.each<readonly [string, string, Situation, string]>([
    ['may begin two minutes late', '2026-03-02T07:31:00Z', over, '2026-03-03, 03:30'],
    ['is another one where that is too early', '2026-03-02T07:33:00Z', over, '2026-03-04, 03:30'],
    [
      'is never the one of the run that announces it',
      '2026-03-02T03:30:00Z',
      { ...over, settings: { noticeHours: 0 } },
      '2026-03-03, 03:30',
    ],
    [
      'of a deletion may begin two minutes late',
      '2026-03-02T03:31:00Z',
      {
        tokens: [{ enabled: false }],
        licenses: ended('orange-cd'),
        ledger: { suspensions: [suspensionOf()] },
      },
      '2026-03-09, 03:30',
    ],
  ])('%s', (_, time, situation, night) => {
    expect(at(time, situation).map(({ reason }) => reason.split(' in the night of ')[1])).toEqual([night]);
  });

  it('is the first after the instant at which the step is due: the end of the day, or of the notice time', () => {
    const dueAt = (row: string): unknown => planned({ tokens: [{}], licenses: [row] })[0]?.dueAt;
    expect(dueAt('orange,cd,2026-03-05,0')).toBe(Date.parse('2026-03-06T00:00:00Z'));
    expect(dueAt(`orange,cd,${ENDED},0`)).toBe(NOW + 20 * HOUR);
  });
});

describe('what a run means to do', () => {
  it('is written down with what the step goes by, and says of each whether it was approved or replaced', () => {
    const intents = intentsOf(
      [
        {
          kind: 'deactivate',
          deployment: 'orange-cd',
          tokenId: 't1',
          reason: 'ended',
          end: ENDED,
          fingerprint: 'f',
          approved: true,
          replaced: true,
        },
        { kind: 'remove-key', deployment: 'mtn-cm', reason: 'gone' },
      ],
      'run-1',
      NOW,
    );
    const always = { at: iso(NOW), runId: 'run-1' };
    expect(intents).toStrictEqual([
      { step: 'deactivate', deployment: 'orange-cd', tokenId: 't1', reason: 'ended', end: ENDED, fingerprint: 'f', approved: true, replaced: true, ...always },
      { step: 'remove-key', deployment: 'mtn-cm', reason: 'gone', approved: false, replaced: false, ...always },
    ]); // prettier-ignore
  });

  it('is left to the night by one guard alone', () => {
    expect([
      isLeftToNight({ guard: 'not approved' }),
      isLeftToNight({ guard: 'caps' }),
      isLeftToNight({}),
    ]).toEqual([true, false, false]);
  });
});

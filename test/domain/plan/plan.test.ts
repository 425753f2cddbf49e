import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger } from '../../../lambdas/domain/ledger.ts';
import { inputCounts, shrunkInputs, withdrawalLimit } from '../../../lambdas/domain/plan/guards.ts';
import { type Plan, type PlanOptions, makePlan, reactivatedBy } from '../../../lambdas/domain/plan/plan.ts';
import { type Step, isAsPlanned, stepText } from '../../../lambdas/domain/plan/step.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import type { HubToken } from '../../../lambdas/domain/token.ts';
import { fingerprintOf } from '../../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../../fakes.ts';
import { CONTENT, NOW, type Situation, factsOf, suspensionOf, tokenOf, snapshotOf } from '../situation.ts';

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
    const off = 'the token will be switched off by the first run from';
    expect(reason('orange,cd,2026-03-05,0')).toBe(`the license ends with 2026-03-05; ${off} 2026-03-06 on`);
    expect(reason('orange,cd,2026-03-02,0')).toBe(`the license ends with 2026-03-02; ${off} 2026-03-03 on`);
    expect(reason('orange,cd,2026-03-01,0')).toBe(`the license ended with 2026-03-01; ${off} 2026-03-02 on`);
    expect(reason('orange,cd,2026-03-01,0', 48)).toContain('from 2026-03-04 on');
  });

  it('is made from 7 days before the end on', () => {
    expect(texts(planned({ tokens: [{}], licenses: ['orange,cd,2026-03-09,0'] }))).toEqual(['announce t1']);
    expect(planned({ tokens: [{}], licenses: ['orange,cd,2026-03-10,0'] })).toEqual([]);
  });

  it('is not made of an inactive token', () => {
    expect(planned({ tokens: [{ enabled: false }], licenses: ended('orange-cd') })).toEqual([]);
  });

  it('waits for 7 days where people switched the token on, to the millisecond', () => {
    const restored = (at: number): string[] =>
      texts(
        planned({
          tokens: [{}],
          licenses: ended('orange-cd'),
          ledger: {
            restores: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(at), reason: 'by hand' }],
          },
        }),
      );
    expect([restored(NOW - 7 * DAY + 1), restored(NOW - 7 * DAY)]).toEqual([[], ['announce t1']]);
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
    const { keys: _, ...unread } = factsOf({
      tokens: [{}],
      licenses: ended('orange-cd'),
      ledger: { notices: [noticeOf()] },
    });
    for (const facts of [unread, { ...unread, keys: { names: ['orange-cd'], version: 1 } }]) {
      const [step] = makePlan(takeSnapshot(facts, defaultSettings(), NOW), { hold: false }).steps;
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
      `switched off on 2025-12-09 because the license ended with ${ENDED}; token and key will be deleted for good by the first run from 2026-03-09 on`,
    );
    expect(offFor(200)[0]?.reason).toContain('from 2026-03-09 on');
  });

  it('takes the token and its key when both times are over', () => {
    expect(texts(remains({ suspensions: [suspensionOf()], notices: [notice] }))).toEqual([
      'delete-token t1',
      'remove-key orange-cd',
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
    expect(of([suspensionOf({ deployment: 'mtn-cm' })])).toEqual([]);
    expect(of([suspensionOf()], [{ id: 't2', enabled: false }])).toEqual([]);
    expect(texts(of([suspensionOf()], [{}]))).toEqual(['announce t1']);
  });

  it('is not of a deployment whose license is in force again', () => {
    const expired = { tokens: [{ enabled: false, expiresAt: NOW }], licenses: [`orange,cd,${FAR},0`] };
    const far = { ...notice, end: FAR };
    expect(remains({ suspensions: [suspensionOf()], notices: [far] }, expired)).toEqual([]);
    expect(remains({ suspensions: [suspensionOf()] }, expired)).toEqual([]);
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

  it('does not happen where another token of the label is active', () => {
    expect(renewed({ tokens: [off(), {}], ledger: { suspensions: [suspensionOf()] } })).toEqual([]);
  });

  it('is not of a token past its own expiry date', () => {
    expect(renewed({ tokens: [off({ expiresAt: NOW }), off()], ledger: both })).toMatchObject([
      { tokenId: 't2' },
    ]);
  });

  it('is of one token of a label: the one that Vault holds, else the newest, else the first by its id', () => {
    const chosen = (
      one: number | undefined,
      other: number | undefined,
      stored?: string,
    ): (string | undefined)[] => {
      const checks =
        stored === undefined
          ? []
          : [
              {
                deployment: 'orange-cd',
                tokenId: stored,
                at: iso(NOW),
                verdict: 'matching' as const,
                fingerprint: fingerprintOf(CONTENT),
              },
            ];
      const made = (id: string, createdAt: number | undefined): HubToken => {
        const { createdAt: _, ...token } = tokenOf({ id, enabled: false });
        return createdAt === undefined ? token : { ...token, createdAt };
      };
      const ids = [
        [made('t1', one), made('t2', other)],
        [made('t2', other), made('t1', one)],
      ].map((tokens) => {
        const steps = renewed({ tokens, keys: KEY, ledger: { ...both, checks } });
        expect(steps).toHaveLength(1);
        return steps[0]?.tokenId;
      });
      return ids;
    };
    expect(chosen(NOW, NOW - DAY)).toEqual(['t1', 't1']);
    expect(chosen(NOW - DAY, NOW)).toEqual(['t2', 't2']);
    expect(chosen(NOW, NOW)).toEqual(['t1', 't1']);
    expect(chosen(NOW, NOW - DAY, 't2')).toEqual(['t2', 't2']);
    expect(chosen(NOW - DAY, NOW, 't1')).toEqual(['t1', 't1']);
  });

  it('is told to rules that would otherwise miss the token, and nothing else is', () => {
    const situation = { tokens: [off(), { label: 'mtn-cm' }], ledger: { suspensions: [suspensionOf()] } };
    const whole = plan({ ...situation, licenses: [`orange,cd,${FAR},0`, ...ended('mtn-cm')] });
    expect(texts(whole.steps)).toEqual(['reactivate t1', 'announce t2']);
    expect([...reactivatedBy(whole)]).toEqual(['orange-cd']);
  });

  it('goes by a check only while the key holds what was checked', () => {
    const checkOf = (fingerprint: string): Ledger['checks'] => [
      { deployment: 'orange-cd', tokenId: 't1', at: iso(NOW), verdict: 'matching', fingerprint },
    ];
    const tokens = [off({ createdAt: NOW - DAY }), off({ createdAt: NOW })];
    const chosen = (situation: Situation): (string | undefined)[] =>
      renewed({ tokens, ...situation }).map(({ tokenId }) => tokenId);
    const checked = { ledger: { ...both, checks: checkOf(fingerprintOf(CONTENT)) } };
    expect(chosen({ ...checked, keys: KEY })).toEqual(['t1']);
    expect(chosen({ ...checked, keys: { 'orange-cd': 'dckr_pat_new' } })).toEqual(['t2']);
    expect(chosen({ ...checked, keys: {} })).toEqual(['t2']);
  });

  it('is of a replaced token only where no other one is there, however new it is', () => {
    const replaced = [replacedOf('t1', 't2', NOW + DAY)];
    const tokens = [off({ createdAt: NOW }), off({ createdAt: NOW - DAY })];
    const ledger = { ...both, replaced };
    expect(texts(renewed({ tokens, ledger }))).toEqual(['reactivate t2']);
    expect(texts(renewed({ tokens: tokens.slice(0, 1), ledger }))).toEqual(['reactivate t1']);
  });
});

describe('a replaced token', () => {
  const licenses = [`orange,cd,${FAR},0`];
  const replaced = (tokens: readonly Partial<HubToken>[], until = NOW): readonly Step[] =>
    planned({ tokens, licenses, ledger: { replaced: [replacedOf('t1', 't2', until)] } });

  it('is deleted from the instant on at which its time is over', () => {
    expect(texts(replaced([{}, {}]))).toEqual(['delete-token t1']);
    expect(replaced([{}, {}], NOW + 1)).toEqual([]);
    expect(replaced([{ id: 't2' }])).toEqual([]);
  });

  it('is kept while the one that replaces it is not active, unless it is off itself', () => {
    for (const successor of [{ enabled: false }, { expiresAt: NOW }, { id: 't3' }])
      expect(texts(replaced([{}, successor]))).toEqual(['delete-token t1 withheld']);
    expect(texts(replaced([{ enabled: false }, { id: 't3' }]))).toEqual(['delete-token t1']);
  });

  it('that people switched on after it was replaced is left for 7 days; one replaced after that is not meant', () => {
    const kept = (restored: number, at?: number): boolean => {
      const entry = replacedOf('t1', 't2');
      return (
        planned({
          tokens: [{}, {}],
          licenses,
          ledger: {
            replaced: [at === undefined ? entry : { ...entry, at: iso(at) }],
            restores: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(restored), reason: 'by hand' }],
          },
        }).length === 0
      );
    };
    const hour = NOW - HOUR;
    expect([kept(hour, hour), kept(hour, hour + 1), kept(hour)]).toEqual([true, false, true]);
    expect([kept(NOW - 7 * DAY), kept(NOW - 7 * DAY + 1)]).toEqual([false, true]);
  });

  /** `t1` of a renewed deployment was replaced; four others are due. */
  const beside = (...names: string[]): Situation => {
    const others = due(...names);
    return {
      ...others,
      tokens: [{ id: 't1' }, { id: 't2' }, ...(others.tokens ?? [])],
      licenses: [...licenses, ...others.licenses],
      ledger: { ...others.ledger, replaced: [replacedOf('t1', 't2')] },
    };
  };

  it('is deleted also where the caps withhold the withdrawals, and is none of them', () => {
    const over = plan(beside('a-aa', 'b-bb', 'c-cc', 'd-dd'));
    expect(texts(over.steps)).toEqual([
      'deactivate id-a-aa withheld',
      'deactivate id-b-bb withheld',
      'deactivate id-c-cc withheld',
      'deactivate id-d-dd withheld',
      'delete-token t1',
    ]);
    expect(over.steps[0]?.withheld).toContain('4 withdrawals due');
    expect(
      texts(planned(beside('a-aa', 'b-bb', 'c-cc'))).filter((text) => text.includes('withheld')),
    ).toEqual([]);
    expect(texts(planned({ ...beside(), settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } }))).toEqual(
      ['delete-token t1'],
    );
  });

  it('is not what an approval is about', () => {
    expect(plan(beside('a-aa'), { approve: ['orange-cd'] }).notDue).toEqual(['orange-cd']);
    const ending = {
      ...due('orange-cd'),
      tokens: [{ id: 't1' }, { id: 't2' }],
      ledger: {
        notices: [noticeOf({ tokenId: 't2' })],
        replaced: [replacedOf('t1', 't2')],
      },
    };
    const approved = plan(ending, { approve: ['orange-cd'] });
    expect(texts(approved.steps)).toEqual(['deactivate t2', 'delete-token t1 withheld', 'announce t1']);
    expect(approved.steps[1]?.withheld).toBe('this run withdraws only what its event approves');
  });

  it('is deleted also where an unreadable row keeps the deployment from being withdrawn', () => {
    const situation = {
      tokens: [{ id: 't1' }, { id: 't2' }],
      licenses: [...ended('orange-cd'), 'orange,cd,never,0', 'orange,cd,never,0'],
      ledger: { notices: [noticeOf({ tokenId: 't2' })], replaced: [replacedOf('t1', 't2')] },
    };
    expect(texts(planned(situation))).toEqual(['deactivate t2 withheld', 'delete-token t1', 'announce t1']);
  });

  it('that was also switched off long ago is deleted once', () => {
    const situation = {
      tokens: [{ enabled: false }],
      keys: KEY,
      licenses: ended('orange-cd'),
      ledger: {
        suspensions: [suspensionOf()],
        notices: [noticeOf({ step: 'delete-token', at: iso(NOW - 7 * DAY) })],
        replaced: [replacedOf('t1', 't2')],
      },
    };
    expect(texts(planned(situation))).toEqual(['delete-token t1', 'remove-key orange-cd']);
  });

  it('is withheld by HOLD and by a shrunken input', () => {
    expect(texts(planned(beside(), { hold: true }))).toEqual(['delete-token t1 withheld']);
    const baseline = { tokens: 2, keys: 10, licenses: 2, exemptions: 0 };
    const shrunk = beside();
    expect(texts(planned({ ...shrunk, ledger: { ...shrunk.ledger, baseline } }))).toEqual([
      'delete-token t1 withheld',
    ]);
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

describe('the shrink guard', () => {
  const counts = { tokens: 20, keys: 20, licenses: 20, exemptions: 20 };

  it('believes an input that lost a fifth, or 2, and none that lost more than both', () => {
    expect(shrunkInputs(null, counts)).toEqual([]);
    expect(shrunkInputs(counts, { ...counts, keys: 16 })).toEqual([]);
    expect(shrunkInputs(counts, { ...counts, keys: 15 })).toEqual(["Vault's keys went from 20 to 15"]);
    expect(shrunkInputs({ ...counts, keys: 3 }, { ...counts, keys: 1 })).toEqual([]);
    expect(shrunkInputs({ ...counts, keys: 3 }, { ...counts, keys: 0 })).toHaveLength(1);
    expect(shrunkInputs({ ...counts, keys: 1000 }, { ...counts, keys: 990 })).toEqual([]);
  });

  it('looks at each input', () => {
    const none = { tokens: 0, keys: 0, licenses: 0, exemptions: 0 };
    expect(shrunkInputs(counts, none)).toEqual([
      "Docker Hub's list went from 20 to 0",
      "Vault's keys went from 20 to 0",
      'the license list went from 20 to 0',
      'the exemptions went from 20 to 0',
    ]);
    expect(shrunkInputs(none, counts)).toEqual([]);
  });

  it('counts tokens, keys, deployments and exemptions', () => {
    const situation = {
      tokens: [{}, {}, {}],
      keys: KEY,
      licenses: [...ended('orange-cd', 'mtn-cm'), ...ended('mtn-cm')],
      exemptions: 'label,reason,owner,until\na,,,\nb,,,\nc,,,\nd,,,\n',
    };
    expect(inputCounts(snapshotOf(situation))).toEqual({ tokens: 3, keys: 1, licenses: 2, exemptions: 4 });
    const { exemptions: _, ...facts } = factsOf(situation);
    expect(inputCounts(takeSnapshot(facts, defaultSettings(), NOW)).exemptions).toBe(0);
  });
});

describe('the caps', () => {
  it('are 3 or 2 % of the licensed deployments, whichever is more, rounded down', () => {
    const limit = (licenses: number): number =>
      withdrawalLimit(
        snapshotOf({ licenses: Array.from({ length: licenses }, (_, index) => `t${index},cd,${FAR},0`) }),
      );
    expect([limit(1), limit(199), limit(200), limit(249), limit(250)]).toEqual([3, 3, 4, 4, 5]);
  });

  it('count deployments, not tokens, and each once with the last 24 hours', () => {
    const names = ['a-aa', 'b-bb', 'c-cc'];
    const situation = due(...names);
    const withdrawn = (deployment: string, at: number): Situation => ({
      ...situation,
      ledger: {
        ...situation.ledger,
        withdrawals: [{ step: 'deactivate', deployment, at: iso(at), approved: false }],
      },
    });
    const held = (chosen: Situation): boolean =>
      planned(chosen).every(({ withheld }) => withheld !== undefined);
    expect(held(withdrawn('a-aa', NOW - HOUR))).toBe(false);
    expect(held(withdrawn('d-dd', NOW - DAY + 1))).toBe(true);
    expect(held(withdrawn('d-dd', NOW - DAY))).toBe(false);
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
        `2 withdrawals due and 0 in the last 24 hours are more than the ${settings.maxWithdrawals} allowed`,
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
    expect(approved.steps.map((step) => step.approved ?? 'not named')).toEqual([
      'not named',
      true,
      'not named',
      'not named',
    ]);
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
    const baseline = { tokens: 9, keys: 0, licenses: 2, exemptions: 0 };
    const shrunk = { ...one, ledger: { ...one.ledger, baseline } };
    const withheld = plan(shrunk);
    expect(withheld.steps[0]?.withheld).toBe("Docker Hub's list went from 9 to 1 since the last whole run");
    expect(withheld.approvable).toEqual(['a-aa']);
    expect(texts(planned(shrunk, { approve: ['a-aa'] }))).toEqual(['deactivate id-a-aa']);
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

  it('names the first by name of those that it may be', () => {
    expect(held(`orangee,cd,${FAR},0`, `orang,cd,${FAR},0`)).toContain('renewed as orang-cd,');
  });

  it('is a license in force without any token, active or not', () => {
    expect(held('orangee,cd,2026-03-01,0')).toBeUndefined();
    expect(held('orangee,cd,2026-03-02,0')).toContain('orangee-cd');
    const situation = due('orange-cd');
    const tokens = [...(situation.tokens ?? []), { id: 'off', label: 'orangee-cd', enabled: false }];
    expect(
      texts(planned({ ...situation, tokens, licenses: [...ended('orange-cd'), `orangee,cd,${FAR},0`] })),
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
    [step('delete-token', true), true, true],
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
    const { ledger: _, ...facts } = factsOf({ tokens: [{}], licenses: ended('orange-cd') });
    const first = makePlan(takeSnapshot(facts, defaultSettings(), NOW), { hold: false });
    expect(texts(first.steps)).toEqual(['announce t1']);
    expect(first).toEqual(
      makePlan(takeSnapshot({ ...facts, ledger: emptyLedger() }, defaultSettings(), NOW), { hold: false }),
    );
  });
});

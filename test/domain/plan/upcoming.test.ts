// Who loses access next, or a token for good: on which night, by which run by hand, and who does not.
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../../lambdas/domain/days.ts';
import type { Ledger, Notice } from '../../../lambdas/domain/ledger.ts';
import { type PlanOptions, makePlan } from '../../../lambdas/domain/plan/plan.ts';
import { type Upcoming, isNextNight, upcomingEnds } from '../../../lambdas/domain/plan/upcoming.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import { defaultSettings } from '../../default-settings.ts';
import { NOW, type Situation, inputsOf, snapshotOf, suspensionOf } from '../situation.ts';

const ENDED = '2026-02-01';
const FAR = '2027-01-01';
const ENDED_ROW = `orange,cd,${ENDED},0`;
const SCHEDULE = { timeZone: 'UTC', nightlyAt: '03:30' };

/** What a run sees coming, with what the ledger remembers of notices. */
function ends(situation: Situation, options: Partial<PlanOptions> = {}, now = NOW): Upcoming[] {
  const snapshot = takeSnapshot(inputsOf(situation), defaultSettings(situation.settings), now);
  const plan = makePlan(snapshot, { hold: false, ...options });
  return upcomingEnds(plan, situation.ledger?.notices ?? [], SCHEDULE);
}
const minute = (instant: number): string => iso(instant).slice(0, 16);
const texts = (upcoming: readonly Upcoming[]): string[] =>
  upcoming.map(
    ({ what, deployment, byHand, night, isNew }) =>
      `${what} ${deployment} by hand ${minute(byHand)}, night ${minute(night)}${isNew ? ', new' : ''}`,
  );

const noticeOf = (changes: Partial<Notice> = {}): Notice => ({
  tokenId: 't1',
  deployment: 'orange-cd',
  step: 'deactivate',
  end: ENDED,
  at: iso(NOW - HOUR),
  ...changes,
});
const noticed = (...notices: Notice[]): Partial<Ledger> => ({ notices });
/** One token whose license has ended, announced an hour ago. */
const soon: Situation = { tokens: [{}], licenses: [ENDED_ROW], ledger: noticed(noticeOf()) };

describe('an end that comes', () => {
  it('has its days, its night, and the instant from which a run by hand does it', () => {
    expect(ends({ tokens: [{}], licenses: ['orange,cd,2026-03-03,2'] })).toEqual([
      {
        deployment: 'orange-cd',
        what: 'deactivate',
        end: '2026-03-05',
        paidUntil: '2026-03-03',
        byHand: Date.parse('2026-03-06T00:00:00Z'),
        night: Date.parse('2026-03-06T03:30:00Z'),
        isNew: true,
        heldBy: [],
      },
    ]);
  });

  it.each<readonly [string, Situation, readonly string[]]>([
    [
      'waits for its notice time, where the license has ended',
      soon,
      ['deactivate orange-cd by hand 2026-03-02T21:00, night 2026-03-03T03:30'],
    ],
    [
      'comes in the night whose run may begin two minutes late',
      {
        ...soon,
        settings: { noticeHours: 26 },
        ledger: noticed(noticeOf({ at: '2026-03-02T01:31:00.000Z' })),
      },
      ['deactivate orange-cd by hand 2026-03-03T03:31, night 2026-03-03T03:30'],
    ],
    [
      'comes a night later where even that is too early',
      {
        ...soon,
        settings: { noticeHours: 26 },
        ledger: noticed(noticeOf({ at: '2026-03-02T01:33:00.000Z' })),
      },
      ['deactivate orange-cd by hand 2026-03-03T03:33, night 2026-03-04T03:30'],
    ],
    [
      'is one for a deployment, the earliest of its tokens',
      {
        ...soon,
        tokens: [{}, {}, {}],
        ledger: noticed(
          noticeOf(),
          noticeOf({ tokenId: 't2', at: iso(NOW - 2 * HOUR) }),
          noticeOf({ tokenId: 't3' }),
        ),
      },
      ['deactivate orange-cd by hand 2026-03-02T20:00, night 2026-03-03T03:30'],
    ],
    [
      'is new where one of its tokens is announced for the first time and none goes earlier',
      {
        tokens: [{}, {}],
        licenses: ['orange,cd,2026-03-05,0'],
        ledger: noticed(noticeOf({ end: '2026-03-05' })),
      },
      ['deactivate orange-cd by hand 2026-03-06T00:00, night 2026-03-06T03:30, new'],
    ],
    [
      'counts from now on where a lapsed notice is given again',
      { ...soon, ledger: noticed(noticeOf({ lapsed: true })) },
      ['deactivate orange-cd by hand 2026-03-02T22:00, night 2026-03-03T03:30, new'],
    ],
    [
      'counts from now on where an old notice is given again',
      { ...soon, ledger: noticed(noticeOf({ at: iso(NOW - 20 * DAY) })) },
      ['deactivate orange-cd by hand 2026-03-02T22:00, night 2026-03-03T03:30, new'],
    ],
    [
      'is that of the token that is there, whatever was announced of one that is gone',
      { ...soon, tokens: [{ id: 't2' }] },
      ['deactivate orange-cd by hand 2026-03-02T22:00, night 2026-03-03T03:30, new'],
    ],
    [
      'goes by the license of the name that was probably meant',
      { ...soon, tokens: [{ label: 'Orange_CD' }], ledger: noticed(noticeOf({ deployment: 'Orange_CD' })) },
      ['deactivate Orange_CD by hand 2026-03-02T21:00, night 2026-03-03T03:30'],
    ],
    [
      'is the deletion of a token that the audit switched off, when it is off for long enough',
      {
        ...soon,
        tokens: [{ enabled: false }],
        ledger: {
          ...noticed(noticeOf({ step: 'delete-token', at: iso(NOW - 5 * DAY) })),
          suspensions: [
            suspensionOf({ tokenId: 't2', at: iso(NOW - 80 * DAY) }),
            suspensionOf({ at: iso(NOW - 85 * DAY) }),
          ],
        },
      },
      ['delete-token orange-cd by hand 2026-03-07T02:00, night 2026-03-07T03:30'],
    ],
    [
      'is a deletion no earlier than 7 days after it was announced',
      {
        ...soon,
        tokens: [{ enabled: false }],
        ledger: {
          ...noticed(noticeOf({ step: 'delete-token', at: iso(NOW - DAY) })),
          suspensions: [suspensionOf({ at: iso(NOW - 100 * DAY) })],
        },
      },
      ['delete-token orange-cd by hand 2026-03-08T02:00, night 2026-03-08T03:30'],
    ],
    [
      'is a deletion in the night whose run may begin two minutes late',
      {
        ...soon,
        tokens: [{ enabled: false }],
        ledger: {
          ...noticed(noticeOf({ step: 'delete-token', at: '2026-03-01T03:31:00.000Z' })),
          suspensions: [suspensionOf()],
        },
      },
      ['delete-token orange-cd by hand 2026-03-08T03:31, night 2026-03-08T03:30'],
    ],
  ])('%s', (_, situation, expected) => {
    expect(texts(ends(situation))).toEqual(expected);
  });

  it('says until when the deployment has paid, as long as a row says it', () => {
    const paid = (situation: Situation): unknown => ends(situation).map(({ paidUntil }) => paidUntil);
    expect(paid(soon)).toEqual([ENDED]);
    const misspelt = {
      tokens: [{ label: 'Orange_CD' }],
      ledger: noticed(noticeOf({ deployment: 'Orange_CD' })),
    };
    expect(paid({ ...soon, ...misspelt })).toEqual([ENDED]);
    const passedEnds = [{ deployment: 'orange-cd', end: ENDED }];
    expect(paid({ ...soon, licenses: [], ledger: { ...soon.ledger, passedEnds } })).toEqual([undefined]);
  });
});

describe('nobody is said to lose access', () => {
  const deletion = noticeOf({ step: 'delete-token', at: iso(NOW - DAY) });
  const off: Situation = {
    tokens: [{ enabled: false }],
    licenses: [ENDED_ROW],
    ledger: { ...noticed(deletion), suspensions: [suspensionOf()] },
  };

  it.each<readonly [string, Situation]>([
    ['whose token this run switches off', { ...soon, ledger: noticed(noticeOf({ at: iso(NOW - DAY) })) }],
    ['whose license was renewed', { ...soon, licenses: [`orange,cd,${FAR},0`] }],
    ['whose token is off', { ...soon, tokens: [{ enabled: false }] }],
    ['whose other token alone is left', { ...soon, tokens: [{ id: 't2', enabled: false }] }],
    [
      'whose name is no more',
      { tokens: [{ id: 't2', label: 'mtn-cm' }], licenses: [`mtn,cm,${FAR},0`], ledger: noticed(noticeOf()) },
    ],
    [
      'whose notice lapsed, while people have just switched the token on',
      {
        ...soon,
        ledger: {
          ...noticed(noticeOf({ lapsed: true })),
          restores: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW - DAY), reason: 'by hand' }],
        },
      },
    ],
    ['who is exempt', { ...soon, exemptions: 'label,reason,owner,until\norange-cd,,,\n' }],
    [
      'whose right name is exempt',
      {
        ...soon,
        tokens: [{ label: 'Orange_CD' }],
        ledger: noticed(noticeOf({ deployment: 'Orange_CD' })),
        exemptions: 'label,reason,owner,until\norange-cd,,,\n',
      },
    ],
    ['whose token works again, of a deletion', { ...off, tokens: [{}], licenses: [`orange,cd,${FAR},0`] }],
    ['whose other token is off, of a deletion', { ...off, tokens: [{ id: 't2', enabled: false }] }],
    ['of a deletion, where the audit deletes nothing', { ...off, settings: { deleteAfterDays: null } }],
    [
      'of a deletion, where no row says that the license has ended',
      {
        ...off,
        licenses: [],
        ledger: { ...off.ledger, passedEnds: [{ deployment: 'orange-cd', end: ENDED }] },
      },
    ],
    [
      'of a deletion, where people revoked the token since',
      { ...off, ledger: { ...off.ledger, suspensions: [suspensionOf({ by: 'people' })] } },
    ],
  ])('%s', (_, situation) => {
    expect(ends(situation)).toEqual([]);
  });

  it('whose withdrawal is withheld, however old its notice is', () => {
    for (const days of [1, 20]) {
      const due = { ...soon, ledger: noticed(noticeOf({ at: iso(NOW - days * DAY) })) };
      expect(ends(due, { hold: true })).toEqual([]);
    }
  });

  it('but by the token that this run does not take', () => {
    const two = noticed(noticeOf({ at: iso(NOW - DAY) }), noticeOf({ tokenId: 't2' }));
    expect(texts(ends({ ...soon, tokens: [{}, {}], ledger: two }))).toEqual([
      'deactivate orange-cd by hand 2026-03-02T21:00, night 2026-03-03T03:30',
    ]);
  });
});

describe('what an approval leaves to the night', () => {
  const left = (at: number): Situation => ({
    tokens: [{}, { label: 'mtn-cm' }],
    licenses: [ENDED_ROW, `mtn,cm,${ENDED},0`],
    ledger: noticed(
      noticeOf({ at: iso(NOW - DAY) }),
      noticeOf({ tokenId: 't2', deployment: 'mtn-cm', at: iso(at) }),
    ),
  });

  it('comes in the next night, never in the run that left it', () => {
    const approve = ['orange-cd'];
    expect(texts(ends(left(NOW - DAY), { approve }))).toEqual([
      'deactivate mtn-cm by hand 2026-03-01T22:00, night 2026-03-02T03:30',
    ]);
    const night = Date.parse('2026-03-02T03:30:00Z');
    expect(texts(ends(left(NOW - DAY), { approve }, night))).toEqual([
      'deactivate mtn-cm by hand 2026-03-01T22:00, night 2026-03-03T03:30',
    ]);
  });

  it('is none of those that come where its notice is too old', () => {
    expect(ends(left(NOW - 20 * DAY), { approve: ['orange-cd'] })).toEqual([]);
  });
});

describe('the guards that hold an end', () => {
  const heldBy = (situation: Situation, options: Partial<PlanOptions> = {}): unknown =>
    ends(situation, options).map((end) => end.heldBy);
  const misspelt: Situation = {
    ...soon,
    tokens: [{ label: 'Orange_CD' }],
    ledger: noticed(noticeOf({ deployment: 'Orange_CD' })),
  };

  it('are named where they hold this deployment, and not those that hold everybody', () => {
    expect(heldBy(soon)).toEqual([[]]);
    expect(heldBy(misspelt)).toEqual([['misnamed']]);
    expect(heldBy(misspelt, { hold: true })).toEqual([['misnamed']]);
    expect(heldBy({ ...soon, settings: { mode: 'observe' } })).toEqual([[]]);
  });

  it('are caps of 0 as well', () => {
    expect(heldBy({ ...misspelt, settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } })).toEqual([
      ['caps of 0', 'misnamed'],
    ]);
  });
});

describe('the order of what comes', () => {
  it('is by night, by the instant for a run by hand, and by name', () => {
    const names = ['d-cd', 'c-cd', 'b-cd', 'a-cd'];
    const rows = ['2026-03-01', '2026-03-01', '2026-03-02', '2026-03-03'];
    const notices = names.map((deployment, index) =>
      noticeOf({ deployment, tokenId: `t${index + 1}`, end: rows[index] ?? ENDED }),
    );
    const situation: Situation = {
      tokens: names.map((label) => ({ label })),
      licenses: names.map((name, index) => `${name.replace('-', ',')},${rows[index] ?? ''},0`),
      ledger: { notices },
    };
    const expected = [
      'deactivate c-cd by hand 2026-03-02T21:00, night 2026-03-03T03:30',
      'deactivate d-cd by hand 2026-03-02T21:00, night 2026-03-03T03:30',
      'deactivate b-cd by hand 2026-03-03T00:00, night 2026-03-03T03:30',
      'deactivate a-cd by hand 2026-03-04T00:00, night 2026-03-04T03:30',
    ];
    expect(texts(ends(situation))).toEqual(expected);
    expect(texts(ends({ ...situation, ledger: { notices: [...notices].reverse() } }))).toEqual(expected);
  });
});

describe('the next night', () => {
  it('is the one that follows this day, or comes on it still', () => {
    const comes = (night: string): boolean => {
      const [end] = ends(soon);
      if (end === undefined) throw new Error('An end comes.');
      return isNextNight({ ...end, night: Date.parse(night) }, snapshotOf(soon));
    };
    expect(['2026-03-02T03:30Z', '2026-03-03T03:30Z', '2026-03-04T03:30Z'].map(comes)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

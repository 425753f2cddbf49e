// What is news, how often it is reported, and what is remembered of it.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import type { Ledger, ReportedItem } from '../../lambdas/domain/ledger.ts';
import { emptyLedger, readLedger } from '../../lambdas/domain/ledger.ts';
import type { Step } from '../../lambdas/domain/plan/step.ts';
import {
  hasNews,
  isNamed,
  rememberFindings,
  rememberReported,
  stillUnreported,
} from '../../lambdas/mail/news.ts';
import { NOW, suspensionOf } from '../domain/situation.ts';
import { type MailSituation, actionOf, mailOf, newsOf } from './mail-input.ts';

const TODAY = '2026-03-02';
const PAID = 'moov,bj,2027-01-01,0';
const CALM: MailSituation = { tokens: [{ label: 'moov-bj' }], keys: { 'moov-bj': 'x' }, licenses: [PAID] };

/** The memory after a mail that everybody could read, and the one after it. */
function memoryOf(situation: MailSituation, isHeard = true): ReportedItem[] {
  const reported = newsOf(situation);
  const keys = isHeard ? mailOf(situation).reported : new Set<string>();
  return rememberReported({ ...emptyLedger(), ...situation.ledger }, reported, keys, {
    fate: isHeard ? 'read' : 'unread',
    today: TODAY,
  });
}
/** Whether a situation is news once it was reported in one that may differ. */
function isNewsAfter(before: MailSituation, now: MailSituation, day = TODAY): boolean {
  const reported = memoryOf(before).map((entry) => ({ ...entry, day }));
  return hasNews(newsOf({ ...now, ledger: { ...now.ledger, reported } }));
}

describe('a finding', () => {
  const open: MailSituation = { ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y' } };

  it('is news until a mail reported it', () => {
    expect(hasNews(newsOf(open))).toBe(true);
    expect(isNewsAfter(open, open)).toBe(false);
  });

  it('is news again where it has become critical', () => {
    const expiring = (expiresAt: number): MailSituation => ({
      ...CALM,
      tokens: [{ label: 'moov-bj', expiresAt }],
    });
    expect(isNewsAfter(expiring(NOW + 2 * DAY), expiring(NOW - DAY))).toBe(true);
    expect(isNewsAfter(expiring(NOW - DAY), expiring(NOW - DAY))).toBe(false);
  });

  it('is news at each narrower of the days that an end comes to, of a license and of a token alike', () => {
    const license = (end: string): MailSituation => ({ ...CALM, licenses: [`moov,bj,${end},0`] });
    const ending = license('2026-03-20');
    const later = newsOf(ending).findings.map(({ item }) => item.level);
    expect(later).toEqual([newsOf(license('2026-03-18')).findings[0]?.item.level]);
    expect(newsOf(license('2026-03-15')).findings[0]?.item.level).toBeGreaterThan(later[0] ?? Infinity);
    const token = (days: number): MailSituation => ({
      ...CALM,
      tokens: [{ label: 'moov-bj', expiresAt: NOW + days * DAY }],
    });
    expect(isNewsAfter(token(20), token(16))).toBe(false);
    expect(isNewsAfter(token(20), token(14))).toBe(true);
    expect(isNewsAfter(token(14), token(9))).toBe(false);
    expect(isNewsAfter(token(2), token(1))).toBe(true);
  });

  it('of another kind is no news because the end of its token comes nearer', () => {
    const levels = [20, 1].flatMap((days) =>
      newsOf({ ...CALM, tokens: [{ label: 'moov-bj', scopes: [], expiresAt: NOW + days * DAY }] })
        .findings.filter(({ value }) => value.kind === 'wrong-scope')
        .map(({ item }) => item.level),
    );
    expect(levels).toEqual([levels[0], levels[0]]);
  });

  it('that another line reports is neither new nor resolved', () => {
    const suspended: MailSituation = {
      ...CALM,
      tokens: [{ label: 'moov-bj' }, { enabled: false }],
      ledger: { suspensions: [suspensionOf({ tokenId: 't2' })] },
    };
    expect(newsOf(suspended).findings).toEqual([]);
  });

  const known = (
    changes: Partial<Ledger['findings'][number]> = {},
    isReported = true,
  ): Pick<Ledger, 'findings' | 'reported'> => ({
    findings: [
      {
        id: 'a',
        kind: 'orphaned-key',
        severity: 'warning',
        deployment: 'old-xx',
        since: iso(NOW),
        ...changes,
      },
    ],
    reported: isReported ? [{ key: 'finding a', day: TODAY }] : [],
  });

  it('is resolved where it was reported and is gone', () => {
    const resolved = (situation: MailSituation): number => newsOf({ ...CALM, ...situation }).resolved.length;
    expect(resolved({ ledger: known() })).toBe(1);
    expect(resolved({ ledger: known({}, false) })).toBe(0);
    expect(
      resolved({
        tokens: [{ label: 'moov-bj' }, { label: 'old-xx' }],
        exemptions: 'label,reason,owner,until\nold-xx,,,\n',
        ledger: known(),
      }),
    ).toBe(0);
  });

  it.each<[string, MailSituation, number]>([
    ['a kind that another line reports is none', { ledger: known({ kind: 'suspended' }) }, 0],
    ['an automatic token that is gone is none', { ledger: known({ kind: 'automatic-token' }) }, 0],
    [
      'the license of one that goes on was renewed',
      { ledger: known({ kind: 'license-expiring', deployment: 'moov-bj' }) },
      1,
    ],
    ['the license of one that is gone was none any more', { ledger: known({ kind: 'license-expiring' }) }, 1],
    [
      'a token of an ended license that expires no more was put right',
      {
        tokens: [{ label: 'moov-bj' }, { label: 'tigo-td' }],
        licenses: [PAID, 'tigo,td,2026-02-01,0'],
        ledger: known({ deployment: 'tigo-td' }),
      },
      1,
    ],
    [
      'one of a token that the audit switched off is not put right by that',
      {
        ledger: {
          ...known({ kind: 'wrong-scope', tokenId: 't9' }),
          suspensions: [suspensionOf({ tokenId: 't9' })],
        },
      },
      0,
    ],
    [
      'one of a token that people switched off is put right by that',
      {
        ledger: {
          ...known({ kind: 'wrong-scope', tokenId: 't9' }),
          suspensions: [suspensionOf({ tokenId: 't9', by: 'people' })],
        },
      },
      1,
    ],
    [
      'an ended license whose token people switched off is not put right',
      {
        ledger: {
          ...known({ kind: 'license-expired', tokenId: 't9' }),
          suspensions: [suspensionOf({ tokenId: 't9', by: 'people' })],
        },
      },
      0,
    ],
  ])('is put right or not: %s', (_rule, situation, count) => {
    expect(newsOf({ ...CALM, ...situation }).resolved).toHaveLength(count);
  });

  it('that is there still is not resolved, and remembered as it is now', () => {
    const open: MailSituation = { ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y' } };
    const findings = newsOf(open).findings.map(({ value }) => ({ ...value, id: 'a', since: iso(NOW) }));
    const report = { findings };
    const reported = newsOf({ ...open, report, ledger: known() });
    expect(reported.resolved).toEqual([]);
    const ledger = { ...emptyLedger(), ...known() };
    const withToken = findings.map((finding) => ({ ...finding, id: 'b', tokenId: 't1' }));
    const { findings: remembered } = known();
    expect(rememberFindings(ledger, [...findings, ...withToken], reported, new Set())).toStrictEqual([
      ...remembered,
      ...remembered.map((finding) => ({ ...finding, id: 'b', tokenId: 't1' })),
    ]);
  });

  it('that came back before a mail said that it is gone is remembered once', () => {
    const reported = newsOf({ ...CALM, ledger: known() });
    const [back] = newsOf({ ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y' } }).findings;
    const ledger = { ...emptyLedger(), ...known() };
    const findings = back === undefined ? [] : [{ ...back.value, id: 'a' }];
    expect(rememberFindings(ledger, findings, reported, new Set()).map(({ id }) => id)).toEqual(['a']);
  });

  it('is news while a list is doubted only where somebody can not pull', () => {
    const obstacles = [{ kind: 'shrunk', text: 'It shrank.' }] as const;
    const doubted = newsOf({
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x', 'old-xx': 'y' },
      licenses: [PAID, 'mtn,cm,2027-01-01,0'],
      input: { obstacles },
    });
    expect(doubted.findings.map(({ value, isNew }) => [value.kind, isNew])).toEqual([
      ['missing-token', true],
      ['orphaned-key', false],
    ]);
    expect(newsOf({ ...CALM, ledger: known(), input: { obstacles } }).resolved.map(({ isNew }) => isNew)).toEqual([false]); // prettier-ignore
  });

  it('is not resolved by what the audit did itself: the end came, or the token is off', () => {
    const ended: MailSituation = {
      tokens: [{}],
      keys: { 'orange-cd': 'x' },
      licenses: ['orange,cd,2026-02-01,0', PAID],
    };
    const expiring = known({ kind: 'license-expiring', deployment: 'orange-cd' });
    expect(newsOf({ ...ended, ledger: expiring }).resolved).toEqual([]);
    const expired = known({ kind: 'license-expired', deployment: 'orange-cd', tokenId: 't1' });
    const off: MailSituation = { ...ended, tokens: [{ enabled: false }] };
    expect(newsOf({ ...off, ledger: { ...expired, suspensions: [suspensionOf()] } }).resolved).toEqual([]);
    expect(newsOf({ ...off, ledger: expired }).resolved).toHaveLength(1);
  });

  it('that is gone is remembered where the mail that was read said so of another one alone', () => {
    const [one] = known().findings;
    const findings = one === undefined ? [] : [one, { ...one, id: 'b', deployment: 'old-yy' }];
    const reported = ['a', 'b'].map((id) => ({ key: `finding ${id}`, day: TODAY }));
    const resolved = newsOf({ ...CALM, ledger: { findings, reported } });
    const keys = new Set(resolved.resolved.slice(0, 1).map(({ item }) => item.key));
    const ledger = { ...emptyLedger(), findings, reported };
    expect(rememberFindings(ledger, [], resolved, keys).map(({ id }) => id)).toEqual(['b']);
  });

  it('that is gone is remembered until a mail that somebody could read has said so', () => {
    const situation: MailSituation = { ...CALM, ledger: known() };
    const left = (isHeard: boolean): string[] => {
      const reported = newsOf(situation);
      const keys = isHeard ? mailOf(situation).reported : new Set<string>();
      const ledger = { ...emptyLedger(), ...situation.ledger };
      return rememberFindings(ledger, [], reported, keys).map(({ id }) => id);
    };
    expect([left(false), left(true)]).toEqual([['a'], []]);
    expect(memoryOf(situation, false).map(({ key }) => key)).toContain('finding a');
    expect(memoryOf(situation).map(({ key }) => key)).not.toContain('finding a');
  });
});

describe('a step that is not done', () => {
  const withheld = (why: string, guard: string): MailSituation => ({
    ...CALM,
    steps: [
      { kind: 'deactivate', deployment: 'orange-cd', tokenId: 't1', reason: 'ended', withheld: why, guard },
    ],
  });
  const steps = (situation: MailSituation, reported: ReportedItem[] = []): boolean[] =>
    newsOf({ ...situation, ledger: { reported } }).withheld.map(({ isNew }) => isNew);

  it('is reported when a guard holds it and when another guard does, not every night', () => {
    const cap = withheld('5 withdrawals due are more than the 3 allowed', 'caps');
    const reported = memoryOf(cap).map((entry) => ({ ...entry, day: '2026-02-01' }));
    expect(steps(cap)).toEqual([true]);
    expect(steps(cap, reported)).toEqual([false]);
    expect(steps(withheld('6 withdrawals due are more than the 3 allowed', 'caps'), reported)).toEqual([
      false,
    ]);
    expect(steps(withheld('its row may be unreadable', 'unreadable row'), reported)).toEqual([true]);
    expect(mailOf({ ...cap, ledger: { reported } }).mail.text).toContain('NOT DONE, PLEASE DECIDE');
    const thisWeek = [...reported, { key: 'weekly mail', day: TODAY }];
    expect(mailOf({ ...cap, ledger: { reported: thisWeek } }).mail.text).not.toContain('NOT DONE');
  });

  it('and failed or was left alone is reported once a day', () => {
    for (const status of ['failed', 'skipped'] as const) {
      const situation: MailSituation = { ...CALM, report: { actions: [actionOf('deactivate', status)] } };
      expect(isNewsAfter(situation, situation)).toBe(false);
      expect(isNewsAfter(situation, situation, '2026-03-01')).toBe(true);
    }
    const planned: MailSituation = { ...CALM, report: { actions: [actionOf('deactivate', 'planned')] } };
    expect(isNewsAfter(planned, planned, '2026-01-01')).toBe(false);
    const failed: MailSituation = { ...CALM, report: { actions: [actionOf('deactivate', 'failed')] } };
    expect(isNewsAfter(planned, failed)).toBe(true);
  });

  it('is told apart by what became of it, and an announcement is no step', () => {
    const statuses = ['failed', 'skipped', 'planned', 'withheld', 'done'] as const;
    const { failed, planned } = newsOf({
      ...CALM,
      report: {
        actions: statuses.flatMap((status) => [actionOf('deactivate', status), actionOf('announce', status)]),
      },
    });
    expect(failed.map(({ value }) => `${value.kind} ${value.status}`)).toEqual([
      'deactivate failed',
      'deactivate skipped',
    ]);
    expect(planned.map(({ value }) => `${value.kind} ${value.status}`)).toEqual(['deactivate planned']);
  });

  const step = (changes: Partial<Step>): Step => ({
    kind: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 't1',
    reason: 'ended',
    ...changes,
  });

  it('because the run approves others is left to the night, and what nothing holds is none', () => {
    const of = (changes: Partial<Step>): number =>
      newsOf({ ...CALM, steps: [step(changes)] }).withheld.length;
    expect([
      of({ withheld: 'x', guard: 'not approved' }),
      of({ withheld: 'x', guard: 'caps' }),
      of({ withheld: 'x' }),
      of({}),
    ]).toEqual([0, 1, 1, 0]);
  });

  it('is news again where its end is announced again', () => {
    const held = { ...CALM, steps: [step({ withheld: 'x', guard: 'caps' })] };
    const again = {
      ...CALM,
      steps: [step({ withheld: 'x', guard: 'caps', announces: 'deactivate', end: '2026-02-01' })],
    };
    const reported = memoryOf(held);
    expect(newsOf({ ...held, ledger: { reported } }).withheld.map(({ isNew }) => isNew)).toEqual([false]);
    expect(newsOf({ ...again, ledger: { reported } }).withheld.map(({ isNew }) => isNew)).toEqual([true]);
  });

  it('or is announced was given notice where a mail named it: by its end, or as withheld', () => {
    const announced = new Set(['announced deactivate 2026-02-01 orange-cd']);
    const named = new Set(['step deactivate t1 orange-cd']);
    const end = '2026-02-01';
    expect([
      isNamed(step({ kind: 'announce', announces: 'deactivate', end }), announced),
      isNamed(step({ kind: 'announce', announces: 'deactivate', end: '2026-02-02' }), announced),
      isNamed(step({ announces: 'deactivate', end, withheld: 'x' }), named),
      isNamed(step({ announces: 'deactivate', end, withheld: 'x' }), announced),
      isNamed(step({ end, withheld: 'x' }), named),
      isNamed(step({ announces: 'deactivate', withheld: 'x' }), named),
    ]).toEqual([true, false, true, false, false, false]);
  });
});

describe('what was done', () => {
  it('is reported by the next mail that somebody can read', () => {
    const done = [actionOf('deactivate', 'done'), actionOf('reactivate', 'done', { deployment: 'mtn-cm' })];
    const situation: MailSituation = { ...CALM, ledger: { unreported: done } };
    const ledger = { ...emptyLedger(), unreported: done };
    expect(stillUnreported(ledger, new Set())).toEqual(done);
    expect(stillUnreported(ledger, mailOf(situation).reported)).toEqual([]);
    const failed = [actionOf('deactivate', 'failed')];
    expect(newsOf({ ...CALM, ledger: { unreported: [...done, ...failed] } }).done).toHaveLength(2);
  });
});

describe('who loses access', () => {
  const ending = (end: string, at: number): MailSituation => ({
    tokens: [{}, { label: 'moov-bj' }],
    keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
    licenses: [`orange,cd,${end},0`, PAID],
    ledger: { notices: [{ tokenId: 't1', deployment: 'orange-cd', step: 'deactivate', end, at: iso(at) }] },
  });

  it('is reported when announced, and once more the night before', () => {
    const far = ending('2026-03-05', NOW - DAY);
    const near = ending('2026-03-02', NOW - DAY);
    const fresh = { ...far, ledger: {} };
    expect(newsOf(fresh).upcoming).toMatchObject([{ isNew: true, item: { level: 1 } }]);
    expect(newsOf({ ...far, ledger: { ...far.ledger, reported: memoryOf(fresh) } }).upcoming).toMatchObject([
      { isNew: false },
    ]);
    const announced = [{ key: 'announced deactivate 2026-03-02 orange-cd', day: '2026-02-25', level: 1 }];
    const reminded = { ...near, ledger: { ...near.ledger, reported: announced } };
    expect(newsOf(reminded).upcoming).toMatchObject([{ isNew: true, item: { level: 2 } }]);
    const again = { ...near, ledger: { ...near.ledger, reported: memoryOf(reminded) } };
    expect(newsOf(again).upcoming).toMatchObject([{ isNew: false }]);
  });
});

describe('what is announced for the next night', () => {
  const ending: MailSituation = {
    tokens: [{}, { label: 'moov-bj' }],
    keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
    licenses: ['orange,cd,2026-02-01,0', PAID],
  };
  const levelOf = (situation: MailSituation): (number | undefined)[] =>
    newsOf(situation).upcoming.map(({ item }) => item.level);

  it('is reported once more, unless it is held or costs nobody access', () => {
    expect(levelOf(ending)).toEqual([2]);
    expect(levelOf({ ...ending, settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } })).toEqual([1]);
    const deleting: MailSituation = {
      ...ending,
      tokens: [{ enabled: false }, { label: 'moov-bj' }],
      licenses: ['orange,cd,2025-10-01,0', PAID],
      ledger: {
        suspensions: [suspensionOf({ end: '2025-10-01' })],
        notices: [
          {
            tokenId: 't1',
            deployment: 'orange-cd',
            step: 'delete-token',
            end: '2025-10-01',
            at: iso(NOW - 6 * DAY),
          },
        ],
      },
    };
    expect(levelOf(deleting)).toEqual([1]);
  });
});

describe('an announcement', () => {
  const ending: MailSituation = {
    tokens: [{}, { label: 'moov-bj' }],
    keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
    licenses: ['orange,cd,2026-03-05,0', PAID],
  };

  it('that is made again because its notice lapsed is news again, and in observe it is not every night', () => {
    expect(isNewsAfter(ending, ending)).toBe(true);
    const observed: MailSituation = { ...ending, report: { mode: 'observe' } };
    expect(isNewsAfter(observed, observed)).toBe(false);
    expect(isNewsAfter(observed, ending)).toBe(true);
  });
});

describe('an alert', () => {
  const alerts = [{ key: 'checks stopped', text: 'The check stopped.' }];
  const alerted: MailSituation = { ...CALM, input: { alerts }, report: { notes: ['The check stopped.'] } };

  it('is news when it comes up, and again once a week while it lasts', () => {
    expect(hasNews(newsOf(alerted))).toBe(true);
    expect(isNewsAfter(alerted, alerted)).toBe(false);
    expect(isNewsAfter(alerted, alerted, '2026-03-01')).toBe(true);
  });

  it('that comes and goes is not news every other night', () => {
    const reported = memoryOf(alerted);
    const without = rememberReported({ ...emptyLedger(), reported }, newsOf(CALM), new Set(), {
      fate: 'not due',
      today: TODAY,
    });
    expect(hasNews(newsOf({ ...alerted, ledger: { reported: without } }))).toBe(false);
    const lastWeek = reported.map((entry) => ({ ...entry, day: '2026-03-01' }));
    const forgotten = rememberReported({ ...emptyLedger(), reported: lastWeek }, newsOf(CALM), new Set(), {
      fate: 'not due',
      today: TODAY,
    });
    expect(forgotten.map(({ key }) => key)).toEqual(['weekly mail']);
    const other = [{ key: 'finding x', day: TODAY }];
    const kept = rememberReported({ ...emptyLedger(), reported: other }, newsOf(CALM), new Set(), {
      fate: 'not due',
      today: TODAY,
    });
    expect(kept).toEqual([]);
  });
});

describe('what stands in the way', () => {
  const hold = (text: string): MailSituation => ({ ...CALM, input: { obstacles: [{ kind: 'HOLD', text }] } });
  const shrunk = (text: string): MailSituation => ({
    ...CALM,
    input: { obstacles: [{ kind: 'shrunk', text }] },
  });

  it('is news when it comes up and once a week, whatever its numbers', () => {
    expect(hasNews(newsOf(hold('HOLD is there.')))).toBe(true);
    expect(isNewsAfter(hold('HOLD is there.'), hold('HOLD is there since Monday.'))).toBe(false);
    expect(isNewsAfter(hold('HOLD is there.'), hold('HOLD is there.'), '2026-03-01')).toBe(true);
    expect(isNewsAfter(shrunk('From 60 to 40.'), shrunk('From 60 to 39.'))).toBe(false);
    expect(isNewsAfter(shrunk('From 60 to 40.'), shrunk('Keys from 60 to 40.'))).toBe(true);
    expect(isNewsAfter(hold('x'), shrunk('x'))).toBe(true);
  });
});

describe('what did not fit into a mail', () => {
  it('stays as it was remembered, and what nobody ever reported is not remembered', () => {
    const open: MailSituation = { ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y', 'old-yy': 'y' } };
    const [first, second] = newsOf(open).findings.map(({ item }) => item);
    const before = [{ key: first?.key ?? '', day: '2026-02-01' }];
    const after = rememberReported({ ...emptyLedger(), reported: before }, newsOf(open), new Set(), {
      fate: 'read',
      today: TODAY,
    });
    expect(after).toEqual([...before, { key: 'weekly mail', day: TODAY }]);
    const named = rememberReported(
      { ...emptyLedger(), reported: before },
      newsOf(open),
      new Set([second?.key ?? '']),
      {
        fate: 'not due',
        today: TODAY,
      },
    );
    expect(named.map(({ key, day }) => [key, day])).toEqual([
      [first?.key, '2026-02-01'],
      [second?.key, TODAY],
    ]);
  });

  it('leaves the week of the last mail that somebody read as it was', () => {
    const reported = [{ key: 'weekly mail', day: '2026-02-20' }];
    const after = (fate: 'read' | 'unread' | 'not due', day = '2026-02-20'): ReportedItem[] => {
      const ledger = { ...emptyLedger(), reported: [{ key: 'weekly mail', day }] };
      return rememberReported(ledger, newsOf({ ...CALM, ledger }), new Set(), { fate, today: TODAY });
    };
    expect(after('not due')).toEqual(reported);
    expect(after('unread')).toEqual([...reported, { key: 'nobody could read it', day: TODAY }]);
    expect(after('read')).toEqual([{ key: 'weekly mail', day: TODAY }]);
    expect(after('read', '2026-03-01')).toEqual([{ key: 'weekly mail', day: TODAY }]);
  });
});

describe('the weekly mail', () => {
  const since = (day: string): boolean =>
    newsOf({ ...CALM, ledger: { reported: [{ key: 'weekly mail', day }] } }).isWeekly;

  it('is due in the first night since Monday, with everything open, also when all is well', () => {
    expect([newsOf(CALM).isWeekly, since('2026-03-01'), since('2026-03-02')]).toEqual([true, true, false]);
    expect(memoryOf(CALM)).toEqual([{ key: 'weekly mail', day: TODAY }]);
    const open: MailSituation = { ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y' } };
    const reported = memoryOf(open);
    const textOf = (memory: ReportedItem[]): string =>
      mailOf({ ...open, ledger: { reported: memory } }).mail.text;
    expect(textOf(reported)).not.toContain('- old-xx');
    expect(textOf(reported.filter(({ key }) => key !== 'weekly mail'))).toContain('- old-xx');
  });
});

describe('while nobody could read the mails', () => {
  it('nothing counts as reported, and the memory says since when', () => {
    const open: MailSituation = { ...CALM, keys: { 'moov-bj': 'x', 'old-xx': 'y' } };
    const unheard = memoryOf(open, false);
    expect(unheard).toEqual([{ key: 'nobody could read it', day: TODAY }]);
    const later = { ...open, ledger: { reported: [{ key: 'nobody could read it', day: '2026-02-27' }] } };
    expect(hasNews(newsOf(later))).toBe(true);
    expect(newsOf(later).unheardSince).toBe('2026-02-27');
    expect(memoryOf(later, false)).toEqual([{ key: 'nobody could read it', day: '2026-02-27' }]);
    expect(memoryOf(later).map(({ key }) => key)).not.toContain('nobody could read it');
  });
});

describe('a ledger of an earlier version', () => {
  it('is taken over: nothing is reported twice, nothing that was not reported is lost', () => {
    const open: MailSituation = {
      tokens: [{}, { label: 'moov-bj' }, { label: 'mtn-cm' }],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x', 'old-xx': 'y', 'mtn-cm': 'x' },
      licenses: ['orange,cd,2026-03-05,0', 'mtn,cm,2026-03-20,0', PAID],
    };
    const findings = newsOf(open).findings.map(({ value }) => value);
    const version1 = (told: boolean): Ledger => {
      const { unreported, reported: _, measures: __, licenseRows: ___, passedEnds: ____, lastAskedFor: _____, ...same } = emptyLedger(); // prettier-ignore
      const ledger = {
        ...same,
        version: 1,
        findings: findings.map(({ id, kind, severity, deployment, since }) => ({
          id,
          kind,
          severity,
          deployment,
          since,
          told,
          ...(kind === 'license-expiring' ? { threshold: deployment === 'orange-cd' ? 7 : 30 } : {}),
        })),
        notices: [
          {
            tokenId: 't1',
            deployment: 'orange-cd',
            step: 'deactivate',
            end: '2026-03-05',
            at: iso(NOW - DAY),
          },
        ],
        untold: unreported,
        toldSteps: [
          { key: 'withheld deactivate t9 tigo-td', day: '2026-03-01' },
          { key: 'alert checks stopped', day: TODAY },
        ],
        baseline: null,
        weeklyAt: iso(NOW),
      };
      return readLedger(new TextEncoder().encode(JSON.stringify(ledger)));
    };
    const withheld = {
      kind: 'deactivate',
      deployment: 'tigo-td',
      tokenId: 't9',
      reason: 'ended',
      withheld: 'x',
    } as const;
    const input = { alerts: [{ key: 'checks stopped', text: 'Stopped.' }] };
    const after = newsOf({ ...open, ledger: version1(true), steps: [withheld], input });
    expect(findings.length).toBeGreaterThan(2);
    expect(hasNews(after)).toBe(false);
    expect(after.isWeekly).toBe(false);
    expect(newsOf({ ...open, ledger: version1(false) }).findings.every(({ isNew }) => isNew)).toBe(true);
  });
});

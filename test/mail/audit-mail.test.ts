import { describe, expect, it } from 'vitest';
import type { Action } from '../../lambdas/domain/actions.ts';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { type Finding, type FindingKind, SEVERITY_OF } from '../../lambdas/domain/findings.ts';
import { type Ledger, type ReportedFinding, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { auditMail } from '../../lambdas/mail/audit-mail.ts';
import { subjectOf, summaryOf, wrapText } from '../../lambdas/mail/layout.ts';
import {
  type MailInput,
  type News,
  hasNews,
  isWeeklyDue,
  newsOf,
  rememberAlerts,
  rememberFindings,
  rememberSteps,
} from '../../lambdas/mail/news.ts';
import { incompleteMail, onDemandMail } from '../../lambdas/mail/other-mails.ts';
import type { Report } from '../../lambdas/report/report.ts';
import { NOW, suspensionOf } from '../domain/situation.ts';

const WARN_DAYS = [30, 14, 7, 1];

const findingOf = (kind: FindingKind, changes: Partial<Finding> = {}): Finding => ({
  id: `${kind}:${changes.deployment ?? 'orange-cd'}`,
  kind,
  severity: SEVERITY_OF[kind],
  deployment: 'orange-cd',
  since: iso(NOW),
  detail: 'Something does not fit.',
  remedy: 'Do this.',
  ...changes,
});
const toldOf = (finding: Finding, changes: Partial<ReportedFinding> = {}): ReportedFinding => ({
  id: finding.id,
  kind: finding.kind,
  severity: finding.severity,
  deployment: finding.deployment,
  since: finding.since,
  told: true,
  ...changes,
});
const actionOf = (kind: Action['kind'], status: Action['status'], changes: Partial<Action> = {}): Action => ({
  kind,
  deployment: 'orange-cd',
  tokenId: 't1',
  status,
  reason: 'the license ended with 2026-02-01',
  ...changes,
});

type Draft = Omit<Report, 'notified'>;
const reportOf = (changes: Partial<Draft> = {}): Draft => ({
  runId: 'run-1',
  startedAt: iso(NOW),
  finishedAt: iso(NOW),
  asOf: '2026-03-02',
  mode: 'enforce',
  outcome: 'attention',
  counts: {
    tokens: 5,
    activeTokens: 4,
    automaticTokens: 2,
    keys: 1,
    licenses: 3,
    exempt: 0,
    findings: {},
    verified: { matching: 1, rejected: 2, mismatched: 3, unclear: 4, unchecked: 5 },
  },
  findings: [],
  actions: [],
  report: 'reports/2026/03/02/run-1.json',
  truncated: false,
  notes: [],
  deployments: [],
  exemptions: [],
  inputs: { hold: false },
  causes: [],
  timeZone: 'UTC',
  ...changes,
});

interface Situation {
  readonly report?: Partial<Draft>;
  readonly ledger?: Partial<Ledger>;
  readonly input?: Partial<MailInput>;
}
const inputOf = ({ report, ledger, input }: Situation): MailInput => ({
  report: reportOf(report),
  ledger: { ...emptyLedger(), ...ledger },
  exemptionNews: { lines: [], remembered: null },
  daysLeftOf: () => undefined,
  warnDays: WARN_DAYS,
  exempt: new Set(),
  approvable: [],
  account: 'riaktrdelivery',
  bucket: 's3://bucket',
  now: NOW,
  ...input,
});
const news = (situation: Situation): News => newsOf(inputOf(situation));
const mail = (situation: Situation, weekly = false): ReturnType<typeof auditMail> =>
  auditMail(inputOf(situation), news(situation), weekly);
/** The parts of the news that are not empty. */
const told = (situation: Situation): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(news(situation)).filter(([, entries]: [string, unknown[]]) => entries.length > 0),
  );

describe('a paragraph', () => {
  it('is broken at 76 columns, all lines but the first indented', () => {
    const [half, other] = ['a'.repeat(37), 'b'.repeat(38)];
    expect(wrapText(`${half} ${other}`)).toEqual([`${half} ${other}`]);
    expect(wrapText(`${half} ${other}b`)).toEqual([half, `${other}b`]);
    expect(wrapText(`${half} ${other}b c`, '  ')).toEqual([half, `  ${other}b c`]);
  });

  it('has words that are longer than a line cut, so that every line keeps to 76 columns', () => {
    expect(wrapText('a'.repeat(80))).toEqual(['a'.repeat(76), 'aaaa']);
    expect(wrapText('a'.repeat(80), '  ')).toEqual(['a'.repeat(74), '  aaaaaa']);
    expect(wrapText(`b ${'a'.repeat(160)}`, '  ').map(({ length }) => length)).toEqual([76, 76, 14]);
  });

  it('keeps what stands in quotes in an event together, so that it is JSON where it is pasted', () => {
    const event = { deployment: 'Orange of the Congo, "Kinshasa" {old}', renameTo: 'orange-cd' };
    const text = JSON.stringify(event).replace(':', ': ').replace(',"r', ', "r');
    for (let before = 0; before < 80; before++) {
      const lines = wrapText(`- ${'x '.repeat(before)}Rename it (${text}).`, '  ');
      expect(lines.every(({ length }) => length <= 76)).toBe(true);
      const [, pasted = ''] = /\((\{.*\})\)/s.exec(lines.join('\n')) ?? [];
      expect(JSON.parse(pasted)).toEqual(event);
    }
  });

  it('that is empty is one empty line', () => {
    expect(wrapText('')).toEqual(['']);
  });
});

describe('a subject', () => {
  it('is under 100 characters, ASCII, and says where it was cut', () => {
    expect(subjectOf(['1 revoked', '2 to fix'])).toBe('[Docker Hub tokens] 1 revoked, 2 to fix');
    const room = 99 - '[Docker Hub tokens] '.length;
    expect(subjectOf(['x'.repeat(room)])).toBe(`[Docker Hub tokens] ${'x'.repeat(room)}`);
    expect(subjectOf(['x'.repeat(room + 1)])).toBe(`[Docker Hub tokens] ${'x'.repeat(room - 3)}...`);
    expect(subjectOf(['é\nx'])).toBe('[Docker Hub tokens] \\u{e9}\\u{a}x');
  });
});

describe('the steps of a run', () => {
  it('are told by what became of them', () => {
    const done = [
      actionOf('deactivate', 'done'),
      actionOf('delete-token', 'done'),
      actionOf('remove-key', 'done'),
      actionOf('reactivate', 'done'),
      actionOf('announce', 'done'),
      actionOf('deactivate', 'failed'),
    ];
    expect(told({ ledger: { untold: done } })).toEqual({
      revoked: done.slice(0, 3),
      restored: [done[3]],
    });
    const issues = (['issue', 'rename'] as const).map((kind) => ({
      ...actionOf('deactivate', 'done'),
      kind,
    }));
    expect(told({ ledger: { untold: [...issues, actionOf('deactivate', 'done')] } })).toEqual({
      issued: issues,
      revoked: [actionOf('deactivate', 'done')],
    });
    const actions = [
      actionOf('announce', 'done'),
      actionOf('announce', 'failed'),
      actionOf('announce', 'planned'),
      actionOf('deactivate', 'done'),
      actionOf('deactivate', 'failed'),
      actionOf('deactivate', 'skipped'),
      actionOf('deactivate', 'withheld'),
    ];
    expect(told({ report: { actions } })).toEqual({
      announced: [actions[0], actions[1]],
      planned: [actions[2]],
      failed: [actions[4], actions[5]],
      withheld: [actions[6]],
    });
  });

  it('that are withheld, failed or skipped are told once a day, planned ones once for as long as they last', () => {
    const toldOn = (action: Action, day: string, changes: Partial<Action> = {}): boolean => {
      const { status, kind, tokenId, deployment } = { ...action, ...changes };
      const toldSteps = [{ key: `${status} ${kind} ${tokenId ?? ''} ${deployment}`, day }];
      return hasNews(news({ report: { actions: [action] }, ledger: { toldSteps } }));
    };
    for (const status of ['withheld', 'failed', 'skipped'] as const) {
      const action = actionOf('deactivate', status);
      expect([toldOn(action, '2026-03-02'), toldOn(action, '2026-03-01')]).toEqual([false, true]);
      expect(toldOn(action, '2026-03-02', { tokenId: 't2' })).toBe(true);
      expect(toldOn(action, '2026-03-02', { kind: 'delete-token' })).toBe(true);
      expect(toldOn(action, '2026-03-02', { deployment: 'mtn-cm' })).toBe(true);
    }
    const planned = actionOf('deactivate', 'planned');
    expect([toldOn(planned, '2026-01-01'), toldOn(planned, '2026-01-01', { tokenId: 't2' })]).toEqual([
      false,
      true,
    ]);
  });

  it('are remembered with the day on which a mail told them, done ones not at all', () => {
    const key = (action: Action): string =>
      `${action.status} ${action.kind} ${action.tokenId ?? ''} ${action.deployment}`;
    const withheld = actionOf('deactivate', 'withheld');
    const planned = actionOf('deactivate', 'planned');
    const fresh = actionOf('announce', 'planned');
    const actions = [actionOf('announce', 'done'), withheld, planned, fresh];
    const before = [withheld, planned, actionOf('remove-key', 'failed')].map((action) => ({
      key: key(action),
      day: '2026-03-01',
    }));
    const ledger = { ...emptyLedger(), toldSteps: before };
    expect(rememberSteps(actions, ledger, '2026-03-02', true)).toEqual([
      { key: key(withheld), day: '2026-03-02' },
      { key: key(planned), day: '2026-03-01' },
      { key: key(fresh), day: '2026-03-02' },
    ]);
    expect(rememberSteps(actions, ledger, '2026-03-02', false)).toEqual(before.slice(0, 2));
  });
});

describe('a finding', () => {
  const finding = findingOf('wrong-scope');
  const isTold = (known: Partial<ReportedFinding> | undefined, one = finding, left?: number): boolean =>
    news({
      report: { findings: [one] },
      ledger: { findings: known === undefined ? [] : [toldOf(one, known)] },
      input: { daysLeftOf: () => left },
    }).found.length === 1;

  it('is new where no mail told it, or it has become critical', () => {
    expect([isTold(undefined), isTold({ told: false }), isTold({})]).toEqual([true, true, false]);
    expect(isTold({ severity: 'warning' })).toBe(true);
    expect(isTold({ severity: 'critical' }, findingOf('orphaned-key'))).toBe(false);
  });

  it('is new at each narrower threshold that its license reaches', () => {
    const expiring = findingOf('license-expiring');
    expect(isTold({ threshold: 30 }, expiring, 15)).toBe(false);
    expect(isTold({ threshold: 30 }, expiring, 14)).toBe(true);
    expect(isTold({ threshold: 7 }, expiring, 14)).toBe(false);
    expect(isTold({}, expiring, 14)).toBe(true);
    expect(isTold({}, expiring, 31)).toBe(false);
  });

  it('that tells itself by another line is neither new nor resolved', () => {
    const suspended = findingOf('suspended');
    expect(isTold(undefined, suspended)).toBe(false);
    expect(told({ ledger: { findings: [toldOf(suspended)] } })).toEqual({});
  });

  it('that this run put right is not told as new, and not open', () => {
    const expired = findingOf('license-expired', { tokenId: 't1' });
    const situation = (action: Action): Situation => ({
      report: { findings: [expired], actions: [action] },
    });
    expect(news(situation(actionOf('deactivate', 'done'))).found).toEqual([]);
    expect(mail(situation(actionOf('deactivate', 'done'))).text).toContain('Nothing is open.');
    for (const action of [
      actionOf('deactivate', 'failed'),
      actionOf('delete-token', 'done'),
      actionOf('deactivate', 'done', { tokenId: 't2' }),
    ]) {
      expect(news(situation(action)).found).toEqual([expired]);
      expect(mail(situation(action)).text).toContain('Still open: 1 license-expired.');
    }
    const scope = findingOf('wrong-scope', { tokenId: 't1' });
    expect(news({ report: { findings: [scope], actions: [actionOf('deactivate', 'done')] } }).found).toEqual([
      scope,
    ]);
  });

  it('is resolved where it was told and is gone', () => {
    const gone = toldOf(findingOf('orphaned-key'));
    const resolved = (situation: Situation): number =>
      news({ ledger: { findings: [gone] }, ...situation }).resolved.length;
    expect(resolved({})).toBe(1);
    expect(resolved({ ledger: { findings: [{ ...gone, told: false }] } })).toBe(0);
    expect(resolved({ report: { findings: [findingOf('orphaned-key')] } })).toBe(0);
    expect(resolved({ input: { exempt: new Set(['orange-cd']) } })).toBe(0);
  });

  it('is not resolved where the ending license has ended now', () => {
    const expiring = toldOf(findingOf('license-expiring'));
    const resolved = (findings: Finding[], one = expiring): number =>
      news({ report: { findings }, ledger: { findings: [one] } }).resolved.length;
    expect(resolved([])).toBe(1);
    expect(resolved([findingOf('license-expired')])).toBe(0);
    expect(resolved([findingOf('wrong-scope')])).toBe(1);
    expect(resolved([findingOf('license-expired', { deployment: 'mtn-cm' })])).toBe(1);
    expect(resolved([findingOf('license-expired')], toldOf(findingOf('orphaned-key')))).toBe(1);
  });

  it('is not resolved where its token was switched off: that is told as revoked', () => {
    const expired = toldOf(findingOf('license-expired'), { tokenId: 't1' });
    const resolved = (one: ReportedFinding, suspensions: Ledger['suspensions']): number =>
      news({ ledger: { findings: [one], suspensions } }).resolved.length;
    expect(resolved(expired, [suspensionOf()])).toBe(0);
    expect(resolved(expired, [suspensionOf({ tokenId: 't2' })])).toBe(1);
    expect(resolved(toldOf(findingOf('wrong-scope'), { tokenId: 't1' }), [suspensionOf()])).toBe(1);
    expect(resolved(toldOf(findingOf('license-expired')), [suspensionOf()])).toBe(1);
  });

  it('is remembered with whether a mail told it and at which threshold', () => {
    const expiring = findingOf('license-expiring', { tokenId: 't1' });
    const remember = (
      known: Partial<ReportedFinding> | undefined,
      left: number | undefined,
      was: boolean,
    ): ReportedFinding[] =>
      rememberFindings(
        { ...emptyLedger(), findings: known === undefined ? [] : [toldOf(expiring, known)] },
        [expiring],
        () => left,
        WARN_DAYS,
        was,
      );
    const base = toldOf(expiring, { tokenId: 't1' });
    expect(remember(undefined, 14, true)).toEqual([{ ...base, threshold: 14 }]);
    expect(remember({ threshold: 30 }, 14, false)).toEqual([{ ...base, threshold: 30 }]);
    expect(remember(undefined, 14, false)).toEqual([{ ...base, told: false }]);
    const [bare] = rememberFindings(emptyLedger(), [finding], () => undefined, WARN_DAYS, true);
    expect(bare).toEqual(toldOf(finding));
    expect(bare).not.toHaveProperty('tokenId');
    expect(bare).not.toHaveProperty('threshold');
  });

  it('that was told and is gone is remembered until a mail told that it is resolved', () => {
    const gone = toldOf(findingOf('orphaned-key'));
    const { resolved } = news({ ledger: { findings: [gone] } });
    expect(rememberFindings(emptyLedger(), [finding], () => undefined, WARN_DAYS, false, resolved)).toEqual([
      toldOf(finding, { told: false }),
      gone,
    ]);
  });

  it('that has become critical is remembered as that only when a mail told it', () => {
    const remember = (known: Partial<ReportedFinding>, one: Finding, was: boolean): string | undefined =>
      rememberFindings(
        { ...emptyLedger(), findings: [toldOf(one, known)] },
        [one],
        () => undefined,
        WARN_DAYS,
        was,
      )[0]?.severity;
    expect(remember({ severity: 'warning' }, finding, false)).toBe('warning');
    expect(remember({ severity: 'warning' }, finding, true)).toBe('critical');
    expect(remember({ severity: 'warning', told: false }, finding, false)).toBe('critical');
    // Once it is less, becoming critical again is news.
    expect(remember({ severity: 'critical' }, findingOf('orphaned-key'), false)).toBe('warning');
  });
});

describe('anything to tell', () => {
  it('is each part of the news but the notes, which explain a mail that is sent anyway', () => {
    const none = news({});
    expect(hasNews(none)).toBe(false);
    expect(hasNews({ ...none, notes: ['a note'] })).toBe(false);
    for (const part of ['revoked', 'announced', 'withheld', 'failed', 'restored', 'planned'] as const)
      expect([part, hasNews({ ...none, [part]: [actionOf('deactivate', 'done')] })]).toEqual([part, true]);
    expect(hasNews({ ...none, found: [findingOf('wrong-scope')] })).toBe(true);
    expect(hasNews({ ...none, resolved: [toldOf(findingOf('wrong-scope'))] })).toBe(true);
    expect(hasNews({ ...none, exemptions: ['a is no longer exempt.'] })).toBe(true);
  });
});

describe('the weekly list', () => {
  it('is due where none was sent since Monday 00:00', () => {
    const due = (weeklyAt: string | null): boolean =>
      isWeeklyDue({ ...emptyLedger(), weeklyAt }, NOW + 3 * DAY, 'UTC');
    expect([due(null), due('2026-03-01T23:59:59Z'), due('2026-03-02T00:00:00Z')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('has what is open and was told before, without what tells itself otherwise', () => {
    const open = findingOf('wrong-scope');
    const situation = {
      report: { findings: [open, findingOf('suspended'), findingOf('orphaned-key')] },
      ledger: { findings: [toldOf(open)] },
    };
    expect(mail(situation, true).text.replace(/\s+/g, ' ')).toContain(
      'EVERYTHING ELSE OPEN (weekly list) (1) - CRITICAL wrong-scope orange-cd: Something does not fit. Do this. Still open',
    );
    expect(mail(situation).text).not.toContain('EVERYTHING ELSE OPEN');
  });
});

describe('the subject of an audit', () => {
  const subject = (situation: Situation): string => mail(situation).subject;

  it('says the counts of what happened and of what is to do', () => {
    const situation: Situation = {
      report: {
        findings: [
          findingOf('wrong-scope'),
          findingOf('orphaned-key'),
          findingOf('unused-token'),
          findingOf('license-expiring'),
        ],
        actions: [
          actionOf('deactivate', 'failed'),
          actionOf('deactivate', 'skipped', { tokenId: 't2' }),
          actionOf('deactivate', 'skipped', { tokenId: 't3' }),
          actionOf('deactivate', 'withheld'),
          actionOf('announce', 'done'),
        ],
      },
      ledger: { untold: [actionOf('deactivate', 'done'), actionOf('reactivate', 'done')] },
    };
    expect(news(situation).failed).toHaveLength(3);
    expect(subject(situation)).toBe(
      '[Docker Hub tokens] 1 revoked, 1 failed, 2 left alone, 1 withheld, 1 restored, 1 announced, 2 to...',
    );
    expect(subject({ report: { findings: situation.report?.findings ?? [] } })).toBe(
      '[Docker Hub tokens] 2 to fix, 1 ending soon',
    );
  });

  it('says that there is nothing to fix, and when nothing was meant', () => {
    expect(subject({})).toBe('[Docker Hub tokens] nothing to fix');
    expect(subject({ report: { mode: 'observe' } })).toBe('[Docker Hub tokens, observe] nothing to fix');
    expect(subject({ report: { mode: 'dry-run' } })).toBe('[Docker Hub tokens, dry run] nothing to fix');
  });
});

describe('the severity of an audit', () => {
  const severity = (situation: Situation): string => mail(situation).severity;

  it('is critical where a step failed or a finding is, info where nothing happened and nothing is to do', () => {
    expect(severity({})).toBe('info');
    expect(severity({ report: { findings: [findingOf('unused-token')] } })).toBe('info');
    expect(severity({ report: { findings: [findingOf('unused-token'), findingOf('orphaned-key')] } })).toBe(
      'warning',
    );
    expect(severity({ report: { actions: [actionOf('announce', 'done')] } })).toBe('warning');
    expect(severity({ ledger: { untold: [actionOf('deactivate', 'done')] } })).toBe('warning');
    expect(severity({ report: { actions: [actionOf('deactivate', 'failed')] } })).toBe('critical');
    expect(severity({ report: { findings: [findingOf('unused-token'), findingOf('wrong-scope')] } })).toBe(
      'critical',
    );
  });
});

describe('the summary for programs', () => {
  it('holds run, outcome, counts and report, and only the first two where it would be over 2 kB', () => {
    const { counts } = reportOf();
    const whole = { runId: 'r', outcome: 'clean' as const, counts, report: 'reports/r.json' };
    expect(JSON.parse(summaryOf(whole))).toEqual(whole);
    const fill = (length: number): string => {
      const bare = summaryOf({ runId: 'r', outcome: 'clean', report: '' }).length;
      return summaryOf({ runId: 'r', outcome: 'clean', report: 'x'.repeat(length - bare) });
    };
    expect([fill(2048).length, fill(2049)]).toEqual([2048, '{"runId":"r","outcome":"clean"}']);
    expect(summaryOf({ runId: 'é'.repeat(1100), outcome: 'clean' })).toBe(
      `{"runId":"${'é'.repeat(200)}","outcome":"clean"}`,
    );
  });
});

describe('the mail of an audit', () => {
  it('tells what changed first, then what is open as counts, then where the report is', () => {
    const situation: Situation = {
      report: {
        mode: 'observe',
        findings: [
          findingOf('wrong-scope'),
          findingOf('orphaned-key'),
          findingOf('orphaned-key', { deployment: 'a b' }),
        ],
        actions: [
          actionOf('announce', 'done'),
          actionOf('deactivate', 'withheld'),
          actionOf('deactivate', 'failed'),
          actionOf('delete-token', 'skipped'),
          actionOf('deactivate', 'planned'),
        ],
        notes: ['A note.'],
      },
      ledger: {
        untold: [
          actionOf('deactivate', 'done'),
          actionOf('delete-token', 'done'),
          actionOf('remove-key', 'done', { tokenId: undefined }),
          actionOf('reactivate', 'done'),
        ],
        findings: [toldOf(findingOf('misnamed-key', { deployment: 'x\ny' }))],
      },
      input: {
        exemptionNews: { lines: ['a is no longer exempt.'], remembered: null },
        approvable: ['airtel-td', 'mtn-cm', 'orange-cd', 'vodacom-cd', 'moov-bj', 'telma-mg', 'onatel-bf'],
      },
    };
    expect(mail(situation)).toEqual({
      subject:
        '[Docker Hub tokens, observe] 3 revoked, 1 failed, 1 left alone, 1 withheld, 1 restored, 1 announ...',
      outcome: 'attention',
      severity: 'critical',
      summary: summaryOf(reportOf()),
      text: `Docker Hub tokens of the account riaktrdelivery, 2026-03-02
Mode is observe: nothing was changed at Docker Hub or in Vault.

REVOKED (3)
- orange-cd switched off: the license ended with 2026-02-01
- orange-cd token deleted: the license ended with 2026-02-01
- orange-cd key removed from Vault: the license ended with 2026-02-01

ANNOUNCED (nothing has changed yet) (1)
- orange-cd: the license ended with 2026-02-01

WITHHELD (due, and not done) (1)
- deactivate orange-cd: the license ended with 2026-02-01

FAILED OR LEFT ALONE (2)
- deactivate failed, orange-cd: the license ended with 2026-02-01
- delete-token skipped, orange-cd: the license ended with 2026-02-01

RESTORED (1)
- orange-cd switched on again: the license ended with 2026-02-01

WOULD BE DONE (1)
- deactivate orange-cd: the license ended with 2026-02-01

NEW (3)
- CRITICAL wrong-scope orange-cd: Something does not fit. Do this.
- WARNING orphaned-key orange-cd: Something does not fit. Do this.
- WARNING orphaned-key "a b": Something does not fit. Do this.

RESOLVED (1)
- misnamed-key "x\\u{a}y"

EXEMPTIONS (1)
- a is no longer exempt.

NOTES (1)
- A note.

To withdraw what the caps or a shrunken input withheld, check each name and
invoke the audit function with this event (leave out whom you do not mean):
{"approve": ["airtel-td", "mtn-cm", "orange-cd", "vodacom-cd", "moov-bj",
    "telma-mg", "onatel-bf"]}

Still open: 2 orphaned-key, 1 wrong-scope.
Read: 5 tokens (4 active, besides 2 automatic), 1 key in Vault, 3 licensed
  deployments, 0 exempt labels; 10 stored contents checked.

Report in s3://bucket (the page for people ends in .html):
reports/2026/03/02/run-1.json
Run run-1.
`,
    });
  });

  it('names no event that approves where nothing was withheld, or approving does not help', () => {
    const withheld = { actions: [actionOf('deactivate', 'withheld')] };
    expect(mail({ input: { approvable: ['orange-cd'] } }).text).not.toContain('approve');
    expect(mail({ report: withheld }).text).not.toContain('approve');
    expect(mail({ report: withheld }).text).toContain('2026-02-01\n\nNothing is open.\n');
    expect(mail({ report: withheld, input: { approvable: ['orange-cd'] } }).text).toContain(
      '{"approve": ["orange-cd"]}',
    );
  });

  it('says of a dry run that nothing was changed, and nothing of the kind where something was', () => {
    expect(mail({ report: { mode: 'dry-run' } }).text.split('\n')[1]).toBe(
      'This was a dry run: nothing was changed.',
    );
    expect(mail({}).text).not.toContain('nothing was changed');
    expect(mail({}).text.split('\n').slice(1, 3)).toEqual(['', 'Nothing is open.']);
  });

  it('keeps to 20 kB, says how much was cut, and always ends with where the report is', () => {
    const notes = (number: number): string =>
      mail({ report: { notes: Array.from({ length: number }, (_, index) => `note ${index}`) } }).text;
    const few = notes(1000);
    expect(few).not.toContain('more line');
    const many = notes(3000);
    expect(many.length).toBeLessThanOrEqual(20_000);
    expect(many.length).toBeGreaterThan(19_800);
    const shown = many.split('\n').filter((line) => line.startsWith('- note')).length;
    // The title stands above them, and an empty line would have stood below.
    expect(many).toContain(`\n... and ${3002 - shown - 1} more lines: see the report.\n\nNothing is open.`);
    expect(many.endsWith('run-1.json\nRun run-1.\n')).toBe(true);
  });

  describe('that names the event which approves', () => {
    const approving = (names: readonly string[]): string =>
      mail({
        report: { actions: [actionOf('deactivate', 'withheld')] },
        input: { approvable: names },
      }).text;
    /** The names of the event, pasted from the mail as it stands there. */
    const pasted = (text: string): unknown => {
      const event: unknown = JSON.parse(/^\{"approve"[^]*?\}$/m.exec(text)?.[0] ?? 'null');
      return typeof event === 'object' && event !== null && 'approve' in event ? event.approve : undefined;
    };

    it('keeps to 20 kB however many names it has, and says how many only the report names', () => {
      const names = Array.from({ length: 3000 }, (_, index) => `telco${index}-cd`);
      const text = approving(names);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
      const shown = pasted(text);
      if (!Array.isArray(shown)) throw new Error('The mail has an event.');
      expect(shown).toEqual(names.slice(0, shown.length));
      expect(shown.length).toBeGreaterThan(200);
      expect(text).toContain(
        `And ${3000 - shown.length} more: see the whole event in the notes of the report.`,
      );
      expect(text.endsWith('run-1.json\nRun run-1.\n')).toBe(true);
    });

    it('never breaks a name: one that does not fit on a line is only in the report', () => {
      const [fits, tooLong] = [`${'t'.repeat(64)}-cd`, `${'t'.repeat(65)}-cd`];
      const text = approving([tooLong, fits, 'orange-cd']);
      expect(pasted(text)).toEqual([fits, 'orange-cd']);
      expect(text).toContain('And 1 more: see the whole event in the notes of the report.');
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(76);
      const none = approving([tooLong]);
      expect(none).not.toContain('{"approve"');
      expect(none.replace(/\s+/g, ' ')).toContain('the event that stands in the notes of the report');
      expect(approving(['orange-cd'])).not.toContain('more: see');
    });
  });
});

describe('the mail of an incomplete run', () => {
  const causes = [
    { name: 'VaultUnavailable', message: 'Vault is away.' },
    { name: 'VaultUnavailable', message: 'Still.' },
    { name: 'StorageUnavailable', message: 'The bucket too.' },
  ];
  const incomplete = { runId: 'run-1', causes, account: 'riaktrdelivery', today: '2026-03-02' };

  it('names each cause once in its subject, tells all of them, and that nothing was changed', () => {
    const { text, ...rest } = incompleteMail(incomplete);
    expect(rest).toEqual({
      subject: '[Docker Hub tokens] audit incomplete: VaultUnavailable, StorageUnavailable',
      summary: '{"runId":"run-1","outcome":"incomplete"}',
      outcome: 'incomplete',
      severity: 'critical',
    });
    expect(text).toBe(`Docker Hub tokens of the account riaktrdelivery, 2026-03-02: the audit could
not be made.

WHY (3)
- VaultUnavailable: Vault is away.
- VaultUnavailable: Still.
- StorageUnavailable: The bucket too.

Nothing was changed, and nobody was checked. The audit tries again at its
next time; expired licenses stay as they are until it succeeds.

Run run-1.
`);
  });

  it('says where the report is and what was counted, where there is one', () => {
    const { counts } = reportOf();
    const where = { bucket: 's3://bucket', report: 'reports/r.json' };
    const { text, summary } = incompleteMail({ ...incomplete, where, counts });
    expect(text).toContain(
      '\nReport in s3://bucket (the page for people ends in .html):\nreports/r.json\nRun run-1.\n',
    );
    expect(JSON.parse(summary)).toEqual({
      runId: 'run-1',
      outcome: 'incomplete',
      counts,
      report: 'reports/r.json',
    });
  });
});

describe('the mail of an issue or revoke', () => {
  it('says what was done or failed', () => {
    const input = { requestId: 'r\n1', title: 'orange-cd issued', lines: ['One.', 'x '.repeat(40)] };
    const done = onDemandMail({ ...input, failed: false });
    expect(done).toEqual({
      subject: '[Docker Hub tokens] orange-cd issued',
      text: `One.\n${'x '.repeat(37)}x\n  x x \n\nRequest r\\u{a}1.\n`,
      summary: '{"runId":"r\\n1","outcome":"done"}',
      outcome: 'done',
      severity: 'info',
    });
    expect(onDemandMail({ ...input, failed: true })).toMatchObject({
      outcome: 'failed',
      severity: 'critical',
      summary: '{"runId":"r\\n1","outcome":"incomplete"}',
    });
  });
});

describe('a long mail of an issue or revoke', () => {
  it('keeps to 20 kB, says how many lines do not fit, and ends with its request', () => {
    const lines = Array.from({ length: 600 }, (_, index) => `${'x'.repeat(36)}-${index} switched off.`);
    const { text } = onDemandMail({ requestId: 'r1', title: 't', lines, failed: false });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
    const told = text.split('\n');
    const [, left] = /^\.\.\. and (\d+) more lines\.$/m.exec(text) ?? [];
    expect(told.filter((line) => line.endsWith(' switched off.')).length + Number(left)).toBe(600);
    expect(text).toMatch(/more lines\.\n\nRequest r1\.\n$/);
    const short = onDemandMail({ requestId: 'r1', title: 't', lines: lines.slice(0, 300), failed: false });
    expect(short.text).not.toContain('more line');
  });
});

describe('an alert', () => {
  const alerts = [{ key: 'checks stopped', text: 'The check stopped.' }];
  const toldOn = (day: string): Ledger['toldSteps'] => [{ key: 'alert checks stopped', day }];

  it('is news when it comes up, and again once a week while it lasts', () => {
    const isNews = (toldSteps: Ledger['toldSteps'], input: Partial<MailInput> = { alerts }): boolean =>
      hasNews(news({ ledger: { toldSteps }, input }));
    expect([isNews([]), isNews(toldOn('2026-02-23')), isNews(toldOn('2026-02-24'))]).toEqual([
      true,
      true,
      false,
    ]);
    expect([isNews([], {}), isNews([{ key: 'alert another', day: '2026-03-02' }])]).toEqual([false, true]);
  });

  it('is remembered with the day on which a mail told it, for a week, whether it is there or not', () => {
    const remembered = (before: Ledger['toldSteps'], told: boolean, now = alerts): Ledger['toldSteps'] =>
      rememberAlerts(now, { ...emptyLedger(), toldSteps: before }, '2026-03-02', told);
    expect(remembered([], true)).toEqual(toldOn('2026-03-02'));
    expect(remembered([], false)).toEqual([]);
    expect(remembered(toldOn('2026-02-24'), true)).toEqual(toldOn('2026-03-02'));
    expect(remembered(toldOn('2026-02-24'), false)).toEqual(toldOn('2026-02-24'));
    expect(remembered(toldOn('2026-02-24'), true, [])).toEqual(toldOn('2026-02-24'));
    expect(remembered(toldOn('2026-02-23'), true, [])).toEqual([]);
    expect(remembered([{ key: 'withheld deactivate t1 orange-cd', day: '2026-03-01' }], true, [])).toEqual(
      [],
    );
  });
});

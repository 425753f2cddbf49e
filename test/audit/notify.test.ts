// What is mailed when: once, weekly, or not at all.
import { describe, expect, it } from 'vitest';
import { actionOf } from '../../lambdas/audit/apply-plan.ts';
import {
  type PlannedNotification,
  type NotificationInput,
  planNotification,
  send,
} from '../../lambdas/audit/notify.ts';
import type { Action } from '../../lambdas/domain/actions.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { makePlan } from '../../lambdas/domain/plan/plan.ts';
import { WEEKLY_MAIL, findingKey, findingLevel, reportedItems } from '../../lambdas/domain/reported.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import type { Report } from '../../lambdas/report/report.ts';
import { NOW, type Situation, contentOf, snapshotOf } from '../domain/situation.ts';
import { defaultSettings } from '../default-settings.ts';
import { startSandbox } from '../sandbox/sandbox.ts';

interface Given extends Situation {
  readonly report?: Partial<Report>;
  readonly exemptionsThere?: boolean;
  readonly hold?: boolean;
  readonly alerts?: NotificationInput['alerts'];
}

function inputOf({
  report,
  exemptionsThere = false,
  hold = false,
  alerts = [],
  ...situation
}: Given): NotificationInput {
  const sandbox = snapshotOf(situation);
  const plan = makePlan(sandbox, { hold });
  return {
    snapshot: sandbox,
    plan,
    ledger: { ...emptyLedger(), ...situation.ledger },
    exemptionsThere,
    alerts,
    settings: defaultSettings(situation.settings),
    bucket: 's3://bucket',
    report: {
      runId: 'run-1',
      startedAt: iso(NOW),
      finishedAt: iso(NOW),
      asOf: sandbox.today,
      mode: 'enforce',
      outcome: 'attention',
      counts: {
        tokens: 0,
        activeTokens: 0,
        automaticTokens: 0,
        keys: 0,
        licenses: 0,
        exempt: 0,
        findings: {},
        verified: { matching: 0, rejected: 0, mismatched: 0, unclear: 0, unchecked: 0 },
      },
      findings: reconcile(sandbox).filter(({ deployment }) => deployment !== 'filler-zz'),
      actions: plan.steps.map((step) => actionOf(step, step.withheld === undefined ? 'done' : 'withheld')),
      report: 'reports/r.json',
      truncated: false,
      notes: [],
      deployments: [],
      upcoming: [],
      exemptions: [],
      inputs: { hold },
      causes: [],
      timeZone: 'UTC',
      ...report,
    },
  };
}
const plannedOf = (given: Given): PlannedNotification => planNotification(inputOf(given));
const ledgerOf = (parts: Partial<Ledger> = {}): Ledger => ({ ...emptyLedger(), ...parts });

const keysOf = ({ reported }: Ledger): string[] => reported.map(({ key }) => key);
const KEY = { 'orange-cd': 'x' };
const IN_ORDER: Given = { tokens: [{}], keys: KEY, licenses: ['orange,cd,2027-01-01,0'] };
const ENDING: Given = { tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-03-05,0'] };
const MONDAY = { reported: [{ key: 'weekly mail', day: '2026-03-02' }] };
const notice = {
  tokenId: 't1',
  deployment: 'orange-cd',
  step: 'deactivate',
  end: '2026-03-05',
  at: iso(NOW),
} as const;

describe('a mail', () => {
  it('is due with news, in the first night since Monday in any case, and always where that is wanted', () => {
    const due = (given: Given): boolean => plannedOf(given).mail !== undefined;
    expect(due({ ...IN_ORDER, ledger: MONDAY })).toBe(false);
    expect(due(IN_ORDER)).toBe(true);
    expect(due({ ...IN_ORDER, ledger: MONDAY, settings: { notifyWhen: 'always' } })).toBe(true);
    expect(due({ ...IN_ORDER, keys: {}, ledger: MONDAY })).toBe(true);
    const [found] = inputOf({ ...IN_ORDER, keys: {} }).report.findings;
    if (found === undefined) throw new Error('A token without a key is a finding.');
    const reported = [...MONDAY.reported, { key: findingKey(found.id), day: '2026-03-02' }];
    expect(due({ ...IN_ORDER, keys: {}, ledger: { findings: [found], ...MONDAY, reported } })).toBe(false);
    expect(due({ ...IN_ORDER, keys: {}, ledger: { findings: [found], reported: reported.slice(-1) } })).toBe(
      true,
    );
  });

  it('is due with an alert, which is remembered beside the steps that it reported', () => {
    const alerts = [{ key: 'checks stopped', text: 'The check stopped.' }];
    const alerted = plannedOf({ ...IN_ORDER, alerts, report: { notes: ['The check stopped.'] } });
    const remembered = (published: boolean): boolean =>
      keysOf(alerted.remember(ledgerOf(), published, published)).includes('alert checks stopped');
    expect(alerted.mail?.text).toContain('NOTES\n- The check stopped.');
    expect([remembered(true), remembered(false)]).toEqual([true, false]);
  });

  it('lists everything open once a week', () => {
    const [found] = inputOf({ ...IN_ORDER, keys: {} }).report.findings;
    if (found === undefined) throw new Error('A token without a key is a finding.');
    const weekly = plannedOf({
      ...IN_ORDER,
      keys: {},
      ledger: { findings: [found], reported: [{ key: findingKey(found.id), day: '2026-02-27' }] },
    });
    expect(weekly.mail?.text).toContain('TO PUT IN ORDER');
    const remembered = (published: boolean): string | undefined =>
      reportedItems(weekly.remember(ledgerOf(), published, true)).get(WEEKLY_MAIL)?.day;
    expect([remembered(true), remembered(false)]).toEqual(['2026-03-02', undefined]);
    const midweek = plannedOf({ ...ENDING, ledger: MONDAY });
    const after = midweek.remember(ledgerOf(MONDAY), true, true);
    expect(reportedItems(after).get(WEEKLY_MAIL)?.day).toBe('2026-03-02');
  });

  it('goes by the days that are left of an ending license', () => {
    const ending = plannedOf(ENDING);
    expect(ending.mail?.text).toContain('orange-cd  paid until 5 Mar, access until 5 Mar');
    const after = ending.remember(ledgerOf(), true, true);
    expect(after.findings).toMatchObject([{ kind: 'license-expiring' }]);
    expect(after.reported).toContainEqual({
      key: `finding ${after.findings[0]?.id ?? ''}`,
      day: '2026-03-02',
      level: findingLevel('warning', 7),
    });
    const other = plannedOf({ ...ENDING, keys: {} }).remember(ledgerOf(), true, true).findings[0];
    expect(other).toMatchObject({ kind: 'orphaned-token' });
  });

  it('tells no resolved finding of an exempt label', () => {
    const gone = {
      id: 'x',
      kind: 'orphaned-key',
      severity: 'warning',
      deployment: 'a',
      since: iso(NOW),
    } as const;
    const reported = [...MONDAY.reported, { key: 'finding x', day: '2026-03-02' }];
    const given: Given = { ...IN_ORDER, ledger: { findings: [gone], ...MONDAY, reported } };
    expect(plannedOf(given).mail?.text).toContain('PUT RIGHT');
    const exempt = plannedOf({
      ...given,
      exemptions: 'label,reason,owner,until\na,,,\n',
      exemptionsThere: true,
    });
    expect(exempt.mail?.text).not.toContain('PUT RIGHT');
    expect(exempt.mail?.text).toContain('a is exempt from everything, no end: nobody says why');
  });
});

describe('a notice', () => {
  const notices = (
    given: Given,
    published: boolean,
    confirmed: boolean,
    before: Ledger['notices'] = [],
  ): unknown => plannedOf(given).remember(ledgerOf({ notices: before }), published, confirmed).notices;

  it('is given by a mail that went out while the topic had a confirmed subscriber, and only when enforcing', () => {
    expect(notices(ENDING, true, true)).toEqual([notice]);
    expect(notices(ENDING, true, false)).toEqual([]);
    expect(notices(ENDING, false, false)).toEqual([]);
    expect(notices({ ...ENDING, report: { mode: 'observe' } }, true, true)).toEqual([]);
  });

  it('is given of announcements and of no other step', () => {
    const ended = { ...notice, end: '2026-02-01', at: iso(NOW - DAY) };
    const withdrawn: Given = {
      tokens: [{}, { label: 'mtn-cm' }],
      licenses: ['orange,cd,2026-02-01,0', 'mtn,cm,2026-03-05,0'],
      ledger: { notices: [ended] },
    };
    expect(notices(withdrawn, true, true)).toEqual([{ ...notice, tokenId: 't2', deployment: 'mtn-cm' }]);
  });

  it('stands while the token has its label and the list says the same end', () => {
    const due: Given = { ...ENDING, ledger: { notices: [notice] } };
    expect(notices(due, false, false, [notice])).toEqual([notice]);
    for (const other of [
      { ...notice, end: '2026-03-06' },
      { ...notice, deployment: 'mtn-cm' },
    ])
      expect(notices(due, false, false, [other])).toEqual([]);
    expect(notices({ ...due, tokens: [{ label: 'mtn-cm' }] }, false, false, [notice])).toEqual([]);
    // Of a token that is not listed nobody knows anything yet.
    const unlisted = { ...notice, tokenId: 't2' };
    expect(notices(due, false, false, [unlisted])).toEqual([unlisted]);
  });
});

describe('what the ledger remembers after a run', () => {
  const action = (status: Action['status'], changes: Partial<Action> = {}): Action => ({
    kind: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 't1',
    status,
    reason: 'why',
    ...changes,
  });
  const intent = {
    step: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 't1',
    reason: 'why',
    approved: false,
    replaced: false,
    at: iso(NOW),
    runId: 'run-1',
  } as const;

  it('are open steps but those that were not tried', () => {
    const left = (actions: Action[]): number =>
      plannedOf({ ...IN_ORDER, report: { actions } }).remember(ledgerOf({ intents: [intent] }), true, true)
        .intents.length;
    expect([left([action('skipped')]), left([action('failed')])]).toEqual([0, 1]);
    for (const other of [{ tokenId: 't2' }, { deployment: 'mtn-cm' }, { kind: 'delete-token' as const }])
      expect(left([action('skipped', other)])).toBe(1);
  });

  it('are resolved findings until a mail that was due went out', () => {
    const gone = {
      id: 'x',
      kind: 'orphaned-key',
      severity: 'warning',
      deployment: 'a',
      since: iso(NOW),
    } as const;
    const left = (published: boolean, isReported = true): unknown[] => {
      const reported = isReported ? [{ key: 'finding x', day: '2026-03-02' }] : [];
      const ledger = { findings: [gone], reported };
      return plannedOf({ ...IN_ORDER, ledger }).remember(ledgerOf(ledger), published, published).findings;
    };
    expect([left(false), left(true)]).toEqual([[gone], []]);
    expect(left(false, false)).toEqual([]);
  });

  it('are unreported steps until a mail that was due went out', () => {
    const unreported = [action('done')];
    const given: Given = { ...IN_ORDER, ledger: { unreported } };
    const left = (published: boolean): number =>
      plannedOf(given).remember(ledgerOf({ unreported }), published, true).unreported.length;
    expect([left(true), left(false)]).toEqual([0, 1]);
    expect(plannedOf(given).remember(ledgerOf({ unreported }), true, false).unreported).toEqual(unreported);
  });

  it('is the night, undisturbed where its mail went out and nothing failed or was skipped, whatever was withheld', () => {
    const night = (actions: Action[], published = true): Ledger['lastNight'] =>
      plannedOf({ ...IN_ORDER, report: { actions } }).remember(ledgerOf(), published, true).lastNight;
    expect(night([action('done')])).toEqual({
      day: '2026-03-02',
      runId: 'run-1',
      at: iso(NOW),
      undisturbed: true,
      outcome: 'attention',
      report: 'reports/r.json',
    });
    for (const status of ['failed', 'skipped'] as const)
      expect([status, night([action('done'), action(status)])?.undisturbed]).toEqual([status, false]);
    expect(night([action('withheld')])?.undisturbed).toBe(true);
    const planned = [action('planned')];
    expect([night(planned)?.undisturbed, night(planned, false)?.undisturbed]).toEqual([true, false]);
    const silent = plannedOf({ ...IN_ORDER, ledger: MONDAY });
    expect(silent.remember(ledgerOf(), false, false).lastNight?.undisturbed).toBe(true);
    const outcome = (of: Report['outcome']): string | undefined =>
      plannedOf({ ...IN_ORDER, report: { outcome: of } }).remember(ledgerOf(), true, true).lastNight?.outcome;
    expect((['incomplete', 'clean', 'withheld'] as const).map(outcome)).toEqual([
      'attention',
      'clean',
      'withheld',
    ]);
  });

  it('are the measures of this run, each of an input that did not shrink', () => {
    const before = { tokens: 2, keys: 9, licenses: null, exemptions: [] };
    const after = plannedOf(IN_ORDER).remember(ledgerOf({ measures: before }), true, true);
    expect(after.measures).toEqual({
      tokens: 1,
      keys: 9,
      licenses: { deployments: 1, rows: null },
      exemptions: [],
    });
    expect(after.licenseRows).toHaveLength(1);
  });

  it('are measures less what the run itself deleted: that is no input that shrank', () => {
    const deleted = action('done', { kind: 'delete-token' });
    const actions = [deleted, action('done', { kind: 'remove-key' }), action('done')];
    const notDeleted = [
      action('failed', { kind: 'delete-token' }),
      action('skipped', { kind: 'delete-token' }),
      action('failed', { kind: 'remove-key' }),
    ];
    const read = plannedOf(IN_ORDER).remember(ledgerOf(), true, true).measures;
    const { measures } = plannedOf({
      ...IN_ORDER,
      report: { actions: [...actions, ...notDeleted] },
    }).remember(ledgerOf(), true, true);
    expect(measures).toEqual({ ...read, tokens: (read.tokens ?? 0) - 1, keys: (read.keys ?? 0) - 1 });
  });

  it('are the steps that the mail reported', () => {
    const steps = [{ kind: 'deactivate', deployment: 'mtn-cm', tokenId: 't9', reason: 'why', withheld: 'a guard' }] as const; // prettier-ignore
    const input = inputOf(IN_ORDER);
    const planned = planNotification({ ...input, plan: { ...input.plan, steps } });
    const remembered = (confirmed: boolean): boolean =>
      keysOf(planned.remember(ledgerOf(), true, confirmed)).includes('step deactivate t9 mtn-cm');
    expect([remembered(true), remembered(false)]).toEqual([true, false]);
  });

  it('is nothing where nobody was there to read the mail: everything is news again', () => {
    const given: Given = { ...IN_ORDER, keys: {} };
    const after = plannedOf(given).remember(ledgerOf(), true, false);
    expect(after.findings).toMatchObject([{ kind: 'orphaned-token' }]);
    expect(keysOf(after).filter((key) => key.startsWith('finding '))).toEqual([]);
    const again = planNotification({ ...inputOf(given), ledger: after });
    expect(again.mail?.text).toContain('- orange-cd: its token is not stored in Vault');
    expect(again.mail?.text).toMatch(/No mail since \d+ \w+ reached\s+anybody who had\s+confirmed/);
    expect(keysOf(again.remember(after, true, true))).not.toContain('nobody could read it');
  });

  it('are exemptions that were reported; where the mail failed only that the file was there', () => {
    const given: Given = {
      ...IN_ORDER,
      exemptions: 'label,reason,owner,until\na,,,\n',
      exemptionsThere: true,
    };
    const remembered = (
      published: boolean,
      before: Ledger['exemptions'],
      input = given,
    ): Ledger['exemptions'] =>
      plannedOf(input).remember(ledgerOf({ exemptions: before }), published, true).exemptions;
    expect(remembered(true, null)).toEqual([{ label: 'a', findings: [], endReported: false }]);
    expect(remembered(false, null)).toEqual([]);
    const before = [{ label: 'b', endReported: false }];
    expect(remembered(false, before)).toBe(before);
    expect(remembered(false, null, IN_ORDER)).toBeNull();
  });

  it('is nothing else: what others wrote stays', () => {
    const issued = [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW - HOUR) }];
    expect(plannedOf(IN_ORDER).remember(ledgerOf({ issued }), true, true).issued).toBe(issued);
  });

  const row = { deployment: 'mtn-cm', product: '', paidUntil: '2026-05-01', accessUntil: '2026-05-01' };
  const rows = [row];
  const older = [{ ...row, accessUntil: '2026-04-01' }];
  it.each<[rule: string, given: Given, before: Partial<Ledger>, read: boolean, reportedRows?: typeof rows]>([
    [
      'are the rows before, where nobody could read what changed',
      IN_ORDER,
      { licenseRows: rows },
      false,
      rows,
    ],
    [
      'are the rows that somebody could read about, however many mails failed since',
      IN_ORDER,
      { licenseRows: rows, reportedRows: older },
      false,
      older,
    ],
    ['are the rows of now alone, where somebody could', IN_ORDER, { reportedRows: older }, true],
    ['are no rows where there were none before', IN_ORDER, { licenseRows: null }, false],
    [
      'are the rows of now alone, where there was nothing to mail',
      { ...IN_ORDER, ledger: MONDAY },
      { licenseRows: rows },
      false,
    ],
  ])('%s', (_rule, given, before, read, reportedRows) => {
    const after = plannedOf(given).remember(ledgerOf(before), read, read);
    expect(after.reportedRows).toEqual(reportedRows);
    expect(after.licenseRows).toMatchObject([{ deployment: 'orange-cd' }]);
  });
});

describe('who is announced by no mail', () => {
  it('is nobody whom the mail names, and nobody who is not to be announced', () => {
    const input = inputOf(ENDING);
    const other = { kind: 'deactivate', deployment: 'mtn-cm', tokenId: 't2', reason: 'why' } as const;
    const plan = { ...input.plan, steps: [...input.plan.steps, other] };
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['announce', 'deactivate']);
    expect([...planNotification({ ...input, plan }).unnamed]).toEqual([]);
  });

  it('is whoever has no room in the mail', () => {
    const names = Array.from({ length: 2500 }, (_, index) => `telco${index}-be`);
    const full = inputOf({
      tokens: names.map((label) => ({ label, id: `id-${label}` })),
      keys: Object.fromEntries(names.map((name) => [name, contentOf(name)])),
      licenses: names.map((name) => `${name.replace('-', ',')},2026-03-05,0`),
    });
    const { mail, unnamed } = planNotification(full);
    const inMail = new Set(mail?.text.match(/telco\d+-be/g));
    const listed = names.filter((name) => inMail.has(name));
    expect(listed.length).toBeGreaterThan(10);
    expect(listed.length).toBeLessThan(2500);
    expect([...unnamed].sort()).toEqual(
      names
        .filter((name) => !listed.includes(name))
        .map((name) => `id-${name}`)
        .sort(),
    );
  });
});

describe('what stands in the way of the whole', () => {
  const textOf = (given: Given, isApproval = false): string => {
    const input = inputOf(given);
    const planned = planNotification({ ...input, plan: { ...input.plan, isApproval } });
    return planned.mail?.text.replaceAll(/\s+/g, ' ') ?? '';
  };
  const shrunk = { text: 'The license list lost half.', isApproved: false };

  it.each<[rule: string, text: () => string, holds: string, lacks: string]>([
    ['is nothing as a rule', () => textOf(IN_ORDER), 'orange-cd', 'HOLD is in the bucket'],
    [
      'is HOLD',
      () => textOf({ ...IN_ORDER, hold: true }),
      'HOLD is in the bucket: nobody is cut off',
      'known since',
    ],
    [
      'is HOLD, since a mail first said it',
      () => textOf({ ...IN_ORDER, hold: true, ledger: { reported: [{ key: 'HOLD', day: '2026-02-27' }] } }),
      'HOLD is in the bucket (known since 27 Feb): nobody is cut off',
      'lost half',
    ],
    [
      'is HOLD, since the object says that it is there',
      () =>
        textOf({
          ...IN_ORDER,
          hold: true,
          report: { inputs: { hold: true, holding: [{ key: 'HOLD', since: '2026-02-28T12:00:00.000Z' }] } },
          ledger: { reported: [{ key: 'HOLD', day: '2026-02-27' }] },
        }),
      '28 Feb',
      'known since',
    ],
    [
      'is an input that shrank, with the event that lets it count',
      () => textOf({ ...IN_ORDER, report: { shrunk } }),
      'Then let the new numbers count',
      'HOLD is in the bucket',
    ],
    [
      'is an input that shrank and this run approved: nothing is left to paste',
      () => textOf({ ...IN_ORDER, report: { shrunk: { ...shrunk, isApproved: true } } }, true),
      'This run approves that',
      'Then let the new numbers count',
    ],
  ])('%s', (_rule, text, holds, lacks) => {
    expect(text()).toContain(holds);
    expect(text()).not.toContain(lacks);
  });
});

describe('sending', () => {
  const sent = (fate: 'pass' | 'fail before', confirmed = true, given = ENDING): ReturnType<typeof send> => {
    const sandbox = startSandbox({ transport: 'memory' });
    sandbox.confirmed = confirmed;
    sandbox.fate = (call) => (call === 'topic.publish' ? fate : 'pass');
    return send(sandbox.services(), plannedOf(given));
  };

  it('says whether the mail went out, and whether anybody had confirmed then', async () => {
    expect(await sent('pass')).toEqual({ published: true, confirmed: true });
    expect(await sent('pass', false)).toEqual({ published: true, confirmed: false });
  });

  it('sends nothing where nothing is due', async () => {
    const silent = { ...IN_ORDER, ledger: MONDAY };
    expect(await sent('fail before', true, silent)).toEqual({ published: false, confirmed: false });
  });

  it('does not fail where the mail can not be sent, and says why', async () => {
    const { error, ...rest } = await sent('fail before');
    expect([error?.name, rest]).toEqual(['NotificationFailed', { published: false, confirmed: false }]);
  });
});

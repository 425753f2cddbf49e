import type { Action } from '../domain/actions.ts';
import { type Day, dayOf, daysBetween, mondayOf } from '../domain/days.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import type { Ledger, ReportedFinding, UnreportedAction } from '../domain/ledger.ts';
import { reachedThreshold } from '../domain/licenses.ts';
import { type Report, putRight } from '../report/report.ts';
import type { ExemptionNews } from './exemption-news.ts';

/** What identifies a step in the memory of what was told. */
const stepKey = ({ kind, deployment, tokenId, status }: Action): string =>
  [status, kind, tokenId ?? '', deployment].join(' ');

/** What support should hear of although it is no finding; `key` is the same for the same thing. */
export interface Alert {
  readonly key: string;
  /** One printable sentence. */
  readonly text: string;
}

/** An alert that lasts is told again after so many days. */
const ALERTED_DAYS = 7;
/** Begins no status, so that what was told of alerts and of steps can't be taken for each other. */
const ALERT_PREFIX = 'alert ';

/** What a mail has to tell, set apart from what is only open still. */
export interface News {
  readonly revoked: readonly Action[];
  readonly announced: readonly Action[];
  readonly withheld: readonly Action[];
  readonly failed: readonly Action[];
  readonly restored: readonly Action[];
  /** What the issue function did and could not mail. */
  readonly issued: readonly UnreportedAction[];
  readonly planned: readonly Action[];
  readonly found: readonly Finding[];
  readonly resolved: readonly ReportedFinding[];
  readonly exemptions: readonly string[];
  /** Alerts that no mail told in the last days; their texts are among the notes. */
  readonly alerts: readonly Alert[];
  readonly notes: readonly string[];
}

/** Kinds that tell themselves by another line of the mail. */
export const QUIET: ReadonlySet<FindingKind> = new Set(['suspended']);

/**
 * The memory of findings after this run: since when, whether told, at which threshold.
 *
 * @param told whether a mail told them now
 * @param unreported resolved findings that the mail which failed would have told
 */
export function rememberFindings(
  ledger: Ledger,
  findings: readonly Finding[],
  daysLeftOf: (finding: Finding) => number | undefined,
  warnDays: readonly number[],
  told: boolean,
  unreported: readonly ReportedFinding[] = [],
): ReportedFinding[] {
  const before = new Map(ledger.findings.map((entry) => [entry.id, entry]));
  const current = findings.map((finding): ReportedFinding => {
    const left = daysLeftOf(finding);
    const reached = left === undefined ? undefined : reachedThreshold(warnDays, left);
    const known = before.get(finding.id);
    const threshold = told ? reached : known?.threshold;
    // That it has become critical is news until a mail told it.
    const isUnreportedRise = !told && known?.told === true && finding.severity === 'critical';
    return {
      id: finding.id,
      kind: finding.kind,
      severity: isUnreportedRise ? known.severity : finding.severity,
      deployment: finding.deployment,
      ...(finding.tokenId === undefined ? {} : { tokenId: finding.tokenId }),
      since: finding.since,
      told: told || (known?.told ?? false),
      ...(threshold === undefined ? {} : { threshold }),
    };
  });
  return [...current, ...unreported];
}

/** Whether a finding was not told yet, has become worse, or has reached a narrower threshold. */
function isNews(
  finding: Finding,
  known: ReportedFinding | undefined,
  left: number | undefined,
  warnDays: readonly number[],
): boolean {
  if (QUIET.has(finding.kind)) return false;
  if (known?.told !== true) return true;
  if (known.severity !== finding.severity && finding.severity === 'critical') return true;
  const reached = left === undefined ? undefined : reachedThreshold(warnDays, left);
  return reached !== undefined && reached < (known.threshold ?? Infinity);
}

/** What a mail is made from. */
export interface MailInput {
  readonly report: Omit<Report, 'notified'>;
  /** The ledger before this run's mail; its `untold` are the steps of this run and of broken-off ones. */
  readonly ledger: Ledger;
  readonly exemptionNews: ExemptionNews;
  /** Days left of a `license-expiring` finding's license. */
  readonly daysLeftOf: (finding: Finding) => number | undefined;
  readonly warnDays: readonly number[];
  readonly exempt: ReadonlySet<string>;
  readonly approvable: readonly string[];
  /** Their texts are among the report's notes. */
  readonly alerts?: readonly Alert[];
  readonly account: string;
  readonly bucket: string;
  /** The instant that the run judges by. */
  readonly now: number;
}

/** Whether an alert was told so lately that it is no news. */
function isAlerted(told: Day | undefined, today: Day): boolean {
  return told !== undefined && daysBetween(told, today) < ALERTED_DAYS;
}

/** A step of audit or revoke; what else no mail told is the issue function's. */
function isStep(action: UnreportedAction): action is Action {
  return action.kind !== 'issue' && action.kind !== 'rename';
}

/** Picks what this run's mail has to tell. */
export function newsOf(input: MailInput): News {
  const { report, ledger, warnDays, daysLeftOf } = input;
  const today = dayOf(input.now, report.timeZone);
  const known = new Map(ledger.findings.map((entry) => [entry.id, entry]));
  const current = new Set(report.findings.map(({ id }) => id));
  const reportedOn = new Map(ledger.toldSteps.map(({ key, day }) => [key, day]));
  const status = (wanted: Action['status']): Action[] =>
    report.actions.filter((action) => action.status === wanted);
  // Once a day, so that the catch-up tries of a night do not repeat it; planned steps once for as long as they last.
  const unreportedToday = (action: Action): boolean => reportedOn.get(stepKey(action)) !== today;
  const isExpired = (entry: ReportedFinding): boolean =>
    entry.kind === 'license-expiring' &&
    report.findings.some(
      ({ kind, deployment }) => kind === 'license-expired' && deployment === entry.deployment,
    );
  // Told as revoked already.
  const suspended = new Set(ledger.suspensions.map(({ tokenId }) => tokenId));
  const isSwitchedOff = (entry: ReportedFinding): boolean =>
    entry.kind === 'license-expired' && suspended.has(entry.tokenId ?? '');
  const gone = putRight(report);
  const unreported = ledger.untold.filter(({ status: end }) => end === 'done');
  const done = unreported.filter(isStep);
  return {
    issued: unreported.filter((action) => !isStep(action)),
    revoked: done.filter(({ kind }) => kind !== 'reactivate' && kind !== 'announce'),
    restored: done.filter(({ kind }) => kind === 'reactivate'),
    announced: report.actions.filter(
      ({ kind, status: end }) => kind === 'announce' && (end === 'done' || end === 'failed'),
    ),
    withheld: status('withheld').filter(unreportedToday),
    failed: [...status('failed'), ...status('skipped')].filter(
      (action) => action.kind !== 'announce' && unreportedToday(action),
    ),
    planned: status('planned').filter((action) => !reportedOn.has(stepKey(action))),
    found: report.findings.filter(
      (finding) =>
        !gone.has(finding.id) && isNews(finding, known.get(finding.id), daysLeftOf(finding), warnDays),
    ),
    resolved: ledger.findings.filter(
      (entry) =>
        entry.told &&
        !current.has(entry.id) &&
        !QUIET.has(entry.kind) &&
        !input.exempt.has(entry.deployment) &&
        !isExpired(entry) &&
        !isSwitchedOff(entry),
    ),
    exemptions: input.exemptionNews.lines,
    alerts: (input.alerts ?? []).filter(
      ({ key }) => !isAlerted(reportedOn.get(`${ALERT_PREFIX}${key}`), today),
    ),
    notes: report.notes,
  };
}

/** Whether there is anything that people have to be told today. */
export function hasNews(news: News): boolean {
  // Notes explain a mail that is sent anyway.
  const changes: readonly (readonly unknown[])[] = [
    news.revoked,
    news.announced,
    news.withheld,
    news.failed,
    news.restored,
    news.issued,
    news.planned,
    news.found,
    news.resolved,
    news.exemptions,
    news.alerts,
  ];
  return changes.some((entries) => entries.length > 0);
}

/** What was told of steps that are not done, for the next run. */
export function rememberSteps(
  actions: readonly Action[],
  ledger: Ledger,
  today: Day,
  told: boolean,
): Ledger['toldSteps'] {
  const before = new Map(ledger.toldSteps.map((entry) => [entry.key, entry]));
  return actions
    .filter(({ status }) => status !== 'done')
    .flatMap((action) => {
      const key = stepKey(action);
      const known = before.get(key);
      return told ? [{ key, day: known !== undefined && action.status === 'planned' ? known.day : today }] : known === undefined ? [] : [known]; // prettier-ignore
    });
}

/** What was told of alerts: for some days, so that one that comes and goes is not told every other night. */
export function rememberAlerts(
  alerts: readonly Alert[],
  ledger: Ledger,
  today: Day,
  told: boolean,
): Ledger['toldSteps'] {
  const now = new Map((told ? alerts : []).map(({ key }) => [`${ALERT_PREFIX}${key}`, today]));
  const before = ledger.toldSteps.filter(
    ({ key, day }) => key.startsWith(ALERT_PREFIX) && !now.has(key) && isAlerted(day, today),
  );
  return [...before, ...[...now].map(([key, day]) => ({ key, day }))];
}

/** Whether the weekly list of everything open is due: none was sent since Monday 00:00. */
export function isWeeklyDue(ledger: Ledger, now: number, timeZone: string): boolean {
  if (ledger.weeklyAt === null) return true;
  return Date.parse(ledger.weeklyAt) < mondayOf(dayOf(now, timeZone), timeZone);
}

/** What is still open when the run is over. */
export function openFindings(report: Omit<Report, 'notified'>): Finding[] {
  const gone = putRight(report);
  return report.findings.filter(({ id }) => !gone.has(id));
}

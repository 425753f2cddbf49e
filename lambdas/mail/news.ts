// What a mail has to report, and what is remembered of it: everything has one key in one memory (domain/reported.ts).
import type { Action } from '../domain/actions.ts';
import { type Day, dayOf } from '../domain/days.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import type { Ledger, ReportedFinding, ReportedItem, UnreportedAction } from '../domain/ledger.ts';
import { daysLeft, reachedThreshold } from '../domain/licenses.ts';
import type { Plan } from '../domain/plan/plan.ts';
import { type Step, isLeftToNight } from '../domain/plan/step.ts';
import { type Upcoming, isNextNight, upcomingEnds } from '../domain/plan/upcoming.ts';
import {
  type Item,
  WEEKLY_MAIL,
  alertKey,
  announcementKey,
  findingKey,
  findingLevel,
  isDue,
  reportedItems,
  reportedNow,
  stepKey,
} from '../domain/reported.ts';
import { type Snapshot, hasEnded, listedToken } from '../domain/snapshot.ts';
import { type PasteEvent, isWithoutAccess, openFindings } from '../report/open.ts';
import type { Report } from '../report/report.ts';
import type { ExemptionNews } from './exemption-news.ts';

/** What support should hear of although it is no finding; `key` is the same for the same thing. */
export interface Alert {
  readonly key: string;
  /** One printable sentence. */
  readonly text: string;
}

/** How the key of the alert begins that says that a run failed on its way. */
export const FAILED_RUN = 'storage ';

/** What stands in the way of the whole: the first that a mail says. */
export interface Obstacle {
  /** `approved`: an input shrank, and this run's approval lets that count; it is said as well, and holds nothing. */
  readonly kind: 'shrunk' | 'approved' | 'HOLD';
  /** What is so and what to do, in printable sentences. */
  readonly text: string;
  /** What `approves` it, with what that means. */
  readonly approval?: { readonly event: PasteEvent; readonly text: string };
}

/** What a mail is made from. */
export interface MailInput {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly report: Omit<Report, 'notified'>;
  /** The ledger before this run's mail; its `unreported` are the steps of this run and of broken-off ones. */
  readonly ledger: Ledger;
  readonly obstacles: readonly Obstacle[];
  readonly exemptionNews: ExemptionNews;
  /** Their texts are among the report's notes. */
  readonly alerts: readonly Alert[];
  readonly account: string;
  /** What the functions' names begin with. */
  readonly name: string;
  readonly bucket: string;
  readonly topicArn: string;
  readonly nightlyAt: string;
}

/** Something to report, and whether it is news. */
export interface News<Value> {
  readonly value: Value;
  readonly item: Item;
  readonly isNew: boolean;
}

/** A step that a guard holds. */
export type WithheldStep = Step & { readonly withheld: string };

/** Everything that a mail can report, news or not, set apart by what became of it. */
export interface Reportable {
  readonly obstacles: readonly News<Obstacle>[];
  readonly upcoming: readonly News<Upcoming>[];
  readonly done: readonly News<UnreportedAction>[];
  readonly withheld: readonly News<WithheldStep>[];
  /** Failed or left alone. */
  readonly failed: readonly News<Action>[];
  readonly planned: readonly News<Action>[];
  /** Open findings, `suspended` ones aside: another line reports those. */
  readonly findings: readonly News<Finding>[];
  readonly resolved: readonly News<ReportedFinding>[];
  readonly exemptions: readonly News<string>[];
  readonly alerts: readonly News<Alert>[];
  /** The first mail since Monday: it lists everything open. */
  readonly isWeekly: boolean;
  /** Since when nobody could read the mails; absent where the last one could be read. */
  readonly unheardSince: Day | undefined;
}

/** Kinds that another line of the mail reports. */
const QUIET: ReadonlySet<FindingKind> = new Set(['suspended']);
/** Kinds that are over by themselves: that they are is no news. */
const PASSING: ReadonlySet<FindingKind> = new Set(['automatic-token']);
/** Entry of the memory that says since when nobody could read the mails. */
const UNHEARD = 'nobody could read it';
const HOLD = 'HOLD';

/** Finds what there is to report, and what of it is news. Pure. */
export function reportable(input: MailInput): Reportable {
  const { report, ledger, snapshot } = input;
  const { today } = snapshot;
  const memory = reportedItems(ledger);
  const news = <Value>(value: Value, item: Item): News<Value> => ({
    value,
    item,
    isNew: isDue(item, memory.get(item.key), today),
  });
  const weekly: Item = { key: WEEKLY_MAIL, repeat: 'weekly' };
  return {
    obstacles: input.obstacles.map((obstacle) => news(obstacle, obstacleItem(obstacle))),
    upcoming: upcomingOf(input).map((end) => {
      const found = news(end, upcomingItem(end, input));
      // What is announced again, because a notice lapsed, is news whatever was reported of it before.
      return { ...found, isNew: found.isNew || (end.isNew && report.mode === 'enforce') };
    }),
    done: ledger.unreported
      .filter(({ status }) => status === 'done')
      .map((action) => news(action, doneItem(action))),
    withheld: input.plan.steps
      .filter((step): step is WithheldStep => step.withheld !== undefined && !isLeftToNight(step))
      .map((step) => news(step, { key: stepKey(step), repeat: 'once', state: step.guard ?? step.withheld }))
      // What is announced again among the withheld is news whatever was reported of it before.
      .map((found) => ({ ...found, isNew: found.isNew || found.value.announces !== undefined })),
    // Once a day, so that the catch-up tries of a night do not repeat it.
    failed: report.actions
      .filter(({ kind, status }) => kind !== 'announce' && (status === 'failed' || status === 'skipped'))
      .map((action) => news(action, { key: stepKey(action), repeat: 'daily', state: action.status })),
    planned: report.actions
      .filter(({ kind, status }) => kind !== 'announce' && status === 'planned')
      .map((action) => news(action, { key: stepKey(action), repeat: 'once', state: action.status })),
    findings: openFindings(report)
      .filter(({ kind }) => !QUIET.has(kind))
      .map((finding) => {
        const found = news(finding, findingItem(finding, snapshot));
        return isDoubted(input) && !isWithoutAccess(finding) ? { ...found, isNew: false } : found;
      }),
    resolved: resolvedOf(input, memory).map((finding) => ({
      value: finding,
      item: { key: resolvedKey(finding.id), repeat: 'once' },
      isNew: !isDoubted(input),
    })),
    exemptions: input.exemptionNews.lines.map((line) => ({
      value: line,
      item: { key: `exemption ${line}`, repeat: 'once' },
      isNew: true,
    })),
    alerts: input.alerts.map((alert) => news(alert, { key: alertKey(alert.key), repeat: 'weekly' })),
    isWeekly: isDue(weekly, memory.get(WEEKLY_MAIL), today),
    unheardSince: memory.get(UNHEARD)?.day,
  };
}

/** Whether there is anything that has to be reported today, the weekly mail aside. */
export function hasNews(reported: Reportable): boolean {
  const all = Object.values(reported).filter((entries): entries is readonly News<unknown>[] =>
    Array.isArray(entries),
  );
  return all.some((entries) => entries.some(({ isNew }) => isNew));
}

/** What became of a run's mail; `unread`: it could not be sent, or nobody was there to read it. */
export type MailFate = 'read' | 'unread' | 'not due';

/**
 * The memory after a run.
 *
 * @param keys of everything that stood in the mail, where somebody could read it; else none
 */
export function rememberReported(
  ledger: Ledger,
  reported: Reportable,
  keys: ReadonlySet<string>,
  { fate, today }: { readonly fate: MailFate; readonly today: Day },
): ReportedItem[] {
  const before = reportedItems(ledger);
  const lists: readonly (readonly News<unknown>[])[] = [
    reported.obstacles,
    reported.upcoming,
    reported.withheld,
    reported.failed,
    reported.planned,
    reported.findings,
    reported.alerts,
  ];
  const after = new Map<string, ReportedItem>();
  for (const { item } of lists.flat()) {
    const known = before.get(item.key);
    if (keys.has(item.key)) after.set(item.key, reportedNow(item, today));
    else if (known !== undefined) after.set(item.key, known);
  }
  keepUnmentioned(after, before, reported.resolved, { keys, today });
  const weekly = before.get(WEEKLY_MAIL);
  if (reported.isWeekly && fate === 'read') after.set(WEEKLY_MAIL, { key: WEEKLY_MAIL, day: today });
  else if (weekly !== undefined) after.set(WEEKLY_MAIL, weekly);
  if (fate === 'unread') after.set(UNHEARD, before.get(UNHEARD) ?? { key: UNHEARD, day: today });
  return [...after.values()];
}

/** Keeps what is remembered of findings whose end no mail has reported, and of alerts that come and go. */
function keepUnmentioned(
  after: Map<string, ReportedItem>,
  before: ReadonlyMap<string, ReportedItem>,
  resolved: Reportable['resolved'],
  { keys, today }: { readonly keys: ReadonlySet<string>; readonly today: Day },
): void {
  for (const { value, item } of resolved) {
    const known = before.get(findingKey(value.id));
    if (known !== undefined && !keys.has(item.key)) after.set(known.key, known);
  }
  // An alert that comes and goes is not reported every other night.
  for (const [key, known] of before)
    if (key.startsWith('alert ') && !after.has(key) && !isDue({ key, repeat: 'weekly' }, known, today))
      after.set(key, known);
}

/** What no mail has reported of what was done. */
export function stillUnreported(ledger: Ledger, keys: ReadonlySet<string>): UnreportedAction[] {
  return ledger.unreported.filter((action) => !keys.has(doneItem(action).key));
}

/** Findings to remember: those that are open, and resolved ones that no mail has reported as that. */
export function rememberFindings(
  ledger: Ledger,
  findings: readonly Finding[],
  reported: Reportable,
  keys: ReadonlySet<string>,
): ReportedFinding[] {
  const open = findings.map(({ id, kind, severity, deployment, tokenId, since }): ReportedFinding => ({
    id,
    kind,
    severity,
    deployment,
    ...(tokenId === undefined ? {} : { tokenId }),
    since,
  }));
  const ids = new Set(findings.map(({ id }) => id));
  const unreported = new Set(
    reported.resolved.filter(({ item }) => !keys.has(item.key)).map(({ value }) => value.id),
  );
  return [...open, ...ledger.findings.filter(({ id }) => unreported.has(id) && !ids.has(id))];
}

/** Whether a mail's text named what a step announces: where that is announced again, among the withheld. */
export function isNamed(step: Step, keys: ReadonlySet<string>): boolean {
  const { announces, deployment, end, withheld } = step;
  if (announces === undefined || end === undefined) return false;
  return keys.has(withheld === undefined ? announcementKey(announces, deployment, end) : stepKey(step));
}

/** Kinds that warn of an end: once that has come, they are over and nothing was put right. */
const END_KINDS: ReadonlySet<FindingKind> = new Set(['license-expiring', 'token-expiring']);

const resolvedKey = (id: string): string => `resolved ${id}`;

const doneItem = (action: UnreportedAction): Item => ({
  key: `done ${JSON.stringify(action)}`,
  repeat: 'once',
});

const obstacleItem = ({ kind, text }: Obstacle): Item => ({
  key: kind === 'HOLD' ? HOLD : `shrunk ${text.replace(/\d+/g, '#').slice(0, 200)}`,
  repeat: 'weekly',
});

/** Whether what was read is too little to be believed: then little can be said of what it lacks. */
export function isDoubted({ obstacles }: MailInput): boolean {
  return obstacles.some(({ kind }) => kind === 'shrunk');
}

/** Whether nobody loses access, whatever is due. */
export function isHeld({ obstacles }: MailInput): boolean {
  return obstacles.some(({ kind }) => kind !== 'approved');
}

function upcomingOf({ snapshot, plan, ledger, nightlyAt }: MailInput): Upcoming[] {
  const schedule = { timeZone: snapshot.policy.timeZone, nightlyAt };
  return upcomingEnds(plan, ledger.notices, schedule);
}

/** Announced once, and once more the night before. */
function upcomingItem(end: Upcoming, { snapshot }: MailInput): Item {
  return {
    key: announcementKey(end.what, end.deployment, end.end),
    repeat: 'once',
    state: end.heldBy.join(', '),
    level: end.what === 'deactivate' && end.heldBy.length === 0 && isNextNight(end, snapshot) ? 2 : 1,
  };
}

function findingItem(finding: Finding, snapshot: Snapshot): Item {
  return {
    key: findingKey(finding.id),
    repeat: 'once',
    level: findingLevel(finding.severity, thresholdOf(finding, snapshot)),
  };
}

/** Which of `warnDays` the end has reached that a finding warns of. */
function thresholdOf({ kind, deployment, tokenId = '' }: Finding, snapshot: Snapshot): number | undefined {
  const { warnDays, timeZone } = snapshot.policy;
  if (kind === 'license-expiring') {
    const license = snapshot.licenses.get(deployment);
    return license && reachedThreshold(warnDays, daysLeft(license, snapshot.today));
  }
  const end = kind === 'token-expiring' ? listedToken(snapshot, tokenId)?.expiresAt : undefined;
  if (end === undefined) return undefined;
  const days = (Date.parse(dayOf(end, timeZone)) - Date.parse(snapshot.today)) / 86_400_000;
  return reachedThreshold(warnDays, days);
}

/** Findings that were reported and are gone, unless another line of some mail says why. */
function resolvedOf(
  { report, ledger, snapshot }: MailInput,
  memory: ReadonlyMap<string, ReportedItem>,
): ReportedFinding[] {
  const current = new Set(report.findings.map(({ id }) => id));
  const hasEndedNow = (name: string): boolean => {
    const deployment = snapshot.deployments.get(name);
    return deployment !== undefined && hasEnded(deployment, snapshot);
  };
  const suspended = new Set(ledger.suspensions.map(({ tokenId }) => tokenId));
  // That the audit switched a token off stood in a mail: it is not put right because of that.
  const byAudit = new Set(
    ledger.suspensions.filter(({ by }) => by === 'audit').map(({ tokenId }) => tokenId),
  );
  return ledger.findings.filter(
    ({ id, kind, deployment, tokenId = '' }) =>
      memory.has(findingKey(id)) &&
      !current.has(id) &&
      !QUIET.has(kind) &&
      !PASSING.has(kind) &&
      !snapshot.exempted.has(deployment) &&
      !(END_KINDS.has(kind) && hasEndedNow(deployment)) &&
      !(kind === 'license-expired' && suspended.has(tokenId)) &&
      !byAudit.has(tokenId),
  );
}

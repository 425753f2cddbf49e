// The mail of a whole run, for somebody who is no programmer and has ten seconds (contract section 12).
import type { Mode } from '../domain/actions.ts';
import { longDay, shortDay } from '../domain/nights.ts';
import { type Upcoming, isNextNight } from '../domain/plan/upcoming.ts';
import { openFindings, openGroups, withdrawnGroups } from '../report/open.ts';
import type { Report } from '../report/report.ts';
import { pluralize } from '../text/display.ts';
import { type Events, composeText, subjectOf, summaryOf, wrapText } from './layout.ts';
import { reportLink } from './links.ts';
import {
  FAILED_RUN,
  type MailInput,
  type News,
  type Obstacle,
  type Reportable,
  isDoubted,
  isHeld,
} from './news.ts';
import type { Notification } from './notification.ts';
import {
  type Mentioned,
  cantPullPart,
  curedKeys,
  donePart,
  failedPart,
  obstacleLines,
  otherParts,
  restPart,
  upcomingPart,
  withheldPart,
} from './parts.ts';
import { endText } from './words.ts';

/** A mail, and the keys of everything that its text reports. */
export interface AuditMail {
  readonly mail: Notification;
  readonly reported: ReadonlySet<string>;
}

/** Makes the mail: what stands in the way, who loses access, who can't pull, what was done and what not, the rest. */
export function auditMail(input: MailInput, reported: Reportable): AuditMail {
  const { report } = input;
  const mentioned: Mentioned = new Set();
  const parts = [
    upcomingPart(input, reported, mentioned),
    cantPullPart(input, reported, mentioned),
    donePart(input, reported, mentioned),
    withheldPart(input, reported, mentioned),
    failedPart(reported, mentioned),
    restPart(input, reported, mentioned),
    ...otherParts(input, reported),
  ];
  const closing = closingLines(input, reported);
  const composed = composeText((events) => headingLines(input, reported, events), parts, closing, input.name);
  return {
    mail: {
      subject: subjectOf(subjectParts(input, reported), PREFIX[report.mode]),
      text: composed.text,
      summary: summaryOf(report),
      outcome: report.outcome,
      severity: severityOf(report, reported),
    },
    reported: new Set([
      ...composed.reported,
      ...curedKeys(input, reported),
      ...reported.obstacles.map(({ item }) => item.key),
    ]),
  };
}

const PREFIX: Record<Mode, string> = {
  enforce: '[Docker Hub tokens]',
  observe: '[Docker Hub tokens, observe]',
  'dry-run': '[Docker Hub tokens, dry run]',
};

/** What a reader must know before anything else. */
function headingLines(input: MailInput, reported: Reportable, events: Events): string[] {
  const { report, snapshot } = input;
  const unheard = reported.unheardSince;
  return [
    ...obstacleLines(reported, events),
    ...(unheard === undefined
      ? []
      : [
          ...wrapText(
            `No mail since ${shortDay(unheard, snapshot.today)} reached anybody who had confirmed the subscription: what was to be said since then stands here.`,
          ),
          '',
        ]),
    `Docker Hub access of our customers, ${longDay(report.asOf)}`,
    ...(report.mode === 'observe' ? ['Mode is observe: nothing is changed at Docker Hub or in Vault.'] : []),
    ...nextEndLines(input, reported),
  ];
}

/** Where nobody was announced an end: that, and who comes next. */
function nextEndLines({ snapshot }: MailInput, { upcoming, failed }: Reportable): string[] {
  if (upcoming.some(({ value }) => value.what === 'deactivate')) return [];
  // What failed is tried again by the next run.
  if (failed.some(({ value }) => value.kind === 'deactivate')) return [];
  const next = [...snapshot.licenses.values()]
    .filter(
      ({ deployment, lastDay }) =>
        lastDay >= snapshot.today && (snapshot.deployments.get(deployment)?.active.length ?? 0) > 0,
    )
    .sort((a, b) => (a.lastDay < b.lastDay ? -1 : 1))[0];
  const then =
    next === undefined || next.lastDay.startsWith('9999')
      ? '.'
      : `; the next to end is ${next.deployment} (${endText(snapshot, next.deployment)}).`;
  return wrapText(`Nobody loses access in the next 7 days${then}`);
}

/** What is open as counts, what was read, and where the report is. */
function closingLines(input: MailInput, reported: Reportable): string[] {
  const { report } = input;
  const { tokens, keys, licenses, exempt, verified } = report.counts;
  const checked = verified.matching + verified.rejected + verified.mismatched + verified.unclear;
  const isCalm = openFindings(report).length === 0 && reported.withheld.length === 0;
  return [
    ...wrapText(`${openText(input, reported)}${isCalm ? '' : ' Report:'}`, '  ').map((line) =>
      line === '  Report:' ? 'Report:' : line,
    ),
    ...(isCalm
      ? wrapText(
          `Read: ${pluralize(tokens, 'token')}, ${pluralize(keys, 'key')} in Vault, ${pluralize(licenses, 'customer')}, ${pluralize(exempt, 'exemption')}; ${pluralize(checked, 'content')} checked.`,
          '  ',
        )
      : []),
    ...(isCalm ? ['Report:'] : []),
    reportLink({ location: input.bucket, topicArn: input.topicArn }, report.report),
  ];
}

/** What is open when the run is over, in deployments. */
function openText({ report, alerts }: MailInput, reported: Reportable): string {
  const { cantPull, toDecide, ended, endingSoon, toFix, toKnow, switchedOff } = openGroups(report);
  const parts = [
    [cantPull, "can't pull"],
    [toDecide, 'to decide'],
    [ended, 'ended'],
    [endingSoon, 'ending'],
    [toFix, 'to fix'],
    [toKnow, 'to know'],
    [switchedOff, 'switched off'],
  ] as const;
  const counts = parts.filter(([{ size }]) => size > 0).map(([{ size }, words]) => `${size} ${words}`);
  if (counts.length > 0) return `Still open: ${counts.join(', ')}.`;
  const { obstacles, upcoming, withheld, failed, planned } = reported;
  const isQuiet = [obstacles, upcoming, withheld, failed, planned].every(({ length }) => length === 0);
  return isQuiet && !alerts.some(({ key }) => key.startsWith(FAILED_RUN))
    ? 'Nothing is open: all is well.'
    : 'Nothing else is open.';
}

const OBSTACLES: Record<Obstacle['kind'], string> = {
  shrunk: 'a list shrank',
  approved: 'shrunken list approved',
  HOLD: 'HOLD',
};

/** The most urgent first, in deployments; that all is well only where nothing of it is so. */
function subjectParts(input: MailInput, reported: Reportable): string[] {
  const { report, snapshot } = input;
  const parts = [
    ...new Set(input.obstacles.map(({ kind }) => OBSTACLES[kind])),
    ...endingParts(input, reported),
    ...(isDoubted(input) ? [] : countOf(openGroups(report).toFix, 'to fix')),
    ...(isDoubted(input) ? [] : stillOpenParts(input, reported)),
  ];
  return parts.length === 0
    ? [
        `all is well, ${pluralize(report.counts.tokens, 'token')}, ${pluralize(snapshot.licenses.size, 'customer')}`,
      ]
    : parts;
}

/** Who loses access, can't pull or has lost it, and what a guard or a failure left undone. */
function endingParts(input: MailInput, reported: Reportable): string[] {
  const { report, snapshot } = input;
  const { access, deletions, held } = endsOf(reported);
  const [tonight, soon] = [true, false].map((isTonight) =>
    namesOf(access.filter(({ value }) => isNextNight(value, snapshot) === isTonight)),
  );
  const failed = (wanted: string): string[] =>
    namesOf(reported.failed.filter(({ value }) => value.status === wanted));
  const done = (...kinds: string[]): string[] =>
    namesOf(reported.done.filter(({ value }) => kinds.includes(value.kind)));
  const withdrawn = withdrawnGroups(
    reported.done.map(({ value }) => value),
    report.deployments,
  );
  const isEnforced = report.mode === 'enforce';
  const ends = (names: Iterable<string> = [], when: 'tonight' | 'soon'): string[] =>
    isHeld(input) || !isEnforced ? [] : countOf(names, `loses access ${when}`, `lose access ${when}`);
  return [
    ...ends(tonight, 'tonight'),
    ...(isHeld(input) || isEnforced ? [] : countOf(namesOf(access), 'would lose access')),
    ...countOf(openGroups(report).cantPull, "can't pull"),
    ...countOf(failed('failed'), 'failed'),
    ...countOf(withdrawn.revoked, 'revoked'),
    ...countOf(failed('skipped'), 'left alone'),
    ...countOf([...namesOf(reported.withheld), ...held], 'withheld'),
    ...countOf(done('reactivate'), 'restored'),
    ...countOf(done('issue', 'rename'), 'issued or renamed'),
    ...ends(soon, 'soon'),
    ...countOf(withdrawn.deleted, 'deleted'),
    ...countOf(withdrawn.oldTokens, 'old token removed', 'old tokens removed'),
    ...(isHeld(input) ? [] : countOf(deletions, 'to be deleted')),
  ];
}

/** Who ends soon or has ended and can still pull, and stands in no other part. */
function stillOpenParts({ report }: MailInput, reported: Reportable): string[] {
  const { ended, endingSoon } = openGroups(report);
  const { access, held } = endsOf(reported);
  const named = new Set([...namesOf(access), ...held, ...namesOf(reported.failed)]);
  const isUnnamed = (name: string): boolean => !named.has(name);
  return [
    ...countOf([...ended].filter(isUnnamed), 'ended, can still pull'),
    ...countOf([...endingSoon].filter(isUnnamed), 'ending soon'),
  ];
}

/** Who was announced: to lose access, to lose what is off already, and held by a guard until then. */
function endsOf({ upcoming }: Reportable): {
  readonly access: Reportable['upcoming'];
  readonly deletions: readonly string[];
  readonly held: readonly string[];
} {
  const isFree = ({ value }: News<Upcoming>): boolean => value.heldBy.length === 0;
  const ends = upcoming.filter(({ value }) => value.what === 'deactivate');
  return {
    access: ends.filter(isFree),
    deletions: namesOf(upcoming.filter((end) => end.value.what === 'delete-token' && isFree(end))),
    held: namesOf(ends.filter((end) => !isFree(end))),
  };
}

const namesOf = (entries: readonly News<{ readonly deployment: string }>[]): string[] =>
  entries.map(({ value }) => value.deployment);

/** So many deployments, for a part of the subject; nothing where there are none. */
function countOf(names: Iterable<string>, one: string, many = one): string[] {
  const { size } = new Set(names);
  return size === 0 ? [] : [`${size} ${size === 1 ? one : many}`];
}

function severityOf(report: Omit<Report, 'notified'>, reported: Reportable): Notification['severity'] {
  if (reported.failed.length > 0 || report.findings.some(({ severity }) => severity === 'critical'))
    return 'critical';
  const calm =
    report.actions.length === 0 &&
    reported.done.length === 0 &&
    !report.findings.some(({ severity }) => severity === 'warning');
  return calm ? 'info' : 'warning';
}

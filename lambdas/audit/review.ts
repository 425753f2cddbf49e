// A review: what an upload of a list or HOLD means, said at once. Every withdrawal is left to the night.
import { iso } from '../domain/days.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import type { Ledger } from '../domain/ledger.ts';
import { daysLeft, reachedThreshold } from '../domain/licenses.ts';
import { noticesAfterRun } from '../domain/plan/notices.ts';
import { passedEndsAfter } from '../domain/plan/shrink-guard.ts';
import type { Step } from '../domain/plan/step.ts';
import { isNextNight, upcomingEnds } from '../domain/plan/upcoming.ts';
import { announcementKey, findingKey, findingLevel, reportedItems } from '../domain/reported.ts';
import type { AuditResult, Report } from '../report/report.ts';
import { resultOf } from '../report/report.ts';
import { type AuditorError, asAuditorError } from '../errors.ts';
import { findingsAfter } from './apply-plan.ts';
import { whyUnheard } from './conclude.ts';
import type { Night } from './night.ts';
import {
  failAnnouncements,
  makeReport,
  outcomeOf,
  reviewActions,
  writeReport,
  shrunkIn,
  upcomingRows,
} from './report.ts';
import { type ReviewedChange, changeSeen } from './review-change.ts';
import { namedInMail, reviewNotification } from './review-mail.ts';

/** Kinds that a change of the lists can bring; all others are the night's. */
const LIST_KINDS: ReadonlySet<FindingKind> = new Set([
  'invalid-license',
  'license-expired',
  'license-expiring',
  'missing-token',
  'unlicensed-token',
]);

/** What a review found, and did. */
export interface Reviewed {
  readonly night: Night;
  readonly change: ReviewedChange;
  /** What the change brings and nobody knew of. */
  readonly found: readonly Finding[];
  /** Announcements about whom the change is. */
  readonly announcements: readonly Step[];
  readonly report: Omit<Report, 'notified'>;
}

/**
 * Mails what a change of the lists means, where it means anything, writes the report, and remembers what was reported. It
 * moves no measure and leaves what else is there to the night, as if it had not been seen.
 *
 * @throws AuditorError `NotificationFailed`, `StorageUnavailable`
 */
export async function concludeReview(night: Night): Promise<AuditResult> {
  const { run, reading, applied } = night;
  const { services } = run;
  const reviewed = reviewOf(night);
  const mail = reviewNotification(reviewed);
  const errors: AuditorError[] = applied.storageError === undefined ? [] : [applied.storageError];
  const attempt = async <Value>(work: Promise<Value>, doing: string): Promise<Value | undefined> => {
    try {
      return await work;
    } catch (error) {
      errors.push(asAuditorError(error, doing));
      return undefined;
    }
  };
  const sent = mail && (await attempt(services.notifier.publish(mail), 'Sending the mail'));
  const isRead = sent?.confirmed === true;
  const named = isRead ? namedInMail(reviewed, mail?.text ?? '') : [];
  const unnamed = reviewed.announcements.filter((step) => !named.includes(step));
  const report: Report = {
    ...reviewed.report,
    actions: failAnnouncements(
      reviewed.report.actions,
      whyUnheard(mail !== undefined, {
        confirmed: isRead,
        error: sent === undefined ? errors.at(-1) : undefined,
      }),
      new Set(unnamed.map(({ tokenId = '' }) => tokenId)),
    ),
    finishedAt: iso(services.clock.now()),
    notified: isRead,
  };
  await attempt(writeReport(services.bucket, report), 'Writing the report');
  if (isRead)
    await attempt(
      reading.store.update((ledger) => ledgerAfterReview(ledger, reviewed, named)),
      'Writing the ledger',
    );
  if (errors[0] !== undefined) throw errors[0];
  return resultOf(report);
}

function reviewOf(night: Night): Reviewed {
  const { run, reading, decision, applied } = night;
  const { snapshot, plan } = decision;
  const findings = findingsAfter(decision.findings, plan, applied, run.mode);
  const change = changeSeen(night);
  const known = new Set(reading.inputs.ledger.findings.map(({ id }) => id));
  const found = findings.filter(
    ({ id, kind, deployment }) =>
      LIST_KINDS.has(kind) && !known.has(id) && (kind === 'invalid-license' || change.touches(deployment)),
  );
  const announcements = plan.steps.filter(
    ({ kind, deployment }) => kind === 'announce' && change.touches(deployment),
  );
  const actions = reviewActions(plan, announcements, applied, run.mode);
  const report = makeReport(run, reading, {
    snapshot,
    findings: found,
    judged: findings,
    checks: [],
    actions,
    outcome: outcomeOf(found, actions),
    notes: ['This was a review of a changed list or HOLD: the night does the rest.', ...change.sentences],
    causes: [],
    upcoming: upcomingRows(run, snapshot, plan),
    shrunk: shrunkIn(plan),
  });
  return { night, change, found, announcements, report };
}

/** The ledger after a review that somebody could read: what it reported is not reported again, and nothing else moves. */
function ledgerAfterReview(ledger: Ledger, reviewed: Reviewed, named: readonly Step[]): Ledger {
  const { night, change, found } = reviewed;
  const { run, reading, decision } = night;
  const { snapshot, plan } = decision;
  const open = new Set(findingsAfter(decision.findings, plan, night.applied, run.mode).map(({ id }) => id));
  const isResolved = ({ id, kind, deployment }: Ledger['findings'][number]): boolean =>
    LIST_KINDS.has(kind) && !open.has(id) && (kind === 'invalid-license' || change.touches(deployment));
  const touched = ledger.notices.filter(({ deployment }) => change.touches(deployment));
  const given = run.mode === 'enforce' ? named : [];
  const switchedOn = new Set(
    night.applied.actions.filter(({ status }) => status === 'done').map(({ tokenId }) => tokenId),
  );
  const { reportedRows: _, ...kept } = ledger;
  return {
    ...kept,
    reported: reportedAfter(ledger, reviewed, named),
    findings: [
      ...ledger.findings.filter((finding) => !isResolved(finding)),
      ...found.map(({ id, kind, severity, deployment, tokenId, since }) => ({
        id,
        kind,
        severity,
        deployment,
        tokenId,
        since,
      })),
    ],
    notices: [
      ...ledger.notices.filter((notice) => !touched.includes(notice)),
      ...noticesAfterRun(touched, plan, given, snapshot.now),
    ],
    unreported: ledger.unreported.filter(
      ({ kind, tokenId }) => kind !== 'reactivate' || !switchedOn.has(tokenId),
    ),
    exemptions: change.exemptions,
    // The rows that were last read are those of now; what the night compares the list with stays what it was.
    licenseRows: reading.inputs.licenses.rows.map(({ deployment, product, paidUntil, accessUntil }) => ({
      deployment,
      product,
      paidUntil,
      accessUntil,
    })),
    passedEnds: passedEndsAfter(ledger, snapshot),
    measures: {
      ...ledger.measures,
      licenses: ledger.measures.licenses && {
        ...ledger.measures.licenses,
        rows: ledger.measures.licenses.rows ?? ledger.licenseRows,
      },
    },
  };
}

function reportedAfter(ledger: Ledger, reviewed: Reviewed, named: readonly Step[]): Ledger['reported'] {
  const { night, change, found } = reviewed;
  const { run, reading, decision } = night;
  const { snapshot } = decision;
  const day = snapshot.today;
  const memory = new Map(reportedItems(ledger));
  const add = (key: string, level?: number): void => {
    memory.set(key, { key, day, level });
  };
  for (const { id, kind, severity, deployment } of found) {
    const license = snapshot.licenses.get(deployment);
    const threshold =
      kind === 'license-expiring' && license !== undefined
        ? reachedThreshold(snapshot.policy.warnDays, daysLeft(license, day))
        : undefined;
    add(findingKey(id), findingLevel(severity, threshold));
  }
  for (const key of change.alertKeys) add(key);
  const schedule = { timeZone: snapshot.policy.timeZone, nightlyAt: run.services.settings.nightlyAt };
  for (const end of upcomingEnds({ snapshot, steps: named, holds: decision.plan.holds }, [], schedule))
    add(
      announcementKey(end.what, end.deployment, end.end),
      end.what === 'deactivate' && isNextNight(end, snapshot) ? 2 : 1,
    );
  if (reading.hold) add('HOLD');
  else memory.delete('HOLD');
  return [...memory.values()];
}

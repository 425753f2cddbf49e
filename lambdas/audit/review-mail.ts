// What a review mails: what was read, what changed, who goes on which night, who was switched on again.
import type { Day } from '../domain/days.ts';
import type { Exemption } from '../domain/exemptions.ts';
import type { Finding } from '../domain/findings.ts';
import type { LicenseList } from '../domain/licenses.ts';
import { nextNight, shortDay, shortTime } from '../domain/nights.ts';
import type { ShrunkInput } from '../domain/plan/shrink-guard.ts';
import { type Step, isWithdrawal } from '../domain/plan/step.ts';
import { upcomingEnds } from '../domain/plan/upcoming.ts';
import { wrapText } from '../mail/layout.ts';
import type { Notification } from '../mail/notification.ts';
import { reviewMail } from '../mail/other-mails.ts';
import { isWithoutAccess } from '../report/open.ts';
import { capitalized, displayName, pluralize } from '../text/display.ts';
import { beside } from './list-alerts.ts';
import type { Reviewed } from './review.ts';

/** The mail of a review; `undefined` where nothing changed. */
export function reviewNotification(reviewed: Reviewed): Notification | undefined {
  const { night, change, found, report } = reviewed;
  const { run, decision, applied } = night;
  const { services } = run;
  const switchedOn = applied.actions.filter(({ status }) => status === 'done');
  const failed = applied.actions.filter(({ status }) => status !== 'done');
  const leaving = leavingLines(reviewed);
  // Whose night is named needs no other line that says that they have ended.
  const named = new Set(leaving.map(({ deployment }) => deployment));
  const toFix = found.filter(
    (finding) =>
      !isWithoutAccess(finding) && !(finding.kind === 'license-expired' && named.has(finding.deployment)),
  );
  if (change.sentences.length === 0 && found.length === 0 && applied.actions.length === 0) return undefined;
  return reviewMail({
    runId: run.runId,
    today: decision.snapshot.today,
    read: readLines(reviewed),
    changes: change.sentences,
    cantPull: entriesOf(found.filter(isWithoutAccess)),
    toFix: [...heldLines(reviewed), ...entriesOf(toFix)],
    leaving: leaving.map(({ line }) => line),
    restored: switchedOn.map(({ deployment, reason }) => `${displayName(deployment)}: ${reason}`),
    obstacles: [
      ...obstacleLines(reviewed),
      ...failed.map(
        ({ deployment, reason }) => `${displayName(deployment)} could not be switched on again: ${reason}.`,
      ),
    ],
    where: {
      location: services.bucket.location,
      topicArn: services.settings.topicArn,
      report: run.report,
    },
    outcome: report.outcome,
    counts: report.counts,
    isCritical: failed.length > 0 || found.some(({ severity }) => severity === 'critical'),
    held: heldBy(reviewed),
  });
}

/** While what nobody loses access, a clause. */
function heldBy({ night: { run, reading, decision } }: Reviewed): string | undefined {
  if (reading.hold) return 'while HOLD is there';
  if (decision.plan.shrunk.length > 0) return 'while it is doubted what was read';
  return run.mode === 'observe' ? 'in mode observe' : undefined;
}

/** What was found, one entry a deployment however much it is. */
function entriesOf(found: readonly Finding[]): string[] {
  return [...Map.groupBy(found, ({ deployment }) => deployment).values()].map((findings) =>
    findings.map(({ detail, remedy }) => `${detail} ${remedy}`).join(' '),
  );
}

/** The announcements that a mail's text names: notice is for nobody else. */
export function namedInMail(reviewed: Reviewed, text: string): readonly Step[] {
  const lines = new Set(text.split('\n'));
  const named = new Set(
    leavingLines(reviewed)
      .filter(({ line }) => lines.has(wrapText(`  ${line}`, '    ')[0] ?? ''))
      .map(({ deployment }) => deployment),
  );
  return reviewed.announcements.filter(({ deployment }) => named.has(deployment));
}

function readLines({ night }: Reviewed): string[] {
  const { licenses, exemptions } = night.reading.inputs;
  return [
    licensesRead(licenses),
    ...(night.reading.exemptionsThere ? [exemptionsRead(exemptions)] : []),
    ...beside(night.reading, night.decision.snapshot).map(({ text }) => text),
  ];
}

/** What of a license list was read: a sentence. */
export function licensesRead({ rowCount, licenses, invalid }: LicenseList): string {
  return `licenses.csv: ${pluralize(rowCount, 'row')} of ${pluralize(licenses.size, 'deployment')}, ${invalid.length === 0 ? 'all of them readable' : `${invalid.length} can't be read`}.`;
}

/** The same of exemptions, which are read as a whole or not at all. */
export function exemptionsRead(exemptions: readonly Exemption[]): string {
  return `exemptions.csv: ${pluralize(exemptions.length, 'row')}.`;
}

/** Who loses access, or a token for good, on which night: the line, and whom it is about. */
function leavingLines({
  night,
  change,
  announcements,
}: Reviewed): { readonly deployment: string; readonly line: string }[] {
  const { run, decision, reading } = night;
  const { snapshot, plan } = decision;
  const { timeZone } = snapshot.policy;
  const schedule = { timeZone, nightlyAt: run.services.settings.nightlyAt };
  const due = plan.steps.filter(
    (step) =>
      isWithdrawal(step) &&
      step.tokenId !== undefined &&
      step.withheld === undefined &&
      change.touches(step.deployment),
  );
  const tonight = nextNight(run.now + 1, schedule);
  const steps = [...announcements, ...plan.steps.filter(isWithdrawal)];
  const entries = [
    ...due.map(({ deployment, kind, end }) => ({ deployment, what: kind, end, night: tonight })),
    ...upcomingEnds({ snapshot, steps, holds: plan.holds }, reading.inputs.ledger.notices, schedule).filter(
      ({ deployment, heldBy }) => heldBy.length === 0 && change.touches(deployment),
    ),
  ];
  const lines = entries
    .sort((a, b) => a.night - b.night || (a.deployment < b.deployment ? -1 : 1))
    .map(({ deployment, what, end, night: at }) => ({
      deployment,
      line: `${shortTime(at, timeZone, snapshot.today)}  ${displayName(deployment)}  ${what === 'deactivate' ? daysText(reviewedEnd(deployment, end), snapshot.today) : 'its token is deleted for good'}`,
    }));
  function reviewedEnd(
    deployment: string,
    end: Day | undefined,
  ): { paidUntil: Day | undefined; end: Day | undefined } {
    return { paidUntil: snapshot.licenses.get(deployment)?.paidUntil, end };
  }
  return [...new Map(lines.map((entry) => [entry.line, entry])).values()];
}

function daysText(
  { paidUntil, end }: { paidUntil: Day | undefined; end: Day | undefined },
  today: Day,
): string {
  const paid = paidUntil === undefined ? 'its row is gone' : `paid until ${shortDay(paidUntil, today)}`;
  return end === undefined ? paid : `${paid}, access until ${shortDay(end, today)}`;
}

/** Whom a guard of its own holds although its license has ended. */
function heldLines({ night, change }: Reviewed): string[] {
  const { plan } = night.decision;
  if (night.reading.hold || plan.shrunk.length > 0) return [];
  const held = plan.steps.filter(
    ({ withheld, kind, deployment }) =>
      withheld !== undefined && kind === 'deactivate' && change.touches(deployment),
  );
  return [
    ...new Set(
      held.map(({ deployment, withheld = '' }) => `${displayName(deployment)} is not cut off: ${withheld}.`),
    ),
  ];
}

/** What stands in the way of the whole. */
function obstacleLines({ night }: Reviewed): string[] {
  const { reading, decision } = night;
  return [
    ...shrunkLines(decision.plan.shrunk),
    ...(reading.hold ? ['HOLD is in the bucket: nobody is cut off while it is there.'] : []),
  ];
}

/** The lists that lost so much that nothing is withdrawn, a sentence each. */
export function shrunkLines(shrunk: readonly ShrunkInput[]): string[] {
  return shrunk
    .filter(({ input }) => input === 'licenses' || input === 'exemptions')
    .map(
      ({ text }) =>
        `${capitalized(text)}: nobody is cut off. Is that right? If not, upload the complete list again.`,
    );
}

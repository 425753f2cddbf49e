// What a run makes known: its report for programs and its page for people.
import type { Bucket } from '../clients/ports.ts';
import type { Action, Outcome } from '../domain/actions.ts';
import { countChecks } from '../domain/content-checks.ts';
import { iso } from '../domain/days.ts';
import { isExemptionInForce } from '../domain/exemptions.ts';
import type { Finding } from '../domain/findings.ts';
import type { ContentCheckEntry } from '../domain/ledger.ts';
import type { Plan } from '../domain/plan/plan.ts';
import { shrunkSentence } from '../domain/plan/shrink-guard.ts';
import { type Step, isChange, isWithdrawal } from '../domain/plan/step.ts';
import { type Upcoming, upcomingEnds } from '../domain/plan/upcoming.ts';
import { countKinds } from '../domain/reconcile.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { AuditorError } from '../errors.ts';
import { pageKey } from '../ledger/bucket-keys.ts';
import { approvalNote } from '../mail/approval.ts';
import { deploymentRows } from '../report/deployment-rows.ts';
import { reportPage } from '../report/page.ts';
import { type Report, type ShrunkLists, type UpcomingEnd, reportJson } from '../report/report.ts';
import { notesOf } from './alerts.ts';
import { type AppliedPlan, actionOf, findingsAfter } from './apply-plan.ts';
import type { Night } from './night.ts';
import type { Reading } from './read-inputs.ts';
import type { Run } from './run.ts';

/** The report of a whole run as it stands before the mail. */
export function draftReport(night: Night): Omit<Report, 'notified'> {
  const { run, reading, checks, decision, applied } = night;
  const { snapshot, plan } = decision;
  const findings = findingsAfter(decision.findings, plan, applied, run.mode);
  const actions = actionsOf(plan, applied, run.mode);
  const notes = [
    ...(reading.hold ? ['The object HOLD is in the bucket: nothing is withdrawn while it is there.'] : []),
    ...notesOf(night),
  ];
  const outcome = outcomeOf(findings, actions);
  return makeReport(run, reading, {
    snapshot,
    findings,
    checks: checks.checks,
    actions,
    outcome,
    notes,
    causes: [],
    upcoming: upcomingRows(run, snapshot, plan),
    shrunk: shrunkIn(plan),
  });
}

/** What shrank, as the report holds it. */
export function shrunkIn({ shrunk, isApproval }: Plan): ShrunkLists | undefined {
  if (shrunk.length === 0) return undefined;
  return {
    text: shrunkSentence(shrunk),
    isApproved: isApproval,
    inputs: shrunk.map(({ input }) => input),
  };
}

/** The report besides the result: the whole event that approves, which may be too long for mail and result. */
export function withApproval(report: Report, plan: Plan): Report {
  const note = approvalNote(plan.approvable);
  return note === undefined ? report : { ...report, notes: [...report.notes, note] };
}

/**
 * An announcement that nobody got is none: it failed, and is made again at the next run.
 *
 * @param why nobody could read the mail; `undefined` where somebody could
 * @param unnamed ids of the tokens whose announcement had no room in the mail
 */
export function failAnnouncements(
  actions: readonly Action[],
  why: string | undefined,
  unnamed: ReadonlySet<string>,
): Action[] {
  return actions.map((action) => {
    if (action.kind !== 'announce' || action.status !== 'done') return action;
    const reason =
      why ??
      (unnamed.has(action.tokenId ?? '') ? 'it had no room in the mail, and comes with the next' : undefined);
    return reason === undefined
      ? action
      : { ...action, status: 'failed', reason: `${reason}; ${action.reason}` };
  });
}

/** What a run came to. */
export interface Outcomes {
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
  /** What was found of every deployment, where the report lists only some of it. */
  readonly judged?: readonly Finding[];
  readonly checks: readonly ContentCheckEntry[];
  readonly actions: readonly Action[];
  readonly outcome: Outcome;
  readonly notes: readonly string[];
  /** Why it is incomplete; empty where it is whole. */
  readonly causes: readonly AuditorError[];
  readonly upcoming: readonly UpcomingEnd[];
  readonly shrunk?: ShrunkLists | undefined;
}

/** The report of a run; whether it was mailed shows only afterwards. */
export function makeReport(
  run: Run,
  reading: Reading,
  {
    snapshot,
    findings,
    judged = findings,
    checks,
    actions,
    outcome,
    notes,
    causes,
    upcoming,
    shrunk,
  }: Outcomes,
): Omit<Report, 'notified'> {
  const keyCount = snapshot.inputs.keys?.names.length ?? 0;
  return {
    runId: run.runId,
    startedAt: iso(run.startedAt),
    finishedAt: iso(run.services.clock.now()),
    asOf: snapshot.today,
    mode: run.mode,
    outcome,
    counts: {
      tokens: snapshot.tokens.length,
      activeTokens: [...snapshot.deployments.values()].reduce((sum, { active }) => sum + active.length, 0),
      automaticTokens: snapshot.automatic.length,
      keys: keyCount,
      licenses: snapshot.licenses.size,
      exempt: snapshot.exempted.size,
      findings: countKinds(findings),
      verified: countChecks(checks, keyCount),
    },
    findings,
    actions,
    report: run.report,
    truncated: false,
    notes,
    deployments: deploymentRows(snapshot, judged),
    upcoming,
    shrunk,
    exemptions: (reading.inputs.exemptions ?? []).map((exemption) => ({
      ...exemption,
      inForce: isExemptionInForce(exemption, snapshot.today),
    })),
    inputs: reading.versions,
    causes: causes.map(({ name, message }) => `${name}: ${message}`),
    timeZone: run.services.settings.timeZone,
  };
}

/** Writes a run's report for programs (JSON, never cut) and for people (a page). */
export async function writeReport(bucket: Bucket, report: Report): Promise<void> {
  await Promise.all([
    bucket.write(report.report, reportJson(report), 'application/json'),
    bucket.write(pageKey(report.report), reportPage(report), 'text/html; charset=utf-8'),
  ]);
}

/** How a run ended, by what it found and did. */
export function outcomeOf(findings: readonly Finding[], actions: readonly Action[]): Outcome {
  if (actions.some(({ status }) => status === 'withheld')) return 'withheld';
  return actions.length > 0 || findings.some(({ severity }) => severity !== 'info') ? 'attention' : 'clean';
}

/** The steps of a review: every withdrawal is left to the night, and of the announcements those of the change are made. */
export function reviewActions(
  plan: Plan,
  announcements: readonly Step[],
  applied: AppliedPlan,
  mode: Run['mode'],
): Action[] {
  const pending = plan.steps
    .filter((step) => isWithdrawal(step) || (step.kind === 'reactivate' && mode !== 'enforce'))
    .map((step) =>
      step.withheld === undefined
        ? actionOf(step, 'planned')
        : actionOf(step, 'withheld', `${step.withheld}; ${step.reason}`),
    );
  const announced = announcements.map((step) => actionOf(step, mode === 'enforce' ? 'done' : 'planned'));
  return [...applied.actions, ...pending, ...announced];
}

/** The steps as they stand before the mail: an announcement is done when the mail is. */
function actionsOf(plan: Plan, applied: AppliedPlan, mode: Run['mode']): Action[] {
  const pending = plan.steps
    .filter((step) => !isChange(step) || mode !== 'enforce')
    .map((step) => {
      if (step.withheld !== undefined) return actionOf(step, 'withheld', `${step.withheld}; ${step.reason}`);
      return actionOf(step, mode === 'enforce' ? 'done' : 'planned');
    });
  return [...applied.actions, ...pending];
}

/** Who loses access next, as the report holds it. */
export function upcomingRows(run: Run, snapshot: Snapshot, plan: Plan): UpcomingEnd[] {
  const { timeZone, nightlyAt } = run.services.settings;
  const notices = snapshot.inputs.ledger?.notices ?? [];
  const ends = upcomingEnds({ snapshot, steps: plan.steps, holds: plan.holds }, notices, {
    timeZone,
    nightlyAt,
  });
  // Whom a guard holds loses nothing: people have to decide about it.
  return ends
    .filter(({ heldBy }) => heldBy.length === 0)
    .map(({ deployment, what, paidUntil, end, night, byHand }: Upcoming) => ({
      deployment,
      what,
      ...(paidUntil === undefined ? {} : { paidUntil }),
      accessUntil: end,
      night: iso(night),
      byHand: iso(byHand),
    }));
}

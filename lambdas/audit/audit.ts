// The audit function: one run from what is read to what is reported.
import { isAuditorError } from '../errors.ts';
import { type Lease, takeLease } from '../ledger/lease.ts';
import type { AuditResult } from '../report/report.ts';
import type { Services } from '../runtime/services.ts';
import { applyPlan } from './apply-plan.ts';
import { alreadyDone, undisturbedNight } from './catch-up.ts';
import { checkContents } from './check-contents.ts';
import { conclude } from './conclude.ts';
import type { AuditEvent } from './event.ts';
import { endIncomplete } from './incomplete.ts';
import { type IntendedDecision, decideAndIntend } from './intend.ts';
import { lastLook } from './last-look.ts';
import { type CompleteReading, NOTHING_READ, isComplete, readInputs, wantsValues } from './read-inputs.ts';
import { concludeReview } from './review.ts';
import { endUnreadReview } from './review-unread.ts';
import { type Run, beginRun } from './run.ts';

/** A review that finds a night or a call at work waits so long for it to end. */
const REVIEW_WAIT_MS = 10 * 60_000;

/**
 * One run of the audit (contract section 5): reads everything, decides purely, then acts and reports.
 *
 * @throws AuditorError `AuditIncomplete` where an input could not be read completely, `Busy`, `NotDue`, and what failed
 *   after changes were made (`NotificationFailed`, `StorageUnavailable`)
 */
export async function audit(event: AuditEvent, services: Services): Promise<AuditResult> {
  const run = beginRun(event, services);
  let lease: Lease | undefined;
  try {
    const earlier = await undisturbedNight(run);
    if (earlier !== null) return alreadyDone(run, earlier);

    lease = await leaseOf(run);
    const reading = await readInputs(services, wantsValues(run));
    if (!isComplete(reading)) {
      if (event.review === true) return await endUnreadReview(run, reading);
      throw await endIncomplete(run, reading, lease);
    }
    const checks = await checkContents(run, reading);
    const decision = await decideOrEnd(run, reading, checks, lease);
    const applied = await applyPlan(
      { services, store: reading.store, now: run.now, lastLook: () => lastLook(run, reading) },
      decision.steps,
    );
    const night = { run, reading, checks, decision, applied };
    return await (event.review === true ? concludeReview(night) : conclude(night));
  } finally {
    await Promise.all([lease?.release(), services.vault.close()]);
  }
}

/** The right to change things; a dry run needs none. */
async function leaseOf(run: Run): Promise<Lease | undefined> {
  if (run.mode === 'dry-run') return undefined;
  try {
    return await takeLease(
      run.services,
      'audit',
      run.runId,
      run.event.review === true ? REVIEW_WAIT_MS : undefined,
    );
  } catch (error) {
    if (run.event.review === true || !isAuditorError(error, 'StorageUnavailable')) throw error;
    throw await endIncomplete(run, { ...NOTHING_READ, causes: [error] }, undefined);
  }
}

/** What can't be remembered is not done: where the intents can't be written, nothing was changed yet. */
async function decideOrEnd(
  run: Run,
  reading: CompleteReading,
  checks: Parameters<typeof decideAndIntend>[2],
  lease: Lease | undefined,
): Promise<IntendedDecision> {
  try {
    return await decideAndIntend(run, reading, checks);
  } catch (error) {
    if (run.event.review === true || !isAuditorError(error, 'StorageUnavailable', 'LedgerUnreadable'))
      throw error;
    throw await endIncomplete(run, { ...reading, causes: [error] }, lease);
  }
}

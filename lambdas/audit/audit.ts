import { iso } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { takeSnapshot } from '../domain/snapshot.ts';
import { AuditorError, asAuditorError, isAuditorError } from '../errors.ts';
import { type Lease, takeLease } from '../ledger/lease.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { type AuditResult, type Report, resultOf } from '../report/report.ts';
import type { Services } from '../runtime/services.ts';
import { applyPlan } from './apply-plan.ts';
import { alreadyDone, undisturbedNight } from './catch-up.ts';
import { type ContentChecks, checkContents } from './check-contents.ts';
import { type IntendedDecision, decide, decideAndIntend, notDue, ledgerAfterRun } from './decide.ts';
import { type AuditEvent, isDry } from './event.ts';
import { endIncomplete } from './incomplete.ts';
import { measure } from './metrics.ts';
import { planNotification, send } from './notify.ts';
import { type Inputs, readInputs } from './read-inputs.ts';
import { actionsOf, failAnnouncements, completeReport, withApproval, writeReport } from './report.ts';
import { type Run, beginRun } from './run.ts';

const NOTHING_READ: Inputs = {
  facts: {},
  managedTokens: 0,
  hold: true,
  exemptionsThere: false,
  versions: { hold: true },
  causes: [],
};

/** A dry run: everything is read and decided, nothing is done but its own report. */
async function dryRun(
  services: Services,
  run: Run,
  event: AuditEvent,
  inputs: Inputs,
  checks: ContentChecks,
): Promise<AuditResult> {
  const decision = decide(services, run, event, inputs, checks);
  if (decision.plan.notDue.length > 0) throw notDue(decision.plan.notDue);
  const actions = actionsOf(decision.plan, { actions: [] }, run.mode);
  const report = { ...completeReport(services, run, inputs, decision, checks, actions), notified: false };
  await writeReport(services.bucket, withApproval(report, decision.plan));
  return resultOf(report);
}

/** The second half of a real run, with the lease held: act, tell, remember. */
async function applyAndNotify(
  services: Services,
  run: Run,
  inputs: Inputs,
  checks: ContentChecks,
  afterRun: (ledger: Ledger) => Ledger,
  store: LedgerStore,
  decision: IntendedDecision,
): Promise<AuditResult> {
  const applied = await applyPlan(services, store, decision.steps, run.now);
  const draft = completeReport(
    services,
    run,
    inputs,
    decision,
    checks,
    actionsOf(decision.plan, applied, run.mode),
  );
  // Where there were steps, what the run observed was written with their intents.
  const memory = (ledger: Ledger): Ledger => (decision.steps.length > 0 ? ledger : afterRun(ledger));
  const notification = planNotification({
    snapshot: decision.snapshot,
    plan: decision.plan,
    report: draft,
    ledger: memory(store.current),
    exemptionsThere: inputs.exemptionsThere,
    alerts: checks.alerts,
    settings: services.settings,
    bucket: services.bucket.location,
  });
  const sent = await send(services, notification);
  const errors: AuditorError[] = [applied.storageError, sent.error].filter((error) => error !== undefined);
  const attempt = async (work: Promise<unknown>, doing: string): Promise<void> => {
    try {
      await work;
    } catch (error) {
      errors.push(asAuditorError(error, doing));
    }
  };
  const unheard =
    sent.error !== undefined
      ? 'the mail could not be sent'
      : sent.confirmed || notification.mail === undefined
        ? undefined
        : 'the topic has no confirmed subscriber, so nobody was told';
  const report: Report = {
    ...draft,
    actions: failAnnouncements(draft.actions, unheard),
    finishedAt: iso(services.clock.now()),
    notified: sent.published,
  };
  // Nothing of these needs another; Vault is not asked any more.
  await Promise.all([
    attempt(
      store.update((ledger) => notification.remember(memory(ledger), sent.published, sent.confirmed)),
      'Writing the ledger',
    ),
    attempt(writeReport(services.bucket, withApproval(report, decision.plan)), 'Writing the report'),
    services.vault.close(),
  ]);
  if (errors[0] !== undefined) throw errors[0];
  const result = resultOf(report);
  measure(services, run, report);
  return result;
}

async function readAndCheck(
  services: Services,
  run: Run,
  event: AuditEvent,
): Promise<{ inputs: Inputs; checks: ContentChecks }> {
  const withValues = event.verifyAll === true || services.settings.verifyPerRun > 0;
  const inputs = await readInputs(services, run.now, withValues);
  const wanted =
    event.verifyAll === true ? Infinity : run.mode === 'dry-run' ? 0 : services.settings.verifyPerRun;
  if (inputs.causes.length > 0 || wanted === 0) return { inputs, checks: { checks: [], alerts: [] } };
  const snapshot = takeSnapshot(inputs.facts, services.settings, run.now);
  return { inputs, checks: await checkContents(services, snapshot, wanted) };
}

async function realRun(services: Services, run: Run, event: AuditEvent, lease: Lease): Promise<AuditResult> {
  const { inputs, checks } = await readAndCheck(services, run, event);
  const { store } = inputs;
  if (inputs.causes.length > 0 || store === undefined)
    throw await endIncomplete(services, run, inputs, lease);
  const afterRun = ledgerAfterRun(inputs, checks, run.now);
  let decision: IntendedDecision;
  try {
    decision = await decideAndIntend(services, run, event, inputs, checks, afterRun, store);
  } catch (error) {
    if (!isAuditorError(error, 'StorageUnavailable', 'LedgerUnreadable')) throw error;
    // What can't be remembered is not done: nothing was changed yet.
    throw await endIncomplete(services, run, { ...inputs, causes: [error] }, lease);
  }
  return applyAndNotify(services, run, inputs, checks, afterRun, store, decision);
}

/**
 * One run of the audit (contract section 5): reads everything, decides purely, then acts.
 *
 * @throws AuditorError `AuditIncomplete` where an input could not be read wholly, `Busy`, `NotDue`, and what failed
 *   after changes were made (`NotificationFailed`, `StorageUnavailable`)
 */
export async function audit(event: AuditEvent, services: Services): Promise<AuditResult> {
  const run = beginRun(event, services);
  services.log.info('The audit begins', { runId: run.runId, mode: run.mode, asOf: run.today });
  try {
    if (event.catchUp === true) {
      const night = await undisturbedNight(services, run);
      if (night !== null) return alreadyDone(run, services, night);
    }
    if (isDry(event)) {
      const { inputs, checks } = await readAndCheck(services, run, event);
      if (inputs.causes.length > 0) throw await endIncomplete(services, run, inputs, undefined);
      return await dryRun(services, run, event, inputs, checks);
    }
    let lease: Lease;
    try {
      lease = await takeLease(services, 'audit', run.runId);
    } catch (error) {
      if (!isAuditorError(error, 'StorageUnavailable')) throw error;
      throw await endIncomplete(services, run, { ...NOTHING_READ, causes: [error] }, undefined);
    }
    try {
      return await realRun(services, run, event, lease);
    } finally {
      await lease.release();
    }
  } finally {
    await services.vault.close();
  }
}

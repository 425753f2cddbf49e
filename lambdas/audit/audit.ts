import { iso } from '../core/days.ts';
import type { Finding } from '../core/findings.ts';
import type { ContentCheckEntry, Ledger } from '../core/ledger.ts';
import { emptyLedger } from '../core/ledger.ts';
import { approvalNote } from '../core/mail.ts';
import { observe } from '../core/observe.ts';
import { intentsOf, isChange, makePlan, reactivatedBy, type Change, type Plan } from '../core/plan.ts';
import { listed, shownName } from '../core/printable.ts';
import { reconcile } from '../core/reconcile.ts';
import { resultOf, type Action, type AuditResult, type Outcome, type Report } from '../core/report.ts';
import { makeWorld, type World } from '../core/world.ts';
import { asAuditorError, AuditorError, isAuditorError } from '../errors.ts';
import { openLedger, type LedgerStore } from '../ledger-store.ts';
import { takeLease, type Lease } from '../lease.ts';
import { METRICS } from '../metric-names.ts';
import type { Services } from '../services.ts';
import { checkContents, type ContentChecks } from './check-contents.ts';
import { isDry, type AuditEvent } from './event.ts';
import { endIncomplete } from './incomplete.ts';
import { makeReport } from './make-report.ts';
import { readInputs, type Inputs } from './read.ts';
import { beginRun, type Run } from './run.ts';
import { makeTelling, type Telling } from './tell.ts';
import { actionOf, carryOut, type CarriedOut } from './withdraw.ts';
import { writeReport } from './write-report.ts';

const NOTHING_READ: Inputs = {
  facts: {},
  judgedTokens: 0,
  hold: true,
  exemptionsThere: false,
  versions: { hold: true },
  causes: [],
};

/** What was decided, before anything is done. */
interface Decision {
  readonly world: World;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/** What was decided and, where it changes anything outside, written to the ledger as intended. */
interface IntendedDecision extends Decision {
  readonly steps: readonly Change[];
}

/** Latest check of every key: this run's where there is one. */
function withChecks(ledger: Ledger, checks: readonly ContentCheckEntry[]): Ledger {
  if (checks.length === 0) return ledger;
  const latest = new Map([...ledger.checks, ...checks].map((check) => [check.deployment, check]));
  return { ...ledger, checks: [...latest.values()] };
}

function decide(
  services: Services,
  run: Run,
  event: AuditEvent,
  inputs: Inputs,
  checks: ContentChecks,
): Decision {
  const ledger = withChecks(inputs.facts.ledger ?? emptyLedger(), checks.checks);
  const world = makeWorld({ ...inputs.facts, ledger }, services.settings, run.now);
  const plan = makePlan(world, {
    hold: inputs.hold,
    ...(event.approve === undefined ? {} : { approve: event.approve }),
  });
  // Whoever is switched on again in this run is not missed by it. In observe nobody is.
  const switchedOn = run.mode === 'observe' ? new Set<string>() : reactivatedBy(plan);
  const findings = reconcile(world).filter(
    ({ kind, deployment }) => kind !== 'missing-token' || !switchedOn.has(deployment),
  );
  return { world, plan, findings };
}

function outcomeOf(findings: readonly Finding[], actions: readonly Action[]): Outcome {
  if (actions.some(({ status }) => status === 'withheld')) return 'withheld';
  return actions.length > 0 || findings.some(({ severity }) => severity !== 'info') ? 'attention' : 'clean';
}

/** The steps as they stand before the mail: an announcement is done when the mail is. */
function actionsOf(plan: Plan, carriedOut: CarriedOut, mode: Run['mode']): Action[] {
  const pending = plan.steps
    .filter((step) => !isChange(step) || mode !== 'enforce')
    .map((step) => {
      if (step.withheld !== undefined) return actionOf(step, 'withheld', `${step.withheld}; ${step.reason}`);
      return actionOf(step, mode === 'enforce' ? 'done' : 'planned');
    });
  return [...carriedOut.actions, ...pending];
}

function wholeReport(
  services: Services,
  run: Run,
  inputs: Inputs,
  { world, findings }: Decision,
  { checks, alerts }: ContentChecks,
  actions: readonly Action[],
): Omit<Report, 'notified'> {
  const notes = [
    ...(inputs.hold ? ['The object HOLD is in the bucket: nothing is withdrawn while it is there.'] : []),
    ...alerts.map(({ text }) => text),
  ];
  const outcome = outcomeOf(findings, actions);
  return makeReport(services, run, inputs, { world, findings, checks, actions, outcome, notes, causes: [] });
}

/** The report besides the result: the whole event that approves, which may be too long for mail and result. */
function withApproval(report: Report, plan: Plan): Report {
  const note = approvalNote(plan.approvable);
  return note === undefined ? report : { ...report, notes: [...report.notes, note] };
}

/** An announcement that nobody got is none: it failed, and is made again at the next run. */
function settleAnnouncements(actions: readonly Action[], why: string | undefined): Action[] {
  return actions.map((action) =>
    action.kind === 'announce' && action.status === 'done' && why !== undefined
      ? { ...action, status: 'failed', reason: `${why}; ${action.reason}` }
      : action,
  );
}

/** Sends the mail that is due; never rejects. */
async function send(
  services: Services,
  telling: Telling,
): Promise<{ published: boolean; confirmed: boolean; error?: AuditorError }> {
  if (telling.mail === undefined) return { published: false, confirmed: false };
  try {
    const { confirmed } = await services.notifier.publish(telling.mail);
    return { published: true, confirmed };
  } catch (error) {
    return { published: false, confirmed: false, error: asAuditorError(error, 'Sending the mail') };
  }
}

function notDue(names: readonly string[]): AuditorError {
  return new AuditorError(
    'NotDue',
    `Nothing was changed, because ${listed(names.map(shownName))} ${names.length === 1 ? 'is' : 'are'} not due to be withdrawn or not announced yet; look at the last report and approve only what it withholds.`,
  );
}

function measure(services: Services, run: Run, report: AuditResult): void {
  const { meter } = services;
  const number = (kinds: readonly Action['kind'][], status: Action['status']): number =>
    report.actions.filter((action) => kinds.includes(action.kind) && action.status === status).length;
  meter.count(METRICS.tokens, report.counts.tokens);
  meter.count(METRICS.activeTokens, report.counts.activeTokens);
  meter.count(METRICS.keys, report.counts.keys);
  meter.count(METRICS.licenses, report.counts.licenses);
  meter.count(METRICS.withdrawals, number(['deactivate', 'delete-token', 'remove-key'], 'done'));
  meter.count(METRICS.announced, number(['announce'], 'done'));
  meter.count(METRICS.withheld, number(['deactivate', 'delete-token', 'remove-key'], 'withheld'));
  meter.milliseconds(METRICS.auditDuration, services.clock.now() - run.startedAt);
  for (const [kind, findings] of Object.entries(report.counts.findings))
    meter.count(METRICS.findings, findings, kind);
  // Last of all: the alarm for a missed night waits for it.
  meter.count(METRICS.auditSucceeded, 1);
  meter.flush();
}

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
  const report = { ...wholeReport(services, run, inputs, decision, checks, actions), notified: false };
  await writeReport(services.bucket, withApproval(report, decision.plan));
  return resultOf(report);
}

/**
 * What a ledger remembers once it is compared with what was read and holds this run's checks; the same ledger is compared
 * once.
 */
function settling(inputs: Inputs, checks: ContentChecks, now: number): (ledger: Ledger) => Ledger {
  const { tokens = [], keys } = inputs.facts;
  const known = new WeakMap<Ledger, Ledger>();
  return (ledger) => {
    const settled =
      known.get(ledger) ??
      withChecks(observe(ledger, tokens, keys?.names ?? [], now, inputs.judgedTokens), checks.checks);
    known.set(ledger, settled);
    return settled;
  };
}

/**
 * Decides, and writes the steps to the ledger as intended before the first is taken; where somebody wrote it in
 * between, decides anew by what it says now.
 */
async function decideAndIntend(
  services: Services,
  run: Run,
  event: AuditEvent,
  inputs: Inputs,
  checks: ContentChecks,
  settled: (ledger: Ledger) => Ledger,
  store: LedgerStore,
): Promise<IntendedDecision> {
  let made: IntendedDecision | undefined;
  await store.update((ledger) => {
    const memory = settled(ledger);
    const facts = { ...inputs.facts, ledger: memory };
    const decision = decide(services, run, event, { ...inputs, facts }, checks);
    if (decision.plan.notDue.length > 0) throw notDue(decision.plan.notDue);
    const steps = run.mode === 'enforce' ? decision.plan.steps.filter(isChange) : [];
    made = { ...decision, steps };
    // Of earlier steps only those are left that nobody knows the end of yet.
    return steps.length === 0
      ? ledger
      : { ...memory, intents: [...memory.intents, ...intentsOf(steps, run.runId, run.now)] };
  });
  if (made === undefined) throw new TypeError('A ledger is always decided upon before it is written.');
  return made;
}

/** The second half of a real run, with the lease held: act, tell, remember. */
async function actAndTell(
  services: Services,
  run: Run,
  inputs: Inputs,
  checks: ContentChecks,
  settled: (ledger: Ledger) => Ledger,
  store: LedgerStore,
  decision: IntendedDecision,
): Promise<AuditResult> {
  const carriedOut = await carryOut(services, store, decision.steps, run.now);
  const draft = wholeReport(
    services,
    run,
    inputs,
    decision,
    checks,
    actionsOf(decision.plan, carriedOut, run.mode),
  );
  // Where there were steps, what the run observed was written with their intents.
  const memory = (ledger: Ledger): Ledger => (decision.steps.length > 0 ? ledger : settled(ledger));
  const telling = makeTelling({
    world: decision.world,
    plan: decision.plan,
    report: draft,
    ledger: memory(store.current),
    exemptionsThere: inputs.exemptionsThere,
    alerts: checks.alerts,
    settings: services.settings,
    bucket: services.bucket.location,
  });
  const sent = await send(services, telling);
  const errors: AuditorError[] = [carriedOut.storageError, sent.error].filter((error) => error !== undefined);
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
      : sent.confirmed || telling.mail === undefined
        ? undefined
        : 'the topic has no confirmed subscriber, so nobody was told';
  const report: Report = {
    ...draft,
    actions: settleAnnouncements(draft.actions, unheard),
    finishedAt: iso(services.clock.now()),
    notified: sent.published,
  };
  // Nothing of these needs another; Vault is not asked any more.
  await Promise.all([
    attempt(
      store.update((ledger) => telling.remember(memory(ledger), sent.published, sent.confirmed)),
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

/** The answer of a catch-up that has nothing to do. */
function alreadyDone(run: Run, services: Services, night: NonNullable<Ledger['lastNight']>): AuditResult {
  return {
    runId: night.runId,
    startedAt: iso(run.startedAt),
    finishedAt: iso(services.clock.now()),
    asOf: night.day,
    mode: run.mode,
    outcome: night.outcome,
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
    findings: [],
    actions: [],
    report: night.report,
    notified: false,
    truncated: false,
    notes: [
      `Nothing to catch up: run ${night.runId} of this day was undisturbed; its report holds the counts.`,
    ],
  };
}

/** The undisturbed run of this day that makes a catch-up needless. */
async function undisturbedNight(services: Services, run: Run): Promise<Ledger['lastNight']> {
  try {
    const { lastNight } = (await openLedger(services.bucket)).current;
    return lastNight?.undisturbed === true && lastNight.day === run.today ? lastNight : null;
  } catch {
    // The run itself meets the same failure and tells it.
    return null;
  }
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
  const world = makeWorld(inputs.facts, services.settings, run.now);
  return { inputs, checks: await checkContents(services, world, wanted) };
}

async function realRun(services: Services, run: Run, event: AuditEvent, lease: Lease): Promise<AuditResult> {
  const { inputs, checks } = await readAndCheck(services, run, event);
  const { store } = inputs;
  if (inputs.causes.length > 0 || store === undefined)
    throw await endIncomplete(services, run, inputs, lease);
  const settled = settling(inputs, checks, run.now);
  let decision: IntendedDecision;
  try {
    decision = await decideAndIntend(services, run, event, inputs, checks, settled, store);
  } catch (error) {
    if (!isAuditorError(error, 'StorageUnavailable', 'LedgerUnreadable')) throw error;
    // What can't be remembered is not done: nothing was changed yet.
    throw await endIncomplete(services, run, { ...inputs, causes: [error] }, lease);
  }
  return actAndTell(services, run, inputs, checks, settled, store, decision);
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
      lease = await takeLease(services.bucket, services.clock, 'audit', run.runId);
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

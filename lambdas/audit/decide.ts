import type { Finding } from '../domain/findings.ts';
import { type ContentCheckEntry, type Ledger, emptyLedger } from '../domain/ledger.ts';
import { type Plan, makePlan, reactivatedBy } from '../domain/plan/plan.ts';
import { type Change, intentsOf, isChange } from '../domain/plan/step.ts';
import { reconcile } from '../domain/reconcile.ts';
import { type Snapshot, takeSnapshot } from '../domain/snapshot.ts';
import { AuditorError } from '../errors.ts';
import { reconcileLedger } from '../ledger/reconcile-ledger.ts';
import type { LedgerStore } from '../ledger/store.ts';
import type { Services } from '../runtime/services.ts';
import { joinWithAnd, displayName } from '../text/display.ts';
import type { ContentChecks } from './check-contents.ts';
import type { AuditEvent } from './event.ts';
import type { Inputs } from './read-inputs.ts';
import type { Run } from './run.ts';

/** What was decided, before anything is done. */
export interface Decision {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/** What was decided and, where it changes anything outside, written to the ledger as intended. */
export interface IntendedDecision extends Decision {
  readonly steps: readonly Change[];
}

/** Latest check of every key: this run's where there is one. */
function withChecks(ledger: Ledger, checks: readonly ContentCheckEntry[]): Ledger {
  if (checks.length === 0) return ledger;
  const latest = new Map([...ledger.checks, ...checks].map((check) => [check.deployment, check]));
  return { ...ledger, checks: [...latest.values()] };
}

export function decide(
  services: Services,
  run: Run,
  event: AuditEvent,
  inputs: Inputs,
  checks: ContentChecks,
): Decision {
  const ledger = withChecks(inputs.facts.ledger ?? emptyLedger(), checks.checks);
  const snapshot = takeSnapshot({ ...inputs.facts, ledger }, services.settings, run.now);
  const plan = makePlan(snapshot, {
    hold: inputs.hold,
    ...(event.approve === undefined ? {} : { approve: event.approve }),
  });
  // Whoever is switched on again in this run is not missed by it. In observe nobody is.
  const switchedOn = run.mode === 'observe' ? new Set<string>() : reactivatedBy(plan);
  const findings = reconcile(snapshot).filter(
    ({ kind, deployment }) => kind !== 'missing-token' || !switchedOn.has(deployment),
  );
  return { snapshot: snapshot, plan, findings };
}

export function notDue(names: readonly string[]): AuditorError {
  return new AuditorError(
    'NotDue',
    `Nothing was changed, because ${joinWithAnd(names.map(displayName))} ${names.length === 1 ? 'is' : 'are'} not due to be withdrawn or not announced yet; look at the last report and approve only what it withholds.`,
  );
}

/**
 * What a ledger remembers once it is compared with what was read and holds this run's checks; the same ledger is compared
 * once.
 */
export function ledgerAfterRun(
  inputs: Inputs,
  checks: ContentChecks,
  now: number,
): (ledger: Ledger) => Ledger {
  const { tokens = [], keys } = inputs.facts;
  const known = new WeakMap<Ledger, Ledger>();
  return (ledger) => {
    const afterRun =
      known.get(ledger) ??
      withChecks(
        reconcileLedger(ledger, tokens, keys?.names ?? [], now, inputs.managedTokens),
        checks.checks,
      );
    known.set(ledger, afterRun);
    return afterRun;
  };
}

/**
 * Decides, and writes the steps to the ledger as intended before the first is taken; where somebody wrote it in
 * between, decides anew by what it says now.
 */
export async function decideAndIntend(
  services: Services,
  run: Run,
  event: AuditEvent,
  inputs: Inputs,
  checks: ContentChecks,
  afterRun: (ledger: Ledger) => Ledger,
  store: LedgerStore,
): Promise<IntendedDecision> {
  let made: IntendedDecision | undefined;
  await store.update((ledger) => {
    const memory = afterRun(ledger);
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

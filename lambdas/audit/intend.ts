// The last thing before a run changes anything: its steps stand in the ledger.
import type { Ledger } from '../domain/ledger.ts';
import { passedEndsAfter } from '../domain/plan/shrink-guard.ts';
import { type Change, intentsOf, isChange } from '../domain/plan/step.ts';
import { AuditorError } from '../errors.ts';
import { displayName, joinWithAnd } from '../text/display.ts';
import { statementOf } from './alerts.ts';
import type { ContentChecks } from './check-contents.ts';
import { type Decision, decide, reconciledLedger } from './decide.ts';
import type { CompleteReading } from './read-inputs.ts';
import type { Run } from './run.ts';

/** What was decided and, where it changes anything outside, written to the ledger as intended. */
export interface IntendedDecision extends Decision {
  /** What the run does, in the order of the plan: empty in a dry run and in `observe`. */
  readonly steps: readonly Change[];
  /** What any ledger is after this run's reading; one that holds the intents is so already. */
  readonly afterReading: (ledger: Ledger) => Ledger;
}

/**
 * Decides, and writes the steps to the ledger as intended before the first is taken; where somebody wrote it in between,
 * decides again by what it says now. A dry run writes nothing.
 *
 * @throws AuditorError `NotDue`, `StorageUnavailable`, `LedgerUnreadable`
 */
export async function decideAndIntend(
  run: Run,
  reading: CompleteReading,
  { checks }: ContentChecks,
): Promise<IntendedDecision> {
  const { event, mode, now, services } = run;
  const isReview = event.review === true;
  const decideBy = (ledger: Ledger): IntendedDecision => {
    const inputs = { ...reading.inputs, ledger };
    const decision = decide({
      inputs,
      checks,
      policy: services.settings,
      now,
      hold: reading.hold,
      approve: event.approve,
      approval: statementOf(event),
    });
    if (decision.plan.notDue.length > 0) throw notDue(decision.plan.notDue);
    const changes = mode === 'enforce' ? decision.plan.steps.filter(isChange) : [];
    const steps = isReview ? changes.filter(({ kind }) => kind === 'reactivate') : changes;
    return {
      ...decision,
      steps,
      // A review leaves what it saw besides to the night.
      afterReading: (later) =>
        isReview || steps.length > 0 ? later : reconciledLedger(later, { inputs, checks, now }),
    };
  };
  if (mode === 'dry-run') return decideBy(reading.store.current);
  let made: IntendedDecision | undefined;
  await reading.store.update((ledger) => {
    made = decideBy(ledger);
    const { steps } = made;
    const memory = isReview ? ledger : made.ledger;
    if (steps.length === 0) return ledger;
    return {
      ...memory,
      // Of earlier steps only those are left that nobody knows the end of yet.
      intents: [...memory.intents, ...intentsOf(steps, run.runId, now)],
      // The steps go by these ends: whoever is switched on now has no passed one, also where this run breaks off and
      // the row is gone tomorrow.
      passedEnds: passedEndsAfter(memory, made.snapshot),
    };
  });
  if (made === undefined) throw new TypeError('A ledger is always decided upon before it is written.');
  return made;
}

function notDue(names: readonly string[]): AuditorError {
  return new AuditorError(
    'NotDue',
    `Nothing was changed, because ${joinWithAnd(names.map(displayName))} ${names.length === 1 ? 'is' : 'are'} not due to be withdrawn or not announced yet; look at the last report and approve only what it withholds.`,
  );
}

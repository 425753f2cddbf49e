import { pluralize, joinWithAnd } from '../../text/display.ts';
import { CAP_WINDOW, emptyLedger } from '../ledger.ts';
import { type Snapshot } from '../snapshot.ts';
import { capsAreZero } from '../policy.ts';
import { replacedSteps, memoryOf, stepsOf } from './access-steps.ts';
import { heldBack, inputCounts, renewalFinder, shrunkInputs, withdrawalLimit } from './guards.ts';
import { ORDER, type Step, isWithdrawal } from './step.ts';

/** What the guards go by besides what was read. */
export interface PlanOptions {
  /** The object `HOLD` is in the bucket. */
  readonly hold: boolean;
  /** The names of the event's `approve`, if it has one. */
  readonly approve?: readonly string[];
}

/** The decision of a run, as data. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Names in `approve` that are not due or not announced. */
  readonly notDue: readonly string[];
  /** The event that would approve what the caps or the shrink guard withheld; absent where approving does not help. */
  readonly approvable: readonly string[];
}

/**
 * Decides every step of a run (contract section 8) from what was read and nothing else. Guards stop withdrawals, never
 * announcements and reactivations.
 */
export function makePlan(snapshot: Snapshot, options: PlanOptions): Plan {
  const ledger = snapshot.facts.ledger ?? emptyLedger();
  const memory = memoryOf(ledger, snapshot.now);
  const ends = [...snapshot.licenses.values()].flatMap((license) => [...stepsOf(snapshot, memory, license)]);
  // A token that was replaced and is due for its license as well goes once, by the stricter of the two.
  const going = new Set(ends.filter(({ kind }) => kind === 'delete-token').map(({ tokenId }) => tokenId));
  const replaced = [...replacedSteps(snapshot, memory)].filter(({ tokenId }) => !going.has(tokenId));
  const proposed = [...ends, ...replaced].sort(
    (a, b) =>
      ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) ||
      (a.deployment < b.deployment ? -1 : a.deployment > b.deployment ? 1 : 0) ||
      ((a.tokenId ?? '') < (b.tokenId ?? '') ? -1 : 1),
  );

  const due = new Set(
    proposed
      .filter((step) => isWithdrawal(step) && step.replaced !== true)
      .map(({ deployment }) => deployment),
  );
  const approved = options.approve === undefined ? undefined : new Set(options.approve);
  const renewedAs = renewalFinder(snapshot);
  const held = new Map(
    [...due].flatMap((deployment) => {
      const why = heldBack(snapshot, deployment, renewedAs);
      return why === undefined ? [] : [[deployment, why]];
    }),
  );

  const limit = withdrawalLimit(snapshot);
  const never = capsAreZero(snapshot.policy);
  const recent = new Set(
    ledger.withdrawals
      .filter(({ at }) => snapshot.now - Date.parse(at) < CAP_WINDOW)
      .map(({ deployment }) => deployment),
  );
  const free = [...due].filter((deployment) => !held.has(deployment));
  const together = new Set([...free, ...recent]).size;
  const shrunk = shrunkInputs(ledger.baseline, inputCounts(snapshot));

  const stopped = (step: Step): string | undefined => {
    if (options.hold) return 'the object HOLD is in the bucket: remove it to let the audit withdraw again';
    const isApproved = approved?.has(step.deployment) === true && step.replaced !== true;
    if (step.replaced !== true && never)
      return 'maxWithdrawals and maxWithdrawalPercent are 0: the audit withdraws nothing';
    const why = step.replaced === true ? undefined : held.get(step.deployment);
    if (why !== undefined) return why;
    if (isApproved) return undefined;
    if (approved !== undefined) return 'this run withdraws only what its event approves';
    if (shrunk.length > 0) return `${joinWithAnd(shrunk)} since the last whole run`;
    if (step.replaced !== true && together > limit)
      return `${pluralize(free.length, 'withdrawal')} due and ${recent.size} in the last 24 hours are more than the ${limit} allowed`;
    return undefined;
  };

  const steps = proposed.map((step): Step => {
    if (!isWithdrawal(step)) return step;
    const why = step.withheld ?? stopped(step);
    return {
      ...step,
      ...(approved?.has(step.deployment) === true ? { approved: true } : {}),
      ...(why === undefined ? {} : { withheld: why }),
    };
  });
  const approvalHelps = !options.hold && !never;
  return {
    steps,
    notDue: (options.approve ?? []).filter((name) => !due.has(name)),
    approvable: approvalHelps
      ? free.filter((deployment) =>
          steps.some((step) => step.deployment === deployment && step.withheld !== undefined),
        )
      : [],
  };
}

/** The tokens that a plan switches on, for rules that would otherwise miss them. */
export function reactivatedBy(plan: Plan): ReadonlySet<string> {
  return new Set(plan.steps.filter(({ kind }) => kind === 'reactivate').map(({ deployment }) => deployment));
}

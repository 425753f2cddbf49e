// The decision of a run: every step, and which of them the guards stop.
import { joinWithAnd } from '../../text/display.ts';
import { CAP_WINDOW, type Ledger, emptyLedger } from '../ledger.ts';
import { type Deployment, type Snapshot, hasEnded, lastDayOf, licensedBy } from '../snapshot.ts';
import { stepsOf } from './access-steps.ts';
import {
  GUARDS,
  type GuardContext,
  HOLDS,
  notApproved,
  renewalFinder,
  stoppedBy,
  withdrawalLimit,
} from './guards.ts';
import { type ShrunkInput, shrunkInputs } from './shrink-guard.ts';
import { ORDER, type Step, isWithdrawal } from './step.ts';

/** What the guards go by besides what was read. */
export interface PlanOptions {
  /** The object `HOLD` is in the bucket. */
  readonly hold: boolean;
  /** The names of the event's `approve`, if it has one. */
  readonly approve?: readonly string[] | undefined;
  /** Who approved and what they said, one printable clause. */
  readonly approval?: string | undefined;
}

/** The decision of a run, as data. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Names in `approve` that are not due or not announced. */
  readonly notDue: readonly string[];
  /** The labels of the event that would approve what is withheld; those that no approval helps are left out. */
  readonly approvable: readonly string[];
  /** The inputs that lost too much, also where nothing is due. */
  readonly shrunk: readonly ShrunkInput[];
  /** By deployment with a notice or a withdrawal due: what holds it now. */
  readonly holds: ReadonlyMap<string, readonly string[]>;
  /** Whether an event approved something, or the new counts of the inputs alone. */
  readonly isApproval: boolean;
  readonly snapshot: Snapshot;
}

/**
 * Decides every step of a run (contract section 8) from what was read and nothing else. Guards stop withdrawals, never
 * announcements and reactivations.
 */
export function makePlan(snapshot: Snapshot, options: PlanOptions): Plan {
  const ledger = snapshot.inputs.ledger ?? emptyLedger();
  const shrunk = shrunkInputs(ledger, snapshot);
  const base: GuardContext = {
    snapshot,
    hold: options.hold,
    approved: options.approve === undefined ? undefined : new Set(options.approve),
    shrunk,
    renewedAs: renewalFinder(snapshot),
    caps: { due: 0, recent: 0, limit: withdrawalLimit(snapshot) },
  };
  const proposed = proposedSteps(base);
  const context = { ...base, caps: capsOf(proposed, ledger, base) };
  const without = { ...base, approved: undefined };
  const others = proposed.filter(({ step }) => base.approved?.has(step.deployment) !== true);
  const approval: Approval = {
    said: options.approval,
    without: { ...without, caps: capsOf(proposed, ledger, without) },
    // It takes what was read as the measure, and what it names is gone then.
    after: { ...without, shrunk: [], caps: capsOf(others, ledger, without) },
  };
  const guarded = proposed.map(({ step, deployment }) => ({
    deployment,
    step: isWithdrawal(step) ? guardedStep(step, deployment, context, approval) : step,
  }));
  const steps = withTheirTokens(onceEach(guarded.map(({ step }) => step))).sort(inOrder);
  return {
    steps,
    notDue: (options.approve ?? []).filter(
      (name) => !proposed.some(({ step }) => isWithdrawal(step) && step.deployment === name),
    ),
    approvable: approvableOf(steps),
    shrunk,
    holds: holdsByDeployment(proposed, base),
    isApproval: options.approve !== undefined,
    snapshot,
  };
}

/** The tokens that a plan switches on, for rules that would otherwise miss them. */
export function reactivatedBy(plan: Plan): ReadonlySet<string> {
  return new Set(plan.steps.filter(({ kind }) => kind === 'reactivate').map(({ deployment }) => deployment));
}

/** A step and whom it is about. */
interface Proposed {
  readonly step: Step;
  readonly deployment: Deployment;
}

/** What holds each deployment that was announced or has a step: when one of it is over, the notice lapses. */
function holdsByDeployment(
  proposed: readonly Proposed[],
  context: GuardContext,
): Map<string, readonly string[]> {
  const concerned = new Set(proposed.map(({ deployment }) => deployment));
  for (const deployment of context.snapshot.deployments.values())
    if (deployment.notices.length > 0) concerned.add(deployment);
  return new Map([...concerned].map((deployment) => [deployment.name, holdsOn(deployment, context)]));
}

/** The names of what holds a deployment's tokens now. */
function holdsOn(deployment: Deployment, context: GuardContext): readonly string[] {
  const step = { kind: 'deactivate', deployment: deployment.name } as const;
  const names = HOLDS.filter((guard) => guard.why({ deployment, step }, context) !== undefined).map(
    ({ name }) => name,
  );
  return context.snapshot.policy.mode === 'observe' ? [...names, 'observe'] : names;
}

function proposedSteps(context: GuardContext): Proposed[] {
  const { snapshot, approved = new Set<string>() } = context;
  const stepContext = {
    snapshot,
    approved,
    holdsOn: (deployment: Deployment) => holdsOn(deployment, context),
  };
  const proposed: Proposed[] = [];
  for (const deployment of snapshot.deployments.values())
    for (const step of stepsOf(deployment, stepContext)) proposed.push({ step, deployment });
  return proposed;
}

/**
 * Counted by deployments: what is due, without held and replaced ones, and what went in the last hours. What is approved
 * need not be left out: it goes over the caps, and beside it nothing else goes. What was withheld until it had to be
 * announced again is due still: else a part of too many would go in the hours in which the others wait for a new notice.
 */
function capsOf(proposed: readonly Proposed[], ledger: Ledger, context: GuardContext): GuardContext['caps'] {
  const { snapshot } = context;
  const due = new Set<string>();
  for (const { step, deployment } of proposed) {
    if (!isWithdrawal(step) || step.replaced === true) continue;
    if (stoppedBy(HOLDS, { step, deployment }, context) === undefined) due.add(deployment.name);
  }
  for (const { deployment, step } of overdueSteps(ledger, snapshot))
    if (stoppedBy(HOLDS, { step, deployment }, context) === undefined) due.add(deployment.name);
  const recent = new Set(
    ledger.withdrawals
      .filter(({ at, approved: byName }) => !byName && snapshot.now - Date.parse(at) < CAP_WINDOW)
      .map(({ deployment }) => deployment),
  );
  const gone = [...recent].filter((name) => !due.has(name));
  return { ...context.caps, due: due.size, recent: gone.length };
}

/** The withdrawals that were due before they were announced again, and whose new notice is not old enough yet. */
function* overdueSteps(ledger: Ledger, snapshot: Snapshot): Iterable<Proposed> {
  for (const { overdue, step: kind, tokenId, deployment: name, end } of ledger.notices) {
    const deployment = snapshot.deployments.get(name);
    if (overdue !== true || kind !== 'deactivate' || deployment === undefined) continue;
    const licensed = licensedBy(deployment, snapshot);
    if (lastDayOf(licensed) !== end || !hasEnded(licensed, snapshot)) continue;
    if (deployment.active.some(({ id }) => id === tokenId))
      yield { deployment, step: { kind, deployment: name, tokenId, end, reason: 'announced again' } };
  }
}

/** What an approval says, and how the guards would stand without it: those are what it goes over. */
interface Approval {
  readonly said: string | undefined;
  readonly without: GuardContext;
  /** How the guards will stand after it: what holds then those that it does not name. */
  readonly after: GuardContext;
}

/** A withdrawal as the guards leave it. One that is approved by name goes over those that an approval overrides. */
function guardedStep(
  step: Step,
  deployment: Deployment,
  context: GuardContext,
  { said, without, after }: Approval,
): Step {
  const isApproved = context.approved?.has(step.deployment) === true;
  const guards = isApproved ? GUARDS.filter(({ approvable }) => !approvable) : GUARDS;
  const first = stoppedBy(guards, { step, deployment }, context);
  const stopped =
    first?.guard === notApproved ? (stoppedBy(guards, { step, deployment }, after) ?? first) : first;
  if (stopped !== undefined)
    return { ...step, approved: isApproved, withheld: stopped.why, guard: stopped.guard.name };
  if (isApproved) {
    const over = GUARDS.flatMap((guard) => guard.why({ step, deployment }, without) ?? []);
    const by = `by approval${said === undefined ? '' : ` (${said})`}${over.length === 0 ? '' : `, over: ${joinWithAnd(over)}`}`;
    const { announces: _, dueAt: __, ...rest } = step;
    return { ...rest, approved: true, reason: `${by}; ${step.reason}` };
  }
  // What is announced again because its notice is too old is not done in the same run.
  return step.announces === undefined
    ? step
    : { ...step, kind: 'announce', reason: `${step.reason}, too long ago to go by; announced again` };
}

/** A token that was replaced and whose license has ended has one step: whichever of the two takes it without being withheld. */
function onceEach(steps: readonly Step[]): Step[] {
  const taken = new Map<string, Step>();
  for (const step of steps) {
    const key = step.tokenId ?? `key ${step.deployment}`;
    const before = taken.get(key);
    if (before === undefined || rank(step) > rank(before)) taken.set(key, step);
  }
  return [...taken.values()];
}

/** A key goes with the last token of its label: not where that is announced again, and withheld where that is. */
function withTheirTokens(steps: readonly Step[]): Step[] {
  const kept = new Map<string, Step>();
  for (const step of steps) {
    const isWithheld = step.kind === 'delete-token' && step.withheld !== undefined;
    if (step.kind === 'announce' || isWithheld) kept.set(step.deployment, step);
  }
  return steps.flatMap((step) => {
    const token = step.kind === 'remove-key' ? kept.get(step.deployment) : undefined;
    if (token === undefined) return [step];
    const { withheld, guard } = token;
    return withheld === undefined ? [] : [{ ...step, withheld, guard }];
  });
}

const rank = ({ kind, withheld, replaced }: Step): number =>
  (kind === 'announce' ? 1 : withheld === undefined ? 4 : 0) + (replaced === true ? 0 : 2);

const inOrder = (a: Step, b: Step): number =>
  ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) ||
  (a.deployment < b.deployment ? -1 : a.deployment > b.deployment ? 1 : 0) ||
  ((a.tokenId ?? '') < (b.tokenId ?? '') ? -1 : 1);

/** Labels with a step that is withheld, and none that an approval would not let through. */
function approvableOf(steps: readonly Step[]): string[] {
  const helped = new Map<string, boolean>();
  for (const { deployment, guard } of steps) {
    if (guard === undefined) continue;
    const isApprovable = GUARDS.some(({ name, approvable }) => name === guard && approvable);
    helped.set(deployment, (helped.get(deployment) ?? true) && isApprovable);
  }
  return [...helped].filter(([, helps]) => helps).map(([deployment]) => deployment);
}

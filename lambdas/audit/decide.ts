// What a run decides, from what was read and nothing else.
import type { Finding } from '../domain/findings.ts';
import type { ContentCheckEntry, Ledger } from '../domain/ledger.ts';
import { type Plan, makePlan } from '../domain/plan/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { reconcile } from '../domain/reconcile.ts';
import { type CompleteInputs, type Snapshot, takeSnapshot } from '../domain/snapshot.ts';
import { reconcileLedger } from '../ledger/reconcile-ledger.ts';
import { renewFingerprints } from '../ledger/renew-fingerprints.ts';

/** What a run decides by. */
export interface DecisionInput {
  /** What was read; its ledger as it stands in the bucket. */
  readonly inputs: CompleteInputs;
  /** This run's checks of stored contents. */
  readonly checks: readonly ContentCheckEntry[];
  readonly policy: Policy;
  /** The instant that is judged by. */
  readonly now: number;
  /** The object `HOLD` is in the bucket. */
  readonly hold: boolean;
  /** The names of the event's `approve`, if it has one. */
  readonly approve?: readonly string[] | undefined;
  /** Who approves and what they say, one printable clause. */
  readonly approval?: string | undefined;
}

/** What was decided, before anything is done. */
export interface Decision {
  /** The ledger, compared with what was read. */
  readonly ledger: Ledger;
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}

/** Decides findings and steps of a run. Pure: night, dry run, review and simulation share it. */
export function decide(input: DecisionInput): Decision {
  const { inputs, policy, now, hold, approve, approval } = input;
  const ledger = reconciledLedger(inputs.ledger, input);
  const snapshot = takeSnapshot({ ...inputs, ledger }, policy, now);
  const plan = makePlan(snapshot, { hold, approve, approval });
  return { ledger, snapshot, plan, findings: reconcile(snapshot) };
}

/** A ledger compared with what a run read, with the run's checks in it. */
export function reconciledLedger(
  ledger: Ledger,
  { inputs, checks, now }: Pick<DecisionInput, 'inputs' | 'checks' | 'now'>,
): Ledger {
  return withChecks(reconcileLedger(renewFingerprints(ledger, inputs.keys), inputs, now), checks);
}

/** Latest check of every key: this run's where there is one. */
function withChecks(ledger: Ledger, checks: readonly ContentCheckEntry[]): Ledger {
  const latest = new Map([...ledger.checks, ...checks].map((check) => [check.deployment, check]));
  return { ...ledger, checks: [...latest.values()] };
}

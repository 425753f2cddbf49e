// One step of a run: what is to be done with whom and why, as data.
import { displayName } from '../../text/display.ts';
import type { ActionKind } from '../actions.ts';
import { type Day, iso } from '../days.ts';
import type { Intent } from '../ledger.ts';
import type { HubToken } from '../token.ts';
import type { GuardName } from './guards.ts';

/** One step, decided from what was read. `withheld` says why a guard stops it; a step without it is to be taken. */
export interface Step {
  readonly kind: ActionKind;
  readonly deployment: string;
  readonly tokenId?: string | undefined;
  /** Why, one printable sentence without its full stop. */
  readonly reason: string;
  readonly withheld?: string | undefined;
  /** Which guard stops it: that another one does is news. */
  readonly guard?: GuardName | undefined;
  /**
   * What the mail that names this step announces. An announcement has it, and so has a withheld step whose notice is too
   * old: it is announced again among the withheld.
   */
  readonly announces?: 'deactivate' | 'delete-token' | undefined;
  /** Of what is announced: from when on a run does it, in milliseconds since 1970. */
  readonly dueAt?: number | undefined;
  /** The license's last day that the step goes by. */
  readonly end?: Day | undefined;
  /** What the key held when this was decided. */
  readonly fingerprint?: string | undefined;
  /** Named in `approve`. */
  readonly approved?: boolean | undefined;
  /** Of a token that a regenerated one replaced: not counted by the caps. */
  readonly replaced?: boolean | undefined;
}

/** A step that changes Docker Hub or Vault: everything but an announcement. */
export type Change = Step & { readonly kind: Exclude<ActionKind, 'announce'> };

/** Whether a step changes something outside and no guard stops it. */
export function isChange(step: Step): step is Change {
  return step.kind !== 'announce' && step.withheld === undefined;
}

/** The steps as they are written to the ledger before the first is taken. */
export function intentsOf(steps: readonly Change[], runId: string, now: number): Intent[] {
  return steps.map((step) => ({
    step: step.kind,
    deployment: step.deployment,
    ...(step.tokenId === undefined ? {} : { tokenId: step.tokenId }),
    reason: step.reason,
    ...(step.end === undefined ? {} : { end: step.end }),
    ...(step.fingerprint === undefined ? {} : { fingerprint: step.fingerprint }),
    approved: step.approved ?? false,
    replaced: step.replaced ?? false,
    at: iso(now),
    runId,
  }));
}

export const ORDER: readonly ActionKind[] = [
  // Renewed customers first: they are waiting.
  'reactivate',
  'deactivate',
  'delete-token',
  'remove-key',
  'announce',
];

/** Whether a step takes something away. */
export function isWithdrawal(step: Pick<Step, 'kind'>): boolean {
  return step.kind !== 'announce' && step.kind !== 'reactivate';
}

/** Whether a run leaves a step to the next night, because the run is an approval that does not name it. */
export function isLeftToNight({ guard }: Pick<Step, 'guard'>): boolean {
  return guard === 'not approved';
}

/** A step for a sentence: what, of whom. */
export function stepText({ kind, deployment }: Pick<Step, 'kind' | 'deployment'>): string {
  return `${kind} ${displayName(deployment)}`;
}

/** Whether a token can be what a step was decided for: what it is read again for right before it is changed. */
export function isAsPlanned(step: Step, token: HubToken | undefined): token is HubToken {
  if (token?.label !== step.deployment) return false;
  switch (step.kind) {
    case 'deactivate':
      return token.enabled;
    case 'reactivate':
    case 'delete-token':
      return !token.enabled;
    case 'announce':
    case 'remove-key':
      return true;
  }
}

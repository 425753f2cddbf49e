// What one call of the revoke function goes by and comes to, whatever it does to the tokens.

import type { Action, ActionKind } from '../domain/actions.ts';
import type { Ledger } from '../domain/ledger.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { type AuditorError, asAuditorError } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import type { PeoplesDecision } from '../ledger/transitions.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement } from '../text/display.ts';
import type { RevokeEvent } from './event.ts';

/** Everything a call about one deployment goes by. */
export interface RevokeCall {
  readonly services: Services;
  readonly event: RevokeEvent;
  readonly deployment: string;
  readonly store: LedgerStore;
  /** The tokens that are meant. */
  readonly tokens: readonly HubToken[];
  /** Other tokens of the label. */
  readonly others: readonly HubToken[];
}

/** What came of a call: its actions, and why some of them failed. */
export interface Outcome {
  readonly actions: readonly Action[];
  readonly failures: readonly AuditorError[];
  /** Why the ledger does not know what was done, where it does not. */
  readonly unrecorded?: AuditorError | undefined;
}

/** One change that was tried: what became of it and of whom. */
export interface Tried {
  readonly token: HubToken;
  readonly error?: AuditorError;
}

/** Changes the tokens one by one; a failure does not keep the others from it. */
export async function changeEach(
  tokens: readonly HubToken[],
  change: (token: HubToken) => Promise<void>,
): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (const token of tokens) {
    try {
      await change(token);
      tried.push({ token });
    } catch (error) {
      tried.push({ token, error: asAuditorError(error, 'Changing a token') });
    }
  }
  return tried;
}

export const failuresOf = (tried: readonly Tried[]): AuditorError[] =>
  tried.flatMap(({ error }) => (error === undefined ? [] : [error]));

export const changedIds = (tried: readonly Tried[]): string[] =>
  tried.filter(({ error }) => error === undefined).map(({ token }) => token.id);

/** The actions of a call's result; a failed one has its error as reason. */
export function actionsOf(
  tried: readonly Tried[],
  kind: ActionKind,
  reason: (token: HubToken) => string,
): Action[] {
  return tried.map(({ token, error }) => ({
    kind,
    deployment: token.label,
    tokenId: token.id,
    status: error === undefined ? 'done' : 'failed',
    reason: error === undefined ? reason(token) : `${error.name}: ${error.message}`,
  }));
}

/** What people decided by this call, for the ledger. */
export function decisionOf(
  { services, event, others, deployment }: RevokeCall,
  tokenIds: readonly string[],
): PeoplesDecision {
  const at = services.clock.now();
  return {
    deployment,
    tokenIds,
    at,
    reason: event.reason ?? describeStatement(event),
    requestedBy: event.requestedBy,
    leavesAccess: others.some((token) => isActive(token, at)),
  };
}

/** Writes the ledger after a change; where it can't be written, what was done is reported all the same. */
export async function remember(
  store: LedgerStore,
  change: (ledger: Ledger) => Ledger,
): Promise<AuditorError | undefined> {
  try {
    await store.update(change);
    return undefined;
  } catch (error) {
    return asAuditorError(error, 'Writing the ledger');
  }
}

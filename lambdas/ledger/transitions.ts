import type { Action, ActionKind } from '../domain/actions.ts';
import { iso } from '../domain/days.ts';
import type { Intent, Ledger } from '../domain/ledger.ts';

/** A step that is done, as the next mail tells it. */
export function doneAction(
  kind: ActionKind,
  { deployment, tokenId }: { readonly deployment: string; readonly tokenId?: string | undefined },
  reason: string,
): Action {
  return { kind, deployment, ...(tokenId === undefined ? {} : { tokenId }), status: 'done', reason };
}

/**
 * What a step that was taken leaves in the ledger: its intent is closed, who switched the token off is remembered, the
 * caps count it, and the next mail tells it.
 *
 * @param at when it counts as done; a step found done after a crash counts from when it was found, so that nothing is
 *   deleted earlier than it should
 */
export function stepDone(ledger: Ledger, intent: Intent, at: number): Ledger {
  const { step, deployment, tokenId } = intent;
  const others = <Entry extends { readonly tokenId?: string | undefined }>(entries: readonly Entry[]) =>
    entries.filter((entry) => entry.tokenId !== tokenId);
  const closed: Ledger = {
    ...ledger,
    intents: ledger.intents.filter(
      (open) => open.step !== step || open.deployment !== deployment || open.tokenId !== tokenId,
    ),
    untold: [...ledger.untold, doneAction(step, intent, intent.reason)],
    withdrawals:
      step === 'reactivate' || intent.replaced
        ? ledger.withdrawals
        : [
            ...ledger.withdrawals,
            {
              step,
              deployment,
              ...(tokenId === undefined ? {} : { tokenId }),
              at: iso(at),
              approved: intent.approved,
            },
          ],
  };
  switch (step) {
    case 'deactivate':
      return {
        ...closed,
        notices: others(closed.notices),
        restores: others(closed.restores),
        suspensions: [
          ...others(closed.suspensions),
          {
            tokenId: tokenId ?? '',
            deployment,
            by: 'audit',
            at: iso(at),
            reason: intent.reason,
            runId: intent.runId,
            ...(intent.end === undefined ? {} : { end: intent.end }),
            ...(intent.fingerprint === undefined ? {} : { fingerprint: intent.fingerprint }),
          },
        ],
      };
    case 'reactivate':
      return {
        ...closed,
        notices: others(closed.notices),
        suspensions: others(closed.suspensions),
        inactive: closed.inactive.filter((id) => id !== tokenId),
      };
    case 'delete-token':
      return {
        ...closed,
        notices: others(closed.notices),
        replaced: others(closed.replaced),
        inactive: closed.inactive.filter((id) => id !== tokenId),
        suspensions: closed.suspensions.map((suspension) =>
          suspension.tokenId === tokenId ? { ...suspension, deletedAt: iso(at) } : suspension,
        ),
      };
    case 'remove-key':
      return {
        ...closed,
        suspensions: closed.suspensions.filter(
          (suspension) => suspension.deployment !== deployment || suspension.by !== 'audit',
        ),
      };
  }
}

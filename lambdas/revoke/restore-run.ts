// Switches on again what one run of the audit switched off for ended licenses.

import type { Action } from '../domain/actions.ts';
import type { Suspension } from '../domain/ledger.ts';
import { type HubToken, isPastExpiry } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { recordRestore } from '../ledger/transitions.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, escapeText } from '../text/display.ts';
import { type Outcome, actionsOf, changeEach, changedIds, failuresOf, remember } from './call.ts';
import type { RevokeEvent } from './event.ts';

/**
 * Undoes one run: its tokens are left alone for 7 days, then announced again. What people revoked since is theirs and
 * stays off; what is gone is skipped.
 *
 * @throws AuditorError `TokenNotFound` where nothing is off that this run switched off
 */
export async function restoreRun(
  services: Services,
  event: RevokeEvent,
  store: LedgerStore,
): Promise<Outcome> {
  const runId = event.restoreRun ?? '';
  const suspensions = store.current.suspensions.filter(
    (entry) => entry.runId === runId && entry.by === 'audit' && entry.replaced !== true,
  );
  if (suspensions.length === 0)
    throw new AuditorError(
      'TokenNotFound',
      `Nothing was switched on, because no token is off that the run ${escapeText(runId)} switched off for an ended license; look the run's id up in its report and invoke again.`,
    );
  const listed = new Map((await services.dockerHub.listTokens()).map((token) => [token.id, token]));
  const found: HubToken[] = [];
  const skipped: Action[] = [];
  for (const suspension of suspensions) {
    // Docker Hub's list may lack a token that is there: only the token itself says that it is gone.
    const token = listed.get(suspension.tokenId) ?? (await services.dockerHub.getToken(suspension.tokenId));
    if (token === undefined) skipped.push(skip(suspension, 'the token is gone'));
    else if (isPastExpiry(token, services.clock.now()))
      skipped.push(skip(suspension, 'the token is past its own expiry, which no switch changes'));
    else found.push(token);
  }
  const tried = await changeEach(found, async ({ id, enabled }) => {
    if (!enabled) await services.dockerHub.setEnabled(id, true);
  });
  const done = new Set(changedIds(tried));
  const at = services.clock.now();
  const reason = `restored with the run ${escapeText(runId)} (${describeStatement(event)})`;
  return {
    failures: failuresOf(tried),
    unrecorded: await remember(store, (ledger) =>
      found
        .filter(({ id }) => done.has(id))
        .reduce(
          (before, { id, label }) => recordRestore(before, { deployment: label, tokenIds: [id], at, reason }),
          ledger,
        ),
    ),
    actions: [...actionsOf(tried, 'reactivate', () => describeStatement(event)), ...skipped],
  };
}

function skip({ deployment, tokenId }: Suspension, reason: string): Action {
  return { kind: 'reactivate', deployment, tokenId, status: 'skipped', reason };
}

// Switches on again what one run of the audit switched off for ended licenses.

import type { Action } from '../domain/actions.ts';
import type { Ledger, Suspension } from '../domain/ledger.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { recordRestore } from '../ledger/transitions.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, escapeText } from '../text/display.ts';
import { type Outcome, actionsOf, changeEach, changedIds, failuresOf, remember } from './call.ts';
import type { RevokeEvent } from './event.ts';

/**
 * Undoes one run: its tokens are left alone for 7 days, then announced again. What people revoked since is theirs and
 * stays off; what is gone is skipped, and so is a replaced token whose overlap is over since.
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
  const { found, skipped } = await findTokens(services, store.current.replaced, suspensions);
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
          (before, { id, label }) =>
            recordRestore(before, { deployment: label, tokenIds: [id], at, reason, withRun: true }),
          ledger,
        ),
    ),
    actions: [...actionsOf(tried, 'reactivate', () => describeStatement(event)), ...skipped],
  };
}

/** Which of a run's tokens can be switched on again, and why others can't. */
async function findTokens(
  services: Services,
  replaced: Ledger['replaced'],
  suspensions: readonly Suspension[],
): Promise<{ readonly found: readonly HubToken[]; readonly skipped: readonly Action[] }> {
  const listed = new Map((await services.dockerHub.listTokens()).map((token) => [token.id, token]));
  const now = services.clock.now();
  const isBack = (id: string): boolean => {
    const token = listed.get(id);
    if (token === undefined) return false;
    const enabled = token.enabled || suspensions.some(({ tokenId }) => tokenId === id);
    return isActive({ ...token, enabled }, now);
  };
  const found: HubToken[] = [];
  const skipped: Action[] = [];
  for (const suspension of suspensions) {
    const { tokenId } = suspension;
    // Docker Hub's list may lack a token that is there: only the token itself says that it is gone.
    const token = listed.get(tokenId) ?? (await services.dockerHub.getToken(tokenId));
    const successor = replaced.find((entry) => entry.tokenId === tokenId && isBack(entry.by));
    if (token === undefined) skipped.push(skip(suspension, 'the token is gone'));
    else if (isPastExpiry(token, now))
      skipped.push(skip(suspension, 'the token is past its own expiry, which no switch changes'));
    else if (successor !== undefined && Date.parse(successor.until) <= now)
      skipped.push(
        skip(
          suspension,
          `the token ${escapeText(successor.by)} replaces it, and its overlap is over since; to switch it on all the same restore it by its "tokenId"`,
        ),
      );
    else found.push(token);
  }
  return { found, skipped };
}

function skip({ deployment, tokenId }: Suspension, reason: string): Action {
  return { kind: 'reactivate', deployment, tokenId, status: 'skipped', reason };
}

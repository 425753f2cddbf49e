// Switches tokens on again: a deployment's, or all that one run of the audit switched off.

import type { Action } from '../domain/actions.ts';
import { dayOf } from '../domain/days.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import { recordRestore } from '../ledger/transitions.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, displayName, escapeText } from '../text/display.ts';
import {
  type Outcome,
  type RevokeCall,
  actionsOf,
  changeEach,
  changedIds,
  decisionOf,
  failuresOf,
  remember,
} from './call.ts';

const MAKE_NEW = 'make a new one with the issue function ("regenerate": true)';

/**
 * Switches tokens on again; the audit leaves them alone for 7 days, then announces again. A token that is being replaced
 * is meant only by its id, and is being replaced no longer then. One past its own expiry is left as it is: no switch
 * makes it work.
 *
 * @throws AuditorError `InvalidRequest` where none of them can be switched on
 */
export async function restore(call: RevokeCall): Promise<Outcome> {
  const { services, event, store } = call;
  const successors = successorsOf(call);
  const replaced = call.tokens.filter(({ id }) => successors.has(id));
  const named = call.tokens.filter(({ id }) => !successors.has(id));
  const isPast = (token: HubToken): boolean => isPastExpiry(token, services.clock.now());
  const tokens = named.filter((token) => !isPast(token));
  const expired = named.filter(isPast);
  if (tokens.length === 0) throw nothingToRestore(call, expired[0], replaced[0]);
  const tried = await changeEach(tokens, async ({ id, enabled }) => {
    if (!enabled) await services.dockerHub.setEnabled(id, true);
  });
  const skipped = (token: HubToken, reason: string): Action => ({
    kind: 'reactivate',
    deployment: token.label,
    tokenId: token.id,
    status: 'skipped',
    reason,
  });
  return {
    failures: failuresOf(tried),
    unrecorded: await remember(store, (ledger) =>
      recordRestore(ledger, { ...decisionOf(call, changedIds(tried)), reason: describeStatement(event) }),
    ),
    actions: [
      ...actionsOf(tried, 'reactivate', ({ enabled }) =>
        enabled
          ? `it was active already; the audit leaves it alone for 7 days (${describeStatement(event)})`
          : describeStatement(event),
      ),
      ...expired.map((token) =>
        skipped(token, `it ${expiryText(services, token)}; where the deployment needs it, ${MAKE_NEW}`),
      ),
      ...replaced.map((token) =>
        skipped(
          token,
          `${successorText(successors.get(token.id))} replaces it; to switch it on all the same name it with "tokenId"`,
        ),
      ),
    ],
  };
}

/**
 * Of the tokens that a working one of the label replaces or replaced, and that the call does not name by their id: by
 * whom, `undefined` where that is not remembered any more because people switched both off.
 */
function successorsOf({
  event,
  store,
  services,
  tokens,
}: RevokeCall): ReadonlyMap<string, string | undefined> {
  if (event.tokenId !== undefined) return new Map();
  const { replaced, suspensions } = store.current;
  const working = new Set(
    tokens.filter((token) => isActive({ ...token, enabled: true }, services.clock.now())).map(({ id }) => id),
  );
  const being = new Map<string, string | undefined>(
    replaced.filter(({ by }) => working.has(by)).map(({ tokenId, by }) => [tokenId, by]),
  );
  const were = suspensions.filter((entry) => entry.replaced === true && !being.has(entry.tokenId));
  const others = new Set(working);
  for (const { tokenId } of were) others.delete(tokenId);
  return others.size === 0
    ? being
    : new Map([...were.map(({ tokenId }) => [tokenId, undefined] as const), ...being]);
}

const successorText = (id: string | undefined): string =>
  id === undefined ? 'another token' : `the token ${escapeText(id)}`;

function expiryText({ settings }: Services, { expiresAt = 0 }: HubToken): string {
  return `stopped working on ${dayOf(expiresAt, settings.timeZone)} by its own expiry, which can't be changed`;
}

function nothingToRestore(
  { services, deployment }: RevokeCall,
  expired: HubToken | undefined,
  replaced: HubToken | undefined,
): AuditorError {
  const name = displayName(deployment);
  const why =
    expired === undefined
      ? `another token replaces the token ${escapeText(replaced?.id ?? '')} of ${name}; to switch it on all the same name it with "tokenId"`
      : `the token ${escapeText(expired.id)} of ${name} ${expiryText(services, expired)}; ${MAKE_NEW}`;
  return new AuditorError('InvalidRequest', `Nothing was switched on, because ${why}.`);
}

// Switches a deployment's tokens off.

import { AuditorError } from '../errors.ts';
import { recordRevocation } from '../ledger/transitions.ts';
import { otherHolders } from '../runtime/holders.ts';
import { describeStatement, displayName, escapeText, joinWithAnd } from '../text/display.ts';
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

/**
 * Switches tokens off; those that are off already are recorded as people's, so that the audit never switches them on.
 *
 * @throws AuditorError `InvalidRequest` where that would cut off another deployment and is not confirmed
 */
export async function deactivate(call: RevokeCall): Promise<Outcome> {
  const { services, event, tokens, store } = call;
  if (event.confirm === undefined) await checkNobodyElse(call);
  const tried = await changeEach(tokens, async ({ id, enabled }) => {
    if (enabled) await services.dockerHub.setEnabled(id, false);
  });
  const done = changedIds(tried);
  return {
    failures: failuresOf(tried),
    unrecorded: await remember(store, (ledger) => recordRevocation(ledger, decisionOf(call, done))),
    actions: actionsOf(tried, 'deactivate', ({ enabled }) =>
      enabled
        ? describeStatement(event)
        : `it was switched off already and is now recorded as people's (${describeStatement(event)})`,
    ),
  };
}

/** @throws AuditorError `InvalidRequest` where the key of another deployment in force holds the content of a token */
async function checkNobodyElse({ services, store, tokens, deployment }: RevokeCall): Promise<void> {
  const working = tokens.filter(({ enabled }) => enabled);
  const holders = await otherHolders(services, store.current, working);
  const [first] = holders;
  if (first === undefined) return;
  const [id, names] = first;
  throw new AuditorError(
    'InvalidRequest',
    `Nothing was switched off, because the token ${escapeText(id)} of ${displayName(deployment)} is what ${joinWithAnd(names.map(displayName))} pulls with, whose license is in force; give ${names.length === 1 ? 'it' : 'each of them'} a token of its own with the issue function ("regenerate": true) first, or invoke again with "confirm" and the name of the deployment to switch it off all the same.`,
  );
}

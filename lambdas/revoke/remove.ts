// Deletes a deployment's tokens and its key for good.

import { FreshKeys } from '../clients/consistent-keys.ts';
import { asAuditorError, withDetail } from '../errors.ts';
import { recordKeyRemoval, recordPeoplesDeletion } from '../ledger/transitions.ts';
import { describeStatement, displayName } from '../text/display.ts';
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

/** Deletes the tokens and, when none of the label is left, its key. */
export async function remove(call: RevokeCall): Promise<Outcome> {
  const { services, event, tokens, others, store } = call;
  const tried = await changeEach(tokens, ({ id }) => services.dockerHub.deleteToken(id));
  const done = changedIds(tried);
  const deleted: Outcome = {
    actions: actionsOf(tried, 'delete-token', () => describeStatement(event)),
    failures: failuresOf(tried),
    unrecorded: await remember(store, (ledger) => recordPeoplesDeletion(ledger, decisionOf(call, done))),
  };
  if (others.length > 0 || done.length < tokens.length) return deleted;
  const key = await removeKey(call);
  return {
    actions: [...deleted.actions, ...key.actions],
    failures: [...deleted.failures, ...key.failures],
    unrecorded: deleted.unrecorded ?? key.unrecorded,
  };
}

/** Removes the label's key, if there is one. */
async function removeKey({ services, event, deployment, store }: RevokeCall): Promise<Outcome> {
  const action = { kind: 'remove-key', deployment } as const;
  try {
    const { names } = await services.vault.readKeyNames();
    if (!names.includes(deployment)) return { actions: [], failures: [] };
    await new FreshKeys(services).change((keys) =>
      keys.names.includes(deployment) ? new Map([[deployment, null]]) : undefined,
    );
  } catch (error) {
    const failure = asAuditorError(error, 'Removing the key');
    return {
      actions: [{ ...action, status: 'failed', reason: `${failure.name}: ${failure.message}` }],
      failures: [
        withDetail(
          failure,
          `the key ${displayName(deployment)} may still be there, so invoke the same call again`,
        ),
      ],
    };
  }
  return {
    actions: [{ ...action, status: 'done', reason: describeStatement(event) }],
    failures: [],
    unrecorded: await remember(store, (ledger) => recordKeyRemoval(ledger, deployment)),
  };
}

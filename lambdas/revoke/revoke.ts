import { FreshKeys } from '../clients/consistent-keys.ts';
import type { Action, ActionKind } from '../domain/actions.ts';
import { dayOf, iso } from '../domain/days.ts';
import type { Ledger, Suspension } from '../domain/ledger.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { AuditorError, asAuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { type OnDemandNotification, notifyDone, notifyFailed, withLease } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { isConcealed } from '../text/conceal.ts';
import { describeStatement, pluralize, joinWithAnd, escapeText, displayName } from '../text/display.ts';
import type { RevokeEvent } from './event.ts';

/** What the revoke function returns (contract section 10). */
export interface RevokeResult {
  readonly deployment: string;
  readonly actions: readonly Action[];
}

function tokenNotFound({ deployment, tokenId }: RevokeEvent): AuditorError {
  const which = tokenId === undefined ? '' : ` and the id ${escapeText(tokenId)}`;
  return new AuditorError(
    'TokenNotFound',
    `Nothing was changed, because Docker Hub has no token with the label ${displayName(deployment)}${which}; look the label up in the last report and invoke again.`,
  );
}

/** Forgets what the audit had in mind for a token: people have decided otherwise. */
function decided(ledger: Ledger, ids: ReadonlySet<string>): Ledger {
  const others = <Entry extends { readonly tokenId?: string | undefined }>(
    entries: readonly Entry[],
  ): Entry[] => entries.filter(({ tokenId }) => !ids.has(tokenId ?? ''));
  return {
    ...ledger,
    intents: others(ledger.intents),
    notices: others(ledger.notices),
    suspensions: others(ledger.suspensions),
    restores: others(ledger.restores),
    inactive: ledger.inactive.filter((id) => !ids.has(id)),
  };
}

/** One change that was tried: what became of it and of whom. */
interface Tried {
  readonly token: HubToken;
  readonly error?: AuditorError;
}

/** What the ledger remembers of tokens that people withdrew through us. */
function suspensionsOf(
  event: RevokeEvent,
  ids: ReadonlySet<string>,
  others: readonly HubToken[],
  now: number,
): Suspension[] {
  const leavesAccess = others.some((token) => isActive(token, now));
  return [...ids].map((tokenId) => ({
    tokenId,
    deployment: event.deployment,
    by: 'people',
    at: iso(now),
    reason: event.reason ?? '',
    ...(event.requestedBy === undefined ? {} : { requestedBy: event.requestedBy }),
    ...(leavesAccess ? { superseded: true } : {}),
  }));
}

/** What came of a call: its actions, and why some of them failed. */
interface Outcome {
  readonly actions: readonly Action[];
  readonly failures: readonly AuditorError[];
  /** Why the ledger does not know what was done, where it does not. */
  readonly unrecorded?: AuditorError | undefined;
}

/** Writes the ledger after a change; where it can't be written, what was done is told all the same. */
async function remember(
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

const failuresOf = (tried: readonly Tried[]): AuditorError[] =>
  tried.flatMap(({ error }) => (error === undefined ? [] : [error]));

/** Changes the tokens one by one; a failure does not keep the others from it. */
async function each(
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

function actionsOf(tried: readonly Tried[], kind: ActionKind, reason: (token: HubToken) => string): Action[] {
  return tried.map(({ token, error }) => ({
    kind,
    deployment: token.label,
    tokenId: token.id,
    status: error === undefined ? 'done' : 'failed',
    reason: error === undefined ? reason(token) : `${error.name}: ${error.message}`,
  }));
}

const doneIds = (tried: readonly Tried[]): Set<string> =>
  new Set(tried.filter(({ error }) => error === undefined).map(({ token }) => token.id));

/** Switches tokens off; those that are off already are recorded as people's, so that the audit never switches them on. */
async function deactivate(
  services: Services,
  event: RevokeEvent,
  tokens: readonly HubToken[],
  others: readonly HubToken[],
  store: LedgerStore,
): Promise<Outcome> {
  const tried = await each(tokens, async ({ id, enabled }) => {
    if (enabled) await services.dockerHub.setEnabled(id, false);
  });
  const done = doneIds(tried);
  const suspensions = suspensionsOf(event, done, others, services.clock.now());
  const unrecorded = await remember(store, (ledger) => ({
    ...decided(ledger, done),
    suspensions: [...decided(ledger, done).suspensions, ...suspensions],
    inactive: [...decided(ledger, done).inactive, ...done],
  }));
  return {
    failures: failuresOf(tried),
    unrecorded,
    actions: actionsOf(tried, 'deactivate', ({ enabled }) =>
      enabled
        ? describeStatement(event)
        : `it was switched off already and is now recorded as people's (${describeStatement(event)})`,
    ),
  };
}

/**
 * Switches tokens on again; the audit leaves them alone for 7 days, then announces again. A
 * token past its own expiry is left as it is: no switch makes it work.
 *
 * @throws AuditorError `InvalidRequest` where all of them are past it
 */
async function restore(
  services: Services,
  event: RevokeEvent,
  named: readonly HubToken[],
  store: LedgerStore,
): Promise<Outcome> {
  const { timeZone } = services.settings;
  const isPast = (token: HubToken): boolean => isPastExpiry(token, services.clock.now());
  const tokens = named.filter((token) => !isPast(token));
  const expired = named.filter(isPast);
  const expiry = ({ expiresAt = 0 }: HubToken): string =>
    `stopped working on ${dayOf(expiresAt, timeZone)} by its own expiry, which can't be changed`;
  const [first] = expired;
  if (tokens.length === 0 && first !== undefined)
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was switched on, because the token ${escapeText(first.id)} of ${displayName(event.deployment)} ${expiry(first)}; make a new one with the issue function ("regenerate": true).`,
    );
  const tried = await each(tokens, async ({ id, enabled }) => {
    if (!enabled) await services.dockerHub.setEnabled(id, true);
  });
  const done = doneIds(tried);
  const at = iso(services.clock.now());
  const unrecorded = await remember(store, (ledger) => {
    const rest = decided(ledger, done);
    const restored = [...done].map((tokenId) => ({
      tokenId,
      deployment: event.deployment,
      at,
      reason: describeStatement(event),
    }));
    return { ...rest, restores: [...rest.restores, ...restored] };
  });
  const replaced = new Map(store.current.replaced.map(({ tokenId, by }) => [tokenId, by]));
  return {
    failures: failuresOf(tried),
    unrecorded,
    actions: [
      ...actionsOf(tried, 'reactivate', ({ id, enabled }) => {
        const by = replaced.get(id);
        const then =
          by === undefined
            ? 'the audit leaves it alone for 7 days'
            : `the token ${escapeText(by)} replaces it no longer`;
        if (enabled) return `it was active already; ${then} (${describeStatement(event)})`;
        return by === undefined ? describeStatement(event) : `${then} (${describeStatement(event)})`;
      }),
      ...expired.map((token): Action => ({
        kind: 'reactivate',
        deployment: token.label,
        tokenId: token.id,
        status: 'skipped',
        reason: `it ${expiry(token)}; where the deployment needs it, make a new one with the issue function ("regenerate": true)`,
      })),
    ],
  };
}

/** Deletes tokens and, when none of the label is left, its key. */
async function remove(
  services: Services,
  event: RevokeEvent,
  tokens: readonly HubToken[],
  others: readonly HubToken[],
  store: LedgerStore,
): Promise<Outcome> {
  const tried = await each(tokens, ({ id }) => services.dockerHub.deleteToken(id));
  const done = doneIds(tried);
  const now = services.clock.now();
  const suspensions = suspensionsOf(event, done, others, now).map((suspension) => ({
    ...suspension,
    deletedAt: iso(now),
  }));
  const unrecorded = await remember(store, (ledger) => {
    const rest = decided(ledger, done);
    return {
      ...rest,
      replaced: rest.replaced.filter(({ tokenId }) => !done.has(tokenId)),
      suspensions: [...rest.suspensions, ...suspensions],
    };
  });
  const actions = actionsOf(tried, 'delete-token', () => describeStatement(event));
  const failures = failuresOf(tried);
  if (others.length > 0 || done.size < tokens.length) return { actions, failures, unrecorded };
  const key = await removeKey(services, event);
  return {
    actions: [...actions, ...key.actions],
    failures: [...failures, ...key.failures],
    unrecorded,
  };
}

/** Removes the label's key, if there is one. */
async function removeKey(services: Services, event: RevokeEvent): Promise<Outcome> {
  const { deployment } = event;
  const action = { kind: 'remove-key', deployment } as const;
  try {
    const { names } = await services.vault.readKeyNames();
    if (!names.includes(deployment)) return { actions: [], failures: [] };
    await new FreshKeys(services).change((keys) =>
      keys.names.includes(deployment) ? new Map([[deployment, null]]) : undefined,
    );
    return { actions: [{ ...action, status: 'done', reason: describeStatement(event) }], failures: [] };
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
}

const WORDS: Partial<Record<ActionKind, string>> = {
  deactivate: 'switched off',
  reactivate: 'switched on again',
  'delete-token': 'deleted',
  'remove-key': 'key removed from Vault',
};

function titleOf(event: RevokeEvent, isFailed: boolean, isChange: boolean): string {
  if (event.restore === true && !isFailed && !isChange)
    return `${displayName(event.deployment)} was on already`;
  const [noun, done] =
    event.restore === true
      ? ['restore', 'restored']
      : event.delete === true
        ? ['delete', 'deleted']
        : ['revoke', 'revoked'];
  return isFailed
    ? `${noun} of ${displayName(event.deployment)} failed`
    : `${done} ${displayName(event.deployment)}`;
}

/** One action for a sentence. */
function actionText({ kind, deployment, tokenId }: Action, isChange: boolean): string {
  const what = tokenId === undefined ? displayName(deployment) : escapeText(tokenId);
  if (!isChange) return `${what} left ${kind === 'reactivate' ? 'on' : 'off'}`;
  return `${what} ${WORDS[kind] ?? kind}`;
}

async function revokeWithLease(
  services: Services,
  event: RevokeEvent,
  store: LedgerStore,
): Promise<RevokeResult> {
  const { deployment, tokenId } = event;
  if (event.delete === true && isConcealed(deployment))
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was deleted, because ${displayName(deployment)} is only shown for a name that is a token's content; switch the token off without "delete", and remove token and key by hand on Docker Hub and in Vault.`,
    );
  const labelled = (await services.dockerHub.listTokens()).filter(({ label }) => label === deployment);
  const tokens = tokenId === undefined ? labelled : labelled.filter(({ id }) => id === tokenId);
  const others = labelled.filter((token) => !tokens.includes(token));
  // A call that names a token means its key only where it was this token that was deleted before.
  const keyIsMeant =
    tokenId === undefined ||
    store.current.suspensions.some(
      (gone) => gone.tokenId === tokenId && gone.deployment === deployment && gone.deletedAt !== undefined,
    );
  const keyOnly =
    event.delete === true &&
    labelled.length === 0 &&
    keyIsMeant &&
    (await services.vault.readKeyNames()).names.includes(deployment);
  if (tokens.length === 0 && !keyOnly) throw tokenNotFound(event);

  const { actions, failures, unrecorded } =
    event.restore === true
      ? await restore(services, event, tokens, store)
      : event.delete === true
        ? await remove(services, event, tokens, others, store)
        : await deactivate(services, event, tokens, others, store);
  const done = actions.filter(({ status }) => status === 'done');
  const failure = failures[0] ?? unrecorded;
  const wasSo = new Set(
    tokens.filter(({ enabled }) => enabled === (event.restore === true)).map(({ id }) => id),
  );
  const isChange = ({ kind, tokenId: id = '' }: Action): boolean => kind === 'delete-token' || !wasSo.has(id);
  const changed = done.filter(isChange);
  const title = titleOf(event, failure !== undefined, changed.length > 0);
  const notification: OnDemandNotification = {
    title,
    lines: [
      `${title}: ${pluralize(tokens.length, 'token')} (${describeStatement(event)}).`,
      // A mail is cut at its end: what is not done comes first.
      ...(unrecorded === undefined ? [] : [`The ledger does not know it: ${unrecorded.message}`]),
      ...[...actions.filter(({ status }) => status !== 'done'), ...done].map((action) => {
        const { kind, tokenId: id, status, reason } = action;
        return status === 'done'
          ? `${actionText(action, isChange(action))}${reason === describeStatement(event) ? '' : `: ${reason}`}.`
          : `${id === undefined ? '' : `${escapeText(id)} `}${kind} ${status}: ${reason}`;
      }),
    ],
    // The audit's mail would tell what was so already as a change.
    done: changed,
  };
  if (failure === undefined) {
    await notifyDone(services, store, notification);
    return { deployment, actions };
  }
  const unknown = unrecorded === undefined ? '' : ', which the ledger does not know';
  const sofar =
    done.length === 0
      ? failure
      : withDetail(
          failure,
          `already done: ${joinWithAnd(done.map((action) => actionText(action, isChange(action))))}${unknown}`,
        );
  throw await notifyFailed(services, store, notification, sofar);
}

/**
 * Switches a deployment's tokens off, on again, or deletes them with their key (contract section 10); recorded in the
 * ledger, so that the audit respects it.
 *
 * @throws AuditorError `TokenNotFound`, `Busy`, and what the systems answer
 */
export function revoke(event: RevokeEvent, services: Services): Promise<RevokeResult> {
  return withLease(services, 'revoke', (store) => revokeWithLease(services, event, store));
}

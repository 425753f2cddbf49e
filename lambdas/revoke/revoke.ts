// The revoke function: a deployment's tokens off, on again, or deleted (contract section 10).

import type { Action, ActionKind } from '../domain/actions.ts';
import { AuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { type OnDemandNotification, notifyDone, notifyFailed, withLease } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { isConcealed } from '../text/conceal.ts';
import { describeStatement, displayName, escapeText, joinWithAnd, pluralize } from '../text/display.ts';
import type { Outcome, RevokeCall } from './call.ts';
import { deactivate } from './deactivate.ts';
import type { RevokeEvent } from './event.ts';
import { remove } from './remove.ts';
import { restoreRun } from './restore-run.ts';
import { restore } from './restore.ts';

/** What the revoke function returns. */
export interface RevokeResult {
  /** Absent where a whole run was restored. */
  readonly deployment?: string;
  /** The run that was restored. */
  readonly restoreRun?: string;
  readonly actions: readonly Action[];
}

/**
 * Switches a deployment's tokens off, on again, or deletes them with their key, or undoes what a run of the audit
 * switched off; recorded in the ledger, so that the audit respects it.
 *
 * @throws AuditorError `TokenNotFound`, `InvalidRequest`, `Busy`, and what the systems answer
 */
export function revoke(event: RevokeEvent, services: Services): Promise<RevokeResult> {
  return withLease(services, 'revoke', (store) =>
    event.deployment === undefined
      ? revokeRun(services, event, store)
      : revokeDeployment({ services, event, deployment: event.deployment, store }),
  );
}

async function revokeRun(services: Services, event: RevokeEvent, store: LedgerStore): Promise<RevokeResult> {
  const outcome = await restoreRun(services, event, store);
  const run = escapeText(event.restoreRun ?? '');
  const isFailed = outcome.failures.length > 0 || outcome.unrecorded !== undefined;
  const names = new Set(outcome.actions.map(({ deployment }) => deployment));
  const title = isFailed
    ? `restoring what run ${run} switched off failed`
    : `restored ${pluralize(names.size, 'deployment')} of run ${run}`;
  await finish({ services, store, event, outcome, title, wasSo: new Set() });
  return { restoreRun: event.restoreRun ?? '', actions: outcome.actions };
}

async function revokeDeployment(
  about: Pick<RevokeCall, 'services' | 'event' | 'deployment' | 'store'>,
): Promise<RevokeResult> {
  const { services, event, deployment, store } = about;
  const call = await findTokens(about);
  const outcome = await (event.restore === true ? restore : event.delete === true ? remove : deactivate)(
    call,
  );
  const wasSo = new Set(
    call.tokens.filter(({ enabled }) => enabled === (event.restore === true)).map(({ id }) => id),
  );
  const isFailed = outcome.failures.length > 0 || outcome.unrecorded !== undefined;
  const isChange = outcome.actions.some((action) => action.status === 'done' && changes(action, wasSo));
  await finish({ services, store, event, outcome, title: titleOf(event, isFailed, isChange), wasSo });
  return { deployment, actions: outcome.actions };
}

/** @throws AuditorError `TokenNotFound`, and `InvalidRequest` for a name that is only shown in place of a content */
async function findTokens(
  about: Pick<RevokeCall, 'services' | 'event' | 'deployment' | 'store'>,
): Promise<RevokeCall> {
  const { services, event, deployment, store } = about;
  const { tokenId } = event;
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
  const isKeyLeft = async (): Promise<boolean> =>
    event.delete === true &&
    labelled.length === 0 &&
    keyIsMeant &&
    (await services.vault.readKeyNames()).names.includes(deployment);
  if (tokens.length === 0 && !(await isKeyLeft())) throw tokenNotFound(deployment, tokenId);
  return { ...about, tokens, others };
}

function tokenNotFound(deployment: string, tokenId: string | undefined): AuditorError {
  const which = tokenId === undefined ? '' : ` and the id ${escapeText(tokenId)}`;
  return new AuditorError(
    'TokenNotFound',
    `Nothing was changed, because Docker Hub has no token with the label ${displayName(deployment)}${which}; look the label up in the last report and invoke again.`,
  );
}

/** A call that came to its end, for mail and error. */
interface Ended {
  readonly services: Services;
  readonly store: LedgerStore;
  readonly event: RevokeEvent;
  readonly outcome: Outcome;
  readonly title: string;
  /** Ids of tokens that were on or off already, as the call wanted them. */
  readonly wasSo: ReadonlySet<string>;
}

/** Mails what was done. @throws AuditorError the first failure, saying what was done all the same */
async function finish({ services, store, event, outcome, title, wasSo }: Ended): Promise<void> {
  const { actions, failures, unrecorded } = outcome;
  const done = actions.filter(({ status }) => status === 'done');
  const statement = describeStatement(event);
  const notification: OnDemandNotification = {
    title,
    lines: [
      `${title}: ${pluralize(actions.length, 'step')} (${statement}).`,
      // A mail is cut at its end: what is not done comes first.
      ...(unrecorded === undefined ? [] : [`The ledger does not know it: ${unrecorded.message}`]),
      ...[...actions.filter(({ status }) => status !== 'done'), ...done].map((action) =>
        actionLine(action, changes(action, wasSo), statement),
      ),
    ],
    // The audit's mail would report what was so already as a change.
    done: done.filter((action) => changes(action, wasSo)),
  };
  const failure = failures[0] ?? unrecorded;
  if (failure === undefined) {
    await notifyDone(services, store, notification);
    return;
  }
  const unknown = unrecorded === undefined ? '' : ', which the ledger does not know';
  const texts = done.map((action) => actionText(action, changes(action, wasSo)));
  const sofar =
    done.length === 0 ? failure : withDetail(failure, `already done: ${joinWithAnd(texts)}${unknown}`);
  throw await notifyFailed(services, store, notification, sofar);
}

const changes = ({ kind, tokenId = '' }: Action, wasSo: ReadonlySet<string>): boolean =>
  kind === 'delete-token' || !wasSo.has(tokenId);

const DONE_WORDS: Partial<Record<ActionKind, string>> = {
  deactivate: 'switched off',
  reactivate: 'switched on again',
  'delete-token': 'deleted',
  'remove-key': 'key removed from Vault',
};

function titleOf(event: RevokeEvent, isFailed: boolean, isChange: boolean): string {
  const name = displayName(event.deployment ?? '');
  if (event.restore === true && !isFailed && !isChange) return `${name} was on already`;
  const [noun, done] =
    event.restore === true
      ? ['restore', 'restored']
      : event.delete === true
        ? ['delete', 'deleted']
        : ['revoke', 'revoked'];
  return isFailed ? `${noun} of ${name} failed` : `${done} ${name}`;
}

/** One action for a sentence. */
function actionText({ kind, deployment, tokenId }: Action, isChange: boolean): string {
  const what = tokenId === undefined ? displayName(deployment) : escapeText(tokenId);
  if (!isChange) return `${what} left ${kind === 'reactivate' ? 'on' : 'off'}`;
  return `${what} ${DONE_WORDS[kind] ?? kind}`;
}

function actionLine(action: Action, isChange: boolean, statement: string): string {
  const { kind, tokenId, status, reason } = action;
  return status === 'done'
    ? `${actionText(action, isChange)}${reason === statement ? '' : `: ${reason}`}.`
    : `${tokenId === undefined ? '' : `${escapeText(tokenId)} `}${kind} ${status}: ${reason}`;
}

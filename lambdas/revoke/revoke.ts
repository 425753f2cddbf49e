// The revoke function: a deployment's tokens off, on again, or deleted (contract section 10).

import type { Action, ActionKind } from '../domain/actions.ts';
import { isActive } from '../domain/token.ts';
import { AuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { type OnDemandText, restoredRunText, revokedText } from '../mail/other-mails.ts';
import { notifyDone, notifyFailed, withLease } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { isConcealed } from '../text/conceal.ts';
import { describeStatement, displayName, escapeText, joinWithAnd } from '../text/display.ts';
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
  const runId = event.restoreRun ?? '';
  const restored = outcome.actions.filter(({ status }) => status === 'done');
  const text = restoredRunText({
    runId,
    statement: describeStatement(event),
    deployments: [...new Set(restored.map(({ deployment }) => deployment))],
    failures: failureLines(outcome),
    isFailed: isFailed(outcome),
  });
  await finish({ services, store, outcome, text, wasSo: new Set() });
  return { restoreRun: runId, actions: outcome.actions };
}

async function revokeDeployment(
  about: Pick<RevokeCall, 'services' | 'event' | 'deployment' | 'store'>,
): Promise<RevokeResult> {
  const { services, event, deployment, store } = about;
  const call = await findTokens(about);
  const { tokens, others } = call;
  const what = event.restore === true ? 'restore' : event.delete === true ? 'delete' : 'revoke';
  const outcome = await { restore, delete: remove, revoke: deactivate }[what](call);
  const wasSo = new Set(tokens.filter(({ enabled }) => enabled === (what === 'restore')).map(({ id }) => id));
  const done = outcome.actions.filter(({ status }) => status === 'done');
  const idsOf = (isChanged: boolean): string[] =>
    done.flatMap((action) =>
      action.tokenId !== undefined && changes(action, wasSo) === isChanged ? [action.tokenId] : [],
    );
  const text = revokedText({
    name: services.settings.name,
    deployment,
    statement: describeStatement(event),
    what,
    changed: idsOf(true),
    unchanged: idsOf(false),
    isKeyRemoved: done.some(({ kind }) => kind === 'remove-key'),
    isStillOn: others.some((token) => isActive(token, services.clock.now())),
    failures: failureLines(outcome),
    isFailed: isFailed(outcome),
  });
  await finish({ services, store, outcome, text, wasSo });
  return { deployment, actions: outcome.actions };
}

const isFailed = ({ failures, unrecorded }: Outcome): boolean =>
  failures.length > 0 || unrecorded !== undefined;

/** What is not done, and that the ledger does not know what is. */
function failureLines({ actions, unrecorded }: Outcome): string[] {
  return [
    ...(unrecorded === undefined ? [] : [`The ledger does not know it: ${unrecorded.message}`]),
    ...actions
      .filter(({ status }) => status !== 'done')
      .map(
        ({ kind, deployment, tokenId, status, reason }) =>
          `${tokenId === undefined ? displayName(deployment) : escapeText(tokenId)} ${kind} ${status}: ${reason}`,
      ),
  ];
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
  readonly outcome: Outcome;
  readonly text: OnDemandText;
  /** Ids of tokens that were on or off already, as the call wanted them. */
  readonly wasSo: ReadonlySet<string>;
}

/** Mails what was done. @throws AuditorError the first failure, saying what was done all the same */
async function finish({ services, store, outcome, text, wasSo }: Ended): Promise<void> {
  const { actions, failures, unrecorded } = outcome;
  const done = actions.filter(({ status }) => status === 'done');
  // The audit's mail would report what was so already as a change.
  const notification = { ...text, done: done.filter((action) => changes(action, wasSo)) };
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

/** One action for a sentence. */
function actionText({ kind, deployment, tokenId }: Action, isChange: boolean): string {
  const what = tokenId === undefined ? displayName(deployment) : escapeText(tokenId);
  if (!isChange) return `${what} left ${kind === 'reactivate' ? 'on' : 'off'}`;
  return `${what} ${DONE_WORDS[kind] ?? kind}`;
}

// What issue and revoke have in common: lease, ledger, and the mail at the end.

import { randomUUID } from 'node:crypto';
import type { UnreportedAction } from '../domain/ledger.ts';
import { type AuditorError, asAuditorError, withDetail } from '../errors.ts';
import { type Lease, takeLease } from '../ledger/lease.ts';
import { type LedgerStore, openLedger } from '../ledger/store.ts';
import { whoCalledText } from '../mail/links.ts';
import { onDemandMail } from '../mail/other-mails.ts';
import { joinWithAnd, escapeText } from '../text/display.ts';
import type { Services } from './services.ts';

/**
 * What issue and revoke have in common: the lease is held while they work, the ledger is open, and Vault's session is
 * revoked at the end.
 *
 * @throws AuditorError `Busy`, `LedgerUnreadable`, `StorageUnavailable`, and what the work throws
 */
export async function withLease<Result>(
  services: Services,
  functionName: 'issue' | 'revoke',
  work: (store: LedgerStore) => Promise<Result>,
): Promise<Result> {
  let lease: Lease | undefined;
  try {
    lease = await takeLease(services, functionName, services.requestId || randomUUID());
    return await work(await openLedger(services.bucket));
  } finally {
    await Promise.all([lease?.release(), services.vault.close()]);
  }
}

/** What an issue or revoke has to tell. */
export interface OnDemandNotification {
  readonly title: string;
  readonly lines: readonly string[];
  /** What was changed: the audit's next mail reports it where this one fails. */
  readonly done: readonly UnreportedAction[];
}

/** What becomes of the news in a mail that failed. */
const LEFT_WORDS = {
  'reported later': "the next night's mail reports it",
  nothing: 'no other mail will report it, because nothing had to be changed',
  lost: 'no other mail will report it, because the ledger could not be written',
} as const;

/**
 * Sends the mail; where it fails, leaves what was done to the next mail of the audit, and resolves with the failure. The
 * audit's mail reports it as well where nobody had confirmed to read this one.
 */
async function publish(
  services: Services,
  store: LedgerStore,
  { title, lines, done }: OnDemandNotification,
  failed: boolean,
): Promise<{ readonly error: AuditorError; readonly left: keyof typeof LEFT_WORDS } | undefined> {
  try {
    const { confirmed } = await services.notifier.publish(
      onDemandMail({
        requestId: services.requestId,
        title,
        lines,
        failed,
        whoCalled: whoCalledText(services.settings),
      }),
    );
    // Where even the ledger can't be written, the mail went out all the same.
    if (!confirmed) {
      services.log.warn('Nobody had confirmed to read the mail, or it is not known that somebody had');
      await leaveToAudit(store, done).catch(() => undefined);
    }
    return undefined;
  } catch (error) {
    const failure = asAuditorError(error, 'Sending the mail');
    services.log.error('The mail failed', { error: failure.name });
    try {
      await leaveToAudit(store, done);
      return { error: failure, left: done.length === 0 ? 'nothing' : 'reported later' };
    } catch {
      return { error: failure, left: 'lost' };
    }
  }
}

async function leaveToAudit(store: LedgerStore, done: OnDemandNotification['done']): Promise<void> {
  await store.update((ledger) =>
    done.length === 0 ? ledger : { ...ledger, unreported: [...ledger.unreported, ...done] },
  );
}

/**
 * Tells support what was done. Where the mail fails, the next mail of the audit tells it instead, and the function
 * fails all the same: somebody expects the mail.
 */
export async function notifyDone(
  services: Services,
  store: LedgerStore,
  notification: OnDemandNotification,
): Promise<void> {
  const failed = await publish(services, store, notification, false);
  if (failed === undefined) return;
  const ids = notification.done.flatMap(({ tokenId }) => (tokenId === undefined ? [] : [tokenId]));
  const what = `${notification.title}${ids.length === 0 ? '' : `, ${listedIds(ids)}`}`;
  throw withDetail(
    failed.error,
    `what was asked was done and recorded (${what}), so do not repeat the call; ${LEFT_WORDS[failed.left]}`,
  );
}

/**
 * Tells support of a failure after which something is changed or left. Never rejects.
 *
 * @param failure what the function fails with, saying what was done
 * @returns the error to throw: it says so where the mail failed, too
 */
export async function notifyFailed(
  services: Services,
  store: LedgerStore,
  notification: OnDemandNotification,
  failure: AuditorError,
): Promise<AuditorError> {
  const failed = await publish(services, store, notification, true);
  return failed === undefined
    ? failure
    : withDetail(failure, `the mail about it could not be sent either (${failed.error.name})`);
}

/** Ids for a sentence. */
export function listedIds(ids: readonly string[]): string {
  return joinWithAnd(ids.map((id) => escapeText(id)));
}

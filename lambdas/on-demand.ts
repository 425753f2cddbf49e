import { randomUUID } from 'node:crypto';
import { onDemandMail } from './core/mail.ts';
import { listed, printable } from './core/printable.ts';
import type { Action } from './core/report.ts';
import { AuditorError, isAuditorError } from './errors.ts';
import { openLedger, type LedgerStore } from './ledger-store.ts';
import { takeLease } from './lease.ts';
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
  try {
    const runId = services.requestId || randomUUID();
    const lease = await takeLease(services.bucket, services.clock, functionName, runId);
    try {
      return await work(await openLedger(services.bucket));
    } finally {
      await lease.release();
    }
  } finally {
    await services.vault.close();
  }
}

/** Who asked and why, for mail and ledger. */
export function asker(event: {
  readonly reason?: string | undefined;
  readonly requestedBy?: string | undefined;
}): string {
  const by = event.requestedBy === undefined ? '' : `, requested by ${printable(event.requestedBy)}`;
  return `${event.reason === undefined ? 'no reason given' : printable(event.reason, 300)}${by}`;
}

/**
 * Tells support what was done. Where the mail fails, the next mail of the audit tells it instead, and the function
 * fails all the same: somebody expects to be told.
 */
export async function tellDone(
  services: Services,
  store: LedgerStore,
  title: string,
  lines: readonly string[],
  actions: readonly Action[],
): Promise<void> {
  try {
    await services.notifier.publish(
      onDemandMail({ requestId: services.requestId, title, lines, failed: false }),
    );
  } catch (error) {
    await store.update((ledger) => ({ ...ledger, untold: [...ledger.untold, ...actions] }));
    if (!isAuditorError(error)) throw error;
    throw new AuditorError(
      error.name,
      `Everything was done and recorded (${title}), only the mail failed; do not repeat the call, read Vault and the next night's mail. ${error.message}`,
    );
  }
}

/** Tells support of a failure that left something behind; never rejects, because the failure itself is thrown. */
export async function tellLeftBehind(
  services: Services,
  title: string,
  lines: readonly string[],
): Promise<void> {
  try {
    await services.notifier.publish(
      onDemandMail({ requestId: services.requestId, title, lines, failed: true }),
    );
  } catch (error) {
    services.log.error('The mail about a token left behind failed', {
      error: isAuditorError(error) ? error.name : 'unknown',
    });
  }
}

/** Ids for a sentence. */
export function listedIds(ids: readonly string[]): string {
  return listed(ids.map((id) => printable(id)));
}

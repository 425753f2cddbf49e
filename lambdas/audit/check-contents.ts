// Exchanges stored contents at Docker Hub for sessions, to see whose they are (contract section 7).
import {
  type KeyToCheck,
  judgeCheck,
  keysToCheck,
  sayNothing,
  triedCheck,
} from '../domain/content-checks.ts';
import type { ContentCheckEntry } from '../domain/ledger.ts';
import { takeSnapshot } from '../domain/snapshot.ts';
import { isActive } from '../domain/token.ts';
import type { Alert } from '../mail/news.ts';
import type { Services } from '../runtime/services.ts';
import { displayName, pluralize } from '../text/display.ts';
import type { CompleteReading } from './read-inputs.ts';
import type { Run } from './run.ts';
import { vaultAlerts } from './vault-alerts.ts';

/** So many refusals, and Docker Hub may be about to lock the account out (contract section 7). */
const MAX_REFUSALS = 2;
/** Time that is left for deciding, acting and reporting. */
const RESERVED_MS = 120_000;

/** What the check of stored contents showed. */
export interface ContentChecks {
  readonly checks: readonly ContentCheckEntry[];
  /** Why it stopped before its share was done, and what of a key is no finding. */
  readonly alerts: readonly Alert[];
}

/**
 * Exchanges stored contents for sessions, and stops at the second refusal or the first sign of limiting, lock-out or
 * illness. Two at a time, and one after a first refusal: so there are never more than two refusals. Never rejects.
 */
export async function checkContents(run: Run, reading: CompleteReading): Promise<ContentChecks> {
  const share = shareOf(run);
  const alerts = vaultAlerts(reading.inputs.keys);
  if (share === 0) return { checks: [], alerts };
  const { services } = run;
  const snapshot = takeSnapshot(reading.inputs, services.settings, run.now);
  const keys = keysToCheck(snapshot, share);
  const checks: ContentCheckEntry[] = [];
  /** What Docker Hub accepted as our own account's, or refused: all but these say nothing of how well it compares. */
  const comparable: ContentCheckEntry[] = [];
  let answered = 0;
  let begun = 0;
  let refusals = 0;
  let why: string | undefined;

  const checkOne = async (key: KeyToCheck): Promise<void> => {
    const check = await services.dockerHub.checkContent(key.content);
    if (check.outcome === 'limited') why ??= 'because Docker Hub limits or locks out';
    else if (check.outcome === 'unwell') {
      why ??= 'because Docker Hub gave no usable answer';
      checks.push(triedCheck(snapshot, key));
    } else {
      answered += 1;
      const otherAccount = check.outcome === 'accepted' ? check.otherAccount : undefined;
      if (check.outcome === 'password') alerts.push(passwordAlert(key));
      if (otherAccount !== undefined) alerts.push(otherAccountAlert(key, otherAccount));
      if (check.outcome === 'refused') refusals += 1;
      const stillActive = check.outcome === 'refused' && (await isStillActive(services, key.tokenId));
      const entry = judgeCheck(snapshot, key, check, stillActive);
      checks.push(entry);
      if (otherAccount === undefined && check.outcome !== 'password') comparable.push(entry);
    }
  };
  while (why === undefined && begun < keys.length && refusals < MAX_REFUSALS) {
    if (services.deadline - services.clock.now() < RESERVED_MS) {
      why = 'because the time got short';
      break;
    }
    // As many at a time as refusals are left: were all of them refused, it would still be no more than two.
    const next = keys.slice(begun, begun + MAX_REFUSALS - refusals);
    begun += next.length;
    await Promise.all(next.map(checkOne));
  }

  const left = keys.length - answered;
  if (refusals >= MAX_REFUSALS && left > 0)
    why ??= `because Docker Hub refused ${pluralize(refusals, 'content')}, and more refusals might lock the account out`;
  const stopped = `The check of stored contents stopped for this run, ${why ?? ''}; ${pluralize(left, 'key')} of its share stay unchecked.`;
  if (sayNothing(comparable)) alerts.push(NOTHING_SAID);
  return {
    checks,
    alerts: why === undefined ? alerts : [{ key: 'checks stopped', text: stopped }, ...alerts],
  };
}

/** How many keys a run checks at the most. */
function shareOf({ event, mode, services }: Run): number {
  if (event.review === true) return 0;
  if (event.verifyAll === true) return Infinity;
  return mode === 'dry-run' ? 0 : services.settings.verifyPerRun;
}

async function isStillActive(services: Services, tokenId: string): Promise<boolean> {
  try {
    const token = await services.dockerHub.getToken(tokenId);
    return token !== undefined && isActive(token, services.clock.now());
  } catch {
    // Not to know is not to accuse.
    return false;
  }
}

/** No kind of finding is about it, and whoever reads the deployments' keys has that password: so people must hear of it. */
const passwordAlert = ({ deployment }: KeyToCheck): Alert => ({
  key: `password ${deployment}`,
  text: `The key ${displayName(deployment)} in Vault seems to hold the password of the Docker Hub account instead of a token's content (Docker Hub asks for the second factor): change the password, and make a new token with the issue function.`,
});

/** Nobody's finding either: which customers' servers use that token only its own account can tell. */
const otherAccountAlert = ({ deployment }: KeyToCheck, account: string): Alert => ({
  key: `other account ${deployment}`,
  text: `The key ${displayName(deployment)} in Vault holds a token of another Docker Hub account (${displayName(account)}), which this program can't see or withdraw: make a new token for it with the issue function, and delete that one in its own account.`,
});

/** The check could compare none of five or more (contract section 7). */
export const NOTHING_SAID: Alert = {
  key: 'checks say nothing',
  text: 'The check of stored contents says nothing at present: Docker Hub accepts them and does not say which of its tokens they belong to, so wrong contents are not found. Look for a newer version of this program.',
};

import { type KeyToCheck, judgeCheck, keysToCheck, triedCheck } from '../domain/content-checks.ts';
import type { ContentCheckEntry } from '../domain/ledger.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { isActive } from '../domain/token.ts';
import type { Alert } from '../mail/news.ts';
import type { Services } from '../runtime/services.ts';
import { pluralize, displayName } from '../text/display.ts';

/** So many refusals, and Docker Hub may be about to lock the account out (contract section 7). */
const MOST_REFUSALS = 2;
/** Time that is left for deciding, acting and telling. */
const RESERVED_MILLISECONDS = 120_000;

/** What the check of stored contents told. */
export interface ContentChecks {
  readonly checks: readonly ContentCheckEntry[];
  /** Why it stopped before its share was done, and what of a key is no finding. */
  readonly alerts: readonly Alert[];
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

/**
 * Exchanges stored contents for sessions, and stops at the second refusal or the first sign of limiting, lock-out or
 * illness. Two at a time, and one after a first refusal: so there are never more than two refusals. Never rejects.
 *
 * @param share how many keys at the most; `Infinity` for all
 */
export async function checkContents(
  services: Services,
  snapshot: Snapshot,
  share: number,
): Promise<ContentChecks> {
  const keys = keysToCheck(snapshot, share);
  const checks: ContentCheckEntry[] = [];
  const alerts: Alert[] = [];
  let compared = 0;
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
      compared += 1;
      if (check.outcome === 'password') alerts.push(passwordAlert(key));
      if (check.outcome === 'refused') refusals += 1;
      const stillActive = check.outcome === 'refused' && (await isStillActive(services, key.tokenId));
      checks.push(judgeCheck(snapshot, key, check, stillActive));
    }
  };
  while (why === undefined && begun < keys.length && refusals < MOST_REFUSALS) {
    if (services.deadline - services.clock.now() < RESERVED_MILLISECONDS) {
      why = 'because the time got short';
      break;
    }
    // As many at a time as refusals are left: were all of them refused, it would still be no more than two.
    const next = keys.slice(begun, begun + MOST_REFUSALS - refusals);
    begun += next.length;
    await Promise.all(next.map(checkOne));
  }

  const left = keys.length - compared;
  if (refusals >= MOST_REFUSALS && left > 0)
    why ??= `because Docker Hub refused ${pluralize(refusals, 'content')}, and more refusals might lock the account out`;
  const stopped = `The check of stored contents stopped for this run, ${why ?? ''}; ${pluralize(left, 'key')} of its share stay unchecked.`;
  return {
    checks,
    alerts: why === undefined ? alerts : [{ key: 'checks stopped', text: stopped }, ...alerts],
  };
}

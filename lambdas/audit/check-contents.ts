import { judgeCheck, keysToCheck } from '../core/content-checks.ts';
import type { ContentCheckEntry } from '../core/ledger.ts';
import { counted } from '../core/printable.ts';
import { isActive, type World } from '../core/world.ts';
import type { Services } from '../services.ts';

/** So many refusals, and Docker Hub may be about to lock the account out (contract section 7). */
const MOST_REFUSALS = 2;
/** Time that is left for deciding, acting and telling. */
const RESERVED_MILLISECONDS = 120_000;

/** What the check of stored contents told. */
export interface ContentChecks {
  readonly checks: readonly ContentCheckEntry[];
  /** Why it stopped before its share was done, a sentence for mail and report. */
  readonly stopped?: string;
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

/**
 * Exchanges stored contents for sessions, one after the other, and stops at the second refusal or the first sign of
 * limiting, lock-out or illness. Never rejects.
 *
 * @param share how many keys at the most; `Infinity` for all
 */
export async function checkContents(services: Services, world: World, share: number): Promise<ContentChecks> {
  const keys = keysToCheck(world, share);
  const checks: ContentCheckEntry[] = [];
  const stop = (why: string): ContentChecks => ({
    checks,
    stopped: `The check of stored contents stopped for this run, ${why}; ${counted(keys.length - checks.length, 'key')} of its share stay unchecked.`,
  });
  let refusals = 0;
  for (const key of keys) {
    if (services.deadline - services.clock.now() < RESERVED_MILLISECONDS)
      return stop('because the time got short');
    const check = await services.dockerHub.checkContent(key.content);
    if (check.outcome === 'limited') return stop('because Docker Hub limits or locks out');
    if (check.outcome === 'unwell') return stop('because Docker Hub gave no usable answer');
    const stillActive = check.outcome === 'refused' && (await isStillActive(services, key.tokenId));
    checks.push(judgeCheck(world, key, check, stillActive));
    if (check.outcome === 'refused' && ++refusals >= MOST_REFUSALS)
      return keys.length > checks.length
        ? stop(
            `because Docker Hub refused ${counted(refusals, 'content')}, and more refusals might lock the account out`,
          )
        : { checks };
  }
  return { checks };
}

// What an issue that broke off left, and how the next call finishes or undoes it.

import { FreshKeys } from '../clients/consistent-keys.ts';
import { HOUR, iso } from '../domain/days.ts';
import type { Issuing, Ledger } from '../domain/ledger.ts';
import type { HubToken, VaultKeys } from '../domain/token.ts';
import { isAuditorError } from '../errors.ts';
import { closeIssuing, isNeverUsed, isRecent, tokensMadeBy } from '../ledger/unfinished-issues.ts';
import type { Services } from '../runtime/services.ts';
import { holdsFingerprint } from '../text/fingerprint.ts';
import type { Issue } from './context.ts';
import { DEFAULT_OVERLAP_HOURS, type IssueEvent } from './event.ts';
import { finish, record } from './finish.ts';
import { replacedUntil } from './replaced.ts';
import type { IssueResult } from './result.ts';

/** What an issue that broke off left: its tokens, and whether its content reached Vault. */
interface UnfinishedIssue {
  readonly entry: Issuing;
  readonly tokens: readonly HubToken[];
  /** The version of the secret that holds its content; `undefined` where Vault does not hold it. */
  readonly storedIn: number | undefined;
}

/** The keys as they are, or `undefined` where there is no secret yet: then nothing was stored either. */
async function keysIfAny(keys: FreshKeys): Promise<VaultKeys | undefined> {
  try {
    return await keys.read();
  } catch (error) {
    if (isAuditorError(error, 'VaultSecretMissing')) return undefined;
    throw error;
  }
}

export async function findUnfinished(
  services: Services,
  ledger: Ledger,
  deployment: string,
  existing: readonly HubToken[],
): Promise<UnfinishedIssue | undefined> {
  const entry = ledger.issuing.find((open) => open.deployment === deployment);
  if (entry === undefined) return undefined;
  const tokens = tokensMadeBy(entry, existing);
  if (entry.fingerprint === undefined || tokens.length === 0) return { entry, tokens, storedIn: undefined };
  const keys = await keysIfAny(new FreshKeys(services, entry.vaultVersion));
  const isStored = holdsFingerprint(keys?.values, deployment, entry.fingerprint);
  return { entry, tokens, storedIn: isStored ? keys?.version : undefined };
}

/** What became of a broken-off issue: it is finished, or these tokens of the label are left. */
type Recovered = { readonly finished: IssueResult } | { readonly existing: readonly HubToken[] };

/** Whether a call asks for what the broken-off one asked for. */
function asksForTheSame({ regenerate, overlapHours }: IssueEvent, entry: Issuing): boolean {
  return (
    (regenerate === true) === entry.regenerate &&
    (regenerate !== true || (overlapHours ?? DEFAULT_OVERLAP_HOURS) === entry.overlapHours)
  );
}

/**
 * Finishes what an issue of the same deployment left when it broke off, or undoes it: only lately, and only a token that
 * nobody ever used. Any other is a token like all others from then on. A finished one is this call's answer only if the
 * call repeats the broken-off one: who asks for something else, or later, may ask because that very token leaked.
 */
export async function recoverUnfinished(issue: Issue, unfinished: UnfinishedIssue): Promise<Recovered> {
  const { services, event, ledger, existing } = issue;
  const { entry, tokens, storedIn } = unfinished;
  const [token] = tokens;
  const mayUndo = (made: HubToken): boolean =>
    isRecent(entry, services.clock.now()) && isNeverUsed(entry, made);
  if (storedIn !== undefined && token !== undefined) {
    // Only the last lines were missing. The tokens it replaced are those that were there before it.
    const before = existing.filter(({ id }) => entry.before.includes(id));
    const finished = { ...issue, existing: before };
    if (asksForTheSame(event, entry) && mayUndo(token))
      return {
        finished: await finish(finished, {
          token,
          version: storedIn,
          overlapHours: entry.overlapHours,
          isPullVerified: false,
        }),
      };
    // A new one made now replaces them all, and gives them this call's overlap.
    if (event.regenerate === true) await record(finished, token, []);
    else {
      const until = iso(services.clock.now() + entry.overlapHours * HOUR);
      await record(finished, token, replacedUntil(finished, until));
    }
    return { existing };
  }
  const vain = tokens.filter(mayUndo);
  for (const { id } of vain) {
    await services.dockerHub.deleteToken(id);
    services.log.warn('A token that a broken-off issue left was deleted', { token: id });
  }
  const left = existing.filter((made) => !vain.includes(made));
  await ledger.update((current) =>
    closeIssuing(
      current,
      current.issuing.filter((open) => open.deployment === entry.deployment),
      left,
    ),
  );
  return { existing: left };
}

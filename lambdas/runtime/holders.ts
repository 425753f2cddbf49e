// Whom else a change of tokens would cut off: deployments whose key holds the content of another one's token.

import { dayOf } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { isInForce } from '../domain/licenses.ts';
import { takeSnapshot } from '../domain/snapshot.ts';
import type { HubToken, VaultKeys } from '../domain/token.ts';
import { isAuditorError } from '../errors.ts';
import { licensesIfReadable } from './license-list.ts';
import type { Services } from './services.ts';

/**
 * The deployments in force whose key was last seen to hold the content of one of these tokens, by the token's id. Where
 * the license list can't be read, every such deployment counts: nobody can say that it has not paid.
 *
 * @param tokens of one label
 * @throws AuditorError what Vault answers, where the ledger remembers such a key
 */
export async function otherHolders(
  services: Services,
  ledger: Ledger,
  tokens: readonly HubToken[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const labels = new Map(tokens.map(({ id, label }) => [id, label]));
  const isElsewhere = ({ deployment, tokenId, claimedId }: Ledger['checks'][number]): boolean => {
    const label = labels.get(claimedId ?? tokenId);
    return label !== undefined && label !== deployment;
  };
  // Nearly always nobody's: then neither Vault nor the list is asked.
  if (!ledger.checks.some(isElsewhere)) return new Map();
  const [keys, licenses] = await Promise.all([keysIfAny(services), licensesIfReadable(services)]);
  const inputs = { tokens, ledger, ...(keys && { keys }), ...(licenses && { licenses }) };
  const now = services.clock.now();
  const { heldBy } = takeSnapshot(inputs, services.settings, now);
  const today = dayOf(now, services.settings.timeZone);
  const found = tokens.map(({ id }): [string, string[]] => [
    id,
    (heldBy.get(id) ?? [])
      .filter(({ license }) => licenses === undefined || (license && isInForce(license, today)))
      .map(({ name }) => name),
  ]);
  return new Map(found.filter(([, names]) => names.length > 0));
}

async function keysIfAny(services: Services): Promise<VaultKeys | undefined> {
  try {
    return await services.vault.readKeys();
  } catch (error) {
    if (isAuditorError(error, 'VaultSecretMissing')) return undefined;
    throw error;
  }
}

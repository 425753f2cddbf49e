// Asking Docker Hub for the tokens that its list lacks and the ledger remembers.
import type { DockerHub } from '../clients/ports.ts';
import type { Ledger } from '../domain/ledger.ts';
import type { Inputs } from '../domain/snapshot.ts';
import type { HubToken } from '../domain/token.ts';
import { tokensToAskFor } from '../ledger/reconcile-ledger.ts';

/**
 * Asks for each by its id before anything of it is forgotten: a list may lack a token for a night. Never rejects: at the
 * first failure it stops, and what was not answered is unknown.
 *
 * @returns the tokens, those that are there and not listed among them, and which are gone
 */
export async function askForMissing(
  dockerHub: DockerHub,
  ledger: Ledger,
  tokens: readonly HubToken[],
): Promise<Pick<Inputs, 'tokens' | 'gone' | 'lastAskedFor'>> {
  const gone = new Set<string>();
  const found: HubToken[] = [];
  let lastAskedFor: string | undefined;
  try {
    for (const id of tokensToAskFor(ledger, tokens)) {
      const token = await dockerHub.getToken(id);
      if (token === undefined) gone.add(id);
      else found.push(token);
      lastAskedFor = id;
    }
  } catch {
    // Not to know is not to forget: the next night asks again.
  }
  return {
    tokens: found.length === 0 ? tokens : [...tokens, ...found],
    gone,
    ...(lastAskedFor === undefined ? {} : { lastAskedFor }),
  };
}

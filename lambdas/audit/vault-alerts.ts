// What people must hear of the deployments' secret in Vault, and what is no finding about any of its keys.
import { keysWithWhiteSpace } from '../domain/content-checks.ts';
import type { VaultKeys } from '../domain/token.ts';
import type { Alert } from '../mail/news.ts';
import { displayName, joinWithAnd } from '../text/display.ts';

/** The alerts about the secret as it was read. */
export function vaultAlerts(keys: VaultKeys): Alert[] {
  return [...vanishingAlert(keys), ...whiteSpaceAlert(keysWithWhiteSpace(keys.values))];
}

/** Vault deletes versions by itself where somebody set `delete_version_after`: then every customer's content is gone. */
function vanishingAlert({ vanishesAt }: VaultKeys): Alert[] {
  if (vanishesAt === undefined) return [];
  const day = new Date(vanishesAt).toISOString().slice(0, 10);
  return [
    {
      key: `secret vanishes ${day}`,
      text: `Vault will delete the deployments' secret by itself on ${day}, with the contents of all keys, because its metadata say so: set delete_version_after to 0 there (vault kv metadata put -delete-version-after=0s), and then write any key once more.`,
    },
  ];
}

/** Names of one mail line; all others are counted. */
const MAX_NAMES = 10;

function whiteSpaceAlert(names: readonly string[]): Alert[] {
  if (names.length === 0) return [];
  const more = names.length - MAX_NAMES;
  const shown = [
    ...names.slice(0, MAX_NAMES).map((name) => displayName(name)),
    ...(more > 0 ? [`${more} more`] : []),
  ];
  return [
    {
      key: `white space ${names.length} ${names.slice(0, MAX_NAMES).join(' ')}`,
      text: `${names.length === 1 ? 'The key' : `${names.length} keys`} ${joinWithAnd(shown)} in Vault ${names.length === 1 ? 'has' : 'have'} white space around the token's content, such as a line break at its end: docker login refuses it where it is copied as it is, so store the content again without it.`,
    },
  ];
}

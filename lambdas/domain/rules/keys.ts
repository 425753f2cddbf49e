import { isConcealed } from '../../text/conceal.ts';
import { printable, shownName } from '../../text/display.ts';
import { eventText } from '../../text/event-json.ts';
import { isWellNamed } from '../naming.ts';
import { type World, listedToken, tokensOf } from '../snapshot.ts';
import { ISSUE, canIssue, canRename, keyRemoval, renewal } from './remedies.ts';
import type { Rule } from './rule.ts';
import { misnaming } from './tokens.ts';

/** The token that a key without one probably belongs to, under another spelling, and the rename that joins the two. */
function otherHalf(
  world: World,
  key: string,
): { readonly token: string; readonly from: string; readonly to: string } | undefined {
  const misnamed = (world.meantFor.get(key) ?? []).find(({ label }) => canRename(world, label, key));
  if (misnamed !== undefined) return { token: misnamed.label, from: misnamed.label, to: key };
  const meant = isWellNamed(key) ? undefined : world.findName(key);
  return meant !== undefined && canRename(world, key, meant)
    ? { token: meant, from: key, to: meant }
    : undefined;
}

/** What is to be done with a key that has no token. */
function orphanRemedy(world: World, name: string): string {
  if (isConcealed(name)) return `Remove the key by hand in Vault: its real name is not shown.`;
  const half = otherHalf(world, name);
  if (half !== undefined)
    return `Rename the half that is misnamed with ${ISSUE} (${eventText({ deployment: half.from, renameTo: half.to })}): the token ${shownName(half.token)} is probably its.`;
  if (canIssue(world, name))
    return `If the deployment needs a token, make one with ${ISSUE} (${eventText({ deployment: name, regenerate: true })}); else ${keyRemoval(name)}.`;
  return isWellNamed(name)
    ? `If the deployment has paid, let licenses.csv say so and then make a token with ${ISSUE} ("regenerate": true); else ${keyRemoval(name)}.`
    : `If nobody needs what it holds, ${keyRemoval(name)}.`;
}

/** Key in Vault, no token of that label on Docker Hub. */
export const orphanedKey: Rule = {
  kind: 'orphaned-key',
  needs: ['tokens', 'keys'],
  *judge(world) {
    for (const name of world.keys) {
      if (tokensOf(world, name).all.length > 0) continue;
      yield {
        deployment: name,
        detail: `Vault has a key ${shownName(name)}, and Docker Hub has no token of that label.`,
        remedy: orphanRemedy(world, name),
      };
    }
  },
};

/** Key that breaks the naming rule. */
export const misnamedKey: Rule = {
  kind: 'misnamed-key',
  needs: ['keys'],
  *judge(world) {
    for (const name of world.keys)
      if (!isWellNamed(name)) yield { deployment: name, ...misnaming(world, 'key', name) };
  },
};

/** The key's value is not a non-empty string; judged only where values are read. */
export const malformedKey: Rule = {
  kind: 'malformed-key',
  needs: ['keys'],
  *judge(world) {
    for (const [name, value] of world.facts.keys?.values ?? []) {
      if (typeof value === 'string' && value !== '') continue;
      const found = value === '' ? 'an empty text' : value === null ? 'null' : Array.isArray(value) ? 'a list' : `of type ${typeof value}`; // prettier-ignore
      yield {
        deployment: name,
        detail: `The value of the key ${shownName(name)} in Vault is ${found}, not a token's content.`,
        remedy: `Restore the key's last good value from the secret's earlier versions in Vault${canIssue(world, name) ? `, or ${renewal(world, name)}` : ''}.`,
      };
    }
  },
};

/** Docker Hub refuses the stored content though the label's token is active; stands until the key is checked again. */
export const rejectedKey: Rule = {
  kind: 'rejected-key',
  needs: ['tokens', 'keys', 'ledger'],
  *judge(world) {
    for (const [name, check] of world.checks) {
      if (check.verdict !== 'rejected' || !world.keys.has(name)) continue;
      if (!tokensOf(world, name).active.some(({ id }) => id === check.tokenId)) continue;
      yield {
        deployment: name,
        tokenId: check.tokenId,
        detail: `Docker Hub refused the content of the key ${shownName(name)} when it was checked at ${check.at}, though the token of that label is active.`,
        remedy: `The stored content is of no use to anybody, and the deployment needs another one: ${renewal(world, name)}.`,
      };
    }
  },
};

/** The stored content is that of another listed token; stands until the key is checked again. */
export const mismatchedKey: Rule = {
  kind: 'mismatched-key',
  needs: ['tokens', 'keys', 'ledger'],
  *judge(world) {
    for (const [name, check] of world.checks) {
      if (check.verdict !== 'mismatched' || !world.keys.has(name)) continue;
      const other = listedToken(world, check.claimedId ?? '');
      if (other === undefined) continue;
      yield {
        deployment: name,
        tokenId: check.tokenId,
        detail: `The key ${shownName(name)} in Vault holds the content of the token ${shownName(other.label)} (${printable(other.id)}), not that of its own.`,
        remedy: `Switching ${shownName(other.label)} off would cut ${shownName(name)} off too, so the deployment needs a token of its own: ${renewal(world, name)}.`,
      };
    }
  },
};

import { isConcealed } from '../../text/conceal.ts';
import { escapeText, displayName } from '../../text/display.ts';
import { eventText } from '../../text/event-json.ts';
import { isWellNamed } from '../naming.ts';
import { type Snapshot, listedToken, tokensOf } from '../snapshot.ts';
import { ISSUE, canIssue, canRename, keyRemoval, renewal } from './remedies.ts';
import type { Rule } from './rule.ts';
import { misnaming } from './tokens.ts';

/** The token that a key without one probably belongs to, under another spelling, and the rename that joins the two. */
function otherHalf(
  snapshot: Snapshot,
  key: string,
): { readonly token: string; readonly from: string; readonly to: string } | undefined {
  const misnamed = (snapshot.meantFor.get(key) ?? []).find(({ label }) => canRename(snapshot, label, key));
  if (misnamed !== undefined) return { token: misnamed.label, from: misnamed.label, to: key };
  const meant = isWellNamed(key) ? undefined : snapshot.nameFinder.findName(key);
  return meant !== undefined && canRename(snapshot, key, meant)
    ? { token: meant, from: key, to: meant }
    : undefined;
}

/** What is to be done with a key that has no token. */
function orphanRemedy(snapshot: Snapshot, name: string): string {
  if (isConcealed(name)) return `Remove the key by hand in Vault: its real name is not shown.`;
  const half = otherHalf(snapshot, name);
  if (half !== undefined)
    return `Rename the half that is misnamed with ${ISSUE} (${eventText({ deployment: half.from, renameTo: half.to })}): the token ${displayName(half.token)} is probably its.`;
  if (canIssue(snapshot, name))
    return `If the deployment needs a token, make one with ${ISSUE} (${eventText({ deployment: name, regenerate: true })}); else ${keyRemoval(name)}.`;
  return isWellNamed(name)
    ? `If the deployment has paid, let licenses.csv say so and then make a token with ${ISSUE} ("regenerate": true); else ${keyRemoval(name)}.`
    : `If nobody needs what it holds, ${keyRemoval(name)}.`;
}

/** Key in Vault, no token of that label on Docker Hub. */
export const orphanedKey: Rule = {
  kind: 'orphaned-key',
  needs: ['tokens', 'keys'],
  *judge(snapshot) {
    for (const name of snapshot.keys) {
      if (tokensOf(snapshot, name).all.length > 0) continue;
      yield {
        deployment: name,
        detail: `Vault has a key ${displayName(name)}, and Docker Hub has no token of that label.`,
        remedy: orphanRemedy(snapshot, name),
      };
    }
  },
};

/** Key that breaks the naming rule. */
export const misnamedKey: Rule = {
  kind: 'misnamed-key',
  needs: ['keys'],
  *judge(snapshot) {
    for (const name of snapshot.keys)
      if (!isWellNamed(name)) yield { deployment: name, ...misnaming(snapshot, 'key', name) };
  },
};

/** The key's value is not a non-empty string; judged only where values are read. */
export const malformedKey: Rule = {
  kind: 'malformed-key',
  needs: ['keys'],
  *judge(snapshot) {
    for (const [name, value] of snapshot.facts.keys?.values ?? []) {
      if (typeof value === 'string' && value.trim() !== '') continue;
      const found = typeof value === 'string' ? (value === '' ? 'an empty text' : 'nothing but white space') : value === null ? 'null' : Array.isArray(value) ? 'a list' : `of type ${typeof value}`; // prettier-ignore
      yield {
        deployment: name,
        detail: `The value of the key ${displayName(name)} in Vault is ${found}, not a token's content.`,
        remedy: `Restore the key's last good value from the secret's earlier versions in Vault${canIssue(snapshot, name) ? `, or ${renewal(snapshot, name)}` : ''}.`,
      };
    }
  },
};

/** Docker Hub refuses the stored content though the label's token is active; stands until the key is checked again. */
export const rejectedKey: Rule = {
  kind: 'rejected-key',
  needs: ['tokens', 'keys', 'ledger'],
  *judge(snapshot) {
    for (const [name, check] of snapshot.checks) {
      if (check.verdict !== 'rejected' || !snapshot.keys.has(name)) continue;
      if (!tokensOf(snapshot, name).active.some(({ id }) => id === check.tokenId)) continue;
      yield {
        deployment: name,
        tokenId: check.tokenId,
        detail: `Docker Hub refused the content of the key ${displayName(name)} when it was checked at ${check.at}, though the token of that label is active.`,
        remedy: `The stored content is of no use to anybody, and the deployment needs another one: ${renewal(snapshot, name)}.`,
      };
    }
  },
};

/** The stored content is that of another listed token; stands until the key is checked again. */
export const mismatchedKey: Rule = {
  kind: 'mismatched-key',
  needs: ['tokens', 'keys', 'ledger'],
  *judge(snapshot) {
    for (const [name, check] of snapshot.checks) {
      if (check.verdict !== 'mismatched' || !snapshot.keys.has(name)) continue;
      const other = listedToken(snapshot, check.claimedId ?? '');
      if (other === undefined) continue;
      yield {
        deployment: name,
        tokenId: check.tokenId,
        detail: `The key ${displayName(name)} in Vault holds the content of the token ${displayName(other.label)} (${escapeText(other.id)}), not that of its own.`,
        remedy: `Switching ${displayName(other.label)} off would cut ${displayName(name)} off too, so the deployment needs a token of its own: ${renewal(snapshot, name)}.`,
      };
    }
  },
};

// The rules about Vault's keys and what they hold.
import { isConcealed } from '../../text/conceal.ts';
import { displayName, escapeText } from '../../text/display.ts';
import { fingerprintOf } from '../../text/fingerprint.ts';
import type { ContentCheckEntry } from '../ledger.ts';
import { isWellNamed } from '../naming.ts';
import { type Deployment, type Snapshot, listedToken } from '../snapshot.ts';
import { misnaming } from './names.ts';
import { ISSUE, canIssue, canRename, issueText, keyRemoval, renameText, renewal } from './remedies.ts';
import type { Rule } from './rule.ts';

/** Key in Vault, no token of that label on Docker Hub. */
export const orphanedKey: Rule = {
  kind: 'orphaned-key',
  needs: ['tokens', 'keys'],
  judge({ name, hasKey, tokens }, snapshot) {
    if (!hasKey || tokens.length > 0) return [];
    return [
      {
        deployment: name,
        detail: `Vault has a key ${displayName(name)}, and Docker Hub has no token of that label.`,
        remedy: orphanRemedy(snapshot, name),
      },
    ];
  },
};

/** Key that breaks the naming rule. */
export const misnamedKey: Rule = {
  kind: 'misnamed-key',
  needs: ['keys'],
  judge: ({ name, hasKey }, snapshot) =>
    hasKey && !isWellNamed(name) ? [{ deployment: name, ...misnaming(snapshot, 'key', name) }] : [],
};

/** The key's value is not a non-empty string; judged only where values are read. */
export const malformedKey: Rule = {
  kind: 'malformed-key',
  needs: ['keys'],
  judge({ name, hasKey, content }, snapshot) {
    if (!hasKey || snapshot.inputs.keys?.values === undefined) return [];
    if (typeof content === 'string' && content.trim() !== '') return [];
    return [
      {
        deployment: name,
        detail: `The value of the key ${displayName(name)} in Vault is ${describeValue(content)}, not a token's content.`,
        remedy: `Restore the key's last good value from the secret's earlier versions in Vault${canIssue(snapshot, name) ? `, or ${renewal(snapshot, name)}` : ''}.`,
      },
    ];
  },
};

/**
 * Docker Hub refuses the stored content though the label's token is active; stands until the key is checked again or
 * holds something else.
 */
export const rejectedKey: Rule = {
  kind: 'rejected-key',
  needs: ['tokens', 'keys', 'ledger'],
  judge(deployment, snapshot) {
    const { name, active } = deployment;
    const check = standingCheck(deployment);
    if (check?.verdict !== 'rejected' || !active.some(({ id }) => id === check.tokenId)) return [];
    return [
      {
        deployment: name,
        tokenId: check.tokenId,
        detail: `Docker Hub refused the content of the key ${displayName(name)} when it was checked at ${check.at}, though the token of that label is active.`,
        remedy: `The stored content is of no use to anybody, and the deployment needs another one: ${renewal(snapshot, name)}.`,
      },
    ];
  },
};

/** The stored content is that of another listed token; stands until the key is checked again or holds something else. */
export const mismatchedKey: Rule = {
  kind: 'mismatched-key',
  needs: ['tokens', 'keys', 'ledger'],
  judge(deployment, snapshot) {
    const { name } = deployment;
    const check = standingCheck(deployment);
    const other = check?.verdict === 'mismatched' ? listedToken(snapshot, check.claimedId ?? '') : undefined;
    if (check === undefined || other === undefined) return [];
    return [
      {
        deployment: name,
        tokenId: check.tokenId,
        detail: `The key ${displayName(name)} in Vault holds the content of the token ${displayName(other.label)} (${escapeText(other.id)}), not that of its own.`,
        remedy: `Switching ${displayName(other.label)} off would cut ${displayName(name)} off too, so the deployment needs a token of its own: ${renewal(snapshot, name)}.`,
      },
    ];
  },
};

/** The last check of a key, while the key holds what was checked: where names only were read, nobody knows better. */
function standingCheck({ hasKey, content, check }: Deployment): ContentCheckEntry | undefined {
  if (!hasKey || check === undefined) return undefined;
  return content === undefined ||
    (typeof content === 'string' && fingerprintOf(content) === check.fingerprint)
    ? check
    : undefined;
}

function describeValue(content: unknown): string {
  if (typeof content === 'string') return content === '' ? 'an empty text' : 'nothing but white space';
  if (content === null) return 'null';
  return Array.isArray(content) ? 'a list' : `of type ${typeof content}`;
}

/** What is to be done with a key that has no token. */
function orphanRemedy(snapshot: Snapshot, name: string): string {
  if (isConcealed(name)) return `Remove the key by hand in Vault: its real name is not shown.`;
  const owner = ownerOf(snapshot, name);
  if (owner !== undefined)
    return `The key was last seen to hold the content of the token ${displayName(owner)}, which has no key: join the two with ${renameText(name, owner)}, which changes no content.`;
  const half = otherHalf(snapshot, name);
  if (half !== undefined)
    return `Rename the half that is misnamed with ${renameText(half.from, half.to)}: the token ${displayName(half.token)} is probably its.`;
  if (canIssue(snapshot, name))
    return `If the deployment needs a token, make one with ${issueText(name, { regenerate: true })}; else ${keyRemoval(name)}.`;
  return isWellNamed(name)
    ? `If the deployment has paid, let licenses.csv say so and then make a token with ${ISSUE} ("regenerate": true); else ${keyRemoval(name)}.`
    : `If nobody needs what it holds, ${keyRemoval(name)}.`;
}

/**
 * The label of the token whose content a key without one was last seen to hold, where that token has no key: somebody
 * gave it another name by hand, and the two are halves of one.
 */
function ownerOf(snapshot: Snapshot, key: string): string | undefined {
  for (const [id, holders] of snapshot.heldBy) {
    const label = snapshot.byId.get(id)?.label;
    if (label === undefined || !isWellNamed(label) || !holders.some(({ name }) => name === key)) continue;
    if (canRename(snapshot, key, label)) return label;
  }
  return undefined;
}

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

// What to do about a finding: only events that the functions accept, and no name that was made up.
import { isConcealed } from '../../text/conceal.ts';
import { eventText, fitsEvent } from '../../text/event-json.ts';
import { isInForce } from '../licenses.ts';
import { isWellNamed } from '../naming.ts';
import { type Snapshot, tokensOf } from '../snapshot.ts';

/** The functions as remedies name them, each before the event that it takes. */
export const ISSUE = 'the issue function';
export const REVOKE = 'the revoke function';

/** Whether the issue function makes a token for a name: it is well-formed, and its license is in force. */
export function canIssue(snapshot: Snapshot, name: string): boolean {
  const license = snapshot.licenses.get(name);
  return isWellNamed(name) && license !== undefined && isInForce(license, snapshot.today);
}

/**
 * Whether the issue function renames what has one name to another: there must be a token, and no second one and no
 * second key at the other name. That token and key belong together only Docker Hub can say, when it is done.
 */
export function canRename(snapshot: Snapshot, from: string, to: string): boolean {
  const hasToken = (name: string): boolean => tokensOf(snapshot, name).all.length > 0;
  const hasKey = (name: string): boolean => snapshot.deployments.get(name)?.hasKey === true;
  if (!fitsEvent(from) || (hasKey(from) && isConcealed(from))) return false;
  if ((hasToken(from) && hasToken(to)) || (hasKey(from) && hasKey(to))) return false;
  return hasToken(from) || (hasKey(from) && hasToken(to));
}

/** How a token is made or made again: for the end of a sentence. */
export function issueText(name: string, fields: { readonly regenerate?: true } = {}): string {
  return `${ISSUE} (${eventText({ deployment: name, ...fields })})`;
}

/** How token and key get another name, keeping their content. */
export function renameText(from: string, to: string): string {
  return `${ISSUE} (${eventText({ deployment: from, renameTo: to })})`;
}

/** How the tokens of a label are switched off. */
export function revokeText(name: string): string {
  return `${REVOKE} (${eventText({ deployment: name, reason: '...' })})`;
}

/** How a label's active tokens get a new one in their place: a clause for the end of a sentence. */
export function renewal(snapshot: Snapshot, name: string): string {
  if (canIssue(snapshot, name)) return `make a new token with ${issueText(name, { regenerate: true })}`;
  return isWellNamed(name)
    ? `if it has paid, let licenses.csv say so and then make a new token with ${ISSUE} ("regenerate": true); else switch it off with ${revokeText(name)}`
    : `first give it a proper name, as the finding about its name says, and then make a new token for that name with ${ISSUE} ("regenerate": true)`;
}

/** How a key that no token belongs to is removed: a clause. */
export function keyRemoval(name: string): string {
  return fitsEvent(name) && !isConcealed(name)
    ? `remove the key with ${REVOKE} (${eventText({ deployment: name, delete: true, confirm: name, reason: '...' })})`
    : 'remove the key by hand in Vault';
}

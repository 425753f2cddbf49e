// Labels and keys that break the naming rule, and what was probably meant by them.
import { isConcealed } from '../../text/conceal.ts';
import { displayName, joinWithAnd } from '../../text/display.ts';
import { fitsEvent } from '../../text/event-json.ts';
import { NAMING_RULE } from '../naming.ts';
import { type Snapshot, areOver, tokensOf } from '../snapshot.ts';
import { ISSUE, canRename, keyRemoval, renameText } from './remedies.ts';
import type { Draft } from './rule.ts';

/** Several near names are named; more than these say nothing to anybody. */
export const MAX_NAMES = 5;

/** Detail and remedy of a label or key that breaks the naming rule. */
export function misnaming(
  snapshot: Snapshot,
  what: 'label' | 'key',
  name: string,
): Pick<Draft, 'detail' | 'remedy'> {
  if (isConcealed(name))
    return {
      detail: `The ${what} ${displayName(name)} is itself a token's content, which is not shown here, and everybody may see names.`,
      remedy:
        what === 'key'
          ? `Remove the key by hand in Vault, and replace the token that has this content with ${ISSUE} ("regenerate": true).`
          : `Give the token its proper label on Docker Hub's page of access tokens, and replace the token that has this content with ${ISSUE} ("regenerate": true).`,
    };
  const meant = snapshot.nameFinder.findNames(name);
  return {
    detail: `The ${what} ${displayName(name)} is not ${NAMING_RULE}${meantText(meant)}.`,
    remedy: renamingRemedy(snapshot, name, meant),
  };
}

/** Whether the license of the name that was probably meant has ended: of each of them, where several are near. */
export function hasMeantEnded(snapshot: Snapshot, name: string): boolean {
  const meant = snapshot.nameFinder.findNames(name);
  return meant.length > 0 && areOver(snapshot, meant);
}

/** Near names for a sentence. */
export function nearText(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return joinWithAnd([...names.slice(0, MAX_NAMES), ...(more > 0 ? [`${more} more`] : [])]);
}

function meantText(meant: readonly string[]): string {
  if (meant.length === 0) return '';
  return meant.length === 1
    ? `; probably ${nearText(meant)} was meant`
    : `; one of ${nearText(meant)} was probably meant`;
}

/** How a label or key that breaks the naming rule gets a proper one, or what else is to be done with it. */
function renamingRemedy(snapshot: Snapshot, name: string, meant: readonly string[]): string {
  if (!fitsEvent(name) || !/^[ -[\]-~]*$/.test(name))
    return `Rename it by hand at its source: the name holds characters that can't be typed safely, or too many or none.`;
  const [only] = meant.length === 1 ? meant : [];
  if (only !== undefined && canRename(snapshot, name, only))
    return `Rename token and key with ${renameText(name, only)}: the customer notices nothing.`;
  if (tokensOf(snapshot, name).all.length === 0)
    return `No token is there that could be renamed with it: if nobody needs what it holds, ${keyRemoval(name)}.`;
  if (only !== undefined)
    return `The name ${only} is taken: find out which of the two the deployment uses, and switch the other one off with the revoke function.`;
  return meant.length > 1
    ? `Find out which of ${nearText(meant)} uses it, and then rename token and key with ${ISSUE} ("renameTo").`
    : `Find out which deployment uses it, and then rename token and key with ${ISSUE}: "renameTo" takes the deployment's own name.`;
}

// The tokens that a new one replaces: until when they keep working, and how they go.

import { isActive } from '../domain/token.ts';
import { asAuditorError } from '../errors.ts';
import { otherHolders } from '../runtime/holders.ts';
import { listedIds } from '../runtime/on-demand.ts';
import { displayName, escapeText, joinWithAnd } from '../text/display.ts';
import type { Issue } from './context.ts';
import type { IssueResult } from './result.ts';

/** A token that a new one replaces, and until when it keeps working. */
export type Replaced = IssueResult['replaced'][number];

/**
 * Until when the tokens of the label keep working. One that is being replaced already keeps its end, which another
 * regenerate must not put off; unless its successor is not active or somebody restored it since: then it is what the
 * deployment uses, and its end is this call's.
 */
export function replacedUntil({ existing, ledger, services }: Issue, until: string): Replaced[] {
  const { replaced, restores } = ledger.current;
  const active = new Set(
    existing.filter((token) => isActive(token, services.clock.now())).map(({ id }) => id),
  );
  return existing.map(({ id: tokenId }) => {
    const before = replaced.find((entry) => entry.tokenId === tokenId);
    const isRestored = restores.some((entry) => entry.tokenId === tokenId && entry.at >= (before?.at ?? ''));
    const stands = before !== undefined && before.until < until && active.has(before.by) && !isRestored;
    return { tokenId, until: stands ? before.until : until };
  });
}

/** What became of tokens that were to be switched off at once, each with its reason where it was left on. */
interface SwitchedOff {
  readonly off: readonly string[];
  readonly left: readonly { readonly tokenId: string; readonly why: string }[];
}

/**
 * Switches off the replaced tokens whose overlap is 0, but none whose content the key of another deployment in force
 * holds (contract section 8). The audit does what could not be done here, and deletes them 7 days later.
 */
export async function switchOffReplaced(issue: Issue): Promise<SwitchedOff> {
  const { services, existing, ledger } = issue;
  const off: string[] = [];
  const left: { tokenId: string; why: string }[] = [];
  let holders: ReadonlyMap<string, readonly string[]>;
  try {
    holders = await otherHolders(services, ledger.current, existing);
  } catch (error) {
    const { name } = asAuditorError(error, 'Reading whose keys hold the replaced tokens');
    const why = `whether another deployment uses it could not be read (${name})`;
    return { off, left: existing.map(({ id }) => ({ tokenId: id, why })) };
  }
  for (const { id, enabled } of existing) {
    const names = holders.get(id);
    if (names !== undefined) {
      const why = `the key of ${joinWithAnd(names.map(displayName))}, which is in force, holds its content`;
      left.push({ tokenId: id, why });
      continue;
    }
    try {
      if (enabled) await services.dockerHub.setEnabled(id, false);
      off.push(id);
    } catch (error) {
      const { name } = asAuditorError(error, 'Switching a replaced token off');
      left.push({ tokenId: id, why: `Docker Hub could not be asked (${name})` });
      services.log.warn('A replaced token could not be switched off yet', { token: id, error: name });
    }
  }
  try {
    await ledger.update((current) => ({ ...current, inactive: [...new Set([...current.inactive, ...off])] }));
  } catch (error) {
    // No reason to fail: the next night's audit finds them off, and that they are being replaced is written.
    const { name } = asAuditorError(error, 'Writing the ledger');
    services.log.warn('The ledger does not know yet that replaced tokens are off', { error: name });
  }
  return { off, left };
}

/** What happens to the replaced tokens, for the mail. */
export function replacedLines(
  { existing, services }: Issue,
  replaced: readonly Replaced[],
  switchedOff: SwitchedOff | undefined,
): string[] {
  if (switchedOff !== undefined) {
    const { off, left } = switchedOff;
    return [
      ...(off.length === 0
        ? []
        : [`Replaced and switched off: ${listedIds(off)}; the audit deletes what it replaced 7 days later.`]),
      ...left.map(({ tokenId, why }) => `Replaced and still on: ${escapeText(tokenId)}, because ${why}.`),
    ];
  }
  const active = new Set(existing.filter((old) => isActive(old, services.clock.now())).map(({ id }) => id));
  return replaced.map(({ tokenId, until }) =>
    active.has(tokenId)
      ? `It replaces ${escapeText(tokenId)}, which keeps working until ${until}.`
      : `It replaces ${escapeText(tokenId)}, which does not work and is deleted later.`,
  );
}

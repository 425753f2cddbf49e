// The tokens that a new one replaces: until when they keep working, and how they go.

import { longTime } from '../domain/nights.ts';
import { isActive } from '../domain/token.ts';
import { asAuditorError } from '../errors.ts';
import { recordDeactivation } from '../ledger/transitions.ts';
import { otherHolders } from '../runtime/holders.ts';
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
    const isRestored = restores.some(
      (entry) => entry.tokenId === tokenId && entry.withRun !== true && entry.at >= (before?.at ?? ''),
    );
    const stands = before !== undefined && before.until < until && active.has(before.by) && !isRestored;
    return { tokenId, until: stands ? before.until : until };
  });
}

/** Which tokens that were to be switched off at once were left on, and why. */
export interface SwitchedOff {
  readonly left: readonly { readonly tokenId: string; readonly why: string }[];
}

/**
 * Switches off the replaced tokens whose overlap is 0, but none whose content the key of another deployment in force
 * holds (contract section 8). The audit does what could not be done here, and deletes them 7 days later.
 */
export async function switchOffReplaced(issue: Issue): Promise<SwitchedOff> {
  const { services, existing, ledger, deployment } = issue;
  const off: string[] = [];
  const left: { tokenId: string; why: string }[] = [];
  let holders: ReadonlyMap<string, readonly string[]>;
  try {
    holders = await otherHolders(services, ledger.current, existing);
  } catch (error) {
    const { name } = asAuditorError(error, 'Reading whose keys hold the replaced tokens');
    const why = `whether another deployment uses it could not be read (${name})`;
    return { left: existing.map(({ id }) => ({ tokenId: id, why })) };
  }
  for (const { id, enabled } of existing) {
    const names = holders.get(id);
    if (names !== undefined) {
      const why = `the key of ${joinWithAnd(names.map(displayName))}, which is in force, holds its content`;
      left.push({ tokenId: id, why });
      continue;
    }
    try {
      if (!enabled) continue;
      await services.dockerHub.setEnabled(id, false);
      off.push(id);
    } catch (error) {
      const { name } = asAuditorError(error, 'Switching a replaced token off');
      left.push({ tokenId: id, why: `Docker Hub could not be asked (${name})` });
      services.log.warn('A replaced token could not be switched off yet', { token: id, error: name });
    }
  }
  try {
    const at = services.clock.now();
    const reason = 'a new token replaced it at once';
    await ledger.update((current) =>
      off.reduce(
        (before, tokenId) => recordDeactivation(before, { tokenId, deployment, at, reason, replaced: true }),
        current,
      ),
    );
  } catch (error) {
    // No reason to fail: the next night's audit finds them off, and that they are being replaced is written.
    const { name } = asAuditorError(error, 'Writing the ledger');
    services.log.warn('The ledger does not know yet that replaced tokens are off', { error: name });
  }
  return { left };
}

/** What becomes of each replaced token, one sentence each, for the person who hands the new one over. */
export function oldTokenLines(
  { existing, services }: Issue,
  replaced: readonly Replaced[],
  switchedOff: SwitchedOff | undefined,
): string[] {
  const { timeZone } = services.settings;
  const active = new Set(existing.filter((old) => isActive(old, services.clock.now())).map(({ id }) => id));
  const left = new Map(switchedOff?.left.map(({ tokenId, why }) => [tokenId, why]));
  return replaced.map(({ tokenId, until }) => {
    const name = replaced.length === 1 ? 'The old token' : `The old token ${escapeText(tokenId)}`;
    const why = left.get(tokenId);
    if (!active.has(tokenId)) return `${name} does not work already; it is deleted later.`;
    if (why !== undefined) return `${name} is still on, because ${why}.`;
    return switchedOff === undefined
      ? `${name} stops on ${longTime(Date.parse(until), timeZone)}.`
      : `${name} was switched off just now; it is deleted 7 days later.`;
  });
}

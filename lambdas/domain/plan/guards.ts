import type { ActionKind } from '../actions.ts';
import type { InputCounts } from '../ledger.ts';
import { isInForce, unreadableRowAbout } from '../licenses.ts';
import { countryOf, isNearTelco, telcoOf } from '../naming.ts';
import { type Snapshot, tokensOf } from '../snapshot.ts';
import { hasShrunk } from './shrink-guard.ts';

/** How many entries each input has: what the next run compares with. */
export function inputCounts(snapshot: Snapshot): InputCounts {
  return {
    tokens: snapshot.tokens.length,
    keys: snapshot.keys.size,
    licenses: snapshot.licenses.size,
    exemptions: snapshot.facts.exemptions?.length ?? 0,
  };
}

/** Input counts less what a run deleted itself: that is no input that shrank. */
export function countsLess(
  counts: InputCounts | null,
  done: readonly { readonly kind: ActionKind }[],
): InputCounts | null {
  const deleted = (deletion: ActionKind): number => done.filter(({ kind }) => kind === deletion).length;
  return (
    counts && {
      ...counts,
      tokens: counts.tokens - deleted('delete-token'),
      keys: counts.keys - deleted('remove-key'),
    }
  );
}

/** The inputs that shrank by more than 20 % and by more than 2, for a sentence; empty where none did. */
export function shrunkInputs(before: InputCounts | null, now: InputCounts): string[] {
  if (before === null) return [];
  const names = {
    tokens: "Docker Hub's list",
    keys: "Vault's keys",
    licenses: 'the license list',
    exemptions: 'the exemptions',
  } as const;
  return (['tokens', 'keys', 'licenses', 'exemptions'] as const).flatMap((input) => {
    return hasShrunk(before[input], now[input])
      ? [`${names[input]} went from ${before[input]} to ${now[input]}`]
      : [];
  });
}

/** How many deployments may lose their access in 24 hours: the absolute or the relative cap, whichever is more. */
export function withdrawalLimit(snapshot: Snapshot): number {
  const { maxWithdrawals, maxWithdrawalPercent } = snapshot.policy;
  return Math.max(maxWithdrawals, Math.floor((maxWithdrawalPercent * snapshot.licenses.size) / 100));
}

/**
 * The deployment under whose name an ended license was probably renewed: in force, of the same country, with a near
 * telco, and without a token of its own. `undefined` where there is none.
 */
export function renewalFinder(snapshot: Snapshot): (ended: string) => string | undefined {
  const candidates = Map.groupBy(
    [...snapshot.licenses.values()]
      .filter((license) => isInForce(license, snapshot.today))
      .map(({ deployment }) => deployment)
      .filter((deployment) => tokensOf(snapshot, deployment).all.length === 0),
    countryOf,
  );
  return (deployment) =>
    candidates
      .get(countryOf(deployment))
      ?.filter((candidate) => isNearTelco(telcoOf(candidate), telcoOf(deployment)))
      .sort()[0];
}

/** Why nothing may be withdrawn from one deployment, whatever is approved; `undefined` where nothing says so. */
export function heldBack(
  snapshot: Snapshot,
  deployment: string,
  renewedAs: (deployment: string) => string | undefined,
): string | undefined {
  const row = snapshot.facts.licenses && unreadableRowAbout(snapshot.facts.licenses, deployment);
  if (row !== undefined) return `line ${row.line} of licenses.csv can't be read and may be about it`;
  const other = renewedAs(deployment);
  return other === undefined
    ? undefined
    : `it was probably renewed as ${other}, which is in force and has no token: correct the name in licenses.csv, or issue ${other} its own token`;
}

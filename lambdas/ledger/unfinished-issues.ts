// Issues that broke off: which tokens they made, and how long they may be undone.

import { HOUR } from '../domain/days.ts';
import type { Issuing, Ledger } from '../domain/ledger.ts';
import type { HubToken } from '../domain/token.ts';

/** A broken-off issue created its token within the lease. */
const LEASE = 15 * 60_000;
/** How far Docker Hub's clock may be from ours. */
const CLOCK_SKEW = 5 * 60_000;
/** How long our own pull check may take: a use no later than that after it began is that check. */
const PULL_CHECK = 2 * 60_000;
/**
 * How long a broken-off issue may be undone. Its call lasted no longer than the lease, and whoever needs the token
 * repeats it soon; an hour is room for both and for clocks that differ. Later nobody can say whom the token serves
 * meanwhile, and a lost key in Vault must not make it look like one that was never stored.
 */
const UNDONE_WITHIN = HOUR;

/** The tokens that a broken-off issue made. */
export function tokensMadeBy(entry: Issuing, tokens: readonly HubToken[]): HubToken[] {
  const begun = Date.parse(entry.at);
  return tokens.filter(({ id, label, createdAt }) =>
    entry.tokenId === undefined
      ? // Its id was never learnt: made in that time, not there before.
        label === entry.deployment &&
        !entry.before.includes(id) &&
        createdAt !== undefined &&
        createdAt > begun - CLOCK_SKEW &&
        createdAt < begun + LEASE + CLOCK_SKEW
      : id === entry.tokenId,
  );
}

/** Whether nobody but our own pull check used the token of a broken-off issue. */
export function isNeverUsed({ checkedAt }: Issuing, { lastUsedAt }: HubToken): boolean {
  if (lastUsedAt === undefined || lastUsedAt === null) return true;
  return checkedAt !== undefined && lastUsedAt <= Date.parse(checkedAt) + PULL_CHECK;
}

/** Whether an issue broke off so lately that it may still be undone. */
export function isRecent({ at }: Issuing, now: number): boolean {
  return now - Date.parse(at) < UNDONE_WITHIN;
}

/** The ledger without these broken-off issues: what they made are tokens of ours like any other. */
export function closeIssuing(
  ledger: Ledger,
  entries: readonly Issuing[],
  tokens: readonly HubToken[],
): Ledger {
  if (entries.length === 0) return ledger;
  const known = new Set(ledger.issued.map(({ tokenId }) => tokenId));
  const made = entries.flatMap((entry) =>
    tokensMadeBy(entry, tokens)
      .filter(({ id }) => !known.has(id))
      .map(({ id }) => ({ tokenId: id, deployment: entry.deployment, at: entry.at })),
  );
  return {
    ...ledger,
    issuing: ledger.issuing.filter((open) => !entries.includes(open)),
    issued: [...ledger.issued, ...made],
  };
}

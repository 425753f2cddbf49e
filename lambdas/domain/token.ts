// Tokens as Docker Hub lists them, keys as Vault holds them, and what follows from both.
import type { ContentCheckEntry } from './ledger.ts';

/** One personal access token as Docker Hub lists it; never its content. */
export interface HubToken {
  /** Docker Hub's `uuid`. */
  readonly id: string;
  /** Docker Hub's `token_label`: it may be empty, foreign or hostile; only a token's content in it is concealed. */
  readonly label: string;
  /** Docker Hub's `is_active`; a token past `expiresAt` may still say true. */
  readonly enabled: boolean;
  /** Milliseconds since 1970; absent where Docker Hub does not say. */
  readonly createdAt?: number;
  /** Milliseconds since 1970; `null` when never used; absent where Docker Hub does not say. */
  readonly lastUsedAt?: number | null;
  /** Milliseconds since 1970; absent for no end. */
  readonly expiresAt?: number;
  /** Docker Hub's `generated_by`; absent where it does not say. */
  readonly generatedBy?: string;
  /** Absent where Docker Hub does not say, which is not the same as none. */
  readonly scopes?: readonly string[];
}

/**
 * What exchanging a stored content for a session showed.
 * - `accepted`: a session came back; `claimedId` is the token id its claims name, where they name one, and
 *   `otherAccount` the account, where it is not ours: Docker Hub takes any account's token with any user name.
 * - `refused`: Docker Hub says these credentials are wrong.
 * - `password`: the content is right as far as it goes and a second factor is asked for: the account's own password.
 * - `limited`: the first sign of rate limiting or lock-out: stop asking.
 * - `unwell`: no usable answer (time-out, 5xx, not JSON).
 */
export type ContentCheck =
  | { readonly outcome: 'accepted'; readonly claimedId?: string; readonly otherAccount?: string }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'password' }
  | { readonly outcome: 'limited' }
  | { readonly outcome: 'unwell' };

/** The deployments' keys in Vault as they are now. */
export interface VaultKeys {
  /** A name that is a token's content is concealed. */
  readonly names: readonly string[];
  /** Name to value, whatever type Vault holds; absent when names only were read. */
  readonly values?: ReadonlyMap<string, unknown>;
  /** Version of the secret, for check-and-set; 0 on a mount with KV version 1, which has none. */
  readonly version: number;
  /** Milliseconds since 1970 at which Vault deletes the secret by itself (`delete_version_after`). */
  readonly vanishesAt?: number;
}

/** How long after a check of ours Docker Hub's `last_used` may still be that check, in milliseconds. */
const CHECK_AFTER = 10 * 60_000;

/**
 * When a token was last used by its customer: Docker Hub's `last_used`, unless that is no later than our own check of
 * the stored content; then what was known before the check. `null` for never, `undefined` where nobody knows.
 *
 * @param issuedAt of a token that we made: when the issue came to its end, milliseconds since 1970; use up to then was
 *   our own pull check
 */
export function lastRealUse(
  token: HubToken,
  check: ContentCheckEntry | undefined,
  issuedAt = -Infinity,
): number | null | undefined {
  let used = token.lastUsedAt;
  if (
    typeof used === 'number' &&
    check?.tokenId === token.id &&
    used <= Date.parse(check.tried ?? check.at) + CHECK_AFTER
  )
    used = typeof check.lastUse === 'string' ? Date.parse(check.lastUse) : check.lastUse;
  return (used ?? Infinity) <= issuedAt + CHECK_AFTER ? null : used;
}

/** Whether a token is past its own end: then nobody can make it work again, switched on or not. */
export function isPastExpiry({ expiresAt }: HubToken, now: number): boolean {
  return (expiresAt ?? Infinity) <= now;
}

/** Whether a token can be used at an instant: switched on and not past its own end. */
export function isActive(token: HubToken, now: number): boolean {
  return token.enabled && !isPastExpiry(token, now);
}

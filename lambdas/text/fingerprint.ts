/** Tells whether a token's content changed without keeping it. */
import { createHash } from 'node:crypto';

/**
 * The first 64 bits of a text's SHA-256. To be kept only of what nobody can find by trying: see {@link fingerprintOf}.
 */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * The fingerprint of what a key holds, as it may be kept. A content has more than 120 random bits, so it can't be found
 * from these; and two contents have the same by chance once in 10^19. What has not the form of one may be anything, a
 * password among it, so all of these have the same fingerprint: none.
 */
export function fingerprintOf(content: string): string {
  return hasTokenForm(content) ? fingerprintOfNew(content) : NO_FINGERPRINT;
}

/** The fingerprint of a content that Docker Hub has just made: it is random, whatever its form may be one day. */
export function fingerprintOfNew(content: string): string {
  return `${PREFIX}${digestOf(content)}`;
}

/** The fingerprint of what a key holds; `undefined` where it has not a content's form or was not read. */
export function fingerprintOfKey(
  values: ReadonlyMap<string, unknown> | undefined,
  name: string,
): string | undefined {
  const value = values?.get(name);
  return typeof value === 'string' && hasTokenForm(value) ? fingerprintOf(value) : undefined;
}

/** Whether a key holds the content whose fingerprint was kept. */
export function holdsFingerprint(
  values: ReadonlyMap<string, unknown> | undefined,
  name: string,
  fingerprint: string,
): boolean {
  const value = values?.get(name);
  return typeof value === 'string' && value !== '' && fingerprintOfNew(value) === fingerprint;
}

/**
 * A fingerprint that an earlier version kept, which hashed whatever a key held, as this version keeps it.
 *
 * @param value what the key holds now, where it was read
 */
export function renewedFingerprint(kept: string, value: unknown): string {
  if (kept.startsWith(PREFIX) || kept === NO_FINGERPRINT) return kept;
  return typeof value === 'string' && digestOf(value) === kept ? fingerprintOf(value) : CHANGED;
}

/** Kept fingerprints begin like this; those of earlier versions do not. */
const PREFIX = 'token-';
const NO_FINGERPRINT = '';
/** The key holds something else than what the fingerprint was of, or nobody knows. */
const CHANGED = `${PREFIX}unknown`;

/** Of today's form or of before 2022, white space around it aside. */
const TOKEN_FORM = /^\s*(?:dckr_[a-z]{1,10}_[\w-]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$/i;

function hasTokenForm(content: string): boolean {
  return TOKEN_FORM.test(content);
}

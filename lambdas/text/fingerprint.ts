import { createHash } from 'node:crypto';

/**
 * Tells whether a token's content changed without keeping it: the first 64 bits of its SHA-256. A content has more
 * than 120 random bits, so it can't be found from these; and two contents have the same by chance once in 10^19.
 */
export function fingerprintOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The fingerprint of what a key holds; `undefined` where it is no content or was not read. */
export function fingerprintOfKey(
  values: ReadonlyMap<string, unknown> | undefined,
  name: string,
): string | undefined {
  const value = values?.get(name);
  return typeof value === 'string' && value !== '' ? fingerprintOf(value) : undefined;
}

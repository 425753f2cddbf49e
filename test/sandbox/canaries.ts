// Secrets of a sandbox, each so that it is recognised wherever it turns up.
import { randomBytes } from 'node:crypto';

/** Docker Hub's alphabet of token contents. */
const CONTENT_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
/** Beginnings that all secrets of a kind share: finding one of them somewhere proves nothing. */
const SHARED_BEGINNING = /^(?:dckr_pat_|hvs\.)/;

/**
 * Everything in a sandbox that grants access. Each value is unique and random, so that a search through whatever leaves
 * the program (logs, mails, reports, errors) finds a leak and never a coincidence.
 */
export class Canaries {
  private readonly values = new Set<string>();
  /** Codes of a second factor: too short to be told from other numbers by a part of them. */
  readonly codes = new Set<string>();

  /** Registers a secret that was made elsewhere, and returns it. */
  add(secret: string): string {
    this.values.add(secret);
    return secret;
  }

  /** A password: letters that every encoding changes (URL, JSON, HTML, the two base64s) are among its first eight. */
  password(): string {
    const letters = randomBytes(15).toString('base64url');
    return this.add(`${letters.slice(0, 3)}?+"&é${letters.slice(3)}`);
  }

  /** What AWS knows its callers by. */
  accessKey(): string {
    return this.add(randomBytes(30).toString('base64'));
  }

  /** Base32, as a TOTP secret is written down. */
  base32(): string {
    return this.add(
      Array.from(randomBytes(32), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(byte & 31)).join(''),
    );
  }

  /** The content of a personal access token: `dckr_pat_` and 27 characters. */
  tokenContent(): string {
    const letters = Array.from(randomBytes(27), (byte) => CONTENT_ALPHABET.charAt(byte & 63)).join('');
    return this.add(`dckr_pat_${letters}`);
  }

  /** A Vault token. */
  vaultToken(): string {
    return this.add(`hvs.${randomBytes(24).toString('base64url')}`);
  }

  /** A UUID, as role and secret ids are. */
  uuid(): string {
    const hex = randomBytes(16).toString('hex');
    return this.add(
      [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'),
    );
  }

  /** All of them so far: sessions and half logins are added as they are given out. */
  get all(): string[] {
    return [...this.values];
  }
}

/**
 * The first characters by which a secret is recognised although the rest was cut off: those after the beginning that
 * its whole kind shares. Of a JWT it is its signature's, because header and claims begin alike in all of them.
 */
export function markOf(secret: string, length = 8): string {
  const signature = /^eyJ[\w-]+\.[\w-]+\.([\w-]+)$/.exec(secret)?.[1];
  return (signature ?? secret.replace(SHARED_BEGINNING, '')).slice(0, length);
}

import { fingerprintOf } from './fingerprint.ts';

/** What the content of a token looks like, wherever in a text it stands. */
const CONTENT = /dckr_([a-z]+)_[\w-]{8,}/g;
/** A content of before 2022, and nothing else. */
const OLD_CONTENT = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const CONCEALED = /_\(concealed [0-9a-f]{16}\)/;

/** Whether something like a token's content stands in a text. */
export function holdsContent(text: string): boolean {
  return text.search(CONTENT) >= 0;
}

/**
 * A name from outside without the token contents in it: each becomes `dckr_pat_(concealed …)` with its fingerprint, the
 * same for the same content, so that names stay as many and as different as they are, and nobody can find the content.
 */
export function concealed(name: string): string {
  return name.replace(
    CONTENT,
    (content, kind) => `dckr_${String(kind)}_(concealed ${fingerprintOf(content)})`,
  );
}

/**
 * A key's name in Vault without a token's content. There a bare UUID is an old content that was swapped with its label;
 * at Docker Hub it may be anything, such as the id of another token.
 */
export function concealedKey(name: string): string {
  return OLD_CONTENT.test(name) ? `uuid_(concealed ${fingerprintOf(name)})` : concealed(name);
}

/** Whether a name stands for one that is not shown: nothing can be written under it. */
export function isConcealed(name: string): boolean {
  return CONCEALED.test(name);
}

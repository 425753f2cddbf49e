/**
 * Conceals what looks like something that grants access, where a text enters from outside: labels, names of keys, cells
 * and headers of lists, texts of events. What a run knows to be secret is searched for once more where texts leave
 * (redact.ts).
 */
import { digestOf } from './fingerprint.ts';

/**
 * A text from outside (label, key's name, cell, header) without what looks like a token's content in it: each becomes
 * `dckr_pat_(concealed …)` with its fingerprint, the same for the same content, so that names stay as many and as
 * different as they are, and nobody can find the content. What only looks like our own mark gets a star,
 * `(concealed* …)`, so that nobody can pass a name off as a concealed one. Done once, where the text enters.
 */
export function concealed(text: string): string {
  return concealContents(text.includes(MARK) ? text.replace(OUTSIDE_MARK, '(concealed*$1 ') : text);
}

/**
 * The same for a text in which somebody may name what we have shown, as the fields of an event: a concealed name stays
 * what it is.
 */
export function concealContents(text: string): string {
  if (text.length < SHORTEST) return text;
  // Invisible letters within a content do not make it another one.
  if (NOT_PLAIN.test(text)) {
    const bare = text.normalize('NFKC').replace(INVISIBLE, '');
    const found = concealPlain(bare);
    if (found !== bare) return found;
  }
  return concealPlain(text);
}

/** The same for a text that may name known ids, which stay. */
export function concealContentsBeside(text: string, ids: ReadonlySet<string>): string {
  const id = text.match(UUID)?.find((found) => ids.has(found));
  if (id === undefined) return concealContents(text);
  const parts = text.split(id).map((part) => concealContentsBeside(part, ids));
  return parts.join(id);
}

/** The name as it is outside: what {@link concealed} made of one that holds no content. */
export function outsideName(name: string): string {
  return name.includes(MARK) ? name.replace(STARRED_MARK, '(concealed$1 ') : name;
}

/**
 * Whether what stands in a text is certainly no name or id but a content: of today's form, whatever its case, or wrapped
 * in base64 as Docker's own configuration keeps it. A UUID may be either.
 */
export function holdsContent(text: string): boolean {
  const withoutIds = text.replace(UUID, '');
  return concealContents(withoutIds) !== withoutIds;
}

/**
 * One content, concealed, that two fields hold between them, however they are joined; `undefined` where they do not, or
 * where one alone holds it.
 */
export function splitContent(first: string, second: string): string | undefined {
  if (isConcealed(first) || isConcealed(second)) return undefined;
  return [`${first}-${second}`, `${first}${second}`, `${first}_${second}`].map(concealed).find(isConcealed);
}

/** Whether a name stands for one that is not shown: nothing can be written under it. */
export function isConcealed(name: string): boolean {
  return CONCEALED.test(name);
}

const MARK = '(concealed';
const OUTSIDE_MARK = /\(concealed(\**) /g;
const STARRED_MARK = /\(concealed\*(\**) /g;
const CONCEALED = /_\(concealed [0-9a-f]{16}\)/;

/** Nothing shorter than `dckr_x_` and 8 letters is concealed. */
const SHORTEST = 15;
/** An underscore, also as it is escaped in addresses, pages and JSON. */
const LINE = '(?:_|%5f|&#(?:95|x5f);|\\\\u005f)';
/** What the content of a token looks like, wherever in a text it stands. */
const CONTENT = new RegExp(`dckr${LINE}([a-z]{1,20})${LINE}[\\w-]{8,}`, 'gi');
/** A content of before 2022; role ids and secret ids of Vault look like that, too. */
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
/** Tokens of Vault, also as OpenBao and versions before 1.10 make them, and sessions. */
const SESSION =
  /\b(?:hv[sbr]\.[\w.-]{20,}|[sbr]\.[A-Za-z0-9]{24}(?![\w-])|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,})/g;
/** Long enough to hold a content in base64 or in hexadecimal digits. */
const ENCODED = /[\w+/-]{24,}={0,2}/g;
/** `dckr_` in base64, by where it begins in the encoded bytes, whatever somebody did to the case; and in hexadecimal. */
const ENCODED_BEGINNING = /ZGNrcl|Rja3Jf|kY2tyX|64636b725f/i;
/** One of these stands in every text that has anything to conceal. Two expressions: one of both takes ten times as long. */
const SUSPICIOUS = /dckr|hv[sbr]\.|eyJ/i;
const LONG_RUN = /[\w+/-]{24}/;
const NOT_PLAIN = /[^ -~]/;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu;

function concealPlain(text: string): string {
  if (!SUSPICIOUS.test(text) && !LONG_RUN.test(text)) return text;
  return text
    .replace(CONTENT, (content, kind: string) => mark(`dckr_${kind.toLowerCase()}`, content))
    .replace(UUID, (content) => mark('uuid', content))
    .replace(SESSION, (content) => mark('session', content))
    .replace(ENCODED, (run) => (holdsEncoded(run) ? mark('base64', run) : run));
}

/** A whole content has more than 120 random bits. Of a part of one too little of its hash is shown to find it by trying. */
function mark(kind: string, content: string): string {
  const fingerprint = digestOf(content);
  return `${kind}_(concealed ${content.length >= 30 ? fingerprint : fingerprint.slice(0, 4).padEnd(16, '0')})`;
}

function holdsEncoded(run: string): boolean {
  if (ENCODED_BEGINNING.test(run)) return true;
  return [0, 1, 2, 3].some((start) => {
    const decoded = Buffer.from(run.slice(start), 'base64').toString('latin1');
    return decoded.search(CONTENT) >= 0 || decoded.search(UUID) >= 0;
  });
}

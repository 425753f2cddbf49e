/**
 * The last look at whatever leaves: the secrets that a run has read or been given are searched for in it and concealed,
 * in the usual encodings, too. It knows what conceal.ts can't: a password has no form by which it is recognised.
 */
import { escapeText, quoteText } from './display.ts';

/** What stands in the place of a secret. */
export const REDACTED = '(concealed)';

/** Shorter ones are words by chance. The account's password is searched for all the same, down to this. */
const MIN_SECRET_LENGTH = 16;
const MIN_PASSWORD_LENGTH = 8;
/**
 * Characters of a form that are looked up at every place of a text. Where a text was cut behind them, its secret is
 * recognised as well.
 */
const WINDOW = 11;
/**
 * They begin behind this share of it: contents of tokens begin alike, and so do all their forms. None is shorter than a
 * secret, so that there is room for them.
 */
const ALIKE_SHARE = 0.34;
/** Texts are cut far before this. */
const MAX_CUT_LENGTH = 100;

/**
 * The secrets of one event. A text is gone through once, however many they are: a rolling hash of its next characters
 * says whether any form of any secret may begin there.
 */
export class Secrets {
  private readonly secrets = new Set<string>();
  private readonly allowed = new Set<string>();
  private password = '';
  private index: SearchIndex | undefined;

  /**
   * Remembers a secret, and what stands in it by itself, such as a content within a whole configuration. A name of a
   * deployment and an address without credentials are none, wherever they were read.
   */
  add(secret: string | undefined): void {
    const whole = secret?.trim() ?? '';
    if (HARMLESS.test(whole)) return;
    for (const part of [whole, ...Array.from(whole.matchAll(LONG_WORDS), ([word]) => word)]) {
      if (part.length < MIN_SECRET_LENGTH || HARMLESS.test(part) || this.secrets.has(part)) continue;
      this.secrets.add(part);
      this.index = undefined;
    }
  }

  /** Remembers the account's password. */
  addPassword(password: string): void {
    this.password = password.trim();
    this.index = undefined;
  }

  /** Says that a text is no secret although a key may hold it: the id of a token, a setting. */
  allow(text: string): void {
    this.allowed.add(text);
    if (this.secrets.has(text) || this.password === text) this.index = undefined;
  }

  /** A text without any of the secrets. */
  redact(text: string): string {
    return this.search().redact(text);
  }

  /**
   * The same for a text whose lines were wrapped: what goes on behind a line break, in a word or at a blank, is found as
   * well.
   */
  redactWrapped(text: string): string {
    return this.search().redactWrapped(text);
  }

  /** The same value with every text in it redacted; the value itself where there is nothing to conceal. */
  redactValue<Value>(value: Value): Value {
    const text: unknown = JSON.stringify(value);
    if (typeof text !== 'string' || this.redact(text) === text) return value;
    // A copy has the same type, which nothing that is put together from parts could promise.
    const holder = { copy: structuredClone(value) };
    this.redactWithin(holder);
    return holder.copy;
  }

  /** JSON without any of the secrets, and with its own fields as they were. */
  redactJson(text: string): string {
    if (this.redact(text) === text) return text;
    const value: unknown = JSON.parse(text);
    return `${JSON.stringify(this.redactValue(value), null, 1)}\n`;
  }

  private search(): SearchIndex {
    const isMeant = (secret: string): boolean => !this.allowed.has(secret);
    return (this.index ??= new SearchIndex(
      [...this.secrets].filter(isMeant),
      [this.password].filter((password) => password.length >= MIN_PASSWORD_LENGTH && isMeant(password)),
    ));
  }

  private redactWithin(value: object): void {
    for (const key of Reflect.ownKeys(value)) {
      const entry: unknown = Reflect.get(value, key);
      if (typeof entry === 'string') Reflect.set(value, key, this.redact(entry));
      else if (typeof entry === 'object' && entry !== null) this.redactWithin(entry);
    }
  }
}

/** A content and nothing else. */
const PLAIN_TOKEN = /^[\w.-]+$/;
const LONG_WORDS = /[\w+/.-]{20,}={0,2}/g;
/** A well-formed name of a deployment, or an address. */
const HARMLESS = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*-[a-z]{2,}|https?:\/\/[\w.:/-]+)$/;

/** What the search knows of each character, by its code. */
interface Letters {
  /** The code that it is compared by: letters of either case are one, and so are the two alphabets of base64. */
  readonly folded: Uint16Array;
  /**
   * What it adds to the rolling hash. Three bits are shifted out with every further character, so that a hash of 32 bits
   * is that of the last {@link WINDOW} characters and of none before.
   */
  readonly added: Int32Array;
}

/** Made by the first search: a cold start, which has nothing to search yet, would pay for it with a third of its time. */
let letters: Letters | undefined;

function letterTables(): Letters {
  if (letters !== undefined) return letters;
  const folded = Uint16Array.from({ length: 65_536 }, (_unused, code) => {
    if (code === 43) return 45;
    if (code === 47) return 95;
    return String.fromCharCode(code).toLowerCase().charCodeAt(0);
  });
  letters = { folded, added: Int32Array.from(folded, (code) => Math.imul(code + 1, 0x9e3779b1)) };
  return letters;
}

/** Bits of the table that says for nearly every hash that nothing begins like that; half a megabyte stays in a cache. */
const TABLE_BITS = 22;
/** The upper bits are those that all characters of the window have a part in. */
const slotOf = (hash: number): number => hash >>> (32 - TABLE_BITS);
const hashWith = (hash: number, code: number, { added }: Letters): number =>
  ((hash << 3) + (added[code] ?? 0)) | 0;
const isMarked = (table: Uint32Array, hash: number): boolean => {
  const slot = slotOf(hash);
  return (((table[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) !== 0;
};

/** Finds every form of some secrets in texts. */
class SearchIndex {
  private readonly letters = letterTables();
  private readonly byHash = new Map<number, string[]>();
  private readonly table = new Uint32Array(2 ** (TABLE_BITS - 5));
  /** Finds a password as it is and escaped, what is too short for the table, and what was cut early. */
  private readonly pattern: RegExp;

  /** @param passwords the account's, where there is one */
  constructor(secrets: readonly string[], passwords: readonly string[]) {
    const isLong = (secret: string): boolean => secret.length >= MIN_SECRET_LENGTH;
    const patterns = [
      ...passwords.map(patternOf),
      ...passwords
        .filter((password) => !isLong(password))
        .flatMap(encodedForms)
        .map(alphabetPatternOf),
      // What has a content's form is concealed where it enters, before anything is cut.
      ...[...passwords, ...secrets.filter((secret) => BASE32.test(secret))].map(cutPatternOf),
    ];
    // What never matches stands alone: beside others it would keep the search from leaping to their first letters.
    this.pattern = new RegExp(patterns.length === 0 ? '(?!)' : patterns.join('|'), 'gi');
    for (const secret of [...secrets, ...passwords.filter(isLong)])
      for (const form of formsOf(secret)) this.put(form);
  }

  private put(form: string): void {
    let hash = 0;
    const begin = windowOf(form);
    for (let at = begin; at < begin + WINDOW; at++) hash = hashWith(hash, form.charCodeAt(at), this.letters);
    const slot = slotOf(hash);
    this.table[slot >>> 5] = (this.table[slot >>> 5] ?? 0) | (1 << (slot & 31));
    const known = this.byHash.get(hash);
    if (known === undefined) this.byHash.set(hash, [form]);
    else known.push(form);
  }

  redact(text: string): string {
    return withoutPlaces(text, this.placesIn(text));
  }

  /** The same where a line break with the blanks around it may stand in a word, or in place of a blank. */
  redactWrapped(text: string): string {
    const across = ['', ' '].flatMap((gap) => {
      const { joined, origins } = joinLines(text, gap);
      return this.placesIn(joined).map(({ start, end }) => ({
        start: origins[start] ?? 0,
        end: (origins[end - 1] ?? 0) + 1,
      }));
    });
    return withoutPlaces(text, [...across, ...this.placesIn(text)]);
  }

  private placesIn(text: string): Place[] {
    const matched = Array.from(text.matchAll(this.pattern), ({ index, 0: { length } }) => ({
      start: index,
      end: index + length,
    }));
    return [...this.longOnes(text), ...matched];
  }

  /** Where forms stand whose beginnings are in the table. */
  private longOnes(text: string): Place[] {
    const { table, letters } = this;
    const found: Place[] = [];
    if (this.byHash.size === 0) return found;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      hash = hashWith(hash, text.charCodeAt(at), letters);
      if (isMarked(table, hash)) found.push(...this.formsAt(text, at - WINDOW + 1, hash));
    }
    return found;
  }

  /** The forms whose looked-up characters, with this hash, begin at a place of a text. */
  private formsAt(text: string, begin: number, hash: number): Place[] {
    return (this.byHash.get(hash) ?? [])
      .map((form) => {
        const start = begin - windowOf(form);
        return { start, end: this.endOf(form, text, start) };
      })
      .filter(({ start, end }) => end > start);
  }

  /** Where a form that begins at a place ends; the place itself where it is another text. */
  private endOf(form: string, text: string, start: number): number {
    const { folded } = this.letters;
    let length = 0;
    while (
      length < form.length &&
      folded[form.charCodeAt(length)] === folded[text.charCodeAt(start + length)]
    )
      length += 1;
    const end = start + length;
    return length === form.length || text.startsWith('...', end) || text.startsWith('…', end) ? end : start;
  }
}

/**
 * A text with a gap, of one character at most, in place of each line break and the blanks around it, and where in the
 * text its characters stand.
 */
function joinLines(
  text: string,
  gap: string,
): { readonly joined: string; readonly origins: readonly number[] } {
  const origins: number[] = [];
  let joined = '';
  let at = 0;
  const take = (part: string, from: number): void => {
    joined += part;
    for (let index = 0; index < part.length; index++) origins.push(from + index);
  };
  for (const { 0: lineBreak, index } of text.matchAll(/ *\n */g)) {
    take(text.slice(at, index), at);
    take(gap, index);
    at = index + lineBreak.length;
  }
  take(text.slice(at), at);
  return { joined, origins };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** A text without what stands at some places, which may overlap. */
function withoutPlaces(text: string, places: readonly Place[]): string {
  let redacted = '';
  let end = 0;
  for (const place of places.toSorted((a, b) => a.start - b.start)) {
    if (place.end <= end) continue;
    if (place.start >= end) redacted += `${text.slice(end, withoutEscape(text, place.start))}${REDACTED}`;
    end = place.end;
  }
  return redacted + text.slice(end);
}

/** Where in a form the characters stand that are looked up. */
const windowOf = (form: string): number => Math.floor(form.length * ALIKE_SHARE);

/** A backslash before the place that belongs to its first letter goes with it, or what is left is no JSON. */
function withoutEscape(text: string, start: number): number {
  let slashes = 0;
  while (text[start - 1 - slashes] === '\\') slashes += 1;
  return slashes % 2 === 1 ? start - 1 : start;
}

/** A secret as it may stand in a text: as it is, encoded, or escaped for JSON, addresses, pages and people. */
function formsOf(secret: string): string[] {
  const escaped = PLAIN_TOKEN.test(secret) ? [] : escapedForms(secret);
  return [...new Set([secret, ...encodedForms(secret), ...escaped])];
}

/** A secret in base64, and in hexadecimal digits. */
function encodedForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    // Wherever in the encoded bytes it begins; without the letters at its ends that its neighbours share.
    ...[0, 1, 2].map((before) =>
      Buffer.from('\0'.repeat(before) + secret)
        .toString('base64url')
        .slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)),
    ),
    bytes.toString('hex'),
  ];
}

function escapedForms(secret: string): string[] {
  const shown = [secret, escapeText(secret, Infinity), quoteText(secret, Infinity).slice(1, -1)];
  const inJson = shown.map(jsonOf);
  const ascii = jsonOf(secret).replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    ...shown,
    ...inJson,
    ...inJson.map(jsonOf),
    ascii,
    jsonOf(ascii),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams([['', secret.toWellFormed()]]).toString().slice(1),
    ...shown.flatMap(htmlForms),
  ];
}

const jsonOf = (text: string): string => JSON.stringify(text).slice(1, -1);

function htmlForms(text: string): string[] {
  const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = html.replaceAll('"', '&quot;');
  return [html, ...['&#39;', '&#x27;', '&apos;'].map((quote) => quoted.replaceAll("'", quote))];
}

/** The secret of a second factor: nothing else about it shows that it is one. */
const BASE32 = /^[A-Z2-7]{16,}$/i;
/** Characters of a password that were cut off behind so many are recognised. */
const MIN_CUT_PASSWORD_LENGTH = 5;

/** Finds a password as it is, and escaped in any way and as often as texts in texts are. */
function patternOf(password: string): string {
  return Array.from(password, letterPatternOf).join('');
}

/**
 * Finds the beginning of a password of which a text that was cut shows no more: `the password is hunte...`. The cut may
 * have gone through an escape.
 */
function cutPatternOf(password: string): string {
  const letters = Array.from(password.slice(0, MAX_CUT_LENGTH), letterPatternOf);
  const [begin, rest] = [letters.slice(0, MIN_CUT_PASSWORD_LENGTH), letters.slice(MIN_CUT_PASSWORD_LENGTH)];
  return `${begin.join('')}${rest.map((letter) => `(?:${letter}`).join('')}${')?'.repeat(rest.length)}(?:\\\\+(?:u\\{?[0-9a-f]*)?)?(?=\\.\\.\\.|…)`;
}

/** The backslashes before a letter; the limit keeps a row of nothing else from taking long. */
const SLASHES = String.raw`\\{0,31}`;

/** A letter as it is, and with the escapes of JSON, of texts for people, of pages and of addresses. */
function letterPatternOf(letter: string): string {
  if (/\w/.test(letter)) return letter;
  const code = letter.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const units = Array.from(
    { length: letter.length },
    (_, index) => `u${letter.charCodeAt(index).toString(16).padStart(4, '0')}`,
  );
  const bytes = Array.from(
    Buffer.from(letter),
    (byte) => `%(?:25){0,4}${byte.toString(16).padStart(2, '0')}`,
  );
  const escapes = [
    `u\\{${hex}\\}`,
    units.join(SLASHES),
    `&(?:amp;){0,4}(?:${ENTITIES.get(letter) ?? ''}#0{0,4}${code}|#x0{0,4}${hex});`,
    bytes.join(''),
  ].join('|');
  // Each text in a text has twice as many of them: one more belongs to what comes behind.
  if (letter === '\\') return String.raw`(?:${SLASHES}(?:${escapes})|\\{16}|\\{8}|\\{4}|\\{2}|\\)`;
  const plain = letter === ' ' ? '[ +]' : letter === '&' ? '&(?:amp;){0,4}' : escapedForPattern(letter);
  return `${SLASHES}(?:${escapes}|${plain})`;
}

/** Names of entities, each before the next way to write it. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['<', 'lt|'],
  ['>', 'gt|'],
  ['"', 'quot|'],
  ["'", 'apos|'],
]);

const escapedForPattern = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');

/** Finds text in base64 in either of its alphabets. */
function alphabetPatternOf(form: string): string {
  return form.replaceAll('-', '[+-]').replaceAll('_', '[/_]');
}

/** How texts from outside and lists of things are shown to people: escaped, in quotes, as a sentence has them. */

/**
 * A name from outside as it may stand in a mail, a log line or an error: printable ASCII stays, everything else (control
 * characters, line breaks, look-alike and invisible letters, text direction marks) becomes a visible `\u{…}`, so that
 * no label can forge a line or pass for another one. Longer texts are cut. For what people write to each other there is
 * {@link escapeProse}.
 */
export function escapeText(text: string, max = 100): string {
  return escaped(text, max, (letter) => /[ -[\]-~]/.test(letter));
}

/**
 * What somebody wrote (a reason, an owner, a note), as it may stand in a mail: letters, digits and signs of every
 * language stay as they are; control characters, line breaks, marks of text direction, what is invisible, and accents
 * piled upon each other become a visible `\u{…}`. Longer texts are cut. Done twice it changes nothing more.
 */
export function escapeProse(text: string, max = 300): string {
  return escaped(text.normalize('NFC'), max, (letter, before) => {
    if (/[ -~]/.test(letter)) return true;
    if (/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(letter)) return false;
    return !/\p{M}/u.test(letter) || /[\p{L}\p{N}]\p{M}?$/u.test(before);
  });
}

/** What somebody wrote, in quotes that nothing in it can close: `"it's late"`. */
export function quoteProse(text: string, max = 300): string {
  const inner = text
    .replace(/[\\"]/g, (letter) => `\\${letter}`)
    .replace(CLOSING_QUOTES, (quote) => `\\u{${hexOf(quote)}}`);
  return `"${escapeProse(inner, max)}"`;
}

/**
 * Who says that they asked, and why, as a clause: what a caller writes is shown as what somebody says, never as a fact.
 * Who really called is in CloudTrail.
 */
export function describeStatement(statement: {
  readonly reason?: string | undefined;
  readonly requestedBy?: string | undefined;
}): string {
  const { reason, requestedBy } = statement;
  if (reason === undefined)
    return requestedBy === undefined
      ? 'no reason given'
      : `asked for by ${quoteProse(requestedBy, 100)}, no reason given`;
  return `${requestedBy === undefined ? 'the caller' : quoteProse(requestedBy, 100)} says ${quoteProse(reason)}`;
}

/** Any text from outside in quotes that nothing in it can close: a cell, a header. */
export function quoteText(text: string, max = 100): string {
  return `"${escapeText(text, max).replaceAll('"', '\\"')}"`;
}

/** A label for a sentence: as it is where it can't be misread, else in quotes. */
export function displayName(label: string): string {
  return /^[\w.-]{1,100}$/.test(label) ? label : quoteText(label);
}

/** A list for a sentence: `a, b and c`. */
export function joinWithAnd(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

/** A number with its noun: `1 token`, `3 tokens`. */
export function pluralize(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** Marks that look like the quote with which ours is closed. */
const CLOSING_QUOTES = /[\u201c-\u201f\u2033\u2036\u02ba\u02dd\u02ee\u3003\u301d-\u301f\uff02]/gu;

const hexOf = (letter: string): string => (letter.codePointAt(0) ?? 0).toString(16);

/** A text of which only some letters stay as they are, cut where it gets longer. */
function escaped(text: string, max: number, stays: (letter: string, before: string) => boolean): string {
  // Nearly all texts are plain.
  if (text.length <= max && /^[ -[\]-~]*$/.test(text)) return text;
  let shown = '';
  for (const letter of text) {
    shown += stays(letter, shown) ? letter : `\\u{${hexOf(letter)}}`;
    if (shown.length > max) return `${shown.slice(0, max)}...`;
  }
  return shown;
}

/** A clause as the beginning of a sentence. */
export function capitalized(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}`;
}

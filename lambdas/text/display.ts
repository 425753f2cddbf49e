/**
 * Outside text as it may stand in a mail, a log line or an error: printable ASCII stays, everything else (control
 * characters, line breaks, look-alike and invisible letters, text direction marks) becomes a visible `\u{…}`, so that
 * no label can forge a line or pass for another one. Longer texts are cut.
 */
export function escapeText(text: string, max = 100): string {
  // Nearly all texts are plain.
  if (text.length <= max && /^[ -[\]-~]*$/.test(text)) return text;
  let shown = '';
  for (const letter of text) {
    shown += /[ -[\]-~]/.test(letter) ? letter : `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
    if (shown.length > max) return `${shown.slice(0, max)}...`;
  }
  return shown;
}

/** A label for a sentence: as it is where it can't be misread, else in quotes. */
export function displayName(label: string): string {
  return /^[\w.-]{1,100}$/.test(label) ? label : `"${escapeText(label)}"`;
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

// How the page makes HTML of texts from outside: escaped, visible, and never markup.

import { escapeText } from '../../text/display.ts';

/** Text that is HTML already. Only {@link html} and the constants of the page make it: everything else is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text and numbers are escaped, markup stays, `undefined` is nothing. */
export type Part = string | number | Markup | undefined | readonly Part[];

/**
 * Letters that hide, reorder or overprint others: control and format characters (text direction, zero width), blanks
 * that are no space, what is not assigned, the third and further marks on one letter.
 */
const TREACHEROUS =
  /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{2})\p{M}/gu;

/** Free text from outside for the page: accents and other scripts stay, what could deceive a reader shows as `\u{…}`. */
export function visible(text: string): string {
  // Nearly all texts are plain, and the long look is a slow one.
  if (/^[ -~]*$/.test(text)) return text;
  return text.replace(TREACHEROUS, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Blanks that a page does not show, or shows as one: at either end of a label, and in a row. */
const HIDDEN_BLANKS = /^ | $|(?<= ) | (?= )/g;

/** A label for the page. As in mails everything but printable ASCII is an escape: names are ASCII, look-alikes show. */
export function shownLabel(label: string): string {
  return label === '' ? '(no name)' : escapeText(label, 200).replace(HIDDEN_BLANKS, '\\u{20}');
}

/**
 * The place on the page of what is said about a deployment: the same from night to night, so that links last. Labels
 * with other letters than names have get none.
 */
export function anchorOf(label: string): string | undefined {
  return /^[\w.-]{1,100}$/.test(label) ? `of-${label}` : undefined;
}

const ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (letter) => ENTITIES.get(letter) ?? '');
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return part instanceof Markup ? part.text : part.map(rendered).join('');
}

/** Markup from a template; what is put in is escaped, for text and for quoted attributes alike. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.map((text, index) => `${text}${rendered(parts[index])}`).join(''));
}

/** Data for the page's script: JSON in which nothing can end the element that holds it. */
export function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const grouped = new Intl.NumberFormat('en');

/** A number for people: `10,000`. */
export function numeral(number: number): string {
  return grouped.format(number);
}

/** A number with its noun: `1 token`, `10,000 tokens`. */
export function amount(number: number, noun: string, plural = `${noun}s`): string {
  return `${numeral(number)} ${number === 1 ? noun : plural}`;
}

/** Entries of a long list that stand open. */
const OPEN_ENTRIES = 20;

/**
 * A list that stays readable when it is long: the first entries stand open, the others behind one press. Printed, all
 * of them stand.
 */
export function longList(items: readonly Markup[], id?: string): Markup {
  const rest = items.slice(OPEN_ENTRIES);
  return html`<ul class="entries" ${id === undefined ? undefined : html` id="${id}"`}>
      ${items.slice(0, OPEN_ENTRIES)}
    </ul>
    ${
      rest.length === 0
        ? undefined
        : html`<details>
            <summary>${numeral(rest.length)} more</summary>
            <ul class="entries">
              ${rest}
            </ul>
          </details>`
    }`;
}

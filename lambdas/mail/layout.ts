// The form of a mail: columns, bytes, numbered events, and what is cut where not everything fits.
import type { Outcome } from '../domain/actions.ts';
import type { PasteEvent } from '../report/open.ts';
import type { Report } from '../report/report.ts';
import { escapeText, pluralize } from '../text/display.ts';

/** Columns of the mail's text, for readers whose program does not wrap. A link alone may be longer: broken it opens nothing. */
export const COLUMNS = 76;
/** Bytes of the mail's text; what does not fit is in the report, and comes with the next mail. */
export const MAX_TEXT_BYTES = 20_000;
const MAX_SUBJECT_CHARACTERS = 99;
const MAX_SUMMARY_BYTES = 2048;
/** Events in one mail: more than that nobody pastes, and the report has them all. */
const MAX_EVENTS = 15;

/** One part of a mail: entries in the order in which they are dropped last, and how so many of them are written. */
export interface Part {
  readonly count: number;
  /** Dropped before any part that is not. */
  readonly isRest: boolean;
  /** The first entries with their title, and how many more there are. */
  render(shown: number, events: Events): readonly string[];
  /** What is reported by the first entries: keys in the memory of what was reported. */
  reportedBy(shown: number): readonly string[];
}

/** What a mail's text came to. */
export interface Composed {
  readonly text: string;
  /** Keys of everything that the text reports. */
  readonly reported: ReadonlySet<string>;
}

/**
 * The text of a mail: heading and closing always stand. Where not everything fits, the rest is dropped first; then of the
 * other parts the longest, so that a long one never hides a short one.
 *
 * @param name what the functions' names begin with
 */
export function composeText(
  heading: (events: Events) => readonly string[],
  parts: readonly Part[],
  closing: readonly string[],
  name: string,
): Composed {
  const shown = parts.map(({ count }) => Math.min(count, MAX_ENTRIES));
  const textOf = (): string => {
    const events = new Events(name);
    const top = heading(events);
    const body = parts.flatMap((part, index) =>
      part.count === 0 ? [] : [...part.render(shown[index] ?? 0, events), ''],
    );
    return [...top, '', ...body, ...events.lines(), ...closing, ''].join('\n');
  };
  const fits = (): boolean => Buffer.byteLength(textOf()) <= MAX_TEXT_BYTES;
  for (const [index, { isRest }] of [...parts.entries()].reverse())
    if (isRest && !fits())
      shown[index] = largest(shown[index] ?? 0, (count) => {
        shown[index] = count;
        return fits();
      });
  if (!fits()) {
    const most = [...shown];
    const sizes = parts.map(() => new Map<number, number>());
    const withinBytes = (bytes: number): void => {
      parts.forEach((part, index) => {
        shown[index] = largest(most[index] ?? 0, (count) => {
          const known = sizes[index]?.get(count) ?? sizeOf(part, count);
          sizes[index]?.set(count, known);
          return known <= bytes;
        });
      });
    };
    const bytes = largest(MAX_TEXT_BYTES, (limit) => {
      withinBytes(limit);
      return fits();
    });
    withinBytes(bytes);
  }
  return {
    text: textOf(),
    reported: new Set(parts.flatMap((part, index) => part.reportedBy(shown[index] ?? 0))),
  };
}

/** More entries of one part never fit: each has a name and a line break at least. */
const MAX_ENTRIES = MAX_TEXT_BYTES / 4;

const sizeOf = (part: Part, shown: number): number =>
  // Only the part's own lines count here, not those of its events.
  Buffer.byteLength(part.render(shown, new Events('')).join('\n'));

/** The largest whole number up to `max` that fits; 0 where none does. */
function largest(max: number, fits: (candidate: number) => boolean): number {
  let [low, high] = [0, max];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The events of one mail, numbered in the order in which the text mentions them. */
export class Events {
  readonly #events: PasteEvent[] = [];
  readonly #name: string;

  /** @param name what the functions' names begin with */
  constructor(name: string) {
    this.#name = name;
  }

  /** The mark of an event for the line that it belongs to, ` [2]`; empty where the mail has no room for more. */
  mark(event: PasteEvent | undefined): string {
    if (event === undefined) return '';
    // In pieces, a long name would be another one where it is pasted.
    if (/"(?:[^"\\]|\\.){68,}"/.test(event.json)) return ' (event: see the report)';
    const known = this.#events.findIndex(({ json }) => json === event.json);
    if (known >= 0) return ` [${known + 1}]`;
    if (this.#events.length >= MAX_EVENTS) return '';
    this.#events.push(event);
    return ` [${this.#events.length}]`;
  }

  /** How events are used, and each of them on lines of its own, those of one function in a row together. */
  lines(): string[] {
    if (this.#events.length === 0) return [];
    const runs: { name: PasteEvent['function']; first: number; events: string[] }[] = [];
    this.#events.forEach(({ function: name, json }, index) => {
      const last = runs.at(-1);
      if (last?.name === name) last.events.push(json);
      else runs.push({ name, first: index + 1, events: [json] });
    });
    return [
      'How: AWS console, Lambda, the function named here, Test, paste the event:',
      ...runs.flatMap(({ name, first, events }) => [
        `${events.length === 1 ? `[${first}]` : `[${first}] to [${first + events.length - 1}]`} ${this.#name}-${name}`,
        ...events.flatMap((json) => wrapText(`    ${json}`, '    ')),
      ]),
      '',
    ];
  }
}

/**
 * `... and 3 more`, with where they stand; nothing where all are shown.
 *
 * @param comeAgain whether the next mail reports them
 */
export function moreLines(left: number, noun: string, comeAgain = true): string[] {
  const next = comeAgain ? '; the next mail reports them' : '';
  return left === 0
    ? []
    : wrapText(
        `  ... and ${pluralize(left, `more ${noun}`)}, not reported here: see the report${next}.`,
        '  ',
      );
}

const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const EVENT = /\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}/g;
/** Stands for a blank at which no line may be broken: no text of a mail holds it, as texts from outside are escaped. */
const NON_BREAKING_SPACE = '\u00a0';

/** A text in which the blanks within an event's quoted texts are firm: with a break in one it would be JSON no more. */
function withUnbrokenEvents(text: string): string {
  return text.replace(EVENT, (event) =>
    event.replace(QUOTED, (quoted) => quoted.replaceAll(' ', NON_BREAKING_SPACE)),
  );
}

const columnsOf = (text: string): number => Array.from(text).length;

/** The pieces of a word that are no longer than a line; a link stays in one piece. */
function pieces(word: string, limit: number): string[] {
  if (columnsOf(word) <= limit || /^<?https?:/.test(word)) return [word];
  return word.match(new RegExp(`.{1,${limit}}`, 'gu')) ?? [''];
}

/**
 * Breaks one paragraph into lines, all but the first indented; a word longer than a line is cut, unless it is a link.
 * What stands in quotes in an event is one word.
 */
export function wrapText(text: string, indent = ''): string[] {
  const lines: string[] = [];
  // Blanks at the beginning are kept: they indent the first line.
  const first = ' '.repeat(text.search(/[^ ]|$/));
  let line = first;
  const limit = COLUMNS - Math.max(indent.length, first.length);
  const words = withUnbrokenEvents(text.slice(first.length))
    .split(' ')
    .flatMap((word) => pieces(word, limit));
  words.forEach((word, index) => {
    const longer = index === 0 ? `${line}${word}` : `${line} ${word}`;
    if (columnsOf(longer) <= COLUMNS || index === 0) line = longer;
    else {
      lines.push(line.trimEnd());
      line = `${indent}${word}`;
    }
  });
  return [...lines, line].map((broken) => broken.replaceAll(NON_BREAKING_SPACE, ' '));
}

/** Lines with names in a row: `a, b, c`. */
export function nameLines(names: readonly string[], indent = '    '): string[] {
  return wrapText(`${indent}${names.join(', ')}`, indent);
}

/** The first of the lines, as many as there is room for, in bytes. */
export function fitting(lines: readonly string[], limit: number): string[] {
  let size = 0;
  const end = lines.findIndex((line) => {
    size += Buffer.byteLength(line) + 1;
    return size > limit;
  });
  return lines.slice(0, end < 0 ? lines.length : end);
}

/** Subject line: ASCII, one line, under 100 characters, whatever the parts are. */
export function subjectOf(parts: readonly string[], prefix = '[Docker Hub tokens]'): string {
  let subject = `${prefix} ${parts[0] ?? ''}`;
  for (const part of parts.slice(1)) {
    // The most urgent stand first: what has no room is left out, in one piece.
    if (`${subject}, ${part}`.length > MAX_SUBJECT_CHARACTERS) break;
    subject = `${subject}, ${part}`;
  }
  // Names in it are escaped already: a backslash of theirs stays one.
  const ascii = subject.replace(/[^ -~]/gu, (character) => escapeText(character));
  return ascii.length > MAX_SUBJECT_CHARACTERS ? `${ascii.slice(0, MAX_SUBJECT_CHARACTERS - 3)}...` : ascii;
}

/** The summary for programs; the counts of findings go first when it would be too long. */
export function summaryOf(report: {
  readonly runId: string;
  readonly outcome: Outcome | 'done' | 'failed';
  readonly counts?: Report['counts'] | undefined;
  readonly report?: string | undefined;
}): string {
  const complete = JSON.stringify({
    runId: report.runId,
    outcome: report.outcome,
    counts: report.counts,
    report: report.report,
  });
  return Buffer.byteLength(complete) <= MAX_SUMMARY_BYTES
    ? complete
    : JSON.stringify({ runId: report.runId.slice(0, 200), outcome: report.outcome });
}

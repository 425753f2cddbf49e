import type { Outcome } from '../domain/actions.ts';
import type { Report } from '../report/report.ts';
import { pluralize, escapeText } from '../text/display.ts';

/** Columns of the mail's text, for readers whose program does not wrap. */
export const COLUMNS = 76;
/** Bytes of the mail's text; what does not fit is in the report. */
export const MAX_TEXT_BYTES = 20_000;
const MAX_SUBJECT_CHARACTERS = 99;
const MAX_SUMMARY_BYTES = 2048;

const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const EVENT = /\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}/g;
/** Stands for a blank that is no place to break: no text of a mail holds it, texts from outside are printable ASCII. */
const NON_BREAKING_SPACE = '\u00a0';

/** A text in which the blanks within an event's quoted texts are firm: with a break in one it would be JSON no more. */
function withUnbrokenEvents(text: string): string {
  return text.replace(EVENT, (event) =>
    event.replace(QUOTED, (quoted) => quoted.replaceAll(' ', NON_BREAKING_SPACE)),
  );
}

/**
 * Breaks one paragraph into lines, all but the first indented; a word longer than a line is cut. What stands in quotes in
 * an event is one word.
 */
export function wrapText(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  const limit = COLUMNS - indent.length;
  for (const word of withUnbrokenEvents(text)
    .split(' ')
    .flatMap((complete) => complete.match(new RegExp(`.{1,${limit}}`, 'g')) ?? [''])) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= COLUMNS) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line].map((broken) => broken.replaceAll(NON_BREAKING_SPACE, ' '));
}

/** One headed part of a mail; without entries it is left out. */
export interface Section {
  readonly title: string;
  readonly entries: readonly string[];
}

function sectionLines({ title, entries }: Section): string[] {
  if (entries.length === 0) return [];
  return [`${title} (${entries.length})`, ...entries.flatMap((entry) => wrapText(`- ${entry}`, '  ')), ''];
}

/** The first of the lines, as many as there is room for, in bytes. */
export function fitting(lines: readonly string[], limit: number): string[] {
  let size = 0;
  const end = lines.findIndex((line) => {
    size += line.length + 1;
    return size > limit;
  });
  return lines.slice(0, end < 0 ? lines.length : end);
}

/**
 * The text of a mail: a heading, what changed, a closing. Sections that do not fit are cut and said to be cut; heading
 * and closing always stand.
 */
export function textOf(
  heading: readonly string[],
  sections: readonly Section[],
  closing: readonly string[],
): string {
  const frame = [...heading, '', ...closing].join('\n').length + 100;
  const lines = sections.flatMap(sectionLines);
  const body = fitting(lines, MAX_TEXT_BYTES - frame);
  const left = lines.length - body.length;
  if (left > 0) body.push(`... and ${pluralize(left, 'more line')}: see the report.`, '');
  return [...heading, '', ...body, ...closing, ''].join('\n');
}

/** Subject line: ASCII, one line, under 100 characters, whatever the parts are. */
export function subjectOf(parts: readonly string[], prefix = '[Docker Hub tokens]'): string {
  const subject = `${prefix} ${parts.join(', ')}`;
  return escapeText(
    subject.length > MAX_SUBJECT_CHARACTERS ? `${subject.slice(0, MAX_SUBJECT_CHARACTERS - 3)}...` : subject,
    MAX_SUBJECT_CHARACTERS,
  );
}

/** The summary for programs; the counts of findings go first when it would be too long. */
export function summaryOf(report: {
  readonly runId: string;
  readonly outcome: Outcome | 'done';
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

export function whereLines(bucket: string, key: string, runId: string): string[] {
  // A key is one word and must not be broken: it stands on a line of its own.
  return [
    ...wrapText(`Report in ${bucket} (the page for people ends in .html):`),
    ...wrapText(key),
    ...wrapText(`Run ${runId}.`),
  ];
}

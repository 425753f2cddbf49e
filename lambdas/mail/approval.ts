import { COLUMNS, wrapText } from './layout.ts';

/** Bytes of the event that approves, in a mail; what does not fit is in the report. */
const MAX_EVENT_BYTES = 4_000;

const APPROVING = 'To withdraw what the caps or a shrunken input withheld, check each name and invoke the audit function with'; // prettier-ignore
const LEAVE_OUT = '(leave out whom you do not mean):';

/**
 * The JSON event on lines of its own, broken where it may be: between names. A name that would not fit on a line is left
 * out, because in two pieces it would be another one where it is pasted; so are those that would make the mail too long.
 */
export function approvalLines(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const indent = '    ';
  const shown: string[] = [];
  let size = 0;
  for (const name of names) {
    const text = JSON.stringify(name);
    if (indent.length + `[${text}]}`.length > COLUMNS) continue;
    size += text.length + 2;
    if (size > MAX_EVENT_BYTES) break;
    shown.push(text);
  }
  const left = names.length - shown.length;
  if (shown.length === 0)
    return [...wrapText(`${APPROVING} the event that stands in the notes of the report.`), ''];
  return [
    ...wrapText(`${APPROVING} this event ${LEAVE_OUT}`),
    ...wrapText(`  {"approve": [${shown.join(', ')}]}`, indent),
    ...(left === 0 ? [] : wrapText(`And ${left} more: see the whole event in the notes of the report.`)),
    '',
  ];
}

/** The whole event that approves, for the report; `undefined` where nothing that can be approved was withheld. */
export function approvalNote(names: readonly string[]): string | undefined {
  return names.length === 0
    ? undefined
    : `${APPROVING} this event ${LEAVE_OUT} {"approve": [${names.map((name) => JSON.stringify(name)).join(', ')}]}`;
}

// Tables that people keep in a spreadsheet and save as CSV: what is one, and its rows by column name.
import { concealed } from '../text/conceal.ts';
import { quoteText, joinWithAnd } from '../text/display.ts';
import { CsvSyntaxError, type CsvRecord, readRecords } from './csv-records.ts';

/** One line of a table with its cells by column name, trimmed; a column that the line lacks is empty. */
export interface Row {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  cell(column: string): string;
  /** All cells, trimmed, whatever columns they are in. */
  readonly cells: readonly string[];
  /** Cells beyond the last column of the header are not empty. */
  readonly overlong: boolean;
  /** It has fewer cells than the header has columns, which no spreadsheet writes. */
  readonly short: boolean;
  /** It repeats the header. */
  readonly isHeader: boolean;
}

/** The columns that a table is read for; any other is ignored, two of the same name too. */
export interface Columns {
  /** Without these the file is unreadable. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** The place of each known column that a table has, and how many rows there are; or the clause that says why it is no table. */
export type Table =
  | { readonly rows: number; readonly places: ReadonlyMap<string, number>; readonly separator: string }
  | { readonly unreadable: string };

/** A larger file is no list that people keep; whoever reads one from somewhere need not read more of it. */
export const MAX_LIST_BYTES = 5 * 1024 * 1024;

/**
 * Reads a CSV file that people edit with a spreadsheet: UTF-8 with or without BOM, comma or semicolon, any line end,
 * quoted fields, a leading `sep=` line, header names in any order and case. Rows of empty cells are left out.
 *
 * @param take is given each row as it is read: a list of 100,000 of them would take more memory than what is made of
 *   them. Where the file turns out to be unreadable further down, what was given is to be forgotten.
 */
export function readTable(body: Uint8Array, columns: Columns, take: (row: Row) => void): Table {
  const text = textOf(body);
  if (typeof text !== 'string') return text;
  // Who saves such a file again may get delimiters behind it, as behind every cell of the line.
  const separator = /^"?sep=([,;])"?[^\S\r\n]*[,;]*(?:\r\n|\n|\r)/i.exec(text);
  // The line stays, as an empty one, so that lines are counted as an editor does.
  const table = separator === null ? text : `\n${text.slice(separator[0].length)}`;
  if (trimmed(table) === '') return { unreadable: 'it is empty' };
  const delimiter = separator?.[1] ?? delimiterOf(table, columns.required);
  let rows = 0;
  let header: Header | undefined;
  try {
    for (const record of readFilled(table, delimiter)) {
      if (header === undefined) {
        const found = readHeader(record, columns);
        if (typeof found === 'string')
          return { unreadable: withAdvice(found, record, { text: table, delimiter, columns }) };
        header = found;
        continue;
      }
      rows += 1;
      take(new TableRow(record, header, columns.required));
    }
  } catch (error) {
    if (!(error instanceof CsvSyntaxError)) throw error;
    return { unreadable: error.message };
  }
  return header === undefined
    ? { unreadable: lackingColumns(columns.required, []) }
    : { rows, places: header.places, separator: delimiter };
}

/** The text of a file, or why it has none. */
function textOf(body: Uint8Array): string | { readonly unreadable: string } {
  if (body.length > MAX_LIST_BYTES)
    return { unreadable: 'it has more than 5 MiB, which is the most that is read' };
  if (String.fromCharCode(...body.subarray(0, 3)) === 'PK\u0003')
    return { unreadable: 'it is an Excel workbook (save it as "CSV UTF-8")' };
  const notText = { unreadable: 'it is not UTF-8 text (save it as "CSV UTF-8")' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return text.includes('\0') ? notText : text;
  } catch {
    return notText;
  }
}

/** White space, and the invisible characters that `trim()` leaves: dates pasted from Windows stand between marks of direction. */
const BLANK = /[\s\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/u;

/** A text without blanks at its ends. A pattern for its end would try every run of blanks within it. */
function trimmed(text: string): string {
  let begin = 0;
  let end = text.length;
  while (BLANK.test(text.charAt(begin))) begin += 1;
  while (BLANK.test(text.charAt(end - 1))) end -= 1;
  return text.slice(begin, end);
}

/** What a cell says: trimmed, a formula for a text as that text, and without what grants access, before anything else is done with it. */
function readCell(written: string): string {
  if (written === '') return '';
  const cell = trimmed(written);
  const text = cell.startsWith('="') && cell.endsWith('"') ? trimmed(cell.slice(2, -1)) : cell;
  return concealed(text);
}

/** The records in which anything stands, with their cells as they are read. */
function* readFilled(text: string, delimiter: string): Generator<CsvRecord> {
  for (const { line, cells: written } of readRecords(text, delimiter)) {
    const cells = written.map(readCell);
    if (cells.some((cell) => cell !== '')) yield { line, cells };
  }
}

/** So many records at the top are looked through for the header, those of empty cells among them. */
const FIRST_RECORDS = 50;

/** The first records as a delimiter splits them; none where its quotes do not fit. */
function firstRecords(text: string, delimiter: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  try {
    for (const { line, cells } of readRecords(text, delimiter)) {
      records.push({ line, cells: cells.map(readCell) });
      if (records.length === FIRST_RECORDS) break;
    }
  } catch (error) {
    if (!(error instanceof CsvSyntaxError)) throw error;
  }
  return records;
}

const lowerCase = (text: string): string => text.toLowerCase();

function isHeaderOf({ cells }: CsvRecord, required: readonly string[]): boolean {
  const names = new Set(cells.map(lowerCase));
  return required.every((column) => names.has(column));
}

/** The delimiter by which a header with the required columns comes first; else the one that the first record has more of. */
function delimiterOf(text: string, required: readonly string[]): string {
  const splitBy = (delimiter: string): { readonly header: number; readonly cells: number } => {
    const records = firstRecords(text, delimiter);
    const header = records.find((record) => isHeaderOf(record, required));
    return { header: header?.line ?? Infinity, cells: records[0]?.cells.length ?? 0 };
  };
  const [commas, semicolons] = [splitBy(','), splitBy(';')];
  const isTie = semicolons.header === commas.header;
  return semicolons.header < commas.header || (isTie && semicolons.cells > commas.cells) ? ';' : ',';
}

interface Header {
  readonly width: number;
  /** Its last column with a name, from 1. */
  readonly named: number;
  readonly places: ReadonlyMap<string, number>;
}

/** The header, or the clause that says what is wrong with it. */
function readHeader({ cells }: CsvRecord, { required, optional }: Columns): Header | string {
  const known = new Set([...required, ...optional]);
  const places = new Map<string, number>();
  const twice = new Set<string>();
  let named = 0;
  for (const [place, cell] of cells.entries()) {
    const name = lowerCase(cell);
    if (name !== '') named = place + 1;
    if (!known.has(name)) continue;
    if (places.has(name)) twice.add(name);
    else places.set(name, place);
  }
  const missing = required.filter((column) => !places.has(column));
  if (missing.length > 0) return lackingColumns(missing, cells);
  const [first] = twice;
  if (first !== undefined) return `its header names the column ${first} twice`;
  return { width: cells.length, named, places };
}

function lackingColumns(missing: readonly string[], cells: readonly string[]): string {
  const names = cells.map(lowerCase).join(', ');
  return `its header lacks the ${missing.length === 1 ? 'column' : 'columns'} ${joinWithAnd(missing)} (it reads: ${quoteText(names)})`;
}

/** What is wrong with a header, and what somebody at a spreadsheet can do about it. */
function withAdvice(
  problem: string,
  { line, cells }: CsvRecord,
  table: { readonly text: string; readonly delimiter: string; readonly columns: Columns },
): string {
  const {
    text,
    delimiter,
    columns: { required },
  } = table;
  const header = firstRecords(text, delimiter).find((record) => isHeaderOf(record, required));
  if (header !== undefined && header.line !== line)
    return `the header with the names of the columns is in line ${header.line}, and line ${line} above it says ${quoteText(cells.find((cell) => cell !== '') ?? '', 40)}: delete the rows above the header`;
  if (firstRecords(text, '\t').some((record) => isHeaderOf(record, required)))
    return 'tabs stand between its cells (save it as "CSV UTF-8", with commas or semicolons)';
  return problem;
}

/** A row of a table. */
class TableRow implements Row {
  readonly line: number;
  readonly cells: readonly string[];
  private readonly header: Header;
  private readonly required: readonly string[];

  constructor({ line, cells }: CsvRecord, header: Header, required: readonly string[]) {
    this.line = line;
    this.cells = cells;
    this.header = header;
    this.required = required;
  }

  get overlong(): boolean {
    return this.cells.slice(this.header.width).some((cell) => cell !== '');
  }

  get short(): boolean {
    return this.cells.length < this.header.named;
  }

  get isHeader(): boolean {
    return this.required.every((column) => lowerCase(this.cell(column)) === column);
  }

  cell(column: string): string {
    return this.cells[this.header.places.get(column) ?? -1] ?? '';
  }
}

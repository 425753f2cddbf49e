import { CsvError, parse } from 'csv-parse/sync';
import { concealed } from '../text/conceal.ts';
import { joinWithAnd, escapeText } from '../text/display.ts';

/** One line of a table with its cells by column name, trimmed; a column that the line lacks is empty. */
export interface Row {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  cell(column: string): string;
  /** All cells, trimmed, whatever columns they are in. */
  readonly cells: readonly string[];
  /** Cells beyond the last column of the header are not empty: the row is shifted, none of its cells can be trusted. */
  readonly overlong: boolean;
}

/** How many rows a file has, or the clause that says why it is no table. */
export type Table = { readonly rows: number } | { readonly unreadable: string };

/** Whether this is a record as csv-parse gives it without `columns`: its typings depend on the options and do not say so. */
function isRecord(record: unknown): record is readonly string[] {
  return Array.isArray(record) && record.every((cell) => typeof cell === 'string');
}

/** White space and the invisible characters that `trim()` leaves. */
const EDGES = /^[\s\u00ad\u200b-\u200f\u2060\ufeff]+|[\s\u00ad\u200b-\u200f\u2060\ufeff]+$/g;

/** A cell that begins and ends with something visible in ASCII, as nearly all do. */
const PLAIN = /^[!-~](?:.*[!-~])?$/;

const trimmed = (cell: string): string => (cell === '' || PLAIN.test(cell) ? cell : cell.replace(EDGES, ''));

/** The delimiter: what a leading `sep=` line says, else whichever of comma and semicolon the header has more of. */
function delimiterOf(header: string, declared: string | undefined): string {
  if (declared !== undefined) return declared;
  return header.split(';').length > header.split(',').length ? ';' : ',';
}

/**
 * Reads a CSV file that people edit with a spreadsheet: UTF-8 with or without BOM, comma or semicolon, any line end,
 * quoted fields, a leading `sep=` line, header names in any order and case. Rows of empty cells are left out.
 *
 * @param required columns without which the file is unreadable
 * @param take is given each row as it is read: a list of 100,000 of them would take more memory than what is made of
 *   them. Where the file turns out to be unreadable further down, what was given is to be forgotten.
 */
export function readTable(body: Uint8Array, required: readonly string[], take: (row: Row) => void): Table {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { unreadable: 'it is not UTF-8 text (save it as "CSV UTF-8")' };
  }
  if (text.includes('\0')) return { unreadable: 'it is not UTF-8 text (save it as "CSV UTF-8")' };
  const separator = /^"?sep=([,;])"?[^\S\r\n]*(?:\r\n|\n|\r)/i.exec(text);
  const skipped = separator ? 1 : 0;
  const table = text.slice(separator?.[0].length ?? 0);
  if (trimmed(table) === '') return { unreadable: 'it is empty' };
  const delimiter = delimiterOf(table.trimStart().split(/[\r\n]/, 1)[0] ?? '', separator?.[1]);
  let columns: ReadonlyMap<string, number> | string | undefined;
  let rows = 0;
  let ended = 0;
  try {
    parse(table, {
      delimiter,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      on_record: (record: unknown, { lines }: { lines: number }) => {
        if (!isRecord(record)) throw new TypeError('csv-parse gave something else than a record of cells.');
        // What grants access is concealed before anything else is done with a cell: somebody may paste it anywhere.
        const cells = record.map((cell) => concealed(trimmed(cell)));
        // A record begins behind the end of the one before; its cells may have line breaks.
        const line = ended + 1 + skipped;
        ended = lines;
        if (cells.every((cell) => cell === '')) return null;
        if (columns === undefined) columns = columnsOf(cells, required);
        else if (typeof columns !== 'string') {
          rows += 1;
          take(new TableRow(line, cells, columns));
        }
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? ` (near line ${error['lines'] + skipped})` : '';
    return {
      unreadable:
        error.code === 'CSV_QUOTE_NOT_CLOSED'
          ? `a quote is opened and never closed${line}`
          : `its quotes do not fit${line}`,
    };
  }
  columns ??= columnsOf([], required);
  return typeof columns === 'string' ? { unreadable: columns } : { rows };
}

/** The place of each column by its name, or the clause that says what is wrong with the header. */
function columnsOf(
  cells: readonly string[],
  required: readonly string[],
): ReadonlyMap<string, number> | string {
  const header = cells.map((name) => name.toLowerCase());
  const missing = required.filter((column) => !header.includes(column));
  if (missing.length > 0)
    return `its header lacks the ${missing.length === 1 ? 'column' : 'columns'} ${joinWithAnd(missing)} (it reads: ${escapeText(header.join(', '))})`;
  const twice = header.filter((name, index) => name !== '' && header.indexOf(name) !== index);
  if (twice[0] !== undefined) return `its header names the column ${escapeText(twice[0])} twice`;
  // Columns without a name are kept apart, so that as many names are known as the header has cells.
  return new Map(header.map((name, index) => [name === '' ? `\0${index}` : name, index]));
}

/** A row of a table. */
class TableRow implements Row {
  readonly line: number;
  readonly cells: readonly string[];
  private readonly columns: ReadonlyMap<string, number>;

  constructor(line: number, cells: readonly string[], columns: ReadonlyMap<string, number>) {
    this.line = line;
    this.cells = cells;
    this.columns = columns;
  }

  get overlong(): boolean {
    return this.cells.slice(this.columns.size).some((cell) => cell !== '');
  }

  cell(column: string): string {
    return this.cells[this.columns.get(column) ?? -1] ?? '';
  }
}

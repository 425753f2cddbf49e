// Splitting comma-separated text into records of cells, in time that grows with its length and nothing else.

/** One record of a file: its cells as they are written, and the line on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** What is wrong with the quotes of a file: a clause for a sentence. */
export class CsvSyntaxError extends Error {}

/**
 * The records of a CSV text, lines of nothing left out. A quoted cell may hold the delimiter, line breaks and doubled
 * quotes; `="…"`, a spreadsheet's formula for a text, may stand without quotes around it. Line ends may be mixed.
 *
 * @throws CsvSyntaxError where a quote is never closed, or stands where none can
 */
export function* readRecords(text: string, delimiter: string): Generator<CsvRecord> {
  const scanner = new Scanner(text, delimiter);
  for (let record = scanner.next(); record !== undefined; record = scanner.next()) yield record;
}

const QUOTE = '"';
const FORMULA = '="';

class Scanner {
  private readonly text: string;
  private readonly delimiter: string;
  /** What a cell without quotes may hold. */
  private readonly plain: RegExp;
  private at = 0;
  private line = 1;

  constructor(text: string, delimiter: string) {
    this.text = text;
    this.delimiter = delimiter;
    this.plain = new RegExp(`[^${delimiter}"\\r\\n]*`, 'y');
  }

  next(): CsvRecord | undefined {
    while (this.skipLineEnd());
    if (this.at >= this.text.length) return undefined;
    const line = this.line;
    const cells = [this.cell()];
    while (this.text[this.at] === this.delimiter) {
      this.at += 1;
      cells.push(this.cell());
    }
    return { line, cells };
  }

  /** Whether there was a line end to step over. */
  private skipLineEnd(): boolean {
    const letter = this.text[this.at];
    if (letter !== '\n' && letter !== '\r') return false;
    this.at += letter === '\r' && this.text[this.at + 1] === '\n' ? 2 : 1;
    this.line += 1;
    return true;
  }

  private cell(): string {
    if (this.text[this.at] === QUOTE) return this.quoted();
    if (this.text.startsWith(FORMULA, this.at)) {
      this.at += 1;
      return `=${QUOTE}${this.quoted()}${QUOTE}`;
    }
    const begin = this.at;
    this.plain.lastIndex = begin;
    this.plain.test(this.text);
    this.at = this.plain.lastIndex;
    if (this.text[this.at] === QUOTE) throw this.misfit();
    return this.text.slice(begin, this.at);
  }

  private quoted(): string {
    const opened = this.line;
    const parts: string[] = [];
    for (;;) {
      const close = this.text.indexOf(QUOTE, this.at + 1);
      if (close < 0) throw new CsvSyntaxError(`a quote is opened and never closed (near line ${opened})`);
      const part = this.text.slice(this.at + 1, close);
      parts.push(part);
      this.line += part.match(/\r\n|\n|\r/g)?.length ?? 0;
      this.at = close + 1;
      if (this.text[this.at] !== QUOTE) break;
    }
    if (!this.isCellEnd()) throw this.misfit();
    return parts.join(QUOTE);
  }

  private isCellEnd(): boolean {
    const letter = this.text[this.at];
    return letter === undefined || letter === this.delimiter || letter === '\n' || letter === '\r';
  }

  private misfit(): CsvSyntaxError {
    return new CsvSyntaxError(`its quotes do not fit (near line ${this.line})`);
  }
}

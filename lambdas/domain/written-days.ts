// Days as people and their spreadsheets write them (contract section 3).
import { quoteText } from '../text/display.ts';
import { type Day, NO_END, isDay } from './days.ts';

/** How days with slashes or hyphens are read: `31/12/2026`, `12/31/2026`, or none of these. */
export type DateOrder = 'day-first' | 'month-first' | 'iso';

/** By what the days of a list are read. */
export interface DayRules {
  readonly dateOrder: DateOrder;
  /** Days more than 20 years after this one can't be meant; without it none is too far ahead. */
  readonly today?: Day | undefined;
}

/** What readers go by that have no other setting. */
export const DAY_FIRST: DayRules = { dateOrder: 'day-first' };

/** A day with slashes or hyphens and where it stands. */
export interface OrderedDay {
  readonly text: string;
  readonly line: number;
}

/** How the days of a list with slashes or hyphens were read, where not one of them shows in which order they were written. */
export interface AssumedOrder extends OrderedDay {
  readonly order: DateOrder;
  /** What the day was read as. */
  readonly day: Day;
}

/** A day, or the clause in brackets that says what to write. */
export type ReadDay = { readonly day: Day } | { readonly advice: string };

/** Reads the days of one file: what one of them shows holds for all. */
export interface DayReader {
  /** Reads one cell. */
  read(text: string, line: number): ReadDay;
  /** Takes note of what the days in the cells of a row, whatever columns they are in, show of their order. */
  note(cells: readonly string[], line: number): void;
}

/**
 * Reads a file with a {@link DayReader}; twice where one of its days fits the other order only, since then every day with
 * slashes or hyphens is unreadable: another spreadsheet wrote the file.
 */
export function readingDays<Content>(
  rules: DayRules,
  read: (days: DayReader) => Content,
): { readonly content: Content; readonly assumed: AssumedOrder | undefined } {
  const days = new OrderedDays(rules);
  try {
    const content = read(days);
    if (days.contradiction === undefined) return { content, assumed: days.assumed };
  } catch (error) {
    // A file that can't be believed because of its days is refused for their order, not for one of them.
    if (days.contradiction === undefined) throw error;
  }
  return { content: read(days), assumed: undefined };
}

/** Whether a cell holds a day, in whatever order, also one that no calendar has, and nothing else. */
export function looksLikeDay(text: string): boolean {
  return splitDay(text) !== undefined;
}

/** A year before this is a typing error, and a typing error must not end a license. */
const FIRST_YEAR = '2000';
const YEARS_AHEAD = 20;
/** Nothing longer is a day. */
const LONGEST = 40;

const MIDNIGHT = /[\sT]+(?:0?0:00(?::00(?:[.,]0+)?)?(?:Z|[+]00:00)?|12:00(?::00)?\s?AM)$/i;
const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})$/;
/** Of the days with the year first and slashes or dots only this one is read: it can mean nothing else. */
const YEAR_FIRST_NO_END = /^9999(?:\/12\/31|\.12\.31)$/;
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/;
const ORDERED = /^(\d{1,2})([/-])(\d{1,2})\2(\d{4})$/;

/** The numbers of a day: `a` the day, `b` the month, or either where the order says. */
interface WrittenDay {
  readonly form: 'iso' | 'dotted' | 'ordered';
  readonly year: string;
  readonly a: string;
  readonly b: string;
}

function splitDay(text: string): WrittenDay | undefined {
  if (text.length > LONGEST || !/^\d/.test(text)) return undefined;
  const day = text.replace(MIDNIGHT, '').replace(YEAR_FIRST_NO_END, NO_END);
  const iso = ISO.exec(day);
  if (iso) return { form: 'iso', year: iso[1] ?? '', a: iso[3] ?? '', b: iso[2] ?? '' };
  const dotted = DOTTED.exec(day);
  if (dotted) return { form: 'dotted', year: dotted[3] ?? '', a: dotted[1] ?? '', b: dotted[2] ?? '' };
  const ordered = ORDERED.exec(day);
  return ordered
    ? { form: 'ordered', year: ordered[4] ?? '', a: ordered[1] ?? '', b: ordered[3] ?? '' }
    : undefined;
}

function dayOfParts(year: string, month: string, day: string): Day | undefined {
  const text = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  return isDay(text) ? text : undefined;
}

function readDay(
  text: string,
  rules: DayRules & { readonly contradiction: OrderedDay | undefined },
): ReadDay {
  const written = splitDay(text);
  if (written === undefined) return { advice: adviceFor(text) };
  const { form, year, a, b } = written;
  if (year === NO_END.slice(0, 4) && [a, b].sort().join() === '12,31') return { day: NO_END };
  if (form === 'ordered') {
    if (rules.dateOrder === 'iso')
      return { advice: 'days with slashes or hyphens are not read where dateOrder is iso: write YYYY-MM-DD' };
    if (rules.contradiction !== undefined)
      return { advice: contradictionAdvice(rules.contradiction, rules.dateOrder) };
  }
  const isMonthFirst = form === 'ordered' && rules.dateOrder === 'month-first';
  const day = isMonthFirst ? dayOfParts(year, a, b) : dayOfParts(year, b, a);
  if (day === undefined) return { advice: 'no calendar has that day: write YYYY-MM-DD' };
  if (day < FIRST_YEAR) return { advice: `it is before the year ${FIRST_YEAR}: write YYYY-MM-DD` };
  if (isTooFarAhead(day, rules.today))
    return {
      advice: `it is more than ${YEARS_AHEAD} years ahead: write ${NO_END} for a license without end`,
    };
  return { day };
}

function isTooFarAhead(day: Day, today: Day | undefined): boolean {
  if (today === undefined) return false;
  return day > `${Number(today.slice(0, 4)) + YEARS_AHEAD}${today.slice(4)}`;
}

const ORDER_WORDS = { 'day-first': 'day', 'month-first': 'month', iso: 'year' } as const;

function contradictionAdvice({ text, line }: OrderedDay, order: DateOrder): string {
  const other = order === 'day-first' ? 'month-first' : 'day-first';
  return `line ${line} has ${quoteText(text, LONGEST)}, where the ${ORDER_WORDS[other]} comes first, and dateOrder says ${order}: write YYYY-MM-DD in every row`;
}

/** What to write in place of something that is no day. */
function adviceFor(text: string): string {
  if (/^\d+(?:[.,]\d+)?$/.test(text))
    return 'it is a bare number: format the column as a date, and write YYYY-MM-DD';
  if (text.startsWith('=')) return 'it is a formula: write YYYY-MM-DD';
  if (/^\d{1,2}[./-]\d{1,2}[./-]\d{2}$/.test(text)) return 'write all four digits of the year: YYYY-MM-DD';
  if (text.length <= LONGEST && /\d/.test(text) && /\p{L}{3}/u.test(text))
    return 'write the month as a number: YYYY-MM-DD';
  if (/^\d[\d./-]{7,9}[ T]\d/.test(text))
    return 'it has a time of the day: write YYYY-MM-DD and nothing else';
  return 'write YYYY-MM-DD';
}

/** A reader that learns from the days of a file in which order they were written. */
class OrderedDays implements DayReader {
  /** A day that fits the other order only. */
  contradiction: OrderedDay | undefined;
  private readonly rules: DayRules;
  private isShown = false;
  private example: AssumedOrder | undefined;

  constructor(rules: DayRules) {
    this.rules = rules;
  }

  get assumed(): AssumedOrder | undefined {
    return this.isShown ? undefined : this.example;
  }

  read(text: string, line: number): ReadDay {
    const read = readDay(text, { ...this.rules, contradiction: this.contradiction });
    if ('day' in read && this.example === undefined && isAmbiguous(text))
      this.example = { order: this.rules.dateOrder, text, line, day: read.day };
    return read;
  }

  note(cells: readonly string[], line: number): void {
    if (this.contradiction !== undefined) return;
    for (const text of cells) {
      const orders = fittingOrders(text);
      if (orders.length !== 1) continue;
      if (orders[0] === this.rules.dateOrder) this.isShown = true;
      else {
        this.contradiction = { text, line };
        return;
      }
    }
  }
}

/** In which orders a text with slashes or hyphens is a day. */
function fittingOrders(text: string): DateOrder[] {
  const written = splitDay(text);
  if (written?.form !== 'ordered') return [];
  const { year, a, b } = written;
  return [
    ...(dayOfParts(year, b, a) === undefined ? [] : ['day-first' as const]),
    ...(dayOfParts(year, a, b) === undefined ? [] : ['month-first' as const]),
  ];
}

function isAmbiguous(text: string): boolean {
  const { a, b } = splitDay(text) ?? {};
  return fittingOrders(text).length === 2 && Number(a) !== Number(b);
}

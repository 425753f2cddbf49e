// The license list: what each deployment has paid for, and what can't be read of it (contract section 3).
import { AuditorError } from '../errors.ts';
import { splitContent } from '../text/conceal.ts';
import { pluralize, quoteText } from '../text/display.ts';
import { type Row, readTable } from './csv.ts';
import { type Day, NO_END, addDays, daysBetween } from './days.ts';
import { countryOf, isCountry, isWellNamed } from './naming.ts';
import { countriesOf, spellingsOf } from './near-names.ts';
import {
  type AssumedOrder,
  DAY_FIRST,
  type DayReader,
  type DayRules,
  looksLikeDay,
  readingDays,
} from './written-days.ts';

/** What a deployment has paid for: the latest end of its rows counts. */
export interface License {
  readonly deployment: string;
  /** Last day, grace included, on which the license is in force; {@link NO_END} for no end. */
  readonly lastDay: Day;
  /** The day of the row whose end counts, without its grace days: until then the deployment has paid. */
  readonly paidUntil: Day;
  readonly products: readonly string[];
  readonly contact?: string;
}

/** A row that can't be read, and whom it may be about: nothing is withdrawn from these. */
export interface InvalidRow {
  readonly line: number;
  /**
   * What tells it from other unreadable rows of its name, wherever in the file they stand: the columns that can't be
   * read. Made from no cell but a day, also not as a hash: a cell may hold a password, and a hash of one can be guessed.
   */
  readonly distinction: string;
  /** What was in the name's cells, for people; not necessarily a well-formed name. */
  readonly name: string;
  /** Why it can't be read, a clause for a sentence. */
  readonly problem: string;
  readonly about:
    | { readonly scope: 'deployment'; readonly deployment: string }
    | { readonly scope: 'country'; readonly country: string }
    | { readonly scope: 'everybody' };
}

/** A readable row: a product of a deployment. */
export interface LicenseRow {
  readonly deployment: string;
  /** Empty where the row names none. */
  readonly product: string;
  /** `expires_on`. */
  readonly paidUntil: Day;
  /** The same with its grace days. */
  readonly accessUntil: Day;
  readonly line: number;
}

/** The license list as it was read. */
export interface LicenseList {
  readonly licenses: ReadonlyMap<string, License>;
  readonly invalid: readonly InvalidRow[];
  /** The readable rows, in the order of the file. */
  readonly rows: readonly LicenseRow[];
  /** How many rows are not empty, readable or not. */
  readonly rowCount: number;
  /** What stands between its cells; absent where no file was read. */
  readonly separator?: string;
  /** How days with slashes or hyphens were read, where none of them shows in which order they were written. */
  readonly assumedOrder?: AssumedOrder | undefined;
}

/**
 * Reads `licenses.csv` (contract section 3).
 *
 * @param body the file; `undefined` where there is none
 * @param graceDays days added to a row's end where the row does not say
 * @throws AuditorError `LicenseListUnreadable` where the list as a whole can't be believed
 */
export function readLicenses(
  body: Uint8Array | undefined,
  graceDays: number,
  dayRules: DayRules = DAY_FIRST,
): LicenseList {
  if (body === undefined) throw unreadable('it is not in the bucket');
  const { content, assumed } = readingDays(dayRules, (days) => readRows(body, graceDays, days));
  return { ...content, assumedOrder: assumed };
}

/** What is given to people of how days were read that could have meant others: a sentence. */
export function assumedOrderText(
  { order, text, line, day }: AssumedOrder,
  file: 'licenses.csv' | 'exemptions.csv' = 'licenses.csv',
): string {
  return `No day of ${file} shows whether the day or the month comes first, so they were read ${order} (dateOrder): ${quoteText(text, 40)} in line ${line} as ${day}.`;
}

const COLUMNS = {
  required: ['telco', 'country', 'expires_on'],
  optional: ['product', 'grace_days', 'contact', 'note'],
} as const;
/** Beyond this share (and number) of unreadable rows the list as a whole is not believed. */
const UNREADABLE_SHARE = 0.2;
const UNREADABLE_NUMBER = 2;
/** More than a list of the largest size can have and be believed: what comes after is only counted. */
const MAX_REJECTED = 100_000;

function unreadable(reason: string): AuditorError {
  return new AuditorError(
    'LicenseListUnreadable',
    `The license list licenses.csv can't be used: ${reason}; correct licenses.csv and upload it again, nothing is withdrawn until then.`,
  );
}

type Content = Omit<LicenseList, 'assumedOrder'>;

function readRows(body: Uint8Array, graceDays: number, days: DayReader): Content {
  const licenses = new LicenseTable();
  const shifts = new ShiftDetector();
  const rejected: RejectedRow[] = [];
  let unreadableRows = 0;
  const table = readTable(body, COLUMNS, (row) => {
    days.note(row.cells, row.line);
    const read = readRow(row, graceDays, days);
    if ('problem' in read) {
      unreadableRows += 1;
      if (rejected.length < MAX_REJECTED) rejected.push(rejectedRow(row, read));
      return;
    }
    shifts.learn(row);
    licenses.add(read, row.cell('contact'));
  });
  if ('unreadable' in table) throw unreadable(table.unreadable);
  if (table.rows === 0) throw unreadable('it has a header and no rows');
  const [first] = rejected;
  if (first && unreadableRows > UNREADABLE_NUMBER && unreadableRows > UNREADABLE_SHARE * table.rows)
    throw unreadable(
      `${pluralize(unreadableRows, 'row')} of ${table.rows} can't be read (line ${first.line}: ${first.problem})`,
    );
  const expiresAt = table.places.get('expires_on');
  const invalid = rejected.map(({ about, ...row }) => ({
    ...row,
    about: shifts.isShifted(row, expiresAt) ? EVERYBODY : about,
  }));
  return {
    ...licenses.finish(),
    invalid: numbered(invalid),
    rowCount: table.rows,
    separator: table.separator,
  };
}

/** Why a row can't be read, and in which columns. */
interface Problem {
  readonly problem: string;
  readonly column: string;
}

function readRow(row: Row, graceDays: number, days: DayReader): LicenseRow | Problem {
  const mistake = spreadsheetMistake(row);
  if (mistake !== undefined) return { problem: mistake, column: 'row' };
  const name = readName(row.cell('telco').toLowerCase(), row.cell('country').toLowerCase());
  const end = readEnd(row, graceDays, days);
  if ('problem' in name || 'problem' in end || row.overlong) {
    const problems = [
      ...('problem' in name ? [name] : []),
      ...('problem' in end ? [end] : []),
      ...(row.overlong
        ? [{ problem: 'it has more cells than the header has columns', column: 'cells' }]
        : []),
    ];
    return {
      problem: problems.map(({ problem }) => problem).join(' and '),
      column: problems.map(({ column }) => column).join('+'),
    };
  }
  return { deployment: name.name, product: row.cell('product'), ...end, line: row.line };
}

const TOTALS = /^(?:grand |sub)?(?:totals?|totaal|totaux|sum|somme|som|summe|gesamt)\b/i;

/** What a row is that no license is meant by: a clause; `undefined` for any other. */
function spreadsheetMistake(row: Row): string | undefined {
  if (row.isHeader)
    return 'it repeats the names of the columns, which stand in the first line only: delete the row';
  const isNamed = row.cell('telco') !== '' && row.cell('country') !== '';
  return !isNamed && TOTALS.test(row.cells.find((cell) => cell !== '') ?? '')
    ? 'it is a row of totals, which belongs on another sheet: delete the row'
    : undefined;
}

function readEnd(
  row: Row,
  graceDays: number,
  days: DayReader,
): { readonly paidUntil: Day; readonly accessUntil: Day } | Problem {
  const expires = row.cell('expires_on');
  const column = 'expires_on';
  if (expires === '')
    return { column, problem: `expires_on is empty (write YYYY-MM-DD, or ${NO_END} for no end)` };
  const read = days.read(expires, row.line);
  if ('advice' in read)
    return {
      column: columnAndDay(column, expires),
      problem: `expires_on ${quoteText(expires, 40)} is not a day (${read.advice})`,
    };
  const grace = row.cell('grace_days');
  if (grace !== '' && (!/^\d+$/.test(grace) || Number(grace) > 365))
    return {
      column: 'grace_days',
      problem: `grace_days ${quoteText(grace, 40)} is not a whole number from 0 to 365`,
    };
  return { paidUntil: read.day, accessUntil: addDays(read.day, grace === '' ? graceDays : Number(grace)) };
}

/** A column with its cell where that is a day that no calendar has: no secret, and another one is news. */
function columnAndDay(column: string, cell: string): string {
  return /^\d{1,4}([./-])\d{1,2}\1\d{1,4}$/.test(cell) ? `${column} ${cell}` : column;
}

function readName(telco: string, country: string): { name: string } | Problem {
  const name = `${telco}-${country}`;
  if (splitContent(telco, country) !== undefined)
    return { column: 'name', problem: "its telco and country together are a token's content" };
  if (telco === '') return { column: 'telco', problem: 'telco is empty' };
  if (country === '') return { column: 'country', problem: 'country is empty' };
  if (!isCountry(country))
    return { column: 'country', problem: `country ${quoteText(country, 40)} is not letters only` };
  if (!isWellNamed(name)) return { column: 'name', problem: `${quoteText(name)} breaks the naming rule` };
  return { name };
}

const EVERYBODY = { scope: 'everybody' } as const;

function aboutWhom(telco: string, country: string): InvalidRow['about'] {
  const name = `${telco}-${country}`;
  if (splitContent(telco, country) !== undefined) return EVERYBODY;
  if (isWellNamed(name)) return { scope: 'deployment', deployment: name };
  return isCountry(country) ? { scope: 'country', country } : EVERYBODY;
}

/** An unreadable row before it is known in which columns readable ones have days. */
interface RejectedRow extends Omit<InvalidRow, 'distinction'> {
  /** The columns that can't be read. */
  readonly column: string;
  /** The columns in which it has days. */
  readonly dayColumns: readonly number[];
  readonly overlong: boolean;
  readonly short: boolean;
}

function rejectedRow(row: Row, { problem, column }: Problem): RejectedRow {
  const telco = row.cell('telco').toLowerCase();
  const country = row.cell('country').toLowerCase();
  return {
    line: row.line,
    name: splitContent(telco, country) ?? [telco, country].filter((part) => part !== '').join('-'),
    problem,
    about: aboutWhom(telco, country),
    column,
    dayColumns: [...row.cells.keys()].filter((index) => looksLikeDay(row.cells[index] ?? '')),
    overlong: row.overlong,
    short: row.short,
  };
}

/** Unreadable rows with what tells them apart: of two of one name with the same columns the second has another one. */
function numbered(rows: readonly RejectedRow[]): InvalidRow[] {
  const seen = new Map<string, number>();
  return rows.map(({ line, name, problem, about, column }) => {
    const key = `${name}\0${column}`;
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return { line, distinction: nth === 1 ? column : `${column} ${nth}`, name, problem, about };
  });
}

/**
 * Tells unreadable rows whose cells stand in other columns than they were meant for, as behind a comma that nobody
 * quoted: then the name is not the row's name either. Where a readable row has a day, a day is no sign of it.
 */
class ShiftDetector {
  private readonly dayColumns = new Set<number>();

  learn({ cells }: Row): void {
    for (const [column, cell] of cells.entries())
      if (!this.dayColumns.has(column) && looksLikeDay(cell)) this.dayColumns.add(column);
  }

  isShifted(
    { overlong, short, dayColumns }: Pick<RejectedRow, 'overlong' | 'short' | 'dayColumns'>,
    expiresAt: number | undefined,
  ): boolean {
    return (
      overlong || short || dayColumns.some((column) => column !== expiresAt && !this.dayColumns.has(column))
    );
  }
}

/** Gives the first of equal values for all of them: 100,000 rows have few different days, products and contacts. */
function sharing<Value>(keyOf: (value: Value) => string): (value: Value) => Value {
  const firsts = new Map<string, Value>();
  return (value) => {
    const key = keyOf(value);
    const first = firsts.get(key) ?? value;
    if (first === value) firsts.set(key, value);
    return first;
  };
}

/** The readable rows, and what they come to for each deployment. */
class LicenseTable {
  private readonly rows: LicenseRow[] = [];
  /** By deployment: the row that ends last, the products, and the first contact. */
  private readonly byDeployment = new Map<
    string,
    { last: LicenseRow; products: Set<string> | undefined; contact: string }
  >();
  private readonly text = sharing<string>((value) => value);

  add(read: LicenseRow, contact: string): void {
    const row = {
      deployment: this.text(read.deployment),
      product: this.text(read.product),
      paidUntil: this.text(read.paidUntil),
      accessUntil: this.text(read.accessUntil),
      line: read.line,
    };
    this.rows.push(row);
    const known = this.byDeployment.get(row.deployment);
    if (known === undefined) {
      this.byDeployment.set(row.deployment, { last: row, products: undefined, contact: this.text(contact) });
      return;
    }
    if (known.contact === '') known.contact = this.text(contact);
    // Most deployments have one row, and need no set.
    (known.products ??= new Set([known.last.product])).add(row.product);
    if (endsLater(row, known.last)) known.last = row;
  }

  finish(): Pick<LicenseList, 'licenses' | 'rows'> {
    const shared = sharing<readonly string[]>((value) => value.join('\0'));
    const licenses = new Map<string, License>();
    for (const [deployment, { last, products, contact }] of this.byDeployment)
      licenses.set(deployment, {
        deployment,
        lastDay: last.accessUntil,
        paidUntil: last.paidUntil,
        products: shared([...(products ?? [last.product])].filter((product) => product !== '').sort()),
        ...(contact === '' ? {} : { contact }),
      });
    return { licenses, rows: this.rows };
  }
}

/** Whether a row's end counts and not the other's; of two of one end that which is paid for longer. */
function endsLater(row: LicenseRow, other: LicenseRow): boolean {
  return row.accessUntil + row.paidUntil > other.accessUntil + other.paidUntil;
}

/** Whether a license is in force on a day: through the whole of its last one. */
export function isInForce(license: License, today: Day): boolean {
  return today <= license.lastDay;
}

/** Days left: last day minus today, 0 on it, negative after; `Infinity` for no end. */
export function daysLeft(license: License, today: Day): number {
  return license.lastDay === NO_END ? Infinity : daysBetween(today, license.lastDay);
}

/**
 * The unreadable row, if any, because of which nothing may be withdrawn from a deployment in this run: it names it, or
 * it under another spelling of its country, or nobody but its country, or nobody at all.
 */
export function unreadableRowAbout(list: LicenseList, deployment: string): InvalidRow | undefined {
  let rows = protections.get(list);
  if (rows === undefined) protections.set(list, (rows = protectionsOf(list)));
  for (const key of protectionKeys(deployment)) {
    const row = rows.get(key);
    if (row !== undefined) return row;
  }
  return undefined;
}

/** The unreadable rows of a list by whom they may be about: every withdrawal asks. */
const protections = new WeakMap<LicenseList, ReadonlyMap<string, InvalidRow>>();

const nameKeys = (deployment: string): string[] =>
  [deployment, ...spellingsOf(deployment)].map((name) => `name ${name}`);
const countryKeys = (country: string): string[] =>
  [country, ...countriesOf(country)].map((name) => `country ${name}`);

function protectionKeys(deployment: string): string[] {
  return [...nameKeys(deployment), ...countryKeys(countryOf(deployment)), 'everybody'];
}

function protectionsOf(list: LicenseList): ReadonlyMap<string, InvalidRow> {
  const rows = new Map<string, InvalidRow>();
  for (const row of list.invalid) {
    const { about } = row;
    const keys =
      about.scope === 'deployment'
        ? nameKeys(about.deployment)
        : about.scope === 'country'
          ? countryKeys(about.country)
          : ['everybody'];
    for (const key of keys) if (!rows.has(key)) rows.set(key, row);
  }
  return rows;
}

/** Every deployment that a row names, readable or not. */
export function namedInList(list: LicenseList): ReadonlySet<string> {
  const names = new Set(list.licenses.keys());
  for (const { about } of list.invalid) if (about.scope === 'deployment') names.add(about.deployment);
  return names;
}

/** The narrowest of `warnDays` that a number of days left has reached, `undefined` where none. */
export function reachedThreshold(warnDays: readonly number[], left: number): number | undefined {
  const reached = warnDays.filter((days) => left <= days);
  return reached.length === 0 ? undefined : Math.min(...reached);
}

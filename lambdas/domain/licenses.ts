import { createHash } from 'node:crypto';
import { AuditorError } from '../errors.ts';
import { pluralize, escapeText } from '../text/display.ts';
import { type Row, readTable } from './csv.ts';
import { type Day, NO_END, addDays, daysBetween, isDay } from './days.ts';
import { countryOf, isCountry, isWellNamed } from './naming.ts';

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
  /** The same for the same cells, wherever in the file they stand. */
  readonly fingerprint: string;
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
}

const REQUIRED = ['telco', 'country', 'expires_on'] as const;
/** Beyond this share (and number) of unreadable rows the list as a whole is not believed. */
const UNREADABLE_SHARE = 0.2;
const UNREADABLE_NUMBER = 2;
/** A year before this is a typing error, and a typing error must not end a license. */
const FIRST_YEAR = '2000';

/** `YYYY-MM-DD` or `DD.MM.YYYY`, as a day that exists; else `undefined`. */
export function parseDay(text: string): Day | undefined {
  const german = /^(\d{2})\.(\d{2})\.(\d{4})$/.exec(text);
  const day = german ? `${german[3] ?? ''}-${german[2] ?? ''}-${german[1] ?? ''}` : text;
  return isDay(day) && day >= FIRST_YEAR ? day : undefined;
}

function readLastDay(row: Row, graceDays: number): { day: Day; paidUntil: Day } | { problem: string } {
  const expires = row.cell('expires_on');
  const day = parseDay(expires);
  if (day === undefined)
    return {
      problem:
        expires === ''
          ? 'expires_on is empty'
          : `expires_on "${escapeText(expires, 40)}" is not a day (write YYYY-MM-DD)`,
    };
  const grace = row.cell('grace_days');
  if (grace !== '' && (!/^\d{1,3}$/.test(grace) || Number(grace) > 365))
    return { problem: `grace_days "${escapeText(grace, 40)}" is not a whole number from 0 to 365` };
  return { day: addDays(day, grace === '' ? graceDays : Number(grace)), paidUntil: day };
}

function readName(telco: string, country: string): { name: string } | { problem: string } {
  const name = `${telco}-${country}`;
  if (telco === '') return { problem: 'telco is empty' };
  if (country === '') return { problem: 'country is empty' };
  if (!isCountry(country)) return { problem: `country "${escapeText(country, 40)}" is not letters only` };
  if (!isWellNamed(name)) return { problem: `"${escapeText(name)}" breaks the naming rule` };
  return { name };
}

/** Columns that hold no days; unknown ones may. */
const WITHOUT_DAYS = ['product', 'grace_days', 'contact', 'note'] as const;

/**
 * Whether the cells of a row without a readable end stand in other columns than they were meant for, as behind a comma
 * that nobody quoted: then the name is not the row's name either. What looks like a date, however wrong, stands where it
 * was meant to; and a word such as `never` does unless there is a day elsewhere, or it can be a country.
 */
function isShifted(row: Row): boolean {
  if (row.overlong) return true;
  const expires = row.cell('expires_on');
  if (/^\d[\d./\s-]*$/.test(expires)) return false;
  const others = expires === '' ? WITHOUT_DAYS.map((column) => row.cell(column)) : row.cells;
  return /^[a-z]{2}$/i.test(expires) || others.some((cell) => parseDay(cell) !== undefined);
}

function aboutWhom(telco: string, country: string, shifted: boolean): InvalidRow['about'] {
  const name = `${telco}-${country}`;
  if (shifted) return { scope: 'everybody' };
  if (isWellNamed(name)) return { scope: 'deployment', deployment: name };
  return isCountry(country) ? { scope: 'country', country } : { scope: 'everybody' };
}

function unreadable(reason: string): AuditorError {
  return new AuditorError(
    'LicenseListUnreadable',
    `The license list licenses.csv can't be used: ${reason}; correct the file and upload it again, nothing is withdrawn until then.`,
  );
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

/**
 * Reads `licenses.csv` (contract section 3).
 *
 * @param body the file; `undefined` where there is none
 * @param graceDays days added to a row's end where the row does not say
 * @throws AuditorError `LicenseListUnreadable` where the list as a whole can't be believed
 */
export function readLicenses(body: Uint8Array | undefined, graceDays: number): LicenseList {
  if (body === undefined) throw unreadable('it is not in the bucket');
  const licenses = new Map<string, License>();
  const invalid: InvalidRow[] = [];
  const rows: LicenseRow[] = [];
  const seen = new Map<string, number>();
  const text = sharing<string>((value) => value);
  const list = sharing<readonly string[]>((value) => value.join('\0'));
  const take = (row: Row): void => {
    const telco = row.cell('telco').toLowerCase();
    const country = row.cell('country').toLowerCase();
    const name = readName(telco, country);
    const end = readLastDay(row, graceDays);
    if ('problem' in name || 'problem' in end || row.overlong) {
      const problems = [
        ...('problem' in name ? [name.problem] : []),
        ...('problem' in end ? [end.problem] : []),
        ...(row.overlong ? ['it has more cells than the header has columns'] : []),
      ];
      const cells = [...REQUIRED, 'grace_days', 'product'].map((column) => row.cell(column)).join('\0');
      const nth = (seen.get(cells) ?? 0) + 1;
      seen.set(cells, nth);
      invalid.push({
        line: row.line,
        fingerprint: createHash('sha256').update(`${cells}\0${nth}`).digest('hex').slice(0, 12),
        name: [telco, country].filter((part) => part !== '').join('-'),
        problem: problems.join(' and '),
        about: aboutWhom(telco, country, 'problem' in end && isShifted(row)),
      });
      return;
    }
    const known = licenses.get(name.name);
    const product = text(row.cell('product'));
    rows.push({
      deployment: known?.deployment ?? name.name,
      product,
      paidUntil: text(end.paidUntil),
      accessUntil: text(end.day),
      line: row.line,
    });
    const contact = known?.contact ?? row.cell('contact');
    const own = product === '' ? [] : [product];
    const products = known === undefined ? own : [...new Set([...known.products, ...own])].sort();
    const isLater = known === undefined || end.day >= known.lastDay;
    licenses.set(name.name, {
      deployment: name.name,
      lastDay: text(isLater ? end.day : known.lastDay),
      paidUntil: text(isLater ? end.paidUntil : known.paidUntil),
      products: list(products),
      ...(contact === '' ? {} : { contact: text(contact) }),
    });
  };
  const table = readTable(body, REQUIRED, take);
  if ('unreadable' in table) throw unreadable(table.unreadable);
  if (table.rows === 0) throw unreadable('it has a header and no rows');
  if (invalid.length > UNREADABLE_NUMBER && invalid.length > UNREADABLE_SHARE * table.rows)
    throw unreadable(
      `${pluralize(invalid.length, 'row')} of ${table.rows} can't be read (line ${invalid[0]?.line ?? 0}: ${invalid[0]?.problem ?? ''})`,
    );
  return { licenses, invalid, rows, rowCount: table.rows };
}

/** Whether a license is in force on a day: through the whole of its last one. */
export function isInForce(license: License, today: Day): boolean {
  return today <= license.lastDay;
}

/** Days left: last day minus today, 0 on it, negative after; `Infinity` for no end. */
export function daysLeft(license: License, today: Day): number {
  return license.lastDay === NO_END ? Infinity : daysBetween(today, license.lastDay);
}

/** The unreadable row, if any, because of which nothing may be withdrawn from a deployment in this run. */
export function unreadableRowAbout(list: LicenseList, deployment: string): InvalidRow | undefined {
  return list.invalid.find(
    ({ about }) =>
      about.scope === 'everybody' ||
      (about.scope === 'deployment' && about.deployment === deployment) ||
      (about.scope === 'country' && about.country === countryOf(deployment)),
  );
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

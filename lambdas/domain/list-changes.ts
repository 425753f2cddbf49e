// What changed in the license list since it was last read: rows added and gone, ends moved forward and back.
import { displayName } from '../text/display.ts';
import type { Day } from './days.ts';
import type { Ledger } from './ledger.ts';
import { shortDay } from './nights.ts';

/** A row of the license list, as far as its changes are reported. */
export interface ComparedRow {
  readonly deployment: string;
  readonly product: string;
  readonly paidUntil: Day;
  /** Grace included. */
  readonly accessUntil: Day;
}

/** The rows of which somebody could read how they had changed: what the next mail compares with. */
export function rowsReported({
  reportedRows,
  licenseRows,
}: Pick<Ledger, 'reportedRows' | 'licenseRows'>): Ledger['licenseRows'] {
  return reportedRows ?? licenseRows;
}

/** What changed. */
export interface ListChanges {
  /** The deployments whose rows changed. */
  readonly names: ReadonlySet<string>;
  /** One printable sentence each, by deployment: first those that take something away, since the first are read. */
  readonly sentences: readonly string[];
}

/**
 * Compares the rows of two lists by deployment and product, whatever order they stand in. Pure.
 *
 * @param before the rows as they were last read; `null` where they never were: then nothing is said to be new
 */
export function listChanges(
  before: readonly ComparedRow[] | null,
  now: readonly ComparedRow[],
  today: Day,
): ListChanges {
  if (before === null) return { names: new Set(now.map(({ deployment }) => deployment)), sentences: [] };
  const [earlier, later] = [byProduct(before), byProduct(now)];
  const changes: Change[] = [];
  for (const key of new Set([...earlier.keys(), ...later.keys()])) {
    const [was, is] = [
      unmatched(earlier.get(key), later.get(key)),
      unmatched(later.get(key), earlier.get(key)),
    ];
    for (let index = 0; index < Math.max(was.length, is.length); index++)
      changes.push(changeOf(was[index], is[index], today));
  }
  changes.sort(
    (a, b) =>
      Number(b.isLoss) - Number(a.isLoss) ||
      (a.deployment < b.deployment ? -1 : a.deployment > b.deployment ? 1 : a.sentence < b.sentence ? -1 : 1),
  );
  return {
    names: new Set(changes.map(({ deployment }) => deployment)),
    sentences: changes.map(({ sentence }) => sentence),
  };
}

interface Change {
  readonly deployment: string;
  readonly sentence: string;
  /** A row that is gone, or an end that moved back. */
  readonly isLoss: boolean;
}

/** The rows of each deployment's product, the latest end first: two rows of one product are two entries. */
function byProduct(rows: readonly ComparedRow[]): Map<string, ComparedRow[]> {
  const groups = Map.groupBy(rows, ({ deployment, product }) => `${deployment}\0${product}`);
  for (const group of groups.values()) group.sort((a, b) => (daysOf(a) > daysOf(b) ? -1 : 1));
  return groups;
}

/** Two rows of one product with the same days are the same. */
const daysOf = ({ paidUntil, accessUntil }: ComparedRow): string => `${accessUntil} ${paidUntil}`;

/** Rows that the other list has no equal of. */
function unmatched(rows: readonly ComparedRow[] = [], others: readonly ComparedRow[] = []): ComparedRow[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(daysOf(other), (left.get(daysOf(other)) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(daysOf(row)) ?? 0;
    left.set(daysOf(row), count - 1);
    return count <= 0;
  });
}

function changeOf(was: ComparedRow | undefined, is: ComparedRow | undefined, today: Day): Change {
  const { deployment = '', product = '' } = was ?? is ?? {};
  const name = `${displayName(deployment)}${product === '' ? '' : ` (${displayName(product)})`}`;
  const days = ({ paidUntil, accessUntil }: ComparedRow): string =>
    `paid until ${shortDay(paidUntil, today)}, access until ${shortDay(accessUntil, today)}`;
  if (was === undefined)
    return { deployment, isLoss: false, sentence: `${name} is new: ${is === undefined ? '' : days(is)}.` };
  if (is === undefined)
    return {
      deployment,
      isLoss: true,
      sentence: `${name} is gone from the list (it was ${days(was)}).`,
    };
  const word =
    is.accessUntil > was.accessUntil
      ? 'moved forward'
      : is.accessUntil < was.accessUntil
        ? 'moved BACK'
        : 'stayed, its grace changed';
  return {
    deployment,
    isLoss: is.accessUntil < was.accessUntil,
    sentence: `${name}: the end ${word}, from ${shortDay(was.accessUntil, today)} to ${shortDay(is.accessUntil, today)} (now ${days(is)}).`,
  };
}

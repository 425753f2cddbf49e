// The shrink guard: which inputs lost too much to be believed, and what each is compared with.
import { capitalized, joinWithAnd, pluralize } from '../../text/display.ts';
import type { Day } from '../days.ts';
import type { Exemption } from '../exemptions.ts';
import type { Ledger, LicenseRow, Measures } from '../ledger.ts';
import type { LicenseList } from '../licenses.ts';
import type { Snapshot } from '../snapshot.ts';

/** An input that lost more than this share of its entries, and more than this number, is not believed. */
const SHRUNK_SHARE = 0.2;
const SHRUNK_NUMBER = 2;

/** An input that lost too many of its entries, against the last whole run in which it had not. */
export interface ShrunkInput {
  readonly input: keyof Measures;
  /** A clause: what became of it since when. */
  readonly text: string;
}

/** What shrank, in one sentence for mail and page: the first that both say. */
export function shrunkSentence(shrunk: readonly ShrunkInput[]): string {
  return `${capitalized(joinWithAnd(shrunk.map(({ text }) => text)))} since the last whole run.`;
}

/** Whether an input lost more than 20 % of its entries and more than 2. */
export function hasShrunk(before: number, lost: number): boolean {
  return lost > SHRUNK_NUMBER && lost > SHRUNK_SHARE * before;
}

/** The inputs that lost more than 20 % and more than 2 of their entries; none of what was not read or never measured. */
export function shrunkInputs(ledger: Ledger, snapshot: Snapshot): ShrunkInput[] {
  const { keys, licenses, exemptions, tokens } = snapshot.inputs;
  return [
    tokens && countLoss('tokens', "Docker Hub's list", ledger.measures.tokens ?? 0, snapshot.tokens.length),
    keys && countLoss('keys', "Vault's keys", ledger.measures.keys ?? 0, keys.names.length),
    licenses && rowLoss(ledger, licenses),
    exemptions && exemptionLoss(ledger.measures.exemptions, exemptions, snapshot.today),
  ].filter((loss) => loss !== undefined);
}

/** What a whole run did to its inputs, and whether what it read counts as the measure although it shrank. */
export interface RunOnInputs {
  /** An approval takes the new counts. */
  readonly approved: boolean;
  /** Tokens and keys that the run deleted itself. */
  readonly deleted: { readonly tokens: number; readonly keys: number };
}

/** What the next run compares its inputs with, and remembers of the license list's rows. */
export function rememberInputs(
  ledger: Ledger,
  snapshot: Snapshot,
  { approved, deleted }: RunOnInputs,
): Pick<Ledger, 'measures' | 'licenseRows' | 'passedEnds'> {
  const { keys, licenses, exemptions, tokens } = snapshot.inputs;
  const { measures } = ledger;
  const shrunk = shrunkInputs(ledger, snapshot);
  const isNew = (input: keyof Measures, read: unknown): boolean =>
    read !== undefined && (approved || !shrunk.some((loss) => loss.input === input));
  return {
    measures: {
      tokens: isNew('tokens', tokens) ? snapshot.tokens.length - deleted.tokens : measures.tokens,
      keys: keys && isNew('keys', keys) ? keys.names.length - deleted.keys : measures.keys,
      licenses:
        licenses && isNew('licenses', licenses)
          ? { deployments: licenses.licenses.size, rows: null }
          : measures.licenses && {
              deployments: measures.licenses.deployments,
              rows: measures.licenses.rows ?? ledger.licenseRows,
            },
      exemptions:
        exemptions && isNew('exemptions', exemptions)
          ? exemptions.map(({ label, until }) => ({ label, until }))
          : measures.exemptions,
    },
    licenseRows: licenses === undefined ? ledger.licenseRows : rowsOf(licenses),
    passedEnds: passedEndsAfter(ledger, snapshot),
  };
}

/** The ends that had passed when they were read: they stay passed until a row says otherwise. */
export function passedEndsAfter(ledger: Ledger, { inputs, today }: Snapshot): Ledger['passedEnds'] {
  const { licenses } = inputs;
  if (licenses === undefined) return ledger.passedEnds;
  const gone = ledger.passedEnds.filter(({ deployment }) => !licenses.licenses.has(deployment));
  const passed = [...licenses.licenses.values()].filter(({ lastDay }) => lastDay < today);
  return [...gone, ...passed.map(({ deployment, lastDay }) => ({ deployment, end: lastDay }))];
}

function rowsOf({ rows }: LicenseList): LicenseRow[] {
  return rows.map(({ deployment, product, paidUntil, accessUntil }) => ({
    deployment,
    product,
    paidUntil,
    accessUntil,
  }));
}

function countLoss(
  input: 'tokens' | 'keys',
  name: string,
  before: number,
  now: number,
): ShrunkInput | undefined {
  if (!hasShrunk(before, before - now)) return undefined;
  return { input, text: `${name} went from ${before} to ${now}` };
}

/** The ends of each deployment's product, the latest first: two rows of one product are two entries. */
function endsOf(rows: readonly LicenseRow[]): Map<string, Day[]> {
  const ends = new Map<string, Day[]>();
  for (const { deployment, product, accessUntil } of rows) {
    const key = `${deployment}\0${product}`;
    const of = ends.get(key);
    if (of === undefined) ends.set(key, [accessUntil]);
    else of.push(accessUntil);
  }
  for (const of of ends.values()) of.sort().reverse();
  return ends;
}

/** Whether a row stands where it stood and lasts no shorter: most nights all do, and none has to be looked up. */
const isKept = (before: LicenseRow, now: LicenseRow | undefined): boolean =>
  before.deployment === now?.deployment &&
  before.product === now.product &&
  before.accessUntil <= now.accessUntil;

/** Rows that are gone, and rows whose access ends earlier, matched by deployment and product. */
function rowLoss(ledger: Ledger, list: LicenseList): ShrunkInput | undefined {
  const measure = ledger.measures.licenses;
  if (measure === null) return undefined;
  const before = measure.rows ?? ledger.licenseRows;
  const name = 'the license list';
  if (before === null) {
    // Version 1 counted deployments and remembered no rows.
    const [then, now] = [measure.deployments, list.licenses.size];
    return hasShrunk(then, then - now)
      ? { input: 'licenses', text: `${name} went from ${then} to ${now} deployments` }
      : undefined;
  }
  if (before.every((row, index) => isKept(row, list.rows[index]))) return undefined;
  const ends = endsOf(list.rows);
  let [gone, earlier] = [0, 0];
  for (const [key, then] of endsOf(before)) {
    const now = ends.get(key) ?? [];
    // Each row of now stands for one of then that it lasts as long as, the longest first.
    let matched = 0;
    for (const end of then) if ((now[matched] ?? '') >= end) matched += 1;
    const fewer = Math.max(0, then.length - now.length);
    gone += fewer;
    earlier += then.length - matched - fewer;
  }
  if (!hasShrunk(before.length, gone + earlier)) return undefined;
  const lost = [
    ...(gone === 0 ? [] : [`${pluralize(gone, 'row')} of ${before.length} are gone`]),
    ...(earlier === 0 ? [] : [`the access of ${pluralize(earlier, 'row')} of ${before.length} ends earlier`]),
  ];
  return {
    input: 'licenses',
    text: `${name} went from ${before.length} to ${pluralize(list.rows.length, 'row')} (${lost.join(', ')})`,
  };
}

/** Exemptions that were removed before their end. */
function exemptionLoss(
  before: Measures['exemptions'],
  exemptions: readonly Exemption[],
  today: Day,
): ShrunkInput | undefined {
  if (before === null) return undefined;
  const left = new Map<string, number>();
  for (const { label } of exemptions) left.set(label, (left.get(label) ?? 0) + 1);
  let lost = 0;
  for (const { label, until } of before) {
    const count = left.get(label) ?? 0;
    if (count > 0) left.set(label, count - 1);
    else if (until === undefined || until >= today) lost += 1;
  }
  return hasShrunk(before.length, lost)
    ? { input: 'exemptions', text: `the exemptions went from ${before.length} to ${exemptions.length}` }
    : undefined;
}

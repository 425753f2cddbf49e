// The labels that the audit leaves alone (contract section 3).
import { AuditorError } from '../errors.ts';
import { quoteText } from '../text/display.ts';
import { type Row, readTable } from './csv.ts';
import type { Day } from './days.ts';
import { type FindingKind, isFindingKind } from './findings.ts';
import type { Ledger } from './ledger.ts';
import { type AssumedOrder, DAY_FIRST, type DayReader, type DayRules, readingDays } from './written-days.ts';

/** A label that the audit leaves alone, as one row of `exemptions.csv` says. */
export interface Exemption {
  readonly label: string;
  readonly reason: string;
  readonly owner: string;
  /** Last day on which it is in force; absent for no end. */
  readonly until?: Day;
  /** Empty: every kind, and no withdrawal. */
  readonly findings: readonly FindingKind[];
}

/** The exemptions as they were read. */
export interface ExemptionList {
  readonly exemptions: readonly Exemption[];
  /** How days with slashes or hyphens were read, where none of them shows in which order they were written. */
  readonly assumedOrder?: AssumedOrder | undefined;
}

const COLUMNS = { required: ['label', 'reason', 'owner', 'until'], optional: ['findings'] } as const;

function unreadable(reason: string): AuditorError {
  return new AuditorError(
    'ExemptionsUnreadable',
    `The exemptions in exemptions.csv can't be used: ${reason}; correct exemptions.csv and upload it again, nothing is withdrawn until then.`,
  );
}

/**
 * Reads `exemptions.csv` (contract section 3). Unlike the license list it is believed whole or not at all: a row that
 * is lost would take somebody's protection away.
 *
 * @param body the file; `undefined` where there is none
 * @param known whether an earlier run saw the file: then it may be emptied, not taken away
 * @throws AuditorError `ExemptionsUnreadable`
 */
export function readExemptionList(
  body: Uint8Array | undefined,
  known: boolean,
  dayRules: DayRules = DAY_FIRST,
): ExemptionList {
  if (body === undefined) {
    if (known)
      throw unreadable(
        'an earlier night read the file and now it is gone (to have none, upload it with its header only)',
      );
    return { exemptions: [] };
  }
  // An exemption may be meant for long.
  const { dateOrder } = dayRules;
  const { content, assumed } = readingDays({ dateOrder }, (days) => readRows(body, days));
  return { exemptions: content, assumedOrder: assumed };
}

/** The rows of {@link readExemptionList}, for those who need not know how their days were read. */
export function readExemptions(...file: Parameters<typeof readExemptionList>): readonly Exemption[] {
  return readExemptionList(...file).exemptions;
}

function readRows(body: Uint8Array, days: DayReader): readonly Exemption[] {
  const rows: Row[] = [];
  const table = readTable(body, COLUMNS, (row) => {
    days.note(row.cells, row.line);
    rows.push(row);
  });
  if ('unreadable' in table) throw unreadable(table.unreadable);
  return rows.map((row) => readExemption(row, days));
}

function readExemption(row: Row, days: DayReader): Exemption {
  const at = `line ${row.line}`;
  const label = row.cell('label');
  if (label === '') throw unreadable(`${at} names no label`);
  if (row.isHeader) throw unreadable(`${at} repeats the names of the columns`);
  if (row.overlong) throw unreadable(`${at} has more cells than the header has columns`);
  const until = row.cell('until');
  const read = until === '' ? undefined : days.read(until, row.line);
  if (read !== undefined && 'advice' in read)
    throw unreadable(`${at}: until ${quoteText(until, 40)} is not a day (${read.advice})`);
  const words = row
    .cell('findings')
    .split(/\s/)
    .filter((word) => word !== '');
  const findings = words.filter(isFindingKind);
  const unknown = words.find((word) => !findings.some((kind) => kind === word));
  if (unknown !== undefined)
    throw unreadable(
      `${at}: ${quoteText(unknown, 40)} is no kind of finding (write kinds as the mails do, with spaces between them, or nothing for all)`,
    );
  return {
    label,
    reason: row.cell('reason'),
    owner: row.cell('owner'),
    ...(read === undefined ? {} : { until: read.day }),
    findings,
  };
}

/** Whether an exemption is in force on a day: until that day is over. */
export function isExemptionInForce(exemption: Exemption, today: Day): boolean {
  return exemption.until === undefined || today <= exemption.until;
}

/** Which kinds of finding are not reported of a label, and whether its access is never withdrawn. */
export interface Exempted {
  readonly everything: boolean;
  readonly kinds: ReadonlySet<FindingKind>;
}

/** The exemptions in force by label; several rows of one label add up. */
export function exemptedLabels(exemptions: readonly Exemption[], today: Day): ReadonlyMap<string, Exempted> {
  const labels = new Map<string, Exempted>();
  for (const exemption of exemptions) {
    if (!isExemptionInForce(exemption, today)) continue;
    const before = labels.get(exemption.label);
    labels.set(exemption.label, {
      everything: exemption.findings.length === 0 || (before?.everything ?? false),
      kinds: new Set([...(before?.kinds ?? []), ...exemption.findings]),
    });
  }
  return labels;
}

/**
 * The exemptions that were read last, as far as the ledger remembers them: who is not judged where the file can't be
 * read. One whose kinds nobody remembers counts as one from everything.
 */
export function lastExemptions({ exemptions, measures }: Ledger): readonly Exemption[] {
  const known = exemptions ?? [];
  const others = (measures.exemptions ?? []).filter(
    ({ label, until }) => !known.some((entry) => entry.label === label && entry.until === until),
  );
  return [...known, ...others].map(rememberedExemption);
}

function rememberedExemption({
  label,
  until,
  findings,
}: {
  readonly label: string;
  readonly until?: Day | undefined;
  readonly findings?: readonly string[] | undefined;
}): Exemption {
  return {
    label,
    reason: '',
    owner: '',
    ...(until === undefined ? {} : { until }),
    findings: findings?.filter(isFindingKind) ?? [],
  };
}

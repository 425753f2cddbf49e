// What a mail says of exemptions: which came, went, changed or end soon.
import { type Day, daysBetween } from '../domain/days.ts';
import { type Exemption, isExemptionInForce } from '../domain/exemptions.ts';
import type { Ledger } from '../domain/ledger.ts';
import { shortDay } from '../domain/nights.ts';
import { pluralize, joinWithAnd, quoteProse, displayName } from '../text/display.ts';

/** An exemption's end is reported so many days before. */
const END_REPORTED_DAYS = 7;

/** What a mail says of exemptions, and what the ledger remembers of them then. */
export interface ExemptionNews {
  readonly lines: readonly string[];
  readonly remembered: NonNullable<Ledger['exemptions']> | null;
}

type Remembered = NonNullable<Ledger['exemptions']>[number];

/** The kinds of a row, each once and in order: another order is no other exemption. */
const kindsOf = ({ findings }: Exemption): string[] => [...new Set(findings)].sort();

const fromWhat = (kinds: readonly string[]): string =>
  kinds.length === 0 ? 'from everything' : `from ${joinWithAnd(kinds)}`;

/** Who says why: what the file's cells hold is what somebody wrote. */
function statementOf({ owner, reason }: Exemption): string {
  if (reason === '') return owner === '' ? 'nobody says why' : `${quoteProse(owner, 60)} does not say why`;
  return `${owner === '' ? 'somebody' : quoteProse(owner, 60)} says ${quoteProse(reason, 200)}`;
}

/** The same for the same exemption; without kinds it is what an earlier version knew of it. */
const keyOf = (label: string, until: Day | undefined, kinds?: readonly string[]): string =>
  [label, until ?? '', ...(kinds === undefined ? [] : [kinds.join(' ')])].join('\0');

/** Exemptions that ended although their label still has another one, where no new one took their place. */
function narrowed(
  before: readonly Remembered[],
  now: ReadonlySet<string>,
  labels: ReadonlySet<string>,
  renewed: ReadonlySet<string>,
): string[] {
  return before.flatMap(({ label, until, findings }) =>
    findings === undefined ||
    !labels.has(label) ||
    renewed.has(label) ||
    now.has(keyOf(label, until, findings))
      ? []
      : [`${displayName(label)} is no longer exempt ${fromWhat(findings)}.`],
  );
}

const endOf = ({ until }: Exemption, today: Day): string =>
  until === undefined ? 'no end' : `until ${shortDay(until, today)}`;

function beginningOf(exemption: Exemption, isKnown: boolean, today: Day): string {
  const from = fromWhat(kindsOf(exemption));
  return `${displayName(exemption.label)} is ${isKnown ? 'now ' : ''}exempt ${from}, ${endOf(exemption, today)}: ${statementOf(exemption)}`;
}

function endingOf(exemption: Exemption, left: number, today: Day): string {
  const time = left === 0 ? 'today only' : `${pluralize(left, 'more day')}, ${endOf(exemption, today)}`;
  return `${displayName(exemption.label)} is exempt ${fromWhat(kindsOf(exemption))} for ${time}: ${statementOf(exemption)}`;
}

/**
 * Exemptions that came, went, changed what they are from, or end within 7 days (contract section 3): each reported once. One
 * that is widened to everything ends every withdrawal of its label, so its kinds are named.
 */
export function exemptionNews(
  before: Ledger['exemptions'],
  now: readonly Exemption[],
  fileThere: boolean,
  today: Day,
): ExemptionNews {
  const inForce = now.filter((exemption) => isExemptionInForce(exemption, today));
  const known = new Map(
    (before ?? []).map((entry) => [keyOf(entry.label, entry.until, entry.findings), entry]),
  );
  const knownLabels = new Set((before ?? []).map(({ label }) => label));
  const labels = new Set(inForce.map(({ label }) => label));
  const renewed = new Set<string>();
  const remembered = new Map<string, Remembered>();
  const lines: string[] = [];
  for (const exemption of inForce) {
    const { label, until } = exemption;
    const kinds = kindsOf(exemption);
    const entry = known.get(keyOf(label, until, kinds)) ?? known.get(keyOf(label, until));
    const left = until === undefined ? Infinity : daysBetween(today, until);
    if (entry === undefined) {
      renewed.add(label);
      lines.push(beginningOf(exemption, knownLabels.has(label), today));
    } else if (left <= END_REPORTED_DAYS && !entry.endReported) lines.push(endingOf(exemption, left, today));
    remembered.set(keyOf(label, until, kinds), {
      label,
      ...(until === undefined ? {} : { until }),
      findings: kinds,
      endReported: left <= END_REPORTED_DAYS,
    });
  }
  for (const label of knownLabels)
    if (!labels.has(label)) lines.push(`${displayName(label)} is no longer exempt.`);
  lines.push(...narrowed(before ?? [], new Set(remembered.keys()), labels, renewed));
  return { lines, remembered: fileThere ? [...remembered.values()] : null };
}

import { daysBetween, type Day } from './days.ts';
import { isExemptionInForce, type Exemption } from './exemptions.ts';
import type { Ledger } from './ledger.ts';
import { counted, printable, shownName } from './printable.ts';

/** An exemption's end is told so many days before. */
const END_TOLD_DAYS = 7;

/** What a mail says of exemptions, and what the ledger remembers of them then. */
export interface ExemptionNews {
  readonly lines: readonly string[];
  readonly remembered: NonNullable<Ledger['exemptions']> | null;
}

/** Exemptions that came, went, or end within 7 days (contract section 3): each told once. */
export function exemptionNews(
  before: Ledger['exemptions'],
  now: readonly Exemption[],
  fileThere: boolean,
  today: Day,
): ExemptionNews {
  const inForce = now.filter((exemption) => isExemptionInForce(exemption, today));
  const told = before ?? [];
  const known = new Map(told.map((entry) => [`${entry.label}\0${entry.until ?? ''}`, entry]));
  const keyOf = ({ label, until }: Exemption): string => `${label}\0${until ?? ''}`;
  const labels = new Set(inForce.map(({ label }) => label));
  const lines: string[] = [];
  for (const exemption of inForce) {
    const { label, until, owner, reason } = exemption;
    const name = shownName(label);
    const entry = known.get(keyOf(exemption));
    const left = until === undefined ? Infinity : daysBetween(today, until);
    const who = `${owner === '' ? 'no owner' : printable(owner, 60)}: ${reason === '' ? 'no reason given' : printable(reason, 200)}`;
    if (entry === undefined)
      lines.push(`${name} is exempt ${until === undefined ? 'without end' : `until ${until}`} (${who}).`);
    else if (left <= END_TOLD_DAYS && !entry.endTold)
      lines.push(
        `${name} is exempt for ${left === 0 ? 'today only' : `${counted(left, 'more day')}, until ${until ?? ''}`} (${who}).`,
      );
  }
  for (const label of new Set(told.map((entry) => entry.label)))
    if (!labels.has(label)) lines.push(`${shownName(label)} is no longer exempt.`);
  const remembered = new Map(
    inForce.map((exemption) => {
      const { label, until } = exemption;
      const left = until === undefined ? Infinity : daysBetween(today, until);
      return [
        keyOf(exemption),
        { label, ...(until === undefined ? {} : { until }), endTold: left <= END_TOLD_DAYS },
      ];
    }),
  );
  return { lines, remembered: fileThere ? [...remembered.values()] : null };
}

// What changed in the lists and HOLD since they were last read.
import type { Exemption } from '../domain/exemptions.ts';
import type { Ledger } from '../domain/ledger.ts';
import { listChanges, rowsReported } from '../domain/list-changes.ts';
import { alertKey, reportedItems } from '../domain/reported.ts';
import { exemptionNews } from '../mail/exemption-news.ts';
import { displayName } from '../text/display.ts';
import { exemptionAlerts } from './list-alerts.ts';
import type { Night } from './night.ts';

/** What an upload changed. */
export interface ReviewedChange {
  /** Whether it is about a deployment: `HOLD` is about all. */
  readonly touches: (deployment: string) => boolean;
  /** One printable sentence each; empty where nothing changed. */
  readonly sentences: readonly string[];
  /** The exemptions to remember. */
  readonly exemptions: Ledger['exemptions'];
  /** Of the sentences, the keys of those that a night would say as well, and that are to be remembered as said. */
  readonly alertKeys: readonly string[];
}

/** Compares what was read with what the ledger says was read last. Pure. */
export function changeSeen({ reading, decision }: Night): ReviewedChange {
  const { ledger, licenses } = reading.inputs;
  const { today } = decision.snapshot;
  const rows = listChanges(rowsReported(ledger), licenses.rows, today);
  const isFirst = ledger.licenseRows === null;
  const hold = holdChange(ledger, reading.hold);
  const exemptions = exemptionChange(ledger, reading.inputs.exemptions, reading.exemptionsThere, today);
  const reported = reportedItems(ledger);
  const alerts = exemptionAlerts(reading.inputs.exemptions, ledger, decision.snapshot)
    .map(({ key, text }) => ({ key: alertKey(key), text }))
    .filter(({ key }) => !reported.has(key));
  return {
    touches: (deployment) =>
      hold !== undefined || rows.names.has(deployment) || exemptions.labels.has(deployment),
    sentences: [
      ...(hold === undefined ? [] : [hold]),
      ...(isFirst ? ['licenses.csv is read for the first time: no night has gone by it yet.'] : []),
      // First, since what does not fit into the mail is cut at the end.
      ...alerts.map(({ text }) => text),
      ...rows.sentences,
      ...exemptions.lines,
    ],
    exemptions: exemptions.remembered,
    alertKeys: alerts.map(({ key }) => key),
  };
}

/** `HOLD` as the last mail that somebody could read had it. */
function holdChange(ledger: Ledger, isThere: boolean): string | undefined {
  const wasThere = reportedItems(ledger).has('HOLD');
  if (wasThere === isThere) return undefined;
  return isThere
    ? 'HOLD is in the bucket now: nobody is cut off while it is there.'
    : 'HOLD is gone: withdrawals go on. Whoever it held is announced again first.';
}

/** The exemptions that came, went or changed; what of the others comes due is the night's. */
function exemptionChange(
  ledger: Ledger,
  now: readonly Exemption[],
  isThere: boolean,
  today: string,
): {
  readonly labels: ReadonlySet<string>;
  readonly lines: readonly string[];
  readonly remembered: Ledger['exemptions'];
} {
  const before = ledger.exemptions ?? [];
  const { lines, remembered } = exemptionNews(ledger.exemptions, now, isThere, today);
  const keyOf = ({
    label,
    until,
    findings = [],
  }: {
    label: string;
    until?: string | undefined;
    findings?: readonly string[] | undefined;
  }): string => JSON.stringify([label, until ?? '', [...new Set(findings)].sort()]);
  const [was, is] = [new Set(before.map(keyOf)), new Set((remembered ?? []).map(keyOf))];
  const labels = new Set([
    ...before.filter((entry) => !is.has(keyOf(entry))).map(({ label }) => label),
    ...(remembered ?? []).filter((entry) => !was.has(keyOf(entry))).map(({ label }) => label),
  ]);
  return {
    labels,
    lines: lines.filter((line) => [...labels].some((label) => line.startsWith(`${displayName(label)} is `))),
    remembered:
      remembered === null
        ? null
        : [
            ...before.filter(({ label }) => !labels.has(label)),
            ...remembered.filter(({ label }) => labels.has(label)),
          ],
  };
}

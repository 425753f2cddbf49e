// The objects in the bucket (contract section 2).

import type { Day } from '../domain/days.ts';
import { isSimilar } from '../domain/similar-words.ts';

/** Keys of the objects in the bucket, each by its one name (contract section 2). */
export const OBJECTS = {
  licenses: 'licenses.csv',
  exemptions: 'exemptions.csv',
  hold: 'HOLD',
  ledger: 'ledger.json',
  lease: 'lease.json',
  reports: 'reports/',
} as const;

/** Key of a run's JSON report; its page has `.html` instead. */
export function reportKey(runId: string, day: Day, dry: boolean): string {
  return `${OBJECTS.reports}${dry ? 'dry-run/' : ''}${day.replaceAll('-', '/')}/${runId}.json`;
}

/** Key of the page beside a JSON report. */
export function pageKey(report: string): string {
  return report.replace(/\.json$/, '.html');
}

/**
 * Whether an object at the top of the bucket holds all withdrawals: its name without blanks, case and extension is
 * `hold`. Windows shows no extension, and the console makes a folder as easily as a file.
 */
export function isHold(key: string): boolean {
  return stemOf(key) === 'hold';
}

/** The object that another one at the top of the bucket looks like by a slip; `undefined` where it looks like none. */
export function lookAlikeOf(key: string): string | undefined {
  if (KNOWN.has(key) || isHold(key)) return undefined;
  const stem = stemOf(key.toLowerCase().replace(COPY_MARKS, ' ')).replace(/[^a-z]/g, '');
  if (['license', 'licenses', 'licence', 'licences'].some((name) => isSimilar(stem, name)))
    return OBJECTS.licenses;
  if (['exemption', 'exemptions'].some((name) => isSimilar(stem, name))) return OBJECTS.exemptions;
  if (stem === 'hold') return OBJECTS.hold;
  return stem === 'ledger' ? OBJECTS.ledger : undefined;
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(OBJECTS));

/** What systems add to the name of a copy, and people to one of several versions. */
const COPY_MARKS =
  /(?<![a-z])(?:(?:copy|copie|kopie|copia)(?: of| de| van| von)?|backup|final|new|old)(?![a-z])/g;

/** A name without blanks, case, and whatever follows its first dot or slash. */
function stemOf(key: string): string {
  const stem = key
    .normalize('NFKC')
    .replace(/[\s\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu, '')
    .toLowerCase();
  return stem.split(/[./]/, 1)[0] ?? '';
}

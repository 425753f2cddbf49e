// The objects in the bucket (contract section 2).

import type { Day } from '../domain/days.ts';

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

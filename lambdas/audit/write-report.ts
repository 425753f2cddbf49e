import type { Bucket } from '../clients/types.ts';
import { reportPage } from '../core/report-page.ts';
import { reportJson, type Report } from '../core/report.ts';
import { pageKey } from '../objects.ts';

/** Writes a run's report for programs (JSON, never cut) and for people (a page). */
export async function writeReport(bucket: Bucket, report: Report): Promise<void> {
  await Promise.all([
    bucket.write(report.report, reportJson(report), 'application/json'),
    bucket.write(pageKey(report.report), reportPage(report), 'text/html; charset=utf-8'),
  ]);
}

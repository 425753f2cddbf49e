// A review that could not read what changed.
import { reportedItems } from '../domain/reported.ts';
import { reviewMail } from '../mail/other-mails.ts';
import { type AuditResult, resultOf } from '../report/report.ts';
import { partialReport } from './incomplete.ts';
import type { Reading } from './read-inputs.ts';
import { writeReport } from './report.ts';
import type { Run } from './run.ts';

/**
 * Mails what could not be read, once for each version of the lists, and writes the report with what is known. Nobody is
 * woken and nothing is tried again: the next upload or the night is the next try (contract section 5).
 *
 * @throws AuditorError `NotificationFailed`, `StorageUnavailable`
 */
export async function endUnreadReview(run: Run, reading: Reading): Promise<AuditResult> {
  const { services } = run;
  const { store, causes, etags } = reading;
  const report = partialReport(run, reading, causes);
  const names = [...new Set(causes.map(({ name }) => name))].sort().join(' ');
  // Kept by the memory for some days, like an alert: the same event may be delivered twice.
  const key = `alert unread ${names} ${etags.licenses ?? 'none'} ${etags.exemptions ?? 'none'}`;
  const isReported = store !== undefined && reportedItems(store.current).has(key);
  const mail = reviewMail({
    runId: run.runId,
    today: report.asOf,
    read: [],
    changes: [],
    cantPull: [],
    toFix: [],
    leaving: [],
    restored: [],
    obstacles: causes.map(({ message }) => message),
    where: {
      location: services.bucket.location,
      topicArn: services.settings.topicArn,
      report: run.report,
    },
    outcome: report.outcome,
    counts: report.counts,
    isCritical: false,
  });
  services.log.warn('The review could not read everything', { runId: run.runId, causes: names });
  // The mail first: where the bucket fails, it is all that people hear.
  const isRead = !isReported && (await services.notifier.publish(mail)).confirmed;
  await writeReport(services.bucket, { ...report, notified: isRead });
  if (isRead)
    await store?.update((ledger) => ({
      ...ledger,
      reported: [...reportedItems(ledger).values(), { key, day: report.asOf }],
    }));
  return resultOf({ ...report, notified: isRead });
}

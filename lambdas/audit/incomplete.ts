// The end of a run that could not read everything.
import { reconcile } from '../domain/reconcile.ts';
import { takeSnapshot } from '../domain/snapshot.ts';
import { AuditorError, asAuditorError } from '../errors.ts';
import type { Lease } from '../ledger/lease.ts';
import { incompleteMail } from '../mail/other-mails.ts';
import type { Report } from '../report/report.ts';
import type { Reading } from './read-inputs.ts';
import { makeReport, writeReport } from './report.ts';
import type { Run } from './run.ts';

/** What is known although an input is missing; rules that need it were not judged. */
export function partialReport(run: Run, reading: Reading, causes: readonly AuditorError[]): Report {
  const snapshot = takeSnapshot(reading.inputs, run.services.settings, run.now);
  const report = makeReport(run, reading, {
    snapshot,
    findings: reconcile(snapshot),
    checks: [],
    actions: [],
    outcome: 'incomplete',
    notes: [
      'An input could not be read completely: what depends on it was not judged, and nothing was changed.',
    ],
    causes,
    upcoming: [],
  });
  return { ...report, notified: false };
}

/** The failure of a run that could not read an input completely: its message begins with the names of its causes. */
export function auditIncomplete(causes: readonly AuditorError[]): AuditorError {
  const names = [...new Set(causes.map(({ name }) => name))].join(', ');
  return new AuditorError(
    'AuditIncomplete',
    `${names}: the audit could not be made and nothing was changed; ${causes.map(({ message }) => message.replace(/\.$/, '').replace(/^The /, 'the ')).join('; ')}.`,
  );
}

/**
 * Ends a run that could not read one of its inputs completely: a report with what is known, a mail (once a day for the same
 * cause and version of the list), nothing changed. A dry run writes its report only.
 *
 * @param lease absent in a dry run, and where the bucket could not even give one
 * @returns the error to fail with
 */
export async function endIncomplete(
  run: Run,
  reading: Reading,
  lease: Lease | undefined,
): Promise<AuditorError> {
  const { services } = run;
  const causes = [...reading.causes];
  const keys = causes.map(({ name }) => causeKey(name, reading));
  const dry = run.mode === 'dry-run';
  let today = '';
  let report: Report | undefined;
  try {
    report = partialReport(run, reading, causes);
    today = report.asOf;
  } catch (error) {
    causes.push(asAuditorError(error, 'Making the report of an incomplete run'));
  }
  const reported = new Set(lease?.reportedCauses(today));
  const mailDue = !dry && keys.some((key) => !reported.has(key));
  let notified = false;
  const write = async (mailed: boolean): Promise<boolean> => {
    if (report === undefined) return false;
    try {
      await writeReport(services.bucket, { ...report, notified: mailed });
      return true;
    } catch (error) {
      causes.push(asAuditorError(error, 'Writing the report'));
      return false;
    }
  };
  // The report first: where the bucket fails, the mail must not name it.
  const written = await write(mailDue);
  if (mailDue) {
    try {
      // What nobody had confirmed to read is mailed again at the next try, and was reported to nobody.
      const text = incompleteMail({
        runId: run.runId,
        causes,
        account: services.settings.account,
        today,
        ...(written ? { where: placeOf(run) } : {}),
        ...(report === undefined ? {} : { counts: report.counts }),
      });
      notified = (await services.notifier.publish(text)).confirmed;
      if (!notified && written) await write(false);
    } catch (error) {
      causes.push(asAuditorError(error, 'Sending the mail'));
      if (written) await write(false);
    }
  }
  if (notified) lease?.rememberCauses(today, keys);
  services.log.error('The audit is incomplete', { runId: run.runId, causes: causes.map(({ name }) => name) });
  return auditIncomplete(causes);
}

const placeOf = ({ services, report }: Run) => ({
  location: services.bucket.location,
  topicArn: services.settings.topicArn,
  report,
});

/** What is mailed once a day: a cause, and of a list that can't be read its version, so that another upload is news. */
function causeKey(name: string, { etags }: Reading): string {
  if (name === 'LicenseListUnreadable') return `${name} ${etags.licenses ?? ''}`;
  return name === 'ExemptionsUnreadable' ? `${name} ${etags.exemptions ?? ''}` : name;
}

// The end of a whole run: mail, report, ledger, in this order.
import { iso } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { type AuditorError, asAuditorError } from '../errors.ts';
import { type AuditResult, type Report, resultOf } from '../report/report.ts';
import { alertsOf } from './alerts.ts';
import { markApplied } from './apply-plan.ts';
import { NOTHING_SAID } from './check-contents.ts';
import { logUpcoming, measure } from './metrics.ts';
import type { Night } from './night.ts';
import { planNotification, send } from './notify.ts';
import { draftReport, failAnnouncements, withApproval, writeReport } from './report.ts';

/**
 * Mails what is to be mailed, writes the report, and remembers. What fails on the way does not keep the rest from being
 * done; the run fails with it at its end, and a catch-up runs again. A dry run writes its report and nothing else.
 *
 * @throws AuditorError `NotificationFailed`, `StorageUnavailable`
 */
export async function conclude(night: Night): Promise<AuditResult> {
  const { run, reading, decision, applied } = night;
  const { services } = run;
  const draft = draftReport(night);
  if (run.mode === 'dry-run') {
    const report = { ...draft, notified: false };
    await writeReport(services.bucket, withApproval(report, decision.plan));
    return resultOf(report);
  }
  const notification = planNotification({
    snapshot: decision.snapshot,
    plan: decision.plan,
    report: draft,
    ledger: memoryOf(night, reading.store.current),
    exemptionsThere: reading.exemptionsThere,
    alerts: alertsOf(night),
    settings: services.settings,
    bucket: services.bucket.location,
  });
  const sent = await send(services, notification);
  const errors: AuditorError[] = [applied.storageError, sent.error].filter((error) => error !== undefined);
  const attempt = async (work: Promise<unknown>, doing: string): Promise<void> => {
    try {
      await work;
    } catch (error) {
      errors.push(asAuditorError(error, doing));
    }
  };
  const report: Report = {
    ...draft,
    actions: failAnnouncements(
      draft.actions,
      whyUnheard(notification.mail !== undefined, sent),
      notification.unnamed,
    ),
    finishedAt: iso(services.clock.now()),
    notified: sent.published && sent.confirmed,
  };
  await attempt(writeReport(services.bucket, withApproval(report, decision.plan)), 'Writing the report');
  // The ledger comes last: only it knows whether anything failed before, and a catch-up goes by that.
  const remember = (ledger: Ledger): Ledger => {
    const after = notification.remember(memoryOf(night, ledger), sent.published, sent.confirmed);
    const seen: Ledger = {
      ...after,
      automatic: decision.snapshot.automatic.map(({ id }) => id),
      // An approval is no night: the catch-ups still go by the last one.
      lastNight: run.event.approve === undefined ? after.lastNight : ledger.lastNight,
    };
    return errors.length === 0 ? seen : disturbed(seen);
  };
  await attempt(reading.store.update(remember), 'Writing the ledger');
  logUpcoming(run, report);
  if (errors[0] !== undefined) throw errors[0];
  measure(run, report, {
    confirmed: sent.published ? sent.confirmed : undefined,
    held: reading.hold,
    contentCheckSilent: night.checks.alerts.includes(NOTHING_SAID),
  });
  return resultOf(report);
}

/** The ledger after this run's steps, those whose mark could not be written included. */
function memoryOf({ run, decision, applied }: Night, ledger: Ledger): Ledger {
  return applied.unmarked.reduce(
    (before, { step, status }) => markApplied(before, step, status, run.now),
    decision.afterReading(ledger),
  );
}

/** Why nobody read a mail that was due, a clause. */
export function whyUnheard(
  due: boolean,
  sent: { readonly confirmed: boolean; readonly error?: unknown },
): string | undefined {
  if (sent.error !== undefined) return 'the mail could not be sent';
  return due && !sent.confirmed
    ? 'the topic has no confirmed subscriber, so nobody could read the mail'
    : undefined;
}

/** A run after which something failed does not make a catch-up needless. */
function disturbed(ledger: Ledger): Ledger {
  return ledger.lastNight === null
    ? ledger
    : { ...ledger, lastNight: { ...ledger.lastNight, undisturbed: false } };
}

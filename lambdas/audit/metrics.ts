// The numbers and lines that the dashboard and the alarms of a run go by.
import type { Action } from '../domain/actions.ts';
import type { Report } from '../report/report.ts';
import { METRICS } from '../runtime/metric-names.ts';
import type { Run } from './run.ts';

/** What the alarms of a real run go by beside its report. */
export interface Levels {
  /** Whether somebody confirmed was there to read the mail; absent where none was due. */
  readonly confirmed?: boolean | undefined;
  /** Whether `HOLD` is in the bucket. */
  readonly held: boolean;
  /** Whether the check of stored contents could compare none. */
  readonly contentCheckSilent: boolean;
}

/** As many ends of access as a run logs; mail and report hold them all. */
const MOST_ENDS_LOGGED = 50;

/** Logs who loses access next, a line each, the next first: the dashboard lists them by these fields. */
export function logUpcoming({ runId, services: { log } }: Run, { upcoming }: Report): void {
  const ends = upcoming.filter(({ what }) => what === 'deactivate');
  for (const { deployment, paidUntil, accessUntil, night } of ends.slice(0, MOST_ENDS_LOGGED))
    log.info('Loses access next', { runId, deployment, paidUntil, accessUntil, night });
}

/** Emits the numbers of a whole run that was not dry. */
export function measure(run: Run, report: Report, levels: Levels): void {
  const { meter, clock } = run.services;
  const number = (kinds: readonly Action['kind'][], status: Action['status']): number =>
    report.actions.filter((action) => kinds.includes(action.kind) && action.status === status).length;
  meter.count(METRICS.tokens, report.counts.tokens);
  meter.count(METRICS.activeTokens, report.counts.activeTokens);
  meter.count(METRICS.keys, report.counts.keys);
  meter.count(METRICS.licenses, report.counts.licenses);
  meter.count(METRICS.withdrawals, number(['deactivate', 'delete-token', 'remove-key'], 'done'));
  meter.count(METRICS.announced, number(['announce'], 'done'));
  meter.count(METRICS.withheld, number(['deactivate', 'delete-token', 'remove-key'], 'withheld'));
  meter.milliseconds(METRICS.auditDuration, clock.now() - run.startedAt);
  for (const [kind, findings] of Object.entries(report.counts.findings))
    meter.count(METRICS.findings, findings, kind);
  if (levels.confirmed !== undefined) meter.count(METRICS.nobodyConfirmed, levels.confirmed ? 0 : 1);
  meter.count(METRICS.held, levels.held ? 1 : 0);
  meter.count(METRICS.contentCheckSilent, levels.contentCheckSilent ? 1 : 0);
  meter.count(METRICS.failed, 0, 'audit');
  // Last of all: the alarm for a missed night waits for it.
  meter.count(METRICS.auditSucceeded, 1);
  meter.flush();
}

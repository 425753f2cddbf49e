// One run of the audit: what every stage of it goes by.
import { randomBytes } from 'node:crypto';
import type { Mode } from '../domain/actions.ts';
import { type Day, dayOf, noonOf } from '../domain/days.ts';
import { reportKey } from '../ledger/bucket-keys.ts';
import type { Services } from '../runtime/services.ts';
import { type AuditEvent, isDry } from './event.ts';

/** One run of the audit: what it was asked, what it works with, and by which instant it judges. */
export interface Run {
  readonly event: AuditEvent;
  readonly services: Services;
  readonly runId: string;
  readonly startedAt: number;
  /** The start, or noon of `asOf`. */
  readonly now: number;
  readonly today: Day;
  readonly mode: Mode;
  /** Object key of the JSON report. */
  readonly report: string;
}

/** Begins a run. */
export function beginRun(event: AuditEvent, services: Services): Run {
  const { settings } = services;
  const startedAt = services.clock.now();
  const now = event.asOf === undefined ? startedAt : noonOf(event.asOf, settings.timeZone);
  const dry = isDry(event);
  const runId = makeRunId(startedAt);
  const today = dayOf(now, settings.timeZone);
  const mode = dry ? 'dry-run' : settings.mode;
  services.log.info('The audit begins', { runId, mode, asOf: today });
  return {
    event,
    services,
    runId,
    startedAt,
    now,
    today,
    mode,
    report: reportKey(runId, dayOf(startedAt, settings.timeZone), dry),
  };
}

/** A run's name: when it started and something that no other run has. */
function makeRunId(startedAt: number): string {
  const stamp = new Date(startedAt).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}

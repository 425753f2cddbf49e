import { iso } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { openLedger } from '../ledger/store.ts';
import type { AuditResult } from '../report/report.ts';
import type { Services } from '../runtime/services.ts';
import type { Run } from './run.ts';

/** The answer of a catch-up that has nothing to do. */
export function alreadyDone(
  run: Run,
  services: Services,
  night: NonNullable<Ledger['lastNight']>,
): AuditResult {
  return {
    runId: night.runId,
    startedAt: iso(run.startedAt),
    finishedAt: iso(services.clock.now()),
    asOf: night.day,
    mode: run.mode,
    outcome: night.outcome,
    counts: {
      tokens: 0,
      activeTokens: 0,
      automaticTokens: 0,
      keys: 0,
      licenses: 0,
      exempt: 0,
      findings: {},
      verified: { matching: 0, rejected: 0, mismatched: 0, unclear: 0, unchecked: 0 },
    },
    findings: [],
    actions: [],
    report: night.report,
    notified: false,
    truncated: false,
    notes: [
      `Nothing to catch up: run ${night.runId} of this day was undisturbed; its report holds the counts.`,
    ],
  };
}

/** The undisturbed run of this day that makes a catch-up needless. */
export async function undisturbedNight(services: Services, run: Run): Promise<Ledger['lastNight']> {
  try {
    const { lastNight } = (await openLedger(services.bucket)).current;
    return lastNight?.undisturbed === true && lastNight.day === run.today ? lastNight : null;
  } catch {
    // The run itself meets the same failure and tells it.
    return null;
  }
}

// The schedule's later tries: nothing is done where the night was undisturbed.
import { iso } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { openLedger } from '../ledger/store.ts';
import type { AuditResult } from '../report/report.ts';
import type { Run } from './run.ts';

/** The undisturbed run of this day that makes a catch-up needless; `null` where there is none, or no catch-up. */
export async function undisturbedNight(run: Run): Promise<Ledger['lastNight']> {
  if (run.event.catchUp !== true) return null;
  try {
    const { lastNight } = (await openLedger(run.services.bucket)).current;
    return lastNight?.undisturbed === true && lastNight.day === run.today ? lastNight : null;
  } catch {
    // The run itself meets the same failure and reports it.
    return null;
  }
}

/** The answer of a catch-up that has nothing to do. */
export function alreadyDone(run: Run, night: NonNullable<Ledger['lastNight']>): AuditResult {
  return {
    runId: night.runId,
    startedAt: iso(run.startedAt),
    finishedAt: iso(run.services.clock.now()),
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

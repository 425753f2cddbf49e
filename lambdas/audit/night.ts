// What a whole run has in hand when it reports.
import type { AppliedPlan } from './apply-plan.ts';
import type { ContentChecks } from './check-contents.ts';
import type { IntendedDecision } from './intend.ts';
import type { CompleteReading } from './read-inputs.ts';
import type { Run } from './run.ts';

/** A run that read everything, with what came of each of its stages. */
export interface Night {
  readonly run: Run;
  readonly reading: CompleteReading;
  readonly checks: ContentChecks;
  readonly decision: IntendedDecision;
  readonly applied: AppliedPlan;
}

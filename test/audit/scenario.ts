// What a simulated life happens in: a sandbox that people change by hand, and functions that change it.
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import type { Action } from '../../lambdas/domain/actions.ts';
import type { IssueEvent } from '../../lambdas/issue/event.ts';
import type { RevokeEvent } from '../../lambdas/revoke/event.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import type { Sandbox } from '../sandbox/contents.ts';
import type { Fate } from '../sandbox/memory-sandbox.ts';

/** How one process is disturbed. Which calls these are is the scenario's to say, and the same for the same numbers. */
export interface Disturbance {
  /** From which call on, counted from 1. */
  readonly at: number;
  readonly fate: Fate;
  /** How many calls; 100 is an outage that lasts as long as the process. */
  readonly times: number;
}

/**
 * The three functions as whoever calls them sees them: an event, and the result as far as a life looks at it. Each rejects
 * with an `AuditorError`.
 */
export interface Functions {
  audit(event: AuditEvent): Promise<{ readonly report: string; readonly actions: readonly Action[] }>;
  issue(event: IssueEvent): Promise<{ readonly deployment: string; readonly tokenId: string }>;
  revoke(event: RevokeEvent): Promise<{ readonly actions: readonly Action[] }>;
}

/**
 * The functions of the sources, with what they work with. They are loaded when they are called: tests that only need the
 * systems do without them.
 */
export function functionsWith(services: Services): Functions {
  return {
    audit: async (event) => (await import('../../lambdas/audit/audit.ts')).audit(event, services),
    issue: async (event) => (await import('../../lambdas/issue/issue.ts')).issue(event, services),
    revoke: async (event) => (await import('../../lambdas/revoke/revoke.ts')).revoke(event, services),
  };
}

/** A call of one function, and what the caller makes of its result. */
export type Work = (functions: Functions) => Promise<unknown>;

/** What came of two functions. */
export type Raced = [PromiseSettledResult<unknown>, PromiseSettledResult<unknown>];

/** A sandbox that a {@link Life} happens in, and how the functions are called there. */
export interface Scenario {
  readonly sandbox: Sandbox;
  /** How many calls were disturbed so far. */
  readonly troubles: number;
  /**
   * Runs one function to its end, or to the {@link Crash} that disturbs it. Afterwards everything passes again, nothing
   * of a crashed process has any effect any more, and the time is as it was before.
   */
  run(work: Work, disturbance?: Disturbance): Promise<unknown>;
  /**
   * Runs two functions at the same time, undisturbed; the first of them comes first where both want the lease. The second
   * waits until the first has ended; where that one is slow, until its patience is over.
   */
  race(first: Work, second: Work, isFirstSlow: boolean): Promise<Raced>;
  /**
   * Searches everything that left the program since the last search for what grants access.
   *
   * @returns where a secret was found
   */
  leak(): string | undefined;
}

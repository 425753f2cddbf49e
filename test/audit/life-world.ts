// What a simulated life happens to: systems that people change by hand, and functions that change them.
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import type { Action } from '../../lambdas/domain/actions.ts';
import type { Ledger } from '../../lambdas/domain/ledger.ts';
import type { IssueEvent } from '../../lambdas/issue/event.ts';
import type { RevokeEvent } from '../../lambdas/revoke/event.ts';
import type { Services } from '../../lambdas/runtime/services.ts';

/** What happens to one call: nothing, an error before or after its effect, or the end of the process around it. */
export type Fate = 'pass' | 'fail before' | 'fail after' | 'crash before' | 'crash after';

/** What the process dies of: after it nothing that the process does has an effect any more. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** How one process is disturbed. Which calls these are is the world's to say, and the same for the same numbers. */
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

/**
 * The systems that a {@link Life} happens to: in memory, or stand-ins over HTTP. People and customers change them by
 * hand, functions through the services that the world gives them.
 */
export interface LifeWorld {
  /** Milliseconds since 1970. It stands still but for what is added to it. */
  now: number;
  /** Docker Hub's tokens by id, oldest first. */
  readonly tokens: ReadonlyMap<
    string,
    { readonly id: string; readonly label: string; readonly enabled: boolean }
  >;
  /** What Vault holds for each deployment. */
  readonly keys: ReadonlyMap<string, unknown>;
  /** The id of the token whose content a key holds. */
  holder(name: string): string | undefined;
  readonly ledger: Ledger;
  /** Mails that went out, oldest first. */
  readonly mails: readonly { readonly subject: string; readonly text: string }[];
  /** Whether anybody reads them. */
  readonly confirmed: boolean;

  /** How many calls were disturbed so far. */
  readonly troubles: number;

  /** Makes a token by hand, and its key. */
  addToken(label: string): unknown;
  /** Switches a token by hand. */
  switchToken(id: string, on: boolean): void;
  /** Gives a token another label by hand. */
  relabel(id: string, label: string): void;
  /** Removes keys from Vault by hand. */
  loseKeys(names: readonly string[]): void;
  /** Writes an object as support would. */
  put(key: string, body: string): void;
  /** Deletes an object as support would. */
  remove(key: string): void;
  /** What an object holds; `undefined` where it is not there. */
  read(key: string): string | undefined;
  setConfirmed(confirmed: boolean): Promise<void>;

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
  close(): Promise<void>;
}

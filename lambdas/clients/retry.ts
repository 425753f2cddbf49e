import { counted } from '../core/printable.ts';
import { asFailure, RequestFailure } from './failure.ts';
import type { Clock } from './types.ts';

export interface RepeatOptions {
  readonly clock: Clock;
  /** Milliseconds since 1970; no wait ends after it. */
  readonly deadline: number;
  /** Which failures, beside 429, may be tried again. */
  readonly again: (failure: RequestFailure) => boolean;
}

/** How often a request that failed in transit is tried again. */
const RETRIES = 3;
/** How often the server's wish to wait is followed for one request. */
const WAITS = 5;
/** Milliseconds of the first pause; each further one is twice as long. */
const FIRST_PAUSE = 500;
/** Milliseconds of the first pause after a 429 that does not say how long. */
const FIRST_UNTOLD_WAIT = 5000;

/** Reads: whatever failed in transit, and may be well the next moment. */
export function inTransit({ kind, permanent }: RequestFailure): boolean {
  return !permanent && (kind === 'lost' || kind === 'unreached' || kind === 'unwell');
}

/** Changes: nothing. What was not answered may have happened. */
export function never(): boolean {
  return false;
}

/** Logins: only what provably did not arrive, since each that does may count as a failed login. */
export function notArrived({ kind, permanent }: RequestFailure): boolean {
  return kind === 'unreached' && !permanent;
}

/** From half to the whole of the pause, so that what failed together does not come back together. */
function jittered(pause: number, clock: Clock): number {
  return Math.round(pause * (0.5 + clock.random() / 2));
}

/**
 * Tries a request until there is an answer that counts, or no point in trying again. A 429 is a refusal before any
 * effect, so it is waited for whatever the request: as long as told, or with growing pauses.
 *
 * @throws RequestFailure the last one
 */
export async function repeat<T>(attempt: () => Promise<T>, options: RepeatOptions): Promise<T> {
  const { clock, deadline, again } = options;
  let retries = 0;
  let waits = 0;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const failure = asFailure(error);
      let pause: number;
      if (failure.kind === 'limited') {
        if (waits >= WAITS) throw failure;
        pause = failure.waitMs ?? jittered(FIRST_UNTOLD_WAIT * 2 ** waits, clock);
        waits += 1;
      } else {
        if (retries >= RETRIES || !again(failure)) throw failure;
        pause = jittered(FIRST_PAUSE * 2 ** retries, clock);
        retries += 1;
      }
      if (clock.now() + pause >= deadline) throw outOfTime(failure, pause);
      await clock.sleep(pause);
    }
  }
}

function outOfTime(failure: RequestFailure, pause: number): RequestFailure {
  if (failure.kind !== 'limited') return failure;
  const wait = counted(Math.ceil(pause / 1000), 'second');
  return new RequestFailure('limited', `${failure.message} and the wish to wait ${wait}, longer than the function has`, {
    status: 429,
    answer: failure.answer(),
  });
}

// The time of a sandbox, which can be set, and in which sleeping costs nothing.
import type { Clock } from '../../lambdas/clients/ports.ts';

/** The one time of a sandbox: its servers, its data and, where a test hands it on, the functions go by it. */
export interface SandboxClock extends Clock {
  /** Moves to an instant, in milliseconds since 1970. */
  set(instant: number): void;
  /** Moves forward by so many milliseconds. */
  advance(milliseconds: number): void;
}

export interface ClockOptions {
  /** Milliseconds since 1970; default: the machine's time. */
  readonly now?: number;
  /** Whether it goes on by itself; default true. A test that judges instants wants it still. */
  readonly ticking?: boolean;
}

/**
 * A clock that can be set. Sleeping moves it forward instead of waiting: sleepers that sleep at the same time share
 * that time, as real ones do, because each moves the clock to its own end and not by its own length.
 */
export function createClock({ now: start = Date.now(), ticking = true }: ClockOptions = {}): SandboxClock {
  let origin = performance.now();
  let base = start;
  const now = (): number => Math.floor(base + (ticking ? performance.now() - origin : 0));
  const set = (instant: number): void => {
    base = instant;
    origin = performance.now();
  };
  return {
    now,
    set,
    advance: (milliseconds) => {
      set(now() + milliseconds);
    },
    sleep: async (milliseconds) => {
      const end = now() + milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
      if (now() < end) set(end);
    },
    random: () => 0.5,
  };
}

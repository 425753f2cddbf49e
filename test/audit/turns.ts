// Two functions at the same time, the order of which is not left to chance.
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { type Raced, type Work, functionsWith } from './scenario.ts';

/** Which of two functions that meet: the first is the one that gets the lease. */
export type Side = 'first' | 'second';

/**
 * Makes two functions meet in the same way however fast they are: both find no lease and want to write it, the first
 * one's put comes first, and then one waits for the other. Usually the second, until the first has ended; where the first
 * is slow, it gets no answer to its put before the second has given up.
 */
export class Turns {
  private readonly isSlow: boolean;
  private readonly arrived = new Set<Side>();
  private readonly ended = new Set<Side>();
  private readonly waiting: (() => void)[] = [];
  private written = false;

  constructor(isSlow: boolean) {
    this.isSlow = isSlow;
  }

  /** One of the functions has ended: nobody waits for it any more. */
  end(who: Side): void {
    this.ended.add(who);
    this.wake();
  }

  /** Writes the lease when it is this function's turn. */
  async put<Value>(who: Side, write: () => Promise<Value>): Promise<Value> {
    await this.turnOf(who);
    const value = await write();
    this.took(who);
    if (who === 'first' && this.isSlow) await this.until(() => this.ended.has('second'));
    return value;
  }

  /** Resolves when this function may write the lease; only the first write of each has to wait. */
  async turnOf(who: Side): Promise<void> {
    if (this.arrived.has(who)) return;
    this.arrived.add(who);
    this.wake();
    await this.until(() =>
      who === 'first'
        ? this.arrived.has('second') || this.ended.has('second')
        : this.written || this.ended.has('first'),
    );
  }

  /** The function has written the lease, or tried to. */
  took(who: Side): void {
    if (who === 'first') this.written = true;
    this.wake();
  }

  /** Resolves when whoever wanted the lease and did not get it may look again. */
  async pass(who: Side): Promise<void> {
    if (who === 'second' && this.written && !this.isSlow) await this.until(() => this.ended.has('first'));
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

/** Lets two pieces of work meet. Each is handed its side, and the turns hear when it has ended. */
export function meet(turns: Turns, work: (who: Side) => Promise<unknown>): Promise<Raced> {
  const run = async (who: Side): Promise<unknown> => {
    try {
      return await work(who);
    } finally {
      turns.end(who);
    }
  };
  return Promise.allSettled([run('first'), run('second')]);
}

/** One function with what it works with. */
interface Runner {
  readonly services: Services;
  readonly work: Work;
}

/** Runs two functions of the sources at the same time, see {@link Turns}. */
export function inTurn(first: Runner, second: Runner, isSlow: boolean): Promise<Raced> {
  const turns = new Turns(isSlow);
  return meet(turns, (who) => {
    const { services, work } = who === 'first' ? first : second;
    const { bucket, clock } = services;
    return work(
      functionsWith({
        ...services,
        clock: {
          ...clock,
          sleep: async (milliseconds) => {
            await turns.pass(who);
            await clock.sleep(milliseconds);
          },
        },
        bucket: {
          ...bucket,
          writeIf: (key, body, etag) =>
            key === OBJECTS.lease
              ? turns.put(who, () => bucket.writeIf(key, body, etag))
              : bucket.writeIf(key, body, etag),
        },
      }),
    );
  });
}

// Two functions at the same time, the order of which is not left to chance.
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { type Raced, type Work, functionsWith } from './life-world.ts';

/** One function with what it works with. */
interface Runner {
  readonly services: Services;
  readonly work: Work;
}

/** Makes two functions that have both found no lease write it one after the other. */
class Turns {
  private readonly arrived = new Set<Runner>();
  private readonly first: Runner;
  private readonly waiting: (() => void)[] = [];
  private written = false;
  private over = false;

  constructor(first: Runner) {
    this.first = first;
  }

  /** One of the functions has ended: nobody waits for it any more. */
  end(): void {
    this.over = true;
    this.wake();
  }

  /** Writes when it is this function's turn; only the first write of each has to wait. */
  async take<Value>(who: Runner, write: () => Promise<Value>): Promise<Value> {
    if (this.arrived.has(who)) return write();
    this.arrived.add(who);
    this.wake();
    await this.until(() => this.over || this.arrived.size === 2);
    if (who !== this.first) await this.until(() => this.over || this.written);
    const value = await write();
    if (who === this.first) {
      this.written = true;
      this.wake();
    }
    return value;
  }

  private wake(): void {
    for (const go of this.waiting.splice(0)) go();
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

/**
 * Runs two functions at the same time. Both find no lease and want to write it: the first one's put comes first, so that
 * which of them is refused by its condition is not left to chance.
 */
export function inTurn(first: Runner, second: Runner): Promise<Raced> {
  const turns = new Turns(first);
  const run = async (who: Runner): Promise<unknown> => {
    const { bucket } = who.services;
    const writeIf: typeof bucket.writeIf = (key, body, etag) =>
      key === OBJECTS.lease
        ? turns.take(who, () => bucket.writeIf(key, body, etag))
        : bucket.writeIf(key, body, etag);
    try {
      return await who.work(functionsWith({ ...who.services, bucket: { ...bucket, writeIf } }));
    } finally {
      turns.end();
    }
  };
  return Promise.allSettled([run(first), run(second)]);
}

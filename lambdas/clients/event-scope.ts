/** What the clients of one event share. */
import { Secrets } from '../text/redact.ts';

/**
 * One event's own: the secrets that its clients met, and what is to be closed when it is over. A warm function is frozen
 * between events, and its time-outs with it: a connection that nobody closes stays open.
 */
export class EventScope {
  readonly secrets = new Secrets();
  private readonly closings: (() => unknown)[] = [];

  /** Has something done when the event is over. */
  atEnd(close: () => unknown): void {
    this.closings.push(close);
  }

  /** The event is over. Never rejects: what can't be closed ends by itself. */
  async end(): Promise<void> {
    await Promise.allSettled(this.closings.splice(0).map(async (close) => close()));
  }
}

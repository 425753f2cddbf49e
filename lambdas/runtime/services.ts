import type { Bucket, Clock, DockerHub, Notifier, OneTimeCodes, Registry, Vault } from '../clients/ports.ts';
import type { Settings } from './settings.ts';

/** Structured log; fields hold names, counts and ids, never contents. */
export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Numbers for the dashboard and the alarms. */
export interface Meter {
  /** Adds one number; `kind` becomes a dimension. */
  count(name: string, value: number, kind?: string): void;
  milliseconds(name: string, value: number): void;
  /** Sends what was added. */
  flush(): void;
}

/** What a function works with; made for every event, because sessions and deadlines are one event's own. */
export interface Services {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Milliseconds since 1970 at which Lambda ends the function. */
  readonly deadline: number;
  /** Id of this invocation: the same when Lambda delivers one request twice. */
  readonly requestId: string;
  /** The one-time code that was sent last; the lease carries it on. */
  readonly codes: OneTimeCodes;
  readonly bucket: Bucket;
  readonly dockerHub: DockerHub;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly meter: Meter;
}

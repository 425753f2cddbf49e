/** What the clients of AWS have in common: bounded calls, and errors that hold nothing of the request. */
import type { EventScope } from './event-scope.ts';
import type { Clock } from './ports.ts';

/** Time-outs in milliseconds; the SDK's own have none for an answer that never comes. */
const CONNECT_MILLISECONDS = 3_000;
/** Milliseconds until an answer must have begun and may pause, where nothing else is said. */
export const ANSWER_MILLISECONDS = 10_000;
/** From the first try of a call to its end, whatever happens: a server may go on sending a byte now and then. */
const CALL_MILLISECONDS = 45_000;
/** What the slowest link that is worth waiting for moves: 2 Mbit/s. */
const BYTES_PER_MILLISECOND = 250;

/** How often a request is sent at the most. */
export const AWS_ATTEMPTS = 3;

/** What a client of AWS is made for. */
export interface AwsOptions {
  /** Milliseconds until an answer must have begun and may pause; default 10,000. */
  readonly answerMilliseconds?: number | undefined;
  /** By which {@link deadline} is meant; default the real time. */
  readonly clock?: Clock | undefined;
  /** Milliseconds since 1970 beyond which nothing is waited for; default none. */
  readonly deadline?: number | undefined;
  /** The event that this is for. */
  readonly scope?: EventScope | undefined;
}

const say = (): void => undefined;
/** Nothing of what the SDK has to say is ours: its warnings go to the console, and its inputs hold what we send. */
const SILENT = { debug: say, info: say, warn: say, error: say };

/**
 * What every AWS client is made with: few tries, bounded waits. Region, credentials and endpoints are the SDK's own
 * concern.
 */
export function awsDefaults({ answerMilliseconds = ANSWER_MILLISECONDS }: AwsOptions = {}) {
  return {
    maxAttempts: AWS_ATTEMPTS,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: answerMilliseconds,
      // Without this one an answer that stops half way is waited for until the function ends.
      socketTimeout: answerMilliseconds,
      throwOnRequestTimeout: true,
    },
  } as const;
}

/** Milliseconds for which a body of so many bytes may be under way, beyond what a call without one may take. */
export function transferMilliseconds(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_MILLISECOND);
}

/** The call took longer than there was time for. */
class CallTimeout extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Makes a call and reads its answer, within a minute and before the function's own end.
 *
 * @param call is given the signal that ends its requests; what it reads itself it must end by it
 * @param bytes of a body that the call moves, which gives it more time; default none worth counting
 */
export async function withinTime<Value>(
  { clock, deadline = Infinity }: AwsOptions,
  call: (signal: AbortSignal) => Promise<Value>,
  bytes = 0,
): Promise<Value> {
  const remaining = deadline - (clock?.now() ?? Date.now());
  if (remaining <= 0) throw new CallTimeout();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        reject(new CallTimeout());
        controller.abort();
      },
      Math.min(remaining, CALL_MILLISECONDS + transferMilliseconds(bytes)),
    );
  });
  try {
    return await Promise.race([call(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is safe to print of an SDK's error: its name and status; its message and metadata may hold the request. */
export function awsReason(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') return 'no whole answer in time';
  const known = /^[A-Za-z]{3,60}$/.test(name) && name !== 'Error' ? name : 'no usable answer';
  const status = awsStatus(error);
  return status === undefined ? known : `${known}, status ${status}`;
}

/** The HTTP status of an SDK's error. */
export function awsStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** A header of the answer that an SDK's error came with. */
export function awsHeader(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null || !('$response' in error)) return undefined;
  const response = error.$response;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}

/** Keeps what a promise made for the next caller, and forgets a failure, so that a bad start is tried again. */
export function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

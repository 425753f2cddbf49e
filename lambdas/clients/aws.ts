/** Time-outs of the AWS clients, in milliseconds; the SDK's own have none for an answer that never comes. */
const CONNECT_MILLISECONDS = 3_000;
const ANSWER_MILLISECONDS = 10_000;

/** How often a request is sent at the most. */
const AWS_ATTEMPTS = 3;

const say = (): void => undefined;
/** Nothing of what the SDK has to say is ours: its warnings go to the console, and its inputs hold what we send. */
const SILENT = { debug: say, info: say, warn: say, error: say };

/** What every AWS client is made with: few tries, bounded waits. Region, credentials and endpoints are the SDK's own concern. */
export function awsDefaults(answerMilliseconds = ANSWER_MILLISECONDS) {
  return {
    maxAttempts: AWS_ATTEMPTS,
    logger: SILENT,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: answerMilliseconds,
      throwOnRequestTimeout: true,
    },
  } as const;
}

/** What is safe to print of an SDK's error: its name and status; its message and metadata may hold the request. */
export function awsReason(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
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

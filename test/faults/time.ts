// Time that passes only while nothing else happens.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mock } from 'node:test';

/** Milliseconds by which time goes on at once. */
const STEP = 500;
/** Turns of the event loop in which nothing happens before time goes on: what is on its way arrives within a few. */
const QUIET_TURNS = 20;

/** Requests of this process that wait for their answer. */
const underWay = new Set<object>();

/** The request that a diagnostics message is about. */
function requestOf(message: unknown): object | undefined {
  if (typeof message !== 'object' || message === null || !('request' in message)) return undefined;
  const { request } = message;
  return typeof request === 'object' && request !== null ? request : undefined;
}

/** Begins of requests: undici's (Docker Hub, registry, Vault) and those of Node's own client (the AWS SDK); and ends. */
const BEGINS = ['undici:request:create', 'http.client.request.start'];
const ENDS = [
  'undici:request:trailers',
  'undici:request:error',
  'http.client.response.finish',
  'http.client.request.error',
];

const began = (message: unknown): void => {
  const request = requestOf(message);
  if (request !== undefined) underWay.add(request);
};
const ended = (message: unknown): void => {
  const request = requestOf(message);
  if (request !== undefined) underWay.delete(request);
};

/**
 * Takes the time of this process's timers into hand: it goes on only while no request is under way but those that will
 * never be answered. So a client's time-out of many seconds costs none, and on a machine however slow nothing else
 * times out.
 *
 * @param hanging how many requests will never be answered
 * @param passed is called with the milliseconds by which time goes on
 * @returns what gives the timers back
 */
export function takeTime(
  hanging: () => number,
  passed: (milliseconds: number) => void = () => undefined,
): () => void {
  mock.timers.enable({ apis: ['setTimeout'] });
  // Node's mock does not begin a timer again that has fired. Where it can't be asked to, undici makes another one.
  const timer = setTimeout(() => undefined, 0);
  const mocked: unknown = Object.getPrototypeOf(timer);
  if (typeof mocked === 'object' && mocked !== null) Reflect.deleteProperty(mocked, 'refresh');
  clearTimeout(timer);
  for (const name of BEGINS) subscribe(name, began);
  for (const name of ENDS) subscribe(name, ended);
  let isOver = false;
  let quiet = 0;
  const turn = (): void => {
    if (isOver) return;
    quiet = underWay.size > hanging() ? 0 : quiet + 1;
    if (quiet > QUIET_TURNS) {
      passed(STEP);
      mock.timers.tick(STEP);
    }
    setImmediate(turn);
  };
  turn();
  return () => {
    isOver = true;
    for (const name of BEGINS) unsubscribe(name, began);
    for (const name of ENDS) unsubscribe(name, ended);
    underWay.clear();
    mock.timers.reset();
  };
}

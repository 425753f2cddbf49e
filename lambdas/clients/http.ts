// JSON over HTTP with one server: bounded, without redirects, fair to whoever is asked again.

import type { Dispatcher } from 'undici';
import * as v from 'valibot';
import type { EventScope } from './event-scope.ts';
import type { Clock } from './ports.ts';
import { rememberReceived, rememberSent } from './secrets-in-transit.ts';

/** One dispatcher a server: connections are kept and few, and nothing waits longer than this. */
const CONNECT_MILLISECONDS = 5_000;
const ANSWER_MILLISECONDS = 15_000;
const CONNECTIONS = 10;
/** A page of 100 tokens is some 60 kB, the largest secret that Vault holds 1 MiB. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

/** Reads that failed in transit are tried so often again, after 0.2, 0.4 and 0.8 seconds with jitter. */
const RETRIES = 3;
const FIRST_RETRY_WAIT_MS = 200;
/** Times that one request waits because it was asked to. */
const MAX_RATE_LIMIT_WAITS = 5;
/** Milliseconds to wait after the first 429 that does not say how long; twice as long after each further one. */
const DEFAULT_RATE_LIMIT_WAIT_MS = 1000;

/** What a server answered: its status, and its body where it was JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** `undefined` where the answer was not JSON. */
  readonly json: unknown;
  /** The first characters of the body. It may echo secrets: to compare with known texts, never to print. */
  readonly start: string;
}

/** No answer at all, or one that came too late or was too long. The message is ours and safe to print. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** There was not even a connection, so nothing can have happened. */
  readonly isUnsent: boolean;

  constructor(message: string, isUnsent = false) {
    super(message);
    this.isUnsent = isUnsent;
  }
}

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds for this request from beginning to end, where the usual time is too long. */
  readonly milliseconds?: number;
}

/** One server. */
export interface Http {
  readonly host: string;
  /** Sends once. @throws NoAnswer */
  send(request: Request): Promise<Answer>;
  /**
   * Sends a change: once, but for a 429, which refuses before there is any effect, and is waited for as it says, and for
   * a connection that did not come about. What was not answered may have happened, and is the caller's to find out.
   * @throws NoAnswer
   */
  change(request: Request): Promise<Answer>;
  /**
   * Sends a request that changes nothing: failures in transit, 5xx and answers that `isUsable` refuses are tried again,
   * a 429 waits as it is asked to. Resolves with the last answer. @throws NoAnswer
   */
  read(request: Request, isUsable?: (answer: Answer) => boolean): Promise<Answer>;
}

export interface HttpOptions {
  readonly url: string;
  readonly clock: Clock;
  /** Milliseconds since 1970 beyond which nothing is waited for. */
  readonly deadline: number;
  /** PEM of a private certificate authority. */
  readonly ca?: string | undefined;
  /** Milliseconds until an answer must have begun and may pause; default 15,000. */
  readonly answerMilliseconds?: number | undefined;
  /** The event that this is for. */
  readonly scope?: EventScope | undefined;
}

const CODES = new Map([
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNRESET', 'the connection was reset'],
  ['UND_ERR_SOCKET', 'the connection was closed'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
  ['UND_ERR_HEADERS_TIMEOUT', 'no answer in time'],
  ['UND_ERR_BODY_TIMEOUT', 'the answer stopped half way'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'the answer was too long'],
  ['UND_ERR_ABORTED', 'the time was over'],
  ['ABORT_ERR', 'the time was over'],
  ['ENOTFOUND', 'its name does not resolve'],
  ['EAI_AGAIN', 'its name does not resolve'],
  ['EPIPE', 'the connection was closed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not trusted'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is not trusted'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
]);

/** Codes of connections that did not come about. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What a foreign error comes to, by its code alone: its message may hold the request. */
function noAnswer(error: unknown): NoAnswer {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string'
      ? error.code
      : error instanceof Error && error.name === 'TimeoutError'
        ? 'ABORT_ERR'
        : '';
  return new NoAnswer(CODES.get(code) ?? 'the connection failed', UNSENT.has(code));
}

function parseJson(headers: ReadonlyMap<string, string>, text: string): unknown {
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isNumber = (text: string): boolean => /^\d+(?:\.\d+)?$/.test(text);

/** A time in seconds from now, in seconds since 1970, or as an HTTP date, as milliseconds to wait. */
function waitOf(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  // A header that came twice is one with a comma.
  const parts = value.split(',').map((part) => part.trim());
  if (parts.every(isNumber)) {
    const number = Math.max(...parts.map(Number));
    // Nobody is asked to wait for 30 years: that is a point in time, in seconds or in milliseconds.
    if (number > 1_000_000_000_000) return number - now;
    return number > 1_000_000_000 ? number * 1000 - now : number * 1000;
  }
  const date = Date.parse(value.replace(/(GMT)\s*,.*$/i, '$1'));
  return Number.isNaN(date) ? undefined : date - now;
}

/**
 * How long a 429 says to wait, in milliseconds: `Retry-After` or `X-Retry-After` in any of their forms, else
 * `X-RateLimit-Reset`, else one second, twice as long for each time that it `waited` already.
 */
export function requestedWait(headers: ReadonlyMap<string, string>, now: number, waited = 0): number {
  const requested =
    waitOf(headers.get('retry-after'), now) ??
    waitOf(headers.get('x-retry-after'), now) ??
    waitOf(headers.get('x-ratelimit-reset'), now) ??
    DEFAULT_RATE_LIMIT_WAIT_MS * 2 ** waited;
  return Math.max(requested, FIRST_RETRY_WAIT_MS);
}

/** Docker's lock-out after failed logins: to wait and ask again, with whatever credentials, only prolongs it. */
export function isLockOut(answer: Answer): boolean {
  return answer.status === 429 && /too many failed login/i.test(answer.start);
}

/** Speaks JSON with one server: time-outs, no redirects, bounded answers, nothing beyond the deadline. */
export function createHttp(options: HttpOptions): Http {
  return new Server(options);
}

class Server implements Http {
  readonly host: string;
  private readonly options: HttpOptions;
  private readonly base: string;
  private dispatcher: Dispatcher | undefined;

  constructor(options: HttpOptions) {
    const { origin, pathname, host } = new URL(options.url);
    this.options = options;
    this.host = host;
    this.base = `${origin}${pathname.replace(/\/+$/, '')}`;
  }

  async send(wanted: Request): Promise<Answer> {
    const { clock, deadline, scope, answerMilliseconds = ANSWER_MILLISECONDS } = this.options;
    const remaining = deadline - clock.now();
    if (remaining <= 0) throw new NoAnswer('the time was over', true);
    const { method, path, body, milliseconds = 4 * answerMilliseconds } = wanted;
    rememberSent(scope?.secrets, wanted);
    try {
      const { request, dispatcher } = await this.transport();
      const response = await request(`${this.base}${path}`, {
        method,
        dispatcher,
        headers: headersOf(wanted),
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(Math.min(remaining, milliseconds)),
      });
      const headers = receivedHeaders(response.headers);
      const text = await response.body.text();
      const json = parseJson(headers, text);
      rememberReceived(scope?.secrets, json, wanted.path);
      return { status: response.statusCode, headers, json, start: text.slice(0, 500) };
    } catch (error) {
      throw noAnswer(error);
    }
  }

  async change(wanted: Request): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.sendWithinLimits(wanted);
      } catch (error) {
        const mayTryAgain = error instanceof NoAnswer && error.isUnsent && tries < RETRIES;
        if (!mayTryAgain || !(await this.pauseBeforeRetry(tries))) throw error;
      }
    }
  }

  async read(wanted: Request, isUsable: (answer: Answer) => boolean = () => true): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      let answer: Answer | undefined;
      let failure: unknown;
      try {
        answer = await this.sendWithinLimits(wanted);
      } catch (error) {
        failure = error;
      }
      if (answer?.status === 429) return answer;
      if (answer !== undefined && answer.status < 500 && isUsable(answer)) return answer;
      if (tries >= RETRIES || !(await this.pauseBeforeRetry(tries))) {
        if (answer === undefined) throw failure;
        return answer;
      }
    }
  }

  /** Sends, and again after each 429 once it is over, as often and as long as there is patience and time. */
  private async sendWithinLimits(wanted: Request): Promise<Answer> {
    const { clock } = this.options;
    for (let waits = 0; ; waits++) {
      const answer = await this.send(wanted);
      if (answer.status !== 429 || isLockOut(answer) || waits >= MAX_RATE_LIMIT_WAITS) return answer;
      const requested = requestedWait(answer.headers, clock.now(), waits);
      if (!(await this.pause(requested + clock.random() * FIRST_RETRY_WAIT_MS))) return answer;
    }
  }

  private pauseBeforeRetry(tries: number): Promise<boolean> {
    return this.pause(FIRST_RETRY_WAIT_MS * 2 ** tries * (0.5 + this.options.clock.random()));
  }

  /** Waits, unless that would be beyond the deadline: then says no at once. */
  private async pause(milliseconds: number): Promise<boolean> {
    const { clock, deadline } = this.options;
    if (clock.now() + milliseconds >= deadline) return false;
    await clock.sleep(milliseconds);
    return true;
  }

  /** The HTTP client, loaded when the first request is made: it is a good part of what a cold start would pay for. */
  private async transport(): Promise<{ request: typeof import('undici').request; dispatcher: Dispatcher }> {
    const { ca, scope, answerMilliseconds = ANSWER_MILLISECONDS } = this.options;
    const { Agent, request } = await import('undici');
    if (this.dispatcher === undefined) {
      const agent = new Agent({
        connections: CONNECTIONS,
        connect: { timeout: CONNECT_MILLISECONDS, ...(ca === undefined ? {} : { ca }) },
        headersTimeout: answerMilliseconds,
        bodyTimeout: answerMilliseconds,
        maxResponseSize: LONGEST_ANSWER,
        keepAliveTimeout: 4_000,
        // One request a connection at a time, so that the number of connections bounds what is under way.
        allowH2: false,
      });
      this.dispatcher = agent;
      scope?.atEnd(() => {
        this.dispatcher = undefined;
        return agent.destroy();
      });
    }
    return { request, dispatcher: this.dispatcher };
  }
}

function headersOf({ headers = {}, body }: Request): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': 'hub-token-auditor',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
}

function receivedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Map<string, string> {
  return new Map(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/** The answer's JSON in the shape that was promised; `undefined` where it is not. */
export function parseJsonAs<Schema extends v.GenericSchema>(
  schema: Schema,
  answer: Answer,
): v.InferOutput<Schema> | undefined {
  const parsed = v.safeParse(schema, answer.json);
  return parsed.success ? parsed.output : undefined;
}

/** What came back, for a sentence: the status, and whether it was JSON; never the text, which may echo secrets. */
export function describeStatus(answer: Answer): string {
  return answer.json === undefined && answer.status !== 204
    ? `status ${answer.status} without the promised JSON`
    : `status ${answer.status}`;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  random: () => Math.random(),
};

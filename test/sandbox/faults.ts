// How requests fail, and which of them do.
import { STATUS_CODES } from 'node:http';

/** One request as a stand-in received it. */
export interface SandboxRequest {
  /** Name of the stand-in, or of the part of it that is concerned (`s3`, `sns`, …). */
  readonly system: string;
  readonly method: string;
  /** The path without the query, decoded by nobody. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a stand-in answers. A body that is neither text nor bytes is sent as JSON. */
export interface SandboxAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Where given, half of the body is sent and then nothing more, or the connection is torn down. */
  readonly ending?: 'stalls' | 'breaks off';
}

/** How an answer fails to come: the connection is torn down, or nothing is ever said. */
export type NoAnswer = 'reset' | 'hang';

/** What a fault is told. */
export interface FaultContext {
  readonly request: SandboxRequest;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Lets the request have its effect, and returns what would have been answered. */
  readonly handle: () => Promise<SandboxAnswer>;
}

/** One bad day of facts.md. */
export interface Fault {
  readonly name: string;
  /** Whether the request has its effect all the same. */
  readonly hasEffect: boolean;
  apply(context: FaultContext): Promise<SandboxAnswer | NoAnswer>;
}

const HTML = { 'content-type': 'text/html; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

function page(title: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
}

/** A fault that answers with this instead of doing anything. */
export function answering(
  name: string,
  answer: SandboxAnswer | ((now: number, request: SandboxRequest) => SandboxAnswer),
): Fault {
  return {
    name,
    hasEffect: false,
    apply: async ({ now, request }) => (typeof answer === 'function' ? answer(now, request) : answer),
  };
}

function silent(name: string, how: NoAnswer): Fault {
  return { name, hasEffect: false, apply: async () => how };
}

/** The same failure, after the request had its effect: the caller can't tell. */
export function afterEffect(fault: Fault): Fault {
  return {
    name: `${fault.name}, after the effect`,
    hasEffect: true,
    apply: async (context) => {
      await context.handle();
      return fault.apply(context);
    },
  };
}

/** Had its effect; half of the answer comes. */
function ending(name: string, how: NonNullable<SandboxAnswer['ending']>): Fault {
  return { name, hasEffect: true, apply: async ({ handle }) => ({ ...(await handle()), ending: how }) };
}

const seconds = (milliseconds: number): string => String(Math.ceil(milliseconds / 1000));

/** How long the limits among the {@link FAULTS} tell a client to wait, in seconds. */
export const RETRY_AFTER_SECONDS = 3;

const reset = silent('connection reset before the effect', 'reset');
const timeOut = silent('time-out', 'hang');

/**
 * Every way that facts.md knows in which a call can fail once it has reached its server, by name. A connection that is
 * refused never does: for that there are `SandboxServer.down()` and `refuseConnection`.
 */
export const FAULTS = {
  resetBefore: reset,
  resetAfter: { ...afterEffect(reset), name: 'connection reset after the effect' },
  timeOut,
  timeOutAfter: { ...afterEffect(timeOut), name: 'time-out after the effect' },
  unauthorized: answering('401', {
    status: 401,
    body: {
      detail: 'Incorrect authentication credentials',
      message: 'unauthorized',
      errors: ['permission denied'],
    },
  }),
  forbidden: answering('403', {
    status: 403,
    body: { detail: 'permission denied', message: 'access denied', errors: ['permission denied'] },
  }),
  notFound: answering('404', {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404 page not found\n',
  }),
  /** As documented since 2025-06. */
  limitedSeconds: answering('429 with Retry-After in seconds', {
    status: 429,
    headers: { ...JSON_TYPE, 'retry-after': String(RETRY_AFTER_SECONDS) },
    body: { message: 'Rate limit exceeded', errors: ['rate limit quota exceeded'] },
  }),
  limitedDate: answering('429 with Retry-After as HTTP date', (now) => ({
    status: 429,
    headers: { ...JSON_TYPE, 'retry-after': new Date(now + RETRY_AFTER_SECONDS * 1000).toUTCString() },
    body: { message: 'Rate limit exceeded', errors: ['rate limit quota exceeded'] },
  })),
  /** As documented before 2025-06. */
  limitedUnix: answering('429 with X-Retry-After as unix time', (now) => ({
    status: 429,
    headers: { ...JSON_TYPE, 'x-retry-after': seconds(now + RETRY_AFTER_SECONDS * 1000) },
    body: { message: 'Rate limit exceeded', errors: ['rate limit quota exceeded'] },
  })),
  /** The anti-abuse layer's: no JSON, no word on how long. */
  limitedPlain: answering('429 in plain text', {
    status: 429,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'Too Many Requests (HAP429).\n',
  }),
  internalError: answering('500 JSON', {
    status: 500,
    body: { message: 'internal error', errinfo: {}, errors: ['internal error'] },
  }),
  unavailablePage: answering('503 HTML', {
    status: 503,
    headers: HTML,
    body: page('503 Service Temporarily Unavailable'),
  }),
  notAllowedPage: answering('405 HTML', { status: 405, headers: HTML, body: page('405 Not Allowed') }),
  /** A maintenance page, or somebody else's proxy. */
  okPage: answering('200 HTML', { status: 200, headers: HTML, body: page("We'll be back soon") }),
  /** Had its effect; the answer stops in the middle although its length is right. */
  truncated: {
    name: '200 truncated JSON',
    hasEffect: true,
    apply: async ({ handle }) => {
      const answer = await handle();
      const text = bodyOf(answer).toString();
      return {
        status: 200,
        headers: { ...answer.headers, ...JSON_TYPE },
        body: text.length > 1 ? text.slice(0, Math.ceil(text.length / 2)) : '{"trunc',
      };
    },
  },
  stalled: ending('an answer that stops half way', 'stalls'),
  cutShort: ending('an answer that is cut short', 'breaks off'),
} as const satisfies Record<string, Fault>;

/** Name of one of the {@link FAULTS}. */
export type FaultName = keyof typeof FAULTS;

/** The bytes of an answer's body. */
export function bodyOf(answer: SandboxAnswer): Buffer {
  const { body } = answer;
  if (body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
}

/** The headers of an answer: JSON where the body is, and its length. */
export function headersOf(answer: SandboxAnswer): Record<string, string> {
  const isJson =
    answer.body !== undefined && typeof answer.body !== 'string' && !(answer.body instanceof Uint8Array);
  return { ...(isJson ? JSON_TYPE : {}), ...answer.headers };
}

/** The reason phrase of a status. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

type Matches = (request: SandboxRequest) => boolean;

interface Rule {
  readonly matches: Matches;
  readonly fault: Fault;
  /** Matching requests that still pass. */
  skip: number;
  /** Matching requests that still fail. */
  times: number;
}

/**
 * Decides which request fails, and how. A plan may be shared by several servers: then "the Nth request" counts over all
 * of them, in the order in which they arrive.
 */
export class FaultPlan {
  private rules: Rule[] = [];
  private seen = 0;
  /** Faults that came to pass, in order: a test that expects one checks that it did. */
  readonly happened: { readonly fault: string; readonly request: string }[] = [];
  /** In place of rules: decides each request by itself; `index` counts from 1. */
  decide: ((request: SandboxRequest, index: number) => Fault | undefined) | undefined;

  /** The `n`th request from now on, counted from 1 among those that match, fails. */
  nth(n: number, fault: Fault, matches: Matches = () => true): void {
    this.rules.push({ matches, fault, skip: n - 1, times: 1 });
  }

  /** The next `times` requests that match fail. */
  when(matches: Matches, fault: Fault, times = 1): void {
    this.rules.push({ matches, fault, skip: 0, times });
  }

  /** Every request that matches fails, until {@link clear}. */
  always(fault: Fault, matches: Matches = () => true): void {
    this.when(matches, fault, Infinity);
  }

  /** From now on everything passes; the count of requests begins again. */
  clear(): void {
    this.rules = [];
    this.seen = 0;
    this.happened.length = 0;
    this.decide = undefined;
  }

  /** Requests seen since the beginning or the last {@link clear}. */
  get count(): number {
    return this.seen;
  }

  /** The fate of the next request; counts it. */
  next(request: SandboxRequest): Fault | undefined {
    const index = ++this.seen;
    let found = this.decide?.(request, index);
    for (const rule of this.rules) {
      if (!rule.matches(request)) continue;
      if (rule.skip > 0) rule.skip--;
      else if (rule.times > 0 && found === undefined) {
        rule.times--;
        found = rule.fault;
      }
    }
    if (found !== undefined)
      this.happened.push({
        fault: found.name,
        request: `${request.system} ${request.method} ${request.path}`,
      });
    return found;
  }
}

/** Requests with this method (`POST`), path (text or pattern) and system, each only where it is given. */
export function requests(
  wanted: { readonly method?: string; readonly path?: string | RegExp; readonly system?: string } = {},
): Matches {
  return ({ method, path, system }) =>
    (wanted.method === undefined || wanted.method === method) &&
    (wanted.system === undefined || wanted.system === system) &&
    (wanted.path === undefined ||
      (typeof wanted.path === 'string' ? wanted.path === path : wanted.path.test(path)));
}

import { Agent, type Dispatcher } from 'undici';
import * as v from 'valibot';
import { counted } from '../core/printable.ts';
import { RequestFailure } from './failure.ts';
import type { Clock } from './types.ts';
import { waitTold, type ReadHeader } from './waiting.ts';

const MEBIBYTE = 1024 * 1024;

export interface HttpOptions {
  /** Address of the server, without closing slash; paths of requests are added to it. */
  readonly url: string;
  /** Milliseconds since 1970; no request outlives it. */
  readonly deadline: number;
  readonly clock: Clock;
  /** Connections kept at once, default 8. */
  readonly connections?: number | undefined;
  /** Milliseconds for one request from beginning to end, default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Bytes that an answer may have, default 8 MiB. */
  readonly mostBytes?: number | undefined;
  /** PEM of the certificate authority to trust instead of the usual ones. */
  readonly ca?: string | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  /** With leading slash, encoded, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Milliseconds for this request, where the client's own time-out is too long. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly header: ReadHeader;
  /** Parsed where the content is JSON in fact and by its type, else the text. */
  readonly body: unknown;
  readonly isJson: boolean;
}

/** Sends one request. Rejects with a {@link RequestFailure} of kind `lost`, `unreached` or `late`, nothing else. */
export type Http = (request: HttpRequest) => Promise<Answer>;

const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const CERTIFICATE = /CERT|^ERR_TLS|^ERR_SSL|^ERR_OSSL|^UNABLE_TO_|SIGNATURE/;
const TIMED_OUT = /^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/;

const thrown = v.object({ code: v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{1,60}$/)) });

/** The code of an error of Node or undici; everything else about it may hold the request, and is left behind. */
function codeOf(error: unknown): string | undefined {
  const parsed = v.safeParse(thrown, error);
  return parsed.success ? parsed.output.code : undefined;
}

function noAnswer(error: unknown, timedOut: boolean, timeoutMs: number): RequestFailure {
  const code = codeOf(error) ?? 'no code';
  if (timedOut || TIMED_OUT.test(code))
    return new RequestFailure(
      'lost',
      `no answer within ${counted(Math.round(timeoutMs / 100) / 10, 'second')}`,
    );
  if (UNREACHED.has(code)) return new RequestFailure('unreached', `no connection (${code})`);
  if (CERTIFICATE.test(code))
    return new RequestFailure('unreached', `a certificate that is not accepted (${code})`, {
      permanent: true,
    });
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new RequestFailure('lost', 'an answer larger than is accepted');
  return new RequestFailure('lost', `a broken connection (${code})`);
}

function parsed(text: string, contentType: string): { body: unknown; isJson: boolean } {
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return { body: text, isJson: false };
  try {
    const body: unknown = JSON.parse(text);
    return { body, isJson: true };
  } catch {
    return { body: text, isJson: false };
  }
}

/**
 * A sender of requests to one server. Follows no redirect, so that no password or token goes to another host; asks
 * neither the environment nor a proxy; HTTP/1.1 only, so that connections bound what is under way. Made anew for each
 * run: the connections of a function that was frozen in between are dead, and a request written to one is lost.
 */
export function createHttp(options: HttpOptions): Http {
  const { url, clock, deadline, timeoutMs: usualTimeout = 30_000 } = options;
  const { origin, pathname } = new URL(url);
  const prefix = pathname.replace(/\/$/, '');
  const agent = new Agent({
    connections: options.connections ?? 8,
    connect: { timeout: Math.min(5000, usualTimeout), ...(options.ca === undefined ? {} : { ca: options.ca }) },
    headersTimeout: usualTimeout,
    bodyTimeout: usualTimeout,
    maxResponseSize: options.mostBytes ?? 8 * MEBIBYTE,
    allowH2: false,
  });

  return async ({ method, path, headers, json, timeoutMs = usualTimeout }) => {
    const left = deadline - clock.now();
    if (left <= 0) throw new RequestFailure('late', "no request, because the function's time is used up");
    const time = Math.min(timeoutMs, left);
    const signal = AbortSignal.timeout(time);
    const request: Dispatcher.RequestOptions = {
      origin,
      path: prefix + path,
      method,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'hub-token-auditor',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: json === undefined ? null : JSON.stringify(json),
    };
    try {
      const answer = await agent.request(request);
      const header: ReadHeader = (name) => {
        const value = answer.headers[name];
        return typeof value === 'string' ? value : value?.[0];
      };
      const text = await answer.body.text();
      return { status: answer.statusCode, header, ...parsed(text, header('content-type') ?? '') };
    } catch (error) {
      throw noAnswer(error, signal.aborted, time);
    }
  };
}

/** An answer in words that are harmless to show: `HTTP 503 with an HTML page`. */
function described({ status, body, isJson }: Answer): string {
  if (isJson) return `HTTP ${status}`;
  if (typeof body !== 'string' || body === '') return `HTTP ${status} without content`;
  return /^\s*<(?:!doctype|html)/i.test(body)
    ? `HTTP ${status} with an HTML page`
    : `HTTP ${status} with content that is not JSON`;
}

/**
 * What an answer that is not the hoped-for one means. Without JSON, a 4xx comes from something in front of the server
 * (an outage's HTML page, a router's `404 page not found`), and says nothing about what was asked.
 */
export function failureOf(answer: Answer, now: number): RequestFailure {
  const { status, body } = answer;
  if (status === 429) {
    const waitMs = waitTold(answer.header, now);
    return new RequestFailure('limited', `HTTP 429 (too many requests)`, {
      status,
      answer: body,
      ...(waitMs === undefined ? {} : { waitMs }),
    });
  }
  const clear = status >= 400 && status < 500 && answer.isJson;
  return new RequestFailure(clear ? 'refused' : 'unwell', described(answer), { status, answer: body });
}

/**
 * The content of a successful answer, in the promised shape.
 *
 * @throws RequestFailure `unwell`, naming the field that is missing or wrong
 */
export function promised<Schema extends v.GenericSchema>(
  answer: Answer,
  schema: Schema,
): v.InferOutput<Schema> {
  if (!answer.isJson) throw new RequestFailure('unwell', described(answer), { status: answer.status });
  const result = v.safeParse(schema, answer.body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = (v.getDotPath(issue) ?? '').replace(/\.(\d+)\./g, '[$1].');
  throw new RequestFailure(
    'unwell',
    `HTTP ${answer.status} with JSON in which ${field === '' ? 'the content' : field} ${fault(issue)}`,
    { status: answer.status },
  );
}

/** Messages of valibot's own quote what was received, which may be a secret. */
function fault(issue: v.BaseIssue<unknown>): string {
  return issue.input === undefined ? 'is missing' : issue.type === 'custom' ? issue.message : 'is blank or of the wrong kind';
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a stand-in sees it. */
export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body where it is JSON, else `undefined`. */
  readonly json: unknown;
}

/** What a stand-in answers. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text or bytes. */
  readonly body?: unknown;
}

/**
 * A bad moment of a server: what happens to one request instead of the proper answer.
 * - `refuse`: the connection is closed before anything is read, as far as the client can tell
 * - `reset`: closed without an answer, before the effect or after it
 * - `hang`: no answer until the server is closed
 * - a reply: this answer, without the effect
 * - `garble`: the effect and the answer, but cut in the middle of its JSON
 */
export type Fault = 'refuse' | 'reset before' | 'reset after' | 'hang' | 'garble' | Reply;

/** Decides whether a request meets a fault; `number` counts this server's requests from 1. */
export type FaultPlan = (request: Received, number: number) => Fault | undefined;

export type Handler = (request: Received) => Reply | Promise<Reply>;

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('latin1');
  const utf8 = Buffer.concat(chunks).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(utf8);
  } catch {
    json = undefined;
  }
  return {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://stand-in'),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]),
    ),
    text: request.headers['content-type']?.includes('json') ? utf8 : text,
    json,
  };
}

function send(response: ServerResponse, reply: Reply, isHead: boolean): void {
  const { status, headers = {}, body } = reply;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const payload = body === undefined ? '' : isRaw ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...(body === undefined || isRaw ? {} : { 'content-type': 'application/json' }),
    ...headers,
  });
  response.end(isHead ? undefined : payload);
}

/** One real HTTP server on loopback, with latency and faults. */
export class StandIn {
  /** Milliseconds before every answer. */
  latency = 0;
  faults: FaultPlan = () => undefined;
  /** Method and path of every request, in order. */
  readonly log: string[] = [];
  /** How many requests were being answered at the same time at most. */
  mostAtOnce = 0;
  url = '';
  private readonly handler: Handler;
  private server: Server | undefined;
  private atOnce = 0;

  constructor(handler: Handler) {
    this.handler = handler;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      // A stand-in that breaks must fail its test, not hang it.
      this.answer(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.server = server;
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('The stand-in has no port.');
    this.url = `http://127.0.0.1:${address.port}`;
    return this;
  }

  async close(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await receive(request);
    this.log.push(`${received.method} ${received.url.pathname}${received.url.search}`);
    const fault = this.faults(received, this.log.length);
    if (fault === 'refuse' || fault === 'reset before') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault === 'hang') return;
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency));
    const reply = typeof fault === 'object' ? fault : await this.handler(received);
    this.atOnce -= 1;
    if (fault === 'reset after') request.socket.resetAndDestroy();
    else if (fault === 'garble')
      send(response, { ...reply, headers: { 'content-type': 'application/json' }, body: JSON.stringify(reply.body ?? {}).slice(0, -5) || '{' }, false); // prettier-ignore
    else send(response, reply, received.method === 'HEAD');
  }
}

/** Answers of bad days, as they were seen (their wording is Docker Hub's or Vault's). */
export const BAD_DAYS = {
  html200: {
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>Docker Hub</body></html>',
  },
  html503: {
    status: 503,
    headers: { 'content-type': 'text/html' },
    body: '<html><h1>503 Service Unavailable</h1></html>',
  },
  json500: { status: 500, body: { message: 'internal error', errinfo: {} } },
  unauthorized: {
    status: 401,
    body: { detail: 'Incorrect authentication credentials', errors: ['permission denied'] },
  },
  forbidden: { status: 403, body: { message: 'access denied', errinfo: {}, errors: ['permission denied'] } },
  notFound: { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' },
  limitedSeconds: {
    status: 429,
    headers: { 'retry-after': '1' },
    body: { detail: 'Rate limit exceeded', errors: ['rate limit quota exceeded'] },
  },
  limitedPlain: {
    status: 429,
    headers: { 'content-type': 'text/plain' },
    body: 'Too Many Requests (HAP429).',
  },
} as const satisfies Record<string, Reply>;

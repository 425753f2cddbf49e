// The server below all stand-ins: real HTTP on loopback, with faults and a log.
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer as createHttpServer,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SandboxClock } from './clock.ts';
import {
  FaultPlan,
  type NoAnswer,
  type SandboxAnswer,
  type SandboxRequest,
  bodyOf,
  headersOf,
} from './faults.ts';

/** What a stand-in was asked and what it did. */
export interface LoggedRequest {
  readonly system: string;
  readonly method: string;
  readonly path: string;
  /** The query, without its question mark. */
  readonly query: string;
  /** By the sandbox's clock, milliseconds since 1970. */
  readonly at: number;
  /** The body as text. It may hold secrets: it stays in memory, for assertions. */
  readonly body: string;
  /** Absent where no answer was given (yet). */
  status?: number;
  /** Name of the fault that it met. */
  fault?: string;
}

export interface ServerOptions {
  /** Name of the stand-in in logs and fault predicates. */
  readonly name: string;
  readonly clock: SandboxClock;
  /** Answers one request. What it throws is answered with 500. */
  readonly handle: (request: SandboxRequest) => SandboxAnswer | Promise<SandboxAnswer>;
  /** The part of the stand-in that a request concerns; default: its name. */
  readonly systemOf?: (request: Omit<SandboxRequest, 'system'>) => string;
  /** Faults shared with other servers; they come before this server's own. */
  readonly sharedFaults?: FaultPlan;
  /** Log shared with other servers, in the order in which requests arrive. */
  readonly sharedLog?: LoggedRequest[];
  /** Milliseconds until an answer begins; default 0. */
  readonly latencyMs?: number;
  /** The time that answers say it is, milliseconds since 1970; default: the clock's. */
  readonly date?: () => number;
  /** PEM of key and certificate: serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A real HTTP server on loopback. */
export interface SandboxServer {
  /** `http://127.0.0.1:port` (or `https:`), the same from beginning to end. */
  readonly url: string;
  readonly faults: FaultPlan;
  readonly log: LoggedRequest[];
  /** Milliseconds until an answer begins. */
  latencyMs: number;
  /** The most requests that were under way at the same time. */
  peak: number;
  /** Requests that are open and will never be answered. */
  readonly hanging: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Whether a connection is kept for the next request; if not, each request has to make its own. */
  keepsConnections: boolean;
  /** Stops listening and drops every connection: from now on connections are refused. */
  readonly down: () => Promise<void>;
  /** Listens again, on the same port. */
  readonly up: () => Promise<void>;
  /** Ends the server and every connection to it. */
  readonly close: () => Promise<void>;
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseRequest(incoming: IncomingMessage, body: Buffer): Omit<SandboxRequest, 'system'> {
  const target = incoming.url ?? '/';
  const cut = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: cut < 0 ? target : target.slice(0, cut),
    query: new URLSearchParams(cut < 0 ? '' : target.slice(cut + 1)),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
      ),
    ),
    body,
  };
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    // Nobody waits for an answer of a sandbox that is over.
    setTimeout(resolve, milliseconds).unref();
  });
}

/** Starts a stand-in on a free port of the loopback interface. */
export async function startServer(options: ServerOptions): Promise<SandboxServer> {
  const { name, clock, handle, systemOf, sharedFaults, sharedLog, tls } = options;
  const { date = () => clock.now() } = options;
  const sockets = new Set<Socket>();
  const faults = new FaultPlan();
  const log: LoggedRequest[] = [];
  const hanging = new Set<Socket>();
  let underWay = 0;

  const decide = async (
    request: SandboxRequest,
    logged: LoggedRequest,
  ): Promise<SandboxAnswer | NoAnswer> => {
    const shared = sharedFaults?.next(request);
    const fault = shared ?? faults.next(request);
    if (server.latencyMs > 0) await wait(server.latencyMs);
    const work = async (): Promise<SandboxAnswer> => {
      try {
        return await handle(request);
      } catch (error) {
        // A mistake of the stand-in itself: loud, so that no test passes over it.
        return { status: 500, body: { message: `the stand-in ${name} failed: ${String(error)}` } };
      }
    };
    if (fault === undefined) return work();
    logged.fault = fault.name;
    return fault.apply({ request, now: clock.now(), handle: work });
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const partial = parseRequest(incoming, await readBody(incoming));
    const request: SandboxRequest = { ...partial, system: systemOf?.(partial) ?? name };
    const logged: LoggedRequest = {
      system: request.system,
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      at: clock.now(),
      body: request.body.toString(),
    };
    log.push(logged);
    sharedLog?.push(logged);
    underWay++;
    server.peak = Math.max(server.peak, underWay);
    const answer = await decide(request, logged);
    underWay--;
    if (answer === 'hang') {
      if (!incoming.socket.destroyed) hanging.add(incoming.socket);
      return;
    }
    if (answer === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    logged.status = answer.status;
    const body = bodyOf(answer);
    const headers: Record<string, string> = {
      date: new Date(date()).toUTCString(),
      ...headersOf(answer),
    };
    if (answer.status !== 204 && answer.status !== 304) headers['content-length'] ??= String(body.length);
    if (!server.keepsConnections) headers['connection'] = 'close';
    response.sendDate = false;
    response.writeHead(answer.status, headers);
    if (answer.ending !== undefined) {
      // Its length is that of the whole body, and only half of it comes.
      const { socket } = incoming;
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => {
        if (answer.ending === 'breaks off') socket.destroy();
        else if (!socket.destroyed) hanging.add(socket);
      });
      return;
    }
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch(() => {
      // The client went away in the middle.
      incoming.socket.destroy();
    });
  };
  const http: Server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  http.keepAliveTimeout = 60_000;
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      hanging.delete(socket);
    });
  });
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      http.once('error', reject);
      http.listen(port, '127.0.0.1', () => {
        http.off('error', reject);
        const address = http.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  const down = (): Promise<void> =>
    new Promise((resolve) => {
      http.close(() => {
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    });

  const port = await listen(0);
  const server: SandboxServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    faults,
    log,
    latencyMs: options.latencyMs ?? 0,
    peak: 0,
    get hanging() {
      return hanging.size;
    },
    get connections() {
      return sockets.size;
    },
    keepsConnections: true,
    down,
    up: async () => {
      await listen(port);
    },
    close: async () => {
      if (http.listening) await down();
    },
  };
  return server;
}

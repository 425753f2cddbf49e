// The side of Lambda that its runtime client asks for events: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';

const PREFIX = '/2018-06-01/runtime/';
const errorSchema = v.object({ errorType: v.string(), errorMessage: v.string() });

/** What an invocation came to, as Lambda would pass it on. */
export type Answer =
  { readonly result: unknown } | { readonly errorType: string; readonly errorMessage: string };

/** A Lambda of one function, without anything that runs it. */
export interface RuntimeApi {
  /** `127.0.0.1:…`, as the client wants it. */
  readonly address: string;
  /** Hands an event to whichever client asks next; resolves when that one has answered. */
  invoke(event: unknown, functionName: string, timeoutMilliseconds: number): Promise<Answer>;
  close(): Promise<void>;
}

interface Invocation {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: (answer: Answer) => void;
}

/** Starts one on loopback. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const waiting: ServerResponse[] = [];
  const queued: Invocation[] = [];
  const running = new Map<string, Invocation>();

  const handOut = (): void => {
    const response = waiting.find(({ destroyed }) => !destroyed);
    const invocation = response === undefined ? undefined : queued.shift();
    if (response === undefined || invocation === undefined) return;
    waiting.splice(0, waiting.indexOf(response) + 1);
    running.set(invocation.id, invocation);
    response.writeHead(200, { 'content-type': 'application/json', ...invocation.headers });
    response.end(invocation.body);
  };

  const server = createServer((request, response) => {
    void serve(request, response);
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').slice(PREFIX.length);
    if (path === 'invocation/next') {
      waiting.push(response);
      handOut();
      return;
    }
    const body = await text(request);
    const [, id = '', what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    const invocation = running.get(id);
    running.delete(id);
    if (what === 'response') invocation?.answer({ result: body === '' ? undefined : JSON.parse(body) });
    if (what === 'error') invocation?.answer(v.parse(errorSchema, JSON.parse(body)));
    response.writeHead(202, { 'content-type': 'application/json' });
    response.end('{"status":"OK"}');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return {
    address: `127.0.0.1:${address.port}`,
    invoke: (event, functionName, timeoutMilliseconds) =>
      new Promise((answer) => {
        const id = randomUUID();
        queued.push({
          id,
          body: JSON.stringify(event),
          headers: {
            'lambda-runtime-aws-request-id': id,
            'lambda-runtime-deadline-ms': String(Date.now() + timeoutMilliseconds),
            'lambda-runtime-invoked-function-arn': `arn:aws:lambda:eu-west-1:000000000000:function:${functionName}`,
            'lambda-runtime-trace-id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
          },
          answer,
        });
        handOut();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

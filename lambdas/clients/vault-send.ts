// The transport that node-vault is given: no redirects, time-outs, and what Vault refused in our own terms.
import { fieldsOf } from './jwt.ts';
import { type Answer, type Http, type HttpOptions, NoAnswer, type Request, createHttp } from './http.ts';

/** What node-vault passes to its documented hook `request-promise`, as far as it is used here. */
interface VaultRequest {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
}

/** What node-vault expects back. */
interface VaultResponse {
  readonly statusCode: number;
  readonly body: unknown;
  readonly request: { readonly path: string };
}

/** A Vault answer that is not 200 or 204, or none at all: its status and its `errors`, for our own eyes. */
export class VaultRefusal extends Error {
  override readonly name = 'VaultRefusal';
  readonly status: number;
  /** Vault's words: to compare with known texts, never to print, because one race echoes the secret id. */
  readonly words: string;
  /** Vault's single sentences, as secret as `words`. */
  readonly errors: readonly string[];
  /** `undefined` where the answer was not JSON: then Vault did not give it. */
  readonly body: unknown;

  constructor(status: number, body: unknown, reason: string) {
    super(reason);
    this.status = status;
    this.body = body;
    const errors: unknown = fieldsOf(body).get('errors');
    this.errors = (Array.isArray(errors) ? errors : []).filter((text) => typeof text === 'string');
    this.words = JSON.stringify(body ?? '').slice(0, 2000);
  }
}

function isMethod(method: string): method is Request['method'] {
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method);
}

/** A PATCH of a secret that there is not is answered with 404 and no content at all, everything else with JSON. */
function isSilentNo(answer: Answer, method: string): boolean {
  return method === 'PATCH' && answer.status === 404 && answer.start === '';
}

/** Statuses and words that pass by themselves: standby, performance standby, sealed for a moment, limits, lagging replica. */
function isTransient(answer: Answer): boolean {
  return (
    answer.status === 412 ||
    answer.status === 472 ||
    answer.status === 473 ||
    answer.status === 307 ||
    (answer.status === 400 && /Upgrading from non-versioned/i.test(answer.start)) ||
    (answer.status !== 204 && answer.json === undefined)
  );
}

/**
 * The transport that node-vault is given instead of its own: no redirects (they would carry the token to another
 * host), time-outs, bounded answers, our certificate authority, and nothing for `DEBUG` to print. Reads are tried
 * again when they fail in transit, everything else is sent once, and once more after a limit, which refuses before
 * there is any effect.
 */
export function createVaultSend(options: HttpOptions): {
  readonly http: Http;
  readonly send: (request: VaultRequest) => Promise<VaultResponse>;
} {
  const http = createHttp(options);
  return {
    http,
    send: async ({ method, uri, headers = {}, json }) => {
      const { pathname, search } = new URL(uri);
      const base = new URL(options.url).pathname.replace(/\/+$/, '');
      if (!isMethod(method)) throw new VaultRefusal(0, undefined, 'an unknown method');
      const request: Request = {
        method,
        path: `${pathname.slice(base.length)}${search}`,
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        ...(typeof json === 'object' ? { body: json } : {}),
      };
      let answer: Answer;
      try {
        answer =
          method === 'GET'
            ? await http.read(request, (candidate) => !isTransient(candidate))
            : await http.change(request);
      } catch (error) {
        throw new VaultRefusal(
          0,
          undefined,
          error instanceof NoAnswer ? error.message : 'the connection failed',
        );
      }
      if (isSilentNo(answer, method)) throw new VaultRefusal(404, {}, 'status 404');
      if (answer.status === 204) return { statusCode: 204, body: undefined, request: { path: pathname } };
      if (answer.status !== 200 || answer.json === undefined)
        throw new VaultRefusal(
          answer.status,
          answer.json,
          answer.json === undefined
            ? `status ${answer.status} without the promised JSON`
            : `status ${answer.status}`,
        );
      return { statusCode: 200, body: answer.json, request: { path: pathname } };
    },
  };
}

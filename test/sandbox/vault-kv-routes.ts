// The routes of Vault's KV engine, of both versions.
import type { SandboxAnswer, SandboxRequest } from './faults.ts';
import { type JsonObject, jsonObject } from './json.ts';
import { JSON_TYPE, envelope, failure } from './vault-answers.ts';
import type { KvMount, KvResult } from './vault-kv.ts';
import type { PlainKvMount } from './vault-kv1.ts';

/** The first parts of a path on a KV mount. */
const KINDS = ['data', 'subkeys', 'metadata', 'delete', 'undelete', 'destroy'];

/** What a result of the KV engine looks like on the wire. */
function kvAnswer(result: KvResult, method: string): SandboxAnswer {
  if ('error' in result) return failure(result.status, result.error);
  if (result.data !== undefined) return { status: result.status, body: envelope(result.data) };
  // A PATCH of what there is not is answered with no body at all.
  const isSilent = result.status !== 404 || method === 'PATCH';
  return isSilent ? { status: result.status, headers: JSON_TYPE } : failure(404);
}

function numbersOf(value: unknown): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.map(Number);
}

function readOrWrite(
  store: KvMount,
  path: string,
  request: SandboxRequest,
  body: JsonObject | undefined,
): KvResult {
  const version = Number(request.query.get('version') ?? 0);
  switch (request.method) {
    case 'GET':
      return store.read(path, version === 0 ? undefined : version);
    case 'POST':
    case 'PUT':
      return store.write(path, body);
    case 'PATCH':
      return store.patch(path, body);
    case 'DELETE':
      return store.delete(path);
    default:
      return { status: 405, error: 'unsupported operation' };
  }
}

function metadata(store: KvMount, path: string, method: string, body: JsonObject | undefined): KvResult {
  if (method === 'GET') return store.metadata(path);
  if (method === 'DELETE') return store.forget(path);
  return store.configure(path, body);
}

function warned(warning: string): SandboxAnswer {
  return { status: 404, body: envelope(null, { warnings: [warning] }) };
}

function invalidPath(method: string): SandboxAnswer {
  const command = { GET: 'get', PATCH: 'patch', DELETE: 'delete' }[method] ?? 'put';
  return warned(
    `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv ${command}' for this operation.`,
  );
}

/** A request to a KV mount, version 2: `rest` is the path behind the mount's. */
export function serveKv(store: KvMount, rest: string, request: SandboxRequest): SandboxAnswer {
  const body = jsonObject(request.body);
  const cut = rest.indexOf('/');
  const [kind, path] = cut < 0 ? [rest, ''] : [rest.slice(0, cut), rest.slice(cut + 1)];
  const numbers = numbersOf(body?.['versions']);
  const version = Number(request.query.get('version') ?? 0);
  if (path === '' && KINDS.includes(kind))
    return warned('Non-listing operations on the root of a K/V v2 mount are not supported.');
  switch (kind) {
    case 'data':
      return kvAnswer(readOrWrite(store, path, request, body), request.method);
    case 'subkeys':
      return kvAnswer(
        store.subkeys(path, version === 0 ? undefined : version, Number(request.query.get('depth') ?? 0)),
        request.method,
      );
    case 'metadata':
      return kvAnswer(metadata(store, path, request.method, body), request.method);
    case 'delete':
      return kvAnswer(store.delete(path, numbers), request.method);
    case 'undelete':
      return kvAnswer(store.undelete(path, numbers), request.method);
    case 'destroy':
      return kvAnswer(store.destroy(path, numbers), request.method);
    default:
      return invalidPath(request.method);
  }
}

/** A request to a KV mount, version 1: the path is the secret's, without `data/`. */
export function servePlainKv(
  store: PlainKvMount,
  path: string,
  { method, body }: SandboxRequest,
): SandboxAnswer {
  switch (method) {
    case 'GET': {
      const data = store.current(path);
      if (data === undefined) return failure(404);
      const answer = { status: 200, body: envelope(data, { lease_duration: 2_764_800 }) };
      store.afterRead?.(path);
      return answer;
    }
    case 'POST':
    case 'PUT': {
      const given = jsonObject(body) ?? {};
      if (Object.keys(given).length === 0) return failure(400, 'missing data fields');
      store.put(path, given);
      return { status: 204 };
    }
    case 'DELETE':
      store.forget(path);
      return { status: 204 };
    default:
      return failure(405, 'unsupported operation');
  }
}

// Asks a stand-in for something, as a test does that needs no client.
import { request } from 'undici';
import { type JsonObject, isObject, jsonObject } from './json.ts';

/** What a server answered, for assertions. */
export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON object; empty where it is none. */
  readonly json: JsonObject;
}

export interface AskOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Asks a server once, following nothing: how the stand-ins' own tests speak with them. */
export async function ask(url: string, options: AskOptions = {}): Promise<Asked> {
  const { method = 'GET', headers = {}, body } = options;
  const isText = typeof body === 'string';
  const answer = await request(url, {
    method,
    headers: { ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : isText ? body : JSON.stringify(body),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
    text,
    json: jsonObject(Buffer.from(text)) ?? {},
  };
}

/** What is found under the keys, one within the other. */
export function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of keys) {
    const inside: unknown = Array.isArray(found)
      ? found[Number(key)]
      : isObject(found)
        ? found[key]
        : undefined;
    found = inside;
  }
  return found;
}

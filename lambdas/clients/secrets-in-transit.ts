/** Which texts of a request and its answer are secrets: sessions, tokens, logins, and whatever Vault holds. */
import * as v from 'valibot';
import type { Secrets } from '../text/redact.ts';

/** Remembers the secrets that a request to one of the systems carries. */
export function rememberSent(
  secrets: Secrets | undefined,
  request: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
): void {
  if (secrets === undefined) return;
  secrets.add(request.headers?.['authorization']?.replace(/^(?:Bearer|Basic) /, ''));
  secrets.add(request.headers?.['x-vault-token']);
  rememberFields(secrets, request.body, SENT);
}

/**
 * Remembers the secrets that an answer brings.
 *
 * @param path what was asked for: what Vault says of its mounts is no secret
 */
export function rememberReceived(secrets: Secrets | undefined, json: unknown, path: string): void {
  if (secrets === undefined || path.includes('/v1/sys/')) return;
  rememberFields(secrets, json, RECEIVED);
  const { auth, data } = recordOf(json);
  rememberFields(secrets, auth, AUTH);
  // A secret of version 2 has its fields one level below that of version 1.
  const { metadata, data: inner } = recordOf(data);
  rememberAll(secrets, typeof metadata === 'object' ? inner : data);
}

const SENT = ['secret', 'password', 'login_2fa_token', 'role_id', 'secret_id', 'iam_request_headers'];
const RECEIVED = ['token', 'access_token', 'refresh_token', 'login_2fa_token'];
const AUTH = ['client_token', 'accessor'];
/** The one field of the login that everybody may know. */
const PUBLIC: ReadonlySet<string> = new Set(['username']);

const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

const record = v.record(v.string(), v.unknown());

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const parsed = v.safeParse(record, value);
  return parsed.success ? parsed.output : {};
}

function rememberFields(secrets: Secrets, value: unknown, names: readonly string[]): void {
  const fields = recordOf(value);
  for (const name of names) {
    const field = fields[name];
    if (typeof field === 'string') secrets.add(field);
  }
}

function rememberAll(secrets: Secrets, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value)) {
    if (PUBLIC.has(name)) continue;
    // When Vault wrote a version is no secret, and the ledger may well hold the same instant.
    if (typeof field === 'string' && TIMESTAMP.test(field)) continue;
    if (typeof field === 'string') secrets.add(field);
    else rememberAll(secrets, field);
  }
}

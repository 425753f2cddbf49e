// JSON web tokens as Docker Hub and its token service sign them.
import { type KeyObject, createHmac, sign, timingSafeEqual, verify } from 'node:crypto';
import { type JsonObject, isObject, jsonObject } from './json.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT under a shared key: a session that only its issuer has to understand. */
export function signHs256(claims: JsonObject, key: Buffer): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** The claims of a JWT under a shared key; `undefined` where it is none or was tampered with. */
export function readHs256(token: string, key: Buffer): JsonObject | undefined {
  const [header = '', claims = '', signature = '', rest] = token.split('.');
  if (rest !== undefined) return undefined;
  const wanted = createHmac('sha256', key).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return jsonObject(Buffer.from(claims, 'base64url'));
}

/**
 * A JWT that others verify by its issuer's certificate.
 *
 * @param x5c certificates from the issuer's upwards, DER in base64, as a registry with `rootcertbundle` wants them
 */
export function signRs256(claims: JsonObject, key: KeyObject, x5c?: readonly string[]): string {
  const header = { alg: 'RS256', typ: 'JWT', ...(x5c === undefined ? {} : { x5c }) };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

/** The claims of a JWT signed by a key; `undefined` where it is none or was not. */
export function readRs256(token: string, key: KeyObject): JsonObject | undefined {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const isGenuine = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  const parsed: unknown = isGenuine ? jsonObject(Buffer.from(claims, 'base64url')) : undefined;
  return isObject(parsed) ? parsed : undefined;
}

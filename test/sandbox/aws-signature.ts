// Checks an AWS signature, version 4, as AWS describes it, written without the signer that the program uses.
import { createHash, createHmac } from 'node:crypto';

/** A request as it was signed. */
export interface SignedParts {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Names of the headers that a signature covers; `undefined` where it is not that of the secret key. */
export function signedHeaders(parts: SignedParts, secretKey: string): readonly string[] | undefined {
  const headers = new Map(
    Object.entries(parts.headers).map(([name, value]) => [name.toLowerCase(), value.trim()]),
  );
  const [, scope = '', names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.get('authorization') ?? '',
    ) ?? [];
  const { pathname, searchParams } = new URL(parts.url);
  searchParams.sort();
  const canonical = [
    parts.method,
    pathname,
    searchParams.toString(),
    ...names.split(';').map((name) => `${name}:${headers.get(name) ?? ''}`),
    '',
    names,
    sha256(parts.body),
  ].join('\n');
  const signed = ['AWS4-HMAC-SHA256', headers.get('x-amz-date'), scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce(hmac, Buffer.from(`AWS4${secretKey}`));
  return hmac(key, signed).toString('hex') === signature ? names.split(';') : undefined;
}

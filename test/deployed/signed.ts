// Signed requests to AWS's APIs for which the project has no client.
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash, createHmac } from 'node:crypto';

/** Who asks. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request of a service. */
export interface Asked {
  readonly service: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A hash as the signer wants it. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

/** Makes the caller of an emulator's APIs. */
export function makeAsk(url: string, region: string) {
  return async (identity: Identity, asked: Asked): Promise<Answer> => {
    const { service, method = 'POST', path = '/', headers = {}, body } = asked;
    const target = new URL(path, url);
    const signer = new SignatureV4({ service, region, credentials: identity, sha256: Sha256 });
    const signed = await signer.sign({
      method,
      protocol: 'http:',
      hostname: target.hostname,
      path: target.pathname,
      query: Object.fromEntries(target.searchParams),
      headers: { host: target.host, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const answer = await fetch(target, {
      method,
      headers: signed.headers,
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, text: await answer.text() };
  };
}

/** Asks, as whoever is given. */
export type Ask = ReturnType<typeof makeAsk>;

/** A request of a query API (IAM, SNS, SQS). */
export function query(service: string, input: Readonly<Record<string, string>>): Asked {
  const version = { iam: '2010-05-08', sns: '2010-03-31', sqs: '2012-11-05' }[service] ?? '';
  return {
    service,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...input, Version: version }).toString(),
  };
}

/** A request of a JSON API by its target. */
export function json(service: string, target: string, input: object): Asked {
  return {
    service,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(input),
  };
}

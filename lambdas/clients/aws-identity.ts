// Signs who the function is, for Vault: a GetCallerIdentity that Vault sends on to AWS, and reads the answer of.
import { createHash, createHmac } from 'node:crypto';
import { AuditorError } from '../errors.ts';
import { awsDefaults } from './aws.ts';
import type { Clock } from './ports.ts';

/** A signed request as Vault wants to be handed it. */
export interface SignedRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs with the function's present credentials. Rejects with `VaultLoginFailed` where it has none. */
export type SignIdentity = () => Promise<SignedRequest>;

export interface AwsIdentityOptions {
  /** What Vault wants to find in `X-Vault-AWS-IAM-Server-ID`; empty where it wants nothing. */
  readonly serverId: string;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

/** Makes the signer of one event: credentials of a function change while it is warm. */
export function createSignIdentity({ serverId, clock, environment }: AwsIdentityOptions): SignIdentity {
  return async () => {
    const { url, region } = stsEndpoint(environment);
    const [{ SignatureV4 }, credentials] = await Promise.all([
      import('@smithy/signature-v4'),
      presentCredentials(),
    ]);
    const { hostname, host, pathname, protocol } = new URL(url);
    const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol,
        hostname,
        path: pathname,
        headers: {
          host,
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          'content-length': String(BODY.length),
          ...(serverId === '' ? {} : { 'x-vault-aws-iam-server-id': serverId }),
        },
        body: BODY,
      },
      { signingDate: new Date(clock.now()) },
    );
    return { method: 'POST', url, body: BODY, headers: signed.headers };
  };
}

/**
 * Where the request is signed for. Vault sends it to the endpoint that it is configured with, which is the global one
 * unless somebody changed that; the two must fit, so the SDK's own variables decide otherwise here too.
 */
export function stsEndpoint(environment: AwsIdentityOptions['environment']): {
  readonly url: string;
  readonly region: string;
} {
  const own = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const named = [environment['AWS_ENDPOINT_URL_STS'], environment['AWS_ENDPOINT_URL']];
  const given = named.find((url) => url !== undefined && url !== '');
  if (given !== undefined) {
    const { href, hostname } = new URL(given);
    if (hostname === 'sts.amazonaws.com') return { url: href, region: 'us-east-1' };
    return { url: href, region: /^sts\.([a-z0-9-]+)\.amazonaws\./.exec(hostname)?.[1] ?? own };
  }
  if (own.startsWith('cn-')) return { url: `https://sts.${own}.amazonaws.com.cn/`, region: own };
  // Other partitions have no global endpoint either.
  if (own.startsWith('us-gov-')) return { url: `https://sts.${own}.amazonaws.com/`, region: own };
  return { url: 'https://sts.amazonaws.com/', region: 'us-east-1' };
}

/** The credentials as the SDK finds them: by the function's environment, or a profile's on a shell. */
async function presentCredentials() {
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient(awsDefaults());
  try {
    return await client.config.credentials();
  } catch {
    throw new AuditorError(
      'VaultLoginFailed',
      "Logging in to Vault by the function's AWS identity failed, because AWS gives it no credentials; run it as a function with its role, or log in to AWS on this machine.",
    );
  } finally {
    client.destroy();
  }
}

/** SHA-256 as the signer asks for it, with a secret as HMAC. */
class Sha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('A finished hash is not used again.');
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

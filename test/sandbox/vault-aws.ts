// AWS logins at the Vault stand-in, of the type iam: who signed a GetCallerIdentity is who logs in.
import { signedHeaders } from './aws-signature.ts';
import type { SandboxClock } from './clock.ts';
import { type JsonObject, jsonObject, textOf } from './json.ts';
import type { TokenGrant } from './vault-tokens.ts';

/** An identity that AWS knows. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const MINUTE = 60_000;
const LIFE = 15 * MINUTE;

/** A mount of the AWS login. */
export class AwsAuthMount {
  /** Roles by name: who may log in, and what its tokens may do. */
  readonly roles = new Map<string, { readonly identities: readonly AwsIdentity[] } & TokenGrant>();
  /** Where Vault asks AWS, and so what must have been signed. */
  stsEndpoint = 'https://sts.amazonaws.com/';
  stsRegion = 'us-east-1';
  /** What Vault wants in `X-Vault-AWS-IAM-Server-ID`, signed; empty for nothing. */
  serverId = '';
  private readonly clock: SandboxClock;

  constructor(clock: SandboxClock) {
    this.clock = clock;
  }

  /** `POST login` */
  logIn(body: JsonObject | undefined): TokenGrant | { readonly status: number; readonly error: string } {
    const decode = (name: string): string => Buffer.from(textOf(body, name), 'base64').toString();
    const role = this.roles.get(textOf(body, 'role'));
    if (role === undefined) return { status: 400, error: `entry for role ${textOf(body, 'role')} not found` };
    const [url, content] = [decode('iam_request_url'), decode('iam_request_body')];
    const headers = Object.fromEntries(
      Object.entries(jsonObject(Buffer.from(textOf(body, 'iam_request_headers'), 'base64')) ?? {}).map(
        ([name, value]) => [name.toLowerCase(), String(value)],
      ),
    );
    if (textOf(body, 'iam_http_request_method') !== 'POST' || !URL.canParse(url))
      return { status: 400, error: 'invalid iam_http_request_method; currently only POST is supported' };
    if (content !== 'Action=GetCallerIdentity&Version=2011-06-15')
      return { status: 400, error: 'iam_request_body must be a GetCallerIdentity' };
    const parts = { method: 'POST', url: this.stsEndpoint, body: content, headers };
    const signer = role.identities.find(({ accessKeyId, secretAccessKey }) => {
      const scope = `Credential=${accessKeyId}/${(headers['x-amz-date'] ?? '').slice(0, 8)}/${this.stsRegion}/sts/`;
      return headers['authorization']?.includes(scope) === true && signedHeaders(parts, secretAccessKey);
    });
    if (signer === undefined || headers['host'] !== new URL(this.stsEndpoint).host)
      return { status: 400, error: 'error making upstream request: received error code 403 from STS' };
    const covered = signedHeaders(parts, signer.secretAccessKey) ?? [];
    if (
      this.serverId !== '' &&
      (headers['x-vault-aws-iam-server-id'] !== this.serverId ||
        !covered.includes('x-vault-aws-iam-server-id'))
    )
      return { status: 400, error: 'error validating X-Vault-AWS-IAM-Server-ID header' };
    if (Math.abs(this.signedAt(headers['x-amz-date'] ?? '') - this.clock.now()) > LIFE)
      return { status: 400, error: 'error making upstream request: received error code 403 from STS' };
    return role;
  }

  private signedAt(date: string): number {
    return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  }
}

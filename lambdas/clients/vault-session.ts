// A logged-in session at Vault: begun on first use, renewed before its end, once more where it ended early, and revoked.
import type nodeVault from 'node-vault';
import * as v from 'valibot';
import { AuditorError, isAuditorError } from '../errors.ts';
import type { EventScope } from './event-scope.ts';
import type { Clock, LoginSecret, VaultLogin } from './ports.ts';
import type { SignIdentity } from './aws-identity.ts';
import { type LoginContext, isEndedToken, loginError } from './vault-errors.ts';
import { VaultRefusal, createVaultSend } from './vault-send.ts';

export type VaultClient = ReturnType<typeof nodeVault>;

/** How to log in by the function's own AWS identity. */
export interface AwsLogin {
  readonly role: string;
  /** Where the login is mounted: `aws`. */
  readonly mount: string;
  readonly sign: SignIdentity;
}

export interface VaultSessionOptions {
  readonly address: string;
  readonly namespace: string;
  readonly clock: Clock;
  readonly deadline: number;
  readonly answerMilliseconds?: number | undefined;
  /** What ends with the event, see {@link EventScope}. */
  readonly scope?: EventScope | undefined;
  /** PEM of a private certificate authority, where the login secret has none. */
  readonly caCert?: string | undefined;
  /** A token that was given: it is not renewed and not revoked at the end. */
  readonly token?: string | undefined;
  /** In place of the AppRole. */
  readonly aws?: AwsLogin | undefined;
  /** The AppRole login; read on first use. */
  readonly login: LoginSecret;
  /** Is called with what did not work and does no harm. */
  readonly onWarning?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

/** Logins of one run that may replace a token that ended before its time. */
const MAX_EARLY_RENEWALS = 1;

const authSchema = v.object({
  auth: v.object({
    client_token: v.pipe(v.string(), v.minLength(1)),
    /** Seconds; 0 and nothing for no end. */
    lease_duration: v.optional(v.number(), 0),
  }),
});

/** A client that is logged in, and until when, in milliseconds since 1970. */
interface Login {
  readonly client: VaultClient;
  readonly renewAt: number;
}

export class VaultSession {
  private readonly options: VaultSessionOptions;
  private current: Promise<Login> | undefined;
  private refusal: AuditorError | undefined;
  private open: VaultClient | undefined;
  /** Clients whose token ended before its time. */
  private readonly ended = new Set<VaultClient>();

  constructor(options: VaultSessionOptions) {
    this.options = options;
  }

  /**
   * Asks with a client that is logged in. Where the token ended, nothing was done: it logs in once more and asks again.
   *
   * @throws AuditorError where logging in fails; {@link VaultRefusal} where Vault refuses what was asked
   */
  async ask(work: (client: VaultClient) => Promise<unknown>): Promise<unknown> {
    const client = await this.client();
    try {
      return await work(client);
    } catch (error) {
      if (this.options.token !== undefined || !isEndedToken(error) || !this.giveUp(client)) throw error;
    }
    return work(await this.client());
  }

  /** Revokes the token that was got by logging in, if any. Never rejects. */
  async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    this.current = undefined;
    try {
      await open?.write('auth/token/revoke-self', {});
    } catch (error) {
      const status = error instanceof VaultRefusal ? error.status : 0;
      this.options.onWarning?.(
        `The Vault token was not revoked, and ends by itself within its time to live${status === 403 ? "; give the policy of the functions' role the capability update on auth/token/revoke-self" : ''}`,
        { status },
      );
    }
  }

  /** Gives up a token that ended before its time; `false` where that happened too often in this run. */
  private giveUp(client: VaultClient): boolean {
    // Several requests may find out at the same time.
    if (this.ended.has(client)) return true;
    if (this.ended.size >= MAX_EARLY_RENEWALS) return false;
    this.ended.add(client);
    this.current = undefined;
    this.open = undefined;
    return true;
  }

  /** Concurrent callers share one login, a failed one is not kept. */
  private async client(): Promise<VaultClient> {
    for (;;) {
      const mine = (this.current ??= this.begin());
      try {
        const { client, renewAt } = await mine;
        if (this.options.clock.now() < renewAt) return client;
        if (this.current === mine) this.current = undefined;
      } catch (error) {
        if (this.current === mine) this.current = undefined;
        throw error;
      }
    }
  }

  private async begin(): Promise<Login> {
    const { token, caCert, aws } = this.options;
    if (token !== undefined) return { client: await this.connect(token, caCert), renewAt: Infinity };
    // A refused login is not repeated in this run: Vault counts failures and locks the role.
    if (this.refusal !== undefined) throw this.refusal;
    try {
      return aws === undefined ? await this.byAppRole() : await this.byAwsIdentity(aws);
    } catch (error) {
      if (isAuditorError(error, 'VaultLoginFailed')) this.refusal = error;
      throw error;
    }
  }

  private async byAppRole(): Promise<Login> {
    const { login } = this.options;
    const attempt = (found: VaultLogin): Promise<Login> =>
      this.logIn(
        {
          how: 'by AppRole',
          mount: 'auth/approle',
          namespace: this.options.namespace,
          cure: 'put a valid role_id and secret_id into the Vault login secret in AWS Secrets Manager, and mind that 5 failures lock the role for 15 minutes',
        },
        { role_id: found.roleId, secret_id: found.secretId },
        found.caCert ?? this.options.caCert,
      );
    const remembered = await login.read();
    try {
      return await attempt(remembered);
    } catch (error) {
      if (!isAuditorError(error, 'VaultLoginFailed')) throw error;
      // A warm function may hold yesterday's secret: it is read again once, and tried again only if it changed.
      const fresh = await login.read(true);
      if (fresh.secretId === remembered.secretId && fresh.roleId === remembered.roleId) throw error;
      return attempt(fresh);
    }
  }

  private async byAwsIdentity({ role, mount, sign }: AwsLogin): Promise<Login> {
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    const { method, url, body, headers } = await sign();
    return this.logIn(
      {
        how: `by the function's AWS identity as role ${role}`,
        mount: `auth/${mount}`,
        namespace: this.options.namespace,
        cure: "check that Vault has that role with auth_type=iam, the function's role ARN in bound_iam_principal_arn and resolve_aws_unique_ids=false, that vault.serverId is Vault's iam_server_id_header_value, and that Vault's sts_endpoint and sts_region are those of the signed request",
      },
      {
        role,
        iam_http_request_method: method,
        iam_request_url: encode(url),
        iam_request_body: encode(body),
        iam_request_headers: encode(JSON.stringify(headers)),
      },
      this.options.caCert,
    );
  }

  private async logIn(context: LoginContext, body: object, ca: string | undefined): Promise<Login> {
    const anonymous = await this.connect('', ca);
    let answer: unknown;
    try {
      answer = await anonymous.write(`${context.mount}/login`, body);
    } catch (error) {
      throw loginError(error, context);
    }
    const parsed = v.safeParse(authSchema, answer);
    if (!parsed.success) throw loginError(new VaultRefusal(200, {}, 'the answer holds no session'), context);
    const { client_token, lease_duration } = parsed.output.auth;
    const client = await this.connect(client_token, ca);
    this.open = client;
    // Renewed after nine tenths of its life, so that it does not run out under way.
    const renewAt = lease_duration > 0 ? this.options.clock.now() + lease_duration * 900 : Infinity;
    return { client, renewAt };
  }

  private async connect(token: string, ca: string | undefined): Promise<VaultClient> {
    const { address, namespace, clock, deadline, answerMilliseconds, scope } = this.options;
    const transport = createVaultSend({
      url: address,
      clock,
      deadline,
      scope,
      ...(ca === undefined ? {} : { ca }),
      ...(answerMilliseconds === undefined ? {} : { answerMilliseconds }),
    });
    // Loaded when it is needed: the library brings a whole HTTP client of its own, which is never used.
    const { default: makeClient } = await import('node-vault');
    const made = makeClient({
      apiVersion: 'v1',
      endpoint: address,
      noCustomHTTPVerbs: true,
      debug: () => undefined,
      'request-promise': { defaults: () => transport.send },
    });
    // What is not given above, the library takes from the environment; set afterwards, it is ours also where empty.
    return Object.assign(made, { token, namespace, pathPrefix: '' });
  }
}

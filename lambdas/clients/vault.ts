import type nodeVault from 'node-vault';
import * as v from 'valibot';
import type { VaultKeys } from '../domain/token.ts';
import { AuditorError, type ErrorName, isAuditorError } from '../errors.ts';
import { concealed, isConcealed, outsideName } from '../text/conceal.ts';
import { escapeText } from '../text/display.ts';
import type { EventScope } from './event-scope.ts';
import type { Clock, DockerHubLogin, LoginSecret, Vault, VaultLogin } from './ports.ts';
import { VaultRefusal, createVaultSend } from './vault-send.ts';

export interface VaultOptions {
  readonly address: string;
  readonly namespace: string;
  readonly mount: string;
  /** Path of the Docker Hub login. */
  readonly loginPath: string;
  /** Path of the deployments' keys. */
  readonly tokensPath: string;
  /** The AppRole login; read on first use. */
  readonly login: LoginSecret;
  /** A Vault token in place of the AppRole login; it is not revoked at the end. */
  readonly token?: string;
  readonly clock: Clock;
  readonly deadline: number;
  readonly answerMilliseconds?: number;
  readonly scope?: EventScope | undefined;
}

type Client = ReturnType<typeof nodeVault>;

/** A client that is logged in, and until when, in milliseconds since 1970. */
interface Session {
  readonly client: Client;
  readonly renewAt: number;
}

const authSchema = v.object({
  auth: v.object({
    client_token: v.pipe(v.string(), v.minLength(1)),
    /** Seconds; 0 and nothing for no end. */
    lease_duration: v.optional(v.number(), 0),
  }),
});
const metadata = v.object({ version: v.pipe(v.number(), v.integer()) });
/** Valibot's records leave `__proto__` out: a secret's keys are taken as they are by `Object.entries`. */
const entries = v.pipe(
  v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  v.transform((value) => new Map<string, unknown>(Object.entries(value))),
);
const readSchema = v.object({ data: v.object({ data: entries, metadata }) });
const subkeysSchema = v.object({ data: v.object({ subkeys: entries, metadata }) });
const writeSchema = v.object({ data: metadata });
const goneSchema = v.object({
  data: v.object({ metadata: v.object({ deletion_time: v.string(), destroyed: v.boolean() }) }),
});
const text = v.pipe(v.string(), v.minLength(1));

/** Vault's KV version 2, spoken by node-vault over our own transport. */
export function createVault(options: VaultOptions): Vault {
  const { address, namespace, mount, loginPath, tokensPath, login, clock, deadline } = options;
  let current: Promise<Session> | undefined;
  let refusal: AuditorError | undefined;
  let openSession: Client | undefined;

  const connect = async (token: string, ca: string | undefined): Promise<Client> => {
    const transport = createVaultSend({
      url: address,
      clock,
      deadline,
      ...(ca === undefined ? {} : { ca }),
      ...(options.answerMilliseconds === undefined ? {} : { answerMilliseconds: options.answerMilliseconds }),
      scope: options.scope,
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
  };

  const failure = (doing: string, error: unknown, path?: string, capability?: string): AuditorError =>
    isAuditorError(error) ? error : toVaultError(doing, error, path, capability);

  const logIn = async (credentials: VaultLogin): Promise<Session> => {
    const anonymous = await connect('', credentials.caCert);
    let answer: unknown;
    try {
      answer = await anonymous.write('auth/approle/login', {
        role_id: credentials.roleId,
        secret_id: credentials.secretId,
      });
    } catch (error) {
      // 400 means anything that is wrong with role or secret id; the text may echo the secret id. 404: no AppRole login.
      if (
        error instanceof VaultRefusal &&
        (error.status === 400 || error.status === 403 || (error.status === 404 && error.body !== undefined))
      )
        throw new AuditorError(
          'VaultLoginFailed',
          `Logging in to Vault by AppRole was refused (status ${error.status}); check that Vault has the login auth/approle, put a valid role_id and secret_id into the Vault login secret in AWS Secrets Manager, and mind that 5 failures lock the role for 15 minutes.`,
        );
      throw failure('Logging in to Vault', error);
    }
    const parsed = v.safeParse(authSchema, answer);
    if (!parsed.success)
      throw failure('Logging in to Vault', new VaultRefusal(200, undefined, 'an answer without a session'));
    const { client_token, lease_duration } = parsed.output.auth;
    const client = await connect(client_token, credentials.caCert);
    openSession = client;
    // Renewed after nine tenths of its life, so that it does not run out under way.
    return { client, renewAt: lease_duration > 0 ? clock.now() + lease_duration * 900 : Infinity };
  };

  const begin = async (): Promise<Session> => {
    if (options.token !== undefined)
      return { client: await connect(options.token, undefined), renewAt: Infinity };
    // A refused login is not repeated in this run: Vault counts failures and locks the role.
    if (refusal !== undefined) throw refusal;
    const remembered = await login.read();
    try {
      return await logIn(remembered);
    } catch (error) {
      if (!isAuditorError(error, 'VaultLoginFailed')) throw error;
      // A warm function may hold yesterday's secret: it is read again once, and tried again only if it changed.
      const fresh = await login.read(true);
      const changed = fresh.secretId !== remembered.secretId || fresh.roleId !== remembered.roleId;
      try {
        if (changed) return await logIn(fresh);
        throw error;
      } catch (second) {
        if (isAuditorError(second, 'VaultLoginFailed')) refusal = second;
        throw second;
      }
    }
  };

  /** Concurrent callers share one login, a failed one is not kept. */
  const session = async (): Promise<Client> => {
    for (;;) {
      const mine = (current ??= begin());
      try {
        const { client, renewAt } = await mine;
        if (clock.now() < renewAt) return client;
        if (current === mine) current = undefined;
      } catch (error) {
        if (current === mine) current = undefined;
        throw error;
      }
    }
  };

  const call = async <Schema extends v.GenericSchema>(
    doing: string,
    path: string,
    capability: string,
    schema: Schema,
    ask: (vault: Client) => Promise<unknown>,
  ): Promise<v.InferOutput<Schema>> => {
    let answer: unknown;
    try {
      answer = await ask(await session());
    } catch (error) {
      throw failure(doing, error, path, capability);
    }
    const parsed = v.safeParse(schema, answer);
    if (parsed.success) return parsed.output;
    throw new AuditorError(
      'VaultUnavailable',
      `${doing} at Vault failed, because the answer has not the promised shape; check that ${mount} is a KV version 2 mount.`,
    );
  };

  const readSecret = (doing: string, path: string) =>
    call(doing, `${mount}/data/${path}`, 'read', readSchema, (vault) => vault.read(`${mount}/data/${path}`));

  return {
    async readDockerHubLogin(): Promise<DockerHubLogin> {
      const { data } = (await readSecret('Reading the Docker Hub login', loginPath)).data;
      const field = (name: string): string => {
        const parsed = v.safeParse(text, data.get(name));
        if (parsed.success) return parsed.output;
        throw new AuditorError(
          'VaultSecretMissing',
          `The Docker Hub login in Vault (${mount}/${loginPath}) has no ${name}; add it there.`,
        );
      };
      const totp = v.safeParse(text, data.get('totp_secret'));
      return {
        username: field('username'),
        password: field('password'),
        ...(totp.success ? { totpSecret: totp.output } : {}),
      };
    },
    async readKeys(): Promise<VaultKeys> {
      const { data, metadata: meta } = (await readSecret("Reading the deployments' keys", tokensPath)).data;
      const values = withConcealedNames(data);
      return { names: [...values.keys()], values, version: meta.version };
    },
    async readKeyNames(): Promise<VaultKeys> {
      const path = `${mount}/subkeys/${tokensPath}`;
      const { subkeys, metadata: meta } = (
        await call("Reading the names of the deployments' keys", path, 'read', subkeysSchema, (vault) =>
          vault.read(path),
        )
      ).data;
      return { names: [...withConcealedNames(subkeys).keys()], version: meta.version };
    },
    async patchKeys(changes, version) {
      checkNames(changes.keys());
      const path = `${mount}/data/${tokensPath}`;
      const body = { options: { cas: version }, data: writtenUnder(changes) };
      const written = await call("Writing a deployment's key", path, 'patch', writeSchema, (vault) =>
        vault.update(path, body),
      );
      return { version: written.data.version };
    },
    async createSecret(keys) {
      checkNames(keys.keys());
      const path = `${mount}/data/${tokensPath}`;
      const body = { options: { cas: 0 }, data: writtenUnder(keys) };
      const written = await call("Creating the deployments' secret", path, 'create', writeSchema, (vault) =>
        vault.write(path, body),
      );
      return { version: written.data.version };
    },
    async close(): Promise<void> {
      const open = openSession;
      openSession = undefined;
      current = undefined;
      try {
        await open?.write('auth/token/revoke-self', {});
      } catch {
        // It ends by itself within its time to live.
      }
    },
  };
}

/** The keys with names that may be shown: where label and content were swapped, the name is the content. */
function withConcealedNames(keys: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  for (const name of keys.keys())
    if (concealed(name) !== name)
      return new Map([...keys].map(([each, value]) => [concealed(each), value] as const));
  return keys;
}

/** The keys as Vault names them. */
function writtenUnder<Value>(keys: ReadonlyMap<string, Value>): Record<string, Value> {
  return Object.fromEntries([...keys].map(([name, value]) => [outsideName(name), value]));
}

/** A concealed name is shown for a key, and is not the key's. */
function checkNames(names: Iterable<string>): void {
  for (const name of names)
    if (isConcealed(name))
      throw new AuditorError(
        'InvalidRequest',
        `Writing the key ${escapeText(name)} to Vault was not tried, because its real name is a token's content and is not shown; correct it by hand in Vault.`,
      );
}

const CURES: Partial<Record<ErrorName, string>> = {
  VaultUnavailable: "look at Vault's state (vault status) and try again later",
  VaultConflict: 'try again: the secret is read anew then',
};

/** One of our errors for what Vault answered; none of its words go into it. */
function toVaultError(
  doing: string,
  error: unknown,
  path: string | undefined,
  capability: string | undefined,
): AuditorError {
  const refusal =
    error instanceof VaultRefusal ? error : new VaultRefusal(0, undefined, 'the connection failed');
  const { status, words, body } = refusal;
  const make = (name: ErrorName, what: string, cure = CURES[name] ?? ''): AuditorError =>
    new AuditorError(name, `${doing} at Vault failed, because ${what}; ${cure}.`);
  const at = path ?? 'the path';
  if (status === 403 && /bad token|invalid token/i.test(words))
    return make(
      'VaultLoginFailed',
      'Vault does not know the token, or it has ended',
      'log in again (VAULT_TOKEN, where it is used), and check how long its tokens live',
    );
  if (status === 403)
    return make(
      'VaultPermissionDenied',
      `Vault denies it (status 403)`,
      `give the AppRole's policy the capability ${capability ?? 'read'} on ${at}`,
    );
  if (status === 404) {
    const secret = at.replace(/\/(?:data|subkeys)\//, '/');
    if (/no handler for route/i.test(words))
      return make(
        'VaultSecretMissing',
        `there is no mount for ${secret}`,
        'correct the configured Vault mount',
      );
    if (/Invalid path for a versioned/i.test(words))
      return make(
        'VaultSecretMissing',
        `${secret} is no path of a version 2 secret`,
        'correct the configured Vault mount and path',
      );
    const gone = v.safeParse(goneSchema, body);
    if (gone.success)
      return gone.output.data.metadata.destroyed
        ? make(
            'VaultSecretMissing',
            `the latest version of ${secret} is destroyed`,
            'bring back a good version with vault kv rollback',
          )
        : make(
            'VaultSecretMissing',
            `the latest version of ${secret} is deleted`,
            'restore it with vault kv undelete, or a good version with vault kv rollback',
          );
    if (body === undefined)
      return make('VaultUnavailable', 'it was answered with status 404 without the promised JSON');
    return make(
      'VaultSecretMissing',
      `there is no secret ${secret}`,
      'create it, or let the issue function make the deployments\' one with "createSecret": true',
    );
  }
  if (status === 400 && /check-and-set/i.test(words))
    return make(
      'VaultConflict',
      capability === 'create'
        ? 'the secret exists already, or its latest version is deleted'
        : 'somebody else wrote the secret in between',
    );
  if (status === 415 || status === 405)
    return make(
      'VaultUnavailable',
      `Vault does not take a merge-patch (status ${status})`,
      'use Vault 1.9 or newer, or OpenBao',
    );
  if (status === 503 && /sealed/i.test(words)) return make('VaultUnavailable', 'Vault is sealed');
  if (status === 429) return make('VaultUnavailable', 'Vault limits the requests');
  return make('VaultUnavailable', escapeText(refusal.message, 120));
}

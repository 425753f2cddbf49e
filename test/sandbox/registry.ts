// The stand-in of the registry and of the token service before it.
import { type KeyObject, createHash, generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import type { DockerHubStandIn } from './docker-hub.ts';
import type { FaultPlan, SandboxAnswer, SandboxRequest } from './faults.ts';
import { isObject } from './json.ts';
import { readRs256, signRs256 } from './jwt.ts';
import { type LoggedRequest, type SandboxServer, startServer } from './server.ts';

/** The key that bearers are signed with, and what others verify it by. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Certificates from the key's upwards, DER in base64: a real registry asks for them in the header. */
  readonly x5c?: readonly string[];
}

/** Rights on one repository, as bearers carry them. */
interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** What differs from day to day; each is a field that a test sets. */
export interface RegistrySwitches {
  /** The field that the bearer comes in. */
  bearerField: 'token' | 'access_token' | 'both';
  /** Life of a bearer, in seconds. */
  bearerSeconds: number;
  /** Hands out bearers without rights to everybody, as where the account was taken out of the organization. */
  withoutRights: boolean;
  /** Whether a failed login here counts towards Docker Hub's lock-out of the user name: not known of the real one. */
  failuresCount: boolean;
}

export interface RegistryOptions {
  /** Whose tokens are good here. */
  readonly hub: DockerHubStandIn;
  readonly clock?: SandboxClock;
  readonly canaries: Canaries;
  readonly sharedFaults?: FaultPlan;
  readonly sharedLog?: LoggedRequest[];
  readonly latencyMs?: number;
  /** Default `registry.docker.io`. */
  readonly service?: string;
  /** Default `auth.docker.io`. */
  readonly issuer?: string;
  readonly signingKey?: SigningKey;
  /** Private repositories that the account can reach; default `riaktr/base`, with the tag `3.12`. */
  readonly images?: Readonly<Record<string, readonly string[]>>;
  readonly switches?: Partial<RegistrySwitches>;
}

/** The token service and the registry. */
export interface RegistryStandIn {
  readonly auth: SandboxServer;
  readonly registry: SandboxServer;
  readonly switches: RegistrySwitches;
  /** Adds an image to a private repository that the account can reach. */
  addImage(repository: string, tag: string): void;
  removeImage(repository: string, tag: string): void;
  /** Manifests fetched by GET: those count as pulls, HEAD does not. */
  readonly pulls: number;
  close(): Promise<void>;
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** One key pair a process: making one takes longer than a whole test. */
let ownKey: Promise<SigningKey> | undefined;

function signingKey(): Promise<SigningKey> {
  ownKey ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return ownKey;
}

function manifestOf(repository: string, tag: string): string {
  const digest = createHash('sha256').update(`${repository}:${tag}`).digest('hex');
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${digest}`, size: 2 },
    layers: [],
  });
}

function registryError(status: number, code: string, message: string): SandboxAnswer {
  return {
    status,
    headers: { 'docker-distribution-api-version': 'registry/2.0' },
    body: { errors: [{ code, message, detail: null }] },
  };
}

/** `repository:name:actions` as rights; a name may hold colons, actions never do. */
function parseScope(scope: string): Access | undefined {
  const [type = '', ...rest] = scope.split(':');
  const actions = rest.pop();
  const name = rest.join(':');
  return type === '' || name === '' || actions === undefined
    ? undefined
    : { type, name, actions: actions.split(',') };
}

function credentialsOf(authorization: string | undefined): { username: string; secret: string } | undefined {
  const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString();
  const cut = text.indexOf(':');
  return cut < 0 ? undefined : { username: text.slice(0, cut), secret: text.slice(cut + 1) };
}

/** Starts a token service and a registry for the private images of one Docker Hub account. */
export async function startRegistry(options: RegistryOptions): Promise<RegistryStandIn> {
  const { hub, canaries, clock = createClock() } = options;
  const { service = 'registry.docker.io', issuer = 'auth.docker.io' } = options;
  const switches: RegistrySwitches = {
    bearerField: 'token',
    bearerSeconds: 300,
    withoutRights: false,
    failuresCount: false,
    ...options.switches,
  };
  const images = new Map<string, Map<string, string>>();
  const addImage = (repository: string, tag: string): void => {
    const tags = images.get(repository) ?? new Map<string, string>();
    images.set(repository, tags.set(tag, manifestOf(repository, tag)));
  };
  for (const [repository, tags] of Object.entries(options.images ?? { 'riaktr/base': ['3.12'] }))
    for (const tag of tags) addImage(repository, tag);
  let pulls = 0;

  /** What an account may do here: nothing for nobody, the scopes of the token for a token, pulling for a password. */
  const scopesOf = (username: string, secret: string): readonly string[] | string => {
    const wrong = 'incorrect username or password';
    if (username !== hub.account.username) return wrong;
    if (secret === hub.account.password && hub.account.totpSecret === undefined) return ['repo:read'];
    const token = hub.tokens.open(secret);
    if (token === 'expired') return 'personal access token is expired';
    if (typeof token === 'string') return wrong;
    hub.tokens.use(token);
    return token.scopes ?? [];
  };

  const bearer = async (subject: string, access: readonly Access[]): Promise<SandboxAnswer> => {
    const now = Math.floor(clock.now() / 1000);
    const { privateKey, x5c } = options.signingKey ?? (await signingKey());
    const token = canaries.add(
      signRs256(
        {
          iss: issuer,
          aud: service,
          sub: subject,
          iat: now,
          nbf: now,
          exp: now + switches.bearerSeconds,
          jti: randomUUID(),
          access,
        },
        privateKey,
        x5c,
      ),
    );
    return {
      status: 200,
      body: {
        ...(switches.bearerField === 'access_token' ? {} : { token }),
        ...(switches.bearerField === 'token' ? {} : { access_token: token }),
        expires_in: switches.bearerSeconds,
        issued_at: new Date(clock.now()).toISOString(),
      },
    };
  };

  const giveBearer = async ({ method, path, query, headers }: SandboxRequest): Promise<SandboxAnswer> => {
    if (path !== '/token' || method !== 'GET') return registryError(404, 'NOT_FOUND', 'no such route');
    const wanted = query.getAll('scope').flatMap((scope) => {
      const access = parseScope(scope);
      return access === undefined ? [] : [access];
    });
    const credentials = credentialsOf(headers['authorization']);
    if (credentials === undefined) return bearer('', []);
    const { username, secret } = credentials;
    if (switches.failuresCount && hub.logins.isLocked(username))
      return {
        status: 429,
        body: { details: 'toomanyrequests: too many failed login attempts for username or IP address' },
      };
    const scopes = scopesOf(username, secret);
    if (typeof scopes === 'string') {
      if (switches.failuresCount) hub.logins.fail(username);
      return { status: 401, body: { details: scopes } };
    }
    // Who lacks a right gets a bearer all the same, without it: 200 proves nothing.
    const mayPull = scopes.some((scope) => ['repo:admin', 'repo:write', 'repo:read'].includes(scope));
    const granted = wanted
      .filter(({ name }) => mayPull && !switches.withoutRights && images.has(name))
      .map(({ type, name }) => ({ type, name, actions: ['pull'] }));
    return bearer(username, granted);
  };

  const challenge = (scope: string | undefined, error: string | undefined): SandboxAnswer => {
    const parts = [
      `realm="${auth.url}/token"`,
      `service="${service}"`,
      ...(scope === undefined ? [] : [`scope="${scope}"`]),
      ...(error === undefined ? [] : [`error="${error}"`]),
    ];
    const refusal = registryError(401, 'UNAUTHORIZED', 'authentication required');
    return { ...refusal, headers: { ...refusal.headers, 'www-authenticate': `Bearer ${parts.join(',')}` } };
  };

  /** The rights of a bearer; `undefined` where it is none of ours, not for this service, or ran out. */
  const rightsOf = async (authorization: string | undefined): Promise<readonly unknown[] | undefined> => {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const claims = readRs256(token, (options.signingKey ?? (await signingKey())).publicKey);
    const { aud, exp, access } = claims ?? {};
    if (aud !== service || typeof exp !== 'number' || exp * 1000 <= clock.now()) return undefined;
    const rights: readonly unknown[] = Array.isArray(access) ? access : [];
    return rights;
  };

  const mayPull = (rights: readonly unknown[], repository: string): boolean =>
    rights.some(
      (right) =>
        isObject(right) &&
        right['type'] === 'repository' &&
        right['name'] === repository &&
        Array.isArray(right['actions']) &&
        right['actions'].includes('pull'),
    );

  const serveManifest = async ({ method, path, headers }: SandboxRequest): Promise<SandboxAnswer> => {
    const rights = await rightsOf(headers['authorization']);
    if (path === '/v2/')
      return rights === undefined ? challenge(undefined, undefined) : { status: 200, body: {} };
    const [, repository = '', reference = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(path) ?? [];
    if (repository === '') return registryError(404, 'NOT_FOUND', 'no such route');
    const scope = `repository:${repository}:pull`;
    if (rights === undefined) return challenge(scope, undefined);
    if (!mayPull(rights, repository)) return challenge(scope, 'insufficient_scope');
    if (method !== 'HEAD' && method !== 'GET')
      return registryError(405, 'UNSUPPORTED', 'The operation is unsupported.');
    const manifest = images.get(repository)?.get(reference);
    const accepted = headers['accept'] ?? '*/*';
    if (manifest === undefined || (!accepted.includes(MANIFEST_TYPE) && !accepted.includes('*/*')))
      return registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    if (method === 'GET') pulls++;
    return {
      status: 200,
      headers: {
        'content-type': MANIFEST_TYPE,
        'docker-content-digest': `sha256:${createHash('sha256').update(manifest).digest('hex')}`,
        'docker-distribution-api-version': 'registry/2.0',
      },
      body: manifest,
    };
  };

  const shared = {
    clock,
    ...(options.sharedFaults === undefined ? {} : { sharedFaults: options.sharedFaults }),
    ...(options.sharedLog === undefined ? {} : { sharedLog: options.sharedLog }),
    ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
  };
  const auth = await startServer({ name: 'docker-auth', handle: giveBearer, ...shared });
  const registry = await startServer({ name: 'registry', handle: serveManifest, ...shared });
  return {
    auth,
    registry,
    switches,
    addImage,
    removeImage: (repository, tag) => {
      images.get(repository)?.delete(tag);
    },
    get pulls() {
      return pulls;
    },
    close: async () => {
      await Promise.all([auth.close(), registry.close()]);
    },
  };
}

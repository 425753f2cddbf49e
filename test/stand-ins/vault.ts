import { randomBytes, randomUUID } from 'node:crypto';
import { StandIn, type Received, type Reply } from './server.ts';

interface Version {
  data: Map<string, unknown> | null;
  createdAt: string;
  deletedAt: string;
  destroyed: boolean;
}

interface Secret {
  version: number;
  versions: Map<number, Version>;
}

/** Capabilities by path under `/v1/`, such as `secret/data/…` -> `read`. */
export type Policy = (capability: 'read' | 'create' | 'update' | 'patch' | 'delete', path: string) => boolean;

const KEPT_VERSIONS = 10;
const MOST_STRINGS = 1000;

const errors = (status: number, ...texts: string[]): Reply => ({ status, body: { errors: texts } });

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function field(json: unknown, name: string): unknown {
  return isObject(json) && Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined;
}

const entriesOf = (value: object): [string, unknown][] => Object.entries(value);

function countStrings(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countStrings(item), 0);
  return isObject(value) ? entriesOf(value).reduce((sum, [, item]) => sum + 1 + countStrings(item), 0) : 0;
}

/** RFC 7396 on one level of a map: null removes. */
function merged(before: ReadonlyMap<string, unknown>, patch: object): Map<string, unknown> {
  const after = new Map(before);
  for (const [name, value] of entriesOf(patch))
    if (value === null) after.delete(name);
    else after.set(name, value);
  return after;
}

/** Vault with AppRole login and a KV version 2 mount, over real HTTP; texts as OpenBao gives them. */
export class VaultStandIn extends StandIn {
  readonly rootToken = `root-${randomBytes(12).toString('hex')}`;
  readonly roleId = randomUUID();
  secretId: string = randomUUID();
  /** How often the secret id may be used; `Infinity` for ever. */
  secretIdUses = Infinity;
  mount = 'secret';
  namespace = '';
  sealed = false;
  policy: Policy = () => true;
  now: () => number = () => Date.now();
  failures = 0;
  lockedUntil = 0;
  readonly sessions = new Set<string>();
  readonly secrets = new Set<string>();
  readonly stored = new Map<string, Secret>();

  constructor() {
    super((request) => this.route(request));
    for (const secret of [this.rootToken, this.roleId, this.secretId]) this.secrets.add(secret);
  }

  /** Writes a new version of a secret, as people do with `vault kv put`. */
  put(path: string, data: ReadonlyMap<string, unknown>): number {
    const secret = this.stored.get(path) ?? { version: 0, versions: new Map<number, Version>() };
    secret.version += 1;
    const createdAt = new Date(this.now()).toISOString();
    secret.versions.set(secret.version, { data: new Map(data), createdAt, deletedAt: '', destroyed: false });
    secret.versions.delete(secret.version - KEPT_VERSIONS);
    this.stored.set(path, secret);
    return secret.version;
  }

  /** The latest version's data. */
  data(path: string): Map<string, unknown> {
    const secret = this.stored.get(path);
    return secret?.versions.get(secret.version)?.data ?? new Map<string, unknown>();
  }

  /** Deletes the latest version, as people do with `vault kv delete`. */
  deleteLatest(path: string): void {
    const secret = this.stored.get(path);
    const latest = secret?.versions.get(secret.version);
    if (latest) {
      latest.data = null;
      latest.deletedAt = new Date(this.now()).toISOString();
    }
  }

  private route(request: Received): Reply {
    if (this.sealed) return errors(503, 'Vault is sealed');
    if ((request.headers['x-vault-namespace'] ?? '') !== this.namespace)
      return errors(404, 'no handler for route "namespace"');
    const path = request.url.pathname.replace(/^\/v1\//, '');
    if (path === 'auth/approle/login') return this.login(request.json);
    const token = request.headers['x-vault-token'] ?? '';
    if (token !== this.rootToken && !this.sessions.has(token)) return errors(403, 'permission denied');
    if (path === 'auth/token/revoke-self') {
      this.sessions.delete(token);
      return { status: 204 };
    }
    return this.kv(request, path);
  }

  private login(json: unknown): Reply {
    const refused = errors(400, 'invalid role or secret ID');
    if (this.now() < this.lockedUntil) return refused;
    const isRight = field(json, 'role_id') === this.roleId && field(json, 'secret_id') === this.secretId;
    if (!isRight || this.secretIdUses <= 0) {
      this.failures += 1;
      if (this.failures >= 5) this.lockedUntil = this.now() + 15 * 60_000;
      return refused;
    }
    this.secretIdUses -= 1;
    const token = `hvs.${randomBytes(24).toString('base64url')}`;
    this.sessions.add(token);
    this.secrets.add(token);
    return {
      status: 200,
      body: { auth: { client_token: token, lease_duration: 3600, renewable: true, policies: ['auditor'] } },
    };
  }

  private kv(request: Received, path: string): Reply {
    const [, mount, kind, name] = /^([^/]+)\/(data|subkeys|metadata)\/(.+)$/.exec(path) ?? [];
    if (mount === undefined && path.startsWith(`${this.mount}/`))
      return {
        status: 404,
        body: {
          errors: [],
          warnings: [
            'Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use.',
          ],
        },
      };
    if (mount !== this.mount || kind === undefined || name === undefined)
      return errors(404, `no handler for route "${path}". route entry not found.`);
    const secret = this.stored.get(name);
    const latest = secret?.versions.get(secret.version);
    const capability = request.method === 'GET' ? 'read' : request.method === 'PATCH' ? 'patch' : request.method === 'DELETE' ? 'delete' : secret === undefined ? 'create' : 'update'; // prettier-ignore
    if (!this.policy(capability, path)) return errors(403, '1 error occurred:\n\t* permission denied\n\n');
    if (request.method === 'DELETE' && kind === 'data') {
      this.deleteLatest(name);
      return { status: 204 };
    }
    if (request.method === 'GET') return this.read(kind, secret, latest);
    if (kind !== 'data') return errors(405, 'unsupported operation');
    return request.method === 'PATCH'
      ? this.patch(request, name, secret, latest)
      : this.write(request, name, secret);
  }

  private metadata(secret: Secret, version: Version): Record<string, unknown> {
    return { created_time: version.createdAt, custom_metadata: null, deletion_time: version.deletedAt, destroyed: version.destroyed, version: secret.version }; // prettier-ignore
  }

  private read(kind: string, secret: Secret | undefined, latest: Version | undefined): Reply {
    if (secret === undefined || latest === undefined) return { status: 404, body: { errors: [] } };
    const metadata = this.metadata(secret, latest);
    const part = kind === 'subkeys' ? 'subkeys' : 'data';
    if (latest.data === null) return { status: 404, body: { data: { [part]: null, metadata } } };
    const shown =
      kind === 'subkeys'
        ? [...latest.data].map(([name, value]) => [name, isObject(value) ? {} : null] as const)
        : [...latest.data];
    return { status: 200, body: { data: { [part]: Object.fromEntries(shown), metadata } } };
  }

  private checkAndSet(json: unknown, secret: Secret | undefined): Reply | undefined {
    const cas = field(field(json, 'options'), 'cas');
    if (cas === undefined || cas === (secret?.version ?? 0)) return undefined;
    return errors(400, 'check-and-set parameter did not match the current version');
  }

  private written(name: string, data: ReadonlyMap<string, unknown>): Reply {
    this.put(name, data);
    const secret = this.stored.get(name);
    const latest = secret?.versions.get(secret.version);
    return { status: 200, body: { data: secret && latest ? this.metadata(secret, latest) : {} } };
  }

  private write({ json }: Received, name: string, secret: Secret | undefined): Reply {
    const data = field(json, 'data');
    if (!isObject(data)) return errors(400, 'no data provided');
    if (countStrings(json) > MOST_STRINGS)
      return errors(400, 'failed to parse JSON input: exceeded maximum number of strings');
    return this.checkAndSet(json, secret) ?? this.written(name, new Map(entriesOf(data)));
  }

  private patch(
    { headers, json }: Received,
    name: string,
    secret: Secret | undefined,
    latest: Version | undefined,
  ): Reply {
    if (!(headers['content-type'] ?? '').startsWith("application/merge-patch+json"))
      return errors(415, 'PATCH requires Content-Type of application/merge-patch+json');
    const data = field(json, 'data');
    if (!isObject(data)) return errors(400, 'no data provided');
    if (countStrings(json) > MOST_STRINGS)
      return errors(400, 'failed to parse JSON input: exceeded maximum number of strings');
    if (secret === undefined || latest?.data == null) return { status: 404, body: { errors: [] } };
    return this.checkAndSet(json, secret) ?? this.written(name, merged(latest.data, data));
  }
}

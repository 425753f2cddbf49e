// Vault's stand-in: a server with logins, policies and one KV mount, and the states that a cluster is in.
import { randomUUID } from 'node:crypto';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import type { FaultPlan, SandboxAnswer, SandboxRequest } from './faults.ts';
import { type JsonObject, isObject, jsonObject, textOf } from './json.ts';
import { type LoggedRequest, type SandboxServer, startServer } from './server.ts';
import { envelope, failure } from './vault-answers.ts';
import { type AppRole, AppRoleMount } from './vault-approle.ts';
import { AwsAuthMount } from './vault-aws.ts';
import { serveKv, servePlainKv } from './vault-kv-routes.ts';
import { KvMount } from './vault-kv.ts';
import { PlainKvMount } from './vault-kv1.ts';
import { type Capability, type Policy, parsePolicy } from './vault-policy.ts';
import { VaultTokens } from './vault-tokens.ts';

export interface VaultOptions {
  readonly clock?: SandboxClock;
  readonly canaries?: Canaries;
  readonly sharedFaults?: FaultPlan;
  readonly sharedLog?: LoggedRequest[];
  readonly latencyMs?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default `secret`. */
  readonly mount?: string;
  /** The one namespace that there is; default: the root. */
  readonly namespace?: string;
  /** Version of the KV mount; default 2. */
  readonly kvVersion?: 1 | 2;
}

/** What the server as a whole is in. */
export type VaultState = 'active' | 'sealed' | 'standby' | 'performance-standby' | 'no-active' | 'recovery';

/** Vault's stand-in: logins, tokens, policies, KV of both versions, and what it takes to set them up. */
export interface VaultStandIn extends SandboxServer {
  /** The KV mount that the functions are configured for, where its version is 2. */
  readonly kv: KvMount;
  /** The same where its version is 1. */
  readonly plainKv: PlainKvMount;
  /** Whichever of the two is mounted, to put test data in and look at it. */
  readonly secrets: Pick<PlainKvMount, 'put' | 'current'>;
  /** The role that the functions log in by, and a secret id of it. */
  readonly role: AppRole;
  readonly secretId: string;
  readonly approle: AppRoleMount;
  readonly aws: AwsAuthMount;
  readonly rootToken: string;
  /** Policies by name; the role has the one named `auditor`. */
  readonly policies: Map<string, Policy>;
  /** Sets what the role may do, path by path. */
  allow(paths: Readonly<Record<string, readonly Capability[]>>): void;
  state: VaultState;
  /** Where a standby sends requests to. */
  activeUrl: string;
  /** Strings that one request may hold; OpenBao's default. */
  maxStrings: number;
  /** What a token that is not known is told; wording differs between versions. */
  badTokenText: 'permission denied' | 'bad token' | 'invalid token';
  /** How a login without the right namespace is refused: that differs between servers. */
  namespaceRefusal: { readonly status: 400 | 403 | 404; readonly error: string };
  /** How many tokens are not revoked: none, once everybody has revoked theirs. The root token is not among them. */
  openTokens(): number;
}

type Mount =
  | { readonly type: 'kv'; readonly kv: KvMount }
  | { readonly type: 'kv1'; readonly kv: PlainKvMount }
  | { readonly type: 'approle'; readonly approle: AppRoleMount }
  | { readonly type: 'aws'; readonly aws: AwsAuthMount };

/** A policy's refusal; that of a token that has ended has other words. */
const DENIED = failure(403, '1 error occurred:\n\t* permission denied\n\n');
const MOST_STRINGS = 1000;
const HEALTH: Record<VaultState, number> = {
  active: 200,
  standby: 429,
  'performance-standby': 473,
  recovery: 472,
  sealed: 503,
  'no-active': 429,
};

/** Strings in a JSON text, keys included, as OpenBao counts them. */
function stringsIn(value: unknown): number {
  if (typeof value === 'string') return 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + stringsIn(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce((sum, [, item]) => sum + 1 + stringsIn(item), 0);
}

function namesOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',')
      : [];
  return list.filter((name) => typeof name === 'string');
}

/** Starts a Vault with one KV mount, and one role that may do nothing yet: see {@link VaultStandIn.allow}. */
export async function startVault(options: VaultOptions = {}): Promise<VaultStandIn> {
  const { clock = createClock(), canaries = new Canaries(), mount = 'secret', namespace = '' } = options;
  const { kvVersion = 2 } = options;
  const tokens = new VaultTokens(clock, canaries);
  const { policies, root: rootToken } = tokens;
  const mounts = new Map<string, Mount>();
  const kv = new KvMount(clock);
  const plainKv = new PlainKvMount();
  const approle = new AppRoleMount(clock, canaries);
  const aws = new AwsAuthMount(clock);
  mounts.set(mount, kvVersion === 1 ? { type: 'kv1', kv: plainKv } : { type: 'kv', kv });
  mounts.set('auth/approle', { type: 'approle', approle });
  mounts.set('auth/aws', { type: 'aws', aws });
  const role = approle.configure('hub-token-auditor', { policies: ['auditor'] });

  const serveRole = (store: AppRoleMount, rest: string, { method, body }: SandboxRequest): SandboxAnswer => {
    const given = jsonObject(body);
    const [, name = '', field] = /^role\/([^/]+)(?:\/(.+))?$/.exec(rest) ?? [];
    if (field === undefined && method !== 'GET') {
      store.configure(name, {
        policies: namesOf(given?.['token_policies']),
        ...(typeof given?.['token_ttl'] === 'number' ? { tokenTtl: given['token_ttl'] } : {}),
        ...(typeof given?.['secret_id_num_uses'] === 'number'
          ? { secretIdUses: given['secret_id_num_uses'] }
          : {}),
        ...(typeof given?.['token_num_uses'] === 'number' ? { tokenUses: given['token_num_uses'] } : {}),
        ...(given?.['token_bound_cidrs'] === undefined
          ? {}
          : { tokenWorksHere: namesOf(given['token_bound_cidrs']).some((cidr) => cidr.startsWith('127.')) }),
        ...(given?.['token_no_default_policy'] === true ? { hasDefaultPolicy: false } : {}),
      });
      return { status: 204 };
    }
    const known = store.roles.get(name);
    if (known === undefined) return failure(404);
    if (field === 'role-id') return { status: 200, body: envelope({ role_id: known.roleId }) };
    if (field !== 'secret-id') return failure(404);
    const secretId = store.addSecretId(known);
    return {
      status: 200,
      body: envelope({ secret_id: secretId, secret_id_accessor: randomUUID(), secret_id_ttl: 0 }),
    };
  };

  /** A new KV mount; without a version it is 1. */
  const newKv = (given: JsonObject | undefined): Mount => {
    const options = given?.['options'];
    const version = isObject(options)
      ? options['version']
      : textOf(given, 'type') === 'kv-v2'
        ? '2'
        : undefined;
    return version === '2' ? { type: 'kv', kv: new KvMount(clock) } : { type: 'kv1', kv: new PlainKvMount() };
  };

  /** What a mount is, for everybody who has any right on it. */
  const serveMount = (path: string, token: string): SandboxAnswer => {
    const found = mounts.get(path);
    if (found === undefined || !tokens.knowsMount(token, path))
      return failure(
        403,
        `preflight capability check returned 403, please ensure client's policies grant access to path "${path}/"`,
      );
    const isKv = found.type === 'kv' || found.type === 'kv1';
    const options = isKv ? { version: found.type === 'kv' ? '2' : '1' } : null;
    return { status: 200, body: envelope({ path: `${path}/`, type: isKv ? 'kv' : found.type, options }) };
  };

  /** What an operator sets up: mounts, logins, policies. */
  const serveSystem = (rest: string, { method, body }: SandboxRequest): SandboxAnswer => {
    const given = jsonObject(body);
    const [, kind = '', name = ''] = /^(mounts|auth|policies\/acl)\/(.+)$/.exec(rest) ?? [];
    const where = kind === 'auth' ? `auth/${name}` : name;
    if (kind === 'policies/acl') {
      if (method === 'DELETE') policies.delete(name);
      else policies.set(name, parsePolicy(textOf(given, 'policy')));
      return { status: 204 };
    }
    if (kind === '') return failure(404);
    if (method === 'DELETE') mounts.delete(where);
    else if (kind === 'mounts') mounts.set(where, newKv(given));
    else if (textOf(given, 'type') === 'aws')
      mounts.set(where, { type: 'aws', aws: new AwsAuthMount(clock) });
    else mounts.set(where, { type: 'approle', approle: new AppRoleMount(clock, canaries) });
    return { status: 204 };
  };

  const capabilityOf = (method: string, target: string): Capability => {
    if (method === 'GET' || method === 'HEAD') return 'read';
    if (method === 'PATCH') return 'patch';
    if (method === 'DELETE') return 'delete';
    if (method === 'LIST') return 'list';
    // Writing a secret that there is not is a creation, anything else an update.
    const found = mountOf(target);
    const path = /^(?:data|metadata)\/(.+)$/.exec(found?.rest ?? '')?.[1];
    if (found?.mount.type === 'kv1') return found.mount.kv.exists(found.rest) ? 'update' : 'create';
    return found?.mount.type === 'kv' && path !== undefined && !found.mount.kv.exists(path)
      ? 'create'
      : 'update';
  };

  const mountOf = (target: string): { mount: Mount; rest: string } | undefined => {
    // The longest mount that fits: `auth/a` and `auth/a/b` may both be there.
    const fitting = [...mounts].filter(([prefix]) => target.startsWith(`${prefix}/`));
    const [path, found] = fitting.sort(([one], [other]) => other.length - one.length)[0] ?? [];
    return path === undefined || found === undefined
      ? undefined
      : { mount: found, rest: target.slice(path.length + 1) };
  };

  const serveToken = (rest: string, token: string): SandboxAnswer => {
    if (rest === 'revoke-self') {
      tokens.revoke(token);
      return { status: 204 };
    }
    if (rest !== 'lookup-self') return failure(404);
    return { status: 200, body: envelope({ policies: tokens.namesOf(token) }) };
  };

  const refuseByState = ({ path, query }: SandboxRequest): SandboxAnswer | undefined => {
    if (path === '/v1/sys/health')
      return {
        status: HEALTH[standIn.state],
        body: { initialized: true, sealed: standIn.state === 'sealed', standby: standIn.state !== 'active' },
      };
    switch (standIn.state) {
      case 'active':
        return undefined;
      case 'sealed':
        return failure(503, 'Vault is sealed');
      case 'standby': {
        const rest = query.size === 0 ? path : `${path}?${query.toString()}`;
        return { status: 307, headers: { location: `${standIn.activeUrl}${rest}` } };
      }
      case 'performance-standby':
        return failure(473);
      case 'recovery':
        return failure(472);
      case 'no-active':
        return failure(
          503,
          'local node not active but active cluster node not found: no active Vault instance found',
        );
    }
  };

  const refuseBody = ({ method, headers, body }: SandboxRequest): SandboxAnswer | undefined => {
    const type = (headers['content-type'] ?? '').replace(/;.*/, '');
    if (method === 'PATCH' && type !== 'application/merge-patch+json')
      return failure(415, `PATCH requires Content-Type of application/merge-patch+json, provided ${type}`);
    if (body.length === 0 || method === 'GET') return undefined;
    const parsed = jsonObject(body);
    if (parsed === undefined) return failure(400, 'failed to decode JSON input: unexpected EOF');
    if (stringsIn(parsed) > standIn.maxStrings)
      return failure(400, 'refused JSON input due to high complexity: exceeded maximum number of strings');
    return undefined;
  };

  const route = (request: SandboxRequest): SandboxAnswer => {
    const { method, headers } = request;
    if (!request.path.startsWith('/v1/')) return failure(404);
    let target = decodeURIComponent(request.path.slice('/v1/'.length)).replace(/\/+$/, '');
    // A namespace comes as a header or as the path's beginning.
    const given = (headers['x-vault-namespace'] ?? '').replace(/^\/+|\/+$/g, '');
    if (namespace !== '' && given === '' && target.startsWith(`${namespace}/`))
      target = target.slice(namespace.length + 1);
    else if (given !== namespace) {
      const { status, error } = standIn.namespaceRefusal;
      return failure(status, error);
    }

    const found = mountOf(target);
    if (found?.rest === 'login' && (found.mount.type === 'approle' || found.mount.type === 'aws')) {
      const body = jsonObject(request.body);
      const result =
        found.mount.type === 'approle' ? found.mount.approle.logIn(body) : found.mount.aws.logIn(body);
      return 'error' in result ? failure(result.status, result.error) : tokens.give(result);
    }
    const token =
      headers['x-vault-token'] ?? /^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '';
    if (token !== '' && !tokens.use(token)) return failure(403, standIn.badTokenText);
    const asked = /^sys\/internal\/ui\/mounts\/(.+)$/.exec(target)?.[1];
    if (asked !== undefined && method === 'GET') return serveMount(asked, token);
    if (target === 'sys/capabilities-self' && token !== '') {
      const paths = namesOf(jsonObject(request.body)?.['paths']);
      const entries = paths.map((path): [string, unknown] => [path, tokens.capabilities(token, path)]);
      return { status: 200, body: envelope(Object.fromEntries<unknown>(entries)) };
    }
    if (!tokens.may(token, target, capabilityOf(method, target))) return DENIED;
    return serve(request, target, token);
  };

  const serve = (request: SandboxRequest, target: string, token: string): SandboxAnswer => {
    const found = mountOf(target);
    if (target.startsWith('auth/token/')) return serveToken(target.slice('auth/token/'.length), token);
    if (target.startsWith('sys/')) return serveSystem(target.slice('sys/'.length), request);
    if (found?.mount.type === 'kv') return serveKv(found.mount.kv, found.rest, request);
    if (found?.mount.type === 'kv1') return servePlainKv(found.mount.kv, found.rest, request);
    if (found?.mount.type === 'approle') return serveRole(found.mount.approle, found.rest, request);
    return failure(404, `no handler for route ${JSON.stringify(target)}. route entry not found.`);
  };

  const server = await startServer({
    name: 'vault',
    clock,
    handle: (request) => refuseByState(request) ?? refuseBody(request) ?? route(request),
    ...options,
  });
  const standIn: VaultStandIn = Object.assign(server, {
    kv,
    plainKv,
    secrets: kvVersion === 1 ? plainKv : kv,
    role,
    secretId: approle.addSecretId(role),
    approle,
    aws,
    rootToken,
    policies,
    allow: (paths: Readonly<Record<string, readonly Capability[]>>): void => {
      policies.set('auditor', new Map(Object.entries(paths)));
    },
    state: 'active' as const,
    activeUrl: 'https://vault.example',
    maxStrings: MOST_STRINGS,
    badTokenText: 'permission denied' as const,
    namespaceRefusal: { status: 404, error: 'namespace not found' } as const,
    openTokens: (): number => tokens.open,
  });
  return standIn;
}

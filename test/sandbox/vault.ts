import { randomUUID } from 'node:crypto';
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import type { FaultPlan, SandboxAnswer, SandboxRequest } from './faults.ts';
import { isObject, jsonObject, textOf } from './json.ts';
import { type LoggedRequest, type SandboxServer, startServer } from './server.ts';
import { envelope, failure } from './vault-answers.ts';
import { type AppRole, AppRoleMount } from './vault-approle.ts';
import { serveKv } from './vault-kv-routes.ts';
import { KvMount } from './vault-kv.ts';
import {
  CAPABILITIES,
  type Capability,
  DEFAULT_POLICY,
  type Policy,
  isAllowed,
  parsePolicy,
} from './vault-policy.ts';

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
}

/** What the server as a whole is in. */
export type VaultState = 'active' | 'sealed' | 'standby' | 'performance-standby' | 'no-active' | 'recovery';

/** Vault's stand-in: AppRole login, tokens, policies, KV version 2, and what it takes to set them up. */
export interface VaultStandIn extends SandboxServer {
  /** The KV mount that the functions are configured for. */
  readonly kv: KvMount;
  /** The role that the functions log in by, and a secret id of it. */
  readonly role: AppRole;
  readonly secretId: string;
  readonly approle: AppRoleMount;
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
  badTokenText: 'permission denied' | 'bad token';
  /** How many tokens are not revoked: none, once everybody has revoked theirs. The root token is not among them. */
  openTokens(): number;
}

interface VaultToken {
  readonly policies: readonly string[];
  readonly expiresAt: number;
}

type Mount =
  | { readonly type: 'kv'; readonly kv: KvMount }
  | { readonly type: 'approle'; readonly approle: AppRoleMount };

const DENIED = failure(403, 'permission denied');
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
  const rootToken = canaries.vaultToken();
  const tokens = new Map<string, VaultToken>();
  const policies = new Map<string, Policy>();
  const mounts = new Map<string, Mount>();
  const kv = new KvMount(clock);
  const approle = new AppRoleMount(clock, canaries);
  mounts.set(mount, { type: 'kv', kv });
  mounts.set('auth/approle', { type: 'approle', approle });
  const role = approle.configure('hub-token-auditor', { policies: ['auditor'] });

  const give = ({ policies: names, tokenTtl, name }: AppRole): SandboxAnswer => {
    const token = canaries.vaultToken();
    tokens.set(token, { policies: names, expiresAt: clock.now() + tokenTtl * 1000 });
    return {
      status: 200,
      body: envelope(null, {
        auth: {
          client_token: token,
          accessor: randomUUID(),
          policies: ['default', ...names],
          token_policies: ['default', ...names],
          metadata: { role_name: name },
          lease_duration: tokenTtl,
          renewable: true,
          entity_id: randomUUID(),
          token_type: 'service',
          orphan: true,
        },
      }),
    };
  };

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
    else if (kind === 'mounts') mounts.set(where, { type: 'kv', kv: new KvMount(clock) });
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
      tokens.delete(token);
      return { status: 204 };
    }
    if (rest !== 'lookup-self') return failure(404);
    const known = tokens.get(token);
    return { status: 200, body: envelope({ policies: ['default', ...(known?.policies ?? ['root'])] }) };
  };

  const mayUse = (token: string, method: string, target: string): boolean => {
    if (token === rootToken) return true;
    const known = tokens.get(token);
    if (known === undefined || known.expiresAt <= clock.now()) return false;
    const granted = [DEFAULT_POLICY, ...known.policies.flatMap((name) => policies.get(name) ?? [])];
    return isAllowed(granted, target, capabilityOf(method, target));
  };

  /** What a token may do on paths: asking needs no more than Vault's default policy. */
  const capabilitiesOf = (token: string, paths: unknown): SandboxAnswer => {
    const names = tokens.get(token)?.policies ?? [];
    const granted = [DEFAULT_POLICY, ...names.flatMap((name) => policies.get(name) ?? [])];
    const entries = namesOf(paths).map((path) => {
      const found = CAPABILITIES.filter((capability) => isAllowed(granted, path, capability));
      return [path, token === rootToken ? ['root'] : found.length === 0 ? ['deny'] : found] as const;
    });
    return { status: 200, body: envelope(Object.fromEntries(entries)) };
  };

  const isKnownToken = (token: string): boolean =>
    token === rootToken || (tokens.get(token)?.expiresAt ?? 0) > clock.now();

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
    else if (given !== namespace) return failure(404, 'namespace not found');

    const found = mountOf(target);
    if (found?.mount.type === 'approle' && found.rest === 'login') {
      const result = found.mount.approle.logIn(jsonObject(request.body));
      return 'roleId' in result ? give(result) : failure(result.status, result.error);
    }
    const token =
      headers['x-vault-token'] ?? /^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '';
    if (token !== '' && !isKnownToken(token)) return failure(403, standIn.badTokenText);
    if (target === 'sys/capabilities-self' && token !== '')
      return capabilitiesOf(token, jsonObject(request.body)?.['paths']);
    if (!mayUse(token, method, target)) return DENIED;
    if (target.startsWith('auth/token/')) return serveToken(target.slice('auth/token/'.length), token);
    if (target.startsWith('sys/')) return serveSystem(target.slice('sys/'.length), request);
    if (found?.mount.type === 'kv') return serveKv(found.mount.kv, found.rest, request);
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
    role,
    secretId: approle.addSecretId(role),
    approle,
    rootToken,
    policies,
    allow: (paths: Readonly<Record<string, readonly Capability[]>>): void => {
      policies.set('auditor', new Map(Object.entries(paths)));
    },
    state: 'active' as const,
    activeUrl: 'https://vault.example',
    maxStrings: MOST_STRINGS,
    badTokenText: 'permission denied' as const,
    openTokens: (): number => tokens.size,
  });
  return standIn;
}

// AppRole at the Vault stand-in: roles, secret ids, and who is locked out.
import type { Canaries } from './canaries.ts';
import type { SandboxClock } from './clock.ts';
import { type JsonObject, textOf } from './json.ts';

/** A role that programs log in by. */
export interface AppRole {
  readonly name: string;
  readonly roleId: string;
  policies: readonly string[];
  /** Life of its tokens, in seconds. */
  tokenTtl: number;
  /** How often one of its tokens may be used; 0 for without end. */
  tokenUses: number;
  /** Whether its tokens work from this machine, see `token_bound_cidrs`. */
  tokenWorksHere: boolean;
  /** Whether its tokens have the policy `default`, see `token_no_default_policy`. */
  hasDefaultPolicy: boolean;
  /** How often one secret id may be used; 0 for without end. */
  secretIdUses: number;
  /** Secret id to uses left; `Infinity` for without end. */
  readonly secretIds: Map<string, number>;
  /** Instants of the failed logins that count. */
  failures: number[];
}

const LOCKED_AFTER = 5;
const LOCKED_FOR = 15 * 60_000;

/** What a login comes to. */
export type LoginResult = AppRole | { readonly status: number; readonly error: string };

const INVALID = { status: 400, error: 'invalid role or secret ID' };

/** A mount of the AppRole login. */
export class AppRoleMount {
  readonly roles = new Map<string, AppRole>();
  private readonly clock: SandboxClock;
  private readonly canaries: Canaries;

  constructor(clock: SandboxClock, canaries: Canaries) {
    this.clock = clock;
    this.canaries = canaries;
  }

  /** Makes a role, or changes one. */
  configure(
    name: string,
    changes: Partial<Omit<AppRole, 'name' | 'roleId' | 'secretIds' | 'failures'>> = {},
  ): AppRole {
    const role = this.roles.get(name) ?? {
      name,
      roleId: this.canaries.uuid(),
      policies: [],
      tokenTtl: 1200,
      tokenUses: 0,
      tokenWorksHere: true,
      hasDefaultPolicy: true,
      secretIdUses: 0,
      secretIds: new Map<string, number>(),
      failures: [],
    };
    this.roles.set(name, Object.assign(role, changes));
    return role;
  }

  /** A new secret id of a role, by default with as many uses as the role gives. */
  addSecretId(role: AppRole, uses = role.secretIdUses): string {
    const secretId = this.canaries.uuid();
    role.secretIds.set(secretId, uses === 0 ? Infinity : uses);
    return secretId;
  }

  /** `POST login`: uses up one use of the secret id, whatever becomes of the answer. */
  logIn(body: JsonObject | undefined): LoginResult {
    const roleId = textOf(body, 'role_id').trim();
    const secretId = textOf(body, 'secret_id').trim();
    if (roleId === '') return { status: 400, error: 'missing role_id' };
    const role = [...this.roles.values()].find((candidate) => candidate.roleId === roleId);
    if (role === undefined) return INVALID;
    const now = this.clock.now();
    role.failures = role.failures.filter((at) => at > now - LOCKED_FOR);
    if (role.failures.length >= LOCKED_AFTER) return { status: 403, error: 'permission denied' };
    if (secretId === '') return { status: 400, error: 'missing secret_id' };
    const left = role.secretIds.get(secretId);
    if (left === undefined) {
      role.failures.push(now);
      return INVALID;
    }
    role.failures = [];
    if (left > 1) role.secretIds.set(secretId, left - 1);
    else role.secretIds.delete(secretId);
    return role;
  }
}

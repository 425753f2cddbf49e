// The Vault stand-in's tokens: how long and how often they work, from where, and what they may do.
import { randomUUID } from 'node:crypto';
import type { Canaries } from './canaries.ts';
import type { SandboxClock } from './clock.ts';
import type { SandboxAnswer } from './faults.ts';
import { envelope } from './vault-answers.ts';
import { CAPABILITIES, type Capability, DEFAULT_POLICY, type Policy, isAllowed } from './vault-policy.ts';

/** What a role gives its tokens. */
export interface TokenGrant {
  readonly name: string;
  readonly policies: readonly string[];
  /** Life in seconds. */
  readonly tokenTtl: number;
  /** 0 for without end. */
  readonly tokenUses: number;
  readonly tokenWorksHere: boolean;
  readonly hasDefaultPolicy: boolean;
}

interface VaultToken {
  readonly policies: readonly string[];
  readonly expiresAt: number;
  readonly worksHere: boolean;
  usesLeft: number;
}

export class VaultTokens {
  readonly root: string;
  readonly policies = new Map<string, Policy>();
  private readonly tokens = new Map<string, VaultToken>();
  private readonly clock: SandboxClock;
  private readonly canaries: Canaries;

  constructor(clock: SandboxClock, canaries: Canaries) {
    this.clock = clock;
    this.canaries = canaries;
    this.root = canaries.vaultToken();
  }

  /** The answer to a login: a new token. */
  give(grant: TokenGrant): SandboxAnswer {
    const token = this.canaries.vaultToken();
    const policies = [...(grant.hasDefaultPolicy ? ['default'] : []), ...grant.policies];
    this.tokens.set(token, {
      policies,
      expiresAt: this.clock.now() + grant.tokenTtl * 1000,
      worksHere: grant.tokenWorksHere,
      usesLeft: grant.tokenUses === 0 ? Infinity : grant.tokenUses,
    });
    return {
      status: 200,
      body: envelope(null, {
        auth: {
          client_token: token,
          accessor: randomUUID(),
          policies,
          token_policies: policies,
          metadata: { role_name: grant.name },
          lease_duration: grant.tokenTtl,
          renewable: true,
          entity_id: randomUUID(),
          token_type: 'service',
          orphan: true,
        },
      }),
    };
  }

  /** Uses a token once; `false` where it is not known, has ended, is used up, or is bound to another address. */
  use(token: string): boolean {
    if (token === this.root) return true;
    const known = this.tokens.get(token);
    if (known === undefined || known.expiresAt <= this.clock.now() || !known.worksHere) return false;
    if (known.usesLeft <= 0) return false;
    known.usesLeft -= 1;
    return true;
  }

  may(token: string, target: string, capability: Capability): boolean {
    return token === this.root || isAllowed(this.policiesOf(token), target, capability);
  }

  /** What a token may do on a path, as `sys/capabilities-self` says it. */
  capabilities(token: string, path: string): readonly string[] {
    if (token === this.root) return ['root'];
    const found = CAPABILITIES.filter((capability) => isAllowed(this.policiesOf(token), path, capability));
    return found.length === 0 ? ['deny'] : found;
  }

  /** Whether a token has any right on a path of a mount: then it may know what the mount is. */
  knowsMount(token: string, mount: string): boolean {
    if (token === this.root) return true;
    return this.policiesOf(token).some((policy) =>
      [...policy].some(([path, granted]) => path.startsWith(`${mount}/`) && !granted.includes('deny')),
    );
  }

  namesOf(token: string): readonly string[] {
    return this.tokens.get(token)?.policies ?? ['root'];
  }

  revoke(token: string): void {
    this.tokens.delete(token);
  }

  /** How many are not revoked; the root token is not among them. */
  get open(): number {
    return this.tokens.size;
  }

  private policiesOf(token: string): readonly Policy[] {
    const names = this.tokens.get(token)?.policies ?? [];
    return names.flatMap((name) => (name === 'default' ? DEFAULT_POLICY : (this.policies.get(name) ?? [])));
  }
}

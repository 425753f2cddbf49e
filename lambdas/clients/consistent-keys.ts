// The deployments' secret as one call sees it: never older than what it wrote, changed key by key.
import type { VaultKeys } from '../domain/token.ts';
import { AuditorError, isAuditorError } from '../errors.ts';

import { type Clock, type Vault, type VaultWrite, WriteNotRetried } from './ports.ts';

/** How often a key that others keep writing beside is tried before giving up. */
const CONFLICTS = 5;
/** Milliseconds to pause after the first of them, twice as long after each further one. */
const CONFLICT_PAUSE_MS = 100;
/** Pauses before a Vault that answers with an older version than it must have is read again, in milliseconds. */
const PAUSES = [250, 500, 1000, 2000];

/** What reading and changing the secret needs of the services. */
interface VaultAccess {
  readonly vault: Vault;
  readonly clock: Clock;
  /** When the function must end, in milliseconds since 1970. */
  readonly deadline: number;
}

/**
 * The deployments' secret as one call of ours sees it: never older than what that call wrote. One of Vault's servers may
 * lag behind the others; its answer is waited out, and never taken for what is stored.
 */
export class FreshKeys {
  private readonly services: VaultAccess;
  /** The version that our own write is known to have made; an older answer is no answer. */
  private written: number;
  /** The version over which a write of ours went that nobody knows to have arrived. */
  private lost: number | undefined;
  /** The version that Vault must have reached, because it refused a write over the one before. */
  private reached = 0;
  /** Whether a write of ours may have had an effect. */
  private touched = false;
  /** Whether the secret has versions; on a mount with KV version 1 reading is all that tells. */
  private isVersioned = true;
  /** The version to wait for, and that which was waited for in vain already. */
  private wanted = 0;
  private waited = 0;

  /** @param written the version that an earlier call of ours is known to have written */
  constructor(services: VaultAccess, written = 0) {
    this.services = services;
    this.written = written;
  }

  /** The version that Vault must have since our writes, whatever it answers; 0 where nothing is known. */
  get version(): number {
    const unseen = this.lost !== undefined && this.reached > this.lost ? this.reached : 0;
    return Math.max(this.written, unseen);
  }

  /**
   * Reads names and values, waiting a little for a Vault that answers with an older version.
   *
   * @throws AuditorError `VaultUnavailable` where it stays older than what was written
   */
  async read(): Promise<VaultKeys> {
    const { clock, deadline } = this.services;
    let keys: VaultKeys | undefined;
    for (const pause of [...PAUSES, undefined]) {
      keys = await this.ask();
      if (keys !== undefined && keys.version >= Math.max(this.written, this.wanted)) return keys;
      if (pause === undefined || clock.now() + pause >= deadline) break;
      await clock.sleep(pause);
    }
    this.waited = Math.max(this.waited, this.wanted);
    this.wanted = 0;
    keys ??= await this.ask();
    if (keys !== undefined && keys.version >= this.written) return keys;
    throw new AuditorError(
      'VaultUnavailable',
      `Reading the deployments' keys back from Vault gave version ${keys?.version ?? 0}, which is older than the ${this.written} that was written, so one of Vault's servers lags behind the others; look at Vault's replication and try again later.`,
    );
  }

  /**
   * Changes single keys with check-and-set: where another key was written in between, the secret is read again and the
   * change is made to what is there now; where the answer was lost, what is there decides.
   *
   * @param change what to set and remove, decided from what is there; `undefined` when nothing is to be done any more
   */
  async change(
    change: (keys: VaultKeys) => ReadonlyMap<string, string | null> | undefined,
  ): Promise<VaultWrite> {
    const { clock, deadline } = this.services;
    let last: unknown;
    for (let attempt = 0; attempt < CONFLICTS; attempt++) {
      const keys = await this.read();
      const changes = change(keys);
      if (changes === undefined) return { version: keys.version };
      try {
        const done = await this.services.vault.patchKeys(changes, keys.version);
        this.touched = true;
        this.written = Math.max(this.written, done.version);
        return done;
      } catch (error) {
        this.note(keys.version, error);
        if (error instanceof WriteNotRetried) throw error;
        if (!isAuditorError(error, 'VaultConflict', 'VaultUnavailable')) throw error;
        last = error;
      }
      // Who writes the same secret gets time to finish; two of us do not meet again at once.
      const pause = CONFLICT_PAUSE_MS * 2 ** attempt * (0.5 + clock.random());
      if (clock.now() + pause >= deadline) break;
      await clock.sleep(pause);
    }
    throw last;
  }

  /** Creates the secret; where somebody else made it meanwhile, or the answer was lost, what is there decides. */
  async create(keys: ReadonlyMap<string, string>): Promise<void> {
    try {
      const { version } = await this.services.vault.createSecret(keys);
      this.touched = true;
      this.written = Math.max(this.written, version);
      this.isVersioned = version > 0;
    } catch (error) {
      this.note(0, error);
      if (error instanceof WriteNotRetried) throw error;
      if (!isAuditorError(error, 'VaultConflict', 'VaultUnavailable')) throw error;
    }
  }

  /** Whether what was to be written under that name is there; `undefined` where nobody can say. Never rejects. */
  async holds(name: string, content: string): Promise<boolean | undefined> {
    if (this.written === 0 && !this.touched) return false;
    const lost = this.lost ?? -1;
    // Vault refused a later write over the same version: something arrived, and it may be ours.
    const mayBeOurs = this.reached > lost && lost >= 0;
    if (this.isVersioned && lost + 1 > this.waited) this.wanted = Math.max(this.wanted, lost + 1);
    try {
      const { values, version } = await this.read();
      if (values?.get(name) === content) return true;
      return version <= lost && mayBeOurs ? undefined : false;
    } catch (error) {
      return isAuditorError(error, 'VaultSecretMissing') && !mayBeOurs ? false : undefined;
    }
  }

  /** What Vault answers; `undefined` where it knows nothing yet of a secret that must be there. */
  private async ask(): Promise<VaultKeys | undefined> {
    try {
      const keys = await this.services.vault.readKeys();
      this.isVersioned = keys.version > 0;
      return keys;
    } catch (error) {
      const mustBeThere = this.written > 0 || this.wanted > 0;
      if (mustBeThere && isAuditorError(error, 'VaultSecretMissing')) return undefined;
      throw error;
    }
  }

  /** What a write over that version tells by failing. */
  private note(version: number, error: unknown): void {
    if (!this.isVersioned) {
      // Reading, writing and reading back are one step there: only the secret itself tells.
      this.touched = true;
      return;
    }
    const isRefusal = isAuditorError(
      error,
      'VaultPermissionDenied',
      'VaultSecretMissing',
      'VaultLoginFailed',
      'InvalidRequest',
    );
    // What is refused, or too much for one secret, had no effect.
    if (isRefusal || error instanceof WriteNotRetried) return;
    if (isAuditorError(error, 'VaultConflict')) {
      this.reached = Math.max(this.reached, version + 1);
      if (this.reached > this.waited) this.wanted = this.reached;
    } else {
      this.touched = true;
      this.lost = version;
    }
  }
}

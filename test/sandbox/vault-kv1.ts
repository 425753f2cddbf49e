// The KV engine of the Vault stand-in, version 1: one value a path, replaced by every write.
import type { JsonObject } from './json.ts';

/** A mount of version 1. */
export class PlainKvMount {
  private readonly secrets = new Map<string, JsonObject>();
  /** Runs after a secret was read, with its path: somebody else may write now. */
  afterRead: ((path: string) => void) | undefined;

  exists(path: string): boolean {
    return this.secrets.has(path);
  }

  put(path: string, data: JsonObject): void {
    this.secrets.set(path, data);
  }

  current(path: string): JsonObject | undefined {
    return this.secrets.get(path);
  }

  forget(path: string): void {
    this.secrets.delete(path);
  }
}

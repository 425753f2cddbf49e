// The KV engine of the Vault stand-in, version 1: one value a path, replaced by every write.
import type { SandboxAnswer, SandboxRequest } from './faults.ts';
import { type JsonObject, jsonObject } from './json.ts';
import { envelope, failure } from './vault-answers.ts';

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

  /** A request to the mount: the path is the secret's, without `data/`. */
  serve(path: string, { method, body }: SandboxRequest): SandboxAnswer {
    const data = this.secrets.get(path);
    switch (method) {
      case 'GET': {
        if (data === undefined) return failure(404);
        const answer = { status: 200, body: envelope(data, { lease_duration: 2_764_800 }) };
        this.afterRead?.(path);
        return answer;
      }
      case 'POST':
      case 'PUT': {
        const given = jsonObject(body) ?? {};
        if (Object.keys(given).length === 0) return failure(400, 'missing data fields');
        this.secrets.set(path, given);
        return { status: 204 };
      }
      case 'DELETE':
        this.secrets.delete(path);
        return { status: 204 };
      default:
        return failure(405, 'unsupported operation');
    }
  }
}

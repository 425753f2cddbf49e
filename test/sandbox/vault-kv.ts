// The KV engine of the Vault stand-in, version 2: secrets with versions, check-and-set, deletion and metadata.
import type { SandboxClock } from './clock.ts';
import { type JsonObject, isObject } from './json.ts';

/** One version of a secret. A destroyed one has no data any more. */
interface Version {
  readonly number: number;
  readonly createdAt: string;
  deletedAt: string;
  destroyed: boolean;
  data: JsonObject;
}

interface StoredSecret {
  current: number;
  readonly createdAt: string;
  casRequired: boolean;
  maxVersions: number;
  /** Milliseconds after which each new version is deleted by itself; 0 for never. */
  deleteAfter: number;
  readonly versions: Map<number, Version>;
}

/** What reading or writing comes to: a status with data, or with the sentence of an error. */
export type KvResult =
  | { readonly status: number; readonly data?: JsonObject }
  | { readonly status: number; readonly error: string };

/** Versions kept of a secret that does not say how many. */
const KEPT_VERSIONS = 10;
/** Vault's own limit of one entry on integrated storage. */
const ENTRY_BYTES = 1024 * 1024;

/** Applies a JSON merge-patch (RFC 7396): null removes, objects are merged, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** The keys of a secret, their values replaced by null; objects are walked to the wanted depth, 0 for all. */
export function subkeysOf(data: JsonObject, depth: number, level = 1): JsonObject {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      isObject(value) && Object.keys(value).length > 0 && (depth === 0 || level < depth)
        ? subkeysOf(value, depth, level + 1)
        : null,
    ]),
  );
}

function metadataOf(version: Version): JsonObject {
  return {
    version: version.number,
    created_time: version.createdAt,
    deletion_time: version.deletedAt,
    destroyed: version.destroyed,
    custom_metadata: null,
  };
}

const UNITS = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** A duration as Vault writes it, `720h` or `1h30m`, in milliseconds. */
function durationOf(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smh])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS.get(unit ?? '') ?? 0), 0);
}

/** A mount of the KV engine, version 2. */
export class KvMount {
  private readonly secrets = new Map<string, StoredSecret>();
  private readonly clock: SandboxClock;

  constructor(clock: SandboxClock) {
    this.clock = clock;
  }

  /** Whether there is a secret of that path, even one that is deleted: writing to it is an update, else a creation. */
  exists(path: string): boolean {
    return this.secrets.has(path);
  }

  /** Paths of all secrets. */
  get paths(): string[] {
    return [...this.secrets.keys()];
  }

  /** Writes a version past every limit and condition, as test data is. */
  put(path: string, data: JsonObject): void {
    this.add(path, data);
  }

  /** The data of the current version; `undefined` where there is none, or it is deleted. */
  current(path: string): JsonObject | undefined {
    const secret = this.secrets.get(path);
    const version = secret?.versions.get(secret.current);
    return version === undefined || this.isGone(version) ? undefined : version.data;
  }

  /** Number of the current version, 0 where there is none. */
  version(path: string): number {
    return this.secrets.get(path)?.current ?? 0;
  }

  /** `GET data/<path>`; without a version the current one. */
  read(path: string, number?: number): KvResult {
    return this.show(path, number, 'data', ({ data }) => data);
  }

  /** `GET subkeys/<path>` */
  subkeys(path: string, number?: number, depth = 0): KvResult {
    return this.show(path, number, 'subkeys', ({ data }) => subkeysOf(data, depth));
  }

  /** `POST data/<path>` with the body's `data` and `options`. */
  write(path: string, body: JsonObject | undefined): KvResult {
    const { data, options } = body ?? {};
    if (!isObject(data)) return { status: 400, error: 'no data provided' };
    const secret = this.secrets.get(path);
    return this.refuseByCas(secret, options) ?? this.store(path, data);
  }

  /** `PATCH data/<path>`: only on a secret whose current version is there. */
  patch(path: string, body: JsonObject | undefined): KvResult {
    const { data, options } = body ?? {};
    if (!isObject(data)) return { status: 400, error: 'no data provided' };
    const secret = this.secrets.get(path);
    if (secret === undefined) return { status: 404 };
    const refusal = this.refuseByCas(secret, options);
    if (refusal !== undefined) return refusal;
    const current = secret.versions.get(secret.current);
    if (current === undefined) return { status: 404 };
    if (this.isGone(current)) return { status: 404, data: metadataOf(current) };
    const merged = mergePatch(current.data, data);
    return this.store(path, isObject(merged) ? merged : {});
  }

  /** `DELETE data/<path>`, `POST delete/<path>`: without numbers the current version. */
  delete(path: string, numbers?: readonly number[]): KvResult {
    const secret = this.secrets.get(path);
    for (const number of numbers ?? [secret?.current ?? 0]) {
      const version = secret?.versions.get(number);
      if (version !== undefined && !this.isGone(version)) version.deletedAt = this.timestamp();
    }
    return { status: 204 };
  }

  /** `POST undelete/<path>` */
  undelete(path: string, numbers: readonly number[]): KvResult {
    for (const number of numbers) {
      const version = this.secrets.get(path)?.versions.get(number);
      if (version !== undefined && !version.destroyed) version.deletedAt = '';
    }
    return { status: 204 };
  }

  /** `POST destroy/<path>` */
  destroy(path: string, numbers: readonly number[]): KvResult {
    for (const number of numbers) {
      const version = this.secrets.get(path)?.versions.get(number);
      if (version === undefined) continue;
      version.destroyed = true;
      version.data = {};
    }
    return { status: 204 };
  }

  /** `GET metadata/<path>` */
  metadata(path: string): KvResult {
    const secret = this.secrets.get(path);
    if (secret === undefined) return { status: 404 };
    const versions = [...secret.versions.values()];
    return {
      status: 200,
      data: {
        versions: Object.fromEntries(
          versions.map((version) => [
            String(version.number),
            {
              created_time: version.createdAt,
              deletion_time: version.deletedAt,
              destroyed: version.destroyed,
            },
          ]),
        ),
        current_version: secret.current,
        oldest_version: versions.length < secret.current ? (versions[0]?.number ?? 0) : 0,
        created_time: secret.createdAt,
        updated_time: versions.at(-1)?.createdAt ?? secret.createdAt,
        max_versions: secret.maxVersions,
        cas_required: secret.casRequired,
        delete_version_after: `${secret.deleteAfter / 1000}s`,
        custom_metadata: null,
      },
    };
  }

  /** `POST metadata/<path>`: whether writes must name a version, how many are kept, and for how long. */
  configure(path: string, body: JsonObject | undefined): KvResult {
    const secret = this.secrets.get(path) ?? this.make(path);
    const { cas_required: required, max_versions: kept, delete_version_after: after } = body ?? {};
    if (typeof after === 'string') secret.deleteAfter = durationOf(after);
    if (typeof required === 'boolean') secret.casRequired = required;
    if (typeof kept === 'number') secret.maxVersions = kept;
    return { status: 204 };
  }

  /** `DELETE metadata/<path>`: the secret and all of its versions. */
  forget(path: string): KvResult {
    this.secrets.delete(path);
    return { status: 204 };
  }

  private timestamp(later = 0): string {
    return new Date(this.clock.now() + later).toISOString();
  }

  /** A deletion that is ahead is written down already and deletes nothing yet. */
  private isGone({ deletedAt, destroyed }: Version): boolean {
    return destroyed || (deletedAt !== '' && Date.parse(deletedAt) <= this.clock.now());
  }

  private make(path: string): StoredSecret {
    const made: StoredSecret = {
      current: 0,
      createdAt: this.timestamp(),
      casRequired: false,
      maxVersions: 0,
      deleteAfter: 0,
      versions: new Map(),
    };
    this.secrets.set(path, made);
    return made;
  }

  private refuseByCas(secret: StoredSecret | undefined, options: unknown): KvResult | undefined {
    const cas = isObject(options) ? options['cas'] : undefined;
    if (cas === undefined)
      return secret?.casRequired === true
        ? { status: 400, error: 'check-and-set parameter required for this call' }
        : undefined;
    return Number(cas) === (secret?.current ?? 0)
      ? undefined
      : { status: 400, error: 'check-and-set parameter did not match the current version' };
  }

  private store(path: string, data: JsonObject): KvResult {
    const bytes = Buffer.byteLength(JSON.stringify(data));
    if (bytes > ENTRY_BYTES)
      return {
        status: 500,
        error: `put failed due to value being too large; got ${bytes} bytes, max: ${ENTRY_BYTES} bytes`,
      };
    return this.add(path, data);
  }

  private add(path: string, data: JsonObject): KvResult {
    const secret = this.secrets.get(path) ?? this.make(path);
    secret.current++;
    const version: Version = {
      number: secret.current,
      createdAt: this.timestamp(),
      deletedAt: secret.deleteAfter === 0 ? '' : this.timestamp(secret.deleteAfter),
      destroyed: false,
      data,
    };
    secret.versions.set(version.number, version);
    const kept = secret.maxVersions === 0 ? KEPT_VERSIONS : secret.maxVersions;
    for (const number of secret.versions.keys())
      if (number <= secret.current - kept) secret.versions.delete(number);
    return { status: 200, data: metadataOf(version) };
  }

  private show(
    path: string,
    number: number | undefined,
    field: string,
    content: (version: Version) => JsonObject,
  ): KvResult {
    const secret = this.secrets.get(path);
    const version = secret?.versions.get(number ?? secret.current);
    if (version === undefined) return { status: 404 };
    const metadata = metadataOf(version);
    return this.isGone(version)
      ? { status: 404, data: { [field]: null, metadata } }
      : { status: 200, data: { [field]: content(version), metadata } };
  }
}

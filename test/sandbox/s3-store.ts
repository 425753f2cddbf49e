// The objects of a versioned bucket, whoever asks for them.
import { createHash, randomBytes } from 'node:crypto';
import type { SandboxClock } from './clock.ts';

/** One version of an object, or a delete marker. */
export interface S3Version {
  readonly versionId: string;
  readonly at: number;
  readonly isDeleteMarker: boolean;
  readonly body: Buffer;
  /** With its quotes, as it stands in the header. */
  readonly etag: string;
  readonly contentType: string;
}

/** A condition of a put: the etag that must be there, or `*` for "nothing may be there". */
export interface S3Condition {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** A versioned bucket: nothing is ever gone. */
export class S3Bucket {
  private readonly objects = new Map<string, S3Version[]>();
  private readonly clock: SandboxClock;

  constructor(clock: SandboxClock) {
    this.clock = clock;
  }

  /** Keys of the objects that are there, in order. */
  get keys(): string[] {
    return this.keysAsWritten.sort();
  }

  /** The same in the order in which they were first written. */
  get keysAsWritten(): string[] {
    return [...this.objects.keys()].filter((key) => this.current(key)?.isDeleteMarker === false);
  }

  /** Every version of every key, the newest of each first. */
  get versions(): { key: string; version: S3Version; isLatest: boolean }[] {
    return [...this.objects]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([key, versions]) =>
        versions.toReversed().map((version, index) => ({ key, version, isLatest: index === 0 })),
      );
  }

  /** Everything that was ever written, to search it. */
  get everything(): string {
    return this.versions.map(({ key, version }) => `${key}\n${version.body.toString()}`).join('\n');
  }

  /** The latest version, which may be a delete marker. */
  current(key: string): S3Version | undefined {
    return this.objects.get(key)?.at(-1);
  }

  /** One version by its id. */
  version(key: string, versionId: string): S3Version | undefined {
    return this.objects.get(key)?.find((version) => version.versionId === versionId);
  }

  /** The content as text, `undefined` where it is not there. */
  text(key: string): string | undefined {
    const current = this.current(key);
    return current === undefined || current.isDeleteMarker ? undefined : current.body.toString();
  }

  /** What forbids a put: 412 where the condition does not hold, 404 where it names a version of nothing. */
  refusal(key: string, { ifMatch, ifNoneMatch }: S3Condition): 412 | 404 | undefined {
    const current = this.current(key);
    const isThere = current !== undefined && !current.isDeleteMarker;
    if (ifNoneMatch === '*' && isThere) return 412;
    if (ifMatch === undefined) return undefined;
    if (!isThere) return 404;
    return ifMatch.replaceAll('"', '') === current.etag.replaceAll('"', '') ? undefined : 412;
  }

  put(key: string, body: string | Uint8Array, contentType = 'application/octet-stream'): S3Version {
    const bytes = Buffer.from(body);
    return this.add(key, {
      isDeleteMarker: false,
      body: bytes,
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      contentType,
    });
  }

  /** Deletes as a client without a version does: a marker is laid over what stays. */
  delete(key: string): S3Version {
    return this.add(key, { isDeleteMarker: true, body: Buffer.alloc(0), etag: '', contentType: '' });
  }

  /** Removes one version for good. */
  deleteVersion(key: string, versionId: string): void {
    const left = (this.objects.get(key) ?? []).filter((version) => version.versionId !== versionId);
    if (left.length === 0) this.objects.delete(key);
    else this.objects.set(key, left);
  }

  private add(key: string, version: Omit<S3Version, 'versionId' | 'at'>): S3Version {
    const added = { versionId: randomBytes(16).toString('hex'), at: this.clock.now(), ...version };
    const versions = this.objects.get(key);
    if (versions === undefined) this.objects.set(key, [added]);
    else versions.push(added);
    return added;
  }
}

/**
 * The content of an upload in the SDK's chunked form: `size-in-hex[;…] CRLF bytes CRLF …`, then trailers with
 * checksums, which nobody needs on loopback.
 */
export function decodeChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, end < 0 ? undefined : end).toString(), 16);
    if (end < 0 || Number.isNaN(size) || size === 0) return Buffer.concat(chunks);
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

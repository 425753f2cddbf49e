// A folder in place of the bucket, for the command line.

import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Bucket, ReadObject, TopObject } from '../../lambdas/clients/ports.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { escapeText } from '../../lambdas/text/display.ts';

const etagOf = (body: Uint8Array | string): string =>
  `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;

/** Milliseconds after which a lock was left behind by a crash: it is held for one small write. */
const STALE_LOCK_MS = 10_000;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

/**
 * A folder in place of the bucket, for the command line. Files are put in place complete; a conditional write holds a
 * lock file, so that of several at the same time one wins.
 *
 * @param files keys that are files elsewhere, such as the license list
 */
export function createFolder(folder: string, files: ReadonlyMap<string, string> = new Map()): Bucket {
  return new Folder(resolve(folder), files);
}

class Folder implements Bucket {
  readonly location: string;
  readonly #files: ReadonlyMap<string, string>;

  constructor(root: string, files: ReadonlyMap<string, string>) {
    this.location = root;
    this.#files = files;
  }

  async read(key: string): Promise<ReadObject> {
    const path = this.#pathOf(key);
    try {
      const body = await readFile(path);
      return { body, etag: etagOf(body) };
    } catch (error) {
      if (isMissing(error)) return 'absent';
      throw this.#failure('Reading', key, error);
    }
  }

  async listTop(): Promise<TopObject[]> {
    const entries = await readdir(this.location, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw this.#failure('Listing', 'the objects', error);
    });
    const own = entries
      .filter(({ name }) => !name.startsWith('.') && !this.#files.has(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    const found: TopObject[] = [];
    for (const key of [...own, ...this.#files.keys()]) {
      const at = await stat(this.#pathOf(key)).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      );
      if (at !== undefined) found.push(key.endsWith('/') ? { key } : { key, at });
    }
    return found;
  }

  async exists(key: string): Promise<boolean> {
    return typeof (await this.read(key)) !== 'string';
  }

  async write(key: string, body: string): Promise<void> {
    await this.#put(key, body, false);
  }

  async writeIf(key: string, body: string, etag: string | undefined): Promise<{ etag: string } | 'conflict'> {
    if (etag === undefined) return (await this.#put(key, body, true)) ? { etag: etagOf(body) } : 'conflict';
    const unlock = await this.#lock(key);
    if (unlock === undefined) return 'conflict';
    try {
      const found = await this.read(key);
      if (typeof found === 'string' || found.etag !== etag) return 'conflict';
      await this.#put(key, body, false);
      return { etag: etagOf(body) };
    } finally {
      await unlock();
    }
  }

  #pathOf(key: string): string {
    const elsewhere = this.#files.get(key);
    if (elsewhere !== undefined) return elsewhere;
    const path = resolve(this.location, key);
    if (!path.startsWith(this.location + sep))
      throw new AuditorError(
        'StorageUnavailable',
        `The key ${escapeText(key)} is not inside of the folder ${this.location}.`,
      );
    return path;
  }

  #failure(doing: string, key: string, error: unknown): AuditorError {
    return new AuditorError(
      'StorageUnavailable',
      `${doing} ${key} in the folder ${this.location} failed (${codeOf(error) ?? 'an error'}); check that it is there and may be written.`,
    );
  }

  /** Whether it was written; a new one is not where something is there. */
  async #put(key: string, body: string, isNew: boolean): Promise<boolean> {
    const path = this.#pathOf(key);
    const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, body, { mode: 0o600 });
      // A link fails where the name is taken, a rename replaces it.
      if (isNew) await link(temporary, path);
      else await rename(temporary, path);
      return true;
    } catch (error) {
      if (isNew && codeOf(error) === 'EEXIST') return false;
      throw this.#failure('Writing', key, error);
    } finally {
      // What stays behind is a file of its own name, and no reason to fail.
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** Takes the right to change a file; `undefined` where somebody else is changing it at this moment. */
  async #lock(key: string): Promise<(() => Promise<void>) | undefined> {
    const path = this.#pathOf(key);
    const held = join(dirname(path), `.${basename(path)}.lock`);
    const free = (): Promise<void> => rm(held, { force: true });
    try {
      const age = await stat(held).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > STALE_LOCK_MS) await free();
      await mkdir(dirname(path), { recursive: true });
      await writeFile(held, '', { flag: 'wx' });
      return free;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw this.#failure('Locking', key, error);
    }
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { AuditorError } from '../errors.ts';
import type { Bucket, ReadObject } from './types.ts';

const etagOf = (body: Uint8Array | string): string =>
  `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * A folder in place of the bucket, for the command line. Files are put in place whole. Conditional writes are safe
 * against a crash; against another process only as far as the lease goes.
 *
 * @param files keys that are files elsewhere, such as the license list
 */
export function createFolder(folder: string, files: ReadonlyMap<string, string> = new Map()): Bucket {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    const path = files.get(key) ?? resolve(root, key);
    if (!files.has(key) && !path.startsWith(root + sep)) throw new TypeError('a key outside the folder');
    return path;
  };
  const failure = (doing: string, key: string, error: unknown): AuditorError => {
    const code =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'an error';
    return new AuditorError(
      'StorageUnavailable',
      `${doing} ${key} in the folder ${root} failed (${code}); check that it is there and may be written.`,
    );
  };

  const read = async (key: string): Promise<ReadObject> => {
    try {
      const body = await readFile(pathOf(key));
      return { body, etag: etagOf(body) };
    } catch (error) {
      if (isMissing(error)) return 'absent';
      throw failure('Reading', key, error);
    }
  };

  const put = async (key: string, body: string, isNew: boolean): Promise<boolean> => {
    const path = pathOf(key);
    const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, body, { mode: 0o600 });
      // A link fails where the name is taken, a rename replaces it.
      if (isNew) await link(temporary, path);
      else await rename(temporary, path);
      return true;
    } catch (error) {
      if (isNew && error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw failure('Writing', key, error);
    } finally {
      await rm(temporary, { force: true });
    }
  };

  return {
    location: root,
    read,
    exists: async (key) => typeof (await read(key)) !== 'string',
    write: async (key, body) => {
      await put(key, body, false);
    },
    async writeIf(key, body, etag) {
      if (etag === undefined) return (await put(key, body, true)) ? { etag: etagOf(body) } : 'conflict';
      const found = await read(key);
      if (typeof found === 'string' || found.etag !== etag) return 'conflict';
      await put(key, body, false);
      return { etag: etagOf(body) };
    },
  };
}

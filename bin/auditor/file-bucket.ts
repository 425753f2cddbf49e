import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Bucket, ReadObject, TopObject } from '../../lambdas/clients/ports.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { escapeText } from '../../lambdas/text/display.ts';

const etagOf = (body: Uint8Array | string): string =>
  `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;

/** Milliseconds after which a lock was left behind by a crash: it is held for one small write. */
const STALE_LOCK = 10_000;

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

/**
 * A folder in place of the bucket, for the command line. Files are put in place whole; a conditional write holds a lock
 * file, so that of several at the same time one wins.
 *
 * @param files keys that are files elsewhere, such as the license list
 */
export function createFolder(folder: string, files: ReadonlyMap<string, string> = new Map()): Bucket {
  const root = resolve(folder);
  const pathOf = (key: string): string => {
    const path = files.get(key) ?? resolve(root, key);
    if (!files.has(key) && !path.startsWith(root + sep))
      throw new AuditorError(
        'StorageUnavailable',
        `The key ${escapeText(key)} is not inside of the folder ${root}.`,
      );
    return path;
  };
  const failure = (doing: string, key: string, error: unknown): AuditorError =>
    new AuditorError(
      'StorageUnavailable',
      `${doing} ${key} in the folder ${root} failed (${codeOf(error) ?? 'an error'}); check that it is there and may be written.`,
    );

  const read = async (key: string): Promise<ReadObject> => {
    const path = pathOf(key);
    try {
      const body = await readFile(path);
      return { body, etag: etagOf(body) };
    } catch (error) {
      if (isMissing(error)) return 'absent';
      throw failure('Reading', key, error);
    }
  };

  const listTop = async (): Promise<TopObject[]> => {
    const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw failure('Listing', 'the objects', error);
    });
    const own = entries
      .filter(({ name }) => !name.startsWith('.') && !files.has(name))
      .map((entry) => ({ key: entry.isDirectory() ? `${entry.name}/` : entry.name }));
    const found: TopObject[] = [];
    for (const { key } of [...own, ...[...files.keys()].map((key) => ({ key }))]) {
      const at = await stat(pathOf(key)).then(({ mtimeMs }) => mtimeMs, () => undefined); // prettier-ignore
      if (at !== undefined) found.push(key.endsWith('/') ? { key } : { key, at });
    }
    return found;
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
      if (isNew && codeOf(error) === 'EEXIST') return false;
      throw failure('Writing', key, error);
    } finally {
      // What stays behind is a file of its own name, and no reason to fail.
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  };

  /** Takes the right to change a file; `undefined` where somebody else is changing it at this moment. */
  const lock = async (key: string): Promise<(() => Promise<void>) | undefined> => {
    const path = pathOf(key);
    const held = join(dirname(path), `.${basename(path)}.lock`);
    const free = (): Promise<void> => rm(held, { force: true });
    try {
      const age = await stat(held).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > STALE_LOCK) await free();
      await mkdir(dirname(path), { recursive: true });
      await writeFile(held, '', { flag: 'wx' });
      return free;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw failure('Locking', key, error);
    }
  };

  return {
    location: root,
    read,
    exists: async (key) => typeof (await read(key)) !== 'string',
    listTop,
    write: async (key, body) => {
      await put(key, body, false);
    },
    async writeIf(key, body, etag) {
      if (etag === undefined) return (await put(key, body, true)) ? { etag: etagOf(body) } : 'conflict';
      const unlock = await lock(key);
      if (unlock === undefined) return 'conflict';
      try {
        const found = await read(key);
        if (typeof found === 'string' || found.etag !== etag) return 'conflict';
        await put(key, body, false);
        return { etag: etagOf(body) };
      } finally {
        await unlock();
      }
    },
  };
}

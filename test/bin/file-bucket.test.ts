// The folder in place of the bucket.

import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolder } from '../../bin/auditor/file-bucket.ts';
import { createOutbox } from '../../bin/auditor/file-notifier.ts';
import { failureOf } from '../failure.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-'));
});

afterEach(() => rm(root, { recursive: true }));

const text = async (key: string): Promise<string> => {
  const read = await createFolder(root).read(key);
  return typeof read === 'string' ? read : new TextDecoder().decode(read.body);
};

describe('a folder in place of the bucket', () => {
  it('reads what is there, and says what is not', async () => {
    expect(await text('ledger.json')).toBe('absent');
    expect(await createFolder(root).exists('HOLD')).toBe(false);
    await writeFile(join(root, 'HOLD'), '');
    expect(await createFolder(root).exists('HOLD')).toBe(true);
  });

  it('writes whole files into folders of their own, and leaves nothing else behind', async () => {
    await createFolder(root).write('reports/2026/a.json', '{}', 'application/json');
    expect(await readdir(join(root, 'reports/2026'))).toEqual(['a.json']);
  });

  it('writes on a condition only what is still as it was read', async () => {
    const folder = createFolder(root);
    const first = await folder.writeIf('ledger.json', '1', undefined);
    if (first === 'conflict') throw new Error('There was nothing to conflict with.');
    expect(await folder.writeIf('ledger.json', '2', undefined)).toBe('conflict');
    expect(await folder.writeIf('ledger.json', '2', first.etag)).not.toBe('conflict');
    expect(await folder.writeIf('ledger.json', '3', first.etag)).toBe('conflict');
    expect(await text('ledger.json')).toBe('2');
  });

  it('lets one of many at the same time create, and one of many change', async () => {
    const many = (etag: string | undefined, what: string): Promise<unknown[]> =>
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          createFolder(root).writeIf('lease.json', `${what} ${index}`, etag),
        ),
      );
    expect((await many(undefined, 'created')).filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
    const read = await createFolder(root).read('lease.json');
    if (typeof read === 'string') throw new Error('The lease is gone.');
    expect((await many(read.etag, 'changed')).filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
  });

  it('takes another file for a key where that is asked for', async () => {
    const elsewhere = join(root, 'export.csv');
    await writeFile(elsewhere, 'telco;country');
    const read = await createFolder(join(root, 'state'), new Map([['licenses.csv', elsewhere]])).read(
      'licenses.csv',
    );
    expect(typeof read === 'string' ? read : Buffer.from(read.body).toString()).toBe('telco;country');
  });

  it('is StorageUnavailable for keys outside of it, and where it may not be read or written', async () => {
    const folder = createFolder(root);
    await folder.write('file', 'x', 'text/plain');
    for (const work of [
      () => folder.read('../elsewhere'),
      () => folder.write('../elsewhere', 'x', 'text/plain'),
      () => folder.write('file/below', 'x', 'text/plain'),
      () => createFolder('/dev/null').write('a', 'x', 'text/plain'),
    ])
      expect((await failureOf(work)).name).toBe('StorageUnavailable');
  });
});

describe('the outbox', () => {
  it('keeps every mail as a file and shows it', async () => {
    const shown: string[] = [];
    const outbox = createOutbox(
      createFolder(root),
      () => 0,
      (mail) => shown.push(mail),
    );
    const mail = { subject: 'S', text: 'T', summary: '{}', outcome: 'clean', severity: 'info' } as const;
    expect(await outbox.publish(mail)).toEqual({ confirmed: true });
    const [name = ''] = await readdir(join(root, 'outbox'));
    expect(await readFile(join(root, 'outbox', name), 'utf8')).toBe('Subject: S\n\nT');
    expect(shown).toEqual(['Subject: S\n\nT']);
  });
});

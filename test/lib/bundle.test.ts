import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../../lib/bundle.ts';

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'bundle-'));
const files = writeBundle('issue', folder);
const first = files.find(({ path }) => path === 'index.mjs');
const packages = files.flatMap((file) => file.packages);
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('A bundle', () => {
  it('begins with index.mjs, which exports the handler', () => {
    expect(/export\s*\{[^}]*\bas handler\b[^}]*\}/.test(read('index.mjs'))).toBe(true);
  });

  it.each(['@aws-sdk/client-s3', '@aws-sdk/client-sns', '@aws-sdk/client-secrets-manager', 'node-vault'])(
    'holds %s, to be read when it is needed',
    (name) => {
      expect(packages).toContain(name);
      expect(first?.packages).not.toContain(name);
    },
  );

  it('holds no axios and nothing that axios brings: node-vault requires it and never uses it', () => {
    expect(packages.filter((name) => /^(?:axios|form-data|mime-db|follow-redirects)$/.test(name))).toEqual(
      [],
    );
  });

  it('asks for nothing but its own files and Node’s own modules', () => {
    const outside = files.flatMap((file) => file.outside).filter((module) => !isBuiltin(module));
    // The package `debug` looks whether it is there, and does without.
    expect(outside).toEqual(['supports-color']);
  });

  it('is the same in whatever folder it is written to, so that nothing is deployed again without a change', () => {
    const other = join(folder, 'deeper', 'still');
    const paths = writeBundle('issue', other).map(({ path }) => path);
    expect(paths).toEqual(files.map(({ path }) => path));
    for (const path of paths) {
      expect(readFileSync(join(other, path), 'utf8')).toBe(read(path));
      expect(readFileSync(join(other, `${path}.map`), 'utf8')).toBe(read(`${path}.map`));
    }
  });

  it('has a source map for every file, without the sources', () => {
    for (const { path } of files) expect(read(`${path}.map`).includes('"sourcesContent"')).toBe(false);
  });
});

// How a function's code is bundled at synthesis.
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { buildSync } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FunctionKind } from './names.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where a bundle is built as if: source maps name their sources from here, whatever folder is written to. */
const BUILD_FOLDER = join(root, 'bundle');

/** What Lambda calls: the export `handler` of `index.mjs`. */
export const HANDLER = 'index.handler';

/** One file of a bundle. */
export interface BundleFile {
  /** Relative to the bundle's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Packages that are in it. */
  readonly packages: readonly string[];
  /** Modules that it asks for and that are in no file of the bundle. */
  readonly outside: readonly string[];
}

/**
 * Writes a function's bundle into a folder: `index.mjs`, its chunks and their source maps.
 *
 * It is split where the sources import lazily, so that a cold start reads and parses only what it begins with: that is
 * why this is not the library's NodejsFunction, which writes one file. Everything is in it, the SDK too: what was
 * tested is what runs, whatever version Lambda carries. The same sources give the same bytes in every folder, so that
 * nothing is deployed again that did not change.
 */
export function writeBundle(kind: FunctionKind, outdir: string): BundleFile[] {
  const { metafile, outputFiles } = buildSync({
    metafile: true,
    write: false,
    absWorkingDir: root,
    entryPoints: { index: `lambdas/${kind}/handler.ts` },
    outdir: BUILD_FOLDER,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    treeShaking: true,
    sourcemap: true,
    // Names and lines do for a stack; the sources would treble the upload.
    sourcesContent: false,
    legalComments: 'none',
    alias: { axios: `${root}lib/bundled/axios.ts`, undici: `${root}lib/bundled/undici.ts` },
    // Packages that are CommonJS call require() for Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  for (const { path, contents } of outputFiles) {
    const target = join(outdir, relative(BUILD_FOLDER, path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, contents);
  }
  return Object.entries(metafile.outputs)
    .filter(([path]) => path.endsWith('.mjs'))
    .map(([path, { bytes, inputs, imports }]) => ({
      path: relative(BUILD_FOLDER, resolve(root, path)),
      bytes,
      packages: [...new Set(Object.keys(inputs).flatMap(packageOf))],
      outside: imports.flatMap((asked) => (asked.external === true ? [asked.path] : [])),
    }));
}

/** The package that a file is of; none for our own. */
function packageOf(path: string): string[] {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return name === undefined ? [] : [name];
}

/** A function's code, bundled at synthesis; no Docker and no network are needed. */
export function functionCode(kind: FunctionKind): Code {
  return Code.fromAsset(`${root}lambdas/${kind}`, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Only asked for where bundling here failed, and that throws.
      image: DockerImage.fromRegistry('never-used'),
      local: {
        tryBundle: (outdir) => {
          writeBundle(kind, outdir);
          return true;
        },
      },
    },
  });
}

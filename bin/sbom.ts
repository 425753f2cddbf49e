// What is shipped: writes a software bill of materials of the bundles, and the licenses of all that is in them, beside
// what is deployed. `npm run synth` does it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeBundle } from '../lib/bundle.ts';
import { DEFAULT_NAME, FUNCTIONS } from '../lib/names.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'cdk.out');

const componentSchema = v.looseObject({ name: v.string(), version: v.string() });
const billSchema = v.looseObject({
  metadata: v.looseObject({ component: v.looseObject({ name: v.string() }) }),
  components: v.array(componentSchema),
  dependencies: v.optional(v.array(v.looseObject({ ref: v.string() })), []),
});

/** The packages that are in the bundles. */
function bundledPackages(): ReadonlySet<string> {
  const outdir = mkdtempSync(join(tmpdir(), 'hub-token-auditor-'));
  try {
    return new Set(
      FUNCTIONS.flatMap((kind) => writeBundle(kind, join(outdir, kind)).flatMap(({ packages }) => packages)),
    );
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** npm's bill of all that is installed, in CycloneDX, less what no bundle holds: most of it is for development. */
function billOf(packages: ReadonlySet<string>): v.InferOutput<typeof billSchema> {
  const text = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const bill = v.parse(v.pipe(v.string(), v.parseJson(), billSchema), text);
  const components = bill.components.filter(({ name }) => packages.has(name));
  const refs = new Set(components.map((component) => component['bom-ref']));
  return {
    ...bill,
    // npm names it by the folder that it is in.
    metadata: { ...bill.metadata, component: { ...bill.metadata.component, name: DEFAULT_NAME } },
    components,
    dependencies: bill.dependencies.filter(({ ref }) => refs.has(ref)),
  };
}

/** The license of a package as it came with it. */
function licenseOf(name: string): string {
  const home = join(root, 'node_modules', name);
  const { license = 'not named' } = v.parse(
    v.pipe(v.string(), v.parseJson(), v.object({ license: v.optional(v.unknown()) })),
    readFileSync(join(home, 'package.json'), 'utf8'),
  );
  const named = typeof license === 'string' ? license : JSON.stringify(license);
  const files = readdirSync(home).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(home, file), 'utf8').trim());
  return [`${name}: ${named}`, ...texts].join('\n\n');
}

const packages = bundledPackages();
const bill = billOf(packages);
const missing = [...packages].filter((name) => !bill.components.some((component) => component.name === name));
if (missing.length > 0)
  throw new Error(`npm's bill of materials lacks ${missing.join(', ')}, which a bundle holds.`);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bill, null, 2)}\n`);
writeFileSync(
  join(folder, 'licenses.txt'),
  `${[...packages]
    .sort()
    .map(licenseOf)
    .join(`\n\n${'-'.repeat(72)}\n\n`)}\n`,
);

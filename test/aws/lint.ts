// Checks the synthesized templates against AWS's own resource descriptions, by cfn-lint.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cdk } from './command-line.ts';

/** Findings that stay, with the reason. */
const ACCEPTED = {
  W3005: 'A dependency that a reference implies as well: CDK writes both, which is harmless.',
  W6001:
    'An output that repeats an import: it is a link that people open, and the bucket is another stack’s.',
} as const;

const folder = await mkdtemp(join(tmpdir(), 'test-templates-'));
try {
  if (spawnSync('cfn-lint', ['--version'], { stdio: 'ignore' }).status !== 0) {
    const missing =
      'cfn-lint is not installed, so no template was checked; pip install cfn-lint and run this again.';
    console.log(process.env['CI'] === 'true' ? `FAIL  ${missing}` : `skipped: ${missing}`);
    if (process.env['CI'] === 'true') process.exitCode = 1;
  } else {
    const { PATH = '', HOME = '' } = process.env;
    const { code, text } = await cdk(['synth', '--quiet', `--output=${folder}`], { PATH, HOME });
    if (code !== 0) throw new Error(text);
    const templates = (await readdir(folder)).filter((file) => file.endsWith('.template.json'));
    const { status } = spawnSync(
      'cfn-lint',
      [
        '--ignore-checks',
        ...Object.keys(ACCEPTED),
        '--regions',
        'eu-west-1',
        '--',
        ...templates.map((file) => join(folder, file)),
      ],
      { stdio: 'inherit' },
    );
    if (status === 0) console.log(`${templates.length} templates: cfn-lint finds nothing.`);
    process.exitCode = status ?? 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

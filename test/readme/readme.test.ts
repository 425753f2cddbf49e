import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ERROR_NAMES } from '../../lambdas/errors.ts';
import { configEntries } from '../../lib/config.ts';

const readme = readFileSync('README.md', 'utf8');
const runbook = readFileSync('docs/runbook.md', 'utf8');
const decisions = readFileSync('docs/decisions.md', 'utf8');
const names = v.record(v.string(), v.string());
const manifest = v.parse(
  v.pipe(
    v.string(),
    v.parseJson(),
    v.object({ scripts: names, dependencies: names, devDependencies: names }),
  ),
  readFileSync('package.json', 'utf8'),
);

/** The configuration table as the schema says it. */
function configurationTable(): string {
  const rows = configEntries().map(
    ({ key, type, default: standard, meaning }) =>
      `| \`${key}\` | ${type.replaceAll('|', 'or')} | ${standard === undefined ? '' : `\`${standard}\``} | ${meaning} |`,
  );
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

describe('the README', () => {
  it('tells the configuration as the schema has it', () => {
    const table = /<!-- configuration -->\n([^]*?)\n<!-- \/configuration -->/.exec(readme)?.[1];
    expect(table).toBe(configurationTable());
  });

  it('names everything by which what a deleted stack left is used again, its key too', () => {
    const paragraph = readme.split('\n\n').find((text) => text.includes('outlive their stack'));
    for (const key of ['bucketName', 'bucketKeyArn', 'vault.loginSecretArn', 'vault.loginSecretKeyArn'])
      expect(paragraph).toContain(`\`${key}\``);
  });

  it('names only scripts that there are', () => {
    const named = [...readme.matchAll(/npm (?:run )?([a-z]+(?::[a-z]+)?)/g)].map(([, name]) => name);
    const scripts = Object.keys(manifest.scripts);
    for (const name of named) if (name !== 'ci' && name !== 'registry') expect(scripts).toContain(name);
  });
});

describe('the runbook', () => {
  it('has a section for every error of the contract', () => {
    for (const name of ERROR_NAMES) expect(runbook).toContain(`\n### ${name}\n`);
  });
});

describe('the decisions', () => {
  it('name every dependency with its reason', () => {
    const { dependencies, devDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      const short = name.replace(/^@aws-sdk\/client|^@aws-lambda-powertools\//, '');
      expect([name, decisions.includes(`\`${name}\``) || decisions.includes(short)]).toEqual([name, true]);
    }
  });
});

// README, runbook and decisions say what is so.

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ERROR_NAMES, asAuditorError } from '../../lambdas/errors.ts';
import { configurationTable } from './configuration-table.ts';

const readme = readFileSync('README.md', 'utf8');
const runbook = readFileSync('docs/runbook.md', 'utf8');
const decisions = readFileSync('docs/decisions.md', 'utf8');
const configuration = readFileSync('docs/configuration.md', 'utf8');
const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
const names = v.record(v.string(), v.string());
const manifest = v.parse(
  v.pipe(
    v.string(),
    v.parseJson(),
    v.object({ scripts: names, dependencies: names, devDependencies: names }),
  ),
  readFileSync('package.json', 'utf8'),
);

describe('the README', () => {
  it('tells the configuration as the schema has it', () => {
    const table = /<!-- configuration -->\n([^]*?)\n<!-- \/configuration -->/.exec(configuration)?.[1];
    expect(table).toBe(configurationTable());
  });

  it('names everything by which what a deleted stack left is used again, its key too', () => {
    const paragraph = readme.split('\n\n').find((text) => text.includes('outlive their stack'));
    for (const key of ['bucketName', 'bucketKeyArn', 'vault.loginSecretArn', 'vault.loginSecretKeyArn'])
      expect(paragraph).toContain(`\`${key}\``);
  });

  it('lets no call of a function be sent twice by a command line that got tired of waiting', () => {
    const calls = readme.match(/aws lambda invoke [^`]*/g) ?? [];
    expect(calls).toHaveLength(1);
    for (const call of calls) expect(call).toContain(' --cli-read-timeout 0 ');
  });

  it('names only scripts that there are', () => {
    const named = [...readme.matchAll(/npm (?:run )?([a-z]+(?::[a-z]+)?)/g)].map(([, name]) => name);
    const scripts = Object.keys(manifest.scripts);
    for (const name of named) if (name !== 'ci' && name !== 'registry') expect(scripts).toContain(name);
  });

  it('names every script but the two that `npm test` runs', () => {
    const untold = Object.keys(manifest.scripts).filter(
      (name) => !new RegExp(`\\bnpm (?:run )?${name}(?![\\w:])`).test(readme + contributing),
    );
    expect(untold).toEqual(['lint', 'types']);
  });
});

describe('the runbook', () => {
  it('says in every section when it is cured', () => {
    const sections = runbook.split(/\n(?=### )/).slice(1);
    expect(sections.length).toBeGreaterThan(30);
    for (const text of sections) expect(text).toContain('**Cured when:**');
  });

  it('has a section for every error of the contract', () => {
    for (const name of ERROR_NAMES) expect(runbook).toContain(`\n### ${name}\n`);
  });

  const sectionOf = (title: string) =>
    runbook.split(/\n(?=##)/).find((text) => text.startsWith(`### ${title}\n`));

  it('says of a defect, which has the name of an incomplete run, that something may have been changed', () => {
    const { message } = asAuditorError(new TypeError('x'), 'The function');
    const [said = ''] = /stopped with an unexpected/.exec(message) ?? [];
    const paragraphs = (sectionOf('AuditIncomplete') ?? '').split('\n\n');
    expect(paragraphs.filter((text) => said !== '' && text.includes(said))).toEqual([
      expect.stringContaining('may have been changed'),
    ]);
  });

  it('says of the queue of failures how it is purged, and by whom', () => {
    expect(sectionOf('Failed events')).toMatch(/purge the queue[^]*operators' policy[^]*aws sqs purge-queue/);
  });
});

describe('the decisions', () => {
  it('name every dependency by its full name, with its reason, and no other', () => {
    const { dependencies, devDependencies } = manifest;
    const [, section = ''] = decisions.split('\n## Dependencies\n');
    const named = [...section.matchAll(/^\| (`.+) \| .+ \|$/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    expect(named.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
  });
});

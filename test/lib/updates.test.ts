// A deployed stage is switched to other settings in the order that the README gives: what one stack imports, another still exports.
import { Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { appOf } from './stacks.ts';

const outputsSchema = v.optional(
  v.record(v.string(), v.object({ Export: v.optional(v.object({ Name: v.string() })) })),
  {},
);

/** What the data stack exports, and what the stacks of the functions import. */
interface Links {
  readonly exported: readonly string[];
  readonly imported: readonly string[];
}

function linksOf(config: object): Links {
  const { data, audit, issue } = appOf(config);
  const outputs = v.parse(outputsSchema, Template.fromStack(data).toJSON()['Outputs']);
  const users = [audit, issue].map((stack) => JSON.stringify(Template.fromStack(stack).toJSON()));
  return {
    exported: Object.values(outputs).flatMap((output) => output.Export?.Name ?? []),
    imported: users.flatMap((text) =>
      [...text.matchAll(/"Fn::ImportValue":"([^"]+)"/g)].map(([, name = '']) => name),
    ),
  };
}

const missingIn = (exported: readonly string[], imported: readonly string[]): string[] => [
  ...new Set(imported.filter((name) => !exported.includes(name))),
];

const before = linksOf({});
const vpc = { subnetIds: ['subnet-0a1b2c3d'], securityGroupIds: ['sg-0a1b2c3d4e5f60718'] };
const key = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:vault/login-AbCdEf';
const iam = { login: 'aws-iam', role: 'auditor' };

describe('A deployed stage that gets other settings', () => {
  it.each([
    ['vpc', { vpc }],
    ['timeZone', { timeZone: 'Africa/Kinshasa' }],
    ['mode', { mode: 'observe' }],
    ['alarms.emails', { alarms: { emails: ['ops@example.com'] } }],
    ['trail', { trail: true }],
  ])('%s: `npm run deploy` does it, the data stack first', (_, config) => {
    const after = linksOf(config);
    expect(missingIn(after.exported, before.imported)).toEqual([]);
    expect(missingIn(after.exported, after.imported)).toEqual([]);
  });

  it.each([
    ['bucketName', { bucketName: 'licenses-of-ours', bucketKeyArn: key }],
    ['vault.loginSecretArn', { vault: { loginSecretArn: secret } }],
    ['vault.loginSecretArn with its key', { vault: { loginSecretArn: secret, loginSecretKeyArn: key } }],
    ['vault.login', { vault: iam }],
    ['bucketName and vault.login', { bucketName: 'licenses-of-ours', vault: iam }],
  ])('%s: the functions go over first, then all', (_, config) => {
    const after = linksOf(config);
    // The data stack alone would be stuck: what it no longer exports is still imported.
    expect(missingIn(after.exported, before.imported)).not.toEqual([]);
    expect(missingIn(before.exported, after.imported)).toEqual([]);
    expect(missingIn(after.exported, after.imported)).toEqual([]);
  });

  it.each([
    ['bucketName', { bucketName: 'licenses-of-ours', bucketKeyArn: key }],
    ['vault.login', { vault: iam }],
    ['trail', { trail: true }],
  ])('%s: the way back is the usual one', (_, config) => {
    const from = linksOf(config);
    expect(missingIn(before.exported, from.imported)).toEqual([]);
  });

  it('without alarms.emails again: the functions go over first, then all', () => {
    const from = linksOf({ alarms: { emails: ['ops@example.com'] } });
    expect(missingIn(before.exported, from.imported)).not.toEqual([]);
    expect(missingIn(from.exported, before.imported)).toEqual([]);
  });

  it('finds each setting that wants the functions first in the README, with the command', () => {
    const text = readFileSync('README.md', 'utf8').replaceAll(/\s+/g, ' ');
    const sentence = /To switch a deployed stage .*? && npm run deploy`/.exec(text)?.[0] ?? '';
    for (const name of ['bucketName', 'vault.loginSecretArn', 'vault.login', 'alarms.emails'])
      expect(sentence).toContain(`\`${name}\``);
  });
});

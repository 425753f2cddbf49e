import { Bucket } from 'aws-cdk-lib/aws-s3';
import { App, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { acknowledge } from '../../lib/acknowledge.ts';
import { appOf, assemblyFolder } from './stacks.ts';

/** What AwsSolutions finds in an app and nobody has acknowledged, `rule at construct`. */
function findings(app: App): string[] {
  return new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath ?? ''}`),
    );
}

/** Everything that is acknowledged somewhere in an app: path, rule, reason. */
function acknowledged(app: App): string[] {
  return app.node
    .findAll()
    .flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .map(({ data }) => `${node.path} ${JSON.stringify(data)}`),
    );
}

describe('cdk-nag’s AwsSolutions', () => {
  it.each([
    ['by default', {}],
    ['in a VPC', { vpc: { subnetIds: ['subnet-0a1b2c3d'], securityGroupIds: ['sg-0a1b2c3d'] } }],
    ['with a trail of callers', { trail: true }],
    ['with a bucket that is there already', { bucketName: 'licenses-of-ours' }],
    ['in a region of China', { aws: { account: '123456789012', region: 'cn-north-1' } }],
    ['in a second stage', { name: 'hub-token-auditor-test', notifications: { emails: ['a@example.com'] } }],
  ])('finds nothing %s', (_, config) => {
    const { app } = appOf(config);
    expect(app.synth().stacks).toHaveLength(3);
    expect(findings(app)).toEqual([]);
  });

  it('does look, and stops synthesis: an open bucket is found until it is acknowledged', () => {
    const app = new App({ outdir: assemblyFolder() });
    const bucket = new Bucket(new Stack(app, 'Bad'), 'Bucket');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(findings(app)).toEqual([
      'AwsSolutions-S1 at Bad/Bucket/Resource',
      'AwsSolutions-S10 at Bad/Bucket/Resource',
    ]);
    expect(() => app.synth()).toThrow(/ERROR The S3 Bucket has server access logs disabled/);

    acknowledge(bucket, { 'AwsSolutions-S1': 'This bucket is a test.' });

    expect(findings(app)).toEqual(['AwsSolutions-S10 at Bad/Bucket/Resource']);
  });

  it('is overruled in these places only, each with a reason', () => {
    const found = acknowledged(appOf({}).app);
    expect(found.map((line) => line.split(' ')[0]).sort()).toEqual([
      'HubTokenAuditor-Audit/AWS679f53fac002430cb0da5b7982bd2287',
      'HubTokenAuditor-Audit/Audit/Permissions',
      'HubTokenAuditor-Audit/Failures',
      'HubTokenAuditor-Audit/Watch/Begin',
      'HubTokenAuditor-Data/Bucket',
      'HubTokenAuditor-Data/VaultLogin',
      'HubTokenAuditor-Issue/AWS679f53fac002430cb0da5b7982bd2287',
      ...Array<string>(5).fill('HubTokenAuditor-Issue/Editors'),
      'HubTokenAuditor-Issue/Failures',
      ...Array<string>(10).fill('HubTokenAuditor-Issue/Operators'),
    ]);
    for (const line of found) expect(line).toMatch(/:"[^"]{30,}"/);
  });
});

import { describe, expect, it } from 'vitest';
import { type Statement, lines, statementsOf, templatesOf } from './stacks.ts';

const stacks = templatesOf({});
const { data, audit, issue } = stacks;
const operators = statementsOf(issue.one('IAM::ManagedPolicy').properties['PolicyDocument']);
const arnOf = (kind: string) =>
  `arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:hub-token-auditor-${kind}`;
const queue = (part: string) =>
  `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:hub-token-auditor-${part}-failures`;
const via = (service: string) => ({
  StringEquals: { 'kms:ViaService': [`${service}.<AWS::Region>.amazonaws.com`] },
});

/** Every statement that allows something, with who has it. */
function allowed(): (Statement & { readonly who: string })[] {
  return [data, audit, issue].flatMap((stack) =>
    stack.resources.flatMap(({ type, id, properties }) => {
      const document = properties['PolicyDocument'] ?? properties['KeyPolicy'];
      if (document === undefined) return [];
      const roles = Array.isArray(properties['Roles']) ? properties['Roles'].join() : '';
      const who = type === 'AWS::IAM::Policy' ? roles : id;
      return statementsOf(document)
        .filter(({ effect }) => effect === 'Allow')
        .map((statement) => ({ ...statement, who }));
    }),
  );
}

const whoMay = (...actions: string[]): string[] => [
  ...new Set(
    allowed()
      .filter((statement) => statement.actions.some((action) => actions.includes(action) || action === '*'))
      .map(({ who }) => who),
  ),
];

describe('Operators', () => {
  it('may invoke the three functions, edit lists and HOLD, read reports and failed events, purge these, and nothing else', () => {
    const registry =
      'arn:<AWS::Partition>:schemas:<AWS::Region>:<AWS::AccountId>:registry/lambda-testevent-schemas';
    const schema = (kind: string) =>
      `arn:<AWS::Partition>:schemas:<AWS::Region>:<AWS::AccountId>:schema/lambda-testevent-schemas/_hub-token-auditor-${kind}-schema`;
    expect(lines(operators)).toEqual(
      [
        ...['audit', 'issue', 'revoke'].flatMap((kind) => [
          `lambda:InvokeFunction on ${arnOf(kind)}`,
          `lambda:GetFunction on ${arnOf(kind)}`,
          `lambda:GetFunctionConfiguration on ${arnOf(kind)}`,
          `schemas:DescribeRegistry on ${schema(kind)}`,
          `schemas:DescribeSchema on ${schema(kind)}`,
          `schemas:ListSchemaVersions on ${schema(kind)}`,
        ]),
        `schemas:DescribeRegistry on ${registry}`,
        `schemas:DescribeSchema on ${registry}`,
        `schemas:ListSchemaVersions on ${registry}`,
        'schemas:GetDiscoveredSchema on *',
        ...['audit', 'issue'].flatMap((part) => [
          `sqs:GetQueueUrl on ${queue(part)}`,
          `sqs:GetQueueAttributes on ${queue(part)}`,
          `sqs:ReceiveMessage on ${queue(part)}`,
          `sqs:PurgeQueue on ${queue(part)}`,
        ]),
        's3:ListBucket on <Bucket.Arn>',
        's3:GetBucketLocation on <Bucket.Arn>',
        's3:GetObject on <Bucket.Arn>/licenses.csv',
        's3:GetObject on <Bucket.Arn>/exemptions.csv',
        's3:GetObject on <Bucket.Arn>/HOLD',
        's3:GetObject on <Bucket.Arn>/reports/*',
        's3:PutObject on <Bucket.Arn>/licenses.csv',
        's3:PutObject on <Bucket.Arn>/exemptions.csv',
        's3:PutObject on <Bucket.Arn>/HOLD',
        's3:DeleteObject on <Bucket.Arn>/HOLD',
        'kms:Decrypt on <Key.Arn>',
        'kms:GenerateDataKey on <Key.Arn>',
        // Once more, for failed events.
        'kms:Decrypt on <Key.Arn>',
      ].sort(),
    );
  });

  it('may use the key through S3 to read and write, through SQS to read, and not else', () => {
    const keys = operators.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(keys.map(({ actions, condition }) => [actions, condition])).toEqual([
      [['kms:Decrypt', 'kms:GenerateDataKey'], via('s3')],
      [['kms:Decrypt'], via('sqs')],
    ]);
  });

  it('may read and purge exactly the queues that there are', () => {
    const names = [audit, issue].map((stack) => stack.one('SQS::Queue').properties['QueueName']);
    const granted = operators.find(({ sid }) => sid === 'HandleFailedEvents')?.resources;
    expect(granted).toEqual(
      names.map((name) => `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${String(name)}`),
    );
  });

  it('have a policy that IAM accepts: 6,144 characters without white space, also with the longest names', () => {
    const longest = templatesOf({
      name: 'a'.repeat(40),
      bucketName: 'b'.repeat(63),
      bucketKeyArn: 'arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/11111111-2222-3333-4444-555555555555',
    }).issue.one('IAM::ManagedPolicy').properties['PolicyDocument'];
    const written = JSON.stringify(longest)
      .replaceAll('<AWS::Partition>', 'aws-us-gov')
      .replaceAll('<AWS::Region>', 'ap-southeast-1')
      .replaceAll('<AWS::AccountId>', '123456789012')
      .replaceAll('<Key.Arn>', 'k'.repeat(90));
    expect(written).not.toContain('<');
    expect(written.length).toBeLessThan(6144);
  });

  it('are nobody until somebody attaches the policy', () => {
    const { properties } = issue.one('IAM::ManagedPolicy');
    expect(properties['ManagedPolicyName']).toBe('hub-token-auditor-operators');
    for (const attached of ['Users', 'Groups', 'Roles']) expect(properties).not.toHaveProperty(attached);
  });
});

describe('Nobody else', () => {
  it('may invoke a function but operators and the schedule', () => {
    expect(whoMay('lambda:InvokeFunction', 'lambda:*')).toEqual(['<ScheduleRole>', 'Operators']);
    for (const stack of [data, audit, issue]) {
      expect(stack.all('Lambda::Permission')).toEqual([]);
      expect(stack.all('Lambda::Url')).toEqual([]);
    }
  });

  it('may write to the bucket but operators and the functions', () => {
    expect(whoMay('s3:PutObject', 's3:DeleteObject', 's3:*').sort()).toEqual([
      '<AuditRole>',
      '<IssueRole>',
      '<RevokeRole>',
      'Operators',
    ]);
  });

  it('may read or purge failed events but operators', () => {
    expect(whoMay('sqs:ReceiveMessage', 'sqs:PurgeQueue', 'sqs:DeleteMessage', 'sqs:*')).toEqual([
      'Operators',
    ]);
  });

  it('may read the Vault login but the functions', () => {
    expect(whoMay('secretsmanager:GetSecretValue', 'secretsmanager:*').sort()).toEqual([
      '<AuditRole>',
      '<IssueRole>',
      '<RevokeRole>',
    ]);
  });

  it('may do everything with a wildcard: those that there are, are these', () => {
    const wild = allowed().flatMap(({ who, actions, resources }) =>
      [...actions, ...resources].filter((text) => text.includes('*')).map((text) => `${who}: ${text}`),
    );
    expect(wild.sort()).toEqual(
      [
        // The account's own administrators, and "this key" in the key's own policy.
        'Key: *',
        'Key: *',
        'Key: kms:*',
        // Reports are named by day and run.
        '<AuditRole>: <Bucket.Arn>/reports/*',
        // A metric is no resource; a condition names the namespace.
        '<DeploymentCallsRole>: *',
        'Operators: <Bucket.Arn>/reports/*',
        // Lambda's guide wants it of who uses shared test events; it knows no resource.
        'Operators: *',
      ].sort(),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { type Statement, lines, statementsOf, templatesOf } from './stacks.ts';

const stacks = templatesOf({});
const { data, audit, issue } = stacks;
const policyOf = (id: string) =>
  statementsOf(issue.one('IAM::ManagedPolicy', id).properties['PolicyDocument']);
const operators = policyOf('Operators');
const editors = policyOf('Editors');
const arnOf = (kind: string) =>
  `arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:hub-token-auditor-${kind}`;
const queue = (part: string) =>
  `arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:hub-token-auditor-${part}-failures`;
const via = (service: string) => ({
  StringEquals: { 'kms:ViaService': [`${service}.<AWS::Region>.<AWS::URLSuffix>`] },
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

const REGISTRY =
  'arn:<AWS::Partition>:schemas:<AWS::Region>:<AWS::AccountId>:registry/lambda-testevent-schemas';
const SCHEMAS =
  'arn:<AWS::Partition>:schemas:<AWS::Region>:<AWS::AccountId>:schema/lambda-testevent-schemas/_hub-token-auditor-*-schema';
const KINDS = ['audit', 'issue', 'revoke'];
const EDITING = [
  's3:ListAllMyBuckets on *',
  's3:ListBucket on <Bucket.Arn>',
  's3:ListBucketVersions on <Bucket.Arn>',
  's3:GetBucketLocation on <Bucket.Arn>',
  's3:GetBucketVersioning on <Bucket.Arn>',
  ...['licenses.csv', 'exemptions.csv', 'HOLD*', 'Hold*', 'hold*', 'reports/*'].flatMap((key) => [
    `s3:GetObject on <Bucket.Arn>/${key}`,
    `s3:GetObjectVersion on <Bucket.Arn>/${key}`,
  ]),
  ...['licenses.csv', 'exemptions.csv', 'HOLD*', 'Hold*', 'hold*'].map(
    (key) => `s3:PutObject on <Bucket.Arn>/${key}`,
  ),
  ...['HOLD*', 'Hold*', 'hold*'].map((key) => `s3:DeleteObject on <Bucket.Arn>/${key}`),
  'kms:Decrypt on <Key.Arn>',
  'kms:GenerateDataKey on <Key.Arn>',
];

/** Policies as IAM counts them, with the longest names put in. */
function longest(id: string): string {
  const document = templatesOf({
    name: 'a'.repeat(40),
    bucketName: 'b'.repeat(63),
    bucketKeyArn: 'arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/11111111-2222-3333-4444-555555555555',
    alarms: { emails: ['oncall@example.com'] },
  }).issue.one('IAM::ManagedPolicy', id).properties['PolicyDocument'];
  return JSON.stringify(document)
    .replaceAll('<AWS::Partition>', 'aws-us-gov')
    .replaceAll('<AWS::Region>', 'ap-southeast-1')
    .replaceAll('<AWS::URLSuffix>', 'amazonaws.com')
    .replaceAll('<AWS::AccountId>', '123456789012')
    .replaceAll('<Key.Arn>', 'k'.repeat(90))
    .replaceAll('<VaultLogin>', 's'.repeat(130))
    .replaceAll('<AlarmTopic>', 't'.repeat(100))
    .replaceAll('<Topic>', 't'.repeat(100));
}

describe('Editors', () => {
  it('may edit the two lists and HOLD in every spelling, and read these and the reports, and nothing else', () => {
    expect(lines(editors)).toEqual([...EDITING].sort());
  });

  it('may delete HOLD alone: a list that is gone stops the audit', () => {
    const deleting = lines(editors).filter((line) => line.startsWith('s3:Delete'));
    expect(deleting.every((line) => /hold\*$/i.test(line))).toBe(true);
  });
});

describe('Operators', () => {
  it('may do what editors may, invoke the functions, and see what the runbook asks to check, and nothing else', () => {
    expect(lines(operators)).toEqual(
      [
        ...EDITING,
        ...KINDS.flatMap((kind) => [
          `lambda:InvokeFunction on ${arnOf(kind)}`,
          `lambda:GetFunction on ${arnOf(kind)}`,
          `lambda:GetFunctionConfiguration on ${arnOf(kind)}`,
          `lambda:GetFunctionEventInvokeConfig on ${arnOf(kind)}`,
          `lambda:GetPolicy on ${arnOf(kind)}`,
        ]),
        ...['GetRole', 'ListRolePolicies', 'GetRolePolicy'].map(
          (action) => `iam:${action} on arn:<AWS::Partition>:iam::<AWS::AccountId>:role/hub-token-auditor-*`,
        ),
        `schemas:DescribeRegistry on ${SCHEMAS}`,
        `schemas:DescribeSchema on ${SCHEMAS}`,
        `schemas:ListSchemaVersions on ${SCHEMAS}`,
        ...['DescribeLogStreams', 'FilterLogEvents', 'GetLogEvents', 'StartQuery'].map(
          (action) =>
            `logs:${action} on arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/hub-token-auditor-*`,
        ),
        ...[
          'lambda:ListFunctions',
          'logs:DescribeLogGroups',
          'logs:DescribeQueryDefinitions',
          'logs:GetQueryResults',
          'logs:StopQuery',
          'cloudwatch:DescribeAlarms',
          'cloudwatch:GetMetricData',
          'cloudwatch:ListDashboards',
          'scheduler:ListSchedules',
          'scheduler:ListScheduleGroups',
          'events:ListRules',
          'sns:ListTopics',
          'sqs:ListQueues',
          'schemas:GetDiscoveredSchema',
        ].map((action) => `${action} on *`),
        ...['DescribeAlarmHistory', 'GetDashboard'].flatMap((action) => [
          `cloudwatch:${action} on arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:hub-token-auditor-*`,
          `cloudwatch:${action} on arn:<AWS::Partition>:cloudwatch::<AWS::AccountId>:dashboard/hub-token-auditor`,
        ]),
        ...['scheduler:GetSchedule', 'scheduler:GetScheduleGroup', 'events:DescribeRule'].flatMap((action) =>
          [
            'scheduler:<AWS::Region>:<AWS::AccountId>:schedule/hub-token-auditor/*',
            'scheduler:<AWS::Region>:<AWS::AccountId>:schedule-group/hub-token-auditor',
            'events:<AWS::Region>:<AWS::AccountId>:rule/hub-token-auditor-review',
          ].map((resource) => `${action} on arn:<AWS::Partition>:${resource}`),
        ),
        'sns:GetTopicAttributes on <Topic>',
        'sns:ListSubscriptionsByTopic on <Topic>',
        'secretsmanager:DescribeSecret on <VaultLogin>',
        ...['ledger.json', 'lease.json'].flatMap((key) => [
          `s3:GetObject on <Bucket.Arn>/${key}`,
          `s3:GetObjectVersion on <Bucket.Arn>/${key}`,
        ]),
        `schemas:DescribeRegistry on ${REGISTRY}`,
        `schemas:DescribeSchema on ${REGISTRY}`,
        `schemas:ListSchemaVersions on ${REGISTRY}`,
        ...['audit', 'issue'].flatMap((part) => [
          `sqs:GetQueueUrl on ${queue(part)}`,
          `sqs:GetQueueAttributes on ${queue(part)}`,
          `sqs:ReceiveMessage on ${queue(part)}`,
          `sqs:PurgeQueue on ${queue(part)}`,
        ]),
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
});

describe('Both policies', () => {
  it.each(['Operators', 'Editors'])(
    'are accepted by IAM: 6,144 characters without white space, also with the longest names (%s)',
    (id) => {
      const written = longest(id);
      expect(written).not.toContain('<');
      expect(written.length).toBeLessThan(6144);
    },
  );

  it.each(['Operators', 'Editors'])('are attached to nobody until somebody does (%s)', (id) => {
    const { properties } = issue.one('IAM::ManagedPolicy', id);
    expect(properties['ManagedPolicyName']).toBe(`hub-token-auditor-${id.toLowerCase()}`);
    for (const attached of ['Users', 'Groups', 'Roles']) expect(properties).not.toHaveProperty(attached);
  });
});

describe('Nobody else', () => {
  it('may invoke a function but operators and the schedule', () => {
    expect(whoMay('lambda:InvokeFunction', 'lambda:*')).toEqual(['<ScheduleRole>', 'Operators']);
    // The rule's right is the function's own, and bound to the rule.
    expect(audit.one('Lambda::Permission').properties).toMatchObject({
      Principal: 'events.amazonaws.com',
      FunctionName: '<AuditFunction.Arn>',
      SourceAccount: '<AWS::AccountId>',
      SourceArn: 'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/hub-token-auditor-review',
    });
    for (const stack of [data, issue]) expect(stack.all('Lambda::Permission')).toEqual([]);
    for (const stack of [data, audit, issue]) {
      expect(stack.all('Lambda::Url')).toEqual([]);
    }
  });

  it('may write to the bucket but editors, operators and the functions', () => {
    expect(whoMay('s3:PutObject', 's3:DeleteObject', 's3:*').sort()).toEqual([
      '<AuditRole>',
      '<IssueRole>',
      '<RevokeRole>',
      'Editors',
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
        // Read, edit, delete: HOLD in the spellings of people.
        ...['Editors', 'Operators'].flatMap((who) => [
          `${who}: *`,
          `${who}: <Bucket.Arn>/reports/*`,
          ...['HOLD*', 'Hold*', 'hold*'].flatMap((key) =>
            Array<string>(3).fill(`${who}: <Bucket.Arn>/${key}`),
          ),
        ]),
        // Lists of names and settings, and what shared test events want: AWS knows no resource.
        'Operators: *',
        'Operators: arn:<AWS::Partition>:iam::<AWS::AccountId>:role/hub-token-auditor-*',
        ...[SCHEMAS].map((arn) => `Operators: ${arn}`),
        'Operators: arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/hub-token-auditor-*',
        'Operators: arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:hub-token-auditor-*',
        'Operators: arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/hub-token-auditor/*',
      ].sort(),
    );
  });
});

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ENV, readSettings, toText } from '../../lambdas/runtime/settings.ts';
import { configEntries, parseConfig } from '../../lib/config.ts';
import { makeEnvironment } from '../../lib/function-environment.ts';
import { FUNCTIONS } from '../../lib/names.ts';
import { DEPLOYED, appOf, lines, templatesOf } from './stacks.ts';

const { audit, issue } = templatesOf({});
const functions = [
  { name: 'audit', id: 'Audit', stack: audit, timeout: 900 },
  { name: 'issue', id: 'Issue', stack: issue, timeout: 300 },
  { name: 'revoke', id: 'Revoke', stack: issue, timeout: 300 },
];

/** What every function may do, for its objects' sake. */
const common = (failures: string, logs: string) => [
  `logs:CreateLogStream on <${logs}.Arn>`,
  `logs:PutLogEvents on <${logs}.Arn>`,
  's3:ListBucket on <Bucket.Arn>',
  'sns:Publish on <Topic>',
  'sns:GetTopicAttributes on <Topic>',
  'secretsmanager:GetSecretValue on <VaultLogin>',
  `sqs:SendMessage on <${failures}.Arn>`,
  'kms:Decrypt on <Key.Arn>',
  'kms:GenerateDataKey on <Key.Arn>',
];

describe.each(functions)('The $name function', ({ name, id, stack, timeout }) => {
  const resource = stack.one('Lambda::Function', `${id}Function`);

  it('has its public name, Node.js 24 on arm64, time and memory', () => {
    expect(resource.properties).toMatchObject({
      FunctionName: `hub-token-auditor-${name}`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Timeout: timeout,
      MemorySize: 1024,
    });
  });

  it('reserves no concurrency, which small accounts can not', () => {
    expect(resource.properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('is never tried again by Lambda, and what failed or grew old is kept', () => {
    expect(stack.one('Lambda::EventInvokeConfig', `${id}Asynchronous`).properties).toEqual({
      FunctionName: `<${id}Function>`,
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 600,
      DestinationConfig: { OnFailure: { Destination: '<Failures.Arn>' } },
    });
  });

  it('logs to a group of its own that forgets after the configured days', () => {
    expect(resource.properties['LoggingConfig']).toEqual({ LogGroup: `<${id}Logs>` });
    expect(stack.one('Logs::LogGroup', `${id}Logs`).properties).toMatchObject({
      LogGroupName: `/aws/lambda/hub-token-auditor-${name}`,
      RetentionInDays: 180,
    });
  });

  it('starts only when its rights are there', () => {
    expect(resource.dependsOn).toContain(`${id}Permissions`);
  });

  it('uses the key through the services that store with it, and not by itself', () => {
    const [statement, ...others] = stack
      .rightsOf(`${id}Role`)
      .filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(others).toEqual([]);
    expect(statement?.condition).toEqual({
      StringEquals: {
        'kms:ViaService': ['s3', 'sns', 'sqs', 'secretsmanager'].map(
          (service) => `${service}.<AWS::Region>.<AWS::URLSuffix>`,
        ),
      },
    });
  });

  it('has a role with a name that does not change, which an output says, for the AWS login of Vault', () => {
    expect(stack.one('IAM::Role', `${id}Role`).properties['RoleName']).toBe(`hub-token-auditor-${name}`);
    expect(stack.outputs[`${id}RoleArn`]).toBe(`<${id}Role.Arn>`);
  });

  it('is linked to by an output', () => {
    expect(stack.outputs[`${id}Link`]).toBe(
      `https://<AWS::Region>.console.aws.amazon.com/lambda/home?region=<AWS::Region>#/functions/hub-token-auditor-${name}?tab=testing`,
    );
  });

  it('may be run by Lambda and by nobody else', () => {
    expect(stack.one('IAM::Role', `${id}Role`).properties['AssumeRolePolicyDocument']).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
      ],
    });
  });
});

describe('Least privilege', () => {
  it('lets the audit read the lists, HOLD, ledger and lease, write ledger, lease and reports, and nothing else', () => {
    expect(lines(audit.rightsOf('AuditRole'))).toEqual(
      [
        ...common('Failures', 'AuditLogs'),
        's3:GetObject on <Bucket.Arn>/licenses.csv',
        's3:GetObject on <Bucket.Arn>/exemptions.csv',
        's3:GetObject on <Bucket.Arn>/HOLD',
        's3:GetObject on <Bucket.Arn>/ledger.json',
        's3:GetObject on <Bucket.Arn>/lease.json',
        's3:PutObject on <Bucket.Arn>/ledger.json',
        's3:PutObject on <Bucket.Arn>/lease.json',
        's3:PutObject on <Bucket.Arn>/reports/*',
      ].sort(),
    );
  });

  it('lets issue read the license list, read and write ledger and lease, and nothing else', () => {
    expect(lines(issue.rightsOf('IssueRole'))).toEqual(
      [
        ...common('Failures', 'IssueLogs'),
        's3:GetObject on <Bucket.Arn>/licenses.csv',
        's3:GetObject on <Bucket.Arn>/ledger.json',
        's3:GetObject on <Bucket.Arn>/lease.json',
        's3:PutObject on <Bucket.Arn>/ledger.json',
        's3:PutObject on <Bucket.Arn>/lease.json',
      ].sort(),
    );
  });

  it('lets revoke read and write ledger and lease, and nothing else', () => {
    expect(lines(issue.rightsOf('RevokeRole'))).toEqual(
      [
        ...common('Failures', 'RevokeLogs'),
        's3:GetObject on <Bucket.Arn>/ledger.json',
        's3:GetObject on <Bucket.Arn>/lease.json',
        's3:PutObject on <Bucket.Arn>/ledger.json',
        's3:PutObject on <Bucket.Arn>/lease.json',
      ].sort(),
    );
  });
});

describe('The environment', () => {
  const { data } = appOf({});
  const environment = makeEnvironment(
    parseConfig({ deleteAfterDays: null, warnDays: [21, 7] }, DEPLOYED),
    data,
  );

  it('gives all three every setting by its name, and Node.js’s options, nothing else', () => {
    for (const { id, stack } of functions) {
      const { Environment } = stack.one('Lambda::Function', `${id}Function`).properties;
      expect(Environment).toMatchObject({
        Variables: {
          BUCKET: '<Bucket>',
          TOPIC_ARN: '<Topic>',
          VAULT_LOGIN_SECRET: '<VaultLogin>',
          VAULT_ADDR: 'https://vault-cloud.rianet.io',
          HUB_ORGANIZATION: 'riaktr',
        },
      });
    }
    expect(Object.keys(environment).sort()).toEqual([...Object.values(ENV), 'NODE_OPTIONS'].sort());
  });

  it('holds each key of the configuration under the variable that its table names', () => {
    const bare = makeEnvironment(parseConfig({}, DEPLOYED), data);
    const valueSchema = v.pipe(
      v.string(),
      v.parseJson(),
      v.union([v.string(), v.number(), v.boolean(), v.array(v.number()), v.null()]),
    );
    const entries = configEntries().flatMap(({ variable, ...entry }) =>
      variable === undefined ? [] : [{ ...entry, variable }],
    );
    // The topic is made and not configured.
    expect([...entries.map(({ variable }) => variable), ENV.topicArn].sort()).toEqual(
      Object.values(ENV).sort(),
    );
    for (const { key, variable, default: standard } of entries)
      if (standard !== undefined)
        expect([key, bare[variable]]).toEqual([key, toText(v.parse(valueSchema, standard))]);
  });

  it('is read by the functions as it was configured', () => {
    expect(readSettings(environment)).toMatchObject({
      deleteAfterDays: null,
      warnDays: [21, 7],
      vaultAddr: 'https://vault-cloud.rianet.io',
      maxWithdrawals: 3,
      notifyWhen: 'changes',
    });
  });

  it('is refused where it is more than Lambda accepts', () => {
    const path = 'a'.repeat(4000);
    expect(() => makeEnvironment(parseConfig({ vault: { tokensPath: path } }, DEPLOYED), data)).toThrow(
      /has \d+ bytes and Lambda accepts 4096/,
    );
  });

  it('stays within Lambda’s 4 KB by default', () => {
    const bytes = Object.entries(environment).reduce(
      (sum, [name, value]) => sum + name.length + value.length,
      0,
    );
    expect(bytes).toBeLessThan(2048);
  });
});

it('There are exactly three functions of ours, and no secret in any template', () => {
  const { data } = templatesOf({});
  for (const { text } of [data, audit, issue])
    expect(text).not.toMatch(
      /dckr_pat_|hvs\.|SecretString|GenerateSecretString|"(?:password|secret_id)":\s*"/i,
    );
  expect(functions.map(({ name }) => name)).toEqual([...FUNCTIONS]);
});

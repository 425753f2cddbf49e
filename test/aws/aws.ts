import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { ENV, readSettings } from '../../lambdas/runtime/settings.ts';
import { ALARMS, type AlarmName } from '../../lib/alarms.ts';
import { CONTEXT_KEY } from '../../lib/config.ts';
import { makeTally } from '../tally.ts';
import { cdk, emulated } from './command-line.ts';
import { elements, makeLook } from './look.ts';
import { ACCOUNT, REGION, hasMoto, startMoto } from './moto.ts';

/*
 * Deploys all stacks with the real CDK command line to moto and looks at what came out, through AWS's APIs. A second
 * stage is deployed beside the first.
 */

const NAME = 'hub-token-auditor';
const MAILS = ['support@example.com', 'sales@example.com'];
/** What silence means to an alarm, where it is not that all is well. */
const MISSING_DATA: Partial<Record<AlarmName, string>> = {
  'missed-night': 'breaching',
  'failed-audit': 'ignore',
  'nobody-confirmed': 'ignore',
  'content-check-silent': 'ignore',
};
const statements = v.object({
  Statement: v.array(
    v.object({
      Sid: v.optional(v.string()),
      Effect: v.string(),
      Action: v.union([v.string(), v.array(v.string())]),
      Resource: v.optional(v.union([v.string(), v.array(v.string())])),
    }),
  ),
});
const list = (value: string | readonly string[] = []) => (typeof value === 'string' ? [value] : value);

const tally = makeTally();
if (hasMoto()) await prove();
else {
  const missing =
    "moto is not installed for python3, so nothing was deployed; pip install 'moto[server]' and run this again.";
  console.log(process.env['CI'] === 'true' ? `  FAIL  ${missing}` : `  skipped: ${missing}`);
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
tally.close();

async function prove(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'test-aws-'));
  const moto = await startMoto();
  try {
    await deployAndLook(moto.url, home, moto.said);
  } finally {
    moto.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function deployAndLook(url: string, home: string, said: readonly string[]): Promise<void> {
  const env = emulated(url, home);
  const deploy = async (config: object, output: string) => {
    const answer = await cdk(
      [
        'deploy',
        '--all',
        '--require-approval=never',
        // moto forgets the exports of a stack that is made by a change set.
        '--method=direct',
        `--context=${CONTEXT_KEY}=${JSON.stringify(config)}`,
        `--output=${join(home, output)}`,
        `--outputs-file=${join(home, `${output}.json`)}`,
      ],
      env,
    );
    assert.equal(answer.code, 0, answer.text);
  };

  await tally.check('the command line prepares the account (bootstrap)', async () => {
    const answer = await cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`], env);
    assert.equal(answer.code, 0, answer.text);
  });
  const deployed = await tally.check('the command line deploys all three stacks', () =>
    deploy({ notifications: { emails: MAILS } }, 'first'),
  );
  if (!deployed) return;

  const look = makeLook(url);
  const aws = {
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  const sns = new SNSClient(aws);
  const secrets = new SecretsManagerClient(aws);
  const outputs = v.parse(
    v.object({ 'HubTokenAuditor-Data': v.object({ BucketName: v.string(), VaultLoginSecret: v.string() }) }),
    JSON.parse(await readFile(join(home, 'first.json'), 'utf8')),
  )['HubTokenAuditor-Data'];
  const bucket = outputs.BucketName;
  const topicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:${NAME}`;
  const arnOf = (kind: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${NAME}-${kind}`;
  const queueArn = (part: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${NAME}-${part}-failures`;

  // Functions
  const functionSchema = v.object({
    Configuration: v.object({
      Runtime: v.string(),
      Handler: v.string(),
      Timeout: v.number(),
      MemorySize: v.number(),
      CodeSize: v.number(),
      Role: v.string(),
      Environment: v.object({ Variables: v.record(v.string(), v.string()) }),
    }),
  });
  const functionOf = async (kind: string, name = NAME) =>
    v.parse(functionSchema, await look.rest('lambda', `/2015-03-31/functions/${name}-${kind}`)).Configuration;

  for (const [kind, timeout, part] of [
    ['audit', 900, 'audit'],
    ['issue', 300, 'issue'],
    ['revoke', 300, 'issue'],
  ] as const) {
    await tally.check(`${kind}: the function is there, with its code uploaded`, async () => {
      const found = await functionOf(kind);
      assert.deepEqual(
        [found.Runtime, found.Handler, found.Timeout, found.MemorySize],
        ['nodejs24.x', 'index.handler', timeout, 1024],
      );
      assert.ok(found.CodeSize > 100_000, `its code has ${found.CodeSize} bytes`);
    });
    await tally.check(
      `${kind}: its environment is what the function reads, with what was deployed`,
      async () => {
        const { Variables } = (await functionOf(kind)).Environment;
        assert.deepEqual(Object.keys(Variables).sort(), [...Object.values(ENV), 'NODE_OPTIONS'].sort());
        const settings = readSettings(Variables);
        assert.equal(settings.bucket, bucket);
        assert.equal(settings.topicArn, topicArn);
        assert.equal(settings.vaultLoginSecret, outputs.VaultLoginSecret);
        assert.equal(settings.vaultAddr, 'https://vault-cloud.rianet.io');
        assert.deepEqual(settings.warnDays, [30, 14, 7, 1]);
      },
    );
    await tally.check(`${kind}: Lambda never tries again, and keeps what failed`, async () => {
      const config = v.parse(
        v.object({
          MaximumRetryAttempts: v.number(),
          MaximumEventAgeInSeconds: v.number(),
          DestinationConfig: v.object({ OnFailure: v.object({ Destination: v.string() }) }),
        }),
        await look.rest('lambda', `/2019-09-25/functions/${NAME}-${kind}/event-invoke-config`),
      );
      assert.deepEqual(config, {
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 600,
        DestinationConfig: { OnFailure: { Destination: queueArn(part) } },
      });
    });
  }

  // Schedule
  const scheduleSchema = v.object({
    ScheduleExpression: v.string(),
    ScheduleExpressionTimezone: v.string(),
    State: v.string(),
    Target: v.object({
      Arn: v.string(),
      Input: v.string(),
      RetryPolicy: v.object({ MaximumRetryAttempts: v.number(), MaximumEventAgeInSeconds: v.number() }),
      DeadLetterConfig: v.object({ Arn: v.string() }),
    }),
  });
  for (const [schedule, expression, input] of [
    ['nightly', 'cron(30 3 * * ? *)', '{}'],
    ['catch-up-1', 'cron(15 4 * * ? *)', '{"catchUp":true}'],
    ['catch-up-2', 'cron(0 5 * * ? *)', '{"catchUp":true}'],
  ] as const)
    await tally.check(`schedule: ${schedule} starts the audit by Brussels time`, async () => {
      assert.deepEqual(
        v.parse(
          scheduleSchema,
          await look.rest('scheduler', `/schedules/${NAME}-${schedule}?groupName=${NAME}`),
        ),
        {
          ScheduleExpression: expression,
          ScheduleExpressionTimezone: 'Europe/Brussels',
          State: 'ENABLED',
          Target: {
            Arn: arnOf('audit'),
            Input: input,
            RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 },
            DeadLetterConfig: { Arn: queueArn('audit') },
          },
        },
      );
    });

  // Mail
  await tally.check('topic: every configured address is subscribed', async () => {
    const { Subscriptions = [] } = await sns.send(
      new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }),
    );
    assert.deepEqual(
      Subscriptions.map(({ Protocol, Endpoint }) => `${Protocol ?? ''} ${Endpoint ?? ''}`).sort(),
      MAILS.map((mail) => `email ${mail}`).sort(),
    );
  });
  await tally.check('topic: encrypted with the stack’s key, alarms may publish, TLS only', async () => {
    const { Attributes = {} } = await sns.send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
    assert.match(Attributes['KmsMasterKeyId'] ?? '', /^arn:aws:kms:/);
    const { Statement } = v.parse(statements, JSON.parse(Attributes['Policy'] ?? ''));
    assert.deepEqual(
      Statement.map(({ Effect, Action }) => `${Effect} ${list(Action).join()}`),
      ['Deny sns:Publish', 'Allow sns:Publish'],
    );
  });

  // Data
  await tally.check(
    'bucket: keeps versions, encrypted with the stack’s key, closed to the public',
    async () => {
      const target = { Bucket: bucket };
      assert.equal((await s3.send(new GetBucketVersioningCommand(target))).Status, 'Enabled');
      const encryption = await s3.send(new GetBucketEncryptionCommand(target));
      const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? [];
      assert.equal(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, 'aws:kms');
      const { PublicAccessBlockConfiguration } = await s3.send(new GetPublicAccessBlockCommand(target));
      assert.deepEqual(PublicAccessBlockConfiguration, {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      });
    },
  );
  await tally.check('bucket: its policy only ever refuses', async () => {
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    const { Statement } = v.parse(statements, JSON.parse(Policy));
    assert.deepEqual(new Set(Statement.map(({ Effect }) => Effect)), new Set(['Deny']));
  });
  await tally.check('bucket: no rule expires a version of the ledger or of a list', async () => {
    const { Rules = [] } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
    assert.equal(Rules.length, 4);
    for (const { Filter, Expiration, NoncurrentVersionExpiration } of Rules)
      if (Expiration !== undefined || NoncurrentVersionExpiration !== undefined)
        assert.match(Filter?.Prefix ?? '', /^(?:reports\/|lease\.json$)/);
  });
  await tally.check('Vault login: the secret is there and has no value', async () => {
    const target = { SecretId: outputs.VaultLoginSecret };
    assert.equal((await secrets.send(new DescribeSecretCommand(target))).Name, `${NAME}/vault-login`);
    await assert.rejects(secrets.send(new GetSecretValueCommand(target)), {
      name: 'ResourceNotFoundException',
    });
  });

  // Rights
  const IAM = '2010-05-08';
  const roles = elements(await look.query('iam', IAM, { Action: 'ListRoles', MaxItems: '1000' }), 'RoleName');
  const rightsOf = async (prefix: string): Promise<string[]> => {
    const RoleName = roles.find((role) => role.startsWith(prefix)) ?? '';
    const policies = elements(
      await look.query('iam', IAM, { Action: 'ListRolePolicies', RoleName }),
      'member',
    );
    const found = await Promise.all(
      policies.map(async (PolicyName) => {
        const xml = await look.query('iam', IAM, { Action: 'GetRolePolicy', RoleName, PolicyName });
        const document = elements(xml, 'PolicyDocument')[0] ?? '';
        return v.parse(
          statements,
          JSON.parse(document.startsWith('{') ? document : decodeURIComponent(document)),
        );
      }),
    );
    return found
      .flatMap(({ Statement }) => Statement)
      .flatMap(({ Action, Resource }) =>
        list(Action).flatMap((action) => list(Resource).map((resource) => `${action} ${resource}`)),
      );
  };
  const objectRights = (rights: readonly string[]) =>
    rights
      .filter((right) => /^s3:(?:Get|Put|Delete)/.test(right))
      .map((right) => right.replace(`arn:aws:s3:::${bucket}/`, ''))
      .sort();
  await tally.check('roles: audit, issue and revoke reach their own objects and no others', async () => {
    const shared = ['s3:GetObject lease.json', 's3:GetObject ledger.json'];
    const written = ['s3:PutObject lease.json', 's3:PutObject ledger.json'];
    assert.deepEqual(objectRights(await rightsOf(`${NAME}-audit`)), [
      's3:GetObject HOLD',
      's3:GetObject exemptions.csv',
      ...shared,
      's3:GetObject licenses.csv',
      ...written,
      's3:PutObject reports/*',
    ]);
    assert.deepEqual(objectRights(await rightsOf(`${NAME}-issue`)), [
      ...shared,
      's3:GetObject licenses.csv',
      ...written,
    ]);
    assert.deepEqual(objectRights(await rightsOf(`${NAME}-revoke`)), [...shared, ...written]);
  });
  await tally.check(
    'roles: the schedule may start the audit, and no role may start anything else',
    async () => {
      const ours = roles.filter((role) => role.startsWith('HubTokenAuditor-') || role.startsWith(`${NAME}-`));
      assert.equal(ours.length, 6);
      const all = await Promise.all(ours.map(async (role) => ({ role, rights: await rightsOf(role) })));
      assert.deepEqual(
        all.flatMap(({ rights }) => rights.filter((right) => right.startsWith('lambda:'))),
        [`lambda:InvokeFunction ${arnOf('audit')}`],
      );
    },
  );
  await tally.check('operators: the managed policy is there and attached to nobody', async () => {
    const xml = await look.query('iam', IAM, { Action: 'ListPolicies', Scope: 'Local', MaxItems: '1000' });
    assert.ok(elements(xml, 'PolicyName').includes(`${NAME}-operators`));
    const arn = elements(xml, 'Arn').find((found) => found.endsWith(`policy/${NAME}-operators`)) ?? '';
    const version = await look.query('iam', IAM, {
      Action: 'GetPolicyVersion',
      PolicyArn: arn,
      VersionId: 'v1',
    });
    const document = elements(version, 'Document')[0] ?? '';
    const { Statement } = v.parse(
      statements,
      JSON.parse(document.startsWith('{') ? document : decodeURIComponent(document)),
    );
    assert.deepEqual(
      Statement.filter(({ Sid }) => Sid === 'InvokeAndSee').map(({ Resource }) => Resource),
      [['audit', 'issue', 'revoke'].map(arnOf)],
    );
    const attached = await look.query('iam', IAM, { Action: 'ListEntitiesForPolicy', PolicyArn: arn });
    assert.deepEqual(
      [elements(attached, 'UserName'), elements(attached, 'GroupName'), elements(attached, 'RoleName')],
      [[], [], []],
    );
  });

  // Alarms
  const alarmsSchema = v.object({
    MetricAlarms: v.array(
      v.object({ AlarmName: v.string(), AlarmActions: v.array(v.string()), TreatMissingData: v.string() }),
    ),
  });
  const alarms = async (name: string) =>
    v
      .parse(alarmsSchema, await look.json('monitoring', 'GraniteServiceVersion20100801.DescribeAlarms', {}))
      .MetricAlarms.filter(({ AlarmActions }) =>
        AlarmActions.includes(`arn:aws:sns:${REGION}:${ACCOUNT}:${name}`),
      );
  await tally.check('alarms: all are there and publish to the topic; silence is a missed night', async () => {
    const found = await alarms(NAME);
    assert.deepEqual(
      found.map(({ AlarmName, TreatMissingData }) => `${AlarmName} ${TreatMissingData}`).sort(),
      ALARMS.map((about) => `${NAME}-${about} ${MISSING_DATA[about] ?? 'notBreaching'}`).sort(),
    );
  });
  await tally.check(
    'alarms: deployment began the watch for a missed night with a sample that is no success',
    async () => {
      const now = Date.now() / 1000;
      const found = v.parse(
        v.object({ Datapoints: v.array(v.object({ SampleCount: v.number(), Sum: v.number() })) }),
        await look.json('monitoring', 'GraniteServiceVersion20100801.GetMetricStatistics', {
          Namespace: 'HubTokenAuditor',
          MetricName: 'AuditSucceeded',
          Dimensions: [{ Name: 'service', Value: NAME }],
          StartTime: now - 3600,
          EndTime: now + 3600,
          Period: 86_400,
          Statistics: ['SampleCount', 'Sum'],
        }),
      );
      assert.deepEqual(found.Datapoints, [{ SampleCount: 1, Sum: 0 }]);
    },
  );
  await tally.check('dashboard: it is there', async () => {
    const found = await look.json('monitoring', 'GraniteServiceVersion20100801.GetDashboard', {
      DashboardName: NAME,
    });
    assert.match(JSON.stringify(found), /Who loses access next/);
  });

  // Second stage
  await tally.check('a second stage is deployed beside the first, which stays as it is', async () => {
    const before = await functionOf('audit');
    await deploy({ name: `${NAME}-test`, mode: 'observe' }, 'second');
    assert.equal((await functionOf('audit', `${NAME}-test`)).Environment.Variables['MODE'], 'observe');
    assert.deepEqual(await functionOf('audit'), before);
    assert.equal((await alarms(`${NAME}-test`)).length, ALARMS.length);
    assert.equal((await alarms(NAME)).length, ALARMS.length);
  });

  await tally.check('nothing in the stacks was left out', () => {
    assert.deepEqual(
      said.filter((line) => line.startsWith('left-out')),
      [],
    );
  });
  console.log('\nmoto’s CloudFormation made the other resources itself; of the types that it lacks,');
  const count = (what: string) => {
    const types = said.filter((line) => line.startsWith(what)).map((line) => line.slice(what.length + 1));
    return [...new Set(types)].map((type) => `${types.filter((other) => other === type).length} × ${type}`);
  };
  console.log(`  made by moto’s service of that name: ${count('served').join(', ')}`);
  console.log(
    `  checked against AWS’s API model and not kept, moto has no such service: ${count('checked').join(', ')}\n`,
  );
}

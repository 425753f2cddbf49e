// Deploys the stacks with the real CDK command line to an emulator that enforces their permissions, and lets them work
// there against the sandbox's Docker Hub, registry and Vault.
import {
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { addDays, dayOf } from '../../lambdas/domain/days.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';
import { CONTEXT_KEY } from '../../lib/config.ts';
import { cdk, emulated } from '../aws/command-line.ts';
import { elements } from '../aws/look.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { makeTally } from '../tally.ts';
import { prepare } from './assembly.ts';
import { ACCOUNT, REGION, hasMinistack, startMinistack } from './ministack.ts';
import { type Ask, type Identity, json, makeAsk, query } from './signed.ts';

const NAME = 'hub-token-auditor';
const ROOT: Identity = { accessKeyId: 'test', secretAccessKey: 'test' };
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:${NAME}`;
const MINUTE = 60_000;

const payloadSchema = v.looseObject({
  errorType: v.optional(v.string()),
  errorMessage: v.optional(v.string()),
});
const scheduleSchema = v.looseObject({ Target: v.looseObject({ Arn: v.string() }) });
const documentSchema = v.looseObject({ Statement: v.array(v.looseObject({ Sid: v.string() })) });

/** Of each function an event, and what statements of its role are needed for, by the error where it is missing: in its
 * message, because the emulator does not tell the name of an error. */
const NEEDED = [
  [
    'audit',
    { verifyAll: true },
    [
      ['ReadObjects', /StorageUnavailable|could not be read|AuditIncomplete/],
      ['WriteObjects', /StorageUnavailable/],
      ['SeeWhatIsMissing', /StorageUnavailable/],
      ['ReadVaultLogin', /SecretUnavailable/],
    ],
  ],
  [
    'issue',
    { deployment: 'orange-cd', regenerate: true },
    [
      ['ReadObjects', /^Reading lease\.json .* failed \(AccessDenied/],
      ['WriteObjects', /^Writing lease\.json .* failed \(AccessDenied/],
      ['ReadVaultLogin', /the function may not read it; check the function's rights on secret/],
      ['Mail', /Sending the mail .* do not repeat the call/],
    ],
  ],
  [
    'revoke',
    { deployment: 'orange-cd', reason: 'a right is missing' },
    [
      ['ReadObjects', /^Reading lease\.json .* failed \(AccessDenied/],
      ['WriteObjects', /^Writing lease\.json .* failed \(AccessDenied/],
      ['ReadVaultLogin', /the function may not read it; check the function's rights on secret/],
      ['Mail', /Sending the mail .* do not repeat the call/],
    ],
  ],
] as const;

const tally = makeTally();
if (hasMinistack()) await prove();
else {
  const missing =
    'ministack is not installed, so nothing was deployed; pip install ministack==1.5.33 and run this again.';
  console.log(process.env['CI'] === 'true' ? `  FAIL  ${missing}` : `  skipped: ${missing}`);
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
tally.close();

async function prove(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'test-deployed-'));
  const emulator = await startMinistack(home);
  // With two factors each call would wait for a code of its own, half a minute.
  const sandbox = await startSandbox({ contents: 'empty', twoFactor: false });
  try {
    await deployAndWork(emulator.url, home, sandbox);
  } finally {
    emulator.stop();
    await sandbox.close();
    if (process.env['KEEP'] === undefined) await rm(home, { recursive: true, force: true });
  }
}

/** What the checks share. */
interface Deployed {
  readonly ask: Ask;
  readonly sandbox: HttpSandbox;
  readonly bucket: string;
  readonly s3: (identity?: Identity) => S3Client;
  readonly home: string;
}

async function deployAndWork(url: string, home: string, sandbox: HttpSandbox): Promise<void> {
  const env = {
    ...emulated(url, home),
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: url,
  };
  const assembly = join(home, 'assembly');
  const outside = sandbox.environment;
  const config = {
    aws: { account: ACCOUNT, region: REGION },
    dockerHubUrl: outside[ENV.dockerHubUrl],
    dockerAuthUrl: outside[ENV.dockerAuthUrl],
    dockerRegistryUrl: outside[ENV.dockerRegistryUrl],
    vault: { address: outside[ENV.vaultAddr] },
  };
  const succeed = async (args: readonly string[]) => {
    const answer = await cdk(args, env);
    assert.equal(answer.code, 0, answer.text);
  };
  const synthesize = async (wanted: object) => {
    const context = `--context=${CONTEXT_KEY}=${JSON.stringify(wanted)}`;
    await succeed(['synth', '--quiet', `--output=${assembly}`, context]);
    await prepare(assembly, url);
  };
  const deploy = () =>
    succeed([
      'deploy',
      '--all',
      `--app=${assembly}`,
      '--require-approval=never',
      `--outputs-file=${join(home, 'outputs.json')}`,
    ]);

  const deployed =
    (await tally.check('the command line prepares the account and deploys all stacks', async () => {
      await synthesize(config);
      await succeed(['bootstrap', `aws://${ACCOUNT}/${REGION}`, `--app=${assembly}`]);
      // The staging bucket refuses what comes without TLS, which is all that the emulator serves.
      const staging = new S3Client({
        endpoint: url,
        region: REGION,
        credentials: ROOT,
        forcePathStyle: true,
      });
      await staging.send(
        new DeleteBucketPolicyCommand({ Bucket: `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}` }),
      );
      await deploy();
    })) && (await outputsOf(home));
  if (deployed === false) return;

  const s3 = (identity: Identity = ROOT) =>
    new S3Client({ endpoint: url, region: REGION, credentials: identity, forcePathStyle: true });
  const stage: Deployed = { ask: makeAsk(url, REGION), sandbox, bucket: deployed.bucket, s3, home };
  const secrets = new SecretsManagerClient({ endpoint: url, region: REGION, credentials: ROOT });
  await secrets.send(
    new PutSecretValueCommand({
      SecretId: `${NAME}/vault-login`,
      SecretString: JSON.stringify({ role_id: sandbox.vault.role.roleId, secret_id: sandbox.vault.secretId }),
    }),
  );
  await lifeOf(stage);
  await failuresOf(stage);
  // Uploads of people start reviews, which would hold the lease.
  await rightsOfRoles(stage);
  await rightsOfPeople(stage);
  await tally.check('destroyed, the stacks leave bucket, secret and key', async () => {
    await succeed(['destroy', '--all', '--force', `--app=${assembly}`]);
    const { KeyCount = 0 } = await s3().send(new ListObjectsV2Command({ Bucket: stage.bucket }));
    assert.ok(KeyCount > 3, `the bucket has ${KeyCount} objects`);
    const secret = await stage.ask(
      ROOT,
      json('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: `${NAME}/vault-login` }),
    );
    assert.match(secret.text, /role_id/);
    const gone = await invoke(stage, 'audit', {}, ROOT);
    assert.equal(gone.status, 404, gone.text);
  });
  await tally.check('deployed again with what was left, they go on where they were', async () => {
    const before = await ledgerOf(stage);
    const { bucket, key } = deployed;
    // The emulator's output is the secret's name, where AWS's is its ARN.
    const described = await stage.ask(
      ROOT,
      json('secretsmanager', 'secretsmanager.DescribeSecret', { SecretId: deployed.secret }),
    );
    const { ARN: secret } = v.parse(v.looseObject({ ARN: v.string() }), JSON.parse(described.text));
    await synthesize({
      ...config,
      bucketName: bucket,
      bucketKeyArn: key,
      vault: { ...config.vault, loginSecretArn: secret, loginSecretKeyArn: key },
    });
    await deploy();
    assert.equal((await outputsOf(home)).bucket, bucket);
    const dry = await done(stage, 'audit', { dryRun: true });
    assert.ok((await reportsOf(stage)).includes(String(dry['report'])));
    assert.equal(await ledgerOf(stage), before);
    await done(stage, 'audit', {});
    assert.match(await ledgerOf(stage), /orange-cd/);
  });
}

async function ledgerOf({ s3, bucket }: Deployed): Promise<string> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: 'ledger.json' }));
  return (await Body?.transformToString()) ?? '';
}

/** What the data stack says of itself. */
interface Outputs {
  readonly bucket: string;
  readonly key: string;
  readonly secret: string;
}

async function outputsOf(home: string): Promise<Outputs> {
  const outputs = v.parse(
    v.record(v.string(), v.record(v.string(), v.string())),
    JSON.parse(await readFile(join(home, 'outputs.json'), 'utf8')),
  );
  const { BucketName = '', KeyArn = '', VaultLoginSecret = '' } = outputs['HubTokenAuditor-Data'] ?? {};
  return { bucket: BucketName, key: KeyArn, secret: VaultLoginSecret };
}

interface Invoked {
  readonly status: number;
  readonly text: string;
  readonly result: v.InferOutput<typeof payloadSchema>;
}

async function invoke(
  { ask }: Deployed,
  kind: string,
  event: object,
  identity: Identity,
  type = 'RequestResponse',
): Promise<Invoked> {
  const { status, text } = await ask(identity, {
    service: 'lambda',
    path: `/2015-03-31/functions/${NAME}-${kind}/invocations`,
    headers: { 'content-type': 'application/json', 'x-amz-invocation-type': type },
    body: JSON.stringify(event),
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), payloadSchema), text);
  return { status, text, result: parsed.success ? parsed.output : {} };
}

/** Invokes as the account and wants a result. */
async function done(stage: Deployed, kind: string, event: object): Promise<Invoked['result']> {
  const { status, text, result } = await invoke(stage, kind, event, ROOT);
  assert.ok(status === 200 && result.errorMessage === undefined, `${status} ${text}`);
  return result;
}

/** Waits until something is so; the emulator delivers events when it likes. */
async function eventually(proof: () => Promise<void>): Promise<void> {
  const end = Date.now() + MINUTE;
  for (;;) {
    try {
      await proof();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(500);
    }
  }
}

async function receive({ ask }: Deployed, queueName: string): Promise<string> {
  const answer = await ask(
    ROOT,
    query('sqs', {
      Action: 'ReceiveMessage',
      QueueUrl: `http://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${queueName}`,
      MaxNumberOfMessages: '10',
      WaitTimeSeconds: '1',
    }),
  );
  return answer.text;
}

async function putList(
  { s3, bucket }: Deployed,
  rows: readonly string[],
  identity?: Identity,
): Promise<void> {
  const Body = ['telco;country;expires_on;grace_days', ...rows].join('\n');
  await s3(identity).send(new PutObjectCommand({ Bucket: bucket, Key: 'licenses.csv', Body }));
}

async function reportsOf({ s3, bucket }: Deployed): Promise<string[]> {
  const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'reports/' }));
  return Contents.map(({ Key = '' }) => Key);
}

/** A life as people see it: issue, nights, changes of the list, revoke. */
async function lifeOf(stage: Deployed): Promise<void> {
  const { ask, sandbox } = stage;
  const today = dayOf(Date.now(), 'Europe/Brussels');
  const active = (label: string) =>
    sandbox.dockerHub.tokens.labelled(label).map(({ is_active: isActive }) => isActive);
  const queueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:mails`;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
      },
    ],
  });
  await ask(
    ROOT,
    query('sqs', {
      Action: 'CreateQueue',
      QueueName: 'mails',
      'Attribute.1.Name': 'Policy',
      'Attribute.1.Value': Policy,
    }),
  );
  const subscribed = await ask(
    ROOT,
    query('sns', {
      Action: 'Subscribe',
      TopicArn: TOPIC,
      Protocol: 'sqs',
      Endpoint: queueArn,
    }),
  );
  assert.equal(subscribed.status, 200, subscribed.text);
  await putList(stage, [`orange;cd;${addDays(today, 5)};0`, `mtn;gh;${addDays(today, 400)};0`]);

  await tally.check('issue: a token is made, proved, and stored in Vault', async () => {
    await done(stage, 'issue', { deployment: 'orange-cd', createSecret: true });
    await done(stage, 'issue', { telco: 'mtn', country: 'gh' });
    assert.deepEqual(sandbox.keys.names.sort(), ['mtn-gh', 'orange-cd']);
  });
  await tally.check('mails arrive where somebody subscribed', () =>
    eventually(async () => {
      assert.match(await receive(stage, 'mails'), /orange-cd|mtn-gh/);
    }),
  );
  await tally.check('audit: a dry run writes its report and nothing else', async () => {
    const result = await done(stage, 'audit', { dryRun: true });
    assert.equal(result['mode'], 'dry-run');
    assert.ok((await reportsOf(stage)).includes(String(result['report'])));
  });
  await tally.check('audit: a night counts what is there, and remembers it', async () => {
    const result = await done(stage, 'audit', {});
    const counts = v.parse(
      v.looseObject({ licenses: v.number(), activeTokens: v.number() }),
      result['counts'],
    );
    assert.deepEqual([counts.licenses, counts.activeTokens], [2, 2]);
    const { Body } = await stage
      .s3()
      .send(new GetObjectCommand({ Bucket: stage.bucket, Key: 'ledger.json' }));
    assert.match((await Body?.transformToString()) ?? '', /orange-cd/);
  });
  await tally.check('audit: a later try of the same night does nothing', async () => {
    const before = await reportsOf(stage);
    await done(stage, 'audit', { catchUp: true });
    assert.deepEqual(await reportsOf(stage), before);
  });
  await tally.check('audit: an event with a slip is refused', async () => {
    const { result } = await invoke(stage, 'audit', { dryrun: true }, ROOT);
    assert.match(result.errorMessage ?? '', /dryrun is no field of this event/);
  });
  await tally.check('a changed list is reviewed at once, by EventBridge', async () => {
    const before = (await reportsOf(stage)).length;
    await putList(stage, [`orange;cd;${addDays(today, 300)};0`, `mtn;gh;${addDays(today, 400)};0`]);
    await eventually(async () => {
      assert.ok((await reportsOf(stage)).length > before, 'no report came');
    });
  });
  await tally.check('the scheduler starts the audit by itself', () => scheduledAudit(stage));
  await tally.check('issue: a token is replaced, and renamed', async () => {
    const made = await done(stage, 'issue', { deployment: 'orange-cd', regenerate: true });
    assert.equal(v.parse(v.array(v.unknown()), made['replaced']).length, 1);
    await done(stage, 'issue', { deployment: 'mtn-gh', renameTo: 'mtn-ci' });
    assert.deepEqual(sandbox.keys.names.sort(), ['mtn-ci', 'orange-cd']);
  });
  await tally.check('revoke: access is withdrawn, given back, and deleted', async () => {
    await done(stage, 'revoke', { deployment: 'mtn-ci', reason: 'lost laptop' });
    assert.deepEqual(active('mtn-ci'), [false]);
    await done(stage, 'revoke', { deployment: 'mtn-ci', restore: true, reason: 'found again' });
    assert.deepEqual(active('mtn-ci'), [true]);
    await done(stage, 'revoke', {
      deployment: 'mtn-ci',
      delete: true,
      confirm: 'mtn-ci',
      reason: 'contract ended',
    });
    assert.deepEqual(active('mtn-ci'), []);
  });
  await tally.check('nothing that grants access is in any object of the bucket', async () => {
    const { Contents = [] } = await stage.s3().send(new ListObjectsV2Command({ Bucket: stage.bucket }));
    for (const { Key } of Contents) {
      const { Body } = await stage.s3().send(new GetObjectCommand({ Bucket: stage.bucket, Key }));
      const text = (await Body?.transformToString()) ?? '';
      for (const secret of sandbox.secrets) assert.ok(!text.includes(secret), `${Key ?? ''} holds a secret`);
    }
  });
}

/** Moves the nightly schedule to the coming minute; the emulator reads its time as UTC, whatever its zone. */
async function scheduledAudit(stage: Deployed): Promise<void> {
  const { ask } = stage;
  const path = `/schedules/${NAME}-nightly?groupName=${NAME}`;
  const { text } = await ask(ROOT, { service: 'scheduler', method: 'GET', path });
  const schedule = v.parse(scheduleSchema, JSON.parse(text));
  const before = (await reportsOf(stage)).length;
  const soon = new Date(Date.now() + MINUTE);
  const answer = await ask(ROOT, {
    service: 'scheduler',
    method: 'PUT',
    path: `/schedules/${NAME}-nightly`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      GroupName: NAME,
      ScheduleExpression: `cron(${soon.getUTCMinutes()} ${soon.getUTCHours()} * * ? *)`,
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: schedule.Target,
    }),
  });
  assert.equal(answer.status, 200, answer.text);
  await sleep(soon.getTime() - (soon.getTime() % MINUTE) - Date.now());
  await eventually(async () => {
    assert.ok((await reportsOf(stage)).length > before, 'the schedule started nothing');
  });
}

/** What fails without anybody waiting for it is kept. */
async function failuresOf(stage: Deployed): Promise<void> {
  await tally.check(
    'an event that fails and that nobody waits for is kept in the queue of failures',
    async () => {
      const { status } = await invoke(stage, 'issue', { deployment: 'example-xx' }, ROOT, 'Event');
      assert.equal(status, 202);
      await eventually(async () => {
        assert.match(await receive(stage, `${NAME}-issue-failures`), /example-xx/);
      });
    },
  );
}

/** A user with one of the two policies. */
async function userWith({ ask }: Deployed, policy: string): Promise<Identity> {
  const name = `user-of-${policy}`;
  await ask(ROOT, query('iam', { Action: 'CreateUser', UserName: name }));
  const attached = await ask(
    ROOT,
    query('iam', {
      Action: 'AttachUserPolicy',
      UserName: name,
      PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/${NAME}-${policy}`,
    }),
  );
  assert.equal(attached.status, 200, attached.text);
  const key = await ask(ROOT, query('iam', { Action: 'CreateAccessKey', UserName: name }));
  return {
    accessKeyId: elements(key.text, 'AccessKeyId')[0] ?? '',
    secretAccessKey: elements(key.text, 'SecretAccessKey')[0] ?? '',
  };
}

async function rightsOfPeople(stage: Deployed): Promise<void> {
  const { ask, bucket } = stage;
  const object = (key: string, method: 'GET' | 'PUT' | 'DELETE', body?: string) => ({
    service: 's3',
    method,
    path: `/${bucket}/${key}`,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    ...(body === undefined ? {} : { body }),
  });
  const editing = [
    object('licenses.csv', 'GET'),
    object('licenses.csv', 'PUT', 'telco;country;expires_on\norange;cd;9999-12-31'),
    object('exemptions.csv', 'PUT', 'label,reason,owner,until'),
    object('HOLD', 'PUT', ''),
    object('hold.txt', 'PUT', ''),
    object('hold.txt', 'DELETE'),
    object('HOLD', 'DELETE'),
  ];
  const forbidden = [
    object('licenses.csv', 'DELETE'),
    object('ledger.json', 'PUT', '{}'),
    object('ledger.json', 'DELETE'),
    object('lease.json', 'PUT', '{}'),
    object('reports/x.json', 'PUT', '{}'),
    json('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: `${NAME}/vault-login` }),
    {
      service: 'lambda',
      method: 'PUT' as const,
      path: `/2015-03-31/functions/${NAME}-audit/configuration`,
      headers: { 'content-type': 'application/json' },
      body: '{"Timeout":3}',
    },
    query('iam', { Action: 'CreateUser', UserName: 'another' }),
    query('sns', { Action: 'Publish', TopicArn: TOPIC, Message: 'not from the program' }),
  ];
  const operating = [
    { service: 'lambda', method: 'GET' as const, path: `/2015-03-31/functions/${NAME}-audit` },
    { service: 'lambda', method: 'GET' as const, path: '/2015-03-31/functions/' },
    object('lease.json', 'GET'),
    object('ledger.json', 'GET'),
    json('logs', 'Logs_20140328.FilterLogEvents', { logGroupName: `/aws/lambda/${NAME}-audit` }),
    // The emulator looks for a schedule's group where AWS does not, so that the right to see one can't be tried here.
    json('secretsmanager', 'secretsmanager.DescribeSecret', { SecretId: `${NAME}/vault-login` }),
    query('sns', { Action: 'ListSubscriptionsByTopic', TopicArn: TOPIC }),
    query('sqs', { Action: 'GetQueueUrl', QueueName: `${NAME}-audit-failures` }),
  ];
  for (const [policy, allowed, denied] of [
    ['editors', editing, [...forbidden, object('ledger.json', 'GET')]],
    ['operators', [...editing, ...operating], forbidden],
  ] as const)
    await tally.check(
      `${policy}: may do what they are asked to, and nothing of a list of other things`,
      async () => {
        const identity = await userWith(stage, policy);
        for (const asked of allowed) {
          const { status, text } = await ask(identity, asked);
          assert.ok(status < 300, `refused: ${JSON.stringify(asked)}: ${status} ${text}`);
        }
        for (const asked of denied) {
          const { status, text } = await ask(identity, asked);
          assert.ok(
            status === 403 || /AccessDenied|not authorized/.test(text),
            `allowed: ${JSON.stringify(asked)}: ${status} ${text}`,
          );
        }
        const called = await invoke(stage, 'audit', { dryRun: true }, identity);
        assert.equal(called.status, policy === 'operators' ? 200 : 403, called.text);
      },
    );
}

/** Takes one statement at a time away from each role: each is needed, and its lack is told by the right name. */
async function rightsOfRoles(stage: Deployed): Promise<void> {
  for (const [kind, event, needed] of NEEDED)
    for (const [sid, wanted] of needed)
      await tally.check(`${kind}: without the statement ${sid} it says what is missing`, async () => {
        await eventually(async () => {
          const { Body } = await stage
            .s3()
            .send(new GetObjectCommand({ Bucket: stage.bucket, Key: 'lease.json' }));
          assert.doesNotMatch((await Body?.transformToString()) ?? '', /"runId"/);
        });
        const giveBack = await takeAway(stage, kind, sid);
        try {
          const { result, text: said } = await invoke(stage, kind, event, ROOT);
          assert.match(result.errorMessage ?? '', wanted, said);
        } finally {
          await giveBack();
        }
      });
}

/** Takes a statement out of a function's role; returns what puts it back. */
async function takeAway({ ask }: Deployed, kind: string, sid: string): Promise<() => Promise<unknown>> {
  const role = { RoleName: `${NAME}-${kind}` };
  const policies = await ask(ROOT, query('iam', { Action: 'ListRolePolicies', ...role }));
  const [PolicyName = ''] = elements(policies.text, 'member');
  const found = await ask(ROOT, query('iam', { Action: 'GetRolePolicy', ...role, PolicyName }));
  const [text = ''] = elements(found.text, 'PolicyDocument');
  const document = v.parse(
    documentSchema,
    JSON.parse(text.startsWith('{') ? text : decodeURIComponent(text)),
  );
  const put = (Statement: readonly unknown[]) =>
    ask(
      ROOT,
      query('iam', {
        Action: 'PutRolePolicy',
        ...role,
        PolicyName,
        PolicyDocument: JSON.stringify({ ...document, Statement }),
      }),
    );
  const left = document.Statement.filter(({ Sid }) => Sid !== sid);
  assert.equal(left.length, document.Statement.length - 1);
  await put(left);
  return () => put(document.Statement);
}

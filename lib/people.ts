// The rights of the people who run this, as managed policies to be given to groups.
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { trailLogGroup } from '../lambdas/mail/links.ts';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import { alarmArns } from './alarms.ts';
import type { Config } from './config.ts';
import { registryArn, testEventSchemaArn } from './console-events.ts';
import type { Data } from './data-stack.ts';
import { FAILURE_QUEUES, failureQueueArn } from './failure-queue.ts';
import { keyStatement } from './function-permissions.ts';
import { FUNCTIONS, functionName } from './names.ts';
import { reviewRuleName } from './review-rule.ts';
import { HOLD_PREFIXES, REPORTS, REPORTS_REASON } from './store.ts';

/** What the policies are about. */
export interface PeopleProps {
  readonly config: Config;
  readonly data: Data;
  /** Whether the region has the registry of test events. */
  readonly testEvents: boolean;
}

/** Keys of the objects that may be a `HOLD`. */
const HOLDS = HOLD_PREFIXES.map((prefix) => `${prefix}*`);

const slashArn = (stack: Stack, service: string, resource: string, resourceName: string): string =>
  stack.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });

/** The roles of the three functions. */
const roleArns = (stack: Stack, name: string): string =>
  stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: `${name}-*` });

/** The test events of the three functions. */
const testEventArns = (stack: Stack, name: string): string => testEventSchemaArn(stack, name, '*');

/** The schedules of the stage's group. */
const scheduleArns = (stack: Stack, name: string): string =>
  slashArn(stack, 'scheduler', 'schedule', `${name}/*`);

/** The three functions' log groups with their streams; one pattern, because a policy may have 6,144 characters. */
const logArns = (stack: Stack, name: string): string =>
  stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: `/aws/lambda/${name}-*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** The log group of the trail that says who called, with its streams. */
const trailArns = (stack: Stack, name: string): string =>
  stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: `${trailLogGroup(name)}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** Why a right on `HOLD` has a wildcard. */
const HOLD_REASON =
  'People spell HOLD in their way and add an extension; whatever holds must be removable too.';

/**
 * Who edits the lists: the two CSV files with their versions, `HOLD`, and the reports to read. Only `HOLD` may be
 * deleted: a list that is gone stops the audit.
 *
 * @param alsoRead keys of further objects
 */
function editing(
  scope: Construct,
  { config, data }: PeopleProps,
  alsoRead: readonly string[] = [],
): PolicyStatement[] {
  const objects = (...keys: string[]) => keys.map((key) => data.bucket.objectArn(key));
  const bucketKey = config.bucketName === undefined ? data.key.keyArn : config.bucketKeyArn;
  return [
    // The console's list of buckets, from which people go on to theirs; AWS knows no resource for it.
    new PolicyStatement({ sid: 'FindBucket', actions: ['s3:ListAllMyBuckets'], resources: ['*'] }),
    new PolicyStatement({
      sid: 'SeeBucket',
      actions: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketLocation', 's3:GetBucketVersioning'],
      resources: [data.bucket.bucketArn],
    }),
    new PolicyStatement({
      sid: 'ReadListsAndReports',
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: objects(OBJECTS.licenses, OBJECTS.exemptions, ...HOLDS, REPORTS, ...alsoRead),
    }),
    new PolicyStatement({
      sid: 'EditLists',
      actions: ['s3:PutObject'],
      resources: objects(OBJECTS.licenses, OBJECTS.exemptions, ...HOLDS),
    }),
    new PolicyStatement({ sid: 'LiftHold', actions: ['s3:DeleteObject'], resources: objects(...HOLDS) }),
    ...(bucketKey === undefined ? [] : [keyStatement(scope, 'UseKey', bucketKey, ['s3'])]),
  ];
}

/**
 * Who is asked when something is wrong: everything that the runbook's checks look at and its cures want, but what
 * changes the stacks, Vault's login or the ledger, which is for those who deploy.
 */
function operating(scope: Construct, { config, data, testEvents }: PeopleProps): PolicyStatement[] {
  const stack = Stack.of(scope);
  const { name } = config;
  return [
    new PolicyStatement({
      sid: 'InvokeAndSee',
      actions: [
        'lambda:InvokeFunction',
        'lambda:GetFunction',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionEventInvokeConfig',
        'lambda:GetPolicy',
      ],
      resources: FUNCTIONS.map((kind) =>
        stack.formatArn({
          service: 'lambda',
          resource: 'function',
          resourceName: functionName(name, kind),
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ),
    }),
    new PolicyStatement({
      sid: 'SeeFunctionsRights',
      actions: ['iam:GetRole', 'iam:ListRolePolicies', 'iam:GetRolePolicy'],
      resources: [roleArns(stack, name)],
    }),
    new PolicyStatement({
      // What the console's and the command line's lists want; AWS knows no narrower resource for most of these.
      sid: 'SeeLists',
      actions: [
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
        // Lambda's guide wants it of who uses shareable test events.
        ...(testEvents ? ['schemas:GetDiscoveredSchema'] : []),
      ],
      resources: ['*'],
    }),
    new PolicyStatement({
      sid: 'ReadLogs',
      actions: ['logs:DescribeLogStreams', 'logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:StartQuery'],
      // Who called is for whoever looks into a call; nobody can change what CloudTrail wrote.
      resources: [logArns(stack, name), ...(config.trail ? [trailArns(stack, name)] : [])],
    }),
    new PolicyStatement({
      sid: 'SeeAlarmsAndDashboard',
      actions: ['cloudwatch:DescribeAlarmHistory', 'cloudwatch:GetDashboard'],
      resources: [
        alarmArns(stack, name),
        stack.formatArn({ service: 'cloudwatch', region: '', resource: 'dashboard', resourceName: name }),
      ],
    }),
    new PolicyStatement({
      sid: 'SeeSchedules',
      actions: ['scheduler:GetSchedule', 'scheduler:GetScheduleGroup', 'events:DescribeRule'],
      resources: [
        scheduleArns(stack, name),
        slashArn(stack, 'scheduler', 'schedule-group', name),
        slashArn(stack, 'events', 'rule', reviewRuleName(name)),
      ],
    }),
    new PolicyStatement({
      sid: 'SeeTopics',
      actions: ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'],
      resources: [...new Set([data.topic.topicArn, data.alarmTopic.topicArn])],
    }),
    ...(data.vaultLogin === undefined
      ? []
      : [
          new PolicyStatement({
            // Whether it is there and not about to be deleted; its value is for the functions alone.
            sid: 'SeeVaultLogin',
            actions: ['secretsmanager:DescribeSecret'],
            resources: [data.vaultLogin],
          }),
        ]),
    new PolicyStatement({
      sid: 'HandleFailedEvents',
      actions: ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:PurgeQueue'],
      resources: FAILURE_QUEUES.map((part) => failureQueueArn(stack, name, part)),
    }),
    keyStatement(scope, 'ReadFailedEvents', data.key.keyArn, ['sqs'], ['kms:Decrypt']),
    ...(testEvents ? usingTestEvents(stack, name) : []),
  ];
}

/** Test events are for using; they come with the stacks, and nobody needs to edit them. */
function usingTestEvents(stack: Stack, name: string): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'UseTestEvents',
      actions: ['schemas:DescribeRegistry', 'schemas:DescribeSchema', 'schemas:ListSchemaVersions'],
      resources: [registryArn(stack), testEventArns(stack, name)],
    }),
  ];
}

/** Both policies. They are attached to nobody: whoever gives them to a group decides who may issue and revoke. */
export function makePeoplesPolicies(scope: Construct, props: PeopleProps): void {
  const stack = Stack.of(scope);
  const { config, data } = props;
  const wild = {
    [wildcardFinding(stack, data.bucket.objectArn(REPORTS))]: REPORTS_REASON,
    ...Object.fromEntries(
      HOLDS.map((key) => [wildcardFinding(stack, data.bucket.objectArn(key)), HOLD_REASON]),
    ),
  };
  const editors = new ManagedPolicy(scope, 'Editors', {
    managedPolicyName: `${config.name}-editors`,
    description: 'Edit license list, exemptions and HOLD; read reports',
    statements: editing(scope, props),
  });
  acknowledge(editors, {
    ...wild,
    'AwsSolutions-IAM5[Resource::*]':
      'AWS knows no resource for s3:ListAllMyBuckets, which shows names only.',
  });
  const operators = new ManagedPolicy(scope, 'Operators', {
    managedPolicyName: `${config.name}-operators`,
    description: 'Invoke audit, issue and revoke; edit the lists; see what the runbook asks to check',
    statements: [...editing(scope, props, [OBJECTS.ledger, OBJECTS.lease]), ...operating(scope, props)],
  });
  const seen = [
    logArns(stack, config.name),
    ...(config.trail ? [trailArns(stack, config.name)] : []),
    alarmArns(stack, config.name),
    scheduleArns(stack, config.name),
    roleArns(stack, config.name),
    ...(props.testEvents ? [testEventArns(stack, config.name)] : []),
  ];
  acknowledge(operators, {
    ...wild,
    ...Object.fromEntries(
      seen.map((arn) => [
        wildcardFinding(stack, arn),
        'Log streams have made-up names; roles, alarms, schedules and test events are all those of this stage. They are only read.',
      ]),
    ),
    'AwsSolutions-IAM5[Resource::*]':
      'These actions list names and settings, and AWS knows no narrower resource for them; none reads data or changes anything.',
  });
}

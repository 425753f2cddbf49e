// What README and runbook ask people to do, held against the policies that people get.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Statement, statementsOf, templatesOf } from './stacks.ts';

const { issue } = templatesOf({});
const policyOf = (id: string) =>
  statementsOf(issue.one('IAM::ManagedPolicy', id).properties['PolicyDocument']);
const operators = policyOf('Operators');
const editors = policyOf('Editors');

const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const runbook = textOf('docs/runbook.md');
const everyDay = /^## Use it every day$([\s\S]*?)^## /m.exec(textOf('README.md'))?.[1] ?? '';

/** The commands `aws SERVICE VERB` of a text, also those within `$(...)`, each once. */
function commandsOf(text: string): string[] {
  return [
    ...new Set([...text.matchAll(/(?:[`(]|^ *|\| *)aws ([a-z0-9]+ [a-z-]+)/gm)].map(([, verb = '']) => verb)),
  ];
}

const arn = (service: string, resource: string): string =>
  `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${resource}`;
const functions = ['audit', 'issue', 'revoke'].map((kind) => `hub-token-auditor-${kind}`);
const queues = ['audit', 'issue'].map((part) => arn('sqs', `hub-token-auditor-${part}-failures`));
const schedules = ['nightly', 'catch-up-1', 'catch-up-2'].map((which) =>
  arn('scheduler', `schedule/hub-token-auditor/hub-token-auditor-${which}`),
);
const logGroups = functions.map((name) => arn('logs', `log-group:/aws/lambda/${name}`));
const object = (key: string): string => `<Bucket.Arn>/${key}`;

/** A right: one action, and the resources on which it is needed. */
type Right = readonly [action: string, resources: readonly string[]];

const READ_QUEUES: Right = ['kms:Decrypt', ['<Key.Arn>']];

/** What each command needs, by AWS's own table of actions and resources. */
const COMMANDS: Readonly<Record<string, readonly Right[]>> = {
  'events describe-rule': [['events:DescribeRule', [arn('events', 'rule/hub-token-auditor-review')]]],
  'lambda invoke': [['lambda:InvokeFunction', functions.map((name) => arn('lambda', `function:${name}`))]],
  'logs filter-log-events': [['logs:FilterLogEvents', logGroups]],
  's3api delete-object': [['s3:DeleteObject', ['HOLD', 'Hold.txt', 'hold'].map(object)]],
  's3api list-object-versions': [['s3:ListBucketVersions', ['<Bucket.Arn>']]],
  'scheduler get-schedule': [['scheduler:GetSchedule', schedules]],
  'scheduler list-schedules': [['scheduler:ListSchedules', ['*']]],
  'sns list-subscriptions-by-topic': [['sns:ListSubscriptionsByTopic', ['<Topic>']]],
  'sqs get-queue-url': [['sqs:GetQueueUrl', queues]],
  'sqs purge-queue': [['sqs:PurgeQueue', queues]],
  'sqs receive-message': [['sqs:ReceiveMessage', queues], READ_QUEUES],
};

/** What is asked for in words: a phrase that the texts hold, and what it needs. */
const WORDS: Readonly<Record<string, readonly Right[]>> = {
  'the saved query': [
    ['logs:DescribeQueryDefinitions', ['*']],
    ['logs:StartQuery', logGroups],
    ['logs:GetQueryResults', ['*']],
  ],
  'the log group of': [
    ['logs:DescribeLogGroups', ['*']],
    ['logs:DescribeLogStreams', logGroups],
    ['logs:GetLogEvents', logGroups],
  ],
  'the alarms': [['cloudwatch:DescribeAlarms', ['*']]],
  'the failure queue': [['sqs:GetQueueAttributes', queues], ['sqs:ReceiveMessage', queues], READ_QUEUES],
  'open the function': [
    ['lambda:ListFunctions', ['*']],
    ['lambda:GetFunction', functions.map((name) => arn('lambda', `function:${name}`))],
  ],
  "the function's rights": [
    ['lambda:GetFunctionConfiguration', functions.map((name) => arn('lambda', `function:${name}`))],
    ['iam:GetRole', ['arn:<AWS::Partition>:iam::<AWS::AccountId>:role/hub-token-auditor-audit']],
    ['iam:ListRolePolicies', ['arn:<AWS::Partition>:iam::<AWS::AccountId>:role/hub-token-auditor-audit']],
    ['iam:GetRolePolicy', ['arn:<AWS::Partition>:iam::<AWS::AccountId>:role/hub-token-auditor-audit']],
  ],
  '`lease.json` in the bucket': [['s3:GetObject', [object('lease.json')]]],
  '`ledger.json` under': [['s3:GetObject', [object('ledger.json')]]],
  "the object's versions in the bucket": [
    ['s3:ListBucketVersions', ['<Bucket.Arn>']],
    ['s3:GetObjectVersion', [object('ledger.json')]],
  ],
  'npm run auditor -- doctor': [
    ['s3:ListBucket', ['<Bucket.Arn>']],
    ['s3:GetObject', ['licenses.csv', 'exemptions.csv', 'ledger.json', 'HOLD'].map(object)],
    ['kms:Decrypt', ['<Key.Arn>']],
    ['sns:GetTopicAttributes', ['<Topic>']],
  ],
};

/** What those who only edit the lists are asked for, in words. */
const EDITING: Readonly<Record<string, readonly Right[]>> = {
  'the last report': [
    ['s3:ListBucket', ['<Bucket.Arn>']],
    ['s3:GetObject', [object('reports/2026/11/28/run.html')]],
    ['kms:Decrypt', ['<Key.Arn>']],
  ],
  'upload an object called `HOLD`': [
    ['s3:PutObject', ['HOLD', 'Hold', 'hold.txt'].map(object)],
    ['kms:GenerateDataKey', ['<Key.Arn>']],
  ],
  'correct and upload it again': [['s3:PutObject', [object('licenses.csv'), object('exemptions.csv')]]],
  'earlier versions of the object': [
    ['s3:ListBucketVersions', ['<Bucket.Arn>']],
    ['s3:GetObjectVersion', [object('licenses.csv'), object('exemptions.csv')]],
  ],
};

/** Whether a resource, or a part of one, fits a pattern with `*`. */
function fits(pattern: string, resource: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return pattern === resource;
  const last = others.pop() ?? '';
  return resource.startsWith(first) && resource.slice(first.length).endsWith(last);
}

const may = (policy: readonly Statement[], action: string, resource: string): boolean =>
  policy.some(
    ({ effect, actions, resources }) =>
      effect === 'Allow' && actions.includes(action) && resources.some((pattern) => fits(pattern, resource)),
  );

/** The rights that a policy lacks, as lines. */
function lackingIn(policy: readonly Statement[], rights: readonly Right[]): string[] {
  return rights.flatMap(([action, resources]) =>
    resources
      .filter((resource) => !may(policy, action, resource))
      .map((resource) => `${action} on ${resource}`),
  );
}

/** A phrase is there however the lines are broken. */
const spaced = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('What runbook and README ask of operators', () => {
  const commands = commandsOf(`${runbook}\n${everyDay}`);

  it('is found: the commands of both texts are all known here, and no other is', () => {
    expect(commands.sort()).toEqual(Object.keys(COMMANDS).sort());
  });

  it.each(Object.entries(COMMANDS))('they may do by their policy: aws %s', (_, rights) => {
    expect(lackingIn(operators, rights)).toEqual([]);
  });

  it.each(Object.entries({ ...WORDS, ...EDITING }))(
    'in words, they may do by their policy: %s',
    (words, rights) => {
      expect(spaced(`${runbook}\n${everyDay}`).toLowerCase()).toContain(words.toLowerCase());
      expect(lackingIn(operators, rights)).toEqual([]);
    },
  );

  it('never is to change ledger, stacks or the Vault login: where a cure wants that, it says who does it', () => {
    for (const [action, resource] of [
      ['s3:PutObject', object('ledger.json')],
      ['s3:DeleteObjectVersion', object('licenses.csv')],
      ['secretsmanager:PutSecretValue', '<VaultLogin>'],
    ] as const)
      expect(may(operators, action, resource)).toBe(false);
    for (const section of [
      'LedgerUnreadable',
      'SecretUnavailable',
      'StorageUnavailable',
      'NotificationFailed',
    ]) {
      const cure = new RegExp(`^### ${section}$[\\s\\S]*?\\*\\*Cure:\\*\\*([\\s\\S]*?)\\*\\*Cured`, 'm').exec(
        runbook,
      );
      expect(spaced(cure?.[1] ?? ''), section).toContain('whoever deploys');
    }
  });
});

describe('What runbook and README ask of editors', () => {
  it.each(Object.entries(COMMANDS).filter(([command]) => command.startsWith('s3api ')))(
    'they may do by their policy: aws %s',
    (_, rights) => {
      expect(lackingIn(editors, rights)).toEqual([]);
    },
  );

  it.each(Object.entries(EDITING))('in words, they may do by their policy: %s', (_, rights) => {
    expect(lackingIn(editors, rights)).toEqual([]);
  });

  it.each(Object.entries(COMMANDS).filter(([command]) => !command.startsWith('s3api ')))(
    'is not what only operators do: aws %s',
    (_, [right]) => {
      expect(right === undefined ? [] : lackingIn(editors, [right])).not.toEqual([]);
    },
  );
});

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FINDING_KINDS } from '../../lambdas/domain/findings.ts';
import { METRICS } from '../../lambdas/runtime/metric-names.ts';
import { RUNBOOK, RUNBOOK_SECTIONS } from '../../lib/runbook.ts';
import { lines, templatesOf } from './stacks.ts';

const { data, audit, issue } = templatesOf({});
const alarms = [data, audit, issue].flatMap((stack) => stack.all('CloudWatch::Alarm'));
const alarm = (name: string) =>
  alarms.find(({ properties }) => properties['AlarmName'] === `hub-token-auditor-${name}`)?.properties;

/** The anchors of a Markdown file's headings, as GitHub makes them. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('The alarms', () => {
  it('are these', () => {
    expect(alarms.map(({ properties }) => properties['AlarmName']).sort()).toEqual([
      'hub-token-auditor-audit-dead-letter',
      'hub-token-auditor-failed-audit',
      'hub-token-auditor-failed-issue',
      'hub-token-auditor-failed-revoke',
      'hub-token-auditor-issue-dead-letter',
      'hub-token-auditor-missed-night',
    ]);
  });

  it('say in a sentence what is broken and point to a section of the runbook, which is there', () => {
    const runbook = new URL(`../../${RUNBOOK}`, import.meta.url);
    const there = existsSync(runbook) ? anchors(readFileSync(runbook, 'utf8')) : [...RUNBOOK_SECTIONS];
    for (const { properties } of alarms) {
      const [, sentence = '', section = ''] =
        /^(.{40,})\. What to do: docs\/runbook\.md#(.+)$/.exec(String(properties['AlarmDescription'])) ?? [];
      expect(sentence).not.toBe('');
      expect(there).toContain(section);
    }
    expect(there).toEqual(expect.arrayContaining([...RUNBOOK_SECTIONS]));
  });

  it('publish to the topic', () => {
    for (const { properties } of alarms) expect(properties['AlarmActions']).toEqual(['<Topic>']);
  });

  it('stay within what CloudWatch evaluates: seven days, one day for periods under an hour', () => {
    for (const { properties } of alarms) {
      const period = Number(properties['Period']);
      expect(period * Number(properties['EvaluationPeriods'])).toBeLessThanOrEqual(
        period < 3600 ? 86_400 : 604_800,
      );
    }
  });
});

describe('The alarm for a missed night', () => {
  it('goes off where no success is heard of for 26 hours, silence included', () => {
    expect(alarm('missed-night')).toMatchObject({
      Namespace: 'HubTokenAuditor',
      MetricName: METRICS.auditSucceeded,
      Dimensions: [{ Name: 'service', Value: 'hub-token-auditor' }],
      Statistic: 'SampleCount',
      Period: 3600,
      EvaluationPeriods: 26,
      DatapointsToAlarm: 26,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      OKActions: ['<Topic>'],
    });
  });

  it('is quiet until the first night is due: deployment puts a zero into its metric before the alarm is there', () => {
    const watch = audit.resources.find(({ id }) => id.startsWith('WatchBegin') && !id.includes('Permission'));
    expect(watch?.type).toBe('Custom::AWS');
    expect(JSON.parse(String(watch?.properties['Create']))).toMatchObject({
      service: 'CloudWatch',
      action: 'putMetricData',
      parameters: {
        Namespace: 'HubTokenAuditor',
        MetricData: [
          {
            MetricName: METRICS.auditSucceeded,
            Dimensions: [{ Name: 'service', Value: 'hub-token-auditor' }],
            Value: 0,
          },
        ],
      },
    });
    expect(watch?.properties).not.toHaveProperty('Update');
    expect(alarms.find(({ id }) => id === 'WatchMissedNight')?.dependsOn).toContain(watch?.id);
  });
});

describe('The other alarms', () => {
  it.each([
    ['failed-audit', 'AuditFunction'],
    ['failed-issue', 'IssueFunction'],
    ['failed-revoke', 'RevokeFunction'],
  ])('%s goes off at the first error of its function', (name, id) => {
    expect(alarm(name)).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: `<${id}>` }],
      Statistic: 'Sum',
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it.each(['audit', 'issue'])('%s-dead-letter goes off at the first event in the queue', (part) => {
    expect(alarm(`${part}-dead-letter`)).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Threshold: 1,
    });
  });
});

describe('The queues of failures', () => {
  it.each([audit, issue])(
    'are encrypted with the stack’s key and refuse access without TLS ($name)',
    (stack) => {
      expect(stack.one('SQS::Queue').properties).toMatchObject({ KmsMasterKeyId: '<Key.Arn>' });
      expect(stack.one('SQS::QueuePolicy').properties['PolicyDocument']).toMatchObject({
        Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      });
    },
  );
});

describe('The dashboard', () => {
  const body = String(audit.one('CloudWatch::Dashboard').properties['DashboardBody']);

  it('shows every metric that the functions emit, and the last success', () => {
    for (const metric of Object.values(METRICS)) expect(body).toContain(`"${metric}"`);
    expect(body).toContain('filter AuditSucceeded = 1');
  });

  it('shows the findings of every kind', () => {
    for (const kind of FINDING_KINDS) expect(body).toContain(`"kind","${kind}"`);
  });
});

it('Calls made at deployment may do what they are for, and nothing else', () => {
  expect(lines(audit.rightsOf('DeploymentCallsRole'))).toEqual([
    'cloudwatch:PutMetricData on *',
    'logs:CreateLogStream on <DeploymentCallsLogs.Arn>',
    'logs:PutLogEvents on <DeploymentCallsLogs.Arn>',
    'schemas:CreateRegistry on arn:<AWS::Partition>:schemas:<AWS::Region>:<AWS::AccountId>:registry/lambda-testevent-schemas',
  ]);
  expect(
    audit.rightsOf('DeploymentCallsRole').find(({ resources }) => resources.includes('*'))?.condition,
  ).toEqual({ StringEquals: { 'cloudwatch:namespace': 'HubTokenAuditor' } });
});

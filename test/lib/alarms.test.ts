import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FINDING_KINDS } from '../../lambdas/domain/findings.ts';
import { METRICS } from '../../lambdas/runtime/metric-names.ts';
import { ALARMS } from '../../lib/alarms.ts';
import { RUNBOOK, RUNBOOK_SECTIONS } from '../../lib/runbook.ts';
import { lines, templatesOf } from './stacks.ts';

const { data, audit, issue } = templatesOf({});
const alarms = [data, audit, issue].flatMap((stack) => stack.all('CloudWatch::Alarm'));
const alarm = (name: string) =>
  alarms.find(({ properties }) => properties['AlarmName'] === `hub-token-auditor-${name}`)?.properties;

const metricsSchema = v.array(v.object({ MetricStat: v.optional(v.object({ Period: v.number() })) }));

/** The periods of an alarm's metrics, in seconds. */
function periodsOf(properties: Readonly<Record<string, unknown>>): number[] {
  if (properties['Metrics'] === undefined) return [Number(properties['Period'])];
  return v
    .parse(metricsSchema, properties['Metrics'])
    .flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Period]));
}

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
    expect(alarms.map(({ properties }) => properties['AlarmName']).sort()).toEqual(
      ALARMS.map((about) => `hub-token-auditor-${about}`).sort(),
    );
  });

  it('say in a sentence what is broken and point to a section of the runbook, which is there', () => {
    const there = anchors(readFileSync(new URL(`../../${RUNBOOK}`, import.meta.url), 'utf8'));
    for (const { properties } of alarms) {
      const [, sentence = '', section = ''] =
        /^(.{40,})\. What to do: docs\/runbook\.md#(.+)$/.exec(String(properties['AlarmDescription'])) ?? [];
      expect(sentence).not.toBe('');
      expect(there).toContain(section);
    }
    expect(there).toEqual(expect.arrayContaining([...RUNBOOK_SECTIONS]));
  });

  it('have a whole link to the runbook where its address is configured', () => {
    const runbookUrl = 'https://wiki.example.com/token-auditor/runbook';
    const stacks = templatesOf({ runbookUrl });
    for (const { properties } of [
      ...stacks.audit.all('CloudWatch::Alarm'),
      ...stacks.issue.all('CloudWatch::Alarm'),
    ])
      expect(properties['AlarmDescription']).toMatch(
        /\. What to do: https:\/\/wiki\.example\.com\/token-auditor\/runbook#[a-z-]+$/,
      );
  });

  it('mail when they begin and when they are over, to the mail topic where they have no addresses', () => {
    for (const { properties } of alarms) {
      expect(properties['AlarmActions']).toEqual(['<Topic>']);
      expect(properties['OKActions']).toEqual(['<Topic>']);
    }
  });

  it('have a topic of their own where they have addresses', () => {
    const stacks = templatesOf({ alarms: { emails: ['oncall@example.com'] } });
    expect(stacks.data.one('SNS::Topic', 'AlarmTopic').properties).toMatchObject({
      TopicName: 'hub-token-auditor-alarms',
      KmsMasterKeyId: '<Key.Arn>',
    });
    expect(stacks.data.all('SNS::Subscription').map(({ properties }) => properties)).toEqual([
      { Protocol: 'email', TopicArn: '<AlarmTopic>', Endpoint: 'oncall@example.com' },
    ]);
    for (const { properties } of [
      ...stacks.audit.all('CloudWatch::Alarm'),
      ...stacks.issue.all('CloudWatch::Alarm'),
    ]) {
      expect(properties['AlarmActions']).toEqual(['<AlarmTopic>']);
      expect(properties['OKActions']).toEqual(['<AlarmTopic>']);
    }
    expect(stacks.audit.one('Lambda::Function', 'AuditFunction').properties['Environment']).toMatchObject({
      Variables: { TOPIC_ARN: '<Topic>' },
    });
  });

  it('stay within what CloudWatch evaluates: seven days, one day for periods under an hour', () => {
    for (const { properties } of alarms) {
      const period = Math.max(...periodsOf(properties));
      expect(period * Number(properties['EvaluationPeriods'])).toBeLessThanOrEqual(
        period < 3600 ? 86_400 : 604_800,
      );
    }
  });
});

describe('The alarm for a missed night', () => {
  it('goes off where no end of a run is heard of for 26 hours, silence included', () => {
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

describe('The alarms that last', () => {
  it.each([
    ['failed-audit', METRICS.failed, 1],
    ['nobody-confirmed', METRICS.nobodyConfirmed, 1],
    ['content-check-silent', METRICS.contentCheckSilent, 1],
  ])(
    '%s: begins with the first run that says so and ends with the first that does not, silence changes nothing',
    (name, metric, threshold) => {
      expect(alarm(name)).toMatchObject({
        Namespace: 'HubTokenAuditor',
        MetricName: metric,
        Statistic: 'Maximum',
        EvaluationPeriods: 1,
        Threshold: threshold,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'ignore',
      });
    },
  );

  it('hold-too-long: goes off where HOLD was there through a week of nights, today’s aside', () => {
    expect(alarm('hold-too-long')).toMatchObject({
      MetricName: METRICS.held,
      Statistic: 'Minimum',
      Period: 86_400,
      EvaluationPeriods: 7,
      DatapointsToAlarm: 6,
      Threshold: 1,
    });
  });

  it('failing-audit: goes off once more where every run of three days failed', () => {
    expect(alarm('failing-audit')).toMatchObject({
      MetricName: METRICS.failed,
      Statistic: 'Minimum',
      Period: 86_400,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 3,
      Threshold: 1,
    });
  });
});

describe('The alarms of a function', () => {
  it.each(['issue', 'revoke'])('failed-%s goes off at each failure that is not its caller’s', (kind) => {
    expect(alarm(`failed-${kind}`)).toMatchObject({
      Namespace: 'HubTokenAuditor',
      MetricName: METRICS.failed,
      Dimensions: expect.arrayContaining([{ Name: 'kind', Value: kind }]) as unknown,
      Statistic: 'Sum',
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it.each(['audit', 'issue', 'revoke'])(
    'broken-off-%s counts what Lambda saw fail and the code did not throw, over two hours: Lambda stamps a run’s start',
    (kind) => {
      const found = alarm(`broken-off-${kind}`);
      expect(found).toMatchObject({
        EvaluationPeriods: 24,
        DatapointsToAlarm: 1,
        Threshold: 1,
        TreatMissingData: 'notBreaching',
      });
      expect(found?.['Metrics']).toEqual([
        expect.objectContaining({ Expression: 'errors - FILL(thrown, 0)' }),
        expect.objectContaining({
          Id: 'errors',
          ReturnData: false,
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Lambda',
              MetricName: 'Errors',
              Dimensions: [{ Name: 'FunctionName', Value: `hub-token-auditor-${kind}` }],
            },
            Period: 300,
            Stat: 'Sum',
          },
        }),
        expect.objectContaining({
          Id: 'thrown',
          ReturnData: false,
          MetricStat: {
            Metric: {
              Namespace: 'HubTokenAuditor',
              MetricName: METRICS.errorsThrown,
              Dimensions: [
                { Name: 'kind', Value: kind },
                { Name: 'service', Value: 'hub-token-auditor' },
              ],
            },
            Period: 300,
            Stat: 'Sum',
          },
        }),
      ]);
    },
  );

  it('say nothing of Lambda’s errors alone, among which are those of callers', () => {
    for (const { properties } of alarms) expect(properties['MetricName']).not.toBe('Errors');
  });
});

describe('The alarm for undelivered events', () => {
  it('watches schedule and rule by the names that they have', () => {
    const text = JSON.stringify(alarm('undelivered')?.['Metrics']);
    expect(text).toContain('"Value":"hub-token-auditor"');
    expect(text).toContain('"Value":"hub-token-auditor-review"');
    expect(audit.one('Events::Rule').properties['Name']).toBe('hub-token-auditor-review');
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

it.each([audit, issue])(
  'A failed event is kept over a long weekend and no longer, because it may hold what a caller pasted ($name)',
  (stack) => {
    expect(stack.one('SQS::Queue').properties['MessageRetentionPeriod']).toBe(4 * 24 * 60 * 60);
  },
);

describe('The dashboard', () => {
  const body = String(audit.one('CloudWatch::Dashboard').properties['DashboardBody']);

  it('shows every metric that the functions emit for people', () => {
    for (const metric of Object.values(METRICS))
      if (metric !== METRICS.errorsThrown) expect(body).toContain(`"${metric}"`);
  });

  it('shows the findings of every kind, those for information apart', () => {
    for (const kind of FINDING_KINDS) expect(body).toContain(`"kind","${kind}"`);
    const graphs = body.split('{"type":"metric"');
    for (const graph of graphs)
      if (graph.includes('"suspended"')) expect(graph).not.toContain('"orphaned-token"');
  });

  it('shows all alarms, those of the other stack too, and who loses access next', () => {
    for (const about of ALARMS) expect(body).toContain(`:alarm:hub-token-auditor-${about}"`);
    expect(body).toContain('Who loses access next');
  });

  it('says in words what this is, with links to reports, lists and functions', () => {
    for (const link of ['/s3/buckets/<Bucket>', '#/functions/hub-token-auditor-audit', 'prefix=reports/'])
      expect(body).toContain(link);
  });
});

describe('Saved queries', () => {
  const queries = issue.all('Logs::QueryDefinition').map(({ properties }) => properties);

  it('answer what went wrong, what happened to a deployment, and what is slow, over all three functions', () => {
    expect(queries.map(({ Name }) => Name)).toEqual([
      'hub-token-auditor/Last failures',
      'hub-token-auditor/History of one deployment',
      'hub-token-auditor/Slow requests',
    ]);
    for (const { LogGroupNames } of queries)
      expect(LogGroupNames).toEqual(
        ['audit', 'issue', 'revoke'].map((kind) => `/aws/lambda/hub-token-auditor-${kind}`),
      );
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

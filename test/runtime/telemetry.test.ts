// What alarms and dashboard read, held against what the functions really write: metrics and lines of runs.
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import { handler as auditHandler } from '../../lambdas/audit/handler.ts';
import { handler as issueHandler } from '../../lambdas/issue/handler.ts';
import { handler as revokeHandler } from '../../lambdas/revoke/handler.ts';
import { powertoolsLog, powertoolsMeter } from '../../lambdas/runtime/telemetry.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { templatesOf } from '../lib/stacks.ts';

const NAME = 'hub-token-auditor';
const stacks = templatesOf({});

const lineSchema = v.record(v.string(), v.unknown());
type Line = v.InferOutput<typeof lineSchema>;

/** A line in the embedded metric format, as far as it says what is measured. */
const embeddedSchema = v.looseObject({
  _aws: v.object({
    CloudWatchMetrics: v.array(
      v.looseObject({
        Namespace: v.string(),
        Dimensions: v.array(v.array(v.string())),
        Metrics: v.array(v.looseObject({ Name: v.string() })),
      }),
    ),
  }),
});

const written: Line[] = [];

beforeEach(() => {
  written.length = 0;
  // Powertools then writes by the console that a test can read, and still measures.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  for (const level of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((text: unknown) => {
      written.push(v.parse(lineSchema, JSON.parse(String(text))));
    });
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** A metric by namespace, name and dimensions, as one text. */
function metricText(
  namespace: string,
  name: string,
  dimensions: readonly (readonly [string, unknown])[],
): string {
  const texts = dimensions.map(([key, value]) => `${key}=${String(value)}`);
  return `${namespace} ${name} ${texts.sort().join(' ')}`;
}

/** The metrics that were written, with their values. */
function measured(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const line of written) {
    if (!v.is(embeddedSchema, line)) continue;
    for (const { Namespace, Dimensions, Metrics } of line._aws.CloudWatchMetrics)
      for (const names of Dimensions)
        for (const { Name } of Metrics)
          found.set(
            metricText(
              Namespace,
              Name,
              names.map((name) => [name, line[name]] as const),
            ),
            line[Name],
          );
  }
  return found;
}

const dimensionsSchema = v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []);
const metricSchema = v.object({
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: dimensionsSchema,
});
const alarmSchema = v.union([
  v.pipe(
    metricSchema,
    v.transform((metric) => [metric]),
  ),
  v.pipe(
    v.object({ Metrics: v.array(v.object({ MetricStat: v.optional(v.object({ Metric: metricSchema })) })) }),
    v.transform(({ Metrics }) =>
      Metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric])),
    ),
  ),
]);

/** What each alarm watches. */
const watched = [stacks.data, stacks.audit, stacks.issue]
  .flatMap((stack) => stack.all('CloudWatch::Alarm'))
  .flatMap(({ properties }) =>
    v.parse(alarmSchema, properties).map(({ Namespace, MetricName, Dimensions }) =>
      metricText(
        Namespace,
        MetricName,
        Dimensions.map(({ Name, Value }) => [Name, Value] as const),
      ),
    ),
  );

/** The services' own metrics: nobody here writes them. */
const OF_AWS = [
  ...['audit', 'issue', 'revoke'].map((kind) => `AWS/Lambda Errors FunctionName=${NAME}-${kind}`),
  `AWS/Scheduler InvocationDroppedCount ScheduleGroup=${NAME}`,
  `AWS/Events FailedInvocations RuleName=${NAME}-review`,
];

/** One run with the log and the metrics of a function. */
function run(sandbox: MemorySandbox, event: AuditEvent = {}) {
  return audit(event, {
    ...sandbox.services(),
    log: powertoolsLog(`${NAME}-audit`, 'request-1'),
    meter: powertoolsMeter(NAME),
  });
}

const contextOf = (kind: string) => ({
  awsRequestId: 'request-1',
  functionName: `${NAME}-${kind}`,
  getRemainingTimeInMillis: () => 60_000,
});

/** Calls a function whose environment holds no setting, so that it fails before it does anything. */
async function failing(kind: 'audit' | 'issue' | 'revoke', event: unknown): Promise<void> {
  const handler = { audit: auditHandler, issue: issueHandler, revoke: revokeHandler }[kind];
  await expect(handler(event, contextOf(kind))).rejects.toThrow(/is not set|missing|environment/i);
}

/** One deployment whose license ends within the days of notice. */
function endingSandbox(...labels: string[]): MemorySandbox {
  const sandbox = startSandbox({ transport: 'memory' });
  for (const label of labels) sandbox.addToken(label);
  sandbox.putLicenses(labels.map((label) => [label, '2026-03-06']));
  return sandbox;
}

describe('The alarms', () => {
  it('watch metrics that the functions write, by name and dimensions, and those of AWS that are named here', async () => {
    await run(endingSandbox('orange-cd'));
    for (const kind of ['audit', 'issue', 'revoke'] as const) await failing(kind, {});
    const there = new Set([...measured().keys(), ...OF_AWS]);
    expect([...new Set(watched)].filter((metric) => !there.has(metric))).toEqual([]);
    expect(OF_AWS.filter((metric) => !watched.includes(metric))).toEqual([]);
  });

  it('hear of a night that failed: it failed, it threw, and it was no success', async () => {
    await failing('audit', {});
    expect(Object.fromEntries(measured())).toEqual({
      [`HubTokenAuditor ErrorsThrown kind=audit service=${NAME}`]: 1,
      [`HubTokenAuditor Failed kind=audit service=${NAME}`]: 1,
      [`HubTokenAuditor AuditSucceeded service=${NAME}`]: 0,
    });
  });

  it.each([{ review: true }, { dryRun: true }, { asOf: '2026-04-01' }])(
    'hear nothing of a failure that leaves all to the night, but that the code threw it: %o',
    async (event) => {
      await failing('audit', event);
      expect(Object.fromEntries(measured())).toEqual({
        [`HubTokenAuditor ErrorsThrown kind=audit service=${NAME}`]: 1,
      });
    },
  );
});

describe('The list of who loses access next', () => {
  const dashboard = String(stacks.audit.one('CloudWatch::Dashboard').properties['DashboardBody']);
  const query = /filter ispresent\(accessUntil\).*?limit \d+/s.exec(dashboard)?.[0] ?? '';
  const ends = (): Line[] => written.filter((line) => 'accessUntil' in line);

  it('reads fields that a run logs, one line for each deployment', async () => {
    const { runId } = await run(endingSandbox('orange-cd', 'mtn-cm'));
    expect(ends().map(({ deployment, accessUntil, runId: id }) => [deployment, accessUntil, id])).toEqual([
      ['mtn-cm', '2026-03-06', runId],
      ['orange-cd', '2026-03-06', runId],
    ]);
    const fields = [...query.matchAll(/(?:latest\(|ispresent\(| by )(\w+)/g)].map(([, name = '']) => name);
    expect(fields.sort()).toEqual(['accessUntil', 'accessUntil', 'deployment', 'paidUntil', 'runId']);
    for (const field of fields) expect(Object.keys(ends()[0] ?? {})).toContain(field);
  });

  it('is not fed by a run that only tries', async () => {
    await run(endingSandbox('orange-cd'), { dryRun: true });
    await run(endingSandbox('orange-cd'), { asOf: '2026-03-08' });
    expect(ends()).toEqual([]);
  });

  it('has at most 50 lines of one run', async () => {
    const telcos = Array.from({ length: 60 }, (_, index) => `telco${index}-cd`);
    await run(endingSandbox(...telcos));
    expect(ends()).toHaveLength(50);
  });
});

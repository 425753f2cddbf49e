// The one page on which the state of a stage can be seen.
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryWidget,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { FINDING_KINDS, type FindingKind } from '../lambdas/domain/findings.ts';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { METRICS, METRIC_NAMESPACE } from '../lambdas/runtime/metric-names.ts';
import { allAlarms } from './alarms.ts';
import { consoleLink } from './console-links.ts';
import { functionName } from './names.ts';
import { AS_TABLE, QUERIES, logGroupNames } from './saved-queries.ts';

/** What the dashboard shows. */
export interface DashboardProps {
  readonly name: string;
  readonly bucketName: string;
  /** Address of the runbook. */
  readonly runbook: string;
}

/** Findings that are only for information; they have a graph of their own, or they would hide the others. */
const INFO: ReadonlySet<string> = new Set(['suspended', 'automatic-token', 'unused-token']);

/** One page: is it running, who ends when, how many are there, what does not fit, what was withdrawn. */
export function makeDashboard(scope: Construct, props: DashboardProps): Dashboard {
  const { name } = props;
  const stack = Stack.of(scope);
  const metric = (metricName: string, label: string, statistic: string, kind?: string) =>
    new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      label,
      statistic,
      period: Duration.days(1),
      dimensionsMap: { service: name, ...(kind === undefined ? {} : { kind }) },
    });
  const graph = (title: string, left: Metric[], stacked = false) =>
    new GraphWidget({ title, left, stacked, width: 12, height: 6, leftYAxis: { min: 0, showUnits: false } });
  const findings = (kinds: readonly FindingKind[]) =>
    kinds.map((kind) => metric(METRICS.findings, kind, Stats.MAXIMUM, kind));
  const table = (title: string, queryLines: readonly string[]) =>
    new LogQueryWidget({
      title,
      logGroupNames: logGroupNames(name),
      queryLines: [...queryLines],
      view: AS_TABLE,
      width: 12,
      height: 6,
    });

  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: name,
    defaultInterval: Duration.days(30),
  });
  dashboard.addWidgets(new TextWidget({ markdown: introduction(stack, props), width: 24, height: 5 }));
  dashboard.addWidgets(
    new AlarmStatusWidget({ title: 'Alarms', alarms: allAlarms(stack, name), width: 12, height: 6 }),
    table('Who loses access next (what the last run said comes first)', [
      'filter ispresent(accessUntil)',
      'stats latest(paidUntil) as paid, latest(accessUntil) as until, latest(runId) as run by deployment',
      'sort run desc, until asc',
      'limit 20',
    ]),
  );
  dashboard.addWidgets(
    graph('Tokens, keys, licenses', [
      metric(METRICS.tokens, 'Tokens', Stats.MAXIMUM),
      metric(METRICS.activeTokens, 'Active tokens', Stats.MAXIMUM),
      metric(METRICS.keys, 'Keys in Vault', Stats.MAXIMUM),
      metric(METRICS.licenses, 'Licensed deployments', Stats.MAXIMUM),
    ]),
    graph('Withdrawals', [
      metric(METRICS.withdrawals, 'Withdrawn', Stats.SUM),
      metric(METRICS.announced, 'Announced', Stats.SUM),
      metric(METRICS.withheld, 'Withheld', Stats.SUM),
    ]),
  );
  dashboard.addWidgets(
    graph('To be put in order, by kind', findings(FINDING_KINDS.filter((kind) => !INFO.has(kind))), true),
    graph('For information, by kind', findings(FINDING_KINDS.filter((kind) => INFO.has(kind))), true),
  );
  dashboard.addWidgets(
    graph('Runs a day', [
      metric(METRICS.auditSucceeded, 'Successful', Stats.SUM),
      metric(METRICS.failed, 'Audits failed', Stats.SUM, 'audit'),
      metric(METRICS.failed, 'Issues failed', Stats.SUM, 'issue'),
      metric(METRICS.failed, 'Revokes failed', Stats.SUM, 'revoke'),
    ]),
    graph('Duration of the audit (ms)', [metric(METRICS.auditDuration, 'Longest', Stats.MAXIMUM)]),
  );
  dashboard.addWidgets(
    table('Last failures', QUERIES['Last failures']),
    graph('What stands in the way', [
      metric(METRICS.held, 'HOLD', Stats.MAXIMUM),
      metric(METRICS.nobodyConfirmed, 'Nobody confirmed', Stats.MAXIMUM),
      metric(METRICS.contentCheckSilent, 'Content check says nothing', Stats.MAXIMUM),
    ]),
  );
  return dashboard;
}

/** What this is, and where to go from here. */
function introduction(stack: Stack, { name, bucketName, runbook }: DashboardProps): string {
  const to = (text: string, url: string) => `[${text}](${url})`;
  return [
    `# ${name}`,
    `Every night the audit reconciles Docker Hub's tokens, Vault's keys and the license list, and withdraws the access of expired licenses. Not sure about something? Upload an empty object called \`HOLD\`: nobody loses access until it is removed.`,
    [
      to('Reports', consoleLink.reports(stack, bucketName, OBJECTS.reports)),
      to('License list and HOLD', consoleLink.bucket(stack, bucketName)),
      ...(['audit', 'issue', 'revoke'] as const).map((kind) =>
        to(kind, consoleLink.function(stack, functionName(name, kind))),
      ),
      runbook.startsWith('https:') ? to('Runbook', runbook) : `Runbook: ${runbook} of the project`,
    ].join(' | '),
  ].join('\n\n');
}

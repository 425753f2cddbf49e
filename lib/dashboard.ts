import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  LogQueryVisualizationType,
  LogQueryWidget,
  Metric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { FINDING_KINDS } from '../lambdas/domain/findings.ts';
import { METRICS, METRIC_NAMESPACE } from '../lambdas/runtime/metric-names.ts';

/** What the dashboard shows. */
export interface DashboardProps {
  readonly name: string;
  readonly auditLogs: ILogGroup;
  readonly alarms: readonly IAlarm[];
}

/** One page: is it running, how many are there, what does not fit, what was withdrawn. */
export function makeDashboard(scope: Construct, { name, auditLogs, alarms }: DashboardProps): Dashboard {
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

  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: name,
    defaultInterval: Duration.days(30),
  });
  dashboard.addWidgets(
    new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 12, height: 6 }),
    new LogQueryWidget({
      title: 'Last success',
      logGroupNames: [auditLogs.logGroupName],
      queryLines: [
        'fields @timestamp',
        `filter ${METRICS.auditSucceeded} = 1`,
        'sort @timestamp desc',
        'limit 5',
      ],
      view: LogQueryVisualizationType.TABLE,
      width: 12,
      height: 6,
    }),
  );
  dashboard.addWidgets(
    graph('Tokens, keys, licenses', [
      metric(METRICS.tokens, 'Tokens', Stats.MAXIMUM),
      metric(METRICS.activeTokens, 'Active tokens', Stats.MAXIMUM),
      metric(METRICS.keys, 'Keys in Vault', Stats.MAXIMUM),
      metric(METRICS.licenses, 'Licensed deployments', Stats.MAXIMUM),
    ]),
    graph(
      'Findings by kind',
      FINDING_KINDS.map((kind) => metric(METRICS.findings, kind, Stats.MAXIMUM, kind)),
      true,
    ),
  );
  dashboard.addWidgets(
    graph('Revocations', [
      metric(METRICS.withdrawals, 'Withdrawn', Stats.SUM),
      metric(METRICS.announced, 'Announced', Stats.SUM),
      metric(METRICS.withheld, 'Withheld', Stats.SUM),
    ]),
    graph('Duration of the audit (ms)', [metric(METRICS.auditDuration, 'Longest', Stats.MAXIMUM)]),
  );
  dashboard.addWidgets(
    graph('Successful runs a day', [metric(METRICS.auditSucceeded, 'Successful', Stats.SUM)]),
  );
  return dashboard;
}

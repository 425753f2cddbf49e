// The alarms that each of the three functions has.
import {
  ComparisonOperator,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { METRICS, METRIC_NAMESPACE } from '../lambdas/runtime/metric-names.ts';
import { type Alerting, AuditorAlarm, LATE_PERIODS } from './alarms.ts';
import { type FunctionKind, functionName } from './names.ts';

/** What a function's alarms say, and to whom. */
export interface FunctionAlarmsProps {
  readonly kind: FunctionKind;
  readonly alerting: Alerting;
  /** What a failure breaks for people, one sentence without its full stop. */
  readonly impact: string;
}

const PERIOD = Duration.minutes(5);

/**
 * An alarm for a failure that the function reports, and one for a run that broke off: Lambda counts more errors than
 * the function's code threw, because it ran out of time or memory or never began. What callers did wrong is in neither.
 *
 * Issue and revoke are asked for one thing at a time, so that each failure is an alarm of its own; the audit's, which
 * lasts until a run succeeds, is in `audit-alarms.ts`.
 */
export function addFunctionAlarms(scope: Construct, { kind, alerting, impact }: FunctionAlarmsProps): void {
  const ours = (metricName: string) =>
    new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { service: alerting.name, kind },
      statistic: Stats.SUM,
      period: PERIOD,
    });
  const firstOne = {
    threshold: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
  if (kind !== 'audit')
    new AuditorAlarm(scope, 'Failed', {
      ...firstOne,
      alerting,
      about: `failed-${kind}`,
      impact: `${impact}.`,
      section: `failed-${kind}`,
      metric: ours(METRICS.failed),
      evaluationPeriods: 1,
    });
  new AuditorAlarm(scope, 'BrokenOff', {
    ...firstOne,
    alerting,
    about: `broken-off-${kind}`,
    impact: `The function ${functionName(alerting.name, kind)} ran out of time or memory, or could not start. ${impact}; what it had begun is finished or undone by the next run.`,
    section: 'broken-off',
    metric: new MathExpression({
      expression: 'errors - FILL(thrown, 0)',
      label: 'Runs that broke off',
      usingMetrics: {
        errors: new Metric({
          namespace: 'AWS/Lambda',
          metricName: 'Errors',
          dimensionsMap: { FunctionName: functionName(alerting.name, kind) },
          statistic: Stats.SUM,
          period: PERIOD,
        }),
        thrown: ours(METRICS.errorsThrown),
      },
      period: PERIOD,
    }),
    evaluationPeriods: LATE_PERIODS,
    datapointsToAlarm: 1,
  });
}

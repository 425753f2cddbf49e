// The alarms of the nightly audit: it did not run, it failed, or it says what people must hear of.
import {
  ComparisonOperator,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { METRICS, METRIC_NAMESPACE } from '../lambdas/runtime/metric-names.ts';
import { acknowledge } from './acknowledge.ts';
import { type Alerting, AuditorAlarm, type AuditorAlarmProps, LATE_PERIODS } from './alarms.ts';
import { DeploymentCall } from './deployment-call.ts';

/**
 * Hours in which no run of the audit ended that are an alarm. A day of 25 hours, when clocks go back, is still within.
 * As 26 periods of one hour: CloudWatch accepts up to seven days in all where a period is an hour or longer, one day
 * else.
 */
const NIGHT_HOURS = 26;

/** Days on which every run failed, after which the alarm that began with the first is repeated. */
const FAILING_DAYS = 3;

/** Days that `HOLD` may be there before people are asked whether it was forgotten. */
const HOLD_DAYS = 7;

/** What the alarms watch. */
export interface AuditAlarmsProps {
  readonly alerting: Alerting;
  /** Name of the rule that starts reviews. */
  readonly reviewRule: string;
}

/**
 * The alarms of the audit beside those that every function has.
 *
 * What lasts (a failing audit, nobody confirmed, a silent check) is a level that each real run says again, and missing data
 * change nothing: so there is one mail when it begins and one when it is over, however many tries a night has.
 */
export class AuditAlarms extends Construct {
  readonly #alerting: Alerting;

  constructor(scope: Construct, id: string, { alerting, reviewRule }: AuditAlarmsProps) {
    super(scope, id);
    this.#alerting = alerting;
    this.#addMissedNight();
    this.#addFailing();
    this.#addUndelivered(reviewRule);
    this.#addLevel('NobodyConfirmed', METRICS.nobodyConfirmed, 1, {
      about: 'nobody-confirmed',
      impact:
        'Nobody has confirmed to receive the mails: no end of access can be announced, so that nothing is withdrawn, and nobody hears of what does not fit.',
      section: 'nobody-confirmed',
    });
    this.#addHoldTooLong();
    this.#addLevel('ContentCheckSilent', METRICS.contentCheckSilent, 1, {
      about: 'content-check-silent',
      impact:
        'The nightly check of stored contents says nothing any more: a key in Vault that holds a wrong content is not found.',
      section: 'content-check-silent',
    });
  }

  #metric(metricName: string, statistic: string, period: Duration, kind?: string): Metric {
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { service: this.#alerting.name, ...(kind === undefined ? {} : { kind }) },
      statistic,
      period,
    });
  }

  /** An alarm on what each real run says again; it lasts until one says otherwise. */
  #addLevel(
    id: string,
    metricName: string,
    threshold: number,
    about: Pick<AuditorAlarmProps, 'about' | 'impact' | 'section'>,
  ): void {
    new AuditorAlarm(this, id, {
      ...about,
      alerting: this.#alerting,
      metric: this.#metric(metricName, Stats.MAXIMUM, Duration.minutes(5)),
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.IGNORE,
    });
  }

  /**
   * The alarm for a night that did not happen, for whatever reason: it waits for what a run says last, and hearing
   * nothing is the alarm. A run that failed is heard of as well; that is the other alarm's.
   *
   * A new alarm has heard nothing and would go off at once, hours before the first night is due. So a zero is put into
   * the metric when the stack is first deployed: it counts as a sample, which starts the watch, and adds nothing to the
   * sum of successes, which the dashboard shows.
   */
  #addMissedNight(): void {
    const { name } = this.#alerting;
    const began = new DeploymentCall(this, 'Begin', {
      call: {
        service: 'CloudWatch',
        action: 'putMetricData',
        parameters: {
          Namespace: METRIC_NAMESPACE,
          MetricData: [
            {
              MetricName: METRICS.auditSucceeded,
              Dimensions: [{ Name: 'service', Value: name }],
              Unit: 'Count',
              Value: 0,
            },
          ],
        },
        physicalResourceId: PhysicalResourceId.of(`${name}-night-watch`),
      },
      permission: new PolicyStatement({
        sid: 'BeginNightWatch',
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
      }),
    });
    acknowledge(began, {
      'AwsSolutions-IAM5[Resource::*]':
        'AWS knows no resource for this action; the condition binds it to the namespace.',
    });
    new AuditorAlarm(this, 'MissedNight', {
      alerting: this.#alerting,
      about: 'missed-night',
      impact: `No run of the audit has come to its end for ${NIGHT_HOURS} hours: expired licenses keep their access, and nobody hears of tokens that do not fit.`,
      section: 'missed-night',
      metric: this.#metric(METRICS.auditSucceeded, Stats.SAMPLE_COUNT, Duration.hours(1)),
      threshold: 1,
      evaluationPeriods: NIGHT_HOURS,
      datapointsToAlarm: NIGHT_HOURS,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    }).node.addDependency(began);
  }

  #addFailing(): void {
    new AuditorAlarm(this, 'Failed', {
      alerting: this.#alerting,
      about: 'failed-audit',
      impact:
        'The nightly audit failed: until a later try or night succeeds, which ends this alarm, nothing is withdrawn and nobody hears of what does not fit.',
      section: 'failed-audit',
      metric: this.#metric(METRICS.failed, Stats.MAXIMUM, Duration.minutes(5), 'audit'),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.IGNORE,
    });
    new AuditorAlarm(this, 'Failing', {
      alerting: this.#alerting,
      about: 'failing-audit',
      impact: `Every run of the audit has failed for ${FAILING_DAYS} days: expired licenses keep their access, and nobody hears of tokens that do not fit.`,
      section: 'failing-audit',
      metric: this.#metric(METRICS.failed, Stats.MINIMUM, Duration.days(1), 'audit'),
      threshold: 1,
      evaluationPeriods: FAILING_DAYS,
      datapointsToAlarm: FAILING_DAYS,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** A week is as far back as CloudWatch looks; the day that has not had its night yet does not count. */
  #addHoldTooLong(): void {
    new AuditorAlarm(this, 'HoldTooLong', {
      alerting: this.#alerting,
      about: 'hold-too-long',
      impact:
        'HOLD has been in the bucket for about a week: no expired license loses its access until it is removed.',
      section: 'hold-too-long',
      metric: this.#metric(METRICS.held, Stats.MINIMUM, Duration.days(1)),
      threshold: 1,
      evaluationPeriods: HOLD_DAYS,
      datapointsToAlarm: HOLD_DAYS - 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /** The alarm for an event that never reached the function: a right is missing, or the function is gone. */
  #addUndelivered(reviewRule: string): void {
    const dropped = (namespace: string, metricName: string, dimension: string, value: string) =>
      new Metric({
        namespace,
        metricName,
        dimensionsMap: { [dimension]: value },
        statistic: Stats.SUM,
        period: Duration.minutes(5),
      });
    new AuditorAlarm(this, 'Undelivered', {
      alerting: this.#alerting,
      about: 'undelivered',
      impact:
        'An event of the schedule or of a changed list did not reach the audit, which never ran for it.',
      section: 'undelivered',
      metric: new MathExpression({
        expression: 'SUM([schedule, lists])',
        label: 'Events not delivered',
        usingMetrics: {
          schedule: dropped('AWS/Scheduler', 'InvocationDroppedCount', 'ScheduleGroup', this.#alerting.name),
          lists: dropped('AWS/Events', 'FailedInvocations', 'RuleName', reviewRule),
        },
        period: Duration.minutes(5),
      }),
      threshold: 1,
      evaluationPeriods: LATE_PERIODS,
      datapointsToAlarm: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

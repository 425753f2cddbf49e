import { type Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Duration } from 'aws-cdk-lib/core';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { METRICS, METRIC_NAMESPACE } from '../lambdas/runtime/metric-names.ts';
import { acknowledge } from './acknowledge.ts';
import { AuditorAlarm } from './alarms.ts';
import { DeploymentCall } from './deployment-call.ts';

/**
 * Hours without a successful night that are an alarm. A day of 25 hours, when clocks go back, is still within. As 26
 * periods of one hour: CloudWatch accepts up to seven days in all where a period is an hour or longer, one day else.
 */
const NIGHT_HOURS = 26;

/**
 * The alarm for a night that did not happen, for whatever reason: it waits for what a successful run says last, and
 * hearing nothing is the alarm.
 *
 * A new alarm has heard nothing and would go off at once, hours before the first night is due. So a zero is put into
 * the metric when the stack is first deployed: it counts as a sample, which starts the watch, and adds nothing to the
 * sum of successes, which the dashboard shows.
 */
export class NightWatch extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: { readonly name: string; readonly topic: ITopic }) {
    super(scope, id);
    const { name, topic } = props;
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
    this.alarm = new AuditorAlarm(this, 'MissedNight', {
      name,
      about: 'missed-night',
      impact: `No night has ended well for ${NIGHT_HOURS} hours: expired licenses keep their access, and nobody hears of tokens that do not fit.`,
      section: 'missed-night',
      topic,
      metric: new Metric({
        namespace: METRIC_NAMESPACE,
        metricName: METRICS.auditSucceeded,
        dimensionsMap: { service: name },
        statistic: Stats.SAMPLE_COUNT,
        period: Duration.hours(1),
      }),
      threshold: 1,
      evaluationPeriods: NIGHT_HOURS,
      datapointsToAlarm: NIGHT_HOURS,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
    });
    this.alarm.addOkAction(new SnsAction(topic));
    this.alarm.node.addDependency(began);
  }
}

// The stack of the nightly audit.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { alertingOf } from './alarms.ts';
import { AuditAlarms } from './audit-alarms.ts';
import { AuditorFunction } from './auditor-function.ts';
import { ConsoleEvents, TestEventRegistry } from './console-events.ts';
import { consoleLink } from './console-links.ts';
import { makeDashboard } from './dashboard.ts';
import { FailureQueue } from './failure-queue.ts';
import { functionName } from './names.ts';
import { NightlySchedule } from './nightly-schedule.ts';
import { ReviewRule } from './review-rule.ts';
import type { Stage } from './stage.ts';
import { testEvents } from './test-events.ts';

/** The nightly audit: function, schedule, review of changed lists, failure destination, alarms, dashboard. */
export class AuditStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, { ...stage.props, description: 'Hub Token Auditor: the nightly audit' });
    const { config, data } = stage;
    const { name } = config;
    const alerting = alertingOf(config, data);
    const failures = new FailureQueue(this, 'Failures', name, 'audit', data);
    const audit = new AuditorFunction(this, 'Audit', {
      kind: 'audit',
      description: 'Reconciles Docker Hub tokens, Vault keys and licenses; withdraws what has expired',
      timeout: Duration.minutes(15),
      config,
      data,
      failures,
      alerting,
      errorImpact: 'Tonight less was done than was due, unless a later try of the night succeeds',
    });
    new NightlySchedule(this, 'Schedule', { config, data, audit: audit.function, failures });
    const review = new ReviewRule(this, 'Review', { name, bucket: data.bucket, audit: audit.function });
    new AuditAlarms(this, 'Watch', { alerting, reviewRule: review.name });
    makeDashboard(this, { name, bucketName: data.bucket.bucketName, runbook: alerting.runbook });
    if (stage.testEvents)
      new ConsoleEvents(this, 'Events', {
        name,
        kind: 'audit',
        events: testEvents(stage.today).audit,
        registry: new TestEventRegistry(this, 'EventRegistry'),
      });
    const tell = (output: string, value: string, description: string) =>
      new CfnOutput(this, output, { value, description });
    tell('AuditLink', consoleLink.function(this, functionName(name, 'audit')), 'Where the audit is invoked');
    tell(
      'ReportsLink',
      consoleLink.reports(this, data.bucket.bucketName, OBJECTS.reports),
      'Where the reports are',
    );
    tell('DashboardLink', consoleLink.dashboard(this, name), 'Is it running, and who ends when');
    tell('AuditRoleArn', audit.role.roleArn, 'Role of the audit, for the AWS login of Vault');
  }
}

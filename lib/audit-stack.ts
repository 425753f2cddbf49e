import { Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Day } from '../lambdas/domain/days.ts';
import { AuditorFunction } from './auditor-function.ts';
import type { Config } from './config.ts';
import { ConsoleEvents, TestEventRegistry } from './console-events.ts';
import { makeDashboard } from './dashboard.ts';
import type { Data } from './data-stack.ts';
import { FailureQueue } from './failure-queue.ts';
import { NightWatch } from './night-watch.ts';
import { NightlySchedule } from './nightly-schedule.ts';
import { testEvents } from './test-events.ts';

/** The nightly audit: function, schedule, failure destination, alarms, dashboard. */
export class AuditStack extends Stack {
  constructor(scope: Construct, id: string, config: Config, data: Data, today: Day, props: StackProps) {
    super(scope, id, { ...props, description: 'Hub Token Auditor: the nightly audit' });
    const { name } = config;
    const failures = new FailureQueue(this, 'Failures', name, 'audit', data);
    const audit = new AuditorFunction(this, 'Audit', {
      kind: 'audit',
      description: 'Reconciles Docker Hub tokens, Vault keys and licenses; withdraws what has expired',
      timeout: Duration.minutes(15),
      config,
      data,
      failures,
      errorImpact:
        'The nightly audit failed: tonight nothing was withdrawn, and what does not fit was not told, unless a later try of the night succeeds.',
      section: 'failed-audit',
    });
    new NightlySchedule(this, 'Schedule', { config, data, audit: audit.function, failures });
    const watch = new NightWatch(this, 'Watch', { name, topic: data.topic });
    makeDashboard(this, {
      name,
      auditLogs: audit.logGroup,
      alarms: [watch.alarm, audit.failed, failures.alarm],
    });
    new ConsoleEvents(this, 'Events', {
      name,
      kind: 'audit',
      events: testEvents(today).audit,
      registry: new TestEventRegistry(this, 'EventRegistry'),
    });
  }
}

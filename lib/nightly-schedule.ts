// When the audit runs.
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AuditEvent } from '../lambdas/audit/event.ts';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';
import { keyStatement } from './function-permissions.ts';

/** What the schedule works with. */
export interface NightlyScheduleProps {
  readonly config: Config;
  readonly data: Data;
  readonly audit: IFunction;
  readonly failures: IQueue;
}

/**
 * The nightly run and two later tries, by local time. Each is tried twice more within ten minutes where the function
 * can't be reached, no longer: the next try of the night comes soon, and an event of yesterday is worth nothing.
 */
export class NightlySchedule extends Construct {
  constructor(scope: Construct, id: string, props: NightlyScheduleProps) {
    super(scope, id);
    const { config, data, audit, failures } = props;
    const stack = Stack.of(this);
    const group = new CfnScheduleGroup(this, 'Group', { name: config.name });

    const role = new Role(this, 'Role', {
      description: `Starts ${config.name}-audit by the clock`,
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': stack.account,
            'aws:SourceArn': stack.formatArn({
              service: 'scheduler',
              resource: 'schedule-group',
              resourceName: config.name,
              arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
            }),
          },
        },
      }),
    });
    const policy = new Policy(this, 'Permissions', {
      roles: [role],
      statements: [
        new PolicyStatement({
          sid: 'StartAudit',
          actions: ['lambda:InvokeFunction'],
          resources: [audit.functionArn],
        }),
        new PolicyStatement({
          sid: 'KeepFailedEvents',
          actions: ['sqs:SendMessage'],
          resources: [failures.queueArn],
        }),
        keyStatement(this, 'UseKey', data.key.keyArn, ['sqs']),
      ],
    });

    const add = (
      scheduleId: string,
      about: string,
      local: string,
      event: AuditEvent,
      description: string,
    ) => {
      const [hour = '', minute = ''] = local.split(':');
      new CfnSchedule(this, scheduleId, {
        name: `${config.name}-${about}`,
        description,
        groupName: group.ref,
        scheduleExpression: `cron(${Number(minute)} ${Number(hour)} * * ? *)`,
        scheduleExpressionTimezone: config.timeZone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: audit.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify(event),
          retryPolicy: {
            maximumRetryAttempts: 2,
            maximumEventAgeInSeconds: Duration.minutes(10).toSeconds(),
          },
          deadLetterConfig: { arn: failures.queueArn },
        },
      }).node.addDependency(policy);
    };
    add('Nightly', 'nightly', config.schedule.nightly, {}, 'The nightly audit');
    config.schedule.catchUps.forEach((local, index) => {
      add(
        `CatchUp${index + 1}`,
        `catch-up-${index + 1}`,
        local,
        { catchUp: true },
        'A later try of the nightly audit, which does nothing where the night is done',
      );
    });
  }
}

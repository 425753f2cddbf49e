import { describe, expect, it } from 'vitest';
import { auditEventSchema } from '../../lambdas/audit/event.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { lines, templatesOf } from './stacks.ts';

const { audit } = templatesOf({
  timeZone: 'Africa/Kinshasa',
  schedule: { nightly: '01:05', catchUps: ['01:30', '02:45'] },
});
const schedules = audit.all('Scheduler::Schedule').map(({ properties }) => properties);

describe('The schedule', () => {
  it('runs the audit every night and tries twice more the same night, by the configured time zone', () => {
    expect(
      schedules.map(({ Name, ScheduleExpression, ScheduleExpressionTimezone }) => [
        Name,
        ScheduleExpression,
        ScheduleExpressionTimezone,
      ]),
    ).toEqual([
      ['hub-token-auditor-nightly', 'cron(5 1 * * ? *)', 'Africa/Kinshasa'],
      ['hub-token-auditor-catch-up-1', 'cron(30 1 * * ? *)', 'Africa/Kinshasa'],
      ['hub-token-auditor-catch-up-2', 'cron(45 2 * * ? *)', 'Africa/Kinshasa'],
    ]);
  });

  it('says catchUp in the later tries only, in events that the audit accepts', () => {
    const inputs = schedules.map(({ Target }) => JSON.parse(inputOf(Target)) as unknown);
    expect(inputs).toEqual([{}, { catchUp: true }, { catchUp: true }]);
    for (const input of inputs) expect(parseEvent(auditEventSchema, input)).toEqual(input);
  });

  it('tries twice more within ten minutes, and keeps what could not be delivered', () => {
    for (const { Target } of schedules)
      expect(Target).toMatchObject({
        Arn: '<AuditFunction.Arn>',
        RoleArn: '<ScheduleRole.Arn>',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 },
        DeadLetterConfig: { Arn: '<Failures.Arn>' },
      });
  });

  it('happens at the minute, not in a window', () => {
    for (const { FlexibleTimeWindow } of schedules) expect(FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
  });

  it('may start the audit and keep its failures, and nothing else', () => {
    expect(lines(audit.rightsOf('ScheduleRole'))).toEqual([
      'kms:Decrypt on <Key.Arn>',
      'kms:GenerateDataKey on <Key.Arn>',
      'lambda:InvokeFunction on <AuditFunction.Arn>',
      'sqs:SendMessage on <Failures.Arn>',
    ]);
  });

  it('lends its role to this group of schedules only', () => {
    expect(audit.one('IAM::Role', 'ScheduleRole').properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: {
              'aws:SourceAccount': '<AWS::AccountId>',
              'aws:SourceArn':
                'arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule-group/hub-token-auditor',
            },
          },
        },
      ],
    });
    expect(audit.one('Scheduler::ScheduleGroup').properties['Name']).toBe('hub-token-auditor');
    for (const { GroupName } of schedules) expect(GroupName).toBe('<ScheduleGroup>');
  });
});

function inputOf(target: unknown): string {
  return typeof target === 'object' && target !== null && 'Input' in target ? String(target.Input) : '';
}

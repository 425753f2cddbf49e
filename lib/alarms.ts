// What every alarm has in common: what it means, where the runbook says what to do, and whom it mails.
import { Alarm, type AlarmProps, type IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { ArnFormat, type Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';
import { RUNBOOK, type RunbookSection } from './runbook.ts';

/** The alarms of a stage by the end of their names, the most urgent first. */
export const ALARMS = [
  'missed-night',
  'failed-audit',
  'failing-audit',
  'broken-off-audit',
  'undelivered',
  'nobody-confirmed',
  'hold-too-long',
  'content-check-silent',
  'failed-revoke',
  'broken-off-revoke',
  'failed-issue',
  'broken-off-issue',
] as const;

/**
 * Periods of five minutes that an alarm on a service's own numbers looks back. Lambda counts a run at the time of its
 * start, up to 15 minutes before it is known how it ended; and the tries of one night, up to 105 minutes apart, are
 * one alarm.
 */
export const LATE_PERIODS = 24;

/** One of {@link ALARMS}. */
export type AlarmName = (typeof ALARMS)[number];

function alarmArn(stack: Stack, resourceName: string): string {
  return stack.formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** Pattern of the ARNs of a stage's alarms: only they may publish to its topics. */
export function alarmArns(stack: Stack, name: string): string {
  return alarmArn(stack, `${name}-*`);
}

/** All alarms of a stage, of whichever stack, by their names. */
export function allAlarms(stack: Stack, name: string): IAlarm[] {
  return ALARMS.map((about) =>
    Alarm.fromAlarmArn(stack, `Shown-${about}`, alarmArn(stack, `${name}-${about}`)),
  );
}

/** Whom the alarms of a stage tell, and by which runbook. */
export interface Alerting {
  /** The configured name, which an alarm's name begins with. */
  readonly name: string;
  readonly topic: ITopic;
  /** Address of the runbook, to which a section's anchor is added. */
  readonly runbook: string;
}

/** The alerting that is configured. */
export function alertingOf(config: Config, data: Data): Alerting {
  return { name: config.name, topic: data.alarmTopic, runbook: config.runbookUrl ?? RUNBOOK };
}

/** An alarm of ours: nobody gets one that does not say what it means and what to do. */
export interface AuditorAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  readonly alerting: Alerting;
  readonly about: AlarmName;
  /** What is broken for people, one sentence. */
  readonly impact: string;
  readonly section: RunbookSection;
}

/** An alarm that mails what it means and where the runbook says what to do, and mails again when it is over. */
export class AuditorAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: AuditorAlarmProps) {
    const { alerting, about, impact, section, ...rest } = props;
    super(scope, id, {
      ...rest,
      alarmName: `${alerting.name}-${about}`,
      alarmDescription: `${impact} What to do: ${alerting.runbook}#${section}`,
    });
    const mail = new SnsAction(alerting.topic);
    this.addAlarmAction(mail);
    this.addOkAction(mail);
  }
}

import { Alarm, type AlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { ArnFormat, type Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { RUNBOOK, type RunbookSection } from './runbook.ts';

/** Pattern of the ARNs of a stage's alarms: only they may publish to its topic. */
export function alarmArns(stack: Stack, name: string): string {
  return stack.formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: `${name}-*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** An alarm of ours: nobody gets one without being told what it means and what to do. */
export interface AuditorAlarmProps extends Omit<AlarmProps, 'alarmName' | 'alarmDescription'> {
  /** The configured name, which the alarm's name begins with. */
  readonly name: string;
  /** The rest of the alarm's name. */
  readonly about: string;
  /** What is broken for people, one sentence. */
  readonly impact: string;
  readonly section: RunbookSection;
  readonly topic: ITopic;
}

/** An alarm that mails to the topic what it means and where the runbook says what to do. */
export class AuditorAlarm extends Alarm {
  constructor(scope: Construct, id: string, props: AuditorAlarmProps) {
    const { name, about, impact, section, topic, ...rest } = props;
    super(scope, id, {
      ...rest,
      alarmName: `${name}-${about}`,
      alarmDescription: `${impact} What to do: ${RUNBOOK}#${section}`,
    });
    this.addAlarmAction(new SnsAction(topic));
  }
}

import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Stack, Validations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { alarmArns } from './alarms.ts';
import type { Config } from './config.ts';

/** The topic that functions and alarms publish to, with a subscription for each configured mail address. */
export function makeMailTopic(scope: Construct, config: Config, key: Key): Topic {
  const stack = Stack.of(scope);
  const topic = new Topic(scope, 'Topic', {
    topicName: config.name,
    displayName: config.name,
    masterKey: key,
    enforceSSL: true,
  });
  // A topic with a policy of its own has lost the one by which alarms of the account may publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': alarmArns(stack, config.name) },
      },
    }),
  );
  for (const address of config.notifications.emails) topic.addSubscription(new EmailSubscription(address));
  if (config.notifications.emails.length === 0)
    Validations.of(scope).addWarning(
      'hub-token-auditor:nobody-is-told',
      'hub-token-auditor.notifications.emails names no mail address: unless somebody subscribes to the topic, nobody is told of findings and failures, and nothing is withdrawn, because no notice can be given.',
    );
  return topic;
}

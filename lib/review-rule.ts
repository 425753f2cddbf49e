// The rule by which a changed list or HOLD is looked at at once, and not only at night.
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnPermission, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import { HOLD_PREFIXES, type Store } from './store.ts';

/** Name of the rule. */
export function reviewRuleName(name: string): string {
  return `${name}-review`;
}

/** Sent to the audit when somebody changed a list or `HOLD`. */
const REVIEW = { review: true };

/**
 * EventBridge invokes the audit when one of the lists or `HOLD` is uploaded or removed. The bucket sends an event for
 * every object; what the functions write themselves matches no key here, so that no run causes another.
 */
export class ReviewRule extends Construct {
  readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly name: string; readonly bucket: Store; readonly audit: IFunction },
  ) {
    super(scope, id);
    const { bucket, audit } = props;
    const stack = Stack.of(this);
    this.name = reviewRuleName(props.name);
    new CfnPermission(this, 'Permission', {
      action: 'lambda:InvokeFunction',
      functionName: audit.functionArn,
      principal: 'events.amazonaws.com',
      sourceAccount: stack.account,
      sourceArn: stack.formatArn({
        service: 'events',
        resource: 'rule',
        resourceName: this.name,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    });
    new CfnRule(this, 'Rule', {
      name: this.name,
      description: `Lets ${props.name}-audit say what a changed list or HOLD means`,
      eventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created', 'Object Deleted'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          object: {
            key: [OBJECTS.licenses, OBJECTS.exemptions, ...HOLD_PREFIXES.map((prefix) => ({ prefix }))],
          },
        },
      },
      targets: [
        {
          id: 'Audit',
          arn: audit.functionArn,
          input: JSON.stringify(REVIEW),
          retryPolicy: {
            maximumRetryAttempts: 2,
            maximumEventAgeInSeconds: Duration.minutes(10).toSeconds(),
          },
        },
      ],
    });
  }
}

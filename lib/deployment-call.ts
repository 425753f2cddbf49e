import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, type AwsSdkCall } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** A call of an AWS API when the stack is first deployed, with exactly the right that it needs. */
export interface DeploymentCallProps {
  readonly call: AwsSdkCall;
  readonly permission: PolicyStatement;
}

const CALLER = 'DeploymentCalls';

/** What all calls of one stack share: the library's small function makes them, under this role. */
class Caller extends Construct {
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(stack: Stack) {
    super(stack, CALLER);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Calls made once, when the stack is deployed',
    });
    new Policy(this, 'Log', {
      roles: [this.role],
      statements: [
        new PolicyStatement({
          sid: 'Log',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        }),
      ],
    });
  }

  static of(stack: Stack): Caller {
    const found = stack.node.tryFindChild(CALLER);
    return found instanceof Caller ? found : new Caller(stack);
  }
}

/**
 * What CloudFormation can't say: a call made when this is first deployed and not again. Nothing happens when it is
 * changed or goes.
 */
export class DeploymentCall extends Construct {
  constructor(scope: Construct, id: string, props: DeploymentCallProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const caller = Caller.of(stack);
    const permission = new Policy(this, 'Permission', {
      roles: [caller.role],
      statements: [props.permission],
    });
    const call = new AwsCustomResource(this, 'Call', {
      onCreate: props.call,
      role: caller.role,
      logGroup: caller.logGroup,
      installLatestAwsSdk: false,
      timeout: Duration.minutes(2),
    });
    call.node.addDependency(permission, caller);
    const provider = stack.node.tryFindChild(
      `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`,
    );
    if (provider !== undefined)
      acknowledge(provider, {
        'AwsSolutions-L1': 'The function and its runtime are the CDK library’s; they go up with the library.',
      });
  }
}

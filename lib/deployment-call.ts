// Calls of AWS that are made once, when a stack is deployed.
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
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
  #acknowledged = false;

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

  /** Accepts the runtime of the library's function, once it is there. */
  acknowledgeProvider(): void {
    const id = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`;
    const provider = Stack.of(this).node.tryFindChild(id);
    if (provider === undefined || this.#acknowledged) return;
    this.#acknowledged = true;
    acknowledge(provider, {
      'AwsSolutions-L1':
        'The function and its runtime are those of the CDK library; they go up with the library.',
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
    caller.acknowledgeProvider();
  }
}

// One of the three functions with everything that each has.
import { Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  CfnEventInvokeConfig,
  CfnFunction,
  type IFunction,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge, wildcardFinding } from './acknowledge.ts';
import type { Alerting } from './alarms.ts';
import { HANDLER, functionCode } from './bundle.ts';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';
import { makeEnvironment } from './function-environment.ts';
import { functionStatements } from './function-permissions.ts';
import { addFunctionAlarms } from './function-alarms.ts';
import { type FunctionKind, functionName } from './names.ts';
import { REPORTS, REPORTS_REASON } from './store.ts';

/** What differs from function to function. */
export interface AuditorFunctionProps {
  readonly kind: FunctionKind;
  readonly description: string;
  readonly timeout: Duration;
  readonly config: Config;
  readonly data: Data;
  /** Where an event goes that the function could not do. */
  readonly failures: IQueue;
  readonly alerting: Alerting;
  /** What a failure breaks for people, one sentence without its full stop. */
  readonly errorImpact: string;
}

/**
 * One of the three functions with the house's defaults: bundled with everything it uses, no retries by
 * Lambda, a role of its own with exactly what it needs, logs that end, an alarm.
 *
 * Lambda does not try a failed event again: what a run has begun the next run goes on with, and a refused login
 * repeated is what locks an account. No concurrency is reserved, which small accounts can't: the lease in the bucket
 * lets one function change things at a time.
 */
export class AuditorFunction extends Construct {
  readonly function: IFunction;
  readonly logGroup: LogGroup;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: AuditorFunctionProps) {
    super(scope, id);
    const { kind, config, data } = props;
    const name = functionName(config.name, kind);
    const stack = Stack.of(this);

    // Logs hold names, counts and ids, no secrets: the service's own encryption does, and support can read them
    // without rights on the key. Bucket and mail tell what happened, so the logs go with the stack.
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${name}`,
      retention: config.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Vault's AWS login knows a function by its role, so that its name is not made up.
    const role = new Role(this, 'Role', {
      roleName: name,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${name} may do`,
    });
    this.role = role;
    const policy = new Policy(this, 'Permissions', {
      roles: [role],
      statements: functionStatements(this, {
        kind,
        functionArn: stack.formatArn({
          service: 'lambda',
          resource: 'function',
          resourceName: name,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
        config,
        data,
        logGroup: this.logGroup,
        failures: props.failures,
      }),
    });

    acknowledge(policy, {
      ...(kind === 'audit'
        ? { [wildcardFinding(stack, data.bucket.objectArn(REPORTS))]: REPORTS_REASON }
        : {}),
      ...(config.vpc === undefined
        ? {}
        : {
            'AwsSolutions-IAM5[Resource::*]':
              'Lambda joins a function to a VPC by network interfaces that have no name beforehand; the code itself is denied the same.',
          }),
    });

    const fn = new LambdaFunction(this, 'Function', {
      functionName: name,
      description: props.description,
      code: functionCode(kind),
      handler: HANDLER,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 1024,
      timeout: props.timeout,
      // Nothing may add to what is written out in the policy.
      role: role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      environment: makeEnvironment(config, data),
    });
    this.function = fn;
    const resource = fn.node.defaultChild;
    if (config.vpc !== undefined && resource instanceof CfnFunction)
      // By ids alone: a VPC construct would have to be looked up with credentials at synthesis.
      resource.vpcConfig = config.vpc;
    // A function that starts before its rights are there fails its first event.
    if (resource !== undefined) resource.node.addDependency(policy);

    new CfnEventInvokeConfig(this, 'Asynchronous', {
      functionName: fn.functionName,
      qualifier: '$LATEST',
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: Duration.minutes(10).toSeconds(),
      destinationConfig: { onFailure: { destination: props.failures.queueArn } },
    }).node.addDependency(policy);

    addFunctionAlarms(this, { kind, alerting: props.alerting, impact: props.errorImpact });
  }
}

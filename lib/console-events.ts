// The Lambda console's shareable test events, as resources.
import { CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, type Stack } from 'aws-cdk-lib/core';
import { PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { DeploymentCall } from './deployment-call.ts';
import { type FunctionKind, functionName } from './names.ts';
import { type TestEvents, testEventDocument } from './test-events.ts';

/** The registry of the Lambda console's shareable test events: one for the whole account and region. */
const TEST_EVENT_REGISTRY = 'lambda-testevent-schemas';

/** Name under which the console looks for a function's events. */
function testEventSchemaName(name: string, kind: FunctionKind | '*'): string {
  return `_${name}-${kind}-schema`;
}

/** ARN of the registry. */
export function registryArn(stack: Stack): string {
  return stack.formatArn({
    service: 'schemas',
    resource: 'registry',
    resourceName: TEST_EVENT_REGISTRY,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}

/** ARN of a function's schema in it, `*` for those of all three. */
export function testEventSchemaArn(stack: Stack, name: string, kind: FunctionKind | '*'): string {
  return stack.formatArn({
    service: 'schemas',
    resource: 'schema',
    resourceName: `${TEST_EVENT_REGISTRY}/${testEventSchemaName(name, kind)}`,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  });
}

/**
 * The registry. The console makes it the first time that somebody in the account saves an event, and a stack that
 * declares it fails where it exists; so it is asked for, and one that is there is as good. It stays when the stack
 * goes, because others keep their events in it.
 */
export class TestEventRegistry extends Construct {
  constructor(scope: Stack, id: string) {
    super(scope, id);
    new DeploymentCall(this, 'Create', {
      call: {
        service: 'schemas',
        action: 'CreateRegistry',
        parameters: { RegistryName: TEST_EVENT_REGISTRY },
        ignoreErrorCodesMatching: 'ConflictException',
        physicalResourceId: PhysicalResourceId.of(TEST_EVENT_REGISTRY),
      },
      permission: new PolicyStatement({
        sid: 'MakeTestEventRegistry',
        actions: ['schemas:CreateRegistry'],
        resources: [registryArn(scope)],
      }),
    });
  }
}

/** A function's shareable test events; they go with the stack. */
export class ConsoleEvents extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: {
      readonly name: string;
      readonly kind: FunctionKind;
      readonly events: TestEvents;
      readonly registry: TestEventRegistry;
    },
  ) {
    super(scope, id);
    new CfnSchema(this, 'Schema', {
      registryName: TEST_EVENT_REGISTRY,
      schemaName: testEventSchemaName(props.name, props.kind),
      type: 'OpenApi3',
      description: `Test events of ${functionName(props.name, props.kind)}`,
      content: testEventDocument(props.events),
    }).node.addDependency(props.registry);
  }
}

// The stack of what people ask for.
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { alertingOf } from './alarms.ts';
import { AuditorFunction } from './auditor-function.ts';
import { ConsoleEvents, TestEventRegistry } from './console-events.ts';
import { consoleLink } from './console-links.ts';
import { FailureQueue } from './failure-queue.ts';
import { functionName } from './names.ts';
import { makePeoplesPolicies } from './people.ts';
import { saveQueries } from './saved-queries.ts';
import type { Stage } from './stage.ts';
import { testEvents } from './test-events.ts';

/** What people ask for: issue and revoke, their alarms, and the rights of those who may ask. */
export class IssueStack extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, { ...stage.props, description: 'Hub Token Auditor: issuing and revoking on demand' });
    const { config, data } = stage;
    const { name } = config;
    const common = {
      // Callers wait for the answer; what Docker Hub, the registry and Vault may take is well within.
      timeout: Duration.minutes(5),
      config,
      data,
      failures: new FailureQueue(this, 'Failures', name, 'issue', data),
      alerting: alertingOf(config, data),
    };
    const issue = new AuditorFunction(this, 'Issue', {
      ...common,
      kind: 'issue',
      description: 'Issues, regenerates and renames the token of a deployment',
      errorImpact: 'A token was not issued, regenerated or renamed: a deployment may be unable to pull',
    });
    const revoke = new AuditorFunction(this, 'Revoke', {
      ...common,
      kind: 'revoke',
      description: 'Revokes and restores the tokens of a deployment',
      errorImpact:
        'Tokens were not revoked or restored: a deployment may keep an access that it should not have, or miss one that it should',
    });
    makePeoplesPolicies(this, stage);
    saveQueries(this, name);
    if (stage.testEvents) {
      const registry = new TestEventRegistry(this, 'EventRegistry');
      const events = testEvents(stage.today);
      new ConsoleEvents(this, 'IssueEvents', { name, kind: 'issue', events: events.issue, registry });
      new ConsoleEvents(this, 'RevokeEvents', { name, kind: 'revoke', events: events.revoke, registry });
    }
    for (const [output, kind, { role }] of [
      ['Issue', 'issue', issue],
      ['Revoke', 'revoke', revoke],
    ] as const) {
      new CfnOutput(this, `${output}Link`, {
        value: consoleLink.function(this, functionName(name, kind)),
        description: `Where ${kind} is invoked`,
      });
      new CfnOutput(this, `${output}RoleArn`, {
        value: role.roleArn,
        description: `Role of ${kind}, for the AWS login of Vault`,
      });
    }
  }
}

import { Duration, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Day } from '../lambdas/domain/days.ts';
import { AuditorFunction } from './auditor-function.ts';
import type { Config } from './config.ts';
import { ConsoleEvents, TestEventRegistry } from './console-events.ts';
import type { Data } from './data-stack.ts';
import { FailureQueue } from './failure-queue.ts';
import { makeOperatorsPolicy } from './operators.ts';
import { testEvents } from './test-events.ts';

/** What people ask for: issue and revoke, their alarms, and the rights of those who may ask. */
export class IssueStack extends Stack {
  constructor(scope: Construct, id: string, config: Config, data: Data, today: Day, props: StackProps) {
    super(scope, id, { ...props, description: 'Hub Token Auditor: issuing and revoking on demand' });
    const { name } = config;
    const failures = new FailureQueue(this, 'Failures', name, 'issue', data);
    // Callers wait for the answer; what Docker Hub, the registry and Vault may take is well within.
    const timeout = Duration.minutes(5);
    new AuditorFunction(this, 'Issue', {
      kind: 'issue',
      description: 'Issues, regenerates and renames the token of a deployment',
      timeout,
      config,
      data,
      failures,
      errorImpact: 'A token was not issued, regenerated or renamed: a deployment may be unable to pull.',
      section: 'failed-issue',
    });
    new AuditorFunction(this, 'Revoke', {
      kind: 'revoke',
      description: 'Revokes and restores the tokens of a deployment',
      timeout,
      config,
      data,
      failures,
      errorImpact:
        'Tokens were not revoked or restored: a deployment may keep an access that it should not have, or miss one that it should.',
      section: 'failed-revoke',
    });
    makeOperatorsPolicy(this, config, data);
    const registry = new TestEventRegistry(this, 'EventRegistry');
    const events = testEvents(today);
    new ConsoleEvents(this, 'IssueEvents', { name, kind: 'issue', events: events.issue, registry });
    new ConsoleEvents(this, 'RevokeEvents', { name, kind: 'revoke', events: events.revoke, registry });
  }
}

// Nights one after another, and what came of one in short.

import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

/** One night, then a day passes. */
export async function nightly(sandbox: Sandbox, event: AuditEvent = {}): Promise<AuditResult> {
  const result = await audit(event, sandbox.services());
  sandbox.now += DAY;
  return result;
}

/** What was done or planned for whom, and what came of it. */
export const steps = ({ actions }: Pick<AuditResult, 'actions'>): string[] =>
  actions.map(({ kind, deployment, status }) => `${kind} ${deployment} ${status}`);

/** Why, line by line. */
export const reasons = ({ actions }: Pick<AuditResult, 'actions'>): string =>
  actions.map(({ reason }) => reason).join('\n');

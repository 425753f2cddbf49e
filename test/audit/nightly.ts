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

/** As much of a result or a report as is looked at here. */
interface Ended {
  readonly actions: readonly Readonly<Record<'kind' | 'deployment' | 'status' | 'reason', string>>[];
}

/** What was done or planned for whom, and what came of it. */
export const steps = ({ actions }: Ended): string[] =>
  actions.map(({ kind, deployment, status }) => `${kind} ${deployment} ${status}`);

/** Why, line by line. */
export const reasons = ({ actions }: Ended): string => actions.map(({ reason }) => reason).join('\n');

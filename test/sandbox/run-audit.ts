// One run of the audit against a sandbox, in this process and by the sandbox's clock.

import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs a whole night; `process.env` is the function's meanwhile. */
export async function runNight(sandbox: Sandbox): Promise<AuditResult> {
  const kept = { ...process.env };
  try {
    return await audit({}, sandbox.services());
  } finally {
    process.env = kept;
  }
}

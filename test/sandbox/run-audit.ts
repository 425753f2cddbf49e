// One run of the audit against a sandbox, in this process and by the sandbox's clock.

import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { makeServices } from '../../lambdas/runtime/make-services.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import type { Sandbox } from './world.ts';

/** Runs a whole night; `process.env` is the function's meanwhile. */
export async function runNight(sandbox: Sandbox): Promise<AuditResult> {
  const nothing = (): void => undefined;
  const kept = { ...process.env };
  Object.assign(process.env, sandbox.environment);
  try {
    return await audit(
      {},
      makeServices(readSettings(sandbox.environment), {
        deadline: sandbox.clock.now() + 600_000,
        requestId: `night ${sandbox.clock.now()}`,
        log: { info: nothing, warn: nothing, error: nothing },
        meter: { count: nothing, milliseconds: nothing, flush: nothing },
        clock: sandbox.clock,
      }),
    );
  } finally {
    process.env = kept;
  }
}

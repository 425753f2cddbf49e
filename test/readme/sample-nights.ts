// The nights that the README shows: the sandbox's first two, by a clock of their own.

import { DAY } from '../../lambdas/domain/days.ts';
import { createClock } from '../sandbox/clock.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';

/** The first night: Friday 27 November 2026, 03:30 in Brussels. */
const FIRST_NIGHT = Date.parse('2026-11-27T02:30:00Z');

/** Calls the audit as Lambda does, and returns the key of its report. */
export type CallAudit = (event: object, id: string) => Promise<string>;

/** Lets a sandbox live through its first night, a day pass, and then what is to be shown happen. */
export async function afterFirstNight<Shown>(
  show: (sandbox: HttpSandbox, audit: CallAudit) => Promise<Shown>,
): Promise<Shown> {
  const sandbox = await startSandbox({ now: createClock({ now: FIRST_NIGHT, ticking: false }) });
  const machineTime = Date.now;
  const machineEnvironment = process.env;
  process.env = {
    ...machineEnvironment,
    ...sandbox.environment,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  Date.now = () => sandbox.clock.now();
  try {
    const { handler } = await import('../../lambdas/audit/handler.ts');
    const audit: CallAudit = async (event, awsRequestId) => {
      const context = {
        functionName: 'hub-token-auditor-audit',
        awsRequestId,
        getRemainingTimeInMillis: () => 15 * 60_000,
      };
      const { report } = await handler(event, context);
      return report;
    };
    await audit({}, 'night-1');
    sandbox.clock.advance(DAY);
    return await show(sandbox, audit);
  } finally {
    Date.now = machineTime;
    process.env = machineEnvironment;
    await sandbox.close();
  }
}

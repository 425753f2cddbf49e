// The mail that the README shows: that of the sandbox's second night. Run by itself (`npm run table`), it writes it there.

import { readFileSync, writeFileSync } from 'node:fs';
import { DAY } from '../../lambdas/domain/days.ts';
import { createClock } from '../sandbox/clock.ts';
import { startSandbox } from '../sandbox/world.ts';

/** The first night of the sample: Friday 27 November 2026, 03:30 in Brussels. */
const FIRST_NIGHT = Date.parse('2026-11-27T02:30:00Z');

const BLOCK = /(<!-- mail -->\n```\n)[^]*?(\n```\n<!-- \/mail -->)/;

/** The README with another mail in it. */
export function withMail(readme: string, mail: string): string {
  return readme.replace(BLOCK, (_, before: string, after: string) => `${before}${mail}${after}`);
}

/** The mail of a sandbox's second night, by the clock of the sample; what is random in a run's name is always the same. */
export async function sampleMail(): Promise<string> {
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
    for (const awsRequestId of ['night-1', 'night-2']) {
      if (awsRequestId === 'night-2') sandbox.clock.advance(DAY);
      await handler(
        {},
        {
          functionName: 'hub-token-auditor-audit',
          awsRequestId,
          getRemainingTimeInMillis: () => 15 * 60_000,
        },
      );
    }
    const mail = sandbox.aws.published.at(-1);
    const text = `Subject: ${mail?.subject ?? ''}\n\n${mail?.messages.get('email') ?? ''}`;
    return text.trimEnd().replace(/(\d{8}T\d{6}Z)-[0-9a-f]{8}/g, '$1-c86d4372');
  } finally {
    Date.now = machineTime;
    process.env = machineEnvironment;
    await sandbox.close();
  }
}

if (import.meta.main)
  writeFileSync('README.md', withMail(readFileSync('README.md', 'utf8'), await sampleMail()));

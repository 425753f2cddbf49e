import { mkdirSync, writeFileSync } from 'node:fs';
import { DAY, dayOf } from '../../lambdas/domain/days.ts';
import { OBJECTS, pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { createClock } from './clock.ts';
import { type Sandbox, startSandbox } from './world.ts';

/**
 * `npm start`: some nights in a sandbox on this machine. The handlers are called as Lambda calls them, with the
 * environment that the stacks would give them; Docker Hub, registry, Vault and AWS are stand-ins on loopback.
 */

/** Where the report is put, to be looked at in a browser. */
const OUT = 'reports';
const NIGHTS = 3;

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

/** Lets the functions see the sandbox's time: nights follow each other without anybody waiting for them. */
function liveIn(sandbox: Sandbox): () => void {
  const machineTime = Date.now;
  Date.now = () => sandbox.clock.now();
  return () => {
    Date.now = machineTime;
  };
}

function showMail(sandbox: Sandbox, from: number): void {
  for (const { subject, messages } of sandbox.aws.published.slice(from)) {
    say(`Subject: ${subject}`);
    say();
    say(messages.get('email') ?? '');
  }
  if (sandbox.aws.published.length === from) say('(no mail: nothing is new)\n');
}

/** One night: the handler of the audit, its mail, and where the report is. */
async function night(sandbox: Sandbox, number: number): Promise<string> {
  const { handler } = await import('../../lambdas/audit/handler.ts');
  const before = sandbox.aws.published.length;
  const day = dayOf(sandbox.clock.now(), sandbox.environment['TIME_ZONE'] ?? 'UTC');
  say(`--- Night ${number}, ${day} ${'-'.repeat(50)}`);
  say();
  const result = await handler(
    {},
    {
      functionName: 'hub-token-auditor-audit',
      awsRequestId: `night-${number}`,
      getRemainingTimeInMillis: () => 15 * 60_000,
    },
  );
  showMail(sandbox, before);
  return result.report;
}

// Logs and metrics of the functions go to CloudWatch in AWS; here they would hide the mail.
process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
process.env['POWERTOOLS_METRICS_DISABLED'] = 'true';
const sandbox = await startSandbox({ now: createClock({ ticking: false }) });
Object.assign(process.env, sandbox.environment);
const leave = liveIn(sandbox);
try {
  say('A sandbox on this machine: Docker Hub, its registry, Vault and AWS as stand-ins on loopback;');
  say(`the functions as they are deployed. ${NIGHTS} nights pass.`);
  say();
  let report = '';
  for (let number = 1; number <= NIGHTS; number++) {
    report = await night(sandbox, number);
    sandbox.clock.advance(DAY);
  }
  mkdirSync(OUT, { recursive: true });
  writeFileSync(`${OUT}/night.json`, sandbox.aws.bucket.text(report) ?? '');
  writeFileSync(`${OUT}/night.html`, sandbox.aws.bucket.text(pageKey(report)) ?? '');
  say(`The report of the last night is in ${OUT}/night.html (open it in a browser) and ${OUT}/night.json.`);
  say(
    `In the bucket: ${sandbox.aws.bucket.keys.filter((key) => !key.startsWith(OBJECTS.reports)).join(', ')}, and a report a night.`,
  );
} finally {
  leave();
  await sandbox.close();
}

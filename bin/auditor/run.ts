import { writeFile } from 'node:fs/promises';
import type { GenericSchema, InferOutput } from 'valibot';
import { audit } from '../../lambdas/audit/audit.ts';
import { auditEventSchema, isDry } from '../../lambdas/audit/event.ts';
import { auditIncomplete } from '../../lambdas/audit/incomplete.ts';
import { isComplete, readInputs } from '../../lambdas/audit/read-inputs.ts';
import { simulate } from '../../lambdas/audit/simulate.ts';
import { isDay } from '../../lambdas/domain/days.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import * as events from '../../lambdas/runtime/parse-event.ts';
import { type Typed, UsageError, commandOf, eventOf, parseWords } from './arguments.ts';
import { helpOf } from './help.ts';
import { type Session, type Voice, openSession } from './session.ts';
import { showAudit, showCalendar, showIssue, showRevoke } from './show.ts';

/** Words that make no valid event are wrong usage, before any system is asked. */
function parseEvent<Schema extends GenericSchema>(schema: Schema, event: unknown): InferOutput<Schema> {
  try {
    return events.parseEvent(schema, event);
  } catch (error) {
    throw isAuditorError(error) ? new UsageError(error.message) : error;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

async function runAudit(typed: Typed, environment: Environment, voice: Voice): Promise<[unknown, string]> {
  const event = parseEvent(auditEventSchema, eventOf(typed));
  const { services, onlyDry } = openSession(typed, environment, voice, isDry(event));
  if (onlyDry && event.approve !== undefined)
    throw new UsageError('--approve changes Docker Hub, so it wants --bucket.');
  const result = await audit(onlyDry ? { ...event, dryRun: true } : event, services);
  const file = typed.text('report');
  if (file !== undefined) {
    const report = await services.bucket.read(
      file.endsWith('.html') ? pageKey(result.report) : result.report,
    );
    if (typeof report !== 'string') await writeFile(file, report.body);
  }
  return [result, showAudit(result, services.bucket.location)];
}

function mayChange(typed: Typed, { onlyDry }: Session): void {
  if (onlyDry)
    throw new UsageError(
      `${typed.command} changes Docker Hub and Vault, so it wants --bucket: files in its place serve dry runs only, except against systems on this machine.`,
    );
}

async function runSimulate(typed: Typed, environment: Environment, voice: Voice): Promise<[unknown, string]> {
  const until = typed.text('until');
  if (until === undefined || !isDay(until))
    throw new UsageError('simulate wants --until DAY, written YYYY-MM-DD.');
  const { services } = openSession(typed, environment, voice, true);
  const now = services.clock.now();
  try {
    const inputs = await readInputs(services);
    if (!isComplete(inputs)) throw auditIncomplete(inputs.causes);
    const start = { facts: inputs.facts, hold: inputs.hold };
    const calendar = simulate(start, services.settings, now, until);
    return [{ until, calendar }, showCalendar(calendar, until)];
  } finally {
    await services.vault.close();
  }
}

async function runCommand(typed: Typed, environment: Environment, voice: Voice): Promise<[unknown, string]> {
  switch (typed.command) {
    case 'audit':
      return runAudit(typed, environment, voice);
    case 'simulate':
      return runSimulate(typed, environment, voice);
    case 'issue': {
      const event = parseEvent(issueEventSchema, eventOf(typed));
      const place = openSession(typed, environment, voice, false);
      mayChange(typed, place);
      const result = await issue(event, place.services);
      return [result, showIssue(result)];
    }
    case 'revoke':
    case 'restore': {
      const event = parseEvent(revokeEventSchema, eventOf(typed));
      const place = openSession(typed, environment, voice, false);
      mayChange(typed, place);
      const result = await revoke(event, place.services);
      return [result, showRevoke(result)];
    }
  }
}

/**
 * The command line.
 *
 * @param words what was typed after the program's name
 * @returns the exit code: 0 when it worked, 1 when it failed, 2 for wrong usage
 */
export async function run(
  words: readonly string[],
  environment: Environment,
  voice: Voice,
): Promise<0 | 1 | 2> {
  const command = commandOf(words);
  if (words.includes('--help') || words.includes('-h')) {
    voice.print(helpOf(command));
    return 0;
  }
  const json = words.includes('--json');
  try {
    const [result, shown] = await runCommand(parseWords(words), environment, voice);
    voice.print(json ? JSON.stringify(result, null, 2) : shown);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      voice.printError(
        command === undefined
          ? `${error.message}\n\n${helpOf(command)}`
          : `${error.message}\nnpm run auditor -- ${command} --help says how.`,
      );
      return 2;
    }
    const name = isAuditorError(error) ? error.name : 'AuditIncomplete';
    const message = isAuditorError(error)
      ? error.message
      : `The program stopped with an unexpected ${error instanceof Error ? error.name : 'error'}, which is a defect of it.`;
    voice.printError(`${name}: ${message}`);
    if (json) voice.print(JSON.stringify({ errorType: name, errorMessage: message }, null, 2));
    return 1;
  }
}

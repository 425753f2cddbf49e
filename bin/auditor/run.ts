// The command line: runs what was typed, prints what came of it, and says with which exit code the program ends.

import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { audit } from '../../lambdas/audit/audit.ts';
import { auditEventSchema, isDry } from '../../lambdas/audit/event.ts';
import { auditIncomplete } from '../../lambdas/audit/incomplete.ts';
import { isComplete, readInputs } from '../../lambdas/audit/read-inputs.ts';
import { simulate } from '../../lambdas/audit/simulate.ts';
import { EventScope } from '../../lambdas/clients/event-scope.ts';
import { dayOf, daysBetween, isDay } from '../../lambdas/domain/days.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import * as events from '../../lambdas/runtime/parse-event.ts';
import {
  type Typed,
  UsageError,
  commandOf,
  eventOf,
  isCommand,
  parseWords,
  refuseSwallowedOptions,
} from './arguments.ts';
import { checkFile } from './check.ts';
import { doctor } from './doctor.ts';
import { commandsOf, helpOf } from './help.ts';
import { type Session, type Voice, openSession, withoutSecrets } from './session.ts';
import { type Look, showAudit, showCalendar, showIssue, showRevoke } from './show.ts';
import { type Program, inShellWords, programOf } from './words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a command came to: for programs, for people, and whether it worked. */
interface Outcome {
  readonly result: unknown;
  readonly shown: string;
  readonly failed?: boolean;
}

/** What every command works with. */
interface Invocation {
  readonly typed: Typed;
  readonly environment: Environment;
  readonly voice: Voice;
  readonly look: Look;
}

/** Days that a simulation plays at the most. */
const MAX_SIMULATED_DAYS = 3660;

/**
 * The command line.
 *
 * @param words what was typed after the program's name
 * @returns the exit code: 0 when it worked, 1 when it failed, 2 for wrong usage
 */
export async function run(
  words: readonly string[],
  environment: Environment,
  given: Voice,
): Promise<0 | 1 | 2> {
  const program = programOf(environment);
  const voice = withoutSecrets(given, new EventScope());
  const answer = withoutSystems(words, program, voice.columns);
  if (answer !== undefined) {
    voice.print(answer);
    return 0;
  }
  const json = words.includes('--json');
  try {
    refuseSwallowedOptions(environment);
    const typed = parseWords(words);
    const look = { columns: voice.columns, program };
    const { result, shown, failed = false } = await runCommand({ typed, environment, voice, look });
    voice.print(json ? JSON.stringify(result, null, 2) : shown);
    return failed ? 1 : 0;
  } catch (error) {
    return reportFailure(error, words, program, voice);
  } finally {
    await voice.scope.end();
  }
}

/** Help and version, which need nothing else to be right. */
function withoutSystems(words: readonly string[], program: Program, columns: number): string | undefined {
  const [first, second] = words;
  if (first === '--version' || first === '-V' || first === 'version') return versionOf();
  if (first === 'help') return helpOf(isCommand(second) ? second : undefined, program, columns);
  return words.includes('--help') || words.includes('-h')
    ? helpOf(commandOf(words), program, columns)
    : undefined;
}

function versionOf(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return v.parse(v.pipe(v.string(), v.parseJson(), v.object({ version: v.string() })), text).version;
}

function reportFailure(error: unknown, words: readonly string[], program: Program, voice: Voice): 1 | 2 {
  const command = isCommand(words[0]) ? words[0] : undefined;
  if (error instanceof UsageError) {
    voice.printError(
      command === undefined
        ? `${error.message}\n\n${commandsOf(program, voice.columns)}`
        : `${error.message}\n${program} ${command} --help says how.`,
    );
    return 2;
  }
  const name = isAuditorError(error) ? error.name : 'AuditIncomplete';
  const message = isAuditorError(error)
    ? error.message
    : `The program stopped with an unexpected ${error instanceof Error ? error.name : 'error'}, which is a defect of it.`;
  voice.printError(`${name}: ${inShellWords(message, program)}`);
  if (words.includes('--json'))
    voice.print(JSON.stringify({ errorType: name, errorMessage: message }, null, 2));
  return 1;
}

async function runCommand(invocation: Invocation): Promise<Outcome> {
  const { typed, environment, voice, look } = invocation;
  switch (typed.command) {
    case 'audit':
      return runAudit(invocation);
    case 'simulate':
      return runSimulate(invocation);
    case 'check':
      return checkFile(typed, environment, look);
    case 'doctor':
      return doctor(typed, environment, voice);
    case 'issue': {
      const event = parseEvent(issueEventSchema, eventOf(typed));
      const { services } = sessionForChanges(invocation);
      voice.progress(`Issuing the token of ${event.deployment}`);
      const result = await issue(event, services);
      return { result, shown: showIssue(result, look) };
    }
    case 'revoke':
    case 'restore': {
      const event = parseEvent(revokeEventSchema, eventOf(typed));
      const { services } = sessionForChanges(invocation);
      voice.progress('Reading the tokens at Docker Hub');
      const result = await revoke(event, services);
      return { result, shown: showRevoke(result, look) };
    }
  }
}

/** Words that make no valid event are wrong usage, before any system is asked. */
function parseEvent<Schema extends v.GenericSchema>(schema: Schema, event: unknown): v.InferOutput<Schema> {
  try {
    return events.parseEvent(schema, event);
  } catch (error) {
    throw isAuditorError(error) ? new UsageError(error.message) : error;
  }
}

function sessionForChanges({ typed, environment, voice }: Invocation): Session {
  const session = openSession(typed, environment, voice, false);
  if (session.onlyDry)
    throw new UsageError(
      `${typed.command} changes Docker Hub and Vault, so it wants --bucket: files in its place serve dry runs only, except against systems on this machine.`,
    );
  return session;
}

/** A report that can't be written where it is wanted must not cost a run: looked at before anything is done. */
function checkReportFile(file: string): void {
  const folder = dirname(resolve(file));
  try {
    accessSync(folder, constants.W_OK);
    if (!statSync(folder).isDirectory()) throw new TypeError('no folder');
  } catch {
    throw new UsageError(
      `--report ${file}: there is no folder ${folder} that may be written; make it first. Nothing was done.`,
    );
  }
  const existing = statSync(file, { throwIfNoEntry: false });
  if (existing?.isDirectory() === true)
    throw new UsageError(`--report ${file} is a folder; name a file in it. Nothing was done.`);
}

async function runAudit({ typed, environment, voice, look }: Invocation): Promise<Outcome> {
  const event = parseEvent(auditEventSchema, eventOf(typed));
  const file = typed.text('report');
  if (file !== undefined) checkReportFile(file);
  const { services, onlyDry } = openSession(typed, environment, voice, isDry(event));
  if (onlyDry && !isDry(event) && event.approve !== undefined)
    throw new UsageError('--approve with --enforce changes Docker Hub, so it wants --bucket.');
  const dry = onlyDry || isDry(event);
  if (onlyDry && typed.flag('enforce'))
    voice.printError(
      '--enforce counts for nothing here: with files in place of the bucket this is a dry run.',
    );
  voice.progress(`${dry ? 'Dry run: ' : ''}reading Docker Hub, Vault and the lists`);
  const result = await audit(onlyDry ? { ...event, dryRun: true } : event, services);
  if (file !== undefined) {
    const key = file.endsWith('.html') ? pageKey(result.report) : result.report;
    const report = await services.bucket.read(key);
    // At once: Ctrl-C comes before the file or after it.
    if (typeof report !== 'string') writeFileSync(file, report.body);
  }
  return { result, shown: showAudit(result, services.bucket.location, look) };
}

async function runSimulate({ typed, environment, voice, look }: Invocation): Promise<Outcome> {
  const until = typed.text('until');
  if (until === undefined || !isDay(until))
    throw new UsageError('simulate wants --until DAY, written YYYY-MM-DD.');
  const { services } = openSession(typed, environment, voice, true);
  const now = services.clock.now();
  const ahead = daysBetween(dayOf(now, services.settings.timeZone), until);
  if (ahead < 0)
    throw new UsageError(`--until ${until} is past; name the last day that is to be played, from today on.`);
  if (ahead > MAX_SIMULATED_DAYS) throw new UsageError(`--until ${until} is more than ten years ahead.`);
  voice.progress('Reading Docker Hub, Vault and the lists');
  try {
    const reading = await readInputs(services);
    if (!isComplete(reading)) throw auditIncomplete(reading.causes);
    const start = { inputs: reading.inputs, hold: reading.hold };
    const calendar = simulate(start, services.settings, now, until);
    return { result: { until, calendar }, shown: showCalendar(calendar, until, look) };
  } finally {
    await services.vault.close();
  }
}

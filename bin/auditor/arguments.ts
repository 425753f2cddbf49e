// What was typed: the commands, their options, and the event of the function that a command calls.

import { parseArgs } from 'node:util';
import { distance } from 'fastest-levenshtein';

/** The commands of the command line. */
export const COMMANDS = ['audit', 'issue', 'revoke', 'restore', 'simulate', 'check', 'doctor'] as const;
export type Command = (typeof COMMANDS)[number];

/** Wrong usage of the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const COMMON = { bucket: text, licenses: text, state: text, json: flag, help: flag } as const;
const PEOPLE = { reason: text, 'requested-by': text } as const;

const OPTIONS = {
  audit: {
    ...COMMON,
    ...PEOPLE,
    enforce: flag,
    'dry-run': flag,
    'as-of': text,
    'verify-all': flag,
    'catch-up': flag,
    review: flag,
    approve: { type: 'string', multiple: true },
    'accept-counts': flag,
    report: text,
  },
  issue: {
    ...COMMON,
    ...PEOPLE,
    regenerate: flag,
    'overlap-hours': text,
    'rename-to': text,
    'allow-unlicensed': flag,
    'allow-similar': flag,
    'create-secret': flag,
    'no-verify-pull': flag,
  },
  revoke: { ...COMMON, ...PEOPLE, 'token-id': text, delete: flag, confirm: text },
  restore: { ...COMMON, ...PEOPLE, 'token-id': text, run: text },
  simulate: { ...COMMON, until: text },
  check: { licenses: text, exemptions: text, state: text, json: flag, help: flag },
  doctor: COMMON,
} as const satisfies Record<Command, NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** Every option of any command, without its dashes. */
const OPTION_NAMES: readonly string[] = [
  ...new Set(Object.values(OPTIONS).flatMap((options) => Object.keys(options))),
];

/** What was typed, with the values by their names. */
export interface Typed {
  readonly command: Command;
  /** The word beside the options: a deployment's name, or the file that `check` reads. */
  readonly subject?: string;
  text(name: string): string | undefined;
  flag(name: string): boolean;
  list(name: string): readonly string[] | undefined;
}

export function isCommand(word: string | undefined): word is Command {
  return COMMANDS.some((command) => command === word);
}

/** The command that the words ask for, where they ask for one. */
export function commandOf(words: readonly string[]): Command | undefined {
  return words.find(isCommand);
}

/** What takes a word beside its options, and what that word is. */
const SUBJECTS: Partial<Record<Command, string>> = {
  issue: "the deployment's name, such as orange-cd",
  revoke: "the deployment's name, such as orange-cd",
  restore: "the deployment's name, such as orange-cd",
  check: 'the file to read, such as licenses.csv',
};

/** Parses the words after the program's name. @throws UsageError */
export function parseWords(words: readonly string[]): Typed {
  const [command, ...rest] = words;
  if (!isCommand(command)) throw new UsageError(wrongCommand(command));
  const values = new Map(Object.entries(optionsOf(command, rest)));
  const positionals = values.get('') ?? [];
  const [subject, ...more] = Array.isArray(positionals) ? positionals.map(String) : [];
  const wanted = SUBJECTS[command];
  const isOptional = values.has('help') || values.has('run');
  if (wanted !== undefined && subject === undefined && !isOptional)
    throw new UsageError(`${command} wants ${wanted}.`);
  const surplus = wanted === undefined ? subject : more[0];
  if (surplus !== undefined) throw new UsageError(`What is ${surplus}? ${command} takes no such word.`);
  return {
    command,
    ...(subject === undefined ? {} : { subject }),
    text: (name) => {
      const value = values.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    flag: (name) => values.get(name) === true,
    list: (name) => {
      const value = values.get(name);
      return Array.isArray(value) ? value.map(String) : undefined;
    },
  };
}

/**
 * Options that npm took for its own: of `npm run auditor audit --dry-run`, without the dashes in between, only `audit`
 * arrives, and the option stands in npm's environment.
 *
 * @throws UsageError
 */
export function refuseSwallowedOptions(environment: Readonly<Record<string, string | undefined>>): void {
  const swallowed = OPTION_NAMES.filter((name) => {
    const variable = `npm_config_${name.replace(/^no-/, '').replaceAll('-', '_')}`;
    return environment[variable] !== undefined;
  });
  if (swallowed.length > 0)
    throw new UsageError(
      `npm kept ${swallowed.map((name) => `--${name}`).join(', ')} for itself, so nothing was done. Put -- before the options: npm run auditor -- audit --dry-run`,
    );
}

/** The event of the function that a command calls: only what was typed, so that the function's own checks decide. */
export function eventOf(typed: Typed): Record<string, unknown> {
  switch (typed.command) {
    case 'audit':
      return auditEvent(typed);
    case 'issue':
      return issueEvent(typed);
    case 'revoke':
      return given([
        ...people(typed),
        ['tokenId', typed.text('token-id')],
        ['delete', typed.flag('delete')],
        ['confirm', typed.text('confirm')],
      ]);
    case 'restore':
      return typed.text('run') === undefined
        ? { ...given([...people(typed), ['tokenId', typed.text('token-id')]]), restore: true }
        : given([...people(typed), ['tokenId', typed.text('token-id')], ['restoreRun', typed.text('run')]]);
    case 'simulate':
    case 'check':
    case 'doctor':
      return {};
  }
}

type Entries = readonly (readonly [field: string, value: unknown])[];

const given = (entries: Entries): Record<string, unknown> =>
  Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== false));

const people = (typed: Typed): Entries => [
  ['deployment', typed.subject],
  ['reason', typed.text('reason')],
  ['requestedBy', typed.text('requested-by')],
];

/** Only `--enforce` changes anything; the schedule's own events go with nothing else. */
function auditEvent(typed: Typed): Record<string, unknown> {
  const enforce = typed.flag('enforce');
  const contradicting = ['dry-run', 'as-of'].filter(
    (name) => typed.flag(name) || typed.text(name) !== undefined,
  );
  if (enforce && contradicting.length > 0)
    throw new UsageError(
      `--enforce and --${contradicting.join(' and --')} exclude each other: decide whether anything is changed.`,
    );
  for (const name of ['catch-up', 'review'])
    if (typed.flag(name) && !enforce)
      throw new UsageError(`--${name} changes what is there, so it wants --enforce.`);
  const approved = typed.list('approve');
  if (typed.flag('accept-counts') && approved !== undefined)
    throw new UsageError('--accept-counts and --approve exclude each other.');
  return given([
    ['dryRun', !enforce],
    ['asOf', typed.text('as-of')],
    ['verifyAll', typed.flag('verify-all')],
    ['catchUp', typed.flag('catch-up')],
    ['review', typed.flag('review')],
    ['approve', typed.flag('accept-counts') ? [] : approved],
    ['reason', typed.text('reason')],
    ['requestedBy', typed.text('requested-by')],
  ]);
}

function issueEvent(typed: Typed): Record<string, unknown> {
  const hours = typed.text('overlap-hours');
  if (hours !== undefined && !/^\d{1,3}$/.test(hours))
    throw new UsageError('--overlap-hours wants a number from 0 to 720.');
  return {
    ...given([
      ...people(typed),
      ['regenerate', typed.flag('regenerate')],
      ['overlapHours', hours === undefined ? undefined : Number(hours)],
      ['renameTo', typed.text('rename-to')],
      ['allowUnlicensed', typed.flag('allow-unlicensed')],
      ['allowSimilar', typed.flag('allow-similar')],
      ['createSecret', typed.flag('create-secret')],
    ]),
    ...(typed.flag('no-verify-pull') ? { verifyPull: false } : {}),
  };
}

/** The nearest of the words that could have been meant. */
function meant(word: string, words: readonly string[]): string | undefined {
  const near = words
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate) }))
    .sort((a, b) => a.far - b.far)[0];
  return near !== undefined && near.far <= Math.max(1, Math.floor(near.candidate.length / 3))
    ? near.candidate
    : undefined;
}

function wrongCommand(word: string | undefined): string {
  const last = COMMANDS.at(-1) ?? '';
  if (word === undefined) return `Which command? ${COMMANDS.slice(0, -1).join(', ')} or ${last}.`;
  if (word.startsWith('-')) return `The command comes first, then options such as ${word}.`;
  const near = meant(word, COMMANDS);
  return `There is no command ${word}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

/** The values of the options by name; under the empty name the words beside them. */
function optionsOf(command: Command, rest: readonly string[]): Record<string, unknown> {
  const known = Object.keys(OPTIONS[command]);
  const end = rest.indexOf('--');
  for (const word of end < 0 ? rest : rest.slice(0, end)) {
    const name = /^--([^=]+)/.exec(word)?.[1];
    if (name === undefined || known.includes(name)) continue;
    const near = meant(name, known);
    const elsewhere = COMMANDS.filter((other) => Object.hasOwn(OPTIONS[other], name));
    throw new UsageError(
      `${command} has no option --${name}.${near === undefined ? (elsewhere.length === 0 ? '' : ` ${elsewhere.join(' and ')} has it.`) : ` Did you mean --${near}?`}`,
    );
  }
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options: OPTIONS[command],
      allowPositionals: true,
      strict: true,
    });
    return { ...values, '': positionals };
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'The options could not be read.',
    );
  }
}

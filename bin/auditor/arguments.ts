import { parseArgs } from 'node:util';
import { COMMANDS, type Command } from './help.ts';

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
    'dry-run': flag,
    'as-of': text,
    'verify-all': flag,
    'catch-up': flag,
    approve: { type: 'string', multiple: true },
    report: text,
  },
  issue: {
    ...COMMON,
    ...PEOPLE,
    regenerate: flag,
    'overlap-hours': text,
    'rename-to': text,
    'allow-unlicensed': flag,
    'create-secret': flag,
    'no-verify-pull': flag,
  },
  revoke: { ...COMMON, ...PEOPLE, 'token-id': text, delete: flag, confirm: text },
  restore: { ...COMMON, ...PEOPLE, 'token-id': text },
  simulate: { ...COMMON, until: text },
} as const satisfies Record<Command, NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** What was typed, with the values by their names. */
export interface Typed {
  readonly command: Command;
  readonly deployment?: string;
  text(name: string): string | undefined;
  flag(name: string): boolean;
  list(name: string): readonly string[] | undefined;
}

function isCommand(word: string | undefined): word is Command {
  return COMMANDS.some((command) => command === word);
}

/** The command that the words ask for, where they ask for one. */
export function commandOf(words: readonly string[]): Command | undefined {
  const word = words.find((candidate) => !candidate.startsWith('-'));
  return isCommand(word) ? word : undefined;
}

/** Parses the words after the program's name. @throws UsageError */
export function parseWords(words: readonly string[]): Typed {
  const [command, ...rest] = words;
  if (!isCommand(command))
    throw new UsageError(
      command === undefined
        ? 'Which command? audit, issue, revoke, restore or simulate.'
        : `There is no command ${command}.`,
    );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: rest, options: OPTIONS[command], allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options can not be read.');
  }
  const values = new Map(Object.entries(parsed.values));
  const [deployment, ...more] = parsed.positionals;
  const wantsDeployment = command === 'issue' || command === 'revoke' || command === 'restore';
  if (wantsDeployment && deployment === undefined && values.get('help') !== true)
    throw new UsageError(`${command} wants the deployment's name, such as orange-cd.`);
  if (more.length > 0 || (!wantsDeployment && deployment !== undefined))
    throw new UsageError(`What is ${more[0] ?? deployment ?? ''}? ${command} takes no such word.`);
  return {
    command,
    ...(deployment === undefined ? {} : { deployment }),
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

/** The event of the function that a command calls: only what was typed, so that the function's own checks decide. */
export function eventOf(typed: Typed): Record<string, unknown> {
  const given = (entries: readonly (readonly [field: string, value: unknown])[]): Record<string, unknown> =>
    Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== false));
  const people = [
    ['deployment', typed.deployment],
    ['reason', typed.text('reason')],
    ['requestedBy', typed.text('requested-by')],
  ] as const;
  switch (typed.command) {
    case 'audit':
      return given([
        ['dryRun', typed.flag('dry-run')],
        ['asOf', typed.text('as-of')],
        ['verifyAll', typed.flag('verify-all')],
        ['catchUp', typed.flag('catch-up')],
        ['approve', typed.list('approve')],
      ]);
    case 'issue': {
      const hours = typed.text('overlap-hours');
      if (hours !== undefined && !/^\d{1,3}$/.test(hours))
        throw new UsageError('--overlap-hours wants a number from 0 to 720.');
      return {
        ...given([
          ...people,
          ['regenerate', typed.flag('regenerate')],
          ['overlapHours', hours === undefined ? undefined : Number(hours)],
          ['renameTo', typed.text('rename-to')],
          ['allowUnlicensed', typed.flag('allow-unlicensed')],
          ['createSecret', typed.flag('create-secret')],
        ]),
        ...(typed.flag('no-verify-pull') ? { verifyPull: false } : {}),
      };
    }
    case 'revoke':
      return given([
        ...people,
        ['tokenId', typed.text('token-id')],
        ['delete', typed.flag('delete')],
        ['confirm', typed.text('confirm')],
      ]);
    case 'restore':
      return { ...given([...people, ['tokenId', typed.text('token-id')]]), restore: true };
    case 'simulate':
      return {};
  }
}

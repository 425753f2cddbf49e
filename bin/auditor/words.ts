// What the functions say, in the words of the shell: the command in place of the event, lines as wide as the terminal.

import { REVOKE } from '../../lambdas/domain/rules/remedies.ts';

/** Columns where the output is no terminal. */
export const DEFAULT_COLUMNS = 80;

/** What begins a command line, as the person who reads it started the program. */
export type Program = 'npm run auditor --' | 'npx hub-token-auditor';

/** How the program was started. */
export function programOf(environment: Readonly<Record<string, string | undefined>>): Program {
  return environment['npm_lifecycle_event'] === 'npx' ? 'npx hub-token-auditor' : 'npm run auditor --';
}

/** Breaks a paragraph into lines of at most so many columns, all but the first indented. No word is broken. */
export function wrapLine(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line];
}

/** An event as it stands in a text. */
const EVENT = /\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}/g;
/** A flag of the issue function that a sentence names without an event around it. */
const FIELD = /"(regenerate|allowUnlicensed|allowSimilar|createSecret|restore)": true/g;

/** How the fields of the events are typed. */
const OPTION_OF: Readonly<Record<string, string>> = {
  tokenId: '--token-id',
  reason: '--reason',
  requestedBy: '--requested-by',
  regenerate: '--regenerate',
  overlapHours: '--overlap-hours',
  renameTo: '--rename-to',
  allowUnlicensed: '--allow-unlicensed',
  allowSimilar: '--allow-similar',
  createSecret: '--create-secret',
  delete: '--delete',
  confirm: '--confirm',
  verifyAll: '--verify-all',
  asOf: '--as-of',
  restoreRun: '--run',
};

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function parsedEvent(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

function optionWords(event: Record<string, unknown>): string[] {
  return Object.entries(event).flatMap(([field, value]) => {
    const option = OPTION_OF[field];
    if (field === 'approve' && Array.isArray(value))
      return value.length === 0
        ? ['--accept-counts']
        : value.flatMap((name) => ['--approve', quoted(String(name))]);
    if (option === undefined || value === false) return [];
    return value === true ? [option] : [option, quoted(String(value))];
  });
}

/** The words after the program's name that do what an event does; `undefined` where the shell has no such command. */
function commandFor(event: Record<string, unknown>, before: string): string | undefined {
  const { deployment } = event;
  const options = optionWords(event);
  if ('approve' in event) return ['audit', '--enforce', ...options].join(' ');
  if ('dryRun' in event || 'asOf' in event || 'verifyAll' in event) return ['audit', ...options].join(' ');
  if ('restoreRun' in event) return ['restore', ...options].join(' ');
  if (typeof deployment !== 'string') return undefined;
  const command =
    'restore' in event
      ? 'restore'
      : 'delete' in event || before.lastIndexOf(REVOKE) > before.lastIndexOf('the issue function')
        ? 'revoke'
        : 'issue';
  return [command, quoted(deployment), ...options].join(' ');
}

/** A sentence of a finding, with the shell's commands in place of events to paste. */
export function inShellWords(text: string, program: Program): string {
  return text
    .replace(EVENT, (found, at: number) => {
      const event = parsedEvent(found);
      const command = event === undefined ? undefined : commandFor(event, text.slice(0, at));
      return command === undefined ? found : `${program} ${command}`;
    })
    .replace(FIELD, (found, field: string) =>
      field === 'restore' ? 'restore' : (OPTION_OF[field] ?? found),
    );
}

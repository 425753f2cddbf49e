// What is said when somebody stops the program by Ctrl-C.

import { type Program, programOf } from './words.ts';

/** The exit code of a program that was stopped by Ctrl-C, as shells have it: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/** The sentence for a person: whether anything may have been changed, and how to see what is so now. */
export function interruptedText(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const [command = ''] = words;
  const changes = CHANGING.has(command) || (command === 'audit' && words.includes('--enforce'));
  return changes
    ? changedText(programOf(environment))
    : 'Stopped by Ctrl-C. Nothing was changed at Docker Hub or in Vault, and no mail was sent.';
}

/** Commands that are there to change something. */
const CHANGING: ReadonlySet<string> = new Set(['issue', 'revoke', 'restore']);

const changedText = (program: Program): string =>
  `Stopped by Ctrl-C. A step that was begun may be done: "${program} audit" shows what is so now, and the next night puts in order what is unfinished. For 15 minutes at most, commands that change something may say Busy.`;

// The help of the command line: every command, every variable.

import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../bin/auditor/arguments.ts';
import { helpOf } from '../../bin/auditor/help.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';

const PROGRAM = 'npm run auditor --';
const COLUMNS = 80;
/** `check` reads a file and asks no system. */
const ASKING = COMMANDS.filter((command) => command !== 'check');

describe('The help of the command line', () => {
  it.each([undefined, ...ASKING])('names every variable that the functions read (%s)', (command) => {
    const words = helpOf(command, PROGRAM, COLUMNS).split(/[^A-Z_]+/);
    for (const variable of Object.values(ENV)) expect(words).toContain(variable);
  });

  it('lists every command', () => {
    for (const command of COMMANDS)
      expect(helpOf(undefined, PROGRAM, COLUMNS)).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.each([40, 60, 80, 120])('has no line beyond %i columns but a single long word', (columns) => {
    for (const command of [undefined, ...COMMANDS])
      for (const line of helpOf(command, PROGRAM, columns).split('\n'))
        if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(columns);
  });

  it('says how a list and no deletion are written', () => {
    expect(helpOf(undefined, PROGRAM, COLUMNS)).toContain('WARN_DAYS=30,14,7,1');
    expect(helpOf(undefined, PROGRAM, COLUMNS)).toContain('DELETE_AFTER_DAYS=never');
  });
});

import { describe, expect, it } from 'vitest';
import { COMMANDS, helpOf } from '../../bin/auditor/help.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';

describe('The help of the command line', () => {
  it.each([undefined, ...COMMANDS])('names every variable that the functions read (%s)', (command) => {
    const words = helpOf(command).split(/[^A-Z_]+/);
    for (const variable of Object.values(ENV)) expect(words).toContain(variable);
  });

  it('says how a list and no deletion are written', () => {
    expect(helpOf(undefined)).toContain('WARN_DAYS=30,14,7,1');
    expect(helpOf(undefined)).toContain('DELETE_AFTER_DAYS=never');
  });
});

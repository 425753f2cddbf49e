// What the command line says.

import { describe, expect, it } from 'vitest';
import { type Voice, withoutSecrets } from '../../bin/auditor/session.ts';
import { EventScope } from '../../lambdas/clients/event-scope.ts';

describe('the words of the command line', () => {
  it('hold no secret that a client met, and nothing that a terminal obeys', () => {
    const said: string[] = [];
    const say = (text: string): void => {
      said.push(text);
    };
    const given: Voice = { print: say, printError: say, progress: say, columns: 80 };
    const voice = withoutSecrets(given, new EventScope());
    voice.scope.secrets.addPassword('the p?ssword');
    voice.print(JSON.stringify({ id: 'a\u009b31m', reason: 'the p?ssword' }));
    voice.printError('token \u001b]0;title\u0007: The P?ssword\n');
    voice.progress('\u202eabc');
    expect(said).toEqual([
      '{"id":"a\\u009b31m","reason":"(concealed)"}',
      'token \\u001b]0;title\\u0007: (concealed)\n',
      '\\u202eabc',
    ]);
    expect(voice.columns).toBe(80);
  });
});

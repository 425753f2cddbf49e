// What of an event is refused, and what is concealed, before anything is done with it.

import { describe, expect, it } from 'vitest';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { concealed } from '../../lambdas/text/conceal.ts';

const LETTERS = `${'aB3-_'.repeat(5)}xy`;
const CONTENT = `dckr_pat_${LETTERS}`;
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

const messageOf = (event: unknown): string => {
  try {
    parseEvent(issueEventSchema, event);
  } catch (error) {
    return String(error);
  }
  return '';
};

describe('a reason', () => {
  it.each(['', '  ', '\u200b', '\u2060\ufeff', '\u3164\u115f', '\u2800', '\u00a0\u00ad', '\u0000'])(
    'is none where nobody sees it (%j)',
    (reason) => {
      const event = { deployment: 'orange-cd', allowUnlicensed: true, reason };
      expect(messageOf(event)).toMatch(/^InvalidRequest: .*reason must not be empty/);
    },
  );

  it.each(['x', '7', '?', 'नमस्ते', '支払済', '🙂'])('may be in any writing (%s)', (reason) => {
    expect(parseEvent(issueEventSchema, { deployment: 'orange-cd', reason }).reason).toBe(reason);
  });
});

describe('a token’s content in an event', () => {
  it.each([
    ['dckr_pat_aB3', `-${LETTERS}`],
    ['dckr', `pat_${LETTERS}`],
    [UUID.slice(0, 18), UUID.slice(19)],
    [UUID.slice(0, 20), UUID.slice(20)],
  ])('is refused where telco and country hold it between them: %s, %s', (telco, country) => {
    const message = messageOf({ telco, country });
    expect(message).toMatch(/^InvalidRequest: .*telco and country together are a token's content/);
    expect(message).not.toContain(country);
    expect(messageOf({ telco: 'orange-dr', country: 'cd' })).toBe('');
  });

  it.each([
    ['in a label', { deployment: CONTENT }],
    ['in capitals', { deployment: 'orange-cd', reason: CONTENT.toUpperCase() }],
    [
      'in what Docker keeps of a login',
      { deployment: 'orange-cd', reason: Buffer.from(`a:${CONTENT}`).toString('base64') },
    ],
    ['with invisible letters in it', { deployment: 'orange-cd', reason: CONTENT.replace('B3', 'B\u200b3') }],
    ['as the name of a field', { [CONTENT]: true }],
    ['in an unknown field', { a: [{ b: CONTENT }] }],
    ['in a field that has it in its name', { a: { [CONTENT]: CONTENT } }],
  ])('is refused and not repeated: %s', (_where, event) => {
    const message = messageOf(event);
    expect(message).toMatch(/^InvalidRequest: .*looks like a token's content/);
    expect(message.toLowerCase()).not.toContain(LETTERS.slice(0, 8).toLowerCase());
  });

  it('of before 2022 is concealed, because it may be an id, and stays where ids belong', () => {
    const event = { deployment: `mtn-gh ${UUID}`, tokenId: UUID, reason: `leaked: ${UUID}` };
    expect(parseEvent(revokeEventSchema, event)).toEqual({
      deployment: `mtn-gh ${concealed(UUID)}`,
      tokenId: UUID,
      reason: `leaked: ${concealed(UUID)}`,
    });
    expect(parseEvent(revokeEventSchema, { ...event, tokenId: `x ${UUID}` }).tokenId).not.toContain(UUID);
    expect(messageOf({ [UUID]: true })).not.toContain(UUID);
  });

  it('is not what stands for one that is concealed', () => {
    const shown = concealed(CONTENT);
    expect(parseEvent(revokeEventSchema, { deployment: shown, reason: 'x' }).deployment).toBe(shown);
  });
});

import { describe, expect, it } from 'vitest';
import { eventText, fitsEvent } from '../../lambdas/text/event-json.ts';

describe('the text of an event', () => {
  it('is JSON of printable ASCII on one line, without blanks in a row, that gives the same event', () => {
    expect(eventText({ deployment: 'Orange CD', regenerate: true })).toBe(
      '{"deployment": "Orange CD", "regenerate": true}',
    );
    for (const deployment of ['a"}\n', 'о\u202eé\u{1f600}\u007f', 'a   b  ', 'a\\b', '__proto__']) {
      const text = eventText({ deployment, reason: '...' });
      expect(text).toMatch(/^[!-~]+(?: [!-~]+)*$/);
      expect(JSON.parse(text)).toEqual({ deployment, reason: '...' });
    }
  });

  it('names several, each as one is named', () => {
    const approve = ['orange-cd', 'о\u202e'];
    expect(eventText({ approve })).toBe('{"approve": ["orange-cd", "\\u043e\\u202e"]}');
    expect(eventText({ approve: [] })).toBe('{"approve": []}');
  });

  it('can name what has 1 to 100 characters', () => {
    expect(['', 'a', 'a'.repeat(100), 'a'.repeat(101)].map(fitsEvent)).toEqual([false, true, true, false]);
  });
});

// A reader with ten seconds: who must stand in the first 25 lines of each of five nights' mails.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Night, SEEN, liveFiveNights } from '../sandbox/five-nights.ts';

let mails: readonly Night[] = [];

beforeAll(async () => {
  mails = await liveFiveNights();
}, 120_000);

describe('the mail of a night in the sandbox', () => {
  it.each(SEEN)('$night says in its first 25 lines $what', ({ night, names, mail }) => {
    const first = mails[night - 1]?.lines.slice(0, 25).join('\n') ?? '';
    for (const name of names) expect(first).toMatch(new RegExp(`\\b${name}\\b`));
    for (const text of mail) expect(first).toMatch(text);
  });

  it('has at most 60 lines on the first night, none longer than 76 columns but a link', () => {
    expect(mails[0]?.lines.length).toBeLessThanOrEqual(60);
    for (const { lines } of mails)
      for (const line of lines) if (!line.startsWith('https://')) expect(line.length).toBeLessThanOrEqual(76);
  });

  it('has a subject that says the most urgent thing first', () => {
    const subjects = mails.map(({ subject }) => subject.replace('[Docker Hub tokens] ', '').split(',')[0]);
    expect(subjects).toEqual([
      expect.stringMatching(/^[23] lose access tonight$/),
      "6 can't pull",
      "6 can't pull",
      'a list shrank',
      'HOLD',
    ]);
  });

  it('begins on its page too with the list that shrank, and nobody loses access by it', () => {
    const headline = /<h2 id="verdict"[^>]*>([^<]*)</.exec(mails[3]?.page ?? '')?.[1] ?? '';
    expect(headline).toMatch(/^a list shrank, /);
    expect(headline).not.toMatch(/loses? access/);
  });

  it('has events that are JSON where they are pasted, none with a name that was made up', () => {
    for (const { lines } of mails)
      for (const [event] of lines.join('\n').matchAll(/^ {4}\{[^]*?\}$/gm)) {
        expect(() => JSON.parse(event) as unknown).not.toThrow();
        expect(event).not.toContain('telco-country');
      }
  });
});

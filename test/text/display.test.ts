import { describe, expect, it } from 'vitest';
import { counted, listed, printable, shownName } from '../../lambdas/text/display.ts';

describe('outside text', () => {
  it('keeps printable ASCII but the backslash, and makes everything else visible', () => {
    expect(printable(' !~[]^az09{}"')).toBe(' !~[]^az09{}"');
    expect(printable('a\\b')).toBe('a\\u{5c}b');
    expect(printable('a\nb\u0000\u007f')).toBe('a\\u{a}b\\u{0}\\u{7f}');
    expect(printable('оé\u202e\u{1f600}')).toBe('\\u{43e}\\u{e9}\\u{202e}\\u{1f600}');
  });

  it('is cut where it is longer than wanted, and says so', () => {
    expect([printable('x'.repeat(100)), printable('x'.repeat(101))]).toEqual([
      'x'.repeat(100),
      `${'x'.repeat(100)}...`,
    ]);
    expect([printable('\n', 5), printable('\n', 4)]).toEqual(['\\u{a}', '\\u{a...']);
    expect([printable('abc', 3), printable('abcd', 3), printable('\n', 3)]).toEqual([
      'abc',
      'abc...',
      '\\u{...',
    ]);
  });
});

describe('a label for a sentence', () => {
  it('stands as it is where it can not be misread, else in quotes and escaped', () => {
    expect(['orange-cd', 'Orange_CD', 'a.b', 'x'.repeat(100)].map(shownName)).toEqual([
      'orange-cd',
      'Orange_CD',
      'a.b',
      'x'.repeat(100),
    ]);
    expect(['', 'a b', ' a', 'a ', 'a\n', '!a', 'a!'].map(shownName)).toEqual([
      '""',
      '"a b"',
      '" a"',
      '"a "',
      '"a\\u{a}"',
      '"!a"',
      '"a!"',
    ]);
    expect(shownName('x'.repeat(101))).toBe(`"${'x'.repeat(100)}..."`);
  });
});

describe('a list and a number for a sentence', () => {
  it('have commas, an "and", and the plural where it is due', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c']);
    expect([counted(0, 'key'), counted(1, 'key'), counted(2, 'key'), counted(2, 'box', 'boxes')]).toEqual([
      '0 keys',
      '1 key',
      '2 keys',
      '2 boxes',
    ]);
  });
});

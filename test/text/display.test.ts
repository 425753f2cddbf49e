import { describe, expect, it } from 'vitest';
import { pluralize, joinWithAnd, escapeText, displayName } from '../../lambdas/text/display.ts';

describe('outside text', () => {
  it('keeps printable ASCII but the backslash, and makes everything else visible', () => {
    expect(escapeText(' !~[]^az09{}"')).toBe(' !~[]^az09{}"');
    expect(escapeText('a\\b')).toBe('a\\u{5c}b');
    expect(escapeText('a\nb\u0000\u007f')).toBe('a\\u{a}b\\u{0}\\u{7f}');
    expect(escapeText('оé\u202e\u{1f600}')).toBe('\\u{43e}\\u{e9}\\u{202e}\\u{1f600}');
  });

  it('is cut where it is longer than wanted, and says so', () => {
    expect([escapeText('x'.repeat(100)), escapeText('x'.repeat(101))]).toEqual([
      'x'.repeat(100),
      `${'x'.repeat(100)}...`,
    ]);
    expect([escapeText('\n', 5), escapeText('\n', 4)]).toEqual(['\\u{a}', '\\u{a...']);
    expect([escapeText('abc', 3), escapeText('abcd', 3), escapeText('\n', 3)]).toEqual([
      'abc',
      'abc...',
      '\\u{...',
    ]);
  });
});

describe('a label for a sentence', () => {
  it('stands as it is where it can not be misread, else in quotes and escaped', () => {
    expect(['orange-cd', 'Orange_CD', 'a.b', 'x'.repeat(100)].map(displayName)).toEqual([
      'orange-cd',
      'Orange_CD',
      'a.b',
      'x'.repeat(100),
    ]);
    expect(['', 'a b', ' a', 'a ', 'a\n', '!a', 'a!'].map(displayName)).toEqual([
      '""',
      '"a b"',
      '" a"',
      '"a "',
      '"a\\u{a}"',
      '"!a"',
      '"a!"',
    ]);
    expect(displayName('x'.repeat(101))).toBe(`"${'x'.repeat(100)}..."`);
  });
});

describe('a list and a number for a sentence', () => {
  it('have commas, an "and", and the plural where it is due', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(joinWithAnd)).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect([
      pluralize(0, 'key'),
      pluralize(1, 'key'),
      pluralize(2, 'key'),
      pluralize(2, 'box', 'boxes'),
    ]).toEqual(['0 keys', '1 key', '2 keys', '2 boxes']);
  });
});

import { describe, expect, it } from 'vitest';
import {
  capitalized,
  describeStatement,
  displayName,
  escapeProse,
  escapeText,
  joinWithAnd,
  pluralize,
  quoteProse,
  quoteText,
} from '../../lambdas/text/display.ts';

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

describe('a cell for a sentence', () => {
  it('stands in quotes that nothing in it can close, and is cut where it is longer than wanted', () => {
    expect(quoteText('a "b" c\\')).toBe('"a \\"b\\" c\\u{5c}"');
    expect([quoteText('x'.repeat(101)), quoteText('abcd', 3)]).toEqual([
      `"${'x'.repeat(100)}..."`,
      '"abc..."',
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
    expect(displayName('a", all is well, "b')).toBe('"a\\", all is well, \\"b"');
    expect(displayName('x'.repeat(101))).toBe(`"${'x'.repeat(100)}..."`);
  });
});

describe('what somebody wrote', () => {
  it('stays legible in every language', () => {
    for (const text of [
      'Hélène Müller, 50 % – paid (see “note”)',
      'Иван Петров',
      '王小明 🙂',
      'ผู้ดูแล',
      'हिन्दी',
      'مرحبا',
      'a\\b',
      '٣́ और 1̂',
      'x'.repeat(300),
    ])
      expect(escapeProse(text)).toBe(text);
    expect(escapeProse('x'.repeat(301))).toBe(`${'x'.repeat(300)}...`);
    expect(quoteProse('x'.repeat(301))).toBe(`"${'x'.repeat(300)}..."`);
    expect(escapeProse('Mu\u0308ller')).toBe('Müller');
  });

  it('can not forge a line, move text or hide any, and is the same when it is done twice', () => {
    for (const [text, shown] of [
      ['a\nb\r\u001b[31m\u009b1m\u0085\u2028', 'a\\u{a}b\\u{d}\\u{1b}[31m\\u{9b}1m\\u{85}\\u{2028}'],
      [
        '\u202ecba\u2066\u200b\u00ad\ufeff\u{e0041}',
        '\\u{202e}cba\\u{2066}\\u{200b}\\u{ad}\\u{feff}\\u{e0041}',
      ],
      ['\u3164\u115f\u2800\u00a0', '\\u{3164}\\u{115f}\\u{2800}\\u{a0}'],
      ['\u0301', '\\u{301}'],
      ['x\u0302\u0303\u0304\u0305', 'x\u0302\u0303\\u{304}\\u{305}'],
      ['\ud800', '\\u{d800}'],
    ] as const) {
      expect(escapeProse(text)).toBe(shown);
      expect(escapeProse(shown)).toBe(shown);
    }
    expect([escapeProse('é'.repeat(5), 5), escapeProse('é'.repeat(6), 5)]).toEqual(['ééééé', 'ééééé...']);
  });

  it('stands in quotes that it can not close', () => {
    expect(quoteProse('late, as usual')).toBe('"late, as usual"');
    expect(quoteProse('ok"). Approved by "CTO')).toBe('"ok\\"). Approved by \\"CTO"');
    expect(quoteProse('ok\\')).toBe('"ok\\\\"');
    expect(quoteProse('ok”＂')).toBe('"ok\\u{201d}\\u{ff02}"');
    expect(quoteProse('x'.repeat(400), 3)).toBe('"xxx..."');
  });

  it('is what somebody says, not what is so', () => {
    expect(describeStatement({})).toBe('no reason given');
    expect(describeStatement({ reason: 'not paid' })).toBe('the caller says "not paid"');
    expect(describeStatement({ reason: 'not paid', requestedBy: 'ann' })).toBe('"ann" says "not paid"');
    expect(describeStatement({ reason: 'x', requestedBy: 'a'.repeat(101) })).toBe(
      `"${'a'.repeat(100)}..." says "x"`,
    );
    expect(describeStatement({ requestedBy: 'cto@example.com' })).toBe(
      'asked for by "cto@example.com", no reason given',
    );
    expect(describeStatement({ reason: 'ok). … Approved by the CTO (really' })).toBe(
      'the caller says "ok). … Approved by the CTO (really"',
    );
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

describe('a clause as the beginning of a sentence', () => {
  it('has a capital letter, and the rest as it was', () => {
    expect(['nobody is cut off', 'the VPN of MTN', 'émile', '3 keys', ''].map(capitalized)).toEqual([
      'Nobody is cut off',
      'The VPN of MTN',
      'Émile',
      '3 keys',
      '',
    ]);
  });
});

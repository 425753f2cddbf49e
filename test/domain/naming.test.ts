import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countryOf, isCountry, isWellNamed } from '../../lambdas/domain/naming.ts';
import { SimilarWords, isSimilar } from '../../lambdas/domain/similar-words.ts';

describe('the naming rule', () => {
  it.each(['orange-cd', 'orange-dr-cd', 'm1-2x-abc', `${'a'.repeat(97)}-cd`])('accepts %s', (name) => {
    expect(isWellNamed(name)).toBe(true);
  });

  it.each([
    'orange',
    'Orange-cd',
    'orange_cd',
    'orange--cd',
    '-orange-cd',
    'orange-cd-',
    'orange-c',
    'orange-c1',
    'orange-cd\n',
    ' orange-cd',
    'оrange-cd',
    'orange-cd\u200b',
    '',
    'constructor',
    '__proto__',
    `${'a'.repeat(98)}-cd`,
  ])('refuses %j', (name) => {
    expect(isWellNamed(name)).toBe(false);
  });

  it('takes the last part as the country', () => {
    expect(countryOf('orange-dr-cd')).toBe('cd');
  });

  it('has countries of nothing but letters, two at least', () => {
    expect(['cd', 'abc'].every(isCountry)).toBe(true);
    expect(['c', 'cd1', '1cd', 'c-d', 'CD', ''].some(isCountry)).toBe(false);
  });
});

describe('similar words', () => {
  it('are equal, or a letter or two apart, fewer for short names', () => {
    expect(isSimilar('orange', 'ornage')).toBe(true);
    expect(isSimilar('orange-rdc', 'orangerdc')).toBe(true);
    expect(isSimilar('mtn', 'mtm')).toBe(true);
    expect(isSimilar('mtn', 'max')).toBe(false);
    expect(isSimilar('orange', 'vodacom')).toBe(false);
    expect(isSimilar('orange', 'orange-dr2')).toBe(false);
    expect(isSimilar('orange', 'orangedr')).toBe(true);
  });

  it('may differ by one letter below five letters of the shorter one, by two from five on', () => {
    expect([isSimilar('abcd', 'abcde'), isSimilar('abcd', 'abcdef')]).toEqual([true, false]);
    expect([isSimilar('abcde', 'abcxy'), isSimilar('abcde', 'abxyz')]).toEqual([true, false]);
  });

  it.each([
    ['shop1', 'shop2', false],
    ['shop1', 'shop01', true],
    ['shop0', 'shop00', true],
    ['shop001', 'shop1', true],
    ['shop123', 'shp123', true],
    ['shop123', 'shop124', false],
    ['shop-1-23', 'shp-1-23', true],
    ['shop', 'shop1', true],
    ['shop', 'shop12', false],
    ['shopping', 'shopping12', true],
    ['s1hop2', 's1hop3', false],
    ['s1hop2', 's12hop', false],
    ['sh0p', 'shop', true],
    ['shop10', 'shop100', false],
  ])('do not differ in their numbers: %s and %s', (a, b, similar) => {
    expect([isSimilar(a, b), isSimilar(b, a)]).toEqual([similar, similar]);
    expect([new SimilarWords([b]).similarTo(a).has(b), new SimilarWords([a]).similarTo(b).has(a)]).toEqual([similar, similar]); // prettier-ignore
  });

  describe('compared letter by letter', () => {
    /** How many slips two words are apart, by the whole table. */
    function slipsBetween(a: string, b: string): number {
      const table: number[][] = [];
      for (let i = 0; i <= a.length; i++) {
        const row: number[] = [];
        for (let j = 0; j <= b.length; j++) {
          const at = (up: number, left: number): number => (up === 0 ? row : table[i - up])?.[j - left] ?? 99;
          const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
          row.push(
            i === 0 || j === 0
              ? i + j
              : Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + (a[i - 1] === b[j - 1] ? 0 : 1), isSwap ? at(2, 2) + 1 : 99),
          ); // prettier-ignore
        }
        table.push(row);
      }
      return table[a.length]?.[b.length] ?? 99;
    }
    const areNear = (a: string, b: string): boolean =>
      slipsBetween(a, b) <= (Math.min(a.length, b.length) < 5 ? 1 : 2);

    it('are those that are so few slips apart, whatever the words', () => {
      const word = fc.stringMatching(/^[abc]{1,9}$/);
      fc.assert(
        fc.property(word, word, (a, b) => {
          expect([a, b, isSimilar(a, b)]).toEqual([a, b, areNear(a, b)]);
        }),
        { numRuns: 3000 },
      );
    });

    it('are all found among many, and no others', () => {
      const word = fc.oneof(fc.stringMatching(/^[abcd]{1,9}$/), fc.stringMatching(/^a?[ab]{1,10}$/));
      fc.assert(
        fc.property(fc.array(word, { maxLength: 200, size: 'max' }), word, (words, wanted) => {
          const found = [...new SimilarWords(words).similarTo(wanted)].sort();
          expect(found).toEqual([...new Set(words)].filter((other) => areNear(wanted, other)).sort());
        }),
        { numRuns: 300 },
      );
    });
  });
});

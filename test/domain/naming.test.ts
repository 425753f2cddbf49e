import { describe, expect, it } from 'vitest';
import { countryOf, isCountry, isWellNamed } from '../../lambdas/domain/naming.ts';
import { isSimilar } from '../../lambdas/domain/similar-words.ts';

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
});

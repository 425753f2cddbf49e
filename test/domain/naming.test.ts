import { describe, expect, it } from 'vitest';
import { countryOf, isCountry, isNearTelco, isWellNamed, telcoOf } from '../../lambdas/domain/naming.ts';

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

  it('takes the last part as the country and all before it as the telco', () => {
    expect([telcoOf('orange-dr-cd'), countryOf('orange-dr-cd')]).toEqual(['orange-dr', 'cd']);
  });

  it('has countries of nothing but letters, two at least', () => {
    expect(['cd', 'abc'].every(isCountry)).toBe(true);
    expect(['c', 'cd1', '1cd', 'c-d', 'CD', ''].some(isCountry)).toBe(false);
  });
});

describe('near telcos', () => {
  it('are equal but for hyphens, or a letter or two apart, fewer for short names', () => {
    expect(isNearTelco('orange', 'ornage')).toBe(true);
    expect(isNearTelco('orange-rdc', 'orangerdc')).toBe(true);
    expect(isNearTelco('mtn', 'mtm')).toBe(true);
    expect(isNearTelco('mtn', 'max')).toBe(false);
    expect(isNearTelco('orange', 'vodacom')).toBe(false);
    expect(isNearTelco('orange', 'orange-dr2')).toBe(false);
    expect(isNearTelco('orange', 'orange-dr')).toBe(true);
  });

  it('may differ by one letter below five letters of the shorter one, by two from five on', () => {
    expect([isNearTelco('abcd', 'abcde'), isNearTelco('abcd', 'abcdef')]).toEqual([true, false]);
    expect([isNearTelco('abcde', 'abcxy'), isNearTelco('abcde', 'abxyz')]).toEqual([true, false]);
  });
});

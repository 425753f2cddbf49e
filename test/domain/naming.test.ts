import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countryOf,
  isCountry,
  isNearTelco,
  isWellNamed,
  nameFinder,
  telcoOf,
} from '../../lambdas/domain/naming.ts';

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

describe('the name that was probably meant', () => {
  const find = nameFinder(['orange-cd', 'orange-cm', 'vodacom-cd', 'airtel-td', 'mtn-cm', 'mtn-cg']);

  it.each([
    ['Orange_CD', 'orange-cd'],
    ['orange cd', 'orange-cd'],
    ['orangecd', 'orange-cd'],
    ['оrange-cd', 'orange-cd'],
    ['οrаngе-сԁ', 'orange-cd'],
    ['Orangé-CD\u200b', 'orange-cd'],
    ['cd-orange', 'orange-cd'],
    ['CD_vodacom', 'vodacom-cd'],
    ['vodacon_cd', 'vodacom-cd'],
    ['airtell-TD', 'airtel-td'],
  ])('is found for %j', (label, meant) => {
    expect(find(label)).toBe(meant);
  });

  it('is not guessed where two names are as near, or none is', () => {
    expect(find('MTN_CX')).toBeUndefined();
    expect(find('something else')).toBeUndefined();
    expect(find('')).toBeUndefined();
    expect(find('constructor')).toBeUndefined();
  });

  it('is found where a letter or two differ at one end, not at both', () => {
    const near = nameFinder(['airtel-td']);
    expect(['Airtal_TX', 'Xirtal_TD', 'Airte_TD', 'Airtellx_TD'].map(near)).toEqual(
      Array(4).fill('airtel-td'),
    );
    expect(['Xirtel_TX', 'Axxtex_TD', 'Airtelxxx_TD'].map(near)).toEqual(Array(3).fill(undefined));
  });

  it('is not guessed where two names differ by their hyphens only', () => {
    const find = nameFinder(['orange-dr-cd', 'orangedr-cd', 'mtn-cm']);
    expect(find('Orange_DR_CD')).toBeUndefined();
    expect(find('MTN_CM')).toBe('mtn-cm');
  });

  it('is not looked for beyond the first 400 characters', () => {
    expect(find(`${' '.repeat(391)}orange-cd`)).toBe('orange-cd');
    expect(find(`${' '.repeat(400)}orange-cd`)).toBeUndefined();
  });

  it('is not guessed from fewer than four letters', () => {
    const short = nameFinder(['m-cd', 'mt-cg']);
    expect([short('M_CD'), short('MT_CG')]).toEqual([undefined, 'mt-cg']);
  });

  it('is always one of the licensed deployments, whatever the label', () => {
    const names = new Set(['orange-cd', 'vodacom-cd']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (label) => {
        const meant = nameFinder(names)(label);
        expect(meant === undefined || names.has(meant)).toBe(true);
      }),
    );
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

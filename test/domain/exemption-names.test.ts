// Whom an exemption was probably meant for whose label nothing has.
import { describe, expect, it } from 'vitest';
import { namesMeant } from '../../lambdas/domain/exemption-names.ts';
import { nameFinder } from '../../lambdas/domain/near-names.ts';

const NAMES = [
  'orange-cd',
  'orange-cm',
  'orange-dr-cd',
  'mtn-cm',
  'mtn-cg',
  'o2-gb',
  'Orange_CI',
  'tele2-se',
];
const meant = (label: string, names: readonly string[] = NAMES): readonly string[] =>
  namesMeant(label, names, nameFinder(names.filter((name) => name === name.toLowerCase())));

describe('the names that a label of an exemption means', () => {
  it.each<[what: string, label: string, names: readonly string[]]>([
    ['another spelling', 'Orange_CD', ['orange-cd']],
    ['a typing error', 'ornage-cd', ['orange-cd']],
    ['the telco alone', 'orange', ['orange-cd', 'orange-cm', 'orange-dr-cd']],
    ['the telco alone in capitals', 'MTN', ['mtn-cg', 'mtn-cm']],
    [
      'the telco with its second part, or a slip for another',
      'orange-dr',
      ['orange-cd', 'orange-cm', 'orange-dr-cd'],
    ],
    ['the telco with a number', 'tele2', ['tele2-se']],
    ['no part of a telco', 'orang', []],
    ['no country alone', 'cd', []],
    ['no telco of two characters, which may be a country', 'o2', []],
    ['no telco with something beside it', 'orange-', []],
    ['no telco behind something', '-orange', []],
    ['nothing', '', []],
    ['words around a name', 'orange-cd (base)', ['orange-cd']],
    ['words around a name in capitals', 'ORANGE-CD (base)', ['orange-cd']],
    ['several names', 'orange-cd, mtn-cm and mtn-cg', ['orange-cd', 'mtn-cm', 'mtn-cg']],
    ['a name in brackets', '(mtn-cg)', ['mtn-cg']],
    ['a star for the rest', 'orange-*', ['orange-cd', 'orange-cm', 'orange-dr-cd']],
    ['a star for the beginning', '*-cm', ['orange-cm', 'mtn-cm']],
    ['a star in the middle, which may be nothing', 'orange*-cd', ['orange-cd', 'orange-dr-cd']],
    ['a star for everything', '*', NAMES],
    ['a percent sign for the rest', 'mtn%', ['mtn-cm', 'mtn-cg']],
    ['a question mark for one character', 'mtn-c?', ['mtn-cm', 'mtn-cg']],
    ['a question mark for no more than one', 'mtn-?', []],
    ['several stars that stand together, as one', 'mtn***', ['mtn-cm', 'mtn-cg']],
    ['six stars that stand together, as one', 'mtn******', ['mtn-cm', 'mtn-cg']],
    ['a star with capitals on both sides', 'ORANGE_*', ['Orange_CI']],
    ['a star with signs that mean nothing else', 'orange.*', []],
    ['five stars', '*o*r*a*n*', ['orange-cd', 'orange-cm', 'orange-dr-cd', 'Orange_CI']],
    ['everything with six stars, which nobody means', '*o*r*a*n*g*', NAMES],
  ])('are found by %s: %j', (_what, label, names) => {
    expect(meant(label)).toEqual(names);
  });

  it('are those of its letters in another case, licensed or not', () => {
    expect(namesMeant('MTN-CM', NAMES, nameFinder([]))).toEqual(['mtn-cm']);
  });

  it('are those that are named word by word before those that it is near', () => {
    expect(meant('orange-cm mtn-cx')).toEqual(['orange-cm']);
  });

  it('are all of a telco, also where some of them are near it, and those near it', () => {
    expect(meant('airtel', ['airtel-africa-td', 'airtel-td', 'vodacom-td'])).toEqual([
      'airtel-africa-td',
      'airtel-td',
    ]);
  });
});

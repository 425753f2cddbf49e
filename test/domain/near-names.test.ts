// Which licensed deployments a name may be another spelling of.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameFinder, spellingsOf } from '../../lambdas/domain/near-names.ts';

describe('the name that was probably meant', () => {
  const { findName: find } = nameFinder([
    'orange-cd',
    'orange-cm',
    'vodacom-cd',
    'airtel-td',
    'mtn-cm',
    'mtn-cg',
  ]);

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

  it('is found where a letter or two differ, at one end or at both, not where three do', () => {
    const { findName: near } = nameFinder(['airtel-td']);
    expect(['Airtal_TX', 'Xirtal_TD', 'Airte_TD', 'Airtellx_TD'].map(near)).toEqual(
      Array(4).fill('airtel-td'),
    );
    expect(['Xirtel_TX', 'Axxtex_TD', 'Axrtxl_TX'].map(near)).toEqual(['airtel-td', undefined, undefined]);
  });

  it('is one of the country that a label without separators ends with, a slip in the telco or not', () => {
    const { findNames } = nameFinder(['vodacom-cd', 'vodacom-cg']);
    expect(['vodacomcd', 'vodacmcd', 'vodacmcg'].map(findNames)).toEqual([
      ['vodacom-cd'],
      ['vodacom-cd'],
      ['vodacom-cg'],
    ]);
  });

  it('is none where a label is the name of a country and nothing else', () => {
    const { findNames } = nameFinder(['a-za', 'b-be']);
    expect(['South Africa', 'Belgium'].map(findNames)).toEqual([[], []]);
  });

  it('is not guessed where two names differ by their hyphens only', () => {
    const { findName: find } = nameFinder(['orange-dr-cd', 'orangedr-cd', 'mtn-cm']);
    expect(find('Orange_DR_CD')).toBeUndefined();
    expect(find('MTN_CM')).toBe('mtn-cm');
  });

  it('is not looked for beyond the first 400 characters', () => {
    expect(find(`${' '.repeat(391)}orange-cd`)).toBe('orange-cd');
    expect(find(`${' '.repeat(400)}orange-cd`)).toBeUndefined();
  });

  it('is not guessed from fewer than four letters', () => {
    const { findName: short } = nameFinder(['m-cd', 'mt-cg']);
    expect([short('M_CD'), short('MT_CG')]).toEqual([undefined, 'mt-cg']);
  });

  it('is always one of the licensed deployments, whatever the label', () => {
    const names = new Set(['orange-cd', 'vodacom-cd']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (label) => {
        const meant = nameFinder(names).findName(label);
        expect(meant === undefined || names.has(meant)).toBe(true);
      }),
    );
  });
});

describe('another spelling of the same country', () => {
  const { findName } = nameFinder(['orange-cd', 'moov-ci', 'vodafone-gb', 'airtel-td', 'mtn-za']);

  it.each([
    ['orange-drc', 'orange-cd'],
    ['orange-rdc', 'orange-cd'],
    ['orange-cod', 'orange-cd'],
    ['Orange DRC', 'orange-cd'],
    ['orangedrc', 'orange-cd'],
    ['RDC_Orange', 'orange-cd'],
    ['orange-dr-congo', 'orange-cd'],
    ['orange-congo-kinshasa', 'orange-cd'],
    ['moov-civ', 'moov-ci'],
    ['moov-cotedivoire', 'moov-ci'],
    ["Moov Côte d'Ivoire", 'moov-ci'],
    ['moov-cote-d-ivoire', 'moov-ci'],
    ['moov_ivory_coast', 'moov-ci'],
    ['vodafone-uk', 'vodafone-gb'],
    ['vodafone-gbr', 'vodafone-gb'],
    ['Vodafone United Kingdom', 'vodafone-gb'],
    ['airtel-tchad', 'airtel-td'],
    ['airtel-chad', 'airtel-td'],
    ['mtn-rsa', 'mtn-za'],
    ['mtn-south-africa', 'mtn-za'],
    ['ornage-drc', 'orange-cd'],
  ])('is seen in %j', (label, meant) => {
    expect(findName(label)).toBe(meant);
  });

  it.each([
    ['in six words behind the telco', 'tim-etat-de-la-cite-du-vatican', ['tim-va'], 'tim-va'],
    ['in six words before the telco', 'etat-de-la-cite-du-vatican-tim', ['tim-va'], 'tim-va'],
    ['in six words behind a telco of two', 'tim-uno-etat-de-la-cite-du-vatican', ['tim-uno-va'], 'tim-uno-va'],
    ['in a label without separators', 'timetatdelaciteduvatican', ['tim-va'], 'tim-va'],
    ['in a label with a separator at its end', 'orangedrc_', ['orange-cd'], 'orange-cd'],
    ['in a label with separators that stand together', '__Orange -- DRC__', ['orange-cd'], 'orange-cd'],
    ['where the telco is named like a country', 'togo-tgo', ['togo-tg'], 'togo-tg'],
    ['where the telco ends like one', 'mobile-congo-drc', ['mobile-congo-cd'], 'mobile-congo-cd'],
    ['where more than the last word names one', 'mtn-south-sudan', ['mtn-sd', 'mtn-ss'], 'mtn-ss'],
    ['where more than the first word names one', 'south-sudan-mtn', ['mtn-sd', 'mtn-ss'], 'mtn-ss'],
    ['before a telco of two words', 'cd-orange-mobile', ['orange-mobile-cd'], 'orange-mobile-cd'],
    ['or one that is none, the wrong way round', 'xx-orange', ['orange-xx'], 'orange-xx'],
    ['where the licensed name has its country first', 'orange-drc', ['cd-orange'], 'cd-orange'],
    ['not in a country without a telco', 'cotedivoire', ['moov-ci', 'ci-moov'], undefined],
    ['not where two countries have the name', 'orange-congo', ['orange-cd', 'orange-cg'], undefined],
  ] as const)('is seen %s: %s', (_where, label, licensed, meant) => {
    expect(nameFinder(licensed).findName(label)).toBe(meant);
  }); // prettier-ignore

  it('is a spelling of the same name, and no other one', () => {
    const names = ['orange-drc', 'orange-dr-congo', 'moov-cd', 'orange-cm', 'orange-xx'];
    const same = names.filter((name) =>
      spellingsOf(name).some((one) => spellingsOf('orange-cd').includes(one)),
    );
    expect(same).toEqual(['orange-drc', 'orange-dr-congo']);
  });

  it('is seen whichever of the two is licensed', () => {
    expect(nameFinder(['orange-drc']).findName('orange-cd')).toBe('orange-drc');
    expect(nameFinder(['orange-congo']).nearNames('orange-cd')).toEqual(['orange-congo']);
    expect(nameFinder(['orange-congo']).nearNames('orange-cg')).toEqual(['orange-congo']);
  });

  it('is not seen in the code of another country, however like it looks', () => {
    expect(['orange-cg', 'orange-ca', 'Orange_CM', 'orangecm', 'moov-cd'].map(findName)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

describe('near names', () => {
  const near = (name: string, ...licensed: string[]): readonly string[] =>
    nameFinder(licensed).nearNames(name);

  it('have a telco of three letters or more that is the beginning of the other, in the same country', () => {
    expect(near('moov-ci', 'moov-africa-ci', 'moovafrica-civ', 'moov-africa-ml')).toEqual([
      'moov-africa-ci',
      'moovafrica-civ',
    ]);
    expect(near('moov-africa-ci', 'moov-ci', 'mo-ci')).toEqual(['moov-ci']);
    expect(near('mt-ci', 'mtntelecom-ci')).toEqual([]);
    expect(near('mtn-ci', 'mtntelecom-ci')).toEqual(['mtntelecom-ci']);
  });

  it.each([
    ['a telco of three letters that begins the other', 'mtn-ci', 'mtntelecom-ci', true],
    ['a telco of two letters that begins the other', 'mt-ci', 'mttelecom-ci', false],
    ['a telco whose number goes on', 'shop1-ci', 'shop1234-ci', false],
    ['a telco whose number is followed by letters', 'shop1-ci', 'shop1mobile-ci', true],
    ['a telco that is followed by a number', 'shop-ci', 'shop1234-ci', true],
    ['a telco that begins otherwise', 'moov-ci', 'amoovafrica-ci', false],
    ['a telco that ends otherwise', 'moov-ci', 'africamoov-ci', false],
    ['a telco one slip away in a country with another name', 'oragne-drc', 'orange-cd', true],
    ['a telco two slips away, and two more in the country', 'oragn-cd', 'orange-xx', false],
    ['a country that is none, a slip away', 'orange-xy', 'orange-xx', true],
    ['a country that is none beside one that is', 'orange-xx', 'orange-cd', true],
    ['two countries that are some', 'orange-ca', 'orange-cd', false],
    ['a telco without its country beside one of no country', 'orangexx', 'orange-xx', true],
  ])('have %s: %s and %s', (_what, a, b, areNear) => {
    expect([near(a, b), near(b, a)]).toEqual(areNear ? [[b], [a]] : [[], []]);
  });

  it('are found among many telcos that begin alike, whatever the order of the list', () => {
    const licensed = ['mtnz-ci', 'mtn-ci', 'mtna-ci', 'mtnzz-ci', 'mto-ci', 'mtmzzz-ci', 'aaaaaa-ci', 'zzzzzz-ci', 'mtnnnnn-ci'];
    const found = ['mtna-ci', 'mtnnnnn-ci', 'mtnz-ci', 'mtnzz-ci', 'mto-ci'];
    expect(near('mtn-ci', ...licensed)).toEqual(found);
    expect(near('mtn-ci', ...licensed.toReversed())).toEqual(found);
  }); // prettier-ignore

  it('are none of itself, and none where the list is empty', () => {
    expect(near('orange-cd', 'orange-cd')).toEqual([]);
    expect(near('orange-cd')).toEqual([]);
  });

  it('are all named, sorted, and none of several is guessed', () => {
    const { findName, findNames, nearNames } = nameFinder(['moov-togo-ci', 'moov-africa-ci', 'orange-ci']);
    expect(findNames('Moov_CI')).toEqual(['moov-africa-ci', 'moov-togo-ci']);
    expect(nearNames('moov-ci')).toEqual(['moov-africa-ci', 'moov-togo-ci']);
    expect(findName('Moov_CI')).toBeUndefined();
  });

  it('are those of every fit, while the name that was meant is one of the best fit', () => {
    const { findName, nearNames } = nameFinder([
      'orange-cd',
      'orange-drc',
      'orange-dr-cd',
      'ornage-cd',
      'cd-orange',
    ]);
    expect(findName('Orange_CD')).toBe('orange-cd');
    expect(nearNames('orange-cd')).toEqual(['cd-orange', 'orange-dr-cd', 'orange-drc', 'ornage-cd']);
  });

  it('are not near where their numbers differ: who counts means another one', () => {
    const telcos = Array.from({ length: 30 }, (_, index) => `telco${index}-be`);
    expect(near('telco1-be', ...telcos)).toEqual([]);
    expect(near('Telco1-BE', ...telcos)).toEqual(['telco1-be']);
    expect(near('tleco1-be', ...telcos)).toEqual(['telco1-be']);
    expect(near('telco01-be', ...telcos)).toEqual(['telco1-be']);
    expect(near('0range-cd', 'orange-cd')).toEqual(['orange-cd']);
    expect(near('orange-cd', '0range-cd')).toEqual(['0range-cd']);
  });

  it('are found for two neighbouring letters that changed places, in a short telco too', () => {
    expect(near('mnt-cd', 'mtn-cd', 'ntn-cd', 'abc-cd')).toEqual(['mtn-cd']);
  });

  it('are found for each of 100,000 names of one country, in any order of the list', () => {
    const letters = (number: number): string => number.toString(26).padStart(4, '0').replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? ''); // prettier-ignore
    const names = Array.from({ length: 100_000 }, (_, index) => `tel${letters(index)}-be`);
    const { findName } = nameFinder(names);
    expect(names.filter((name) => findName(name.toUpperCase().replace('-', '_')) !== name)).toEqual([]);
  });

  it('are mutual where two single digits are both slips', () => {
    expect(near('1c1-xx', 'aca-xx')).toEqual(near('aca-xx', '1c1-xx').map(() => 'aca-xx'));
    expect(near('aca-xx', '1c1-xx')).toHaveLength(1);
  });

  it('are mutual, whatever the names', () => {
    const name = fc
      .tuple(fc.stringMatching(/^[a-c1]{2,6}$/), fc.constantFrom('cd', 'drc', 'ci', 'civ', 'xx', 'xy'))
      .map((parts) => parts.join('-'));
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a.length > 4 && b.length > 4);
        expect([a, b, near(a, b).length]).toEqual([a, b, near(b, a).length]);
      }),
      { numRuns: 2000 },
    );
  });
});

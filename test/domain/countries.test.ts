// Which country a word names.
import { describe, expect, it } from 'vitest';
import { countriesNamed } from '../../lambdas/domain/countries.ts';

describe('the countries that a word names', () => {
  it('are those of its code, of its names and of what people say for short, several where it is the name of several', () => {
    const words = [
      'ad',
      'and',
      'andorra',
      'cd',
      'cod',
      'drc',
      'cg',
      'congo',
      'cotedivoire',
      'uk',
      'zw',
      'zimbabue',
    ];
    expect(words.map((word) => countriesNamed(word).join())).toEqual([
      'ad',
      'ad',
      'ad',
      'cd',
      'cd',
      'cd',
      'cg',
      'cd,cg',
      'ci',
      'gb',
      'zw',
      'zw',
    ]);
    expect(['', ' ', 'xx', 'CD', 'orange', 'constructor'].map(countriesNamed)).toEqual(Array(6).fill([]));
  });
});

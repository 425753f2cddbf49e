import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../lambdas/clients/body.ts';

const base64Of = (checksum: number): string =>
  Buffer.from(checksum.toString(16).padStart(8, '0'), 'hex').toString('base64');

describe('a body made of pieces', () => {
  it('is the text of all of them where it is short', () => {
    expect(bodyOf([])).toEqual({ text: '' });
    expect(bodyOf(['é', '', '{}'], 4)).toEqual({ text: 'é{}' });
  });

  it('tells length and checksum beforehand where it is longer than may be held, and can be sent more than once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 40_000 }), { maxLength: 8 }),
        (pieces) => {
          const text = pieces.join('');
          const bytes = Buffer.from(text);
          const body = bodyOf(pieces, bytes.length - 1);
          if ('text' in body) throw new Error('It is longer than may be held.');
          expect(body.length).toBe(bytes.length);
          expect(body.crc32).toBe(base64Of(crc32(bytes)));
          for (let times = 0; times < 2; times++) expect([...body.chunks].join('')).toBe(text);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('goes through the pieces once where it is short, twice where it is long', () => {
    let times = 0;
    const pieces = {
      *[Symbol.iterator]() {
        times += 1;
        yield 'four';
      },
    };
    bodyOf(pieces, 4);
    expect(times).toBe(1);
    const body = bodyOf(pieces, 3);
    if ('chunks' in body) expect([...body.chunks]).toEqual(['four']);
    expect(times).toBe(3);
  });
});

// Lists of every form and size: each is read or refused in a sentence, and nothing in it takes longer than its length.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecords } from '../../lambdas/domain/csv-records.ts';
import { MAX_LIST_BYTES } from '../../lambdas/domain/csv.ts';
import { readLicenses } from '../../lambdas/domain/licenses.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { bytes } from './situation.ts';

/** What became of a list: how many rows, or the sentence that refuses it. */
function outcomeOf(text: string): { readonly rows: number } | { readonly refused: string } {
  try {
    return { rows: readLicenses(bytes(text), 3).rowCount };
  } catch (error) {
    if (!isAuditorError(error)) throw error;
    expect(error.name).toBe('LicenseListUnreadable');
    return { refused: error.message };
  }
}

/** The sentence that refuses a list, empty where it was read. */
function refusalOf(text: string): string {
  const outcome = outcomeOf(text);
  return 'refused' in outcome ? outcome.refused : '';
}

const HEADER = 'telco;country;expires_on\n';
const ROW = 'orange;cd;2027-01-01\n';

describe('separators and headers', () => {
  it('respects quotes where the separator is found', () => {
    const header = '"telco";"country";"expires_on";"contact (name, mail, phone, role)"\n';
    expect(outcomeOf(`${header}orange;cd;2027-01-01;"Ann, ann@example.com"\n`)).toEqual({ rows: 1 });
    expect(outcomeOf('"telco","country","expires_on","a;b;c;d;e"\norange,cd,2027-01-01,x\n')).toEqual({
      rows: 1,
    });
  });

  it('ignores unknown columns of one name, and refuses a known one that is there twice', () => {
    expect(outcomeOf('telco;country;expires_on;comment;Comment;comment\norange;cd;2027-01-01;a;b;c\n')).toEqual({ rows: 1 }); // prettier-ignore
    for (const column of ['telco', 'product', 'note'])
      expect(refusalOf(`${column.toUpperCase()};telco;country;expires_on;product;note\nx;${ROW}`)).toContain(
        `names the column ${column} twice`,
      );
  });

  it('says where the header is when something stands above it', () => {
    for (const [title, shown] of [
      ['Licenses', 'Licenses'],
      ['Licenses, 2026;;', 'Licenses, 2026'],
      ['Our list;of;licenses;;', 'Our list'],
    ] as const)
      // prettier-ignore
      expect(refusalOf(`${title}\n\n${HEADER}${ROW}`)).toContain(
          `the header with the names of the columns is in line 3, and line 1 above it says "${shown}": delete the rows above the header`,
        );
  });

  it('says what a workbook, tabs and another encoding are', () => {
    expect(refusalOf('PK\u0003\u0004...')).toContain('an Excel workbook');
    expect(refusalOf((HEADER + ROW).replaceAll(';', '\t'))).toContain('tabs stand between its cells');
  });

  it('tells a repeated header and a row of totals in the words of a spreadsheet', () => {
    const problems = (rows: string): (string | undefined)[] =>
      readLicenses(bytes(`telco;country;expires_on;price\n${rows}`), 0).invalid.map(({ problem }) => problem);
    expect(problems(`mtn;cm;2027-01-01;5\nTelco;Country;Expires_on;Price\n`)).toEqual([
      'it repeats the names of the columns, which stand in the first line only: delete the row',
    ]);
    for (const total of ['Total;;;120', ';;Totaal;120', 'Grand total;;2;120'])
      expect(problems(`mtn;cm;2027-01-01;5\n${total}\n`)).toEqual([
        'it is a row of totals, which belongs on another sheet: delete the row',
      ]);
    expect(problems(`total;cd;2027-01-01;5\n`)).toEqual([]);
  });
});

describe('size', () => {
  it('is 5 MiB at most', () => {
    const filler = (size: number): string =>
      `${HEADER}${ROW}${' '.repeat(size - HEADER.length - ROW.length)}`;
    expect(outcomeOf(filler(MAX_LIST_BYTES))).toEqual({ rows: 1 });
    expect(refusalOf(filler(MAX_LIST_BYTES + 1))).toContain('more than 5 MiB');
  });

  const SIZE = MAX_LIST_BYTES - 1000;
  it.each([
    ['blanks within a cell', `${HEADER}${ROW}é${' '.repeat(SIZE)}é;cd;2027-01-01\n`, 2],
    ['empty lines', `${HEADER}${'\n'.repeat(SIZE)}${ROW}`, 1],
    ['empty rows', `${HEADER}${';;\n'.repeat(SIZE / 4)}${ROW}`, 1],
    ['columns', `telco;country;expires_on${';x'.repeat(1_000_000)}\n${ROW}`, 1],
    ['cells', `${HEADER}orange;cd;2027-01-01${';'.repeat(SIZE)}\n`, 1],
    ['rows of one deployment, each with a product of its own', `telco;country;expires_on;product\n${Array.from({ length: 100_000 }, (_, index) => `orange;cd;2027-01-01;p${index}\n`).join('')}`, 100_000], // prettier-ignore
    ['quotes', `${HEADER}"${'""'.repeat(2_000_000)}";cd;2027-01-01\n${ROW}`, 2],
  ])('may be %s, in time that grows with it', (_name, text, rows) => {
    expect(outcomeOf(text)).toEqual({ rows });
  });
});

describe('whatever a list holds', () => {
  const piece = fc.oneof(
    fc.constantFrom('telco', 'country', 'expires_on', ',', ';', '\n', '\r\n', '\r', '"', '="', ' ', '\u200b', '\ufeff', 'sep=;\n', 'orange', 'cd', '2027-01-01', '31/12/2026', '12/31/2026', HEADER, ROW), // prettier-ignore
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

  it('it is read or refused in one sentence', () => {
    fc.assert(
      fc.property(text, fc.boolean(), (rest, withHeader) => {
        const outcome = outcomeOf((withHeader ? HEADER + ROW : '') + rest);
        if ('refused' in outcome)
          expect(outcome.refused).toMatch(/^The license list licenses\.csv can't be used: [^\n\r]+\.$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('the cells of a record are those that were written, whatever stands in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', '=') }), { minLength: 2, maxLength: 4 }), { maxLength: 5 }), // prettier-ignore
        fc.constantFrom(',', ';'),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, delimiter, end) => {
          const written = rows.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter) + end).join(''); // prettier-ignore
          expect([...readRecords(written, delimiter)].map(({ cells }) => cells)).toEqual(rows);
        },
      ),
      { numRuns: 500 },
    );
  });
});

// How days are read as people and spreadsheets write them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExemptionList, readExemptions } from '../../lambdas/domain/exemptions.ts';
import { type LicenseList, assumedOrderText, readLicenses } from '../../lambdas/domain/licenses.ts';
import type { DateOrder } from '../../lambdas/domain/written-days.ts';
import { bytes } from './situation.ts';

const TODAY = '2026-11-27';
const read = (days: readonly string[], dateOrder: DateOrder = 'day-first'): LicenseList =>
  readLicenses(
    bytes(`telco;country;expires_on\n${days.map((day, index) => `telco${index};be;${day}\n`).join('')}`),
    0,
    { dateOrder, today: TODAY },
  );
const ends = (days: readonly string[], dateOrder?: DateOrder): string[] =>
  read(days, dateOrder).rows.map(({ paidUntil }) => paidUntil);
const problem = (day: string, dateOrder?: DateOrder): string =>
  read([day], dateOrder).invalid[0]?.problem ?? '';

describe('a license without end', () => {
  it.each([
    '9999-12-31',
    '31.12.9999',
    '31/12/9999',
    '12/31/9999',
    '31-12-9999',
    '9999/12/31',
    '9999.12.31',
    '9999-12-31 00:00',
    '9999/12/31 00:00:00',
    '="9999-12-31"',
  ])('may be written %s', (written) => {
    for (const order of ['day-first', 'month-first', 'iso'] as const)
      expect(ends([written], order)).toEqual(['9999-12-31']);
  });

  it('is no other day with the year first and slashes or dots', () => {
    expect(problem('9999/12/30')).toContain('write YYYY-MM-DD');
    expect(problem('2026/12/31')).toContain('write YYYY-MM-DD');
  });
});

describe('a day', () => {
  it.each([
    '2026-12-31',
    '31.12.2026',
    '31/12/2026',
    '31-12-2026',
    ' 31/12/2026 ',
    '="2026-12-31"',
    '"=""2026-12-31"""',
    '="31/12/2026"',
    '2026-12-31 00:00:00',
    '2026-12-31 00:00',
    '2026-12-31T00:00:00',
    '2026-12-31T00:00:00.000Z',
    '31/12/2026 0:00',
    '31.12.2026 00:00:00',
    '31/12/2026 12:00:00 AM',
    '31/12/2026 12:00 am',
    '31/12/2026 12:00AM',
    '2026-12-31  00:00',
    '2026-12-31 00:00:00,000',
    '2026-12-31T00:00:00+00:00',
    '2026-12-31T00:00Z',
    '31/12/2026\u00a000:00:00',
    '31/12/2026 12:00:00\u202fAM',
    '\u200e31/12/2026\u200e',
    '\u202a31/12/2026\u202c',
    '\u20662026-12-31\u2069',
    '\u061c31.12.2026',
  ])('may be written %s', (written) => {
    expect(ends([written])).toEqual(['2026-12-31']);
  });

  it.each([
    ['2026-12-31 00:01', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 00:00:01', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 00:00:00.5', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 00:00:00.', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 10:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 000:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 00:00:00 00:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 12:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 12:00 PM', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 12:00:01 AM', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31T00:00:00+02:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['1/1/2026 14:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026-12-31 noon', 'write the month as a number: YYYY-MM-DD'],
    ['2026-12-3100:00', 'write YYYY-MM-DD'],
    ['2026-12-31 x', 'write YYYY-MM-DD'],
    ['2026-12-311', 'write YYYY-MM-DD'],
    ['2026-123-1', 'write YYYY-MM-DD'],
    ['12026-12-31', 'write YYYY-MM-DD'],
    ['31.12.20266', 'write YYYY-MM-DD'],
    ['131.12.2026', 'write YYYY-MM-DD'],
    ['31.121.2026', 'write YYYY-MM-DD'],
    ['31/12/20266', 'write YYYY-MM-DD'],
    ['131/12/2026', 'write YYYY-MM-DD'],
    ['31/121/2026', 'write YYYY-MM-DD'],
    ['9999/12/311', 'write YYYY-MM-DD'],
    ['9999.12/31', 'write YYYY-MM-DD'],
    ['a2026-12-31', 'write YYYY-MM-DD'],
    ['1.5.', 'write YYYY-MM-DD'],
    ['x 2026-12-31 14:00', 'write YYYY-MM-DD'],
    ['12', 'it is a bare number: format the column as a date, and write YYYY-MM-DD'],
    ['46387,25', 'it is a bare number: format the column as a date, and write YYYY-MM-DD'],
    ['46387.25.5', 'write YYYY-MM-DD'],
    ['x46387', 'write YYYY-MM-DD'],
    ['=TODAY()+30', 'it is a formula: write YYYY-MM-DD'],
    ['12=3', 'write YYYY-MM-DD'],
    ['3/4/26', 'write all four digits of the year: YYYY-MM-DD'],
    ['03.04.26', 'write all four digits of the year: YYYY-MM-DD'],
    ['3/4/261', 'write YYYY-MM-DD'],
    ['123/4/26', 'write YYYY-MM-DD'],
    ['3/444/26', 'write YYYY-MM-DD'],
    ['Dec 31 2026', 'write the month as a number: YYYY-MM-DD'],
    ['31 De 2026', 'write YYYY-MM-DD'],
    ['December', 'write YYYY-MM-DD'],
    ['31 december, as we said on the telephone', 'write the month as a number: YYYY-MM-DD'],
    ['31 december, as we said on the telephones', 'write YYYY-MM-DD'],
  ])('is none in %s, and the advice fits', (written, advice) => {
    const list = readLicenses(bytes(`telco;country;expires_on\na;be;2027-01-01\nb;be;"${written}"\n`), 0, {
      dateOrder: 'day-first',
      today: TODAY,
    });
    expect(list.invalid.map(({ problem }) => problem)).toEqual([
      `expires_on "${written}" is not a day (${advice})`.replace('telephones"', 'telephone..."'),
    ]);
  });

  it('has 40 characters at most, blanks before a midnight among them', () => {
    const written = (length: number): string => `2026-12-31${'00:00'.padStart(length - 10)}`;
    expect(ends([written(40)])).toEqual(['2026-12-31']);
    expect(ends([written(41)])).toEqual([]);
  });

  it('needs no zeros before its numbers', () => {
    expect(ends(['2027-3-1', '1.3.2027', '1/3/2027', '1-3-2027'])).toEqual(Array(4).fill('2027-03-01'));
  });

  it.each(['9999-12-31', '31.12.9999', '31/12/9999', '31-12-9999', '="9999-12-31"', '9999-12-31 00:00:00'])(
    'means no end where it is %s',
    (written) => {
      for (const order of ['day-first', 'month-first', 'iso'] as const)
        expect([order, ends([written], order)]).toEqual([order, ['9999-12-31']]);
    },
  );

  it('more than 20 years ahead can not be meant', () => {
    expect(ends(['2046-11-27'])).toEqual(['2046-11-27']);
    for (const day of ['2046-11-28', '2062-01-01', '9999-12-30', '31.12.2099', '1/1/2100'])
      expect([day, problem(day)]).toEqual([
        day,
        `expires_on "${day}" is not a day (it is more than 20 years ahead: write 9999-12-31 for a license without end)`,
      ]);
  });

  it.each([
    ['31/12/26', 'write all four digits of the year: YYYY-MM-DD'],
    ['31-12-26', 'write all four digits of the year: YYYY-MM-DD'],
    ['31-Dec-26', 'write the month as a number: YYYY-MM-DD'],
    ['31 décembre 2026', 'write the month as a number: YYYY-MM-DD'],
    ['46387', 'it is a bare number: format the column as a date, and write YYYY-MM-DD'],
    ['46387.5', 'it is a bare number: format the column as a date, and write YYYY-MM-DD'],
    ['2026-02-30', 'no calendar has that day: write YYYY-MM-DD'],
    ['31/04/2026', 'no calendar has that day: write YYYY-MM-DD'],
    ['1999-12-31', 'it is before the year 2000: write YYYY-MM-DD'],
    ['2026-12-31 14:00', 'it has a time of the day: write YYYY-MM-DD and nothing else'],
    ['2026/12/31', 'write YYYY-MM-DD'],
    ['31/12-2026', 'write YYYY-MM-DD'],
    ['soon', 'write YYYY-MM-DD'],
  ])('can not be read from %s, and it is said what to write', (written, advice) => {
    const shown =
      written === '31 décembre 2026' ? /expires_on "31 d.*cembre 2026"/ : new RegExp(`"${written}"`);
    expect(problem(written)).toMatch(shown);
    expect(problem(written)).toContain(`is not a day (${advice})`);
  });
});

describe('days with slashes or hyphens', () => {
  it('are read in the order that dateOrder says', () => {
    expect(ends(['03/04/2027', '05-04-2027'])).toEqual(['2027-04-03', '2027-04-05']);
    expect(ends(['03/04/2027', '05-04-2027'], 'month-first')).toEqual(['2027-03-04', '2027-05-04']);
    expect(problem('03/04/2027', 'iso')).toContain('dateOrder is iso: write YYYY-MM-DD');
    expect(ends(['03.04.2027', '2027-04-03'], 'month-first')).toEqual(['2027-04-03', '2027-04-03']);
  });

  it('are all unreadable where one of the file fits the other order only, and it is said which', () => {
    const days = ['2027-01-01', '2027-01-02', '2027-01-03', '01.05.2027', '03/04/2027', '12/31/2026'];
    const list = read(days);
    expect(list.rows.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
    expect(list.invalid.map(({ line, problem }) => [line, problem])).toEqual(
      [6, 7].map((line) => [
        line,
        `expires_on "${days[line - 2] ?? ''}" is not a day (line 7 has "12/31/2026", where the month comes first, and dateOrder says day-first: write YYYY-MM-DD in every row)`,
      ]),
    );
    expect(() => read(['03/04/2027', '04/05/2027', '31/12/2026'], 'month-first')).toThrow(
      'line 4 has "31/12/2026", where the day comes first, and dateOrder says month-first',
    );
  });

  it('are all unreadable also where a day of a column that nobody reads shows the other order', () => {
    const list = readLicenses(
      bytes('telco;country;starts_on;expires_on\na;be;12/31/2025;01/02/2027\nb;be;2025-01-01;2027-01-01\n'),
      0,
      { dateOrder: 'day-first', today: TODAY },
    );
    expect(list.invalid.map(({ line }) => line)).toEqual([2]);
  });

  it('are refused for the first day that shows the other order', () => {
    const days = ['01/02/2027', '12/30/2026', '12/31/2026', '2027-01-01'];
    expect(() => read(days)).toThrow('(line 3 has "12/30/2026", where the month comes first,');
    expect(() => read(['01/02/2027', '12/28/2026', '12/29/2026', '12/30/2026'])).toThrow(
      '4 rows of 4 can\'t be read (line 2: expires_on "01/02/2027" is not a day (line 3 has "12/28/2026"',
    );
  });

  it('are no sign of an order where dateOrder says that none is read', () => {
    const list = read(['2027-01-01', '2027-01-02', '31/12/2026', '12/31/2026'], 'iso');
    expect(list.rows).toHaveLength(2);
    expect(list.assumedOrder).toBeUndefined();
    for (const { problem } of list.invalid) expect(problem).toContain('where dateOrder is iso');
  });

  it('are said to have been read in the order of dateOrder where none shows the order', () => {
    const { assumedOrder } = read(['2027-01-01', '03/04/2027', '04/05/2027']);
    expect(assumedOrder).toEqual({ order: 'day-first', text: '03/04/2027', line: 3, day: '2027-04-03' });
    expect(assumedOrder && assumedOrderText(assumedOrder)).toContain('"03/04/2027" in line 3 as 2027-04-03');
    expect(read(['03/04/2027', '31/12/2026']).assumedOrder).toBeUndefined();
    expect(read(['2027-01-01', '04.05.2027']).assumedOrder).toBeUndefined();
    expect(read(['05/05/2027']).assumedOrder).toBeUndefined();
  });

  it('are never read as another day than was written, whatever the order', () => {
    const day = fc.date({ min: new Date('2026-11-28'), max: new Date('2046-11-26'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)); // prettier-ignore
    fc.assert(
      fc.property(fc.array(day, { minLength: 1, maxLength: 20 }), fc.constantFrom('/', '-'), (days, sign) => {
        const monthFirst = days.map((text) => [text.slice(5, 7), text.slice(8), text.slice(0, 4)].join(sign));
        expect(ends(monthFirst, 'month-first')).toEqual(days);
        // A file of the other order gives itself away as soon as one of its days is past the 12th.
        if (!days.some((text) => Number(text.slice(8)) > 12)) return;
        expect(() => {
          const { rows } = read(monthFirst);
          if (rows.length > 0) throw new Error('a day was read in the wrong order');
          throw new Error('is not a day');
        }).toThrow('is not a day');
      }),
    );
  });

  it('are read in exemptions in the same way, without a limit ahead', () => {
    const until = (rows: string): unknown =>
      readExemptions(bytes(`label,reason,owner,until\n${rows}\n`), false, {
        dateOrder: 'day-first',
        today: TODAY,
      }).map((exemption) => exemption.until);
    expect(until('a,,,31/12/2026\nb,,,1-2-2027\nc,,,31.12.2099')).toEqual([
      '2026-12-31',
      '2027-02-01',
      '2099-12-31',
    ]);
    expect(() => until('a,,,01/02/2027\nb,,,12/31/2026')).toThrow('line 3 has "12/31/2026"');
    const assumed = (day: string): unknown =>
      readExemptionList(bytes(`label,reason,owner,until\na,,,${day}\n`), false).assumedOrder;
    expect(assumed('03/04/2027')).toEqual({
      order: 'day-first',
      text: '03/04/2027',
      line: 2,
      day: '2027-04-03',
    });
    expect(assumed('2027-04-03')).toBeUndefined();
  });
});

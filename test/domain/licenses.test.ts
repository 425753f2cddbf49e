import { describe, expect, it } from 'vitest';
import {
  type LicenseList,
  daysLeft,
  isInForce,
  namedInList,
  reachedThreshold,
  readLicenses,
  unreadableRowAbout,
} from '../../lambdas/domain/licenses.ts';
import { failureOf } from '../failure.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, grace = 3): LicenseList => readLicenses(bytes(text), grace);
const lastDays = (list: LicenseList): Record<string, string> =>
  Object.fromEntries([...list.licenses.values()].map(({ deployment, lastDay }) => [deployment, lastDay]));

const HEADER = 'telco,country,expires_on,grace_days,product';

describe('the license list', () => {
  it('is read with commas or semicolons, any line end, BOM, sep= line, quotes, and header names in any order and case', () => {
    const expected = { 'orange-cd': '2026-06-30', 'mtn-cm': '2026-07-01' };
    expect(lastDays(read('telco,country,expires_on\norange,cd,2026-06-30\nmtn,cm,2026-07-01\n', 0))).toEqual(
      expected,
    );
    expect(
      lastDays(
        read(
          '\ufeffsep=;\r\nNOTE;Expires_On; COUNTRY ;telco\r\n"two\r\nlines; ""quoted""";30.06.2026;CD;Orange\r\n;2026-07-01;cm; MTN \r\n',
          0,
        ),
      ),
    ).toEqual(expected);
  });

  it('adds the grace days of the row, else the configured ones', () => {
    expect(
      lastDays(read(`${HEADER}\norange,cd,2026-06-29,,\nmtn,cm,2026-06-30,0,\nairtel,td,2026-06-30,365,\n`)),
    ).toEqual({ 'orange-cd': '2026-07-02', 'mtn-cm': '2026-06-30', 'airtel-td': '2027-06-30' });
    expect(lastDays(read(`${HEADER}\norange,cd,2026-06-29,0007,\n`))).toEqual({ 'orange-cd': '2026-07-06' });
  });

  it('takes the latest end of the rows of one deployment, each with its own grace', () => {
    const list = read(
      `${HEADER}\norange,cd,2026-06-30,0,b\norange,cd,2026-06-01,60,a\nORANGE,CD,2026-07-01,0,b\n`,
    );
    expect(list.licenses.get('orange-cd')).toMatchObject({ lastDay: '2026-07-31', products: ['a', 'b'] });
  });

  it('takes 9999-12-31 for no end', () => {
    const license = read(`${HEADER}\norange,cd,9999-12-31,,\n`).licenses.get('orange-cd');
    expect(license && daysLeft(license, '2026-01-01')).toBe(Infinity);
  });

  it('has a license in force through the whole of its last day', () => {
    const license = read(`${HEADER}\norange,cd,2026-06-30,0,\n`).licenses.get('orange-cd');
    expect(license && isInForce(license, '2026-06-30')).toBe(true);
    expect(license && isInForce(license, '2026-07-01')).toBe(false);
    expect(license && daysLeft(license, '2026-06-30')).toBe(0);
    expect(license && daysLeft(license, '2026-07-02')).toBe(-2);
  });

  it('skips rows of nothing but empty cells and ignores unknown columns', () => {
    const list = read('telco,country,expires_on,colour\n,,,\n\norange,cd,2026-06-30,red\n \t,,\u200b,\n');
    expect([list.rowCount, [...list.licenses.keys()]]).toEqual([1, ['orange-cd']]);
    expect(list.rows).toEqual([
      { deployment: 'orange-cd', product: '', paidUntil: '2026-06-30', accessUntil: '2026-07-03', line: 4 },
    ]);
  });

  it.each([
    ['orange,cd,2026-02-30', 'is not a day'],
    ['orange,cd,31-Dec-26', 'month as a number'],
    ['orange,cd,31/12/26', 'all four digits'],
    ['orange,cd,2026/12/31', 'is not a day'],
    ['orange,cd,2026-12-31 14:00', 'time of the day'],
    ['orange,cd,46000', 'is not a day'],
    ['orange,cd,46000', 'bare number'],
    ['orange,cd,x30.06.2026', 'is not a day'],
    ['orange,cd,30.06.2026x', 'is not a day'],
    ['orange,cd,1999-12-31', 'is not a day'],
    ['orange,cd,31.2.2026', 'no calendar has that day'],
    ['orange,cd,0026-01-01', 'is not a day'],
    ['orange,cd,', 'expires_on is empty'],
    [',cd,2026-01-01', 'telco is empty'],
    ['orange,,2026-01-01', 'country is empty'],
    ['orange,c1,2026-01-01', 'letters only'],
    ['or ange,cd,2026-01-01', 'naming rule'],
    ['оrange,cd,2026-01-01', 'naming rule'],
    ['orange,cd,2026-01-01,366', 'grace_days'],
    ['orange,cd,2026-01-01,-1', 'grace_days'],
    ['orange,cd,2026-01-01,3 days', 'grace_days'],
    ['orange,cd,2026-01-01,10000000000000000000000', 'grace_days'],
    ['orange,cd,2026-01-01,1.5', 'grace_days'],
    ['orange,cd,2026-01-01,3,p,shifted', 'more cells'],
  ])('reads no license from the row %j and says why, with its line', (row, why) => {
    const list = read(`${HEADER}\nmtn,cm,2026-07-01,0,\n"x\n",,,,\n${row}\n`.replace('"x\n",,,,\n', ''));
    expect(list.invalid).toHaveLength(1);
    expect(list.invalid[0]).toMatchObject({ line: 3 });
    expect(list.invalid[0]?.problem).toContain(why);
    expect([...list.licenses.keys()]).toEqual(['mtn-cm']);
  });

  it('counts lines as an editor does, also after a quoted line break and a sep= line', () => {
    const list = read(
      'sep=,\ntelco,country,expires_on,note\norange,cd,2026-01-01,"a\nb\nc"\nmtn,cm,never,\n',
    );
    expect(list.invalid[0]?.line).toBe(6);
  });

  it('protects the deployment of an unreadable row, else its country, else everybody', () => {
    const about = (row: string, deployment: string): boolean =>
      unreadableRowAbout(read(`${HEADER}\nmtn,cm,2026-07-01,0,\n${row}\n`), deployment) !== undefined;
    expect(about('orange,cd,never,,', 'orange-cd')).toBe(true);
    expect(about('orange,cd,never,,', 'vodacom-cd')).toBe(false);
    expect(about(',cd,2026-01-01,,', 'vodacom-cd')).toBe(true);
    expect(about(',cd,2026-01-01,,', 'mtn-cm')).toBe(false);
    expect(about('orange,,2026-01-01,,', 'mtn-cm')).toBe(true);
  });

  it('protects everybody where a row is shifted: more cells than the header, or fewer, or a day where no readable row has one', () => {
    const about = (row: string): unknown =>
      read(`${HEADER}\nmtn,cm,2026-07-01,0,\n${row}\n`).invalid.map((invalid) => invalid.about);
    const everybody = [{ scope: 'everybody' }];
    const itself = [{ scope: 'deployment', deployment: 'orange-cd' }];
    expect(about('orange,cd,2026-01-01,0,p,more')).toEqual(everybody);
    expect(about('orange,cd,2026-01-01,0,p, ,')).toEqual([]);
    expect(about('orange,cd,never')).toEqual(everybody);
    expect(about('orange,cd,2026-01-01')).toEqual([]);
    expect(about('orange,cd,never,,')).toEqual(itself);
    for (const day of ['2026-05-01', '01.05.2026', '1/5/2026', '12-31-2026', '2026-05-01 00:00:00'])
      expect([day, about(`orange,cd,never,${day},`)]).toEqual([day, everybody]);
    expect(about('orange,cd,a note,,p')).toEqual(itself);
    // A day behind an unquoted comma that somebody mistyped, too, is no cell of its column.
    for (const day of ['2026-02-30', '31.02.2026', '31/31/2026'])
      expect([day, about(`orange,cd,never,${day},`)]).toEqual([day, everybody]);
    expect(read(`${HEADER}\norange,cd,2026-01-01,999,\n`).invalid[0]?.about).toEqual(itself[0]);
    const width = (header: string, row: string): unknown =>
      read(`${header}\nmtn,cm,2026-07-01,,\n${row}\n`).invalid.map((invalid) => invalid.about);
    expect(width('telco,country,expires_on,,', 'orange,cd,never')).toEqual(itself);
    expect(width('telco,country,expires_on,price,', 'orange,cd,never')).toEqual(everybody);
    expect(about('orange,cd,cd,,p')).toEqual(itself);
    expect(about('orange,cd1,2026-01-01,0,p')).toEqual(everybody);
  });

  it('keeps one bad cell one bad cell where another column has days in readable rows', () => {
    const list = read(
      'telco;country;starts_on;expires_on\nmtn;cm;2020-01-01;2026-07-01\nfoo;nl;2020-01-01;perpetual\n',
    );
    expect(list.invalid.map(({ about }) => about)).toEqual([{ scope: 'deployment', deployment: 'foo-nl' }]);
  });

  it('names an unreadable row by what stands in its cells, and tells all that is wrong with it', () => {
    const [invalid, ...more] = ['orange,CD,never,,', ',cd,2026-01-01,,', 'Orange,,never,,p,q'].map(
      (row) => read(`${HEADER}\n${row}\n`).invalid[0],
    );
    expect(invalid).toMatchObject({
      name: 'orange-cd',
      problem: 'expires_on "never" is not a day (write YYYY-MM-DD)',
    });
    expect(more).toMatchObject([
      { name: 'cd', problem: 'telco is empty' },
      {
        name: 'orange',
        problem:
          'country is empty and expires_on "never" is not a day (write YYYY-MM-DD) and it has more cells than the header has columns',
      },
    ]);
  });

  it('keeps until when the row whose end counts is paid, beside its last day of access', () => {
    const license = (rows: string): unknown =>
      read(`telco,country,expires_on,grace_days\n${rows}\n`).licenses.get('orange-cd');
    expect(license('orange,cd,2026-01-05,0\norange,cd,2026-01-01,30')).toMatchObject({
      lastDay: '2026-01-31',
      paidUntil: '2026-01-01',
    });
    expect(license('orange,cd,2026-01-01,30\norange,cd,2026-01-05,0')).toMatchObject({
      lastDay: '2026-01-31',
      paidUntil: '2026-01-01',
    });
  });

  it('takes of two rows with one end that which is paid for longer, whichever stands first', () => {
    const rows = ['orange,cd,2026-01-01,30', 'orange,cd,2026-01-31,0', 'orange,cd,2026-01-11,20'];
    for (const order of [rows, rows.toReversed()])
      expect(
        read(`telco,country,expires_on,grace_days\n${order.join('\n')}\n`).licenses.get('orange-cd'),
      ).toMatchObject({ lastDay: '2026-01-31', paidUntil: '2026-01-31' });
  });

  it('keeps the products that are named, each once, and the first contact that is', () => {
    const license = (rows: string): unknown =>
      read(`telco,country,expires_on,product,contact\n${rows}\n`).licenses.get('orange-cd');
    expect(license('orange,cd,2026-01-01,,')).toEqual({
      deployment: 'orange-cd',
      lastDay: '2026-01-04',
      paidUntil: '2026-01-01',
      products: [],
    });
    expect(
      license(
        'orange,cd,2026-01-01,b,\norange,cd,2026-01-01,a,ann\norange,cd,2026-01-01,,bob\norange,cd,2026-01-01,b,',
      ),
    ).toMatchObject({ products: ['a', 'b'], contact: 'ann' });
  });

  it('keeps one list for all deployments with the same products', () => {
    const rows = ['a,cd,2026-01-01,,p', 'b,cd,2026-01-01,,p', 'c,cd,2026-01-01,,p', 'd,cd,2026-01-01,,q'];
    const [a, b, c, d] = [...read([HEADER, ...rows, ''].join('\n')).licenses.values()].map(
      ({ products }) => products,
    );
    expect([b === a, c === a, a, d]).toEqual([true, true, ['p'], ['q']]);
  });

  describe('what tells unreadable rows of one name apart', () => {
    const of = (...rows: string[]): string[] =>
      read([HEADER, ...rows, ''].join('\n')).invalid.map(({ distinction }) => distinction);

    it('is which columns of them can not be read, and which days were meant', () => {
      expect(of('a,cd,never,,', 'b,cd,2026-02-30,,')).toEqual(['expires_on', 'expires_on 2026-02-30']);
      expect(of('a,cd,2026-01-01,x,', ',cd,2026-01-01,,')).toEqual(['grace_days', 'telco']);
      expect(of('or ange,c4,never,,', 'or ange,cd,2026-01-01,,')).toEqual(['country+expires_on', 'name']);
    });

    it.each([
      ['a day that no calendar has', '2026-02-30', true],
      ['the same with its day first', '31.02.2026', true],
      ['the same with slashes', '31/2/2026', true],
      ['a day with two digits of the year', '31-12-26', true],
      ['a day too far ahead', '1.1.2100', true],
      ['a word', 'never', false],
      ['a number', '46000', false],
      ['a day with something before it', 'x2026-02-30', false],
      ['a day with something behind it', '2026-02-30x', false],
      ['numbers with two different signs', '2026-02/30', false],
      ['numbers without a sign', '20260230', false],
      ['numbers longer than those of a day', '20260-02-30', false],
      ['numbers of which one is longer than a month', '2026-002-30', false],
      ['a number of five digits at the end', '30-02-20260', false],
      ['letters with signs', 'ab-cd-efgh', false],
    ])('is with the cell only where that is a day: %s', (_what, cell, isNamed) => {
      const list = readLicenses(bytes(`${HEADER}\norange,cd,${cell},,\n`), 3, {
        dateOrder: 'day-first',
        today: '2026-11-27',
      });
      expect(list.invalid.map(({ distinction }) => distinction)).toEqual([
        isNamed ? `expires_on ${cell}` : 'expires_on',
      ]);
    });

    it('counts those that are equal, and only these', () => {
      const readable = Array.from({ length: 20 }, (_, index) => `telco${index},cd,2026-01-01,,`);
      expect(
        of(...readable, 'a,cd,never,,', 'b,cd,never,,', 'a,cd,never,,', 'a,cd,2026-01-01,x,', 'a,cd,ever,,'),
      ).toEqual(['expires_on', 'expires_on', 'expires_on 2', 'grace_days', 'expires_on 3']);
    });

    it('holds nothing of a cell that may be a secret, also not as a hash', () => {
      const [first] = of('orange,cd,Winter2026!,,');
      expect(of('orange,cd,Summer2026!,,')).toEqual([first]);
      expect(of('orange,cd,never,,hunter2')).toEqual([first]);
    });

    it('is the same wherever they stand, and two for two that are equal', () => {
      const [first, second] = of('orange,cd,never,,', 'orange,cd,never,,');
      expect(first).not.toBe(second);
      expect(of('mtn,cm,2026-07-01,0,', 'orange,cd,never,,')).toEqual([first]);
    });
  });

  it.each([
    ['missing', undefined, 'not in the bucket'],
    ['empty', bytes(''), 'empty'],
    ['blank', bytes('\ufeff \n'), 'empty'],
    ['header-only', bytes(`${HEADER}\n,,,,\n`), 'no rows'],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x74, 0x00]), 'UTF-8'],
    ['Latin-1', new Uint8Array([0x74, 0xe9, 0x6c]), 'UTF-8'],
    ['without a required column', bytes('telco,country\norange,cd\n'), 'expires_on'],
    ['with an unclosed quote', bytes(`${HEADER}\n"orange,cd,2026-01-01,,\n`), 'never closed'],
    ['with a quote inside a cell', bytes(`${HEADER}\nora"nge,cd,2026-01-01,,\n`), 'quotes'],
    ['with a column twice', bytes('telco,country,expires_on,telco\na,bc,2026-01-01,d\n'), 'twice'],
    ['a web page', bytes('<!doctype html>\n<title>x</title>\n'), 'lacks'],
  ])('is unreadable as a whole when %s', async (_name, body, why) => {
    const failure = await failureOf(() => readLicenses(body, 3));
    expect(failure.name).toBe('LicenseListUnreadable');
    expect(failure.message).toContain(why);
  });

  it('is unreadable as a whole with more than 20 % unreadable rows, and more than 2', () => {
    const good = (number: number): string =>
      Array.from({ length: number }, (_, index) => `telco${index},cd,2026-01-01,,`).join('\n');
    const bad = (number: number): string => Array.from({ length: number }, () => 'x,cd,never,,').join('\n');
    expect(read(`${HEADER}\n${bad(2)}\n`).invalid).toHaveLength(2);
    expect(read(`${HEADER}\n${good(12)}\n${bad(3)}\n`).invalid).toHaveLength(3);
    expect(() => read(`${HEADER}\n${good(11)}\n${bad(3)}\n`)).toThrow(
      '3 rows of 14 can\'t be read (line 13: expires_on "never" is not a day (write YYYY-MM-DD))',
    );
  });

  it('protects everybody where a comma shifted a row whose other columns took it in', () => {
    const about = (row: string, header = 'product,telco,country,expires_on,note', started = ''): unknown =>
      read(`${header}\n,mtn,cm,2026-07-01,${started}\n${row}\n`).invalid.map(
        (invalid) => invalid.about.scope,
      );
    expect(about('Base, Pro,orange,cd,2027-12-31')).toEqual(['everybody']);
    expect(about('Base, Pro,orange,cd,')).toEqual(['deployment']);
    expect(about('Base,5G, Pro,orange,31.12.2027')).toEqual(['everybody']);
    expect(about('Base,orange,cd,,2027-12-31')).toEqual(['everybody']);
    const starts = 'product,telco,country,expires_on,starts_on';
    expect(about('Base, Pro,orange,drc,2027-12-31', starts)).toEqual(['everybody']);
    for (const expires of ['2026-02-30', '31/02/2026', '46000', '', 'never'])
      expect([expires, about(`Base,orange,cd,${expires},2026-01-01`, starts, '2026-01-01')]).toEqual([
        expires,
        ['deployment'],
      ]);
    for (const expires of ['2026-02-30', '31/02/2026', '46000', '', 'never', '31 December 2027'])
      expect([expires, about(`Base,orange,cd,${expires},a note`)]).toEqual([expires, ['deployment']]);
  });

  it.each(['constructor', '__proto__', 'toString'])('has no license for %s that no row names', (name) => {
    expect(read(`${HEADER}\norange,cd,2026-01-01,,\n`).licenses.get(name)).toBeUndefined();
  });
});

describe('a row that belongs on no list of licenses', () => {
  const problem = (row: string): string =>
    read(`${HEADER}\nmtn,cm,2026-07-01,0,\n${row}\n`).invalid[0]?.problem ?? 'none';

  it.each(['Total,,,,', 'TOTALS,,,,', 'Grand total,,,,', 'Subtotal,,,,', 'Totaal:,,,,', 'Totaux,,,,', 'Sum,,,,', 'Somme,,,,', 'Som,,,,', 'Summe,,,,', 'Gesamt,,,,', ',,total 12,,', ',total,,,', ',,2026-01-01,,total'])(
    'is one of totals: %s',
    (row) => {
      const isTotals = problem(row).includes('row of totals');
      expect(isTotals).toBe(row !== ',,2026-01-01,,total');
    },
  ); // prettier-ignore

  it.each(['the total,,,,', 'Totally,,,,', 'Summer,,,,', 'Some,,,,', ',,never,,total'])(
    'is none of totals where its first cell is another word: %s',
    (row) => {
      expect(problem(row)).not.toMatch(/totals|none/);
    },
  );

  it.each(['total,cd,2026-01-01,,', 'telco,cd,2026-01-01,,', 'telco,country,2026-01-01,,'])(
    'is not one whose telco only has such a name: %s',
    (row) => {
      expect(problem(row)).toBe('none');
    },
  );
});

describe('whom an unreadable row protects', () => {
  const rowAbout = (rows: readonly string[], deployment: string): number | undefined =>
    unreadableRowAbout(read([HEADER, 'mtn,cm,2026-07-01,0,', ...rows, ''].join('\n')), deployment)?.line;

  it.each([
    ['nobody where every row can be read', [], 'mtn-cm', undefined],
    ['its deployment', ['orange,cd,never,,'], 'orange-cd', 3],
    ['its deployment with another spelling of the country in the row', ['orange,drc,never,,'], 'orange-cd', 3],
    ['its deployment with another spelling of the country in the label', ['orange,cd,never,,'], 'orange-drc', 3],
    ['no other deployment of the country', ['orange,cd,never,,'], 'vodacom-cd', undefined],
    ['its country', [',cd,2026-01-01,,'], 'vodacom-cd', 3],
    ['its country by another spelling in the row', [',drc,2026-01-01,,'], 'vodacom-cd', 3],
    ['its country by another spelling in the label', [',cd,2026-01-01,,'], 'vodacom-rdc', 3],
    ['no other country', [',cd,2026-01-01,,'], 'mtn-cm', undefined],
    ['everybody', ['orange,,2026-01-01,,'], 'vodacom-cd', 3],
    ['its deployment, of which the first of two rows is named', ['orange,cd,never,,', 'orange,cd,x,,'], 'orange-cd', 3],
    ['its deployment, which is named before the country', [',cd,2026-01-01,,', 'orange,cd,x,,'], 'orange-cd', 4],
  ] as const)('is %s', (_whom, rows, deployment, line) => {
    expect(rowAbout(rows, deployment)).toBe(line);
  }); // prettier-ignore

  it('is among the names of the list, as every readable one is', () => {
    const list = read(`${HEADER}\nmtn,cm,2026-07-01,0,\norange,cd,never,,\n,td,never,,\n`);
    expect([...namedInList(list)]).toEqual(['mtn-cm', 'orange-cd']);
  });
});

describe('the days before an end at which it is reported', () => {
  it.each([
    [31, undefined],
    [30, 30],
    [15, 30],
    [14, 14],
    [7, 7],
    [0, 7],
    [-1, 7],
    [Infinity, undefined],
  ])('are, with %s days left, the fewest that are reached', (left, reached) => {
    expect(reachedThreshold([30, 7, 14], left)).toBe(reached);
    expect(reachedThreshold([], left)).toBeUndefined();
  });
});

describe('what a problem repeats of a cell', () => {
  it.each([
    ['telco', 'x" is in order. "y,be,2027-01-01'],
    ['country', 'mtn,x" is in order. "1,2027-01-01'],
    ['expires_on', 'mtn,be,x" is in order. "1'],
    ['grace_days', 'mtn,be,2027-01-01,x" is in order. "1'],
  ])('stands in quotes that nothing in it can close: %s', (_, row) => {
    const cells = row.split(',').map((cell) => `"${cell.replaceAll('"', '""')}"`);
    const text = `telco,country,expires_on,grace_days\nmtn,gn,2027-01-01,\n${cells.join(',')}\n`;
    const [invalid] = readLicenses(new TextEncoder().encode(text), 3).invalid;
    expect(invalid?.problem).toMatch(/x\\" is in order\. \\"/);
  });
});

describe('a content that telco and country hold between them', () => {
  const random = 'AbCdEfGhIjKlMnOpQrStUvWxYz0';
  it.each([
    ['dckr_pat_AbC', `d${random}`],
    ['dckr_pat', `_${random}`],
    ['dckr_', `pat_${random}`],
    ['dckr', `pat_${random}`],
    ['0123abcd-1234-1234', '1234-abcdefabcdef'],
    ['0123abcd-1234-1234-1234', 'abcdefabcdef'],
    ['0123abcd-1234-1234-1234-', 'abcdefabcdef'],
    ['0123abcd-1234-1234-1234-abcd', 'efabcdef'],
  ])('is concealed: %s, %s', (telco, country) => {
    const list = readLicenses(
      new TextEncoder().encode(
        `telco,country,expires_on\n${telco},${country},2027-01-01\nmtn,gn,2027-01-01\n`,
      ),
      3,
    );
    const shown = JSON.stringify([list.invalid, [...list.licenses], list.rows]).toLowerCase();
    expect(list.invalid[0]?.about).toEqual({ scope: 'everybody' });
    expect(shown).toContain('concealed');
    for (const half of ['abcdefabcdef', 'efabcdef', random.slice(6).toLowerCase(), '0123abcd'])
      expect(shown).not.toContain(half);
  });

  it('is not seen in a name that only has its letters', () => {
    const rows = 'dckr,pat,2027-01-01\norange-dr,cd,2027-01-01\nabcdefgh-abcdefgh-abcdefgh,gn,2027-01-01\n';
    const list = readLicenses(new TextEncoder().encode(`telco,country,expires_on\n${rows}`), 3);
    expect(list.invalid).toEqual([]);
  });
});

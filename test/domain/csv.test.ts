import { describe, expect, it } from 'vitest';
import { readRecords } from '../../lambdas/domain/csv-records.ts';
import { type Row, readTable } from '../../lambdas/domain/csv.ts';
import { bytes } from './situation.ts';

const read = (
  text: string,
  required: readonly string[] = ['a', 'b'],
): { readonly rows: readonly Row[] } | { readonly unreadable: string } => {
  const rows: Row[] = [];
  const table = readTable(bytes(text), { required, optional: [] }, (row) => rows.push(row));
  if ('unreadable' in table) return table;
  expect(table.rows).toBe(rows.length);
  return { rows };
};
const rows = (text: string): readonly Row[] => {
  const table = read(text);
  if ('unreadable' in table) throw new Error(table.unreadable);
  return table.rows;
};
const cells = (text: string): string[] => rows(text).map((row) => `${row.cell('a')}|${row.cell('b')}`);
const why = (text: string, required?: readonly string[]): string => {
  const table = read(text, required);
  return 'unreadable' in table ? table.unreadable : 'readable';
};

describe('a column that a table does not have', () => {
  it('has empty cells', () => {
    expect(rows('a,b\n1,2\n').map((row) => [row.cell('a'), row.cell('c')])).toEqual([['1', '']]);
  });
});

describe('a file that is no UTF-8 text', () => {
  it('is unreadable, whatever stands in it besides', () => {
    const body = Uint8Array.from([...bytes('a,b\n1,'), 0xe9, ...bytes('\n')]);
    expect(readTable(body, { required: ['a', 'b'], optional: [] }, () => undefined)).toEqual({
      unreadable: 'it is not UTF-8 text (save it as "CSV UTF-8")',
    });
  });
});

describe('the delimiter', () => {
  it('is whichever of comma and semicolon the header has more of, a comma where both are as many', () => {
    expect(cells('a,b\n1,2;3\n')).toEqual(['1|2;3']);
    expect(cells('a;b\n1;2,3\n')).toEqual(['1|2,3']);
    expect(cells('\n\na;b;"x,y"\n1;2\n')).toEqual(['1|2']);
    expect(why('a,b;c\n', ['a', 'b;c'])).toBe('readable');
  });

  it('is what a leading sep= line says, whatever the header looks like', () => {
    for (const line of ['sep=;', 'SEP=;', '"sep=;"', 'sep=; \t', '"sep=;";;', 'sep=;;;'])
      for (const end of ['\n', '\r\n', '\r'])
        expect(cells(`${line}${end}a;b;"x,y,z,w"${end}1;2${end}`)).toEqual(['1|2']);
    expect(cells('sep=,\na,b,"x;y;z;w"\n1,2\n')).toEqual(['1|2']);
  });

  it('does not depend on the line ends, which may be mixed', () => {
    expect(cells('a,b\r\n1,2\n3,4\r5,6')).toEqual(['1|2', '3|4', '5|6']);
  });

  it('line counts, and stands at the very beginning only', () => {
    expect(rows('sep=,\na,b\n1,2\n').map(({ line }) => line)).toEqual([3]);
    expect(cells('a,b\nsep=;\n1,2\n')).toEqual(['sep=;|', '1|2']);
  });

  it.each(['xsep=;', 'sep=', 'sep=|', 'sep=;x', 'sep=;"x"', 'sep=;x;', 'seps=;'])(
    'is not taken from a first line of another kind: %s',
    (line) => {
      expect(why(`${line}\na;b\n1;2\n`)).toMatch(/^its quotes|line 2, and line 1 above it/);
    },
  );

  it('is what the first 50 lines say, also where a title stands above the header', () => {
    const titles = (number: number): string => 'Licenses, of ours, and theirs\n'.repeat(number);
    expect(why(`${titles(49)}a;b\n1;2\n`)).toContain('the names of the columns is in line 50, and line 1');
    expect(why(`${titles(50)}a;b\n1;2\n`)).toMatch(/^its header lacks the columns a and b/);
    expect(cells(`${';;\n'.repeat(49)}a;b\n1;2\n`)).toEqual(['1|2']);
  });
});

describe('cells', () => {
  it('are trimmed of white space and of invisible characters at both ends, not inside', () => {
    expect(cells('a,b\n \u200b\u00a0x y\u00ad\t,\ufeff\u2060z\u200f \n')).toEqual(['x y|z']);
    expect(cells('a,b\n\u00a0x,y\u200b\n')).toEqual(['x|y']);
    expect(cells('a,b\nx\u200by,  z  z  \n')).toEqual(['x\u200by|z  z']);
  });

  it('that a row or the table lacks are empty', () => {
    const [row] = rows('a,b\n1\n');
    expect([row?.cell('b'), row?.cell('nowhere')]).toEqual(['', '']);
  });

  it('beyond the header make a row overlong, unless they are empty', () => {
    expect(rows('a,b\n1,2\n1,2,\n1,2, ,\u200b\n1,2,3\n1,2,,3\n').map(({ overlong }) => overlong)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(rows('a,,b,\n1,x,2,y\n').map((row) => [row.overlong, row.cell('b')])).toEqual([[false, '2']]);
  });

  it('make a row short where they are fewer than the columns with a name', () => {
    expect(rows('a,b,c,,\n1,2\n1,2,3\n1,2,3,4\n').map(({ short }) => short)).toEqual([true, false, false]);
    expect(rows('a,b\n1\n1,2\n').map(({ short }) => short)).toEqual([true, false]);
  });

  it('that all say what the header says make a row a header', () => {
    expect(rows('a,b,c\na,b,\nA, B ,x\na,1,c\n1,b,c\n').map(({ isHeader }) => isHeader)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['="x"', 'x'],
    ['=" x "', 'x'],
    ['="x,y"', 'x,y'],
    ['=""', ''],
    ['"=""x"""', 'x'],
    ['"=""x"', '="x'],
    ['"x"""', 'x"'],
    ['=x', '=x'],
  ])('say the text of a formula that is one: %s', (written, said) => {
    expect(cells(`a,b\n${written},2\n`)).toEqual([`${said}|2`]);
  });

  it('of nothing but white space are no row, and the line numbers go on', () => {
    expect(rows('\na,b\n\n,\n1,2\n"x\ny",\n3,4\n').map(({ line }) => line)).toEqual([5, 6, 8]);
  });
});

describe('a file that is no table', () => {
  it('says why', () => {
    expect(why('')).toBe('it is empty');
    expect(why(' \n\u200b\n')).toBe('it is empty');
    expect(why('a,b\n\0,2\n')).toBe('it is not UTF-8 text (save it as "CSV UTF-8")');
    expect(why('sep=,\na,b\n1,"2\n')).toBe('a quote is opened and never closed (near line 3)');
    expect(why('a,b\nx"1,2\n')).toBe('its quotes do not fit (near line 2)');
    expect(why('A,x\n1,2\n')).toBe('its header lacks the column b (it reads: "a, x")');
    expect(why('x,y\n1,2\n')).toBe('its header lacks the columns a and b (it reads: "x, y")');
    expect(why(',\n')).toBe('its header lacks the columns a and b (it reads: "")');
    expect(why('a,b,A\n')).toBe('its header names the column a twice');
    expect(why('a,b,,\n')).toBe('readable');
  });

  it.each([
    ['"1\n2\r\n3\r4",5\n"', 6],
    ['1,"2"\n\n\n"', 5],
    ['"1\n",2\n"3\n4', 4],
    ['1,"2\n3"x\n', 3],
    ['"1""\n2"x', 3],
    ['1,2\r\n3,4\r5,6\n"', 5],
  ])('says near which line its quotes are wrong: %j', (text, line) => {
    expect(why(`a,b\n${text}`)).toContain(`(near line ${line})`);
  });

  it('may end with a quoted cell and no line end, and begin with empty lines', () => {
    expect(cells('\n\r\n\ra,b\n\n\n1,"2"')).toEqual(['1|2']);
    expect([...readRecords('\n\n\na\n\r\nb', ',')]).toEqual([
      { line: 4, cells: ['a'] },
      { line: 6, cells: ['b'] },
    ]);
  });

  it('does not hide an error of whoever takes its rows', () => {
    const take = (): never => {
      throw new RangeError('from whoever takes the row');
    };
    expect(() => readTable(bytes('a\n1\n'), { required: ['a'], optional: [] }, take)).toThrow(RangeError);
  });

  it('is read by the separator whose header comes first, whatever stands above it', () => {
    expect(why('a;b\na,b\n')).toBe('readable');
    expect(why('a,b\na;b\n')).toBe('readable');
    expect(why(';;;\na;b\n1;2\n')).toBe('readable');
    expect(why('x,y,z\na;b\n1;2\n')).toContain('is in line 2, and line 1 above it says "x,y,z"');
    expect(why('x;y;z\na,b\n1,2\n')).toContain('is in line 2, and line 1 above it says "x;y;z"');
    expect(why('x,y;z\n')).toContain('(it reads: "x, y;z")');
  });

  it('is no workbook because its first cell begins with the same two letters', () => {
    expect(why('PK,a,b\n1,2,3\n')).toBe('readable');
    expect(why('PK\u0003\u0004')).toContain('Excel workbook');
  });

  it('is none with tabs, which is said where they split off the columns', () => {
    expect(why('a\tb\n1\t2\n')).toContain('tabs stand between its cells');
    expect(why('x\ty\n1\t2\n')).toContain('lacks the columns a and b');
  });

  it('says what stands above its header by the first cell that says anything', () => {
    expect(why(';;Licenses;\na;b\n')).toContain('line 1 above it says "Licenses"');
    expect(why('x;y\n1;2\na;c\nc;b\n')).toContain('lacks the columns a and b (it reads: "x, y")');
  });

  it('are trimmed on either side, also where only one side needs it and where nothing visible is left', () => {
    const trims = (cell: string, wanted: string): void => {
      expect(cells(`a,b\n${cell},x\n`)).toEqual([`${wanted}|x`]);
    };
    for (const [cell, wanted] of [[' one', 'one'], ['one ', 'one'], ['one\u200b', 'one'], ['\ufeffone', 'one'], ['o n e', 'o n e'], ['o', 'o'], ['é', 'é'], [' \u00a0', ''], ['o\u200bne', 'o\u200bne']] as const) trims(cell, wanted); // prettier-ignore
  });
});

describe('a cell that holds what looks like a token’s content', () => {
  const content = `dckr_pat_${'aB3-_'.repeat(5)}xy`;
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
  it('is concealed before anything is done with it, whatever its column', () => {
    const [row] = rows(`a,b,unknown\n${content},${content.toUpperCase()} x,${uuid},${content}\n`);
    expect(row?.cells).toHaveLength(4);
    for (const cell of row?.cells ?? []) expect(cell).toContain('_(concealed ');
    expect(row?.cell('a')).toMatch(/^dckr_pat_\(concealed [0-9a-f]{16}\)$/);
  });

  it('is concealed in the header, too', () => {
    expect(why(`a,${content},${uuid}\n1,2,3\n`)).toMatch(
      /it reads: "a, dckr_pat_\(concealed \w+\), uuid_\(concealed \w+\)/,
    );
    expect(why(`a,b,${content},${content}\n1,2,3,4\n`)).not.toContain(content.slice(9));
  });
});

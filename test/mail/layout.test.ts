// The form of a mail: columns, bytes, events, and what is cut.
import { describe, expect, it } from 'vitest';
import {
  Events,
  type Part,
  composeText,
  fitting,
  moreLines,
  nameLines,
  subjectOf,
  summaryOf,
  wrapText,
} from '../../lambdas/mail/layout.ts';
import { reportOf } from './mail-input.ts';

describe('a paragraph', () => {
  it('is broken at 76 columns, all lines but the first indented', () => {
    const [half, other] = ['a'.repeat(37), 'b'.repeat(38)];
    expect(wrapText(`${half} ${other}`)).toEqual([`${half} ${other}`]);
    expect(wrapText(`${half} ${other}b`)).toEqual([half, `${other}b`]);
    expect(wrapText(`${half} ${other}b c`, '  ')).toEqual([half, `  ${other}b c`]);
  });

  it('has words that are longer than a line cut, so that every line keeps to 76 columns', () => {
    expect(wrapText('a'.repeat(80))).toEqual(['a'.repeat(76), 'aaaa']);
    expect(wrapText('a'.repeat(80), '  ')).toEqual(['a'.repeat(74), '  aaaaaa']);
    expect(wrapText(`b ${'a'.repeat(160)}`, '  ').map(({ length }) => length)).toEqual([76, 76, 14]);
  });

  it('keeps a link in one piece: broken it opens nothing', () => {
    const link = `https://${'a'.repeat(100)}`;
    expect(wrapText(`Report: ${link} there`)).toEqual(['Report:', link, 'there']);
    for (const other of [`<${link}>`, link.replace('https', 'http')])
      expect(wrapText(`Report: ${other} there`)).toEqual(['Report:', other, 'there']);
    expect(wrapText(`${link} there`)).toEqual([link, 'there']);
    const path = `see-${link}`;
    expect(wrapText(path)).toEqual([path.slice(0, 76), path.slice(76)]);
  });

  it('breaks at no blank in the quoted texts of an event, and at every other one', () => {
    const quoted = '"a  b \\" c"';
    const event = `{"deployment": ${quoted}, "x": true}`;
    expect(wrapText(`${'y'.repeat(62)} ${event}`)).toEqual(['y'.repeat(62), event]);
    expect(wrapText(`${'y'.repeat(49)} ${event}`)).toEqual([
      `${'y'.repeat(49)} {"deployment":`,
      `${quoted}, "x": true}`,
    ]);
    expect(wrapText(`${'y'.repeat(70)} "in quotes"`)).toEqual([`${'y'.repeat(70)} "in`, 'quotes"']);
  });

  it('counts letters, not the units that a computer writes them in', () => {
    expect(wrapText('𝒳'.repeat(76))).toEqual(['𝒳'.repeat(76)]);
    expect(wrapText('𝒳'.repeat(77))).toEqual(['𝒳'.repeat(76), '𝒳']);
  });

  it('keeps what stands in quotes in an event together, so that it is JSON where it is pasted', () => {
    const event = { deployment: 'Orange of the Congo, "Kinshasa" {old}', renameTo: 'orange-cd' };
    const text = JSON.stringify(event).replace(':', ': ').replace(',"r', ', "r');
    for (let before = 0; before < 80; before++) {
      const lines = wrapText(`- ${'x '.repeat(before)}Rename it (${text}).`, '  ');
      expect(lines.every(({ length }) => length <= 76)).toBe(true);
      const [, pasted = ''] = /\((\{.*\})\)/s.exec(lines.join('\n')) ?? [];
      expect(JSON.parse(pasted)).toEqual(event);
    }
  });

  it('that is empty is one empty line, and one that begins with blanks keeps them', () => {
    expect(wrapText('')).toEqual(['']);
    expect(wrapText('     docker logout', '  ')).toEqual(['     docker logout']);
    expect(wrapText(`     ${'a'.repeat(72)}`, '  ')).toEqual([`     ${'a'.repeat(71)}`, '  a']);
    expect(wrapText(`${'a'.repeat(75)}  b`)).toEqual(['a'.repeat(75), 'b']);
  });

  it('of names goes on below itself', () => {
    const names = Array.from({ length: 10 }, (_, index) => `telco${index}-cd`);
    expect(nameLines(names.slice(0, 2))).toEqual(['    telco0-cd, telco1-cd']);
    expect(nameLines(names, '  ')).toEqual([
      '  telco0-cd, telco1-cd, telco2-cd, telco3-cd, telco4-cd, telco5-cd,',
      '  telco6-cd, telco7-cd, telco8-cd, telco9-cd',
    ]);
  });
});

describe('a subject', () => {
  it('is under 100 characters and ASCII, and leaves out what has no room, the least urgent first', () => {
    expect(subjectOf(['1 revoked', '2 to fix'])).toBe('[Docker Hub tokens] 1 revoked, 2 to fix');
    const room = 99 - '[Docker Hub tokens] '.length;
    expect(subjectOf(['x'.repeat(room)])).toBe(`[Docker Hub tokens] ${'x'.repeat(room)}`);
    expect(subjectOf(['x'.repeat(room + 1)])).toBe(`[Docker Hub tokens] ${'x'.repeat(room - 3)}...`);
    expect(subjectOf(['x'.repeat(room - 4), 'ab', 'c'])).toBe(
      `[Docker Hub tokens] ${'x'.repeat(room - 4)}, ab`,
    );
    expect(subjectOf(['x'.repeat(room - 4), 'abc', 'c'])).toBe(`[Docker Hub tokens] ${'x'.repeat(room - 4)}`);
    expect(subjectOf(['é\nx'])).toBe('[Docker Hub tokens] \\u{e9}\\u{a}x');
    expect(subjectOf(['é'.repeat(79)])).toHaveLength(99);
  });
});

describe('the events of a mail', () => {
  it('are numbered as the text mentions them, each once, on lines of their own', () => {
    const events = new Events('hub-token-auditor');
    const issue = { function: 'issue', json: '{"deployment": "orange-cd"}' } as const;
    const revoke = { function: 'revoke', json: '{"deployment": "orange-cd", "restore": true}' } as const;
    const other = { function: 'issue', json: '{"deployment": "mtn-cm"}' } as const;
    expect([issue, other, issue, undefined, revoke].map((event) => events.mark(event))).toEqual([
      ' [1]',
      ' [2]',
      ' [1]',
      '',
      ' [3]',
    ]);
    expect(events.lines().slice(1)).toEqual([
      '[1] to [2] hub-token-auditor-issue',
      `    ${issue.json}`,
      `    ${other.json}`,
      '[3] hub-token-auditor-revoke',
      `    ${revoke.json}`,
      '',
    ]);
    expect(new Events('hub-token-auditor').lines()).toEqual([]);
  });

  it('are in the report alone where a name would be broken in two, or the mail has many', () => {
    const events = new Events('hub-token-auditor');
    const json = (name: string): string => `{"deployment": ${JSON.stringify(name)}}`;
    for (const name of ['t'.repeat(68), `${'t'.repeat(67)}"`])
      expect(events.mark({ function: 'issue', json: json(name) })).toBe(' (event: see the report)');
    for (const name of ['t'.repeat(67), `${'t'.repeat(66)}"`])
      expect(new Events('x').mark({ function: 'issue', json: json(name) })).toBe(' [1]');
    for (let index = 1; index <= 15; index++)
      expect(events.mark({ function: 'issue', json: json(`t${index}-cd`) })).toBe(` [${index}]`);
    expect(events.mark({ function: 'issue', json: json('mtn-cm') })).toBe('');
  });

  it('of one function stand together only where the text mentions them in a row', () => {
    const events = new Events('hub');
    events.mark({ function: 'issue', json: '{"deployment": "a-cd"}' });
    events.mark({ function: 'revoke', json: '{"deployment": "b-cd"}' });
    events.mark({ function: 'issue', json: '{"deployment": "c-cd"}' });
    expect(events.lines().filter((line) => line.startsWith('['))).toEqual([
      '[1] hub-issue',
      '[2] hub-revoke',
      '[3] hub-issue',
    ]);
  });

  it('that name many are broken between names and are JSON where they are pasted', () => {
    const events = new Events('hub-token-auditor');
    const names = Array.from({ length: 40 }, (_, index) => `telco${index}-cd`);
    events.mark({ function: 'audit', json: `{"approve": [${names.map((name) => `"${name}"`).join(', ')}]}` });
    const lines = events.lines();
    expect(lines.every(({ length }) => length <= 76)).toBe(true);
    expect(JSON.parse(lines.slice(2).join('\n'))).toEqual({ approve: names });
  });
});

describe('a text', () => {
  const partOf = (name: string, count: number, isRest = false): Part => ({
    count,
    isRest,
    render: (shown) => [
      name,
      ...Array.from({ length: shown }, (_, index) => `${name} ${index} ${'é'.repeat(20)}`),
      ...(shown < count ? [`${count - shown} more ${name}`] : []),
    ],
    reportedBy: (shown) => Array.from({ length: shown }, (_, index) => `${name} ${index}`),
  });
  const compose = (...parts: Part[]): { text: string; counts: Record<string, number>; bytes: number } => {
    const { text, reported } = composeText(() => ['Heading.'], parts, ['Closing.'], 'auditor');
    const names = [...reported].map((key) => key.split(' ')[0] ?? '');
    return {
      text,
      counts: Object.fromEntries(
        [...Map.groupBy(names, (name) => name)].map(([name, of]) => [name, of.length]),
      ),
      bytes: Buffer.byteLength(text),
    };
  };

  it('has heading, parts and closing with a line between them, and no part that is empty', () => {
    expect(compose(partOf('a', 1), partOf('b', 0), partOf('rest', 1, true)).text).toBe(
      `Heading.\n\na\na 0 ${'é'.repeat(20)}\n\nrest\nrest 0 ${'é'.repeat(20)}\n\nClosing.\n`,
    );
  });

  it('has the events that heading and parts mention before its closing', () => {
    const json = '{"deployment": "a-cd"}';
    const part: Part = {
      count: 1,
      isRest: false,
      render: (_shown, events) => [`Do it${events.mark({ function: 'issue', json })}.`],
      reportedBy: () => [],
    };
    const { text } = composeText((events) => [`First${events.mark({ function: 'audit', json: '{}' })}.`], [part], ['Closing.'], 'hub'); // prettier-ignore
    expect(text.split('\n')).toEqual([
      'First [1].',
      '',
      'Do it [2].',
      '',
      'How: AWS console, Lambda, the function named here, Test, paste the event:',
      '[1] hub-audit',
      '    {}',
      '[2] hub-issue',
      `    ${json}`,
      '',
      'Closing.',
      '',
    ]);
  });

  it('drops of what may be dropped first the last part first', () => {
    const { counts } = compose(partOf('first', 300, true), partOf('last', 300, true));
    expect(counts['first']).toBe(300);
    expect(counts['last']).toBeGreaterThan(50);
    expect(counts['last']).toBeLessThan(150);
    const none = compose(partOf('first', 600, true), partOf('last', 300, true));
    expect([none.counts['first'] ?? 0, none.counts['last']]).toEqual([expect.any(Number), undefined]);
    expect(none.counts['first']).toBeGreaterThan(300);
  });

  it('shares what room there is between long parts alike', () => {
    const { counts, bytes } = compose(partOf('a', 5000), partOf('b', 4000), partOf('c', 3));
    expect(counts['c']).toBe(3);
    expect(Math.abs((counts['a'] ?? 0) - (counts['b'] ?? 0))).toBeLessThan(3);
    expect(bytes).toBeGreaterThan(19_800);
    expect(bytes).toBeLessThanOrEqual(20_000);
  });

  it('has all that fits into 20 kB, in bytes', () => {
    const { counts, text } = compose(partOf('a', 100), partOf('rest', 100, true));
    expect(counts).toEqual({ a: 100, rest: 100 });
    expect(text).not.toContain('more');
    const full = compose(partOf('a', 2000));
    expect(full.bytes).toBeLessThanOrEqual(20_000);
    expect(full.bytes).toBeGreaterThan(19_900);
  });

  it.each([
    [20_000, 'x', 20_000],
    [20_001, 'a', 22],
  ])('has what makes it %i bytes long only up to 20 kB', (bytes, first, length) => {
    const around = Buffer.byteLength('Heading.\n\n\n\nClosing.\n');
    const part: Part = {
      count: 1,
      isRest: false,
      render: (shown) => [shown === 1 ? 'x'.repeat(bytes - around) : 'a'],
      reportedBy: () => [],
    };
    const { text } = compose(part);
    expect([text.split('\n')[2]?.[0], text.length]).toEqual([first, length]);
  });

  it('drops the rest before anything else, and says how much', () => {
    const { counts, text, bytes } = compose(partOf('a', 300), partOf('b', 30), partOf('rest', 400, true));
    expect(counts).toMatchObject({ a: 300, b: 30 });
    expect(counts['rest']).toBeLessThan(400);
    expect(text).toContain(`${400 - (counts['rest'] ?? 0)} more rest`);
    expect(bytes).toBeLessThanOrEqual(20_000);
    expect(text.endsWith('Closing.\n')).toBe(true);
  });

  it('drops of the other parts from the longest, so that it hides no short one', () => {
    const { counts, bytes } = compose(partOf('a', 5000), partOf('b', 30), partOf('rest', 5, true));
    expect(counts['b']).toBe(30);
    expect(counts['rest']).toBeUndefined();
    expect(counts['a']).toBeGreaterThan(300);
    expect(bytes).toBeLessThanOrEqual(20_000);
  });
});

describe('lines that do not fit', () => {
  it('are counted, with where they stand and whether they come again', () => {
    expect(moreLines(0, 'deployment')).toEqual([]);
    expect(moreLines(1, 'note', false)).toEqual([
      '  ... and 1 more note, not reported here: see the report.',
    ]);
    expect(moreLines(2, 'step').join(' ')).toBe(
      '  ... and 2 more steps, not reported here: see the report; the next mail   reports them.',
    );
  });

  it('are those from the first on that has no room, in bytes with its line break', () => {
    expect([11, 12, 13].map((limit) => fitting(['abc', 'é', 'abcd'], limit).length)).toEqual([2, 3, 3]);
    expect(fitting(['abcdef', 'a'], 4)).toEqual([]);
    expect(fitting([], 4)).toEqual([]);
  });
});

describe('the summary for programs', () => {
  it('holds run, outcome, counts and report, and only the first two where it would be over 2 kB', () => {
    const { counts } = reportOf();
    const whole = { runId: 'r', outcome: 'clean' as const, counts, report: 'reports/r.json' };
    expect(JSON.parse(summaryOf(whole))).toEqual(whole);
    const fill = (length: number): string => {
      const bare = summaryOf({ runId: 'r', outcome: 'clean', report: '' }).length;
      return summaryOf({ runId: 'r', outcome: 'clean', report: 'x'.repeat(length - bare) });
    };
    expect([fill(2048).length, fill(2049)]).toEqual([2048, '{"runId":"r","outcome":"clean"}']);
    expect(summaryOf({ runId: 'é'.repeat(1100), outcome: 'clean' })).toBe(
      `{"runId":"${'é'.repeat(200)}","outcome":"clean"}`,
    );
  });
});

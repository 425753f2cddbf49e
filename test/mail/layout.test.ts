// The form of a mail: columns, bytes, events, and what is cut.
import { describe, expect, it } from 'vitest';
import { Events, type Part, composeText, subjectOf, summaryOf, wrapText } from '../../lambdas/mail/layout.ts';
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
    expect(events.mark({ function: 'issue', json: json('t'.repeat(68)) })).toBe(' (event: see the report)');
    for (let index = 1; index <= 15; index++)
      expect(events.mark({ function: 'issue', json: json(`t${index}-cd`) })).toBe(` [${index}]`);
    expect(events.mark({ function: 'issue', json: json('mtn-cm') })).toBe('');
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

  it('has all that fits into 20 kB, in bytes', () => {
    const { counts, text } = compose(partOf('a', 100), partOf('rest', 100, true));
    expect(counts).toEqual({ a: 100, rest: 100 });
    expect(text).not.toContain('more');
    const full = compose(partOf('a', 2000));
    expect(full.bytes).toBeLessThanOrEqual(20_000);
    expect(full.bytes).toBeGreaterThan(19_900);
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

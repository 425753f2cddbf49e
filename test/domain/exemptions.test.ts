import { describe, expect, it } from 'vitest';
import {
  type Exemption,
  exemptedLabels,
  lastExemptions,
  readExemptions,
} from '../../lambdas/domain/exemptions.ts';
import { type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { exemptionNews } from '../../lambdas/mail/exemption-news.ts';
import { failureOf } from '../failure.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (rows: string): readonly Exemption[] =>
  readExemptions(bytes(`label,reason,owner,until,findings\n${rows}\n`), false);

describe('exemptions', () => {
  it('are in force until their day is over, without a day for ever', () => {
    const exemptions = read('orange-cd,pilot,ann,2026-03-02,\nmtn-cm,own use,bob,,');
    expect([...exemptedLabels(exemptions, '2026-03-02').keys()]).toEqual(['orange-cd', 'mtn-cm']);
    expect([...exemptedLabels(exemptions, '2026-03-03').keys()]).toEqual(['mtn-cm']);
  });

  it('without kinds mean all kinds and no withdrawal, with kinds only these', () => {
    const labels = exemptedLabels(read('a,,,,\nb,,,,unused-token wrong-scope'), '2026-01-01');
    expect(labels.get('a')?.everything).toBe(true);
    expect(labels.get('b')?.everything).toBe(false);
    expect([...(labels.get('b')?.kinds ?? [])]).toEqual(['unused-token', 'wrong-scope']);
  });

  it('have a reason, an owner, a day and kinds, and no day where none is written', () => {
    expect(read('a,why,ann,2026-03-02,wrong-scope  unused-token\nb,,,,')).toStrictEqual([
      {
        label: 'a',
        reason: 'why',
        owner: 'ann',
        until: '2026-03-02',
        findings: ['wrong-scope', 'unused-token'],
      },
      { label: 'b', reason: '', owner: '', findings: [] },
    ]);
  });

  it('add up over several rows of one label, whatever their order', () => {
    for (const rows of ['a,,,,\na,,,,unused-token', 'a,,,,unused-token\na,,,,'])
      expect(exemptedLabels(read(rows), '2026-01-01').get('a')?.everything).toBe(true);
    const labels = exemptedLabels(read('a,,,,unused-token\na,,,,wrong-scope suspended'), '2026-01-01');
    expect(labels.get('a')).toEqual({
      everything: false,
      kinds: new Set(['unused-token', 'wrong-scope', 'suspended']),
    });
  });

  describe('that were read last', () => {
    const last = (
      exemptions: Ledger['exemptions'],
      measures: Ledger['measures']['exemptions'] = null,
    ): readonly Exemption[] => {
      const ledger = emptyLedger();
      return lastExemptions({
        ...ledger,
        exemptions,
        measures: { ...ledger.measures, exemptions: measures },
      });
    };
    const exemption = (changes: Partial<Exemption>): Exemption => ({
      label: 'a',
      reason: '',
      owner: '',
      findings: [],
      ...changes,
    });

    it('are none where the ledger remembers none', () => {
      expect(last(null)).toEqual([]);
    });

    it('are those of the ledger with their day and those of their kinds that there still are', () => {
      expect(
        last([
          { label: 'a', until: '2026-03-02', findings: ['unused-token', 'gone-kind'], endReported: true },
          { label: 'b', endReported: false },
        ]),
      ).toStrictEqual([
        exemption({ until: '2026-03-02', findings: ['unused-token'] }),
        exemption({ label: 'b' }),
      ]);
    });

    it('are those that were counted too, from everything, where nobody remembers their kinds', () => {
      expect(
        last(
          [
            { label: 'a', until: '2026-03-02', findings: ['unused-token'], endReported: false },
            { label: 'z', findings: ['unused-token'], endReported: false },
          ],
          [
            { label: 'a', until: '2026-03-02' },
            { label: 'a', until: '2026-04-02' },
            { label: 'a' },
            { label: 'c', until: '2026-03-02' },
          ],
        ),
      ).toStrictEqual([
        exemption({ until: '2026-03-02', findings: ['unused-token'] }),
        exemption({ label: 'z', findings: ['unused-token'] }),
        exemption({ until: '2026-04-02' }),
        exemption({}),
        exemption({ label: 'c', until: '2026-03-02' }),
      ]);
    });
  });

  it('may be absent, unless an earlier run saw the file', () => {
    expect(readExemptions(undefined, false)).toEqual([]);
    expect(() => readExemptions(undefined, true)).toThrow('now it is gone');
  });

  it.each([
    ['a,,,2026-02-30,', 'is not a day'],
    [',r,o,,', 'names no label'],
    ['a,,,,no-such-kind', 'no kind of finding'],
    ['a,,,,,,shifted', 'more cells'],
    ['Label,Reason,Owner,Until,', 'line 2 repeats the names of the columns'],
    ['a,,,never,', 'line 2: until "never" is not a day (write YYYY-MM-DD)'],
    ['a,,,,unused-token no-such-kind', 'line 2: "no-such-kind" is no kind of finding'],
  ])('are unreadable as a whole with the row %j', async (row, why) => {
    const failure = await failureOf(() => read(row));
    expect(failure.name).toBe('ExemptionsUnreadable');
    expect(failure.message).toContain(why);
  });

  it('are unreadable without one of their columns, and readable with a header only', () => {
    expect(() => readExemptions(bytes('label,reason,owner\na,b,c\n'), false)).toThrow('until');
    expect(readExemptions(bytes('label,reason,owner,until\n'), true)).toEqual([]);
  });

  it('are reported when they come, go, and end within 7 days, each once', () => {
    const both = read('a,pilot,ann,2026-03-20,\nb,,,,');
    const first = exemptionNews(null, both, true, '2026-03-01');
    expect(first.lines).toEqual([
      'a is exempt from everything, until 20 Mar: "ann" says "pilot"',
      'b is exempt from everything, no end: nobody says why',
    ]);
    expect(exemptionNews(first.remembered, both, true, '2026-03-02').lines).toEqual([]);
    const soon = exemptionNews(first.remembered, both, true, '2026-03-13');
    expect(soon.lines).toEqual([
      'a is exempt from everything for 7 more days, until 20 Mar: "ann" says "pilot"',
    ]);
    expect(exemptionNews(soon.remembered, both, true, '2026-03-14').lines).toEqual([]);
    expect(exemptionNews(first.remembered, both, true, '2026-03-12').lines).toEqual([]);
    expect(exemptionNews(first.remembered, both, true, '2026-03-20').lines).toEqual([
      'a is exempt from everything for today only: "ann" says "pilot"',
    ]);
    expect(first.remembered).toStrictEqual([
      { label: 'a', until: '2026-03-20', findings: [], endReported: false },
      { label: 'b', findings: [], endReported: false },
    ]);
    expect(exemptionNews(soon.remembered, both, true, '2026-03-21').lines).toEqual([
      'a is no longer exempt.',
    ]);
  });

  it('say who says why, and how long they last with what they are from', () => {
    const lines = exemptionNews(null, read('a,pilot,,,\nb,,ann,,\nMtn CM,own use,bob,2026-03-05,unused-token'), true, '2026-03-01').lines; // prettier-ignore
    expect(lines).toEqual([
      'a is exempt from everything, no end: somebody says "pilot"',
      'b is exempt from everything, no end: "ann" does not say why',
      '"Mtn CM" is exempt from unused-token, until 5 Mar: "bob" says "own use"',
    ]);
  });

  it('are reported of once when they come a week before their end or later', () => {
    const ending = read('a,pilot,ann,2026-03-08,unused-token');
    const first = exemptionNews(null, ending, true, '2026-03-01');
    expect(first.lines).toHaveLength(1);
    expect(first.remembered).toMatchObject([{ endReported: true }]);
    expect(exemptionNews(first.remembered, ending, true, '2026-03-07').lines).toEqual([]);
    const again = exemptionNews(first.remembered, ending, true, '2026-03-08');
    expect([again.lines, again.remembered]).toEqual([[], first.remembered]);
  });

  it('that were over when they were read are none, and without the file nothing is remembered', () => {
    const over = exemptionNews(null, read('a,pilot,ann,2026-02-28,'), true, '2026-03-01');
    expect(over).toEqual({ lines: [], remembered: [] });
    expect(exemptionNews(null, [], false, '2026-03-01')).toEqual({ lines: [], remembered: null });
  });

  describe('that change what they are from', () => {
    const news = (before: string, now: string): readonly string[] =>
      exemptionNews(exemptionNews(null, read(before), true, '2026-03-01').remembered, read(now), true, '2026-03-02').lines; // prettier-ignore

    it('are reported with the kinds or that it is everything', () => {
      expect(news('a,pilot,ann,,unused-token', 'a,pilot,ann,,')).toEqual([
        'a is now exempt from everything, no end: "ann" says "pilot"',
      ]);
      expect(news('a,pilot,ann,2026-12-31,', 'a,pilot,ann,2026-12-31,wrong-scope unused-token')).toEqual([
        'a is now exempt from unused-token and wrong-scope, until 31 Dec: "ann" says "pilot"',
      ]);
    });

    it('are not reported again for another order of the kinds or of the rows', () => {
      expect(news('a,,,,unused-token wrong-scope', 'a,,,,wrong-scope unused-token wrong-scope')).toEqual([]);
      expect(news('a,,,,\na,,,,unused-token', 'a,,,,unused-token\na,,,,')).toEqual([]);
    });

    it('because one of several rows of a label ended are reported, unless another one took its place', () => {
      expect(news('a,,,,\na,,,,unused-token', 'a,,,,unused-token')).toEqual([
        'a is no longer exempt from everything.',
      ]);
      expect(news('a,pilot,ann,2026-03-20,', 'a,pilot,ann,2026-12-31,')).toEqual([
        'a is now exempt from everything, until 31 Dec: "ann" says "pilot"',
      ]);
    });

    it('are not reported of those whose kinds an earlier version did not remember', () => {
      const before = [{ label: 'a', endReported: false }];
      const { lines, remembered } = exemptionNews(before, read('a,,,,unused-token'), true, '2026-03-02');
      expect([lines, remembered]).toEqual([
        [],
        [{ label: 'a', findings: ['unused-token'], endReported: false }],
      ]);
      expect(exemptionNews(before, read('a,,,2026-12-31,'), true, '2026-03-02').lines).toEqual([
        'a is now exempt from everything, until 31 Dec: nobody says why',
      ]);
    });
  });
});

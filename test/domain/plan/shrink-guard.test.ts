import { describe, expect, it } from 'vitest';
import { emptyLedger } from '../../../lambdas/domain/ledger.ts';
import {
  hasShrunk,
  passedEndsAfter,
  rememberInputs,
  shrunkInputs,
  shrunkSentence,
  type RunOnInputs,
} from '../../../lambdas/domain/plan/shrink-guard.ts';
import type { Ledger } from '../../../lambdas/domain/ledger.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import { defaultSettings } from '../../default-settings.ts';
import { NOW, type Situation, inputsOf, snapshotOf } from '../situation.ts';

const NOTHING_DONE: RunOnInputs = { approved: false, deleted: { tokens: 0, keys: 0 } };

/** What the ledger remembers of the inputs of one night. */
const after = (situation: Situation, ledger: Ledger = emptyLedger(), run = NOTHING_DONE): Ledger => ({
  ...ledger,
  ...rememberInputs(ledger, snapshotOf(situation), run),
});
/** Which inputs shrank from one night to another. */
const shrunk = (before: Situation | Ledger, now: Situation): string[] =>
  shrunkInputs('version' in before ? before : after(before), snapshotOf(now)).map(({ text }) => text);

const names = (count: number, letter = 'a'): string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index}`);
const rows = (...telcos: string[]): string[] => telcos.map((telco) => `${telco},cd,2027-01-01,0`);

describe('an input', () => {
  it('has shrunk where it lost more than a fifth and more than 2', () => {
    expect([hasShrunk(10, 2), hasShrunk(10, 3), hasShrunk(15, 3), hasShrunk(14, 3)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('is compared with nothing before the first whole run', () => {
    expect(shrunkInputs(emptyLedger(), snapshotOf({}))).toEqual([]);
  });

  it('is named in one sentence with what else shrank', () => {
    const two = [
      { input: 'tokens', text: 'the list went from 9 to 1' },
      { input: 'keys', text: 'the keys went from 9 to 2' },
    ] as const;
    expect(shrunkSentence(two)).toBe(
      'The list went from 9 to 1 and the keys went from 9 to 2 since the last whole run.',
    );
  });

  it('keeps its measure, and what is remembered of it, where it was not read', () => {
    const whole = after({
      tokens: [{}],
      keys: { 'orange-cd': 'x' },
      licenses: ['orange,cd,2026-03-01,0', 'mtn,cm,2027-01-01,0'],
      exemptions: 'label,reason,owner,until\na-cd,,,\n',
    });
    expect(whole.measures).toEqual({
      tokens: 1,
      keys: 1,
      licenses: { deployments: 2, rows: null },
      exemptions: [{ label: 'a-cd' }],
    });
    expect(whole.licenseRows).toHaveLength(2);
    const nothing = takeSnapshot({ ledger: whole }, defaultSettings(), NOW);
    expect(rememberInputs(whole, nothing, NOTHING_DONE)).toEqual({
      measures: { ...whole.measures, licenses: { deployments: 2, rows: whole.licenseRows } },
      licenseRows: whole.licenseRows,
      passedEnds: whole.passedEnds,
    });
    expect(passedEndsAfter(whole, nothing)).toEqual([{ deployment: 'orange-cd', end: '2026-03-01' }]);
    expect(shrunkInputs(whole, nothing)).toEqual([]);
  });

  it('is measured where it lost less: one night after the other may take a fifth away', () => {
    const first = { licenses: rows(...names(10)) };
    const second = after({ licenses: rows(...names(8)) }, after(first));
    expect(shrunk(second, { licenses: rows(...names(6)) })).toEqual([]);
  });
});

describe('the tokens and the keys', () => {
  const of = (tokens: number, keys: number): Situation => ({
    tokens: names(tokens).map((label) => ({ label })),
    keys: Object.fromEntries(names(keys).map((name) => [name, 'x'])),
  });

  it('are counted, each against its own measure', () => {
    expect(shrunk(of(10, 10), of(7, 8))).toEqual(["Docker Hub's list went from 10 to 7"]);
    expect(shrunk(of(10, 10), of(8, 7))).toEqual(["Vault's keys went from 10 to 7"]);
  });

  it('keep the measure of before while they are too few, whatever the others do', () => {
    const ledger = after(of(7, 12), after(of(10, 10)));
    expect(ledger.measures).toMatchObject({ tokens: 10, keys: 12 });
  });

  it('are measured without what the run deleted itself', () => {
    const ledger = after(of(10, 10), emptyLedger(), { approved: false, deleted: { tokens: 2, keys: 1 } });
    expect(ledger.measures).toMatchObject({ tokens: 8, keys: 9 });
  });
});

describe('the license list', () => {
  const list = (...licenses: string[]): Situation => ({ licenses });
  const day = (end: string, ...telcos: string[]): string[] => telcos.map((telco) => `${telco},cd,${end},0`);
  const ten = names(10);

  it.each([
    ['loses 3 of 10 rows', list(...rows(...ten.slice(3))), true],
    ['loses 2 of 10 rows', list(...rows(...ten.slice(2))), false],
    [
      'has 3 of 10 ends moved back',
      list(...day('2026-12-31', ...ten.slice(0, 3)), ...rows(...ten.slice(3))),
      true,
    ],
    [
      'has 3 of 10 ends moved forward',
      list(...day('2027-12-31', ...ten.slice(0, 3)), ...rows(...ten.slice(3))),
      false,
    ],
    [
      'has 2 rows fewer and 1 end moved back',
      list(...day('2026-12-31', 'a2'), ...rows(...ten.slice(3))),
      true,
    ],
    ['is in another order', list(...rows(...[...ten].reverse())), false],
    ['has 3 new rows in place of 3', list(...rows(...ten.slice(3), ...names(3, 'b'))), true],
  ] as const)('that %s is believed or not', (_, now, isShrunk) => {
    expect(shrunk(list(...rows(...ten)), now)).toHaveLength(isShrunk ? 1 : 0);
  });

  it('is matched by deployment and product: the renewals of 3 of 7 customers are 3 rows of 10', () => {
    const seven = names(7);
    const old = day('2026-03-01', ...seven);
    const renewed = rows(...seven.slice(0, 3));
    expect(shrunk(list(...old, ...renewed), list(...old))).toEqual([
      'the license list went from 10 to 7 rows (3 rows of 10 are gone)',
    ]);
  });

  it('counts each row once, the longest first, where one product has several', () => {
    const three = (...ends: string[]): Situation =>
      list(...ends.map((end) => `a,cd,${end},0`), ...rows(...names(7, 'b')));
    const before = three('2026-05-01', '2026-07-01', '2026-06-01');
    expect(shrunk(before, three('2026-07-01', '2026-06-01', '2026-05-01'))).toEqual([]);
    expect(shrunk(before, three('2026-08-01', '2026-08-01', '2026-08-01'))).toEqual([]);
    expect(shrunk(before, three('2026-04-01', '2026-04-01', '2026-04-01'))).toEqual([
      'the license list went from 10 to 10 rows (the access of 3 rows of 10 ends earlier)',
    ]);
    expect(shrunk(before, list('a,cd,2026-04-01,0', ...rows(...names(7, 'b'))))).toEqual([
      'the license list went from 10 to 8 rows (2 rows of 10 are gone, the access of 1 row of 10 ends earlier)',
    ]);
  });

  it('matches the ends of one product from the latest on', () => {
    const products = (...ends: string[]): string[] =>
      names(3).flatMap((telco) => ends.map((end) => `${telco},cd,${end},0`));
    const others = rows(...names(7, 'b'));
    const before = list(...products('2026-06-01', '2026-05-01'), ...others);
    expect(shrunk(before, list(...products('2026-07-01', '2026-04-01'), ...others))).toEqual([
      'the license list went from 13 to 13 rows (the access of 3 rows of 13 ends earlier)',
    ]);
  });

  it('takes a row for another one where its product is called otherwise', () => {
    const { licenses, ...inputs } = inputsOf(list(...rows(...ten)));
    if (licenses === undefined) throw new Error('A situation has licenses.');
    const renamed = licenses.rows.map((row, index) => (index < 3 ? { ...row, product: 'new' } : row));
    const now = { ...inputs, licenses: { ...licenses, rows: renamed } };
    const ledger = after(list(...rows(...ten)));
    expect(shrunkInputs(ledger, takeSnapshot(now, defaultSettings(), NOW))).toMatchObject([
      { text: 'the license list went from 10 to 10 rows (3 rows of 10 are gone)' },
    ]);
  });

  it('says how many ends moved back', () => {
    expect(shrunk(list(...rows(...ten)), list(...day('2026-12-31', ...ten)))).toEqual([
      'the license list went from 10 to 10 rows (the access of 10 rows of 10 ends earlier)',
    ]);
  });

  it('keeps its measure while it is shrunken, and the rows that were read last besides', () => {
    const whole = after(list(...rows(...ten)));
    const less = list(...rows(...ten.slice(4)));
    const ledger = after(less, whole);
    expect(ledger.licenseRows).toHaveLength(6);
    expect(shrunk(ledger, less)).toHaveLength(1);
    expect(shrunk(after(less, ledger), less)).toHaveLength(1);
    expect(shrunk(ledger, list(...rows(...ten)))).toEqual([]);
  });

  it('is measured again by an approval', () => {
    const less = list(...rows(...ten.slice(4)));
    const ledger = after(less, after(list(...rows(...ten))), { ...NOTHING_DONE, approved: true });
    expect(shrunk(ledger, less)).toEqual([]);
  });

  it('is compared by its deployments where version 1 counted them', () => {
    const ledger = {
      ...emptyLedger(),
      measures: { ...emptyLedger().measures, licenses: { deployments: 10, rows: null } },
    };
    expect(shrunk(ledger, list(...rows(...ten.slice(3))))).toEqual([
      'the license list went from 10 to 7 deployments',
    ]);
    expect(shrunk(ledger, list(...rows(...ten.slice(2))))).toEqual([]);
  });
});

describe('the exemptions', () => {
  const exempt = (...lines: string[]): Situation => ({
    exemptions: ['label,reason,owner,until,findings', ...lines].join('\n'),
  });
  const three = ['a-cd,,,,', 'b-cd,,,2026-12-31,', 'c-cd,,,2026-03-02,'];

  it('have shrunk where more than 2 were removed before their end', () => {
    expect(shrunk(exempt(...three), exempt())).toEqual(['the exemptions went from 3 to 0']);
    expect(shrunk(exempt(...three), exempt('a-cd,,,,'))).toEqual([]);
  });

  it('are counted one by one where a label stands several times', () => {
    const twice = exempt(...three, ...three);
    expect(shrunk(twice, exempt(...three))).toEqual(['the exemptions went from 6 to 3']);
    expect(shrunk(twice, exempt(...three, ...three.slice(2)))).toEqual([]);
  });

  it('have not where their time was over', () => {
    const ended = [...three.slice(0, 2), 'c-cd,,,2026-03-01,'];
    expect(shrunk(exempt(...ended), exempt())).toEqual([]);
  });
});

describe('an end that had passed', () => {
  it('is remembered, also when its row is gone, until a row says otherwise', () => {
    const ended = after({ licenses: ['orange,cd,2026-03-01,0', 'mtn,cm,2026-03-02,0'] });
    expect(ended.passedEnds).toEqual([{ deployment: 'orange-cd', end: '2026-03-01' }]);
    const gone = after({ licenses: ['mtn,cm,2027-01-01,0'] }, ended);
    expect(gone.passedEnds).toEqual([{ deployment: 'orange-cd', end: '2026-03-01' }]);
    expect(after({ licenses: ['orange,cd,2027-01-01,0'] }, gone).passedEnds).toEqual([]);
  });
});

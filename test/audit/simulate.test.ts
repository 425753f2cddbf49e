// The calendar of the days to come.
import { describe, expect, it } from 'vitest';
import { type CalendarEntry, simulate } from '../../lambdas/audit/simulate.ts';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { CONTENT, contentOf, NOW, type Situation, inputsOf, suspensionOf } from '../domain/situation.ts';
import { defaultSettings } from '../default-settings.ts';

interface Play extends Situation {
  readonly hold?: boolean;
  readonly until?: string;
  /** Whether only names of keys were read. */
  readonly namesOnly?: boolean;
}

function play({
  hold = false,
  until = '2026-06-30',
  namesOnly = false,
  ...situation
}: Play): CalendarEntry[] {
  const { tokens = [], keys, licenses, exemptions = [], ledger } = inputsOf(situation);
  if (keys === undefined || licenses === undefined) throw new Error('A situation has keys and licenses.');
  const { values: _, ...names } = keys;
  return simulate(
    {
      inputs: {
        tokens,
        keys: namesOnly ? names : keys,
        licenses,
        exemptions,
        ledger: ledger ?? emptyLedger(),
      },
      hold,
    },
    defaultSettings(situation.settings),
    NOW,
    until,
  );
}
const lines = (calendar: readonly CalendarEntry[]): string[] =>
  calendar.map(
    ({ day, kind, deployment, withheld }) => `${day} ${kind} ${deployment}${withheld ? ' withheld' : ''}`,
  );

const KEYS = { 'orange-cd': CONTENT, 'mtn-cm': 'other' };
const ENDING = ['orange,cd,2026-03-10,0', 'mtn,cm,2027-01-01,0'];
const BOTH = [{}, { label: 'mtn-cm' }];

describe('a simulation', () => {
  it('plays the whole life of an ending license, as if nothing else happened', () => {
    expect(lines(play({ tokens: BOTH, keys: KEYS, licenses: ENDING }))).toEqual([
      '2026-03-03 announce orange-cd',
      '2026-03-11 deactivate orange-cd',
      '2026-06-02 announce orange-cd',
      '2026-06-09 delete-token orange-cd',
      '2026-06-09 remove-key orange-cd',
    ]);
  });

  it('ends with its last day, which is played', () => {
    const until = (day: string): string[] => lines(play({ tokens: BOTH, licenses: ENDING, until: day }));
    expect([until('2026-03-10').length, until('2026-03-11').length, until('2026-03-01').length]).toEqual([
      1, 2, 0,
    ]);
  });

  it('removes no key whose content nobody read', () => {
    expect(lines(play({ tokens: BOTH, keys: KEYS, licenses: ENDING, namesOnly: true })).at(-1)).toBe(
      '2026-06-09 delete-token orange-cd',
    );
  });

  it('says the reasons, and of what is withheld each once, however many nights it lasts', () => {
    const held = play({ tokens: BOTH, licenses: ENDING, hold: true });
    expect(lines(held)).toEqual([
      '2026-03-03 announce orange-cd',
      '2026-03-11 deactivate orange-cd withheld',
    ]);
    expect(held.map(({ reason }) => reason)).toEqual([
      'the license ends with 2026-03-10; the token will be switched off in the night of 2026-03-11, 03:30',
      'the object HOLD is in the bucket: remove it to let the audit withdraw again; the license ended with 2026-03-10, announced on 2026-03-03',
    ]);
  });

  it('tells two tokens and two steps apart where they are withheld', () => {
    const two = play({ tokens: [{}, {}], licenses: ['orange,cd,2026-03-01,0'], hold: true });
    expect(lines(two)).toEqual([
      '2026-03-02 announce orange-cd',
      '2026-03-02 announce orange-cd',
      '2026-03-03 deactivate orange-cd withheld',
      '2026-03-03 deactivate orange-cd withheld',
    ]);
  });

  it('switches renewed customers on, and switches off and deletes what was replaced', () => {
    const renewed = play({
      tokens: [{ enabled: false }, { id: 'old', label: 'mtn-cm' }, { id: 'new', label: 'mtn-cm' }],
      keys: KEYS,
      licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0'],
      ledger: {
        suspensions: [suspensionOf()],
        replaced: [
          { tokenId: 'old', deployment: 'mtn-cm', until: new Date(NOW + DAY).toISOString(), by: 'new' },
        ],
      },
    });
    expect(lines(renewed)).toEqual([
      '2026-03-02 reactivate orange-cd',
      '2026-03-03 deactivate mtn-cm',
      '2026-03-10 delete-token mtn-cm',
    ]);
  });

  it('plays each life to its end, whatever becomes of others, and one that ends again after it was renewed', () => {
    const names = ['aa-cd', 'bb-cd', 'cc-cd'];
    const lives = play({
      tokens: [...names.map((label) => ({ id: `id-${label}`, label })), { id: 'off', enabled: false }],
      keys: Object.fromEntries(names.map((name) => [name, contentOf(name)])),
      licenses: [...names.map((name) => `${name.slice(0, 2)},cd,2026-03-01,0`), 'orange,cd,2026-06-10,0'],
      ledger: { suspensions: [suspensionOf({ tokenId: 'off' })] },
      exemptions: 'label,reason,owner,until\naa-cd,,,2026-03-20\n',
    });
    expect(lines(lives).filter((line) => !line.includes('bb-cd'))).toEqual([
      '2026-03-02 reactivate orange-cd',
      '2026-03-02 announce cc-cd',
      '2026-03-03 deactivate cc-cd',
      '2026-03-21 announce aa-cd',
      '2026-03-22 deactivate aa-cd',
      '2026-05-25 announce cc-cd',
      '2026-06-01 delete-token cc-cd',
      '2026-06-01 remove-key cc-cd',
      '2026-06-03 announce orange-cd',
      '2026-06-11 deactivate orange-cd',
      '2026-06-13 announce aa-cd',
      '2026-06-20 delete-token aa-cd',
      '2026-06-20 remove-key aa-cd',
    ]);
  });

  it('removes a key with the last token of its label, also where another one was replaced and deleted before', () => {
    const replaced = play({
      tokens: [{ id: 'old' }, { id: 'new' }, { label: 'mtn-cm' }],
      keys: KEYS,
      licenses: ENDING,
      ledger: { replaced: [{ tokenId: 'old', deployment: 'orange-cd', until: iso(NOW), by: 'new' }] },
    });
    expect(lines(replaced)).toEqual([
      '2026-03-02 deactivate orange-cd',
      '2026-03-03 announce orange-cd',
      '2026-03-09 delete-token orange-cd',
      '2026-03-11 deactivate orange-cd',
      '2026-06-02 announce orange-cd',
      '2026-06-09 delete-token orange-cd',
      '2026-06-09 remove-key orange-cd',
    ]);
  });

  it('does not take what it deleted for an input that shrank', () => {
    const names = ['aa-cd', 'bb-cd', 'cc-cd', 'dd-cd'];
    const lives = play({
      tokens: names.map((label) => ({ id: `id-${label}`, label })),
      keys: Object.fromEntries(names.map((name) => [name, contentOf(name)])),
      licenses: names.map((name) => `${name.slice(0, 2)},cd,2026-03-0${name === 'dd-cd' ? 3 : 2},0`),
    });
    expect(lines(lives).slice(-8)).toEqual([
      ...['aa-cd', 'bb-cd', 'cc-cd'].map((name) => `2026-06-01 delete-token ${name}`),
      ...['aa-cd', 'bb-cd', 'cc-cd'].map((name) => `2026-06-01 remove-key ${name}`),
      '2026-06-02 delete-token dd-cd',
      '2026-06-02 remove-key dd-cd',
    ]);
  });

  it('withholds for as long as nobody approves what withholds: an input that shrank before', () => {
    const end = '2026-03-01';
    const notice = { tokenId: 't1', deployment: 'orange-cd', step: 'deactivate', end } as const;
    const shrunk = (notices: Ledger['notices']): string[] =>
      lines(
        play({
          tokens: [{}],
          licenses: [`orange,cd,${end},0`],
          ledger: { measures: { tokens: 9, keys: 0, licenses: null, exemptions: null }, notices },
          until: '2026-03-31',
        }),
      );
    expect(shrunk([{ ...notice, at: iso(NOW - DAY) }])).toEqual(['2026-03-02 deactivate orange-cd withheld']);
    expect(shrunk([])).toEqual(['2026-03-02 announce orange-cd', '2026-03-03 deactivate orange-cd withheld']);
  });

  it('counts the withdrawals of the last hours by its own nights', () => {
    const names = ['a', 'b', 'c', 'd'];
    const situation: Play = {
      tokens: names.map((name) => ({ label: `${name}${name}-cd` })),
      licenses: names.map((name, index) => `${name}${name},cd,2026-03-0${index < 2 ? 1 : 2},0`),
      settings: { maxWithdrawals: 2, maxWithdrawalPercent: 0 },
      until: '2026-03-06',
    };
    expect(lines(play(situation)).filter((line) => line.includes('deactivate'))).toEqual([
      '2026-03-03 deactivate aa-cd withheld',
      '2026-03-03 deactivate bb-cd withheld',
      '2026-03-03 deactivate cc-cd withheld',
      '2026-03-03 deactivate dd-cd withheld',
    ]);
    expect(
      lines(
        play({
          ...situation,
          licenses: names.map((name, index) => `${name}${name},cd,2026-03-0${index < 2 ? 1 : 4},0`),
        }),
      ).filter((line) => line.includes('deactivate')),
    ).toEqual([
      '2026-03-03 deactivate aa-cd',
      '2026-03-03 deactivate bb-cd',
      '2026-03-05 deactivate cc-cd',
      '2026-03-05 deactivate dd-cd',
    ]);
  });

  it('leaves what it was given as it was', () => {
    const ledger = emptyLedger();
    const before = JSON.stringify(ledger);
    play({ tokens: BOTH, licenses: ENDING, ledger });
    expect(JSON.stringify(ledger)).toBe(before);
  });
});

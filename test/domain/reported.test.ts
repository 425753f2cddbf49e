// What was reported already, and when it is to be reported again.
import { describe, expect, it } from 'vitest';
import {
  type Item,
  announcementKey,
  earlierItems,
  findingLevel,
  isDue,
  reportedNow,
  stepKey,
} from '../../lambdas/domain/reported.ts';
import type { ReportedItem } from '../../lambdas/domain/ledger.ts';

/** A Wednesday: its week began on 2 March. */
const TODAY = '2026-03-04';

describe('something', () => {
  it.each<[rule: string, item: Partial<Item>, known: Partial<ReportedItem> | undefined, isDue: boolean]>([
    ['that was never reported is due', {}, undefined, true],
    ['reported once is not due again', {}, { day: '2020-01-01' }, false],
    ['daily is due on the next day', { repeat: 'daily' }, { day: '2026-03-03' }, true],
    ['daily is not due twice on one day', { repeat: 'daily' }, { day: TODAY }, false],
    ['daily is not due by a day to come', { repeat: 'daily' }, { day: '2026-03-05' }, false],
    ['weekly is due where the last time was on Sunday', { repeat: 'weekly' }, { day: '2026-03-01' }, true],
    ['weekly is not due where it was on Monday', { repeat: 'weekly' }, { day: '2026-03-02' }, false],
    ['in another state is due', { state: 'b' }, { state: 'a' }, true],
    ['in the same state is not due', { state: 'a' }, { state: 'a' }, false],
    ['whose state nobody wrote down is not due', { state: 'a' }, {}, false],
    ['that has no state any more is not due', {}, { state: 'a' }, false],
    ['at a higher level is due', { level: 2 }, { level: 1 }, true],
    ['at the same level is not due', { level: 1 }, { level: 1 }, false],
    ['at a lower level is not due', { level: 1 }, { level: 2 }, false],
    ['whose level nobody wrote down is not due', { level: 2 }, {}, false],
    ['that has no level any more is not due', {}, { level: 2 }, false],
  ])('%s', (_rule, item, known, due) => {
    const before = known && { key: 'k', day: TODAY, ...known };
    expect(isDue({ key: 'k', repeat: 'once', ...item }, before, TODAY)).toBe(due);
  });

  it.each<[rule: string, item: Partial<Item>, remembered: Partial<ReportedItem>]>([
    ['is remembered with its day alone', {}, {}],
    ['is remembered with its state', { state: 'a' }, { state: 'a' }],
    ['is remembered with its level, also the lowest', { level: 0 }, { level: 0 }],
  ])('%s', (_rule, item, remembered) => {
    expect(reportedNow({ key: 'k', repeat: 'daily', ...item }, TODAY)).toStrictEqual({
      key: 'k',
      day: TODAY,
      ...remembered,
    });
  });
});

describe('the level of a finding', () => {
  type Found = Parameters<typeof findingLevel>;
  it.each<[rule: string, lower: Found, higher: Found]>([
    ['rises with each threshold', ['warning', 30], ['warning', 7]],
    ['is lowest without one', ['warning', undefined], ['warning', 900]],
    ['of a critical one is above all', ['warning', 0], ['critical', undefined]],
  ])('%s', (_rule, lower, higher) => {
    expect(findingLevel(...lower)).toBeLessThan(findingLevel(...higher));
  });
});

describe('what version 1 of the ledger remembered', () => {
  const nothing = { findings: [], toldSteps: [], notices: [], weeklyAt: null, lastNight: null };
  const finding = { id: 'f', severity: 'warning', threshold: 7 };
  const notice = {
    tokenId: 't1',
    deployment: 'orange-cd',
    step: 'deactivate',
    end: '2026-03-05',
    at: '2026-03-01T02:00:00.000Z',
  } as const;
  const lastNight = { day: '2026-03-03' };

  it.each<[rule: string, before: Partial<Parameters<typeof earlierItems>[0]>, items: ReportedItem[]]>([
    ['is nothing where it remembered nothing', {}, []],
    [
      'is a finding that was reported, of its last night and at its level',
      { findings: [{ ...finding, told: true }], lastNight },
      [{ key: 'finding f', day: '2026-03-03', level: findingLevel('warning', 7) }],
    ],
    ['is no finding that was not', { findings: [{ ...finding, told: false }], lastNight }, []],
    [
      'is long ago where there was no night',
      { findings: [{ ...finding, told: true }] },
      [{ key: 'finding f', day: '2000-01-01', level: findingLevel('warning', 7) }],
    ],
    [
      'is an alert by the same key',
      { toldSteps: [{ key: 'alert no checks', day: '2026-03-01' }] },
      [{ key: 'alert no checks', day: '2026-03-01' }],
    ],
    [
      'is a step, whatever guard withheld it',
      { toldSteps: [{ key: 'withheld deactivate t1 orange-cd', day: '2026-03-01' }] },
      [
        {
          key: stepKey({ kind: 'deactivate', tokenId: 't1', deployment: 'orange-cd' }),
          day: '2026-03-01',
        },
      ],
    ],
    [
      'is an announcement, of which no reminder was sent',
      { notices: [notice], lastNight },
      [{ key: announcementKey('deactivate', 'orange-cd', '2026-03-05'), day: '2026-03-03', level: 1 }],
    ],
    [
      'is the day on which a mail last listed everything open',
      { weeklyAt: '2026-03-02T02:00:00.000Z' },
      [{ key: 'weekly mail', day: '2026-03-02' }],
    ],
  ])('%s', (_rule, before, items) => {
    expect(earlierItems({ ...nothing, ...before })).toStrictEqual(items);
  });
});

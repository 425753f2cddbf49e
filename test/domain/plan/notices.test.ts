// When a notice counts, and what a run leaves of the notices in the ledger.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../../lambdas/domain/days.ts';
import type { Notice } from '../../../lambdas/domain/ledger.ts';
import { isStanding, noticesAfterRun } from '../../../lambdas/domain/plan/notices.ts';
import { type Plan, makePlan } from '../../../lambdas/domain/plan/plan.ts';
import type { Step } from '../../../lambdas/domain/plan/step.ts';
import { NOW, snapshotOf } from '../situation.ts';

const END = '2026-02-01';
const GIVEN = iso(NOW - DAY);
const notice: Notice = { tokenId: 't1', deployment: 'orange-cd', step: 'deactivate', end: END, at: GIVEN };

/** The plan of a night in which `orange-cd` has ended and is held by these. */
function planHeldBy(...holds: string[]): Plan {
  const plan = makePlan(snapshotOf({ tokens: [{}], licenses: [`orange,cd,${END},0`] }), { hold: false });
  return { ...plan, holds: new Map([['orange-cd', holds]]) };
}

describe('a notice', () => {
  it.each<readonly [string, Partial<Notice>, readonly string[], string]>([
    ['stands', {}, [], 'stands'],
    ['stands for 14 days, to the millisecond', { at: iso(NOW - 14 * DAY) }, [], 'stands'],
    ['is old after that', { at: iso(NOW - 14 * DAY - 1) }, [], 'old'],
    ['stands while what held it then holds it still', { heldBy: ['HOLD'] }, ['HOLD', 'misnamed'], 'stands'],
    ['lapses when one of them is over', { heldBy: ['HOLD', 'misnamed'] }, ['misnamed'], 'lapsed'],
    ['that lapsed stays so', { lapsed: true }, [], 'lapsed'],
    ['that lapsed is not old besides', { lapsed: true, at: iso(NOW - 20 * DAY) }, [], 'lapsed'],
  ])('%s', (_, changes, holds, expected) => {
    expect(isStanding({ ...notice, ...changes }, holds, NOW)).toBe(expected);
  });
});

describe('after a run', () => {
  const after = (before: readonly Notice[], plan: Plan, given: readonly Step[] = []): readonly Notice[] =>
    noticesAfterRun(before, plan, given, NOW);
  const announced: Step = {
    kind: 'announce',
    announces: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 't1',
    end: END,
    reason: 'ended',
  };

  it('a notice remembers what holds it, and for good when that was over', () => {
    const held = after([notice], planHeldBy('HOLD'));
    expect(held).toEqual([{ ...notice, heldBy: ['HOLD'] }]);
    expect(after(held, planHeldBy())).toEqual([{ ...notice, lapsed: true }]);
    expect(after(held, planHeldBy('misnamed'))).toEqual([{ ...notice, heldBy: ['misnamed'], lapsed: true }]);
  });

  it('it is given from now on where a mail named it, with the day on which it first was', () => {
    expect(after([], planHeldBy(), [announced])).toEqual([{ ...notice, at: iso(NOW) }]);
    const lapsed = { ...notice, lapsed: true };
    expect(after([lapsed], planHeldBy('HOLD'), [announced])).toEqual([
      { ...notice, at: iso(NOW), firstAt: GIVEN, heldBy: ['HOLD'] },
    ]);
    const again = after([{ ...lapsed, firstAt: iso(NOW - 9 * DAY) }], planHeldBy(), [announced]);
    expect(again).toEqual([{ ...notice, at: iso(NOW), firstAt: iso(NOW - 9 * DAY) }]);
  });

  it('it is overdue where the step that it is for was withheld until the notice was too old', () => {
    const withheld: Step = { ...announced, kind: 'deactivate', withheld: 'HOLD is there', guard: 'HOLD' };
    expect(after([notice], planHeldBy(), [withheld])).toEqual([
      { ...notice, at: iso(NOW), firstAt: GIVEN, overdue: true },
    ]);
    expect(after([notice], planHeldBy(), [announced])[0]).not.toHaveProperty('overdue');
  });

  it('it stays with its token: with one that is not listed just now, not with one that was relabelled', () => {
    const situation = { tokens: [{}], licenses: [`orange,cd,${END},0`, `mtn,cm,${END},0`] };
    const plan = makePlan(snapshotOf(situation), { hold: false });
    expect(after([{ ...notice, deployment: 'mtn-cm' }], plan)).toEqual([]);
    const unlisted = { ...notice, tokenId: 't2', deployment: 'mtn-cm' };
    expect(after([unlisted], plan)).toEqual([unlisted]);
  });

  it('nothing is given by steps that announce nothing', () => {
    const { announces: _, ...done } = announced;
    const { tokenId: __, ...ofKey } = announced;
    const { end: ___, ...endless } = announced;
    expect(after([], planHeldBy(), [{ ...done, kind: 'deactivate' }, ofKey, endless])).toEqual([]);
  });

  it.each<readonly [string, Partial<Notice>]>([
    ['of another end', { end: '2026-02-02' }],
    ['of another label', { deployment: 'mtn-cm' }],
    ['of a deployment that is no more', { deployment: 'mtn-cm', tokenId: 't2' }],
  ])('none is left %s', (_, changes) => {
    expect(after([{ ...notice, ...changes }], planHeldBy())).toEqual([]);
  });

  it('those of another end are left where the list lost too much to be believed', () => {
    const other = { ...notice, end: '2026-02-02' };
    const shrunk = (input: 'licenses' | 'keys'): Plan => ({
      ...planHeldBy(),
      shrunk: [{ input, text: 'x' }],
    });
    expect(after([other], shrunk('licenses'))).toEqual([other]);
    expect(after([other], shrunk('keys'))).toEqual([]);
    const ofNobody = { ...notice, tokenId: 't2', deployment: 'mtn-cm' };
    expect(after([ofNobody], shrunk('licenses'))).toEqual([ofNobody]);
  });
});

// What is open when a run is over: who stands in which group of mail and page.
import { describe, expect, it } from 'vitest';
import type { Action } from '../../lambdas/domain/actions.ts';
import type { Finding, FindingKind } from '../../lambdas/domain/findings.ts';
import { LEFT_TO_NIGHT } from '../../lambdas/domain/plan/guards.ts';
import {
  type OpenGroups,
  eventIn,
  openFindings,
  openGroups,
  withdrawnGroups,
} from '../../lambdas/report/open.ts';
import { makeAction, makeFinding, makeRow } from './report-fixture.ts';

/** The groups that have anybody, by name. */
function groupsOf(findings: readonly Finding[], actions: readonly Action[] = []): Record<string, string[]> {
  const groups: OpenGroups = openGroups({ findings, actions });
  return Object.fromEntries(
    Object.entries(groups).flatMap(([group, names]: [string, ReadonlySet<string>]) =>
      names.size === 0 ? [] : [[group, [...names]]],
    ),
  );
}

const of = (kind: FindingKind, changes: Partial<Finding> = {}): Finding =>
  makeFinding(kind, { tokenId: 't1', ...changes });
const RENAME = 'Rename it with the issue function ({"deployment": "Orange_CD", "renameTo": "orange-cd"}).';

describe('what is still open when a run is over', () => {
  it.each<[string, Finding, Action, boolean]>([
    [
      'an active token that was switched off is none',
      of('wrong-scope'),
      makeAction({ tokenId: 't1' }),
      false,
    ],
    [
      'a step that failed changes nothing',
      of('wrong-scope'),
      makeAction({ tokenId: 't1', status: 'failed' }),
      true,
    ],
    [
      'another token that was switched off changes nothing',
      of('wrong-scope'),
      makeAction({ tokenId: 't2' }),
      true,
    ],
    ['what is no matter of an active token stays', of('orphaned-key'), makeAction({ tokenId: 't1' }), true],
    [
      'a token that was announced stays',
      of('license-expired'),
      makeAction({ tokenId: 't1', kind: 'announce' }),
      true,
    ],
    ['a token that was switched off stays off', of('suspended'), makeAction({ tokenId: 't1' }), true],
    [
      'a token that is on again is off no more',
      of('suspended'),
      makeAction({ tokenId: 't1', kind: 'reactivate' }),
      false,
    ],
    [
      'a token that is gone is off no more',
      of('suspended'),
      makeAction({ tokenId: 't1', kind: 'delete-token' }),
      false,
    ],
    [
      'a token that is gone was not active',
      of('wrong-scope'),
      makeAction({ tokenId: 't1', kind: 'delete-token' }),
      true,
    ],
  ])('%s', (_rule, finding, action, isOpen) => {
    expect(openFindings({ findings: [finding], actions: [action] })).toEqual(isOpen ? [finding] : []);
  });

  it('is also what is about no token, whatever was done about none', () => {
    const { tokenId: _, ...about } = of('wrong-scope');
    const { tokenId: __, ...action } = makeAction();
    expect(openFindings({ findings: [about], actions: [action] })).toEqual([about]);
  });
});

describe('the groups of what is open', () => {
  it.each<[string, Finding[], Action[], Record<string, string[]>]>([
    ['who has no token can not pull', [of('missing-token')], [], { cantPull: ['orange-cd'] }],
    [
      'whose token expired can not pull',
      [of('token-expiring', { severity: 'critical' })],
      [],
      { cantPull: ['orange-cd'] },
    ],
    ['whose token expires is to fix', [of('token-expiring')], [], { toFix: ['orange-cd'] }],
    [
      'what is critical of another kind hinders nobody from pulling',
      [of('wrong-scope', { severity: 'critical' })],
      [],
      { toFix: ['orange-cd'] },
    ],
    [
      'who can not pull is in no other group but that of tokens that are off',
      [of('missing-token'), of('wrong-scope'), of('unused-token'), of('suspended')],
      [],
      { cantPull: ['orange-cd'], switchedOff: ['orange-cd'] },
    ],
    [
      'who is withheld is to be decided about, and is not counted as ended',
      [of('license-expired'), of('license-expiring'), of('wrong-scope')],
      [makeAction({ status: 'withheld' })],
      { toDecide: ['orange-cd'] },
    ],
    [
      'what is left to the night is nothing to decide',
      [of('license-expired')],
      [makeAction({ status: 'withheld', reason: `${LEFT_TO_NIGHT} not` })],
      { ended: ['orange-cd'] },
    ],
    ['what failed is nothing to decide', [], [makeAction({ status: 'failed' })], {}],
    [
      'who ended is not to fix as well',
      [of('license-expired'), of('wrong-scope')],
      [],
      { ended: ['orange-cd'] },
    ],
    [
      'who ends soon is not to fix as well',
      [of('license-expiring'), of('wrong-scope')],
      [],
      { endingSoon: ['orange-cd'] },
    ],
    ['a warning is to fix', [of('orphaned-key'), of('unused-token')], [], { toFix: ['orange-cd'] }],
    ['what is for information is to know', [of('unused-token')], [], { toKnow: ['orange-cd'] }],
    ['a token that is off is no more than that', [of('suspended')], [], { switchedOff: ['orange-cd'] }],
    [
      'the misspelt name that cures somebody who can not pull is counted with them',
      [
        of('missing-token', { remedy: RENAME }),
        of('misnamed-token', { deployment: 'Orange_CD', remedy: RENAME }),
        of('misnamed-key', { deployment: 'Mtn_CM', remedy: 'Rename it by hand.' }),
      ],
      [],
      { cantPull: ['orange-cd'], toFix: ['Mtn_CM'] },
    ],
    [
      'who can not pull without a cure takes nobody along',
      [
        of('missing-token', { remedy: 'Look.' }),
        of('misnamed-key', { deployment: 'Mtn_CM', remedy: 'Look.' }),
      ],
      [],
      { cantPull: ['orange-cd'], toFix: ['Mtn_CM'] },
    ],
  ])('%s', (_rule, findings, actions, groups) => {
    expect(groupsOf(findings, actions)).toEqual(groups);
  });
});

describe('what was withdrawn', () => {
  const token = (tokenId: string, state: 'active' | 'inactive' = 'active') => ({ tokenId, state });
  const row = (state: 'in force' | 'ended', ...tokens: ReturnType<typeof token>[]) =>
    makeRow({ license: { state, products: [] }, hub: { state: 'active', tokens } });
  const groups = (kinds: readonly [string, string?][], ...rows: ReturnType<typeof row>[]) => {
    const { revoked, deleted, oldTokens } = withdrawnGroups(
      kinds.map(([kind, tokenId = 't1']) => ({ kind, deployment: 'orange-cd', tokenId })),
      rows,
    );
    return [revoked.size, deleted.size, oldTokens.size];
  };

  it.each<[string, readonly [string, string?][], ReturnType<typeof row>, readonly number[]]>([
    ['a token switched off is access gone', [['deactivate']], row('ended', token('t1')), [1, 0, 0]],
    [
      'a token deleted is gone for good',
      [['delete-token']],
      row('ended', token('t1', 'inactive')),
      [0, 1, 0],
    ],
    ['a key removed is gone for good', [['remove-key']], row('ended', token('t1', 'inactive')), [0, 1, 0]],
    ['who loses access and a token counts once', [['delete-token', 't2'], ['deactivate']], row('ended', token('t1')), [1, 0, 0]], // prettier-ignore
    ['an old token beside one that works is no access gone', [['deactivate']], row('in force', token('t1'), token('t2')), [0, 0, 1]], // prettier-ignore
    ['an old token beside one that is off is', [['deactivate']], row('in force', token('t1'), token('t2', 'inactive')), [1, 0, 0]], // prettier-ignore
    ['who has ended pulls with no token that is left', [['deactivate']], row('ended', token('t1'), token('t2')), [1, 0, 0]], // prettier-ignore
    ['each of two tokens switched off is access gone', [['deactivate'], ['deactivate', 't2']], row('in force', token('t1'), token('t2')), [1, 0, 0]], // prettier-ignore
    ['a token that is deleted leaves the others', [['delete-token']], row('in force', token('t1'), token('t2')), [0, 0, 1]], // prettier-ignore
    ['what is announced or switched on takes nothing', [['announce'], ['reactivate']], row('ended', token('t1')), [0, 0, 0]], // prettier-ignore
  ])('%s', (_rule, kinds, of, numbers) => {
    expect(groups(kinds, of)).toEqual(numbers);
  });
});

describe('the event that a remedy offers', () => {
  it('is the first one, with the function that takes it', () => {
    const issue = '{"deployment": "orange-cd", "regenerate": true}';
    const revoke = '{"deployment": "a } \\"b\\" {", "reason": "..."}';
    expect(eventIn(`Do it with the issue function (${issue}), or the revoke function (${revoke}).`)).toEqual({
      function: 'issue',
      json: issue,
    });
    expect(eventIn(`Switch it off with the revoke function (${revoke}) now.`)).toEqual({
      function: 'revoke',
      json: revoke,
    });
    for (const remedy of [
      'Look.',
      'with the issue function ("regenerate": true)',
      `the audit function (${issue})`,
    ])
      expect(eventIn(remedy)).toBeUndefined();
  });
});

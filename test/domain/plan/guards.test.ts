// One guard after the other: what each holds, whose row, exemption or key it goes by, and in which words.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../../lambdas/domain/days.ts';
import type { Ledger } from '../../../lambdas/domain/ledger.ts';
import { GUARDS } from '../../../lambdas/domain/plan/guards.ts';
import { makePlan } from '../../../lambdas/domain/plan/plan.ts';
import { reconcile } from '../../../lambdas/domain/reconcile.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import { deploymentRows } from '../../../lambdas/report/deployment-rows.ts';
import { fingerprintOf } from '../../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../../default-settings.ts';
import { CONTENT, NOW, type Situation, inputsOf, snapshotOf, tokenOf } from '../situation.ts';

const ENDED = '2026-02-01';
const FAR = '2027-01-01';

/** The first step of a night: `kind`, the guard that stops it, and why. */
function firstStep(situation: Situation, approve?: readonly string[]): unknown {
  const options = { hold: false, ...(approve === undefined ? {} : { approve }) };
  const [step] = makePlan(snapshotOf(situation), options).steps;
  return step && { kind: step.kind, guard: step.guard, withheld: step.withheld };
}

const noticeFor = (deployment: string): Partial<Ledger> => ({
  notices: [{ tokenId: 't1', deployment, step: 'deactivate', end: ENDED, at: iso(NOW - DAY) }],
});
const due = { kind: 'deactivate', guard: undefined, withheld: undefined };
const held = (guard: string, withheld: string): unknown => ({ kind: 'deactivate', guard, withheld });

describe('the guards', () => {
  it('are tried in this order', () => {
    expect(GUARDS.map(({ name, approvable, holds }) => `${name} ${approvable} ${holds}`)).toEqual([
      'HOLD false true',
      'caps of 0 false false',
      'exempt false true',
      'unreadable row false true',
      'exemption under another name false true',
      'not approved true false',
      'probably renewed under another spelling true true',
      'in use by somebody else true true',
      'without a successor true true',
      'still used true true',
      'misnamed true true',
      'shrunk input true false',
      'caps true false',
    ]);
  });
});

describe('a token whose label is misspelt', () => {
  const misspelt: Situation = {
    tokens: [{ label: 'Orange_CD' }],
    licenses: [`orange,cd,${ENDED},0`, `mtn,zz,${FAR},0`],
    ledger: noticeFor('Orange_CD'),
  };
  const unreadable = (cell: string): Situation => ({
    ...misspelt,
    licenses: [...(misspelt.licenses ?? []), cell],
  });

  it.each<readonly [string, Situation, unknown]>([
    [
      'by its misspelling',
      misspelt,
      held('misnamed', 'its name was probably meant to be orange-cd, so it goes only by approval'),
    ],
    [
      'by an unreadable row of the deployment that was meant',
      unreadable('orange,cd,never,0'),
      held('unreadable row', "line 4 of licenses.csv can't be read and may be about it"),
    ],
    [
      'by no unreadable row of somebody else',
      unreadable('telco,bj,never,0'),
      held('misnamed', 'its name was probably meant to be orange-cd, so it goes only by approval'),
    ],
    [
      'by a renewal of the deployment that was meant under another spelling',
      { ...misspelt, licenses: [`orange,cd,${ENDED},0`, `orange,drc,${FAR},0`] },
      held(
        'probably renewed under another spelling',
        'it was probably renewed as orange-drc, which is in force and has no active token: correct the name in licenses.csv, or rename the token',
      ),
    ],
  ])('is kept %s', (_, situation, expected) => {
    expect(firstStep(situation)).toEqual(expected);
  });

  it.each(['orange-cd', 'Orange_CD'])('is kept by the exemption of %s, whatever is approved', (label) => {
    const situation = { ...misspelt, exemptions: `label,reason,owner,until\n${label},,,\n` };
    expect(firstStep(situation)).toBeUndefined();
    expect(firstStep(situation, ['Orange_CD'])).toEqual(
      held('exempt', 'it is exempt from everything in exemptions.csv'),
    );
  });

  it('is kept, and goes by approval, also where the row of the deployment that was meant is gone', () => {
    const passedEnds = [{ deployment: 'orange-cd', end: ENDED }];
    const gone = { ...misspelt, licenses: [`mtn,zz,${FAR},0`], ledger: { ...misspelt.ledger, passedEnds } };
    expect(firstStep(gone)).toEqual(
      held('misnamed', 'its name was probably meant to be orange-cd, so it goes only by approval'),
    );
    expect(firstStep(gone, ['Orange_CD'])).toEqual(due);
    const exempt = { ...gone, exemptions: 'label,reason,owner,until\norange-cd,,,\n' };
    expect(firstStep(exempt, ['Orange_CD'])).toMatchObject({ guard: 'exemption under another name' });
    expect(reconcile(snapshotOf(gone)).map(({ id, severity }) => `${id} ${severity}`)).toContain(
      'misnamed-token:Orange_CD:t1 critical',
    );
    expect(deploymentRows(snapshotOf(gone), []).map(({ deployment }) => deployment)).toEqual([
      'Orange_CD',
      'mtn-zz',
    ]);
  });

  it('goes when it is approved by its label', () => {
    expect(firstStep(misspelt, ['Orange_CD'])).toEqual(due);
  });
});

describe('probably renewed', () => {
  const ended: Situation = { tokens: [{ label: 'expresso-sn' }], ledger: noticeFor('expresso-sn') };
  const beside = (...rows: string[]): Situation => ({
    ...ended,
    licenses: [`expresso,sn,${ENDED},0`, ...rows.map((row) => `${row},0`)],
  });

  it.each<readonly [string, Situation, unknown]>([
    [
      'says which it was when there is one',
      beside(`expreso,sn,${FAR}`),
      held(
        'probably renewed under another spelling',
        'it was probably renewed as expreso-sn, which is in force and has no active token: correct the name in licenses.csv, or rename the token',
      ),
    ],
    [
      'says which they may be when there are several',
      beside(`expreso,sn,${FAR}`, `espresso,sn,${FAR}`),
      held(
        'probably renewed under another spelling',
        'it was probably renewed as espresso-sn or expreso-sn, which are in force and have no active token: correct the name in licenses.csv, or rename the token',
      ),
    ],
    ['holds nothing beside a license that ended as well', beside(`expreso,sn,${ENDED}`), due],
    ['holds nothing beside nobody', beside(), due],
  ])('%s', (_, situation, expected) => {
    expect(firstStep(situation)).toEqual(expected);
  });

  it('does not hold the replaced token of a deployment whose license is in force until today', () => {
    const today = '2026-03-02';
    const replaced: Situation = {
      tokens: [{ label: 'expresso-sn' }, { label: 'expresso-sn', lastUsedAt: NOW }],
      licenses: [`expresso,sn,${today},0`, `expreso,sn,${FAR},0`],
      ledger: { replaced: [{ tokenId: 't1', deployment: 'expresso-sn', until: iso(NOW), by: 't2' }] },
    };
    expect(firstStep(replaced)).toEqual(due);
  });
});

describe('in use by somebody else', () => {
  type Verdict = NonNullable<Partial<Ledger>['checks']>[number]['verdict'];
  const holding = (
    holders: Readonly<Record<string, string>>,
    { verdict = 'mismatched', content = CONTENT }: { verdict?: Verdict; content?: unknown } = {},
  ): Situation => ({
    tokens: [{ label: 'mtn-ug' }],
    licenses: [
      `mtn,ug,${ENDED},0`,
      ...Object.entries(holders).map(([name, end]) => `${name.replace('-', ',')},${end},0`),
    ],
    keys: { 'mtn-ug': CONTENT, ...Object.fromEntries(Object.keys(holders).map((name) => [name, content])) },
    ledger: {
      ...noticeFor('mtn-ug'),
      checks: ['mtn-ug', ...Object.keys(holders)].map((deployment) => ({
        deployment,
        tokenId: 't1',
        claimedId: 't1',
        verdict: deployment === 'mtn-ug' ? 'matching' : verdict,
        fingerprint: fingerprintOf(CONTENT),
        at: iso(NOW - DAY),
      })),
    },
  });

  it.each<readonly [string, Situation, unknown]>([
    [
      'names the one in force whose key holds the content',
      holding({ 'mtn-rw': FAR }),
      held(
        'in use by somebody else',
        "the key mtn-rw in Vault was last seen to hold this token's content, so mtn-rw would lose access too: give it a token of its own first",
      ),
    ],
    [
      'names all of them',
      holding({ 'mtn-rw': FAR, 'mtn-zm': FAR }),
      held(
        'in use by somebody else',
        "the keys mtn-rw and mtn-zm in Vault were last seen to hold this token's content, so mtn-rw and mtn-zm would lose access too: give them tokens of their own first",
      ),
    ],
    ['counts no content that Docker Hub refused', holding({ 'mtn-rw': FAR }, { verdict: 'rejected' }), due],
    ['counts no key that holds something else now', holding({ 'mtn-rw': FAR }, { content: 'other' }), due],
    ['counts no key that is gone', { ...holding({ 'mtn-rw': FAR }), keys: { 'mtn-ug': CONTENT } }, due],
    ['counts nobody whose license has ended as well', holding({ 'mtn-rw': ENDED }), due],
    [
      'counts nobody who has no license',
      { ...holding({ 'mtn-rw': FAR }), licenses: [`mtn,ug,${ENDED},0`] },
      due,
    ],
  ])('%s', (_, situation, expected) => {
    expect(firstStep(situation)).toEqual(expected);
  });
});

describe('a token that was replaced, and whose license then ended', () => {
  it('goes with the license, also while it is in use and its successor is not', () => {
    const situation: Situation = {
      tokens: [{ lastUsedAt: NOW - 1 }, { createdAt: NOW - 2 * DAY, lastUsedAt: null }],
      licenses: [`orange,cd,${ENDED},0`, `mtn,zz,${FAR},0`],
      ledger: {
        ...noticeFor('orange-cd'),
        replaced: [{ tokenId: 't1', deployment: 'orange-cd', until: iso(NOW + DAY), by: 't2' }],
      },
    };
    expect(firstStep(situation)).toEqual(due);
  });
});

describe('still used', () => {
  const made = NOW - 3 * DAY;
  /** `t1` was replaced by `t2`; what is `undefined` Docker Hub does not say. */
  interface Pair {
    readonly used?: number | undefined;
    readonly madeAt?: number | undefined;
    readonly fresh?: number | null;
    readonly replacedAt?: string;
    readonly until?: number;
    readonly issued?: Ledger['issued'];
  }
  const guardOf = ({ used, madeAt, fresh = null, replacedAt, until = NOW, issued = [] }: Pair): unknown => {
    const entry = { tokenId: 't1', deployment: 'orange-cd', until: iso(until), by: 't2' };
    const other = { ...entry, tokenId: 't0', by: 't1' };
    const { createdAt: _, lastUsedAt: __, ...bare } = tokenOf();
    const inputs = {
      ...inputsOf({
        licenses: [`orange,cd,${FAR},0`],
        ledger: {
          replaced: [other, replacedAt === undefined ? entry : { ...entry, at: replacedAt }],
          issued,
        },
      }),
      tokens: [
        { ...bare, ...(used === undefined ? {} : { lastUsedAt: used }) },
        { ...bare, id: 't2', lastUsedAt: fresh, ...(madeAt === undefined ? {} : { createdAt: madeAt }) },
      ],
    };
    const [step] = makePlan(takeSnapshot(inputs, defaultSettings(), NOW), { hold: false }).steps;
    return step?.guard;
  };
  const issuedAt = (at: number, tokenId = 't2'): Ledger['issued'] => [
    { tokenId: 'other', deployment: 'mtn-cm', at: iso(NOW - 99 * DAY) },
    { tokenId, deployment: 'orange-cd', at: iso(at) },
  ];

  it.each<readonly [string, Pair, 'still used' | undefined]>([
    ['a token that was used since its successor was made', { used: made + 1, madeAt: made }, 'still used'],
    ['none of which nobody knows when it was used', { madeAt: made }, undefined],
    ['one whose successor only our pull check used', { used: NOW, madeAt: made, fresh: made + 120_000, issued: issuedAt(made + 60_000) }, 'still used'],
    ['none whose successor was used, and another token was issued then', { used: NOW, madeAt: made, fresh: made + 120_000, issued: issuedAt(made + 60_000, 't3') }, undefined],
    ['one that was used since the replacement, where nobody knows when the successor was made', { used: made + 1, replacedAt: iso(made) }, 'still used'],
    ['none that was used before the replacement only', { used: made - 1, replacedAt: iso(made) }, undefined],
    ['one that was used after its overlap, where nobody knows when it was replaced', { used: NOW - DAY + 1, until: NOW - DAY }, 'still used'],
    ['none that was used within its overlap only, where nobody knows when it was replaced', { used: NOW - DAY - 1, until: NOW - DAY }, undefined],
  ])('holds %s', (_, pair, expected) => {
    expect(guardOf(pair)).toBe(expected);
  }); // prettier-ignore
});

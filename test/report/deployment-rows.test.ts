// The report's table of deployments.

import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { readLicenses } from '../../lambdas/domain/licenses.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { deploymentRows } from '../../lambdas/report/deployment-rows.ts';
import type { DeploymentRow } from '../../lambdas/report/report.ts';
import { NOW, type Situation, bytes, inputsOf, snapshotOf } from '../domain/situation.ts';
import { defaultSettings } from '../default-settings.ts';

const first = <Row>(rows: readonly Row[]): Row | undefined => rows[0];

const rows = (situation: Situation): DeploymentRow[] => {
  const snapshot = snapshotOf(situation);
  return [...deploymentRows(snapshot, reconcile(snapshot))].filter(
    ({ deployment }) => deployment !== 'filler-zz',
  );
};

describe('the table of deployments', () => {
  it('has every deployment that any source knows, sorted by name', () => {
    const known = rows({
      tokens: [{ label: 'c-cd' }],
      keys: { 'd-cd': 'x' },
      licenses: ['b,cd,2027-01-01,0', 'a,cd,never,0'],
    });
    expect(known.map(({ deployment }) => deployment)).toEqual(['a-cd', 'b-cd', 'c-cd', 'd-cd']);
    expect(known.map(({ license, hub, vault }) => [license.state, hub.state, vault.state])).toEqual([
      ['unreadable', 'none', 'absent'],
      ['in force', 'none', 'absent'],
      ['none', 'active', 'absent'],
      ['none', 'none', 'present'],
    ]);
    expect(known.flatMap(({ license }) => license.products)).toEqual([]);
  });

  it('says until when a license lasts, how many days are left, and whether it has ended', () => {
    const license = (end: string): unknown => rows({ licenses: [`orange,cd,${end},0`] })[0]?.license;
    expect(license('2026-03-02')).toStrictEqual({
      state: 'in force',
      paidUntil: '2026-03-02',
      accessUntil: '2026-03-02',
      daysLeft: 0,
      products: [],
    });
    expect(license('2026-03-01')).toMatchObject({ state: 'ended', daysLeft: -1 });
    expect(rows({ licenses: ['orange,cd,2026-02-27,5'] })[0]?.license).toMatchObject({
      state: 'in force',
      paidUntil: '2026-02-27',
      accessUntil: '2026-03-04',
      daysLeft: 2,
    });
    expect(license('9999-12-31')).toStrictEqual({ state: 'in force', products: [] });
    const inputs = {
      ...inputsOf({}),
      licenses: readLicenses(bytes('telco,country,expires_on,product,contact\na,cd,9999-12-31,p,ann\n'), 0),
    };
    expect(first(deploymentRows(takeSnapshot(inputs, defaultSettings(), NOW), []))?.license).toStrictEqual({
      state: 'in force',
      products: ['p'],
      contact: 'ann',
    });
  });

  it('has each token of the label by its id, with what Docker Hub says of it', () => {
    const [row] = rows({
      tokens: [
        { id: 'b', enabled: false },
        { id: 'c', expiresAt: NOW, lastUsedAt: null },
        { id: 'a', expiresAt: NOW + DAY },
      ],
    });
    const createdAt = iso(NOW - 10 * DAY);
    expect(row?.hub).toMatchObject({
      state: 'active',
      tokens: [
        { tokenId: 'a', state: 'active', createdAt, expiresAt: iso(NOW + DAY) },
        { tokenId: 'b', state: 'inactive' },
        { tokenId: 'c', state: 'expired', expiresAt: iso(NOW) },
      ],
    });
    expect(row?.hub.tokens.map(({ lastUsedAt }) => lastUsedAt === undefined)).toEqual([false, false, true]);
    expect(rows({ tokens: [{ enabled: false }] })[0]?.hub.state).toBe('inactive');
    const inputs = { ...inputsOf({}), tokens: [{ id: 't', label: 'a-cd', enabled: true }] };
    expect(first(deploymentRows(takeSnapshot(inputs, defaultSettings(), NOW), []))?.hub).toStrictEqual({
      state: 'active',
      tokens: [{ tokenId: 't', state: 'active' }],
    });
  });

  it('has the worst that was found of a deployment and what to do next', () => {
    const [row] = rows({ tokens: [{ scopes: [] }], keys: { 'orange-cd': 'x' } });
    const wrongScope = reconcile(snapshotOf({ tokens: [{ scopes: [] }], keys: { 'orange-cd': 'x' } })).find(
      ({ kind }) => kind === 'wrong-scope',
    );
    expect(row).toMatchObject({ verdict: 'critical', nextStep: wrongScope?.remedy });
    const licenses = ['orange,cd,2027-01-01,0'];
    expect(rows({ tokens: [{}], keys: { 'orange-cd': 'x' }, licenses })).toMatchObject([
      { verdict: 'ok', nextStep: '', exempt: false, vault: { state: 'present' } },
    ]);
    const exemptions = 'label,reason,owner,until\norange-cd,,,\n';
    expect(rows({ tokens: [{}], licenses, exemptions })).toMatchObject([{ verdict: 'ok', exempt: true }]);
  });

  it('says unknown of a source that was not read', () => {
    const { tokens: _, ...noTokens } = inputsOf({ keys: { 'a-cd': 'x' } });
    const { keys: _keys, licenses: _licenses, ...tokensOnly } = inputsOf({ tokens: [{}] });
    const row = (inputs: Parameters<typeof takeSnapshot>[0]): DeploymentRow | undefined =>
      first(deploymentRows(takeSnapshot(inputs, defaultSettings(), NOW), []));
    expect(row(noTokens)).toMatchObject({ hub: { state: 'unknown', tokens: [] }, verdict: 'unknown' });
    expect(row(tokensOnly)).toMatchObject({
      license: { state: 'unknown', products: [] },
      vault: { state: 'unknown' },
      verdict: 'unknown',
    });
  });

  it.each(['tokens', 'keys', 'licenses'] as const)(
    'calls nobody well on a night without the %s',
    (lacking) => {
      const all = inputsOf({
        tokens: [{}],
        keys: { 'orange-cd': 'x' },
        licenses: ['orange,cd,2027-01-01,0'],
      });
      const verdictOf = (inputs: typeof all) =>
        first(deploymentRows(takeSnapshot(inputs, defaultSettings(), NOW), []))?.verdict;
      expect([verdictOf(all), verdictOf({ ...all, [lacking]: undefined })]).toEqual(['ok', 'unknown']);
    },
  );

  it('calls nobody well who was exempt when the exemptions were last read, where they are not read', () => {
    const { exemptions: _, ...inputs } = inputsOf({
      tokens: [{}, { label: 'mtn-cm' }],
      licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0'],
      ledger: { exemptions: [{ label: 'orange-cd', endReported: false }] },
    });
    expect(
      deploymentRows(takeSnapshot(inputs, defaultSettings(), NOW), []).map(({ deployment, verdict }) => [
        deployment,
        verdict,
      ]),
    ).toEqual([
      ['mtn-cm', 'ok'],
      ['orange-cd', 'unknown'],
    ]);
  });

  it('has nobody of whom the ledger alone knows', () => {
    const ended = { deployment: 'orange-cd', end: '2026-01-31' };
    expect(
      rows({ tokens: [{ label: 'Orange_CD' }], ledger: { passedEnds: [ended] } }).map(
        ({ deployment }) => deployment,
      ),
    ).toEqual(['Orange_CD']);
  });
});

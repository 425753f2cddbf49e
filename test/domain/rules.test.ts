// The rules as tables: one row a case.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import type { Finding, FindingKind } from '../../lambdas/domain/findings.ts';
import type { Ledger, Suspension } from '../../lambdas/domain/ledger.ts';
import { capsAreZero } from '../../lambdas/domain/policy.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { type Inputs, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../default-settings.ts';
import { NOW, type Situation, contentOf, inputsOf, snapshotOf, suspensionOf } from './situation.ts';

const X = contentOf('x');
const KEY = { 'orange-cd': X };
const IN_FORCE = ['orange,cd,2027-01-01,0'];
const ENDED = ['orange,cd,2026-01-01,0'];

const found = (kind: FindingKind, situation: Situation): Finding[] =>
  reconcile(snapshotOf(situation)).filter(
    (finding) => finding.kind === kind && finding.deployment !== 'filler-zz',
  );

describe('automatic-token', () => {
  const automatic = { label: 'docker-desktop', generatedBy: 'desktop' };
  const of = (token: object, ledger: Partial<Ledger> = {}): Finding[] =>
    found('automatic-token', { tokens: [{ ...automatic, ...token }], ledger });

  it.each<[what: string, token: object, ledger: Partial<Ledger>, number: number]>([
    ['none is new the first night', {}, {}, 0],
    ['one that the last run did not see', {}, { automatic: ['t9'] }, 1],
    ['one that the last run saw', {}, { automatic: ['t1'] }, 0],
    ['one that can do more than read', { scopes: ['repo:admin'] }, { automatic: ['t1'] }, 1],
    ['one that can do more than read, the first night', { scopes: ['repo:write'] }, {}, 1],
    ['one without any scope, which may mean everything', { scopes: [] }, {}, 1],
    ['one that reads public images only', { scopes: ['repo:public_read'] }, {}, 0],
    ['one whose scopes are not known', { scopes: undefined }, {}, 0],
    ['one of ours is not automatic', { label: 'orange-cd', scopes: ['repo:admin'] }, { automatic: [], issued: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW) }] }, 0],
  ])('is info: %s', (_what, token, ledger, number) => {
    const findings = of(token, ledger);
    expect(findings).toHaveLength(number);
    for (const { severity, tokenId } of findings) expect([severity, tokenId]).toEqual(['info', 't1']);
  }); // prettier-ignore

  it('shows what Docker Hub says of it escaped', () => {
    const [finding] = of({ scopes: ['\u001b[31mrepo:x'], generatedBy: 'a\nb', label: 'c\u0007' });
    expect(finding?.detail).toMatch(/^[ -~]+$/);
    expect(finding?.detail).toContain('\\u{1b}[31mrepo:x');
  });
});

describe('misnamed-token', () => {
  const of = (label: string, licenses: readonly string[]): Finding | undefined =>
    found('misnamed-token', { tokens: [{ label }], licenses })[0];

  it.each<[label: string, licenses: readonly string[], severity: string]>([
    ['Orange_CD', IN_FORCE, 'warning'],
    ['Orange_CD', ENDED, 'critical'],
    ['Something else', ENDED, 'warning'],
    ['Orange_CD', ['orange,cd,2026-03-02,0'], 'warning'],
    ['Orange_CD', ['orange,cd,2026-03-01,0'], 'critical'],
  ])(
    '%s beside %j is %s: the license of the name that was probably meant counts',
    (label, licenses, severity) => {
      expect(of(label, licenses)?.severity).toBe(severity);
    },
  );

  it('names each of several near names, and offers no rename then', () => {
    const finding = of('Orange_CDX', ['orange,cda,2027-01-01,0', 'orange,cdb,2027-01-01,0']);
    expect(finding?.detail).toContain('one of orange-cda and orange-cdb was probably meant');
    expect(finding?.remedy).toContain('orange-cda and orange-cdb');
    expect(finding?.remedy).not.toContain('{');
  });
});

describe('caps', () => {
  it.each([
    [0, 0, true],
    [1, 0, false],
    [0, 1, false],
    [1, 1, false],
  ])(
    'of %s deployments and %s percent keep the audit from ever withdrawing: %s',
    (number, percent, never) => {
      const policy = defaultSettings({ maxWithdrawals: number, maxWithdrawalPercent: percent });
      expect(capsAreZero(policy)).toBe(never);
    },
  );
});

describe('no text that people may paste', () => {
  it('holds a name that was made up', () => {
    const labels = ['Orange_CD', 'Something else', 'X', 'mtn-cm', 'a b', 'dckr_pat_x'];
    for (const licenses of [IN_FORCE, ENDED, ['filler,zz,9999-12-31,0']])
      for (const parts of [{ tokens: labels.map((label) => ({ label })) }, { keys: Object.fromEntries(labels.map((label) => [label, 'x'])) }])
        for (const { detail, remedy } of reconcile(snapshotOf({ licenses, ...parts })))
          expect(`${detail} ${remedy}`).not.toMatch(/telco-country|example/);
  }); // prettier-ignore
});

describe('a finding of a token that is being replaced', () => {
  const replaced = [{ tokenId: 't1', deployment: 'orange-cd', until: iso(NOW + DAY), by: 't2' }];

  it.each<[FindingKind, Situation]>([
    ['wrong-scope', { tokens: [{ scopes: ['repo:admin'] }, {}], licenses: IN_FORCE, keys: KEY }],
    ['token-expiring', { tokens: [{ expiresAt: NOW + DAY }, {}], licenses: IN_FORCE, keys: KEY }],
    ['license-expired', { tokens: [{}], licenses: ENDED, keys: KEY }],
    ['orphaned-token', { tokens: [{}], licenses: IN_FORCE }],
    ['misnamed-token', { tokens: [{ label: 'Orange_CD' }], licenses: ENDED }],
  ])('is info: %s', (kind, situation) => {
    const severities = (ledger: Partial<Ledger>): unknown[] =>
      found(kind, { ...situation, ledger }).map(({ tokenId, severity }) => `${tokenId ?? ''} ${severity}`);
    expect(severities({})).not.toContain('t1 info');
    expect(severities({ replaced })).toContain('t1 info');
  });
});

describe('missing-token', () => {
  const revoked = (changes: Partial<Suspension>): boolean =>
    found('missing-token', {
      licenses: IN_FORCE,
      tokens: changes.deletedAt === undefined ? [{ enabled: false }] : [],
      ledger: { suspensions: [suspensionOf({ by: 'people', ...changes })] },
    }).length === 1;

  it.each<[what: string, changes: Partial<Suspension>, missed: boolean]>([
    ['people revoked it, and the license ends when it did then', { end: '2027-01-01' }, false],
    ['nobody knows when it ended then', {}, false],
    ['the license was renewed since', { end: '2026-06-30' }, true],
    ['its end moved back since', { end: '2028-01-01' }, false],
    ['another token of the label worked then', { end: '2027-01-01', superseded: true }, true],
    ['it was deleted six days ago', { end: '2027-01-01', deletedAt: iso(NOW - 6 * DAY) }, false],
    ['it was deleted a week ago', { end: '2027-01-01', deletedAt: iso(NOW - 7 * DAY) }, true],
    ['it was deleted, and the license was renewed since', { end: '2026-06-30', deletedAt: iso(NOW) }, true],
  ])('where %s: %j', (_what, changes, missed) => {
    expect(revoked(changes)).toBe(missed);
  });

  it('says that people revoked it', () => {
    const [renewed] = found('missing-token', {
      licenses: IN_FORCE,
      tokens: [{ enabled: false }],
      ledger: { suspensions: [suspensionOf({ by: 'people', end: '2026-06-30', at: iso(NOW - 3 * DAY) })] },
    });
    expect(renewed?.detail).toContain('it was revoked on 2026-02-27, and its license was renewed since.');
  });
});

describe('a run that could not read everything', () => {
  const inputs = inputsOf({
    tokens: [{ label: 'Orange_LR', scopes: [] }, {}],
    keys: { Orange_LR: X, 'orange-cd': X },
    licenses: ['orange,lr,2027-01-01,0', 'orange,cd,2026-03-05,0', 'mtn,cm,never,0'],
    ledger: {
      checks: [{ deployment: 'orange-cd', tokenId: 't2', at: iso(NOW), verdict: 'rejected', fingerprint: fingerprintOf(X) }],
    },
  }); // prettier-ignore
  const judge = (without: keyof Inputs): Finding[] => {
    const { [without]: _, ...read } = inputs;
    return reconcile(takeSnapshot(read, defaultSettings(), NOW));
  };

  it.each(['tokens', 'keys', 'licenses', 'ledger'] as const)(
    'advises nothing on what it did not read: %s',
    (without) => {
      const findings = judge(without);
      expect(findings.length).toBeGreaterThan(0);
      for (const { kind, remedy } of findings) {
        const isAboutTheList = kind === 'invalid-license' || kind === 'license-expiring';
        expect([kind, remedy.startsWith('Do nothing yet')]).toEqual([kind, !isAboutTheList]);
        expect(remedy).not.toContain('{');
      }
    },
  );

  it('says of no key that it has no token where the tokens were not read', () => {
    const kinds = judge('tokens').map(({ kind }) => kind);
    expect(kinds).toContain('misnamed-key');
    for (const kind of ['orphaned-key', 'missing-token', 'rejected-key']) expect(kinds).not.toContain(kind);
  });
});

describe('wrong-scope', () => {
  it('shows scopes that nobody knows escaped, and says first where permissions are set', () => {
    const [finding] = found('wrong-scope', {
      tokens: [{ scopes: ['repo:read', '\u009b31mx\u202e'] }],
      keys: KEY,
      licenses: IN_FORCE,
    });
    expect(finding?.detail).toMatch(/^[ -~]+$/);
    expect(finding?.remedy).toMatch(/^Set its permissions to Read-only on Docker Hub's page/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import type { Finding, FindingKind } from '../../lambdas/domain/findings.ts';
import type { Ledger } from '../../lambdas/domain/ledger.ts';
import { isWellNamed } from '../../lambdas/domain/naming.ts';
import { countKinds, reconcile } from '../../lambdas/domain/reconcile.ts';
import { type Inputs, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { type HubToken, isActive } from '../../lambdas/domain/token.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../default-settings.ts';
import { NOW, type Situation, inputsOf, snapshotOf } from './situation.ts';

/** The findings about anything but the filler license. */
function judge(situation: Situation): Finding[] {
  return reconcile(snapshotOf(situation)).filter(({ deployment }) => deployment !== 'filler-zz');
}

const kinds = (situation: Situation): FindingKind[] => judge(situation).map(({ kind }) => kind);
const IN_FORCE = ['orange,cd,2027-01-01,0'];
const KEY = { 'orange-cd': 'dckr_pat_x' };

describe('findings', () => {
  it('are counted by kind, those of no kind left out', () => {
    const tokens = [{ label: 'A' }, { label: 'B' }, { label: 'C' }];
    expect(countKinds(judge({ tokens, keys: { D: 'x' } }))).toEqual({
      'misnamed-token': 3,
      'misnamed-key': 1,
      'orphaned-token': 3,
      'orphaned-key': 1,
    });
    expect(countKinds([])).toEqual({});
  });
});

describe('a deployment that is in order', () => {
  it('gives no finding', () => {
    expect(judge({ tokens: [{}], keys: KEY, licenses: IN_FORCE })).toEqual([]);
  });
});

describe('orphaned-token', () => {
  it('is an active token without a key, created more than settleHours ago', () => {
    expect(judge({ tokens: [{}], licenses: IN_FORCE })).toMatchObject([
      { kind: 'orphaned-token', severity: 'critical', deployment: 'orange-cd', tokenId: 't1' },
    ]);
    expect(kinds({ tokens: [{ createdAt: NOW - HOUR }], licenses: IN_FORCE })).toEqual([]);
    expect(kinds({ tokens: [{ createdAt: NOW - HOUR - 1 }], licenses: IN_FORCE })).toEqual([
      'orphaned-token',
    ]);
  });

  it('is reported also where Docker Hub does not say when the token was created', () => {
    const { createdAt: _, ...undated } = { createdAt: 0, label: 'orange-cd', id: 'u', enabled: true };
    const inputs = { ...inputsOf({ licenses: IN_FORCE }), tokens: [undated] };
    const snapshot = takeSnapshot(inputs, defaultSettings(), NOW);
    expect(reconcile(snapshot).map(({ kind }) => kind)).toContain('orphaned-token');
  });

  it('is not an inactive token', () => {
    expect(kinds({ tokens: [{ enabled: false }], licenses: ['orange,cd,2020-01-01,0'] })).toEqual([]);
  });
});

describe('orphaned-key', () => {
  it('is a key without a token of that label, active or not', () => {
    expect(kinds({ keys: KEY })).toEqual(['orphaned-key']);
    expect(kinds({ keys: KEY, tokens: [{ enabled: false }], licenses: ['orange,cd,2020-01-01,0'] })).toEqual(
      [],
    );
  });
});

describe('misnamed-token and misnamed-key', () => {
  it('are labels and keys that break the naming rule, with the name that was probably meant', () => {
    const found = judge({ tokens: [{ label: 'Orange_CD' }], keys: { Orange_CD: 'x' }, licenses: IN_FORCE });
    expect(found.map(({ kind }) => kind)).toEqual(['missing-token', 'misnamed-key', 'misnamed-token']);
    expect(found[0]?.detail).toContain('the token Orange_CD is probably meant');
    expect(found[2]?.detail).toContain('probably orange-cd was meant');
    expect(found[2]?.remedy).toContain('{"deployment": "Orange_CD", "renameTo": "orange-cd"}');
  });

  it('are not also unlicensed', () => {
    expect(kinds({ tokens: [{ label: 'Foo' }], keys: { Foo: 'x' } })).toEqual([
      'misnamed-key',
      'misnamed-token',
    ]);
  });

  it.each(['a\nb', '\u202egro-cd', 'оrange-cd', '', '=cmd()', '__proto__', 'constructor', 'x'.repeat(100)])(
    'tell the label %j in printable ASCII on one line',
    (label) => {
      const [finding] = judge({ tokens: [{ label }] }).filter(({ kind }) => kind === 'misnamed-token');
      expect(finding?.deployment).toBe(label);
      expect(finding?.detail).toMatch(/^[ -~]+$/);
      expect(finding?.remedy).toMatch(/^[ -~]+$/);
    },
  );
});

describe('unlicensed-token', () => {
  it('is an active, well named token in no row of the license list', () => {
    expect(kinds({ tokens: [{}], keys: KEY })).toEqual(['unlicensed-token']);
  });

  it('is not a token that an unreadable row names', () => {
    expect(kinds({ tokens: [{}], keys: KEY, licenses: ['orange,cd,never,'] })).toEqual(['invalid-license']);
  });
});

describe('license-expired', () => {
  it('is an active token whose license has ended, from the day after its last day', () => {
    expect(kinds({ tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-03-01,0'] })).toEqual([
      'license-expired',
    ]);
    expect(kinds({ tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-03-02,0'] })).toEqual([
      'license-expiring',
    ]);
  });

  it('goes by the configured time zone', () => {
    const situation = { tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-03-01,0'] };
    expect(kinds({ ...situation, settings: { timeZone: 'America/New_York' } })).toEqual(['license-expiring']);
  });
});

describe('license-expiring', () => {
  it('is a license in force that ends within the widest of warnDays and has an active token', () => {
    expect(kinds({ tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-04-01,0'] })).toEqual([
      'license-expiring',
    ]);
    expect(kinds({ tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-04-02,0'] })).toEqual([]);
    expect(kinds({ keys: {}, licenses: ['orange,cd,2026-04-01,0'] })).toEqual(['missing-token']);
  });
});

describe('invalid-license', () => {
  it('is a row that can not be read, with its line and whom it protects', () => {
    const [finding] = judge({ licenses: [...IN_FORCE, ',cd,2026-01-01,'], tokens: [{}], keys: KEY });
    expect(finding).toMatchObject({ kind: 'invalid-license', severity: 'warning' });
    expect(finding?.detail).toContain('Line 3');
    expect(finding?.detail).toContain('country cd');
  });
});

describe('missing-token', () => {
  it('is a license in force without an active token, and says when an inactive one is there', () => {
    expect(kinds({ licenses: IN_FORCE })).toEqual(['missing-token']);
    const [finding] = judge({ licenses: IN_FORCE, tokens: [{ enabled: false }], keys: KEY });
    expect(finding).toMatchObject({ kind: 'missing-token', severity: 'critical' });
    expect(finding?.detail).toContain('an inactive one is there (t1)');
  });

  it('is also a token past its own expiry date', () => {
    expect(kinds({ licenses: IN_FORCE, tokens: [{ expiresAt: NOW - 1 }], keys: KEY })).toEqual([
      'missing-token',
      'token-expiring',
    ]);
  });

  it('is not reported where people revoked the access through us', () => {
    const suspension = {
      tokenId: 't1',
      deployment: 'orange-cd',
      by: 'people',
      at: iso(NOW),
      reason: 'x',
    } as const;
    const ledger = { suspensions: [suspension] };
    expect(kinds({ licenses: IN_FORCE, tokens: [{ enabled: false }], keys: KEY, ledger })).toEqual([
      'suspended',
    ]);
  });
});

describe('suspended', () => {
  const suspension = {
    tokenId: 't1',
    deployment: 'orange-cd',
    by: 'audit',
    at: iso(NOW - DAY),
    reason: 'ended',
  } as const;

  it('says since when, why, and when the token will be deleted', () => {
    const [finding] = judge({
      tokens: [{ enabled: false }],
      keys: KEY,
      licenses: ['orange,cd,2026-02-01,0'],
      ledger: { suspensions: [suspension] },
    });
    expect(finding).toMatchObject({ kind: 'suspended', severity: 'info' });
    expect(finding?.detail).toContain('by the audit on 2026-03-01: ended; it will be deleted on 2026-05-30');
  });
});

describe('duplicate-token', () => {
  it('is several active tokens of one label, one finding for all of them', () => {
    expect(judge({ tokens: [{}, {}, {}], keys: KEY, licenses: IN_FORCE })).toMatchObject([
      { kind: 'duplicate-token', deployment: 'orange-cd' },
    ]);
  });

  it('is not a token that is being replaced, nor an inactive one', () => {
    const replaced = { tokenId: 't2', deployment: 'orange-cd', until: iso(NOW + DAY), by: 't1' };
    const ledger = { replaced: [replaced] };
    expect(kinds({ tokens: [{}, {}], keys: KEY, licenses: IN_FORCE, ledger })).toEqual([]);
    expect(kinds({ tokens: [{}, { enabled: false }], keys: KEY, licenses: IN_FORCE })).toEqual([]);
  });
});

describe('wrong-scope', () => {
  it.each([[['repo:admin']], [['repo:write', 'repo:read']], [['repo:public_read']], [[]]])(
    'is %j',
    (scopes) => {
      expect(kinds({ tokens: [{ scopes }], keys: KEY, licenses: IN_FORCE })).toEqual(['wrong-scope']);
    },
  );

  it('is not reported where Docker Hub does not say the scopes', () => {
    const { scopes: _, ...token } = {
      scopes: [],
      id: 't1',
      label: 'orange-cd',
      enabled: true,
      createdAt: NOW,
    };
    const inputs = { ...inputsOf({ keys: KEY, licenses: IN_FORCE }), tokens: [token] };
    expect(reconcile(takeSnapshot(inputs, defaultSettings(), NOW))).toEqual([]);
  });
});

describe('token-expiring', () => {
  const said = (expiresAt: number, license: string): Finding[] =>
    judge({ tokens: [{ expiresAt }], keys: KEY, licenses: [license] }).filter(
      ({ kind }) => kind === 'token-expiring',
    );

  it("is Docker Hub's own expiry within warnDays and before the license's end", () => {
    expect(said(NOW + 30 * DAY, 'orange,cd,2027-01-01,0')).toMatchObject([{ severity: 'warning' }]);
    expect(said(NOW + 30 * DAY + 1, 'orange,cd,2027-01-01,0')).toEqual([]);
    expect(said(NOW + 10 * DAY, 'orange,cd,2026-03-05,0')).toEqual([]);
    expect(said(NOW + 10 * DAY, 'orange,cd,9999-12-31,0')).toHaveLength(1);
  });

  it('is critical once past', () => {
    expect(said(NOW, 'orange,cd,2027-01-01,0')).toMatchObject([{ severity: 'critical' }]);
  });

  it('is nothing of a license that has ended', () => {
    expect(said(NOW - DAY, 'orange,cd,2026-03-01,0')).toEqual([]);
  });
});

describe('unused-token', () => {
  const unused = (token: Partial<HubToken>, ledger: Partial<Ledger> = {}): boolean =>
    kinds({ tokens: [token], keys: KEY, licenses: IN_FORCE, ledger }).includes('unused-token');

  it('is older than 30 days and never used, or not for staleDays', () => {
    expect(unused({ createdAt: NOW - 31 * DAY, lastUsedAt: null })).toBe(true);
    expect(unused({ createdAt: NOW - 30 * DAY, lastUsedAt: null })).toBe(false);
    expect(unused({ createdAt: NOW - 200 * DAY, lastUsedAt: NOW - 91 * DAY })).toBe(true);
    expect(unused({ createdAt: NOW - 200 * DAY, lastUsedAt: NOW - 90 * DAY })).toBe(false);
  });

  it('is not fooled by our own check of the stored content', () => {
    const check = {
      deployment: 'orange-cd',
      tokenId: 't1',
      at: iso(NOW - DAY),
      verdict: 'matching',
      fingerprint: 'x',
    } as const;
    const token = { createdAt: NOW - 200 * DAY, lastUsedAt: NOW - DAY + 5_000 };
    expect(unused(token)).toBe(false);
    expect(unused(token, { checks: [{ ...check, lastUse: null }] })).toBe(true);
    expect(unused(token, { checks: [{ ...check, lastUse: iso(NOW - 100 * DAY) }] })).toBe(true);
    expect(unused(token, { checks: [{ ...check, lastUse: iso(NOW - 80 * DAY) }] })).toBe(false);
    expect(unused({ ...token, lastUsedAt: NOW - HOUR }, { checks: [{ ...check, lastUse: null }] })).toBe(
      false,
    );
    // Listed before tonight's check, so that Docker Hub still tells the one before.
    const tonight = { ...check, at: iso(NOW), lastUse: iso(NOW - 100 * DAY) };
    expect(unused(token, { checks: [tonight] })).toBe(true);
  });
});

describe('malformed-key', () => {
  it.each([
    ['', 'an empty text'],
    [null, 'null'],
    [7, 'of type number'],
    [['x'], 'a list'],
    [{ a: 1 }, 'of type object'],
  ])('is the value %j', (value, words) => {
    const found = judge({ tokens: [{}], keys: { 'orange-cd': value }, licenses: IN_FORCE });
    expect(found).toMatchObject([{ kind: 'malformed-key', severity: 'critical' }]);
    expect(found[0]?.detail).toContain(words);
  });

  it('is not judged where only names were read', () => {
    const inputs = inputsOf({ tokens: [{}], keys: { 'orange-cd': '' }, licenses: IN_FORCE });
    const names = { names: ['orange-cd'], version: 1 };
    expect(reconcile(takeSnapshot({ ...inputs, keys: names }, defaultSettings(), NOW))).toEqual([]);
  });
});

describe('rejected-key and mismatched-key', () => {
  const check = {
    deployment: 'orange-cd',
    tokenId: 't1',
    at: iso(NOW - DAY),
    fingerprint: fingerprintOf('dckr_pat_x'),
  } as const;

  it('stand until the key is checked again', () => {
    const ledger = { checks: [{ ...check, verdict: 'rejected' as const }] };
    expect(kinds({ tokens: [{}], keys: KEY, licenses: IN_FORCE, ledger })).toEqual(['rejected-key']);
  });

  it('names the token whose content it is', () => {
    const ledger = { checks: [{ ...check, verdict: 'mismatched' as const, claimedId: 't2' }] };
    const found = judge({
      tokens: [{}, { label: 'mtn-cm' }],
      keys: { ...KEY, 'mtn-cm': 'y' },
      licenses: [...IN_FORCE, 'mtn,cm,2027-01-01,0'],
      ledger,
    });
    expect(found).toMatchObject([{ kind: 'mismatched-key', deployment: 'orange-cd', tokenId: 't1' }]);
    expect(found[0]?.detail).toContain('mtn-cm (t2)');
  });

  it('names also an automatic token, which is listed and not judged', () => {
    const ledger = { checks: [{ ...check, verdict: 'mismatched' as const, claimedId: 't2' }] };
    const automatic = { label: 'docker-desktop', generatedBy: 'desktop' };
    const [found] = judge({ tokens: [{}, automatic], keys: KEY, licenses: IN_FORCE, ledger });
    expect(found?.detail).toContain('docker-desktop (t2)');
    expect(judge({ tokens: [{}], keys: KEY, licenses: IN_FORCE, ledger })).toEqual([]);
  });

  it('is not reported of a token that is not active any more', () => {
    const ledger = { checks: [{ ...check, verdict: 'rejected' as const }] };
    const licenses = ['orange,cd,2020-01-01,0'];
    expect(kinds({ tokens: [{ enabled: false }], keys: KEY, licenses, ledger })).toEqual([]);
  });
});

describe('automatic tokens', () => {
  it('are counted, never judged by the other rules', () => {
    const snapshot = snapshotOf({
      tokens: [{ label: 'docker-desktop', generatedBy: 'desktop', createdAt: NOW - 200 * DAY }],
    });
    expect(reconcile(snapshot).filter(({ deployment }) => deployment !== 'filler-zz')).toEqual([]);
    expect([snapshot.tokens.length, snapshot.automatic.length]).toEqual([0, 1]);
  });

  it('are not those with a licensed name, a key in Vault, or issued by us', () => {
    const generated = { generatedBy: 'api' };
    expect(snapshotOf({ tokens: [generated], licenses: IN_FORCE }).automatic).toHaveLength(0);
    expect(snapshotOf({ tokens: [generated], keys: KEY }).automatic).toHaveLength(0);
    const issued = [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW) }];
    expect(snapshotOf({ tokens: [generated], ledger: { issued } }).automatic).toHaveLength(0);
    expect(snapshotOf({ tokens: [generated] }).automatic).toHaveLength(1);
    const mixed = inputsOf({ tokens: [generated, { label: 'nobody' }, { label: 'somebody' }] });
    const tokens = (mixed.tokens ?? []).map(({ generatedBy, ...token }) =>
      token.label === 'somebody' || generatedBy === undefined ? token : { ...token, generatedBy },
    );
    const snapshot = takeSnapshot({ ...mixed, tokens }, defaultSettings(), NOW);
    expect(snapshot.tokens.map(({ label }) => label)).toEqual(['nobody', 'somebody']);
  });
});

describe('exemptions', () => {
  const situation = { tokens: [{ createdAt: NOW - 99 * DAY, lastUsedAt: null, scopes: ['repo:admin'] }] };

  it('hide all findings of a label, or the named kinds only, and the label is still counted', () => {
    expect(kinds(situation)).toHaveLength(4);
    expect(kinds({ ...situation, exemptions: 'label,reason,owner,until\norange-cd,,,\n' })).toEqual([]);
    expect(
      kinds({
        ...situation,
        exemptions: 'label,reason,owner,until,findings\norange-cd,,,,wrong-scope unused-token\n',
      }),
    ).toEqual(['orphaned-token', 'unlicensed-token']);
    expect(
      snapshotOf({ ...situation, exemptions: 'label,reason,owner,until\norange-cd,,,\n' }).tokens,
    ).toHaveLength(1);
  });

  it('end with their day', () => {
    expect(
      kinds({ ...situation, exemptions: 'label,reason,owner,until\norange-cd,,,2026-03-01\n' }),
    ).toHaveLength(4);
  });
});

describe('findings', () => {
  it('keep their id and the time since when they stand', () => {
    const [first] = judge({ keys: KEY });
    const since = iso(NOW - 5 * DAY);
    const said = {
      id: first?.id ?? '',
      kind: 'orphaned-key',
      severity: 'warning',
      deployment: 'orange-cd',
      reported: true,
      since,
    } as const;
    expect(judge({ keys: KEY, ledger: { findings: [said] } })).toEqual([{ ...first, since }]);
  });

  it('that need an input which was not read are not judged', () => {
    const { keys: _keys, ...inputs } = inputsOf({ tokens: [{}], licenses: IN_FORCE });
    expect(reconcile(takeSnapshot(inputs, defaultSettings(), NOW))).toEqual([]);
  });
});

const labels = fc.constantFrom('orange-cd', 'mtn-cm', 'airtel-td', 'Orange_CD', 'x', '__proto__');
const arbitraryToken = fc.record({
  label: labels,
  enabled: fc.boolean(),
  createdAt: fc.constantFrom(NOW, NOW - 2 * HOUR, NOW - 100 * DAY),
  lastUsedAt: fc.constantFrom(null, NOW - HOUR, NOW - 95 * DAY),
  scopes: fc.constantFrom(['repo:read'], ['repo:admin']),
  generatedBy: fc.constantFrom('manual', 'desktop'),
});
const arbitrarySituation = fc.record({
  tokens: fc.array(arbitraryToken, { maxLength: 12 }),
  keys: fc.dictionary(labels, fc.constantFrom('dckr_pat_x', '', 7)),
  licenses: fc.array(
    fc
      .tuple(
        fc.constantFrom('orange,cd', 'mtn,cm', 'airtel,td'),
        fc.constantFrom('2026-02-01', '2026-03-10', '2027-01-01', 'never'),
      )
      .map((row) => `${row.join(',')},0`),
    { minLength: 1, maxLength: 2 },
  ),
});

describe('reconciling', () => {
  it('gives the same findings whatever the order of the inputs', () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.infiniteStream(fc.nat()), (situation, random) => {
        const inputs = inputsOf(situation);
        const shuffled = <Item>(items: readonly Item[]): Item[] =>
          items
            .map((item) => [random.next().value, item] as const)
            .sort(([one], [other]) => one - other)
            .map(([, item]) => item);
        const mixed: Inputs = {
          ...inputs,
          tokens: shuffled(inputs.tokens ?? []),
          keys: {
            names: shuffled(inputs.keys?.names ?? []),
            values: new Map(shuffled([...(inputs.keys?.values ?? [])])),
            version: 1,
          },
        };
        const settings = defaultSettings();
        expect(reconcile(takeSnapshot(mixed, settings, NOW))).toEqual(
          reconcile(takeSnapshot(inputs, settings, NOW)),
        );
      }),
    );
  });

  it('gives each token the findings that its facts say, and no others', () => {
    fc.assert(
      fc.property(arbitrarySituation, (situation) => {
        const snapshot = snapshotOf(situation);
        const found = reconcile(snapshot);
        for (const token of snapshot.tokens) {
          const active = isActive(token, NOW);
          const license = snapshot.licenses.get(token.label);
          const well = isWellNamed(token.label);
          const expected: Partial<Record<FindingKind, boolean>> = {
            'orphaned-token':
              active &&
              snapshot.deployments.get(token.label)?.hasKey !== true &&
              NOW - (token.createdAt ?? 0) > HOUR,
            'misnamed-token': active && !well,
            'unlicensed-token': active && well && snapshot.deployments.get(token.label)?.isListed !== true,
            'license-expired': active && license !== undefined && license.lastDay < '2026-03-02',
            'wrong-scope': active && token.scopes?.[0] !== 'repo:read',
            'unused-token':
              active &&
              (token.createdAt ?? NOW) < NOW - 30 * DAY &&
              (token.lastUsedAt === null || (token.lastUsedAt ?? NOW) < NOW - 90 * DAY),
          };
          for (const [kind, wanted] of Object.entries(expected))
            expect([
              kind,
              found.some((finding) => finding.kind === kind && finding.tokenId === token.id),
            ]).toEqual([kind, wanted]);
        }
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
      }),
    );
  });
});

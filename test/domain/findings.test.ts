import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import type { Finding, FindingKind } from '../../lambdas/domain/findings.ts';
import type { ContentCheckEntry } from '../../lambdas/domain/ledger.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { type Inputs, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { type HubToken, lastRealUse } from '../../lambdas/domain/token.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../default-settings.ts';
import { NOW, type Situation, contentOf, inputsOf, suspensionOf, tokenOf, snapshotOf } from './situation.ts';

const X = contentOf('x');
const KEY = { 'orange-cd': X };
const IN_FORCE = ['orange,cd,2027-01-01,0'];
const found = (kind: FindingKind, situation: Situation): Finding[] =>
  reconcile(snapshotOf(situation)).filter(
    (finding) => finding.kind === kind && finding.deployment !== 'filler-zz',
  );
const text = (kind: FindingKind, situation: Situation): string =>
  found(kind, situation)
    .map(({ detail, remedy }) => `${detail} ${remedy}`)
    .join('\n');

describe('a finding', () => {
  it('has an id of its kind, its name, and its token or what else tells it apart', () => {
    const ids = (situation: Situation): string[] => reconcile(snapshotOf(situation)).map(({ id }) => id);
    expect(ids({ tokens: [{ scopes: [] }], keys: KEY, licenses: IN_FORCE })).toEqual([
      'wrong-scope:orange-cd:t1',
    ]);
    expect(ids({ tokens: [{}], keys: KEY, licenses: ['orange,cd,2026-03-05,0'] })).toEqual([
      'license-expiring:orange-cd:2026-03-05',
    ]);
    const [bare] = found('orphaned-key', { keys: KEY });
    expect(bare?.id).toBe('orphaned-key:orange-cd');
    expect(bare).not.toHaveProperty('tokenId');
  });

  it('stands behind graver ones, and behind those of its severity whose id comes first', () => {
    const ids = (names: readonly string[]): string[] =>
      reconcile(
        snapshotOf({
          keys: Object.fromEntries(names.map((name) => [name, 'x'])),
          licenses: ['filler,zz,2026-01-01,0'],
          tokens: [{ label: 'z-cd', scopes: [] }],
        }),
      ).map(({ id }) => id);
    const sorted = [
      'wrong-scope:z-cd:t1',
      'orphaned-key:a-cd',
      'orphaned-key:b-cd',
      'orphaned-key:c-cd',
      'unlicensed-token:z-cd:t1',
    ];
    expect(ids(['a-cd', 'b-cd', 'c-cd', 'z-cd'])).toEqual(sorted);
    expect(ids(['z-cd', 'c-cd', 'b-cd', 'a-cd'])).toEqual(sorted);
  });
});

describe('a finding that hangs on an input', () => {
  const token = { createdAt: NOW - 100 * DAY };
  const replaced = [{ tokenId: 't9', deployment: 'mtn-cm', until: iso(NOW), by: 't1' }];

  it.each<[FindingKind, (keyof Inputs)[], Situation]>([
    ['orphaned-token', ['tokens', 'keys'], { tokens: [token] }],
    ['orphaned-key', ['tokens', 'keys'], { keys: KEY }],
    ['unlicensed-token', ['tokens', 'licenses'], { tokens: [token] }],
    ['missing-token', ['tokens', 'licenses', 'ledger'], { licenses: IN_FORCE }],
    ['duplicate-token', ['tokens', 'ledger'], { tokens: [token, token], ledger: { replaced } }],
    [
      'token-expiring',
      ['tokens', 'licenses', 'ledger'],
      { tokens: [{ expiresAt: NOW + DAY }], licenses: IN_FORCE, ledger: { replaced } },
    ],
    ['unused-token', ['tokens', 'ledger'], { tokens: [{ ...token, lastUsedAt: null }] }],
  ])('is not made where the input was not read: %s needs %j', (kind, needed, situation) => {
    const inputs = inputsOf(situation);
    const isFound = (read: Inputs): boolean =>
      reconcile(takeSnapshot(read, defaultSettings(), NOW)).some((finding) => finding.kind === kind);
    expect(isFound(inputs)).toBe(true);
    for (const input of needed) {
      const { [input]: _, ...others } = inputs;
      expect([input, isFound(others)]).toEqual([input, false]);
    }
  });
});

describe('orphaned-key', () => {
  it('gives the events that make a token or remove the key, the first only where a license is in force', () => {
    const removing = (name: string): string =>
      `({"deployment": "${name}", "delete": true, "confirm": "${name}", "reason": "..."})`;
    const paid = text('orphaned-key', { keys: KEY, licenses: IN_FORCE });
    expect(paid).toContain('({"deployment": "orange-cd", "regenerate": true})');
    expect(paid).toContain(removing('orange-cd'));
    const unpaid = text('orphaned-key', { keys: KEY });
    expect(unpaid).toContain('let licenses.csv say so');
    expect(unpaid).toContain(removing('orange-cd'));
    expect(text('orphaned-key', { keys: { Orange_CD: 'x' } })).toContain(
      `If nobody needs what it holds, remove the key with the revoke function ${removing('Orange_CD')}`,
    );
  });
});

describe('orphaned-token', () => {
  it('says when the token was created, where Docker Hub does', () => {
    expect(text('orphaned-token', { tokens: [{}] })).toContain(
      'The token orange-cd, created on 2026-02-20, is active',
    );
    const { createdAt: _, ...undated } = tokenOf();
    const snapshot = takeSnapshot({ ...inputsOf({}), tokens: [undated] }, defaultSettings(), NOW);
    expect(reconcile(snapshot).find(({ kind }) => kind === 'orphaned-token')?.detail).toContain(
      'The token orange-cd is active',
    );
  });
});

describe('misnamed-token', () => {
  const said = (label: string): string => text('misnamed-token', { tokens: [{ label }], licenses: IN_FORCE });

  it('has an event that renames it where one name was probably meant, and never a name that was made up', () => {
    expect(said('Orange_CD')).toContain('"renameTo": "orange-cd"');
    expect(said('Something else')).toContain('Find out which deployment uses it');
    expect(said('Something else')).not.toContain('probably');
  });

  it('is renamed by hand where its label can not be typed safely', () => {
    for (const label of ['', 'x'.repeat(101), 'a\nb', 'é x', 'x é', 'a\\b'])
      expect(said(label)).toContain('Rename it by hand');
  });
});

describe('unlicensed-token', () => {
  it('tells the nearest name of the list, if there is one', () => {
    expect(text('unlicensed-token', { tokens: [{ label: 'orangee-cd' }], licenses: IN_FORCE })).toContain(
      '(the nearest name in it is orange-cd).',
    );
    expect(text('unlicensed-token', { tokens: [{ label: 'mtn-cm' }], licenses: IN_FORCE })).toContain(
      'no row of the license list names this deployment.',
    );
  });
});

describe('duplicate-token', () => {
  it('names up to five of the tokens, sorted', () => {
    const said = (number: number): string =>
      text('duplicate-token', {
        tokens: Array.from({ length: number }, (_, index) => ({ id: `t${number - index}` })),
      });
    expect(said(1)).toBe('');
    expect(said(2)).toContain('2 tokens with the label orange-cd are active: t1 and t2.');
    expect(said(5)).toContain('active: t1, t2, t3, t4 and t5.');
    expect(said(6)).toContain('active: t1, t2, t3, t4 and t5 and others.');
  });

  it('advises a new token for all of them, because nobody can see which one Vault holds', () => {
    expect(text('duplicate-token', { tokens: [{}, {}], licenses: IN_FORCE })).toContain(
      'make a new token with the issue function ({"deployment": "orange-cd", "regenerate": true}).',
    );
  });
});

describe('license-expired', () => {
  it('says what becomes of the token as the audit is configured', () => {
    const said = (settings: Situation['settings'] = {}): string =>
      text('license-expired', { tokens: [{}], licenses: ['orange,cd,2026-02-01,0'], settings });
    const revoking = 'Switch it off with the revoke function ({"deployment": "orange-cd", "reason": "..."})';
    expect(said()).toContain('the audit announces it and then switches the token off.');
    for (const settings of [
      { mode: 'observe' },
      { maxWithdrawals: 0, maxWithdrawalPercent: 0 },
    ] satisfies Situation['settings'][]) {
      expect(said(settings)).toContain(revoking);
      expect(said(settings)).not.toContain('switches the token off');
    }
    expect(said({ mode: 'observe' })).toContain('the mode is observe');
    expect(said({ maxWithdrawals: 0 })).toContain('the audit announces');
  });
});

describe('a new token in the place of an active one', () => {
  it('is advised only where the issue function makes one: license in force, name well-formed', () => {
    const said = (label: string, licenses: readonly string[]): string =>
      text('wrong-scope', { tokens: [{ label, scopes: [] }], licenses });
    expect(said('orange-cd', IN_FORCE)).toContain(
      'make a new token with the issue function ({"deployment": "orange-cd", "regenerate": true}).',
    );
    for (const licenses of [[], ['orange,cd,2026-02-01,0']]) {
      expect(said('orange-cd', licenses)).toContain('let licenses.csv say so');
      expect(said('orange-cd', licenses)).toContain(
        'else switch it off with the revoke function ({"deployment": "orange-cd", "reason": "..."}).',
      );
    }
    expect(said('Orange_CD', IN_FORCE)).toContain('first give it a proper name');
  });
});

describe('wrong-scope', () => {
  it('is also a second scope beside repo:read', () => {
    const said = (...scopes: string[]): string => text('wrong-scope', { tokens: [{ scopes }] });
    expect(said('repo:read', 'repo:write')).toContain('may do repo:read, repo:write instead');
    expect(said('repo:write', 'repo:admin')).toContain('may do repo:admin, repo:write instead');
    expect(said('sandbox:run')).toContain('may do sandbox:run instead');
    expect(said()).toContain('may mean that it may do everything');
    expect(said('repo:read')).toBe('');
  });

  it('is cured on Docker Hub’s page first, which leaves the content as it is, and by a new token second', () => {
    const said = text('wrong-scope', { tokens: [{ scopes: ['repo:admin'] }] });
    expect(said).toMatch(/permissions to Read-only on Docker Hub's page[^]*; or [^]*new token/);
  });
});

describe('token-expiring', () => {
  const said = (expiresAt: number, license = 'orange,cd,2027-01-01,0'): string =>
    text('token-expiring', { tokens: [{ expiresAt }], licenses: [license] });

  it("says when Docker Hub's own expiry comes, and how long the license lasts", () => {
    expect(said(NOW + DAY)).toContain(
      'Docker Hub stops accepting the token orange-cd on 2026-03-03 by its own expiry date, and the license lasts until 2027-01-01.',
    );
    expect(said(NOW - DAY)).toContain('stopped accepting the token orange-cd on 2026-03-01');
    expect(said(NOW + DAY, 'orange,cd,9999-12-31,0')).toContain('and the license has no end.');
  });

  it("is reported up to the license's last day, which is still in force", () => {
    expect(said(NOW + DAY, 'orange,cd,2026-03-03,0')).not.toBe('');
    expect(said(NOW + DAY, 'orange,cd,2026-03-02,0')).toBe('');
  });

  it('is nothing of a token without a license or one switched off, and info of one that is being replaced', () => {
    const expiring = { tokens: [{ expiresAt: NOW + DAY }, {}], licenses: IN_FORCE };
    expect(text('token-expiring', { ...expiring, licenses: [] })).toBe('');
    expect(text('token-expiring', { ...expiring, tokens: [{ enabled: false, expiresAt: NOW + DAY }] })).toBe(
      '',
    );
    const replaced = [{ tokenId: 't1', deployment: 'orange-cd', until: iso(NOW + DAY), by: 't2' }];
    expect(found('token-expiring', { ...expiring, ledger: { replaced } })).toMatchObject([
      { tokenId: 't1', severity: 'info' },
    ]);
  });
});

describe('unused-token', () => {
  it('says when the token was created and when it was last used', () => {
    const said = (lastUsedAt: number | null): string =>
      text('unused-token', { tokens: [{ createdAt: NOW - 200 * DAY, lastUsedAt }] });
    expect(said(null)).toContain('The token orange-cd, created on 2025-08-14, was never used.');
    expect(said(NOW - 100 * DAY)).toContain('was last used on 2025-11-22.');
  });

  it('is not reported where Docker Hub does not say when it was created or used', () => {
    const kinds = (token: HubToken): string[] =>
      reconcile(takeSnapshot({ ...inputsOf({}), tokens: [token] }, defaultSettings(), NOW)).map(
        ({ kind }) => kind,
      );
    const old = tokenOf({ createdAt: NOW - 200 * DAY, lastUsedAt: null });
    expect(kinds(old)).toContain('unused-token');
    const { lastUsedAt: _, ...unknownUse } = old;
    expect(kinds(unknownUse)).not.toContain('unused-token');
    const { createdAt: _createdAt, ...undated } = old;
    expect(kinds(undated)).not.toContain('unused-token');
  });
});

describe('the last real use of a token', () => {
  const check: ContentCheckEntry = {
    deployment: 'orange-cd',
    tokenId: 't1',
    at: iso(NOW),
    verdict: 'matching',
    fingerprint: 'f',
    lastUse: iso(NOW - 9 * DAY),
  };
  const used = (lastUsedAt: number | null, one: ContentCheckEntry | undefined = check): unknown =>
    lastRealUse(tokenOf({ lastUsedAt }), one);

  it('is what was known before our own check, up to ten minutes after it', () => {
    const edge = NOW + 10 * 60_000;
    expect([used(edge), used(edge + 1)]).toEqual([NOW - 9 * DAY, edge + 1]);
  });

  it('is what Docker Hub says where the check was of another token or there was none', () => {
    expect(used(NOW, { ...check, tokenId: 't2' })).toBe(NOW);
    expect(lastRealUse(tokenOf({ lastUsedAt: NOW }), undefined)).toBe(NOW);
  });

  it('is never, or unknown, where Docker Hub says so', () => {
    expect(used(null)).toBeNull();
    const { lastUsedAt: _, ...unknown } = tokenOf();
    expect(lastRealUse(unknown, check)).toBeUndefined();
  });
});

describe('suspended', () => {
  const said = (changes: Parameters<typeof suspensionOf>[0], situation: Situation = {}): string =>
    text('suspended', {
      tokens: [{ enabled: false }],
      licenses: ['orange,cd,2026-02-01,0'],
      ledger: { suspensions: [suspensionOf(changes)] },
      ...situation,
    });

  it('says who switched the token off, and what becomes of it', () => {
    const at = iso(NOW - DAY);
    expect(said({ at })).toContain(
      'was switched off by the audit on 2026-03-01: the license ended; it will be deleted on 2026-05-30 at the earliest. Nothing; once licenses.csv says',
    );
    expect(said({ at, by: 'people' })).toContain(
      'was switched off through the revoke function on 2026-03-01: the license ended; it is not deleted by the audit. Nothing; to switch it on again use the revoke function',
    );
  });

  it('says that it is not due to be deleted where the audit deletes nothing, or its license has not ended', () => {
    const not = 'it is not due to be deleted.';
    expect(said({}, { settings: { deleteAfterDays: null } })).toContain(not);
    expect(said({}, { licenses: [] })).toContain(not);
    expect(said({}, { licenses: IN_FORCE })).toContain(not);
    expect(said({}, { settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } })).toContain(not);
    const observed = said({}, { settings: { mode: 'observe' } });
    expect(observed).toContain(not);
    expect(observed).not.toContain('the audit switches it on again');
  });
});

describe('license-expiring', () => {
  it('says today on the last day, and the days that are left before', () => {
    const said = (end: string): string =>
      text('license-expiring', { tokens: [{}], licenses: [`orange,cd,${end},0`] });
    expect(said('2026-03-02')).toContain('ends today (paid until 2026-03-02, access until 2026-03-02).');
    expect(said('2026-03-03')).toContain('ends in 1 day (paid');
    expect(said('2026-03-04')).toContain('ends in 2 days (paid');
  });
});

describe('invalid-license', () => {
  it('says which line, which name, and from whom nothing is withdrawn', () => {
    const said = (row: string): string =>
      reconcile(snapshotOf({ licenses: ['filler,zz,9999-12-31,0', row] }))
        .filter(({ kind }) => kind === 'invalid-license')
        .map(({ detail }) => detail)
        .join('\n');
    expect(said('orange,cd,never,0')).toContain('Line 3 of licenses.csv (orange-cd) can');
    expect(said('orange,cd,never,0')).toContain('nothing is withdrawn from orange-cd.');
    expect(said(',cd,never,0')).toContain('nothing is withdrawn from any deployment of the country cd.');
    expect(said('or ange,,never,0')).toContain('("or ange")');
    expect(said(',,never,0')).toContain('(no name)');
    expect(said(',,never,0')).toContain('nothing is withdrawn from anybody.');
  });
});

describe('missing-token', () => {
  const said = (...tokens: Partial<HubToken>[]): string =>
    text('missing-token', { tokens, licenses: IN_FORCE });

  it('says to make a token where there is none at all', () => {
    expect(said()).toBe(
      'The license of orange-cd is in force, and it has no active token. Make a token with the issue function ({"deployment": "orange-cd"}).',
    );
  });

  it('says to write over a key that is there without a token', () => {
    expect(text('missing-token', { keys: KEY, licenses: IN_FORCE })).toBe(
      'The license of orange-cd is in force, and it has no active token; Vault has a key of that name. Make a token with the issue function ({"deployment": "orange-cd", "regenerate": true}).',
    );
  });

  it('says of tokens past their own expiry when they stopped working, and never to restore them', () => {
    expect(said({ expiresAt: NOW - DAY })).toBe(
      `The license of orange-cd is in force, and it has no active token; the token t1 stopped working on 2026-03-01 by its own expiry. Make a new token with the issue function ({"deployment": "orange-cd", "regenerate": true}): the expiry of a token can't be changed.`,
    );
    const several = said({ expiresAt: NOW - DAY }, { expiresAt: NOW - 3 * DAY, enabled: false });
    expect(several).toContain(
      'the tokens t1 and t2 stopped working by their own expiry, the last on 2026-03-01',
    );
    expect(several).not.toContain('restore');
    expect(said({ expiresAt: NOW - DAY }, { enabled: false })).toContain('an inactive one is there (t2).');
  });

  it('names up to three inactive tokens, sorted, and says to switch one on', () => {
    const off = (...ids: string[]): Partial<HubToken>[] => ids.map((id) => ({ id, enabled: false }));
    expect(said(...off('d', 'c', 'b', 'a'))).toContain('; an inactive one is there (a, b and c).');
    expect(said(...off('a'))).toContain(
      'Switch the inactive token on again with the revoke function ({"deployment": "orange-cd", "restore": true, "reason": "..."}), or make a new one with the issue function ({"deployment": "orange-cd", "regenerate": true}).',
    );
  });

  it('names up to three tokens that are probably meant, sorted, and says to rename it', () => {
    const labels = ['Orange.CD', 'ORANGE-CD', 'Orange CD', 'Orange_CD'].map((label) => ({ label }));
    expect(said(...labels)).toContain(
      '; the token "Orange CD", ORANGE-CD and Orange.CD is probably meant for it. Rename the misnamed token',
    );
    expect(said({ label: 'Orange_CD', enabled: false })).toContain('Make a token with');
  });

  it('is reported also where the audit switched the token off and it is gone', () => {
    const of = (by: 'audit' | 'people'): number =>
      found('missing-token', { licenses: IN_FORCE, ledger: { suspensions: [suspensionOf({ by })] } }).length;
    expect([of('audit'), of('people')]).toEqual([1, 0]);
  });
});

describe('rejected-key and mismatched-key', () => {
  const check = {
    deployment: 'orange-cd',
    tokenId: 't1',
    at: iso(NOW),
    fingerprint: fingerprintOf(X),
  } as const;

  it('lapse once the key holds something else', () => {
    const situation = { tokens: [{}, { label: 'mtn-cm' }], licenses: IN_FORCE };
    for (const verdict of ['rejected', 'mismatched'] as const) {
      const ledger = { checks: [{ ...check, verdict, claimedId: 't2' }] };
      const of = (content: string): number =>
        found(`${verdict}-key`, { ...situation, keys: { 'orange-cd': content }, ledger }).length;
      expect([verdict, of(X), of(contentOf('y'))]).toEqual([verdict, 1, 0]);
    }
  });

  it('are nothing where the checked token is not the active one any more, or the key is gone', () => {
    const checks = [{ ...check, verdict: 'rejected' as const }];
    const rejected = (situation: Situation): number =>
      found('rejected-key', { tokens: [{}], keys: KEY, ledger: { checks }, ...situation }).length;
    expect(rejected({})).toBe(1);
    expect(rejected({ tokens: [{ id: 't2' }] })).toBe(0);
    expect(rejected({ keys: {} })).toBe(0);
  });

  it('name a token that is still listed', () => {
    const mismatched = (changes: Partial<ContentCheckEntry>, situation: Situation = {}): number =>
      found('mismatched-key', {
        tokens: [{}, { label: 'mtn-cm' }],
        keys: KEY,
        ledger: { checks: [{ ...check, verdict: 'mismatched', claimedId: 't2', ...changes }] },
        ...situation,
      }).length;
    expect(mismatched({})).toBe(1);
    expect(mismatched({ claimedId: 't3' })).toBe(0);
    expect(mismatched({ verdict: 'unclear' })).toBe(0);
    expect(mismatched({}, { keys: {} })).toBe(0);
  });
});

// What findings say beside what was found: whose other half something is, which event cures it, and where none does.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../../lambdas/domain/days.ts';
import type { FindingKind } from '../../../lambdas/domain/findings.ts';
import type { Ledger, Suspension } from '../../../lambdas/domain/ledger.ts';
import { reconcile } from '../../../lambdas/domain/reconcile.ts';
import { canRename } from '../../../lambdas/domain/rules/remedies.ts';
import { takeSnapshot } from '../../../lambdas/domain/snapshot.ts';
import { concealed } from '../../../lambdas/text/conceal.ts';
import { fingerprintOf } from '../../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../../default-settings.ts';
import { CONTENT, NOW, type Situation, contentOf, inputsOf, snapshotOf, suspensionOf } from '../situation.ts';

const FAR = '2027-01-01';
const IN_FORCE = `orange,cd,${FAR},0`;
const ENDED = 'orange,cd,2026-02-01,0';

/** Detail and remedy of the findings of a kind about a name. */
const textOf = (kind: FindingKind, deployment: string, situation: Situation): string =>
  reconcile(snapshotOf(situation))
    .filter((finding) => finding.kind === kind && finding.deployment === deployment)
    .map(({ detail, remedy }) => `${detail} ${remedy}`)
    .join('\n');

type Check = Ledger['checks'][number];
/** The last check of a key that held the content of the token with this id. */
const holding = (deployment: string, claimedId: string): Check => ({
  deployment,
  tokenId: 'none',
  claimedId,
  verdict: 'mismatched',
  fingerprint: fingerprintOf(CONTENT),
  at: iso(NOW - DAY),
});
const CONCEALED = concealed(contentOf('y'));

describe('a key without a token and a token without a key', () => {
  const halves: Situation = {
    tokens: [{}],
    keys: { 'orange-dr-cd': CONTENT },
    licenses: [IN_FORCE],
    ledger: { checks: [holding('orange-dr-cd', 't1')] },
  };
  const join =
    'join the two with the issue function ({"deployment": "orange-dr-cd", "renameTo": "orange-cd"})';

  it('are joined where the key was last seen to hold the content of the token', () => {
    expect(textOf('orphaned-key', 'orange-dr-cd', halves)).toContain(
      `The key was last seen to hold the content of the token orange-cd, which has no key: ${join}`,
    );
    expect(textOf('orphaned-token', 'orange-cd', halves)).toContain(
      `The key orange-dr-cd in Vault was last seen to hold its content: ${join}`,
    );
  });

  it.each<readonly [string, Situation]>([
    ['nobody knows whose content the key holds', { ...halves, ledger: {} }],
    ['the token is not listed', { ...halves, ledger: { checks: [holding('orange-dr-cd', 't9')] } }],
    ['the token has a key of its own', { ...halves, keys: { ...halves.keys, 'orange-cd': CONTENT } }],
    ['the token is misnamed itself', { ...halves, tokens: [{ label: 'Something else' }] }],
    [
      'the key holds the content of another token',
      {
        ...halves,
        tokens: [{}, { label: 'mtn-cm' }],
        keys: { ...halves.keys, 'mtn-cm': CONTENT, 'mtn-dr-cm': CONTENT },
        ledger: { checks: [holding('mtn-dr-cm', 't1'), holding('orange-dr-cd', 't2')] },
      },
    ],
  ])('are not where %s', (_, situation) => {
    expect(textOf('orphaned-key', 'orange-dr-cd', situation)).not.toContain('join the two');
    expect(textOf('orphaned-token', 'Something else', situation)).not.toContain('join the two');
  });

  it('are joined where two keys hold that content, and where another key holds another one', () => {
    const keys = { 'mtn-cm': CONTENT, 'orange-dr-cd': CONTENT, 'zain-sd': CONTENT };
    const two = {
      checks: [holding('zain-sd', 't2'), holding('mtn-cm', 't1'), holding('orange-dr-cd', 't1')],
    };
    const situation = { ...halves, tokens: [{}, { label: 'zain-dr-sd' }], keys, ledger: two };
    expect(textOf('orphaned-key', 'orange-dr-cd', situation)).toContain(join);
    expect(textOf('orphaned-key', 'mtn-cm', situation)).toContain('"renameTo": "orange-cd"');
    expect(textOf('orphaned-token', 'orange-cd', situation)).toContain('"renameTo": "orange-cd"');
  });

  it.each<readonly [string, string, Situation, string]>([
    [
      'by the misnamed token that is probably its',
      'orange-cd',
      { tokens: [{ label: 'Orange_CD' }], keys: { 'orange-cd': CONTENT }, licenses: [IN_FORCE] },
      'Rename the half that is misnamed with the issue function ({"deployment": "Orange_CD", "renameTo": "orange-cd"}): the token Orange_CD is probably its.',
    ],
    [
      'by the token that its misspelt name was probably meant for',
      'Orange_CD',
      { tokens: [{}], keys: { Orange_CD: CONTENT }, licenses: [IN_FORCE] },
      'Rename the half that is misnamed with the issue function ({"deployment": "Orange_CD", "renameTo": "orange-cd"}): the token orange-cd is probably its.',
    ],
    [
      'by nothing where that one has a key',
      'Orange_CD',
      { tokens: [{}], keys: { Orange_CD: CONTENT, 'orange-cd': CONTENT }, licenses: [IN_FORCE] },
      'If nobody needs what it holds, remove the key with the revoke function ({"deployment": "Orange_CD", "delete": true, "confirm": "Orange_CD", "reason": "..."}).',
    ],
    [
      'by nothing where nobody is near',
      'Something else',
      { keys: { 'Something else': CONTENT } },
      'If nobody needs what it holds, remove the key with the revoke function',
    ],
    [
      'by hand where the name is too long for an event',
      'x'.repeat(101),
      { keys: { ['x'.repeat(101)]: CONTENT } },
      'If nobody needs what it holds, remove the key by hand in Vault.',
    ],
    [
      'by hand where its name is not shown',
      CONCEALED,
      { keys: { [CONCEALED]: CONTENT } },
      'Remove the key by hand in Vault: its real name is not shown.',
    ],
  ])('are told apart: a key is cured %s', (_, name, situation, remedy) => {
    expect(textOf('orphaned-key', name, situation)).toContain(remedy);
  });
});

describe('a misnamed token or key', () => {
  const misnamed = (what: 'token' | 'key', name: string, situation: Situation): string =>
    textOf(`misnamed-${what}`, name, situation);
  const token = (label: string, ...licenses: string[]): Situation => ({ tokens: [{ label }], licenses });

  it('is renamed with its key, where one name is near and free', () => {
    const situation = { ...token('Orange_CD', IN_FORCE), keys: { Orange_CD: CONTENT } };
    expect(misnamed('token', 'Orange_CD', situation)).toContain(
      'Rename token and key with the issue function ({"deployment": "Orange_CD", "renameTo": "orange-cd"})',
    );
  });

  it.each<readonly [string, 'token' | 'key', string, Situation, string]>([
    [
      'whose right name has a token',
      'token',
      'Orange_CD',
      { tokens: [{ label: 'Orange_CD' }, {}], licenses: [IN_FORCE] },
      'The name orange-cd is taken: find out which of the two the deployment uses',
    ],
    [
      'whose right name has a key, as it has one',
      'token',
      'Orange_CD',
      { ...token('Orange_CD', IN_FORCE), keys: { Orange_CD: CONTENT, 'orange-cd': CONTENT } },
      'The name orange-cd is taken',
    ],
    [
      'that no token belongs to',
      'key',
      'Something else',
      { keys: { 'Something else': CONTENT } },
      'No token is there that could be renamed with it: if nobody needs what it holds',
    ],
    [
      'that is near to nobody',
      'token',
      'Something else',
      token('Something else', IN_FORCE),
      `"renameTo" takes the deployment's own name.`,
    ],
    [
      'that is too long for an event',
      'token',
      `Orange_${'x'.repeat(95)}`,
      token(`Orange_${'x'.repeat(95)}`, IN_FORCE),
      'Rename it by hand at its source',
    ],
    [
      "whose name is a token's content",
      'token',
      CONCEALED,
      token(CONCEALED, IN_FORCE),
      "Give the token its proper label on Docker Hub's page of access tokens",
    ],
    [
      "whose name is a token's content, in Vault",
      'key',
      CONCEALED,
      { keys: { [CONCEALED]: CONTENT } },
      'Remove the key by hand in Vault, and replace the token that has this content',
    ],
  ])('gets the cure that fits it: one %s', (_, what, name, situation, remedy) => {
    expect(misnamed(what, name, situation)).toContain(remedy);
  });

  it('with many near names comes with five of them', () => {
    const names = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `orange,cd${String.fromCharCode(97 + index)},${FAR},0`);
    const near = (count: number): string =>
      misnamed('token', 'Orange_CDX', token('Orange_CDX', ...names(count)));
    expect(near(5)).toContain(
      'one of orange-cda, orange-cdb, orange-cdc, orange-cdd and orange-cde was probably',
    );
    expect(near(7)).toContain('orange-cdc, orange-cdd, orange-cde and 2 more was probably');
  });

  it('is critical only where the license of each near name has ended', () => {
    const severity = (...ends: string[]): unknown =>
      reconcile(
        snapshotOf(
          token('Orange.CDX', ...ends.map((end, index) => `orange,cd${index === 0 ? 'a' : 'b'},${end},0`)),
        ),
      ).find(({ kind }) => kind === 'misnamed-token')?.severity;
    expect([severity('2026-02-01', '2026-02-01'), severity('2026-02-01', FAR)]).toEqual([
      'critical',
      'warning',
    ]);
    expect(misnamed('token', 'Orange.CD', token('Orange.CD', ENDED))).toMatch(
      /^The label Orange\.CD is not .*; probably orange-cd was meant, whose license has ended: by its right name/,
    );
  });
});

describe('an unlicensed token', () => {
  const unlicensed = (...licenses: string[]): string =>
    textOf('unlicensed-token', 'orangee-cd', {
      tokens: [{ label: 'orangee-cd' }],
      keys: { 'orangee-cd': CONTENT },
      licenses,
    });

  it('is renamed where one license in force is near and has no token', () => {
    expect(unlicensed(IN_FORCE)).toContain('rename it with the issue function ({"deployment": "orangee-cd", "renameTo": "orange-cd"})');
    expect(unlicensed(ENDED)).not.toContain('renameTo');
  }); // prettier-ignore

  it('names several near ones, and offers no rename then', () => {
    const several = unlicensed(IN_FORCE, `orangge,cd,${FAR},0`);
    expect(several).toContain('(the nearest names in it are orange-cd and orangge-cd)');
    expect(several).not.toContain('renameTo');
  });

  it('is none whose end had passed when its row was last read', () => {
    const passedEnds = [{ deployment: 'orange-cd', end: '2026-02-01' }];
    const situation = { tokens: [{}], keys: { 'orange-cd': CONTENT }, ledger: { passedEnds } };
    expect(textOf('unlicensed-token', 'orange-cd', situation)).toBe('');
    expect(textOf('license-expired', 'orange-cd', situation)).toContain(
      'has ended (had access until 2026-02-01 and is in no readable row of licenses.csv any more)',
    );
    expect(textOf('license-expired', 'orange-cd', { ...situation, licenses: [ENDED] })).toContain(
      'has ended (paid until 2026-02-01, access until 2026-02-01)',
    );
  });
});

describe('an ended license beside those in force without a token', () => {
  const beside = (situation: Situation): string =>
    textOf('license-expired', 'orange-cd', { tokens: [{}], keys: { 'orange-cd': CONTENT }, ...situation });

  it.each<readonly [string, Situation, string]>([
    [
      'was probably renewed as the near one, which may be its right name',
      { licenses: [ENDED, `orangee,cd,${FAR},0`] },
      'It was probably renewed as orangee-cd: correct the name in licenses.csv; or, where orangee-cd is its right name, rename its token with the issue function ({"deployment": "orange-cd", "renameTo": "orangee-cd"})',
    ],
    [
      'is not renamed where that one has a key',
      {
        licenses: [ENDED, `orangee,cd,${FAR},0`],
        keys: { 'orange-cd': CONTENT, 'orangee-cd': CONTENT },
      },
      'It was probably renewed as orangee-cd: correct the name in licenses.csv. If',
    ],
    [
      'may have been renewed as each of several',
      { licenses: [ENDED, `orangee,cd,${FAR},0`, `orangge,cd,${FAR},0`] },
      'Find out whether it was renewed as orangee-cd and orangge-cd, and correct the name in licenses.csv.',
    ],
  ])('%s', (_, situation, remedy) => {
    expect(beside(situation)).toContain(remedy);
  });
});

describe('a missing token', () => {
  const missing = (situation: Situation): string => textOf('missing-token', 'orange-cd', situation);
  const near = (...rows: string[]): Situation => ({
    tokens: rows.map((row) => ({ label: row.split(',').slice(0, 2).join('-') })),
    licenses: [IN_FORCE, ...rows.map((row) => `${row},0`)],
  });

  it.each<readonly [string, Situation, string]>([
    [
      'may be that of one near name that has ended',
      near('orangee,cd,2026-03-01'),
      'orangee-cd has ended and may be the same customer under another spelling. If it is the same customer, rename its token with the issue function ({"deployment": "orangee-cd", "renameTo": "orange-cd"})',
    ],
    [
      'may be that of one near name that ends within 7 days',
      near('orangee,cd,2026-03-09'),
      'orangee-cd ends soon and may be the same customer under another spelling.',
    ],
    [
      'may be that of one of several, of which one has not ended yet',
      near('orangee,cd,2026-03-01', 'orangge,cd,2026-03-02'),
      'orangee-cd and orangge-cd ends soon and may be the same customer under another spelling. Find out whether it is the same customer: then rename its token with the issue function ("renameTo").',
    ],
    [
      'may be that of one near name whose key is in the way',
      { ...near('orangee,cd,2026-03-01'), keys: { 'orange-cd': CONTENT, 'orangee-cd': CONTENT } },
      '; Vault has a key of that name; orangee-cd has ended and may be the same customer under another spelling. Find out whether',
    ],
  ])('%s', (_, situation, text) => {
    expect(missing(situation)).toContain(text);
  });

  it.each<readonly [string, Situation, boolean]>([
    ['is in force and has no token, too', near('orangee,cd,2026-03-01'), false],
    ['has a token', { ...near('orangee,cd,2026-03-01'), tokens: [{ label: 'orangee-cd' }, { label: 'orangeee-cd' }] }, true],
  ])('offers the rename of an ended name, or not, beside another near one that %s', (_, situation, isOffered) => {
    const licenses = [...(situation.licenses ?? []), `orangeee,cd,${FAR},0`];
    expect(missing({ ...situation, licenses }).includes('"renameTo": "orange-cd"')).toBe(isOffered);
  }); // prettier-ignore

  it.each<readonly [string, Situation]>([
    ['that is in force for more than 7 days', near('orangee,cd,2026-03-10')],
    ['that has no token', { ...near('orangee,cd,2026-03-01'), tokens: [] }],
    [
      'whose token is off',
      { ...near('orangee,cd,2026-03-01'), tokens: [{ label: 'orangee-cd', enabled: false }] },
    ],
    [
      'that is gone from every list',
      { licenses: [IN_FORCE], ledger: { passedEnds: [{ deployment: 'orangee-cd', end: '2026-02-01' }] } },
    ],
  ])('is not that of a near name %s', (_, situation) => {
    expect(missing(situation)).toContain('no active token. Make a token with');
  });

  it('names a misnamed token that can take the name, and what is in the way where none can', () => {
    const both = { tokens: [{ label: 'Orange_CD' }], licenses: [IN_FORCE] };
    expect(missing({ ...both, keys: { Orange_CD: CONTENT } })).toContain('"renameTo": "orange-cd"');
    expect(missing({ ...both, keys: { Orange_CD: CONTENT, 'orange-cd': CONTENT } })).toContain(
      'Both names have a key in Vault: remove the one that the deployment does not use',
    );
  });

  it('says the last that people did with its tokens', () => {
    const revoked = (at: number, changes: Partial<Suspension>): Suspension =>
      suspensionOf({ by: 'people', at: iso(NOW - at * DAY), end: '2026-06-30', ...changes });
    const old = revoked(40, { tokenId: 't1' });
    const last = revoked(9, { tokenId: 't2', deletedAt: iso(NOW - 8 * DAY) });
    for (const suspensions of [
      [old, last],
      [last, old],
    ])
      expect(missing({ licenses: [IN_FORCE], ledger: { suspensions } })).toContain(
        '; it was revoked on 2026-02-21 and its token was deleted by 2026-02-22, and the license is in force still.',
      );
  });
});

describe('an orphaned token', () => {
  const orphaned = (label: string, ...licenses: string[]): string =>
    textOf('orphaned-token', label, { tokens: [{ label }], licenses });

  it.each<readonly [string, string, readonly string[], string]>([
    [
      'gets one that is stored, where its license is in force',
      'orange-cd',
      [IN_FORCE],
      'make one that is stored with the issue function ({"deployment": "orange-cd", "regenerate": true}); else switch this one off with the revoke function ({"deployment": "orange-cd", "reason": "..."}).',
    ],
    ['is asked after, where it is not', 'orange-cd', [ENDED], 'Find out who uses it: if it has paid, let licenses.csv say so'],
    ['gets a proper name first, where it has none', 'Orange_CD', [IN_FORCE], 'give it a proper name, as the finding about its name says'],
  ])('%s', (_, label, licenses, remedy) => {
    expect(orphaned(label, ...licenses)).toContain(remedy);
  }); // prettier-ignore
});

describe('a rename', () => {
  const tokens = (...labels: string[]): { label: string }[] => labels.map((label) => ({ label }));
  const keys = (...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, CONTENT]));
  const long = 'x'.repeat(101);

  it.each<readonly [string, string, Situation, boolean]>([
    ['of a token', 'a-cd', { tokens: tokens('a-cd') }, true],
    ['of token and key', 'a-cd', { tokens: tokens('a-cd'), keys: keys('a-cd') }, true],
    ['of a token to the name of a key', 'a-cd', { tokens: tokens('a-cd'), keys: keys('b-cd') }, true],
    ['of a key to the name of a token', 'a-cd', { tokens: tokens('b-cd'), keys: keys('a-cd') }, true],
    ['of a key alone', 'a-cd', { keys: keys('a-cd') }, false],
    ['of nothing to the name of a token', 'a-cd', { tokens: tokens('b-cd') }, false],
    ['of a token to the name of another', 'a-cd', { tokens: tokens('a-cd', 'b-cd') }, false],
    ['of token and key to the name of a key', 'a-cd', { tokens: tokens('a-cd'), keys: keys('a-cd', 'b-cd') }, false],
    ['of a name that no event can hold', long, { tokens: tokens(long) }, false],
    ['of a token whose label is concealed', CONCEALED, { tokens: tokens(CONCEALED) }, true],
    ['of a key whose name is concealed', CONCEALED, { tokens: tokens(CONCEALED), keys: keys(CONCEALED) }, false],
  ])('is possible, or not, %s', (_, from, situation, isPossible) => {
    expect(canRename(snapshotOf(situation), from, 'b-cd')).toBe(isPossible);
  }); // prettier-ignore
});

describe('a key that holds the content of an automatic token', () => {
  it('is said to hold that of this one, not of another', () => {
    const automatic = ['one', 'two'].map((label) => ({ label, generatedBy: 'desktop' }));
    const situation = {
      tokens: [...automatic, {}],
      keys: { 'orange-cd': CONTENT },
      ledger: { checks: [holding('orange-cd', 't2')] },
    };
    expect(textOf('mismatched-key', 'orange-cd', situation)).toContain(
      'holds the content of the token two (t2)',
    );
  });
});

describe('a refused content', () => {
  it('stands where names only were read since', () => {
    const inputs = inputsOf({
      tokens: [{}],
      licenses: [IN_FORCE],
      ledger: { checks: [{ ...holding('orange-cd', 't1'), tokenId: 't1', verdict: 'rejected' }] },
    });
    const names = { ...inputs, keys: { names: ['orange-cd'], version: 1 } };
    expect(reconcile(takeSnapshot(names, defaultSettings(), NOW)).map(({ id }) => id)).toEqual([
      'rejected-key:orange-cd:t1',
    ]);
  });
});

describe('an automatic token', () => {
  const automatic = (createdAt?: number): string => {
    const inputs = inputsOf({
      tokens: [
        { label: 'desktop', generatedBy: 'desktop' },
        { label: 'orange-cd', scopes: ['repo:admin'] },
      ],
      ledger: { automatic: ['t9'] },
    });
    const tokens = (inputs.tokens ?? []).map(({ createdAt: _, ...token }) =>
      createdAt === undefined ? token : { ...token, createdAt },
    );
    return reconcile(takeSnapshot({ ...inputs, tokens }, defaultSettings(), NOW))
      .filter(({ kind }) => kind === 'automatic-token')
      .map(({ detail }) => detail)
      .join('\n');
  };

  it('is said with its label, id, maker and, where Docker Hub says it, its day; and no other token is', () => {
    expect(automatic()).toBe(
      'The account has a new automatic token desktop (t1, by desktop): a program that somebody logged in made it for itself.',
    );
    expect(automatic(NOW - DAY)).toContain('(t1, by desktop, made on 2026-03-01)');
  });

  it('can do more than read by one right among others', () => {
    const token = { label: 'desktop', generatedBy: 'desktop', scopes: ['repo:read', 'repo:write'] };
    expect(textOf('automatic-token', 'desktop', { tokens: [token] })).toContain(
      'which may do repo:read, repo:write',
    );
  });
});

describe('a key that holds no text', () => {
  it('is malformed, and no refused content any more', () => {
    const check: Check = { ...holding('orange-cd', 't1'), verdict: 'rejected', tokenId: 't1' };
    const of = (content: unknown): unknown =>
      reconcile(snapshotOf({ tokens: [{}], keys: { 'orange-cd': content }, licenses: [IN_FORCE], ledger: { checks: [check] } }))
        .map(({ kind }) => kind); // prettier-ignore
    expect([of(7), of(' \n'), of(CONTENT)]).toEqual([['malformed-key'], ['malformed-key'], ['rejected-key']]);
  });

  it('is said to be white space, or nothing', () => {
    const said = (content: string): string =>
      textOf('malformed-key', 'orange-cd', {
        tokens: [{}],
        keys: { 'orange-cd': content },
        licenses: [IN_FORCE],
      });
    expect(said(' \n')).toContain('is nothing but white space, not');
    expect(said('')).toContain('is an empty text, not');
  });
});

describe('a token that is off', () => {
  it('is not due to be deleted where its row is gone', () => {
    const passedEnds = [{ deployment: 'orange-cd', end: '2026-02-01' }];
    const situation = { tokens: [{ enabled: false }], ledger: { suspensions: [suspensionOf()], passedEnds } };
    expect(textOf('suspended', 'orange-cd', situation)).toContain('it is not due to be deleted.');
    expect(textOf('suspended', 'orange-cd', { ...situation, licenses: [ENDED] })).toContain(
      'it will be deleted on',
    );
  });
});

describe('an expiring token', () => {
  it('is replaced, because its expiry can not be changed', () => {
    const expiring = { tokens: [{ expiresAt: NOW + DAY }], licenses: [IN_FORCE] };
    expect(textOf('token-expiring', 'orange-cd', expiring)).toContain(
      'Replace it with the issue function ({"deployment": "orange-cd", "regenerate": true})',
    );
  });
});

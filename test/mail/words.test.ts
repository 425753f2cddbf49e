// What a line of the mail says of a finding: what is wrong and what cures it, in few words.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import type { Finding } from '../../lambdas/domain/findings.ts';
import type { ContentCheckEntry, Ledger } from '../../lambdas/domain/ledger.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { briefOf } from '../../lambdas/mail/words.ts';
import { NOW, type Situation, contentOf, snapshotOf, suspensionOf } from '../domain/situation.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';

const KEYS = { 'orange-cd': contentOf('x') };
const PAID = 'orange,cd,2027-01-01,0';
const ENDED = 'orange,cd,2026-02-01,3';
const MANY = Array.from({ length: 12 }, (_, index) => `telco${index},be,9999-12-31,0`);

/** What a mail says of each finding about some deployments: `name: fact: cure`. */
function saidOf(situation: Situation, names: readonly string[]): string[] {
  const snapshot = snapshotOf(situation);
  return reconcile(snapshot)
    .filter(({ deployment }) => names.includes(deployment))
    .map((finding) => {
      const { fact, cure } = briefOf(finding, snapshot);
      return `${finding.deployment}: ${fact}${cure === '' ? '' : `: ${cure}`}`;
    });
}

const restored = (tokenId: string, days: number): Ledger['restores'][number] => ({
  tokenId,
  deployment: 'orange-cd',
  at: iso(NOW - days * DAY),
  reason: '',
});
const check = (verdict: ContentCheckEntry['verdict'], claimedId?: string): Partial<Ledger> => ({
  checks: [
    {
      deployment: 'orange-cd',
      tokenId: 't1',
      at: iso(NOW),
      verdict,
      fingerprint: fingerprintOf(contentOf('x')),
      ...(claimedId === undefined ? {} : { claimedId }),
    },
  ],
});
const automatic = (scopes: readonly string[]): Situation => ({
  tokens: [{ label: 'docker-desktop', generatedBy: 'auto', scopes }],
  ledger: { automatic: [] },
});

const CASES: readonly (readonly [rule: string, situation: Situation, said: readonly string[]])[] = [
  [
    'a token without a key is not stored, and a new one is',
    { tokens: [{}], licenses: [PAID] },
    ['orange-cd: its token is not stored in Vault: new token'],
  ],
  [
    'a key without a token of one that nobody licenses is deleted',
    { keys: KEYS },
    ['orange-cd: Vault holds a key, Docker Hub has no token: delete the key'],
  ],
  [
    'a misspelt name is renamed to the one that was probably meant',
    { tokens: [{ label: 'Orange_CD' }], keys: { Orange_CD: 'x' }, licenses: [PAID] },
    [
      'orange-cd: its token has a misspelt name, Orange_CD: rename',
      'Orange_CD: its key in Vault has a misspelt name, probably orange-cd: rename',
      'Orange_CD: its token has a misspelt name, probably orange-cd: rename',
    ],
  ],
  [
    'of a misspelt name near to none nothing is guessed',
    { tokens: [{ label: 'Zebra_QQ' }], keys: { Zebra_QQ: 'x' }, licenses: [PAID] },
    ['Zebra_QQ: its key in Vault has a misspelt name', 'Zebra_QQ: its token has a misspelt name'],
  ],
  [
    'who is in no row gets one or is switched off',
    { tokens: [{}], keys: KEYS },
    ['orange-cd: in no row of licenses.csv: add its row, or switch off'],
  ],
  [
    'who has ended can still pull, with both days',
    { tokens: [{}], keys: KEYS, licenses: [ENDED] },
    ['orange-cd: has ended (paid until 1 Feb, access until 4 Feb) and can still pull'],
  ],
  [
    'who has ended and was switched on by people is left alone for 7 days since the last time, and it says until when',
    { tokens: [{}], keys: KEYS, licenses: [ENDED], ledger: { restores: [restored('t1', 5), restored('t1', 1), restored('t1', 3)] } }, // prettier-ignore
    [
      'orange-cd: has ended (paid until 1 Feb, access until 4 Feb) and can still pull, because people switched it on or issued it so: the audit leaves it alone until 8 Mar',
    ],
  ],
  [
    'that people switched on another token, or this one 7 days ago, says nothing',
    { tokens: [{}], keys: KEYS, licenses: [ENDED], ledger: { restores: [restored('t9', 1), restored('t1', 7)] } }, // prettier-ignore
    ['orange-cd: has ended (paid until 1 Feb, access until 4 Feb) and can still pull'],
  ],
  [
    'who ends soon is asked for, with both days',
    { tokens: [{}], keys: KEYS, licenses: ['orange,cd,2026-03-05,3'] },
    ['orange-cd: paid until 5 Mar, access until 8 Mar: has it renewed?'],
  ],
  [
    'a row that can not be read is named by its line and by what is wrong with it',
    { licenses: ['orange,cd,2026-02-30,3', ...MANY] },
    ['orange-cd: line 2 of licenses.csv: expires_on "2026-02-30" is not a day'],
  ],
  [
    'what a row that can not be read says in brackets stays, the one about its name aside',
    { licenses: ['orange,cd,2026-01-01 (old),3', ...MANY] },
    ['orange-cd: line 2 of licenses.csv: expires_on "2026-01-01 (old)" is not a day'],
  ],
  [
    'a token that is off is switched on, also beside one that expired',
    { tokens: [{ enabled: false, expiresAt: NOW - DAY }, { enabled: false }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token is switched off: switch on'],
  ],
  [
    'a token that expired is off since the day on which the last one did',
    { tokens: [{ enabled: false, expiresAt: NOW - 5 * DAY }, { enabled: false, expiresAt: NOW - DAY }], keys: KEYS, licenses: [PAID] }, // prettier-ignore
    ['orange-cd: its token expired on 1 Mar: new token'],
  ],
  [
    'who has no token at all gets a first one',
    { licenses: [PAID] },
    ['orange-cd: it has no token: first token'],
  ],
  [
    'who has no token gets a new one where there is a key already',
    { keys: KEYS, licenses: [PAID] },
    [
      'orange-cd: it has no token: new token',
      'orange-cd: Vault holds a key, Docker Hub has no token: new token',
    ],
  ],
  [
    'a name without a token beside one that has ended may be the same customer, whose token is renamed',
    { tokens: [{ label: 'orang-cd' }], keys: { 'orang-cd': 'x' }, licenses: [PAID, 'orang,cd,2026-02-01,0'] },
    ['orange-cd: orang-cd (ended) may be the same customer: rename'],
  ],
  [
    'and so it may beside one that ends soon',
    { tokens: [{ label: 'orang-cd' }], keys: { 'orang-cd': 'x' }, licenses: [PAID, 'orang,cd,2026-03-04,0'] },
    ['orange-cd: orang-cd (ends soon) may be the same customer: rename'],
  ],
  [
    'a name without a token whose namesake that ended has none either has none',
    { keys: { 'orang-cd': 'x' }, licenses: [PAID, 'orang,cd,2026-02-01,0'] },
    ['orange-cd: it has no token: first token'],
  ],
  [
    'a token that the audit switched off is off',
    { tokens: [{ enabled: false }], keys: KEYS, licenses: ['orange,cd,2025-11-01,0'], ledger: { suspensions: [suspensionOf()] } }, // prettier-ignore
    ['orange-cd: switched off'],
  ],
  [
    'of several tokens only those that work count',
    { tokens: [{}, {}, { enabled: false }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: 2 tokens work at the same time: new token'],
  ],
  [
    'a token that may write may do more than pull',
    { tokens: [{ scopes: ['repo:write'] }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token may do more than pull: new token'],
  ],
  [
    'a token that may read public images alone has other rights, not more',
    { tokens: [{ scopes: ['repo:public_read'] }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token has other rights than Read-only: new token'],
  ],
  [
    'what only a licensed deployment is given a new token for is switched off for another one',
    { tokens: [{ scopes: [] }], keys: KEYS, licenses: ['orange,cd,2026-03-01,0'] },
    [
      'orange-cd: has ended (paid until 1 Mar, access until 1 Mar) and can still pull',
      'orange-cd: its token may do more than pull: switch off',
    ],
  ],
  [
    'a token that has an end of its own expires on that day',
    { tokens: [{ expiresAt: NOW + DAY }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token expires on 3 Mar: new token'],
  ],
  [
    'a token whose own end is now has expired',
    { tokens: [{ expiresAt: NOW }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token expired on 2 Mar: new token', 'orange-cd: its token expired on 2 Mar: new token'],
  ],
  [
    'a token that nobody uses is asked about',
    { tokens: [{ lastUsedAt: null, createdAt: NOW - 100 * DAY }], keys: KEYS, licenses: [PAID] },
    ['orange-cd: its token is not used: does it still run?'],
  ],
  [
    'an automatic token that only reads is asked about',
    automatic(['repo:read', 'repo:public_read']),
    ['docker-desktop: made by a program for itself: who needs it?'],
  ],
  [
    'an automatic token that may write may do more than pull',
    automatic(['repo:read', 'repo:write']),
    ['docker-desktop: made by a program for itself, may do more than pull: who needs it?'],
  ],
  [
    'an automatic token without any scope may do more than pull',
    automatic([]),
    ['docker-desktop: made by a program for itself, may do more than pull: who needs it?'],
  ],
  [
    'a key that holds no text holds no token',
    { tokens: [{}], keys: { 'orange-cd': 3 }, licenses: [PAID] },
    ['orange-cd: its key holds no token: new token'],
  ],
  [
    'a content that Docker Hub refuses is of no use',
    { tokens: [{}], keys: KEYS, licenses: [PAID], ledger: check('rejected') },
    ['orange-cd: Docker Hub refuses what Vault holds: new token'],
  ],
  [
    'a content of another token is said to be that one’s, in quotes where it could be misread',
    { tokens: [{}, { label: 'Mtn CM' }], keys: KEYS, licenses: [PAID], ledger: check('mismatched', 't2') },
    ['orange-cd: Vault holds the token of "Mtn CM": new token'],
  ],
];

describe('what a mail says of a finding', () => {
  it.each(CASES)('%s', (_rule, situation, said) => {
    const names = new Set(said.map((line) => line.slice(0, line.indexOf(':'))));
    expect(saidOf(situation, [...names])).toEqual(said);
  });
});

describe('what a mail says of a finding about what was not listed', () => {
  it.each<[Finding['kind'], string]>([
    ['token-expiring', 'its token expires'],
    ['wrong-scope', 'its token has other rights than Read-only'],
    ['automatic-token', 'made by a program for itself'],
    ['mismatched-key', "Vault holds another deployment's token"],
    ['license-expired', 'has ended () and can still pull'],
  ])('is said in general words: %s', (kind, fact) => {
    const finding = { id: 'a', kind, severity: 'warning', deployment: 'old-xx', tokenId: 't9', since: iso(NOW), detail: '', remedy: '' } as const; // prettier-ignore
    expect(briefOf(finding, snapshotOf({ tokens: [{}], keys: KEYS, licenses: [PAID] })).fact).toBe(fact);
  });
});

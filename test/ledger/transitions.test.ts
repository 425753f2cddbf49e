// What each event leaves in the ledger of the token that it is about, and that nothing of another token changes.
import { describe, expect, it } from 'vitest';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger } from '../../lambdas/domain/ledger.ts';
import {
  recordDeactivation,
  recordIssue,
  recordKeyRemoval,
  recordPeoplesDeletion,
  recordRename,
  recordRestore,
  recordRevocation,
  recordStep,
} from '../../lambdas/ledger/transitions.ts';

const THEN = Date.parse('2026-03-01T02:00:00Z');
const NOW = THEN + DAY;
const at = iso(THEN);
const now = iso(NOW);
const ORANGE = { tokenId: 't1', deployment: 'orange-cd' };
const MTN = { tokenId: 't2', deployment: 'mtn-cm' };
const END = '2026-02-20';

/** Something of everything for a token. */
function memoryOf(of: typeof ORANGE): Partial<Ledger> {
  return {
    notices: [{ ...of, step: 'deactivate', end: END, at }],
    intents: [
      { ...of, step: 'deactivate', reason: 'x', approved: false, replaced: false, at, runId: 'run-0' },
    ],
    suspensions: [{ ...of, by: 'audit', at, reason: 'x' }],
    restores: [{ ...of, at, reason: 'x' }],
    replaced: [{ ...of, until: at, by: 't9', at, offSince: at }],
    issued: [{ ...of, at }],
    checks: [{ ...of, at, verdict: 'matching', fingerprint: 'f' }],
    inactive: [of.tokenId],
    issuing: [
      { deployment: of.deployment, requestId: 'r', at, before: [], regenerate: false, overlapHours: 72 },
    ],
    renaming: [{ from: of.deployment, to: 'elsewhere-be', tokenIds: [of.tokenId], at }],
  };
}

const both = <Value>(first: readonly Value[] = [], second: readonly Value[] = []): Value[] => [
  ...first,
  ...second,
];
const [orange, mtn] = [memoryOf(ORANGE), memoryOf(MTN)];
const FULL: Ledger = {
  ...emptyLedger(),
  notices: both(orange.notices, mtn.notices),
  intents: both(orange.intents, mtn.intents),
  suspensions: both(orange.suspensions, mtn.suspensions),
  restores: both(orange.restores, mtn.restores),
  replaced: both(orange.replaced, mtn.replaced),
  issued: both(orange.issued, mtn.issued),
  checks: both(orange.checks, mtn.checks),
  inactive: both(orange.inactive, mtn.inactive),
  issuing: both(orange.issuing, mtn.issuing),
  renaming: both(orange.renaming, mtn.renaming),
  measures: { tokens: 5, keys: 4, licenses: null, exemptions: null },
  licenseRows: [
    { deployment: 'mtn-cm', product: '', paidUntil: '2026-05-01', accessUntil: '2026-05-01' },
    { deployment: 'orange-cd', product: 'a', paidUntil: END, accessUntil: END },
    { deployment: 'orange-cd', product: 'b', paidUntil: '2026-02-01', accessUntil: '2026-02-01' },
  ],
};

const partsOf = (ledger: object): Map<string, unknown> => new Map(Object.entries(ledger));
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What an event changed, without what is about the other token: that must be as it was. */
function changes(after: Ledger): Record<string, unknown> {
  const [before, others] = [partsOf(FULL), partsOf(mtn)];
  const changed = [...partsOf(after)].filter(([part, value]) => !isSame(before.get(part), value));
  return Object.fromEntries(
    changed.map(([part, value]): [string, unknown] => {
      const theirs = others.get(part);
      if (!Array.isArray(value) || !Array.isArray(theirs)) return [part, value];
      expect(value, part).toEqual(expect.arrayContaining(theirs));
      return [part, value.filter((entry) => !theirs.some((other) => isSame(other, entry)))];
    }),
  );
}
const fewerTokens = { ...FULL.measures, tokens: 4 };
/** What is decided of a token again makes void what was decided before. */
const forgotten = { notices: [], intents: [], suspensions: [], restores: [], inactive: [] };
/** A run's other intents are its own to close. */
const { intents: _, ...forgottenByStep } = forgotten;

describe('a token that the audit', () => {
  const intent = {
    ...ORANGE,
    reason: 'ended',
    at,
    runId: 'run-1',
    end: END,
    fingerprint: 'f',
    approved: true,
    replaced: false,
  };
  const reported = (kind: 'deactivate' | 'reactivate' | 'delete-token' | 'remove-key'): Partial<Ledger> => ({
    unreported: [{ ...ORANGE, kind, status: 'done', reason: 'ended' }],
  });
  const counted = (step: 'deactivate' | 'delete-token' | 'remove-key'): Partial<Ledger> => ({
    withdrawals: [{ ...ORANGE, step, at: now, approved: true }],
  });

  it('switched off is suspended by it, counts for the caps, and is off since then', () => {
    expect(changes(recordStep(FULL, { ...intent, step: 'deactivate' }, NOW))).toEqual({
      ...forgottenByStep,
      intents: [],
      ...reported('deactivate'),
      ...counted('deactivate'),
      suspensions: [
        { ...ORANGE, by: 'audit', at: now, reason: 'ended', runId: 'run-1', end: END, fingerprint: 'f' },
      ],
      inactive: ['t1'],
    });
  });

  it('switched on again is remembered for nothing but its overlap', () => {
    expect(changes(recordStep(FULL, { ...intent, step: 'reactivate' }, NOW))).toEqual({
      ...forgottenByStep,
      ...reported('reactivate'),
      replaced: [{ ...ORANGE, until: at, by: 't9', at }],
    });
  });

  it('deleted leaves its suspension, because its key may still be there', () => {
    expect(changes(recordStep(FULL, { ...intent, step: 'delete-token' }, NOW))).toEqual({
      ...forgottenByStep,
      ...reported('delete-token'),
      ...counted('delete-token'),
      suspensions: [{ ...ORANGE, by: 'audit', at, reason: 'x', deletedAt: now }],
      replaced: [],
      issued: [],
      measures: fewerTokens,
    });
  });

  it('deleted after its overlap leaves nothing: its key is that of its successor', () => {
    const [suspension] = orange.suspensions ?? [];
    const replaced = {
      ...FULL,
      suspensions: both(suspension && [{ ...suspension, replaced: true }], mtn.suspensions),
    };
    const after = recordStep(replaced, { ...intent, step: 'delete-token', replaced: true }, NOW);
    expect(after.suspensions).toEqual(mtn.suspensions);
    expect(after.withdrawals).toEqual([]);
  });

  it('deleted, and then its key, is remembered for nothing', () => {
    const { tokenId: _, ...key } = intent;
    expect(changes(recordStep(FULL, { ...key, step: 'remove-key' }, NOW))).toEqual({
      unreported: [{ deployment: 'orange-cd', kind: 'remove-key', status: 'done', reason: 'ended' }],
      withdrawals: [{ deployment: 'orange-cd', step: 'remove-key', at: now, approved: true }],
      suspensions: [],
      checks: [],
      measures: { ...FULL.measures, keys: 3 },
    });
  });

  it('switched off because its overlap was over is never switched on by it', () => {
    const deactivation = { ...ORANGE, at: NOW, reason: 'replaced', replaced: true };
    expect(recordDeactivation(FULL, deactivation).suspensions.at(-1)).toEqual({
      ...ORANGE,
      by: 'audit',
      at: now,
      reason: 'replaced',
      replaced: true,
    });
  });
});

describe('a token that people', () => {
  const decision = {
    deployment: 'orange-cd',
    tokenIds: ['t1'],
    at: NOW,
    reason: 'unpaid',
    requestedBy: 'ann',
  };
  const suspended = { ...ORANGE, by: 'people', at: now, reason: 'unpaid', requestedBy: 'ann', end: END };

  it('switched off is theirs, with the end that the list says: the later of two products', () => {
    expect(changes(recordRevocation(FULL, decision))).toEqual({
      ...forgotten,
      suspensions: [suspended],
      inactive: ['t1'],
    });
    expect(recordRevocation(FULL, { ...decision, leavesAccess: true }).suspensions.at(-1)).toEqual({
      ...suspended,
      superseded: true,
    });
  });

  it('switched off after its row went has the end that was passed', () => {
    const passed = (deployment: string, rows: Ledger['licenseRows']): unknown =>
      recordRevocation(
        {
          ...FULL,
          licenseRows: rows,
          passedEnds: [
            { deployment: 'mtn-cm', end: '2026-01-01' },
            { deployment, end: '2026-02-02' },
          ],
        },
        decision,
      ).suspensions.at(-1)?.end;
    expect(passed('orange-cd', [])).toBe('2026-02-02');
    expect(passed('orange-cd', null)).toBe('2026-02-02');
    expect(passed('airtel-td', null)).toBeUndefined();
  });

  it('switched off has the end of its one row, where it has only one', () => {
    const licenseRows = [
      { deployment: 'mtn-cm', product: '', paidUntil: '2026-05-01', accessUntil: '2026-05-01' },
      { deployment: 'orange-cd', product: '', paidUntil: END, accessUntil: END },
    ];
    expect(recordRevocation({ ...FULL, licenseRows }, decision).suspensions.at(-1)?.end).toBe(END);
  });

  it('switched off after its overlap was over is one that comes back only by its id', () => {
    const overlapOver = (by: Partial<Ledger>): unknown =>
      recordRevocation({ ...FULL, ...by }, decision).suspensions.at(-1)?.replaced;
    const suspensions = [{ ...ORANGE, by: 'audit' as const, at, reason: 'x', replaced: true }];
    const others = [{ ...MTN, by: 'audit' as const, at, reason: 'x', replaced: true }];
    expect(overlapOver({ suspensions })).toBe(true);
    expect(overlapOver({ suspensions: others })).toBeUndefined();
  });

  it('switched off with what replaces it is one that comes back only by its id; by itself it is not', () => {
    const replaced = (tokenIds: string[]): unknown[] =>
      recordRevocation(FULL, { ...decision, tokenIds })
        .suspensions.filter(({ by }) => by === 'people')
        .map((entry) => [entry.tokenId, entry.replaced]);
    expect(replaced(['t1', 't9'])).toEqual([
      ['t1', true],
      ['t9', undefined],
    ]);
    expect(replaced(['t1'])).toEqual([['t1', undefined]]);
  });

  it('switched on again with a whole run is being replaced still, and off no longer', () => {
    expect(changes(recordRestore(FULL, { ...decision, withRun: true }))).toEqual({
      ...forgotten,
      replaced: [{ ...ORANGE, until: at, by: 't9', at }],
      restores: [{ ...ORANGE, at: now, reason: 'unpaid', withRun: true }],
    });
  });

  it('switched on again is left alone, and is being replaced no longer', () => {
    expect(changes(recordRestore(FULL, decision))).toEqual({
      ...forgotten,
      replaced: [],
      restores: [{ ...ORANGE, at: now, reason: 'unpaid' }],
    });
  });

  it('deleted is theirs, and gone', () => {
    expect(changes(recordPeoplesDeletion(FULL, decision))).toEqual({
      ...forgotten,
      replaced: [],
      issued: [],
      suspensions: [{ ...suspended, deletedAt: now }],
      measures: fewerTokens,
    });
  });

  it('deleted with its key takes no count below none', () => {
    const empty = { ...FULL, measures: { ...FULL.measures, tokens: 0, keys: null } };
    expect(recordPeoplesDeletion(empty, decision).measures.tokens).toBe(0);
    expect(recordKeyRemoval(empty, 'orange-cd').measures.keys).toBeNull();
  });

  it('deleted the key of keeps what they decided of its tokens', () => {
    const theirs = {
      ...FULL,
      suspensions: both(orange.suspensions?.map((entry) => ({ ...entry, by: 'people' as const }))),
    };
    expect(recordKeyRemoval(theirs, 'orange-cd').suspensions).toEqual(theirs.suspensions);
  });
});

describe('a token that was issued', () => {
  const issued = {
    deployment: 'orange-cd',
    tokenId: 't3',
    at: NOW,
    replaced: [{ tokenId: 't1', until: now }],
  };

  it('ends what was under way, and says what it replaces, which may be off already', () => {
    expect(changes(recordIssue(FULL, issued))).toEqual({
      issuing: [],
      issued: [
        { ...ORANGE, at },
        { deployment: 'orange-cd', tokenId: 't3', at: now },
      ],
      replaced: [{ ...ORANGE, until: now, by: 't3', at: now, offSince: at }],
    });
    const unknown = recordIssue({ ...FULL, replaced: [] }, issued).replaced[0];
    expect(unknown?.offSince).toBeUndefined();
  });

  it('stands once, however often it is recorded', () => {
    expect(recordIssue(recordIssue(FULL, issued), issued).issued).toHaveLength(3);
  });

  it('without a license is left alone like one that was restored', () => {
    expect(changes(recordIssue(FULL, { ...issued, replaced: [], unlicensed: 'a trial' }))).toEqual({
      issuing: [],
      issued: [
        { ...ORANGE, at },
        { deployment: 'orange-cd', tokenId: 't3', at: now },
      ],
      restores: [
        { ...ORANGE, at, reason: 'x' },
        { deployment: 'orange-cd', tokenId: 't3', at: now, reason: 'a trial' },
      ],
    });
  });
});

describe('a token that was renamed', () => {
  const renaming = { from: 'orange-cd', to: 'elsewhere-be', tokenIds: ['t1'], at };
  const to = (entries: readonly object[] | undefined): object[] =>
    (entries ?? []).map((entry) => ({ ...entry, deployment: 'elsewhere-be' }));

  it('takes its memory along, but for the notices of its old label', () => {
    expect(changes(recordRename(FULL, renaming))).toEqual({
      notices: [],
      renaming: [],
      ...Object.fromEntries(
        (['intents', 'suspensions', 'restores', 'replaced', 'issued', 'checks'] as const).map((part) => [
          part,
          to(orange[part]),
        ]),
      ),
    });
  });

  it('leaves other renames of the same name under way', () => {
    expect(recordRename(FULL, { ...renaming, to: 'orange-dr-cd' }).renaming).toEqual(FULL.renaming);
  });
});

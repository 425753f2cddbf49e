// What is said of a license list that was uploaded again.
import { describe, expect, it } from 'vitest';
import { type ComparedRow, listChanges, rowsReported } from '../../lambdas/domain/list-changes.ts';

const row = (deployment: string, accessUntil: string, changes: Partial<ComparedRow> = {}): ComparedRow => ({
  deployment,
  product: '',
  paidUntil: accessUntil,
  accessUntil,
  ...changes,
});
const sentences = (before: readonly ComparedRow[], now: readonly ComparedRow[]): readonly string[] =>
  listChanges(before, now, '2026-03-02').sentences.map((text) => text.replace(/, from .*| \(it was .*/, ''));

describe('the changes of a license list', () => {
  it('are about every deployment, and none is new, where the list was never read before', () => {
    const { names, sentences: said } = listChanges(null, [row('orange-cd', '2026-05-01')], '2026-03-02');
    expect([[...names], said]).toEqual([['orange-cd'], []]);
  });

  it('are none where the same rows stand in another order', () => {
    const rows = [
      row('orange-cd', '2026-05-01'),
      row('orange-cd', '2026-06-01'),
      row('mtn-cm', '2026-07-01'),
    ];
    expect(listChanges(rows, rows.toReversed(), '2026-03-02')).toEqual({ names: new Set(), sentences: [] });
  });

  it('begin with what takes something away, each by name', () => {
    const before = ['a-be', 'b-be', 'c-be', 'd-be'].map((name) => row(name, '2026-05-01'));
    const now = [row('a-be', '2026-06-01'), row('d-be', '2026-04-01'), row('c-be', '2026-06-01')];
    expect(sentences(before, now)).toEqual([
      'b-be is gone from the list',
      'd-be: the end moved BACK',
      'a-be: the end moved forward',
      'c-be: the end moved forward',
    ]);
  });

  it('count equal rows of one product singly', () => {
    const twice = [row('orange-cd', '2026-05-01'), row('orange-cd', '2026-05-01')];
    expect(sentences(twice, twice.slice(1))).toEqual(['orange-cd is gone from the list']);
    expect(sentences(twice.slice(1), twice)).toHaveLength(1);
  });

  it('compare each product with itself, and name it', () => {
    const before = [
      row('orange-cd', '2026-05-01', { product: 'a' }),
      row('orange-cd', '2026-05-01', { product: 'b' }),
    ];
    const now = [
      row('orange-cd', '2026-05-01', { product: 'a' }),
      row('orange-cd', '2026-06-01', { product: 'b' }),
    ];
    expect(sentences(before, now)).toEqual(['orange-cd (b): the end moved forward']);
  });

  it('are also a grace that changed while the access did not', () => {
    const now = [row('orange-cd', '2026-05-01', { paidUntil: '2026-04-28' })];
    expect(sentences([row('orange-cd', '2026-05-01')], now)).toEqual([
      'orange-cd: the end stayed, its grace changed',
    ]);
  });

  it.each<[rule: string, before: ComparedRow[], now: ComparedRow[], said: string[]]>([
    [
      'say losses by deployment, whatever order the rows stood in',
      [row('c-be', '2026-05-01'), row('a-be', '2026-05-01'), row('b-be', '2026-05-01')],
      [],
      ['a-be is gone from the list', 'b-be is gone from the list', 'c-be is gone from the list'],
    ],
    [
      'say losses of one deployment in the order of what is said',
      ['c', 'a', 'b'].map((product) => row('a-be', '2026-05-01', { product })),
      [],
      ['a-be (a) is gone from the list', 'a-be (b) is gone from the list', 'a-be (c) is gone from the list'],
    ],
    [
      'take a new row for no loss',
      [row('b-be', '2026-05-01')],
      [row('a-be', '2026-05-01')],
      ['b-be is gone from the list', 'a-be is new: paid until 1 May, access until 1 May.'],
    ],
    [
      'take a grace that changed for no loss',
      [row('a-be', '2026-05-01'), row('b-be', '2026-05-01')],
      [row('a-be', '2026-05-01', { paidUntil: '2026-04-28' })],
      ['b-be is gone from the list', 'a-be: the end stayed, its grace changed'],
    ],
  ])('%s', (_rule, before, now, said) => {
    expect(sentences(before, now)).toEqual(said);
  });

  it.each<[rule: string, before: ComparedRow[], now: ComparedRow[], said: string]>([
    [
      'say from when to when an end moved, and both days as they are now',
      [row('a-be', '2026-05-01')],
      [row('a-be', '2026-06-09', { paidUntil: '2026-06-02' })],
      'a-be: the end moved forward, from 1 May to 9 Jun (now paid until 2 Jun, access until 9 Jun).',
    ],
    [
      'say until when a row that is gone was paid, and had access',
      [row('a-be', '2026-05-08', { paidUntil: '2026-05-01' })],
      [],
      'a-be is gone from the list (it was paid until 1 May, access until 8 May).',
    ],
  ])('%s', (_rule, before, now, said) => {
    expect(listChanges(before, now, '2026-03-02').sentences).toEqual([said]);
  });

  it('take of several rows of one product the latest for the one that is still there', () => {
    const before = [row('a-be', '2026-05-01'), row('a-be', '2026-07-01')];
    for (const was of [before, before.toReversed()])
      expect(listChanges(was, [row('a-be', '2026-07-11')], '2026-03-02').sentences).toEqual([
        'a-be is gone from the list (it was paid until 1 May, access until 1 May).',
        'a-be: the end moved forward, from 1 Jul to 11 Jul (now paid until 11 Jul, access until 11 Jul).',
      ]);
  });

  it('are the same where rows of one product and one end stand in another order', () => {
    const before = [row('a-be', '2026-05-01'), row('a-be', '2026-06-01')];
    const now = ['2026-07-01', '2026-06-25'].map((paidUntil) => row('a-be', '2026-07-08', { paidUntil }));
    expect(listChanges(before, now, '2026-03-02')).toEqual(
      listChanges(before, now.toReversed(), '2026-03-02'),
    );
  });

  it('are said by deployment, also where one name begins with another', () => {
    const before = ['a-be', 'a-be2'].map((name) => row(name, '2026-05-01'));
    const now = ['a-be', 'a-be2'].map((name) => row(name, '2026-06-01'));
    for (const [was, is] of [
      [before, now],
      [before.toReversed(), now.toReversed()],
    ] as const)
      expect(sentences(was, is)).toEqual(['a-be: the end moved forward', 'a-be2: the end moved forward']);
  });

  it('are about the deployments whose rows changed, and no others', () => {
    const before = ['a-be', 'b-be', 'c-be'].map((name) => row(name, '2026-05-01'));
    const now = [row('a-be', '2026-05-01'), row('b-be', '2026-06-01'), row('d-be', '2026-06-01')];
    expect([...listChanges(before, now, '2026-03-02').names].sort()).toEqual(['b-be', 'c-be', 'd-be']);
  });

  it('are compared with the rows that somebody could read about, where the last mail reached nobody', () => {
    const [read, unread] = [[row('a-be', '2026-05-01')], [row('a-be', '2026-06-01')]];
    expect(rowsReported({ reportedRows: read, licenseRows: unread })).toBe(read);
    expect(rowsReported({ licenseRows: unread })).toBe(unread);
  });

  it('compare of several rows of one product the latest with the latest, whatever order they stand in', () => {
    const before = ['2026-05-01', '2026-07-01', '2026-06-01'].map((end) => row('a-be', end));
    const now = ['2026-07-11', '2026-05-11', '2026-06-11'].map((end) => row('a-be', end));
    for (const [was, is] of [
      [before, now],
      [before.toReversed(), now],
      [before.toSorted((a, b) => (a.accessUntil < b.accessUntil ? -1 : 1)), now.toReversed()],
    ] as const)
      expect(
        listChanges(was, is, '2026-03-02').sentences.map((text) => /from .* to .*? \(/.exec(text)?.[0]),
      ).toEqual(['from 1 Jul to 11 Jul (', 'from 1 Jun to 11 Jun (', 'from 1 May to 11 May (']);
  });
});

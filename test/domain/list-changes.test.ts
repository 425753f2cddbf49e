// What is said of a license list that was uploaded again.
import { describe, expect, it } from 'vitest';
import { type ComparedRow, listChanges } from '../../lambdas/domain/list-changes.ts';

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
});

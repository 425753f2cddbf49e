// A ledger that was written before labels were concealed.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutContents } from '../../lambdas/domain/conceal-ledger.ts';
import { emptyLedger, ledgerText, readLedger } from '../../lambdas/domain/ledger.ts';
import { concealed } from '../../lambdas/text/conceal.ts';

const OLD = randomUUID();
const NEW = `dckr_pat_${randomUUID().replaceAll('-', '').slice(0, 27)}`;
const [TOKEN, SUCCESSOR, RUN, REQUEST] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const AT = '2026-06-01T02:00:00.000Z';

const ledgerOf = (label: string) => ({
  ...emptyLedger(),
  findings: [
    {
      id: `misnamed-token:${label}:${TOKEN}`,
      kind: 'misnamed-token' as const,
      severity: 'warning' as const,
      deployment: label,
      tokenId: TOKEN,
      since: AT,
    },
  ],
  suspensions: [
    {
      tokenId: TOKEN,
      deployment: label,
      by: 'people' as const,
      at: AT,
      reason: `moved from ${label}`,
      requestedBy: label,
      runId: RUN,
    },
  ],
  replaced: [{ tokenId: TOKEN, deployment: label, until: AT, by: SUCCESSOR }],
  inactive: [TOKEN],
  exemptions: [{ label, endReported: false }],
  passedEnds: [{ deployment: label, end: '2026-05-01' }],
  reported: [{ key: `finding misnamed-token:${label}:${TOKEN}`, day: '2026-06-01' }],
  lastNight: {
    day: '2026-06-01',
    runId: RUN,
    at: AT,
    undisturbed: true,
    outcome: 'clean' as const,
    report: `reports/2026/06/01/${RUN}.json`,
  },
  renaming: [{ from: label, to: 'orange-cd', tokenIds: [TOKEN], at: AT }],
  answered: [
    { requestId: REQUEST, at: AT, result: JSON.stringify({ deployment: label, tokenId: SUCCESSOR }) },
  ],
});

const readAgain = (ledger: ReturnType<typeof ledgerOf>) => readLedger(Buffer.from(ledgerText(ledger)));

describe('a ledger of before labels were concealed', () => {
  it.each([OLD, NEW, `mtn-gh ${OLD}`, `orange-cd:${NEW}`])(
    'is read as if the label had always been concealed, ids as they are (%#)',
    (label) => {
      const ledger = readAgain(ledgerOf(label));
      expect(JSON.stringify(ledger)).not.toMatch(new RegExp(`${OLD}|${NEW}`));
      expect(ledger).toEqual(ledgerOf(concealed(label)));
    },
  );

  it('is read as it is where nothing is to be concealed, also a second time', () => {
    for (const label of ['orange-cd', 'Orange CD', concealed(OLD), concealed(NEW)])
      expect(readAgain(ledgerOf(label))).toEqual(ledgerOf(label));
  });

  it('of version 1 is read without contents as well', () => {
    const text = readFileSync(new URL('ledger-version-1.json', import.meta.url), 'utf8');
    const ledger = readLedger(Buffer.from(text.replaceAll('Tigo_TZ', OLD)));
    expect(JSON.stringify(ledger)).not.toContain(OLD);
    expect(ledger.findings.map(({ id }) => id)).toContain(`orphaned-token:${concealed(OLD)}:id-18`);
  });
});

describe('what a ledger holds, whatever its form', () => {
  const shown = concealed(OLD);

  it.each<[what: string, given: unknown, read: unknown]>([
    ['a text', { label: OLD }, { label: shown }],
    ['an id', { tokenId: OLD }, { tokenId: OLD }],
    ['an id that another text repeats', { tokenId: OLD, id: `x:${OLD}` }, { tokenId: OLD, id: `x:${OLD}` }],
    ['an id of a list that another text repeats', { tokenIds: [OLD], id: OLD }, { tokenIds: [OLD], id: OLD }],
    ['a list of texts', { labels: [OLD, 'a'] }, { labels: [shown, 'a'] }],
    ['the name of a field', { [OLD]: 1 }, { [shown]: 1 }],
    ['what is no text', { a: null, b: 1, c: true, tokenId: null, result: null }, { a: null, b: 1, c: true, tokenId: null, result: null }],
    ['a text within others', { a: [{ b: { c: OLD } }] }, { a: [{ b: { c: shown } }] }],
    ['a result', { result: JSON.stringify({ deployment: OLD }) }, { result: JSON.stringify({ deployment: shown }) }],
    ['an id in a result', { result: JSON.stringify({ tokenId: OLD }) }, { result: JSON.stringify({ tokenId: OLD }) }],
    ['an id of a result that another text repeats', { result: JSON.stringify({ tokenId: OLD }), id: OLD }, { result: JSON.stringify({ tokenId: OLD }), id: OLD }],
    ['a content behind a line break in a result', { result: JSON.stringify({ reason: `x\n${OLD}` }) }, { result: JSON.stringify({ reason: concealed(`x\n${OLD}`) }) }],
    ['a result that is no JSON', { result: `no, ${OLD}` }, { result: `no, ${shown}` }],
    ['a text that only looks like a result', { label: JSON.stringify({ tokenId: OLD }) }, { label: JSON.stringify({ tokenId: shown }) }],
    ['a text that only looks like JSON', { label: '{ "a":  1 }' }, { label: '{ "a":  1 }' }],
    ['a text and a text that looks like a result with it as an id', { label: JSON.stringify({ tokenId: OLD }), reason: OLD }, { label: JSON.stringify({ tokenId: shown }), reason: shown }],
    ['a text that is nothing else', OLD, shown],
    ['nothing', null, null],
  ])('is without contents but for ids: %s', (_what, given, read) => {
    expect(withoutContents(given)).toEqual(read);
  }); // prettier-ignore
});

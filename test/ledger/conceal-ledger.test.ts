// A ledger that was written before labels were concealed.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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

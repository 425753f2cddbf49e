import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { emptyLedger, ledgerText, readLedger } from '../../lambdas/domain/ledger.ts';
import { WEEKLY_MAIL } from '../../lambdas/domain/reported.ts';

/** Written by the program as it was with version 1: nights with mails that failed, runs and calls that broke off. */
const FIXTURE = readFileSync(new URL('ledger-version-1.json', import.meta.url));

/** What of it is looked at, as version 1 wrote it. */
const before = v.parse(
  v.looseObject({
    findings: v.array(v.looseObject({ id: v.string(), told: v.boolean() })),
    exemptions: v.array(v.looseObject({ endTold: v.boolean() })),
  }),
  JSON.parse(FIXTURE.toString('utf8')),
);

describe('a ledger of version 1', () => {
  const ledgerOfFixture = (): ReturnType<typeof readLedger> => readLedger(FIXTURE);

  it.each([
    'notices',
    'intents',
    'withdrawals',
    'suspensions',
    'restores',
    'replaced',
    'issued',
    'inactive',
    'checks',
    'lastNight',
    'issuing',
    'renaming',
    'answered',
  ] as const)('keeps its %s as they are, and there are some', (part) => {
    const ledger = ledgerOfFixture();
    expect(ledger[part]).toEqual(before[part]);
    expect(JSON.stringify(before[part]).length).toBeGreaterThan(20);
  });

  it('keeps under other names what no mail reported, and what one did', () => {
    const ledger = ledgerOfFixture();
    expect(ledger.unreported).toEqual(before['untold']);
    expect(ledger.unreported).toHaveLength(4);
    expect(ledger.findings).toEqual(
      before.findings.map(({ told: _told, threshold: _threshold, ...finding }) => finding),
    );
    const reported = ledger.reported.map(({ key }) => key);
    for (const { id, told } of before.findings) expect(reported.includes(`finding ${id}`)).toBe(told);
    expect(reported.filter((key) => key.startsWith('step '))).toEqual([
      'step deactivate id-16 telco4-be',
      'step deactivate id-17 telco5-be',
    ]);
    expect(ledger.exemptions).toEqual(
      before.exemptions.map(({ endTold, ...exemption }) => ({ ...exemption, endReported: endTold })),
    );
  });

  it('is compared with what it counted', () => {
    const ledger = ledgerOfFixture();
    expect(before['baseline']).toEqual({ tokens: 20, keys: 16, licenses: 17, exemptions: 2 });
    expect(ledger.measures).toEqual({
      tokens: 20,
      keys: 16,
      licenses: { deployments: 17, rows: null },
      exemptions: [{ label: 'moov-bj', until: '2026-12-31' }, { label: 'telma-mg' }],
    });
    expect([ledger.licenseRows, ledger.passedEnds, ledger.lastAskedFor]).toEqual([null, [], null]);
  });

  it('is compared with the last list of tokens that it believed, and with exemptions that it only counted', () => {
    const doubted = { since: '2026-06-01T02:00:00.000Z', tokens: 40 };
    const baseline = { tokens: 3, keys: 1, licenses: 1, exemptions: 5, doubted };
    const { measures } = readLedger(Buffer.from(JSON.stringify({ ...before, baseline })));
    expect([measures.tokens, measures.exemptions?.length]).toEqual([40, 5]);
    expect(measures.licenses).toEqual({ deployments: 1, rows: null });
    const first = readLedger(Buffer.from(JSON.stringify({ ...before, baseline: null })));
    expect(first.measures).toEqual({ tokens: null, keys: null, licenses: null, exemptions: null });
  });

  it('knows no exemptions where it never had a list of them, and only how many it counted', () => {
    const counted = { tokens: 3, keys: 1, licenses: 1, exemptions: 2 };
    const kept = readLedger(Buffer.from(JSON.stringify({ ...before, exemptions: null, baseline: counted })));
    expect([kept.exemptions, kept.measures.exemptions]).toEqual([null, [{ label: '' }, { label: '' }]]);
  });

  it('is written as version 2, and read again as it is', () => {
    const ledger = ledgerOfFixture();
    const text = ledgerText(ledger);
    expect(JSON.parse(text)).toMatchObject({ version: 2 });
    expect(readLedger(Buffer.from(text))).toEqual(ledger);
  });

  it('is read as well where version 2 said a second time when a mail last listed everything open', () => {
    const ledger = ledgerOfFixture();
    for (const weeklyAt of ['2026-05-25T02:00:00.000Z', null])
      expect(readLedger(Buffer.from(JSON.stringify({ ...ledger, weeklyAt })))).toEqual(ledger);
    expect(ledger.reported).toContainEqual({ key: WEEKLY_MAIL, day: '2026-05-25' });
  });

  it('is unreadable where it lacks a part, or has one of the other version', () => {
    const { answered: _, ...rest } = before;
    expect(() => readLedger(Buffer.from(JSON.stringify(rest)))).toThrow('at answered');
    expect(() => readLedger(Buffer.from(JSON.stringify({ ...before, measures: {} })))).toThrow('at measures');
  });
});

describe('the ledger that the decisions offer for a new beginning', () => {
  it('is that of a system that never ran', () => {
    const text = readFileSync(new URL('../../docs/decisions.md', import.meta.url), 'utf8');
    const [, offered = ''] = /^(\{"version":.*\})$/m.exec(text) ?? [];
    expect(readLedger(Buffer.from(offered))).toEqual(emptyLedger());
  });
});

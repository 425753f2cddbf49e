// The nightly mail: what it says, in which order, and to whom.
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import type { Ledger } from '../../lambdas/domain/ledger.ts';
import { summaryOf } from '../../lambdas/mail/layout.ts';
import type { Step } from '../../lambdas/domain/plan/step.ts';
import { NOW, suspensionOf } from '../domain/situation.ts';
import { makeRow } from '../report/report-fixture.ts';
import { type MailSituation, actionOf, flat, heldStep, mailOf, reportOf } from './mail-input.ts';

const KEYS = { 'orange-cd': 'x', 'mtn-cm': 'x', 'moov-bj': 'x' };
const PAID = 'moov,bj,2027-01-01,0';
const notice = (
  deployment: string,
  tokenId: string,
  end: string,
  at = NOW - HOUR,
): Ledger['notices'][number] => ({
  tokenId,
  deployment,
  step: 'deactivate',
  end,
  at: iso(at),
});
const textOf = (situation: MailSituation): string => mailOf(situation).mail.text;
/** One part of a mail's text, from its title to the blank line behind it. */
const partOf = (text: string, title: string): string =>
  text.split('\n\n').find((part) => part.startsWith(title)) ?? '';

const MANY = Array.from(
  { length: 12 },
  (_, index) => `filler${'abcdefghijkl'.charAt(index)},zz,9999-12-31,0`,
);

describe('who loses access next', () => {
  const situation: MailSituation = {
    tokens: [{}, { label: 'mtn-cm' }, { label: 'moov-bj' }],
    keys: KEYS,
    licenses: ['orange,cd,2026-02-01,3', 'mtn,cm,2026-03-05,2', PAID],
    ledger: { notices: [notice('mtn-cm', 't2', '2026-03-07')] },
  };

  it('stands first, by night, with both days, whether it is announced now or was before', () => {
    expect(textOf(situation)).toContain(`LOSES ACCESS NEXT (nothing has happened yet)
  Tue  3 Mar 03:30  orange-cd  paid until 1 Feb, access until 4 Feb
  Sun  8 Mar 03:30  mtn-cm     paid until 5 Mar, access until 7 Mar
Paid after all? Put the new date into licenses.csv before then.
Not sure? Upload an empty file called HOLD: nobody is cut off.
By hand, a run does it from Mon 2 Mar 22:00 and Sun 8 Mar 00:00 on.
`);
  });

  it('counts in the subject as tonight where the next night does it', () => {
    expect(mailOf(situation).mail.subject).toBe(
      '[Docker Hub tokens] 1 loses access tonight, 1 loses access soon',
    );
  });

  it('is all that the heading says of it: not that nobody does', () => {
    expect(textOf(situation).split('\n\n')[0]).toBe(
      'Docker Hub access of our customers, Monday 2 March 2026',
    );
  });

  it('is said where nobody is, with who ends first', () => {
    const nobody: MailSituation = { tokens: [{ label: 'moov-bj' }], keys: KEYS, licenses: [PAID] };
    expect(flat(textOf(nobody))).toContain(
      'Nobody loses access in the next 7 days; the next to end is moov-bj (paid until 1 Jan 2027, access until 1 Jan 2027).',
    );
  });

  it('is a list of names where many go in one night, so that all of them fit', () => {
    const names = Array.from({ length: 300 }, (_, index) => `telco${index}-cd`);
    const many: MailSituation = {
      tokens: names.map((label) => ({ label })),
      licenses: names.map((name) => `${name.slice(0, -3)},cd,2026-02-01,0`),
      report: { findings: [] },
    };
    const { mail, reported } = mailOf(many);
    for (const name of names) expect(mail.text).toMatch(new RegExp(`\\b${name}\\b`));
    expect([...reported].filter((key) => key.startsWith('announced '))).toHaveLength(300);
    expect(Buffer.byteLength(mail.text)).toBeLessThanOrEqual(20_000);
  });

  it('reports only whom the text names; of more than fit, those never named come first', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `telco${index}-cd`);
    const many: MailSituation = {
      tokens: names.map((label) => ({ label })),
      licenses: names.map((name) => `${name.slice(0, -3)},cd,2026-02-01,0`),
      ledger: {
        notices: names.slice(0, 2990).map((name, index) => notice(name, `t${index + 1}`, '2026-02-01')),
      },
      report: { findings: [] },
    };
    const { mail, reported } = mailOf(many);
    for (const name of names.slice(2990)) expect(mail.text).toMatch(new RegExp(`\\b${name}\\b`));
    const named = names.filter((name) => new RegExp(`\\b${name}\\b`).test(mail.text));
    expect([...reported].filter((key) => key.startsWith('announced '))).toHaveLength(named.length);
    expect(mail.text).toContain(`... and ${3000 - named.length} more deployments, not reported here`);
    expect(Buffer.byteLength(mail.text)).toBeLessThanOrEqual(20_000);
  });

  it('are tokens that are deleted for good as well, which cost nobody access', () => {
    const off = iso(NOW - 85 * DAY);
    const deleting: MailSituation = {
      tokens: [{ enabled: false }, { label: 'moov-bj' }],
      keys: KEYS,
      licenses: ['orange,cd,2025-12-01,0', PAID],
      ledger: {
        suspensions: [
          {
            tokenId: 't1',
            deployment: 'orange-cd',
            by: 'audit',
            at: off,
            reason: 'ended',
            end: '2025-12-01',
          },
        ],
      },
    };
    const { mail } = mailOf(deleting);
    expect(flat(mail.text)).toContain(
      'DELETED FOR GOOD NEXT (nothing has happened yet) Mon 9 Mar 03:30 orange-cd, off since 7 Dec 2025, its access ended on 1 Dec 2025',
    );
    expect(mail.text).not.toContain('LOSES ACCESS');
    expect(mail.text).toContain('Nobody loses access in the next 7 days; the next to end is moov-bj');
    expect(mail.subject).not.toContain('lose');
  });
});

describe('an end that comes', () => {
  const ended: MailSituation = {
    tokens: [{}, { label: 'moov-bj' }],
    keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
    licenses: ['orange,cd,2026-02-01,3', PAID],
  };

  it('of one whose row is gone says so in place of the day until which it has paid', () => {
    const { licenses: _, ...gone } = ended;
    const text = textOf({
      ...gone,
      licenses: [PAID],
      ledger: { passedEnds: [{ deployment: 'orange-cd', end: '2026-02-04' }] },
    });
    expect(text).toContain('  Tue  3 Mar 03:30  orange-cd  its row is gone, access until 4 Feb\n');
  });

  it('comes not while HOLD is there: then nothing is promised and nothing to be done about it', () => {
    const { mail } = mailOf({
      ...ended,
      hold: true,
      input: { obstacles: [{ kind: 'HOLD', text: 'The object HOLD is in the bucket.' }] },
    });
    expect(partOf(mail.text, 'LOSES')).toBe(`LOSES ACCESS NEXT (not while HOLD is there)
  Tue  3 Mar 03:30  orange-cd  paid until 1 Feb, access until 4 Feb`);
    expect(mail.subject).toBe('[Docker Hub tokens] HOLD');
  });

  it('can be brought about by hand from its times on, of which the first three stand there', () => {
    const telcos = ['a', 'b', 'c', 'd'];
    const comingFor = (count: number): string => {
      const some = telcos.slice(0, count);
      return flat(
        textOf({
          tokens: some.map((telco) => ({ label: `telco${telco}-be` })),
          licenses: [...some.map((telco, index) => `telco${telco},be,2026-03-0${index + 2},0`), PAID],
          ledger: {
            notices: some.map((telco, index) =>
              notice(`telco${telco}-be`, `t${index + 1}`, `2026-03-0${index + 2}`, NOW - 30 * HOUR),
            ),
          },
        }),
      );
    };
    expect(comingFor(3)).toContain(
      'By hand, a run does it from Tue 3 Mar 00:00, Wed 4 Mar 00:00 and Thu 5 Mar 00:00 on.',
    );
    expect(comingFor(4)).toContain(
      'By hand, a run does it from Tue 3 Mar 00:00, Wed 4 Mar 00:00, Thu 5 Mar 00:00 and later on.',
    );
  });

  it.each([
    [11, '  Tue  3 Mar 03:30  telco3-be   paid until 1 Feb, access until 1 Feb\n'],
    [
      12,
      '  Tue  3 Mar 03:30  paid until 1 Feb, access until 1 Feb (12):\n    telco0-be, telco1-be, telco10-be',
    ],
  ])('together with those of the same days has a line of its own up to 11: %i', (count, line) => {
    const names = Array.from({ length: count }, (_, index) => `telco${index}`);
    const text = textOf({
      tokens: [...names.map((telco) => ({ label: `${telco}-be` })), {}],
      licenses: [...names.map((telco) => `${telco},be,2026-02-01,0`), 'orange,cd,2026-02-01,3', PAID],
    });
    expect(text).toContain(line);
    expect(text).toContain('paid until 1 Feb, access until 4 Feb\n');
  });

  it('stands by night, new or not', () => {
    const text = textOf({
      tokens: [{}, { label: 'mtn-cm' }],
      keys: KEYS,
      licenses: ['orange,cd,2026-03-04,0', 'mtn,cm,2026-03-03,0', PAID],
      ledger: { notices: [notice('mtn-cm', 't2', '2026-03-03', NOW - 30 * HOUR)] },
    });
    expect(partOf(text, 'LOSES').split('\n').slice(1, 3)).toEqual([
      '  Wed  4 Mar 03:30  mtn-cm     paid until 3 Mar, access until 3 Mar',
      '  Thu  5 Mar 03:30  orange-cd  paid until 4 Mar, access until 4 Mar',
    ]);
  });

  it('of a token that is off stands below, since when the audit switched the last one off that is there', () => {
    const off = (tokenId: string, days: number, changes = {}): Ledger['suspensions'][number] =>
      suspensionOf({ tokenId, end: '2025-12-01', at: iso(NOW - days * DAY), ...changes });
    const deleting: MailSituation = {
      tokens: [{ enabled: false }, { enabled: false }, { label: 'moov-bj' }],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
      licenses: ['orange,cd,2025-12-01,0', PAID],
      ledger: {
        suspensions: [
          off('t2', 84),
          off('t1', 85),
          off('t7', 94, { replaced: true }),
          off('t8', 95, { by: 'people' }),
          off('t9', 99, { deletedAt: iso(NOW - DAY) }),
        ],
      },
    };
    const alone = mailOf(deleting).mail;
    expect(alone.subject).toBe('[Docker Hub tokens] 1 to be deleted');
    expect(flat(partOf(alone.text, 'DELETED'))).toBe(
      'DELETED FOR GOOD NEXT (nothing has happened yet) Mon 9 Mar 03:30 orange-cd, off since 7 Dec 2025, its access ended on 1 Dec 2025 Paid after all? Put the new date into licenses.csv before then: that switches it on again.',
    );
    const both = textOf({
      ...deleting,
      tokens: [...(deleting.tokens ?? []), { label: 'mtn-cm' }],
      licenses: ['orange,cd,2025-12-01,0', 'mtn,cm,2026-02-01,3', PAID],
    });
    expect(flat(partOf(both, 'LOSES'))).toContain(
      'from Mon 2 Mar 22:00 on. Token and key are deleted for good: Mon 9 Mar 03:30 orange-cd, off since 7 Dec 2025',
    );
    expect(both.match(/Paid after all/g)).toHaveLength(1);
  });
});

describe('who can not pull today', () => {
  const situation: MailSituation = {
    tokens: [{ enabled: false }, { label: 'mtn-cm', expiresAt: NOW - DAY }, { label: 'Moov_BJ' }],
    keys: { 'orange-cd': 'x', 'mtn-cm': 'x', Moov_BJ: 'x' },
    licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0', PAID, 'airtel,td,2027-01-01,0'],
  };

  it('stands with what is wrong and what cures it, and the events on lines of their own', () => {
    const text = textOf(situation);
    expect(text).toContain(`CAN'T PULL TODAY (4)
  airtel-td  it has no token: first token [1]
  moov-bj    its token has a misspelt name, Moov_BJ: rename [2]
  mtn-cm     its token expired on 1 Mar: new token [3]
  orange-cd  its token is switched off: switch on [4]
`);
    const events = text.split('\n').filter((line) => line.startsWith('    {'));
    expect(events.map((line): unknown => JSON.parse(line))).toEqual([
      { deployment: 'airtel-td' },
      { deployment: 'Moov_BJ', renameTo: 'moov-bj' },
      { deployment: 'mtn-cm', regenerate: true },
      { deployment: 'orange-cd', restore: true, reason: '...' },
    ]);
    expect(mailOf(situation).mail.subject).toBe("[Docker Hub tokens] 4 can't pull");
  });

  it('is no entry of the rest as well: the misspelt name is cured by the same event', () => {
    const { mail, reported } = mailOf(situation);
    expect(mail.text).not.toContain('TO PUT IN ORDER');
    expect([...reported].filter((key) => key.startsWith('finding misnamed'))).toHaveLength(2);
  });

  it('stands by name alone once it was reported', () => {
    const { reported } = mailOf(situation);
    const again = textOf({
      ...situation,
      ledger: {
        reported: [
          ...[...reported].map((key) => ({ key, day: '2026-03-02' })),
          { key: 'weekly mail', day: '2026-03-02' },
        ],
      },
    });
    expect(flat(again)).toContain(
      "CAN'T PULL TODAY (4) as reported before: airtel-td, moov-bj, mtn-cm, orange-cd",
    );
    expect(again).not.toContain('How:');
  });
});

describe('what was done, and what was not', () => {
  it('says what, of whom and why, and how it is undone', () => {
    const situation: MailSituation = {
      tokens: [{}, { label: 'moov-bj' }],
      keys: KEYS,
      licenses: ['orange,cd,2026-02-01,0', PAID],
      ledger: {
        unreported: [
          actionOf('deactivate', 'done'),
          actionOf('reactivate', 'done', { deployment: 'mtn-cm' }),
        ],
        suspensions: [{ tokenId: 't1', deployment: 'orange-cd', by: 'audit', at: iso(NOW), reason: 'x' }],
      },
      steps: [{ kind: 'deactivate', deployment: 'orange-cd', tokenId: 't1', reason: 'ended' }],
      report: { actions: [actionOf('deactivate', 'done')], findings: [] },
    };
    const { mail } = mailOf(situation);
    expect(mail.text).toContain(`DONE (2)
  orange-cd  switched off: the license ended with 2026-02-01
  mtn-cm     switched on again: the license ended with 2026-02-01
`);
    expect(mail.text).toContain('    {"restoreRun": "run-1", "reason": "..."}\n');
    expect(mail.subject).toBe('[Docker Hub tokens] 1 revoked, 1 restored');
  });

  it('says the same of several tokens once, and no word of what was only announced', () => {
    const done = (kind: 'deactivate' | 'remove-key' | 'delete-token' | 'announce', changes = {}) =>
      actionOf(kind, 'done', changes);
    const situation: MailSituation = {
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      ledger: {
        unreported: [
          done('announce', { deployment: 'tigo-td' }),
          done('deactivate'),
          done('deactivate', { tokenId: 't9' }),
          done('deactivate', { tokenId: 't10', reason: 'another reason' }),
          { ...done('deactivate'), kind: 'issue', reason: 'a token was made' },
          done('remove-key', { deployment: 'a-name-that-is-longer-than-any-column-cd', reason: 'gone' }),
          done('delete-token', { deployment: 'Mtn CM', reason: 'gone' }),
        ],
      },
    };
    expect(partOf(textOf(situation), 'DONE')).toBe(`DONE (6)
  orange-cd                 switched off: the license ended with 2026-02-01
                      (2 tokens)
  orange-cd                 switched off: another reason
  orange-cd                 a token was made
  a-name-that-is-longer-than-any-column-cd  key removed from Vault: gone
  "Mtn CM"                  token deleted: gone`);
  });

  it('offers to undo a run only where it cut somebody off', () => {
    const undo = (step: Partial<Step>, status: 'done' | 'failed' = 'done'): boolean =>
      textOf({
        report: { actions: [actionOf('deactivate', status)], findings: [] },
        ledger: { unreported: [actionOf('deactivate', 'done')] },
        steps: [{ kind: 'deactivate', deployment: 'orange-cd', tokenId: 't1', reason: 'x', ...step }],
      }).includes('restoreRun');
    expect([
      undo({}),
      undo({ replaced: true }),
      undo({ tokenId: 't2' }),
      undo({ kind: 'delete-token' }),
      undo({}, 'failed'),
    ]).toEqual([true, false, false, false, false]);
  });

  /** What a mail says of steps that guards hold, and of what is only announced. */
  const decideOf = (steps: readonly Step[], changes: Partial<MailSituation> = {}): string =>
    partOf(textOf({ ...heldSituation, steps, ...changes }), 'NOT DONE');
  const heldSituation: MailSituation = {
    tokens: [{}, { label: 'mtn-cm' }, { label: 'moov-bj' }],
    keys: KEYS,
    licenses: ['orange,cd,2026-02-01,3', 'mtn,cm,2026-02-01,3', PAID],
    report: { findings: [] },
  };

  it.each<[string, Step, string]>([
    [
      'a row that may be about it: the line is to be corrected',
      heldStep({ withheld: 'line 3 may be about it', guard: 'unreadable row' }),
      'orange-cd paid until 1 Feb, access until 4 Feb Not cut off: line 3 may be about it: correct that line.',
    ],
    [
      'an exemption that probably means it: its label is to be corrected',
      heldStep({ withheld: 'a label probably means it', guard: 'exemption under another name' }),
      'orange-cd paid until 1 Feb, access until 4 Feb Not cut off: a label probably means it: correct the label there, or remove the row.',
    ],
    [
      'a replaced token that is still used, of which no end is due',
      heldStep({
        replaced: true,
        withheld: 'it was used since',
        guard: 'still used',
        reason: 'it was replaced',
      }),
      'orange-cd it was replaced Nothing was done: it was used since: have the new one put on its servers.',
    ],
    [
      'a token that is not deleted costs nobody access',
      heldStep({ kind: 'delete-token' }),
      'orange-cd paid until 1 Feb, access until 4 Feb Nothing was done: a guard holds it.',
    ],
    [
      'one whose row is gone says why it is due',
      heldStep({ deployment: 'tigo-td' }),
      'tigo-td the license ended Not cut off: a guard holds it.',
    ],
  ])('says of what a guard holds what to do first: %s', (_rule, step, said) => {
    expect(flat(decideOf([step], { approvable: [] }))).toBe(`NOT DONE, PLEASE DECIDE (1) ${said}`);
  });

  it('counts who is held, each once, says each reason once, and approves no name that would be broken in two', () => {
    const long = 'n'.repeat(64);
    const steps = [
      heldStep({}),
      heldStep({ tokenId: 't9' }),
      heldStep({ deployment: long, tokenId: 't5' }),
      heldStep({ deployment: 'mtn-cm', tokenId: 't2', withheld: 'another guard does' }),
    ];
    const approvable = ['orange-cd', long];
    const lines = decideOf(steps, { approvable }).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'NOT DONE, PLEASE DECIDE (3)',
      '  orange-cd                 paid until 1 Feb, access until 4 Feb',
    ]);
    expect(lines.slice(-3)).toEqual([
      '  Not cut off: a guard holds it. Right all the same? Approve it [1].',
      '  mtn-cm  paid until 1 Feb, access until 4 Feb',
      '  Not cut off: another guard does.',
    ]);
    const events = textOf({ ...heldSituation, steps, approvable });
    expect(events).toContain('    {"approve": ["orange-cd"]}\n');
    const shorter = 'n'.repeat(63);
    const paste = textOf({
      ...heldSituation,
      steps: [heldStep({ deployment: shorter })],
      approvable: [shorter],
    });
    expect(paste).toContain(` ["${shorter}"]}\n`);
  });

  it('names 12 and more in a row', () => {
    const many = (count: number): string =>
      decideOf(Array.from({ length: count }, (_, index) => heldStep({ deployment: `t${index}-be` })));
    expect(many(12)).toContain('\n  t0-be, t1-be, t2-be, t3-be');
    expect(many(11)).toContain('\n  t0-be   the license ended\n');
  });

  it('says beside the approval that it takes the new numbers as the measure while a list shrank', () => {
    const obstacles = [{ kind: 'shrunk', text: 'It shrank.' }] as const;
    expect(flat(decideOf([heldStep({})], { approvable: ['orange-cd'], input: { obstacles } }))).toContain(
      'Approve it [1], which lets the new numbers count as well.',
    );
  });

  it.each<[string, MailSituation, string]>([
    [
      'caps of 0',
      { settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } },
      'It will not be cut off: with caps of 0 in the configuration the audit withdraws nothing.',
    ],
    [
      'a row that can not be read',
      { licenses: ['orange,cd,2026-02-01,3', 'orange,cd,2026-02-30,3', ...MANY, PAID] },
      "It will not be cut off: a row of licenses.csv that can't be read may be about it: correct the row.",
    ],
    [
      'an exemption of a name that is near',
      { exemptions: 'label,reason,owner,until\norangecd,,,\n' },
      'It will not be cut off: an exemption under another name probably means it: correct the name.',
    ],
  ])('says of what is announced and held why it does not come: %s', (_rule, changes, said) => {
    const text = partOf(
      textOf({ ...heldSituation, licenses: ['orange,cd,2026-02-01,3', PAID], ...changes }),
      'NOT',
    );
    expect(flat(text)).toBe(
      `NOT DONE, PLEASE DECIDE (1) orange-cd paid until 1 Feb, access until 4 Feb ${said}`,
    );
  });

  it('offers no rename where an ended deployment may have been renewed under each of two names', () => {
    const { mail } = mailOf({
      tokens: [{ label: 'expresso-sn' }, { label: 'moov-bj' }],
      keys: { 'expresso-sn': 'x', 'moov-bj': 'x' },
      licenses: ['expresso,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', 'espresso,sn,2027-01-01,0', PAID],
    });
    expect(flat(partOf(mail.text, 'NOT DONE'))).toContain(
      'It will not be cut off: it was probably renewed as espresso-sn or expreso-sn: correct the name in licenses.csv, or rename the token.',
    );
    // Neither gets a rename to be pasted, and no token of its own: both would be right of one of them at most.
    expect(partOf(mail.text, "CAN'T PULL")).toBe(`CAN'T PULL TODAY (2)
  espresso-sn  expresso-sn (ended) may be the same customer
  expreso-sn   expresso-sn (ended) may be the same customer`);
    expect(mail.text).not.toContain('paste the event');
  });

  it('names whom a guard holds, why, and the event that approves exactly them', () => {
    const names = ['orange-cd', 'mtn-cm'];
    const situation: MailSituation = {
      tokens: names.map((label) => ({ label })),
      keys: { 'orange-cd': 'x', 'mtn-cm': 'x' },
      licenses: ['orange,cd,2026-02-01,3', 'mtn,cm,2026-02-01,3'],
      report: { actions: names.map((deployment) => actionOf('deactivate', 'withheld', { deployment })) },
      steps: names.map((deployment, index) => ({
        kind: 'deactivate',
        deployment,
        tokenId: `t${index + 1}`,
        reason: 'the license ended',
        withheld: '2 withdrawals due are more than the 1 allowed',
      })),
      approvable: names,
    };
    const { mail } = mailOf(situation);
    expect(mail.text).toContain(`NOT DONE, PLEASE DECIDE (2)
  orange-cd  paid until 1 Feb, access until 4 Feb
  mtn-cm     paid until 1 Feb, access until 4 Feb
  Not cut off: 2 withdrawals due are more than the 1 allowed. Right all the
  same? Approve it [1].
`);
    expect(mail.text).toContain('[1] hub-token-auditor-audit\n    {"approve": ["orange-cd", "mtn-cm"]}\n');
    expect(mail.subject).toBe('[Docker Hub tokens] 2 withheld');
    expect(textOf({ ...situation, approvable: [] })).not.toContain('approve');
  });

  it('writes a name in an event as ASCII, so that it can pass for no other one', () => {
    const label = 'Orange\u202e_CD';
    const { mail } = mailOf({
      tokens: [{ label }],
      keys: { [label]: 'x' },
      licenses: [PAID],
      report: { outcome: 'withheld', actions: [actionOf('deactivate', 'withheld', { deployment: label })] },
      steps: [
        {
          kind: 'deactivate',
          deployment: label,
          tokenId: 't1',
          reason: 'ended',
          withheld: 'its name is misspelt',
        },
      ],
      approvable: [label],
    });
    expect(mail.text).toContain('{"approve": ["Orange\\u202e_CD"]}');
    expect(mail.text).not.toContain('\u202e');
  });

  it('names whom a guard will hold among those to decide about, not among those who lose access', () => {
    const situation: MailSituation = {
      tokens: [{ label: 'expresso-sn' }, { label: 'moov-bj' }],
      keys: { 'expresso-sn': 'x', 'moov-bj': 'x' },
      licenses: ['expresso,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', PAID],
    };
    const { mail, reported } = mailOf(situation);
    expect(mail.text).not.toContain('LOSES ACCESS NEXT');
    expect(flat(mail.text)).toContain(
      'NOT DONE, PLEASE DECIDE (1) expresso-sn paid until 1 Feb, access until 1 Feb It will not be cut off: it was probably renewed as expreso-sn: correct the name in licenses.csv, or rename the token [1].',
    );
    expect(reported).toContain('announced deactivate 2026-02-01 expresso-sn');
    // A token of its own for the new name would leave the customer with the old one, which goes.
    expect(mail.text).toContain('expreso-sn  expresso-sn (ended) may be the same customer: rename [1]');
    expect(mail.text).toContain('    {"deployment": "expresso-sn", "renameTo": "expreso-sn"}\n');
  });

  it('gives notice again to whom it names among the withheld because their notice is too old', () => {
    const { reported } = mailOf({
      tokens: [{}],
      keys: { 'orange-cd': 'x' },
      licenses: ['orange,cd,2026-02-01,3', PAID],
      steps: [
        {
          kind: 'deactivate',
          deployment: 'orange-cd',
          tokenId: 't1',
          end: '2026-02-04',
          announces: 'deactivate',
          reason: 'the license ended',
          withheld: 'the list shrank',
          guard: 'shrunk input',
        },
      ],
    });
    expect(reported).toContain('announced deactivate 2026-02-04 orange-cd');
  });

  it('names what failed or was left alone, and in observe what would be done', () => {
    const actions = [
      actionOf('deactivate', 'failed'),
      actionOf('delete-token', 'skipped', { deployment: 'mtn-cm' }),
      actionOf('deactivate', 'planned', { deployment: 'moov-bj' }),
    ];
    const text = textOf({ report: { actions, findings: [] } });
    expect(text).toContain(`FAILED OR NOT TRIED (3)
  orange-cd  switching off FAILED: the license ended with 2026-02-01
  mtn-cm     deleting the token left alone: the license ended with
             2026-02-01
  moov-bj    switching off would be done: the license ended with 2026-02-01
The next run tries again what is due then.
`);
  });

  it('says in observe what would be done, and does not speak of trying', () => {
    const actions = [
      actionOf('deactivate', 'planned', { reason: 'ended' }),
      actionOf('remove-key', 'planned', { deployment: 'mtn-cm', reason: 'ended' }),
      actionOf('reactivate', 'planned', { deployment: 'moov-bj', reason: 'renewed' }),
      actionOf('announce', 'planned', { deployment: 'tigo-td' }),
    ];
    const text = textOf({ report: { mode: 'observe', actions, findings: [] } });
    expect(partOf(text, 'WOULD')).toBe(`WOULD BE DONE (3)
  orange-cd  switching off would be done: ended
  mtn-cm     removing the key would be done: ended
  moov-bj    switching on would be done: renewed`);
  });
});

describe('the rest', () => {
  it('has one entry a deployment, however many findings it has, and one line for all with the same', () => {
    const text = textOf({
      tokens: [
        { scopes: ['repo:admin'] },
        { label: 'mtn-cm', scopes: ['repo:write'] },
        { label: 'moov-bj', scopes: ['repo:write'], lastUsedAt: null, createdAt: NOW - 100 * DAY },
      ],
      keys: KEYS,
      licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0', PAID],
    });
    expect(text).toContain(`TO PUT IN ORDER (3; the report has the events to paste)
- moov-bj: its token may do more than pull; its token is not used: new
  token, or does it still run?
- mtn-cm, orange-cd: its token may do more than pull: new token
`);
  });

  it('has many with the same to say in entries of 50, each of which is reported where it stands', () => {
    const names = Array.from({ length: 120 }, (_, index) => `telco${index}-be`);
    const many = (count: number): MailSituation => ({
      tokens: names.slice(0, count).map((label) => ({ label, scopes: ['repo:write'] })),
      keys: Object.fromEntries(names.slice(0, count).map((name) => [name, 'x'])),
      licenses: names.slice(0, count).map((name) => `${name.slice(0, -3)},be,2027-01-01,0`),
    });
    const { mail, reported } = mailOf(many(120));
    const part = partOf(mail.text, 'TO PUT IN ORDER');
    const entries = part.split('\n- ').slice(1);
    expect(entries.map((entry) => entry.match(/telco/g)?.length)).toEqual([50, 50, 20]);
    for (const entry of entries)
      expect(flat(entry)).toMatch(/telco\d+-be: its token may do more than pull: new token$/);
    for (const name of names) expect(part).toMatch(new RegExp(`\\b${name}\\b`));
    expect(part).toContain('TO PUT IN ORDER (120;');
    expect([...reported].filter((key) => key.startsWith('finding wrong-scope'))).toHaveLength(120);
    const twice = many(60);
    const both = mailOf({
      ...twice,
      tokens: (twice.tokens ?? []).map((token) => ({
        ...token,
        lastUsedAt: null,
        createdAt: NOW - 100 * DAY,
      })),
    });
    expect([...both.reported].filter((key) => /^finding (?:wrong|unused)/.test(key))).toHaveLength(120);
    expect(textOf(many(50)).match(/^- /gm)).toHaveLength(1);
    expect(textOf(many(51)).match(/^- /gm)).toHaveLength(2);
  });

  it('says what is to be done before what is to be asked, each once', () => {
    const text = textOf({
      tokens: [
        { lastUsedAt: null, createdAt: NOW - 100 * DAY },
        { scopes: ['repo:write'] },
        { label: 'moov-bj' },
      ],
      licenses: ['orange,cd,2027-01-01,0', PAID],
    });
    expect(flat(partOf(text, 'TO PUT IN ORDER'))).toContain(
      '- orange-cd: its token is not stored in Vault; its token may do more than pull; 2 tokens work at the same time; its token is not used: new token, or does it still run?',
    );
  });

  it('says of notes that do not fit how many they are, but not that they come again', () => {
    const long = Array.from({ length: 300 }, (_, index) => `${'n'.repeat(70)} ${index}.`);
    const text = textOf({ tokens: [{ label: 'moov-bj' }], keys: { 'moov-bj': 'x' }, licenses: [PAID], report: { notes: long } }); // prettier-ignore
    expect(flat(text)).toMatch(/\.\.\. and \d+ more notes, not reported here: see the report\. /);
    const lines = mailOf({
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      input: { exemptionNews: { lines: long, remembered: null } },
    }).mail.text;
    expect(flat(lines)).toMatch(
      /and \d+ more lines, not reported here: see the report; the next mail reports them\./,
    );
  });

  it('has notes of this night, of an alert once a week, and none about HOLD, which stands on top', () => {
    const calm: MailSituation = {
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      report: { notes: ['The object HOLD is in the bucket.', 'The check stopped.', 'A note.'] },
      input: { alerts: [{ key: 'checks stopped', text: 'The check stopped.' }] },
    };
    const first = mailOf(calm);
    expect(partOf(first.mail.text, 'NOTES')).toBe('NOTES\n- The check stopped.\n- A note.');
    expect(first.reported).toContain('alert checks stopped');
    const day = '2026-03-02';
    const known = [{ key: 'alert checks stopped', day }];
    const weekly = { key: 'weekly mail', day };
    expect(partOf(textOf({ ...calm, ledger: { reported: [...known, weekly] } }), 'NOTES')).toBe(
      'NOTES\n- A note.',
    );
    expect(partOf(textOf({ ...calm, ledger: { reported: known } }), 'NOTES')).toContain('The check stopped.');
  });

  it('says that one has ended and can still pull unless a part above says what becomes of it', () => {
    const ended: MailSituation = {
      tokens: [{}, { label: 'moov-bj' }],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
      licenses: ['orange,cd,2026-02-01,0', PAID],
      ledger: { restores: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW - DAY), reason: '' }] },
    };
    const issued = { ...actionOf('deactivate', 'done'), kind: 'issue' } as const;
    const said = (situation: MailSituation): boolean =>
      textOf({ ...ended, ...situation }).includes('- orange-cd: has ended');
    const failed = { actions: [actionOf('deactivate', 'failed')] };
    expect([
      said({}),
      said({ ledger: { ...ended.ledger, unreported: [issued] } }),
      said({ ledger: { ...ended.ledger, unreported: [actionOf('reactivate', 'done')] } }),
      said({ ledger: {} }),
      said({ report: failed }),
    ]).toEqual([true, true, false, false, false]);
  });

  it('says so also of one another token of whom is deleted for good', () => {
    const text = textOf({
      tokens: [{ enabled: false }, {}, { label: 'moov-bj' }],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
      licenses: ['orange,cd,2025-12-01,0', PAID],
      ledger: {
        suspensions: [suspensionOf({ at: iso(NOW - 85 * DAY), end: '2025-12-01' })],
        restores: [{ tokenId: 't2', deployment: 'orange-cd', at: iso(NOW - DAY), reason: '' }],
      },
    });
    expect(text).toContain('DELETED FOR GOOD NEXT');
    expect(flat(text)).toContain(
      '- orange-cd: has ended (paid until 1 Dec 2025, access until 1 Dec 2025) and can still pull',
    );
  });

  it('has what else is wrong with somebody who loses access', () => {
    const text = textOf({ tokens: [{}], licenses: ['orange,cd,2026-02-01,0', PAID] });
    expect(text).toContain('- orange-cd: its token is not stored in Vault');
    expect(text).not.toContain('has ended');
  });

  it('says what was put right, of exemptions, and notes', () => {
    const text = textOf({
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      ledger: {
        findings: [
          {
            id: 'a',
            kind: 'misnamed-key',
            severity: 'warning',
            deployment: 'x\ny',
            since: iso(NOW),
          },
        ],
        reported: [{ key: 'finding a', day: '2026-03-01' }],
      },
      report: { notes: ['A note.'] },
      input: { exemptionNews: { lines: ['a is no longer exempt.'], remembered: null } },
    });
    expect(text).toContain(`PUT RIGHT SINCE THE LAST MAIL (1)
  "x\\u{a}y"

EXEMPTIONS
- a is no longer exempt.

NOTES
- A note.
`);
  });
});

describe('the mail as a whole', () => {
  const calm: MailSituation = { tokens: [{ label: 'moov-bj' }], keys: { 'moov-bj': 'x' }, licenses: [PAID] };

  it('says on a quiet week that all is well, what was read, and opens the report by a link', () => {
    expect(mailOf(calm).mail).toEqual({
      subject: '[Docker Hub tokens] all is well, 5 tokens, 1 customer',
      outcome: 'attention',
      severity: 'info',
      summary: summaryOf(reportOf()),
      text: `Docker Hub access of our customers, Monday 2 March 2026
Nobody loses access in the next 7 days; the next to end is moov-bj (paid
until 1 Jan 2027, access until 1 Jan 2027).

Nothing is open: all is well.
Read: 5 tokens, 1 key in Vault, 3 customers, 0 exemptions; 10 contents
  checked.
Report:
https://eu-west-1.console.aws.amazon.com/s3/object/bucket?region=eu-west-1&prefix=reports/2026/03/02/run-1.html
`,
    });
  });

  const row = (deployment: string, tokens: readonly string[], state: 'ended' | 'in force') =>
    makeRow({
      deployment,
      license: { state, products: [] },
      hub: { state: 'active', tokens: tokens.map((tokenId) => ({ tokenId, state: 'active' })) },
    });
  const ENDED = 'orange,cd,2026-02-01,0';
  const ONE = { 'orange-cd': 'x' };

  it.each<[string, MailSituation, string]>([
    ['who would lose access in observe', { tokens: [{}], keys: ONE, licenses: [ENDED], report: { mode: 'observe' } }, '1 would lose access'], // prettier-ignore
    [
      'nobody who would in observe while HOLD is there',
      { tokens: [{}], keys: ONE, licenses: [ENDED], hold: true, report: { mode: 'observe' }, input: { obstacles: [{ kind: 'HOLD', text: 'x' }] } }, // prettier-ignore
      'HOLD',
    ],
    [
      'who loses access also where a shrunken list is approved',
      {
        tokens: [{}],
        keys: ONE,
        licenses: [ENDED],
        input: { obstacles: [{ kind: 'approved', text: 'x' }] },
      },
      'shrunken list approved, 1 loses access tonight',
    ],
    [
      'nobody who loses access while HOLD is there, whatever else is approved',
      { tokens: [{}], keys: ONE, licenses: [ENDED], hold: true, input: { obstacles: [{ kind: 'approved', text: 'x' }, { kind: 'HOLD', text: 'y' }] } }, // prettier-ignore
      'shrunken list approved, HOLD',
    ],
    ['each obstacle once', { input: { obstacles: [{ kind: 'shrunk', text: 'x' }, { kind: 'shrunk', text: 'y' }, { kind: 'HOLD', text: 'z' }] } }, 'a list shrank, HOLD'], // prettier-ignore
    [
      'what failed before what was left alone, each deployment once',
      {
        report: {
          findings: [],
          actions: [
            actionOf('deactivate', 'skipped', { deployment: 'mtn-cm' }),
            actionOf('deactivate', 'failed'),
            actionOf('delete-token', 'failed'),
          ],
        },
      },
      '1 failed, 1 left alone',
    ],
    [
      'who was switched on again, and what else was done',
      {
        ledger: {
          unreported: [
            { ...actionOf('deactivate', 'done'), kind: 'issue' },
            { ...actionOf('deactivate', 'done', { deployment: 'mtn-cm' }), kind: 'rename' },
            actionOf('reactivate', 'done', { deployment: 'tigo-td' }),
          ],
        },
      },
      '1 restored, 2 issued or renamed',
    ],
    [
      'old tokens apart from access that went, and from what is gone for good',
      {
        ledger: {
          unreported: [
            actionOf('deactivate', 'done'),
            actionOf('deactivate', 'done', { deployment: 'mtn-cm', tokenId: 't2' }),
            actionOf('delete-token', 'done', { deployment: 'tigo-td', tokenId: 't3' }),
            actionOf('deactivate', 'done', { deployment: 'airtel-td', tokenId: 't5' }),
          ],
        },
        report: {
          deployments: [
            row('orange-cd', ['t1'], 'ended'),
            row('mtn-cm', ['t2', 't4'], 'in force'),
            row('airtel-td', ['t5', 't6'], 'in force'),
          ],
        },
      },
      '1 revoked, 1 deleted, 2 old tokens removed',
    ],
    [
      'one old token',
      {
        ledger: { unreported: [actionOf('deactivate', 'done')] },
        report: { deployments: [row('orange-cd', ['t1', 't2'], 'in force')] },
      },
      '1 old token removed',
    ],
    [
      'who is held, due or announced, each once',
      {
        tokens: [{ label: 'expresso-sn' }, { label: 'moov-bj' }],
        keys: { 'expresso-sn': 'x', 'moov-bj': 'x' },
        licenses: ['expresso,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', PAID],
        report: { findings: [] },
        steps: [
          { kind: 'deactivate', deployment: 'expresso-sn', tokenId: 't9', reason: 'x', withheld: 'x' },
          { kind: 'deactivate', deployment: 'mtn-cm', tokenId: 't8', reason: 'x', withheld: 'x' },
          { kind: 'announce', deployment: 'expresso-sn', tokenId: 't1', reason: 'x', announces: 'deactivate', end: '2026-02-01' }, // prettier-ignore
        ],
      },
      '2 withheld',
    ],
    [
      'who is only announced and held',
      {
        tokens: [{ label: 'expresso-sn' }, { label: 'moov-bj' }],
        keys: { 'expresso-sn': 'x', 'moov-bj': 'x' },
        licenses: ['expresso,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', PAID],
        report: { findings: [] },
      },
      '1 withheld',
    ],
    [
      'who has ended and was switched on by people',
      {
        tokens: [{}],
        keys: ONE,
        licenses: [ENDED],
        ledger: { restores: [{ tokenId: 't1', deployment: 'orange-cd', at: iso(NOW - DAY), reason: '' }] },
      },
      '1 ended, can still pull',
    ],
    ['who ends soon and is not announced yet', { tokens: [{}], keys: ONE, licenses: ['orange,cd,2026-03-20,0'] }, '1 ending soon'], // prettier-ignore
    ['what is to be put in order', { tokens: [{ label: 'moov-bj', scopes: [] }] }, '1 to fix'],
  ])('names in its subject %s', (_rule, situation, subject) => {
    expect(mailOf({ ...calm, ...situation }).mail.subject.replace(/^.*?\] /, '')).toBe(subject);
  });

  it('counts nobody twice: who loses access or failed to lose it is not ending as well', () => {
    const subject = (situation: MailSituation): string => mailOf({ tokens: [{}], keys: { 'orange-cd': 'x' }, ...situation }).mail.subject; // prettier-ignore
    expect(subject({ licenses: [ENDED] })).toBe('[Docker Hub tokens] 1 loses access tonight');
    expect(subject({ licenses: ['orange,cd,2026-03-06,0'] })).toBe('[Docker Hub tokens] 1 loses access soon');
    expect(
      subject({
        licenses: [ENDED],
        ledger: { notices: [notice('orange-cd', 't1', '2026-02-01', NOW - 30 * HOUR)] },
        report: { actions: [actionOf('deactivate', 'failed')] },
      }),
    ).toBe('[Docker Hub tokens] 1 failed');
  });

  it.each<[string, MailSituation, string]>([
    [
      'and no day where it has none',
      { licenses: ['moov,bj,9999-12-31,0'] },
      'Nobody loses access in the next 7 days.',
    ],
    ['the first of several', { tokens: [{ label: 'moov-bj' }, {}], licenses: [PAID, 'orange,cd,2026-12-31,0'] }, 'the next to end is orange-cd (paid until 31 Dec, access until 31 Dec).'], // prettier-ignore
    ['the first of several in whatever order', { tokens: [{ label: 'moov-bj' }, {}], licenses: ['orange,cd,2026-12-31,0', PAID] }, 'the next to end is orange-cd (paid until 31 Dec, access until 31 Dec).'], // prettier-ignore
    ['who has a token', { tokens: [{ label: 'moov-bj' }], licenses: [PAID, 'orange,cd,2026-12-31,0'] }, 'the next to end is moov-bj '], // prettier-ignore
    ['who ends today', { tokens: [{ label: 'moov-bj' }, {}], licenses: [PAID, 'orange,cd,2026-03-02,0'], steps: [] }, 'the next to end is orange-cd (paid until 2 Mar, '], // prettier-ignore
    ['who has not ended', { tokens: [{ label: 'moov-bj' }, {}], licenses: [PAID, ENDED], steps: [] }, 'the next to end is moov-bj '], // prettier-ignore
  ])('says who is the next to end: %s', (_rule, situation, said) => {
    expect(flat(textOf({ ...calm, ...situation }))).toContain(said);
  });

  it('does not say that nobody loses access where a step that takes it failed', () => {
    const failed = (kind: 'deactivate' | 'delete-token'): string =>
      textOf({ ...calm, report: { findings: [], actions: [actionOf(kind, 'failed')] } });
    expect(failed('deactivate').split('\n\n')[0]).toBe(
      'Docker Hub access of our customers, Monday 2 March 2026',
    );
    expect(failed('delete-token')).toContain('Nobody loses access');
  });

  it('says as counts what is open, in its order, and links the report once', () => {
    const { mail } = mailOf({
      tokens: [
        { enabled: false },
        { label: 'mtn-cm' },
        { label: 'moov-bj' },
        { label: 'tigo-td', scopes: [] },
        { label: 'airtel-td', lastUsedAt: null, createdAt: NOW - 100 * DAY },
        { label: 'vodacom-cd', enabled: false },
        { label: 'zain-sd' },
      ],
      keys: {
        'orange-cd': 'x',
        'mtn-cm': 'x',
        'moov-bj': 'x',
        'tigo-td': 'x',
        'airtel-td': 'x',
        'zain-sd': 'x',
      },
      licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2026-02-01,0', 'moov,bj,2026-03-20,0', 'tigo,td,2027-01-01,0', 'airtel,td,2027-01-01,0', 'zain,sd,2026-02-01,0'], // prettier-ignore
      ledger: { suspensions: [suspensionOf({ tokenId: 't6', deployment: 'vodacom-cd', by: 'people' })] },
      report: { actions: [actionOf('deactivate', 'withheld', { deployment: 'zain-sd', tokenId: 't7' })] },
    });
    expect(flat(mail.text)).toContain(
      "Still open: 1 can't pull, 1 to decide, 1 ended, 1 ending, 1 to fix, 1 to know, 1 switched off. Report: https://",
    );
    expect(mail.text.match(/Report:/g)).toHaveLength(1);
  });

  it('says what was read only where nothing is open and nothing is held', () => {
    const held = {
      kind: 'deactivate',
      deployment: 'mtn-cm',
      tokenId: 't9',
      reason: 'x',
      withheld: 'x',
    } as const;
    expect(textOf(calm)).toContain('\nRead: 5 tokens');
    expect(textOf({ ...calm, steps: [held] })).not.toContain('Read:');
  });

  it('has the word above its link at the beginning of a line where the counts fill the one before', () => {
    const text = textOf({
      tokens: [
        { enabled: false },
        { label: 'moov-bj' },
        { label: 'tigo-td', scopes: [] },
        { label: 'airtel-td', lastUsedAt: null, createdAt: NOW - 100 * DAY },
        { label: 'zain-sd' },
      ],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x', 'tigo-td': 'x', 'airtel-td': 'x', 'zain-sd': 'x' },
      licenses: ['orange,cd,2027-01-01,0', 'moov,bj,2026-03-20,0', 'tigo,td,2027-01-01,0', 'airtel,td,2027-01-01,0', 'zain,sd,2026-02-01,0'], // prettier-ignore
      report: { actions: [actionOf('deactivate', 'withheld', { deployment: 'zain-sd', tokenId: 't5' })] },
    });
    expect(text).toContain(
      "\nStill open: 1 can't pull, 1 to decide, 1 ending, 1 to fix, 1 to know.\nReport:\nhttps://",
    );
  });

  it('says that all is well only where nothing is in the way, announced, held, failed or planned', () => {
    const last = (situation: MailSituation): string | undefined =>
      /(Nothing (?:else )?is open)/.exec(textOf({ ...calm, ...situation }))?.[1];
    const step = { kind: 'deactivate', deployment: 'mtn-cm', tokenId: 't9', reason: 'ended' } as const;
    const silent = { report: { findings: [] } };
    expect([last({}), last({ ledger: { unreported: [actionOf('deactivate', 'done')] } })]).toEqual([
      'Nothing is open',
      'Nothing is open',
    ]);
    expect([
      last({ input: { obstacles: [{ kind: 'shrunk', text: 'The list shrank.' }] } }),
      last({ ...silent, tokens: [{}], licenses: ['orange,cd,2026-02-01,0', PAID] }),
      last({ ...silent, steps: [{ ...step, withheld: 'x' }] }),
      last({ report: { findings: [], actions: [actionOf('deactivate', 'failed')] } }),
      last({ report: { findings: [], actions: [actionOf('deactivate', 'planned')] } }),
      last({ input: { alerts: [{ key: 'storage x', text: 'A run failed.' }] } }),
    ]).toEqual(Array.from({ length: 6 }, () => 'Nothing else is open'));
  });

  it('begins with what stands in the way of the whole, and with who could not read the mails', () => {
    const { mail } = mailOf({
      ...calm,
      input: {
        obstacles: [
          {
            kind: 'shrunk',
            text: 'The license list went from 60 to 40.',
            approval: {
              event: { function: 'audit', json: '{"approve": [], "reason": "..."}' },
              text: 'Is it right? Then let the new numbers count',
            },
          },
        ],
      },
      ledger: { reported: [{ key: 'nobody could read it', day: '2026-02-27' }] },
    });
    expect(mail.text.split('\n').slice(0, 2)).toEqual([
      'The license list went from 60 to 40.',
      'Is it right? Then let the new numbers count [1].',
    ]);
    expect(mail.text).toContain('    {"approve": [], "reason": "..."}\n');
    expect(flat(mail.text)).toContain(
      'No mail since 27 Feb reached anybody who had confirmed the subscription',
    );
    expect(mail.subject).toContain('a list shrank');
    const alone = textOf({ ...calm, input: { obstacles: [{ kind: 'HOLD', text: 'HOLD is there.' }] } });
    expect(alone).toMatch(/^HOLD is there\.\n\nDocker Hub access/);
  });

  it('says little of what was read while it is too little to be believed, and resolves nothing', () => {
    const { mail, reported } = mailOf({
      tokens: [{ label: 'moov-bj', scopes: ['repo:write'] }, { label: 'mtn-cm' }, {}],
      keys: { 'moov-bj': 'x', 'mtn-cm': 'x', 'orange-cd': 'x' },
      licenses: [PAID, 'orange,cd,2026-02-01,0'],
      ledger: {
        findings: [
          {
            id: 'a',
            kind: 'missing-token',
            severity: 'critical',
            deployment: 'tigo-td',
            since: iso(NOW),
          },
        ],
      },
      input: { obstacles: [{ kind: 'shrunk', text: 'The license list went from 60 to 40.' }] },
    });
    expect(mail.subject).toBe('[Docker Hub tokens] a list shrank');
    expect(mail.text).toContain('LOSES ACCESS NEXT (not while it is doubted what was read)');
    expect(mail.text).not.toMatch(/TO PUT IN ORDER|PUT RIGHT|switch off/);
    expect([...reported].filter((key) => /^(?:finding (?:wrong|unlic)|resolved)/.test(key))).toEqual([]);
  });

  it('says of observe that nothing is changed, and promises no night', () => {
    const { mail } = mailOf({
      tokens: [{}],
      keys: KEYS,
      licenses: ['orange,cd,2026-02-01,0'],
      report: { mode: 'observe' },
    });
    expect(mail.subject).not.toContain('tonight');
    expect(mail.subject).toContain('[Docker Hub tokens, observe]');
    expect(mail.text).toContain('LOSES ACCESS NEXT (not in mode observe)');
    expect(mail.text).toContain('Mode is observe: nothing is changed');
  });

  it('keeps every line to 76 columns, links aside', () => {
    const { mail } = mailOf({
      tokens: [{ label: 'Orange of the Congo'.repeat(5) }, {}],
      keys: KEYS,
      licenses: ['orange,cd,2026-02-01,0', PAID],
      report: { notes: ['n'.repeat(300)] },
    });
    for (const line of mail.text.split('\n'))
      if (!line.startsWith('https://')) expect(line.length).toBeLessThanOrEqual(76);
  });

  it('is critical where a step failed or a finding is, info where nothing happened and nothing is to do', () => {
    const severity = (situation: MailSituation): string => mailOf({ ...calm, ...situation }).mail.severity;
    expect(severity({})).toBe('info');
    const unused = { label: 'moov-bj', lastUsedAt: null, createdAt: NOW - 100 * DAY };
    expect(severity({ tokens: [unused] })).toBe('info');
    expect(severity({ report: { actions: [actionOf('announce', 'done')] } })).toBe('warning');
    expect(severity({ ledger: { unreported: [actionOf('deactivate', 'done')] } })).toBe('warning');
    expect(severity({ report: { actions: [actionOf('deactivate', 'failed')] } })).toBe('critical');
    expect(severity({ keys: { 'moov-bj': 'x', 'old-xx': 'x' } })).toBe('warning');
    expect(severity({ keys: {} })).toBe('critical');
  });
});

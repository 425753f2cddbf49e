// The parts of the nightly mail: who stands in which, what is counted as reported, and what is cut first.
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import type { Step } from '../../lambdas/domain/plan/step.ts';
import { NOW } from '../domain/situation.ts';
import { type MailSituation, actionOf, flat, heldStep, mailOf } from './mail-input.ts';

const PAID = 'moov,bj,2027-01-01,0';
const ENDED = 'orange,cd,2026-02-01,0';
const KEYS = { 'orange-cd': 'x', 'mtn-cm': 'x', 'moov-bj': 'x' };
const TODAY = '2026-03-02';
/** The weekly mail of this week was sent: only news is reported. */
const WEEKLY = { key: 'weekly mail', day: TODAY };

const textOf = (situation: MailSituation): string => mailOf(situation).mail.text;
/** One part of a mail's text, from its title to the blank line behind it. */
const partOf = (text: string, title: string): string =>
  text.split('\n\n').find((part) => part.startsWith(title)) ?? '';

describe('a part that is too long', () => {
  const names = Array.from({ length: 1700 }, (_, index) => `telco${index}-cd`);
  const ending: MailSituation = {
    tokens: names.map((label) => ({ label })),
    licenses: names.map((name) => `${name.slice(0, -3)},cd,2026-02-01,0`),
    report: { findings: [] },
  };
  const some = Array.from({ length: 40 }, (_, index) => `rest${index}-be`);
  const notes = some.map((name) => `${name} is of note.`);

  it.each<[string, string, Partial<MailSituation>, string]>([
    [
      'what is to be put in order',
      'TO PUT IN ORDER',
      {
        tokens: [
          ...(ending.tokens ?? []),
          ...some.map((label, index) => ({ label, ...(index % 2 ? { scopes: [] } : {}) })),
        ],
        licenses: [...(ending.licenses ?? []), ...some.map((name) => `${name.slice(0, -3)},be,2027-01-01,0`)],
        report: {},
      },
      '... and 36 more lines, not reported here: see the report; the next mail reports them.',
    ],
    [
      'what was put right',
      'PUT RIGHT',
      {
        ledger: {
          findings: some.map((deployment) => ({ id: deployment, kind: 'orphaned-key', severity: 'warning', deployment, since: iso(NOW) })), // prettier-ignore
          reported: some.map((name) => ({ key: `finding ${name}`, day: '2026-03-01' })),
        },
      },
      '... and 40 more deployments, not reported here: see the report; the next mail reports them.',
    ],
    [
      'exemptions',
      'EXEMPTIONS',
      { input: { exemptionNews: { lines: notes, remembered: null } } },
      '... and 40 more lines, not reported here: see the report; the next mail reports them.',
    ],
    [
      'notes',
      'NOTES',
      { report: { findings: [], notes } },
      '... and 40 more notes, not reported here: see the report.',
    ],
  ])(
    'of those who lose access drops all of the rest before one of them: %s',
    (_what, title, changes, said) => {
      const { mail, reported } = mailOf({ ...ending, ...changes });
      const part = flat(partOf(mail.text, title));
      expect(part.replace(/^.*?(?=\.\.\.)/, '').trim()).toBe(said);
      expect([...reported].some((key) => key.includes('rest'))).toBe(false);
      expect(partOf(mail.text, 'LOSES ACCESS').length).toBeGreaterThan(17_000);
    },
  );

  it('of those who lose access hides nobody who can’t pull today', () => {
    const { mail } = mailOf({
      ...ending,
      licenses: [...(ending.licenses ?? []), PAID, 'mtn,cm,2027-01-01,0'],
      report: {},
      input: { obstacles: [{ kind: 'shrunk', text: 'It shrank.' }] },
    });
    expect(partOf(mail.text, "CAN'T PULL")).toMatch(/ {2}moov-bj .*\n {2}mtn-cm /);
    expect(flat(mail.text)).toMatch(
      /and \d+ more deployments, not reported here: see the report; the next mail reports them\./,
    );
  });

  it.each<[string, Partial<MailSituation>]>([
    ['what was done', { ledger: { unreported: names.map((deployment) => actionOf('reactivate', 'done', { deployment })) } }], // prettier-ignore
    ['what failed', { report: { findings: [], actions: names.map((deployment) => actionOf('delete-token', 'failed', { deployment })) } }], // prettier-ignore
  ])('counts the steps that it does not show: %s', (_what, changes) => {
    expect(flat(textOf({ licenses: [PAID], report: { findings: [] }, ...changes }))).toMatch(
      /\.\.\. and \d+ more steps, not reported here/,
    );
  });
});

describe('who loses access next', () => {
  it('stands in a line of its own where others of the night have paid until another day', () => {
    const names = Array.from({ length: 12 }, (_, index) => `telco${index}`);
    const text = textOf({
      tokens: names.map((telco) => ({ label: `${telco}-be` })),
      licenses: [...names.map((telco, index) => `${telco},be,${index < 6 ? '2026-02-01,3' : '2026-02-02,2'}`), PAID], // prettier-ignore
    });
    expect(text.match(/paid until 1 Feb, access until 4 Feb$/gm)).toHaveLength(6);
    expect(text.match(/paid until 2 Feb, access until 4 Feb$/gm)).toHaveLength(6);
  });

  it('is told the times of a run by hand in their order, and of none that is past', () => {
    const notice = (hours: number) =>
      ({ tokenId: 't1', deployment: 'orange-cd', step: 'deactivate', end: '2026-02-01', at: iso(NOW - hours * HOUR) }) as const; // prettier-ignore
    const times = (hours: number, steps?: readonly Step[]): string =>
      /By hand, [^.]*\./.exec(
        flat(
          textOf({
            tokens: [{}, { label: 'mtn-cm' }],
            keys: KEYS,
            licenses: [ENDED, 'mtn,cm,2026-03-02,0', PAID],
            ledger: { notices: [notice(hours)] },
            ...(steps === undefined ? {} : { steps }),
          }),
        ),
      )?.[0] ?? '';
    expect(times(5)).toBe('By hand, a run does it from Mon 2 Mar 17:00 and Tue 3 Mar 00:00 on.');
    expect(times(30, [])).toBe('By hand, a run does it from Mon 2 Mar 02:00 on.');
  });

  it('gets no advice in mode observe, where nothing comes', () => {
    const text = textOf({ tokens: [{}], keys: KEYS, licenses: [ENDED, PAID], report: { mode: 'observe' } });
    expect(partOf(text, 'LOSES')).toBe(`LOSES ACCESS NEXT (not in mode observe)
  Tue  3 Mar 03:30  orange-cd  paid until 1 Feb, access until 1 Feb`);
  });

  it('has of its findings only the end reported with it: of another one nothing is said while a list shrank', () => {
    const { reported } = mailOf({
      tokens: [{ scopes: ['repo:write'] }],
      keys: KEYS,
      licenses: [ENDED, PAID],
      report: { mode: 'enforce' },
      input: { obstacles: [{ kind: 'shrunk', text: 'It shrank.' }] },
    });
    expect([...reported].filter((key) => key.includes('orange-cd'))).toEqual([
      'announced deactivate 2026-02-01 orange-cd',
      'finding license-expired:orange-cd:t1',
    ]);
  });
});

describe('who can not pull today', () => {
  const missing: MailSituation = {
    tokens: [{ label: 'moov-bj' }],
    keys: { 'moov-bj': 'x' },
    licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0', PAID],
  };
  const reported = [WEEKLY, { key: 'finding missing-token:mtn-cm', day: '2026-03-01', level: 9999 }];

  it('stands with what cures it where it is news, and behind that by name where it was reported', () => {
    expect(partOf(textOf({ ...missing, ledger: { reported } }), "CAN'T")).toBe(`CAN'T PULL TODAY (2)
  orange-cd  it has no token: first token [1]
  as reported before: mtn-cm`);
  });

  it('and is news stands before all who were reported, so that it is not what is cut', () => {
    const known = Array.from({ length: 1700 }, (_, index) => `known${index}-be`);
    const text = textOf({
      ...missing,
      licenses: [
        ...known.map((name) => `${name.slice(0, -3)},be,2027-01-01,0`),
        'zain,sd,2027-01-01,0',
        PAID,
      ],
      ledger: { reported: [WEEKLY, ...known.map((name) => ({ key: `finding missing-token:${name}`, day: TODAY, level: 9999 }))] }, // prettier-ignore
    });
    expect(text).toContain("CAN'T PULL TODAY (1701)\n  zain-sd  it has no token: first token [1]\n");
    expect(flat(text)).toMatch(/and \d+ more deployments, not reported here/);
  });
});

describe('what a guard holds', () => {
  const world: MailSituation = {
    tokens: [{}, { label: 'mtn-cm' }, { label: 'moov-bj' }],
    keys: KEYS,
    licenses: [ENDED, 'mtn,cm,2026-02-01,0', PAID],
    approvable: [],
  };
  const decide = (situation: MailSituation): string =>
    flat(partOf(textOf({ ...world, ...situation }), 'NOT DONE'));

  it('is no entry of the rest as well, due or announced', () => {
    const text = textOf({ ...world, settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } });
    expect(text).toContain('NOT DONE, PLEASE DECIDE (2)');
    expect(text).not.toContain('TO PUT IN ORDER');
    expect(textOf({ ...world, steps: [heldStep(), heldStep({ deployment: 'mtn-cm' })] })).not.toContain(
      'TO PUT IN',
    );
  });

  it('is not called cut off where a token of it is only deleted', () => {
    expect(
      decide({ steps: [heldStep(), heldStep({ kind: 'delete-token', deployment: 'mtn-cm' })] }),
    ).toContain('Nothing was done: a guard holds it.');
  });

  it.each<[string, Partial<Step>, readonly string[]]>([
    ['without an announcement', {}, []],
    ['whose end nobody knows', { announces: 'deactivate' }, []],
    ['with an end and no announcement', { end: '2026-02-01' }, []],
    ['that is announced again', { announces: 'deactivate', end: '2026-02-01' }, ['announced deactivate 2026-02-01 orange-cd']], // prettier-ignore
  ])('is reported as a step, and as an end only where it gives notice: %s', (_what, changes, announced) => {
    const { reported } = mailOf({ ...world, licenses: [PAID], report: { findings: [] }, steps: [heldStep(changes)] }); // prettier-ignore
    expect([...reported]).toEqual(['step deactivate t1 orange-cd', ...announced]);
  });

  const renewed: MailSituation = {
    tokens: [{ label: 'expresso-sn' }, { label: 'moov-bj' }],
    keys: { 'expresso-sn': 'x', 'moov-bj': 'x' },
    licenses: ['expresso,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', PAID],
  };

  it('by two guards says why of each', () => {
    expect(decide({ ...renewed, settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } })).toContain(
      'It will not be cut off: with caps of 0 in the configuration the audit withdraws nothing; it was probably renewed as expreso-sn: correct the name in licenses.csv, or rename the token [1].',
    );
  });

  it('has the event of a rename only where its reason speaks of one', () => {
    const text = textOf({ ...renewed, approvable: [], report: { findings: [] }, steps: [heldStep({ deployment: 'expresso-sn' })] }); // prettier-ignore
    expect(flat(partOf(text, 'NOT DONE'))).toContain('Not cut off: a guard holds it.');
    expect(text).not.toContain('renameTo');
  });

  it('has no event of a rename where two may be the one that was renewed', () => {
    const text = textOf({
      tokens: [{ label: 'expresso-sn' }, { label: 'expresoo-sn' }, { label: 'moov-bj' }],
      keys: { 'expresso-sn': 'x', 'expresoo-sn': 'x', 'moov-bj': 'x' },
      licenses: ['expresso,sn,2026-02-01,0', 'expresoo,sn,2026-02-01,0', 'expreso,sn,2027-01-01,0', PAID],
    });
    expect(flat(text)).toContain('probably renewed as expreso-sn: correct the name in licenses.csv, or rename the token. '); // prettier-ignore
    expect(text).not.toContain('renameTo');
  });

  it.each([
    ['both names fit a line', 60, ' [1].'],
    ['the ended one is too long', 61, '.'],
    ['both are too long', 62, '.'],
  ])('has the event of a rename only where no name would be broken in two: %s', (_what, length, end) => {
    const telco = 'expresso'.repeat(8).slice(0, length);
    const other = `${telco.slice(0, -2)}${telco.slice(-1)}`;
    const text = textOf({
      tokens: [{ label: `${telco}-sn` }, { label: 'moov-bj' }],
      licenses: [`${telco},sn,2026-02-01,0`, `${other},sn,2027-01-01,0`, PAID],
      report: { findings: [] },
    });
    expect(flat(partOf(text, 'NOT DONE')).replace(/^.* or rename the token/, '')).toBe(end);
  });
});

describe('what failed, and what would be done', () => {
  const actions = [actionOf('deactivate', 'planned', { reason: 'ended' })];
  const observed: MailSituation = { licenses: [PAID], report: { mode: 'observe', findings: [], actions } };

  it('is said where it is news, and where it was reported in the weekly mail alone', () => {
    const known = { key: 'step deactivate t1 orange-cd', day: '2026-03-01', state: 'planned' };
    const said = (reported: readonly { key: string; day: string }[]): boolean =>
      textOf({ ...observed, ledger: { reported: [...reported] } }).includes('WOULD BE DONE (1)');
    expect([said([]), said([WEEKLY]), said([known]), said([known, WEEKLY])]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('the rest', () => {
  const restOf = (situation: MailSituation): string[] =>
    partOf(textOf(situation), 'TO PUT IN ORDER')
      .replace(/\n {2}/g, ' ')
      .split('\n')
      .slice(1);

  it('has what else is wrong with a token whose name is cured above', () => {
    const { mail, reported } = mailOf({
      tokens: [{ label: 'Moov_BJ', scopes: ['repo:write'] }],
      keys: { Moov_BJ: 'x' },
      licenses: [PAID],
    });
    expect(mail.subject).toBe("[Docker Hub tokens] 1 can't pull, 1 to fix");
    expect(partOf(mail.text, 'TO PUT IN ORDER')).toContain('\n- Moov_BJ: its token may do more than pull');
    expect([...reported].sort()).toEqual([
      'finding misnamed-key:Moov_BJ',
      'finding misnamed-token:Moov_BJ:t1',
      'finding missing-token:moov-bj',
      'finding wrong-scope:Moov_BJ:t1',
    ]);
  });

  it('has one line for those with the same to say alone', () => {
    const lines = restOf({
      tokens: [{ scopes: ['repo:write'] }, { label: 'mtn-cm', lastUsedAt: null, createdAt: NOW - 100 * DAY }],
      keys: KEYS,
      licenses: ['orange,cd,2027-01-01,0', 'mtn,cm,2027-01-01,0'],
    });
    expect(lines).toContain('- orange-cd: its token may do more than pull: new token');
    expect(lines).toContain('- mtn-cm: its token is not used: does it still run?');
  });

  it('says no cure where there is none', () => {
    expect(
      restOf({ tokens: [{ label: 'Zebra_QQ' }, { label: 'moov-bj' }], keys: { 'moov-bj': 'x' }, licenses: [PAID] }), // prettier-ignore
    ).toEqual(['- Zebra_QQ: its token is not stored in Vault; its token has a misspelt name']);
  });

  it.each<[string, Parameters<typeof restOf>[0], string]>([
    [
      'one question where nothing cures the rest',
      { tokens: [{ label: 'Zebra_QQ', lastUsedAt: null, createdAt: NOW - 100 * DAY }], licenses: [PAID] },
      '- Zebra_QQ: its token is not stored in Vault; its token has a misspelt name; its token is not used: does it still run?', // prettier-ignore
    ],
    [
      'several in the order of what is found',
      { tokens: [{ lastUsedAt: null, createdAt: NOW - 100 * DAY }], keys: { 'orange-cd': 'x' }, licenses: ['orange,cd,2026-03-20,0'] }, // prettier-ignore
      '- orange-cd: paid until 20 Mar, access until 20 Mar; its token is not used: has it renewed?, or does it still run?', // prettier-ignore
    ],
  ])('asks %s', (_rule, situation, line) => {
    expect(restOf(situation)).toEqual([line]);
  });

  it('says what is to be done before what is to be asked, whatever is found first', () => {
    expect(
      restOf({
        tokens: [{ expiresAt: NOW + 10 * DAY }, { label: 'moov-bj' }],
        keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
        licenses: ['orange,cd,2026-03-20,0', PAID],
      }),
    ).toEqual([
      '- orange-cd: paid until 20 Mar, access until 20 Mar; its token expires on 12 Mar: new token, or has it renewed?', // prettier-ignore
    ]);
  });

  it('does not say again that one has ended whom this run switched off', () => {
    const ended: MailSituation = {
      tokens: [{}, {}, { label: 'moov-bj' }],
      keys: { 'orange-cd': 'x', 'moov-bj': 'x' },
      licenses: [ENDED, PAID],
      ledger: { restores: [{ tokenId: 't2', deployment: 'orange-cd', at: iso(NOW - DAY), reason: '' }] },
      steps: [],
    };
    expect(textOf(ended)).toContain('- orange-cd: has ended');
    const done = textOf({ ...ended, ledger: { ...ended.ledger, unreported: [actionOf('deactivate', 'done')] } }); // prettier-ignore
    expect(done).toContain('- orange-cd: 2 tokens work at the same time');
  });

  it('says while a list shrank of nothing that it was put right', () => {
    const right: MailSituation = {
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      ledger: {
        findings: [{ id: 'a', kind: 'orphaned-key', severity: 'warning', deployment: 'old-xx', since: iso(NOW) }], // prettier-ignore
        reported: [{ key: 'finding a', day: '2026-03-01' }],
      },
    };
    expect(textOf(right)).toContain('PUT RIGHT');
    expect(textOf({ ...right, input: { obstacles: [{ kind: 'shrunk', text: 'x' }] } })).not.toContain('PUT RIGHT'); // prettier-ignore
  });

  it('counts what changed of exemptions as reported, and notes as nothing that is remembered', () => {
    const { reported } = mailOf({
      tokens: [{ label: 'moov-bj' }],
      keys: { 'moov-bj': 'x' },
      licenses: [PAID],
      report: { notes: ['A note.'] },
      input: { exemptionNews: { lines: ['a is no longer exempt.'], remembered: null } },
    });
    expect([...reported]).toEqual(['exemption a is no longer exempt.']);
  });
});

// An approval: who said so and why, over which guard, and what the next nights compare the lists with.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { type AuditEvent, auditEventSchema } from '../../lambdas/audit/event.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { steps } from './nightly.ts';

const NAMES = [
  'orange-cd',
  'mtn-cm',
  'airtel-td',
  'moov-bj',
  'telma-mg',
  'vodacom-cd',
  'onatel-bf',
  'togocom-tg',
];
const ENDED = NAMES.slice(0, 4);
let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  for (const name of NAMES) sandbox.addToken(name);
  licenses(NAMES);
});

/** The first four have ended, of those that the list names. */
function licenses(names: readonly string[]): void {
  sandbox.putLicenses(names.map((name) => [name, ENDED.includes(name) ? '2026-03-01' : '2027-01-01']));
}

async function run(event: AuditEvent = {}): Promise<AuditResult> {
  return audit(parseEvent(auditEventSchema, event), sandbox.services());
}

async function night(): Promise<AuditResult> {
  const result = await run();
  sandbox.now += DAY;
  return result;
}

const reportOf = ({ report }: AuditResult): string => sandbox.bucket.text(report) ?? '';

describe('an approval', () => {
  it('says in mail, report and ledger that it was one, over which guard, and what they say', async () => {
    await night();
    expect((await run()).outcome).toBe('withheld');
    const result = await run({
      approve: ['orange-cd'],
      reason: 'they told us on the phone',
      requestedBy: 'ann',
    });
    expect(steps(result)).toContain('deactivate orange-cd done');
    const reason = result.actions.find(({ status }) => status === 'done')?.reason ?? '';
    expect(reason).toContain('by approval ("ann" says "they told us on the phone"), over:');
    expect(reason).toContain('more than the 3 allowed');
    expect(reportOf(result)).toContain('they told us on the phone');
    expect(sandbox.lastMail).toContain('"ann" says "they told us on the phone"');
    expect(sandbox.ledger.suspensions[0]?.reason).toContain(
      'by approval ("ann" says "they told us on the phone")',
    );
    expect(sandbox.ledger.withdrawals).toMatchObject([{ deployment: 'orange-cd', approved: true }]);
  });

  it('is no night: a catch-up goes by the last one', async () => {
    await run();
    sandbox.now += HOUR;
    const before = sandbox.ledger.lastNight;
    await run({ approve: [], reason: 'the list is right' });
    expect(sandbox.ledger.lastNight).toEqual(before);
  });

  it('of nobody takes what was read as the measure, and withdraws nothing', async () => {
    await night();
    // Two rows more than may go are gone, and of the four that have ended one has not been renewed.
    sandbox.putLicenses([
      ['orange-cd', '2026-03-01'],
      ...NAMES.slice(1, 5).map((name) => [name, '2027-01-01'] as const),
    ]);
    expect(steps(await run())).toEqual(['deactivate orange-cd withheld']);
    const mails = sandbox.mails.length;
    const approved = await run({ approve: [], reason: 'four customers left us' });
    expect(steps(approved)).toEqual(['deactivate orange-cd withheld']);
    expect(sandbox.mails.length).toBe(mails + 1);
    expect(sandbox.lastMail).toContain('This run was an approval (the caller says "four customers left us")');
    expect(reportOf(approved)).toContain('nothing is withdrawn');
    expect(steps(await run())).toEqual(['deactivate orange-cd done']);
  });
});

describe('who is due and not named by an approval', () => {
  it('loses access the next night, as the mail says, where nothing else holds them', async () => {
    await night();
    const result = await run({ approve: ['orange-cd'] });
    expect(steps(result)).toContain('deactivate mtn-cm withheld');
    const mail = sandbox.lastMail;
    expect(mail).not.toContain('NOT DONE');
    expect(mail).toContain('LOSES ACCESS NEXT');
    for (const name of ['mtn-cm', 'airtel-td', 'moov-bj']) expect(mail).toContain(`Tue 3 Mar 03:30 ${name}`);
    expect(mail).not.toContain('Nobody loses access');
    expect(sandbox.mails.at(-1)?.subject).toContain('3 lose access tonight, 1 revoked');
    expect(mail).toContain('Still open: 3 ended');
    sandbox.now += DAY;
    expect(
      steps(await run())
        .filter((step) => step.endsWith('done'))
        .sort(),
    ).toEqual(['deactivate airtel-td done', 'deactivate moov-bj done', 'deactivate mtn-cm done']);
  });

  it('stays withheld by what holds them besides, and is reported once for that', async () => {
    const more = ['free-sn', 'tigo-tz'];
    for (const name of more) sandbox.addToken(name);
    sandbox.putLicenses([...NAMES, ...more].map((name) => [name, ENDED.includes(name) || more.includes(name) ? '2026-03-01' : '2027-01-01'])); // prettier-ignore
    await night();
    await run();
    const result = await run({ approve: ['orange-cd'] });
    const others = result.actions.filter(({ status }) => status === 'withheld');
    expect(others.map(({ reason }) => reason.split(';')[0])).toEqual(
      Array(5).fill('5 withdrawals due and 0 in the last 20 hours are more than the 3 allowed'),
    );
    const mails = sandbox.mails.length;
    await night();
    expect(sandbox.mails.slice(mails).map(({ text }) => text)).toEqual([]);
  });
});

describe('what guards withhold', () => {
  it('disturbs nothing: a catch-up has nothing to do', async () => {
    await night();
    expect((await run()).outcome).toBe('withheld');
    sandbox.now += HOUR;
    expect((await run({ catchUp: true })).notes.join()).toContain('Nothing to catch up');
  });
});

describe('a list that changed since the last run', () => {
  it('is in the mail of the night that follows and in the whole of its report', async () => {
    licenses(NAMES.slice(4));
    await night();
    licenses([...NAMES.slice(5), ...Array.from({ length: 30 }, (_, index) => `new${index}-be`)]);
    const result = await run();
    expect(sandbox.lastMail).toContain(
      'licenses.csv: new0-be is new: paid until 1 Jan 2027, access until 1 Jan 2027.',
    );
    expect(result.notes.filter((note) => note.startsWith('licenses.csv: '))).toHaveLength(31);
    const mails = sandbox.mails.length;
    sandbox.now += HOUR;
    await run();
    expect(
      sandbox.mails
        .slice(mails)
        .map(({ text }) => text)
        .join(''),
    ).not.toContain('is new');
  });
});

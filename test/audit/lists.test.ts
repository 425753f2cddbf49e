// What a night makes of the lists, and of what lies beside them in the bucket.
import { beforeEach, describe, expect, it } from 'vitest';
import { isHold, lookAlikeOf } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { nightly } from './nightly.ts';

let sandbox: MemorySandbox;
const names = Array.from({ length: 12 }, (_, index) => `telco${index}-be`);

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  for (const name of names) sandbox.addToken(name);
  list();
});

/** Writes the list: every name paid for long, but those that are given other rows. */
function list(changes: Readonly<Record<string, string>> = {}, more: readonly string[] = []): void {
  const rows = names.map((name) => changes[name] ?? `${name.replace('-', ';')};2027-12-31`);
  sandbox.bucket.put('licenses.csv', ['telco;country;expires_on', ...rows, ...more, ''].join('\n'));
}

const night = (): Promise<AuditResult> => nightly(sandbox);
const nights = async (count: number): Promise<AuditResult> => {
  let last = await night();
  for (let index = 1; index < count; index++) last = await night();
  return last;
};

describe('an object that holds', () => {
  it.each([
    'HOLD',
    'HOLD.txt',
    'hold',
    'Hold.TXT',
    'Hold/',
    ' hold .txt',
    'HOLD.txt.txt',
    'hold.',
    '\u202aHOLD\u202c',
  ])('may be called %j, and the mail says since when it is there', async (key) => {
    list({ 'telco3-be': 'telco3;be;2026-02-01' });
    sandbox.bucket.put(key, '');
    const result = await nights(3);
    expect([isHold(key), sandbox.isOn('telco3-be'), result.outcome]).toEqual([true, true, 'withheld']);
    expect(sandbox.mails[0]?.text.replaceAll(/\s+/g, ' ')).toMatch(/HOLD is in the bucket.* since 2 Mar/);
  });

  it.each(['threshold', 'holdings.csv', 'household', 'HOLD2', 'reports/', 'licenses.csv', 'ledger.json'])(
    'is not %j',
    (key) => {
      expect(isHold(key)).toBe(false);
    },
  );

  it('may be there under no name that can be seen: then nothing is withdrawn, and the run is incomplete', async () => {
    list({ 'telco3-be': 'telco3;be;2026-02-01' });
    await night();
    sandbox.fate = (call) => (call === 'bucket.list' ? 'fail before' : 'pass');
    await expect(night()).rejects.toThrow('StorageUnavailable');
    expect(sandbox.isOn('telco3-be')).toBe(true);
  });
});

describe('a list of which much changed', () => {
  it('has its losses first in the mail, which says how many more notes the report has', async () => {
    await night();
    const more = Array.from({ length: 400 }, (_, index) => `new${index};be;2027-12-31`);
    list({ 'telco9-be': 'telco9;be;2027-06-30' }, more);
    await night();
    expect(sandbox.lastMail).toContain('telco9-be: the end moved BACK');
    expect(sandbox.lastMail).toContain('401 changes since it was last read');
    expect(sandbox.lastMail).toMatch(/\.\.\. and \d+ more notes, not reported here: see the report\. /);
    const reports = sandbox.bucket.keysAsWritten
      .filter((key) => /^reports\/.*json$/.test(key))
      .map((key) => sandbox.bucket.text(key));
    expect(reports.at(-1)?.match(/"licenses\.csv: new\d+-be is new/g)).toHaveLength(400);
  });
});

describe('an object that looks like a list', () => {
  it.each([
    ['Licenses.csv', 'licenses.csv'],
    ['licenses (1).csv', 'licenses.csv'],
    ['licenses - Copy.csv', 'licenses.csv'],
    ['Copy of licenses.csv', 'licenses.csv'],
    ['licenses.csv.csv', 'licenses.csv'],
    ['licenses.xlsx', 'licenses.csv'],
    ['licences.csv', 'licenses.csv'],
    ['license.csv', 'licenses.csv'],
    ['icenses.csv', 'licenses.csv'],
    ['licenses_2026-11.csv', 'licenses.csv'],
    ['exemptions.xlsx', 'exemptions.csv'],
    ['Exemption.csv', 'exemptions.csv'],
    ['exempti.csv', 'exemptions.csv'],
    ['exemptions/', 'exemptions.csv'],
    ['hold (1).txt', 'HOLD'],
    ['ledger (1).json', 'ledger.json'],
  ])('%j is reported', (key, meant) => {
    expect(lookAlikeOf(key)).toBe(meant);
  });

  it.each([
    'licenses.csv',
    'exemptions.csv',
    'HOLD',
    'hold.txt',
    'ledger.json',
    'lease.json',
    'reports/',
    'notes.txt',
    'invoices.csv',
  ])('%j is not', (key) => {
    expect(lookAlikeOf(key)).toBeUndefined();
  });

  it('is named in mail and report, without what it may have in its name, and not read', async () => {
    sandbox.bucket.put('Licenses.csv', 'telco;country;expires_on\n');
    sandbox.bucket.put('exemptions dckr_pat_AAAAAAAAAAAAAAAAAAAAAAAAAAA.csv', '');
    const { notes, report } = await night();
    expect(notes.join('\n')).toContain(
      'The object Licenses.csv, of 2 Mar, lies in the bucket, looks like licenses.csv, which is of 2 Mar, and is not read',
    );
    expect(sandbox.lastMail).toContain('The object Licenses.csv');
    expect(JSON.stringify([sandbox.bucket.text(report), notes, sandbox.mails])).not.toContain('AAAAAAAA');
    const before = sandbox.mails.length;
    await night();
    expect(sandbox.mails).toHaveLength(before);
  });
});

describe('what changed in the license list', () => {
  it('is said once, with the version that did', async () => {
    await nights(2);
    list({ 'telco1-be': 'telco1;be;2028-06-30', 'telco2-be': 'telco2;be;9999-12-31', 'telco3-be': '' }, [
      'orange;cd;2027-01-01',
    ]);
    const { notes } = await night();
    const text = notes.join('\n');
    expect(text).toMatch(/licenses\.csv changed \(version [0-9a-f]{32}, uploaded on \d+ \w+\): 4 changes/);
    expect(text).toContain('telco1-be: the end moved forward');
    expect(text).toContain('telco2-be: the end moved forward');
    expect(text).toContain('telco3-be is gone from the list');
    expect(text).toContain('orange-cd is new');
    expect(sandbox.lastMail).toContain('telco3-be is gone from the list');
    expect((await night()).notes.join()).not.toContain('licenses.csv changed');
    list({ 'telco2-be': 'telco2;be;2026-05-01', 'telco3-be': '' });
    await night();
    expect(sandbox.lastMail).toContain('telco2-be: the end moved BACK');
  });
});

describe('how days were read', () => {
  it('is said where no day of the list shows the order in which it was written', async () => {
    list({ 'telco1-be': 'telco1;be;03/04/2027' });
    const { notes } = await night();
    expect(notes.join()).toContain('"03/04/2027" in line 3 as 2027-04-03');
    expect(sandbox.lastMail).toContain('"03/04/2027" in line 3 as 2027-04-03');
    list({ 'telco1-be': 'telco1;be;03/04/2027', 'telco2-be': 'telco2;be;31/12/2027' });
    expect((await night()).notes.join()).not.toContain('03/04/2027');
  });
});

describe('an exemption', () => {
  const exempt = (...rows: string[]): void => {
    sandbox.bucket.put('exemptions.csv', ['label,reason,owner,until', ...rows, ''].join('\n'));
  };

  it('whose label is nobody’s name is reported with the one that was probably meant, which keeps its access', async () => {
    list({ 'telco0-be': 'telco0;be;2026-02-01' });
    exempt('Telco0-BE,strategic,sales,');
    const { notes } = await nights(3);
    expect(notes.join()).toContain('probably telco0-be is meant, and nothing is withdrawn from it');
    expect(sandbox.mails[0]?.text.replaceAll(/\s+/g, ' ')).toContain(
      'The exemption of Telco0-BE exempts nobody',
    );
    expect(sandbox.isOn('telco0-be')).toBe(true);
  });

  it('whose label is like no name is reported as such', async () => {
    exempt('something-else,why,ann,');
    expect((await night()).notes.join()).toContain(
      'The exemption of something-else exempts nobody: no token, key or row',
    );
  });

  it('that was over when it was added is said, once', async () => {
    await night();
    exempt('telco0-be,why,ann,2026-01-31');
    expect((await night()).notes.join()).toContain('was over on 2026-01-31 already when it was added');
    expect(sandbox.lastMail).toContain('was over on 2026-01-31 already');
    expect((await night()).notes.join()).not.toContain('2026-01-31');
  });
});

describe('the days of exemptions.csv', () => {
  it.each(['03/04/2027', '03-04-2027'])(
    'that fit both orders (%s) come with a note that says how they were read',
    async (until) => {
      sandbox.bucket.put('exemptions.csv', `label,reason,owner,until\ntelco0-be,migration,ops,${until}\n`);
      await night();
      expect(sandbox.lastMail).toContain(
        `No day of exemptions.csv shows whether the day or the month comes first, so they were read day-first (dateOrder): "${until}" in line 2 as 2027-04-03.`,
      );
    },
  );

  it('that show their order come with none', async () => {
    sandbox.bucket.put(
      'exemptions.csv',
      'label,reason,owner,until\ntelco0-be,a,ops,03/04/2027\ntelco1-be,b,ops,31/12/2027\n',
    );
    await night();
    expect(sandbox.lastMail).not.toContain('No day of exemptions.csv');
  });

  it('are all unreadable where one fits the other order only, in whatever column', async () => {
    sandbox.bucket.put(
      'exemptions.csv',
      'label,reason,owner,until\ntelco0-be,since 2026,ops,03-04-2027\ntelco1-be,b,ops,12-31-2027\n',
    );
    await expect(night()).rejects.toThrow('ExemptionsUnreadable');
  });
});

describe('an exemption whose label means one or several deployments in a way that is not read', () => {
  it.each([
    ['telco3-*', 'telco3-be'],
    ['*', 'telco3-be'],
    ['TELCO3*', 'telco3-be'],
    ['telco?-be', 'telco3-be'],
    ['%3-be', 'telco3-be'],
    ['telco3', 'telco3-be'],
    ['telco3-be (base)', 'telco3-be'],
    ['telco1-be, telco3-be', 'telco3-be'],
    ['*a'.repeat(50), 'telco3-be'],
  ])('%s: protects them until it is corrected, and is reported', async (label, name) => {
    list({ [name]: `${name.replace('-', ';')};2026-02-01` });
    sandbox.bucket.put('exemptions.csv', `label,reason,owner,until\n"${label}",strategic,sales,\n`);
    const { outcome } = await nights(3);
    expect([sandbox.isOn(name), outcome]).toEqual([true, 'withheld']);
    const mail = (sandbox.mails[0]?.text ?? '').replaceAll(/\s+/g, ' ');
    expect(mail).toMatch(
      /exempts nobody, since no token, key or row of licenses.csv has that name; probably .*telco/,
    );
  });

  it.each(['te', 'other-*', 'telco', 'be', 'some other customer'])('%s: protects nobody', async (label) => {
    list({ 'telco3-be': 'telco3;be;2026-02-01' });
    sandbox.bucket.put('exemptions.csv', `label,reason,owner,until\n"${label}",strategic,sales,\n`);
    await nights(3);
    expect(sandbox.isOn('telco3-be')).toBe(false);
  });
});

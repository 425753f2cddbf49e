// What `check` says of lists on one's own machine, held against the review's mail of the same lists.
import { describe, expect, it } from 'vitest';
import { checkLists } from '../../bin/auditor/check.ts';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { defaultSettings } from '../default-settings.ts';
import { startSandbox } from '../sandbox/sandbox.ts';

const NAMES = Array.from({ length: 12 }, (_, index) => `telco${index}-be`);
const ROWS = NAMES.map((name) => `${name.replace('-', ';')};2027-12-31`);
const CONTENT = ['dckr', 'pat', 'abcdefghijklmnopqrstuvwxyz0'].join('_');
const HEADER = 'telco;country;expires_on';
const GOOD = [HEADER, ...ROWS, ''].join('\n');

const withRows = (...more: readonly string[]): string => [HEADER, ...ROWS, ...more, ''].join('\n');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** The review's mail of an upload after one night, or the message with which it failed; and the lines of `check`. */
async function bothOf(lists: {
  readonly licenses?: string;
  readonly exemptions?: string;
}): Promise<{ review: string; check: readonly string[] }> {
  // prettier-ignore
  const sandbox = startSandbox({ transport: 'memory' });
  for (const name of NAMES) sandbox.addToken(name);
  sandbox.bucket.put(OBJECTS.licenses, GOOD);
  await audit({}, sandbox.services());
  sandbox.now += DAY - HOUR;
  const ledger = sandbox.bucket.text(OBJECTS.ledger);
  const files = { [OBJECTS.licenses]: lists.licenses ?? GOOD, [OBJECTS.exemptions]: lists.exemptions };
  for (const [key, text] of Object.entries(files)) if (text !== undefined) sandbox.bucket.put(key, text);
  const mails = sandbox.mails.length;
  const failure = await audit({ review: true }, sandbox.services()).then(
    () => undefined,
    (error: unknown) => error,
  );
  const check = checked({
    licenses: bytes(lists.licenses ?? GOOD),
    exemptions: lists.exemptions === undefined ? undefined : bytes(lists.exemptions),
    ledger: ledger === undefined ? undefined : bytes(ledger),
  });
  const mailed = sandbox.mails.slice(mails).map(({ text }) => text);
  return {
    review: oneLine([...mailed, failure instanceof Error ? failure.message : ''].join('\n')),
    check: check(sandbox.now),
  };
}

const checked =
  (files: Parameters<typeof checkLists>[0]) =>
  (now: number): readonly string[] => {
    // prettier-ignore
    try {
    return checkLists(files, defaultSettings(), now).lines;
  } catch (error) {
    return [error instanceof Error ? error.message : ''];
  }
  };

describe('a check of a list says of it what the review of its upload says', () => {
  it.each([
    ['a day that no calendar has', withRows('mtn;gn;2026-02-30')],
    ['a word in place of a day', withRows('mtn;gn;perpetual')],
    ['no country', withRows('mtn;;2027-01-01')],
    ['neither name', withRows(';;2027-01-01')],
    ['cells that slipped to the right', withRows('mtn;gn;x;2027-01-01')],
    ['fewer cells than the header', withRows('mtn;2027-01-01')],
    ['a repeated header', withRows(HEADER)],
    ['a row of totals', withRows('Total;;12')],
    ['a year of two digits', withRows('mtn;gn;31/12/26')],
    ['a month by its name', withRows('mtn;gn;31-Dec-2026')],
    ['a serial number', withRows('mtn;gn;46387')],
    ['a day too far ahead', withRows('mtn;gn;2062-01-01')],
    ['days that fit two orders', withRows('mtn;gn;03/04/2027')],
    ['days in two orders', withRows('mtn;gn;31/12/2026', 'mtn;cm;12/31/2026')],
    ['a new customer', withRows('mtn;gn;2027-01-01')],
    ['an end that moved back', GOOD.replace('2027-12-31', '2026-12-31')],
    ['a row that is gone', [HEADER, ...ROWS.slice(1), ''].join('\n')],
    ['most rows gone', [HEADER, ...ROWS.slice(8), ''].join('\n')],
    ['a title above the header', `Licenses of 2026\n${GOOD}`],
    ['tabs', GOOD.replaceAll(';', '\t')],
    ['no column for the end', GOOD.replace('expires_on', 'end')],
    ['an open quote', withRows('"mtn;gn;2027-01-01')],
    ['a header alone', `${HEADER}\n`],
    ['nothing', ''],
    ['a content in a cell', withRows(`mtn;gn;${CONTENT}`)],
  ])('%s', async (_, licenses) => {
    const { review, check } = await bothOf({ licenses });
    const said = check.map((line) => line.replace(/ \d+ in force today, \d+ ended\.$/, ''));
    for (const line of said) expect(review).toContain(oneLine(line));
    expect(said.length).toBeGreaterThan(0);
  });

  it.each([
    [
      'a label that nothing has',
      'Telco0-BE,strategic,sales,\n',
      /no row of licenses.csv has it; probably telco0-be is meant/,
    ],
    ['an end that was over when it was added', 'telco1-be,strategic,sales,2026-01-01\n', undefined],
    ['a row in order', 'telco1-be,strategic,sales,2026-12-31\n', undefined],
    ['no day', 'telco1-be,strategic,sales,soon\n', undefined],
    ['an unknown kind', 'telco1-be,strategic,sales,\ntelco2-be,x,y,,everything\n', undefined],
  ])('exemptions: %s', async (_, rows, ofFilesAlone) => {
    // prettier-ignore
    const { review, check } = await bothOf({ exemptions: `label,reason,owner,until\n${rows}` });
    const lines = check.filter((line) => !line.startsWith('licenses.csv: '));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      if (ofFilesAlone?.test(line) === true) expect(review).toContain('The exemption of Telco0-BE exempts nobody');
      else expect(review).toContain(oneLine(line)); // prettier-ignore
    if (ofFilesAlone !== undefined) expect(lines.join('\n')).toMatch(ofFilesAlone);
  });

  it('names the deployment in force under which an ended one was probably renewed', () => {
    const lines = checked({ licenses: bytes(withRows('orange;cd;2025-01-01', 'orange;drc;2027-01-01')) })(Date.parse('2026-03-02')); // prettier-ignore
    expect(lines.join('\n')).toContain(
      'orange-cd has ended, and orange-drc in force has a near name. Unless that is another customer: It was probably renewed as orange-drc: correct the name in licenses.csv',
    );
  });
});

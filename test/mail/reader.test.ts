// A reader with ten seconds: who must stand in the first 25 lines of each of five nights' mails.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { makeServices } from '../../lambdas/runtime/make-services.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import { createClock } from '../sandbox/clock.ts';
import { type Sandbox, startSandbox } from '../sandbox/world.ts';

/** A Friday, at the time of the nightly run. */
const FIRST_NIGHT = Date.parse('2026-11-27T02:30:00Z');
const kept = { ...process.env };
const mails: { readonly subject: string; readonly lines: readonly string[] }[] = [];
let sandbox: Sandbox | undefined;

async function night(inside: Sandbox): Promise<void> {
  const nothing = (): void => undefined;
  const before = inside.aws.published.length;
  await audit(
    {},
    makeServices(readSettings(inside.environment), {
      deadline: inside.clock.now() + 600_000,
      requestId: `night ${before}`,
      log: { info: nothing, warn: nothing, error: nothing },
      meter: { count: nothing, milliseconds: nothing, flush: nothing },
      clock: inside.clock,
    }),
  );
  const published = inside.aws.published.slice(before);
  mails.push({
    subject: published.map(({ subject }) => subject).join(),
    lines: published.flatMap(({ messages }) => (messages.get('email') ?? '').trimEnd().split('\n')),
  });
  inside.clock.advance(DAY);
}

const licensesOf = (inside: Sandbox): string[] =>
  (inside.aws.bucket.text(OBJECTS.licenses) ?? '').trimEnd().split(/\r?\n/);

/** A row under the columns of a header, with the header's own separator. */
function rowOf(header: string, cells: Readonly<Record<string, string>>): string {
  const separator = header.includes(';') ? ';' : ',';
  return header
    .split(separator)
    .map((column) => cells[column.replace(/\W/g, '').toLowerCase()] ?? '')
    .join(separator);
}

beforeAll(async () => {
  sandbox = await startSandbox({ now: createClock({ now: FIRST_NIGHT, ticking: false }) });
  Object.assign(process.env, sandbox.environment);
  await night(sandbox);
  await night(sandbox);
  const [header = '', ...rows] = licensesOf(sandbox);
  const renewal = rowOf(header, { telco: 'airtel', country: 'ne', expires_on: '2027-12-31' });
  const renewed = [header, ...rows, renewal];
  sandbox.putLicenses(renewed.join('\n'));
  await night(sandbox);
  // The first two thirds of a file that was cut on its way.
  sandbox.putLicenses(`${renewed.slice(0, Math.floor(renewed.length * 0.65)).join('\n')}\n`);
  await night(sandbox);
  sandbox.putLicenses(renewed.join('\n'));
  sandbox.aws.bucket.put(OBJECTS.hold, '', 'text/plain');
  await night(sandbox);
}, 120_000);

afterAll(async () => {
  await sandbox?.close();
  process.env = { ...kept };
});

/** What somebody must see at once, night by night. */
const SEEN: readonly (readonly [night: number, what: string, seen: readonly (string | RegExp)[]])[] = [
  [
    1,
    'who loses access tonight or in a week, and who can not pull',
    [
      /Sat 28 Nov 03:30 {2}airtel-ne/,
      /Sat 28 Nov 03:30 {2}telecel-gh/,
      /Fri {2}4 Dec 03:30 {2}orange-ml/,
      'africell-ao',
      'africell-ug',
      'expreso-sn',
      'mtn-gn',
      'orange-lr',
      'smart-tz',
    ],
  ],
  [
    2,
    'who was switched off, who is held, who is next',
    ['airtel-ne', 'telecel-gh', 'expresso-sn', 'orange-ml'],
  ],
  [3, 'who is on again, who is next', [/airtel-ne {2}switched on again/, 'orange-ml']],
  [4, 'that the list shrank', [/^The license list .*\d+ to \d+/, 'orange-ml']],
  [5, 'that HOLD is there', [/^HOLD is in the bucket/]],
];

describe('the mail of a night in the sandbox', () => {
  it.each(SEEN)('%i says in its first 25 lines %s', (number, _what, seen) => {
    const first = mails[number - 1]?.lines.slice(0, 25).join('\n') ?? '';
    for (const text of seen)
      expect(first).toMatch(text instanceof RegExp ? text : new RegExp(`\\b${text}\\b`));
  });

  it('has at most 60 lines on the first night, none longer than 76 columns but a link', () => {
    expect(mails[0]?.lines.length).toBeLessThanOrEqual(60);
    for (const { lines } of mails)
      for (const line of lines) if (!line.startsWith('https://')) expect(line.length).toBeLessThanOrEqual(76);
  });

  it('has a subject that says the most urgent thing first', () => {
    const subjects = mails.map(({ subject }) => subject.replace('[Docker Hub tokens] ', '').split(',')[0]);
    expect(subjects).toEqual([
      expect.stringMatching(/^[23] lose access tonight$/),
      "6 can't pull",
      "6 can't pull",
      'a list shrank',
      'HOLD',
    ]);
  });

  it('has events that are JSON where they are pasted, none with a name that was made up', () => {
    for (const { lines } of mails)
      for (const [event] of lines.join('\n').matchAll(/^ {4}\{[^]*?\}$/gm)) {
        expect(() => JSON.parse(event) as unknown).not.toThrow();
        expect(event).not.toContain('telco-country');
      }
  });
});

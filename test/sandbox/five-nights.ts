// Five nights in a sandbox, each with another kind of news, and what a reader with ten seconds must see of each.

import { DAY } from '../../lambdas/domain/days.ts';
import { OBJECTS, pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { createClock } from './clock.ts';
import { runNight } from './run-audit.ts';
import { type HttpSandbox, startSandbox } from './sandbox.ts';

/** A Friday, at the time of the nightly run. */
const FIRST_NIGHT = Date.parse('2026-11-27T02:30:00Z');

/** What one night brought. */
export interface Night {
  readonly subject: string;
  /** The mail's. */
  readonly lines: readonly string[];
  /** The report's page. */
  readonly page: string;
}

/** What somebody must see at once of a night. */
export interface Seen {
  /** From 1 on. */
  readonly night: number;
  readonly what: string;
  /** Whom the first 25 lines of the mail name, and the first screen of the page, on a phone too. */
  readonly names: readonly string[];
  /** What else the mail's first lines say, and the first screen. */
  readonly mail: readonly RegExp[];
  readonly page: readonly string[];
}

export const SEEN: readonly Seen[] = [
  {
    night: 1,
    what: 'who loses access tonight or in a week, and who can not pull',
    names: ['airtel-ne', 'telecel-gh', 'orange-ml', 'africell-ao', 'africell-ug', 'expreso-sn', 'mtn-gn', 'orange-lr', 'smart-tz'], // prettier-ignore
    mail: [
      /Sat 28 Nov 03:30 {2}airtel-ne/,
      /Sat 28 Nov 03:30 {2}telecel-gh/,
      /Fri {2}4 Dec 03:30 {2}orange-ml/,
    ],
    page: ['Sat 28 Nov 03:30', 'Fri 4 Dec 03:30'],
  },
  {
    night: 2,
    what: 'who was switched off, who is held, who is next',
    names: ['airtel-ne', 'telecel-gh', 'expresso-sn', 'orange-ml'],
    mail: [],
    page: ['Switched off:', 'To decide'],
  },
  {
    night: 3,
    what: 'who is on again, who is next',
    names: ['airtel-ne', 'orange-ml'],
    mail: [/airtel-ne {2}switched on again/],
    page: ['Switched on again:'],
  },
  {
    night: 4,
    what: 'that the list shrank',
    names: ['orange-ml'],
    mail: [/^The license list .*\d+ to \d+/m],
    page: ['The license list'],
  },
  {
    night: 5,
    what: 'that HOLD is there',
    names: [],
    mail: [/^HOLD is in the bucket/m],
    page: ['HOLD is in the bucket'],
  },
];

/** Lives through the nights. */
export async function liveFiveNights(): Promise<readonly Night[]> {
  const sandbox = await startSandbox({ now: createClock({ now: FIRST_NIGHT, ticking: false }) });
  try {
    const nights = [await liveNight(sandbox), await liveNight(sandbox)];
    const [header = '', ...rows] = licensesOf(sandbox);
    const renewal = rowOf(header, { telco: 'airtel', country: 'ne', expires_on: '2027-12-31' });
    const renewed = [header, ...rows, renewal];
    sandbox.putLicenses(renewed.join('\n'));
    nights.push(await liveNight(sandbox));
    // The first two thirds of a file that was cut on its way.
    sandbox.putLicenses(`${renewed.slice(0, Math.floor(renewed.length * 0.65)).join('\n')}\n`);
    nights.push(await liveNight(sandbox));
    sandbox.putLicenses(renewed.join('\n'));
    sandbox.aws.bucket.put(OBJECTS.hold, '', 'text/plain');
    nights.push(await liveNight(sandbox));
    return nights;
  } finally {
    await sandbox.close();
  }
}

async function liveNight(sandbox: HttpSandbox): Promise<Night> {
  const before = sandbox.aws.published.length;
  const { report } = await runNight(sandbox);
  sandbox.clock.advance(DAY);
  const published = sandbox.aws.published.slice(before);
  return {
    subject: published.map(({ subject }) => subject).join(),
    lines: published.flatMap(({ messages }) => (messages.get('email') ?? '').trimEnd().split('\n')),
    page: sandbox.aws.bucket.text(pageKey(report)) ?? '',
  };
}

const licensesOf = (sandbox: HttpSandbox): string[] =>
  (sandbox.aws.bucket.text(OBJECTS.licenses) ?? '').trimEnd().split(/\r?\n/);

/** A row under the columns of a header, with the header's own separator. */
function rowOf(header: string, cells: Readonly<Record<string, string>>): string {
  const separator = header.includes(';') ? ';' : ',';
  return header
    .split(separator)
    .map((column) => cells[column.replace(/\W/g, '').toLowerCase()] ?? '')
    .join(separator);
}

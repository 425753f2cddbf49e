// What companies have in their systems: tokens, keys, licenses, exemptions.
import { DAY, type Day, HOUR, NO_END, addDays, dayOf } from '../../lambdas/domain/days.ts';
import type { Canaries } from './canaries.ts';

/** One row of the license list as support keeps it in a spreadsheet. */
export interface LicenseRow {
  readonly telco: string;
  readonly country: string;
  readonly product: string;
  /** As it stands in the cell: ISO, day first, or nonsense. */
  readonly expiresOn: string;
  readonly graceDays?: number;
  readonly contact?: string;
  readonly note?: string;
}

/** One token on Docker Hub, in days from now. */
export interface SampleToken {
  readonly label: string;
  readonly createdDaysAgo: number;
  /** `null` for never. */
  readonly usedDaysAgo: number | null;
  readonly scopes?: readonly string[] | undefined;
  readonly expiresInDays?: number;
  readonly isActive?: boolean;
  readonly generatedBy?: string;
}

/**
 * What the key of a label holds: `own` content of its (newest) token, that of another label's, one that no token has
 * any more, or any value as it is.
 */
export type SampleKey = 'own' | { readonly of: string } | 'stale' | { readonly value: unknown };

/** One row of the exemptions. */
export interface ExemptionRow {
  readonly label: string;
  readonly reason: string;
  readonly owner: string;
  /** In days from today; absent for no end. */
  readonly untilDays?: number;
  readonly findings?: string;
}

/** What a company has in its systems. */
export interface SampleData {
  readonly tokens: readonly SampleToken[];
  readonly keys: ReadonlyMap<string, SampleKey>;
  readonly licenses: readonly LicenseRow[];
  readonly exemptions: readonly ExemptionRow[];
}

/** Deployments about which there is nothing to say. */
const SOUND = [
  'orange-cd', 'orange-cm', 'orange-ci', 'orange-sn', 'orange-bf', 'orange-gn', 'orange-mg', 'orange-dr-cd',
  'vodacom-cd', 'vodacom-tz', 'vodacom-ls', 'mtn-cm', 'mtn-gh', 'mtn-ug', 'mtn-zm', 'mtn-bj', 'airtel-td',
  'airtel-cg', 'airtel-ug', 'africell-sl', 'africell-gm', 'moov-ne', 'telma-mg', 'tigo-tz', 'unitel-ao',
] as const; // prettier-ignore

/** Days from today on which the licenses of the sound ones end: none within the widest warning. */
function soundEnd(index: number): number {
  return 45 + ((index * 89) % 640);
}

function split(name: string): { telco: string; country: string } {
  const cut = name.lastIndexOf('-');
  return { telco: name.slice(0, cut), country: name.slice(cut + 1) };
}

/** The spreadsheet's other way to write a day. */
function dayFirst(day: Day): string {
  return `${day.slice(8)}.${day.slice(5, 7)}.${day.slice(0, 4)}`;
}

function capitalised(telco: string): string {
  return telco.charAt(0).toUpperCase() + telco.slice(1);
}

/**
 * A company of about fifty customers, with every kind of finding that a first night can have (`suspended` needs a
 * withdrawal before). All days are relative to `now`, so that the picture is the same whenever it is looked at.
 *
 * What is where, beside the sound ones: see the comments.
 */
export function companyData(now: number, timeZone: string): SampleData {
  const today = dayOf(now, timeZone);
  const tokens: SampleToken[] = [];
  const keys = new Map<string, SampleKey>();
  const licenses: LicenseRow[] = [];
  let serial = 0;

  const token = (label: string, changes: Partial<SampleToken> = {}): void => {
    serial++;
    tokens.push({ label, createdDaysAgo: 90 + ((serial * 53) % 900), usedDaysAgo: serial % 9, ...changes });
  };
  /** A token with its key. */
  const delivered = (label: string, changes: Partial<SampleToken> = {}, key: SampleKey = 'own'): void => {
    token(label, changes);
    keys.set(label, key);
  };
  const license = (name: string, days: number | null, changes: Partial<LicenseRow> = {}): void => {
    const { telco, country } = split(name);
    const day = days === null ? NO_END : addDays(today, days);
    licenses.push({
      telco: licenses.length % 4 === 0 ? capitalised(telco) : telco,
      country: licenses.length % 5 === 0 ? country.toUpperCase() : country,
      product: 'Insights',
      expiresOn: licenses.length % 3 === 0 ? dayFirst(day) : day,
      ...changes,
    });
  };

  for (const [index, name] of SOUND.entries()) {
    delivered(name);
    license(name, index === 3 ? null : soundEnd(index), index % 6 === 0 ? { contact: `noc@${split(name).telco}.example` } : {}); // prettier-ignore
    // Two products: the earlier one is over, which does not matter as long as the later one is not.
    if (index % 5 === 0) license(name, index % 2 === 0 ? -30 : 20, { product: 'Planner' });
  }
  licenses.push({
    telco: 'mtn',
    country: 'zm',
    product: 'Campaigns',
    expiresOn: addDays(today, 400),
    graceDays: 14,
    contact: 'noc@mtn.example',
    note: 'Renewed by mail;\r\nsigned copy "to follow"\r\nin January',
  });

  // license-expired: long ago, and a day after its grace.
  delivered('airtel-ne');
  license('airtel-ne', -40);
  delivered('telecel-gh');
  license('telecel-gh', -4);
  // license-expired, but held: probably renewed under another spelling, which has no token (missing-token).
  delivered('expresso-sn');
  license('expresso-sn', -20);
  license('expreso-sn', 345);
  // license-expiring, each at another threshold; grace days put the end later.
  delivered('orange-ml');
  license('orange-ml', 3);
  delivered('moov-tg');
  license('moov-tg', 13, { graceDays: 0 });
  delivered('lonestar-lr');
  license('lonestar-lr', 25);

  // invalid-license: 31 June (nothing is withdrawn from vodacom-mz), and no telco (from nobody in Burundi).
  delivered('vodacom-mz');
  license('vodacom-mz', 0, { expiresOn: `31.06.${today.slice(0, 4)}` });
  license('econet-bi', 90, { telco: '', note: 'which one?' });

  // missing-token: none at all, an inactive one, a misnamed one.
  license('africell-ug', 200);
  delivered('smart-tz', { isActive: false });
  license('smart-tz', 120);
  // misnamed-token and misnamed-key, licensed under its right name.
  delivered('Orange_LR');
  license('orange-lr', 150);
  delivered('mtn-gn ', { createdDaysAgo: 5 });
  license('mtn-gn', 360);

  // orphaned-token: no key. The second is an hour old at most, and perhaps on its way.
  token('camtel-cm', { createdDaysAgo: 12 });
  license('camtel-cm', 350);
  token('orange-tn', { createdDaysAgo: 0.5 * (HOUR / DAY), usedDaysAgo: null });
  license('orange-tn', 365);
  // orphaned-key: the token was deleted by hand.
  keys.set('glo-bj', 'stale');
  // unlicensed-token: in no row.
  delivered('sotelma-ml');
  // duplicate-token: regenerated by hand, the old one forgotten.
  token('mtn-ci', { createdDaysAgo: 420 });
  delivered('mtn-ci', { createdDaysAgo: 20 });
  license('mtn-ci', 88);
  // wrong-scope: made before there was a rule; and one whose scopes Docker Hub does not tell, which is no finding.
  delivered('airtel-ke', { scopes: ['repo:write'] });
  license('airtel-ke', 210);
  delivered('airtel-mw', { scopes: ['repo:admin', 'repo:read'] });
  license('airtel-mw', 95);
  delivered('zamtel-zm', { scopes: undefined });
  license('zamtel-zm', 130);
  // token-expiring: soon, and past (which leaves no active token: missing-token).
  delivered('movicel-ao', { expiresInDays: 9 });
  license('movicel-ao', 300);
  delivered('africell-ao', { expiresInDays: -3 });
  license('africell-ao', 301);
  // unused-token: never, and not for long.
  delivered('tnm-mw', { createdDaysAgo: 70, usedDaysAgo: null });
  license('tnm-mw', 111);
  delivered('econet-ls', { usedDaysAgo: 140 });
  license('econet-ls', 77);
  // malformed-key: a number, an empty text, an object, as hands in a web page leave them.
  delivered('airtel-ga', {}, { value: 20240117 });
  license('airtel-ga', 222);
  delivered('maroctelecom-ma', {}, { value: '' });
  license('maroctelecom-ma', 190);
  delivered('libyana-ly', {}, { value: { token: null } });
  license('libyana-ly', 175);
  // rejected-key: the content of a token that was deleted. mismatched-key: that of a neighbour.
  delivered('moov-bj', {}, 'stale');
  license('moov-bj', 66);
  delivered('mtn-rw', {}, { of: 'mtn-ug' });
  license('mtn-rw', 410);

  // Left alone by exemption: for all kinds, until soon, for one kind.
  token('ci-pipeline-1', { usedDaysAgo: 0, scopes: ['repo:write'] });
  delivered('demo-lab', { usedDaysAgo: 0 });
  delivered('zantel-tz', { usedDaysAgo: 200 });
  license('zantel-tz', 260);
  // Switched off by hand long ago, nobody's business any more.
  token('tigo-gh', { isActive: false, createdDaysAgo: 1400, usedDaysAgo: 800 });

  // Docker Desktop's own, on the laptops of three people.
  for (const laptop of ['anna-mbp', 'build-02', 'carl-xps', 'anna-mbp'])
    token(`docker-desktop-${laptop}`, {
      scopes: ['repo:admin'],
      generatedBy: 'desktop',
      createdDaysAgo: 3 + laptop.length,
      usedDaysAgo: 1,
    });

  return {
    tokens,
    keys,
    licenses,
    exemptions: [
      { label: 'ci-pipeline-1', reason: 'pushes the nightly images', owner: 'devops@riaktr.example' },
      { label: 'demo-lab', reason: 'trade fair', owner: 'sales@riaktr.example', untilDays: 5 },
      {
        label: 'zantel-tz',
        reason: 'disaster site, used in exercises only',
        owner: 'support@riaktr.example',
        untilDays: 180,
        findings: 'unused-token',
      },
    ],
  };
}

const COUNTRIES = ['cd', 'cm', 'ci', 'sn', 'ml', 'gh', 'ug', 'tz', 'zm', 'mz'] as const;

/**
 * As many customers as are asked for, for measuring: nearly all in order, and of each hundred one whose license has
 * ended, one whose license ends soon, one without a key and one that is never used.
 */
export function bulkData(count: number, now: number, timeZone: string): SampleData {
  const today = dayOf(now, timeZone);
  const tokens: SampleToken[] = [];
  const keys = new Map<string, SampleKey>();
  const licenses: LicenseRow[] = [];
  const ends = Array.from({ length: 700 }, (_, days) => addDays(today, 40 + days));
  const [ended, soon] = [addDays(today, -60), addDays(today, 10)];
  for (let index = 0; index < count; index++) {
    const telco = `telco${String(index).padStart(6, '0')}`;
    const country = COUNTRIES[index % COUNTRIES.length] ?? 'cd';
    const label = `${telco}-${country}`;
    const kind = index % 100;
    tokens.push({ label, createdDaysAgo: 100 + (index % 900), usedDaysAgo: kind === 4 ? null : index % 30 });
    if (kind !== 3) keys.set(label, 'own');
    const end = kind === 1 ? ended : kind === 2 ? soon : (ends[index % ends.length] ?? today);
    licenses.push({ telco, country, product: 'Insights', expiresOn: end });
  }
  return { tokens, keys, licenses, exemptions: [] };
}

/** A cell as a spreadsheet writes it: quoted where it must be. */
function cell(text: string): string {
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** `licenses.csv` as a spreadsheet exports it: semicolons, byte order mark, CRLF, a column too many, an empty row. */
export function licensesCsv(rows: readonly LicenseRow[]): string {
  const lines = rows.map(({ telco, country, product, expiresOn, graceDays, contact = '', note = '' }) =>
    [telco, country, product, expiresOn, graceDays === undefined ? '' : String(graceDays), contact, '', note]
      .map(cell)
      .join(';'),
  );
  const header = 'Telco;Country;Product;Expires_On;Grace_Days;Contact;Account Manager;Note';
  return `\ufeff${[header, ...lines, ';;;;;;;'].join('\r\n')}\r\n`;
}

/** `exemptions.csv`, kept in an editor: commas, LF. */
export function exemptionsCsv(rows: readonly ExemptionRow[], now: number, timeZone: string): string {
  const today = dayOf(now, timeZone);
  const lines = rows.map(({ label, reason, owner, untilDays, findings = '' }) =>
    [
      label,
      reason.includes(',') ? `"${reason}"` : reason,
      owner,
      untilDays === undefined ? '' : addDays(today, untilDays),
      findings,
    ].join(','),
  );
  return `${['label,reason,owner,until,findings', ...lines].join('\n')}\n`;
}

/** The value that a sample key stands for, given the contents of the tokens by label. */
export function valueOf(
  key: SampleKey,
  label: string,
  contents: ReadonlyMap<string, string>,
  canaries: Canaries,
): unknown {
  if (key === 'stale') return canaries.tokenContent();
  if (key === 'own') return contents.get(label) ?? canaries.tokenContent();
  return 'of' in key ? (contents.get(key.of) ?? canaries.tokenContent()) : key.value;
}

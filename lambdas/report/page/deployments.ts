// The table of deployments: its first rows as markup, all of them as data for the script.

import { type Day, NO_END, dayOf } from '../../domain/days.ts';
import type { DeploymentRow, Report } from '../report.ts';
import { withEvents } from './events.ts';
import { type Markup, amount, embeddedJson, html, numeral, shownLabel, visible } from './markup.ts';
import { whenText } from './timeline.ts';

/** Rows that stand in the table at first, and that one press on the button adds. */
export const ROWS_AT_ONCE = 200;

/** Rows that a printed page holds; beyond them it holds those with a verdict other than ok. */
const MOST_PRINTED = 1000;

/** Verdicts, the worst last, as they are sorted. */
const VERDICTS = [
  'ok',
  'info',
  'unknown',
  'warning',
  'critical',
] as const satisfies readonly DeploymentRow['verdict'][];

/**
 * One row as it is shown, the same for the table in the page and for the script that replaces its rows: texts only, in
 * this order, each fit to be looked at. The second text of a cell is its small print.
 */
export type ShownRow = readonly [
  name: string,
  nameNote: string,
  license: string,
  licenseNote: string,
  hub: string,
  hubNote: string,
  vault: string,
  verdict: DeploymentRow['verdict'],
  nextStep: string,
  /** What the license is sorted by: its last day; no end after all days, no license after that. */
  licenseOrder: string,
  /** For the file that is saved: the two days, empty where there are none, and the last use. */
  paidUntil: string,
  accessUntil: string,
  lastUsed: string,
  /** For the search: the kinds of its findings. */
  kinds: string,
];

const LICENSE_NOTES: Record<DeploymentRow['license']['state'], string> = {
  'in force': 'no end',
  ended: '',
  none: 'in no row of the license list',
  unreadable: "its row can't be read",
  unknown: 'the license list was not read',
};

function licenseNote({ state, paidUntil, accessUntil, daysLeft }: DeploymentRow['license']): string {
  if (accessUntil === undefined) return LICENSE_NOTES[state];
  const when = daysLeft === undefined ? '' : `, ${whenText(daysLeft)}`;
  return `${paidUntil === undefined ? '' : `paid until ${paidUntil}, `}access until ${accessUntil}${when}`;
}

function hubNote({ state, tokens }: DeploymentRow['hub'], dayText: (instant: string) => Day): string {
  let expired = 0;
  let used = '';
  let end: string | undefined;
  for (const token of tokens) {
    if (token.state === 'expired') expired += 1;
    if (token.state === 'active') end ??= token.expiresAt;
    if (token.lastUsedAt !== undefined && token.lastUsedAt > used) used = token.lastUsedAt;
  }
  const notes: string[] = [];
  if (tokens.length > 1) notes.push(amount(tokens.length, 'token'));
  if (expired > 0) notes.push(state === 'active' ? `${numeral(expired)} expired` : 'expired');
  if (end !== undefined) notes.push(`expires ${dayText(end)}`);
  if (used !== '') notes.push(`last used ${dayText(used)}`);
  if (state === 'unknown') notes.push('the tokens were not read');
  return notes.join(', ');
}

/** A deployment as the table shows it. */
export function shownRow(row: DeploymentRow, timeZone: string, kinds: readonly string[] = []): ShownRow {
  const { license, hub } = row;
  const dayText = (instant: string): Day => {
    const time = Date.parse(instant);
    return Number.isNaN(time) ? instant : dayOf(time, timeZone);
  };
  const notes = [
    ...(row.exempt ? ['exempt'] : []),
    ...license.products,
    ...(license.contact === undefined ? [] : [license.contact]),
  ];
  const hasLicense = license.state === 'in force' || license.state === 'ended';
  // As the license list itself writes "no end".
  const dayCell = (day: Day | undefined): string => (hasLicense ? (day ?? NO_END) : '');
  const used = hub.tokens
    .flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
    .sort()
    .at(-1);
  return [
    shownLabel(row.deployment),
    visible(notes.join(' · ')),
    license.state,
    visible(licenseNote(license)),
    hub.state,
    visible(hubNote(hub, dayText)),
    row.vault.state,
    row.verdict,
    visible(row.nextStep),
    hasLicense ? (license.accessUntil ?? NO_END) : `~${license.state}`,
    dayCell(license.paidUntil),
    dayCell(license.accessUntil),
    used === undefined ? '' : visible(dayText(used)),
    kinds.join(' '),
  ];
}

/** The columns of the table, each with the place of what it is sorted by. */
const COLUMNS = [
  { name: 'Deployment', key: 0 },
  { name: 'License', key: 9 },
  { name: 'Docker Hub', key: 4 },
  { name: 'Vault', key: 6 },
  { name: 'Verdict', key: 7 },
  { name: 'Next step', key: 8 },
] as const;

/** The choices above the table, each with what it compares. The script knows them by their ids. */
const FILTERS: readonly { id: string; name: string; value: (row: DeploymentRow) => string }[] = [
  { id: 'by-verdict', name: 'Verdict', value: ({ verdict }) => verdict },
  { id: 'by-license', name: 'License', value: ({ license }) => license.state },
  { id: 'by-hub', name: 'Docker Hub', value: ({ hub }) => hub.state },
  { id: 'by-vault', name: 'Vault', value: ({ vault }) => vault.state },
];

const cell = (text: string, note: string): Markup =>
  html`${text}${note === '' ? undefined : html`<small>${note}</small>`}`;

/**
 * One row. Roles are spelled out because a narrow screen shows rows as cards, and a table that is laid out as something
 * else is no table for a screen reader unless it says so. The script builds the same row.
 */
function tableRow([
  name,
  nameNote,
  license,
  licenseText,
  hub,
  hubText,
  vault,
  verdict,
  nextStep,
]: ShownRow): Markup {
  return html`<tr role="row"><th role="rowheader" scope="row"><a class="row" href="#name=${encodeURIComponent(name)}">${name}</a>${nameNote === '' ? undefined : html`<small>${nameNote}</small>`}</th><td role="cell">${cell(license, licenseText)}</td><td role="cell">${cell(hub, hubText)}</td><td role="cell">${vault}</td><td role="cell"><span class="badge ${verdict}">${verdict}</span></td><td role="cell">${withEvents(nextStep)}</td></tr>`; // prettier-ignore
}

/** What the table shows before anybody sorts it, and what there is to choose from. */
interface Overview {
  readonly number: number;
  /** The worst first, by name among equals; the first {@link ROWS_AT_ONCE}. */
  readonly first: readonly DeploymentRow[];
  /** By the id of a choice: its values, each with its number of rows. */
  readonly choices: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Looks through all rows once and keeps the few that are shown. */
function overviewOf(deployments: readonly DeploymentRow[]): Overview {
  const worst = new Map(VERDICTS.toReversed().map((verdict) => [verdict, [] as DeploymentRow[]]));
  const choices = new Map(FILTERS.map(({ id }) => [id, new Map<string, number>()]));
  let number = 0;
  for (const row of deployments) {
    number += 1;
    const alike = worst.get(row.verdict);
    if (alike !== undefined && alike.length < ROWS_AT_ONCE) alike.push(row);
    for (const { id, value } of FILTERS) {
      const counts = choices.get(id);
      counts?.set(value(row), (counts.get(value(row)) ?? 0) + 1);
    }
  }
  return { number, first: [...worst.values()].flat().slice(0, ROWS_AT_ONCE), choices };
}

/** A choice among the values that a column really has, each with its number of rows. */
function filter(id: string, label: string, counts: ReadonlyMap<string, number>): Markup {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return html`<label for="${id}"
    >${label}
    <select id="${id}">
      <option value="">all</option>
      ${sorted.map(([value, number]) => html`<option value="${value}">${value} (${numeral(number)})</option>`)}
    </select></label
  >`;
}

/** The table of deployments with its controls. */
export function deploymentsSection({ deployments, timeZone }: Report): Markup {
  const { number, first, choices } = overviewOf(deployments);
  return html`<section aria-labelledby="deployments">
    <h2 id="deployments">Deployments</h2>
    <div class="controls" id="controls" role="search" aria-label="Deployments" hidden>
      <label for="search"
        >Search
        <input
          id="search"
          type="search"
          placeholder="name, kind, verdict, day"
          autocomplete="off"
          spellcheck="false"
      /></label>
      ${FILTERS.map(({ id, name }) => filter(id, name, choices.get(id) ?? new Map()))}
      <button type="button" id="reset">Show all</button>
      <button type="button" id="save">Save as CSV</button>
    </div>
    <p id="shown" role="status">
      ${
        number > first.length
          ? `The ${numeral(first.length)} with the worst verdict of ${amount(number, 'deployment')}; the JSON report beside this page has them all.`
          : `${amount(number, 'deployment')}.`
      }
    </p>
    <a class="skip" href="#after-table">Skip the table</a>
    <table id="table" role="table" class="deployments">
      <caption>
        Every deployment that Docker Hub, Vault or the license list knows, as it was read
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${COLUMNS.map(({ name, key }) => html`<th role="columnheader" scope="col" data-key="${key}">${name}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup" id="rows">
        ${first.map((row) => tableRow(shownRow(row, timeZone)))}
      </tbody>
    </table>
    <p class="more" id="after-table"><button type="button" id="more" hidden>Show more</button></p>
  </section>`;
}

/** The data that the script works on, as the element that holds it. */
export function deploymentsData({ deployments, findings, timeZone, asOf, inputs }: Report): string {
  const found = Map.groupBy(findings, ({ deployment }) => deployment);
  const kindsOf = (name: string): string[] => (found.get(name) ?? []).map(({ kind }) => kind);
  const data = {
    verdicts: VERDICTS,
    atOnce: ROWS_AT_ONCE,
    mostPrinted: MOST_PRINTED,
    asOf,
    separator: inputs.licenses?.separator ?? ';',
    rows: deployments.map((row) => shownRow(row, timeZone, kindsOf(row.deployment))),
  };
  return `<script type="application/json" id="data">${embeddedJson(data)}</script>\n`;
}

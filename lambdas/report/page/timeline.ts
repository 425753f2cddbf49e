// Who ends when: by name or by week for the next 30 days, as numbers for the next year.

import { type Day, addDays, daysBetween } from '../../domain/days.ts';
import type { DeploymentRow, Report } from '../report.ts';
import { type Markup, amount, html, numeral, shownLabel } from './markup.ts';

/** The named marks reach so many days ahead; what ended longer ago than `BEHIND` stands at the left edge. */
const AHEAD = 30;
const BEHIND = 7;
/** Lines of the drawing at most, and how many of them may be overdue when there are more: it is part of the first look. */
const MOST_LINES = 12;
const MOST_OVERDUE = 4;
/** Names that a week's line says in full. */
const NAMES_IN_WEEK = 20;
/** Months of the histogram, the running one included. */
const MONTHS = 13;
/** Letters of a name in the drawing; on a phone half of its width holds no more. */
const NAME_LETTERS = 22;

/** Up to so much of the width, in percent, a name stands behind its bar, beyond it before the bar's end. */
const MIDDLE = 52;
/** The same for weeks, whose names stand beside the bar in either half. */
const WEEK_MIDDLE = 60;

const LINE = 24;
const HEAD = 26;

/** A license with its end. */
interface Ending {
  readonly deployment: string;
  readonly lastDay: Day;
  /** Last day minus today. */
  readonly days: number;
  readonly hub: DeploymentRow['hub']['state'];
}

/** Who ends when, as the drawings and their tables show it. */
export interface Endings {
  /** License ended, token still active; the longest ago first. */
  readonly overdue: readonly Ending[];
  /** In force, ends within the named days; the soonest first. */
  readonly soon: readonly Ending[];
  /** In force, by the month of the last day. */
  readonly months: readonly { readonly month: string; readonly ending: number }[];
  readonly later: number;
  readonly noEnd: number;
  /** Ended, and no active token: done with. */
  readonly switchedOff: number;
  /** Ended, and Docker Hub's tokens were not read: whether they are overdue is not known. */
  readonly unjudged: number;
}

const nextMonth = (month: string): string => addDays(`${month}-01`, 31).slice(0, 7);

/** Whose access ends first of those that have an active token; `undefined` where nobody's ends. */
export function nextEnding({ deployments }: Report): { deployment: string; accessUntil: Day } | undefined {
  let next: { deployment: string; accessUntil: Day } | undefined;
  for (const { deployment, license, hub } of deployments) {
    const { state, accessUntil } = license;
    if (state !== 'in force' || hub.state !== 'active' || accessUntil === undefined) continue;
    if (next === undefined || accessUntil < next.accessUntil) next = { deployment, accessUntil };
  }
  return next;
}

/** Sorts the licenses of a report by when they end. */
export function endingsOf({
  deployments,
  asOf,
  actions,
}: Pick<Report, 'deployments' | 'asOf' | 'actions'>): Endings {
  // The rows are as they were read: whom this run has switched off is not overdue any more.
  const off = new Set(
    actions
      .filter(({ kind, status }) => kind === 'deactivate' && status === 'done')
      .map(({ deployment }) => deployment),
  );
  const overdue: Ending[] = [];
  const soon: Ending[] = [];
  const perMonth = new Map<string, number>();
  let month = asOf.slice(0, 7);
  for (let index = 0; index < MONTHS; index++, month = nextMonth(month)) perMonth.set(month, 0);
  let later = 0;
  let noEnd = 0;
  let switchedOff = 0;
  let unjudged = 0;
  for (const { deployment, license, hub } of deployments) {
    const { state, accessUntil: lastDay } = license;
    if (state !== 'in force' && state !== 'ended') continue;
    if (lastDay === undefined) {
      noEnd += 1;
      continue;
    }
    const ending = { deployment, lastDay, days: daysBetween(asOf, lastDay), hub: hub.state };
    if (state === 'ended') {
      if (hub.state === 'active' && !off.has(deployment)) overdue.push(ending);
      else if (hub.state === 'unknown') unjudged += 1;
      else switchedOff += 1;
      continue;
    }
    if (ending.days <= AHEAD) soon.push(ending);
    const count = perMonth.get(lastDay.slice(0, 7));
    if (count === undefined) later += 1;
    else perMonth.set(lastDay.slice(0, 7), count + 1);
  }
  const byEnd = (a: Ending, b: Ending): number => a.days - b.days;
  return {
    overdue: overdue.sort(byEnd),
    soon: soon.sort(byEnd),
    months: [...perMonth].map(([name, ending]) => ({ month: name, ending })),
    later,
    noEnd,
    switchedOff,
    unjudged,
  };
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const monthFormat = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' });

const shortDay = (day: Day): string => dayFormat.format(Date.parse(`${day}T00:00:00Z`));
const monthName = (month: string): string => monthFormat.format(Date.parse(`${month}-01T00:00:00Z`));

/** When a license ends, seen from today. */
export function whenText(days: number): string {
  if (days < 0) return `ended ${amount(-days, 'day')} ago`;
  return days === 0 ? 'ends today' : `ends in ${amount(days, 'day')}`;
}

/**
 * Where a day stands, in percent of the width: the drawing has no inner scale, so that its letters keep their size on
 * every screen.
 */
function place(days: number): number {
  const inside = Math.min(Math.max(days, -BEHIND), AHEAD);
  return Number((((inside + BEHIND) / (BEHIND + AHEAD)) * 100).toFixed(2));
}

function cut(name: string): string {
  return name.length <= NAME_LETTERS ? name : `${name.slice(0, NAME_LETTERS - 1)}…`;
}

/** What the colour of a line says; `unread` of a token that Docker Hub did not name, as it was not asked. */
type Kind = 'overdue' | 'soon' | 'tokenless' | 'unread';

/** The legend's words. */
const KIND_WORDS: Readonly<Record<Kind, string>> = {
  overdue: 'license ended, token active',
  soon: 'in force, token active',
  tokenless: 'in force, no active token',
  unread: 'in force, whether its token is active is not known',
};

const kindOf = ({ days, hub }: Ending): Kind =>
  days < 0 ? 'overdue' : hub === 'unknown' ? 'unread' : hub === 'active' ? 'soon' : 'tokenless';

/** One line of the drawing and of the table that says the same: a deployment, or all that end in one week. */
interface Line {
  readonly kind: Kind;
  /** Days from today at which its bar begins and ends, and beside which its name stands. */
  readonly from: number;
  readonly to: number;
  readonly nameAt: number;
  /** Whether the name stands before that place rather than behind it, as there is more room. */
  readonly before: boolean;
  readonly name: string;
  readonly whole: string;
  readonly day: string;
  readonly when: string;
  readonly hub: string;
}

function lineOf(ending: Ending): Line {
  const { deployment, lastDay, days, hub } = ending;
  const name = shownLabel(deployment);
  return {
    kind: kindOf(ending),
    from: days < 0 ? days : 0,
    to: Math.max(days, 0),
    nameAt: Math.max(days, 0),
    before: place(days) >= MIDDLE,
    name,
    whole: name,
    day: days < -BEHIND ? `ended ${lastDay}` : shortDay(lastDay),
    when: `${whenText(days)} (${lastDay})`,
    hub,
  };
}

/** All that end in one week, for times in which too many end to name them one by one. */
function weekOf(week: number, ending: readonly Ending[], asOf: Day): Line {
  const from = week * 7;
  const to = Math.min(from + 6, AHEAD);
  const names = ending.map(({ deployment }) => shownLabel(deployment));
  const more = names.length - NAMES_IN_WEEK;
  const active = ending.filter(({ hub }) => hub === 'active').length;
  const isRead = ending.every(({ hub }) => hub !== 'unknown');
  return {
    kind: isRead ? 'soon' : 'unread',
    from,
    to,
    // Weeks are too short for their words: those stand outside of the bar.
    nameAt: place(to) < WEEK_MIDDLE ? to : from,
    before: place(to) >= WEEK_MIDDLE,
    name: amount(names.length, 'deployment'),
    whole: `${amount(names.length, 'deployment')}: ${names.slice(0, NAMES_IN_WEEK).join(', ')}${more > 0 ? ` and ${numeral(more)} more` : ''}`,
    day: `${shortDay(addDays(asOf, from))} to ${shortDay(addDays(asOf, to))}`,
    when: `end from ${addDays(asOf, from)} to ${addDays(asOf, to)}`,
    hub: isRead ? `${numeral(active)} active` : 'unknown',
  };
}

/** The lines of the drawing: everybody by name where that is one look, else the overdue ones by name and the rest by week. */
function linesOf({ overdue, soon }: Endings, asOf: Day): readonly Line[] {
  if (overdue.length + soon.length <= MOST_LINES) return [...overdue, ...soon].map(lineOf);
  const late = overdue.slice(0, MOST_OVERDUE).map(lineOf);
  if (late.length + soon.length <= MOST_LINES) return [...late, ...soon.map(lineOf)];
  const weeks = Map.groupBy(soon, ({ days }) => Math.floor(days / 7));
  return [...late, ...[...weeks].map(([week, ending]) => weekOf(week, ending, asOf))];
}

function drawn({ kind, from, to, nameAt, before, name, whole, day, when }: Line, index: number): Markup {
  const y = HEAD + index * LINE;
  const start = place(from);
  const width = (place(to) - start).toFixed(2);
  const beside = place(nameAt);
  return html`<g class="${kind}">
    <title>${whole} ${when}</title>
    <rect class="span" x="${start}%" y="${y + 4}" width="${width}%" height="${LINE - 8}" />
    <rect
      class="end"
      x="${kind === 'overdue' ? start : place(to)}%"
      y="${y + 2}"
      width="3"
      height="${LINE - 4}"
    />
    <text x="${beside}%" y="${y + 16}" dx="${before ? -6 : 8}" text-anchor="${before ? 'end' : 'start'}">
      ${cut(name)}<tspan class="day" dx="5">${day}</tspan>
    </text>
  </g>`;
}

function axis(asOf: Day, height: number): Markup[] {
  const ticks = [0, 7, 14, 21, 28];
  return ticks.map(
    (days) =>
      html`<g class="${days === 0 ? 'today' : 'tick'}">
        <line x1="${place(days)}%" x2="${place(days)}%" y1="${HEAD - 6}" y2="${height}" />
        <text x="${place(days)}%" y="14" text-anchor="middle">
          ${days === 0 ? 'today' : shortDay(addDays(asOf, days))}
        </text>
      </g>`,
  );
}

/** One sentence that says what the drawing shows. */
function overview({ overdue, soon, unjudged }: Endings, areTokensRead: boolean): string {
  const first = soon[0];
  const late =
    !areTokensRead && unjudged === 0
      ? 'Which tokens are active is not known.'
      : unjudged > 0
        ? `${amount(unjudged, 'license')} ${unjudged === 1 ? 'has' : 'have'} ended, and whether the tokens are active is not known.`
        : overdue.length === 0
          ? 'No deployment has an active token after its license ended.'
          : `${amount(overdue.length, 'deployment')} with an active token ${overdue.length === 1 ? 'is' : 'are'} overdue: the license has ended.`;
  return first === undefined
    ? `${late} No license ends within ${AHEAD} days.`
    : `${late} ${amount(soon.length, 'license')} ${soon.length === 1 ? 'ends' : 'end'} within ${AHEAD} days, first ${shownLabel(first.deployment)} on ${first.lastDay}.`;
}

/** The time line of the next 30 days. */
export function nextDays(report: Report): Markup {
  const { asOf, outcome, inputs } = report;
  const endings = endingsOf(report);
  const areTokensRead = outcome !== 'incomplete' || inputs.dockerHub !== undefined;
  const lines = linesOf(endings, asOf);
  if (lines.length === 0) return html`<p>${overview(endings, areTokensRead)}</p>`;
  const height = HEAD + lines.length * LINE + 4;
  const left = endings.overdue.length - lines.filter(({ kind }) => kind === 'overdue').length;
  return html`<p id="marks-text">${overview(endings, areTokensRead)}</p>
    <svg class="marks" role="img" aria-labelledby="marks-title marks-desc" width="100%" height="${height}">
      <title id="marks-title">Licenses ending around ${asOf}</title>
      <desc id="marks-desc">
        One line for each deployment, or for each week where many end, from today to the last day of the
        license. ${overview(endings, areTokensRead)} The table below says the same.
      </desc>
      ${axis(asOf, height)} ${lines.map(drawn)}
    </svg>
    ${
      left === 0
        ? undefined
        : html`<p>
            ${numeral(left)} more are overdue: in the table of deployments choose license ended and Docker Hub
            active.
          </p>`
    }
    <p class="legend">
      ${legendOf(areTokensRead).map((kind) => html`<span class="${kind}">${KIND_WORDS[kind]}</span> `)}
    </p>
    <details>
      <summary>The time line as a table</summary>
      <table class="list">
        <caption>
          Licenses ending around ${asOf}
        </caption>
        <thead>
          <tr>
            <th scope="col">Deployment</th>
            <th scope="col">When</th>
            <th scope="col">Docker Hub</th>
          </tr>
        </thead>
        <tbody>
          ${lines.map(
            ({ whole, when, hub }) =>
              html`<tr>
                <th scope="row">${whole}</th>
                <td>${when}</td>
                <td>${hub}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}

const legendOf = (areTokensRead: boolean): readonly Kind[] =>
  areTokensRead ? ['overdue', 'soon', 'tokenless'] : ['unread'];

/** Of ended licenses how many have no active token any more, or that nobody knows. */
function endedText({ switchedOff, unjudged }: Endings): string {
  const [number, rest] =
    unjudged > 0
      ? [unjudged, ', and whether the tokens are active is not known']
      : [switchedOff, `${switchedOff === 1 ? ' and has' : ' and have'} no active token any more`];
  return `${numeral(number)} ${number === 1 ? 'has' : 'have'} ended${rest}`;
}

function monthsDrawing(endings: Endings): Markup {
  const { months, overdue, later, noEnd, unjudged } = endings;
  const bars = [
    ...(unjudged > 0 ? [] : [{ name: 'overdue', ending: overdue.length, kind: 'overdue' }]),
    ...months.map(({ month, ending }) => ({ name: monthName(month), ending, kind: 'soon' })),
  ];
  const max = Math.max(4, ...bars.map(({ ending }) => ending));
  const total = months.reduce((sum, { ending }) => sum + ending, 0);
  const height = bars.length * LINE;
  return html`<svg
      class="months"
      role="img"
      aria-labelledby="months-title months-desc"
      width="100%"
      height="${height}"
    >
      <title id="months-title">Licenses ending by month</title>
      <desc id="months-desc">
        One bar for each month of the coming year, ${amount(total, 'license')}
        together${unjudged > 0 ? '' : '; above them the overdue ones'}. The table below says the same.
      </desc>
      ${bars.map(
        ({ name, ending, kind }, index) =>
          html`<g class="${kind}">
            <text x="0" y="${index * LINE + 16}">${name}</text>
            <rect
              class="end"
              x="25%"
              y="${index * LINE + 4}"
              width="${((ending / max) * 60).toFixed(2)}%"
              height="${LINE - 8}"
            />
            <text x="${(25 + (ending / max) * 60).toFixed(2)}%" dx="6" y="${index * LINE + 16}"
              >${numeral(ending)}</text
            >
          </g>`,
      )}
    </svg>
    <p>
      ${numeral(later)} ${later === 1 ? 'ends' : 'end'} later, ${numeral(noEnd)}
      ${noEnd === 1 ? 'has' : 'have'} no end, ${endedText(endings)}.
    </p>
    ${monthsTable(bars)}`;
}

/** The bars in words. */
function monthsTable(bars: readonly { readonly name: string; readonly ending: number }[]): Markup {
  return html`<details>
    <summary>The same as a table</summary>
    <table class="list">
      <caption>
        Licenses ending by month
      </caption>
      <thead>
        <tr>
          <th scope="col">Month</th>
          <th scope="col">Licenses ending</th>
        </tr>
      </thead>
      <tbody>
        ${bars.map(
          ({ name, ending }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${numeral(ending)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

/** How many licenses end in each month of the coming year. */
export function timelineSection(report: Report): Markup {
  if (report.outcome === 'incomplete' && report.inputs.licenses === undefined)
    return html`<section aria-labelledby="timeline">
      <h2 id="timeline">Licenses by the month of their end</h2>
      <p>The license list was not read: who ends when is not known.</p>
    </section>`;
  return html`<section aria-labelledby="timeline">
    <h2 id="timeline">Licenses by the month of their end</h2>
    ${monthsDrawing(endingsOf(report))}
  </section>`;
}

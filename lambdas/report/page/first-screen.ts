// The page's first screen: what was done, who loses access next, who can't pull, what to decide; counts after that.

import type { Action, ActionKind } from '../../domain/actions.ts';
import type { Finding } from '../../domain/findings.ts';
import { dayOf } from '../../domain/days.ts';
import { shortDay, shortTime } from '../../domain/nights.ts';
import { isWithoutAccess, openFindings } from '../open.ts';
import {
  ACCEPTING,
  ACCEPT_COUNTS,
  type Report,
  type UpcomingEnd,
  holdingText,
  shrunkText,
} from '../report.ts';
import { copyable, withEvents } from './events.ts';
import { headline, isDoubted, losingAccess, tone } from './headline.ts';
import { type Markup, amount, anchorOf, html, numeral, shownLabel } from './markup.ts';
import { nextDays, nextEnding } from './timeline.ts';
import { MODE_BANNERS, SEVERITIES, SEVERITY_WORDS } from './words.ts';

/** Entries of one block before it says how many more there are, and where. */
const ENTRIES = 6;
/** Names that stand in one line. */
const NAMES = 12;

/** What the run comes to: what kind of run it was, its verdict, what was done and what comes, and the counts. */
export function firstScreen(report: Report): Markup {
  const banner = MODE_BANNERS[report.mode];
  return html`${banner === undefined ? undefined : html`<p class="mode"><b>${banner.title}.</b> ${banner.text}</p>`}
    <section class="verdict ${tone(report)}" aria-labelledby="verdict">
      <h2 id="verdict" class="headline">${headline(report)}</h2>
      ${shrunkLists(report)} ${hold(report)}
      ${report.outcome === 'incomplete' ? causes(report) : blocks(report)} ${licenseEnds(report)}
    </section>
    <section aria-labelledby="counts">
      <h2 id="counts" class="quiet">Counts</h2>
      ${tiles(report)}
    </section>`;
}

function shrunkLists({ shrunk }: Report): Markup | undefined {
  if (shrunk === undefined) return undefined;
  const accepting = shrunk.isApproved
    ? undefined
    : html` ${ACCEPTING}: the audit function with ${copyable(ACCEPT_COUNTS)}`;
  return html`<p class="note">${shrunkText(shrunk)}${accepting}</p>`;
}

function hold({ inputs, outcome, timeZone }: Report): Markup | undefined {
  const dayText = (instant: string): string => dayOf(Date.parse(instant), timeZone);
  return inputs.hold && outcome !== 'incomplete'
    ? html`<p class="note">
        <b>HOLD:</b> the object HOLD is in the bucket${holdingText(inputs, dayText)}. While it is there
        nothing is withdrawn.
      </p>`
    : undefined;
}

function causes({ causes: sentences }: Report): Markup {
  return html`<p>
      An input could not be read. Nothing was changed, and what depends on that input is unknown: do not act
      on it. Whoever has access keeps it until an audit succeeds.
    </p>
    <h3>Causes</h3>
    <ul>
      ${sentences.map((cause) => html`<li>${withEvents(cause)}</li>`)}
    </ul>`;
}

function blocks(report: Report): Markup {
  return html`<div class="blocks">
    ${nextBlock(report)} ${doneBlock(report)} ${cantPullBlock(report)} ${decideBlock(report)}
  </div>`;
}

/** The time line; nothing where the license list was not read. */
function licenseEnds(report: Report): Markup | undefined {
  return report.inputs.licenses === undefined && report.outcome === 'incomplete'
    ? undefined
    : html`<h3>Licenses that end in the next 30 days</h3>
        ${nextDays(report)}`;
}

/** One question of the first screen with its answer. */
function block(title: string, number: number, content: Markup): Markup {
  return html`<div class="block">
    <h3>${title}${number === 0 ? undefined : html` <span class="number">${numeral(number)}</span>`}</h3>
    ${content}
  </div>`;
}

const none = (text: string): Markup => html`<p class="none">${text}</p>`;

function more(number: number, target: string): Markup | undefined {
  return number <= 0 ? undefined : html`<li><a href="#${target}">and ${numeral(number)} more</a></li>`;
}

function nextBlock(report: Report): Markup {
  const losing = losingAccess(report);
  const deleted = report.upcoming.filter(({ what }) => what === 'delete-token');
  const held = report.inputs.hold
    ? 'Not while HOLD is there.'
    : isDoubted(report)
      ? 'Not while it is doubted what was read.'
      : report.mode === 'observe'
        ? 'Not in mode observe.'
        : 'Nothing has happened yet. Paid after all? Correct licenses.csv before that night. Not sure? Upload an empty file called HOLD.';
  const next = nextEnding(report);
  const nobody =
    next === undefined
      ? 'Nobody in the next 7 days.'
      : `Nobody in the next 7 days. The next to end is ${shownLabel(next.deployment)}: access until ${next.accessUntil}.`;
  return block(
    'Loses access next',
    losing.length,
    html`${
      losing.length === 0
        ? none(nobody)
        : html`<ul class="next">
              ${losing.slice(0, ENTRIES).map((end) => nextEntry(end, report))}
              ${more(losing.length - ENTRIES, 'deployments')}
            </ul>
            <p class="meta">${held}</p>`
    }
    ${
      deleted.length === 0
        ? undefined
        : html`<p class="meta">
            Deleted for good: ${namesText(deleted.map(({ deployment }) => deployment))}, first in the night of
            ${nightText(deleted[0], report)}.
          </p>`
    }`,
  );
}

function nextEntry(end: UpcomingEnd, report: Report): Markup {
  const { deployment, paidUntil, accessUntil } = end;
  return html`<li>
    <span class="when">${nightText(end, report)}</span> <b>${shownLabel(deployment)}</b>
    <span class="meta"
      >${paidUntil === undefined ? 'its row is gone' : `paid until ${shortDay(paidUntil, report.asOf)}`},
      access until ${shortDay(accessUntil, report.asOf)}</span
    >
  </li>`;
}

function nightText(end: UpcomingEnd | undefined, { timeZone, asOf }: Report): string {
  return end === undefined ? '' : shortTime(Date.parse(end.night), timeZone, asOf).replace(/ +/g, ' ');
}

/** What a step did or would do, said of deployments. */
const STEP_TITLES: Record<ActionKind, string> = {
  deactivate: 'Switched off',
  'delete-token': 'Token deleted',
  'remove-key': 'Key removed',
  reactivate: 'Switched on again',
  announce: 'Announced',
};

function doneBlock(report: Report): Markup {
  const done = report.actions.filter(({ status }) => status === 'done' || status === 'planned');
  const failed = report.actions.filter(({ status }) => status === 'failed' || status === 'skipped');
  const title = report.mode === 'enforce' ? 'What was done' : 'What would be done';
  const groups = [
    ...Map.groupBy(failed, ({ kind, status }) =>
      status === 'failed' ? `Failed: ${STEP_TITLES[kind].toLowerCase()}` : 'Left alone',
    ),
    ...Map.groupBy(done, ({ kind }) => STEP_TITLES[kind]),
  ];
  return block(
    title,
    namesOf([...done, ...failed]).length,
    groups.length === 0
      ? none('Nothing: no step was due.')
      : html`<ul>
          ${groups.map(
            ([what, actions]) =>
              html`<li class="${what.startsWith('Failed') ? 'bad' : 'plain'}">
                ${what}: <b>${namesText(namesOf(actions))}</b>
              </li>`,
          )}
        </ul>`,
  );
}

function cantPullBlock(report: Report): Markup {
  const findings = openFindings(report).filter(isWithoutAccess);
  const byName = [...Map.groupBy(findings, ({ deployment }) => deployment)];
  return block(
    "Can't pull today",
    byName.length,
    byName.length === 0
      ? none('Nobody who has paid.')
      : html`<ul class="can-not-pull">
          ${byName.slice(0, ENTRIES).map(([, [finding]]) => (finding === undefined ? undefined : cantPullEntry(finding)))}
          ${more(byName.length - ENTRIES, 'findings')}
        </ul>`,
  );
}

function cantPullEntry({ deployment, detail }: Finding): Markup {
  const anchor = anchorOf(deployment);
  const label = shownLabel(deployment);
  const name = anchor === undefined ? html`<b>${label}</b>` : html`<a href="#${anchor}">${label}</a>`;
  return html`<li>${name} <span class="meta">${detail}</span></li>`;
}

/** Whom guards hold: each reason once, with whom it keeps, and the event that approves. */
function decideBlock(report: Report): Markup {
  const withheld = report.actions.filter(({ status }) => status === 'withheld');
  // The plan puts the guard before the first semicolon, and the reason of the step itself after it.
  const reasons = Map.groupBy(withheld, ({ reason }) => reason.split('; ', 1)[0] ?? reason);
  const approval = report.notes.flatMap((note) => /\{"approve": \[[^\]]*\][^}]*\}/.exec(note)?.[0] ?? []);
  return block(
    'To decide',
    namesOf(withheld).length,
    withheld.length === 0
      ? none('Nothing was withheld.')
      : html`<ul>
            ${[...reasons].map(
              ([reason, stopped]) =>
                html`<li><b>${namesText(namesOf(stopped))}</b>: ${withEvents(reason)}</li>`,
            )}
          </ul>
          ${approval.map((event) => html`<p>Yes, withdraw: the audit function with ${copyable(event)}</p>`)}`,
  );
}

const namesOf = (entries: readonly Pick<Action, 'deployment'>[]): string[] => [
  ...new Set(entries.map(({ deployment }) => deployment)),
];

function namesText(labels: readonly string[]): string {
  const names = labels.slice(0, NAMES).map(shownLabel).join(', ');
  return labels.length > NAMES ? `${names} and ${numeral(labels.length - NAMES)} more` : names;
}

/** One number with what it counts; `undefined` where its input was not read: a 0 would be a lie. */
function tile(
  number: number | undefined,
  name: string,
  { explanation, target, kind = 'plain' }: { explanation: string; target?: string; kind?: string },
): Markup {
  const title = target === undefined ? html`${name}` : html`<a href="#${target}">${name}</a>`;
  return html`<div class="tile ${kind}">
    <dt>${title}</dt>
    <dd>
      <b>${number === undefined ? '?' : numeral(number)}</b>
      <small>${number === undefined ? 'not known' : explanation}</small>
    </dd>
  </div>`;
}

/** The numbers of the run. */
function tiles({ findings, counts, inputs, outcome }: Report): Markup {
  const read = (number: number, input: unknown): number | undefined =>
    outcome === 'incomplete' && input === undefined ? undefined : number;
  const { verified } = counts;
  const checked = verified.matching + verified.rejected + verified.mismatched + verified.unclear;
  return html`<dl class="tiles">
    ${SEVERITIES.map((severity) => {
      const number = findings.filter((finding) => finding.severity === severity).length;
      const explanation = SEVERITY_WORDS[severity];
      return tile(
        // What was not judged may hold any number of them.
        number === 0 && outcome === 'incomplete' ? undefined : number,
        severity,
        number === 0 ? { explanation } : { explanation, target: 'findings', kind: severity },
      );
    })}
    ${tile(read(counts.licenses, inputs.licenses), 'deployments', { explanation: 'in the license list' })}
    ${tile(read(counts.tokens, inputs.dockerHub), 'tokens', {
      explanation: `${numeral(counts.activeTokens)} active; besides ${numeral(counts.automaticTokens)} automatic, which are never touched`,
    })}
    ${tile(read(counts.keys, inputs.vault), 'keys', {
      explanation: `in Vault; ${amount(checked, 'stored content')} checked, ${numeral(verified.matching)} of them fit`,
    })}
    ${tile(counts.exempt, 'exempt', { explanation: 'labels that the audit leaves alone', target: 'exemptions' })}
  </dl>`;
}

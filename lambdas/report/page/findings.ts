// The findings, one entry for each deployment, the worst first, to be filtered by kind and severity.

import { dayOf } from '../../domain/days.ts';
import type { Finding } from '../../domain/findings.ts';
import { type Report, putRight } from '../report.ts';
import { withEvents } from './events.ts';
import { type Markup, amount, anchorOf, html, longList, numeral, shownLabel } from './markup.ts';
import { SEVERITIES } from './words.ts';

/** All findings of the run. */
export function findingsSection(report: Report): Markup {
  const gone = putRight(report);
  const byName = [...Map.groupBy(report.findings, ({ deployment }) => deployment)];
  const none = report.outcome === 'incomplete' ? 'None in what could be read.' : 'None.';
  return html`<section aria-labelledby="findings">
    <h2 id="findings">Findings</h2>
    ${
      byName.length === 0
        ? html`<p>${none}</p>`
        : html`${controls(report.findings)}
            <p id="found" role="status">
              ${amount(report.findings.length, 'finding')} about ${amount(byName.length, 'deployment')}.
            </p>
            ${longList(
              byName.map(([name, findings]) => deploymentEntry(name, findings, gone, report.timeZone)),
              'findings-list',
            )}`
    }
  </section>`;
}

/** Choices that the script answers, each with how many findings it has. */
function controls(findings: readonly Finding[]): Markup {
  const counted = (values: readonly string[]): readonly (readonly [string, number])[] =>
    [...Map.groupBy(values, (value) => value)].map(([value, { length }]) => [value, length] as const);
  const kinds = counted(findings.map(({ kind }) => kind)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const severities = counted(findings.map(({ severity }) => severity));
  return html`<div class="controls" id="finding-controls" role="search" aria-label="Findings" hidden>
    ${choice('by-severity', 'Severity', severities)} ${choice('by-kind', 'Kind', kinds)}
    <button type="button" id="reset-findings">Show all</button>
  </div>`;
}

function choice(id: string, name: string, values: readonly (readonly [string, number])[]): Markup {
  return html`<label for="${id}"
    >${name}
    <select id="${id}">
      <option value="">all</option>
      ${values.map(([value, number]) => html`<option value="${value}">${value} (${numeral(number)})</option>`)}
    </select></label
  >`;
}

function deploymentEntry(
  name: string,
  findings: readonly Finding[],
  gone: ReadonlySet<string>,
  timeZone: string,
): Markup {
  const anchor = anchorOf(name);
  const label = shownLabel(name);
  const severities = SEVERITIES.filter((severity) =>
    findings.some((finding) => finding.severity === severity),
  );
  const [id, link] =
    anchor === undefined
      ? []
      : [
          html` id="${anchor}"`,
          html` <a class="anchor" href="#${anchor}" aria-label="Link to ${label}">#</a>`,
        ];
  return html`<li${id} class="about ${severities[0] ?? 'info'}">
    <h3>${label}${link}</h3>
    <ul class="of-one">
      ${findings.map((finding) => findingEntry(finding, gone.has(finding.id), timeZone))}
    </ul>
  </li>`;
}

function findingEntry(finding: Finding, isPutRight: boolean, timeZone: string): Markup {
  const { kind, severity, tokenId, detail, remedy } = finding;
  const first = Date.parse(finding.since);
  const since = Number.isNaN(first) ? finding.since : dayOf(first, timeZone);
  return html`<li data-kind="${kind}" data-severity="${severity}">
    <p class="what">
      <span class="badge ${severity}">${severity}</span> <b class="kind">${kind}</b>
      <span class="meta">since ${since}${tokenId === undefined ? '' : `, token ${tokenId}`}</span>${
        isPutRight ? html` <span class="badge ok">switched off in this run</span>` : undefined
      }
    </p>
    <p>${withEvents(detail)}</p>
    <p class="remedy"><b>To do:</b> ${withEvents(remedy)}</p>
  </li>`;
}

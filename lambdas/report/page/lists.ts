import type { Action } from '../../domain/actions.ts';
import { dayOf } from '../../domain/days.ts';
import type { Finding } from '../../domain/findings.ts';
import { type Report, putRight } from '../report.ts';
import { type Markup, amount, html, longList, numeral, shownLabel } from './markup.ts';
import { ACTION_WORDS, SEVERITIES, SEVERITY_WORDS, STATUSES, STATUS_WORDS } from './words.ts';

/** What stands in an entry when a token is concerned: people look it up by its id. */
function tokenNote(tokenId: string | undefined): Markup | undefined {
  return tokenId === undefined ? undefined : html` <span class="meta">token ${tokenId}</span>`;
}

const remedy = (text: string): Markup => html`<p class="remedy"><b>To do:</b> ${text}</p>`;

function findingEntry(
  finding: Finding,
  timeZone: string,
  { isPutRight, hasOwnRemedy }: { readonly isPutRight: boolean; readonly hasOwnRemedy: boolean },
): Markup {
  const first = Date.parse(finding.since);
  const since = Number.isNaN(first) ? finding.since : dayOf(first, timeZone);
  return html`<li>
    <p class="what">
      <b>${shownLabel(finding.deployment)}</b>${tokenNote(finding.tokenId)}
      <span class="meta">since ${since}</span>${
        isPutRight ? html` <span class="badge ok">switched off in this run</span>` : undefined
      }
    </p>
    <p>${finding.detail}</p>
    ${hasOwnRemedy ? remedy(finding.remedy) : undefined}
  </li>`;
}

/** The findings of one kind. A remedy that is the same for all of them is said once. */
function kindGroup(
  kind: string,
  findings: readonly Finding[],
  gone: ReadonlySet<string>,
  timeZone: string,
): Markup {
  const first = findings[0]?.remedy ?? '';
  const isShared = findings.length > 1 && findings.every((finding) => finding.remedy === first);
  return html`<h4>${kind} <span class="meta">${numeral(findings.length)}</span></h4>
    ${isShared ? remedy(first) : undefined}
    ${longList(
      findings.map((finding) =>
        findingEntry(finding, timeZone, { isPutRight: gone.has(finding.id), hasOwnRemedy: !isShared }),
      ),
    )}`;
}

/** Findings by severity, the worst first, and in it by kind. */
export function findingsSection(report: Report): Markup {
  const gone = putRight(report);
  const groups = SEVERITIES.map((severity) => {
    const found = report.findings.filter((finding) => finding.severity === severity);
    if (found.length === 0) return undefined;
    const kinds = [...Map.groupBy(found, ({ kind }) => kind)];
    return html`<h3 id="findings-${severity}">
        <span class="badge ${severity}">${severity}</span> ${amount(found.length, 'finding')}
        <small>${SEVERITY_WORDS[severity]}</small>
      </h3>
      ${kinds.map(([kind, ofKind]) => kindGroup(kind, ofKind, gone, report.timeZone))}`;
  });
  return html`<section aria-labelledby="findings">
    <h2 id="findings">Findings</h2>
    ${report.findings.length === 0 ? html`<p>${report.outcome === 'incomplete' ? 'None in what could be judged.' : 'None.'}</p>` : groups}
  </section>`;
}

function actionEntry({ deployment, kind, reason, tokenId }: Action): Markup {
  return html`<li>
    <p class="what">
      <b>${shownLabel(deployment)}</b> <span class="kind">${kind}</span>
      <span class="meta">${ACTION_WORDS[kind]}</span>${tokenNote(tokenId)}
    </p>
    <p>${reason}</p>
  </li>`;
}

/** What was done and what is planned, by what became of it. */
export function actionsSection(report: Report): Markup {
  const groups = STATUSES.map((status) => {
    const actions = report.actions.filter((action) => action.status === status);
    if (actions.length === 0) return undefined;
    return html`<h3>
        <span class="badge ${status}">${status}</span> ${amount(actions.length, 'step')}
        <small>${STATUS_WORDS[status]}</small>
      </h3>
      ${longList(actions.map(actionEntry))}`;
  });
  const none =
    report.mode === 'enforce' ? 'No step was due, and nothing was changed.' : 'No step would be due.';
  return html`<section aria-labelledby="actions">
    <h2 id="actions">${report.mode === 'enforce' ? 'What was done' : 'What would be done'}</h2>
    ${
      report.actions.length === 0
        ? html`<p>
            ${report.outcome === 'incomplete' ? 'Nothing: an incomplete audit changes nothing.' : none}
          </p>`
        : groups
    }
  </section>`;
}

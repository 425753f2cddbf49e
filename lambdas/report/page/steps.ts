// The steps of a run, by what became of them.

import type { Action } from '../../domain/actions.ts';
import type { Report } from '../report.ts';
import { withEvents } from './events.ts';
import { type Markup, amount, html, longList, shownLabel } from './markup.ts';
import { ACTION_WORDS, STATUSES, STATUS_WORDS } from './words.ts';

/** What was done and what is planned. */
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
    <h2 id="actions">
      ${report.mode === 'enforce' ? 'Steps of this run' : 'Steps that a real run would take'}
    </h2>
    ${
      report.actions.length === 0
        ? html`<p>
            ${report.outcome === 'incomplete' ? 'Nothing: an incomplete audit changes nothing.' : none}
          </p>`
        : groups
    }
  </section>`;
}

function actionEntry({ deployment, kind, reason, tokenId }: Action): Markup {
  return html`<li>
    <p class="what">
      <b>${shownLabel(deployment)}</b> <span class="kind">${kind}</span>
      <span class="meta">${ACTION_WORDS[kind]}${tokenId === undefined ? '' : `, token ${tokenId}`}</span>
    </p>
    <p>${withEvents(reason)}</p>
  </li>`;
}

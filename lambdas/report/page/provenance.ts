// Exemptions, notes, and what the report was made from.

import { type ExemptionRow, type InputVersions, type Report, holdingText } from '../report.ts';
import { withEvents } from './events.ts';
import { type Markup, amount, html, numeral, shownLabel } from './markup.ts';

function exemptionRow({ label, reason, owner, until, findings, inForce }: ExemptionRow): Markup {
  return html`<tr>
    <th scope="row">${shownLabel(label)}</th>
    <td>${inForce ? 'in force' : 'over'}${until === undefined ? ', no end' : `, until ${until}`}</td>
    <td>${findings.length === 0 ? 'every kind, and no withdrawal' : findings.join(', ')}</td>
    <td>${reason}</td>
    <td>${owner}</td>
  </tr>`;
}

/** The labels that the audit leaves alone, and why. */
export function exemptionsSection({ exemptions, outcome }: Report): Markup {
  const rows = [...exemptions].sort((a, b) => Number(b.inForce) - Number(a.inForce));
  return html`<section aria-labelledby="exemptions">
    <h2 id="exemptions">Exemptions</h2>
    ${
      rows.length === 0
        ? html`<p>${outcome === 'incomplete' ? 'None were read.' : 'None.'}</p>`
        : html`<div class="scroll" role="region" aria-label="Table of exemptions" tabindex="0">
            <table class="list">
              <caption>
                Labels that the audit counts and leaves alone
              </caption>
              <thead>
                <tr>
                  <th scope="col">Label</th>
                  <th scope="col">State</th>
                  <th scope="col">Not flagged with</th>
                  <th scope="col">Reason</th>
                  <th scope="col">Owner</th>
                </tr>
              </thead>
              <tbody>
                ${rows.map(exemptionRow)}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}

/** What a reader of the run should know besides. */
export function notesSection({ notes }: Report): Markup | undefined {
  return notes.length === 0
    ? undefined
    : html`<section aria-labelledby="notes">
        <h2 id="notes">Notes</h2>
        <ul>
          ${notes.map((note) => html`<li>${withEvents(note)}</li>`)}
        </ul>
      </section>`;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** An instant on the clock of the run's time zone, and as it is in the JSON report. */
function moment(instant: string, timeZone: string): string {
  const time = Date.parse(instant);
  if (Number.isNaN(time)) return instant;
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    // The Swedish way of writing a date is the ISO one.
    clock = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    clocks.set(timeZone, clock);
  }
  return `${clock.format(time)} ${timeZone} (${instant})`;
}

const object = (version: InputVersions['licenses'], absent: string, timeZone: string): string => {
  if (version === undefined) return absent;
  const { rows, etag, uploadedAt } = version;
  const when = uploadedAt === undefined ? '' : `, uploaded ${moment(uploadedAt, timeZone)}`;
  return `${amount(rows, 'row')}${when}, ETag ${etag}`;
};

/** Which inputs the run was made from, so that it can be made again. */
export function inputsSection(report: Report): Markup {
  const { inputs, counts, timeZone } = report;
  const { matching, rejected, mismatched, unclear, unchecked } = counts.verified;
  const absent = report.outcome === 'incomplete' ? 'not read' : 'none';
  const facts: readonly (readonly [string, string])[] = [
    ['Run', report.runId],
    ['Mode', report.mode],
    ['As of', `${report.asOf} in ${timeZone}`],
    ['Started', moment(report.startedAt, timeZone)],
    ['Finished', moment(report.finishedAt, timeZone)],
    [
      'Docker Hub',
      inputs.dockerHub === undefined
        ? absent
        : `${amount(inputs.dockerHub.rows, 'token')} listed, as many as Docker Hub counts`,
    ],
    ['Vault', inputs.vault === undefined ? absent : `version ${inputs.vault.version} of the secret`],
    ['licenses.csv', object(inputs.licenses, absent, timeZone)],
    ['exemptions.csv', object(inputs.exemptions, absent, timeZone)],
    [
      'HOLD',
      inputs.hold
        ? `in the bucket${holdingText(inputs, (since) => moment(since, timeZone))}: nothing is withdrawn`
        : report.outcome === 'incomplete'
          ? 'not seen'
          : 'not in the bucket',
    ],
    [
      'Stored contents',
      `${numeral(matching)} matching, ${numeral(rejected)} rejected, ${numeral(mismatched)} mismatched, ${numeral(unclear)} unclear, ${numeral(unchecked)} unchecked`,
    ],
    ['Mail', report.notified ? 'sent' : 'not sent'],
    ['JSON report', report.report],
  ];
  return html`<section aria-labelledby="inputs">
    <h2 id="inputs">What this report was made from</h2>
    <dl class="facts">
      ${facts.map(
        ([name, fact]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${fact}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

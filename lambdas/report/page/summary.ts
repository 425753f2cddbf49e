import type { Report } from '../report.ts';
import { type Markup, amount, html, numeral, shownLabel } from './markup.ts';
import { MODE_BANNERS, SEVERITIES, SEVERITY_WORDS, leftOver } from './words.ts';

/** How many names stand in a sentence before it says how many more there are. */
const NAMES_IN_SENTENCE = 8;

/** The outcome in one line, as a support person would say it. */
export function headline(report: Report): string {
  const { fix, ending } = leftOver(report);
  const withheld = report.actions.filter(({ status }) => status === 'withheld').length;
  const open = [
    ...(fix.length > 0 ? [`${numeral(fix.length)} to fix`] : []),
    ...(ending.length > 0 ? [`${amount(ending.length, 'license')} ending soon`] : []),
  ].join(', ');
  switch (report.outcome) {
    case 'incomplete':
      return 'Incomplete: the audit could not be made';
    case 'withheld':
      return `Withheld: ${amount(withheld, 'step')} due and not done${open === '' ? '' : `; ${open}`}`;
    case 'attention':
      return `Attention: ${open === '' ? 'nothing left to fix, but steps to know of' : open}`;
    case 'clean':
      return 'Clean: nothing to fix';
  }
}

/** How grave the page looks at first sight. */
function tone(report: Report): string {
  if (report.outcome === 'incomplete') return 'critical';
  const failed = report.actions.some(({ status }) => status === 'failed');
  if (failed || leftOver(report).fix.some(({ severity }) => severity === 'critical')) return 'critical';
  return report.outcome === 'clean' ? 'ok' : 'warning';
}

function lead(report: Report): string {
  switch (report.outcome) {
    case 'incomplete':
      return 'An input could not be read wholly. Nothing was changed; what depends on that input was not judged. Expired licenses stay as they are until an audit succeeds.';
    case 'withheld':
      return 'Access that was due to be withdrawn was left as it is, for the reasons below.';
    case 'attention':
      return 'Docker Hub, Vault and the license list were read wholly. What does not fit is listed with what to do about it.';
    case 'clean':
      return 'Docker Hub, Vault and the license list were read wholly, and they fit each other.';
  }
}

function namesOf(labels: readonly string[]): string {
  const names = [...new Set(labels)].map(shownLabel);
  const more = names.length - NAMES_IN_SENTENCE;
  return `${names.slice(0, NAMES_IN_SENTENCE).join(', ')}${more > 0 ? ` and ${numeral(more)} more` : ''}`;
}

/** Why steps were withheld: each reason once, with whom it kept from being withdrawn. */
function withheldReasons({ actions, mode }: Report): Markup | undefined {
  const withheld = actions.filter(({ status }) => status === 'withheld');
  if (withheld.length === 0) return undefined;
  // The plan puts the guard before the first semicolon, and the reason of the step itself after it.
  const reasons = Map.groupBy(withheld, ({ reason }) => reason.split('; ', 1)[0] ?? reason);
  return html`<h2>${mode === 'enforce' ? 'Why it was withheld' : 'Why it would be withheld'}</h2>
    <ul>
      ${[...reasons].map(
        ([reason, stopped]) =>
          html`<li>${reason}: <b>${namesOf(stopped.map(({ deployment }) => deployment))}</b></li>`,
      )}
    </ul>`;
}

function causes(report: Report): Markup | undefined {
  if (report.causes.length === 0) return undefined;
  return html`<h2>Causes</h2>
    <ul>
      ${report.causes.map((cause) => html`<li>${cause}</li>`)}
    </ul>`;
}

function hold({ inputs }: Report): Markup | undefined {
  return inputs.hold
    ? html`<p class="note">
        <b>HOLD:</b> the object HOLD is in the bucket. While it is there nothing is withdrawn.
      </p>`
    : undefined;
}

/** One number with what it counts; `undefined` where its input was not read: a 0 would be a lie. */
function tile(
  number: number | undefined,
  name: string,
  explanation: string,
  target?: string,
  kind = 'plain',
): Markup {
  const title = target === undefined ? html`${name}` : html`<a href="#${target}">${name}</a>`;
  return html`<div class="tile ${kind}">
    <dt>${title}</dt>
    <dd>
      <b>${number === undefined ? '?' : numeral(number)}</b>
      <small>${number === undefined ? 'not read' : explanation}</small>
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
      const target = number === 0 ? undefined : `findings-${severity}`;
      return tile(number, severity, SEVERITY_WORDS[severity], target, number === 0 ? 'plain' : severity);
    })}
    ${tile(read(counts.licenses, inputs.licenses), 'deployments', 'in the license list')}
    ${tile(read(counts.tokens, inputs.dockerHub), 'tokens', `${numeral(counts.activeTokens)} active; besides ${numeral(counts.automaticTokens)} automatic, which are never touched`)}
    ${tile(read(counts.keys, inputs.vault), 'keys', `in Vault; ${numeral(checked)} stored contents checked, ${numeral(verified.matching)} of them fit`)}
    ${tile(counts.exempt, 'exempt', 'labels that the audit leaves alone', 'exemptions')}
  </dl>`;
}

/** What the run comes to: what kind of run it was, its verdict, why, and the counts. */
export function summary(report: Report): Markup {
  const banner = MODE_BANNERS[report.mode];
  return html`${banner === undefined ? undefined : html`<p class="mode"><b>${banner.title}.</b> ${banner.text}</p>`}
    <section class="verdict ${tone(report)}" aria-labelledby="verdict">
      <h2 id="verdict" class="headline">${headline(report)}</h2>
      <p>${lead(report)}</p>
      ${hold(report)} ${causes(report)} ${withheldReasons(report)}
    </section>
    <section aria-labelledby="counts">
      <h2 id="counts" class="quiet">Counts</h2>
      ${tiles(report)}
    </section>`;
}

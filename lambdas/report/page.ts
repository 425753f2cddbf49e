// The report's page: one self-contained HTML file.

import { createHash } from 'node:crypto';
import { deploymentsData, deploymentsSection } from './page/deployments.ts';
import { findingsSection } from './page/findings.ts';
import { firstScreen } from './page/first-screen.ts';
import { headline } from './page/headline.ts';
import { Markup, html } from './page/markup.ts';
import { exemptionsSection, inputsSection, notesSection } from './page/provenance.ts';
import { SCRIPT } from './page/script.ts';
import { STYLE } from './page/style.ts';
import { actionsSection } from './page/steps.ts';
import { timelineSection } from './page/timeline.ts';
import { MODE_BANNERS } from './page/words.ts';
import type { Report } from './report.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * What the page may do: run its own script, wear its own style, nothing else. No address can be reached from it, and no
 * text of a report can become script or markup even if the escaping failed.
 */
const POLICY = [
  `default-src 'none'`,
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `require-trusted-types-for 'script'`,
  `trusted-types 'none'`,
].join('; ');

/** A constant whose text must stay as it is hashed: not through a template that might be reformatted. */
const style = new Markup(`<style>${STYLE}</style>`);

/**
 * A run's report for people: one self-contained HTML file that asks nothing of anybody (contract section 2). Reads well
 * on a phone, in the dark, printed, by keyboard and by screen reader; without script its table holds the first rows.
 */
export function reportPage(report: Report): string {
  return `${visiblePart(report)}${deploymentsData(report)}<script>${SCRIPT}</script>\n</body>\n</html>\n`;
}

/** The page up to the end of what is seen. */
function visiblePart(report: Report): string {
  const banner = MODE_BANNERS[report.mode];
  const title = `Docker Hub tokens, ${report.asOf}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}: ${headline(report)}${banner === undefined ? '' : ` (${banner.title})`}</title>
        ${style}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the report</a>
        <header>
          <h1>${title}</h1>
          <p class="meta">Run ${report.runId}, mode ${report.mode}, ${report.timeZone}</p>
        </header>
        <nav aria-label="Parts of the report">
          <ul>
            <li><a href="#findings">Findings</a></li>
            <li><a href="#deployments">Deployments</a></li>
            <li><a href="#actions">Steps</a></li>
            <li><a href="#timeline">Licenses by month</a></li>
            <li><a href="#exemptions">Exemptions</a></li>
            ${report.notes.length === 0 ? undefined : html`<li><a href="#notes">Notes</a></li>`}
            <li><a href="#inputs">Inputs</a></li>
          </ul>
        </nav>
        <main id="main" tabindex="-1">
          ${firstScreen(report)} ${findingsSection(report)} ${deploymentsSection(report)}
          ${actionsSection(report)} ${timelineSection(report)} ${exemptionsSection(report)}
          ${notesSection(report)} ${inputsSection(report)}
        </main>
        <footer>
          <p>Hub Token Auditor, run ${report.runId}. The JSON report beside this page is never cut.</p>
        </footer>
      </body>
    </html> `.text;
}

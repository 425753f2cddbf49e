// What came of a command, for a terminal.

import type { CalendarEntry } from '../../lambdas/audit/simulate.ts';
import type { Action } from '../../lambdas/domain/actions.ts';
import type { Finding } from '../../lambdas/domain/findings.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import type { RevokeResult } from '../../lambdas/revoke/revoke.ts';
import { displayName, escapeText, pluralize } from '../../lambdas/text/display.ts';
import { type Program, inShellWords, wrapLine } from './words.ts';

/** How the output looks: as wide as the terminal, with commands as they are typed here. */
export interface Look {
  readonly columns: number;
  readonly program: Program;
}

/** Behind the word that begins an entry. */
const INDENT = ' '.repeat(10);

const MODES = {
  enforce: '',
  observe: ' (observe: nothing was changed at Docker Hub or in Vault)',
  'dry-run': ' (dry run: nothing was changed)',
} as const;

/** An audit's result. */
export function showAudit(result: AuditResult, location: string, look: Look): string {
  const { counts, actions, findings, notes } = result;
  const { columns } = look;
  return [
    ...wrapLine(
      `Audit ${result.runId} as of ${result.asOf}: ${result.outcome}${MODES[result.mode]}`,
      columns,
    ),
    ...wrapLine(
      `${pluralize(counts.tokens, 'token')} (${counts.activeTokens} active, besides ${counts.automaticTokens} automatic), ${pluralize(counts.keys, 'key')}, ${pluralize(counts.licenses, 'licensed deployment')}, ${counts.exempt} exempt`,
      columns,
    ),
    ...(actions.length === 0
      ? []
      : [
          '',
          `Actions (${actions.length})`,
          ...actions.flatMap((action) => wrapLine(actionLine(action), columns, INDENT)),
        ]),
    ...(findings.length === 0
      ? ['', 'No findings.']
      : [
          '',
          `Findings (${findings.length})`,
          ...findings.flatMap((finding) => wrapLine(findingLine(finding, look), columns, INDENT)),
        ]),
    ...(notes.length === 0
      ? []
      : ['', ...notes.flatMap((note) => wrapLine(inShellWords(note, look.program), columns))]),
    '',
    `Report: ${location}/${result.report}`,
    `Mail: ${result.notified ? 'sent' : 'none'}`,
  ].join('\n');
}

/** An issue's result. */
export function showIssue(result: IssueResult, { columns }: Look): string {
  const { vault, pull, replaced, instructions } = result;
  return [
    `${result.deployment}: token ${result.tokenId}, scope ${result.scopes.join(', ')}`,
    ...(vault === null
      ? ['Vault has no key for it.']
      : wrapLine(
          `Content: in Vault, ${vault.path}, key ${vault.key}${vault.version === undefined ? '' : `, version ${vault.version}`}`,
          columns,
          INDENT,
        )),
    `Pull of ${pull.image}: ${pull.verified ? 'proved' : 'not checked'}`,
    ...replaced.map(({ tokenId, until }) => `Replaces ${tokenId}, which works until ${until}`),
    '',
    ...instructions,
  ].join('\n');
}

/** A revoke's or restore's result. */
export function showRevoke({ deployment, restoreRun, actions }: RevokeResult, { columns }: Look): string {
  return [
    `${deployment === undefined ? `run ${escapeText(restoreRun ?? '')}` : displayName(deployment)}: ${pluralize(actions.length, 'step')}`,
    ...actions.flatMap(({ kind, tokenId, status, reason }) =>
      wrapLine(
        `${status.padEnd(9)} ${kind}${tokenId === undefined ? '' : ` ${escapeText(tokenId)}`}: ${reason}`,
        columns,
        INDENT,
      ),
    ),
  ].join('\n');
}

/** A calendar of coming nights. */
export function showCalendar(calendar: readonly CalendarEntry[], until: string, { columns }: Look): string {
  if (calendar.length === 0) return `Nothing will be announced, switched off or deleted until ${until}.`;
  return calendar
    .flatMap(({ day, kind, deployment, withheld, reason }) =>
      wrapLine(
        `${day} ${withheld ? 'WITHHELD ' : ''}${kind} ${displayName(deployment)}: ${reason}`,
        columns,
        ' '.repeat(11),
      ),
    )
    .join('\n');
}

const actionLine = ({ kind, deployment, status, reason }: Action): string =>
  `${status.padEnd(9)} ${kind} ${displayName(deployment)}: ${reason}`;

const findingLine = ({ severity, kind, deployment, detail, remedy }: Finding, { program }: Look): string =>
  `${severity.padEnd(9)} ${kind} ${displayName(deployment)}: ${inShellWords(`${detail} ${remedy}`, program)}`;

import type { CalendarEntry } from '../../lambdas/audit/simulate.ts';
import type { Action } from '../../lambdas/domain/actions.ts';
import type { Finding } from '../../lambdas/domain/findings.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import { wrapText } from '../../lambdas/mail/layout.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import type { RevokeResult } from '../../lambdas/revoke/revoke.ts';
import { pluralize, escapeText, displayName } from '../../lambdas/text/display.ts';

const actionLine = ({ kind, deployment, status, reason }: Action): string =>
  `${status.padEnd(9)} ${kind} ${displayName(deployment)}: ${reason}`;

const findingLine = ({ severity, kind, deployment, detail, remedy }: Finding): string =>
  `${severity.padEnd(9)} ${kind} ${displayName(deployment)}: ${detail} ${remedy}`;

const paragraph = (line: string): string[] => wrapText(line, '          ');

const MODES = {
  enforce: '',
  observe: ' (observe: nothing was changed at Docker Hub or in Vault)',
  'dry-run': ' (dry run: nothing was changed)',
} as const;

/** An audit's result for a terminal. */
export function showAudit(result: AuditResult, location: string): string {
  const { counts, actions, findings, notes } = result;
  return [
    `Audit ${result.runId} as of ${result.asOf}: ${result.outcome}${MODES[result.mode]}`,
    ...wrapText(
      `${pluralize(counts.tokens, 'token')} (${counts.activeTokens} active, besides ${counts.automaticTokens} automatic), ${pluralize(counts.keys, 'key')}, ${pluralize(counts.licenses, 'licensed deployment')}, ${counts.exempt} exempt`,
    ),
    ...(actions.length === 0
      ? []
      : ['', `Actions (${actions.length})`, ...actions.flatMap((action) => paragraph(actionLine(action)))]),
    ...(findings.length === 0
      ? ['', 'No findings.']
      : [
          '',
          `Findings (${findings.length})`,
          ...findings.flatMap((finding) => paragraph(findingLine(finding))),
        ]),
    ...(notes.length === 0 ? [] : ['', ...notes.flatMap((note) => wrapText(note))]),
    '',
    `Report: ${location}/${result.report}`,
    `Mail: ${result.notified ? 'sent' : 'none'}`,
  ].join('\n');
}

/** An issue's result for a terminal. */
export function showIssue(result: IssueResult): string {
  const { vault, pull, replaced, instructions } = result;
  return [
    `${result.deployment}: token ${result.tokenId}, scope ${result.scopes.join(', ')}`,
    vault === null
      ? 'Vault has no key for it.'
      : `Content: in Vault, ${vault.path}, key ${vault.key}, version ${vault.version}`,
    `Pull of ${pull.image}: ${pull.verified ? 'proved' : 'not checked'}`,
    ...replaced.map(({ tokenId, until }) => `Replaces ${tokenId}, which works until ${until}`),
    '',
    ...instructions,
  ].join('\n');
}

/** A revoke's or restore's result for a terminal. */
export function showRevoke({ deployment, actions }: RevokeResult): string {
  return [
    `${displayName(deployment)}: ${pluralize(actions.length, 'step')}`,
    ...actions.flatMap(({ kind, tokenId, status, reason }) =>
      paragraph(
        `${status.padEnd(9)} ${kind}${tokenId === undefined ? '' : ` ${escapeText(tokenId)}`}: ${reason}`,
      ),
    ),
  ].join('\n');
}

/** A calendar for a terminal. */
export function showCalendar(calendar: readonly CalendarEntry[], until: string): string {
  if (calendar.length === 0) return `Nothing will be announced, switched off or deleted until ${until}.`;
  return calendar
    .flatMap(({ day, kind, deployment, withheld, reason }) =>
      wrapText(
        `${day} ${withheld ? 'WITHHELD ' : ''}${kind} ${displayName(deployment)}: ${reason}`,
        '           ',
      ),
    )
    .join('\n');
}

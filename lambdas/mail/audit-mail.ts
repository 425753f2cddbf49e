import type { Action, Mode } from '../domain/actions.ts';
import type { Finding } from '../domain/findings.ts';
import type { Report } from '../report/report.ts';
import { pluralize, displayName } from '../text/display.ts';
import { approvalLines } from './approval.ts';
import { type Section, subjectOf, summaryOf, textOf, whereLines, wrapText } from './layout.ts';
import { type MailInput, type News, QUIET, openFindings } from './news.ts';
import type { Notification } from './notification.ts';

const actionEntry = ({ deployment, reason }: Action): string => `${displayName(deployment)}: ${reason}`;

const DONE_WORDS: Record<Action['kind'], string> = {
  announce: 'announced',
  deactivate: 'switched off',
  'delete-token': 'token deleted',
  'remove-key': 'key removed from Vault',
  reactivate: 'switched on again',
};

const doneEntry = (action: Action): string =>
  `${displayName(action.deployment)} ${DONE_WORDS[action.kind]}: ${action.reason}`;

const findingEntry = (finding: Finding): string =>
  `${finding.severity.toUpperCase()} ${finding.kind} ${displayName(finding.deployment)}: ${finding.detail} ${finding.remedy}`;

const MODE_PREFIX: Record<Mode, string> = {
  enforce: '[Docker Hub tokens]',
  observe: '[Docker Hub tokens, observe]',
  'dry-run': '[Docker Hub tokens, dry run]',
};

function subjectParts(report: Omit<Report, 'notified'>, news: News): string[] {
  const open = openFindings(report);
  const ending = open.filter(({ kind }) => kind === 'license-expiring').length;
  const fix = open.filter(({ severity, kind }) => severity !== 'info' && kind !== 'license-expiring').length;
  const part = (number: number, words: string): string[] => (number === 0 ? [] : [`${number} ${words}`]);
  const withheld = report.actions.filter(({ status }) => status === 'withheld').length;
  const parts = [
    ...part(news.revoked.length, 'revoked'),
    ...part(news.failed.filter(({ status }) => status === 'failed').length, 'failed'),
    ...part(news.failed.filter(({ status }) => status === 'skipped').length, 'left alone'),
    ...part(withheld, 'withheld'),
    ...part(news.restored.length, 'restored'),
    ...part(news.issued.length, 'issued or renamed'),
    ...part(news.announced.length, 'announced'),
    ...part(fix, 'to fix'),
    ...part(ending, 'ending soon'),
  ];
  return parts.length === 0 ? ['nothing to fix'] : parts;
}

function severityOf(report: Omit<Report, 'notified'>, news: News): Notification['severity'] {
  if (news.failed.length > 0 || report.findings.some(({ severity }) => severity === 'critical'))
    return 'critical';
  const calm =
    report.actions.length === 0 &&
    news.revoked.length === 0 &&
    !report.findings.some(({ severity }) => severity === 'warning');
  return calm ? 'info' : 'warning';
}

function openLines(report: Omit<Report, 'notified'>): string[] {
  const kinds = Map.groupBy(openFindings(report), ({ kind }) => kind);
  const counts = [...kinds].sort().map(([kind, findings]) => `${findings.length} ${kind}`);
  return counts.length === 0 ? ['Nothing is open.'] : wrapText(`Still open: ${counts.join(', ')}.`, '  ');
}

function countLines(report: Omit<Report, 'notified'>): string[] {
  const { tokens, activeTokens, automaticTokens, keys, licenses, exempt, verified } = report.counts;
  const checked = verified.matching + verified.rejected + verified.mismatched + verified.unclear;
  return wrapText(
    `Read: ${pluralize(tokens, 'token')} (${activeTokens} active, besides ${automaticTokens} automatic), ${pluralize(keys, 'key')} in Vault, ${pluralize(licenses, 'licensed deployment')}, ${pluralize(exempt, 'exempt label')}; ${pluralize(checked, 'stored content')} checked.`,
    '  ',
  );
}

const MODE_LINES: Record<Mode, readonly string[]> = {
  enforce: [],
  observe: ['Mode is observe: nothing was changed at Docker Hub or in Vault.'],
  'dry-run': ['This was a dry run: nothing was changed.'],
};

/**
 * The mail of a whole run: what changed first, then what is still open as counts, then where the report is.
 *
 * @param weekly also list everything open
 */
export function auditMail(input: MailInput, news: News, weekly: boolean): Notification {
  const { report } = input;
  const newIds = new Set(news.found.map(({ id }) => id));
  const standing = weekly
    ? openFindings(report).filter(({ id, kind }) => !newIds.has(id) && !QUIET.has(kind))
    : [];
  const sections: Section[] = [
    { title: 'REVOKED', entries: news.revoked.map(doneEntry) },
    {
      title: 'ANNOUNCED (nothing has changed yet)',
      entries: news.announced.map(actionEntry),
    },
    {
      title: 'WITHHELD (due, and not done)',
      entries: news.withheld.map((action) => `${action.kind} ${actionEntry(action)}`),
    },
    {
      title: 'FAILED OR LEFT ALONE',
      entries: news.failed.map((action) => `${action.kind} ${action.status}, ${actionEntry(action)}`),
    },
    { title: 'RESTORED', entries: news.restored.map(doneEntry) },
    {
      title: 'ISSUED OR RENAMED (the mail of then failed)',
      entries: news.issued.map(({ deployment, reason }) => `${displayName(deployment)}: ${reason}`),
    },
    {
      title: 'WOULD BE DONE',
      entries: news.planned.map((action) => `${action.kind} ${actionEntry(action)}`),
    },
    { title: 'NEW', entries: news.found.map(findingEntry) },
    {
      title: 'RESOLVED',
      entries: news.resolved.map(({ kind, deployment }) => `${kind} ${displayName(deployment)}`),
    },
    { title: 'EXEMPTIONS', entries: news.exemptions },
    { title: 'NOTES', entries: news.notes },
    { title: 'EVERYTHING ELSE OPEN (weekly list)', entries: standing.map(findingEntry) },
  ];
  const heading = [
    ...wrapText(`Docker Hub tokens of the account ${input.account}, ${report.asOf}`),
    ...MODE_LINES[report.mode],
  ];
  const closing = [
    ...(news.withheld.length > 0 ? approvalLines(input.approvable) : []),
    ...openLines(report),
    ...countLines(report),
    '',
    ...whereLines(input.bucket, report.report, report.runId),
  ];
  return {
    subject: subjectOf(subjectParts(report, news), MODE_PREFIX[report.mode]),
    text: textOf(heading, sections, closing),
    summary: summaryOf(report),
    outcome: report.outcome,
    severity: severityOf(report, news),
  };
}

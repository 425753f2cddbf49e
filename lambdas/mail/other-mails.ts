// The mails beside the nightly one: of a run that could not read everything, of a list that changed, of issue and revoke.
import type { Outcome } from '../domain/actions.ts';
import type { Day } from '../domain/days.ts';
import { longDay, shortDay } from '../domain/nights.ts';
import type { License } from '../domain/licenses.ts';
import type { Report } from '../report/report.ts';
import { capitalized, displayName, escapeText, joinWithAnd, pluralize } from '../text/display.ts';
import { eventText } from '../text/event-json.ts';
import { MAX_TEXT_BYTES, fitting, subjectOf, summaryOf, wrapText } from './layout.ts';
import { type ReportPlace, reportLink } from './links.ts';
import type { Notification } from './notification.ts';

/** The mail of a run that could not read one of its inputs completely: what to do first, then why. */
export function incompleteMail(input: {
  readonly runId: string;
  readonly causes: readonly { readonly name: string; readonly message: string }[];
  readonly account: string;
  readonly today: Day;
  readonly where?: ReportPlace & { readonly report: string };
  readonly counts?: Report['counts'];
}): Notification {
  const names = [...new Set(input.causes.map(({ name }) => name))];
  const text = cutText(
    [
      ...input.causes.flatMap(({ message }) => wrapText(`To do: ${todoOf(message)}`, '  ')),
      '',
      ...wrapText(
        `Docker Hub access of our customers, ${input.today === '' ? 'tonight' : longDay(input.today)}: the audit of the account ${input.account} could not be made. Nothing was changed, and nobody was checked: whoever has ended stays on until it succeeds. It tries again at its next time.`,
      ),
      '',
      'WHY',
      ...input.causes.flatMap(({ name, message }) => wrapText(`- ${name}: ${message}`, '  ')),
    ],
    [
      ...(input.where === undefined
        ? [`Run ${input.runId}.`]
        : [`Report (run ${input.runId}):`, reportLink(input.where, input.where.report)]),
    ],
  );
  return {
    subject: subjectOf([`audit incomplete: ${names.join(', ')}`]),
    text,
    summary: summaryOf({
      runId: input.runId,
      outcome: 'incomplete',
      counts: input.counts,
      report: input.where?.report,
    }),
    outcome: 'incomplete',
    severity: 'critical',
  };
}

/** What to do, as the last clause of an error's sentence says it. */
function todoOf(message: string): string {
  const clause = message.split('; ').at(-1) ?? message;
  return capitalized(clause);
}

/** What a review of a changed list or `HOLD` found, for people. */
export interface ReviewNews {
  readonly runId: string;
  readonly today: Day;
  /** What was uploaded, and what of it was read: `licenses.csv: 60 rows read, 2 not`. */
  readonly read: readonly string[];
  /** Rows added and gone, ends moved forward and back; one sentence each. */
  readonly changes: readonly string[];
  /** Who has paid and can't pull now, with what cures it; one entry a deployment. */
  readonly cantPull: readonly string[];
  /** Rows that can't be read, and what else the change brings, with what to do; one entry a deployment. */
  readonly toFix: readonly string[];
  /** Who loses access on which night, one line each. */
  readonly leaving: readonly string[];
  /** Who was switched on again. */
  readonly restored: readonly string[];
  /** What stands in the way of the whole: a list that shrank, `HOLD`, a list that can't be read; with what to do. */
  readonly obstacles: readonly string[];
  readonly where: ReportPlace & { readonly report: string };
  readonly outcome: Outcome;
  readonly counts: Report['counts'];
  /** Whether what the change brings is critical. */
  readonly isCritical: boolean;
  /** While what nobody loses access, a clause: `while HOLD is there`; absent where nothing holds everybody. */
  readonly held?: string | undefined;
}

/** The mail of a review: what an upload means. */
export function reviewMail(news: ReviewNews): Notification {
  const section = (title: string, entries: readonly string[]): string[] =>
    entries.length === 0
      ? []
      : [`${title} (${entries.length})`, ...entries.flatMap((entry) => wrapText(`  ${entry}`, '    ')), ''];
  const parts = [
    ...(news.obstacles.length === 0 ? [] : ['please look']),
    ...(news.leaving.length === 0 || news.held !== undefined
      ? []
      : [`${news.leaving.length} to lose access`]),
    ...(news.cantPull.length === 0 ? [] : [`${news.cantPull.length} can't pull`]),
    ...(news.restored.length === 0 ? [] : [`${news.restored.length} switched on again`]),
    ...(news.toFix.length === 0 ? [] : [`${news.toFix.length} to fix`]),
    ...(news.changes.length === 0 ? [] : [pluralize(news.changes.length, 'change')]),
  ];
  return {
    subject: subjectOf([`list changed: ${parts[0] ?? 'nothing to do'}`, ...parts.slice(1)]),
    text: cutText(
      [
        ...news.obstacles.flatMap((text) => wrapText(text)),
        ...(news.obstacles.length === 0 ? [] : ['']),
        ...wrapText(
          `What the change of ${longDay(news.today)} means. Nobody is switched off before the night.`,
        ),
        ...news.read.flatMap((text) => wrapText(text, '  ')),
        '',
        ...section('SWITCHED ON AGAIN', news.restored),
        ...section(
          `LOSES ACCESS NEXT (${news.held === undefined ? 'nothing has happened yet' : `not ${news.held}`})`,
          news.leaving,
        ),
        ...section("CAN'T PULL TODAY", news.cantPull),
        ...section('TO PUT IN ORDER', news.toFix),
        ...section('WHAT CHANGED', news.changes),
        'Not as you meant it? Correct the list and upload it again.',
      ],
      [`Report (run ${news.runId}):`, reportLink(news.where, news.where.report)],
      ': the report has all of them',
    ),
    summary: summaryOf({
      runId: news.runId,
      outcome: news.outcome,
      counts: news.counts,
      report: news.where.report,
    }),
    outcome: news.outcome,
    severity: news.isCritical
      ? 'critical'
      : news.obstacles.length > 0 || news.leaving.length > 0 || news.toFix.length > 0
        ? 'warning'
        : 'info',
  };
}

/** The mail of an issue or revoke; of lines that do not fit it says how many there are. */
export function onDemandMail(input: {
  readonly requestId: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly failed: boolean;
  /** Where stands who really called; absent where nobody is said to have. */
  readonly whoCalled?: string | undefined;
}): Notification {
  const { whoCalled } = input;
  return {
    subject: subjectOf([input.title]),
    text: cutText(
      input.lines.flatMap((line) => wrapText(line, '  ')),
      [
        `Request ${escapeText(input.requestId)}.`,
        ...(whoCalled === undefined ? [] : wrapText(whoCalled, '  ')),
      ],
    ),
    summary: summaryOf({ runId: input.requestId, outcome: input.failed ? 'incomplete' : 'done' }),
    outcome: input.failed ? 'failed' : 'done',
    severity: input.failed ? 'critical' : 'info',
  };
}

/** Lines and a closing that always stands; of lines that do not fit it says how many there are, and `where` they are. */
function cutText(lines: readonly string[], closing: readonly string[], where = ''): string {
  const end = closing.join('\n');
  const shown = fitting(lines, MAX_TEXT_BYTES - Buffer.byteLength(end) - 100);
  const left = lines.length - shown.length;
  return [
    ...shown,
    ...(left > 0 ? [`... and ${pluralize(left, 'more line')}${where}.`] : []),
    '',
    ...closing,
    '',
  ].join('\n');
}

/** Title and lines of an issue's or revoke's mail. */
export interface OnDemandText {
  readonly title: string;
  readonly lines: readonly string[];
}

/** What an issued or regenerated token's mail says. */
export interface IssuedNews {
  readonly deployment: string;
  /** Who says that they asked, and why: `"ann" says "…"`. */
  readonly statement: string;
  /** Absent where it was issued without one. */
  readonly license: License | undefined;
  /** What becomes of each token that it replaces, one sentence each. */
  readonly oldTokens: readonly string[];
  readonly account: string;
  readonly testImage: string;
  /** Whether a pull was proved with it. */
  readonly isPullVerified: boolean;
  /** Of Vault's page that holds the content. */
  readonly vaultLink: string;
  readonly today: Day;
}

/** What to do with a new token: for the person who hands it over. */
export function issuedText(news: IssuedNews): OnDemandText {
  const { deployment, license, today } = news;
  const kind = news.oldTokens.length === 0 ? 'New token' : 'New token in place of the old one';
  return {
    title: `new token for ${displayName(deployment)}`,
    lines: [
      `${kind} for ${displayName(deployment)} (${news.statement}).`,
      ...(license === undefined
        ? ['No license in force says that it has paid: it was issued all the same.']
        : [
            `Paid until ${shortDay(license.paidUntil, today)}, access until ${shortDay(license.lastDay, today)}.`,
          ]),
      '',
      `1. Copy its content from Vault, key ${displayName(deployment)}:`,
      news.vaultLink,
      "2. Send it to the customer's server team in the agreed safe way.",
      '3. They run, as the user that deploys (usually root):',
      '     docker logout',
      `     docker login --username ${news.account}`,
      '     (password: the content)',
      `     docker pull ${news.testImage}`,
      '   "Login Succeeded" and an image mean that it works.',
      ...news.oldTokens.map((line, index) => (index === 0 ? `4. ${line}` : `   ${line}`)),
      '',
      ...(news.isPullVerified
        ? [`We have pulled ${news.testImage} with it: it works.`]
        : [`It was not tried whether it can pull ${news.testImage}: nobody wanted that.`]),
    ],
  };
}

/**
 * The lines to run on a deployment's server (contract section 9), with what a good answer looks like and until when the
 * old token works. They hold no content.
 */
export function instructionLines(
  news: Pick<IssuedNews, 'deployment' | 'account' | 'testImage' | 'vaultLink' | 'oldTokens'>,
): string[] {
  return [
    `# On the server of ${displayName(news.deployment)}, as the user that deploys (usually root).`,
    `# The password is the value of the key ${displayName(news.deployment)} in Vault: ${news.vaultLink}`,
    'docker logout',
    `docker login --username ${news.account}`,
    '# A good answer is: Login Succeeded',
    `docker pull ${news.testImage}`,
    '# A good answer ends with: Status, and the name of the image. Then it works.',
    ...news.oldTokens.map((line) => `# ${line}`),
  ];
}

/** What a rename's mail says: nothing is to be done. */
export function renamedText(news: {
  readonly from: string;
  readonly to: string;
  readonly statement: string;
  /** Of Vault's page that holds the key; absent where Vault has no key for it. */
  readonly vaultLink: string | undefined;
  /** Docker Hub did not say whether the content in Vault is the token's. */
  readonly isDoubtful: boolean;
}): OnDemandText {
  const [from, to] = [displayName(news.from), displayName(news.to)];
  return {
    title: `renamed ${from} to ${to}`,
    lines: [
      `${from} is called ${to} now, on Docker Hub${news.vaultLink === undefined ? '' : ' and in Vault'} (${news.statement}).`,
      'Its content is the same: the customer notices nothing, and nobody has to do anything.',
      ...(news.isDoubtful
        ? ['Docker Hub did not say whether the content in Vault is that of the token.']
        : []),
      '',
      ...(news.vaultLink === undefined
        ? ['Vault has no key for it.']
        : [`Its key in Vault is ${to}:`, news.vaultLink]),
    ],
  };
}

/** What became of a deployment's tokens through the revoke function. */
export interface RevokedNews {
  /** What the functions' names begin with. */
  readonly name: string;
  readonly deployment: string;
  readonly statement: string;
  readonly what: 'revoke' | 'restore' | 'delete';
  /** Ids of the tokens that were changed; of those that were so already. */
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly isKeyRemoved: boolean;
  /** Other tokens of the label still work. */
  readonly isStillOn: boolean;
  /** What is not done, one sentence each. */
  readonly failures: readonly string[];
  /** Whether the call failed, and not only left something alone. */
  readonly isFailed: boolean;
}

/** What was switched off, on or deleted, what that means, and how it is undone. */
export function revokedText(news: RevokedNews): OnDemandText {
  const label = displayName(news.deployment);
  const { deployment } = news;
  const [noun, done, was] = {
    revoke: ['switching off', 'switched off', 'off'],
    restore: ['switching on', 'switched on again', 'on'],
    delete: ['deleting', 'deleted', 'gone'],
  }[news.what];
  const ids = (list: readonly string[]): string => joinWithAnd(list.map((id) => escapeText(id)));
  const { isFailed } = news;
  const next = {
    revoke: news.isStillOn
      ? 'Another token of it still works.'
      : `Its servers can't pull any more. The audit never switches it on again. To undo: function ${news.name}-revoke, ${eventText({ deployment, restore: true, reason: '...' })}`,
    restore: 'The audit leaves it alone for 7 days, then goes by licenses.csv again.',
    delete: `This can't be undone. If it needs a token again: function ${news.name}-issue, ${eventText({ deployment })}`,
  }[news.what];
  const isChange = news.changed.length > 0 || news.isKeyRemoved;
  const title = isFailed
    ? `${noun} ${label} failed`
    : isChange
      ? `${done} ${label}`
      : `${label} was ${was} already`;
  return {
    title,
    lines: [
      `${isFailed ? `${label}: ${noun} failed` : isChange ? `${label}: ${done}` : title} (${news.statement}).`,
      '',
      ...news.failures.map((failure) => `NOT DONE: ${failure}`),
      ...(news.changed.length === 0
        ? []
        : [`${pluralize(news.changed.length, 'token')} ${done}: ${ids(news.changed)}.`]),
      ...(news.unchanged.length === 0
        ? []
        : [
            `Already ${was}: ${ids(news.unchanged)}${news.what === 'revoke' ? ", now recorded as people's" : ''}.`,
          ]),
      ...(news.isKeyRemoved ? [`Its key was removed from Vault.`] : []),
      ...(isFailed ? [] : [next]),
    ],
  };
}

/** What of a whole run was undone. */
export function restoredRunText(news: {
  readonly runId: string;
  readonly statement: string;
  readonly deployments: readonly string[];
  /** What is not done, one sentence each. */
  readonly failures: readonly string[];
  readonly isFailed: boolean;
}): OnDemandText {
  const run = escapeText(news.runId);
  const count = pluralize(news.deployments.length, 'deployment');
  return {
    title: news.isFailed
      ? `restoring what run ${run} switched off failed`
      : `restored ${count} of run ${run}`,
    lines: [
      `What run ${run} switched off for ended licenses is switched on again (${news.statement}).`,
      '',
      ...news.failures.map((failure) => `NOT DONE: ${failure}`),
      ...(news.deployments.length === 0
        ? []
        : [`On again: ${joinWithAnd(news.deployments.map(displayName))}.`]),
      'The audit leaves them alone for 7 days, then goes by licenses.csv again.',
    ],
  };
}

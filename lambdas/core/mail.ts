import type { Notification } from '../clients/types.ts';
import { dayOf, daysBetween, mondayOf, type Day } from './days.ts';
import type { ExemptionNews } from './exemption-news.ts';
import type { Finding, FindingKind } from './findings.ts';
import type { Ledger, ToldFinding, UntoldAction } from './ledger.ts';
import { counted, printable, shownName } from './printable.ts';
import { putRight, type Action, type Mode, type Outcome, type Report } from './report.ts';
import { reachedThreshold } from './rules/licenses.ts';

/** Columns of the mail's text, for readers whose program does not wrap. */
const COLUMNS = 76;
/** Bytes of the mail's text; what does not fit is in the report. */
const LONGEST_TEXT = 20_000;
/** Bytes of the event that approves, in a mail; what does not fit is in the report. */
const LONGEST_EVENT = 4_000;
const LONGEST_SUBJECT = 99;
const LONGEST_SUMMARY = 2048;

const QUOTED = /"(?:[^"\\]|\\.)*"/g;
const EVENT = /\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}/g;
/** Stands for a blank that is no place to break: no text of a mail holds it, texts from outside are printable ASCII. */
const FIRM_BLANK = '\u00a0';

/** A text in which the blanks within an event's quoted texts are firm: with a break in one it would be JSON no more. */
function withFirmEvents(text: string): string {
  return text.replace(EVENT, (event) =>
    event.replace(QUOTED, (quoted) => quoted.replaceAll(' ', FIRM_BLANK)),
  );
}

/**
 * Breaks one paragraph into lines, all but the first indented; a word longer than a line is cut. What stands in quotes in
 * an event is one word.
 */
export function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  const room = COLUMNS - indent.length;
  for (const word of withFirmEvents(text)
    .split(' ')
    .flatMap((whole) => whole.match(new RegExp(`.{1,${room}}`, 'g')) ?? [''])) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= COLUMNS) line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line].map((broken) => broken.replaceAll(FIRM_BLANK, ' '));
}

/** One headed part of a mail; without entries it is left out. */
interface Section {
  readonly title: string;
  readonly entries: readonly string[];
}

function sectionLines({ title, entries }: Section): string[] {
  if (entries.length === 0) return [];
  return [`${title} (${entries.length})`, ...entries.flatMap((entry) => wrapped(`- ${entry}`, '  ')), ''];
}

/** The first of the lines, as many as there is room for, in bytes. */
function fitting(lines: readonly string[], room: number): string[] {
  let size = 0;
  const end = lines.findIndex((line) => {
    size += line.length + 1;
    return size > room;
  });
  return lines.slice(0, end < 0 ? lines.length : end);
}

/**
 * The text of a mail: a heading, what changed, a closing. Sections that do not fit are cut and said to be cut; heading
 * and closing always stand.
 */
function textOf(
  heading: readonly string[],
  sections: readonly Section[],
  closing: readonly string[],
): string {
  const frame = [...heading, '', ...closing].join('\n').length + 100;
  const lines = sections.flatMap(sectionLines);
  const body = fitting(lines, LONGEST_TEXT - frame);
  const left = lines.length - body.length;
  if (left > 0) body.push(`... and ${counted(left, 'more line')}: see the report.`, '');
  return [...heading, '', ...body, ...closing, ''].join('\n');
}

/** Subject line: ASCII, one line, under 100 characters, whatever the parts are. */
export function subjectOf(parts: readonly string[], prefix = '[Docker Hub tokens]'): string {
  const subject = `${prefix} ${parts.join(', ')}`;
  return printable(
    subject.length > LONGEST_SUBJECT ? `${subject.slice(0, LONGEST_SUBJECT - 3)}...` : subject,
    LONGEST_SUBJECT,
  );
}

const actionEntry = ({ deployment, reason }: Action): string => `${shownName(deployment)}: ${reason}`;

const DONE_WORDS: Record<Action['kind'], string> = {
  announce: 'announced',
  deactivate: 'switched off',
  'delete-token': 'token deleted',
  'remove-key': 'key removed from Vault',
  reactivate: 'switched on again',
};

const doneEntry = (action: Action): string =>
  `${shownName(action.deployment)} ${DONE_WORDS[action.kind]}: ${action.reason}`;

const findingEntry = (finding: Finding): string =>
  `${finding.severity.toUpperCase()} ${finding.kind} ${shownName(finding.deployment)}: ${finding.detail} ${finding.remedy}`;

/** What identifies a step in the memory of what was told. */
const stepKey = ({ kind, deployment, tokenId, status }: Action): string =>
  [status, kind, tokenId ?? '', deployment].join(' ');

/** What support should hear of although it is no finding; `key` is the same for the same thing. */
export interface Alert {
  readonly key: string;
  /** One printable sentence. */
  readonly text: string;
}

/** An alert that lasts is told again after so many days. */
const ALERTED_DAYS = 7;
/** Begins no status, so that what was told of alerts and of steps can't be taken for each other. */
const ALERT_PREFIX = 'alert ';

/** What a mail has to tell, set apart from what is only open still. */
export interface News {
  readonly revoked: readonly Action[];
  readonly announced: readonly Action[];
  readonly withheld: readonly Action[];
  readonly failed: readonly Action[];
  readonly restored: readonly Action[];
  /** What the issue function did and could not mail. */
  readonly issued: readonly UntoldAction[];
  readonly planned: readonly Action[];
  readonly found: readonly Finding[];
  readonly resolved: readonly ToldFinding[];
  readonly exemptions: readonly string[];
  /** Alerts that no mail told in the last days; their texts are among the notes. */
  readonly alerts: readonly Alert[];
  readonly notes: readonly string[];
}

/** Kinds that tell themselves by another line of the mail. */
const QUIET: ReadonlySet<FindingKind> = new Set(['suspended']);

/**
 * The memory of findings after this run: since when, whether told, at which threshold.
 *
 * @param told whether a mail told them now
 * @param untold resolved findings that the mail which failed would have told
 */
export function rememberFindings(
  ledger: Ledger,
  findings: readonly Finding[],
  daysLeftOf: (finding: Finding) => number | undefined,
  warnDays: readonly number[],
  told: boolean,
  untold: readonly ToldFinding[] = [],
): ToldFinding[] {
  const before = new Map(ledger.findings.map((entry) => [entry.id, entry]));
  const current = findings.map((finding): ToldFinding => {
    const left = daysLeftOf(finding);
    const reached = left === undefined ? undefined : reachedThreshold(warnDays, left);
    const known = before.get(finding.id);
    const threshold = told ? reached : known?.threshold;
    // That it has become critical is news until a mail told it.
    const isUntoldRise = !told && known?.told === true && finding.severity === 'critical';
    return {
      id: finding.id,
      kind: finding.kind,
      severity: isUntoldRise ? known.severity : finding.severity,
      deployment: finding.deployment,
      ...(finding.tokenId === undefined ? {} : { tokenId: finding.tokenId }),
      since: finding.since,
      told: told || (known?.told ?? false),
      ...(threshold === undefined ? {} : { threshold }),
    };
  });
  return [...current, ...untold];
}

/** Whether a finding was not told yet, has become worse, or has reached a narrower threshold. */
function isNews(
  finding: Finding,
  known: ToldFinding | undefined,
  left: number | undefined,
  warnDays: readonly number[],
): boolean {
  if (QUIET.has(finding.kind)) return false;
  if (known?.told !== true) return true;
  if (known.severity !== finding.severity && finding.severity === 'critical') return true;
  const reached = left === undefined ? undefined : reachedThreshold(warnDays, left);
  return reached !== undefined && reached < (known.threshold ?? Infinity);
}

/** What a mail is made from. */
export interface MailInput {
  readonly report: Omit<Report, 'notified'>;
  /** The ledger before this run's mail; its `untold` are the steps of this run and of broken-off ones. */
  readonly ledger: Ledger;
  readonly exemptionNews: ExemptionNews;
  /** Days left of a `license-expiring` finding's license. */
  readonly daysLeftOf: (finding: Finding) => number | undefined;
  readonly warnDays: readonly number[];
  readonly exempt: ReadonlySet<string>;
  readonly approvable: readonly string[];
  /** Their texts are among the report's notes. */
  readonly alerts?: readonly Alert[];
  readonly account: string;
  readonly bucket: string;
  /** The instant that the run judges by. */
  readonly now: number;
}

/** Whether an alert was told so lately that it is no news. */
function isAlerted(told: Day | undefined, today: Day): boolean {
  return told !== undefined && daysBetween(told, today) < ALERTED_DAYS;
}

/** A step of audit or revoke; what else no mail told is the issue function's. */
function isStep(action: UntoldAction): action is Action {
  return action.kind !== 'issue' && action.kind !== 'rename';
}

/** Picks what this run's mail has to tell. */
export function newsOf(input: MailInput): News {
  const { report, ledger, warnDays, daysLeftOf } = input;
  const today = dayOf(input.now, report.timeZone);
  const known = new Map(ledger.findings.map((entry) => [entry.id, entry]));
  const current = new Set(report.findings.map(({ id }) => id));
  const toldOn = new Map(ledger.toldSteps.map(({ key, day }) => [key, day]));
  const status = (wanted: Action['status']): Action[] =>
    report.actions.filter((action) => action.status === wanted);
  // Once a day, so that the catch-up tries of a night do not repeat it; planned steps once for as long as they last.
  const untoldToday = (action: Action): boolean => toldOn.get(stepKey(action)) !== today;
  const isExpired = (entry: ToldFinding): boolean =>
    entry.kind === 'license-expiring' &&
    report.findings.some(
      ({ kind, deployment }) => kind === 'license-expired' && deployment === entry.deployment,
    );
  // Told as revoked already.
  const suspended = new Set(ledger.suspensions.map(({ tokenId }) => tokenId));
  const isSwitchedOff = (entry: ToldFinding): boolean =>
    entry.kind === 'license-expired' && suspended.has(entry.tokenId ?? '');
  const gone = putRight(report);
  const untold = ledger.untold.filter(({ status: end }) => end === 'done');
  const done = untold.filter(isStep);
  return {
    issued: untold.filter((action) => !isStep(action)),
    revoked: done.filter(({ kind }) => kind !== 'reactivate' && kind !== 'announce'),
    restored: done.filter(({ kind }) => kind === 'reactivate'),
    announced: report.actions.filter(
      ({ kind, status: end }) => kind === 'announce' && (end === 'done' || end === 'failed'),
    ),
    withheld: status('withheld').filter(untoldToday),
    failed: [...status('failed'), ...status('skipped')].filter(
      (action) => action.kind !== 'announce' && untoldToday(action),
    ),
    planned: status('planned').filter((action) => !toldOn.has(stepKey(action))),
    found: report.findings.filter(
      (finding) =>
        !gone.has(finding.id) && isNews(finding, known.get(finding.id), daysLeftOf(finding), warnDays),
    ),
    resolved: ledger.findings.filter(
      (entry) =>
        entry.told &&
        !current.has(entry.id) &&
        !QUIET.has(entry.kind) &&
        !input.exempt.has(entry.deployment) &&
        !isExpired(entry) &&
        !isSwitchedOff(entry),
    ),
    exemptions: input.exemptionNews.lines,
    alerts: (input.alerts ?? []).filter(({ key }) => !isAlerted(toldOn.get(`${ALERT_PREFIX}${key}`), today)),
    notes: report.notes,
  };
}

/** Whether there is anything that people have to be told today. */
export function hasNews(news: News): boolean {
  // Notes explain a mail that is sent anyway.
  const changes: readonly (readonly unknown[])[] = [
    news.revoked,
    news.announced,
    news.withheld,
    news.failed,
    news.restored,
    news.issued,
    news.planned,
    news.found,
    news.resolved,
    news.exemptions,
    news.alerts,
  ];
  return changes.some((entries) => entries.length > 0);
}

/** What was told of steps that are not done, for the next run. */
export function rememberSteps(
  actions: readonly Action[],
  ledger: Ledger,
  today: Day,
  told: boolean,
): Ledger['toldSteps'] {
  const before = new Map(ledger.toldSteps.map((entry) => [entry.key, entry]));
  return actions
    .filter(({ status }) => status !== 'done')
    .flatMap((action) => {
      const key = stepKey(action);
      const known = before.get(key);
      return told ? [{ key, day: known !== undefined && action.status === 'planned' ? known.day : today }] : known === undefined ? [] : [known]; // prettier-ignore
    });
}

/** What was told of alerts: for some days, so that one that comes and goes is not told every other night. */
export function rememberAlerts(
  alerts: readonly Alert[],
  ledger: Ledger,
  today: Day,
  told: boolean,
): Ledger['toldSteps'] {
  const now = new Map((told ? alerts : []).map(({ key }) => [`${ALERT_PREFIX}${key}`, today]));
  const before = ledger.toldSteps.filter(
    ({ key, day }) => key.startsWith(ALERT_PREFIX) && !now.has(key) && isAlerted(day, today),
  );
  return [...before, ...[...now].map(([key, day]) => ({ key, day }))];
}

/** Whether the weekly list of everything open is due: none was sent since Monday 00:00. */
export function isWeeklyDue(ledger: Ledger, now: number, timeZone: string): boolean {
  if (ledger.weeklyAt === null) return true;
  return Date.parse(ledger.weeklyAt) < mondayOf(dayOf(now, timeZone), timeZone);
}

/** What is still open when the run is over. */
function openFindings(report: Omit<Report, 'notified'>): Finding[] {
  const gone = putRight(report);
  return report.findings.filter(({ id }) => !gone.has(id));
}

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

/** The summary for programs; the counts of findings go first when it would be too long. */
export function summaryOf(report: {
  readonly runId: string;
  readonly outcome: Outcome | 'done';
  readonly counts?: Report['counts'] | undefined;
  readonly report?: string | undefined;
}): string {
  const whole = JSON.stringify({
    runId: report.runId,
    outcome: report.outcome,
    counts: report.counts,
    report: report.report,
  });
  return Buffer.byteLength(whole) <= LONGEST_SUMMARY
    ? whole
    : JSON.stringify({ runId: report.runId.slice(0, 200), outcome: report.outcome });
}

const APPROVING = 'To withdraw what the caps or a shrunken input withheld, check each name and invoke the audit function with'; // prettier-ignore
const LEAVE_OUT = '(leave out whom you do not mean):';

/**
 * The JSON event on lines of its own, broken where it may be: between names. A name that would not fit on a line is left
 * out, because in two pieces it would be another one where it is pasted; so are those that would make the mail too long.
 */
function approvalLines(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const indent = '    ';
  const shown: string[] = [];
  let size = 0;
  for (const name of names) {
    const text = JSON.stringify(name);
    if (indent.length + `[${text}]}`.length > COLUMNS) continue;
    size += text.length + 2;
    if (size > LONGEST_EVENT) break;
    shown.push(text);
  }
  const left = names.length - shown.length;
  if (shown.length === 0)
    return [...wrapped(`${APPROVING} the event that stands in the notes of the report.`), ''];
  return [
    ...wrapped(`${APPROVING} this event ${LEAVE_OUT}`),
    ...wrapped(`  {"approve": [${shown.join(', ')}]}`, indent),
    ...(left === 0 ? [] : wrapped(`And ${left} more: see the whole event in the notes of the report.`)),
    '',
  ];
}

/** The whole event that approves, for the report; `undefined` where nothing that can be approved was withheld. */
export function approvalNote(names: readonly string[]): string | undefined {
  return names.length === 0
    ? undefined
    : `${APPROVING} this event ${LEAVE_OUT} {"approve": [${names.map((name) => JSON.stringify(name)).join(', ')}]}`;
}

function openLines(report: Omit<Report, 'notified'>): string[] {
  const kinds = Map.groupBy(openFindings(report), ({ kind }) => kind);
  const counts = [...kinds].sort().map(([kind, findings]) => `${findings.length} ${kind}`);
  return counts.length === 0 ? ['Nothing is open.'] : wrapped(`Still open: ${counts.join(', ')}.`, '  ');
}

function countLines(report: Omit<Report, 'notified'>): string[] {
  const { tokens, activeTokens, automaticTokens, keys, licenses, exempt, verified } = report.counts;
  const checked = verified.matching + verified.rejected + verified.mismatched + verified.unclear;
  return wrapped(
    `Read: ${counted(tokens, 'token')} (${activeTokens} active, besides ${automaticTokens} automatic), ${counted(keys, 'key')} in Vault, ${counted(licenses, 'licensed deployment')}, ${counted(exempt, 'exempt label')}; ${counted(checked, 'stored content')} checked.`,
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
      entries: news.issued.map(({ deployment, reason }) => `${shownName(deployment)}: ${reason}`),
    },
    {
      title: 'WOULD BE DONE',
      entries: news.planned.map((action) => `${action.kind} ${actionEntry(action)}`),
    },
    { title: 'NEW', entries: news.found.map(findingEntry) },
    {
      title: 'RESOLVED',
      entries: news.resolved.map(({ kind, deployment }) => `${kind} ${shownName(deployment)}`),
    },
    { title: 'EXEMPTIONS', entries: news.exemptions },
    { title: 'NOTES', entries: news.notes },
    { title: 'EVERYTHING ELSE OPEN (weekly list)', entries: standing.map(findingEntry) },
  ];
  const heading = [
    ...wrapped(`Docker Hub tokens of the account ${input.account}, ${report.asOf}`),
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

function whereLines(bucket: string, key: string, runId: string): string[] {
  // A key is one word and must not be broken: it stands on a line of its own.
  return [
    ...wrapped(`Report in ${bucket} (the page for people ends in .html):`),
    ...wrapped(key),
    ...wrapped(`Run ${runId}.`),
  ];
}

/** The mail of a run that could not read one of its inputs wholly. */
export function incompleteMail(input: {
  readonly runId: string;
  readonly causes: readonly { readonly name: string; readonly message: string }[];
  readonly account: string;
  readonly today: Day;
  readonly where?: { readonly bucket: string; readonly report: string };
  readonly counts?: Report['counts'];
}): Notification {
  const names = [...new Set(input.causes.map(({ name }) => name))];
  const closing = [
    ...wrapped(
      'Nothing was changed, and nobody was checked. The audit tries again at its next time; expired licenses stay as they are until it succeeds.',
    ),
    '',
    ...(input.where === undefined
      ? [`Run ${input.runId}.`]
      : whereLines(input.where.bucket, input.where.report, input.runId)),
  ];
  return {
    subject: subjectOf([`audit incomplete: ${names.join(', ')}`]),
    text: textOf(
      wrapped(
        `Docker Hub tokens of the account ${input.account}, ${input.today}: the audit could not be made.`,
      ),
      [{ title: 'WHY', entries: input.causes.map(({ name, message }) => `${name}: ${message}`) }],
      closing,
    ),
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

/** The mail of an issue or revoke; of lines that do not fit it says how many there are. */
export function onDemandMail(input: {
  readonly requestId: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly failed: boolean;
}): Notification {
  const lines = input.lines.flatMap((line) => wrapped(line, '  '));
  const closing = [`Request ${printable(input.requestId)}.`];
  const heading = fitting(lines, LONGEST_TEXT - 200);
  const left = lines.length - heading.length;
  if (left > 0) heading.push(`... and ${counted(left, 'more line')}.`);
  return {
    subject: subjectOf([input.title]),
    text: textOf(heading, [], closing),
    summary: summaryOf({ runId: input.requestId, outcome: input.failed ? 'incomplete' : 'done' }),
    outcome: input.failed ? 'failed' : 'done',
    severity: input.failed ? 'critical' : 'info',
  };
}

// What a whole run mails, and what the ledger remembers when it went out or did not.
import { rowsReported } from '../domain/list-changes.ts';
import type { Action } from '../domain/actions.ts';
import { dayOf, iso } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { shortDay } from '../domain/nights.ts';
import { noticesAfterRun } from '../domain/plan/notices.ts';
import type { Plan } from '../domain/plan/plan.ts';
import { rememberInputs } from '../domain/plan/shrink-guard.ts';
import { reportedItems } from '../domain/reported.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { type AuditorError, asAuditorError } from '../errors.ts';
import { auditMail } from '../mail/audit-mail.ts';
import { type ExemptionNews, exemptionNews } from '../mail/exemption-news.ts';
import {
  type Alert,
  type MailFate,
  type MailInput,
  type Obstacle,
  type Reportable,
  hasNews,
  isNamed,
  rememberFindings,
  rememberReported,
  reportable,
  stillUnreported,
} from '../mail/news.ts';
import type { Notification } from '../mail/notification.ts';
import { ACCEPTING, ACCEPT_COUNTS, type Report, holdingText, shrunkText } from '../report/report.ts';
import type { Services } from '../runtime/services.ts';
import type { Settings } from '../runtime/settings.ts';

/** The mail of a run, if one is due, and what the ledger remembers when it went out or did not. */
export interface PlannedNotification {
  readonly mail?: Notification;
  /** Ids of the tokens whose announcement the text does not name: nobody was announced anything of them. */
  readonly unnamed: ReadonlySet<string>;
  /**
   * The ledger after the run.
   *
   * @param published whether the mail went out, `confirmed` whether the topic had a confirmed subscriber then
   */
  remember(ledger: Ledger, published: boolean, confirmed: boolean): Ledger;
}

/** What a notification is made from. */
export interface NotificationInput {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly report: Omit<Report, 'notified'>;
  /** With this run's steps in `unreported`. */
  readonly ledger: Ledger;
  readonly exemptionsThere: boolean;
  /** What support should hear of besides; the texts are among the report's notes. */
  readonly alerts?: readonly Alert[];
  readonly settings: Settings;
  readonly bucket: string;
}

/** Sends the mail that is due; never rejects. */
export async function send(
  services: Services,
  planned: PlannedNotification,
): Promise<{ published: boolean; confirmed: boolean; error?: AuditorError }> {
  if (planned.mail === undefined) return { published: false, confirmed: false };
  try {
    const { confirmed } = await services.notifier.publish(planned.mail);
    return { published: true, confirmed };
  } catch (error) {
    return { published: false, confirmed: false, error: asAuditorError(error, 'Sending the mail') };
  }
}

/** Decides what is mailed and how it is remembered. Pure. */
export function planNotification(input: NotificationInput): PlannedNotification {
  const { snapshot, plan, report, ledger, settings } = input;
  const exemptions = exemptionNews(
    ledger.exemptions,
    snapshot.inputs.exemptions ?? [],
    input.exemptionsThere,
    snapshot.today,
  );
  const mailInput: MailInput = {
    snapshot,
    plan,
    report,
    ledger,
    obstacles: obstaclesOf(input),
    exemptionNews: exemptions,
    alerts: input.alerts ?? [],
    account: settings.account,
    name: settings.name,
    bucket: input.bucket,
    topicArn: settings.topicArn,
    nightlyAt: settings.nightlyAt,
  };
  const reported = reportable(mailInput);
  const due = settings.notifyWhen === 'always' || hasNews(reported) || reported.isWeekly;
  const made = due ? auditMail(mailInput, reported) : undefined;
  const named = (step: Plan['steps'][number]): boolean => made !== undefined && isNamed(step, made.reported);

  return {
    ...(made === undefined ? {} : { mail: made.mail }),
    unnamed: new Set(
      plan.steps
        .filter((step) => step.kind === 'announce' && !named(step))
        .map(({ tokenId = '' }) => tokenId),
    ),
    remember: (current, published, confirmed) =>
      ledgerAfter(current, {
        input,
        reported,
        exemptions,
        keys: made !== undefined && published && confirmed ? made.reported : new Set<string>(),
        fate: made === undefined ? 'not due' : published && confirmed ? 'read' : 'unread',
        isUndisturbed: made === undefined || published,
      }),
  };
}

/** What became of a run's mail, and what it was about. */
interface Ended {
  readonly input: NotificationInput;
  readonly reported: Reportable;
  readonly exemptions: ExemptionNews;
  /** Of everything that stood in the mail, where somebody could read it. */
  readonly keys: ReadonlySet<string>;
  readonly fate: MailFate;
  /** Whether the mail went out where one was due. */
  readonly isUndisturbed: boolean;
}

/** The ledger after a run. */
function ledgerAfter(current: Ledger, ended: Ended): Ledger {
  const { input, reported, exemptions, keys, fate } = ended;
  const { snapshot, plan, report } = input;
  const isExemptionsReported = reported.exemptions.every(({ item }) => keys.has(item.key));
  const { reportedRows: _, ...kept } = current;
  const compared = rowsReported(current);
  return {
    ...kept,
    reported: rememberReported(current, reported, keys, { fate, today: snapshot.today }),
    findings: rememberFindings(current, report.findings, reported, keys),
    notices: noticesAfterRun(
      current.notices,
      plan,
      report.mode === 'enforce' ? plan.steps.filter((step) => isNamed(step, keys)) : [],
      snapshot.now,
    ),
    intents: withoutSkipped(current.intents, report.actions),
    exemptions: isExemptionsReported
      ? exemptions.remembered
      : // Known all the same, so that a file that goes missing is missed.
        (current.exemptions ?? (input.exemptionsThere ? [] : null)),
    unreported: stillUnreported(current, keys),
    ...rememberInputs(current, snapshot, {
      approved: plan.isApproval,
      deleted: {
        tokens: countDone(report.actions, 'delete-token'),
        keys: countDone(report.actions, 'remove-key'),
      },
    }),
    ...(fate === 'unread' && compared !== null ? { reportedRows: compared } : {}),
    // An approval is no night: a catch-up looks at the one before.
    lastNight: plan.isApproval ? current.lastNight : nightOf(input, ended.isUndisturbed),
  };
}

function nightOf({ snapshot, report }: NotificationInput, isUndisturbed: boolean): Ledger['lastNight'] {
  return {
    day: snapshot.today,
    runId: report.runId,
    at: iso(snapshot.now),
    undisturbed: isUndisturbed && !report.actions.some(disturbs),
    outcome: report.outcome === 'incomplete' ? 'attention' : report.outcome,
    report: report.report,
  };
}

/** What was not tried is settled. Of a step that failed, or whose mark could not be written, the next run looks what became of it. */
function withoutSkipped(intents: Ledger['intents'], actions: readonly Action[]): Ledger['intents'] {
  const skipped = actions.filter(({ status }) => status === 'skipped');
  return intents.filter(
    (intent) =>
      !skipped.some(
        ({ kind, deployment, tokenId }) =>
          kind === intent.step && deployment === intent.deployment && tokenId === intent.tokenId,
      ),
  );
}

/** What stands in the way of the whole: the first that the mail says. */
function obstaclesOf({ snapshot, report, ledger, plan }: NotificationInput): Obstacle[] {
  const since = reportedItems(ledger).get('HOLD')?.day;
  const knownSince = since === undefined ? '' : ` (known since ${shortDay(since, snapshot.today)})`;
  const dayText = (instant: string): string =>
    shortDay(dayOf(Date.parse(instant), snapshot.policy.timeZone), snapshot.today);
  const obstacles: Obstacle[] = [];
  if (report.shrunk !== undefined)
    obstacles.push({
      kind: plan.isApproval ? 'approved' : 'shrunk',
      text: shrunkText(report.shrunk),
      ...(plan.isApproval ? {} : { approval: APPROVAL_OF_LISTS }),
    });
  if (report.inputs.hold)
    obstacles.push({
      kind: 'HOLD',
      text: `HOLD is in the bucket${holdingText(report.inputs, dayText) || knownSince}: nobody is cut off while it is there. Delete it when it is no longer needed.`,
    });
  return obstacles;
}

const APPROVAL_OF_LISTS = {
  event: { function: 'audit', json: ACCEPT_COUNTS },
  text: ACCEPTING,
} as const;

function countDone(actions: readonly Action[], deletion: Action['kind']): number {
  return actions.filter(({ kind, status }) => kind === deletion && status === 'done').length;
}

/** What guards withhold disturbs nothing: there is nothing to catch up. */
const disturbs = ({ status }: Action): boolean => status === 'failed' || status === 'skipped';

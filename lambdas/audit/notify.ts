import type { Action } from '../domain/actions.ts';
import { iso } from '../domain/days.ts';
import type { Finding } from '../domain/findings.ts';
import type { Ledger } from '../domain/ledger.ts';
import { daysLeft } from '../domain/licenses.ts';
import { countsLess, inputCounts, shrunkInputs } from '../domain/plan/guards.ts';
import type { Plan } from '../domain/plan/plan.ts';
import { doubtOf } from '../domain/plan/shrink-guard.ts';
import { noticesOf } from '../domain/plan/step.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { AuditorError, asAuditorError } from '../errors.ts';
import { auditMail } from '../mail/audit-mail.ts';
import { exemptionNews } from '../mail/exemption-news.ts';
import {
  type Alert,
  type MailInput,
  hasNews,
  isWeeklyDue,
  newsOf,
  rememberAlerts,
  rememberFindings,
  rememberSteps,
} from '../mail/news.ts';
import type { Notification } from '../mail/notification.ts';
import type { Report } from '../report/report.ts';
import type { Services } from '../runtime/services.ts';
import type { Settings } from '../runtime/settings.ts';

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

/** The mail of a run, if one is due, and what the ledger remembers when it went out or did not. */
export interface PlannedNotification {
  readonly mail?: Notification;
  /**
   * The ledger after the run.
   *
   * @param published whether the mail went out, `confirmed` whether the topic had a confirmed subscriber then
   */
  remember(ledger: Ledger, published: boolean, confirmed: boolean): Ledger;
}

/** What the telling goes by. */
export interface NotificationInput {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly report: Omit<Report, 'notified'>;
  /** With this run's steps in `untold`. */
  readonly ledger: Ledger;
  readonly exemptionsThere: boolean;
  /** What support should hear of besides; the texts are among the report's notes. */
  readonly alerts?: readonly Alert[];
  readonly settings: Settings;
  readonly bucket: string;
}

/**
 * A notice belongs to one token and one end: where the list says another end, or none, it lapses. A list that lost too
 * much to be believed takes none away: else those whose rows it kept would come before the caps without the others.
 */
function standing(ledger: Ledger, snapshot: Snapshot): Ledger['notices'] {
  const isBelieved = shrunkInputs(ledger.baseline, inputCounts(snapshot)).length === 0;
  return ledger.notices.filter(({ deployment, end, tokenId }) => {
    const license = snapshot.licenses.get(deployment);
    const isSame = license === undefined ? !isBelieved : license.lastDay === end;
    return isSame && snapshot.byId.get(tokenId)?.label === deployment;
  });
}

/** What the next run compares its inputs with. */
function baselineAfter(
  before: Ledger['baseline'],
  report: NotificationInput['report'],
  snapshot: Snapshot,
): Ledger['baseline'] {
  if (report.outcome === 'withheld') return before;
  const counts = inputCounts(snapshot);
  const doubted = doubtOf(before, counts.tokens, snapshot.now);
  return { ...counts, ...(doubted === undefined ? {} : { doubted }) };
}

const disturbs = ({ status }: Action): boolean =>
  status === 'withheld' || status === 'failed' || status === 'skipped';

/** Decides what is told and how it is remembered. Pure. */
export function planNotification(input: NotificationInput): PlannedNotification {
  const { snapshot: snapshot, plan, report, ledger, settings } = input;
  const daysLeftOf = (finding: Finding): number | undefined => {
    if (finding.kind !== 'license-expiring') return undefined;
    const license = snapshot.licenses.get(finding.deployment);
    return license && daysLeft(license, snapshot.today);
  };
  const exemptions = exemptionNews(
    ledger.exemptions,
    snapshot.facts.exemptions ?? [],
    input.exemptionsThere,
    snapshot.today,
  );
  const mailInput: MailInput = {
    report,
    ledger,
    exemptionNews: exemptions,
    daysLeftOf,
    warnDays: settings.warnDays,
    exempt: new Set(snapshot.exempted.keys()),
    approvable: plan.approvable,
    alerts: input.alerts ?? [],
    account: settings.account,
    bucket: input.bucket,
    now: snapshot.now,
  };
  const news = newsOf(mailInput);
  const weekly = isWeeklyDue(ledger, snapshot.now, settings.timeZone);
  const anythingOpen = report.findings.length > 0;
  const due = settings.notifyWhen === 'always' || hasNews(news) || (weekly && anythingOpen);

  return {
    ...(due ? { mail: auditMail(mailInput, news, weekly) } : {}),
    remember(current, published, confirmed) {
      const reported = due && published;
      const isReported = !due || published;
      const skipped = report.actions.filter(({ status }) => status === 'skipped');
      const enforced = report.mode === 'enforce';
      return {
        ...current,
        findings: rememberFindings(
          current,
          report.findings,
          daysLeftOf,
          settings.warnDays,
          reported,
          isReported ? [] : news.resolved,
        ),
        notices: [
          ...standing(current, snapshot),
          ...(reported && confirmed && enforced ? noticesOf(plan.steps, snapshot.now) : []),
        ],
        // What was not tried is settled. Of a step that failed, or whose mark could not be written, the next run looks
        // what became of it.
        intents: current.intents.filter(
          (intent) =>
            !skipped.some(
              ({ kind, deployment, tokenId }) =>
                kind === intent.step && deployment === intent.deployment && tokenId === intent.tokenId,
            ),
        ),
        exemptions: isReported
          ? exemptions.remembered
          : // Known all the same, so that a file that goes missing is missed.
            (current.exemptions ?? (input.exemptionsThere ? [] : null)),
        untold: isReported ? [] : current.untold,
        toldSteps: [
          ...rememberSteps(report.actions, current, snapshot.today, reported),
          ...rememberAlerts(input.alerts ?? [], current, snapshot.today, reported),
        ],
        baseline: countsLess(
          baselineAfter(current.baseline, report, snapshot),
          report.actions.filter(({ status }) => status === 'done'),
        ),
        lastNight: {
          day: snapshot.today,
          runId: report.runId,
          at: iso(snapshot.now),
          undisturbed: isReported && !report.actions.some(disturbs),
          outcome: report.outcome === 'incomplete' ? 'attention' : report.outcome,
          report: report.report,
        },
        weeklyAt: reported && weekly ? iso(snapshot.now) : current.weeklyAt,
      };
    },
  };
}

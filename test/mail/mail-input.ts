// Inputs of the audit's mail, made from a situation, for the tests of what it says.
import type { Action } from '../../lambdas/domain/actions.ts';
import { iso } from '../../lambdas/domain/days.ts';
import { emptyLedger } from '../../lambdas/domain/ledger.ts';
import { makePlan } from '../../lambdas/domain/plan/plan.ts';
import type { Step } from '../../lambdas/domain/plan/step.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { type AuditMail, auditMail } from '../../lambdas/mail/audit-mail.ts';
import { type MailInput, type Reportable, reportable } from '../../lambdas/mail/news.ts';
import type { Report } from '../../lambdas/report/report.ts';
import { NOW, type Situation, snapshotOf } from '../domain/situation.ts';

export type Draft = Omit<Report, 'notified'>;

export interface MailSituation extends Situation {
  readonly report?: Partial<Draft>;
  readonly input?: Partial<MailInput>;
  readonly hold?: boolean;
  /** In place of what the plan decides. */
  readonly steps?: readonly Step[];
  readonly approvable?: readonly string[];
}

export function actionOf(
  kind: Action['kind'],
  status: Action['status'],
  changes: Partial<Action> = {},
): Action {
  return {
    kind,
    deployment: 'orange-cd',
    tokenId: 't1',
    status,
    reason: 'the license ended with 2026-02-01',
    ...changes,
  };
}

export function reportOf(changes: Partial<Draft> = {}): Draft {
  return {
    runId: 'run-1',
    startedAt: iso(NOW),
    finishedAt: iso(NOW),
    asOf: '2026-03-02',
    mode: 'enforce',
    outcome: 'attention',
    counts: {
      tokens: 5,
      activeTokens: 4,
      automaticTokens: 2,
      keys: 1,
      licenses: 3,
      exempt: 0,
      findings: {},
      verified: { matching: 1, rejected: 2, mismatched: 3, unclear: 4, unchecked: 5 },
    },
    findings: [],
    actions: [],
    report: 'reports/2026/03/02/run-1.json',
    truncated: false,
    notes: [],
    deployments: [],
    upcoming: [],
    exemptions: [],
    inputs: { hold: false },
    causes: [],
    timeZone: 'Europe/Brussels',
    ...changes,
  };
}

export function inputOf(situation: MailSituation): MailInput {
  const { report, input, hold = false, steps, approvable } = situation;
  const snapshot = snapshotOf(situation);
  const plan = makePlan(snapshot, { hold });
  return {
    snapshot,
    plan: { ...plan, ...(steps === undefined ? {} : { steps }), approvable: approvable ?? plan.approvable },
    report: reportOf({
      findings: reconcile(snapshot).filter(({ deployment }) => deployment !== 'filler-zz'),
      inputs: { hold },
      ...report,
    }),
    ledger: { ...emptyLedger(), ...situation.ledger },
    obstacles: [],
    exemptionNews: { lines: [], remembered: null },
    alerts: [],
    account: 'riaktrdelivery',
    bucket: 's3://bucket',
    topicArn: 'arn:aws:sns:eu-west-1:123456789012:topic',
    name: 'hub-token-auditor',
    nightlyAt: '03:30',
    ...input,
  };
}

export const newsOf = (situation: MailSituation): Reportable => reportable(inputOf(situation));

export function mailOf(situation: MailSituation): AuditMail {
  const input = inputOf(situation);
  return auditMail(input, reportable(input));
}

/** The text as one paragraph, so that it does not matter where lines are broken. */
export const flat = (text: string): string => text.replace(/\s+/g, ' ');

/** A step that a guard holds, unless said otherwise. */
export function heldStep(changes: Partial<Step> = {}): Step {
  return {
    kind: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 't1',
    reason: 'the license ended',
    withheld: 'a guard holds it',
    ...changes,
  };
}

// A company over several nights: what people do between them, and what the audit then does.

import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import type { ActionStatus, ActionKind } from '../../lambdas/domain/actions.ts';
import { HOUR } from '../../lambdas/domain/days.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { type RevokeResult, revoke } from '../../lambdas/revoke/revoke.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import type { Settings } from '../../lambdas/runtime/settings.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

/** The end of a license: paid for another year, or ended some weeks ago. */
export const PAID = '2027-03-01';
export const ENDED = '2026-02-01';

/** The sandbox of one story. The first audit is at hour 0; ten customers `telco0-be` and so on have paid. */
export class Story {
  readonly sandbox: MemorySandbox;
  private readonly start: number;

  constructor({ customers = 10, settings = {} }: { customers?: number; settings?: Partial<Settings> } = {}) {
    this.sandbox = startSandbox({ transport: 'memory', settings });
    this.start = this.sandbox.now;
    for (let number = 0; number < customers; number++) this.customer(`telco${number}-be`, PAID);
  }

  /** A customer with a token, its key and a row. */
  customer(name: string, end: string, changes: { id?: string; lastUsedAt?: number | null } = {}): void {
    this.sandbox.addToken(name, { id: name, ...changes });
    this.list({ [name]: end });
  }

  /** Changes rows of the list; `undefined` takes one away. */
  list(changes: Readonly<Record<string, string | undefined>>): void {
    this.sandbox.changeLicenses(changes);
  }

  exempt(...rows: readonly string[]): void {
    this.sandbox.bucket.put('exemptions.csv', ['label,reason,owner,until', ...rows].join('\n'));
  }

  /** Goes to so many hours after the first audit. */
  at(hours: number): this {
    this.sandbox.now = this.start + hours * HOUR;
    return this;
  }

  /** An audit at that hour. */
  night(hours: number, event: AuditEvent = {}): Promise<AuditResult> {
    this.at(hours);
    return audit(event, this.sandbox.services());
  }

  /** Audits every 24 hours, from the first hour to the last. */
  async nights(from: number, to: number): Promise<AuditResult[]> {
    const results: AuditResult[] = [];
    for (let hours = from; hours <= to; hours += 24) results.push(await this.night(hours));
    return results;
  }

  issue(event: unknown): Promise<IssueResult> {
    return issue(parseEvent(issueEventSchema, event), this.sandbox.services());
  }

  revoke(event: unknown): Promise<RevokeResult> {
    return revoke(parseEvent(revokeEventSchema, event), this.sandbox.services());
  }

  isOn(id: string): boolean | undefined {
    return this.sandbox.tokens.get(id)?.is_active;
  }

  /** The text of the last mail, in one line. */
  get mail(): string {
    return this.sandbox.lastMail;
  }

  get mailLines(): readonly string[] {
    return (this.sandbox.mails.at(-1)?.text ?? '').split('\n');
  }
}

/** The status of one kind of step for a deployment, `undefined` where there is none. */
export function statusOf(
  { actions }: Pick<AuditResult, 'actions'>,
  kind: ActionKind,
  deployment: string,
): ActionStatus | undefined {
  return actions.find((action) => action.kind === kind && action.deployment === deployment)?.status;
}

/** The kinds of the findings about a deployment. */
export function kindsOf({ findings }: Pick<AuditResult, 'findings'>, deployment: string): string[] {
  return findings.filter((finding) => finding.deployment === deployment).map(({ kind }) => kind);
}

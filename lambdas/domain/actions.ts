/** What the audit does to a deployment's access (contract section 8). */
export type ActionKind = 'announce' | 'deactivate' | 'delete-token' | 'remove-key' | 'reactivate';

/** `planned` (dry run, observe), `done`, `failed`, `skipped` (no longer as planned, or not tried) or `withheld`. */
export type ActionStatus = 'planned' | 'done' | 'failed' | 'skipped' | 'withheld';

/** One step of a run and what became of it; `reason` says why, in one printable sentence. */
export interface Action {
  readonly kind: ActionKind;
  readonly deployment: string;
  readonly tokenId?: string | undefined;
  readonly status: ActionStatus;
  readonly reason: string;
}

export type Mode = 'enforce' | 'observe' | 'dry-run';

/** `incomplete` only in reports and mails: such a run fails with `AuditIncomplete`. */
export type Outcome = 'clean' | 'attention' | 'withheld' | 'incomplete';

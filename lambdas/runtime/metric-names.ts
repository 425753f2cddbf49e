/** Namespace of all metrics; their one dimension besides `kind` is `service`, the configured name. */
export const METRIC_NAMESPACE = 'HubTokenAuditor';

/** The metrics that the functions emit, each by its one name: dashboard and alarms read what the functions write. */
export const METRICS = {
  /** 1 at the very end of a whole run that was not dry; the alarm for a missed night waits for it. */
  auditSucceeded: 'AuditSucceeded',
  tokens: 'Tokens',
  activeTokens: 'ActiveTokens',
  keys: 'Keys',
  licenses: 'Licenses',
  /** Tokens switched off or deleted and keys removed in a run. */
  withdrawals: 'Withdrawals',
  announced: 'Announced',
  withheld: 'Withheld',
  /** Milliseconds. */
  auditDuration: 'AuditDuration',
  /** With the dimension `kind`. */
  findings: 'Findings',
} as const;

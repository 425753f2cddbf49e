// The names of the metrics, for those who write and those who read them.

/** Namespace of all metrics; their one dimension besides `kind` is `service`, the configured name. */
export const METRIC_NAMESPACE = 'HubTokenAuditor';

/** The metrics that the functions emit, each by its one name: dashboard and alarms read what the functions write. */
export const METRICS = {
  /**
   * 1 at the very end of a real run that read and did everything, 0 at the end of one that failed: the alarm for a
   * missed night waits for either.
   */
  auditSucceeded: 'AuditSucceeded',
  /**
   * By `kind`, the function: 1 when it failed and not by its caller's mistake. A real run of the audit that succeeds
   * says 0, which ends the alarm.
   */
  failed: 'Failed',
  /**
   * By `kind`, the function: errors that its code threw, the caller's too, 0 where there was none; at the time of the
   * invocation's start, as Lambda counts its own `Errors`. What Lambda counts beyond them never reached the code.
   */
  errorsThrown: 'ErrorsThrown',
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
  /** 1 where the mail topic has no confirmed subscriber, else 0. */
  nobodyConfirmed: 'NobodyConfirmed',
  /** 1 where `HOLD` is in the bucket, else 0. */
  held: 'Held',
  /** 1 where the night's check of stored contents could compare none of five or more, else 0. */
  contentCheckSilent: 'ContentCheckSilent',
} as const;

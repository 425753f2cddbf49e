// The thresholds by which the rules, the steps and the guards decide.

/** The settings that the rules depend on; their defaults stand in `runtime/settings.ts`. */
export interface Policy {
  /** `observe` remembers and mails, and never changes Docker Hub or Vault. */
  readonly mode: 'enforce' | 'observe';
  /** IANA name of the zone in which a day begins and ends. */
  readonly timeZone: string;
  /** When the nightly run comes: local time, `HH:MM`. */
  readonly nightlyAt: string;
  /** Hours that a token may be there without a key before it counts as orphaned. */
  readonly settleHours: number;
  /** Days before an end at which it is reported. */
  readonly warnDays: readonly number[];
  /** Days without use after which a token counts as unused. */
  readonly staleDays: number;
  /** Hours between the notice and the withdrawal. */
  readonly noticeHours: number;
  /** Days between switching a token off and deleting it; `null` for never. */
  readonly deleteAfterDays: number | null;
  /** Deployments that may lose their access in one night. */
  readonly maxWithdrawals: number;
  /** The same in percent; whichever is more counts. */
  readonly maxWithdrawalPercent: number;
}

/** Whether caps of 0 keep the audit from ever withdrawing anything. */
export function capsAreZero({ maxWithdrawals, maxWithdrawalPercent }: Policy): boolean {
  return maxWithdrawals === 0 && maxWithdrawalPercent === 0;
}

/** One message for people, with its summary for programs. */
export interface Notification {
  /** ASCII, one line, under 100 characters. */
  readonly subject: string;
  /** Plain text, at most 76 columns and 20 kB. */
  readonly text: string;
  /** JSON of at most 2 kB, for `sqs`, `lambda` and `https` subscribers. */
  readonly summary: string;
  readonly outcome: string;
  readonly severity: 'critical' | 'warning' | 'info';
}

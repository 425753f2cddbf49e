// Where people read what to do, and the sections that alarms point to.

/** Where the runbook is as long as `runbookUrl` says nothing else. */
export const RUNBOOK = 'docs/runbook.md';

/** The runbook's sections that alarms point to, by their anchors. */
export const RUNBOOK_SECTIONS = [
  'missed-night',
  'failed-audit',
  'failing-audit',
  'failed-issue',
  'failed-revoke',
  'broken-off',
  'undelivered',
  'nobody-confirmed',
  'hold-too-long',
  'content-check-silent',
] as const;

/** One of {@link RUNBOOK_SECTIONS}. */
export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

/** Where people read what to do; every alarm points to one of its sections. */
export const RUNBOOK = 'docs/runbook.md';

/** The runbook's sections that alarms point to, by their anchors. */
export const RUNBOOK_SECTIONS = [
  'missed-night',
  'failed-audit',
  'failed-issue',
  'failed-revoke',
  'dead-letter',
] as const;

/** One of {@link RUNBOOK_SECTIONS}. */
export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

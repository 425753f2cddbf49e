// The words of the page for severities, statuses and modes.

import type { ActionKind, ActionStatus, Mode } from '../../domain/actions.ts';
import type { Severity } from '../../domain/findings.ts';

/** The severities, the worst first, and what each means for support. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const satisfies readonly Severity[];

export const SEVERITY_WORDS: Record<Severity, string> = {
  critical: 'somebody is or may be cut off, or let in, wrongly',
  warning: 'to be put in order',
  info: 'good to know, nothing to do',
};

/** The statuses in the order in which a reader wants them, and what each means. */
export const STATUSES = [
  'failed',
  'withheld',
  'done',
  'planned',
  'skipped',
] as const satisfies readonly ActionStatus[];

export const STATUS_WORDS: Record<ActionStatus, string> = {
  failed: 'tried, and it did not work',
  withheld: 'due, and not done: a guard stopped it',
  done: 'done in this run',
  planned: 'would be done; nothing was changed',
  skipped: 'left alone: no longer as planned, or not tried',
};

/** What a step does, in words for people who do not know the kinds. */
export const ACTION_WORDS: Record<ActionKind, string> = {
  announce: 'announce that the token will be switched off or deleted',
  deactivate: 'switch the token off',
  'delete-token': 'delete the token on Docker Hub',
  'remove-key': 'remove the key from Vault',
  reactivate: 'switch the token on again',
};

/** What a reader must not miss about a run that changes nothing; absent where it may. */
export const MODE_BANNERS: Record<Mode, { readonly title: string; readonly text: string } | undefined> = {
  enforce: undefined,
  observe: {
    title: 'Observe: nothing was changed',
    text: 'The audit is set to mode observe: Docker Hub and Vault were only read. Steps called planned would be done in mode enforce.',
  },
  'dry-run': {
    title: 'Dry run: nothing was changed',
    text: 'Docker Hub and Vault were only read, no mail was sent and nothing was remembered. Steps called planned would be done by a real run.',
  },
};

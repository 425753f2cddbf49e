// The event that approves everything which a guard withheld, for the report: the mail's names only whom its text shows.

import { eventText } from '../text/event-json.ts';

/** The whole event that approves; `undefined` where nothing that can be approved was withheld. */
export function approvalNote(names: readonly string[]): string | undefined {
  return names.length === 0
    ? undefined
    : `To withdraw what was withheld, check each name and invoke the audit function with this event (leave out whom you do not mean): ${eventText({ approve: names })}`;
}

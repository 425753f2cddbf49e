// The console's test events.
import type { AuditEvent } from '../lambdas/audit/event.ts';
import { type Day, addDays } from '../lambdas/domain/days.ts';
import type { IssueEvent } from '../lambdas/issue/event.ts';
import type { RevokeEvent } from '../lambdas/revoke/event.ts';
import type { FunctionKind } from './names.ts';

/**
 * A deployment that can't exist: `xx` is no country and never will be (ISO 3166 leaves it to users). An event that
 * names it is refused, `LicenseNotInForce` or `TokenNotFound`, until somebody puts a deployment in its place.
 */
const NOBODY = 'example-xx';

/** Last day of the month after the one that a day is in. */
export function endOfNextMonth(today: Day): Day {
  const [year = '', month = ''] = today.split('-');
  return addDays(new Date(Date.UTC(Number(year), Number(month) + 1, 1)).toISOString().slice(0, 10), -1);
}

/** Test events by name: the console accepts 25 letters, digits, dots, hyphens and underscores. */
export type TestEvents = Readonly<Record<string, AuditEvent | IssueEvent | RevokeEvent>>;

/**
 * What the Lambda console offers under "Test" to everybody who may use a function. None changes anything as it
 * stands: the audit's are dry, the others name a deployment that nobody has.
 *
 * @param today the day of deployment: the console can't count days, so that "the end of next month" is as of then
 */
export function testEvents(today: Day): Readonly<Record<FunctionKind, TestEvents>> {
  const audit: Record<string, AuditEvent> = {
    'Dry-run': { dryRun: true },
    'As-of-end-of-next-month': { asOf: endOfNextMonth(today) },
  };
  const issue: Record<string, IssueEvent> = {
    Issue: { deployment: NOBODY },
    Regenerate: { deployment: NOBODY, regenerate: true, overlapHours: 72 },
  };
  const revoke: Record<string, RevokeEvent> = {
    Revoke: { deployment: NOBODY, reason: 'why, for mail and ledger', requestedBy: 'who' },
    Restore: { deployment: NOBODY, restore: true, reason: 'why, for mail and ledger', requestedBy: 'who' },
  };
  return { audit, issue, revoke };
}

/**
 * The document in which the console keeps a function's shareable events: an OpenAPI 3 description whose examples are
 * the events.
 */
export function testEventDocument(events: TestEvents): string {
  return JSON.stringify({
    openapi: '3.0.0',
    info: { version: '1.0.0', title: 'Event' },
    paths: {},
    components: {
      schemas: { Event: { type: 'object' } },
      examples: Object.fromEntries(Object.entries(events).map(([name, value]) => [name, { value }])),
    },
  });
}

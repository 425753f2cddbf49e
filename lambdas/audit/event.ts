// What the audit function may be asked.
import * as v from 'valibot';
import { dayField, flag, label } from '../runtime/parse-event.ts';

/** The event of the audit function (contract section 5). */
export const auditEventSchema = v.pipe(
  v.strictObject({
    /** The schedule's later tries: do nothing if this local day already had an undisturbed run. */
    catchUp: v.optional(flag),
    /** Change nothing, send no mail, write nothing but the report. */
    dryRun: v.optional(flag),
    /** Judge as at noon of that day; implies `dryRun`. */
    asOf: v.optional(dayField),
    /** Withdraw exactly these in this run, over the caps. */
    approve: v.optional(
      v.pipe(
        v.array(label, 'must be a list of deployments'),
        v.minLength(1, 'must name at least one deployment'),
      ),
    ),
    /** Check the content of every key, not only this night's share. */
    verifyAll: v.optional(flag),
  }),
  v.check(
    ({ approve, asOf }) => approve === undefined || asOf === undefined,
    'approve and asOf exclude each other: what is judged as of another day is never carried out',
  ),
  v.check(
    ({ approve, catchUp }) => approve === undefined || catchUp !== true,
    'approve and catchUp exclude each other: a catch-up may do nothing at all',
  ),
);

export type AuditEvent = v.InferOutput<typeof auditEventSchema>;

/** Whether an event asks to change nothing. */
export function isDry({ dryRun, asOf }: AuditEvent): boolean {
  return dryRun === true || asOf !== undefined;
}

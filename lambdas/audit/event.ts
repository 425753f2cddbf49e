// What the audit function may be asked.
import * as v from 'valibot';
import { dayField, flag, label, sentence } from '../runtime/parse-event.ts';

/** The event of the audit function (contract section 5). */
export const auditEventSchema = v.pipe(
  v.strictObject({
    /** The schedule's later tries: do nothing if this local day already had an undisturbed run. */
    catchUp: v.optional(flag),
    /** Change nothing, send no mail, write nothing but the report. */
    dryRun: v.optional(flag),
    /** Judge as at noon of that day; implies `dryRun`. */
    asOf: v.optional(dayField),
    /** Withdraw exactly these in this run, over the caps; none of them: take the new counts as the measure. */
    approve: v.optional(v.array(label, 'must be a list of deployments')),
    /** Why it is approved, for mail, report and ledger. */
    reason: v.optional(sentence),
    /** Who asked for it. */
    requestedBy: v.optional(sentence),
    /** Check the content of every key, not only this night's share. */
    verifyAll: v.optional(flag),
    /** The stack's, when a list or `HOLD` changes: say what the change means, and leave every withdrawal to the night. */
    review: v.optional(flag),
  }),
  v.check(
    (event) => isAlone(event, 'catchUp') && isAlone(event, 'review'),
    'catchUp and review go with no other field: leave out the others',
  ),
  v.check(
    ({ approve, asOf }) => approve === undefined || asOf === undefined,
    'approve and asOf exclude each other: what is judged as of another day is never carried out',
  ),
  v.check(
    ({ approve, reason, requestedBy }) =>
      approve !== undefined || (reason === undefined && requestedBy === undefined),
    'reason and requestedBy go with approve only: leave them out',
  ),
  v.check(
    ({ approve, reason }) => approve?.length !== 0 || reason !== undefined,
    'approve must name at least one deployment, or say by reason why the shrunken lists are right',
  ),
);

export type AuditEvent = v.InferOutput<typeof auditEventSchema>;

/** Whether an event asks to change nothing. */
export function isDry({ dryRun, asOf }: AuditEvent): boolean {
  return dryRun === true || asOf !== undefined;
}

/** Whether a field is not there, or nothing else is. */
function isAlone(event: object, field: string): boolean {
  return !(field in event) || Object.keys(event).length === 1;
}

const asideSchema = v.union([
  v.looseObject({ dryRun: v.literal(true) }),
  v.looseObject({ asOf: v.unknown() }),
  v.looseObject({ review: v.literal(true) }),
]);

/**
 * Whether an event is for a real night, so that its failure means that nothing is withdrawn: whoever tries something
 * sees the error, and a review that fails leaves all to the night.
 */
export function isNightly(event: unknown): boolean {
  return !v.is(asideSchema, event);
}

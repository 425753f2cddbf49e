import * as v from 'valibot';
import { flag, label, sentence } from '../runtime/parse-event.ts';

/** The event of the revoke function (contract section 10). */
export const revokeEventSchema = v.pipe(
  v.strictObject({
    /** The label, misnamed ones too. */
    deployment: label,
    /** Only this one of the label's tokens. */
    tokenId: v.optional(label),
    /** Switch on again. */
    restore: v.optional(flag),
    /** Delete token and key for good; wants `confirm`. */
    delete: v.optional(flag),
    /** The deployment's name once more. */
    confirm: v.optional(label),
    reason: v.optional(sentence),
    requestedBy: v.optional(sentence),
  }),
  v.check(
    ({ restore, delete: remove }) => restore !== true || remove !== true,
    'restore and delete exclude each other',
  ),
  v.check(
    ({ delete: remove, confirm, deployment }) => remove !== true || confirm === deployment,
    'delete wants "confirm" with the name of the deployment, because it can not be undone',
  ),
  v.check(
    ({ delete: remove, confirm }) => remove === true || confirm === undefined,
    'confirm goes with delete',
  ),
  v.check(
    ({ restore, reason }) => restore === true || reason !== undefined,
    'reason is missing: mail and ledger say why a customer lost the access',
  ),
);

export type RevokeEvent = v.InferOutput<typeof revokeEventSchema>;

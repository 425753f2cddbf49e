// The event of the revoke function.

import * as v from 'valibot';
import { flag, label, sentence } from '../runtime/parse-event.ts';

/** The event of the revoke function (contract section 10). */
export const revokeEventSchema = v.pipe(
  v.strictObject({
    /** The label, misnamed ones too. */
    deployment: v.optional(label),
    /** Only this one of the label's tokens. */
    tokenId: v.optional(label),
    /** Switch on again. */
    restore: v.optional(flag),
    /** Delete token and key for good; wants `confirm`. */
    delete: v.optional(flag),
    /** The deployment's name once more: for what cuts off somebody else, or can't be undone. */
    confirm: v.optional(label),
    /** In place of all these: switch on again what this run of the audit switched off for ended licenses. */
    restoreRun: v.optional(label),
    reason: v.optional(sentence),
    requestedBy: v.optional(sentence),
  }),
  v.check(
    ({ deployment, restoreRun }) => (deployment === undefined) !== (restoreRun === undefined),
    'the event must name either deployment or restoreRun',
  ),
  v.check(
    ({ restoreRun, tokenId, restore, delete: remove, confirm }) =>
      restoreRun === undefined || [tokenId, restore, remove, confirm].every((field) => field === undefined),
    'restoreRun switches on what a whole run switched off, so tokenId, restore, delete and confirm do not go with it',
  ),
  v.check(
    ({ restore, delete: remove }) => restore !== true || remove !== true,
    'restore and delete exclude each other',
  ),
  v.check(
    ({ delete: remove, confirm, deployment }) => remove !== true || confirm === deployment,
    'delete wants "confirm" with the name of the deployment, because it can not be undone',
  ),
  v.check(
    ({ confirm, deployment }) => confirm === undefined || confirm === deployment,
    'confirm must be the name of the deployment',
  ),
  v.check(
    ({ restore, confirm }) => restore !== true || confirm === undefined,
    'confirm goes with switching off and delete, not with restore',
  ),
  v.check(
    ({ restore, reason }) => restore === true || reason !== undefined,
    'reason is missing: mail and ledger say why access was changed',
  ),
);

export type RevokeEvent = v.InferOutput<typeof revokeEventSchema>;

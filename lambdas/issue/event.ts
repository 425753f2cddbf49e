// The event of the issue function.

import * as v from 'valibot';
import { flag, label, sentence } from '../runtime/parse-event.ts';
import { wholeNumber } from '../runtime/settings.ts';
import { splitContent } from '../text/conceal.ts';

const fields = v.strictObject({
  telco: v.optional(label),
  country: v.optional(label),
  /** Instead of telco and country. */
  deployment: v.optional(label),
  /** Make a new token although one is there; the old ones go after `overlapHours`. */
  regenerate: v.optional(flag),
  /** Hours that replaced tokens keep working; default 72. */
  overlapHours: v.optional(wholeNumber(0, 720)),
  /** Issue although no license is in force; wants a reason. */
  allowUnlicensed: v.optional(flag),
  /** Issue although a misnamed token is there that is probably this deployment's. */
  allowSimilar: v.optional(flag),
  /** Make the secret in Vault where there is none. */
  createSecret: v.optional(flag),
  /** `false` leaves the pull check out. */
  verifyPull: v.optional(flag),
  /** Give token and key this name; the content stays. */
  renameTo: v.optional(label),
  reason: v.optional(sentence),
  requestedBy: v.optional(sentence),
});

/** The event of the issue function (contract section 9). */
export const issueEventSchema = v.pipe(
  fields,
  v.check(
    ({ telco, country, deployment }) =>
      deployment === undefined
        ? telco !== undefined && country !== undefined
        : telco === undefined && country === undefined,
    'the event must name either deployment, or telco and country',
  ),
  v.check(
    ({ telco = '', country = '' }) => splitContent(telco, country) === undefined,
    "telco and country together are a token's content: take it out, and replace that token where others could read it",
  ),
  v.check(
    ({ allowUnlicensed, reason }) => allowUnlicensed !== true || reason !== undefined,
    'allowUnlicensed wants a reason',
  ),
  v.check(
    ({ regenerate, overlapHours }) => regenerate === true || overlapHours === undefined,
    'overlapHours goes with regenerate',
  ),
  v.check(
    ({ renameTo, deployment }) => renameTo === undefined || deployment !== undefined,
    'renameTo goes with deployment, the present label',
  ),
  v.check(
    ({ renameTo, regenerate, allowUnlicensed, allowSimilar, createSecret, verifyPull }) =>
      renameTo === undefined ||
      [regenerate, allowUnlicensed, allowSimilar, createSecret, verifyPull].every((field) => field !== true),
    'renameTo makes no token, so regenerate, allowUnlicensed, allowSimilar, createSecret and verifyPull do not go with it',
  ),
);

export type IssueEvent = v.InferOutput<typeof issueEventSchema>;

/** Hours that replaced tokens keep working where the event does not say. */
export const DEFAULT_OVERLAP_HOURS = 72;

/** The deployment that an event names; it may be misnamed. */
export function deploymentOf({ deployment, telco, country }: IssueEvent): string {
  return deployment ?? `${telco ?? ''}-${country ?? ''}`;
}

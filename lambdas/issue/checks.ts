// What has to be so before a token is issued, and the sentences that say why it is not.

import { dayOf } from '../domain/days.ts';
import {
  type License,
  type LicenseList,
  daysLeft,
  isInForce,
  unreadableRowAbout,
} from '../domain/licenses.ts';
import { NAMING_RULE, isWellNamed } from '../domain/naming.ts';
import { nameFinder } from '../domain/near-names.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import { licensesIfReadable } from '../runtime/license-list.ts';
import type { Services } from '../runtime/services.ts';
import { pluralize, displayName } from '../text/display.ts';
import { eventText, fitsEvent } from '../text/event-json.ts';

/** Names that stand in examples and follow the naming rule: pasted as they are they would name nobody. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(['telco-country']);

/** @throws AuditorError `InvalidRequest` with the likely name, where a name breaks the naming rule */
export async function checkName(services: Services, field: string, name: string): Promise<void> {
  if (PLACEHOLDERS.has(name))
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was done, because ${field} ${name} is only an example of a name; put the name of the deployment there and invoke again.`,
    );
  if (isWellNamed(name)) return;
  const meant = nameFinder((await licensesIfReadable(services))?.licenses.keys() ?? []).findName(name);
  throw new AuditorError(
    'InvalidRequest',
    `Nothing was done, because ${field} ${displayName(name)} is not ${NAMING_RULE}${meant === undefined ? '' : `; probably ${meant} was meant`}; correct it and invoke again.`,
  );
}

/** A deployment's license, where the list was read and has one in force. */
export function licenseInForce(
  { settings, clock }: Services,
  list: LicenseList | undefined,
  deployment: string,
): License | undefined {
  const license = list?.licenses.get(deployment);
  const today = dayOf(clock.now(), settings.timeZone);
  return license !== undefined && isInForce(license, today) ? license : undefined;
}

/** @throws AuditorError `LicenseNotInForce` where the list does not say that the deployment has paid */
export function checkLicense(services: Services, list: LicenseList, deployment: string): void {
  const { timeZone } = services.settings;
  const today = dayOf(services.clock.now(), timeZone);
  const license = list.licenses.get(deployment);
  if (license !== undefined && isInForce(license, today)) return;
  const row = unreadableRowAbout(list, deployment);
  const near = nameFinder(list.licenses.keys()).findName(deployment);
  const why =
    license !== undefined
      ? `its license ended with ${license.lastDay}, ${pluralize(-daysLeft(license, today), 'day')} ago`
      : row?.about.scope === 'deployment'
        ? `its row, line ${row.line} of licenses.csv, can't be read: ${row.problem}`
        : `no row of licenses.csv names it${near === undefined ? '' : ` (the nearest name there is ${near})`}`;
  throw new AuditorError(
    'LicenseNotInForce',
    `No token was made for ${deployment}, because ${why}; correct licenses.csv and invoke again, or set "allowUnlicensed": true with a "reason".`,
  );
}

/**
 * A misnamed token that is probably this deployment's would go on working beside a new one, and nobody would know whose
 * it is.
 *
 * @throws AuditorError `TokenAlreadyExists`, with the event that renames it
 */
export function checkNoneSimilar(
  services: Services,
  deployment: string,
  tokens: readonly HubToken[],
  list: LicenseList | undefined,
): void {
  const { findName } = nameFinder(new Set([deployment, ...(list?.licenses.keys() ?? [])]));
  const similar = tokens.find(
    (token) =>
      isActive(token, services.clock.now()) &&
      (token.generatedBy ?? 'manual') === 'manual' &&
      !isWellNamed(token.label) &&
      findName(token.label) === deployment,
  );
  if (similar === undefined) return;
  const { label } = similar;
  const rename = fitsEvent(label)
    ? `give it the right name with this function (${eventText({ deployment: label, renameTo: deployment })})`
    : 'give it the right name on Docker Hub';
  throw new AuditorError(
    'TokenAlreadyExists',
    `No token was made for ${deployment}, because the active token ${displayName(label)} is probably this deployment's under another spelling; ${rename}, or, if it is somebody else's, invoke again with "allowSimilar": true.`,
  );
}

/** @throws AuditorError `TokenAlreadyExists`, saying whether to restore or to regenerate */
export function checkNoneExists(
  services: Services,
  deployment: string,
  tokens: readonly HubToken[],
  hasKey: boolean,
): void {
  if (tokens.length === 0 && !hasKey) return;
  const now = services.clock.now();
  const [what, cure] = tokens.some((token) => isActive(token, now))
    ? [
        `an active token of that label exists on Docker Hub${hasKey ? ' and its content is in Vault' : ', and Vault has no key for it'}`,
        'to replace it invoke again with "regenerate": true',
      ]
    : tokens.some((token) => !isPastExpiry(token, now))
      ? [
          'an inactive token of that label exists on Docker Hub',
          'switch it on again with the revoke function ("restore": true), or replace it with "regenerate": true',
        ]
      : tokens.length > 0
        ? [
            'a token of that label exists on Docker Hub that has expired by its own date',
            'switching it on would not help, so replace it: invoke again with "regenerate": true',
          ]
        : [
            'Vault has a key of that name',
            'to write a new content over it invoke again with "regenerate": true',
          ];
  throw new AuditorError(
    'TokenAlreadyExists',
    `No token was made for ${deployment}, because ${what}; ${cure}.`,
  );
}

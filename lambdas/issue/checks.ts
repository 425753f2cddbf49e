import { dayOf } from '../domain/days.ts';
import {
  type LicenseList,
  daysLeft,
  isInForce,
  readLicenses,
  unreadableRowAbout,
} from '../domain/licenses.ts';
import { NAMING_RULE, isWellNamed, nameFinder } from '../domain/naming.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { AuditorError, isAuditorError } from '../errors.ts';
import { OBJECTS } from '../ledger/bucket-keys.ts';
import type { Services } from '../runtime/services.ts';
import { pluralize, displayName } from '../text/display.ts';

/** Reads the license list from the bucket. */
export async function loadLicenses(services: Services): Promise<LicenseList> {
  const object = await services.bucket.read(OBJECTS.licenses);
  return readLicenses(typeof object === 'string' ? undefined : object.body, services.settings.graceDays);
}

/** The license list where only a guess depends on it. */
async function licensesForGuess(services: Services): Promise<LicenseList | undefined> {
  try {
    return await loadLicenses(services);
  } catch (error) {
    if (isAuditorError(error)) return undefined;
    throw error;
  }
}

/** @throws AuditorError `InvalidRequest` with the likely name, where a name breaks the naming rule */
export async function checkName(services: Services, field: string, name: string): Promise<void> {
  if (isWellNamed(name)) return;
  const meant = nameFinder((await licensesForGuess(services))?.licenses.keys() ?? [])(name);
  throw new AuditorError(
    'InvalidRequest',
    `Nothing was done, because ${field} ${displayName(name)} is not ${NAMING_RULE}${meant === undefined ? '' : `; probably ${meant} was meant`}; correct it and invoke again.`,
  );
}

/** @throws AuditorError `LicenseNotInForce` where the list does not say that the deployment has paid */
export function checkLicense(services: Services, list: LicenseList, deployment: string): void {
  const { timeZone } = services.settings;
  const today = dayOf(services.clock.now(), timeZone);
  const license = list.licenses.get(deployment);
  if (license !== undefined && isInForce(license, today)) return;
  const row = unreadableRowAbout(list, deployment);
  const near = nameFinder(list.licenses.keys())(deployment);
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

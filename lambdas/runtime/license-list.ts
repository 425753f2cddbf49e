// The license list as issue and revoke read it.

import { MAX_LIST_BYTES } from '../domain/csv.ts';
import { dayOf } from '../domain/days.ts';
import { type LicenseList, readLicenses } from '../domain/licenses.ts';
import type { DayRules } from '../domain/written-days.ts';
import { isAuditorError } from '../errors.ts';
import { OBJECTS } from '../ledger/bucket-keys.ts';
import type { Services } from './services.ts';
import type { Settings } from './settings.ts';

/**
 * Reads the license list from the bucket.
 *
 * @throws AuditorError `LicenseListUnreadable`, `StorageUnavailable`
 */
export async function loadLicenses(services: Services): Promise<LicenseList> {
  const object = await services.bucket.read(OBJECTS.licenses, MAX_LIST_BYTES);
  const { settings, clock } = services;
  return readLicenses(
    typeof object === 'string' ? undefined : object.body,
    settings.graceDays,
    dayRules(settings, clock.now()),
  );
}

/** The license list where the call does not depend on it; `undefined` where it can't be read. */
export async function licensesIfReadable(services: Services): Promise<LicenseList | undefined> {
  try {
    return await loadLicenses(services);
  } catch (error) {
    if (isAuditorError(error)) return undefined;
    throw error;
  }
}

/** By what the days of the lists are read at an instant. */
export function dayRules(
  { dateOrder, timeZone }: Pick<Settings, 'dateOrder' | 'timeZone'>,
  now: number,
): DayRules {
  return { dateOrder, today: dayOf(now, timeZone) };
}

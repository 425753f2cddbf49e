// The license list as issue and revoke read it.

import { type LicenseList, readLicenses } from '../domain/licenses.ts';
import { isAuditorError } from '../errors.ts';
import { OBJECTS } from '../ledger/bucket-keys.ts';
import type { Services } from './services.ts';

/**
 * Reads the license list from the bucket.
 *
 * @throws AuditorError `LicenseListUnreadable`, `StorageUnavailable`
 */
export async function loadLicenses(services: Services): Promise<LicenseList> {
  const object = await services.bucket.read(OBJECTS.licenses);
  return readLicenses(typeof object === 'string' ? undefined : object.body, services.settings.graceDays);
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

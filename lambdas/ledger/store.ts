// The ledger in the bucket, written only while it is as it was read.

import type { Bucket, ReadObject } from '../clients/ports.ts';
import { type Ledger, ledgerText, readLedger } from '../domain/ledger.ts';
import { AuditorError } from '../errors.ts';
import { OBJECTS } from './bucket-keys.ts';

/** How often a ledger that somebody else wrote in between is read again before giving up. */
const ATTEMPTS = 5;

/** The ledger in the bucket, written only while it is as it was read (conditional put). */
export interface LedgerStore {
  /** The ledger as it was last read or written. */
  readonly current: Ledger;
  /**
   * Writes the ledger that `change` makes of the current one. Where somebody wrote in between, it is read again and
   * `change` decides again. Writes nothing where `change` returns what it was given.
   *
   * @throws AuditorError `StorageUnavailable`, `LedgerUnreadable`
   */
  update(change: (ledger: Ledger) => Ledger): Promise<Ledger>;
}

function contentOf(object: ReadObject): Uint8Array | 'absent' | 'deleted' {
  return typeof object === 'string' ? object : object.body;
}

const etagOf = (object: ReadObject): string | undefined =>
  typeof object === 'string' ? undefined : object.etag;

/**
 * Reads the ledger.
 *
 * @throws AuditorError `LedgerUnreadable`, `StorageUnavailable`
 */
export async function openLedger(bucket: Bucket): Promise<LedgerStore> {
  const found = await bucket.read(OBJECTS.ledger);
  let current = readLedger(contentOf(found));
  let etag = etagOf(found);
  return {
    get current() {
      return current;
    },
    async update(change) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const next = change(current);
        if (next === current) return current;
        const written = await bucket.writeIf(OBJECTS.ledger, ledgerText(next), etag);
        if (written !== 'conflict') {
          etag = written.etag;
          current = next;
          return current;
        }
        const again = await bucket.read(OBJECTS.ledger);
        current = readLedger(contentOf(again));
        etag = etagOf(again);
      }
      throw new AuditorError(
        'StorageUnavailable',
        `Writing ledger.json to the bucket was refused ${ATTEMPTS} times because somebody else keeps changing it; find out who writes it besides the functions.`,
      );
    },
  };
}

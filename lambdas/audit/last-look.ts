// The last look at what people say, right before the first withdrawal.
import type { ReadObject } from '../clients/ports.ts';
import { MAX_LIST_BYTES } from '../domain/csv.ts';
import { OBJECTS } from '../ledger/bucket-keys.ts';
import { joinWithAnd } from '../text/display.ts';
import { type CompleteReading, isHeldNow } from './read-inputs.ts';
import type { Run } from './run.ts';

/**
 * Looks at `HOLD` and both lists again: a run may check contents for minutes between reading them and withdrawing
 * (contract section 8). What can't be looked at counts as changed.
 *
 * @returns why nothing may be withdrawn in this run, a clause; `undefined` where all is as it was
 */
export async function lastLook(
  { services }: Run,
  { versions, hold }: CompleteReading,
): Promise<string | undefined> {
  const { bucket } = services;
  try {
    const [licenses, exemptions, isHeld] = await Promise.all([
      bucket.read(OBJECTS.licenses, MAX_LIST_BYTES),
      bucket.read(OBJECTS.exemptions, MAX_LIST_BYTES),
      isHeldNow(bucket),
    ]);
    const changed = [
      ...(etagOf(licenses) === versions.licenses?.etag ? [] : [OBJECTS.licenses]),
      ...(etagOf(exemptions) === versions.exemptions?.etag ? [] : [OBJECTS.exemptions]),
      ...(isHeld === hold ? [] : [OBJECTS.hold]),
    ];
    return changed.length === 0
      ? undefined
      : `${joinWithAnd(changed)} changed while this run was at work: the next one goes by it`;
  } catch {
    return `HOLD and the lists could not be looked at again, so this run does not know whether they changed`;
  }
}

const etagOf = (object: ReadObject): string | undefined =>
  typeof object === 'string' ? undefined : object.etag;

// Reading everything that a run goes by.
import type { Bucket, DockerHub, ReadObject, TopObject } from '../clients/ports.ts';
import { MAX_LIST_BYTES } from '../domain/csv.ts';
import { readExemptionList } from '../domain/exemptions.ts';
import { iso } from '../domain/days.ts';
import { type LicenseList, readLicenses } from '../domain/licenses.ts';
import type { CompleteInputs, Inputs } from '../domain/snapshot.ts';
import type { AssumedOrder } from '../domain/written-days.ts';
import { type AuditorError, asAuditorError } from '../errors.ts';
import { OBJECTS, isHold, lookAlikeOf } from '../ledger/bucket-keys.ts';
import { type LedgerStore, openLedger } from '../ledger/store.ts';
import type { FileVersion, InputVersions } from '../report/report.ts';
import { dayRules } from '../runtime/license-list.ts';
import type { Services } from '../runtime/services.ts';
import { concealed } from '../text/conceal.ts';
import { askForMissing } from './ask-for-missing.ts';
import type { Run } from './run.ts';

/** Everything a run goes by, or what of it could be read. */
export interface Reading {
  readonly inputs: Inputs;
  readonly hold: boolean;
  /** Objects that look like one of those that are read, and are not. */
  readonly strays: readonly TopObject[];
  /** The ledger's store; absent when it could not be read. */
  readonly store?: LedgerStore;
  /** Whether `exemptions.csv` is there. */
  readonly exemptionsThere: boolean;
  /** How days of `exemptions.csv` were read, where none of them shows in which order they were written. */
  readonly exemptionsOrder?: AssumedOrder | undefined;
  readonly versions: InputVersions;
  /** Which versions of the lists were looked at, readable or not; absent where there is none. */
  readonly etags: { readonly licenses?: string | undefined; readonly exemptions?: string | undefined };
  /** Why the run is incomplete; empty when every input was read whole. */
  readonly causes: readonly AuditorError[];
}

/** Inputs of which every part was read completely. */
export type CompleteReading = Reading & { readonly inputs: CompleteInputs; readonly store: LedgerStore };

/** Whether a run read everything, so that it may judge and act. */
export function isComplete(reading: Reading): reading is CompleteReading {
  const { tokens, keys, licenses, exemptions, ledger } = reading.inputs;
  const isRead = [tokens, keys, licenses, exemptions, ledger, reading.store].every(
    (input) => input !== undefined,
  );
  return reading.causes.length === 0 && isRead;
}

/** What a run has that could not even begin to read. */
export const NOTHING_READ: Reading = {
  inputs: {},
  hold: true,
  strays: [],
  exemptionsThere: false,
  versions: { hold: true },
  etags: {},
  causes: [],
};

/** Whether a run judges anything by the keys' values; else their names are enough. */
export function wantsValues({ event, services }: Run): boolean {
  return event.verifyAll === true || services.settings.verifyPerRun > 0;
}

/**
 * Reads everything at once and parses it. Never rejects: what could not be read completely is missing from the inputs and
 * named in `causes`.
 *
 * @param withValues whether anything is judged by the keys' values; else names only are read
 */
export async function readInputs(
  services: Services,
  withValues = services.settings.verifyPerRun > 0,
): Promise<Reading> {
  const { bucket, dockerHub, vault, settings } = services;
  const days = dayRules(settings, services.clock.now());
  const causes: AuditorError[] = [];
  const reading = <Value>(promise: Promise<Value>, what: string): Promise<Value | undefined> =>
    attempt(promise, `Reading ${what}`, causes);
  // Parsed at once: a long list takes as long as some of Docker Hub's pages, which are on their way meanwhile.
  const readLicenseList = async (): Promise<ReadList> => {
    const object = await bucket.read(OBJECTS.licenses, MAX_LIST_BYTES);
    const parse = (): LicenseList => readLicenses(bodyOf(object), settings.graceDays, days);
    return { object, list: parsed(parse, 'Reading the license list', causes) };
  };
  const [tokens, keys, licensesRead, exemptionsObject, top, hold, store] = await Promise.all([
    reading(dockerHub.listTokens(), "Docker Hub's tokens"),
    reading(withValues ? vault.readKeys() : vault.readKeyNames(), "Vault's keys"),
    reading(readLicenseList(), 'the license list'),
    reading(bucket.read(OBJECTS.exemptions, MAX_LIST_BYTES), 'the exemptions'),
    reading(bucket.listTop(), 'the names of the objects'),
    reading(bucket.exists(OBJECTS.hold), 'HOLD'),
    reading(openLedger(bucket), 'the ledger'),
  ]);
  const { object: licensesObject, list: licenses } = licensesRead ?? NO_LIST;
  const known = store?.current.exemptions ?? null;
  const exemptionList =
    exemptionsObject &&
    parsed(
      () => readExemptionList(bodyOf(exemptionsObject), known !== null, days),
      'Reading the exemptions',
      causes,
    );
  const exemptions = exemptionList?.exemptions;
  const names = top ?? [];
  // What could not be looked at may hold.
  const isHeld = (hold ?? true) || top === undefined || names.some(({ key }) => isHold(key));
  const ledger = store?.current;
  const inputs = await withMissing(dockerHub, present({ tokens, keys, licenses, exemptions, ledger }));
  return {
    inputs,
    hold: isHeld,
    strays: names.filter(({ key }) => lookAlikeOf(key) !== undefined),
    ...(store === undefined ? {} : { store }),
    exemptionsThere: typeof exemptionsObject === 'object',
    exemptionsOrder: exemptionList?.assumedOrder,
    versions: versionsOf(inputs, {
      licenses: licensesObject,
      exemptions: exemptionsObject,
      top: names,
      isHeld,
    }),
    etags: { licenses: etagOf(licensesObject), exemptions: etagOf(exemptionsObject) },
    causes: distinct(causes),
  };
}

/** The license list's object, and what it says where it can be read. */
interface ReadList {
  readonly object: ReadObject | undefined;
  readonly list: LicenseList | undefined;
}

const NO_LIST: ReadList = { object: undefined, list: undefined };

/** Whether anything in the bucket holds all withdrawals. */
export async function isHeldNow(bucket: Bucket): Promise<boolean> {
  const [isThere, top] = await Promise.all([bucket.exists(OBJECTS.hold), bucket.listTop()]);
  return isThere || top.some(({ key }) => isHold(key));
}

/** One cause per sentence: a failed login is met by every read that needs it. */
function distinct(causes: readonly AuditorError[]): AuditorError[] {
  return [...new Map(causes.map((cause) => [`${cause.name} ${cause.message}`, cause])).values()];
}

async function attempt<Value>(
  reading: Promise<Value>,
  doing: string,
  causes: AuditorError[],
): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    causes.push(asAuditorError(error, doing));
    return undefined;
  }
}

const etagOf = (object: ReadObject | undefined): string | undefined =>
  typeof object === 'object' ? object.etag : undefined;

const bodyOf = (object: ReadObject): Uint8Array | undefined =>
  typeof object === 'string' ? undefined : object.body;

function parsed<Value>(parse: () => Value, doing: string, causes: AuditorError[]): Value | undefined {
  try {
    return parse();
  } catch (error) {
    causes.push(asAuditorError(error, doing));
    return undefined;
  }
}

/** The inputs with what Docker Hub says of tokens that the ledger knows and the list lacks. */
async function withMissing(dockerHub: DockerHub, inputs: Inputs): Promise<Inputs> {
  const { tokens, ledger } = inputs;
  if (tokens === undefined || ledger === undefined) return inputs;
  return { ...inputs, ...(await askForMissing(dockerHub, ledger, tokens)) };
}

/** The inputs that were read; what could not be read is absent, not `undefined`. */
function present(inputs: { readonly [Part in keyof Inputs]: Inputs[Part] | undefined }): Inputs {
  return Object.fromEntries(Object.entries(inputs).filter(([, part]) => part !== undefined));
}

/** What was found in the bucket. */
interface Found {
  readonly licenses: ReadObject | undefined;
  readonly exemptions: ReadObject | undefined;
  readonly top: readonly TopObject[];
  readonly isHeld: boolean;
}

function versionsOf(inputs: Inputs, bucket: Found): InputVersions {
  const { tokens, keys } = inputs;
  const { licenses, exemptions } = bucket;
  const writtenAt = ({ at }: TopObject): string | undefined => (at === undefined ? undefined : iso(at));
  const versionOf = (key: string, etag: string, count: number): FileVersion => {
    const uploadedAt = bucket.top.flatMap((object) => (object.key === key ? [writtenAt(object)] : []))[0];
    return { etag, rows: count, ...(uploadedAt === undefined ? {} : { uploadedAt }) };
  };
  const holding = bucket.top.filter(({ key }) => isHold(key));
  return {
    ...(tokens === undefined ? {} : { dockerHub: { rows: tokens.length } }),
    ...(keys === undefined ? {} : { vault: { version: keys.version } }),
    ...(typeof licenses === 'object' && inputs.licenses !== undefined
      ? {
          licenses: {
            ...versionOf(OBJECTS.licenses, licenses.etag, inputs.licenses.rowCount),
            separator: inputs.licenses.separator,
          },
        }
      : {}),
    ...(typeof exemptions === 'object' && inputs.exemptions !== undefined
      ? { exemptions: versionOf(OBJECTS.exemptions, exemptions.etag, inputs.exemptions.length) }
      : {}),
    hold: bucket.isHeld,
    ...(holding.length === 0
      ? {}
      : { holding: holding.map((object) => ({ key: concealed(object.key), since: writtenAt(object) })) }),
  };
}

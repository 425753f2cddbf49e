// The lease: one function at a time changes things (contract section 2).

import * as v from 'valibot';
import type { Bucket, Clock, OneTimeCodes } from '../clients/ports.ts';
import { iso } from '../domain/days.ts';
import { AuditorError } from '../errors.ts';
import { OBJECTS } from './bucket-keys.ts';

/** How long one function may change things; a lease left by a crash is taken over when it is past. */
export const LEASE_MILLISECONDS = 15 * 60_000;
/** How long a function waits for another one to end, unless it says otherwise. */
const LEASE_WAIT_MS = 60_000;
/** How often a waiting function looks again. */
const POLL_MS = 3_000;
/** Time that a waiting function leaves itself for its own work. */
const RESERVED_MS = 60_000;
/** How far the clocks of two functions may be apart. */
const CLOCK_SKEW_MS = 60_000;

/** What taking the lease needs of the services. */
export interface LeaseServices {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** When the function must end, in milliseconds since 1970. */
  readonly deadline: number;
  readonly codes: OneTimeCodes;
}

/** The right to change things, held until `release` or until its time is over. */
export interface Lease {
  /** The causes of an incomplete run that a mail reported on this day. */
  reportedCauses(day: string): readonly string[];
  /** Remembers that a mail reported these causes on this day; written by `release`. */
  rememberCauses(day: string, causes: readonly string[]): void;
  /** Gives the right back. Never rejects: what can't be given back ends by itself. */
  release(): Promise<void>;
}

/**
 * Takes the lease. Where another function holds it, waits for that one to end.
 *
 * @param functionName what the other one reads: audit, issue or revoke
 * @param waitMilliseconds how long to wait; less where the function's own time is short
 * @throws AuditorError `Busy`, `StorageUnavailable`
 */
export async function takeLease(
  services: LeaseServices,
  functionName: string,
  runId: string,
  waitMilliseconds = LEASE_WAIT_MS,
): Promise<Lease> {
  const { clock, deadline } = services;
  const patience = Math.min(waitMilliseconds, deadline - RESERVED_MS - clock.now());
  for (let waited = 0; ; waited += POLL_MS) {
    const taken = await tryLease(services, functionName, runId);
    if (!(taken instanceof AuditorError)) return taken;
    if (waited + POLL_MS > patience) throw taken;
    await clock.sleep(POLL_MS);
  }
}

const leaseSchema = v.object({
  /** Who changes things, and until when; `null` when nobody does. */
  holder: v.nullable(v.object({ function: v.string(), runId: v.string(), until: v.string() })),
  /**
   * Which causes of an incomplete run were mailed on which day. It stands here and not in the ledger, because an
   * incomplete run writes no ledger, and the ledger may be what is unreadable.
   */
  incompleteTold: v.nullable(v.object({ day: v.string(), causes: v.array(v.string()) })),
  /** The step of the one-time code that was sent to Docker Hub last: no function sends it again. */
  lastCodeStep: v.optional(v.number(), 0),
});

type LeaseContent = v.InferOutput<typeof leaseSchema>;
type Holder = NonNullable<LeaseContent['holder']>;

function parseLease(body: Uint8Array): LeaseContent | undefined {
  try {
    const parsed = v.safeParse(leaseSchema, JSON.parse(new TextDecoder().decode(body)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a lease gives its holder the right still. One that is longer than any function takes was not written by one. */
function isHeld({ until }: Holder, now: number): boolean {
  const remaining = Date.parse(until) - now;
  return remaining > 0 && remaining <= LEASE_MILLISECONDS + CLOCK_SKEW_MS;
}

function busy(holder: Holder | null): AuditorError {
  const who = holder === null ? 'another function' : `the ${holder.function} function`;
  const until = holder === null ? 'in a moment' : `after it ends, ${holder.until} at the latest`;
  return new AuditorError(
    'Busy',
    `Nothing was done, because ${who} is changing tokens just now (lease.json in the bucket); try again ${until}.`,
  );
}

/** Takes the lease, or resolves with the error to throw where another function holds it. */
async function tryLease(
  { bucket, clock, codes }: LeaseServices,
  functionName: string,
  runId: string,
): Promise<Lease | AuditorError> {
  const found = await bucket.read(OBJECTS.lease);
  const before = typeof found === 'string' ? undefined : found;
  // A content that is no lease gives nobody a right; it is replaced like one that is past.
  const content = before === undefined ? undefined : parseLease(before.body);
  const holder = content?.holder ?? null;
  if (holder !== null && isHeld(holder, clock.now())) return busy(holder);

  codes.lastStep = Math.max(codes.lastStep, content?.lastCodeStep ?? 0);
  let reported = content?.incompleteTold ?? null;
  const write = (taken: Holder | null, etag: string | undefined): Promise<{ etag: string } | 'conflict'> => {
    const next: LeaseContent = { holder: taken, incompleteTold: reported, lastCodeStep: codes.lastStep };
    return bucket.writeIf(OBJECTS.lease, `${JSON.stringify(next)}\n`, etag);
  };
  const until = iso(clock.now() + LEASE_MILLISECONDS);
  const taken = await write({ function: functionName, runId, until }, before?.etag);
  if (taken === 'conflict') return busy(null);

  return {
    reportedCauses: (day) => (reported?.day === day ? reported.causes : []),
    rememberCauses: (day, causes) => {
      reported = {
        day,
        causes: [...new Set([...(reported?.day === day ? reported.causes : []), ...causes])],
      };
    },
    release: async () => {
      // A conflict means that the lease was over and somebody took it: it is theirs now.
      await write(null, taken.etag).catch(() => undefined);
    },
  };
}

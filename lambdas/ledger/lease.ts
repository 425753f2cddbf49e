import * as v from 'valibot';
import type { Bucket, Clock } from '../clients/ports.ts';
import { iso } from '../domain/days.ts';
import { AuditorError } from '../errors.ts';
import { OBJECTS } from './bucket-keys.ts';

/** How long one function may change things; a lease left by a crash is taken over when it is past. */
export const LEASE_MILLISECONDS = 15 * 60_000;

const leaseSchema = v.object({
  /** Who changes things, and until when; `null` when nobody does. */
  holder: v.nullable(v.object({ function: v.string(), runId: v.string(), until: v.string() })),
  /**
   * Which causes of an incomplete run were mailed on which day. It stands here and not in the ledger, because an
   * incomplete run writes no ledger, and the ledger may be what is unreadable.
   */
  incompleteTold: v.nullable(v.object({ day: v.string(), causes: v.array(v.string()) })),
});

type LeaseContent = v.InferOutput<typeof leaseSchema>;

/** The right to change things, held until `release` or until its time is over. */
export interface Lease {
  /** The causes of an incomplete run that a mail told on this day. */
  reportedCauses(day: string): readonly string[];
  /** Remembers that a mail told these causes on this day; written by `release`. */
  rememberCauses(day: string, causes: readonly string[]): void;
  /** Gives the right back. Never rejects: what can't be given back ends by itself. */
  release(): Promise<void>;
}

function parseLease(body: Uint8Array): LeaseContent | undefined {
  try {
    const parsed = v.safeParse(leaseSchema, JSON.parse(new TextDecoder().decode(body)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function busy(holder: LeaseContent['holder']): AuditorError {
  const who = holder === null ? 'another function' : `the ${holder.function} function`;
  const until = holder === null ? 'in a moment' : `after it ends, ${holder.until} at the latest`;
  return new AuditorError(
    'Busy',
    `Nothing was done, because ${who} is changing tokens just now (lease.json in the bucket); try again ${until}.`,
  );
}

/**
 * Takes the lease: at most one function at a time changes things (contract section 2).
 *
 * @param functionName what the other one is told: audit, issue or revoke
 * @throws AuditorError `Busy`, `StorageUnavailable`
 */
export async function takeLease(
  bucket: Bucket,
  clock: Clock,
  functionName: string,
  runId: string,
): Promise<Lease> {
  const found = await bucket.read(OBJECTS.lease);
  const before = typeof found === 'string' ? undefined : found;
  // A content that is no lease gives nobody a right; it is replaced like one that is past.
  const content = before === undefined ? undefined : parseLease(before.body);
  const holder = content?.holder ?? null;
  if (holder !== null && Date.parse(holder.until) > clock.now()) throw busy(holder);

  let reported = content?.incompleteTold ?? null;
  const text = (taken: LeaseContent['holder']): string =>
    `${JSON.stringify({ holder: taken, incompleteTold: reported })}\n`;
  const until = iso(clock.now() + LEASE_MILLISECONDS);
  const taken = await bucket.writeIf(
    OBJECTS.lease,
    text({ function: functionName, runId, until }),
    before?.etag,
  );
  if (taken === 'conflict') throw busy(null);

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
      await bucket.writeIf(OBJECTS.lease, text(null), taken.etag).catch(() => undefined);
    },
  };
}

// Who loses access next, or a token for good: what was announced and has not come yet, by the night on which it comes.
import { DAY, type Day, HOUR, addDays, dayOf } from '../days.ts';
import type { Ledger } from '../ledger.ts';
import { type Schedule, endOfDay, nextNight } from '../nights.ts';
import { type Snapshot, lastDayOf } from '../snapshot.ts';
import type { Step } from './step.ts';

/** Deletion of a token is announced so long before. */
const DELETION_NOTICE = 7 * DAY;

/** One deployment that was told an end which has not come yet. */
export interface Upcoming {
  readonly deployment: string;
  readonly what: 'deactivate' | 'delete-token';
  /** The last day of access. */
  readonly end: Day;
  /** Until when it has paid; absent where its row is gone. */
  readonly paidUntil: Day | undefined;
  /** From this instant on a run started by hand does it. */
  readonly byHand: number;
  /** The nightly run that does it. */
  readonly night: number;
  /** Announced by this run for the first time. */
  readonly isNew: boolean;
}

/**
 * What this run announces and what was announced before, one entry for each deployment, the next first. Whom a guard
 * holds is not among them, nor what this run does or tries.
 */
export function upcomingEnds(
  snapshot: Snapshot,
  steps: readonly Step[],
  notices: Ledger['notices'],
  schedule: Schedule,
): Upcoming[] {
  const { now, policy } = snapshot;
  const due = new Set(
    steps
      .filter(({ kind }) => kind === 'deactivate' || kind === 'delete-token')
      .map(({ deployment }) => deployment),
  );
  const announced = steps.flatMap(({ announces, deployment, tokenId, end }) =>
    announces === undefined || end === undefined || tokenId === undefined
      ? []
      : [{ step: announces, deployment, tokenId, end, at: now, isNew: true }],
  );
  const standing = notices
    .filter(({ step, deployment, tokenId, end }) => isStanding(snapshot, step, deployment, tokenId, end))
    .map((notice) => ({ ...notice, at: Date.parse(notice.at), isNew: false }));
  const upcoming = new Map<string, Upcoming>();
  for (const { step, deployment, tokenId, end, at, isNew } of [...announced, ...standing]) {
    if (due.has(deployment)) continue;
    const byHand =
      step === 'deactivate'
        ? Math.max(endOfDay(end, policy.timeZone), at + policy.noticeHours * HOUR)
        : Math.max(deletionDue(snapshot, tokenId), at + DELETION_NOTICE);
    const key = `${step} ${deployment}`;
    const known = upcoming.get(key);
    if (known !== undefined && known.byHand <= byHand) continue;
    upcoming.set(key, {
      deployment,
      what: step,
      end,
      paidUntil: snapshot.licenses.get(deployment)?.paidUntil,
      byHand,
      // Never this very run: what it could do it has done.
      night: nextNight(Math.max(byHand, now + 1), schedule),
      isNew,
    });
  }
  return [...upcoming.values()].sort(
    (a, b) => a.night - b.night || a.byHand - b.byHand || (a.deployment < b.deployment ? -1 : 1),
  );
}

/** Whether an end comes in the night that follows this day. */
export function isNextNight({ night }: Upcoming, { today, policy }: Snapshot): boolean {
  return dayOf(night, policy.timeZone) <= addDays(today, 1);
}

function deletionDue({ suspensions, policy, now }: Snapshot, tokenId: string): number {
  const off = suspensions.get(tokenId)?.at;
  return off === undefined ? now : Date.parse(off) + (policy.deleteAfterDays ?? 0) * DAY;
}

function isStanding(
  snapshot: Snapshot,
  step: 'deactivate' | 'delete-token',
  name: string,
  tokenId: string,
  end: Day,
): boolean {
  const deployment = snapshot.deployments.get(name);
  if (deployment === undefined || lastDayOf(deployment) !== end) return false;
  if (deployment.exemption?.everything === true) return false;
  return step === 'deactivate'
    ? deployment.active.some(({ id }) => id === tokenId)
    : deployment.tokens.some(({ id, enabled }) => id === tokenId && !enabled);
}

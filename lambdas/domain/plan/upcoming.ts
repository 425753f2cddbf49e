// Who loses access next, or a token for good: what was announced and has not come yet, by the night on which it comes.
import { DAY, type Day, HOUR, addDays, dayOf } from '../days.ts';
import type { Ledger, Notice } from '../ledger.ts';
import { LATE_START, type Schedule, endOfDay, nextNight } from '../nights.ts';
import { capsAreZero } from '../policy.ts';
import { ANNOUNCED_DAYS, type Snapshot, lastDayOf, licensedBy } from '../snapshot.ts';
import { deletionDue } from './access-steps.ts';
import type { Plan } from './plan.ts';
import { type Step, isLeftToNight, isWithdrawal } from './step.ts';

/** One deployment to which an end was announced that has not come yet. */
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
  /** Announced by this run, for the first time or again. */
  readonly isNew: boolean;
  /** The guards that hold this deployment now, by name: while they do, it does not come. */
  readonly heldBy: readonly string[];
}

/** Guards that hold everybody: a mail says of them once what it means. */
const GENERAL_HOLDS: ReadonlySet<string> = new Set(['HOLD', 'observe']);

/**
 * What this run announces and what was announced before, one entry for each deployment, the next first. What this run
 * does, tries or withholds is not among them.
 */
export function upcomingEnds(
  { snapshot, steps, holds }: Pick<Plan, 'snapshot' | 'steps' | 'holds'>,
  notices: Ledger['notices'],
  schedule: Schedule,
): Upcoming[] {
  const { now } = snapshot;
  // Of a deployment with several tokens another one may go later.
  const due = new Set(
    steps
      .filter((step) => isWithdrawal(step) && !(isLeftToNight(step) && step.announces === undefined))
      .map(({ tokenId }) => tokenId),
  );
  const always = capsAreZero(snapshot.policy) ? ['caps of 0'] : [];
  // Many ends come on few nights, and an instant by the clock of a place takes long to find.
  const nightAfter = remembering((from: number) => nextNight(from, schedule));
  const dayEnd = remembering((day: Day) => endOfDay(day, snapshot.policy.timeZone));
  const upcoming = new Map<string, Upcoming>();
  for (const notice of [...announcedBy(steps, now), ...standingOf(notices, steps, snapshot)]) {
    const { step, deployment, end, isNew } = notice;
    const byHand = dueAt(notice, snapshot, { dayEnd, early: 0 });
    const key = `${step} ${deployment}`;
    const known = upcoming.get(key);
    if (due.has(notice.tokenId) || (known !== undefined && known.byHand <= byHand)) continue;
    const licensed = snapshot.deployments.get(deployment)?.meant ?? deployment;
    upcoming.set(key, {
      deployment,
      what: step,
      end,
      paidUntil: snapshot.licenses.get(licensed)?.paidUntil,
      byHand,
      // The first that may do it, should it begin later than this one did; never this very run, which did what it could.
      night: nightAfter(Math.max(dueAt(notice, snapshot, { dayEnd, early: LATE_START }), now + 1)),
      isNew,
      heldBy: [...always, ...(holds.get(deployment) ?? []).filter((name) => !GENERAL_HOLDS.has(name))],
    });
  }
  return [...upcoming.values()].sort(
    (a, b) => a.night - b.night || a.byHand - b.byHand || (a.deployment < b.deployment ? -1 : 1),
  );
}

/** A notice, given now or before. */
interface Given {
  readonly step: 'deactivate' | 'delete-token';
  readonly deployment: string;
  readonly tokenId: string;
  readonly end: Day;
  readonly at: number;
  readonly isNew: boolean;
}

function announcedBy(steps: readonly Step[], now: number): Given[] {
  return steps.flatMap(({ announces, deployment, tokenId, end }) =>
    announces === undefined || end === undefined || tokenId === undefined
      ? []
      : [{ step: announces, deployment, tokenId, end, at: now, isNew: true }],
  );
}

/** Notices that a withdrawal may still go by, without those that this run gives again. */
function standingOf(notices: Ledger['notices'], steps: readonly Step[], snapshot: Snapshot): Given[] {
  const again = new Set(steps.filter(({ kind }) => kind === 'announce').map(({ tokenId }) => tokenId));
  return notices
    .filter((notice) => notice.lapsed !== true && !again.has(notice.tokenId) && isPending(notice, snapshot))
    .map((notice) => ({ ...notice, at: Date.parse(notice.at), isNew: false }));
}

/** Whether what was announced can still come: the token and its end are as they were, and nothing keeps it for good. */
function isPending({ step, deployment: name, tokenId, end }: Notice, snapshot: Snapshot): boolean {
  const deployment = snapshot.deployments.get(name);
  if (deployment === undefined) return false;
  const licensed = licensedBy(deployment, snapshot);
  const isExempt = [deployment, licensed].some(({ exemption }) => exemption?.everything === true);
  if (lastDayOf(licensed) !== end || isExempt) return false;
  return step === 'deactivate'
    ? deployment.active.some(({ id }) => id === tokenId)
    : deletionDue(deployment, tokenId, snapshot) !== undefined;
}

/** @param early by how much what counts from the beginning of a run may come sooner: the end of a day may not */
function dueAt(
  { step, deployment: name, tokenId, end, at }: Given,
  snapshot: Snapshot,
  { dayEnd, early }: { readonly dayEnd: (day: Day) => number; readonly early: number },
): number {
  const { policy, deployments } = snapshot;
  if (step === 'deactivate') return Math.max(dayEnd(end), at + policy.noticeHours * HOUR - early);
  const deployment = deployments.get(name);
  const due = deployment && deletionDue(deployment, tokenId, snapshot);
  return Math.max(due ?? 0, at + ANNOUNCED_DAYS * DAY) - early;
}

/** Whether an end comes in the night that follows this day. */
export function isNextNight({ night }: Upcoming, { today, policy }: Snapshot): boolean {
  return dayOf(night, policy.timeZone) <= addDays(today, 1);
}

/** A function that is asked for the same again and again. */
function remembering<Key, Value>(find: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? find(key);
    known.set(key, value);
    return value;
  };
}

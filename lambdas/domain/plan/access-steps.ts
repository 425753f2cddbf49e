// What the end, the renewal and the replacement of one deployment's access ask for, before any guard is asked.
import { fingerprintOfKey } from '../../text/fingerprint.ts';
import { DAY, type Day, HOUR, dayOf, daysBetween } from '../days.ts';
import { type Notice, RESTORED_FOR, type Suspension } from '../ledger.ts';
import { daysLeft, isInForce } from '../licenses.ts';
import { LATE_START, endOfDay, nextNight } from '../nights.ts';
import type { Policy } from '../policy.ts';
import { ANNOUNCED_DAYS, type Deployment, type Snapshot, lastDayOf, licensedBy } from '../snapshot.ts';
import { type HubToken, isPastExpiry } from '../token.ts';
import { isStanding } from './notices.ts';
import type { Step } from './step.ts';

/** A replaced token is deleted so many days after it is off and its overlap is over. */
const REPLACED_KEPT_DAYS = 7;

/** What the steps of one deployment are decided by besides itself. */
export interface StepContext {
  readonly snapshot: Snapshot;
  /** The names of the event's `approve`. */
  readonly approved: ReadonlySet<string>;
  /** The holds on a deployment now, by their names. */
  readonly holdsOn: (deployment: Deployment) => readonly string[];
}

/** A deployment and the license that its access goes by: its own, or that of the name that was probably meant. */
interface Case {
  readonly deployment: Deployment;
  readonly licensed: Deployment;
  readonly lastDay: Day;
  /** Days until that day is over, negative after. */
  readonly left: number;
}

/** All steps that one deployment's access asks for. */
export function* stepsOf(deployment: Deployment, context: StepContext): Iterable<Step> {
  const { snapshot, approved } = context;
  const licensed = licensedBy(deployment, snapshot);
  const isExempt = deployment.exemption?.everything === true || licensed.exemption?.everything === true;
  // What is exempt is left alone; only whoever approves it by name reads why it is not done.
  const isLeft = isExempt && !approved.has(deployment.name);
  if (!isLeft) yield* replacedSteps(deployment, snapshot);
  const lastDay = lastDayOf(licensed);
  if (lastDay === undefined) return;
  const ending: Case = { deployment, licensed, lastDay, left: daysBetween(snapshot.today, lastDay) };
  yield* reactivationSteps(ending, snapshot);
  if (isLeft) return;
  if (ending.left <= ANNOUNCED_DAYS) yield* deactivationSteps(ending, context);
  if (ending.left < 0) yield* deletionSteps(ending, context);
}

/** Announcing and switching off the active tokens of a deployment whose license ends or has ended. */
function* deactivationSteps(ending: Case, context: StepContext): Iterable<Step> {
  const { now, policy } = context.snapshot;
  const { deployment, lastDay, left } = ending;
  const noticeTime = policy.noticeHours * HOUR;
  for (const token of deployment.active) {
    const { id } = token;
    if (isRestored(deployment, id, now)) continue;
    const notice = noticeOf(deployment, 'deactivate', id, lastDay);
    const standing = standingOf(notice, deployment, context);
    const given = givenAt(notice, deployment, context);
    if (left < 0 && now - given >= noticeTime)
      yield {
        kind: 'deactivate',
        deployment: deployment.name,
        tokenId: id,
        end: lastDay,
        ...(standing === 'old' ? { announces: 'deactivate', dueAt: now } : {}),
        ...fingerprint(deployment, context.snapshot),
        reason: `the license ended with ${lastDay}, announced on ${dayOf(given, policy.timeZone)}`,
      };
    else if (standing !== 'stands') yield deactivationNotice(ending, token, context.snapshot);
  }
}

function deactivationNotice({ deployment, lastDay, left }: Case, token: HubToken, snapshot: Snapshot): Step {
  const { now, policy } = snapshot;
  const dayEnd = endOfDay(lastDay, policy.timeZone);
  const noticed = now + policy.noticeHours * HOUR;
  const dueAt = Math.max(dayEnd, noticed);
  const meant =
    deployment.meant === undefined ? '' : ` of ${deployment.meant}, for which it was probably meant,`;
  return {
    kind: 'announce',
    announces: 'deactivate',
    deployment: deployment.name,
    tokenId: token.id,
    end: lastDay,
    dueAt,
    reason: `the license${meant} ${left < 0 ? `ended with ${lastDay}` : `ends with ${lastDay}`}; the token will be switched off in the night of ${nightText(Math.max(dayEnd, noticed - LATE_START, now + 1), policy)}`,
  };
}

/** Announcing and doing the deletion of tokens that the audit switched off long ago, and then of their key. */
function* deletionSteps({ deployment, licensed, lastDay }: Case, context: StepContext): Iterable<Step> {
  const { now, policy } = context.snapshot;
  const days = keptDays(licensed, policy);
  if (days === undefined) return;
  const own = suspendedForEnd(deployment);
  const deleted = new Set<string>();
  for (const suspension of own) {
    const { tokenId } = suspension;
    if (!isOff(deployment, tokenId)) continue;
    const dueAt = Date.parse(suspension.at) + days * DAY;
    const notice = noticeOf(deployment, 'delete-token', tokenId, lastDay);
    const standing = standingOf(notice, deployment, context);
    const given = givenAt(notice, deployment, context);
    const off = `switched off on ${dayOf(Date.parse(suspension.at), policy.timeZone)} because the license ended with ${lastDay}`;
    const step = { deployment: deployment.name, tokenId, end: lastDay };
    if (now >= dueAt && now - given >= ANNOUNCED_DAYS * DAY) {
      deleted.add(tokenId);
      const again = standing === 'old' ? ({ announces: 'delete-token', dueAt: now } as const) : {};
      yield { ...step, kind: 'delete-token', ...again, reason: off };
    } else if (standing !== 'stands' && now >= dueAt - ANNOUNCED_DAYS * DAY) {
      const earliest = now + ANNOUNCED_DAYS * DAY;
      yield {
        ...step,
        kind: 'announce',
        announces: 'delete-token',
        dueAt: earliest,
        reason: `${off}; token and key will be deleted for good in the night of ${nightText(earliest - LATE_START, policy)}`,
      };
    }
  }
  // The key goes only when no token of the label is left, and while it still holds what it held then.
  const ready = own.filter(({ tokenId, deletedAt }) => deleted.has(tokenId) || deletedAt !== undefined);
  if (deployment.tokens.some(({ id }) => !deleted.has(id)) || !deployment.hasKey) return;
  const held = fingerprint(deployment, context.snapshot).fingerprint;
  if (held === undefined || !ready.some((suspension) => suspension.fingerprint === held)) return;
  yield {
    kind: 'remove-key',
    deployment: deployment.name,
    end: lastDay,
    fingerprint: held,
    reason: `no token of that label is left, and the license ended with ${lastDay}`,
  };
}

/**
 * When a token that the audit switched off is to be deleted at the earliest, milliseconds since 1970; `undefined` where it
 * never is.
 */
export function deletionDue(deployment: Deployment, tokenId: string, snapshot: Snapshot): number | undefined {
  const days = keptDays(licensedBy(deployment, snapshot), snapshot.policy);
  const suspension = suspendedForEnd(deployment).find((own) => own.tokenId === tokenId);
  if (days === undefined || suspension === undefined || !isOff(deployment, tokenId)) return undefined;
  return Date.parse(suspension.at) + days * DAY;
}

/** For how many days a token is kept that is off: for good (`undefined`) without a row that says ended. */
function keptDays({ license }: Deployment, { deleteAfterDays }: Policy): number | undefined {
  return license === undefined ? undefined : (deleteAfterDays ?? undefined);
}

function isOff({ tokens }: Deployment, tokenId: string): boolean {
  return tokens.some(({ id, enabled }) => id === tokenId && !enabled);
}

/**
 * Switching on again what the audit switched off, once the license is in force: each of the tokens, but none whose
 * overlap is over, and none where another token of the label was made since.
 */
function* reactivationSteps({ deployment, licensed }: Case, { now, today }: Snapshot): Iterable<Step> {
  const { license } = licensed;
  if (license === undefined || !isInForce(license, today)) return;
  for (const { tokenId, at } of suspendedForEnd(deployment)) {
    const token = deployment.tokens.find(({ id }) => id === tokenId);
    if (token === undefined || token.enabled || isPastExpiry(token, now)) continue;
    const replaced = deployment.replaced.find((entry) => entry.tokenId === tokenId);
    if (replaced !== undefined && Date.parse(replaced.until) <= now) continue;
    const off = Date.parse(at);
    if (deployment.tokens.some(({ id, createdAt = -Infinity }) => id !== tokenId && createdAt > off))
      continue;
    yield {
      kind: 'reactivate',
      deployment: deployment.name,
      tokenId,
      reason: `the license is in force again${daysLeft(license, today) === Infinity ? '' : `, until ${license.lastDay}`}`,
    };
  }
}

/** Switching off the tokens that regenerated ones replaced, once their overlap is over, and deleting them later. */
function* replacedSteps(deployment: Deployment, snapshot: Snapshot): Iterable<Step> {
  const { now, policy } = snapshot;
  for (const { tokenId, until, by, offSince } of deployment.replaced) {
    const token = deployment.tokens.find(({ id }) => id === tokenId);
    const over = Date.parse(until);
    if (token === undefined || over > now) continue;
    const step = { deployment: deployment.name, tokenId, replaced: true };
    const reason = `replaced by the token ${by}, and its time was over on ${dayOf(over, policy.timeZone)}`;
    if (token.enabled) yield { ...step, kind: 'deactivate', ...fingerprint(deployment, snapshot), reason };
    else if (offSince !== undefined && now - Math.max(over, Date.parse(offSince)) >= REPLACED_KEPT_DAYS * DAY)
      yield {
        ...step,
        kind: 'delete-token',
        reason: `${reason}; it is off since ${dayOf(Date.parse(offSince), policy.timeZone)}`,
      };
  }
}

/** The nightly run that comes at an instant or after it. */
function nightText(from: number, policy: Policy): string {
  return `${dayOf(nextNight(from, policy), policy.timeZone)}, ${policy.nightlyAt}`;
}

/** What the audit itself switched off because the license had ended. */
function suspendedForEnd({ suspensions }: Deployment): readonly Suspension[] {
  return suspensions.filter(({ by, replaced }) => by === 'audit' && replaced !== true);
}

/** The notice that belongs to this token and this end. */
function noticeOf(
  { notices }: Deployment,
  step: Notice['step'],
  tokenId: string,
  end: Day,
): Notice | undefined {
  return notices.find((notice) => notice.step === step && notice.tokenId === tokenId && notice.end === end);
}

function standingOf(
  notice: Notice | undefined,
  deployment: Deployment,
  { snapshot, holdsOn }: StepContext,
): 'stands' | 'old' | 'lapsed' {
  return notice === undefined ? 'lapsed' : isStanding(notice, holdsOn(deployment), snapshot.now);
}

/**
 * Since when the notice counts for a withdrawal, milliseconds since 1970, `Infinity` where none does; an approval goes by
 * the first one, whether it lapsed or not.
 */
function givenAt(notice: Notice | undefined, deployment: Deployment, context: StepContext): number {
  if (notice === undefined) return Infinity;
  if (context.approved.has(deployment.name)) return Date.parse(notice.firstAt ?? notice.at);
  return standingOf(notice, deployment, context) === 'lapsed' ? Infinity : Date.parse(notice.at);
}

/** Whether people switched the token on so lately that it is left alone. */
function isRestored({ restores }: Deployment, tokenId: string, now: number): boolean {
  return restores.some((entry) => entry.tokenId === tokenId && now - Date.parse(entry.at) < RESTORED_FOR);
}

/** What the key holds, as a hash; absent where it holds no token's content or values were not read. */
function fingerprint({ name }: Deployment, { inputs }: Snapshot): { readonly fingerprint?: string } {
  const held = fingerprintOfKey(inputs.keys?.values, name);
  return held === undefined ? {} : { fingerprint: held };
}

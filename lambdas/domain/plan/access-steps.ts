import { fingerprintOfKey } from '../../text/fingerprint.ts';
import { DAY, type Day, HOUR, addDays, dayOf } from '../days.ts';
import { type Ledger, RESTORED_FOR, type Suspension } from '../ledger.ts';
import { type License, daysLeft, isInForce } from '../licenses.ts';
import { type Snapshot, tokensOf } from '../snapshot.ts';
import { isActive } from '../token.ts';
import type { Step } from './step.ts';

/** A license's end is announced from so many days before on; a deletion so many days before it. */
const ANNOUNCED_DAYS = 7;

/** What the ledger remembers, indexed for the plan. */
interface Memory {
  readonly ledger: Ledger;
  /** What the audit itself switched off, by deployment. */
  readonly suspended: ReadonlyMap<string, readonly Suspension[]>;
  /** When the notice for this step, token and end was given. */
  noticeAt(step: 'deactivate' | 'delete-token', tokenId: string, end: Day): number | undefined;
  /** Whether people switched the token on (after that instant, where one is given) and that is to be respected still. */
  isRestored(tokenId: string, after?: number): boolean;
}

export function memoryOf(ledger: Ledger, now: number): Memory {
  const key = (step: string, tokenId: string, end: Day): string => `${step} ${end} ${tokenId}`;
  const notices = new Map(
    ledger.notices.map(({ step, tokenId, end, at }) => [key(step, tokenId, end), Date.parse(at)]),
  );
  const restores = new Map(ledger.restores.map(({ tokenId, at }) => [tokenId, Date.parse(at)]));
  return {
    ledger,
    suspended: Map.groupBy(
      ledger.suspensions.filter(({ by }) => by === 'audit'),
      ({ deployment }) => deployment,
    ),
    noticeAt: (step, tokenId, end) => notices.get(key(step, tokenId, end)),
    isRestored: (tokenId, after = -Infinity) => {
      const at = restores.get(tokenId);
      return at !== undefined && at >= after && now - at < RESTORED_FOR;
    },
  };
}

/** Announcing and switching off the active tokens of a deployment whose license ends or has ended. */
function* deactivationSteps(snapshot: Snapshot, memory: Memory, license: License): Iterable<Step> {
  const { now, policy: policy, today } = snapshot;
  const { deployment, lastDay } = license;
  const left = daysLeft(license, today);
  if (left > ANNOUNCED_DAYS) return;
  for (const { id } of tokensOf(snapshot, deployment).active) {
    if (memory.isRestored(id)) continue;
    const noticeAt = memory.noticeAt('deactivate', id, lastDay);
    if (noticeAt === undefined) {
      const earliest = [addDays(lastDay, 1), dayOf(now + policy.noticeHours * HOUR, policy.timeZone)];
      yield {
        kind: 'announce',
        announces: 'deactivate',
        deployment,
        tokenId: id,
        end: lastDay,
        reason: `the license ${left < 0 ? `ended with ${lastDay}` : `ends with ${lastDay}`}; the token will be switched off by the first run from ${earliest.sort().at(-1) ?? lastDay} on`,
      };
    } else if (left < 0 && now - noticeAt >= policy.noticeHours * HOUR) {
      const fingerprint = fingerprintOfKey(snapshot.facts.keys?.values, deployment);
      yield {
        kind: 'deactivate',
        deployment,
        tokenId: id,
        end: lastDay,
        ...(fingerprint === undefined ? {} : { fingerprint }),
        reason: `the license ended with ${lastDay}, announced on ${dayOf(noticeAt, policy.timeZone)}`,
      };
    }
  }
}

/** Announcing and doing the deletion of tokens that the audit switched off long ago, and then of their key. */
function* deletionSteps(snapshot: Snapshot, memory: Memory, license: License): Iterable<Step> {
  const { now, policy: policy } = snapshot;
  const { deployment, lastDay } = license;
  if (policy.deleteAfterDays === null) return;
  const own = memory.suspended.get(deployment) ?? [];
  const { all } = tokensOf(snapshot, deployment);
  const deleted = new Set<string>();
  for (const suspension of own) {
    const { tokenId } = suspension;
    if (!all.some(({ id, enabled }) => id === tokenId && !enabled)) continue;
    const dueAt = Date.parse(suspension.at) + policy.deleteAfterDays * DAY;
    const noticeAt = memory.noticeAt('delete-token', tokenId, lastDay);
    const off = `switched off on ${dayOf(Date.parse(suspension.at), policy.timeZone)} because the license ended with ${lastDay}`;
    if (noticeAt === undefined) {
      if (now < dueAt - ANNOUNCED_DAYS * DAY) continue;
      const earliest = dayOf(Math.max(dueAt, now + ANNOUNCED_DAYS * DAY), policy.timeZone);
      yield {
        kind: 'announce',
        announces: 'delete-token',
        deployment,
        tokenId,
        end: lastDay,
        reason: `${off}; token and key will be deleted for good by the first run from ${earliest} on`,
      };
    } else if (now >= dueAt && now - noticeAt >= ANNOUNCED_DAYS * DAY) {
      deleted.add(tokenId);
      yield { kind: 'delete-token', deployment, tokenId, end: lastDay, reason: off };
    }
  }
  // The key goes only when no token of the label is left, and while it still holds what it held then.
  const ready = own.filter(({ tokenId, deletedAt }) => deleted.has(tokenId) || deletedAt !== undefined);
  if (all.some(({ id }) => !deleted.has(id)) || !snapshot.keys.has(deployment)) return;
  const fingerprint = fingerprintOfKey(snapshot.facts.keys?.values, deployment);
  if (fingerprint === undefined || !ready.some((suspension) => suspension.fingerprint === fingerprint))
    return;
  yield {
    kind: 'remove-key',
    deployment,
    end: lastDay,
    fingerprint,
    reason: `no token of that label is left, and the license ended with ${lastDay}`,
  };
}

/** Switching on again what the audit switched off, once the license is in force; one token of a label. */
function* reactivationSteps(snapshot: Snapshot, memory: Memory, license: License): Iterable<Step> {
  const { all, active } = tokensOf(snapshot, license.deployment);
  if (active.length > 0) return;
  const suspended = new Set((memory.suspended.get(license.deployment) ?? []).map(({ tokenId }) => tokenId));
  const check = snapshot.checks.get(license.deployment);
  // A check of what the key held before a regenerated token's content came tells nothing of what it holds now.
  const stored =
    check?.fingerprint === fingerprintOfKey(snapshot.facts.keys?.values, license.deployment)
      ? check?.tokenId
      : undefined;
  const [token] = all
    .filter((candidate) => suspended.has(candidate.id))
    .filter((candidate) => isActive({ ...candidate, enabled: true }, snapshot.now))
    .sort(
      (a, b) =>
        // The one whose content Vault holds, then none that was replaced, then the newest: the one the customer uses.
        Number(b.id === stored) - Number(a.id === stored) ||
        Number(snapshot.replaced.has(a.id)) - Number(snapshot.replaced.has(b.id)) ||
        (b.createdAt ?? 0) - (a.createdAt ?? 0) ||
        (a.id < b.id ? -1 : 1),
    );
  if (token === undefined) return;
  yield {
    kind: 'reactivate',
    deployment: license.deployment,
    tokenId: token.id,
    reason: `the license is in force again${daysLeft(license, snapshot.today) === Infinity ? '' : `, until ${license.lastDay}`}`,
  };
}

/** Deleting the tokens that regenerated ones replaced, once their time is over. */
export function* replacedSteps(snapshot: Snapshot, memory: Memory): Iterable<Step> {
  for (const { tokenId, until, by, at } of memory.ledger.replaced) {
    const token = snapshot.byId.get(tokenId);
    if (token === undefined || Date.parse(until) > snapshot.now) continue;
    // Whoever switches a replaced token on needs it still. One that was restored and then replaced is not meant.
    if (memory.isRestored(tokenId, at === undefined ? undefined : Date.parse(at))) continue;
    const successor = snapshot.byId.get(by);
    const step: Step = {
      kind: 'delete-token',
      deployment: token.label,
      tokenId,
      replaced: true,
      reason: `replaced by the token ${by}, and its time was over on ${dayOf(Date.parse(until), snapshot.policy.timeZone)}`,
    };
    yield !token.enabled || (successor !== undefined && isActive(successor, snapshot.now))
      ? step
      : {
          ...step,
          withheld: `the token ${by} that replaces it is not active, so deleting this one would cut the deployment off`,
        };
  }
}

/** The whole of a deployment's end, renewal and deletion. */
export function* stepsOf(snapshot: Snapshot, memory: Memory, license: License): Iterable<Step> {
  if (isInForce(license, snapshot.today)) yield* reactivationSteps(snapshot, memory, license);
  if (snapshot.exempted.get(license.deployment)?.everything === true) return;
  yield* deactivationSteps(snapshot, memory, license);
  if (!isInForce(license, snapshot.today)) yield* deletionSteps(snapshot, memory, license);
}

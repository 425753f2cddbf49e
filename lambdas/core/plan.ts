import type { HubToken } from '../clients/types.ts';
import { addDays, DAY, dayOf, HOUR, iso, type Day } from './days.ts';
import { fingerprintOfKey } from './fingerprint.ts';
import { emptyLedger, type InputCounts, type Intent, type Ledger, type Suspension } from './ledger.ts';
import { daysLeft, isInForce, unreadableRowAbout, type License } from './licenses.ts';
import { countryOf, isNearTelco, telcoOf } from './names.ts';
import { CAP_WINDOW, RESTORED_FOR } from './observe.ts';
import { counted, listed, shownName } from './printable.ts';
import type { ActionKind } from './report.ts';
import { hasShrunk } from './shrink.ts';
import { capsAreZero, isActive, tokensOf, type World } from './world.ts';

/** A license's end is announced from so many days before on; a deletion so many days before it. */
const ANNOUNCED_DAYS = 7;

/** One step, decided from what was read. `withheld` says why a guard stops it; a step without it is to be taken. */
export interface Step {
  readonly kind: ActionKind;
  readonly deployment: string;
  readonly tokenId?: string;
  /** Why, one printable sentence without its full stop. */
  readonly reason: string;
  readonly withheld?: string;
  /** What an announcement announces. */
  readonly announces?: 'deactivate' | 'delete-token';
  /** The license's last day that the step goes by. */
  readonly end?: Day;
  /** What the key held when this was decided. */
  readonly fingerprint?: string;
  /** Named in `approve`. */
  readonly approved?: boolean;
  /** Deletes a token that a regenerated one replaced: not counted by the caps. */
  readonly replaced?: boolean;
}

/** A step that changes Docker Hub or Vault: everything but an announcement. */
export type Change = Step & { readonly kind: Exclude<ActionKind, 'announce'> };

/** Whether a step changes something outside and no guard stops it. */
export function isChange(step: Step): step is Change {
  return step.kind !== 'announce' && step.withheld === undefined;
}

/** The steps as they are written to the ledger before the first is taken. */
export function intentsOf(steps: readonly Change[], runId: string, now: number): Intent[] {
  return steps.map((step) => ({
    step: step.kind,
    deployment: step.deployment,
    ...(step.tokenId === undefined ? {} : { tokenId: step.tokenId }),
    reason: step.reason,
    ...(step.end === undefined ? {} : { end: step.end }),
    ...(step.fingerprint === undefined ? {} : { fingerprint: step.fingerprint }),
    approved: step.approved ?? false,
    replaced: step.replaced ?? false,
    at: iso(now),
    runId,
  }));
}

/** What the guards go by besides what was read. */
export interface PlanOptions {
  /** The object `HOLD` is in the bucket. */
  readonly hold: boolean;
  /** The names of the event's `approve`, if it has one. */
  readonly approve?: readonly string[];
}

/** The decision of a run, as data. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Names in `approve` that are not due or not announced. */
  readonly notDue: readonly string[];
  /** The event that would approve what the caps or the shrink guard withheld; absent where approving does not help. */
  readonly approvable: readonly string[];
}

/** How many entries each input has: what the next run compares with. */
export function inputCounts(world: World): InputCounts {
  return {
    tokens: world.tokens.length,
    keys: world.keys.size,
    licenses: world.licenses.size,
    exemptions: world.facts.exemptions?.length ?? 0,
  };
}

/** Input counts less what a run deleted itself: that is no input that shrank. */
export function countsLess(
  counts: InputCounts | null,
  done: readonly { readonly kind: ActionKind }[],
): InputCounts | null {
  const deleted = (deletion: ActionKind): number => done.filter(({ kind }) => kind === deletion).length;
  return (
    counts && {
      ...counts,
      tokens: counts.tokens - deleted('delete-token'),
      keys: counts.keys - deleted('remove-key'),
    }
  );
}

/** The inputs that shrank by more than 20 % and by more than 2, for a sentence; empty where none did. */
export function shrunkInputs(before: InputCounts | null, now: InputCounts): string[] {
  if (before === null) return [];
  const names = {
    tokens: "Docker Hub's list",
    keys: "Vault's keys",
    licenses: 'the license list',
    exemptions: 'the exemptions',
  } as const;
  return (['tokens', 'keys', 'licenses', 'exemptions'] as const).flatMap((input) => {
    return hasShrunk(before[input], now[input])
      ? [`${names[input]} went from ${before[input]} to ${now[input]}`]
      : [];
  });
}

/** How many deployments may lose their access in 24 hours: the absolute or the relative cap, whichever is more. */
export function withdrawalLimit(world: World): number {
  const { maxWithdrawals, maxWithdrawalPercent } = world.rules;
  return Math.max(maxWithdrawals, Math.floor((maxWithdrawalPercent * world.licenses.size) / 100));
}

/**
 * The deployment under whose name an ended license was probably renewed: in force, of the same country, with a near
 * telco, and without a token of its own. `undefined` where there is none.
 */
function renewalFinder(world: World): (ended: string) => string | undefined {
  const candidates = Map.groupBy(
    [...world.licenses.values()]
      .filter((license) => isInForce(license, world.today))
      .map(({ deployment }) => deployment)
      .filter((deployment) => tokensOf(world, deployment).all.length === 0),
    countryOf,
  );
  return (deployment) =>
    candidates
      .get(countryOf(deployment))
      ?.filter((candidate) => isNearTelco(telcoOf(candidate), telcoOf(deployment)))
      .sort()[0];
}

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

function memoryOf(ledger: Ledger, now: number): Memory {
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
function* endAccess(world: World, memory: Memory, license: License): Iterable<Step> {
  const { now, rules, today } = world;
  const { deployment, lastDay } = license;
  const left = daysLeft(license, today);
  if (left > ANNOUNCED_DAYS) return;
  for (const { id } of tokensOf(world, deployment).active) {
    if (memory.isRestored(id)) continue;
    const noticeAt = memory.noticeAt('deactivate', id, lastDay);
    if (noticeAt === undefined) {
      const earliest = [addDays(lastDay, 1), dayOf(now + rules.noticeHours * HOUR, rules.timeZone)];
      yield {
        kind: 'announce',
        announces: 'deactivate',
        deployment,
        tokenId: id,
        end: lastDay,
        reason: `the license ${left < 0 ? `ended with ${lastDay}` : `ends with ${lastDay}`}; the token will be switched off by the first run from ${earliest.sort().at(-1) ?? lastDay} on`,
      };
    } else if (left < 0 && now - noticeAt >= rules.noticeHours * HOUR) {
      const fingerprint = fingerprintOfKey(world.facts.keys?.values, deployment);
      yield {
        kind: 'deactivate',
        deployment,
        tokenId: id,
        end: lastDay,
        ...(fingerprint === undefined ? {} : { fingerprint }),
        reason: `the license ended with ${lastDay}, announced on ${dayOf(noticeAt, rules.timeZone)}`,
      };
    }
  }
}

/** Announcing and doing the deletion of tokens that the audit switched off long ago, and then of their key. */
function* deleteRemains(world: World, memory: Memory, license: License): Iterable<Step> {
  const { now, rules } = world;
  const { deployment, lastDay } = license;
  if (rules.deleteAfterDays === null) return;
  const own = memory.suspended.get(deployment) ?? [];
  const { all } = tokensOf(world, deployment);
  const deleted = new Set<string>();
  for (const suspension of own) {
    const { tokenId } = suspension;
    if (!all.some(({ id, enabled }) => id === tokenId && !enabled)) continue;
    const dueAt = Date.parse(suspension.at) + rules.deleteAfterDays * DAY;
    const noticeAt = memory.noticeAt('delete-token', tokenId, lastDay);
    const off = `switched off on ${dayOf(Date.parse(suspension.at), rules.timeZone)} because the license ended with ${lastDay}`;
    if (noticeAt === undefined) {
      if (now < dueAt - ANNOUNCED_DAYS * DAY) continue;
      const earliest = dayOf(Math.max(dueAt, now + ANNOUNCED_DAYS * DAY), rules.timeZone);
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
  if (all.some(({ id }) => !deleted.has(id)) || !world.keys.has(deployment)) return;
  const fingerprint = fingerprintOfKey(world.facts.keys?.values, deployment);
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
function* renewAccess(world: World, memory: Memory, license: License): Iterable<Step> {
  const { all, active } = tokensOf(world, license.deployment);
  if (active.length > 0) return;
  const suspended = new Set((memory.suspended.get(license.deployment) ?? []).map(({ tokenId }) => tokenId));
  const check = world.checks.get(license.deployment);
  // A check of what the key held before a regenerated token's content came tells nothing of what it holds now.
  const stored =
    check?.fingerprint === fingerprintOfKey(world.facts.keys?.values, license.deployment)
      ? check?.tokenId
      : undefined;
  const [token] = all
    .filter((candidate) => suspended.has(candidate.id))
    .filter((candidate) => isActive({ ...candidate, enabled: true }, world.now))
    .sort(
      (one, other) =>
        // The one whose content Vault holds, then none that was replaced, then the newest: the one the customer uses.
        Number(other.id === stored) - Number(one.id === stored) ||
        Number(world.replaced.has(one.id)) - Number(world.replaced.has(other.id)) ||
        (other.createdAt ?? 0) - (one.createdAt ?? 0) ||
        (one.id < other.id ? -1 : 1),
    );
  if (token === undefined) return;
  yield {
    kind: 'reactivate',
    deployment: license.deployment,
    tokenId: token.id,
    reason: `the license is in force again${daysLeft(license, world.today) === Infinity ? '' : `, until ${license.lastDay}`}`,
  };
}

/** Deleting the tokens that regenerated ones replaced, once their time is over. */
function* deleteReplaced(world: World, memory: Memory): Iterable<Step> {
  for (const { tokenId, until, by, at } of memory.ledger.replaced) {
    const token = world.byId.get(tokenId);
    if (token === undefined || Date.parse(until) > world.now) continue;
    // Whoever switches a replaced token on needs it still. One that was restored and then replaced is not meant.
    if (memory.isRestored(tokenId, at === undefined ? undefined : Date.parse(at))) continue;
    const successor = world.byId.get(by);
    const step: Step = {
      kind: 'delete-token',
      deployment: token.label,
      tokenId,
      replaced: true,
      reason: `replaced by the token ${by}, and its time was over on ${dayOf(Date.parse(until), world.rules.timeZone)}`,
    };
    yield !token.enabled || (successor !== undefined && isActive(successor, world.now))
      ? step
      : {
          ...step,
          withheld: `the token ${by} that replaces it is not active, so deleting this one would cut the deployment off`,
        };
  }
}

/** The whole of a deployment's end, renewal and deletion. */
function* stepsOf(world: World, memory: Memory, license: License): Iterable<Step> {
  if (isInForce(license, world.today)) yield* renewAccess(world, memory, license);
  if (world.exempted.get(license.deployment)?.everything === true) return;
  yield* endAccess(world, memory, license);
  if (!isInForce(license, world.today)) yield* deleteRemains(world, memory, license);
}

const ORDER: readonly ActionKind[] = [
  // Renewed customers first: they are waiting.
  'reactivate',
  'deactivate',
  'delete-token',
  'remove-key',
  'announce',
];

function isWithdrawal(step: Step): boolean {
  return step.kind !== 'announce' && step.kind !== 'reactivate';
}

/** Why nothing may be withdrawn from one deployment, whatever is approved; `undefined` where nothing says so. */
function heldBack(
  world: World,
  deployment: string,
  renewedAs: (deployment: string) => string | undefined,
): string | undefined {
  const row = world.facts.licenses && unreadableRowAbout(world.facts.licenses, deployment);
  if (row !== undefined) return `line ${row.line} of licenses.csv can't be read and may be about it`;
  const other = renewedAs(deployment);
  return other === undefined
    ? undefined
    : `it was probably renewed as ${other}, which is in force and has no token: correct the name in licenses.csv, or issue ${other} its own token`;
}

/**
 * Decides every step of a run (contract section 8) from what was read and nothing else. Guards stop withdrawals, never
 * announcements and reactivations.
 */
export function makePlan(world: World, options: PlanOptions): Plan {
  const ledger = world.facts.ledger ?? emptyLedger();
  const memory = memoryOf(ledger, world.now);
  const ends = [...world.licenses.values()].flatMap((license) => [...stepsOf(world, memory, license)]);
  // A token that was replaced and is due for its license as well goes once, by the stricter of the two.
  const going = new Set(ends.filter(({ kind }) => kind === 'delete-token').map(({ tokenId }) => tokenId));
  const replaced = [...deleteReplaced(world, memory)].filter(({ tokenId }) => !going.has(tokenId));
  const proposed = [...ends, ...replaced].sort(
    (one, other) =>
      ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) ||
      (one.deployment < other.deployment ? -1 : one.deployment > other.deployment ? 1 : 0) ||
      ((one.tokenId ?? '') < (other.tokenId ?? '') ? -1 : 1),
  );

  const due = new Set(
    proposed
      .filter((step) => isWithdrawal(step) && step.replaced !== true)
      .map(({ deployment }) => deployment),
  );
  const approved = options.approve === undefined ? undefined : new Set(options.approve);
  const renewedAs = renewalFinder(world);
  const held = new Map(
    [...due].flatMap((deployment) => {
      const why = heldBack(world, deployment, renewedAs);
      return why === undefined ? [] : [[deployment, why]];
    }),
  );

  const limit = withdrawalLimit(world);
  const never = capsAreZero(world.rules);
  const recent = new Set(
    ledger.withdrawals
      .filter(({ at }) => world.now - Date.parse(at) < CAP_WINDOW)
      .map(({ deployment }) => deployment),
  );
  const free = [...due].filter((deployment) => !held.has(deployment));
  const together = new Set([...free, ...recent]).size;
  const shrunk = shrunkInputs(ledger.baseline, inputCounts(world));

  const stopped = (step: Step): string | undefined => {
    if (options.hold) return 'the object HOLD is in the bucket: remove it to let the audit withdraw again';
    const isApproved = approved?.has(step.deployment) === true && step.replaced !== true;
    if (step.replaced !== true && never)
      return 'maxWithdrawals and maxWithdrawalPercent are 0: the audit withdraws nothing';
    const why = step.replaced === true ? undefined : held.get(step.deployment);
    if (why !== undefined) return why;
    if (isApproved) return undefined;
    if (approved !== undefined) return 'this run withdraws only what its event approves';
    if (shrunk.length > 0) return `${listed(shrunk)} since the last whole run`;
    if (step.replaced !== true && together > limit)
      return `${counted(free.length, 'withdrawal')} due and ${recent.size} in the last 24 hours are more than the ${limit} allowed`;
    return undefined;
  };

  const steps = proposed.map((step): Step => {
    if (!isWithdrawal(step)) return step;
    const why = step.withheld ?? stopped(step);
    return {
      ...step,
      ...(approved?.has(step.deployment) === true ? { approved: true } : {}),
      ...(why === undefined ? {} : { withheld: why }),
    };
  });
  const approvalHelps = !options.hold && !never;
  return {
    steps,
    notDue: (options.approve ?? []).filter((name) => !due.has(name)),
    approvable: approvalHelps
      ? free.filter((deployment) =>
          steps.some((step) => step.deployment === deployment && step.withheld !== undefined),
        )
      : [],
  };
}

/** A step for a sentence: what, of whom. */
export function stepText({ kind, deployment }: Pick<Step, 'kind' | 'deployment'>): string {
  return `${kind} ${shownName(deployment)}`;
}

/** The notices that announcements give once they are told. */
export function noticesOf(steps: readonly Step[], now: number): Ledger['notices'] {
  return steps.flatMap(({ tokenId, deployment, announces, end }) =>
    tokenId === undefined || announces === undefined || end === undefined
      ? []
      : [{ tokenId, deployment, step: announces, end, at: iso(now) }],
  );
}

/** The tokens that a plan switches on, for rules that would otherwise miss them. */
export function reactivatedBy(plan: Plan): ReadonlySet<string> {
  return new Set(plan.steps.filter(({ kind }) => kind === 'reactivate').map(({ deployment }) => deployment));
}

/** Whether a token can be what a step was decided for: what it is read again for right before it is changed. */
export function isAsPlanned(step: Step, token: HubToken | undefined): token is HubToken {
  if (token?.label !== step.deployment) return false;
  switch (step.kind) {
    case 'deactivate':
      return token.enabled;
    case 'reactivate':
      return !token.enabled;
    case 'delete-token':
      return step.replaced === true || !token.enabled;
    case 'announce':
    case 'remove-key':
      return true;
  }
}

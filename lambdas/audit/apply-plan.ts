// Carrying out what was decided, step by step, each marked in the ledger.
import type { Action, Mode } from '../domain/actions.ts';
import type { Finding } from '../domain/findings.ts';
import type { Intent, Ledger } from '../domain/ledger.ts';
import { type Plan, reactivatedBy } from '../domain/plan/plan.ts';
import { type Change, type Step, isAsPlanned, isWithdrawal, stepText } from '../domain/plan/step.ts';
import { type AuditorError, asAuditorError, isAuditorError } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { recordStep } from '../ledger/transitions.ts';
import type { Services } from '../runtime/services.ts';
import { displayName } from '../text/display.ts';
import { holdsFingerprint } from '../text/fingerprint.ts';

/** After so many failed changes in a row, Docker Hub or Vault is not well enough to go on. */
const MAX_FAILURES = 3;
/** Time that remains for mail, report and ledger when the last change begins. */
const RESERVED_MS = 60_000;

/** What became of the steps. */
export interface AppliedPlan {
  readonly actions: readonly Action[];
  /** The ledger could not be written on the way: the run stopped changing things and fails at its end. */
  readonly storageError?: AuditorError;
  /** What was done or left alone and could not be marked in the ledger: the run's last write marks it. */
  readonly unmarked: readonly Applied[];
}

/** A step that was tried and did not fail. */
export interface Applied {
  readonly step: Change;
  readonly status: 'done' | 'skipped';
}

/** A step as the result tells it. */
export function actionOf(step: Step, status: Action['status'], reason = step.reason): Action {
  return {
    kind: step.kind,
    deployment: step.deployment,
    ...(step.tokenId === undefined ? {} : { tokenId: step.tokenId }),
    status,
    reason,
  };
}

/**
 * The findings once the steps are taken: whoever was switched on again, or would be were the run not dry, is not missed.
 * Who could not be is.
 */
export function findingsAfter(
  findings: readonly Finding[],
  plan: Plan,
  { actions }: AppliedPlan,
  mode: Mode,
): readonly Finding[] {
  const done = actions.filter(({ kind, status }) => kind === 'reactivate' && status === 'done');
  const switchedOn =
    mode === 'dry-run' ? reactivatedBy(plan) : new Set(done.map(({ deployment }) => deployment));
  return findings.filter(({ kind, deployment }) => kind !== 'missing-token' || !switchedOn.has(deployment));
}

/** What carrying out goes by. */
export interface ApplyContext {
  readonly services: Services;
  readonly store: LedgerStore;
  /** The instant of the run: what is done counts from it. */
  readonly now: number;
  /** Asked once, right before the first withdrawal: why nothing may be withdrawn after all, a clause. Never rejects. */
  readonly lastLook: () => Promise<string | undefined>;
}

/**
 * Carries out the steps one by one, each after reading its token again, each marked in the ledger when it is done.
 * Never rejects.
 *
 * @param steps in the order of the plan; their intents are in the ledger already
 */
export async function applyPlan(context: ApplyContext, steps: readonly Change[]): Promise<AppliedPlan> {
  const { services, store, now } = context;
  const progress: Progress = { actions: [], unmarked: [], failures: 0, remaining: new Set() };
  for (const step of steps) {
    if (isWithdrawal(step)) progress.seen ??= { changed: await context.lastLook() };
    const stopped = whyStopped(services, step, progress);
    if (stopped !== undefined) {
      progress.actions.push(actionOf(step, 'skipped', `not tried, because ${stopped}; ${step.reason}`));
      continue;
    }
    const status = await tryStep(services, step, progress);
    if (status === 'failed') continue;
    try {
      await store.update((ledger) => markApplied(ledger, step, status, now));
    } catch (error) {
      progress.storageError = asAuditorError(error, 'Writing the ledger');
      progress.unmarked.push({ step, status });
    }
  }
  const { actions, unmarked, storageError } = progress;
  return { actions, unmarked, ...(storageError === undefined ? {} : { storageError }) };
}

/** What one step left in the ledger. A failed one stays open there: whether it happened shows at the next run. */
export function markApplied(ledger: Ledger, step: Change, status: 'done' | 'skipped', at: number): Ledger {
  const intent = ledger.intents.find(isOf(step));
  if (intent === undefined) return ledger;
  return status === 'done'
    ? recordStep(ledger, intent, at)
    : { ...ledger, intents: ledger.intents.filter((open) => open !== intent) };
}

/** How far the steps have come. */
interface Progress {
  readonly actions: Action[];
  readonly unmarked: Applied[];
  /** Failed changes in a row. */
  failures: number;
  /** Deployments with a step that was not done: whichever of several tokens remains, its key may be needed. */
  readonly remaining: Set<string>;
  /** What the last look before the first withdrawal saw. */
  seen?: { readonly changed: string | undefined };
  storageError?: AuditorError;
}

/** Why a step is not tried, a clause. */
function whyStopped(services: Services, step: Change, progress: Progress): string | undefined {
  const { storageError, failures, remaining, seen } = progress;
  if (isWithdrawal(step) && seen?.changed !== undefined) return seen.changed;
  if (step.kind === 'remove-key' && remaining.has(step.deployment)) return 'a token of that label is left';
  if (storageError !== undefined) return 'the ledger could not be written';
  if (failures >= MAX_FAILURES) return `${MAX_FAILURES} changes in a row failed`;
  return services.deadline - services.clock.now() < RESERVED_MS ? 'the time got short' : undefined;
}

/** Tries one step, and notes what became of it. */
async function tryStep(
  services: Services,
  step: Change,
  progress: Progress,
): Promise<Applied['status'] | 'failed'> {
  const logged = { step: step.kind, deployment: displayName(step.deployment) };
  try {
    const status = await applyStep(services, step);
    progress.failures = 0;
    if (status === 'skipped') progress.remaining.add(step.deployment);
    progress.actions.push(
      status === 'done'
        ? actionOf(step, 'done')
        : actionOf(
            step,
            'skipped',
            `it is no longer as planned: somebody changed it meanwhile; ${step.reason}`,
          ),
    );
    services.log.info('A step was taken', { ...logged, status });
    return status;
  } catch (error) {
    progress.failures += 1;
    progress.remaining.add(step.deployment);
    const { name, message } = asAuditorError(error, `Taking the step ${stepText(step)}`);
    services.log.error('A step failed', { ...logged, error: name });
    progress.actions.push(actionOf(step, 'failed', `${name}: ${message}`));
    return 'failed';
  }
}

/** Removes a key while it still holds what it held when this was decided; other writers' keys stay as they are. */
async function removeKey(services: Services, step: Change): Promise<'done' | 'skipped'> {
  const remove = async (): Promise<'done' | 'skipped'> => {
    const keys = await services.vault.readKeys();
    if (step.fingerprint === undefined || !holdsFingerprint(keys.values, step.deployment, step.fingerprint))
      return 'skipped';
    await services.vault.patchKeys(new Map([[step.deployment, null]]), keys.version);
    return 'done';
  };
  try {
    return await remove();
  } catch (error) {
    // Somebody wrote in between, or the answer was lost: what is there now decides.
    if (!isAuditorError(error, 'VaultConflict', 'VaultUnavailable')) throw error;
    const keys = await services.vault.readKeys();
    return keys.names.includes(step.deployment) ? remove() : 'done';
  }
}

async function changeToken(services: Services, step: Change, tokenId: string): Promise<'done' | 'skipped'> {
  const { dockerHub } = services;
  if (!isAsPlanned(step, await dockerHub.getToken(tokenId))) return 'skipped';
  if (step.kind === 'delete-token') await dockerHub.deleteToken(tokenId);
  else await dockerHub.setEnabled(tokenId, step.kind === 'reactivate');
  return 'done';
}

function applyStep(services: Services, step: Change): Promise<'done' | 'skipped'> {
  return step.tokenId === undefined ? removeKey(services, step) : changeToken(services, step, step.tokenId);
}

const isOf =
  (step: Change) =>
  (intent: Intent): boolean =>
    intent.step === step.kind && intent.deployment === step.deployment && intent.tokenId === step.tokenId;

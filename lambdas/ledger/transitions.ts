/**
 * How the ledger changes: one function for each event, for audit, issue and revoke alike. What must be forgotten when a
 * token is switched off, on, deleted or renamed stands here and nowhere else. All are pure.
 */
import type { Action, ActionKind } from '../domain/actions.ts';
import { type Day, iso } from '../domain/days.ts';
import type { Intent, Ledger, Renaming, Suspension } from '../domain/ledger.ts';

/** Tokens of one label that people dealt with through us. */
export interface PeoplesDecision {
  readonly deployment: string;
  readonly tokenIds: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  readonly requestedBy?: string | undefined;
  /** Another token of the label stays active: then the deployment is not meant to have none. */
  readonly leavesAccess?: boolean;
  /** The tokens were restored with a whole run: of those, the replaced ones are being replaced still. */
  readonly withRun?: boolean;
}

/** A token that the audit switched off, or the issue function because a new one replaces it. */
export interface Deactivation {
  readonly tokenId: string;
  readonly deployment: string;
  readonly at: number;
  readonly reason: string;
  readonly runId?: string | undefined;
  /** The license's last day that was the cause. */
  readonly end?: Day | undefined;
  /** What the key held then. */
  readonly fingerprint?: string | undefined;
  /** Its overlap was over. */
  readonly replaced?: boolean;
}

/** The token was switched off by us, and not by people. */
export function recordDeactivation(ledger: Ledger, deactivation: Deactivation): Ledger {
  const { tokenId, deployment, at, reason, runId, end, fingerprint, replaced } = deactivation;
  const ids = new Set([tokenId]);
  const rest = forgetDecisions(ledger, ids);
  const suspension: Suspension = {
    tokenId,
    deployment,
    by: 'audit',
    at: iso(at),
    reason,
    runId,
    end,
    fingerprint,
    ...(replaced === true ? { replaced } : {}),
  };
  return {
    ...rest,
    suspensions: [...rest.suspensions, suspension],
    inactive: [...rest.inactive, tokenId],
    replaced: offSince(rest.replaced, ids, at),
  };
}

/** The audit switched the token on again, because its license is in force. */
function recordReactivation(ledger: Ledger, tokenId: string): Ledger {
  const ids = new Set([tokenId]);
  const rest = forgetDecisions(ledger, ids);
  // Its overlap may last still.
  return { ...rest, replaced: onAgain(rest.replaced, ids) };
}

/**
 * The audit deleted the token. Of one that had been switched off for its license its suspension stays, because its key
 * may still be there.
 */
function recordDeletion(ledger: Ledger, tokenId: string, at: number): Ledger {
  const ids = new Set([tokenId]);
  const suspensions = ledger.suspensions.flatMap((suspension) => {
    if (suspension.tokenId !== tokenId) return [suspension];
    return suspension.replaced === true ? [] : [{ ...suspension, deletedAt: iso(at) }];
  });
  return {
    ...forgetDecisions(ledger, ids),
    suspensions,
    replaced: othersOf(ledger.replaced, ids),
    issued: othersOf(ledger.issued, ids),
    measures: fewer(ledger, 'tokens', 1),
  };
}

/** The audit or people removed the key: with it goes what was remembered of the audit's deleted tokens. */
export function recordKeyRemoval(ledger: Ledger, deployment: string): Ledger {
  return {
    ...ledger,
    suspensions: ledger.suspensions.filter(
      (suspension) => suspension.deployment !== deployment || suspension.by !== 'audit',
    ),
    checks: ledger.checks.filter((check) => check.deployment !== deployment),
    measures: fewer(ledger, 'keys', 1),
  };
}

/** People switched tokens off through us: the audit never switches them on. */
export function recordRevocation(ledger: Ledger, decision: PeoplesDecision): Ledger {
  const ids = new Set(decision.tokenIds);
  const rest = forgetDecisions(ledger, ids);
  return {
    ...rest,
    suspensions: [...rest.suspensions, ...suspensionsOf(ledger, decision)],
    inactive: [...rest.inactive, ...ids],
    replaced: offSince(rest.replaced, ids, decision.at),
  };
}

/**
 * People switched tokens on through us: they are left alone for 7 days, then announced again. A replaced one among them
 * is being replaced no longer where it was named by its id, and still where it came back with a whole run.
 */
export function recordRestore(ledger: Ledger, decision: PeoplesDecision): Ledger {
  const { deployment, tokenIds, at, reason, withRun } = decision;
  const ids = new Set(tokenIds);
  const rest = forgetDecisions(ledger, ids);
  const entry = { deployment, at: iso(at), reason, withRun };
  return {
    ...rest,
    replaced: withRun === true ? onAgain(rest.replaced, ids) : othersOf(rest.replaced, ids),
    restores: [...rest.restores, ...[...ids].map((tokenId) => ({ tokenId, ...entry }))],
  };
}

/** People deleted tokens through us. */
export function recordPeoplesDeletion(ledger: Ledger, decision: PeoplesDecision): Ledger {
  const ids = new Set(decision.tokenIds);
  const rest = forgetDecisions(ledger, ids);
  const deletedAt = iso(decision.at);
  return {
    ...rest,
    replaced: othersOf(rest.replaced, ids),
    issued: othersOf(rest.issued, ids),
    suspensions: [
      ...rest.suspensions,
      ...suspensionsOf(ledger, decision).map((suspension) => ({ ...suspension, deletedAt })),
    ],
    measures: fewer(ledger, 'tokens', ids.size),
  };
}

/** A token that was issued, and what it replaces. */
export interface Issued {
  readonly deployment: string;
  readonly tokenId: string;
  readonly at: number;
  /** The tokens that it replaces, and until when they keep working. */
  readonly replaced: readonly { readonly tokenId: string; readonly until: string }[];
  /** Why it is left alone for 7 days: it was issued without a license in force. */
  readonly unlicensed?: string | undefined;
}

/** A token was made and its content is in Vault. What of it was under way is over. */
export function recordIssue(ledger: Ledger, issued: Issued): Ledger {
  const { deployment, tokenId, replaced, unlicensed } = issued;
  const at = iso(issued.at);
  const before = new Map(ledger.replaced.map((entry) => [entry.tokenId, entry]));
  return {
    ...ledger,
    issuing: ledger.issuing.filter((open) => open.deployment !== deployment),
    issued: [...othersOf(ledger.issued, new Set([tokenId])), { tokenId, deployment, at }],
    replaced: [
      ...othersOf(ledger.replaced, new Set(replaced.map((entry) => entry.tokenId))),
      ...replaced.map((entry) => ({
        ...entry,
        deployment,
        by: tokenId,
        at,
        offSince: before.get(entry.tokenId)?.offSince,
      })),
    ],
    restores:
      unlicensed === undefined
        ? ledger.restores
        : [...ledger.restores, { tokenId, deployment, at, reason: unlicensed }],
  };
}

/**
 * Tokens and key have another name. Their memory goes with them but for their notices, which belong to the label that
 * they were given for.
 */
export function recordRename(ledger: Ledger, { from, to, tokenIds }: Renaming): Ledger {
  const ids = new Set(tokenIds);
  const moved = <Entry extends { readonly tokenId?: string | undefined; deployment: string }>(
    entries: readonly Entry[],
  ): Entry[] => entries.map((entry) => (ids.has(entry.tokenId ?? '') ? { ...entry, deployment: to } : entry));
  return {
    ...ledger,
    renaming: ledger.renaming.filter((open) => open.from !== from || open.to !== to),
    notices: othersOf(ledger.notices, ids),
    intents: moved(ledger.intents),
    suspensions: moved(ledger.suspensions),
    restores: moved(ledger.restores),
    replaced: moved(ledger.replaced),
    issued: moved(ledger.issued),
    checks: moved(ledger.checks),
  };
}

/** A step that is done, as the next mail reports it. */
export function doneAction(
  kind: ActionKind,
  { deployment, tokenId }: { readonly deployment: string; readonly tokenId?: string | undefined },
  reason: string,
): Action {
  return { kind, deployment, ...(tokenId === undefined ? {} : { tokenId }), status: 'done', reason };
}

/**
 * What a step that was taken leaves in the ledger: its intent is closed, who switched the token off is remembered, the
 * caps count it, and the next mail reports it.
 *
 * @param at when it counts as done; a step found done after a crash counts from when it was found, so that nothing is
 *   deleted earlier than it should
 */
export function recordStep(ledger: Ledger, intent: Intent, at: number): Ledger {
  const { step, deployment, tokenId, approved } = intent;
  const closed: Ledger = {
    ...changedBy(ledger, intent, at),
    intents: ledger.intents.filter(
      (open) => open.step !== step || open.deployment !== deployment || open.tokenId !== tokenId,
    ),
  };
  return {
    ...closed,
    unreported: [...closed.unreported, doneAction(step, intent, intent.reason)],
    withdrawals:
      step === 'reactivate' || intent.replaced
        ? closed.withdrawals
        : [...closed.withdrawals, { step, deployment, tokenId, at: iso(at), approved }],
  };
}

function changedBy(ledger: Ledger, intent: Intent, at: number): Ledger {
  const { step, deployment, reason, runId, end, fingerprint, replaced } = intent;
  const tokenId = intent.tokenId ?? '';
  switch (step) {
    case 'deactivate':
      return recordDeactivation(ledger, {
        tokenId,
        deployment,
        at,
        reason,
        runId,
        end,
        fingerprint,
        replaced,
      });
    case 'reactivate':
      return recordReactivation(ledger, tokenId);
    case 'delete-token':
      return recordDeletion(ledger, tokenId, at);
    case 'remove-key':
      return recordKeyRemoval(ledger, deployment);
  }
}

/** Nothing that was decided of these tokens before counts any more, but for what they are being replaced by. */
function forgetDecisions(ledger: Ledger, ids: ReadonlySet<string>): Ledger {
  return {
    ...ledger,
    intents: othersOf(ledger.intents, ids),
    notices: othersOf(ledger.notices, ids),
    suspensions: othersOf(ledger.suspensions, ids),
    restores: othersOf(ledger.restores, ids),
    inactive: ledger.inactive.filter((id) => !ids.has(id)),
  };
}

/** Entries of other tokens. */
export function othersOf<Entry extends { readonly tokenId?: string | undefined }>(
  entries: readonly Entry[],
  ids: ReadonlySet<string>,
): Entry[] {
  return entries.filter(({ tokenId = '' }) => !ids.has(tokenId));
}

function suspensionsOf(ledger: Ledger, decision: PeoplesDecision): Suspension[] {
  const { deployment, tokenIds, at, reason, requestedBy, leavesAccess } = decision;
  const end = knownEnd(ledger, deployment);
  const replaced = replacedAmong(ledger, new Set(tokenIds));
  return [...new Set(tokenIds)].map((tokenId) => ({
    tokenId,
    deployment,
    by: 'people',
    at: iso(at),
    reason,
    requestedBy,
    end,
    ...(leavesAccess === true ? { superseded: true } : {}),
    ...(replaced.has(tokenId) ? { replaced: true } : {}),
  }));
}

/** The tokens that had gone because they were replaced, or would have, and are switched off with what replaces them. */
function replacedAmong({ replaced, suspensions }: Ledger, ids: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([
    ...suspensions.filter((entry) => entry.replaced === true).map(({ tokenId }) => tokenId),
    ...replaced.filter(({ by }) => ids.has(by)).map(({ tokenId }) => tokenId),
  ]);
}

/** A license's last day as the last whole run read it. */
function knownEnd({ licenseRows, passedEnds }: Ledger, deployment: string): Day | undefined {
  const ends = licenseRows?.flatMap((row) => (row.deployment === deployment ? [row.accessUntil] : []));
  return ends?.sort().at(-1) ?? passedEnds.find((passed) => passed.deployment === deployment)?.end;
}

/** What an input is compared with, less what we took away ourselves: that is no input that shrank. */
function fewer({ measures }: Ledger, input: 'tokens' | 'keys', count: number): Ledger['measures'] {
  const before = measures[input];
  return before === null ? measures : { ...measures, [input]: Math.max(0, before - count) };
}

function offSince(replaced: Ledger['replaced'], ids: ReadonlySet<string>, at: number): Ledger['replaced'] {
  return replaced.map((entry) =>
    ids.has(entry.tokenId) ? { ...entry, offSince: entry.offSince ?? iso(at) } : entry,
  );
}

function onAgain(replaced: Ledger['replaced'], ids: ReadonlySet<string>): Ledger['replaced'] {
  return replaced.map((entry) => (ids.has(entry.tokenId) ? { ...entry, offSince: undefined } : entry));
}

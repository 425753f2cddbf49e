// Compares what the ledger remembers with what is there now, before anything is decided.
import { iso } from '../domain/days.ts';
import { CAP_WINDOW, type Ledger, RESTORED_FOR, type Suspension } from '../domain/ledger.ts';
import type { CompleteInputs } from '../domain/snapshot.ts';
import { type HubToken, isActive, isPastExpiry } from '../domain/token.ts';
import { recordStep } from './transitions.ts';
import { closeIssuing, isRecent } from './unfinished-issues.ts';

/** So many tokens that the list lacks are asked for by their id in one night. */
const ASKED_FOR = 100;

/** The parts of what was read that the ledger is compared with. */
export type Listed = Pick<CompleteInputs, 'tokens' | 'keys' | 'licenses' | 'gone' | 'lastAskedFor'>;

/**
 * The tokens that the ledger remembers and Docker Hub's list lacks: each is asked for by its id before it is forgotten.
 * A hundred a night at the most, going on where the last night stopped.
 */
export function tokensToAskFor(ledger: Ledger, tokens: readonly HubToken[]): string[] {
  const listed = new Set(tokens.map(({ id }) => id));
  const missing = [...rememberedTokens(ledger)].filter((id) => !listed.has(id)).sort();
  const last = ledger.lastAskedFor ?? '';
  return [...missing.filter((id) => id > last), ...missing.filter((id) => id <= last)].slice(0, ASKED_FOR);
}

/**
 * Compares the ledger with what was read: steps that a broken-off run took are found and owned up to, what people
 * switched on is recognised as theirs, an issue that broke off long ago is closed, and what is gone is forgotten. Gone
 * is only what Docker Hub said so of; what the list lacks otherwise is unknown and stays. Pure; a dry run throws the
 * outcome away.
 */
export function reconcileLedger(ledger: Ledger, listed: Listed, now: number): Ledger {
  const night = makeNight(ledger, listed, now);
  const resolved = resolveIntents(closeStale(ledger, night), night);
  const switchedOn = switchedOnByPeople(resolved, night);
  const stays = ({ tokenId }: { readonly tokenId: string }): boolean => !night.isGone(tokenId);
  return {
    ...resolved,
    notices: resolved.notices.filter(
      ({ tokenId, deployment }) =>
        !night.isGone(tokenId) &&
        !switchedOn.has(tokenId) &&
        (night.byId.get(tokenId)?.label ?? deployment) === deployment,
    ),
    suspensions: suspensionsNow(resolved, switchedOn, night),
    restores: restoresNow(resolved, switchedOn, night),
    replaced: replacedNow(resolved, switchedOn, night),
    issued: resolved.issued.filter(stays),
    inactive: [
      ...night.tokens.filter(({ enabled }) => !enabled).map(({ id }) => id),
      ...resolved.inactive.filter((id) => !night.byId.has(id) && !night.isGone(id)),
    ],
    withdrawals: resolved.withdrawals.filter(({ at }) => now - Date.parse(at) < CAP_WINDOW),
    checks: resolved.checks.filter(({ deployment }) => night.keys.has(deployment)),
    lastAskedFor: listed.lastAskedFor ?? resolved.lastAskedFor,
  };
}

/** What was read, as it is looked up here. */
interface Night {
  readonly now: number;
  readonly tokens: readonly HubToken[];
  /** Those that something is remembered of. */
  readonly byId: ReadonlyMap<string, HubToken>;
  readonly keys: ReadonlySet<string>;
  readonly licenses: Listed['licenses'];
  readonly isGone: (tokenId: string) => boolean;
}

function makeNight(ledger: Ledger, { tokens, keys, licenses, gone }: Listed, now: number): Night {
  const remembered = rememberedTokens(ledger);
  const byId = new Map<string, HubToken>();
  for (const token of tokens) if (remembered.has(token.id)) byId.set(token.id, token);
  return {
    now,
    tokens,
    byId,
    keys: new Set(keys.names),
    licenses,
    isGone: (tokenId) => gone?.has(tokenId) === true && !byId.has(tokenId),
  };
}

/** Every token that something is remembered of and that is not known to be gone. */
function rememberedTokens(ledger: Ledger): Set<string> {
  const ids = new Set(ledger.inactive);
  for (const { tokenId } of [...ledger.notices, ...ledger.restores, ...ledger.issued]) ids.add(tokenId);
  for (const { tokenId, by } of ledger.replaced) ids.add(tokenId).add(by);
  for (const { tokenId, deletedAt } of ledger.suspensions) if (deletedAt === undefined) ids.add(tokenId);
  for (const { tokenId } of [...ledger.intents, ...ledger.issuing])
    if (tokenId !== undefined) ids.add(tokenId);
  return ids;
}

/** Closes the issues that broke off long ago, but for one whose token may be there although it is not listed. */
function closeStale(ledger: Ledger, { tokens, byId, isGone, now }: Night): Ledger {
  const stale = ledger.issuing.filter(
    (entry) =>
      !isRecent(entry, now) &&
      (entry.tokenId === undefined || byId.has(entry.tokenId) || isGone(entry.tokenId)),
  );
  return closeIssuing(ledger, stale, tokens);
}

/** Closes the steps that an earlier run intended and did not mark: what became of them shows in what was read. */
function resolveIntents(ledger: Ledger, { byId, keys, isGone, now }: Night): Ledger {
  return ledger.intents.reduce<Ledger>(
    (before, intent) => {
      const { tokenId = '' } = intent;
      const token = byId.get(tokenId);
      if (intent.step !== 'remove-key' && token === undefined && !isGone(tokenId))
        return { ...before, intents: [...before.intents, intent] };
      const happened = {
        deactivate: token?.enabled === false,
        reactivate: token?.enabled === true,
        'delete-token': token === undefined,
        'remove-key': !keys.has(intent.deployment),
      }[intent.step];
      const reason = `${intent.reason} (begun by run ${intent.runId}, which broke off)`;
      return happened ? recordStep(before, { ...intent, reason }, now) : before;
    },
    { ...ledger, intents: [] },
  );
}

/** The tokens that were off when they were last seen, and are on. */
function switchedOnByPeople(ledger: Ledger, { byId }: Night): ReadonlyMap<string, HubToken> {
  const wasOff = new Set([...ledger.inactive, ...ledger.suspensions.map(({ tokenId }) => tokenId)]);
  return new Map(
    [...wasOff].flatMap((id) => {
      const token = byId.get(id);
      return token?.enabled === true ? [[id, token] as const] : [];
    }),
  );
}

/** Suspensions belong to ids: one counts under the label that its token has now. */
function suspensionsNow(
  ledger: Ledger,
  switchedOn: ReadonlyMap<string, HubToken>,
  night: Night,
): Suspension[] {
  if (ledger.suspensions.length === 0) return [];
  const labels = new Set<string>();
  const active = new Set<string>();
  for (const token of night.tokens) {
    labels.add(token.label);
    if (isActive(token, night.now)) active.add(token.label);
  }
  return ledger.suspensions.flatMap((suspension) => {
    const { tokenId, deletedAt } = suspension;
    if (switchedOn.has(tokenId)) return [];
    if (night.isGone(tokenId) || deletedAt !== undefined) return rememberGone(suspension, labels, night);
    const deployment = night.byId.get(tokenId)?.label ?? suspension.deployment;
    return [withEnd(withSuperseded({ ...suspension, deployment }, active), night)];
  });
}

/** A suspension whose token is gone, and what is still to remember of it. */
function rememberGone(
  suspension: Suspension,
  labels: ReadonlySet<string>,
  { keys, now }: Night,
): Suspension[] {
  const { deployment } = suspension;
  // A new token of the label, or one that outlived it, means that the story is over.
  if (labels.has(deployment) || suspension.superseded === true) return [];
  if (suspension.by === 'people') return [{ ...suspension, deletedAt: suspension.deletedAt ?? iso(now) }];
  // Somebody else deleted the audit's token: then the key is theirs to decide about as well.
  return suspension.deletedAt !== undefined && keys.has(deployment) ? [suspension] : [];
}

/**
 * People who switch one token of a label off while another one works, or give the label another one afterwards, do not
 * mean the deployment to have none: from then on its token is missed again.
 */
function withSuperseded(suspension: Suspension, activeLabels: ReadonlySet<string>): Suspension {
  return suspension.by === 'people' && activeLabels.has(suspension.deployment)
    ? { ...suspension, superseded: true }
    : suspension;
}

/** What people revoked before any run had read the list: its end of now is what must move on for the token to be missed. */
function withEnd(suspension: Suspension, { licenses }: Night): Suspension {
  if (suspension.by === 'audit' || suspension.end !== undefined) return suspension;
  return { ...suspension, end: licenses.licenses.get(suspension.deployment)?.lastDay };
}

function restoresNow(
  { restores }: Ledger,
  switchedOn: ReadonlyMap<string, HubToken>,
  { byId, isGone, now }: Night,
): Ledger['restores'] {
  const kept = restores.filter(
    ({ tokenId, at }) => !isGone(tokenId) && !switchedOn.has(tokenId) && now - Date.parse(at) < RESTORED_FOR,
  );
  return [
    ...kept.map((entry) => ({ ...entry, deployment: byId.get(entry.tokenId)?.label ?? entry.deployment })),
    ...[...switchedOn].map(([tokenId, { label }]) => ({
      tokenId,
      deployment: label,
      at: iso(now),
      reason: 'switched on by hand',
    })),
  ];
}

/**
 * A token is being replaced no longer when it is gone, when somebody switched it on again, or when its successor can't
 * take its place: gone, revoked by people, or past its own expiry.
 */
function replacedNow(
  ledger: Ledger,
  switchedOn: ReadonlyMap<string, HubToken>,
  { byId, isGone, now }: Night,
): Ledger['replaced'] {
  const byAudit = new Set(
    ledger.suspensions.filter(({ by }) => by === 'audit').map(({ tokenId }) => tokenId),
  );
  const deleted = new Set(
    ledger.suspensions.flatMap(({ tokenId, deletedAt }) => (deletedAt === undefined ? [] : [tokenId])),
  );
  const isLost = (id: string): boolean => {
    const token = byId.get(id);
    if (token === undefined) return isGone(id) || deleted.has(id);
    return isPastExpiry(token, now) || (!token.enabled && !byAudit.has(id));
  };
  const isRestored = ({ tokenId, at }: Ledger['replaced'][number]): boolean =>
    at !== undefined &&
    ledger.restores.some((entry) => entry.tokenId === tokenId && entry.withRun !== true && entry.at >= at);
  return ledger.replaced.flatMap((entry) => {
    const { tokenId, by } = entry;
    if (isGone(tokenId) || switchedOn.has(tokenId) || isRestored(entry) || isLost(by)) return [];
    const token = byId.get(tokenId);
    if (token === undefined) return [entry];
    const offSince = token.enabled ? undefined : (entry.offSince ?? iso(now));
    return [{ ...entry, deployment: token.label, offSince }];
  });
}

import { iso } from '../domain/days.ts';
import { CAP_WINDOW, type Ledger, RESTORED_FOR, type Suspension } from '../domain/ledger.ts';
import { doubtOf } from '../domain/plan/shrink-guard.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { stepDone } from './transitions.ts';
import { closeIssuing, isRecent } from './unfinished-issues.ts';

/**
 * Closes the steps that an earlier run intended and did not mark: what became of them shows in what was read.
 *
 * @param doubted whether the tokens may be there although they are not listed: then their steps stay open
 */
function resolveIntents(
  ledger: Ledger,
  tokens: ReadonlyMap<string, HubToken>,
  keys: ReadonlySet<string>,
  doubted: boolean,
  now: number,
): Ledger {
  return ledger.intents.reduce<Ledger>(
    (before, intent) => {
      const token = intent.tokenId === undefined ? undefined : tokens.get(intent.tokenId);
      if (doubted && intent.tokenId !== undefined && token === undefined)
        return { ...before, intents: [...before.intents, intent] };
      const happened = {
        deactivate: token?.enabled === false,
        reactivate: token?.enabled === true,
        'delete-token': token === undefined,
        'remove-key': !keys.has(intent.deployment),
      }[intent.step];
      const reason = `${intent.reason} (begun by run ${intent.runId}, which broke off)`;
      return happened ? stepDone(before, { ...intent, reason }, now) : before;
    },
    { ...ledger, intents: [] },
  );
}

/** A suspension whose token is gone, and what is still to remember of it. */
function rememberGone(
  suspension: Suspension,
  labels: ReadonlySet<string>,
  keys: ReadonlySet<string>,
  now: number,
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

/**
 * Compares what the ledger remembers with what is there now, before anything is judged: steps that a broken-off run
 * took are found and owned up to, what people switched on is recognised as theirs, an issue that broke off long ago is
 * closed, and what no longer exists is forgotten. Where the list is too short to be believed, nothing is forgotten or
 * taken for done because a token is not in it. Pure; a dry run throws the outcome away.
 *
 * @param tokens all that Docker Hub listed
 * @param keys names of Vault's keys
 * @param managed how many of the tokens are judged: automatic ones come and go and say nothing of the list
 */
export function reconcileLedger(
  ledger: Ledger,
  tokens: readonly HubToken[],
  keys: readonly string[],
  now: number,
  managed = tokens.length,
): Ledger {
  const doubted = doubtOf(ledger.baseline, managed, now) !== undefined;
  const byId = new Map(tokens.map((token) => [token.id, token]));
  const labels = new Set(tokens.map(({ label }) => label));
  const keySet = new Set(keys);
  const stale = doubted ? [] : ledger.issuing.filter((entry) => !isRecent(entry, now));
  const resolved = resolveIntents(closeIssuing(ledger, stale, tokens), byId, keySet, doubted, now);

  const wasOff = new Set([...resolved.inactive, ...resolved.suspensions.map(({ tokenId }) => tokenId)]);
  const switchedOn = new Map(
    [...wasOff].flatMap((id) => {
      const token = byId.get(id);
      return token?.enabled === true ? [[id, token] as const] : [];
    }),
  );
  const activeLabels = new Set(tokens.filter((token) => isActive(token, now)).map(({ label }) => label));
  const here = <Entry extends { readonly tokenId: string }>(entries: readonly Entry[]) =>
    entries.filter(({ tokenId }) => doubted || byId.has(tokenId));
  return {
    ...resolved,
    notices: here(resolved.notices).filter(({ tokenId }) => !switchedOn.has(tokenId)),
    suspensions: resolved.suspensions.flatMap((suspension) => {
      if (switchedOn.has(suspension.tokenId)) return [];
      return doubted || byId.has(suspension.tokenId)
        ? [withSuperseded(suspension, activeLabels)]
        : rememberGone(suspension, labels, keySet, now);
    }),
    restores: [
      ...here(resolved.restores).filter(
        ({ tokenId, at }) => !switchedOn.has(tokenId) && now - Date.parse(at) < RESTORED_FOR,
      ),
      ...[...switchedOn].map(([tokenId, { label }]) => ({
        tokenId,
        deployment: label,
        at: iso(now),
        reason: 'switched on by hand',
      })),
    ],
    replaced: here(resolved.replaced),
    issued: here(resolved.issued),
    inactive: [
      ...tokens.filter(({ enabled }) => !enabled).map(({ id }) => id),
      ...(doubted ? resolved.inactive.filter((id) => !byId.has(id)) : []),
    ],
    withdrawals: resolved.withdrawals.filter(({ at }) => now - Date.parse(at) < CAP_WINDOW),
    checks: resolved.checks.filter(({ deployment }) => keySet.has(deployment)),
  };
}

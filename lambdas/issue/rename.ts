import { FreshKeys } from '../clients/consistent-keys.ts';
import { iso } from '../domain/days.ts';
import type { ContentCheckEntry, Ledger, Renaming } from '../domain/ledger.ts';
import { type HubToken, type VaultKeys, isActive, lastRealUse } from '../domain/token.ts';
import { AuditorError, asAuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { isConcealed } from '../text/conceal.ts';
import { describeStatement, escapeText, displayName } from '../text/display.ts';
import { fingerprintOf, fingerprintOfKey } from '../text/fingerprint.ts';
import type { IssueEvent } from './event.ts';
import { type IssueResult, rememberAnswer } from './result.ts';

/** Moves a key's value to another name in one write; other keys stay as they are. */
async function moveKey(services: Services, from: string, to: string, content: string): Promise<number> {
  const { version } = await new FreshKeys(services).change(({ values }) =>
    values?.get(to) === content && !values.has(from)
      ? undefined
      : new Map([
          [to, content],
          [from, null],
        ]),
  );
  return version;
}

async function labelTokens(services: Services, ids: readonly string[], name: string): Promise<void> {
  for (const id of ids) await services.dockerHub.setLabel(id, name);
}

/** The ledger with everything it knows of these tokens under their new name. */
function underNewName(ledger: Ledger, { from, to, tokenIds }: Renaming): Ledger {
  const ids = new Set(tokenIds);
  const moved = <Entry extends { readonly tokenId?: string | undefined; deployment: string }>(
    entries: readonly Entry[],
  ): Entry[] => entries.map((entry) => (ids.has(entry.tokenId ?? '') ? { ...entry, deployment: to } : entry));
  return {
    ...ledger,
    renaming: ledger.renaming.filter((open) => open.from !== from || open.to !== to),
    notices: moved(ledger.notices),
    intents: moved(ledger.intents),
    suspensions: moved(ledger.suspensions),
    restores: moved(ledger.restores),
    replaced: moved(ledger.replaced),
    issued: moved(ledger.issued),
    checks: moved(ledger.checks),
  };
}

/** The ledger with what our own check of a content told: it never counts as use of the token. */
function withCheck(
  ledger: Ledger,
  deployment: string,
  owner: HubToken | null | undefined,
  content: string | undefined,
  now: number,
): Ledger {
  if (owner === null || owner === undefined || content === undefined) return ledger;
  const before = ledger.checks.find((check) => check.tokenId === owner.id);
  const used = lastRealUse(owner, before);
  const check: ContentCheckEntry = {
    deployment,
    tokenId: owner.id,
    at: iso(now),
    verdict: 'matching',
    fingerprint: fingerprintOf(content),
    ...(used === undefined ? {} : { lastUse: used === null ? null : iso(used) }),
  };
  return { ...ledger, checks: [...ledger.checks.filter((other) => other.deployment !== deployment), check] };
}

/** What is to be renamed: token and key, or whichever of the two is misnamed. */
interface Renamed {
  /** The tokens that get the new label, or have it already since a broken-off rename. */
  readonly labelled: readonly HubToken[];
  /** All tokens that have the new name in the end. */
  readonly tokens: readonly HubToken[];
  /** The value of the key that moves; `undefined` where none does. */
  readonly content: string | undefined;
  /** Of the key that has the new name already while its token has not: it stays as it is. */
  readonly kept: { readonly content: string; readonly version: number } | undefined;
  /** Of two halves with different names: the token that Docker Hub says has the content, `null` where it does not say. */
  readonly owner?: HubToken | null;
}

function noContent(name: string): AuditorError {
  return new AuditorError(
    'InvalidRequest',
    `Nothing was renamed, because the key ${displayName(name)} in Vault holds no token's content; make a new token with "regenerate": true instead.`,
  );
}

/** What a key holds, if it is there. */
function contentIn(keys: VaultKeys, name: string): string | undefined {
  if (!keys.names.includes(name)) return undefined;
  const value = keys.values?.get(name);
  if (typeof value !== 'string' || value === '') throw noContent(name);
  return value;
}

/** Whether something of a rename that broke off has the old name still, and something the new one. */
function isHalfDone(
  { from, to, tokenIds, fingerprint }: Renaming,
  all: readonly HubToken[],
  keys: VaultKeys,
): boolean {
  const labels = all.filter(({ id }) => tokenIds.includes(id)).map(({ label }) => label);
  const isAt = (name: string): boolean =>
    labels.includes(name) ||
    (fingerprint !== undefined && fingerprintOfKey(keys.values, name) === fingerprint);
  return isAt(from) && isAt(to);
}

/**
 * What is to be renamed: as it is, or as a broken-off rename left it. A name at which only the half is that the old name
 * lacks is not taken: token and key were named differently, and one of them has the proper name already.
 */
async function findRenamed(
  services: Services,
  from: string,
  to: string,
  renamings: readonly Renaming[],
): Promise<Renamed> {
  const [all, keys] = await Promise.all([services.dockerHub.listTokens(), services.vault.readKeys()]);
  const open = renamings.find((entry) => entry.from === from && entry.to === to);
  const other = renamings.find(
    (entry) => entry.from === from && entry.to !== to && isHalfDone(entry, all, keys),
  );
  if (other !== undefined)
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because the rename of ${displayName(from)} to ${other.to} is half done, and another name would part token and key; invoke that rename again first ("renameTo": "${other.to}"), which finishes it.`,
    );
  const begun = new Set(open?.tokenIds);
  const old = all.filter(({ id, label }) => label === from || (label === to && begun.has(id)));
  const proper = all.filter(({ id, label }) => label === to && !begun.has(id));
  const isMoved = open?.fingerprint !== undefined && fingerprintOfKey(keys.values, to) === open.fingerprint;
  const oldKey = keys.names.includes(from) || isMoved;
  const properKey = keys.names.includes(to) && !isMoved;
  if (old.length === 0 && !(oldKey && proper.length > 0))
    throw new AuditorError(
      'TokenNotFound',
      `Nothing was renamed, because Docker Hub has no token with the label ${displayName(from)}; look the label up in the last report and invoke again.`,
    );
  if ((old.length > 0 && proper.length > 0) || (oldKey && properKey))
    throw new AuditorError(
      'TokenAlreadyExists',
      `Nothing was renamed, because a token or key with the name ${to} exists already; find out which of the two the deployment uses, and give the other one another name first.`,
    );
  if (oldKey && isConcealed(from))
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because ${displayName(from)} is only shown for a key whose name is a token's content; correct the key by hand in Vault, and invoke again for the token.`,
    );
  const content = oldKey ? contentIn(keys, isMoved ? to : from) : undefined;
  const kept = properKey ? contentIn(keys, to) : undefined;
  const renamed: Renamed = {
    labelled: old,
    tokens: old.length > 0 ? old : proper,
    content,
    kept: kept === undefined ? undefined : { content: kept, version: keys.version },
  };
  // Two names that never were one: whether the two halves belong together, only Docker Hub can say.
  if (kept !== undefined) return { ...renamed, owner: await ownerOf(services, to, kept, old, all) };
  return proper.length > 0 && content !== undefined
    ? { ...renamed, owner: await ownerOf(services, from, content, proper, all) }
    : renamed;
}

/**
 * Asks Docker Hub whose a key's content is. Where it does not say (limits, illness, an id that it does not list, a
 * token that is switched off), nothing speaks against the rename, which changes neither content nor token.
 *
 * @throws AuditorError `InvalidRequest` where the content is another token's, or of no use to an active one
 */
async function ownerOf(
  services: Services,
  key: string,
  content: string,
  tokens: readonly HubToken[],
  all: readonly HubToken[],
): Promise<HubToken | null> {
  const check = await services.dockerHub.checkContent(content);
  const refuse = (what: string): AuditorError =>
    new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because ${what} the content that the key ${displayName(key)} in Vault holds, so key and token do not belong together; make the deployment a new token with "regenerate": true instead.`,
    );
  if (check.outcome === 'accepted') {
    const owner = all.find(({ id }) => id === check.claimedId) ?? null;
    if (owner === null || tokens.includes(owner)) return owner;
    throw refuse(
      `Docker Hub says that it is the token ${escapeText(owner.id)} (${displayName(owner.label)}) that has`,
    );
  }
  if (check.outcome === 'refused' && tokens.some((token) => isActive(token, services.clock.now())))
    throw refuse('Docker Hub refuses');
  return null;
}

/** Takes a half-done rename back. Rejects where even that fails. */
async function takeBack(
  services: Services,
  { from, to, tokenIds }: Renaming,
  content: string | undefined,
): Promise<void> {
  await labelTokens(services, tokenIds, from);
  if (content !== undefined) await moveKey(services, to, from, content);
}

function keyLine(content: string | undefined, kept: Renamed['kept']): string {
  if (content !== undefined) return 'The key in Vault was renamed.';
  return kept === undefined ? 'Vault has no key for it.' : 'The key in Vault had the name already.';
}

/**
 * Gives token and key a new, well-formed name in one go; the content stays the same, so the customer notices nothing.
 * Key first: it is one write; then the labels. Where a label fails, everything is taken back; where even that fails,
 * error and mail name the tokens, and the next call finishes it.
 *
 * @throws AuditorError `TokenNotFound`, `TokenAlreadyExists`, and what the systems answer
 */
export async function renameToken(
  services: Services,
  event: IssueEvent,
  from: string,
  to: string,
  store: LedgerStore,
): Promise<IssueResult> {
  const { settings, clock } = services;
  if (from === to)
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because renameTo is the present name ${to}.`,
    );
  const { labelled, tokens, content, kept, owner } = await findRenamed(
    services,
    from,
    to,
    store.current.renaming,
  );
  const renaming: Renaming = {
    from,
    to,
    tokenIds: labelled.map(({ id }) => id),
    ...(content === undefined ? {} : { fingerprint: fingerprintOf(content) }),
    at: iso(clock.now()),
  };
  // Of the same old name none is under way besides: it would have been refused.
  const others = (ledger: Ledger): Renaming[] => ledger.renaming.filter((entry) => entry.from !== from);
  await store.update((ledger) => ({ ...ledger, renaming: [...others(ledger), renaming] }));

  let version = kept?.version;
  try {
    if (content !== undefined) version = await moveKey(services, from, to, content);
    await labelTokens(services, renaming.tokenIds, to);
  } catch (error) {
    const failure = asAuditorError(error, `Renaming ${displayName(from)}`);
    try {
      await takeBack(services, renaming, content);
    } catch {
      const end = withDetail(
        failure,
        `the rename of ${displayName(from)} to ${to} is half done (tokens ${listedIds(renaming.tokenIds)}) and could not be taken back, so invoke it again, which finishes it`,
      );
      const title = `rename to ${to} is half done`;
      throw await notifyFailed(services, store, { title, lines: [end.message], done: [] }, end);
    }
    // What was taken back is open no more; should that not be written, the next call sees that nothing is half done.
    await store.update((ledger) => ({ ...ledger, renaming: others(ledger) })).catch(() => undefined);
    throw failure;
  }

  const [token] = [...tokens].sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
  const result: IssueResult = {
    deployment: to,
    tokenId: token?.id ?? '',
    scopes: [...(token?.scopes ?? [])],
    createdAt: token?.createdAt === undefined ? null : iso(token.createdAt),
    vault:
      version === undefined
        ? null
        : {
            path: `${settings.vaultMount}/${settings.vaultTokensPath}`,
            key: to,
            ...(version === 0 ? {} : { version }),
          },
    pull: { verified: false, image: settings.testImage },
    replaced: [],
    instructions: [`# Nothing to do on the server of ${to}: the content is the same.`],
  };
  const lines = [
    `${displayName(from)} was renamed to ${to} (${describeStatement(event)}).`,
    `Tokens: ${listedIds(tokens.map(({ id }) => id))}${labelled.length === 0 ? ', which had the name already' : ''}. ${keyLine(content, kept)} The content is the same.`,
    ...(owner === null ? ['Docker Hub did not say whether the content in Vault is that of the token.'] : []),
  ];
  try {
    await store.update((ledger) =>
      rememberAnswer(
        withCheck(underNewName(ledger, renaming), to, owner, content ?? kept?.content, clock.now()),
        services.requestId,
        iso(clock.now()),
        result,
      ),
    );
  } catch (error) {
    const end = withDetail(
      asAuditorError(error, 'Writing the ledger'),
      `${displayName(from)} (${listedIds(tokens.map(({ id }) => id))}) was renamed to ${to}, and only the ledger does not know it, so invoke the same call again, which finishes it`,
    );
    const title = `rename to ${to} failed at its end`;
    throw await notifyFailed(services, store, { title, lines: [...lines, end.message], done: [] }, end);
  }
  const reason = `renamed from ${displayName(from)}, ${listedIds(tokens.map(({ id }) => id))} (${describeStatement(event)})`;
  await notifyDone(services, store, {
    title: `renamed to ${to}`,
    lines,
    done: [{ kind: 'rename', deployment: to, tokenId: result.tokenId, status: 'done', reason }],
  });
  return result;
}

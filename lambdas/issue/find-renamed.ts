// What a rename is about: token and key as they are, or as a broken-off rename left them.

import type { Renaming } from '../domain/ledger.ts';
import { type HubToken, type VaultKeys, isActive } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import type { Services } from '../runtime/services.ts';
import { isConcealed } from '../text/conceal.ts';
import { displayName, escapeText } from '../text/display.ts';
import { fingerprintOfKey } from '../text/fingerprint.ts';

/** What is to be renamed: token and key, or whichever of the two is misnamed. */
export interface Renamed {
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

/** The names of a rename, and the renames that broke off before. */
interface Wanted {
  readonly from: string;
  readonly to: string;
  readonly renamings: readonly Renaming[];
}

/**
 * What is to be renamed: as it is, or as a broken-off rename left it. A name at which only the half is that the old name
 * lacks is not taken: token and key were named differently, and one of them has the proper name already.
 *
 * @throws AuditorError `TokenNotFound`, `TokenAlreadyExists`, `InvalidRequest`
 */
export async function findRenamed(services: Services, wanted: Wanted): Promise<Renamed> {
  const { from, to } = wanted;
  const [all, keys] = await Promise.all([services.dockerHub.listTokens(), services.vault.readKeys()]);
  refuseOtherHalf(wanted, all, keys);
  const halves = halvesOf(wanted, all, keys);
  refuse(halves, wanted);
  const { old, proper, oldKey, properKey, isMoved } = halves;
  const content = oldKey ? contentIn(keys, isMoved ? to : from) : undefined;
  const kept = properKey ? contentIn(keys, to) : undefined;
  const renamed: Renamed = {
    labelled: old,
    tokens: old.length > 0 ? old : proper,
    content,
    kept: kept === undefined ? undefined : { content: kept, version: keys.version },
  };
  // Two names that never were one: whether the two halves belong together, only Docker Hub can say.
  if (kept !== undefined)
    return { ...renamed, owner: await ownerOf(services, { key: to, content: kept, tokens: old, all }) };
  return proper.length > 0 && content !== undefined
    ? { ...renamed, owner: await ownerOf(services, { key: from, content, tokens: proper, all }) }
    : renamed;
}

/** What has the old name and what has the new one. */
interface NamedHalves {
  readonly old: readonly HubToken[];
  readonly proper: readonly HubToken[];
  readonly oldKey: boolean;
  readonly properKey: boolean;
  /** The key has the new name since a broken-off rename. */
  readonly isMoved: boolean;
}

function halvesOf({ from, to, renamings }: Wanted, all: readonly HubToken[], keys: VaultKeys): NamedHalves {
  const open = renamings.find((entry) => entry.from === from && entry.to === to);
  const begun = new Set(open?.tokenIds);
  const isMoved = open?.fingerprint !== undefined && fingerprintOfKey(keys.values, to) === open.fingerprint;
  return {
    old: all.filter(({ id, label }) => label === from || (label === to && begun.has(id))),
    proper: all.filter(({ id, label }) => label === to && !begun.has(id)),
    oldKey: keys.names.includes(from) || isMoved,
    properKey: keys.names.includes(to) && !isMoved,
    isMoved,
  };
}

/** @throws AuditorError where there is nothing to rename, or the new name is taken */
function refuse({ old, proper, oldKey, properKey }: NamedHalves, { from, to }: Wanted): void {
  if (old.length === 0 && !(oldKey && proper.length > 0)) throw nothingToRename(from);
  if ((old.length > 0 && proper.length > 0) || (oldKey && properKey)) throw nameTaken(to);
  if (oldKey && isConcealed(from)) throw concealedKeyName(from);
}

/** @throws AuditorError `InvalidRequest` where the same name is half renamed to another one already */
function refuseOtherHalf({ from, to, renamings }: Wanted, all: readonly HubToken[], keys: VaultKeys): void {
  const other = renamings.find(
    (entry) => entry.from === from && entry.to !== to && isHalfDone(entry, all, keys),
  );
  if (other === undefined) return;
  throw new AuditorError(
    'InvalidRequest',
    `Nothing was renamed, because the rename of ${displayName(from)} to ${other.to} is half done, and another name would part token and key; invoke that rename again first ("renameTo": "${other.to}"), which finishes it.`,
  );
}

/** A key's content, and the tokens that it should belong to. */
interface Halves {
  readonly key: string;
  readonly content: string;
  readonly tokens: readonly HubToken[];
  /** All that Docker Hub listed. */
  readonly all: readonly HubToken[];
}

/**
 * Asks Docker Hub whose a key's content is. Where it does not say (limits, illness, an id that it does not list, a
 * token that is switched off), nothing speaks against the rename, which changes neither content nor token.
 *
 * @throws AuditorError `InvalidRequest` where the content is another token's, or of no use to an active one
 */
async function ownerOf(services: Services, { key, content, tokens, all }: Halves): Promise<HubToken | null> {
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

function nothingToRename(from: string): AuditorError {
  return new AuditorError(
    'TokenNotFound',
    `Nothing was renamed, because Docker Hub has no token with the label ${displayName(from)}; look the label up in the last report and invoke again.`,
  );
}

function nameTaken(to: string): AuditorError {
  return new AuditorError(
    'TokenAlreadyExists',
    `Nothing was renamed, because a token or key with the name ${to} exists already; find out which of the two the deployment uses, and give the other one another name first.`,
  );
}

function concealedKeyName(from: string): AuditorError {
  return new AuditorError(
    'InvalidRequest',
    `Nothing was renamed, because ${displayName(from)} is only shown for a key whose name is a token's content; correct the key by hand in Vault, and invoke again for the token.`,
  );
}

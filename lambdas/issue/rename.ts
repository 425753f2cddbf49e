import type { HubToken } from '../clients/types.ts';
import { asAuditorError } from '../audit/read.ts';
import { iso } from '../core/days.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import type { Ledger, Renaming } from '../core/ledger.ts';
import { shownName } from '../core/printable.ts';
import { AuditorError } from '../errors.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { asker, changeKeys, listedIds, tellDone, tellLeftBehind } from '../on-demand.ts';
import type { Services } from '../services.ts';
import { rememberAnswer } from './answers.ts';
import type { IssueEvent } from './event.ts';
import type { IssueResult } from './result.ts';

/** Moves a key's value to another name in one write; other keys stay as they are. */
async function moveKey(services: Services, from: string, to: string, content: string): Promise<number> {
  const { version } = await changeKeys(services, ({ values }) =>
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

interface Renamed {
  readonly tokens: readonly HubToken[];
  /** The key's value, `undefined` where there is no key. */
  readonly content: string | undefined;
}

/** What is to be renamed: as it is, or as a broken-off rename left it. */
async function findRenamed(
  services: Services,
  from: string,
  to: string,
  open: Renaming | undefined,
): Promise<Renamed> {
  const [tokens, keys] = await Promise.all([services.dockerHub.listTokens(), services.vault.readKeys()]);
  const begun = new Set(open?.tokenIds);
  const mine = tokens.filter(({ id, label }) => label === from || (label === to && begun.has(id)));
  if (mine.length === 0)
    throw new AuditorError(
      'TokenNotFound',
      `Nothing was renamed, because Docker Hub has no token with the label ${shownName(from)}; look the label up in the last report and invoke again.`,
    );
  const moved = keys.values?.get(to);
  const isMoved =
    open?.fingerprint !== undefined && typeof moved === 'string' && fingerprintOf(moved) === open.fingerprint;
  const taken =
    tokens.some(({ id, label }) => label === to && !begun.has(id)) || (keys.names.includes(to) && !isMoved);
  if (taken)
    throw new AuditorError(
      'TokenAlreadyExists',
      `Nothing was renamed, because a token or key with the name ${to} exists already; decide which of the two the deployment uses and revoke the other one first.`,
    );
  const content = isMoved ? moved : keys.values?.get(from);
  if (content !== undefined && (typeof content !== 'string' || content === ''))
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because the key ${shownName(from)} in Vault holds no token's content; make a new token with "regenerate": true instead.`,
    );
  return { tokens: mine, content };
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
  const open = store.current.renaming.find((entry) => entry.from === from && entry.to === to);
  const { tokens, content } = await findRenamed(services, from, to, open);
  const renaming: Renaming = {
    from,
    to,
    tokenIds: tokens.map(({ id }) => id),
    ...(content === undefined ? {} : { fingerprint: fingerprintOf(content) }),
    at: iso(clock.now()),
  };
  const others = (ledger: Ledger): Renaming[] =>
    ledger.renaming.filter((entry) => entry.from !== from || entry.to !== to);
  await store.update((ledger) => ({ ...ledger, renaming: [...others(ledger), renaming] }));

  let version: number | undefined;
  try {
    if (content !== undefined) version = await moveKey(services, from, to, content);
    await labelTokens(services, renaming.tokenIds, to);
  } catch (error) {
    const failure = asAuditorError(error, `Renaming ${shownName(from)}`);
    try {
      await takeBack(services, renaming, content);
    } catch {
      const end = new AuditorError(
        failure.name,
        `${failure.message} The rename of ${shownName(from)} to ${to} is half done (tokens ${listedIds(renaming.tokenIds)}) and could not be taken back: invoke it again, which finishes it.`,
      );
      await tellLeftBehind(services, `rename to ${to} is half done`, [end.message]);
      throw end;
    }
    await store.update((ledger) => ({ ...ledger, renaming: others(ledger) }));
    throw failure;
  }

  const [token] = [...tokens].sort((one, other) => (other.createdAt ?? 0) - (one.createdAt ?? 0));
  const result: IssueResult = {
    deployment: to,
    tokenId: token?.id ?? '',
    scopes: [...(token?.scopes ?? [])],
    createdAt: token?.createdAt === undefined ? null : iso(token.createdAt),
    vault:
      version === undefined
        ? null
        : { path: `${settings.vaultMount}/${settings.vaultTokensPath}`, key: to, version },
    pull: { verified: false, image: settings.testImage },
    replaced: [],
    instructions: [`# Nothing to do on the server of ${to}: the content is the same.`],
  };
  await store.update((ledger) =>
    rememberAnswer(underNewName(ledger, renaming), services.requestId, iso(clock.now()), result),
  );
  await tellDone(
    services,
    store,
    `renamed to ${to}`,
    [
      `${shownName(from)} was renamed to ${to} (${asker(event)}).`,
      `Tokens: ${listedIds(renaming.tokenIds)}. ${content === undefined ? 'Vault has no key for it.' : 'The key in Vault moved with it.'} The content is the same.`,
    ],
    [],
  );
  return result;
}

// Gives token and key a new name, and leaves the content as it is.

import { FreshKeys } from '../clients/consistent-keys.ts';
import { iso } from '../domain/days.ts';
import type { ContentCheckEntry, Ledger, Renaming } from '../domain/ledger.ts';
import { type HubToken, lastRealUse } from '../domain/token.ts';
import { AuditorError, asAuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { recordRename } from '../ledger/transitions.ts';
import { renamedText } from '../mail/other-mails.ts';
import { listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, displayName } from '../text/display.ts';
import { fingerprintOf } from '../text/fingerprint.ts';
import type { IssueEvent } from './event.ts';
import { type Renamed, findRenamed } from './find-renamed.ts';
import { type IssueResult, rememberAnswer, tokensPage } from './result.ts';

/** A rename that was asked for. */
export interface RenameCall {
  readonly services: Services;
  readonly event: IssueEvent;
  readonly from: string;
  readonly to: string;
  readonly store: LedgerStore;
}

/**
 * Gives token and key a new, well-formed name in one go; the content stays the same, so the customer notices nothing.
 * Key first: it is one write; then the labels. Where a label fails, everything is taken back; where even that fails,
 * error and mail name the tokens, and the next call finishes it.
 *
 * @throws AuditorError `TokenNotFound`, `TokenAlreadyExists`, and what the systems answer
 */
export async function renameToken(call: RenameCall): Promise<IssueResult> {
  const { services, from, to, store } = call;
  if (from === to)
    throw new AuditorError(
      'InvalidRequest',
      `Nothing was renamed, because renameTo is the present name ${to}.`,
    );
  const renamed = await findRenamed(services, { from, to, renamings: store.current.renaming });
  const renaming: Renaming = {
    from,
    to,
    tokenIds: renamed.labelled.map(({ id }) => id),
    ...(renamed.content === undefined ? {} : { fingerprint: fingerprintOf(renamed.content) }),
    at: iso(services.clock.now()),
  };
  // Of the same old name none is under way besides: it would have been refused.
  await store.update((ledger) => ({ ...ledger, renaming: [...othersOf(ledger, from), renaming] }));
  const version = await moveBoth(call, renaming, renamed);
  return finishRename(call, renaming, renamed, version);
}

const othersOf = (ledger: Ledger, from: string): Renaming[] =>
  ledger.renaming.filter((entry) => entry.from !== from);

/**
 * Moves the key and relabels the tokens, or takes back what was done.
 *
 * @returns the version of the secret; `undefined` where Vault has no key for it
 */
async function moveBoth(
  { services, from, to, store }: RenameCall,
  renaming: Renaming,
  { content, kept }: Renamed,
): Promise<number | undefined> {
  try {
    const version = content === undefined ? kept?.version : await moveKey(services, { from, to, content });
    await labelTokens(services, renaming.tokenIds, to);
    return version;
  } catch (error) {
    const failure = asAuditorError(error, `Renaming ${displayName(from)}`);
    try {
      await labelTokens(services, renaming.tokenIds, from);
      if (content !== undefined) await moveKey(services, { from: to, to: from, content });
    } catch {
      const end = withDetail(
        failure,
        `the rename of ${displayName(from)} to ${to} is half done (tokens ${listedIds(renaming.tokenIds)}) and could not be taken back, so invoke it again, which finishes it`,
      );
      const title = `rename to ${to} is half done`;
      throw await notifyFailed(services, store, { title, lines: [end.message], done: [] }, end);
    }
    // What was taken back is open no more; should that not be written, the next call sees that nothing is half done.
    await store.update((ledger) => ({ ...ledger, renaming: othersOf(ledger, from) })).catch(() => undefined);
    throw failure;
  }
}

/** Moves a key's value to another name in one write; other keys stay as they are. */
async function moveKey(
  services: Services,
  { from, to, content }: { readonly from: string; readonly to: string; readonly content: string },
): Promise<number> {
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

/** After both have the new name: remember and mail it. */
async function finishRename(
  { services, event, from, to, store }: RenameCall,
  renaming: Renaming,
  renamed: Renamed,
  version: number | undefined,
): Promise<IssueResult> {
  const now = services.clock.now();
  const result = resultOf(services, to, renamed, version);
  const ids = listedIds(renamed.tokens.map(({ id }) => id));
  const { title, lines } = renamedText({
    from,
    to,
    statement: describeStatement(event),
    vaultLink: version === undefined ? undefined : tokensPage(services.settings, version),
    isDoubtful: renamed.owner === null,
  });
  try {
    await store.update((ledger) =>
      rememberAnswer(
        withCheck(recordRename(ledger, renaming), to, renamed, now),
        services.requestId,
        iso(now),
        result,
      ),
    );
  } catch (error) {
    const end = withDetail(
      asAuditorError(error, 'Writing the ledger'),
      `${displayName(from)} (${ids}) was renamed to ${to}, and only the ledger does not know it, so invoke the same call again, which finishes it`,
    );
    const failedTitle = `rename to ${to} failed at its end`;
    throw await notifyFailed(services, store, { title: failedTitle, lines: [end.message], done: [] }, end);
  }
  const reason = `renamed from ${displayName(from)}, ${ids} (${describeStatement(event)})`;
  await notifyDone(services, store, {
    title,
    lines,
    done: [{ kind: 'rename', deployment: to, tokenId: result.tokenId, status: 'done', reason }],
  });
  return result;
}

function resultOf(
  { settings }: Services,
  to: string,
  { tokens }: Renamed,
  version: number | undefined,
): IssueResult {
  const [token] = [...tokens].sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
  return {
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
}

/** The ledger with what our own check of a content found: it never counts as use of the token. */
function withCheck(ledger: Ledger, deployment: string, renamed: Renamed, now: number): Ledger {
  const { owner, content = renamed.kept?.content } = renamed;
  if (owner === null || owner === undefined || content === undefined) return ledger;
  const check: ContentCheckEntry = {
    deployment,
    tokenId: owner.id,
    at: iso(now),
    verdict: 'matching',
    fingerprint: fingerprintOf(content),
    ...lastUseOf(ledger, owner),
  };
  return { ...ledger, checks: [...ledger.checks.filter((other) => other.deployment !== deployment), check] };
}

function lastUseOf(ledger: Ledger, owner: HubToken): Pick<ContentCheckEntry, 'lastUse'> {
  const used = lastRealUse(
    owner,
    ledger.checks.find((check) => check.tokenId === owner.id),
  );
  return used === undefined ? {} : { lastUse: used === null ? null : iso(used) };
}

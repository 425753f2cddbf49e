import type { CreatedToken, HubToken, VaultKeys } from '../clients/types.ts';
import { HOUR, iso } from '../core/days.ts';
import { fingerprintOf, fingerprintOfKey } from '../core/fingerprint.ts';
import { closeIssuing, isNeverUsed, isRecent, tokensMadeBy } from '../core/issuing.ts';
import type { Issuing, Ledger } from '../core/ledger.ts';
import { printable } from '../core/printable.ts';
import { isActive } from '../core/world.ts';
import { asAuditorError, AuditorError, isAuditorError, withMore } from '../errors.ts';
import { FreshKeys } from '../fresh-keys.ts';
import type { LedgerStore } from '../ledger-store.ts';
import { asker, listedIds, tellDone, tellFailed, withLease } from '../on-demand.ts';
import type { Services } from '../services.ts';
import { answered, rememberAnswer } from './answers.ts';
import { checkLicense, checkName, checkNoneExists, loadLicenses } from './checks.ts';
import { createToken, discardToken, SCOPES, TokenLeft } from './create.ts';
import { DEFAULT_OVERLAP_HOURS, deploymentOf, type IssueEvent } from './event.ts';
import { renameToken } from './rename.ts';
import type { IssueResult } from './result.ts';

/** A token is not begun with less time than this: creating, proving and storing it must fit. */
const NEEDED_MILLISECONDS = 45_000;

/** Where the content goes: whether the secret has to be made, and whether a key of that name is there. */
interface Place {
  readonly secretThere: boolean;
  readonly hasKey: boolean;
}

async function findPlace(services: Services, deployment: string, createSecret: boolean): Promise<Place> {
  try {
    const keys = await services.vault.readKeyNames();
    return { secretThere: true, hasKey: keys.names.includes(deployment) };
  } catch (error) {
    if (!createSecret || !isAuditorError(error, 'VaultSecretMissing')) throw error;
    return { secretThere: false, hasKey: false };
  }
}

/** Stores the content; resolves only when it was read back. */
async function store(keys: FreshKeys, place: Place, deployment: string, content: string): Promise<number> {
  if (!place.secretThere) await keys.create(new Map([[deployment, content]]));
  // Writes where it is not there yet, and reads back where it is.
  await keys.change(({ values }) =>
    values?.get(deployment) === content ? undefined : new Map([[deployment, content]]),
  );
  const { values, version } = await keys.read();
  if (values?.get(deployment) === content) return version;
  throw new AuditorError(
    'VaultConflict',
    `Writing the key ${deployment} to Vault did not last: reading it back gave another content, so somebody else writes the same key; find out who and invoke again.`,
  );
}

function withIssuing(ledger: Ledger, entry: Issuing | undefined, deployment: string): Ledger {
  const others = ledger.issuing.filter((open) => open.deployment !== deployment);
  return { ...ledger, issuing: entry === undefined ? others : [...others, entry] };
}

/** What an issue that broke off left: its tokens, and whether its content reached Vault. */
interface Leftover {
  readonly entry: Issuing;
  readonly tokens: readonly HubToken[];
  /** The version of the secret that holds its content; `undefined` where Vault does not hold it. */
  readonly storedIn: number | undefined;
}

/** The keys as they are, or `undefined` where there is no secret yet: then nothing was stored either. */
async function keysIfAny(keys: FreshKeys): Promise<VaultKeys | undefined> {
  try {
    return await keys.read();
  } catch (error) {
    if (isAuditorError(error, 'VaultSecretMissing')) return undefined;
    throw error;
  }
}

async function findLeftover(
  services: Services,
  ledger: Ledger,
  deployment: string,
  existing: readonly HubToken[],
): Promise<Leftover | undefined> {
  const entry = ledger.issuing.find((open) => open.deployment === deployment);
  if (entry === undefined) return undefined;
  const tokens = tokensMadeBy(entry, existing);
  if (entry.fingerprint === undefined || tokens.length === 0) return { entry, tokens, storedIn: undefined };
  const keys = await keysIfAny(new FreshKeys(services, entry.vaultVersion));
  const isStored = fingerprintOfKey(keys?.values, deployment) === entry.fingerprint;
  return { entry, tokens, storedIn: isStored ? keys?.version : undefined };
}

function instructionsFor(services: Services, deployment: string): string[] {
  const { account, testImage, vaultMount, vaultTokensPath } = services.settings;
  return [
    `# On the server of ${deployment}. The password is the value of the key ${deployment} in Vault, ${vaultMount}/${vaultTokensPath}`,
    'docker logout',
    `docker login --username ${account}`,
    `docker pull ${testImage}`,
  ];
}

/** Everything an issue goes by once it may begin. */
interface Issue {
  readonly services: Services;
  readonly event: IssueEvent;
  readonly deployment: string;
  readonly ledger: LedgerStore;
  /** Tokens of the label that a regenerated one replaces. */
  readonly existing: readonly HubToken[];
  readonly place: Place;
}

/** Proves and stores a token that was just made; where that fails, the token is deleted again. */
async function proveAndStore(issue: Issue, { token, content }: CreatedToken): Promise<number> {
  const { services, event, deployment, place, ledger } = issue;
  const { account, testImage } = services.settings;
  const keys = new FreshKeys(services);
  try {
    await ledger.update((current) => {
      const entry = current.issuing.find((open) => open.deployment === deployment);
      return entry === undefined
        ? current
        : withIssuing(
            current,
            {
              ...entry,
              tokenId: token.id,
              fingerprint: fingerprintOf(content),
              ...(event.verifyPull === false ? {} : { checkedAt: iso(services.clock.now()) }),
            },
            deployment,
          );
    });
    if (event.verifyPull !== false) await services.registry.verifyPull(testImage, account, content);
    if (services.deadline - services.clock.now() < NEEDED_MILLISECONDS / 3) throw outOfTime(deployment);
    return await store(keys, place, deployment, content);
  } catch (error) {
    const failure = asAuditorError(error, `Issuing the token of ${deployment}`);
    const stored = await keys.holds(deployment, content);
    // Unknown, or stored after all: deleting the token might leave a key of a dead token.
    const end =
      stored === false
        ? await discardToken(services, token.id, failure)
        : withMore(
            failure,
            `the token ${listedIds([token.id])} was made and its content ${stored === true ? 'is' : 'may be'} in Vault, so invoke again within the hour, which finishes or undoes it`,
          );
    // The next call must not take the answer of a server that lags behind for what is stored.
    if (stored !== false && keys.version > 0) await rememberVersion(ledger, deployment, keys.version);
    if (end !== failure) throw await tellLeft(issue, end);
    await forget(ledger, deployment);
    throw end;
  }
}

/** Tells of a failure that left a token. */
function tellLeft({ services, ledger, deployment }: Issue, failure: AuditorError): Promise<AuditorError> {
  const title = `issue of ${deployment} failed, a token is left`;
  return tellFailed(services, ledger, { title, lines: [failure.message], done: [] }, failure);
}

/** Remembers which version Vault has at least; where even the ledger can't be written, the call has failed anyway. */
async function rememberVersion(ledger: LedgerStore, deployment: string, vaultVersion: number): Promise<void> {
  await ledger
    .update((current) => ({
      ...current,
      issuing: current.issuing.map((open) =>
        open.deployment === deployment ? { ...open, vaultVersion } : open,
      ),
    }))
    .catch(() => undefined);
}

/** Closes an issue that left nothing; a ledger that can't be written now is met again at the next call. */
async function forget(ledger: LedgerStore, deployment: string): Promise<void> {
  await ledger.update((current) => withIssuing(current, undefined, deployment)).catch(() => undefined);
}

function outOfTime(deployment: string): AuditorError {
  return new AuditorError(
    'DockerHubUnavailable',
    `The token of ${deployment} was not finished, because the systems answered so slowly that the function's time got short; invoke again later.`,
  );
}

/** A token that a new one replaces, and until when it keeps working. */
type Replaced = IssueResult['replaced'][number];

/**
 * Until when the tokens of the label keep working. One that is being replaced already keeps its end, which another
 * regenerate must not put off; unless its successor is not active or somebody restored it since: then it is what the
 * deployment uses, and its end is this call's.
 */
function replacedUntil({ existing, ledger, services }: Issue, until: string): Replaced[] {
  const { replaced, restores } = ledger.current;
  const active = new Set(
    existing.filter((token) => isActive(token, services.clock.now())).map(({ id }) => id),
  );
  return existing.map(({ id: tokenId }) => {
    const before = replaced.find((entry) => entry.tokenId === tokenId);
    const isRestored = restores.some((entry) => entry.tokenId === tokenId && entry.at >= (before?.at ?? ''));
    const stands = before !== undefined && before.until < until && active.has(before.by) && !isRestored;
    return { tokenId, until: stands ? before.until : until };
  });
}

/** Writes down what is done: who replaced whom until when, that the token is ours, and the answer for a repeated delivery. */
async function record(
  issue: Issue,
  token: HubToken,
  replaced: readonly Replaced[],
  result?: IssueResult,
): Promise<void> {
  const { services, event, deployment, ledger } = issue;
  const at = iso(services.clock.now());
  await ledger.update((current) => {
    const closed = withIssuing(current, undefined, deployment);
    return {
      ...(result === undefined ? closed : rememberAnswer(closed, services.requestId, at, result)),
      issued: [
        ...current.issued.filter(({ tokenId }) => tokenId !== token.id),
        { tokenId: token.id, deployment, at },
      ],
      replaced: [
        ...current.replaced.filter(({ tokenId }) => !replaced.some((entry) => entry.tokenId === tokenId)),
        ...replaced.map((entry) => ({ ...entry, deployment, by: token.id, at })),
      ],
      restores:
        event.allowUnlicensed === true
          ? [...current.restores, { tokenId: token.id, deployment, at, reason: asker(event) }]
          : current.restores,
    };
  });
}

/** Deletes replaced tokens whose overlap is 0; the audit deletes what could not be deleted here. */
async function deleteReplacedNow(issue: Issue): Promise<string[]> {
  const { services, existing, ledger } = issue;
  const left: string[] = [];
  for (const { id } of existing) {
    try {
      await services.dockerHub.deleteToken(id);
    } catch (error) {
      left.push(id);
      services.log.warn('A replaced token could not be deleted yet', {
        token: id,
        error: isAuditorError(error) ? error.name : 'unknown',
      });
    }
  }
  try {
    await ledger.update((current) => ({
      ...current,
      replaced: current.replaced.filter(
        ({ tokenId }) => left.includes(tokenId) || !existing.some(({ id }) => id === tokenId),
      ),
    }));
  } catch (error) {
    // No reason to fail: of what is gone the next night's audit forgets that it was replaced.
    services.log.warn('The ledger could not be told that replaced tokens are gone', {
      error: isAuditorError(error) ? error.name : 'unknown',
    });
  }
  return left;
}

/** Creates the token; a failure that left nothing leaves no open issue either. */
async function createFor(issue: Issue): Promise<CreatedToken> {
  const { services, deployment, ledger, existing } = issue;
  try {
    return await createToken(services, deployment, new Set(existing.map(({ id }) => id)));
  } catch (error) {
    if (error instanceof TokenLeft) throw await tellLeft(issue, error);
    if (isAuditorError(error)) await forget(ledger, deployment);
    throw error;
  }
}

async function makeToken(issue: Issue): Promise<IssueResult> {
  const { services, event, deployment, ledger, existing } = issue;
  const { settings, clock } = services;
  if (services.deadline - clock.now() < NEEDED_MILLISECONDS) throw outOfTime(deployment);
  const overlapHours = event.overlapHours ?? DEFAULT_OVERLAP_HOURS;
  await ledger.update((current) =>
    withIssuing(
      current,
      {
        deployment,
        requestId: services.requestId,
        at: iso(clock.now()),
        before: existing.map(({ id }) => id),
        regenerate: event.regenerate === true,
        overlapHours,
      },
      deployment,
    ),
  );
  const created = await createFor(issue);
  const version = await proveAndStore(issue, created);
  const { token } = created;
  return finish(issue, token, version, overlapHours, {
    verified: event.verifyPull !== false,
    image: settings.testImage,
  });
}

/** After the confirmed write: remember, let the replaced go, tell. From here on the new token stays. */
async function finish(
  issue: Issue,
  token: HubToken,
  version: number,
  overlapHours: number,
  pull: IssueResult['pull'],
): Promise<IssueResult> {
  const { services, event, deployment, ledger, existing } = issue;
  const { settings, clock } = services;
  const until = iso(clock.now() + overlapHours * HOUR);
  const result: IssueResult = {
    deployment,
    tokenId: token.id,
    scopes: [...(token.scopes ?? SCOPES)],
    createdAt: iso(token.createdAt ?? clock.now()),
    vault: { path: `${settings.vaultMount}/${settings.vaultTokensPath}`, key: deployment, version },
    pull,
    replaced: replacedUntil(issue, until),
    instructions: instructionsFor(services, deployment),
  };
  const isFirst = existing.length === 0;
  const facts = [
    `Token: ${token.id}, scope ${result.scopes.join(', ')}. Its content is in Vault, key ${deployment}, version ${version}.`,
    pull.verified
      ? `It was proved that it can pull ${pull.image}.`
      : `That it can pull ${pull.image} was not checked.`,
  ];
  try {
    await record(issue, token, result.replaced, result);
  } catch (error) {
    const failure = withMore(
      asAuditorError(error, 'Writing the ledger'),
      `the token ${listedIds([token.id])} of ${deployment} was made and its content is in Vault, and only the ledger does not know it, so invoke the same call again within the hour, which finishes it`,
    );
    const title = `${isFirst ? 'issue' : 'regenerate'} of ${deployment} failed at its end`;
    throw await tellFailed(
      services,
      ledger,
      { title, lines: [...facts, failure.message], done: [] },
      failure,
    );
  }
  const left = overlapHours === 0 ? await deleteReplacedNow(issue) : [];
  const wasActive = new Set(existing.filter((old) => isActive(old, clock.now())).map(({ id }) => id));
  const replacing =
    overlapHours !== 0
      ? result.replaced.map(({ tokenId, until: end }) =>
          wasActive.has(tokenId)
            ? `It replaces ${printable(tokenId)}, which keeps working until ${end}.`
            : `It replaces ${printable(tokenId)}, which does not work and is deleted after ${end}.`,
        )
      : isFirst
        ? []
        : [
            `Replaced and deleted at once: ${listedIds(existing.map(({ id }) => id))}.`,
            ...(left.length === 0
              ? []
              : [`Could not be deleted yet, the next night does it: ${listedIds(left)}.`]),
          ];
  const title = `${isFirst ? 'issued' : 'regenerated'} ${deployment}`;
  const reason = `${isFirst ? 'issued' : 'regenerated'}, token ${printable(token.id)} (${asker(event)})`;
  await tellDone(services, ledger, {
    title,
    lines: [
      `A token for ${deployment} was ${isFirst ? 'issued' : 'regenerated'} (${asker(event)}).`,
      ...facts,
      ...replacing,
      ...(event.allowUnlicensed === true
        ? ['It was issued without a license in force; the audit leaves it alone for 7 days.']
        : []),
    ],
    done: [{ kind: 'issue', deployment, tokenId: token.id, status: 'done', reason }],
  });
  return result;
}

/** What became of a broken-off issue: it is finished, or these tokens of the label are left. */
type Settled = { readonly finished: IssueResult } | { readonly existing: readonly HubToken[] };

/** Whether a call asks for what the broken-off one asked for. */
function asksForTheSame({ regenerate, overlapHours }: IssueEvent, entry: Issuing): boolean {
  return (
    (regenerate === true) === entry.regenerate &&
    (regenerate !== true || (overlapHours ?? DEFAULT_OVERLAP_HOURS) === entry.overlapHours)
  );
}

/**
 * Finishes what an issue of the same deployment left when it broke off, or undoes it: only lately, and only a token that
 * nobody ever used. Any other is a token like all others from then on. A finished one is this call's answer only if the
 * call repeats the broken-off one: who asks for something else, or later, may ask because that very token leaked.
 */
async function settleLeftover(issue: Issue, leftover: Leftover): Promise<Settled> {
  const { services, event, ledger, existing } = issue;
  const { entry, tokens, storedIn } = leftover;
  const [token] = tokens;
  const mayUndo = (made: HubToken): boolean =>
    isRecent(entry, services.clock.now()) && isNeverUsed(entry, made);
  if (storedIn !== undefined && token !== undefined) {
    // Only the last lines were missing. The tokens it replaced are those that were there before it.
    const before = existing.filter(({ id }) => entry.before.includes(id));
    const finished = { ...issue, existing: before };
    if (asksForTheSame(event, entry) && mayUndo(token))
      return {
        finished: await finish(finished, token, storedIn, entry.overlapHours, {
          verified: false,
          image: services.settings.testImage,
        }),
      };
    // A new one made now replaces them all, and gives them this call's overlap.
    if (event.regenerate === true) await record(finished, token, []);
    else {
      const until = iso(services.clock.now() + entry.overlapHours * HOUR);
      await record(finished, token, replacedUntil(finished, until));
    }
    return { existing };
  }
  const vain = tokens.filter(mayUndo);
  for (const { id } of vain) {
    await services.dockerHub.deleteToken(id);
    services.log.warn('A token that a broken-off issue left was deleted', { token: id });
  }
  const left = existing.filter((made) => !vain.includes(made));
  await ledger.update((current) =>
    closeIssuing(
      current,
      current.issuing.filter((open) => open.deployment === entry.deployment),
      left,
    ),
  );
  return { existing: left };
}

async function issueWithLease(
  services: Services,
  event: IssueEvent,
  deployment: string,
  ledger: LedgerStore,
): Promise<IssueResult> {
  const known = answered(ledger.current, services.requestId);
  if (known !== undefined) return known;
  if (event.renameTo !== undefined) return renameToken(services, event, deployment, event.renameTo, ledger);

  if (event.allowUnlicensed !== true) checkLicense(services, await loadLicenses(services), deployment);
  const [tokens, place] = await Promise.all([
    services.dockerHub.listTokens(),
    findPlace(services, deployment, event.createSecret === true),
  ]);
  const existing = tokens.filter(({ label }) => label === deployment);
  const issue: Issue = { services, event, deployment, ledger, existing, place };
  const leftover = await findLeftover(services, ledger.current, deployment, existing);
  const settled = leftover === undefined ? { existing } : await settleLeftover(issue, leftover);
  // What was finished now is what this call asks for: a second token would be one too many.
  if ('finished' in settled) return settled.finished;
  if (event.regenerate !== true) checkNoneExists(services, deployment, settled.existing, place.hasKey);
  return makeToken({ ...issue, existing: settled.existing });
}

/**
 * Issues, regenerates or renames a deployment's token (contract section 9). The end is both, token and key, or neither,
 * or an error and a mail that name the token's id.
 *
 * @throws AuditorError
 */
export async function issue(event: IssueEvent, services: Services): Promise<IssueResult> {
  const deployment = deploymentOf(event);
  if (event.renameTo === undefined)
    await checkName(
      services,
      event.deployment === undefined ? 'telco and country' : 'deployment',
      deployment,
    );
  else await checkName(services, 'renameTo', event.renameTo);
  return withLease(services, 'issue', (ledger) => issueWithLease(services, event, deployment, ledger));
}

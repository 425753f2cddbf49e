// The issue function: issues, regenerates or renames a token (contract section 9).

import { FreshKeys } from '../clients/consistent-keys.ts';
import { type CreatedToken, SecretToRestore } from '../clients/ports.ts';
import { iso } from '../domain/days.ts';
import { AuditorError, asAuditorError, isAuditorError, withDetail } from '../errors.ts';
import type { LedgerStore } from '../ledger/store.ts';
import { licensesIfReadable, loadLicenses } from '../runtime/license-list.ts';
import { listedIds, notifyFailed, withLease } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { fingerprintOfNew } from '../text/fingerprint.ts';
import { checkLicense, checkName, checkNoneExists, checkNoneSimilar, licenseInForce } from './checks.ts';
import { type Issue, type VaultTarget, withIssuing } from './context.ts';
import { TokenLeft, createToken, discardToken } from './create.ts';
import { DEFAULT_OVERLAP_HOURS, type IssueEvent, deploymentOf } from './event.ts';
import { finish } from './finish.ts';
import { renameToken } from './rename.ts';
import { type IssueResult, answered } from './result.ts';
import { findUnfinished, recoverUnfinished } from './unfinished.ts';

/** A token is not begun with less time than this: creating, proving and storing it must fit. */
const NEEDED_MILLISECONDS = 45_000;

async function findVaultTarget(
  services: Services,
  deployment: string,
  createSecret: boolean,
): Promise<VaultTarget> {
  try {
    const keys = await services.vault.readKeyNames();
    return { secretThere: true, hasKey: keys.names.includes(deployment) };
  } catch (error) {
    // One that was there before is restored, not made over.
    const isNew = isAuditorError(error, 'VaultSecretMissing') && !(error instanceof SecretToRestore);
    if (!createSecret || !isNew) throw error;
    return { secretThere: false, hasKey: false };
  }
}

/** Stores the content; resolves only when it was read back. */
async function store(
  keys: FreshKeys,
  target: VaultTarget,
  deployment: string,
  content: string,
): Promise<number> {
  if (!target.secretThere) await keys.create(new Map([[deployment, content]]));
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

/** Proves and stores a token that was just made; where that fails, the token is deleted again. */
async function proveAndStore(issue: Issue, { token, content }: CreatedToken): Promise<number> {
  const { services, event, deployment, target: target, ledger } = issue;
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
              fingerprint: fingerprintOfNew(content),
              ...(event.verifyPull === false ? {} : { checkedAt: iso(services.clock.now()) }),
            },
            deployment,
          );
    });
    if (event.verifyPull !== false) await services.registry.verifyPull(testImage, account, content);
    if (services.deadline - services.clock.now() < NEEDED_MILLISECONDS / 3) throw outOfTime(deployment);
    return await store(keys, target, deployment, content);
  } catch (error) {
    const failure = asAuditorError(error, `Issuing the token of ${deployment}`);
    const stored = await keys.holds(deployment, content);
    // Unknown, or stored after all: deleting the token might leave a key of a dead token.
    const end =
      stored === false
        ? await discardToken(services, token.id, failure)
        : withDetail(
            failure,
            `the token ${listedIds([token.id])} was made and its content ${stored === true ? 'is' : 'may be'} in Vault, so invoke again within the hour, which finishes or undoes it`,
          );
    // The next call must not take the answer of a server that lags behind for what is stored.
    if (stored !== false && keys.version > 0) await rememberVersion(ledger, deployment, keys.version);
    if (end !== failure) throw await withRemaining(issue, end);
    await forget(ledger, deployment);
    throw end;
  }
}

/** Tells of a failure that left a token. */
function withRemaining(
  { services, ledger, deployment }: Issue,
  failure: AuditorError,
): Promise<AuditorError> {
  const title = `issue of ${deployment} failed, a token is left`;
  return notifyFailed(services, ledger, { title, lines: [failure.message], done: [] }, failure);
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

/** Creates the token; a failure that left nothing leaves no open issue either. */
async function createFor(issue: Issue): Promise<CreatedToken> {
  const { services, deployment, ledger, existing } = issue;
  try {
    return await createToken(services, deployment, new Set(existing.map(({ id }) => id)));
  } catch (error) {
    if (error instanceof TokenLeft) throw await withRemaining(issue, error);
    if (isAuditorError(error)) await forget(ledger, deployment);
    throw error;
  }
}

async function makeToken(issue: Issue): Promise<IssueResult> {
  const { services, event, deployment, ledger, existing } = issue;
  const { clock } = services;
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
  return finish(issue, { token, version, overlapHours, isPullVerified: event.verifyPull !== false });
}

async function issueWithLease(
  services: Services,
  event: IssueEvent,
  deployment: string,
  ledger: LedgerStore,
): Promise<IssueResult> {
  const known = answered(ledger.current, services.requestId);
  if (known !== undefined) return known;
  if (event.renameTo !== undefined)
    return renameToken({ services, event, from: deployment, to: event.renameTo, store: ledger });

  const licenses = await (event.allowUnlicensed === true ? licensesIfReadable : loadLicenses)(services);
  if (event.allowUnlicensed !== true && licenses !== undefined) checkLicense(services, licenses, deployment);
  const [tokens, target] = await Promise.all([
    services.dockerHub.listTokens(),
    findVaultTarget(services, deployment, event.createSecret === true),
  ]);
  const existing = tokens.filter(({ label }) => label === deployment);
  const license = licenseInForce(services, licenses, deployment);
  const issue: Issue = { services, event, deployment, ledger, existing, target, license };
  const unfinished = await findUnfinished(services, ledger.current, deployment, existing);
  const recovered = unfinished === undefined ? { existing } : await recoverUnfinished(issue, unfinished);
  // What was finished now is what this call asks for: a second token would be one too many.
  if ('finished' in recovered) return recovered.finished;
  if (event.regenerate !== true) checkNoneExists(services, deployment, recovered.existing, target.hasKey);
  if (event.allowSimilar !== true && recovered.existing.length === 0)
    checkNoneSimilar(services, deployment, tokens, licenses);
  return makeToken({ ...issue, existing: recovered.existing });
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

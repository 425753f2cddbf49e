import { HOUR, iso } from '../domain/days.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { asAuditorError, isAuditorError, withDetail } from '../errors.ts';
import { describeRequester, listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { escapeText } from '../text/display.ts';
import { type Issue, withIssuing } from './context.ts';
import { SCOPES } from './create.ts';
import { type IssueResult, rememberAnswer } from './result.ts';

function instructionsFor(services: Services, deployment: string): string[] {
  const { account, testImage, vaultMount, vaultTokensPath } = services.settings;
  return [
    `# On the server of ${deployment}. The password is the value of the key ${deployment} in Vault, ${vaultMount}/${vaultTokensPath}`,
    'docker logout',
    `docker login --username ${account}`,
    `docker pull ${testImage}`,
  ];
}

/** A token that a new one replaces, and until when it keeps working. */
type Replaced = IssueResult['replaced'][number];

/**
 * Until when the tokens of the label keep working. One that is being replaced already keeps its end, which another
 * regenerate must not put off; unless its successor is not active or somebody restored it since: then it is what the
 * deployment uses, and its end is this call's.
 */
export function replacedUntil({ existing, ledger, services }: Issue, until: string): Replaced[] {
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
export async function record(
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
          ? [...current.restores, { tokenId: token.id, deployment, at, reason: describeRequester(event) }]
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

/** After the confirmed write: remember, let the replaced go, tell. From here on the new token stays. */
export async function finish(
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
    const failure = withDetail(
      asAuditorError(error, 'Writing the ledger'),
      `the token ${listedIds([token.id])} of ${deployment} was made and its content is in Vault, and only the ledger does not know it, so invoke the same call again within the hour, which finishes it`,
    );
    const title = `${isFirst ? 'issue' : 'regenerate'} of ${deployment} failed at its end`;
    throw await notifyFailed(
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
            ? `It replaces ${escapeText(tokenId)}, which keeps working until ${end}.`
            : `It replaces ${escapeText(tokenId)}, which does not work and is deleted after ${end}.`,
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
  const reason = `${isFirst ? 'issued' : 'regenerated'}, token ${escapeText(token.id)} (${describeRequester(event)})`;
  await notifyDone(services, ledger, {
    title,
    lines: [
      `A token for ${deployment} was ${isFirst ? 'issued' : 'regenerated'} (${describeRequester(event)}).`,
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

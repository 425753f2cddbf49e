// What an issue does once its token's content is in Vault: from here on the new token stays.

import { HOUR, iso } from '../domain/days.ts';
import type { HubToken } from '../domain/token.ts';
import { asAuditorError, withDetail } from '../errors.ts';
import { recordIssue } from '../ledger/transitions.ts';
import { listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, escapeText } from '../text/display.ts';
import type { Issue } from './context.ts';
import { SCOPES } from './create.ts';
import { type Replaced, replacedLines, replacedUntil, switchOffReplaced } from './replaced.ts';
import { type IssueResult, rememberAnswer } from './result.ts';

/** A token whose content is known to be in Vault. */
export interface Stored {
  readonly token: HubToken;
  /** Of the secret that holds its content. */
  readonly version: number;
  readonly overlapHours: number;
  readonly isPullVerified: boolean;
}

/**
 * After the confirmed write: remembers, lets the replaced tokens go, mails.
 *
 * @throws AuditorError `StorageUnavailable` where the ledger can't be written, `NotificationFailed`; both say that the
 *   token stays
 */
export async function finish(issue: Issue, stored: Stored): Promise<IssueResult> {
  const { services, event, deployment, ledger, existing } = issue;
  const { token, overlapHours } = stored;
  const result = resultOf(issue, stored);
  const isFirst = existing.length === 0;
  const done = isFirst ? 'issued' : 'regenerated';
  const statement = describeStatement(event);
  const facts = factLines(result);
  try {
    await record(issue, token, result.replaced, result);
  } catch (error) {
    const failure = withDetail(
      asAuditorError(error, 'Writing the ledger'),
      `the token ${listedIds([token.id])} of ${deployment} was made and its content is in Vault, and only the ledger does not know it, so invoke the same call again within the hour, which finishes it`,
    );
    const title = `${isFirst ? 'issue' : 'regenerate'} of ${deployment} failed at its end`;
    const lines = [...facts, failure.message];
    throw await notifyFailed(services, ledger, { title, lines, done: [] }, failure);
  }
  const switchedOff = overlapHours === 0 && !isFirst ? await switchOffReplaced(issue) : undefined;
  const reason = `${done}, token ${escapeText(token.id)} (${statement})`;
  await notifyDone(services, ledger, {
    title: `${done} ${deployment}`,
    lines: [
      `A token for ${deployment} was ${done} (${statement}).`,
      ...facts,
      ...replacedLines(issue, result.replaced, switchedOff),
      ...(event.allowUnlicensed === true
        ? ['It was issued without a license in force; the audit leaves it alone for 7 days.']
        : []),
    ],
    done: [{ kind: 'issue', deployment, tokenId: token.id, status: 'done', reason }],
  });
  return result;
}

/** Writes down what is done: who replaced whom until when, that the token is ours, and the answer for a repeated delivery. */
export async function record(
  { services, event, deployment, ledger }: Issue,
  token: HubToken,
  replaced: readonly Replaced[],
  result?: IssueResult,
): Promise<void> {
  const at = services.clock.now();
  await ledger.update((current) => {
    const recorded = recordIssue(current, {
      deployment,
      tokenId: token.id,
      at,
      replaced,
      unlicensed: event.allowUnlicensed === true ? describeStatement(event) : undefined,
    });
    return result === undefined ? recorded : rememberAnswer(recorded, services.requestId, iso(at), result);
  });
}

function resultOf(issue: Issue, { token, version, overlapHours, isPullVerified }: Stored): IssueResult {
  const { services, deployment } = issue;
  const { settings, clock } = services;
  return {
    deployment,
    tokenId: token.id,
    scopes: [...(token.scopes ?? SCOPES)],
    createdAt: iso(token.createdAt ?? clock.now()),
    vault: {
      path: `${settings.vaultMount}/${settings.vaultTokensPath}`,
      key: deployment,
      // KV version 1 has none.
      ...(version === 0 ? {} : { version }),
    },
    pull: { verified: isPullVerified, image: settings.testImage },
    replaced: replacedUntil(issue, iso(clock.now() + overlapHours * HOUR)),
    instructions: instructionsFor(services, deployment),
  };
}

function factLines({ tokenId, scopes, vault, pull, deployment }: IssueResult): string[] {
  return [
    `Token: ${tokenId}, scope ${scopes.join(', ')}. Its content is in Vault, key ${deployment}${vault?.version === undefined ? '' : `, version ${vault.version}`}.`,
    pull.verified
      ? `It was proved that it can pull ${pull.image}.`
      : `That it can pull ${pull.image} was not checked.`,
  ];
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

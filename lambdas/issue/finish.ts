// What an issue does once its token's content is in Vault: from here on the new token stays.

import { HOUR, dayOf, iso } from '../domain/days.ts';
import type { HubToken } from '../domain/token.ts';
import { asAuditorError, withDetail } from '../errors.ts';
import { recordIssue } from '../ledger/transitions.ts';
import { instructionLines, issuedText } from '../mail/other-mails.ts';
import { listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import { describeStatement, escapeText } from '../text/display.ts';
import type { Issue } from './context.ts';
import { SCOPES } from './create.ts';
import {
  type Replaced,
  type SwitchedOff,
  oldTokenLines,
  replacedUntil,
  switchOffReplaced,
} from './replaced.ts';
import { type IssueResult, rememberAnswer, tokensPage } from './result.ts';

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
  const begun = resultOf(issue, stored);
  const isFirst = existing.length === 0;
  const statement = describeStatement(event);
  try {
    await record(issue, token, begun.replaced, begun);
  } catch (error) {
    const failure = withDetail(
      asAuditorError(error, 'Writing the ledger'),
      `the token ${listedIds([token.id])} of ${deployment} was made and its content is in Vault, and only the ledger does not know it, so invoke the same call again within the hour, which finishes it`,
    );
    const title = `${isFirst ? 'issue' : 'regenerate'} of ${deployment} failed at its end`;
    throw await notifyFailed(services, ledger, { title, lines: [failure.message], done: [] }, failure);
  }
  const switchedOff = overlapHours === 0 && !isFirst ? await switchOffReplaced(issue) : undefined;
  const result = { ...begun, instructions: instructionsOf(issue, stored, begun.replaced, switchedOff) };
  if (switchedOff?.left.length) await answerAgain(issue, result);
  const { title, lines } = issuedText({
    ...handover(issue, stored),
    statement,
    license: issue.license,
    isPullVerified: stored.isPullVerified,
    oldTokens: oldTokenLines(issue, result.replaced, switchedOff),
    today: dayOf(services.clock.now(), services.settings.timeZone),
  });
  const reason = `${isFirst ? 'issued' : 'regenerated'}, token ${escapeText(token.id)} (${statement})`;
  await notifyDone(services, ledger, {
    title,
    lines: [
      ...lines,
      `Token ${escapeText(token.id)}, scope ${result.scopes.join(', ')}.`,
      ...(event.allowUnlicensed === true ? ['The audit leaves it alone for 7 days.'] : []),
    ],
    done: [{ kind: 'issue', deployment, tokenId: token.id, status: 'done', reason }],
  });
  return result;
}

/** What whoever hands the token over needs to know, for mail and result. */
function handover({ services, deployment }: Issue, { version }: Stored) {
  const { settings } = services;
  return {
    deployment,
    account: settings.account,
    testImage: settings.testImage,
    vaultLink: tokensPage(settings, version),
  };
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

/** Corrects the answer for a repeated delivery: some old tokens were left on. Should that fail, only the repetition is wrong. */
async function answerAgain({ services, ledger }: Issue, result: IssueResult): Promise<void> {
  const at = iso(services.clock.now());
  await ledger
    .update((current) => rememberAnswer(current, services.requestId, at, result))
    .catch(() => undefined);
}

function instructionsOf(
  issue: Issue,
  stored: Stored,
  replaced: readonly Replaced[],
  switchedOff: SwitchedOff | undefined,
): string[] {
  return instructionLines({
    ...handover(issue, stored),
    oldTokens: oldTokenLines(issue, replaced, switchedOff),
  });
}

function resultOf(issue: Issue, stored: Stored): IssueResult {
  const { services, deployment } = issue;
  const { settings, clock } = services;
  const { token, version, overlapHours, isPullVerified } = stored;
  const replaced = replacedUntil(issue, iso(clock.now() + overlapHours * HOUR));
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
    replaced,
    instructions: instructionsOf(issue, stored, replaced, overlapHours === 0 ? { left: [] } : undefined),
  };
}

import { HOUR, iso } from '../domain/days.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { asAuditorError, withDetail } from '../errors.ts';
import { listedIds, notifyDone, notifyFailed } from '../runtime/on-demand.ts';
import { otherHolders } from '../runtime/holders.ts';
import type { Services } from '../runtime/services.ts';
import { describeStatement, displayName, escapeText, joinWithAnd } from '../text/display.ts';
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
          ? [...current.restores, { tokenId: token.id, deployment, at, reason: describeStatement(event) }]
          : current.restores,
    };
  });
}

/** What became of tokens that were to be switched off at once, each with its reason where it was left on. */
interface SwitchedOff {
  readonly off: readonly string[];
  readonly left: readonly { readonly tokenId: string; readonly why: string }[];
}

/**
 * Switches off the replaced tokens whose overlap is 0, but none whose content the key of another deployment in force
 * holds (contract section 8). The audit does what could not be done here, and deletes them 7 days later.
 */
async function switchOffReplaced(issue: Issue): Promise<SwitchedOff> {
  const { services, existing, ledger } = issue;
  const off: string[] = [];
  const left: { tokenId: string; why: string }[] = [];
  let holders: ReadonlyMap<string, readonly string[]>;
  try {
    holders = await otherHolders(services, ledger.current, existing);
  } catch (error) {
    const { name } = asAuditorError(error, 'Reading whose keys hold the replaced tokens');
    const why = `whether another deployment uses it could not be read (${name})`;
    return { off, left: existing.map(({ id }) => ({ tokenId: id, why })) };
  }
  for (const { id, enabled } of existing) {
    const names = holders.get(id);
    if (names !== undefined) {
      const why = `the key of ${joinWithAnd(names.map(displayName))}, which is in force, holds its content`;
      left.push({ tokenId: id, why });
      continue;
    }
    try {
      if (enabled) await services.dockerHub.setEnabled(id, false);
      off.push(id);
    } catch (error) {
      const { name } = asAuditorError(error, 'Switching a replaced token off');
      left.push({ tokenId: id, why: `Docker Hub could not be asked (${name})` });
      services.log.warn('A replaced token could not be switched off yet', { token: id, error: name });
    }
  }
  try {
    await ledger.update((current) => ({ ...current, inactive: [...new Set([...current.inactive, ...off])] }));
  } catch (error) {
    // No reason to fail: the next night's audit finds them off, and that they are being replaced is written.
    const { name } = asAuditorError(error, 'Writing the ledger');
    services.log.warn('The ledger does not know yet that replaced tokens are off', { error: name });
  }
  return { off, left };
}

/** What happens to the replaced tokens, for the mail. */
function replacedLines(
  { existing, services }: Issue,
  replaced: readonly Replaced[],
  switchedOff: SwitchedOff | undefined,
): string[] {
  if (switchedOff !== undefined) {
    const { off, left } = switchedOff;
    return [
      ...(off.length === 0
        ? []
        : [`Replaced and switched off: ${listedIds(off)}; the audit deletes what it replaced 7 days later.`]),
      ...left.map(({ tokenId, why }) => `Replaced and still on: ${escapeText(tokenId)}, because ${why}.`),
    ];
  }
  const active = new Set(existing.filter((old) => isActive(old, services.clock.now())).map(({ id }) => id));
  return replaced.map(({ tokenId, until }) =>
    active.has(tokenId)
      ? `It replaces ${escapeText(tokenId)}, which keeps working until ${until}.`
      : `It replaces ${escapeText(tokenId)}, which does not work and is deleted later.`,
  );
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
    vault: {
      path: `${settings.vaultMount}/${settings.vaultTokensPath}`,
      key: deployment,
      ...(version === 0 ? {} : { version }),
    },
    pull,
    replaced: replacedUntil(issue, until),
    instructions: instructionsFor(services, deployment),
  };
  const isFirst = existing.length === 0;
  const facts = [
    `Token: ${token.id}, scope ${result.scopes.join(', ')}. Its content is in Vault, key ${deployment}${version === 0 ? '' : `, version ${version}`}.`,
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
  const replacing = replacedLines(
    issue,
    result.replaced,
    overlapHours === 0 && !isFirst ? await switchOffReplaced(issue) : undefined,
  );
  const title = `${isFirst ? 'issued' : 'regenerated'} ${deployment}`;
  const reason = `${isFirst ? 'issued' : 'regenerated'}, token ${escapeText(token.id)} (${describeStatement(event)})`;
  await notifyDone(services, ledger, {
    title,
    lines: [
      `A token for ${deployment} was ${isFirst ? 'issued' : 'regenerated'} (${describeStatement(event)}).`,
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

// The rules about Docker Hub's tokens. Inactive ones give no finding of their own beyond `suspended`.
import { displayName, escapeProse, escapeText, joinWithAnd, pluralize } from '../../text/display.ts';
import { DAY, type Day, HOUR, NO_END, dayOf } from '../days.ts';
import { isInForce } from '../licenses.ts';
import { isWellNamed } from '../naming.ts';
import { type Deployment, type Snapshot, hasEnded } from '../snapshot.ts';
import { type HubToken, lastRealUse } from '../token.ts';
import { idleness } from './idleness.ts';
import { hasMeantEnded, misnaming, nearText } from './names.ts';
import { REVOKE, canIssue, canRename, issueText, renameText, renewal, revokeText } from './remedies.ts';
import type { Draft, Rule } from './rule.ts';

/** Active token, no key of that label in Vault, created more than `settleHours` ago (an issue may be under way). */
export const orphanedToken: Rule = {
  kind: 'orphaned-token',
  needs: ['tokens', 'keys'],
  judge({ name, active, hasKey }, snapshot) {
    if (hasKey) return [];
    const settled = snapshot.now - snapshot.policy.settleHours * HOUR;
    return active
      .filter(({ createdAt = -Infinity }) => createdAt < settled)
      .map(({ id, createdAt }) => ({
        deployment: name,
        tokenId: id,
        detail: `The token ${displayName(name)}${createdAt === undefined ? '' : `, created on ${dayText(snapshot, createdAt)},`} is active on Docker Hub, and Vault has no key of that name: nobody can say who holds its content.`,
        remedy: joinRemedy(snapshot, { id, name }) ?? orphanRemedy(snapshot, name),
      }));
  },
};

/** Active token whose label breaks the naming rule; critical when the license of the name that was probably meant has ended. */
export const misnamedToken: Rule = {
  kind: 'misnamed-token',
  needs: ['tokens'],
  judge({ name, active }, snapshot) {
    if (isWellNamed(name)) return [];
    const { detail, remedy } = misnaming(snapshot, 'label', name);
    const isOver = hasMeantEnded(snapshot, name);
    return active.map(({ id }) => ({
      deployment: name,
      tokenId: id,
      ...(isOver ? { severity: 'critical' } : {}),
      detail: isOver
        ? `${detail.replace(/\.$/, '')}, whose license has ended: by its right name it would have been switched off.`
        : detail,
      remedy,
    }));
  },
};

/**
 * Active, well named, in no row of the license list, readable or not, and no passed end remembered: reported, never
 * withdrawn by the audit.
 */
export const unlicensedToken: Rule = {
  kind: 'unlicensed-token',
  needs: ['tokens', 'licenses'],
  judge(deployment, snapshot) {
    const { name, active, isListed, passedEnd } = deployment;
    if (isListed || passedEnd !== undefined || !isWellNamed(name)) return [];
    const near = snapshot.nameFinder.findNames(name);
    const nearest = `the nearest ${near.length === 1 ? 'name in it is' : 'names in it are'} ${nearText(near)}`;
    return active.map(({ id }) => ({
      deployment: name,
      tokenId: id,
      detail: `The token ${name} is active, and no row of the license list names this deployment${near.length === 0 ? '' : ` (${nearest})`}.`,
      remedy: unlicensedRemedy(snapshot, name, near),
    }));
  },
};

/** Several active tokens of one label, other than one being replaced. */
export const duplicateToken: Rule = {
  kind: 'duplicate-token',
  needs: ['tokens', 'ledger'],
  judge({ name, active }, snapshot) {
    const lasting = active.filter(({ id }) => !snapshot.replaced.has(id));
    if (lasting.length < 2) return [];
    const ids = lasting.map(({ id }) => escapeText(id)).sort();
    return [
      {
        deployment: name,
        detail: `${pluralize(lasting.length, 'token')} with the label ${displayName(name)} are active: ${joinWithAnd(ids.slice(0, 5))}${ids.length > 5 ? ' and others' : ''}.`,
        remedy: `Nobody can see which of them the deployment uses, but a new token replaces all of them, and they keep working until it is handed over: ${renewal(snapshot, name)}.`,
      },
    ];
  },
};

/** Active, scopes are known and are not exactly `repo:read`; none at all may mean unrestricted. */
export const wrongScope: Rule = {
  kind: 'wrong-scope',
  needs: ['tokens'],
  judge: ({ name, active }, snapshot) =>
    active.flatMap(({ id, scopes }) =>
      scopes === undefined || (scopes.length === 1 && scopes[0] === 'repo:read')
        ? []
        : [
            {
              deployment: name,
              tokenId: id,
              detail: `The token ${displayName(name)} ${scopesText(scopes)} instead of repo:read only.`,
              remedy: `Set its permissions to Read-only on Docker Hub's page of access tokens, which leaves its content as it is; or ${renewal(snapshot, name)}.`,
            },
          ],
    ),
};

/**
 * An automatic token, which a program such as Docker Desktop made for itself, that is new since the last run (none is,
 * the first night), or that can do more than read.
 */
export const automaticToken: Rule = {
  kind: 'automatic-token',
  needs: ['tokens', 'keys', 'licenses', 'ledger'],
  judgeAll(snapshot) {
    const { ledger } = snapshot.inputs;
    const known = ledger?.automatic === undefined ? undefined : new Set(ledger.automatic);
    return snapshot.automatic.flatMap((token): Draft[] => {
      const isNew = known !== undefined && !known.has(token.id);
      const isStrong = canDoMoreThanRead(token);
      if (!isNew && !isStrong) return [];
      const made = token.createdAt === undefined ? '' : `, made on ${dayText(snapshot, token.createdAt)}`;
      return [
        {
          deployment: token.label,
          tokenId: token.id,
          detail: `The account has ${isNew ? 'a new' : 'an'} automatic token ${displayName(token.label)} (${escapeText(token.id)}, by ${escapeText(token.generatedBy ?? '', 40)}${made})${isStrong ? `, which ${scopesText(token.scopes ?? [])}` : ''}: a program that somebody logged in made it for itself.`,
          remedy: `If nobody of you logged in then, change the account's password and delete the token on Docker Hub's page of access tokens; the audit leaves it alone.`,
        },
      ];
    });
  },
};

/** Docker Hub's own `expires_at` comes before the license's end, and within the widest of `warnDays` or already past. */
export const tokenExpiring: Rule = {
  kind: 'token-expiring',
  needs: ['tokens', 'licenses', 'ledger'],
  judge({ name, license, tokens }, snapshot) {
    if (license === undefined || !isInForce(license, snapshot.today)) return [];
    const widest = Math.max(...snapshot.policy.warnDays) * DAY;
    return tokens.flatMap(({ id, enabled, expiresAt }): Draft[] => {
      if (!enabled || expiresAt === undefined || expiresAt - snapshot.now > widest) return [];
      const lastUsableDay = dayText(snapshot, expiresAt);
      if (lastUsableDay > license.lastDay) return [];
      const past = expiresAt <= snapshot.now;
      return [
        {
          deployment: name,
          tokenId: id,
          ...(past ? { severity: 'critical' } : {}),
          detail: `Docker Hub ${past ? 'stopped' : 'stops'} accepting the token ${name} on ${lastUsableDay} by its own expiry date, and the license ${license.lastDay === NO_END ? 'has no end' : `lasts until ${license.lastDay}`}.`,
          remedy: `Replace it with ${issueText(name, { regenerate: true })}: the expiry of a token can't be changed.`,
        },
      ];
    });
  },
};

/** Below this age a token may still be on its way to the customer. */
const UNUSED_AGE = 30 * DAY;

/** Active, older than 30 days, and never used or not for `staleDays`; our own checks are not use. */
export const unusedToken: Rule = {
  kind: 'unused-token',
  needs: ['tokens', 'ledger'],
  judge: ({ name, active, check }, snapshot) =>
    active.flatMap((token): Draft[] => {
      const { createdAt } = token;
      if (createdAt === undefined || snapshot.now - createdAt <= UNUSED_AGE) return [];
      const used = lastRealUse(token, check);
      if (used === undefined) return [];
      if (snapshot.now - (used ?? -Infinity) <= snapshot.policy.staleDays * DAY) return [];
      return [
        {
          deployment: name,
          tokenId: token.id,
          detail: `The token ${displayName(name)}, created on ${dayText(snapshot, createdAt)}, was ${used === null ? 'never used' : `last used on ${dayText(snapshot, used)}`}.`,
          remedy: `Ask the customer whether the deployment still runs; an unused token is one more that can leak.`,
        },
      ];
    }),
};

/** Switched off by the audit or through us: since when, why, when it will be deleted. */
export const suspended: Rule = {
  kind: 'suspended',
  needs: ['tokens', 'ledger'],
  judge: (deployment, snapshot) =>
    deployment.tokens.flatMap(({ id, enabled }): Draft[] => {
      const suspension = snapshot.suspensions.get(id);
      if (suspension === undefined || enabled) return [];
      const isOurs = suspension.by === 'audit';
      const since = dayText(snapshot, Date.parse(suspension.at));
      return [
        {
          deployment: deployment.name,
          tokenId: id,
          detail: `The token ${displayName(deployment.name)} was switched off ${isOurs ? 'by the audit' : 'through the revoke function'} on ${since}: ${escapeProse(suspension.reason)}; ${deletionText(deployment, suspension, snapshot)}.`,
          remedy:
            isOurs && snapshot.policy.mode !== 'observe'
              ? `Nothing; once licenses.csv says that the license is in force, the audit switches it on again.`
              : `Nothing; to switch it on again use ${REVOKE} with "restore": true.`,
        },
      ];
    }),
};

const dayText = (snapshot: Snapshot, instant: number): Day => dayOf(instant, snapshot.policy.timeZone);

/** Where the key of another name that has no token was last seen to hold a token's content: how the two are joined. */
function joinRemedy(
  snapshot: Snapshot,
  { id, name }: { readonly id: string; readonly name: string },
): string | undefined {
  const key = (snapshot.heldBy.get(id) ?? []).find(
    (holder) => isWellNamed(name) && canRename(snapshot, holder.name, name),
  );
  return key === undefined
    ? undefined
    : `The key ${displayName(key.name)} in Vault was last seen to hold its content: join the two with ${renameText(key.name, name)}, which changes no content.`;
}

function orphanRemedy(snapshot: Snapshot, name: string): string {
  if (canIssue(snapshot, name))
    return `If the deployment needs a token, make one that is stored with ${issueText(name, { regenerate: true })}; else switch this one off with ${revokeText(name)}.`;
  return isWellNamed(name)
    ? `Find out who uses it: ${renewal(snapshot, name)}.`
    : `Find out who uses it, and give it a proper name, as the finding about its name says; or switch it off with ${REVOKE}.`;
}

function unlicensedRemedy(snapshot: Snapshot, name: string, near: readonly string[]): string {
  const [only] = near.length === 1 ? near : [];
  const other =
    only !== undefined && canIssue(snapshot, only) && canRename(snapshot, name, only)
      ? `; if it is ${only} under another spelling, rename it with ${renameText(name, only)}, which the customer does not notice`
      : '';
  return `Add its row to licenses.csv if it has paid${other}; else switch it off with ${revokeText(name)}.`;
}

/** What a token may do, for a sentence whose subject it is. */
function scopesText(scopes: readonly string[]): string {
  return scopes.length === 0
    ? 'names no scope, which may mean that it may do everything,'
    : `may do ${escapeText([...scopes].sort().join(', '), 200)}`;
}

const READING: ReadonlySet<string> = new Set(['repo:read', 'repo:public_read']);

/** Whether a token is known to be able to change something; without any scope it may do everything. */
export function canDoMoreThanRead({ scopes }: HubToken): boolean {
  return scopes !== undefined && (scopes.length === 0 || scopes.some((scope) => !READING.has(scope)));
}

/** When a token that is off will be deleted, a clause. */
function deletionText(
  deployment: Deployment,
  { by, at }: { readonly by: 'audit' | 'people'; readonly at: string },
  { policy, today }: Snapshot,
): string {
  if (by === 'people') return 'it is not deleted by the audit';
  const days = policy.deleteAfterDays;
  const hasEndedRow = deployment.license !== undefined && hasEnded(deployment, { today });
  if (days === null || idleness(policy) !== undefined || !hasEndedRow) return 'it is not due to be deleted';
  return `it will be deleted on ${dayOf(Date.parse(at) + days * DAY, policy.timeZone)} at the earliest`;
}

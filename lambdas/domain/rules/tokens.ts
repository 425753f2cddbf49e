import { isConcealed } from '../../text/conceal.ts';
import { pluralize, joinWithAnd, escapeProse, escapeText, displayName } from '../../text/display.ts';
import { eventText, fitsEvent } from '../../text/event-json.ts';
import { DAY, type Day, HOUR, NO_END, dayOf } from '../days.ts';
import { isInForce } from '../licenses.ts';
import { NAMING_RULE, isWellNamed } from '../naming.ts';
import { type Snapshot } from '../snapshot.ts';
import { capsAreZero } from '../policy.ts';
import { type HubToken, isActive, lastRealUse } from '../token.ts';
import { ISSUE, REVOKE, canIssue, canRename, keyRemoval, renewal } from './remedies.ts';
import type { Draft, Rule } from './rule.ts';

function* activeTokens(snapshot: Snapshot): Iterable<HubToken> {
  for (const { active } of snapshot.deployments.values()) yield* active;
}

const dayText = (snapshot: Snapshot, instant: number): Day => dayOf(instant, snapshot.policy.timeZone);

/** Active token, no key of that label in Vault, created more than `settleHours` ago (an issue may be under way). */
export const orphanedToken: Rule = {
  kind: 'orphaned-token',
  needs: ['tokens', 'keys'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      if (snapshot.keys.has(token.label)) continue;
      const age = snapshot.now - (token.createdAt ?? -Infinity);
      if (age <= snapshot.policy.settleHours * HOUR) continue;
      const made = token.createdAt === undefined ? '' : `, created on ${dayText(snapshot, token.createdAt)},`;
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The token ${displayName(token.label)}${made} is active on Docker Hub, and Vault has no key of that name: nobody can say who holds its content.`,
        remedy: canIssue(snapshot, token.label)
          ? `If the deployment needs a token, make one that is stored with ${ISSUE} (${eventText({ deployment: token.label, regenerate: true })}); else switch this one off with ${REVOKE} (${eventText({ deployment: token.label, reason: '...' })}).`
          : isWellNamed(token.label)
            ? `Find out who uses it: ${renewal(snapshot, token.label)}.`
            : `Find out who uses it; switch it off with ${REVOKE}, or put its content into Vault under a proper name.`,
      };
    }
  },
};

/** Active token whose label breaks the naming rule; with the name that was probably meant. */
export const misnamedToken: Rule = {
  kind: 'misnamed-token',
  needs: ['tokens'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      if (isWellNamed(token.label)) continue;
      yield { deployment: token.label, tokenId: token.id, ...misnaming(snapshot, 'label', token.label) };
    }
  },
};

/** How a label or key that breaks the naming rule gets a proper one, or what else is to be done with it. */
function renamingRemedy(snapshot: Snapshot, name: string, meant: string | undefined): string {
  if (!fitsEvent(name) || !/^[ -[\]-~]*$/.test(name))
    return `Rename it by hand at its source: the name holds characters that can't be typed safely, or too many or none.`;
  const rename = (to: string): string => `${ISSUE} (${eventText({ deployment: name, renameTo: to })})`;
  const free = 'telco-country';
  if (meant !== undefined && canRename(snapshot, name, meant))
    return `Rename token and key with ${rename(meant)}.`;
  if (!canRename(snapshot, name, free))
    return `No token is there that could be renamed with it: if nobody needs what it holds, ${keyRemoval(name)}.`;
  return meant === undefined
    ? `Rename token and key with ${rename(free)}.`
    : `The name ${meant} is taken: find out which of the two the deployment uses, and give this one another name with ${rename(free)}.`;
}

/** Detail and remedy of a label or key that breaks the naming rule. */
export function misnaming(
  snapshot: Snapshot,
  what: 'label' | 'key',
  name: string,
): Pick<Draft, 'detail' | 'remedy'> {
  if (isConcealed(name))
    return {
      detail: `The ${what} ${displayName(name)} is itself a token's content, which is not shown here, and everybody may see names.`,
      remedy:
        what === 'key'
          ? `Remove the key by hand in Vault, and replace the token that has this content with ${ISSUE} ("regenerate": true).`
          : `Give the token its proper name with ${ISSUE} (${eventText({ deployment: name, renameTo: 'telco-country' })}), and replace the token that has this content ("regenerate": true).`,
    };
  const meant = snapshot.nameFinder.findName(name);
  return {
    detail: `The ${what} ${displayName(name)} is not ${NAMING_RULE}${meant === undefined ? '' : `; probably ${meant} was meant`}.`,
    remedy: renamingRemedy(snapshot, name, meant),
  };
}

/** Active, well named, in no row of the license list, readable or not: told, never withdrawn by the audit. */
export const unlicensedToken: Rule = {
  kind: 'unlicensed-token',
  needs: ['tokens', 'licenses'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      if (!isWellNamed(token.label) || snapshot.named.has(token.label)) continue;
      const near = snapshot.nameFinder.findName(token.label);
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The token ${token.label} is active, and no row of the license list names this deployment${near === undefined ? '' : ` (the nearest name in it is ${near})`}.`,
        remedy: `Add its row to licenses.csv if it has paid, else switch it off with ${REVOKE} (${eventText({ deployment: token.label, reason: '...' })}).`,
      };
    }
  },
};

/** Why the audit switches off and deletes nothing as it is configured, a clause; `undefined` where it does. */
function idleness({ policy: policy }: Snapshot): string | undefined {
  if (policy.mode === 'observe') return 'the mode is observe, in which the audit changes nothing';
  return capsAreZero(policy) ? 'with caps of 0 the audit withdraws nothing' : undefined;
}

/** What becomes of a token whose license has ended. */
function ending(snapshot: Snapshot, label: string): string {
  const why = idleness(snapshot);
  return why === undefined
    ? `Nothing if that is right: the audit announces and then switches it off.`
    : `Switch it off with ${REVOKE} (${eventText({ deployment: label, reason: '...' })}) if that is right: ${why}.`;
}

/** Active token whose license has ended. */
export const licenseExpired: Rule = {
  kind: 'license-expired',
  needs: ['tokens', 'licenses'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      const license = snapshot.licenses.get(token.label);
      if (license === undefined || isInForce(license, snapshot.today)) continue;
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The license of ${token.label} ended with ${license.lastDay}, and its token is still active.`,
        remedy: `${ending(snapshot, token.label)} If the customer has renewed, put the new date into licenses.csv now.`,
      };
    }
  },
};

/** Several active tokens of one label, other than one being replaced. */
export const duplicateToken: Rule = {
  kind: 'duplicate-token',
  needs: ['tokens', 'ledger'],
  *judge(snapshot) {
    for (const { name: label, active } of snapshot.deployments.values()) {
      const lasting = active.filter(({ id }) => !snapshot.replaced.has(id));
      if (lasting.length < 2) continue;
      const ids = lasting.map(({ id }) => escapeText(id)).sort();
      yield {
        deployment: label,
        detail: `${pluralize(lasting.length, 'token')} with the label ${displayName(label)} are active: ${joinWithAnd(ids.slice(0, 5))}${ids.length > 5 ? ' and others' : ''}.`,
        remedy: `Nobody can see which of them the deployment uses, but a new token replaces all of them, and they keep working until it is handed over: ${renewal(snapshot, label)}.`,
      };
    }
  },
};

/** Active, scopes are known and are not exactly `repo:read`. */
export const wrongScope: Rule = {
  kind: 'wrong-scope',
  needs: ['tokens'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      const scopes = token.scopes;
      if (scopes === undefined || (scopes.length === 1 && scopes[0] === 'repo:read')) continue;
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The token ${displayName(token.label)} ${scopes.length === 0 ? 'names no scope, which may mean that it may do everything,' : `may do ${escapeText([...scopes].sort().join(', '), 200)}`} instead of repo:read only.`,
        remedy: `Set its permissions to Read-only on Docker Hub's page of access tokens, which leaves its content as it is; or ${renewal(snapshot, token.label)}.`,
      };
    }
  },
};

/** Docker Hub's own `expires_at` comes before the license's end, and within the widest of `warnDays` or already past. */
export const tokenExpiring: Rule = {
  kind: 'token-expiring',
  needs: ['tokens', 'licenses', 'ledger'],
  *judge(snapshot) {
    const widest = Math.max(...snapshot.policy.warnDays) * DAY;
    for (const token of snapshot.tokens) {
      const license = snapshot.licenses.get(token.label);
      const end = token.expiresAt;
      if (!token.enabled || end === undefined || license === undefined || snapshot.replaced.has(token.id))
        continue;
      if (!isInForce(license, snapshot.today) || end - snapshot.now > widest) continue;
      const lastUsableDay = dayText(snapshot, end);
      if (lastUsableDay > license.lastDay) continue;
      const past = end <= snapshot.now;
      yield {
        deployment: token.label,
        tokenId: token.id,
        ...(past ? { severity: 'critical' } : {}),
        detail: `Docker Hub ${past ? 'stopped' : 'stops'} accepting the token ${token.label} on ${lastUsableDay} by its own expiry date, and the license ${license.lastDay === NO_END ? 'has no end' : `lasts until ${license.lastDay}`}.`,
        remedy: `Replace it with ${ISSUE} (${eventText({ deployment: token.label, regenerate: true })}): the expiry of a token can't be changed.`,
      };
    }
  },
};

/** Below this age a token may still be on its way to the customer. */
const UNUSED_AGE = 30 * DAY;

/** Active, older than 30 days, and never used or not for `staleDays`; our own checks are not use. */
export const unusedToken: Rule = {
  kind: 'unused-token',
  needs: ['tokens', 'ledger'],
  *judge(snapshot) {
    for (const token of activeTokens(snapshot)) {
      if (token.createdAt === undefined || snapshot.now - token.createdAt <= UNUSED_AGE) continue;
      const used = lastRealUse(token, snapshot.checks.get(token.label));
      if (used === undefined) continue;
      if (snapshot.now - (used ?? -Infinity) <= snapshot.policy.staleDays * DAY) continue;
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The token ${displayName(token.label)}, created on ${dayText(snapshot, token.createdAt)}, was ${used === null ? 'never used' : `last used on ${dayText(snapshot, used)}`}.`,
        remedy: `Ask the customer whether the deployment still runs; an unused token is one more that can leak.`,
      };
    }
  },
};

/** Switched off by the audit or through us: since when, why, when it will be deleted. */
export const suspended: Rule = {
  kind: 'suspended',
  needs: ['tokens', 'ledger'],
  *judge(snapshot) {
    for (const token of snapshot.tokens) {
      const suspension = snapshot.suspensions.get(token.id);
      if (suspension === undefined || isActive(token, snapshot.now) || token.enabled) continue;
      const since = dayText(snapshot, Date.parse(suspension.at));
      const after = snapshot.policy.deleteAfterDays;
      const license = snapshot.licenses.get(token.label);
      const deleted =
        suspension.by === 'people'
          ? 'it is not deleted by the audit'
          : after === null ||
              idleness(snapshot) !== undefined ||
              license === undefined ||
              isInForce(license, snapshot.today)
            ? 'it is not due to be deleted'
            : `it will be deleted on ${dayText(snapshot, Date.parse(suspension.at) + after * DAY)} at the earliest`;
      yield {
        deployment: token.label,
        tokenId: token.id,
        detail: `The token ${displayName(token.label)} was switched off ${suspension.by === 'audit' ? 'by the audit' : 'through the revoke function'} on ${since}: ${escapeProse(suspension.reason)}; ${deleted}.`,
        remedy:
          suspension.by === 'audit' && snapshot.policy.mode !== 'observe'
            ? `Nothing; once licenses.csv says that the license is in force, the audit switches it on again.`
            : `Nothing; to switch it on again use ${REVOKE} with "restore": true.`,
      };
    }
  },
};

import { pluralize, joinWithAnd, escapeText, displayName } from '../../text/display.ts';
import { eventText } from '../../text/event-json.ts';
import { dayOf } from '../days.ts';
import { daysLeft, isInForce, reachedThreshold } from '../licenses.ts';
import { type Snapshot, tokensOf } from '../snapshot.ts';
import { type HubToken, isPastExpiry } from '../token.ts';
import { ISSUE, REVOKE, canRename } from './remedies.ts';
import type { Rule } from './rule.ts';

/** In force, ends within the widest of `warnDays`, active token there. */
export const licenseExpiring: Rule = {
  kind: 'license-expiring',
  needs: ['tokens', 'licenses'],
  *judge(snapshot) {
    for (const license of snapshot.licenses.values()) {
      const left = daysLeft(license, snapshot.today);
      if (left < 0 || reachedThreshold(snapshot.policy.warnDays, left) === undefined) continue;
      if (tokensOf(snapshot, license.deployment).active.length === 0) continue;
      yield {
        deployment: license.deployment,
        distinction: license.lastDay,
        detail: `The license of ${license.deployment} ends ${left === 0 ? 'today' : `in ${pluralize(left, 'day')}`}, with ${license.lastDay} as its last day.`,
        remedy: `If the customer renews, put the new date into licenses.csv before that day is over.`,
      };
    }
  },
};

/** A row that can't be read. */
export const invalidLicense: Rule = {
  kind: 'invalid-license',
  needs: ['licenses'],
  *judge(snapshot) {
    for (const row of snapshot.facts.licenses?.invalid ?? []) {
      const whom =
        row.about.scope === 'deployment'
          ? `from ${row.about.deployment}`
          : row.about.scope === 'country'
            ? `from any deployment of the country ${row.about.country}`
            : 'from anybody';
      yield {
        deployment: row.name,
        distinction: row.fingerprint,
        detail: `Line ${row.line} of licenses.csv (${row.name === '' ? 'no name' : displayName(row.name)}) can't be read: ${row.problem}; until it can, nothing is withdrawn ${whom}.`,
        remedy: `Correct line ${row.line} of licenses.csv and upload the file again.`,
      };
    }
  },
};

const ids = (tokens: readonly HubToken[]): string =>
  joinWithAnd(tokens.map(({ id }) => escapeText(id)).sort().slice(0, 3)); // prettier-ignore

/** What is there in an active token's place, a clause of the detail, and the remedy that fits it. */
function missed(snapshot: Snapshot, name: string): { readonly there: string; readonly remedy: string } {
  const { all } = tokensOf(snapshot, name);
  // Where Vault's keys were not read there may be one of that name.
  const isFree = all.length === 0 && snapshot.facts.keys !== undefined && !snapshot.keys.has(name);
  const make = `${ISSUE} (${eventText({ deployment: name, ...(isFree ? {} : { regenerate: true }) })})`;
  const restorable = all.filter((token) => !isPastExpiry(token, snapshot.now));
  if (restorable.length > 0)
    return {
      there: `; an inactive one is there (${ids(restorable)})`,
      remedy: `Switch the inactive token on again with ${REVOKE} (${eventText({ deployment: name, restore: true, reason: '...' })}), or make a new one with ${make}.`,
    };
  if (all.length > 0) {
    const last = dayOf(Math.max(...all.map(({ expiresAt = 0 }) => expiresAt)), snapshot.policy.timeZone);
    return {
      there:
        all.length === 1
          ? `; the token ${ids(all)} stopped working on ${last} by its own expiry`
          : `; the tokens ${ids(all)} stopped working by their own expiry, the last on ${last}`,
      remedy: `Make a new token with ${make}: the expiry of a token can't be changed.`,
    };
  }
  const meant = snapshot.meantFor.get(name) ?? [];
  const [misnamed] = meant.filter(({ label }) => canRename(snapshot, label, name));
  if (meant.length > 0)
    return {
      there: `; the token ${joinWithAnd(meant.map(({ label }) => displayName(label)).sort().slice(0, 3))} is probably meant for it`, // prettier-ignore
      remedy:
        misnamed === undefined
          ? `Make a new token with ${make}.`
          : `Rename the misnamed token with ${ISSUE} (${eventText({ deployment: misnamed.label, renameTo: name })}), or make a new one with ${make}.`,
    };
  return {
    there: snapshot.keys.has(name) ? '; Vault has a key of that name' : '',
    remedy: `Make a token with ${make}.`,
  };
}

/** License in force, no active token, and not because somebody revoked it through us. */
export const missingToken: Rule = {
  kind: 'missing-token',
  needs: ['tokens', 'licenses', 'ledger'],
  *judge(snapshot) {
    for (const license of snapshot.licenses.values()) {
      const name = license.deployment;
      if (tokensOf(snapshot, name).active.length > 0 || !isInForce(license, snapshot.today)) continue;
      if (snapshot.revokedByPeople.has(name)) continue;
      const { there, remedy } = missed(snapshot, name);
      yield {
        deployment: name,
        detail: `The license of ${name} is in force, and it has no active token${there}.`,
        remedy,
      };
    }
  },
};

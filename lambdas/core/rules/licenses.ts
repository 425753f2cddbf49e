import { daysLeft, isInForce } from '../licenses.ts';
import { counted, listed, printable, shownName } from '../printable.ts';
import { tokensOf } from '../world.ts';
import type { Rule } from './rule.ts';

/** The narrowest of `warnDays` that a number of days left has reached, `undefined` where none. */
export function reachedThreshold(warnDays: readonly number[], left: number): number | undefined {
  const reached = warnDays.filter((days) => left <= days);
  return reached.length === 0 ? undefined : Math.min(...reached);
}

/** In force, ends within the widest of `warnDays`, active token there. */
export const licenseExpiring: Rule = {
  kind: 'license-expiring',
  needs: ['tokens', 'licenses'],
  *judge(world) {
    for (const license of world.licenses.values()) {
      const left = daysLeft(license, world.today);
      if (left < 0 || reachedThreshold(world.rules.warnDays, left) === undefined) continue;
      if (tokensOf(world, license.deployment).active.length === 0) continue;
      yield {
        deployment: license.deployment,
        distinction: license.lastDay,
        detail: `The license of ${license.deployment} ends ${left === 0 ? 'today' : `in ${counted(left, 'day')}`}, with ${license.lastDay} as its last day.`,
        remedy: `If the customer renews, put the new date into licenses.csv before that day is over.`,
      };
    }
  },
};

/** A row that can't be read. */
export const invalidLicense: Rule = {
  kind: 'invalid-license',
  needs: ['licenses'],
  *judge(world) {
    for (const row of world.facts.licenses?.invalid ?? []) {
      const whom =
        row.about.scope === 'deployment'
          ? `from ${row.about.deployment}`
          : row.about.scope === 'country'
            ? `from any deployment of the country ${row.about.country}`
            : 'from anybody';
      yield {
        deployment: row.name,
        distinction: row.fingerprint,
        detail: `Line ${row.line} of licenses.csv (${row.name === '' ? 'no name' : shownName(row.name)}) can't be read: ${row.problem}; until it can, nothing is withdrawn ${whom}.`,
        remedy: `Correct line ${row.line} of licenses.csv and upload the file again.`,
      };
    }
  },
};

/** License in force, no active token, and not because somebody revoked it through us. */
export const missingToken: Rule = {
  kind: 'missing-token',
  needs: ['tokens', 'licenses', 'ledger'],
  *judge(world) {
    for (const license of world.licenses.values()) {
      const { all, active } = tokensOf(world, license.deployment);
      if (active.length > 0 || !isInForce(license, world.today)) continue;
      if (world.revokedByPeople.has(license.deployment)) continue;
      const meant = world.meantFor.get(license.deployment) ?? [];
      const name = license.deployment;
      const asks =
        all.length > 0
          ? `; an inactive one is there (${listed(all.map(({ id }) => printable(id)).sort().slice(0, 3))})` // prettier-ignore
          : meant.length > 0
            ? `; the token ${listed(meant.map(({ label }) => shownName(label)).sort().slice(0, 3))} is probably meant for it` // prettier-ignore
            : '';
      yield {
        deployment: name,
        detail: `The license of ${name} is in force, and it has no active token${asks}.`,
        remedy:
          all.length > 0
            ? `Switch the inactive token on again with the revoke function ({"deployment": "${name}", "restore": true, "reason": "..."}), or make a new one with the issue function.`
            : meant[0] !== undefined
              ? `Rename the misnamed token with the issue function ("renameTo": "${name}"), or make a new one ({"deployment": "${name}"}).`
              : `Make a token with the issue function ({"deployment": "${name}"}).`,
      };
    }
  },
};

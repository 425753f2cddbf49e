// The rules about the license list: what has ended, what ends, what can't be read, who has paid and has no token.
import { displayName, escapeText, joinWithAnd, pluralize } from '../../text/display.ts';
import { eventText } from '../../text/event-json.ts';
import { DAY, dayOf } from '../days.ts';
import type { Suspension } from '../ledger.ts';
import { type License, daysLeft, isInForce, reachedThreshold } from '../licenses.ts';
import { type Deployment, type Snapshot, areOver, isEnding, lastDayOf } from '../snapshot.ts';
import { type HubToken, isPastExpiry } from '../token.ts';
import { renewalFinder } from '../plan/guards.ts';
import { idleness } from './idleness.ts';
import { nearText } from './names.ts';
import { ISSUE, REVOKE, canRename, issueText, renameText, revokeText } from './remedies.ts';
import type { Rule } from './rule.ts';

/** Active token whose license has ended; an end that was read stays one when its row is gone. */
export const licenseExpired: Rule = {
  kind: 'license-expired',
  needs: ['tokens', 'licenses'],
  judgeAll(snapshot) {
    const renewedAs = renewalFinder(snapshot);
    return [...snapshot.deployments.values()].flatMap((deployment) => {
      const { name, active, license } = deployment;
      const end = lastDayOf(deployment);
      if (end === undefined || end >= snapshot.today) return [];
      const ended =
        license === undefined
          ? `had access until ${end} and is in no readable row of licenses.csv any more`
          : endText(license);
      const remedy = `${spellingText(snapshot, name, renewedAs(name)) ?? endingText(snapshot, name)} If the customer has renewed, put the new date into licenses.csv now.`;
      return active.map(({ id }) => ({
        deployment: name,
        tokenId: id,
        detail: `The license of ${name} has ended (${ended}), and its token is still active.`,
        remedy,
      }));
    });
  },
};

/** In force, ends within the widest of `warnDays`, active token there. */
export const licenseExpiring: Rule = {
  kind: 'license-expiring',
  needs: ['tokens', 'licenses'],
  advises: ['tokens', 'licenses'],
  judge({ license, active }, { today, policy }) {
    if (license === undefined || active.length === 0) return [];
    const left = daysLeft(license, today);
    if (left < 0 || reachedThreshold(policy.warnDays, left) === undefined) return [];
    return [
      {
        deployment: license.deployment,
        distinction: license.lastDay,
        detail: `The license of ${license.deployment} ends ${left === 0 ? 'today' : `in ${pluralize(left, 'day')}`} (${endText(license)}).`,
        remedy: `If the customer renews, put the new date into licenses.csv before that day is over.`,
      },
    ];
  },
};

/** A row that can't be read. */
export const invalidLicense: Rule = {
  kind: 'invalid-license',
  needs: ['licenses'],
  advises: ['licenses'],
  judgeAll: ({ inputs }) =>
    (inputs.licenses?.invalid ?? []).map((row) => {
      const whom =
        row.about.scope === 'deployment'
          ? `from ${row.about.deployment}`
          : row.about.scope === 'country'
            ? `from any deployment of the country ${row.about.country}`
            : 'from anybody';
      return {
        deployment: row.name,
        distinction: row.distinction,
        detail: `Line ${row.line} of licenses.csv (${row.name === '' ? 'no name' : displayName(row.name)}) can't be read: ${row.problem}; until it can, nothing is withdrawn ${whom}.`,
        remedy: `Correct line ${row.line} of licenses.csv and upload the file again.`,
      };
    }),
};

/**
 * License in force, no active token, and not because somebody revoked it through us, unless the license's end moved on
 * since or a week has passed since it was deleted.
 */
export const missingToken: Rule = {
  kind: 'missing-token',
  needs: ['tokens', 'licenses', 'ledger'],
  judge(deployment, snapshot) {
    const { name, license, active, suspensions } = deployment;
    if (license === undefined || active.length > 0 || !isInForce(license, snapshot.today)) return [];
    const revoked = suspensions.filter(({ by, superseded }) => by === 'people' && superseded !== true);
    if (revoked.some((suspension) => isMeantToLast(suspension, license, snapshot.now))) return [];
    const { there, remedy } = missed(deployment, snapshot);
    return [
      {
        deployment: name,
        detail: `The license of ${name} is in force, and it has no active token${there}${revokedText(revoked, snapshot)}.`,
        remedy,
      },
    ];
  },
};

/** Both days of a license: until when it is paid, and until when there is access. */
function endText({ paidUntil, lastDay }: License): string {
  return `paid until ${paidUntil}, access until ${lastDay}`;
}

/** What to do where the license was probably renewed under another spelling; `undefined` where it was not. */
export function spellingText(
  snapshot: Snapshot,
  name: string,
  others: readonly string[],
): string | undefined {
  const [other] = others;
  if (other === undefined) return undefined;
  if (others.length > 1)
    return `Find out whether it was renewed as ${nearText(others)}, and correct the name in licenses.csv.`;
  const rename = canRename(snapshot, name, other)
    ? `; or, where ${other} is its right name, rename its token with ${renameText(name, other)}, which the customer does not notice`
    : '';
  return `It was probably renewed as ${other}: correct the name in licenses.csv${rename}.`;
}

/** What becomes of a token whose license has ended. */
function endingText({ policy }: Snapshot, name: string): string {
  const why = idleness(policy);
  return why === undefined
    ? `Nothing if that is right: the audit announces it and then switches the token off.`
    : `Switch it off with ${revokeText(name)} if that is right: ${why}.`;
}

/** A deleted token that nobody replaced is missed after so long. */
const MISSED_AFTER = 7 * DAY;

/** Whether people who revoked a deployment's access mean it to have none still. */
function isMeantToLast({ end, deletedAt }: Suspension, { lastDay }: License, now: number): boolean {
  if (deletedAt !== undefined && now - Date.parse(deletedAt) >= MISSED_AFTER) return false;
  return end === undefined || lastDay <= end;
}

/** Why a token is missed although people revoked it, a clause. */
function revokedText(revoked: readonly Suspension[], { policy }: Snapshot): string {
  const last = revoked.toSorted((a, b) => (a.at < b.at ? -1 : 1)).at(-1);
  if (last === undefined) return '';
  const day = (instant: string): string => dayOf(Date.parse(instant), policy.timeZone);
  return last.deletedAt === undefined
    ? `; it was revoked on ${day(last.at)}, and its license was renewed since`
    : `; it was revoked on ${day(last.at)} and its token was deleted by ${day(last.deletedAt)}, and the license is in force still`;
}

const listIds = (tokens: readonly HubToken[]): string =>
  joinWithAnd(
    tokens
      .map(({ id }) => escapeText(id))
      .sort()
      .slice(0, 3),
  );

/** What is there in an active token's place, a clause of the detail, and the remedy that fits it. */
function missed(
  { name, tokens, hasKey }: Deployment,
  snapshot: Snapshot,
): { readonly there: string; readonly remedy: string } {
  const make = issueText(name, tokens.length === 0 && !hasKey ? {} : { regenerate: true });
  const restorable = tokens.filter((token) => !isPastExpiry(token, snapshot.now));
  if (restorable.length > 0)
    return {
      there: `; an inactive one is there (${listIds(restorable)})`,
      remedy: `Switch the inactive token on again with ${REVOKE} (${eventText({ deployment: name, restore: true, reason: '...' })}), or make a new one with ${make}.`,
    };
  if (tokens.length > 0)
    return {
      there: expiredText(tokens, snapshot),
      remedy: `Make a new token with ${make}: the expiry of a token can't be changed.`,
    };
  const meant = snapshot.meantFor.get(name) ?? [];
  const [misnamed] = meant.filter(({ label }) => canRename(snapshot, label, name));
  if (meant.length > 0)
    return {
      there: `; the token ${joinWithAnd(
        meant
          .map(({ label }) => displayName(label))
          .sort()
          .slice(0, 3),
      )} is probably meant for it`,
      remedy:
        misnamed === undefined
          ? `Both names have a key in Vault: remove the one that the deployment does not use, and then rename the token with ${ISSUE} ("renameTo").`
          : `Rename the misnamed token with ${renameText(misnamed.label, name)}: the customer notices nothing.`,
    };
  const ended = endingNamesakes(snapshot, name);
  const [former] = ended;
  const keyText = hasKey ? '; Vault has a key of that name' : '';
  if (former !== undefined)
    return {
      there: `${keyText}; ${joinWithAnd(ended)} ${areOver(snapshot, ended) ? 'has ended' : 'ends soon'} and may be the same customer under another spelling`,
      remedy:
        ended.length === 1 && canRename(snapshot, former, name) && !isNearAnother(snapshot, former, name)
          ? `If it is the same customer, rename its token with ${renameText(former, name)}: the customer notices nothing. Only if it is another one, make a token with ${make}.`
          : `Find out whether it is the same customer: then rename its token with ${ISSUE} ("renameTo"). Only if it is another one, make a token with ${ISSUE} ("deployment").`,
    };
  return { there: keyText, remedy: `Make a token with ${make}.` };
}

/** Whether an ended deployment may have been renewed under another name than this one as well. */
function isNearAnother({ nameFinder, deployments, today }: Snapshot, ended: string, name: string): boolean {
  return nameFinder.nearNames(ended).some((near) => {
    const deployment = deployments.get(near);
    return (
      near !== name &&
      deployment?.license !== undefined &&
      deployment.active.length === 0 &&
      isInForce(deployment.license, today)
    );
  });
}

/** Deployments whose license has ended or ends soon, whose token works, and that may have been renewed under this name. */
export function endingNamesakes(snapshot: Snapshot, name: string): string[] {
  const { nameFinder, deployments } = snapshot;
  return nameFinder.nearNames(name).filter((near) => {
    const deployment = deployments.get(near);
    return deployment !== undefined && deployment.active.length > 0 && isEnding(deployment, snapshot);
  });
}

function expiredText(tokens: readonly HubToken[], { policy }: Snapshot): string {
  const last = dayOf(Math.max(...tokens.map(({ expiresAt = 0 }) => expiresAt)), policy.timeZone);
  return tokens.length === 1
    ? `; the token ${listIds(tokens)} stopped working on ${last} by its own expiry`
    : `; the tokens ${listIds(tokens)} stopped working by their own expiry, the last on ${last}`;
}

// A finding in few words, for somebody who is no programmer: what is wrong with a deployment, and what cures it.
import { dayOf } from '../domain/days.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import { endingNamesakes } from '../domain/rules/licenses.ts';
import { canDoMoreThanRead } from '../domain/rules/tokens.ts';
import { RESTORED_FOR } from '../domain/ledger.ts';
import { shortDay } from '../domain/nights.ts';
import { type Snapshot, areOver, listedToken, tokensOf } from '../domain/snapshot.ts';
import { isPastExpiry } from '../domain/token.ts';
import { type PasteEvent, eventIn } from '../report/open.ts';
import { displayName, joinWithAnd, pluralize } from '../text/display.ts';

/** A finding for a line of the mail. */
export interface Brief {
  /** What is wrong, without the name: `its token is switched off`. */
  readonly fact: string;
  /** What to do: `switch it on`; empty for nothing. */
  readonly cure: string;
  /** What does it, to be pasted. */
  readonly event: PasteEvent | undefined;
}

/** What is wrong with a deployment and what cures it. */
export function briefOf(finding: Finding, snapshot: Snapshot): Brief {
  const event = eventIn(finding.remedy);
  return {
    fact: FACTS[finding.kind](finding, snapshot),
    cure: CURES[finding.kind] ?? (event === undefined ? '' : cureBy(event)),
    event,
  };
}

function cureBy({ function: name, json }: PasteEvent): string {
  if (json.includes('"renameTo": ')) return 'rename';
  if (name === 'issue') return json.includes('"regenerate": true') ? 'new token' : 'first token';
  if (json.includes('"restore": true')) return 'switch on';
  return json.includes('"delete": true') ? 'delete the key' : 'switch off';
}

/** What cures findings of some kinds, other than by their event. */
const CURES: Partial<Record<FindingKind, string>> = {
  'license-expiring': 'has it renewed?',
  'unlicensed-token': 'add its row, or switch off',
  'unused-token': 'does it still run?',
  'automatic-token': 'who needs it?',
};

/** Which line can't be read, and why: what the detail says besides is said by the name and the report. */
const unreadableRow = ({ detail }: Finding): string =>
  (detail.split('; until it can')[0] ?? detail)
    .replace('Line', 'line')
    .replace(/ \([^()]*\) can't be read/, '')
    .replace(/ \([^()]*\)$/, '');

const dayText = (snapshot: Snapshot, instant: number): string =>
  shortDay(dayOf(instant, snapshot.policy.timeZone), snapshot.today);

/** Until when a deployment, or the one that its misspelt name means, has paid and has access; empty where no row says so. */
export function endText({ licenses, deployments, today }: Snapshot, deployment: string): string {
  const license = licenses.get(deployments.get(deployment)?.meant ?? deployment);
  return license === undefined
    ? ''
    : `paid until ${shortDay(license.paidUntil, today)}, access until ${shortDay(license.lastDay, today)}`;
}

function missingFact({ deployment: name }: Finding, snapshot: Snapshot): string {
  const { all } = tokensOf(snapshot, name);
  const [token] = all.filter((candidate) => !isPastExpiry(candidate, snapshot.now));
  if (token !== undefined) return 'its token is switched off';
  if (all.length > 0)
    return `its token expired on ${dayText(snapshot, Math.max(...all.map(({ expiresAt = 0 }) => expiresAt)))}`;
  const [meant] = snapshot.meantFor.get(name) ?? [];
  if (meant !== undefined) return `its token has a misspelt name, ${displayName(meant.label)}`;
  const ended = endingNamesakes(snapshot, name);
  return ended.length > 0
    ? `${joinWithAnd(ended)} (${areOver(snapshot, ended) ? 'ended' : 'ends soon'}) may be the same customer`
    : 'it has no token';
}

/** Until when the audit leaves a token alone that people switched on, a clause; empty where they did not. */
function restoredText({ deployment: name, tokenId }: Finding, snapshot: Snapshot): string {
  const restores = snapshot.deployments.get(name)?.restores ?? [];
  const until = Math.max(
    0,
    ...restores.filter((entry) => entry.tokenId === tokenId).map(({ at }) => Date.parse(at) + RESTORED_FOR),
  );
  return until <= snapshot.now
    ? ''
    : `, because people switched it on or issued it so: the audit leaves it alone until ${dayText(snapshot, until)}`;
}

function mayChange(snapshot: Snapshot, tokenId: string): boolean {
  const token = listedToken(snapshot, tokenId);
  return token !== undefined && canDoMoreThanRead(token);
}

const misspelt =
  (what: string) =>
  ({ deployment }: Finding, { nameFinder }: Snapshot): string => {
    const meant = nameFinder.findNames(deployment);
    return `its ${what} has a misspelt name${meant.length === 0 ? '' : `, probably ${meant.join(' or ')}`}`;
  };

const FACTS: Record<FindingKind, (finding: Finding, snapshot: Snapshot) => string> = {
  'orphaned-token': () => 'its token is not stored in Vault',
  'orphaned-key': () => 'Vault holds a key, Docker Hub has no token',
  'misnamed-token': misspelt('token'),
  'misnamed-key': misspelt('key in Vault'),
  'unlicensed-token': () => 'in no row of licenses.csv',
  'license-expired': (finding, snapshot) =>
    `has ended (${endText(snapshot, finding.deployment)}) and can still pull${restoredText(finding, snapshot)}`,
  'license-expiring': ({ deployment }, snapshot) => endText(snapshot, deployment),
  'invalid-license': unreadableRow,
  'missing-token': missingFact,
  suspended: () => 'switched off',
  'duplicate-token': ({ deployment }, snapshot) =>
    `${pluralize(tokensOf(snapshot, deployment).active.length, 'token')} work at the same time`,
  'wrong-scope': ({ tokenId = '' }, snapshot) =>
    mayChange(snapshot, tokenId)
      ? 'its token may do more than pull'
      : 'its token has other rights than Read-only',
  'token-expiring': ({ tokenId = '' }, snapshot) => {
    const end = listedToken(snapshot, tokenId)?.expiresAt;
    return end === undefined
      ? 'its token expires'
      : `its token ${end <= snapshot.now ? 'expired' : 'expires'} on ${dayText(snapshot, end)}`;
  },
  'unused-token': () => 'its token is not used',
  'automatic-token': ({ tokenId = '' }, snapshot) =>
    `made by a program for itself${mayChange(snapshot, tokenId) ? ', may do more than pull' : ''}`,
  'malformed-key': () => 'its key holds no token',
  'rejected-key': () => 'Docker Hub refuses what Vault holds',
  'mismatched-key': ({ deployment }, snapshot) => {
    const other = listedToken(snapshot, snapshot.deployments.get(deployment)?.check?.claimedId ?? '');
    return other === undefined
      ? "Vault holds another deployment's token"
      : `Vault holds the token of ${displayName(other.label)}`;
  },
};

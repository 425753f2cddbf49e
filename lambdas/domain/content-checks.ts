// Which stored contents are checked in a run, and what a check says.
import { fingerprintOf } from '../text/fingerprint.ts';
import { iso } from './days.ts';
import type { ContentCheckEntry } from './ledger.ts';
import { type Snapshot, listedToken, tokensOf } from './snapshot.ts';
import { type ContentCheck, lastRealUse } from './token.ts';

/** A key whose content is to be exchanged at Docker Hub for a session. */
export interface KeyToCheck {
  readonly deployment: string;
  readonly content: string;
  /** The one active token of that label. */
  readonly tokenId: string;
}

/**
 * The keys whose content is checked in this run (contract section 7): those with exactly one active token, changed
 * since their last check (or never checked) first, then the longest unchecked.
 *
 * @param share how many at the most; `Infinity` for all
 */
export function keysToCheck(snapshot: Snapshot, share: number): KeyToCheck[] {
  const candidates = [...(snapshot.inputs.keys?.values ?? [])].flatMap(([deployment, content]) => {
    const [token, ...others] = tokensOf(snapshot, deployment).active;
    if (typeof content !== 'string' || content.trim() === '' || token === undefined || others.length > 0)
      return [];
    if (snapshot.exempted.get(deployment)?.everything === true) return [];
    const check = snapshot.deployments.get(deployment)?.check;
    const changed = check?.tokenId !== token.id || check.fingerprint !== fingerprintOf(content);
    return [{ deployment, content, tokenId: token.id, rank: changed ? '' : (check.tried ?? check.at) }];
  });
  return candidates
    .sort((a, b) => (a.rank !== b.rank ? (a.rank < b.rank ? -1 : 1) : a.deployment < b.deployment ? -1 : 1))
    .slice(0, share)
    .map(({ deployment, content, tokenId }) => ({ deployment, content, tokenId }));
}

/** From so many checks on that could not be compared, the check itself is in doubt. */
const DOUBTFUL_CHECKS = 5;

/**
 * Whether a run's checks say nothing (contract section 7): of five or more contents that Docker Hub accepted or refused,
 * none could be compared with a listed token.
 */
export function sayNothing(checks: readonly ContentCheckEntry[]): boolean {
  const isCompared = ({ verdict }: ContentCheckEntry): boolean =>
    verdict === 'matching' || verdict === 'mismatched';
  return checks.length >= DOUBTFUL_CHECKS && !checks.some(isCompared);
}

/** The names of keys whose value has white space around its content. */
export function keysWithWhiteSpace(values: ReadonlyMap<string, unknown> | undefined): string[] {
  return [...(values ?? [])].flatMap(([name, value]) =>
    typeof value === 'string' && value.trim() !== '' && value.trim() !== value ? [name] : [],
  );
}

/**
 * What one check found of a key.
 *
 * @param stillActive whether the label's token was still active when it was read again after a refusal: a token that
 *   somebody switched off meanwhile says nothing about the stored content
 */
export function judgeCheck(
  snapshot: Snapshot,
  key: KeyToCheck,
  check: Extract<ContentCheck, { outcome: 'accepted' | 'refused' | 'password' }>,
  stillActive: boolean,
): ContentCheckEntry {
  const claimedId = check.outcome === 'accepted' ? check.claimedId : undefined;
  const verdict =
    check.outcome === 'refused'
      ? stillActive
        ? 'rejected'
        : 'unclear'
      : claimedId === key.tokenId
        ? 'matching'
        : claimedId !== undefined && listedToken(snapshot, claimedId) !== undefined
          ? 'mismatched'
          : 'unclear';
  return entryOf(snapshot, key, {
    verdict,
    ...(verdict === 'mismatched' ? { claimedId } : {}),
  });
}

/** What is remembered of a key that was checked in this run. */
function entryOf(
  snapshot: Snapshot,
  { deployment, tokenId, content }: KeyToCheck,
  found: Pick<ContentCheckEntry, 'verdict' | 'claimedId'>,
): ContentCheckEntry {
  const token = snapshot.byId.get(tokenId);
  const used =
    token === undefined ? undefined : lastRealUse(token, snapshot.deployments.get(deployment)?.check);
  return {
    deployment,
    tokenId,
    at: iso(snapshot.now),
    ...found,
    fingerprint: fingerprintOf(content),
    ...(used === undefined ? {} : { lastUse: used === null ? null : iso(used) }),
  };
}

/**
 * What is remembered of a key for whose content Docker Hub gave no usable answer. It was not checked, so what was found of
 * the same content stands; but it comes last from now on, or one key that is never answered would starve the others.
 */
export function triedCheck(snapshot: Snapshot, key: KeyToCheck): ContentCheckEntry {
  const entry = entryOf(snapshot, key, { verdict: 'unclear' });
  const known = snapshot.deployments.get(key.deployment)?.check;
  if (known?.tokenId !== entry.tokenId || known.fingerprint !== entry.fingerprint) return entry;
  const { lastUse } = entry;
  return { ...known, tried: entry.at, ...(lastUse === undefined ? {} : { lastUse }) };
}

/** The checks of this run by what came out; every other key is `unchecked`. */
export function countChecks(checks: readonly ContentCheckEntry[], keys: number): VerifiedCounts {
  const count = (wanted: ContentCheckEntry['verdict']): number =>
    checks.filter(({ verdict, tried }) => (tried === undefined ? verdict : 'unclear') === wanted).length;
  return {
    matching: count('matching'),
    rejected: count('rejected'),
    mismatched: count('mismatched'),
    unclear: count('unclear'),
    unchecked: keys - checks.length,
  };
}

/** How many stored contents were checked in this run, by what came out. */
export interface VerifiedCounts {
  readonly matching: number;
  readonly rejected: number;
  readonly mismatched: number;
  readonly unclear: number;
  readonly unchecked: number;
}

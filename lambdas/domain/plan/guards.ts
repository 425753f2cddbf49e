/**
 * The guards of contract section 8, in the order in which they are tried. They stop `deactivate`, `delete-token` and
 * `remove-key`, for the tokens of ended licenses and for replaced ones alike; never `announce` and `reactivate`.
 */
import { displayName, escapeText, joinWithAnd, pluralize } from '../../text/display.ts';
import { isInForce, unreadableRowAbout } from '../licenses.ts';
import { nameFinder } from '../near-names.ts';
import { capsAreZero } from '../policy.ts';
import { type Deployment, type Snapshot, hasEnded, isEnding, licensedBy } from '../snapshot.ts';
import { type HubToken, isActive, lastRealUse } from '../token.ts';
import type { ShrunkInput } from './shrink-guard.ts';
import type { Step } from './step.ts';

/** What the guards go by besides the step. */
export interface GuardContext {
  readonly snapshot: Snapshot;
  /** The object `HOLD` is in the bucket. */
  readonly hold: boolean;
  /** The names of the event's `approve`; absent where it has none. */
  readonly approved: ReadonlySet<string> | undefined;
  readonly shrunk: readonly ShrunkInput[];
  /** The deployments in force without an active token whose names are near to one. */
  readonly renewedAs: (name: string) => readonly string[];
  /** Deployments whose withdrawal is due and held by nobody, those of the last hours, and how many may be. */
  readonly caps: { readonly due: number; readonly recent: number; readonly limit: number };
}

/** A step, or a token that one may come for, and whom it is about. */
export interface Subject {
  readonly deployment: Deployment;
  readonly step: Pick<Step, 'kind' | 'tokenId' | 'replaced' | 'deployment'>;
}

/** One guard. */
export interface Guard {
  readonly name: string;
  /** Whether `approve` overrides it by name. */
  readonly approvable: boolean;
  /** Whether it is about this deployment alone: then the caps don't count it, and a notice lapses when it is over. */
  readonly holds: boolean;
  /** Why it stops a step, a clause; `undefined` where it does not. */
  readonly why: (subject: Subject, context: GuardContext) => string | undefined;
}

/** While the object `HOLD` is there, nothing is withdrawn. */
const holdObject: Guard = {
  name: 'HOLD',
  approvable: false,
  holds: true,
  why: (_, { hold }) =>
    hold ? 'the object HOLD is in the bucket: remove it to let the audit withdraw again' : undefined,
};

/** Caps of 0 mean none at all, and no approval overrides that; they stop replaced tokens as well. */
const zeroCaps: Guard = {
  name: 'caps of 0',
  approvable: false,
  holds: false,
  why: (_, { snapshot }) =>
    capsAreZero(snapshot.policy)
      ? 'maxWithdrawals and maxWithdrawalPercent are 0: the audit withdraws nothing'
      : undefined,
};

/** A full exemption. */
const fullExemption: Guard = {
  name: 'exempt',
  approvable: false,
  holds: true,
  why: ({ deployment }, { snapshot }) =>
    subjectsOf(deployment, snapshot).some(({ exemption }) => exemption?.everything === true)
      ? 'it is exempt from everything in exemptions.csv'
      : undefined,
};

/** A row that can't be read and may be about the deployment. */
const unreadableRow: Guard = {
  name: 'unreadable row',
  approvable: false,
  holds: true,
  why: ({ deployment }, { snapshot }) => {
    const { licenses } = snapshot.inputs;
    for (const { name } of subjectsOf(deployment, snapshot)) {
      const row = licenses && unreadableRowAbout(licenses, name);
      if (row !== undefined) return `line ${row.line} of licenses.csv can't be read and may be about it`;
    }
    return undefined;
  },
};

/** An exemption whose label is no token, key or licensed name, and that was probably meant for the deployment. */
const nearExemption: Guard = {
  name: 'exemption under another name',
  approvable: false,
  holds: true,
  why: ({ deployment }, { snapshot }) => {
    for (const { name } of subjectsOf(deployment, snapshot)) {
      const label = snapshot.nearlyExempt.get(name);
      if (label !== undefined)
        return `exemptions.csv exempts ${displayName(label)}, which is no name here, and probably means it`;
    }
    return undefined;
  },
};

/** Why a step waits that an approval does not name and nothing else holds, a clause: nobody has to decide about it. */
export const LEFT_TO_NIGHT =
  'this run withdraws only what its event approves, and the next night does the rest';

/** An approval withdraws exactly what it names. */
export const notApproved: Guard = {
  name: 'not approved',
  approvable: true,
  holds: false,
  why: ({ step }, { approved }) =>
    approved !== undefined && !approved.has(step.deployment) ? LEFT_TO_NIGHT : undefined,
};

/**
 * Probably renewed under another spelling: an ended deployment beside a near one in force without an active token. One
 * whose end is announced is held as well, so that its notice lapses when the other one gets a token of its own meanwhile.
 */
const probablyRenewed: Guard = {
  name: 'probably renewed under another spelling',
  approvable: true,
  holds: true,
  why: ({ deployment, step }, { snapshot, renewedAs }) => {
    const licensed = licensedBy(deployment, snapshot);
    // A replaced token goes for another reason, as long as there is a license.
    const isMeant = step.replaced === true ? hasEnded : isEnding;
    if (!isMeant(licensed, snapshot)) return undefined;
    const others = renewedAs(licensed.name);
    if (others.length === 0) return undefined;
    const [verb, its] = others.length === 1 ? ['is', 'has'] : ['are', 'have'];
    return `it was probably renewed as ${others.join(' or ')}, which ${verb} in force and ${its} no active token: correct the name in licenses.csv, or rename the token`;
  },
};

/** In use by somebody else: the key of a deployment in force was last seen to hold this token's content. */
const usedByOthers: Guard = {
  name: 'in use by somebody else',
  approvable: true,
  holds: true,
  why: ({ deployment, step }, { snapshot }) => {
    const tokens = step.tokenId === undefined ? deployment.active.map(({ id }) => id) : [step.tokenId];
    const holders = tokens.flatMap((id) => holdersInForce(snapshot, id));
    if (holders.length === 0) return undefined;
    const names = joinWithAnd(holders.map(({ name }) => displayName(name)));
    const [keys, cure] =
      holders.length === 1
        ? [`key ${names} in Vault was`, 'it a token of its own']
        : [`keys ${names} in Vault were`, 'them tokens of their own'];
    return `the ${keys} last seen to hold this token's content, so ${names} would lose access too: give ${cure} first`;
  },
};

/** Still used: a replaced token was used since its successor was made, while the successor never was. */
const stillUsed: Guard = {
  name: 'still used',
  approvable: true,
  holds: true,
  why: ({ deployment, step }, { snapshot }) => {
    const pair = successionOf(deployment, step, snapshot);
    if (pair?.successor === undefined) return undefined;
    const { token, successor, since } = pair;
    const used = ownUse(snapshot, token);
    if (typeof used !== 'number' || used <= since) return undefined;
    return typeof ownUse(snapshot, successor) === 'number'
      ? undefined
      : `it was used since the token ${escapeText(successor.id)} that replaces it was made, and that one never was: the deployment still logs in with the old one`;
  },
};

/** Without a successor: the token that replaces it does not work, or nobody knows whether it does. */
const withoutSuccessor: Guard = {
  name: 'without a successor',
  approvable: true,
  holds: true,
  why: ({ deployment, step }, { snapshot }) => {
    const pair = successionOf(deployment, step, snapshot);
    if (pair?.token.enabled !== true) return undefined;
    return pair.successor !== undefined && isActive(pair.successor, snapshot.now)
      ? undefined
      : `the token ${escapeText(pair.by)} that replaces it is not known to be active, so switching this one off would cut the deployment off`;
  },
};

/** Misnamed: the token of the name that was probably meant goes only by approval. */
const misnamed: Guard = {
  name: 'misnamed',
  approvable: true,
  holds: true,
  why: ({ deployment }) =>
    deployment.meant === undefined
      ? undefined
      : `its name was probably meant to be ${deployment.meant}, so it goes only by approval`,
};

/** An input that lost more than 20 % and more than 2 of its entries withholds all. */
const shrunkInput: Guard = {
  name: 'shrunk input',
  approvable: true,
  holds: false,
  why: (_, { shrunk }) =>
    shrunk.length === 0
      ? undefined
      : `${joinWithAnd(shrunk.map(({ text }) => text))} since the last whole run in which nothing was missing`,
};

/** More withdrawals due than the caps allow withhold all of them, not some. */
const caps: Guard = {
  name: 'caps',
  approvable: true,
  holds: false,
  why: ({ step }, { caps: { due, recent, limit } }) =>
    step.replaced === true || due + recent <= limit
      ? undefined
      : `${pluralize(due, 'withdrawal')} due and ${recent} in the last 20 hours are more than the ${limit} allowed`,
};

export const GUARDS: readonly Guard[] = [
  holdObject,
  zeroCaps,
  fullExemption,
  unreadableRow,
  nearExemption,
  notApproved,
  probablyRenewed,
  usedByOthers,
  withoutSuccessor,
  stillUsed,
  misnamed,
  shrunkInput,
  caps,
];

/** A guard's name: an entry of {@link GUARDS}. */
export type GuardName = string;

/** The guards that hold one deployment alone. */
export const HOLDS: readonly Guard[] = GUARDS.filter(({ holds }) => holds);

/** The first guard that stops a step, and why. */
export function stoppedBy(
  guards: readonly Guard[],
  subject: Subject,
  context: GuardContext,
): { readonly guard: Guard; readonly why: string } | undefined {
  for (const guard of guards) {
    const why = guard.why(subject, context);
    if (why !== undefined) return { guard, why };
  }
  return undefined;
}

/** The deployments in force whose key was last seen to hold a token's content: they would be cut off with it. */
function holdersInForce({ heldBy, today }: Snapshot, tokenId: string): readonly Deployment[] {
  const holders = heldBy
    .get(tokenId)
    ?.filter(({ license }) => license !== undefined && isInForce(license, today));
  return holders ?? [];
}

/** How many deployments may lose their access in 20 hours: the absolute or the relative cap, whichever is more. */
export function withdrawalLimit(snapshot: Snapshot): number {
  const { maxWithdrawals, maxWithdrawalPercent } = snapshot.policy;
  let withAccess = 0;
  for (const { active } of snapshot.deployments.values()) if (active.length > 0) withAccess += 1;
  return Math.max(maxWithdrawals, Math.floor((maxWithdrawalPercent * withAccess) / 100));
}

/** Finds under which names an ended license was probably renewed: in force, near, and without an active token. */
export function renewalFinder({ deployments, today }: Snapshot): (ended: string) => readonly string[] {
  const candidates: string[] = [];
  for (const { name, license, active } of deployments.values())
    if (license !== undefined && active.length === 0 && isInForce(license, today)) candidates.push(name);
  const { nearNames } = nameFinder(candidates);
  return (ended) => (candidates.length === 0 ? [] : nearNames(ended));
}

/** A deployment, and the one that its misspelt name was probably meant to be. */
function subjectsOf(deployment: Deployment, snapshot: Snapshot): readonly Deployment[] {
  return [...new Set([deployment, licensedBy(deployment, snapshot)])];
}

/** A replaced token and its successor, which may be unknown. */
interface Succession {
  readonly token: HubToken;
  readonly by: string;
  readonly successor: HubToken | undefined;
  /** When the successor was made, in milliseconds since 1970. */
  readonly since: number;
}

function successionOf(
  { replaced }: Deployment,
  { tokenId, replaced: isReplaced }: Subject['step'],
  { byId }: Snapshot,
): Succession | undefined {
  if (isReplaced !== true) return undefined;
  const entry = replaced.find((candidate) => candidate.tokenId === tokenId);
  const token = byId.get(tokenId ?? '');
  const successor = entry && byId.get(entry.by);
  return (
    entry &&
    token && {
      token,
      by: entry.by,
      successor,
      since: successor?.createdAt ?? Date.parse(entry.at ?? entry.until),
    }
  );
}

/** When a token was last used by its customer: our own checks are not use, as far as their times tell. */
function ownUse({ deployments, inputs }: Snapshot, token: HubToken): number | null | undefined {
  const issued = inputs.ledger?.issued.find(({ tokenId }) => tokenId === token.id);
  const madeAt = issued === undefined ? undefined : Date.parse(issued.at);
  return lastRealUse(token, deployments.get(token.label)?.check, madeAt);
}

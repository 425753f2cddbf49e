import { type Day, dayOf } from './days.ts';
import { type Exempted, type Exemption, exemptedLabels } from './exemptions.ts';
import { type ContentCheckEntry, type Ledger, type Suspension, emptyLedger } from './ledger.ts';
import { type License, type LicenseList, namedInList } from './licenses.ts';
import { type NameFinder, isWellNamed, nameFinder } from './naming.ts';
import type { Policy } from './policy.ts';
import { type HubToken, type VaultKeys, isActive } from './token.ts';

/** What was read. A part that could not be read wholly is absent; rules that need it are not judged. */
export interface Facts {
  readonly tokens?: readonly HubToken[];
  readonly keys?: VaultKeys;
  readonly licenses?: LicenseList;
  readonly exemptions?: readonly Exemption[];
  /** The ledger after `observe` compared it with the tokens. */
  readonly ledger?: Ledger;
}

/** The tokens of one label. */
export interface LabelTokens {
  readonly all: readonly HubToken[];
  readonly active: readonly HubToken[];
}

/** What was read, indexed once so that every rule is a look-up. */
export interface Snapshot {
  readonly now: number;
  readonly today: Day;
  readonly policy: Policy;
  readonly facts: Facts;
  /** All but automatic ones. */
  readonly tokens: readonly HubToken[];
  readonly automaticTokens: number;
  readonly byLabel: ReadonlyMap<string, LabelTokens>;
  readonly byId: ReadonlyMap<string, HubToken>;
  readonly keys: ReadonlySet<string>;
  readonly licenses: ReadonlyMap<string, License>;
  /** Every deployment that a row of the license list names, readable or not. */
  readonly named: ReadonlySet<string>;
  readonly exempted: ReadonlyMap<string, Exempted>;
  readonly suspensions: ReadonlyMap<string, Suspension>;
  /** Deployments whose access people withdrew through the revoke function: nobody misses their tokens. */
  readonly revokedByPeople: ReadonlySet<string>;
  /** Ids of tokens that a regenerated one replaces. */
  readonly replaced: ReadonlySet<string>;
  readonly checks: ReadonlyMap<string, ContentCheckEntry>;
  readonly findName: NameFinder;
  /** Active misnamed tokens by the deployment they were probably meant for. */
  readonly meantFor: ReadonlyMap<string, readonly HubToken[]>;
}

const NO_TOKENS: LabelTokens = { all: [], active: [] };

/** The tokens of a label, none if there are none. */
export function tokensOf(snapshot: Snapshot, label: string): LabelTokens {
  return snapshot.byLabel.get(label) ?? NO_TOKENS;
}

/** Any listed token by its id, automatic ones as well: a key may hold the content of one. */
export function listedToken(snapshot: Snapshot, id: string): HubToken | undefined {
  return snapshot.byId.get(id) ?? snapshot.facts.tokens?.find((token) => token.id === id);
}

/**
 * Whether a token was made by a program such as Docker Desktop for itself (contract section 6): those are counted,
 * never judged, never touched. Docker Hub does not document what it says of tokens made through its API, so a label
 * that is licensed, has a key, or was issued by us always counts as ours.
 */
function isAutomatic(token: HubToken, ours: (token: HubToken) => boolean): boolean {
  return token.generatedBy !== undefined && token.generatedBy !== 'manual' && !ours(token);
}

/** The tokens that are judged, all but automatic ones, of what was read. */
export function managedTokens(
  facts: Facts,
  named: ReadonlySet<string> = facts.licenses === undefined ? new Set() : namedInList(facts.licenses),
  keys: ReadonlySet<string> = new Set(facts.keys?.names),
): readonly HubToken[] {
  const issued = facts.ledger?.issued ?? [];
  const issuedLabels = new Set(issued.map(({ deployment }) => deployment));
  const issuedIds = new Set(issued.map(({ tokenId }) => tokenId));
  const ours = ({ id, label }: HubToken): boolean =>
    named.has(label) || keys.has(label) || issuedLabels.has(label) || issuedIds.has(id);
  return (facts.tokens ?? []).filter((token) => !isAutomatic(token, ours));
}

/** Indexes what was read. The order of the lists does not matter to anything that comes out. */
export function takeSnapshot(facts: Facts, policy: Policy, now: number): Snapshot {
  const today = dayOf(now, policy.timeZone);
  const ledger = facts.ledger ?? emptyLedger();
  const named = facts.licenses === undefined ? new Set<string>() : namedInList(facts.licenses);
  const licenses = facts.licenses?.licenses ?? new Map<string, License>();
  const keys = new Set(facts.keys?.names);
  const tokens = managedTokens(facts, named, keys);
  const byLabel = new Map<string, { readonly all: HubToken[]; active: HubToken[] }>();
  const byId = new Map<string, HubToken>();
  for (const token of tokens) {
    byId.set(token.id, token);
    const isUsable = isActive(token, now);
    const entry = byLabel.get(token.label);
    if (entry === undefined) {
      // Nearly every label has one token, and it is active: one list of exactly that length for both. A list that
      // grows from nothing takes seventeen places, which for 100,000 labels is a good part of a function's memory.
      const all = [token];
      byLabel.set(token.label, { all, active: isUsable ? all : [] });
      continue;
    }
    if (entry.active === entry.all && !isUsable) entry.active = [...entry.all];
    if (entry.active !== entry.all && isUsable) entry.active.push(token);
    entry.all.push(token);
  }
  const findName = nameFinder(licenses.keys());
  const meantFor = new Map<string, HubToken[]>();
  for (const [label, { active }] of byLabel) {
    const meant = isWellNamed(label) || active.length === 0 ? undefined : findName(label);
    if (meant !== undefined) meantFor.set(meant, [...(meantFor.get(meant) ?? []), ...active]);
  }
  return {
    now,
    today,
    policy: policy,
    facts,
    tokens,
    automaticTokens: (facts.tokens?.length ?? 0) - tokens.length,
    byLabel,
    byId,
    keys,
    licenses,
    named,
    exempted: exemptedLabels(facts.exemptions ?? [], today),
    suspensions: new Map(ledger.suspensions.map((suspension) => [suspension.tokenId, suspension])),
    revokedByPeople: new Set(
      ledger.suspensions
        .filter(({ by, superseded }) => by === 'people' && superseded !== true)
        .map(({ deployment }) => deployment),
    ),
    replaced: new Set(ledger.replaced.map((replaced) => replaced.tokenId)),
    checks: new Map(ledger.checks.map((check) => [check.deployment, check])),
    findName,
    meantFor,
  };
}

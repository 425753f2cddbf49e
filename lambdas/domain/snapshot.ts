/**
 * The heart: one full outer join of all that was read, by name. A rule judges one {@link Deployment}, a step is decided
 * from one, a row of the report shows one.
 */
import { type Day, NO_END, dayOf, daysBetween } from './days.ts';
import { type Exempted, type Exemption, exemptedLabels, lastExemptions } from './exemptions.ts';
import {
  type ContentCheckEntry,
  type Ledger,
  type Notice,
  type ReplacedToken,
  type Restore,
  type Suspension,
  emptyLedger,
} from './ledger.ts';
import { type License, type LicenseList, namedInList } from './licenses.ts';
import { namesMeant } from './exemption-names.ts';
import { isWellNamed } from './naming.ts';
import { type NameFinder, nameFinder } from './near-names.ts';
import type { Policy } from './policy.ts';
import { type HubToken, type VaultKeys, isActive } from './token.ts';
import { fingerprintOf } from '../text/fingerprint.ts';

/** What was read. A part that could not be read completely is absent; rules that need it are not judged. */
export interface Inputs {
  readonly tokens?: readonly HubToken[];
  readonly keys?: VaultKeys;
  readonly licenses?: LicenseList;
  readonly exemptions?: readonly Exemption[];
  /** The ledger, compared with what was read. */
  readonly ledger?: Ledger;
  /** Ids of tokens that Docker Hub, asked for each of them, said are gone. */
  readonly gone?: ReadonlySet<string>;
  /** The last id that it was asked for. */
  readonly lastAskedFor?: string;
}

/** What was read, where every input was read completely. */
export type CompleteInputs = Inputs &
  Required<Pick<Inputs, 'tokens' | 'keys' | 'licenses' | 'exemptions' | 'ledger'>>;

/**
 * All that is known of one name, which a token, a key or a row of the license list has. What was not read is absent,
 * like what is not there: see `snapshot.inputs` for which it is.
 */
export interface Deployment {
  /** The label, key or licensed name as it is outside: it may break the naming rule or be hostile. */
  readonly name: string;
  /** Where tokens have a name that breaks the naming rule: the licensed deployment that was probably meant. */
  readonly meant: string | undefined;
  /** What its readable rows say; absent where there are none. */
  readonly license: License | undefined;
  /** Where no readable row is left: the end that had passed when a row was last read. */
  readonly passedEnd: Day | undefined;
  /** Whether a row of the license list names it, readable or not. */
  readonly isListed: boolean;
  /** The tokens of that label, active or not, without automatic ones. */
  readonly tokens: readonly HubToken[];
  readonly active: readonly HubToken[];
  /** Whether Vault has a key of that name. */
  readonly hasKey: boolean;
  /** What that key holds, whatever type it has; absent where names only were read. */
  readonly content: unknown;
  /** The exemptions in force for it, added up. */
  readonly exemption: Exempted | undefined;
  /** The last check of what its key holds. */
  readonly check: ContentCheckEntry | undefined;
  /** Who switched its tokens off and when; also those of tokens that had this name and are gone. */
  readonly suspensions: readonly Suspension[];
  /** What was announced of its tokens. */
  readonly notices: readonly Notice[];
  /** Which of its tokens people switched on lately. */
  readonly restores: readonly Restore[];
  /** Which of its tokens a regenerated one replaces. */
  readonly replaced: readonly ReplacedToken[];
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
  readonly inputs: Inputs;
  /** All but automatic ones. */
  readonly tokens: readonly HubToken[];
  /** Tokens that a program made for itself: listed, not judged by the rules of deployments. */
  readonly automatic: readonly HubToken[];
  /** Every name that a token, a key or a row of the license list has, or that a misspelt token was probably meant to have. */
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly byId: ReadonlyMap<string, HubToken>;
  readonly licenses: ReadonlyMap<string, License>;
  readonly exempted: ReadonlyMap<string, Exempted>;
  /** What is not judged of a label: what it is exempt from or, where the exemptions could not be read, was when they last could. */
  readonly unjudged: ReadonlyMap<string, Exempted>;
  readonly suspensions: ReadonlyMap<string, Suspension>;
  /** Ids of tokens that a regenerated one replaces. */
  readonly replaced: ReadonlySet<string>;
  /** Finds the licensed deployments that a name may be another spelling of. */
  readonly nameFinder: NameFinder;
  /** Active misnamed tokens by the deployment they were probably meant for. */
  readonly meantFor: ReadonlyMap<string, readonly HubToken[]>;
  /** By token id: the deployments whose key was last seen to hold its content though its label is another. */
  readonly heldBy: ReadonlyMap<string, readonly Deployment[]>;
  /** By labels of exemptions that are no token, key or licensed name: whom they were probably meant for. */
  readonly meantByExemption: ReadonlyMap<string, readonly string[]>;
  /** By name: the label of an exemption that is no token, key or licensed name, and was probably meant for it. */
  readonly nearlyExempt: ReadonlyMap<string, string>;
}

const NO_TOKENS: LabelTokens = { all: [], active: [] };

/** The tokens of a label, none if there are none. */
export function tokensOf({ deployments }: Snapshot, label: string): LabelTokens {
  const deployment = deployments.get(label);
  return deployment === undefined ? NO_TOKENS : { all: deployment.tokens, active: deployment.active };
}

/** The last day on which a deployment has access by its license, `undefined` where no end was ever read. */
export function lastDayOf({ license, passedEnd }: Deployment): Day | undefined {
  return license?.lastDay ?? passedEnd;
}

/** An end of access, and a deletion, is announced from so many days before on. */
export const ANNOUNCED_DAYS = 7;

/** The deployment whose license counts: of a misnamed one that of the name that was probably meant. */
export function licensedBy(
  deployment: Deployment,
  { deployments }: Pick<Snapshot, 'deployments'>,
): Deployment {
  return deployment.meant === undefined ? deployment : (deployments.get(deployment.meant) ?? deployment);
}

/** Whether a deployment's access has ended. */
export function hasEnded(deployment: Deployment, { today }: Pick<Snapshot, 'today'>): boolean {
  return (lastDayOf(deployment) ?? NO_END) < today;
}

/** Whether the access of all these deployments has ended. */
export function areOver({ deployments, today }: Snapshot, names: readonly string[]): boolean {
  return names.every((name) => {
    const deployment = deployments.get(name);
    return deployment !== undefined && hasEnded(deployment, { today });
  });
}

/** Whether a deployment's access has ended, or ends so soon that it is announced. */
export function isEnding(deployment: Deployment, { today }: Pick<Snapshot, 'today'>): boolean {
  return daysBetween(today, lastDayOf(deployment) ?? NO_END) <= ANNOUNCED_DAYS;
}

/** Any listed token by its id, automatic ones as well: a key may hold the content of one. */
export function listedToken(snapshot: Snapshot, id: string): HubToken | undefined {
  return snapshot.byId.get(id) ?? snapshot.automatic.find((token) => token.id === id);
}

/**
 * The tokens that programs such as Docker Desktop made for themselves (contract section 6): those are counted, never
 * judged, never touched. Docker Hub does not document what it says of tokens made through its API, so a label that is
 * licensed, has a key, or was issued by us always counts as ours.
 */
function automaticAmong(
  tokens: readonly HubToken[],
  { keys, licenses }: Inputs,
  { issued }: Ledger,
): readonly HubToken[] {
  const generated = tokens.filter(({ generatedBy = 'manual' }) => generatedBy !== 'manual');
  // Nearly always there are none: then nothing has to be looked up.
  if (generated.length === 0) return generated;
  const ids = new Set(issued.map(({ tokenId }) => tokenId));
  const labels = new Set(keys?.names);
  for (const { deployment } of issued) labels.add(deployment);
  if (licenses !== undefined) for (const name of namedInList(licenses)) labels.add(name);
  return generated.filter(({ id, label }) => !labels.has(label) && !ids.has(id));
}

/** A {@link Deployment} while the join fills it. */
type Draft = { -readonly [Field in keyof Deployment]: Deployment[Field] };

/** One list for all that have none: of a hundred thousand deployments nearly every one has no memory at all. */
const NONE: readonly never[] = [];

function draftOf(name: string): Draft {
  return {
    name,
    meant: undefined,
    license: undefined,
    passedEnd: undefined,
    isListed: false,
    tokens: NONE,
    active: NONE,
    hasKey: false,
    content: undefined,
    exemption: undefined,
    check: undefined,
    suspensions: NONE,
    notices: NONE,
    restores: NONE,
    replaced: NONE,
  };
}

function addToken(deployment: Draft, token: HubToken, isUsable: boolean): void {
  const { tokens, active } = deployment;
  // Nearly every label has one token, and it is active: one list of exactly that length for both.
  const all = tokens.length === 0 ? [token] : [...tokens, token];
  if (isUsable) deployment.active = active.length === tokens.length ? all : [...active, token];
  deployment.tokens = all;
}

function joinRows(
  { licenses, invalid }: LicenseList,
  deployments: Map<string, Draft>,
  at: (name: string) => Draft,
): void {
  // The first names of all: none has to be looked for.
  for (const [name, license] of licenses) {
    const deployment = draftOf(name);
    deployment.license = license;
    deployment.isListed = true;
    deployments.set(name, deployment);
  }
  for (const { about } of invalid) if (about.scope === 'deployment') at(about.deployment).isListed = true;
}

function joinKeys({ names, values }: VaultKeys, at: (name: string) => Draft): void {
  for (const name of names) {
    const deployment = at(name);
    deployment.hasKey = true;
    deployment.content = values?.get(name);
  }
}

/** Joins all that was read by name: tokens, keys, rows and exemptions. */
function joinByName(
  inputs: Inputs,
  tokens: readonly HubToken[],
  exempted: ReadonlyMap<string, Exempted>,
  now: number,
): Map<string, Draft> {
  const deployments = new Map<string, Draft>();
  const at = (name: string): Draft => {
    let deployment = deployments.get(name);
    if (deployment === undefined) {
      deployment = draftOf(name);
      deployments.set(name, deployment);
    }
    return deployment;
  };
  if (inputs.licenses !== undefined) joinRows(inputs.licenses, deployments, at);
  for (const token of tokens) addToken(at(token.label), token, isActive(token, now));
  if (inputs.keys !== undefined) joinKeys(inputs.keys, at);
  for (const [label, exemption] of exempted) {
    const deployment = deployments.get(label);
    if (deployment !== undefined) deployment.exemption = exemption;
  }
  return deployments;
}

/** Adds what the ledger remembers: of a token under the label that it has now, of one that is gone under its last. */
function joinMemory(
  deployments: ReadonlyMap<string, Draft>,
  byId: ReadonlyMap<string, HubToken>,
  ledger: Ledger,
): void {
  const at = (entry: { readonly tokenId: string; readonly deployment: string }): Draft | undefined =>
    deployments.get(byId.get(entry.tokenId)?.label ?? entry.deployment);
  for (const check of ledger.checks) {
    const deployment = deployments.get(check.deployment);
    if (deployment !== undefined) deployment.check = check;
  }
  for (const suspension of ledger.suspensions) {
    const deployment = at(suspension);
    if (deployment !== undefined) deployment.suspensions = [...deployment.suspensions, suspension];
  }
  for (const notice of ledger.notices) {
    const deployment = at(notice);
    if (deployment !== undefined) deployment.notices = [...deployment.notices, notice];
  }
  for (const restore of ledger.restores) {
    const deployment = at(restore);
    if (deployment !== undefined) deployment.restores = [...deployment.restores, restore];
  }
  for (const replaced of ledger.replaced) {
    const deployment = at(replaced);
    if (deployment !== undefined) deployment.replaced = [...deployment.replaced, replaced];
  }
  for (const { deployment: name, end } of ledger.passedEnds) {
    const deployment = deployments.get(name);
    if (deployment !== undefined && deployment.license === undefined) deployment.passedEnd = end;
  }
}

/** Whose key was last seen to hold a token's content, and holds the same still as far as values were read. */
function holdersOf(
  deployments: ReadonlyMap<string, Deployment>,
  byId: ReadonlyMap<string, HubToken>,
  ledger: Ledger,
): ReadonlyMap<string, readonly Deployment[]> {
  const holders = new Map<string, Deployment[]>();
  for (const { deployment: name, verdict, claimedId, tokenId, fingerprint } of ledger.checks) {
    const id = verdict === 'mismatched' ? claimedId : verdict === 'matching' ? tokenId : undefined;
    const holder = deployments.get(name);
    if (id === undefined || holder?.hasKey !== true || byId.get(id)?.label === name) continue;
    const { content } = holder;
    if (typeof content === 'string' && fingerprintOf(content) !== fingerprint) continue;
    holders.set(id, [...(holders.get(id) ?? []), holder]);
  }
  return holders;
}

/** Joins what was read. The order of the lists does not matter to anything that comes out. */
export function takeSnapshot(inputs: Inputs, policy: Policy, now: number): Snapshot {
  const today = dayOf(now, policy.timeZone);
  const ledger = inputs.ledger ?? emptyLedger();
  const listed = inputs.tokens ?? [];
  const automatic = automaticAmong(listed, inputs, ledger);
  const others = new Set(automatic);
  const tokens = others.size === 0 ? listed : listed.filter((token) => !others.has(token));
  const byId = new Map<string, HubToken>();
  for (const token of tokens) byId.set(token.id, token);
  const exempted = exemptedLabels(inputs.exemptions ?? [], today);
  const deployments = joinByName(inputs, tokens, exempted, now);
  joinMemory(deployments, byId, ledger);
  const names = nameFinder(licensedNames(inputs, ledger));
  const meantByExemption = meantByExemptions(deployments, exempted, names);
  return {
    now,
    today,
    policy,
    inputs,
    tokens,
    automatic,
    deployments,
    byId,
    licenses: inputs.licenses?.licenses ?? new Map<string, License>(),
    exempted,
    unjudged: inputs.exemptions === undefined ? exemptedLabels(lastExemptions(ledger), today) : exempted,
    suspensions: new Map(ledger.suspensions.map((suspension) => [suspension.tokenId, suspension])),
    replaced: new Set(ledger.replaced.map((replaced) => replaced.tokenId)),
    nameFinder: names,
    meantFor: joinMisnamed(deployments, names, ledger),
    heldBy: holdersOf(deployments, byId, ledger),
    meantByExemption,
    nearlyExempt: nearlyExemptNames(meantByExemption),
  };
}

/** Every name that a license was read of, now or before its row went. */
function* licensedNames({ licenses }: Inputs, { passedEnds }: Ledger): Iterable<string> {
  if (licenses !== undefined) yield* licenses.licenses.keys();
  for (const { deployment } of passedEnds) yield deployment;
}

/**
 * Finds whom tokens with a misspelt name were probably meant for, and tells the active ones by that name. A name whose row
 * is gone has a deployment then: its end counts for such a token as before.
 */
function joinMisnamed(
  deployments: Map<string, Draft>,
  names: NameFinder,
  { passedEnds }: Ledger,
): ReadonlyMap<string, readonly HubToken[]> {
  const meantFor = new Map<string, readonly HubToken[]>();
  for (const deployment of deployments.values()) {
    const { name, license, tokens, active } = deployment;
    // A licensed name is well-formed.
    if (license !== undefined || tokens.length === 0 || isWellNamed(name)) continue;
    const meant = names.findName(name);
    deployment.meant = meant;
    if (meant !== undefined && !deployments.has(meant)) {
      const passed = passedEnds.find((end) => end.deployment === meant);
      deployments.set(meant, { ...draftOf(meant), passedEnd: passed?.end });
    }
    if (meant !== undefined && active.length > 0)
      meantFor.set(meant, [...(meantFor.get(meant) ?? []), ...active]);
  }
  return meantFor;
}

/** Whom exemptions were probably meant for whose label is no token, key or licensed name, by label. */
function meantByExemptions(
  deployments: ReadonlyMap<string, Deployment>,
  exempted: ReadonlyMap<string, Exempted>,
  finder: NameFinder,
): ReadonlyMap<string, readonly string[]> {
  const unknown = [...exempted.keys()].filter((label) => !deployments.has(label));
  const names = unknown.length === 0 ? [] : [...deployments.keys()].sort();
  return new Map(unknown.map((label) => [label, namesMeant(label, names, finder)]));
}

/** The label by whose exemption a deployment was probably meant. */
function nearlyExemptNames(meant: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> {
  return new Map([...meant].flatMap(([label, names]) => names.map((name) => [name, label] as const)));
}

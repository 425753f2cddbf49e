// Finding what does not fit between Docker Hub's tokens, Vault's keys and the license list.
import { iso } from './days.ts';
import { type Finding, type FindingKind, SEVERITY_OF, type Severity } from './findings.ts';
import { malformedKey, mismatchedKey, misnamedKey, orphanedKey, rejectedKey } from './rules/keys.ts';
import { invalidLicense, licenseExpired, licenseExpiring, missingToken } from './rules/licenses.ts';
import { type Draft, INPUTS, type Rule } from './rules/rule.ts';
import {
  automaticToken,
  duplicateToken,
  misnamedToken,
  orphanedToken,
  suspended,
  tokenExpiring,
  unlicensedToken,
  unusedToken,
  wrongScope,
} from './rules/tokens.ts';
import type { Snapshot } from './snapshot.ts';

/** Every rule, one for each kind of finding. */
const RULES: readonly Rule[] = [
  orphanedToken,
  orphanedKey,
  misnamedToken,
  misnamedKey,
  unlicensedToken,
  licenseExpired,
  licenseExpiring,
  invalidLicense,
  missingToken,
  suspended,
  duplicateToken,
  wrongScope,
  automaticToken,
  tokenExpiring,
  unusedToken,
  malformedKey,
  rejectedKey,
  mismatchedKey,
];

/**
 * Judges every rule whose inputs were read. Pure: the same inputs give the same findings in the same order, whatever the
 * order they came in.
 */
export function reconcile(snapshot: Snapshot): Finding[] {
  const isRead = (input: (typeof INPUTS)[number]): boolean => snapshot.inputs[input] !== undefined;
  const since = new Map(snapshot.inputs.ledger?.findings.map((known) => [known.id, known.since]));
  const findings = RULES.filter(({ needs }) => needs.every(isRead)).flatMap((rule) => {
    const canAdvise = (rule.advises ?? INPUTS).every(isRead);
    return draftsOf(rule, snapshot)
      .filter(({ deployment }) => !isUnjudged(snapshot, rule.kind, deployment))
      .map((draft): Finding => {
        const id = idOf(rule.kind, draft);
        return {
          id,
          kind: rule.kind,
          severity: severityOf(snapshot, rule.kind, draft),
          deployment: draft.deployment,
          ...(draft.tokenId === undefined ? {} : { tokenId: draft.tokenId }),
          since: since.get(id) ?? iso(snapshot.now),
          detail: draft.detail,
          remedy: canAdvise ? draft.remedy : WAIT,
        };
      });
  });
  return findings.sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || (a.id < b.id ? -1 : 1));
}

/** How many findings of each kind there are; kinds without any are absent. */
export function countKinds(findings: readonly Finding[]): Partial<Record<FindingKind, number>> {
  const counts: Partial<Record<FindingKind, number>> = {};
  for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Nothing is advised on what was not read: it may be what would be switched off or deleted. */
const WAIT =
  'Do nothing yet: this run could not read everything that this depends on, and the next complete one says what to do.';

const ORDER: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

function draftsOf(rule: Rule, snapshot: Snapshot): readonly Draft[] {
  if ('judgeAll' in rule) return rule.judgeAll(snapshot);
  const drafts: Draft[] = [];
  for (const deployment of snapshot.deployments.values()) drafts.push(...rule.judge(deployment, snapshot));
  return drafts;
}

function idOf(kind: FindingKind, { deployment, tokenId, distinction }: Draft): string {
  return [kind, deployment, tokenId, distinction].filter((part) => part !== undefined).join(':');
}

/** What a finding of a token that is being replaced asks for is on its way. */
function severityOf(snapshot: Snapshot, kind: FindingKind, { tokenId, severity }: Draft): Severity {
  if (snapshot.replaced.has(tokenId ?? '')) return 'info';
  return severity ?? SEVERITY_OF[kind];
}

function isUnjudged(snapshot: Snapshot, kind: FindingKind, deployment: string): boolean {
  const unjudged = snapshot.unjudged.get(deployment);
  return unjudged !== undefined && (unjudged.everything || unjudged.kinds.has(kind));
}

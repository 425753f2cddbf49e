import { iso } from './days.ts';
import { type Finding, type FindingKind, SEVERITY_OF, type Severity } from './findings.ts';
import { malformedKey, mismatchedKey, misnamedKey, orphanedKey, rejectedKey } from './rules/keys.ts';
import { invalidLicense, licenseExpiring, missingToken } from './rules/licenses.ts';
import type { Draft, Rule } from './rules/rule.ts';
import {
  duplicateToken,
  licenseExpired,
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
  tokenExpiring,
  unusedToken,
  malformedKey,
  rejectedKey,
  mismatchedKey,
];

const ORDER: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

function idOf(kind: FindingKind, { deployment, tokenId, distinction }: Draft): string {
  return [kind, deployment, tokenId, distinction].filter((part) => part !== undefined).join(':');
}

function isExempt(snapshot: Snapshot, kind: FindingKind, deployment: string): boolean {
  const exempted = snapshot.exempted.get(deployment);
  return exempted !== undefined && (exempted.everything || exempted.kinds.has(kind));
}

/**
 * Judges every rule whose inputs were read: what does not fit between Docker Hub's tokens, Vault's keys and the
 * license list. Pure: the same facts give the same findings in the same order, whatever the order they came in.
 */
export function reconcile(snapshot: Snapshot): Finding[] {
  const since = new Map((snapshot.facts.ledger?.findings ?? []).map((told) => [told.id, told.since]));
  const findings = RULES.filter(({ needs }) =>
    needs.every((input) => snapshot.facts[input] !== undefined),
  ).flatMap((rule) =>
    [...rule.judge(snapshot)]
      .filter(({ deployment }) => !isExempt(snapshot, rule.kind, deployment))
      .map((draft): Finding => {
        const id = idOf(rule.kind, draft);
        return {
          id,
          kind: rule.kind,
          severity: draft.severity ?? SEVERITY_OF[rule.kind],
          deployment: draft.deployment,
          ...(draft.tokenId === undefined ? {} : { tokenId: draft.tokenId }),
          since: since.get(id) ?? iso(snapshot.now),
          detail: draft.detail,
          remedy: draft.remedy,
        };
      }),
  );
  return findings.sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || (a.id < b.id ? -1 : 1));
}

/** How many findings of each kind there are; kinds without any are absent. */
export function countKinds(findings: readonly Finding[]): Partial<Record<FindingKind, number>> {
  const counts: Partial<Record<FindingKind, number>> = {};
  for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

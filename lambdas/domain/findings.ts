// The kinds of finding: one closed list.

/** How much a finding matters: `critical` someone is or may be cut off or let in wrongly, `info` nothing to do. */
export type Severity = 'critical' | 'warning' | 'info';

/** Every kind of finding and its severity: one closed list (contract section 6). */
export const SEVERITY_OF = {
  'orphaned-token': 'critical',
  'orphaned-key': 'warning',
  'misnamed-token': 'warning',
  'misnamed-key': 'warning',
  'unlicensed-token': 'warning',
  'license-expired': 'critical',
  'license-expiring': 'warning',
  'invalid-license': 'warning',
  'missing-token': 'critical',
  suspended: 'info',
  'duplicate-token': 'warning',
  'wrong-scope': 'critical',
  'automatic-token': 'info',
  'token-expiring': 'warning',
  'unused-token': 'info',
  'malformed-key': 'critical',
  'rejected-key': 'critical',
  'mismatched-key': 'critical',
} as const satisfies Record<string, Severity>;

export type FindingKind = keyof typeof SEVERITY_OF;

export const FINDING_KINDS = Object.keys(SEVERITY_OF).filter(isFindingKind);

/** Whether a text names a kind of finding. */
export function isFindingKind(text: string): text is FindingKind {
  return Object.hasOwn(SEVERITY_OF, text);
}

/** Something that does not fit, with the facts and what to do next. */
export interface Finding {
  /** The same from night to night for the same thing. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** The label, key or name concerned, as it is outside: it may be hostile, see `displayName`. */
  readonly deployment: string;
  readonly tokenId?: string;
  /** When the audit first saw it, ISO 8601 in UTC. */
  readonly since: string;
  /** The facts, one printable sentence. */
  readonly detail: string;
  /** What to do next, one printable sentence. */
  readonly remedy: string;
}

import type { FindingKind, Severity } from '../findings.ts';
import type { Snapshot } from '../snapshot.ts';

/** The parts of what was read that a rule can't be judged without. */
export type Input = 'tokens' | 'keys' | 'licenses' | 'ledger';

/** A finding before exemptions, memory and severity's default are applied. */
export interface Draft {
  readonly deployment: string;
  readonly tokenId?: string;
  /** Where several findings of one kind concern the same name and no token: what tells them apart from night to night. */
  readonly distinction?: string;
  /** Where it differs from the kind's. */
  readonly severity?: Severity;
  readonly detail: string;
  readonly remedy: string;
}

/** One rule of contract section 6: the sentence of the policy stands above each. */
export interface Rule {
  readonly kind: FindingKind;
  readonly needs: readonly Input[];
  judge(snapshot: Snapshot): Iterable<Draft>;
}

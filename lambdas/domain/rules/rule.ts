// What a rule is: one kind of finding, judged by what was read.
import type { FindingKind, Severity } from '../findings.ts';
import type { Deployment, Snapshot } from '../snapshot.ts';

/** The parts of what was read that a rule can't be judged without. */
export type Input = 'tokens' | 'keys' | 'licenses' | 'ledger';

/** Every {@link Input}. */
export const INPUTS: readonly Input[] = ['tokens', 'keys', 'licenses', 'ledger'];

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

interface RuleBase {
  readonly kind: FindingKind;
  readonly needs: readonly Input[];
  /** What its remedy goes by; all inputs where it does not say. Where one was not read, nothing is advised. */
  readonly advises?: readonly Input[];
}

/** One rule of contract section 6: the sentence of the policy stands above each. */
export type Rule = RuleBase &
  (
    | {
        /** Judges one deployment: a name that a token, a key or a row of the license list has. */
        judge(deployment: Deployment, snapshot: Snapshot): readonly Draft[];
      }
    | {
        /** Judges what belongs to no one deployment. */
        judgeAll(snapshot: Snapshot): readonly Draft[];
      }
  );

// What an issue goes by once it may begin.

import type { Issuing, Ledger } from '../domain/ledger.ts';
import type { License } from '../domain/licenses.ts';
import type { HubToken } from '../domain/token.ts';
import type { LedgerStore } from '../ledger/store.ts';
import type { Services } from '../runtime/services.ts';
import type { IssueEvent } from './event.ts';

/** Where the content goes: whether the secret has to be made, and whether a key of that name is there. */
export interface VaultTarget {
  readonly secretThere: boolean;
  readonly hasKey: boolean;
}

export function withIssuing(ledger: Ledger, entry: Issuing | undefined, deployment: string): Ledger {
  const others = ledger.issuing.filter((open) => open.deployment !== deployment);
  return { ...ledger, issuing: entry === undefined ? others : [...others, entry] };
}

/** Everything an issue goes by once it may begin. */
export interface Issue {
  readonly services: Services;
  readonly event: IssueEvent;
  readonly deployment: string;
  readonly ledger: LedgerStore;
  /** Tokens of the label that a regenerated one replaces. */
  readonly existing: readonly HubToken[];
  readonly target: VaultTarget;
  /** Its license, where one is in force. */
  readonly license: License | undefined;
}

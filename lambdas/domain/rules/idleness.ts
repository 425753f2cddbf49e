// Whether the audit, as it is configured, switches off and deletes anything at all.
import { type Policy, capsAreZero } from '../policy.ts';

/** Why the audit withdraws nothing as it is configured, a clause; `undefined` where it does. */
export function idleness(policy: Policy): string | undefined {
  if (policy.mode === 'observe') return 'the mode is observe, in which the audit changes nothing';
  return capsAreZero(policy) ? 'with caps of 0 the audit withdraws nothing' : undefined;
}

/** Migrates fingerprints away that an earlier version kept: it hashed whatever a key held, also a password. */
import type { Ledger } from '../domain/ledger.ts';
import type { VaultKeys } from '../domain/token.ts';
import { renewedFingerprint } from '../text/fingerprint.ts';

/** The ledger with fingerprints of this version only: where the key holds the same content still, with its new one. */
export function renewFingerprints(ledger: Ledger, keys: VaultKeys): Ledger {
  const renew = (kept: string, name: string): string => renewedFingerprint(kept, keys.values?.get(name));
  const renewed = <Entry extends { readonly deployment: string; readonly fingerprint?: string | undefined }>(
    entry: Entry,
  ): Entry =>
    entry.fingerprint === undefined
      ? entry
      : { ...entry, fingerprint: renew(entry.fingerprint, entry.deployment) };
  return {
    ...ledger,
    checks: ledger.checks.map((check) => ({
      ...check,
      fingerprint: renew(check.fingerprint, check.deployment),
    })),
    suspensions: ledger.suspensions.map(renewed),
    intents: ledger.intents.map(renewed),
    issuing: ledger.issuing.map(renewed),
    renaming: ledger.renaming.map((entry) =>
      entry.fingerprint === undefined
        ? entry
        : { ...entry, fingerprint: renew(entry.fingerprint, entry.from) },
    ),
  };
}

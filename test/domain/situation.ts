import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { readExemptions } from '../../lambdas/domain/exemptions.ts';
import { type Ledger, type Suspension, emptyLedger } from '../../lambdas/domain/ledger.ts';
import { readLicenses } from '../../lambdas/domain/licenses.ts';
import { type Inputs, type Snapshot, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import type { Settings } from '../../lambdas/runtime/settings.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import { defaultSettings } from '../default-settings.ts';

/** The night in which the situations are judged. */
export const NOW = Date.parse('2026-03-02T02:00:00Z');
/** A content of today's form, with a name in it. */
export const contentOf = (name: string): string => `dckr_pat_${name.padEnd(27, '-')}`;

export const CONTENT = contentOf('x');

/** What was read in one night, as little of it as a rule is about. */
export interface Situation {
  readonly tokens?: readonly Partial<HubToken>[];
  readonly keys?: Readonly<Record<string, unknown>>;
  /** Rows `telco,country,expires_on,grace_days`. */
  readonly licenses?: readonly string[];
  readonly exemptions?: string;
  readonly ledger?: Partial<Ledger>;
  readonly settings?: Partial<Settings>;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A token of `orange-cd`, in order but for the changes. */
export function tokenOf(changes: Partial<HubToken> = {}): HubToken {
  return {
    id: 't1',
    label: 'orange-cd',
    enabled: true,
    createdAt: NOW - 10 * DAY,
    lastUsedAt: NOW - HOUR,
    scopes: ['repo:read'],
    generatedBy: 'manual',
    ...changes,
  };
}

export function inputsOf({ tokens = [], keys = {}, licenses = [], exemptions, ledger }: Situation): Inputs {
  const rows = licenses.length === 0 ? ['filler,zz,9999-12-31,0'] : licenses;
  return {
    tokens: tokens.map((token, index) => tokenOf({ id: `t${index + 1}`, ...token })),
    keys: { names: Object.keys(keys), values: new Map(Object.entries(keys)), version: 1 },
    licenses: readLicenses(bytes(`telco,country,expires_on,grace_days\n${rows.join('\n')}\n`), 3),
    exemptions: readExemptions(exemptions === undefined ? undefined : bytes(exemptions), false),
    ledger: { ...emptyLedger(), ...ledger },
  };
}

export function snapshotOf(situation: Situation): Snapshot {
  return takeSnapshot(inputsOf(situation), defaultSettings(situation.settings), NOW);
}

/** The audit switched off `t1` of `orange-cd` a hundred days ago, when the key held {@link CONTENT}. */
export function suspensionOf(changes: Partial<Suspension> = {}): Suspension {
  return {
    tokenId: 't1',
    deployment: 'orange-cd',
    by: 'audit',
    at: new Date(NOW - 100 * DAY).toISOString(),
    reason: 'the license ended',
    fingerprint: fingerprintOf(CONTENT),
    ...changes,
  };
}

// A run's report: what the function returns, and the whole of it as the bucket keeps it.

import type { Action, Mode, Outcome } from '../domain/actions.ts';
import type { VerifiedCounts } from '../domain/content-checks.ts';
import type { Day } from '../domain/days.ts';
import type { Finding, FindingKind } from '../domain/findings.ts';
import { displayName } from '../text/display.ts';

export interface Counts {
  /** All tokens but automatic ones. */
  readonly tokens: number;
  readonly activeTokens: number;
  readonly automaticTokens: number;
  readonly keys: number;
  /** Deployments in the license list, not its rows. */
  readonly licenses: number;
  /** Labels that an exemption in force names. */
  readonly exempt: number;
  readonly findings: Partial<Record<FindingKind, number>>;
  readonly verified: VerifiedCounts;
}

/** One deployment as all three sources see it. */
export interface DeploymentRow {
  readonly deployment: string;
  readonly license: {
    readonly state: 'in force' | 'ended' | 'none' | 'unreadable' | 'unknown';
    /** Until when it has paid: the day that the list says, without grace. Absent for no end, and where there is none. */
    readonly paidUntil?: Day;
    /** Last day of access, grace included; absent like `paidUntil`. */
    readonly accessUntil?: Day;
    /** Last day of access minus today, 0 on it, negative after it. */
    readonly daysLeft?: number;
    readonly products: readonly string[];
    readonly contact?: string;
  };
  readonly hub: {
    readonly state: 'active' | 'inactive' | 'none' | 'unknown';
    readonly tokens: readonly {
      readonly tokenId: string;
      readonly state: 'active' | 'inactive' | 'expired';
      readonly createdAt?: string;
      readonly lastUsedAt?: string;
      readonly expiresAt?: string;
    }[];
  };
  readonly vault: { readonly state: 'present' | 'absent' | 'unknown' };
  readonly exempt: boolean;
  /** The worst that was found of it; `ok` only where all of it was read, else `unknown`. */
  readonly verdict: 'critical' | 'warning' | 'info' | 'ok' | 'unknown';
  /** What to do next; empty when there is nothing. */
  readonly nextStep: string;
}

/** One deployment that was announced an end which has not come yet. */
export interface UpcomingEnd {
  readonly deployment: string;
  /** Access ends, or token and key go for good. */
  readonly what: 'deactivate' | 'delete-token';
  /** Absent where its row is gone. */
  readonly paidUntil?: Day;
  /** Last day of access. */
  readonly accessUntil: Day;
  /** The nightly run that does it, ISO 8601 in UTC. */
  readonly night: string;
  /** From then on a run by hand does it, ISO 8601 in UTC. */
  readonly byHand: string;
}

/** One exemption in force or over, as the report lists it. */
export interface ExemptionRow {
  readonly label: string;
  readonly reason: string;
  readonly owner: string;
  /** Last day; absent for no end. */
  readonly until?: Day;
  /** Empty: all kinds and no withdrawal. */
  readonly findings: readonly FindingKind[];
  readonly inForce: boolean;
}

/** One of the lists, as a run read it. */
export interface FileVersion {
  readonly etag: string;
  readonly rows: number;
  /** When it was uploaded, ISO 8601 in UTC; absent where that is not known. */
  readonly uploadedAt?: string | undefined;
  /** What stands between its cells: what is saved from the page opens in the same spreadsheet. */
  readonly separator?: string | undefined;
}

/** Which object holds all withdrawals, and since when, for a sentence after "is in the bucket". */
export function holdingText({ holding = [] }: InputVersions, dayText: (instant: string) => string): string {
  const texts = holding.map(({ key, since }) => {
    const name = key === 'HOLD' ? '' : ` as ${displayName(key)}`;
    return `${name}${since === undefined ? '' : ` since ${dayText(since)}`}`;
  });
  return texts.join(' and');
}

/** What a run was made from, so that it can be made again. */
export interface InputVersions {
  /** Rows read and the number that Docker Hub counted are the same, else the run is incomplete. */
  readonly dockerHub?: { readonly rows: number };
  readonly vault?: { readonly version: number };
  /** ETags of the objects in the bucket; absent where the object is. */
  readonly licenses?: FileVersion;
  readonly exemptions?: FileVersion;
  readonly hold: boolean;
  /** The objects that hold, and since when; absent where none was seen. */
  readonly holding?: readonly { readonly key: string; readonly since?: string | undefined }[];
}

/** Inputs that lost too much to be believed. */
export interface ShrunkLists {
  /** One sentence: which, from how many to how many. */
  readonly text: string;
  /** Whether this run's event approves that they are right. */
  readonly isApproved: boolean;
  /** Which inputs they are; the license list where that is not said. */
  readonly inputs?: readonly ('tokens' | 'keys' | 'licenses' | 'exemptions')[];
}

/** What to do about an input that shrank by mistake. */
const REPAIRS = {
  tokens: 'Find out who deleted tokens on Docker Hub.',
  keys: "Restore the secret's earlier version in Vault.",
  licenses: 'Upload the complete list again.',
  exemptions: 'Upload the complete list again.',
} as const;

/** What says that the shrunken lists are right, and the words before it. */
export const ACCEPT_COUNTS = '{"approve": [], "reason": "..."}';
export const ACCEPTING = 'Is it right? Then let the new numbers count';

/** What shrank, and what that means: the first that mail and page say. */
export function shrunkText({ text, isApproved, inputs = ['licenses'] }: ShrunkLists): string {
  const repairs = [...new Set(inputs.map((input) => REPAIRS[input]))];
  return isApproved
    ? `${text} This run approves that: the next nights compare the lists with what was read now.`
    : `${text} Nobody is cut off until that is cleared up. Is it a mistake? ${repairs.join(' ')}`;
}

/** What the audit function returns (contract section 5), cut at 500 findings and actions. */
export interface AuditResult {
  readonly runId: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly asOf: Day;
  readonly mode: Mode;
  readonly outcome: Outcome;
  readonly counts: Counts;
  readonly findings: readonly Finding[];
  readonly actions: readonly Action[];
  /** Object key of the JSON report; the page is beside it, `.html`. */
  readonly report: string;
  readonly notified: boolean;
  readonly truncated: boolean;
  /** What a reader of the run should know besides: one printable sentence each. */
  readonly notes: readonly string[];
}

/** The whole of a run, as `reports/…/<runId>.json` holds it. */
export interface Report extends AuditResult {
  /** Sorted by name. */
  readonly deployments: readonly DeploymentRow[];
  /** Who loses access next, the next first; whom a guard holds is not among them. */
  readonly upcoming: readonly UpcomingEnd[];
  readonly exemptions: readonly ExemptionRow[];
  /** What shrank against the last whole run; absent where nothing did. */
  readonly shrunk?: ShrunkLists | undefined;
  readonly inputs: InputVersions;
  /** Names and sentences of what could not be read; empty but for `incomplete`. */
  readonly causes: readonly string[];
  readonly timeZone: string;
}

/** The report as JSON. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(report)}\n`;
}

/** Kinds that are about a token only while it is active. */
const ACTIVE_KINDS: ReadonlySet<FindingKind> = new Set([
  'orphaned-token',
  'misnamed-token',
  'unlicensed-token',
  'license-expired',
  'wrong-scope',
  'token-expiring',
  'unused-token',
  'rejected-key',
]);

/** Ids of the findings that this run itself put right: true when it read, not any more when it ended. */
export function putRight(report: Pick<Report, 'actions' | 'findings'>): ReadonlySet<string> {
  const done = (...kinds: Action['kind'][]): ReadonlySet<string | undefined> =>
    new Set(
      report.actions
        .filter(({ kind, status }) => status === 'done' && kinds.includes(kind))
        .map(({ tokenId }) => tokenId),
    );
  const switchedOff = done('deactivate');
  const offNoMore = done('reactivate', 'delete-token');
  return new Set(
    report.findings
      .filter(
        ({ kind, tokenId }) =>
          tokenId !== undefined &&
          ((ACTIVE_KINDS.has(kind) && switchedOff.has(tokenId)) ||
            (kind === 'suspended' && offNoMore.has(tokenId))),
      )
      .map(({ id }) => id),
  );
}

/** The result of the function: the report without its tables, its lists cut at `most` entries each. */
export function resultOf(report: Report, max = 500): AuditResult {
  return {
    runId: report.runId,
    startedAt: report.startedAt,
    finishedAt: report.finishedAt,
    asOf: report.asOf,
    mode: report.mode,
    outcome: report.outcome,
    counts: report.counts,
    findings: report.findings.slice(0, max),
    actions: report.actions.slice(0, max),
    report: report.report,
    notified: report.notified,
    truncated: report.findings.length > max || report.actions.length > max,
    notes: report.notes.slice(0, max),
  };
}

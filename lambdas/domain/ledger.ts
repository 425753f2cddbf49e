import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import { DAY, isDay } from './days.ts';
import { FINDING_KINDS } from './findings.ts';

/**
 * `ledger.json`: what the next run must remember. Lists of entries, never objects with outside names as their fields:
 * a label may be called `__proto__`. Times are ISO 8601 in UTC. Nothing in it grants access: of a token's content it
 * holds 64 bits of a hash, which tell whether it changed and nothing else (docs/decisions.md).
 */

const time = v.pipe(v.string(), v.isoTimestamp());
const day = v.pipe(v.string(), v.check(isDay, 'is not a day'));
const kind = v.picklist(FINDING_KINDS);
const severity = v.picklist(['critical', 'warning', 'info']);
const by = v.picklist(['audit', 'people']);
const withdrawal = v.picklist(['deactivate', 'delete-token', 'remove-key']);

const reportedFinding = v.object({
  id: v.string(),
  kind,
  severity,
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  since: time,
  /** Whether a mail told it. */
  told: v.boolean(),
  /** `license-expiring`: the narrowest of `warnDays` that a mail told. */
  threshold: v.optional(v.number()),
});

const notice = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  /** What was announced. */
  step: v.picklist(['deactivate', 'delete-token']),
  /** The license's last day at that time: another end wants another notice. */
  end: day,
  at: time,
});

const intent = v.object({
  step: v.picklist(['deactivate', 'delete-token', 'remove-key', 'reactivate']),
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  reason: v.string(),
  end: v.optional(day),
  fingerprint: v.optional(v.string()),
  approved: v.optional(v.boolean(), false),
  /** Deletes a token that was replaced: not a withdrawal, so the caps do not count it. */
  replaced: v.optional(v.boolean(), false),
  at: time,
  runId: v.string(),
});

const doneWithdrawal = v.object({
  step: withdrawal,
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  at: time,
  approved: v.boolean(),
});

const suspension = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  by,
  at: time,
  reason: v.string(),
  /** Of an audit's suspension: the last day of the license that had ended. */
  end: v.optional(day),
  /** Of an audit's suspension: what the key held then; absent where values were not read. */
  fingerprint: v.optional(v.string()),
  requestedBy: v.optional(v.string()),
  /** The run of the audit that switched it off, where one did: `restoreRun` of the revoke function looks for it. */
  runId: v.optional(v.string()),
  /** The audit deleted the token itself; its key may still be there. */
  deletedAt: v.optional(time),
  /** Of people's suspension: another token of the label was active then or since, so it did not end the access. */
  superseded: v.optional(v.boolean()),
});

const restore = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  at: time,
  reason: v.string(),
});

const replacedToken = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  until: time,
  by: v.string(),
  /** When it was replaced: a restore after that is to be respected. */
  at: v.optional(time),
});

const issuedToken = v.object({ tokenId: v.string(), deployment: v.string(), at: time });

const check = v.object({
  deployment: v.string(),
  tokenId: v.string(),
  at: time,
  verdict: v.picklist(['matching', 'rejected', 'mismatched', 'unclear']),
  /** `mismatched`: the listed token that the content belongs to. */
  claimedId: v.optional(v.string()),
  /** Of the content that was checked. */
  fingerprint: v.string(),
  /** When Docker Hub gave no usable answer since: it comes last then, and what was told before stands. */
  tried: v.optional(time),
  /** The token's last real use before the check, `null` for never: the check itself may count as use at Docker Hub. */
  lastUse: v.optional(v.nullable(time)),
});

const rememberedExemption = v.object({
  label: v.string(),
  until: v.optional(day),
  /** The kinds that are not told, sorted; empty for everything; absent where an earlier version remembered it. */
  findings: v.optional(v.array(v.string())),
  /** That it ends within a week was told. */
  endTold: v.optional(v.boolean(), false),
});

const action = v.object({
  kind: v.picklist(['announce', 'deactivate', 'delete-token', 'remove-key', 'reactivate']),
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  status: v.picklist(['planned', 'done', 'failed', 'skipped', 'withheld']),
  reason: v.string(),
});

/** A step that no mail told yet, or what the issue function did and could not mail. */
const unreportedAction = v.object({
  ...action.entries,
  kind: v.picklist([...action.entries.kind.options, 'issue', 'rename']),
});

/** A token being made by the issue function; left behind only where that broke off, and for an hour (ledger/unfinished-issues.ts). */
const issuing = v.object({
  deployment: v.string(),
  requestId: v.string(),
  at: time,
  /** Tokens of the label that were there before. */
  before: v.array(v.string()),
  /** The new one, once its id is known. */
  tokenId: v.optional(v.string()),
  /** When our own pull check began, which Docker Hub may count as use. */
  checkedAt: v.optional(time),
  /** What is about to be written to Vault. */
  fingerprint: v.optional(v.string()),
  /** Where writing it to Vault is not known to have come to an end: the version that Vault has at least. */
  vaultVersion: v.optional(v.number()),
  regenerate: v.boolean(),
  overlapHours: v.number(),
});

/** A rename under way; left behind only by a crash, and finished by the next call. */
const renaming = v.object({
  from: v.string(),
  to: v.string(),
  tokenIds: v.array(v.string()),
  /** What the key holds, which the move must not change; absent where there is no key. */
  fingerprint: v.optional(v.string()),
  at: time,
});

const answeredRequest = v.object({
  requestId: v.string(),
  at: time,
  /** The result that was returned, as JSON text: it never holds a content. */
  result: v.string(),
});

/** How much of each input a run read. */
const inputCounts = v.object({
  tokens: v.number(),
  keys: v.number(),
  licenses: v.number(),
  exemptions: v.number(),
});

/** Docker Hub's list has been too short to be believed since then; at the last one before it had so many tokens. */
const doubt = v.object({ since: time, tokens: v.number() });

/** What a run that was neither withheld nor dry read, for the next one to compare with. */
const baseline = v.object({
  ...inputCounts.entries,
  /** While it is there, nothing is forgotten because its token is not listed. */
  doubted: v.optional(doubt),
});

const night = v.object({
  day,
  runId: v.string(),
  at: time,
  /** Nothing was withheld, failed or skipped, and the mail went out where one was due. */
  undisturbed: v.boolean(),
  outcome: v.picklist(['clean', 'attention', 'withheld']),
  report: v.string(),
});

/** What a mail that somebody could read has reported (domain/reported.ts). */
const reportedItem = v.object({
  key: v.string(),
  day,
  state: v.optional(v.string()),
  level: v.optional(v.number()),
});

/** Strict and without defaults at its top: a ledger that lacks a part has lost what the next run must remember. */
const ledgerSchema = v.strictObject({
  version: v.literal(1),
  findings: v.array(reportedFinding),
  notices: v.array(notice),
  intents: v.array(intent),
  withdrawals: v.array(doneWithdrawal),
  suspensions: v.array(suspension),
  restores: v.array(restore),
  replaced: v.array(replacedToken),
  issued: v.array(issuedToken),
  /** Ids of the tokens that were inactive at the last run: one that is active now was switched on by somebody. */
  inactive: v.array(v.string()),
  checks: v.array(check),
  /** Ids of the automatic tokens that the last whole run saw; absent before the first. */
  automatic: v.optional(v.array(v.string())),
  /** `null`: the file was never there. */
  exemptions: v.nullable(v.array(rememberedExemption)),
  /** Steps that no mail told yet, because it failed or the run broke off. */
  untold: v.array(unreportedAction),
  /** Steps that were withheld, failed or only planned, by what a mail told of them and on which day. */
  toldSteps: v.array(v.object({ key: v.string(), day })),
  /** Everything that was reported; absent in a ledger of an earlier version, which remembered it in several places. */
  reported: v.optional(v.array(reportedItem)),
  /** Input counts of the last run that was neither withheld nor dry. */
  baseline: v.nullable(baseline),
  /** The last whole night: what `catchUp` looks at. */
  lastNight: v.nullable(night),
  /** When a mail last listed everything open. */
  weeklyAt: v.nullable(time),
  issuing: v.array(issuing),
  renaming: v.array(renaming),
  answered: v.array(answeredRequest),
});

export type Ledger = v.InferOutput<typeof ledgerSchema>;
export type InputCounts = v.InferOutput<typeof inputCounts>;
export type Doubt = v.InferOutput<typeof doubt>;
export type ReportedFinding = Ledger['findings'][number];
export type ReportedItem = v.InferOutput<typeof reportedItem>;
export type Intent = Ledger['intents'][number];
export type Issuing = Ledger['issuing'][number];
export type Renaming = Ledger['renaming'][number];
export type UnreportedAction = Ledger['untold'][number];
export type Notice = Ledger['notices'][number];
export type Suspension = Ledger['suspensions'][number];
export type Restore = Ledger['restores'][number];
export type ReplacedToken = Ledger['replaced'][number];
export type ContentCheckEntry = Ledger['checks'][number];

/** The ledger of a system that never ran. */
export function emptyLedger(): Ledger {
  return {
    version: 1,
    findings: [],
    notices: [],
    intents: [],
    withdrawals: [],
    suspensions: [],
    restores: [],
    replaced: [],
    issued: [],
    inactive: [],
    checks: [],
    exemptions: null,
    untold: [],
    toldSteps: [],
    baseline: null,
    lastNight: null,
    weeklyAt: null,
    issuing: [],
    renaming: [],
    answered: [],
  };
}

/** The error for a ledger that was there once and can't be used now. */
function ledgerUnreadable(reason: string): AuditorError {
  return new AuditorError(
    'LedgerUnreadable',
    `The ledger ledger.json can't be used: ${reason}; restore its last good version in the bucket, nothing is changed and it is not overwritten until then.`,
  );
}

/**
 * Reads `ledger.json`.
 *
 * @param object what the bucket answered; `absent` is a first night, `deleted` is not
 * @throws AuditorError `LedgerUnreadable`
 */
export function readLedger(object: Uint8Array | 'absent' | 'deleted'): Ledger {
  if (object === 'absent') return emptyLedger();
  if (object === 'deleted') throw ledgerUnreadable('it was deleted');
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(object));
  } catch {
    throw ledgerUnreadable('it is not JSON');
  }
  const parsed = v.safeParse(ledgerSchema, content);
  if (!parsed.success) {
    const where = v.getDotPath(parsed.issues[0]) ?? 'the whole';
    throw ledgerUnreadable(`its content is not what this version writes (at ${where.slice(0, 60)})`);
  }
  return parsed.output;
}

/** The ledger as it is written. */
export function ledgerText(ledger: Ledger): string {
  return `${JSON.stringify(ledger, null, 1)}\n`;
}

/** What people switch on is left alone for so long, then announced anew. */
export const RESTORED_FOR = 7 * DAY;
/** The caps look back so far. */
export const CAP_WINDOW = DAY;

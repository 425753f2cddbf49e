/**
 * `ledger.json`: what the next run must remember. Lists of entries, never objects with outside names as their fields:
 * a label may be called `__proto__`. Times are ISO 8601 in UTC. Nothing in it grants access: of a token's content it
 * holds 64 bits of a hash, which tell whether it changed and nothing else (docs/decisions.md). Entries belong to token
 * ids: a token that is relabelled keeps its memory. They change by `ledger/transitions.ts` only.
 *
 * The states of a token, as the ledger remembers them:
 *
 *                    mail that names it                noticeHours later, license ended
 *   active ------------------------------> announced ---------------------------------> suspended by the audit
 *     ^  ^            (notices)               |   (intents, then suspensions by: audit)    |     |         |
 *     |  |   hold over, 14 days, another end  |                                            |     |         | deletion announced,
 *     |  +------------- (lapsed) -------------+      license in force again (reactivate)   |     |         | deleteAfterDays
 *     +------------------------------------------------------------------------------------+     |         v
 *     |                                                                                          |     deleted, then its key
 *     |   switched on by hand or restored (restores, 7 days)                                     |     (deletedAt)
 *     +------------------------------------------------------------------------------------------+
 *     |                                                                                          ^
 *     |   revoke ---> suspended by people (suspensions by: people), never switched on by the audit
 *     |
 *     +-- regenerate ---> being replaced (replaced) --- overlap over ---> suspended, replaced --- 7 days ---> deleted
 *                              |
 *                              +--- successor revoked or gone, or restored by its id ---> active again
 */
import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import { withoutContents } from './conceal-ledger.ts';
import { DAY, HOUR, isDay } from './days.ts';
import { FINDING_KINDS } from './findings.ts';
import { earlierItems } from './reported.ts';

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
});

const notice = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  /** What was announced. */
  step: v.picklist(['deactivate', 'delete-token']),
  /** The license's last day at that time: another end wants another notice. */
  end: day,
  /** When the last mail announced it: notice counts from then. */
  at: time,
  /** Where it was announced again: when it first was for this end. An approval goes by that, whether it lapsed or not. */
  firstAt: v.optional(time),
  /** The holds that the last run saw on it ({@link Hold}): when one of them is over, the notice lapses. */
  heldBy: v.optional(v.array(v.string())),
  /** It counts no more and is announced again. */
  lapsed: v.optional(v.boolean()),
  /** Its step was due and withheld until an earlier notice was too old: the caps count it as due still. */
  overdue: v.optional(v.boolean()),
});

const intent = v.object({
  step: v.picklist(['deactivate', 'delete-token', 'remove-key', 'reactivate']),
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  reason: v.string(),
  end: v.optional(day),
  fingerprint: v.optional(v.string()),
  approved: v.optional(v.boolean(), false),
  /** Of a token that was replaced: the caps do not count it. */
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
  /**
   * It was replaced: of an audit's suspension, its overlap was over. The audit never switches it on, and people do only
   * by its id.
   */
  replaced: v.optional(v.boolean()),
  /** The license's last day then. Of people's suspension: once it has moved on, the token is missed. */
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
  /** Restored with a whole run and not by its id: a replaced one is being replaced still. */
  withRun: v.optional(v.boolean()),
});

const replacedToken = v.object({
  tokenId: v.string(),
  deployment: v.string(),
  until: time,
  by: v.string(),
  /** When it was replaced: a restore after that is to be respected. */
  at: v.optional(time),
  /** Since when it is known to be inactive: it is deleted some days later. */
  offSince: v.optional(time),
});

/** A token that we made. Use of it up to some minutes after `at` was our own pull check. */
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
  /** When Docker Hub gave no usable answer since: it comes last then, and what was found before stands. */
  tried: v.optional(time),
  /** The token's last real use before the check, `null` for never: the check itself may count as use at Docker Hub. */
  lastUse: v.optional(v.nullable(time)),
});

const rememberedExemption = v.object({
  label: v.string(),
  until: v.optional(day),
  /** The kinds that are not reported, sorted; empty for everything; absent where an earlier version remembered it. */
  findings: v.optional(v.array(v.string())),
  /** That it ends within a week was reported. */
  endReported: v.optional(v.boolean(), false),
});

const action = v.object({
  kind: v.picklist(['announce', 'deactivate', 'delete-token', 'remove-key', 'reactivate']),
  deployment: v.string(),
  tokenId: v.optional(v.string()),
  status: v.picklist(['planned', 'done', 'failed', 'skipped', 'withheld']),
  reason: v.string(),
});

/** A step that no mail reported yet, or what the issue function did and could not mail. */
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

/** A row of the license list. */
const licenseRow = v.object({
  deployment: v.string(),
  product: v.string(),
  paidUntil: day,
  /** Grace included. */
  accessUntil: day,
});

/**
 * What each input is compared with: how it was in the last whole run in which it had not lost too much, `null` before
 * the first. What we deleted ourselves is taken off at once. An input that shrank keeps its own measure and no other's.
 */
const measures = v.object({
  tokens: v.nullable(v.number()),
  keys: v.nullable(v.number()),
  licenses: v.nullable(
    v.object({
      deployments: v.number(),
      /** `null` for the rows that were last read: the list had not shrunk. */
      rows: v.nullable(v.array(licenseRow)),
    }),
  ),
  exemptions: v.nullable(v.array(v.object({ label: v.string(), until: v.optional(day) }))),
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

/** Every part of the ledger but its version. */
const parts = {
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
  /** The readable rows of the license list as the last whole run read it, `null` before that. */
  licenseRows: v.nullable(v.array(licenseRow)),
  /** The rows that changes are reported against, where no mail about the later ones could be read; else absent. */
  reportedRows: v.optional(v.array(licenseRow)),
  /** Ends of licenses that had passed when they were last read, whether a row is left or not. */
  passedEnds: v.array(v.object({ deployment: v.string(), end: day })),
  /** Steps that no mail reported yet, because it failed or the run broke off. */
  unreported: v.array(unreportedAction),
  /** Everything that a mail reported which somebody could read. */
  reported: v.array(reportedItem),
  measures,
  /** The last id that Docker Hub was asked for because its list lacked it: the next night goes on after it. */
  lastAskedFor: v.nullable(v.string()),
  /** The last whole night: what `catchUp` looks at. */
  lastNight: v.nullable(night),
  issuing: v.array(issuing),
  renaming: v.array(renaming),
  answered: v.array(answeredRequest),
};

/**
 * Strict and without defaults at its top: a ledger that lacks a part has lost what the next run must remember. A new
 * part is added here, to {@link emptyLedger} and, until version 2 is in use, to {@link fromVersion1}.
 */
const ledgerSchema = v.strictObject({ version: v.literal(2), ...parts });

/** What version 2 wrote at first: when a mail last listed everything open stands among `reported` as well. */
const earlierSchema = v.strictObject({ ...ledgerSchema.entries, weeklyAt: v.optional(v.nullable(time)) });

/** What version 1 wrote, where it differs. */
const version1Schema = v.strictObject({
  ...v.omit(v.object(parts), [
    'licenseRows',
    'passedEnds',
    'unreported',
    'reported',
    'measures',
    'lastAskedFor',
  ]).entries,
  version: v.literal(1),
  findings: v.array(
    v.object({ ...reportedFinding.entries, told: v.boolean(), threshold: v.optional(v.number()) }),
  ),
  exemptions: v.nullable(
    v.array(
      v.object({
        ...v.omit(rememberedExemption, ['endReported']).entries,
        endTold: v.optional(v.boolean(), false),
      }),
    ),
  ),
  untold: parts.unreported,
  toldSteps: v.array(v.object({ key: v.string(), day })),
  weeklyAt: v.nullable(time),
  baseline: v.nullable(
    v.object({
      tokens: v.number(),
      keys: v.number(),
      licenses: v.number(),
      exemptions: v.number(),
      doubted: v.optional(v.object({ since: time, tokens: v.number() })),
    }),
  ),
});

export type Ledger = v.InferOutput<typeof ledgerSchema>;
export type Measures = Ledger['measures'];
export type LicenseRow = v.InferOutput<typeof licenseRow>;
export type ReportedFinding = Ledger['findings'][number];
export type ReportedItem = v.InferOutput<typeof reportedItem>;
export type Intent = Ledger['intents'][number];
export type Issuing = Ledger['issuing'][number];
export type Renaming = Ledger['renaming'][number];
export type UnreportedAction = Ledger['unreported'][number];
export type Notice = Ledger['notices'][number];
export type Suspension = Ledger['suspensions'][number];
export type Restore = Ledger['restores'][number];
export type ReplacedToken = Ledger['replaced'][number];
export type ContentCheckEntry = Ledger['checks'][number];

/** The ledger of a system that never ran. */
export function emptyLedger(): Ledger {
  return {
    version: 2,
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
    licenseRows: null,
    passedEnds: [],
    unreported: [],
    reported: [],
    measures: { tokens: null, keys: null, licenses: null, exemptions: null },
    lastAskedFor: null,
    lastNight: null,
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
  const parsed = v.safeParse(v.variant('version', [earlierSchema, version1Schema]), withoutContents(content));
  if (!parsed.success)
    throw ledgerUnreadable(`its content is not what this version writes (at ${placeOf(parsed.issues[0])})`);
  if (parsed.output.version === 1) return fromVersion1(parsed.output);
  const { weeklyAt: _, ...ledger } = parsed.output;
  return ledger;
}

const placeOf = (issue: v.BaseIssue<unknown>): string => (v.getDotPath(issue) ?? 'the whole').slice(0, 60);

/** A ledger of version 1 with everything that it remembers. */
function fromVersion1(ledger: v.InferOutput<typeof version1Schema>): Ledger {
  const { baseline, untold, toldSteps: _, weeklyAt: _weeklyAt, ...same } = ledger;
  const exemptions =
    ledger.exemptions?.map(({ endTold, ...exemption }) => ({ ...exemption, endReported: endTold })) ?? null;
  return {
    ...same,
    version: 2,
    findings: ledger.findings.map(({ told: _told, threshold: _threshold, ...finding }) => finding),
    exemptions,
    licenseRows: null,
    passedEnds: [],
    unreported: untold,
    reported: earlierItems(ledger),
    measures: {
      tokens: baseline?.doubted?.tokens ?? baseline?.tokens ?? null,
      keys: baseline?.keys ?? null,
      licenses: baseline && { deployments: baseline.licenses, rows: null },
      exemptions: baseline && [
        ...(exemptions ?? []).map(({ label, until }) => ({ label, until })),
        // Those that version 1 counted and does not name any more.
        ...Array<{ label: string }>(Math.max(0, baseline.exemptions - (exemptions ?? []).length)).fill({
          label: '',
        }),
      ],
    },
    lastAskedFor: null,
  };
}

/**
 * The ledger as it is written, one entry a line. What could not be read again is not written: the present one stays.
 *
 * @throws AuditorError `StorageUnavailable`
 */
export function ledgerText(ledger: Ledger): string {
  const checked = v.safeParse(ledgerSchema, ledger);
  if (!checked.success)
    throw new AuditorError(
      'StorageUnavailable',
      `Writing ledger.json was given up, because it could not be read again (at ${placeOf(checked.issues[0])}), which is a defect of this program; the ledger stays as it is, report this with the log.`,
    );
  const lines = Object.entries(ledger).map(([name, part]: [string, unknown]) =>
    Array.isArray(part) && part.length > 0
      ? `"${name}": [\n${part.map((entry) => JSON.stringify(entry)).join(',\n')}\n]`
      : `"${name}": ${JSON.stringify(part)}`,
  );
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** What people switch on is left alone for so long, then announced again. */
export const RESTORED_FOR = 7 * DAY;
/** The caps look back so far: less than a day, because no night begins at the second. */
export const CAP_WINDOW = 20 * HOUR;

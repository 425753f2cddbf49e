// `check FILE`: reads the lists on one's own machine, and says of them what a review would.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exemptionAlerts } from '../../lambdas/audit/list-alerts.ts';
import { exemptionsRead, licensesRead, shrunkLines } from '../../lambdas/audit/review-mail.ts';
import type { Day } from '../../lambdas/domain/days.ts';
import {
  type ExemptionList,
  isExemptionInForce,
  readExemptionList,
} from '../../lambdas/domain/exemptions.ts';
import { type Ledger, emptyLedger, readLedger } from '../../lambdas/domain/ledger.ts';
import {
  type License,
  type LicenseList,
  assumedOrderText,
  daysLeft,
  isInForce,
  readLicenses,
} from '../../lambdas/domain/licenses.ts';
import { listChanges, rowsReported } from '../../lambdas/domain/list-changes.ts';
import { renewalFinder } from '../../lambdas/domain/plan/guards.ts';
import { shrunkInputs } from '../../lambdas/domain/plan/shrink-guard.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { spellingText } from '../../lambdas/domain/rules/licenses.ts';
import { ANNOUNCED_DAYS, type Snapshot, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { exemptionNews } from '../../lambdas/mail/exemption-news.ts';
import { dayRules } from '../../lambdas/runtime/license-list.ts';
import { ENV, type Settings, readSettings } from '../../lambdas/runtime/settings.ts';
import { type Typed, UsageError } from './arguments.ts';
import type { Look } from './show.ts';
import { wrapLine } from './words.ts';

interface Checked {
  readonly result: unknown;
  readonly shown: string;
  readonly failed: boolean;
}

/** The files that are looked at; one of the lists at least. */
export interface ListFiles {
  readonly licenses?: Uint8Array | undefined;
  readonly exemptions?: Uint8Array | undefined;
  readonly ledger?: Uint8Array | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the lists as the functions would.
 *
 * @throws UsageError where there is no such file; AuditorError where a list as a whole can't be used
 */
export function checkFile(typed: Typed, environment: Environment, look: Look): Checked {
  // No system is asked, so an address is not wanted.
  const settings = readSettings({ [ENV.vaultAddr]: 'http://127.0.0.1', ...environment });
  const { result, lines, failed } = checkLists(filesOf(typed), settings, Date.now());
  return { result, shown: lines.flatMap((line) => wrapLine(line, look.columns, '  ')).join('\n'), failed };
}

/** What files alone tell of an upload at an instant, in the sentences of the review's mail. @throws AuditorError */
export function checkLists(
  files: ListFiles,
  settings: Settings,
  now: number,
): { readonly result: unknown; readonly lines: readonly string[]; readonly failed: boolean } {
  const days = dayRules(settings, now);
  const licenses = files.licenses && readLicenses(files.licenses, settings.graceDays, days);
  const exemptions = files.exemptions && readExemptionList(files.exemptions, true, days);
  const ledger = files.ledger && readLedger(files.ledger);
  const snapshot = takeSnapshot(
    {
      ...(licenses === undefined ? {} : { licenses }),
      ...(exemptions === undefined ? {} : { exemptions: exemptions.exemptions }),
      ...(ledger === undefined ? {} : { ledger }),
    },
    settings,
    now,
  );
  const ends = nextEnds([...snapshot.licenses.values()], snapshot.today);
  const lines = [
    ...(ledger === undefined ? [] : shrunkLines(shrunkInputs(ledger, snapshot))),
    ...(licenses === undefined ? [] : licenseLines(licenses, ledger, snapshot)),
    ...(exemptions === undefined ? [] : exemptionLines(exemptions, ledger, snapshot)),
    ...(ends.length === 0 ? [] : ['Ended, or ending within 7 days:']),
    ...ends.map(
      ({ deployment, paidUntil, lastDay }) =>
        `${deployment}: paid until ${paidUntil}, access until ${lastDay}${lastDay < snapshot.today ? ' (ended)' : ''}.`,
    ),
  ];
  return {
    result: {
      rows: licenses?.rowCount ?? exemptions?.exemptions.length,
      ...(licenses && {
        deployments: licenses.licenses.size,
        inForce: inForceOf(snapshot),
        invalid: licenses.invalid,
        ends,
      }),
      lines,
    },
    lines,
    failed: (licenses?.invalid.length ?? 0) > 0,
  };
}

/** The file that was typed is the license list, unless its name says exemptions. */
function filesOf(typed: Typed): ListFiles {
  const subject = typed.subject ?? '';
  const kind = /exemption/i.test(basename(subject)) ? 'exemptions' : 'licenses';
  if (typed.text(kind) !== undefined)
    throw new UsageError(`${subject} is taken for the ${kind} already: leave --${kind} out.`);
  const state = typed.text('state');
  const fileOf = (file: string | undefined): Uint8Array | undefined =>
    file === undefined ? undefined : read(file);
  return {
    licenses: fileOf(typed.text('licenses')),
    exemptions: fileOf(typed.text('exemptions')),
    [kind]: read(subject),
    ledger: fileOf(state && join(state, OBJECTS.ledger)),
  };
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    throw new UsageError(`There is no file ${file} that can be read.`);
  }
}

function licenseLines(list: LicenseList, ledger: Ledger | undefined, snapshot: Snapshot): string[] {
  const { today } = snapshot;
  const inForce = inForceOf(snapshot);
  return [
    `${licensesRead(list)} ${inForce} in force today, ${list.licenses.size - inForce} ended.`,
    // Of the rules only the one for rows that can't be read has what it needs.
    ...reconcile(snapshot).map(({ detail, remedy }) => `${detail} ${remedy}`),
    ...(list.assumedOrder === undefined ? [] : [assumedOrderText(list.assumedOrder)]),
    ...(ledger === undefined ? [] : listChanges(rowsReported(ledger), list.rows, today).sentences),
    ...renewalLines(snapshot),
  ];
}

/** Ended deployments that another name in the list is near to. Whether that one has a token, no file says. */
function renewalLines(snapshot: Snapshot): string[] {
  const renewedAs = renewalFinder(snapshot);
  return [...snapshot.licenses.values()].flatMap((license) => {
    if (isInForce(license, snapshot.today)) return [];
    const others = renewedAs(license.deployment);
    const advice = spellingText(snapshot, license.deployment, others);
    return advice === undefined
      ? []
      : [
          `${license.deployment} has ended, and ${others.join(' and ')} in force ${others.length === 1 ? 'has' : 'have'} a near name. Unless that is another customer: ${advice}`,
        ];
  });
}

function exemptionLines(
  { exemptions, assumedOrder }: ExemptionList,
  ledger: Ledger | undefined,
  snapshot: Snapshot,
): string[] {
  const { today, inputs } = snapshot;
  // Without the license list it is unknown which labels there are.
  const judged =
    inputs.licenses === undefined ? exemptions.filter((row) => !isExemptionInForce(row, today)) : exemptions;
  const alerts = exemptionAlerts(judged, ledger ?? emptyLedger(), snapshot);
  return [
    exemptionsRead(exemptions),
    ...(assumedOrder === undefined ? [] : [assumedOrderText(assumedOrder, 'exemptions.csv')]),
    ...alerts.map(({ text }) => text),
    ...exemptionNews(ledger?.exemptions ?? null, exemptions, true, today).lines,
  ];
}

function inForceOf({ licenses, today }: Snapshot): number {
  return [...licenses.values()].filter((license) => isInForce(license, today)).length;
}

/** The licenses that have ended or end soon, the earliest end first. */
function nextEnds(licenses: readonly License[], today: Day): License[] {
  return licenses
    .filter((license) => daysLeft(license, today) <= ANNOUNCED_DAYS)
    .sort((a, b) =>
      a.lastDay < b.lastDay ? -1 : a.lastDay > b.lastDay ? 1 : a.deployment < b.deployment ? -1 : 1,
    );
}

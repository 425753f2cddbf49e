// `check FILE`: reads a license list or exemptions on one's own machine, and says what of it can be read.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Day, dayOf } from '../../lambdas/domain/days.ts';
import { readExemptionList } from '../../lambdas/domain/exemptions.ts';
import {
  type License,
  assumedOrderText,
  daysLeft,
  isInForce,
  readLicenses,
} from '../../lambdas/domain/licenses.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import { exemptionNews } from '../../lambdas/mail/exemption-news.ts';
import { ENV, readSettings } from '../../lambdas/runtime/settings.ts';
import { pluralize } from '../../lambdas/text/display.ts';
import { UsageError } from './arguments.ts';
import type { Look } from './show.ts';
import { wrapLine } from './words.ts';

interface Checked {
  readonly result: unknown;
  readonly shown: string;
  readonly failed: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a list as the functions would.
 *
 * @throws UsageError where there is no such file; AuditorError where the list as a whole can't be used
 */
export function checkFile(file: string, environment: Environment, look: Look): Checked {
  let body: Uint8Array;
  try {
    body = readFileSync(file);
  } catch {
    throw new UsageError(`There is no file ${file} that can be read.`);
  }
  // No system is asked, so an address is not wanted.
  const settings = readSettings({ [ENV.vaultAddr]: 'http://127.0.0.1', ...environment });
  const today = dayOf(Date.now(), settings.timeZone);
  const rules = { dateOrder: settings.dateOrder, today };
  if (/exemption/i.test(basename(file))) {
    const { exemptions, assumedOrder } = readExemptionList(body, true, rules);
    const lines = [
      `${pluralize(exemptions.length, 'row')} read, every one of them.`,
      ...(assumedOrder === undefined ? [] : [assumedOrderText(assumedOrder, 'exemptions.csv')]),
      ...exemptionNews(null, exemptions, true, today).lines,
    ];
    return {
      result: { rows: exemptions.length },
      shown: lines.flatMap((line) => wrapLine(line, look.columns, '  ')).join('\n'),
      failed: false,
    };
  }
  const list = readLicenses(body, settings.graceDays, rules);
  const { rowCount, invalid, licenses, assumedOrder } = list;
  // Nothing but the list is read: what a run would find in it alone.
  const found = reconcile(takeSnapshot({ licenses: list }, settings, Date.now()));
  const ends = nextEnds([...licenses.values()], today);
  const inForce = [...licenses.values()].filter((license) => isInForce(license, today)).length;
  const lines = [
    `${pluralize(rowCount, 'row')} read: ${pluralize(licenses.size, 'deployment')}, ${inForce} in force today, ${licenses.size - inForce} ended.`,
    ...found.map(({ detail, remedy }) => `${detail} ${remedy}`),
    ...(assumedOrder === undefined ? [] : [assumedOrderText(assumedOrder)]),
    ...(ends.length === 0 ? [] : ['Ended, or ending within 7 days:']),
    ...ends.map(
      ({ deployment, paidUntil, lastDay }) =>
        `${deployment}: paid until ${paidUntil}, access until ${lastDay}${lastDay < today ? ' (ended)' : ''}.`,
    ),
  ];
  return {
    result: { rows: rowCount, deployments: licenses.size, inForce, invalid, ends },
    shown: lines.flatMap((line) => wrapLine(line, look.columns, '  ')).join('\n'),
    failed: invalid.length > 0,
  };
}

/** Ends this near are announced to people. */
const ANNOUNCED_DAYS = 7;

/** The licenses that have ended or end soon, the earliest end first. */
function nextEnds(licenses: readonly License[], today: Day): License[] {
  return licenses
    .filter((license) => daysLeft(license, today) <= ANNOUNCED_DAYS)
    .sort((a, b) =>
      a.lastDay < b.lastDay ? -1 : a.lastDay > b.lastDay ? 1 : a.deployment < b.deployment ? -1 : 1,
    );
}

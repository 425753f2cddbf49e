// The outcome of a run in one line, with the same numbers as the mail's subject.

import type { Action, ActionKind, ActionStatus } from '../../domain/actions.ts';
import { addDays, dayOf } from '../../domain/days.ts';
import { openFindings, openGroups, withdrawnGroups } from '../open.ts';
import type { Report, UpcomingEnd } from '../report.ts';
import { amount, numeral } from './markup.ts';

/** The outcome in one line, as a support person would say it: the most urgent first, counted in deployments. */
export function headline(report: Report): string {
  if (report.outcome === 'incomplete') return 'Incomplete: the audit could not be made';
  const parts = headlineParts(report);
  return parts.length > 0
    ? parts.join(', ')
    : `All is well: ${amount(report.counts.tokens, 'token')}, ${amount(report.counts.licenses, 'customer')}, nothing to fix`;
}

/** How grave the page looks at first sight. Green is for what was read and found well. */
export function tone(report: Report): 'unknown' | 'critical' | 'warning' | 'ok' {
  if (report.outcome === 'incomplete') return 'unknown';
  const isGrave =
    report.actions.some(({ status }) => status === 'failed') ||
    openFindings(report).some(({ severity }) => severity === 'critical');
  if (isGrave) return 'critical';
  return report.outcome === 'clean' && !report.inputs.hold && !isDoubted(report) ? 'ok' : 'warning';
}

/** Who loses access, without those whose token is only deleted. */
export function losingAccess({ upcoming }: Report): readonly UpcomingEnd[] {
  return upcoming.filter(({ what }) => what === 'deactivate');
}

function headlineParts(report: Report): string[] {
  const { cantPull, toFix, toDecide, endingSoon, ended } = openGroups(report);
  const of = (status: ActionStatus): readonly Action[] =>
    report.actions.filter((action) => action.status === status);
  const done = withdrawnGroups(of('done'), report.deployments);
  const planned = withdrawnGroups(of('planned'), report.deployments);
  const failed = of('failed').filter(({ kind }) => isChange(kind));
  const skipped = of('skipped').filter(({ kind }) => isChange(kind));
  const restored = of('done').filter(({ kind }) => kind === 'reactivate');
  const toBeDeleted = report.upcoming.filter(({ what }) => what === 'delete-token');
  const named = new Set([...namesOf([...losingAccess(report), ...failed]), ...planned.revoked]);
  return [
    ...shrunkParts(report),
    ...(report.inputs.hold ? ['HOLD'] : []),
    ...losingParts(report, true),
    ...count(cantPull, "can't pull"),
    ...count(namesOf(failed), 'failed'),
    ...count(done.revoked, 'revoked'),
    ...count(planned.revoked, 'would be revoked'),
    ...count(namesOf(skipped), 'left alone'),
    ...count(toDecide, 'withheld'),
    ...count(namesOf(restored), 'restored'),
    ...losingParts(report, false),
    ...count(done.deleted, 'deleted'),
    ...count(planned.deleted, 'would be deleted'),
    ...count(done.oldTokens, 'old token removed', 'old tokens removed'),
    ...(report.inputs.hold || isDoubted(report) ? [] : count(namesOf(toBeDeleted), 'to be deleted')),
    ...count(planned.oldTokens, 'old token would be removed', 'old tokens would be removed'),
    ...(isDoubted(report)
      ? []
      : [
          ...count(toFix, 'to fix'),
          ...count(without(ended, named), 'ended, can still pull'),
          ...count(without(endingSoon, named), 'ending soon'),
        ]),
  ];
}

/** Whether what was read is not believed, as too much of it is gone: then nobody is cut off by it. */
export const isDoubted = ({ shrunk }: Report): boolean => shrunk !== undefined && !shrunk.isApproved;

function shrunkParts({ shrunk }: Report): string[] {
  return shrunk === undefined ? [] : [shrunk.isApproved ? 'shrunken list approved' : 'a list shrank'];
}

/** Who loses access in the next night, or later; nobody does while `HOLD` is there or a list is doubted. */
function losingParts(report: Report, isTonight: boolean): string[] {
  if (report.inputs.hold || isDoubted(report)) return [];
  const losing = losingAccess(report);
  if (report.mode !== 'enforce') return isTonight ? count(namesOf(losing), 'would lose access') : [];
  const tomorrow = addDays(report.asOf, 1);
  const isMeant = ({ night }: UpcomingEnd): boolean =>
    dayOf(Date.parse(night), report.timeZone) <= tomorrow === isTonight;
  const names = namesOf(losing.filter(isMeant));
  const when = isTonight ? 'tonight' : 'soon';
  return count(names, `loses access ${when}`, `lose access ${when}`);
}

const isChange = (kind: ActionKind): boolean => kind !== 'announce';

const namesOf = (entries: readonly { readonly deployment: string }[]): ReadonlySet<string> =>
  new Set(entries.map(({ deployment }) => deployment));

const without = (names: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...names].filter((name) => !others.has(name)));

function count({ size }: ReadonlySet<string>, one: string, many = one): string[] {
  return size === 0 ? [] : [`${numeral(size)} ${size === 1 ? one : many}`];
}

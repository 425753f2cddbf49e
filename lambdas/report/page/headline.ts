// The outcome of a run in one line, with the same numbers as the mail's subject.

import type { ActionKind, ActionStatus } from '../../domain/actions.ts';
import { HOUR } from '../../domain/days.ts';
import { openFindings, openGroups } from '../open.ts';
import type { Report, UpcomingEnd } from '../report.ts';
import { amount, numeral } from './markup.ts';

/** The next night is a day away, and an hour more where clocks change or a run began early. */
const NEXT_NIGHT = 25 * HOUR;

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
  return report.outcome === 'clean' && !report.inputs.hold ? 'ok' : 'warning';
}

/** Who loses access, without those whose token is only deleted. */
export function losingAccess({ upcoming }: Report): readonly UpcomingEnd[] {
  return upcoming.filter(({ what }) => what === 'deactivate');
}

const WITHDRAWALS: ReadonlySet<ActionKind> = new Set(['deactivate', 'delete-token', 'remove-key']);

function headlineParts(report: Report): string[] {
  const { cantPull, toFix, toDecide, endingSoon } = openGroups(report);
  const losing = losingAccess(report);
  const started = Date.parse(report.startedAt);
  const isTonight = ({ night }: UpcomingEnd): boolean => Date.parse(night) - started <= NEXT_NIGHT;
  const withdrawn = (status: ActionStatus): number =>
    namesOf(report.actions.filter((action) => action.status === status && WITHDRAWALS.has(action.kind)));
  const restored = report.actions.filter(({ kind, status }) => kind === 'reactivate' && status === 'done');
  const ending = [...endingSoon].filter((name) => !losing.some(({ deployment }) => deployment === name));
  const quiet = isNothingDone(report);
  const soon = losing.filter((end) => !isTonight(end));
  return [
    ...(report.inputs.hold ? ['HOLD'] : []),
    ...(quiet ? [] : count(namesOf(losing.filter(isTonight)), 'loses access tonight', 'lose access tonight')),
    ...count(cantPull.size, "can't pull"),
    ...count(withdrawn('failed'), 'failed'),
    ...count(withdrawn('done'), 'revoked'),
    ...count(withdrawn('planned'), 'would be revoked'),
    ...count(withdrawn('skipped'), 'left alone'),
    ...count(toDecide.size, 'withheld'),
    ...count(namesOf(restored), 'restored'),
    ...(quiet ? [] : count(namesOf(soon), 'loses access soon', 'lose access soon')),
    ...count(toFix.size, 'to fix'),
    ...count(ending.length, 'ending soon'),
  ];
}

const namesOf = (entries: readonly { readonly deployment: string }[]): number =>
  new Set(entries.map(({ deployment }) => deployment)).size;

function count(number: number, one: string, many = one): string[] {
  return number === 0 ? [] : [`${numeral(number)} ${number === 1 ? one : many}`];
}

/** Whether steps are only planned in this run, or held by `HOLD`: then nobody loses anything tonight. */
function isNothingDone({ mode, inputs }: Report): boolean {
  return mode !== 'enforce' || inputs.hold;
}

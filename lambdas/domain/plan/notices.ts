// Which notices count, which lapse, and which a mail gives.
import { DAY, iso } from '../days.ts';
import type { Ledger, Notice } from '../ledger.ts';
import { lastDayOf, licensedBy } from '../snapshot.ts';
import type { Plan } from './plan.ts';
import type { Step } from './step.ts';

/** A notice is good for so long. */
const GOOD_FOR = 14 * DAY;

/**
 * Whether a notice counts.
 * - `stands`: a withdrawal may go by it.
 * - `old`: it was given too long ago. A step that is withheld is announced again among the withheld.
 * - `lapsed`: a hold on it is over since. It is announced again before anything is done.
 *
 * @param holds what holds the deployment now
 */
export function isStanding(
  { at, lapsed, heldBy = [] }: Notice,
  holds: readonly string[],
  now: number,
): 'stands' | 'old' | 'lapsed' {
  if (lapsed === true || heldBy.some((hold) => !holds.includes(hold))) return 'lapsed';
  return now - Date.parse(at) > GOOD_FOR ? 'old' : 'stands';
}

/**
 * The notices after a run.
 *
 * @param notices the ledger's, after the run's steps
 * @param given the steps whose deployment a mail named that somebody confirmed could read
 */
export function noticesAfterRun(
  notices: readonly Notice[],
  plan: Plan,
  given: readonly Step[],
  now: number,
): Ledger['notices'] {
  const kept = notices.filter((notice) => belongs(notice, plan));
  const key = ({ tokenId, step, end }: Pick<Notice, 'tokenId' | 'step' | 'end'>): string =>
    `${step} ${end} ${tokenId}`;
  const holdsOn = (deployment: string): readonly string[] => plan.holds.get(deployment) ?? [];
  const heldBy = (deployment: string): Pick<Notice, 'heldBy'> =>
    holdsOn(deployment).length === 0 ? {} : { heldBy: [...holdsOn(deployment)] };
  const after = new Map<string, Notice>();
  for (const { heldBy: before = [], ...notice } of kept) {
    const isLapsed = isStanding({ ...notice, heldBy: before }, holdsOn(notice.deployment), now) === 'lapsed';
    after.set(key(notice), {
      ...notice,
      ...heldBy(notice.deployment),
      ...(isLapsed ? { lapsed: true } : {}),
    });
  }
  for (const { tokenId, deployment, announces, end, withheld } of given) {
    if (tokenId === undefined || announces === undefined || end === undefined) continue;
    const notice: Notice = {
      tokenId,
      deployment,
      step: announces,
      end,
      at: iso(now),
      ...heldBy(deployment),
      ...(withheld === undefined ? {} : { overdue: true }),
    };
    const before = after.get(key(notice));
    after.set(
      key(notice),
      before === undefined ? notice : { ...notice, firstAt: before.firstAt ?? before.at },
    );
  }
  return [...after.values()];
}

/**
 * Whether a notice still belongs to its token and end. A list that lost too much to be believed takes none away: else
 * those whose rows it kept would come before the caps without the others.
 */
function belongs({ tokenId, deployment, end }: Notice, { snapshot, shrunk }: Plan): boolean {
  const label = snapshot.byId.get(tokenId)?.label;
  if (label !== undefined && label !== deployment) return false;
  if (shrunk.some(({ input }) => input === 'licenses')) return true;
  const named = snapshot.deployments.get(deployment);
  return named !== undefined && lastDayOf(licensedBy(named, snapshot)) === end;
}

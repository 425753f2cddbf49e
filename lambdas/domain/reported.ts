// What was reported already, and when it is to be reported again: one memory for findings, steps, alerts and the rest.
import { type Day, mondayOn } from './days.ts';
import type { Ledger, ReportedItem } from './ledger.ts';

/** How often the same thing is reported while it lasts: `weekly` means once since Monday. */
export type Repeat = 'once' | 'daily' | 'weekly';

/** Something that may have to be reported. */
export interface Item {
  /** The same for the same thing. */
  readonly key: string;
  readonly repeat: Repeat;
  /** Reported again when it is another one. */
  readonly state?: string;
  /** Reported again when it has risen. */
  readonly level?: number;
}

/** Whether something is to be reported now, by what was reported of it before. */
export function isDue(item: Item, known: ReportedItem | undefined, today: Day): boolean {
  if (known === undefined) return true;
  // An earlier version did not write down which state or level it had reported.
  if (item.state !== undefined && known.state !== undefined && item.state !== known.state) return true;
  if (item.level !== undefined && known.level !== undefined && item.level > known.level) return true;
  return (
    (item.repeat === 'daily' && known.day < today) ||
    (item.repeat === 'weekly' && known.day < mondayOn(today))
  );
}

/** What is remembered of something that was reported now. */
export function reportedNow({ key, state, level }: Item, today: Day): ReportedItem {
  return {
    key,
    day: today,
    ...(state === undefined ? {} : { state }),
    ...(level === undefined ? {} : { level }),
  };
}

/** What was reported, by key. */
export function reportedItems({ reported }: Pick<Ledger, 'reported'>): ReadonlyMap<string, ReportedItem> {
  return new Map(reported.map((entry) => [entry.key, entry]));
}

/** Key of the mail that lists everything open, once a week. */
export const WEEKLY_MAIL = 'weekly mail';
const CRITICAL_LEVEL = 1000;
const WIDEST_THRESHOLD = 999;

/** How far a finding has come: critical above all, then the narrower of the days before its end. */
export function findingLevel(severity: string, threshold: number | undefined): number {
  return (severity === 'critical' ? CRITICAL_LEVEL : 0) + WIDEST_THRESHOLD - (threshold ?? WIDEST_THRESHOLD);
}

/** Key of something that people should hear of although it is no finding. */
export const alertKey = (key: string): string => `alert ${key}`;

export const findingKey = (id: string): string => `finding ${id}`;

export function stepKey(step: {
  readonly kind: string;
  readonly deployment: string;
  readonly tokenId?: string | undefined;
}): string {
  return `step ${step.kind} ${step.tokenId ?? ''} ${step.deployment}`;
}

/** Key of the announcement that a deployment's access, or its token, goes by an end. */
export function announcementKey(
  announces: 'deactivate' | 'delete-token',
  deployment: string,
  end: Day,
): string {
  return `announced ${announces} ${end} ${deployment}`;
}

/** What version 1 of the ledger remembered in several places. */
interface EarlierMemory {
  readonly findings: readonly {
    readonly id: string;
    readonly severity: string;
    readonly told: boolean;
    readonly threshold?: number | undefined;
  }[];
  readonly toldSteps: readonly { readonly key: string; readonly day: Day }[];
  readonly notices: Ledger['notices'];
  readonly weeklyAt: string | null;
  readonly lastNight: { readonly day: Day } | null;
}

/** What a ledger of version 1 says was reported. */
export function earlierItems(ledger: EarlierMemory): ReportedItem[] {
  const day = ledger.lastNight?.day ?? '2000-01-01';
  return [
    ...ledger.findings
      .filter(({ told }) => told)
      .map(({ id, severity, threshold }) => ({
        key: findingKey(id),
        day,
        level: findingLevel(severity, threshold),
      })),
    ...ledger.toldSteps.map(({ key, day: on }) =>
      key.startsWith('alert ') ? { key, day: on } : { key: key.replace(/\S+/, 'step'), day: on },
    ),
    ...ledger.notices.map(({ step, deployment, end }) => ({
      key: announcementKey(step, deployment, end),
      day,
      level: 1,
    })),
    ...(ledger.weeklyAt === null ? [] : [{ key: WEEKLY_MAIL, day: ledger.weeklyAt.slice(0, 10) }]),
  ];
}

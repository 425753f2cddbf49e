import type { HubToken, VaultKeys } from '../clients/types.ts';
import { DAY, dayOf, iso, type Day } from './days.ts';
import type { Exemption } from './exemptions.ts';
import type { Ledger } from './ledger.ts';
import type { LicenseList } from './licenses.ts';
import { observe, stepDone } from './observe.ts';
import { inputCounts, makePlan, noticesOf, type Step } from './plan.ts';
import type { ActionKind } from './report.ts';
import { makeWorld, type Rules } from './world.ts';

/** What there is at the beginning of a simulation. */
export interface SimulationStart {
  readonly tokens: readonly HubToken[];
  readonly keys: VaultKeys;
  readonly licenses: LicenseList;
  readonly exemptions: readonly Exemption[];
  readonly ledger: Ledger;
  readonly hold: boolean;
}

/** One line of the calendar: what a coming night will do, or will withhold. */
export interface CalendarEntry {
  readonly day: Day;
  readonly kind: ActionKind;
  readonly deployment: string;
  readonly withheld: boolean;
  readonly reason: string;
}

/** The world after a step, as far as the plan goes by it. */
interface State {
  tokens: HubToken[];
  keys: VaultKeys;
  ledger: Ledger;
}

function apply(state: State, step: Step, now: number): void {
  if (step.kind === 'announce') {
    const notices = [...state.ledger.notices, ...noticesOf([step], now)];
    state.ledger = { ...state.ledger, notices };
    return;
  }
  if (step.kind === 'delete-token') state.tokens = state.tokens.filter(({ id }) => id !== step.tokenId);
  else if (step.kind !== 'remove-key')
    state.tokens = state.tokens.map((token) =>
      token.id === step.tokenId ? { ...token, enabled: step.kind === 'reactivate' } : token,
    );
  else
    state.keys = {
      ...state.keys,
      names: state.keys.names.filter((name) => name !== step.deployment),
      ...(state.keys.values === undefined
        ? {}
        : { values: new Map([...state.keys.values].filter(([name]) => name !== step.deployment)) }),
    };
  state.ledger = stepDone(
    state.ledger,
    {
      step: step.kind,
      deployment: step.deployment,
      ...(step.tokenId === undefined ? {} : { tokenId: step.tokenId }),
      reason: step.reason,
      ...(step.end === undefined ? {} : { end: step.end }),
      ...(step.fingerprint === undefined ? {} : { fingerprint: step.fingerprint }),
      approved: false,
      replaced: step.replaced ?? false,
      at: iso(now),
      runId: 'simulated',
    },
    now,
  );
}

/**
 * Plays the coming nights on what is there now, one a day at the same time, as if nothing else happened: nobody renews,
 * nobody switches anything, every mail arrives. Pure.
 *
 * @param until the last day that is played
 */
export function simulate(start: SimulationStart, rules: Rules, now: number, until: Day): CalendarEntry[] {
  const state: State = { tokens: [...start.tokens], keys: start.keys, ledger: start.ledger };
  const calendar: CalendarEntry[] = [];
  const withheld = new Set<string>();
  for (let night = now; dayOf(night, rules.timeZone) <= until; night += DAY) {
    const day = dayOf(night, rules.timeZone);
    state.ledger = observe(state.ledger, state.tokens, state.keys.names, night);
    const world = makeWorld({ ...start, ...state }, rules, night);
    const { steps } = makePlan(world, { hold: start.hold });
    state.ledger = { ...state.ledger, untold: [], baseline: inputCounts(world) };
    for (const step of steps) {
      const entry = { day, kind: step.kind, deployment: step.deployment };
      if (step.withheld === undefined) {
        apply(state, step, night);
        calendar.push({ ...entry, withheld: false, reason: step.reason });
        continue;
      }
      // A night after night of the same is one line.
      const key = `${step.kind} ${step.tokenId ?? ''} ${step.deployment}`;
      if (withheld.has(key)) continue;
      withheld.add(key);
      calendar.push({ ...entry, withheld: true, reason: `${step.withheld}; ${step.reason}` });
    }
  }
  return calendar;
}

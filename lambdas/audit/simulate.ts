// The coming nights, played on what is there now.
import type { ActionKind } from '../domain/actions.ts';
import { DAY, type Day, dayOf } from '../domain/days.ts';
import type { Ledger } from '../domain/ledger.ts';
import { noticesAfterRun } from '../domain/plan/notices.ts';
import { rememberInputs } from '../domain/plan/shrink-guard.ts';
import { type Change, intentsOf, isChange } from '../domain/plan/step.ts';
import type { Policy } from '../domain/policy.ts';
import type { CompleteInputs } from '../domain/snapshot.ts';
import type { HubToken } from '../domain/token.ts';
import { recordStep } from '../ledger/transitions.ts';
import { decide } from './decide.ts';

/** What there is at the beginning of a simulation. */
export interface SimulationStart {
  readonly inputs: CompleteInputs;
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

/**
 * Plays the coming nights on what is there now, one a day at the same time, as if nothing else happened: nobody renews,
 * nobody switches anything, every mail arrives. Pure.
 *
 * @param until the last day that is played
 */
export function simulate(start: SimulationStart, policy: Policy, now: number, until: Day): CalendarEntry[] {
  const { inputs, hold } = start;
  let state: State = { tokens: inputs.tokens, ledger: inputs.ledger };
  const calendar: CalendarEntry[] = [];
  const withheld = new Set<string>();
  for (let night = now; dayOf(night, policy.timeZone) <= until; night += DAY) {
    const day = dayOf(night, policy.timeZone);
    const { ledger, snapshot, plan } = decide({
      inputs: { ...inputs, ...state },
      checks: [],
      policy,
      now: night,
      hold,
    });
    const { steps } = plan;
    const taken = steps.filter(isChange);
    const played = taken.reduce((reached, step) => after(reached, step, night), { ...state, ledger });
    // Keys stay in the state as they are.
    const deleted = { tokens: state.tokens.length - played.tokens.length, keys: 0 };
    state = {
      ...played,
      ledger: {
        ...played.ledger,
        notices: noticesAfterRun(played.ledger.notices, plan, steps, night),
        ...rememberInputs(played.ledger, snapshot, { approved: false, deleted }),
      },
    };
    for (const step of steps) {
      const entry = { day, kind: step.kind, deployment: step.deployment };
      if (step.withheld === undefined) {
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

/** What changes from step to step. Keys do not: what the plan goes by of a removed one is in the ledger. */
interface State {
  readonly tokens: readonly HubToken[];
  readonly ledger: Ledger;
}

function after({ tokens, ledger }: State, step: Change, now: number): State {
  return {
    tokens:
      step.kind === 'delete-token'
        ? tokens.filter(({ id }) => id !== step.tokenId)
        : tokens.map((token) =>
            token.id === step.tokenId ? { ...token, enabled: step.kind === 'reactivate' } : token,
          ),
    ledger: intentsOf([step], 'simulated', now).reduce(
      (before, intent) => recordStep(before, intent, now),
      ledger,
    ),
  };
}

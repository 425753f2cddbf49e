import { countChecks } from '../core/content-checks.ts';
import { iso } from '../core/days.ts';
import { deploymentRows } from '../core/deployments.ts';
import { isExemptionInForce } from '../core/exemptions.ts';
import type { Finding } from '../core/findings.ts';
import type { ContentCheckEntry } from '../core/ledger.ts';
import { countKinds } from '../core/reconcile.ts';
import type { Action, Outcome, Report } from '../core/report.ts';
import type { World } from '../core/world.ts';
import type { AuditorError } from '../errors.ts';
import type { Services } from '../services.ts';
import type { Inputs } from './read.ts';
import type { Run } from './run.ts';

/** What a run came to. */
export interface Outcomes {
  readonly world: World;
  readonly findings: readonly Finding[];
  readonly checks: readonly ContentCheckEntry[];
  readonly actions: readonly Action[];
  readonly outcome: Outcome;
  readonly notes: readonly string[];
  /** Why it is incomplete; empty where it is whole. */
  readonly causes: readonly AuditorError[];
}

/** The report of a run; whether it was mailed shows only afterwards. */
export function makeReport(
  services: Services,
  run: Run,
  inputs: Inputs,
  { world, findings, checks, actions, outcome, notes, causes }: Outcomes,
): Omit<Report, 'notified'> {
  return {
    runId: run.runId,
    startedAt: iso(run.startedAt),
    finishedAt: iso(services.clock.now()),
    asOf: world.today,
    mode: run.mode,
    outcome,
    counts: {
      tokens: world.tokens.length,
      activeTokens: [...world.byLabel.values()].reduce((sum, { active }) => sum + active.length, 0),
      automaticTokens: world.automaticTokens,
      keys: world.keys.size,
      licenses: world.licenses.size,
      exempt: world.exempted.size,
      findings: countKinds(findings),
      verified: countChecks(checks, world.keys.size),
    },
    findings,
    actions,
    report: run.report,
    truncated: false,
    notes,
    deployments: deploymentRows(world, findings),
    exemptions: (inputs.facts.exemptions ?? []).map((exemption) => ({
      ...exemption,
      inForce: isExemptionInForce(exemption, world.today),
    })),
    inputs: inputs.versions,
    causes: causes.map(({ name, message }) => `${name}: ${message}`),
    timeZone: services.settings.timeZone,
  };
}

// What is open when a run is over, in deployments: the same groups and numbers for mail and page.
import type { ActionKind } from '../domain/actions.ts';
import type { Finding } from '../domain/findings.ts';
import { LEFT_TO_NIGHT } from '../domain/plan/guards.ts';
import { type Report, putRight } from './report.ts';

/** Deployments by what is open of them. Only who can't pull may be in another group as well. */
export interface OpenGroups {
  /** They have paid and can't pull. */
  readonly cantPull: ReadonlySet<string>;
  /** Withheld by a guard: somebody has to decide. */
  readonly toDecide: ReadonlySet<string>;
  /** Ended, and their token still works. */
  readonly ended: ReadonlySet<string>;
  readonly endingSoon: ReadonlySet<string>;
  /** Critical or worth a warning, and in none of the groups above. */
  readonly toFix: ReadonlySet<string>;
  /** Nobody has to do anything about them at once. */
  readonly toKnow: ReadonlySet<string>;
  readonly switchedOff: ReadonlySet<string>;
}

/** Deployments by what was withdrawn of them. None is in two groups. */
export interface WithdrawnGroups {
  /** They could pull and can't any more. */
  readonly revoked: ReadonlySet<string>;
  /** What was off already went for good. */
  readonly deleted: ReadonlySet<string>;
  /** A token went that another one had replaced: they can pull as before. */
  readonly oldTokens: ReadonlySet<string>;
}

/** An event that a function is to be invoked with. */
export interface PasteEvent {
  readonly function: 'audit' | 'issue' | 'revoke';
  readonly json: string;
}

/** What is still open when the run is over. */
export function openFindings(report: Pick<Report, 'actions' | 'findings'>): Finding[] {
  const gone = putRight(report);
  return report.findings.filter(({ id }) => !gone.has(id));
}

/** Groups what is open when the run is over. */
export function openGroups(report: Pick<Report, 'actions' | 'findings'>): OpenGroups {
  const open = openFindings(report);
  const cured = curesOfMissing(open);
  const namesOf = (isMeant: (finding: Finding) => boolean): Set<string> =>
    new Set(open.filter(isMeant).map(({ deployment }) => deployment));
  const cantPull = namesOf(isWithoutAccess);
  const toDecide = new Set(
    report.actions
      .filter(({ status, reason }) => status === 'withheld' && !reason.startsWith(LEFT_TO_NIGHT))
      .map(({ deployment }) => deployment),
  );
  const ended = namesOf(({ kind, deployment }) => kind === 'license-expired' && !toDecide.has(deployment));
  const endingSoon = namesOf(
    ({ kind, deployment }) => kind === 'license-expiring' && !toDecide.has(deployment),
  );
  const isGrouped = ({ deployment, remedy }: Finding): boolean =>
    [cantPull, toDecide, ended, endingSoon].some((names) => names.has(deployment)) ||
    cured.has(eventIn(remedy)?.json ?? '');
  const toFix = namesOf((finding) => finding.severity !== 'info' && !isGrouped(finding));
  return {
    cantPull,
    toDecide,
    ended,
    endingSoon,
    toFix,
    toKnow: namesOf(
      (finding) =>
        finding.severity === 'info' &&
        finding.kind !== 'suspended' &&
        !toFix.has(finding.deployment) &&
        !isGrouped(finding),
    ),
    switchedOff: namesOf(({ kind }) => kind === 'suspended'),
  };
}

/**
 * Groups withdrawals, done or planned, by what they mean for a deployment.
 *
 * @param deployments as they were before the steps
 */
export function withdrawnGroups(
  steps: readonly {
    readonly kind: string;
    readonly deployment: string;
    readonly tokenId?: string | undefined;
  }[],
  deployments: Report['deployments'],
): WithdrawnGroups {
  const gone = new Set(steps.filter(({ kind }) => kind === 'deactivate').map(({ tokenId }) => tokenId));
  const working = new Set(
    deployments
      .filter(
        ({ hub, license }) =>
          license.state !== 'ended' &&
          hub.tokens.some(({ tokenId, state }) => state === 'active' && !gone.has(tokenId)),
      )
      .map(({ deployment }) => deployment),
  );
  const revoked = new Set<string>();
  const deleted = new Set<string>();
  const oldTokens = new Set<string>();
  for (const { kind, deployment } of steps) {
    if (!WITHDRAWALS.has(kind)) continue;
    if (working.has(deployment)) oldTokens.add(deployment);
    else if (kind === 'deactivate') revoked.add(deployment);
    else deleted.add(deployment);
  }
  for (const name of revoked) deleted.delete(name);
  return { revoked, deleted, oldTokens };
}

const WITHDRAWALS: ReadonlySet<string> = new Set<ActionKind>(['deactivate', 'delete-token', 'remove-key']);

/** Whether a finding says that a deployment that has paid can't pull. */
export function isWithoutAccess({ kind, severity }: Finding): boolean {
  return kind === 'missing-token' || (kind === 'token-expiring' && severity === 'critical');
}

/** The events, as JSON, that give those who can't pull their access back. */
export function curesOfMissing(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(
    findings.filter(isWithoutAccess).flatMap(({ remedy }) => {
      const event = eventIn(remedy);
      return event === undefined ? [] : [event.json];
    }),
  );
}

/** The first event that a remedy offers; the rules write the function's name before each. */
export function eventIn(remedy: string): PasteEvent | undefined {
  const [, name, json] =
    /the (issue|revoke) function \((\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\})\)/.exec(remedy) ?? [];
  return json === undefined ? undefined : { function: name === 'issue' ? 'issue' : 'revoke', json };
}

import { NO_END, iso } from '../domain/days.ts';
import type { Finding } from '../domain/findings.ts';
import { daysLeft, isInForce } from '../domain/licenses.ts';
import { type Snapshot, tokensOf } from '../domain/snapshot.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { anew } from './anew.ts';
import type { DeploymentRow } from './report.ts';

/** Rows up to which they are held once they are made: some 10 MB. */
const HELD_ROWS = 20_000;

function licenseOf(snapshot: Snapshot, deployment: string): DeploymentRow['license'] {
  const license = snapshot.licenses.get(deployment);
  if (snapshot.facts.licenses === undefined) return { state: 'unknown', products: [] };
  if (license === undefined)
    return { state: snapshot.named.has(deployment) ? 'unreadable' : 'none', products: [] };
  return {
    state: isInForce(license, snapshot.today) ? 'in force' : 'ended',
    ...(license.lastDay === NO_END
      ? {}
      : { lastDay: license.lastDay, daysLeft: daysLeft(license, snapshot.today) }),
    products: license.products,
    ...(license.contact === undefined ? {} : { contact: license.contact }),
  };
}

function tokenRow(snapshot: Snapshot, token: HubToken): DeploymentRow['hub']['tokens'][number] {
  return {
    tokenId: token.id,
    state: isActive(token, snapshot.now) ? 'active' : token.enabled ? 'expired' : 'inactive',
    ...(token.createdAt === undefined ? {} : { createdAt: iso(token.createdAt) }),
    ...(typeof token.lastUsedAt === 'number' ? { lastUsedAt: iso(token.lastUsedAt) } : {}),
    ...(token.expiresAt === undefined ? {} : { expiresAt: iso(token.expiresAt) }),
  };
}

function hubOf(snapshot: Snapshot, deployment: string): DeploymentRow['hub'] {
  if (snapshot.facts.tokens === undefined) return { state: 'unknown', tokens: [] };
  const { all, active } = tokensOf(snapshot, deployment);
  let rows: DeploymentRow['hub']['tokens'] | undefined;
  return {
    state: active.length > 0 ? 'active' : all.length > 0 ? 'inactive' : 'none',
    // Made when it is looked at: who goes through all rows seldom looks at their tokens.
    get tokens() {
      rows ??= [...all].sort((a, b) => (a.id < b.id ? -1 : 1)).map((token) => tokenRow(snapshot, token));
      return rows;
    },
  };
}

/**
 * Every deployment that any of the three sources knows, as all three see it, with the worst that was found of it and
 * what to do next. Sorted by name. Where there are many, they are made anew each time they are gone through.
 *
 * @param findings sorted by severity, the worst first, as `reconcile` returns them
 * @param held how many rows are held at the most, default 20,000
 */
export function deploymentRows(
  snapshot: Snapshot,
  findings: readonly Finding[],
  held = HELD_ROWS,
): Iterable<DeploymentRow> {
  const worst = new Map<string, Finding>();
  for (const finding of findings) if (!worst.has(finding.deployment)) worst.set(finding.deployment, finding);
  const names = [...snapshot.deployments.keys()].sort();
  const rows = function* (): Iterable<DeploymentRow> {
    for (const deployment of names) {
      const finding = worst.get(deployment);
      yield {
        deployment,
        license: licenseOf(snapshot, deployment),
        hub: hubOf(snapshot, deployment),
        vault: {
          state:
            snapshot.facts.keys === undefined
              ? 'unknown'
              : snapshot.keys.has(deployment)
                ? 'present'
                : 'absent',
        },
        exempt: snapshot.exempted.has(deployment),
        verdict: finding?.severity ?? 'ok',
        nextStep: finding?.remedy ?? '',
      };
    }
  };
  return names.length <= held ? [...rows()] : anew(rows);
}

// The report's table: every deployment as all three sources see it, with its verdict and what to do next.

import { NO_END, iso } from '../domain/days.ts';
import type { Finding } from '../domain/findings.ts';
import { daysLeft, isInForce } from '../domain/licenses.ts';
import type { Deployment, Snapshot } from '../domain/snapshot.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import type { DeploymentRow } from './report.ts';

/**
 * Every deployment that any of the three sources knows, as all three see it, with the worst that was found of it and
 * what to do next. Sorted by name.
 *
 * @param findings sorted by severity, the worst first, as `reconcile` returns them
 */
export function deploymentRows(snapshot: Snapshot, findings: readonly Finding[]): DeploymentRow[] {
  const worst = new Map<string, Finding>();
  for (const finding of findings) if (!worst.has(finding.deployment)) worst.set(finding.deployment, finding);
  const { tokens, keys, licenses } = snapshot.inputs;
  const isRead = tokens !== undefined && keys !== undefined && licenses !== undefined;
  const byName = [...snapshot.deployments.values()]
    .filter(({ tokens: own, hasKey, isListed }) => own.length > 0 || hasKey || isListed)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return byName.map((deployment) => {
    const finding = worst.get(deployment.name);
    return {
      deployment: deployment.name,
      license: licenseOf(snapshot, deployment),
      hub: hubOf(snapshot, deployment),
      vault: { state: keys === undefined ? 'unknown' : deployment.hasKey ? 'present' : 'absent' },
      exempt: deployment.exemption !== undefined,
      // What nobody read is not well: green is for what was looked at.
      verdict: finding?.severity ?? (isRead && !isLeftOut(snapshot, deployment) ? 'ok' : 'unknown'),
      nextStep: finding?.remedy ?? '',
    };
  });
}

/** Whether it was exempt when the exemptions were last read, and nobody knows whether it is. */
function isLeftOut({ inputs, unjudged }: Snapshot, { name }: Deployment): boolean {
  return inputs.exemptions === undefined && unjudged.has(name);
}

function licenseOf({ inputs, today }: Snapshot, { license, isListed }: Deployment): DeploymentRow['license'] {
  if (inputs.licenses === undefined) return { state: 'unknown', products: [] };
  if (license === undefined) return { state: isListed ? 'unreadable' : 'none', products: [] };
  return {
    state: isInForce(license, today) ? 'in force' : 'ended',
    ...(license.lastDay === NO_END
      ? {}
      : {
          paidUntil: license.paidUntil,
          accessUntil: license.lastDay,
          daysLeft: daysLeft(license, today),
        }),
    products: license.products,
    ...(license.contact === undefined ? {} : { contact: license.contact }),
  };
}

function hubOf({ inputs, now }: Snapshot, { tokens, active }: Deployment): DeploymentRow['hub'] {
  if (inputs.tokens === undefined) return { state: 'unknown', tokens: [] };
  return {
    state: active.length > 0 ? 'active' : tokens.length > 0 ? 'inactive' : 'none',
    tokens: [...tokens].sort((a, b) => (a.id < b.id ? -1 : 1)).map((token) => tokenRow(token, now)),
  };
}

function tokenRow(token: HubToken, now: number): DeploymentRow['hub']['tokens'][number] {
  return {
    tokenId: token.id,
    state: isActive(token, now) ? 'active' : token.enabled ? 'expired' : 'inactive',
    ...(token.createdAt === undefined ? {} : { createdAt: iso(token.createdAt) }),
    ...(typeof token.lastUsedAt === 'number' ? { lastUsedAt: iso(token.lastUsedAt) } : {}),
    ...(token.expiresAt === undefined ? {} : { expiresAt: iso(token.expiresAt) }),
  };
}

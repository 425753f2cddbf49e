import { NO_END, iso } from '../domain/days.ts';
import type { Finding } from '../domain/findings.ts';
import { daysLeft, isInForce } from '../domain/licenses.ts';
import { type World, tokensOf } from '../domain/snapshot.ts';
import { type HubToken, isActive } from '../domain/token.ts';
import { anew } from './anew.ts';
import type { DeploymentRow } from './report.ts';

/** Rows up to which they are held once they are made: some 10 MB. */
const HELD_ROWS = 20_000;

function licenseOf(world: World, deployment: string): DeploymentRow['license'] {
  const license = world.licenses.get(deployment);
  if (world.facts.licenses === undefined) return { state: 'unknown', products: [] };
  if (license === undefined)
    return { state: world.named.has(deployment) ? 'unreadable' : 'none', products: [] };
  return {
    state: isInForce(license, world.today) ? 'in force' : 'ended',
    ...(license.lastDay === NO_END
      ? {}
      : { lastDay: license.lastDay, daysLeft: daysLeft(license, world.today) }),
    products: license.products,
    ...(license.contact === undefined ? {} : { contact: license.contact }),
  };
}

function tokenRow(world: World, token: HubToken): DeploymentRow['hub']['tokens'][number] {
  return {
    tokenId: token.id,
    state: isActive(token, world.now) ? 'active' : token.enabled ? 'expired' : 'inactive',
    ...(token.createdAt === undefined ? {} : { createdAt: iso(token.createdAt) }),
    ...(typeof token.lastUsedAt === 'number' ? { lastUsedAt: iso(token.lastUsedAt) } : {}),
    ...(token.expiresAt === undefined ? {} : { expiresAt: iso(token.expiresAt) }),
  };
}

function hubOf(world: World, deployment: string): DeploymentRow['hub'] {
  if (world.facts.tokens === undefined) return { state: 'unknown', tokens: [] };
  const { all, active } = tokensOf(world, deployment);
  let rows: DeploymentRow['hub']['tokens'] | undefined;
  return {
    state: active.length > 0 ? 'active' : all.length > 0 ? 'inactive' : 'none',
    // Made when it is looked at: who goes through all rows seldom looks at their tokens.
    get tokens() {
      rows ??= [...all]
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .map((token) => tokenRow(world, token));
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
  world: World,
  findings: readonly Finding[],
  held = HELD_ROWS,
): Iterable<DeploymentRow> {
  const worst = new Map<string, Finding>();
  for (const finding of findings) if (!worst.has(finding.deployment)) worst.set(finding.deployment, finding);
  const names = [
    ...new Set([...world.named, ...world.licenses.keys(), ...world.byLabel.keys(), ...world.keys]),
  ].sort();
  const rows = function* (): Iterable<DeploymentRow> {
    for (const deployment of names) {
      const finding = worst.get(deployment);
      yield {
        deployment,
        license: licenseOf(world, deployment),
        hub: hubOf(world, deployment),
        vault: {
          state:
            world.facts.keys === undefined ? 'unknown' : world.keys.has(deployment) ? 'present' : 'absent',
        },
        exempt: world.exempted.has(deployment),
        verdict: finding?.severity ?? 'ok',
        nextStep: finding?.remedy ?? '',
      };
    }
  };
  return names.length <= held ? [...rows()] : anew(rows);
}

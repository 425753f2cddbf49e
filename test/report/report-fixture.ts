// Reports as nights may bring them, for tests of the page.

import type { Action } from '../../lambdas/domain/actions.ts';
import { type Day, addDays, daysBetween } from '../../lambdas/domain/days.ts';
import { type Finding, type FindingKind, SEVERITY_OF } from '../../lambdas/domain/findings.ts';
import { reportPage } from '../../lambdas/report/page.ts';
import type { DeploymentRow, Report, UpcomingEnd } from '../../lambdas/report/report.ts';

export const TODAY: Day = '2026-03-02';

/** The whole page of a report. */
export function pageOf(report: Report): string {
  return reportPage(report);
}

/** Numbers that look random and are the same in every run (a linear congruential generator). */
function numbersFrom(seed: number): () => number {
  let state = seed + 2;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A report of an undisturbed run that found nothing, with the given differences. */
export function makeReport(changes: Partial<Report> = {}): Report {
  return {
    runId: '20260302T010012Z-5f0c2a91',
    startedAt: '2026-03-02T01:00:12.000Z',
    finishedAt: '2026-03-02T01:00:41.000Z',
    asOf: TODAY,
    mode: 'enforce',
    outcome: 'clean',
    counts: {
      tokens: 0,
      activeTokens: 0,
      automaticTokens: 3,
      keys: 0,
      licenses: 0,
      exempt: 0,
      findings: {},
      verified: { matching: 20, rejected: 0, mismatched: 0, unclear: 0, unchecked: 0 },
    },
    findings: [],
    actions: [],
    report: 'reports/2026/03/02/20260302T010012Z-5f0c2a91.json',
    notified: true,
    truncated: false,
    notes: [],
    deployments: [],
    upcoming: [],
    exemptions: [],
    inputs: {
      dockerHub: { rows: 0 },
      vault: { version: 214 },
      licenses: { etag: '"9b2cf535f27731c974343645a3985328"', rows: 0 },
      hold: false,
    },
    causes: [],
    timeZone: 'Europe/Brussels',
    ...changes,
  };
}

/** A deployment with which nothing is wrong, with the given differences. */
export function makeRow(changes: Partial<DeploymentRow> = {}): DeploymentRow {
  return {
    deployment: 'orange-cd',
    license: {
      state: 'in force',
      paidUntil: '2026-12-28',
      accessUntil: '2026-12-31',
      daysLeft: 304,
      products: ['base'],
    },
    hub: {
      state: 'active',
      tokens: [
        {
          tokenId: 'b2f7c8d1-0001',
          state: 'active',
          createdAt: '2024-05-06T08:00:00Z',
          lastUsedAt: '2026-03-01T22:10:00Z',
        },
      ],
    },
    vault: { state: 'present' },
    exempt: false,
    verdict: 'ok',
    nextStep: '',
    ...changes,
  };
}

/** A finding of a kind, with the given differences. */
export function makeFinding(kind: FindingKind, changes: Partial<Finding> = {}): Finding {
  const deployment = changes.deployment ?? 'orange-cd';
  return {
    id: `${kind} ${deployment}`,
    kind,
    severity: SEVERITY_OF[kind],
    deployment,
    since: '2026-02-27T01:00:12.000Z',
    detail: `Something about ${deployment} does not fit.`,
    remedy: 'Put it in order.',
    ...changes,
  };
}

export function makeAction(changes: Partial<Action> = {}): Action {
  return {
    kind: 'deactivate',
    deployment: 'orange-cd',
    tokenId: 'b2f7c8d1-0001',
    status: 'done',
    reason: 'the license ended with 2026-02-26, announced on 2026-02-27',
    ...changes,
  };
}

/** A license with its last day of access, three days of grace after what was paid for, seen from {@link TODAY}. */
export function licenseUntil(
  accessUntil: Day,
  products: readonly string[] = ['base'],
): DeploymentRow['license'] {
  const daysLeft = daysBetween(TODAY, accessUntil);
  const paidUntil = addDays(accessUntil, -3);
  return { state: daysLeft < 0 ? 'ended' : 'in force', paidUntil, accessUntil, daysLeft, products };
}

const TELCOS = 'orange mtn airtel vodacom moov telecel africell expresso malitel lonestar econet movicel smart halotel tigo unitel glo etisalat sunrise salam'.split(' '); // prettier-ignore
const COUNTRIES =
  'cd cg cm ci sn ml bf ne tg bj gn gm gh ng ga td cf rw bi ug ke tz zm zw mw mz ao na bw za'.split(' ');
const PRODUCTS = ['base', 'revenue', 'network', 'churn'] as const;

function findingOf(row: DeploymentRow): Finding | undefined {
  const { deployment, license, hub, vault } = row;
  const tokenId = hub.tokens[0]?.tokenId;
  const about = { deployment, ...(tokenId === undefined ? {} : { tokenId }) };
  if (license.state === 'ended' && hub.state === 'active')
    return makeFinding('license-expired', {
      ...about,
      detail: `The license of ${deployment} ended with ${license.accessUntil ?? ''}, and its token is still active.`,
      remedy:
        'Nothing if that is right: the audit announces and then switches it off. If the customer has renewed, put the new date into licenses.csv now.',
    });
  if (license.state === 'ended')
    return makeFinding('suspended', {
      ...about,
      detail: `The token ${deployment} was switched off by the audit: the license ended with ${license.accessUntil ?? ''}; it will be deleted 90 days later at the earliest.`,
      remedy: 'Nothing; once licenses.csv says that the license is in force, the audit switches it on again.',
    });
  if (hub.state === 'none')
    return makeFinding('missing-token', {
      ...about,
      detail: `The license of ${deployment} is in force, and it has no active token.`,
      remedy: `Make a token with the issue function ({"deployment": "${deployment}"}).`,
    });
  if (vault.state === 'absent')
    return makeFinding('orphaned-token', {
      ...about,
      detail: `The token ${deployment} is active on Docker Hub, and Vault has no key of that name: nobody can say who holds its content.`,
      remedy: `If the deployment needs a token, make one that is stored with the issue function ({"deployment": "${deployment}", "regenerate": true}); else switch this one off with the revoke function.`,
    });
  if (license.state === 'none')
    return makeFinding('unlicensed-token', {
      ...about,
      detail: `The token ${deployment} is active, and no row of the license list names this deployment.`,
      remedy: `Add its row to licenses.csv if it has paid, else switch it off with the revoke function ({"deployment": "${deployment}", "reason": "..."}).`,
    });
  if (license.daysLeft !== undefined && license.daysLeft <= 30)
    return makeFinding('license-expiring', {
      ...about,
      detail: `The license of ${deployment} ends ${license.daysLeft === 0 ? 'today' : license.daysLeft === 1 ? 'in 1 day' : `in ${license.daysLeft} days`}, with ${license.accessUntil ?? ''} as its last day.`,
      remedy: 'If the customer renews, put the new date into licenses.csv before that day is over.',
    });
  return undefined;
}

/** A deployment as one in a real list may be: most are well, a few are not. */
function randomRow(deployment: string, serial: number, random: () => number): DeploymentRow {
  const fate = random();
  const lastDay = addDays(TODAY, fate < 0.015 ? -1 - Math.floor(random() * 25) : fate < 0.05 ? -30 - Math.floor(random() * 50) : Math.floor(random() * 420)); // prettier-ignore
  const products = PRODUCTS.slice(0, 1 + Math.floor(random() * 3));
  const hasToken = random() > 0.008;
  const license: DeploymentRow['license'] =
    fate > 0.99
      ? { state: 'none', products: [] }
      : fate > 0.95
        ? { state: 'in force', products }
        : { ...licenseUntil(lastDay, products), contact: `sales-${deployment.slice(-2)}@example.com` };
  const isOff = license.state === 'ended' && fate >= 0.015;
  const tokenId = `3c9e1f4a-${String(serial).padStart(5, '0')}`;
  const state = isOff ? 'inactive' : 'active';
  const token = { tokenId, state, createdAt: '2024-05-06T08:00:00Z', lastUsedAt: `2026-03-01T${String(serial % 24).padStart(2, '0')}:10:00Z` } as const; // prettier-ignore
  const row = makeRow({
    deployment,
    license,
    hub: hasToken ? { state, tokens: [token] } : { state: 'none', tokens: [] },
    vault: { state: random() > 0.006 ? 'present' : 'absent' },
  });
  const finding = findingOf(row);
  return finding === undefined ? row : { ...row, verdict: finding.severity, nextStep: finding.remedy };
}

function namesOf(size: number): string[] {
  const most = TELCOS.length * COUNTRIES.length;
  return Array.from({ length: size }, (_, index) => {
    const telco = TELCOS[index % TELCOS.length] ?? '';
    const country = COUNTRIES[Math.floor(index / TELCOS.length) % COUNTRIES.length] ?? '';
    return index < most ? `${telco}-${country}` : `${telco}-${Math.floor(index / most)}-${country}`;
  }).sort();
}

const SEVERITIES = ['critical', 'warning', 'info'] as const;

function actionOf(finding: Finding, mode: Report['mode']): Action[] {
  const { deployment, tokenId } = finding;
  const status = mode === 'enforce' ? 'done' : 'planned';
  if (finding.kind === 'license-expired')
    return [
      makeAction({ deployment, tokenId, status, reason: 'the license has ended, announced on 2026-02-27' }),
    ];
  const days = Number(/in (\d+) day/.exec(finding.detail)?.[1] ?? 99);
  if (finding.kind !== 'license-expiring' || days > 7) return [];
  const reason = `the license ends with ${addDays(TODAY, days)}; the token will be switched off in the night of ${addDays(TODAY, days + 1)}, 03:30`;
  return [makeAction({ kind: 'announce', deployment, tokenId, status, reason })];
}

/** Whom this night announced, as they lose access in one of the next nights. */
function upcomingOf(deployments: readonly DeploymentRow[]): UpcomingEnd[] {
  return deployments
    .flatMap(({ deployment, license, hub }): UpcomingEnd[] => {
      const { paidUntil, accessUntil, daysLeft } = license;
      if (hub.state !== 'active' || accessUntil === undefined || daysLeft === undefined) return [];
      if (daysLeft < 0 || daysLeft > 7) return [];
      const night = `${addDays(accessUntil, 1)}T02:30:00.000Z`;
      const byHand = `${accessUntil}T23:00:00.000Z`;
      return [{ deployment, what: 'deactivate', ...(paidUntil === undefined ? {} : { paidUntil }), accessUntil, night, byHand }]; // prettier-ignore
    })
    .sort((a, b) => (a.night < b.night ? -1 : 1));
}

/**
 * A report as a real night may bring it: mostly well, some licenses ending, a few things to fix, one misnamed label of
 * somebody's making, exemptions and a note.
 *
 * @param size number of deployments in the license list and on Docker Hub
 */
export function realisticReport(size: number, changes: Partial<Report> = {}): Report {
  const random = numbersFrom(size);
  const mode = changes.mode ?? 'enforce';
  const misnamed = makeRow({
    deployment: 'Orange_CD',
    license: { state: 'none', products: [] },
    verdict: 'warning',
    nextStep:
      'Rename token and key with the issue function ({"deployment": "Orange_CD", "renameTo": "orange-cd"}).',
  });
  const deployments = [misnamed, ...namesOf(size).map((name, index) => randomRow(name, index, random))];
  const found = deployments.flatMap((row) => findingOf(row) ?? []);
  const findings = [
    ...found.filter(({ deployment }) => deployment !== misnamed.deployment),
    makeFinding('misnamed-token', {
      deployment: misnamed.deployment,
      tokenId: 'b2f7c8d1-0001',
      detail:
        'The label Orange_CD is not lower-case letters and digits in parts joined by single hyphens; probably orange-cd was meant.',
      remedy: misnamed.nextStep,
    }),
  ].sort((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity));
  const kinds = Map.groupBy(findings, ({ kind }) => kind);
  const base = makeReport();
  return {
    ...base,
    mode,
    notified: mode !== 'dry-run',
    outcome: 'attention',
    counts: {
      ...base.counts,
      tokens: deployments.filter(({ hub }) => hub.state !== 'none').length,
      activeTokens: deployments.filter(({ hub }) => hub.state === 'active').length,
      keys: deployments.filter(({ vault }) => vault.state === 'present').length,
      licenses: deployments.filter(({ license }) => license.state !== 'none').length,
      exempt: 1,
      findings: Object.fromEntries([...kinds].map(([kind, { length }]) => [kind, length])),
      verified: { matching: 20, rejected: 0, mismatched: 0, unclear: 0, unchecked: Math.max(0, size - 20) },
    },
    findings,
    actions: findings.flatMap((finding) => actionOf(finding, mode)),
    notes: ['The content check stopped after 20 keys; the others follow in the coming nights.'],
    deployments,
    upcoming: upcomingOf(deployments),
    exemptions: [
      {
        label: 'orange-demo',
        reason: 'demonstration at the customer, agreed by contract',
        owner: 'Amélie (support)',
        until: '2026-06-30',
        findings: [],
        inForce: true,
      },
      {
        label: 'mtn-lab-gh',
        reason: 'test laboratory',
        owner: 'product team',
        until: '2026-01-31',
        findings: ['unused-token'],
        inForce: false,
      },
    ],
    inputs: {
      dockerHub: { rows: size + 4 },
      vault: { version: 214 },
      licenses: { etag: '"9b2cf535f27731c974343645a3985328"', rows: size },
      exemptions: { etag: '"0c1d9e3f6a2b4c5d8e7f9a0b1c2d3e4f"', rows: 2 },
      hold: false,
    },
    ...changes,
  };
}

// What is done without any I/O: searching for secrets, reading lists and ledger, deciding.
import { randomBytes, randomUUID } from 'node:crypto';
import { type Ledger, emptyLedger, ledgerText, readLedger } from '../../lambdas/domain/ledger.ts';
import { type License, readLicenses } from '../../lambdas/domain/licenses.ts';
import { makePlan } from '../../lambdas/domain/plan/plan.ts';
import { reconcile } from '../../lambdas/domain/reconcile.ts';
import { type Inputs, takeSnapshot } from '../../lambdas/domain/snapshot.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import { Secrets } from '../../lambdas/text/redact.ts';
import { seconds } from './processes.ts';

/** How long some work takes, by the clock and of the processor, for a sentence. */
function timed(work: () => void): string {
  globalThis.gc?.();
  const begin = performance.now();
  const processor = process.cpuUsage();
  work();
  const wall = performance.now() - begin;
  return `${seconds(wall)} (user ${seconds(process.cpuUsage(processor).user / 1000)})`;
}

/** The last look for secrets at a report's text, and the preparation for it. */
export function benchRedaction(number: number): string {
  const secrets = new Secrets();
  const row = (index: number): string =>
    JSON.stringify({
      deployment: `telco${index}-cd`,
      tokenId: randomUUID(),
      detail: 'It was last used in May.',
    });
  const text = Array.from({ length: number }, (_unused, index) => row(index)).join('\n');
  for (let index = 0; index < number; index++)
    secrets.add(`dckr_pat_${randomBytes(20).toString('base64url')}`);
  const ready = timed(() => secrets.redact(''));
  const searched = timed(() => secrets.redact(text));
  return `Searching a text of ${(text.length / 1e6).toFixed(1)} MB for ${number.toLocaleString('en')} contents in every encoding: ${searched}, after ${ready} of preparation once in a run.`;
}

/** License lists as nobody should write them, in rows of a table. */
export function benchLists(): string[] {
  const header = 'telco;country;expires_on;note\n';
  const rows = Array.from({ length: 160_000 }, (_unused, index) => `telco${index};cd;2027-12-31;ok\n`).join(
    '',
  );
  const lists: readonly (readonly [string, string])[] = [
    ['5 MiB of rows', (header + rows).slice(0, 5 * 1024 * 1024 - 1)],
    ['100 kB of blanks in a cell', `${header}orange;cd;2027-12-31;a${' '.repeat(100_000)}b\n`],
    [
      '100,000 columns',
      `${header.trim()}${';x'.repeat(100_000)}\norange;cd;2027-12-31${';'.repeat(100_001)}\n`,
    ],
    ['5 MiB of quotes', `${header}${'"'.repeat(5 * 1024 * 1024 - 100)}\n`],
  ];
  return lists.map(([name, text]) => {
    let came = '';
    const took = timed(() => {
      came = outcomeOf(Buffer.from(text));
    });
    return `| ${name} | ${took} | ${came} |`;
  });
}

function outcomeOf(body: Uint8Array): string {
  try {
    const { rowCount, invalid } = readLicenses(body, 3);
    return `${rowCount.toLocaleString('en')} rows, ${invalid.length} unreadable`;
  } catch (error) {
    return error instanceof AuditorError ? error.name : 'no error of ours';
  }
}

/** Reading a ledger that remembers so many deployments. */
export function benchLedger(number: number): string {
  const at = '2026-11-27T02:00:00.000Z';
  const ids = Array.from({ length: number }, () => randomUUID());
  const of = <Entry>(entry: (tokenId: string, deployment: string) => Entry): Entry[] =>
    ids.map((id, index) => entry(id, `telco${index}-division-cd`));
  const ledger: Ledger = {
    ...emptyLedger(),
    findings: of((tokenId, deployment) => ({
      id: `orphaned-token:${deployment}:${tokenId}`,
      kind: 'orphaned-token',
      severity: 'critical',
      deployment,
      tokenId,
      since: at,
    })),
    checks: of((tokenId, deployment) => ({
      deployment,
      tokenId,
      at,
      verdict: 'matching',
      fingerprint: `token-${tokenId.slice(0, 8)}`,
      lastUse: at,
    })),
    licenseRows: of((_id, deployment) => ({
      deployment,
      product: 'base',
      paidUntil: '2026-12-31',
      accessUntil: '2027-01-03',
    })),
    reported: of((tokenId, deployment) => ({
      key: `finding orphaned-token:${deployment}:${tokenId}`,
      day: '2026-11-26',
    })),
    issued: of((tokenId, deployment) => ({ tokenId, deployment, at })),
  };
  const body = Buffer.from(ledgerText(ledger));
  return `Reading a ledger of ${(body.length / 1e6).toFixed(1)} MB: ${timed(() => readLedger(body))}.`;
}

/** The pure decision over so many tokens. */
export function benchDecision(number: number): string {
  const now = Date.now();
  const inputs = inputsOf(number, now);
  let found = 0;
  let steps = 0;
  const took = timed(() => {
    const snapshot = takeSnapshot(inputs, readSettings({ VAULT_ADDR: 'https://vault.example' }), now);
    found = reconcile(snapshot).length;
    ({ length: steps } = makePlan(snapshot, { hold: false }).steps);
  });
  return `Deciding over ${number.toLocaleString('en')} tokens without any I/O: ${took}, ${found.toLocaleString('en')} findings, ${steps.toLocaleString('en')} steps.`;
}

/** So many tokens, of which every fiftieth has no key and every hundredth no license any more. */
function inputsOf(number: number, now: number): Inputs {
  const tokens: HubToken[] = [];
  const licenses = new Map<string, License>();
  const names: string[] = [];
  for (let index = 0; index < number; index++) {
    const label = `telco${index}-cd`;
    tokens.push({
      id: `id-${index}`,
      label,
      enabled: true,
      createdAt: now - 4e9,
      lastUsedAt: now - 1e6,
      scopes: ['repo:read'],
    });
    if (index % 50 !== 0) names.push(label);
    const end = index % 100 === 1 ? '2020-01-01' : '2099-01-01';
    licenses.set(label, { deployment: label, lastDay: end, paidUntil: end, products: [] });
  }
  const rows = [...licenses.values()].map(({ deployment, lastDay, paidUntil }, index) => ({
    deployment,
    product: '',
    paidUntil,
    accessUntil: lastDay,
    line: index + 2,
  }));
  return {
    tokens,
    keys: { names, version: 1 },
    licenses: { licenses, invalid: [], rows, rowCount: number },
    exemptions: [],
    ledger: emptyLedger(),
  };
}

import { reportPage } from '../lambdas/core/report-page.ts';
import { reportJson } from '../lambdas/core/report.ts';
import { makeWorld } from '../lambdas/core/world.ts';
import { deploymentRows } from '../lambdas/core/deployments.ts';
import { emptyLedger } from '../lambdas/core/ledger.ts';
import { readSettings } from '../lambdas/settings.ts';
import { makeReport } from './core/report-fixture.ts';
const now = Date.now();
const tokens: any[] = [],
  names: string[] = [],
  licenses = new Map<string, any>();
for (let i = 0; i < 100000; i++) {
  const label = `telco${String(i).padStart(6, '0')}-cd`;
  tokens.push({
    id: `76ff1d8d-7641-41cc-98e4-${i}`,
    label,
    enabled: true,
    createdAt: now - 4e9 - i,
    lastUsedAt: now - 1e6 - i * 1000,
    scopes: ['repo:read'],
  });
  names.push(label);
  licenses.set(label, { deployment: label, lastDay: '2027-01-07', products: ['Insights'] });
}
const world = makeWorld(
  {
    tokens,
    keys: { names, version: 1 },
    licenses: { licenses, invalid: [], rows: 1 },
    exemptions: [],
    ledger: emptyLedger(),
  },
  readSettings({ VAULT_ADDR: 'https://v.example' }),
  now,
);
const report = { ...makeReport(), deployments: deploymentRows(world, []) };
const time = (what: string, f: () => void) => {
  const t = process.cpuUsage();
  f();
  console.log(what, (process.cpuUsage(t).user / 1000).toFixed(0));
};
for (let i = 0; i < 2; i++) {
  time('rows', () => {
    for (const r of report.deployments) void r;
  });
  time('json', () => {
    for (const r of reportJson(report as any)) void r;
  });
  time('page', () => {
    for (const r of reportPage(report as any)) void r;
  });
}

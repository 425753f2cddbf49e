// The pictures of the README: pages of the sandbox's second night, in Chromium. `node test/readme/pictures.ts` writes them.

import { type BrowserContextOptions, chromium } from 'playwright-core';
import { DAY } from '../../lambdas/domain/days.ts';
import { pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { FAULTS } from '../sandbox/faults.ts';
import { afterFirstNight } from './sample-nights.ts';

const CHROMIUM = '/usr/bin/chromium';
const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' };

/** The pages of a dry run before the night, of the night, and of one in which Docker Hub does not answer. */
const pages = await afterFirstNight(async (sandbox, audit) => {
  const page = (report: string): string => sandbox.aws.bucket.text(pageKey(report)) ?? '';
  const dryRun = page(await audit({ dryRun: true }, 'dry-run'));
  const night = page(await audit({}, 'night-2'));
  const before = new Set(sandbox.aws.bucket.keys);
  sandbox.dockerHub.faults.always(FAULTS.internalError);
  sandbox.clock.advance(DAY);
  await audit({}, 'night-3').catch(() => undefined);
  const incomplete = sandbox.aws.bucket.keys.find(
    (key) => key.startsWith('reports/') && key.endsWith('.json') && !before.has(key),
  );
  return { dryRun, night, incomplete: page(incomplete ?? '') };
});

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
try {
  for (const [file, html, options] of [
    ['report', pages.night, DESKTOP],
    ['report-phone', pages.night, PHONE],
    ['report-dry-run', pages.dryRun, DESKTOP],
    ['report-incomplete', pages.incomplete, DESKTOP],
  ] as const) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.setContent(html);
    await page.screenshot({ path: `docs/${file}.png` });
    await context.close();
  }
} finally {
  await browser.close();
}

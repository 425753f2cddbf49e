// Listing the tokens in a process of its own, beside clients that read page by page.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';
import { startSandbox } from '../sandbox/sandbox.ts';
import { LATENCY } from './nights.ts';
import { runProcess, seconds } from './processes.ts';

const PYTHON = process.env['PYTHON'] ?? 'python3';

const listed = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ tokens: v.number(), user: v.number(), megabytes: v.number() }),
);

/**
 * Rows of a table: a listing by this program's client and, where it is installed, by PyPI's dockerhub-api, each from the
 * start of its process to its end.
 *
 * @param script this program's listing as one file
 */
export async function benchListing(tokens: number, script: string): Promise<string[]> {
  const sandbox = await startSandbox({
    contents: { customers: tokens },
    latencyMs: LATENCY,
    twoFactor: false,
    dockerHub: { rateLimitHeaders: false },
  });
  const { url, account } = sandbox.dockerHub;
  const here = JSON.stringify({ hub: url, username: account.username, password: account.password });
  const row = async (name: string, command: readonly [string, ...string[]]): Promise<string> => {
    const { output, milliseconds } = await runProcess(command, {}, here);
    const figures = v.parse(listed, output);
    return `| ${name} | ${figures.tokens.toLocaleString('en')} | ${seconds(milliseconds)} | ${seconds(figures.user)} | ${Math.round(figures.megabytes)} MB |`;
  };
  try {
    const rows = [await row('this program', [process.execPath, script])];
    const isThere = spawnSync(PYTHON, ['-c', 'import dockerhub_api'], { stdio: 'ignore' }).status === 0;
    if (!isThere)
      return [
        ...rows,
        '',
        `PyPI's dockerhub-api was not measured beside it: ${PYTHON} -m pip install dockerhub-api, or name another Python in PYTHON.`,
      ];
    return [
      ...rows,
      await row('`dockerhub-api` (PyPI)', [PYTHON, join(import.meta.dirname, 'list-once.py')]),
    ];
  } finally {
    await sandbox.close();
  }
}

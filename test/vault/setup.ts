// Sets up a fresh server by the blocks of README and docs/vault.md, as they are pasted, and uses it as the functions do.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { systemClock } from '../../lambdas/clients/http.ts';
import { createVault } from '../../lambdas/clients/vault.ts';
import { guideBlock, readmeBlock } from '../readme/vault-setup.ts';

/** A server with nothing but what it begins with. */
interface Server {
  /** The executable, which is `vault` in the blocks. */
  readonly bao: string;
  readonly url: string;
  readonly token: string;
}

const LOGIN = 'Global_customer_credentials/docker-deploy-tokens';
const PASSWORD = 'a password with a line break';

/** Tries both versions of KV; says what failed. */
export async function trySetup(server: Server): Promise<boolean> {
  try {
    const run = shellFor(server);
    // A development server has a mount that a fresh one has not.
    run('vault secrets disable secret');
    const [roleId, secretId] = idsIn(run(readmeBlock(), `${PASSWORD}\n`));
    run(guideBlock('totp'), 'JBSWY3DPEHPK3PXP\n');
    await useSecrets(server, 2, { roleId, secretId }, ['orange-cd', 'mtn-cm']);
    run('vault secrets disable secret && vault secrets enable -path=secret -version=1 kv');
    run(guideBlock('login'), `${PASSWORD}\n`);
    run(guideBlock('policy-1'));
    await useSecrets(server, 1, { roleId, secretId }, ['orange-cd', 'mtn-cm']);
    console.log('The README sets up a fresh server, and version 1 of KV by its own policy.');
    return true;
  } catch (error) {
    console.error('The setup by the README failed:', error instanceof Error ? error.message : error);
    return false;
  }
}

/** A shell in which `vault` is the server's own command line, and the administrator is logged in. */
function shellFor({ bao, url, token }: Server): (script: string, input?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'vault-setup-'));
  const found = spawnSync('sh', ['-c', `command -v ${bao}`], { encoding: 'utf8' }).stdout.trim();
  symlinkSync(found, join(folder, 'vault'));
  const environment = {
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: folder,
    ...Object.fromEntries(['BAO', 'VAULT'].flatMap((name) => [[`${name}_ADDR`, url], [`${name}_TOKEN`, token]])), // prettier-ignore
  };
  return (script, input = '') => {
    const ran = spawnSync('sh', ['-e', '-c', script], { env: environment, input, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${script}\n${ran.stderr}`);
    return ran.stdout;
  };
}

/** The two ids that the block prints last; on no terminal they come without a line break between them. */
function idsIn(output: string): [string, string] {
  const ids = output.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
  return [ids.at(-2) ?? '', ids.at(-1) ?? ''];
}

/** Everything that the functions do at Vault, without a warning. */
async function useSecrets(
  server: Server,
  version: 1 | 2,
  login: { roleId: string; secretId: string },
  wanted: readonly string[],
): Promise<void> {
  const warnings: string[] = [];
  const vault = createVault({
    address: server.url,
    namespace: '',
    mount: 'secret',
    loginPath: LOGIN,
    tokensPath: `${LOGIN}/riaktrdelivery-tokens`,
    login: { read: async () => login },
    clock: systemClock,
    deadline: Date.now() + 60_000,
    onWarning: (message) => warnings.push(message),
  });
  const { username, password } = await vault.readDockerHubLogin();
  assert.deepEqual([username, password], ['riaktrdelivery', PASSWORD]);
  await vault.createSecret(new Map([['orange-cd', 'x']]));
  const before = await vault.readKeys();
  assert.equal(before.version, version === 1 ? 0 : 1);
  await vault.patchKeys(new Map([['mtn-cm', 'y']]), before.version);
  assert.deepEqual([...(await vault.readKeyNames()).names].sort(), [...wanted].sort());
  await vault.close();
  assert.deepEqual(warnings, []);
}

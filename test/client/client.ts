// Lets somebody else's client of Docker Hub loose on the stand-ins, so that they are true to more than our own reading.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startSandbox } from '../sandbox/sandbox.ts';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const HOW = `${PYTHON} -m pip install dockerhub-api (or name another Python in PYTHON)`;
/** More tokens than a page has. */
const TOKENS = 12;

/** One run of the client, on an account with two-factor login or without. */
async function run(twoFactor: boolean): Promise<number> {
  const sandbox = await startSandbox({ contents: 'empty', twoFactor });
  for (let index = 0; index < TOKENS; index++) sandbox.addToken(`telco${index}-cd`);
  const { dockerHub, registry } = sandbox;
  try {
    const child = spawn(PYTHON, [join(import.meta.dirname, 'client.py')], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin.end(
      JSON.stringify({
        hub: dockerHub.url,
        auth: `${registry.auth.url}/token`,
        registry: registry.registry.url,
        username: dockerHub.account.username,
        password: dockerHub.account.password,
        totp: dockerHub.account.totpSecret ?? '',
      }),
    );
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        console.log(
          `${dockerHub.log.length} requests to Docker Hub by a client that this project did not write.`,
        );
        resolve(code ?? 1);
      });
    });
  } finally {
    await sandbox.close();
  }
}

if (spawnSync(PYTHON, ['-c', 'import dockerhub_api'], { stdio: 'ignore' }).status === 0)
  process.exitCode = Math.max(await run(false), await run(true));
else {
  const isNeeded = process.env['CI'] === 'true';
  console.log(
    `${isNeeded ? 'FAIL' : 'Skipped:'} the stand-ins were not tried with another client, because dockerhub-api is not installed: ${HOW}.`,
  );
  process.exitCode = isNeeded ? 1 : 0;
}

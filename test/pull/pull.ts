import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../../lambdas/audit/audit.ts';
import { systemClock } from '../../lambdas/clients/http.ts';
import { addDays, DAY, dayOf } from '../../lambdas/core/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { makeServices } from '../../lambdas/make-services.ts';
import type { Services } from '../../lambdas/services.ts';
import { ENV, readSettings } from '../../lambdas/settings.ts';
import { startSandbox, type Sandbox } from '../sandbox/world.ts';
import { storeImage } from './image.ts';

/**
 * What the functions do to tokens, as a real registry and a real client see it: Debian's `docker-registry`, which
 * trusts the sandbox's token service by its certificate, and `skopeo`.
 */
const TOOLS = { 'docker-registry': 'docker-registry', skopeo: 'skopeo', openssl: 'openssl' } as const;
const DEPLOYMENT = 'orange-cd';
const FAR = '2099-12-31';

function isThere(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('There is no port.'));
        else resolve(address.port);
      });
    });
  });
}

/** The registry, once it answers at all: 401 is what it says to everybody without a bearer. */
async function startRealRegistry(folder: string, port: number, realm: string): Promise<ChildProcess> {
  const config = join(folder, 'registry.yml');
  writeFileSync(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
      http: { addr: `127.0.0.1:${port}` },
      auth: {
        token: {
          realm,
          service: 'registry.docker.io',
          issuer: 'auth.docker.io',
          rootcertbundle: join(folder, 'certificate.pem'),
        },
      },
    }),
  );
  const registry = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt++) {
    const status = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status === 401) return registry;
    await systemClock.sleep(100);
  }
  registry.kill();
  throw new Error('The registry does not answer.');
}

/** Pulls the test image as a customer's server would. */
function canPull(port: number, username: string, content: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pulled-'));
  return new Promise((resolve) => {
    execFile(
      'skopeo',
      ['copy', '--quiet', '--src-tls-verify=false', '--src-creds', `${username}:${content}`, `docker://127.0.0.1:${port}/riaktr/base:3.12`, `dir:${folder}`], // prettier-ignore
      (error) => {
        rmSync(folder, { recursive: true, force: true });
        resolve(error === null);
      },
    );
  });
}

let passed = 0;
let failed = 0;
function check(sentence: string, holds: boolean): void {
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${sentence}`);
}

/** The whole story: issued, withdrawn, renewed, regenerated. */
async function tell(sandbox: Sandbox, port: number): Promise<void> {
  // Only the functions' time goes on: the registry checks the bearers' times by the machine's.
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const settings = readSettings({
    ...sandbox.environment,
    [ENV.dockerRegistryUrl]: `http://127.0.0.1:${port}`,
    [ENV.timeZone]: 'UTC',
  });
  const silent = (): void => undefined;
  const services = (): Services =>
    makeServices(settings, {
      clock: { ...systemClock, now },
      deadline: now() + 10 * 60_000,
      requestId: `request-${now()}`,
      log: { info: silent, warn: silent, error: silent },
      meter: { count: silent, milliseconds: silent, flush: silent },
    });
  const licensedUntil = (day: string): void => {
    sandbox.putLicenses([
      [DEPLOYMENT, day],
      ['vodacom-cd', FAR],
    ]);
  };
  const night = async (): Promise<void> => {
    await audit({}, services());
    ahead += DAY;
  };
  const pulls = (content: unknown): Promise<boolean> =>
    canPull(port, sandbox.dockerHub.account.username, String(content));

  licensedUntil(FAR);
  const { pull } = await issue({ deployment: DEPLOYMENT }, services());
  const first = sandbox.keys()[DEPLOYMENT];
  check('the issue function proves the pull at the real registry', pull.verified);
  check('an issued token pulls the test image', await pulls(first));
  check('a content that nobody issued does not', !(await pulls('dckr_pat_000000000000000000000000000')));

  licensedUntil(addDays(dayOf(now(), 'UTC'), -1));
  await night();
  check('it still pulls while its end is only announced', await pulls(first));
  await night();
  check('it is refused after the audit has withdrawn it', !(await pulls(first)));

  licensedUntil(FAR);
  await night();
  check('it pulls again after renewal and reactivation', await pulls(first));

  await issue({ deployment: DEPLOYMENT, regenerate: true, overlapHours: 48 }, services());
  const second = sandbox.keys()[DEPLOYMENT];
  check('a regenerated token pulls', second !== first && (await pulls(second)));
  check('the one that it replaces pulls until its overlap is over', await pulls(first));
  ahead += 2 * DAY;
  await night();
  check('and not after', !(await pulls(first)));
  check('while the regenerated one still does', await pulls(second));
}

const missing = Object.keys(TOOLS).filter((tool) => !isThere(tool));
if (missing.length > 0) {
  console.log(
    `Skipped: a real registry and client are not tried, because ${missing.join(', ')} is not here; apt-get install ${missing.join(' ')} brings it.`,
  );
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}
const folder = mkdtempSync(join(tmpdir(), 'registry-'));
const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=sandbox', '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' }); // prettier-ignore
const privateKey = createPrivateKey(readFileSync(keyFile));
const certificate = readFileSync(certificateFile, 'utf8');
const sandbox = await startSandbox({
  world: 'empty',
  twoFactor: false,
  signingKey: {
    privateKey,
    publicKey: createPublicKey(certificate),
    x5c: [certificate.replace(/-----[^-]+-----|\s/g, '')],
  },
});
Object.assign(process.env, sandbox.environment);
sandbox.setKeys({});
let registry: ChildProcess | undefined;
try {
  storeImage(join(folder, 'storage'), 'riaktr/base', '3.12');
  const port = await freePort();
  registry = await startRealRegistry(folder, port, `${sandbox.registry.auth.url}/token`);
  await tell(sandbox, port);
} finally {
  registry?.kill();
  await sandbox.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

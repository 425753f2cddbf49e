import { execFile, execFileSync, spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from '../../lambdas/audit/audit.ts';
import { systemClock } from '../../lambdas/clients/http.ts';
import { DAY, addDays, dayOf } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { answering, freePort, hasCommand } from '../foreign-server.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { storeImage } from './image.ts';

/**
 * What the functions do to tokens, as a real registry and a real client see it: Debian's `docker-registry`, which
 * trusts the sandbox's token service by its certificate, and `skopeo`.
 */

/** Commands, and Debian's packages of the same names. */
const TOOLS = ['docker-registry', 'skopeo', 'openssl'];
const DEPLOYMENT = 'orange-cd';
const FAR = '9999-12-31';

/**
 * Starts the registry and waits until it answers: 401 is what it says to everybody without a bearer.
 */
async function startRealRegistry(folder: string, port: number, realm: string): Promise<void> {
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
  await answering(registry, `http://127.0.0.1:${port}/v2/`, (status) => status === 401);
}

/** What the client says of a refusal, by who refuses: the token service the login, or the registry the bearer's rights. */
const REFUSALS = {
  'login refused': 'unauthorized: incorrect username or password',
  'access denied': 'denied: requested access to the resource is denied',
} as const;

/**
 * Pulls the test image as a customer's server would. Only the words of a refusal count as one: a client that fails for
 * another reason, with a registry that is down, say, must not pass for a token that is withdrawn.
 *
 * @returns `pulled`, a key of `REFUSALS`, or what else the client said
 */
function pull(folder: string, port: number, username: string, content: string): Promise<string> {
  const target = mkdtempSync(join(folder, 'pulled-'));
  return new Promise((resolve) => {
    execFile(
      'skopeo',
      ['copy', '--quiet', '--src-tls-verify=false', '--src-creds', `${username}:${content}`, `docker://127.0.0.1:${port}/riaktr/base:3.12`, `dir:${target}`], // prettier-ignore
      { timeout: 60_000 },
      (error, _stdout, stderr) => {
        const refusal = Object.entries(REFUSALS).find(([, words]) => stderr.includes(words))?.[0];
        resolve(error === null ? 'pulled' : (refusal ?? `no answer: ${stderr.trim()}`));
      },
    );
  });
}

let passed = 0;
let failed = 0;
function check(sentence: string, found: unknown, wanted: unknown): void {
  const holds = found === wanted;
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${sentence}${holds ? '' : ` (${String(found)})`}`);
}

/** The whole story: issued, withdrawn, renewed, regenerated. */
async function tell(sandbox: HttpSandbox, folder: string, port: number): Promise<void> {
  // Only the functions' time goes on: the registry checks the bearers' times by the machine's.
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  sandbox.settings = { ...sandbox.settings, dockerRegistryUrl: `http://127.0.0.1:${port}`, timeZone: 'UTC' };
  const services = (): Services =>
    sandbox.services({ clock: { ...systemClock, now }, deadline: now() + 10 * 60_000 });
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
  const { tokens, account } = sandbox.dockerHub;
  const pulling = (content: string): Promise<string> => pull(folder, port, account.username, content);
  const stateOf = (content: string): string => {
    const found = tokens.open(content);
    return typeof found === 'string' ? found : 'usable';
  };
  const stored = (): string => {
    const content = sandbox.keys.get(DEPLOYMENT);
    if (typeof content !== 'string') throw new Error(`Vault has no key ${DEPLOYMENT}.`);
    return content;
  };

  licensedUntil(FAR);
  const issued = await issue({ deployment: DEPLOYMENT }, services());
  const first = stored();
  check('the issue function proves the pull at the real registry', issued.pull.verified, true);
  check('an issued token pulls the test image', await pulling(first), 'pulled');
  const foreign = `dckr_pat_${'0'.repeat(27)}`;
  check('a content that nobody issued is refused', await pulling(foreign), 'login refused');
  // Else a registry that lets everybody in would prove all the rest.
  sandbox.registry.switches.withoutRights = true;
  check('a bearer without rights is denied by the registry', await pulling(first), 'access denied');
  sandbox.registry.switches.withoutRights = false;

  licensedUntil(addDays(dayOf(now(), 'UTC'), -1));
  await night();
  check('the token still pulls while its end is only announced', await pulling(first), 'pulled');
  await night();
  check('a day later the audit has deactivated it', stateOf(first), 'inactive');
  check('and it is refused', await pulling(first), 'login refused');

  licensedUntil(FAR);
  await night();
  check('it pulls again after renewal and reactivation', await pulling(first), 'pulled');

  await issue({ deployment: DEPLOYMENT, regenerate: true, overlapHours: 48 }, services());
  const second = stored();
  check('regenerating makes another token', second === first, false);
  check('the regenerated token pulls', await pulling(second), 'pulled');
  await night();
  await night();
  check('the one that it replaces pulls after the audits within its overlap', await pulling(first), 'pulled');
  await night();
  check('the audit after that has switched it off', stateOf(first), 'inactive');
  check('and it is refused', await pulling(first), 'login refused');
  check('while the regenerated one still pulls', await pulling(second), 'pulled');
}

const missing = TOOLS.filter((tool) => !hasCommand(tool));
if (missing.length > 0) {
  console.log(
    `Skipped: a real registry and client are not tried, because ${missing.join(', ')} is not here; apt-get install ${missing.join(' ')} brings it.`,
  );
  process.exit(process.env['CI'] === 'true' ? 1 : 0);
}
const folder = mkdtempSync(join(tmpdir(), 'registry-'));
// By the exit and not by a `finally`, which an interrupted run never reaches.
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=sandbox', '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' }); // prettier-ignore
  const certificate = readFileSync(certificateFile, 'utf8');
  const sandbox = await startSandbox({
    contents: 'empty',
    twoFactor: false,
    signingKey: {
      privateKey: createPrivateKey(readFileSync(keyFile)),
      publicKey: createPublicKey(certificate),
      x5c: [certificate.replace(/-----[^-]+-----|\s/g, '')],
    },
  });
  sandbox.keys.replace({});
  storeImage(join(folder, 'storage'), 'riaktr/base', '3.12');
  const port = await freePort();
  await startRealRegistry(folder, port, `${sandbox.registry.auth.url}/token`);
  await tell(sandbox, folder, port);
} catch (error) {
  failed += 1;
  console.log(`FAILED to go on: ${error instanceof Error ? error.message : String(error)}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

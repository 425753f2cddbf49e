/**
 * The built bundles under AWS's own runtime client for Node: cold, warm, in error, ended from outside. The client wants
 * to be built, so it stands outside of the project; without it the script says what it skips.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { DAY, addDays, dayOf } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';
import { cdk } from '../aws/command-line.ts';
import { type BuiltFunction, readFunction } from '../bundles/assembly.ts';
import { createClock } from '../sandbox/clock.ts';
import { FAULTS } from '../sandbox/faults.ts';
import { runNight } from '../sandbox/run-audit.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { makeTally } from '../tally.ts';
import { type FunctionProcess, startFunction } from './function-process.ts';

const HOW =
  'apt-get install cmake autoconf automake libtool g++ make, npm install --prefix <folder> aws-lambda-ric@3, and run it again with LAMBDA_CLIENT=<folder>';
const CLIENT = resolve(process.env['LAMBDA_CLIENT'] ?? '.', 'node_modules/aws-lambda-ric/bin/index.mjs');
const ENDED = ['airtel-ne', 'orange-cd'];
const IN_FORCE = ['moov-tg', 'mtn-gh', 'mtn-ug'];
const ZONE = 'Europe/Brussels';
/** Calls after which a descriptor that each one left open would show. */
const CALLS = 100;
/** Descriptors that may come and go: connections to four systems that are kept for the next call. */
const SPARE = 8;

const auditSchema = v.object({
  outcome: v.string(),
  counts: v.object({ tokens: v.number(), licenses: v.number() }),
  actions: v.array(v.object({ kind: v.string(), deployment: v.string(), status: v.string() })),
});

const leaseSchema = v.looseObject({ holder: v.looseObject({ until: v.string() }) });

const tally = makeTally();
if (existsSync(CLIENT)) await prove();
else {
  const isPromised = process.env['CI'] === 'true';
  console.log(`${isPromised ? 'Failed' : 'Skipped'}: the bundles under AWS's runtime client; ${HOW}.`);
  if (isPromised) process.exitCode = 1;
}
tally.close();

async function prove(): Promise<void> {
  const assembly = await mkdtemp(join(tmpdir(), 'test-runtime-'));
  const clock = createClock({ now: Date.now() - DAY - 60_000 });
  const sandbox = await startSandbox({ contents: 'empty', now: clock, twoFactor: false });
  try {
    const { PATH = '', HOME = '' } = process.env;
    const { code, text } = await cdk(['synth', '--quiet', `--output=${assembly}`], { PATH, HOME });
    assert.equal(code, 0, text);
    // A first night was a day ago: what it announced is due.
    fill(sandbox);
    await runNight(sandbox);
    clock.advance(DAY + 60_000);
    await work(assembly, sandbox);
  } finally {
    await sandbox.close();
    await rm(assembly, { recursive: true, force: true });
  }
}

function fill(sandbox: HttpSandbox): void {
  for (const label of [...ENDED, ...IN_FORCE]) sandbox.addToken(label);
  putList(sandbox, IN_FORCE);
}

function putList(sandbox: HttpSandbox, inForce: readonly string[]): void {
  const today = dayOf(Date.now(), ZONE);
  sandbox.putLicenses([
    ...ENDED.map((label): [string, string] => [label, addDays(today, -30)]),
    ...inForce.map((label): [string, string] => [label, addDays(today, 300)]),
  ]);
}

/** Whose license has ended and whose token is active all the same. */
function activeOf(sandbox: HttpSandbox): string[] {
  return ENDED.filter((label) =>
    sandbox.dockerHub.tokens.labelled(label).some(({ is_active: isActive }) => isActive),
  );
}

async function work(assembly: string, sandbox: HttpSandbox): Promise<void> {
  const { aws, environment } = sandbox;
  const login = environment[ENV.vaultLoginSecret] ?? '';
  const resources = { Bucket: aws.bucketName, Topic: aws.topicArn, VaultLogin: login };
  const outside: readonly string[] = [
    ENV.dockerHubUrl,
    ENV.dockerAuthUrl,
    ENV.dockerRegistryUrl,
    ENV.vaultAddr,
  ];
  const extra = Object.fromEntries(
    Object.entries(environment).filter(([name]) => outside.includes(name) || name.startsWith('AWS_')),
  );
  const built = (stack: string, name: string): Promise<BuiltFunction> =>
    readFunction(assembly, `HubTokenAuditor-${stack}`, `hub-token-auditor-${name}`, resources);
  const audit = await built('Audit', 'audit');
  const start = (): Promise<FunctionProcess> => startFunction(CLIENT, audit, extra);

  const warm = await start();
  await warmCalls(warm, sandbox, login);
  await tally.check(
    'SIGTERM ends it at once, with nothing to say, and no secret was ever in its log',
    async () => {
      const before = warm.log();
      assert.equal(sandbox.secrets.filter((secret) => before.includes(secret)).length, 0);
      assert.deepEqual(await warm.end('SIGTERM'), [null, 'SIGTERM']);
      assert.equal(warm.log(), before);
    },
  );
  await timeOut(start, sandbox);
  await onDemand(await startFunction(CLIENT, await built('Issue', 'issue'), extra), sandbox);
  await tally.check('without a setting it says so call by call, and goes on', async () => {
    const without = await startFunction(
      CLIENT,
      { ...audit, environment: { ...audit.environment, [ENV.vaultAddr]: '' } },
      { ...extra, [ENV.vaultAddr]: '' },
    );
    for (let call = 0; call < 2; call++)
      assert.equal(await errorOf(without, { dryRun: true }), 'InvalidConfiguration');
    await without.end('SIGKILL');
  });
}

async function succeed(process: FunctionProcess, event: object): Promise<v.InferOutput<typeof auditSchema>> {
  const answer = await process.invoke(event);
  assert.ok('result' in answer, JSON.stringify(answer));
  return v.parse(auditSchema, answer.result);
}

/** The error's name, as the client reports it to Lambda, with a sentence. */
async function errorOf(process: FunctionProcess, event: unknown): Promise<string> {
  const answer = await process.invoke(event);
  assert.ok('errorType' in answer, JSON.stringify(answer));
  assert.match(answer.errorMessage, /\w{3,}.* .*\w/);
  return answer.errorType;
}

async function warmCalls(warm: FunctionProcess, sandbox: HttpSandbox, login: string): Promise<void> {
  const { aws, vault } = sandbox;
  await tally.check('a cold start answers, and says how long it took', async () => {
    const started = performance.now();
    const { counts } = await succeed(warm, { dryRun: true });
    console.log(
      `  from the start of the process to the answer: ${Math.round(performance.now() - started)} ms`,
    );
    assert.equal(counts.tokens, 5);
  });
  await tally.check('a warm call sees a changed list and a token that was made in between', async () => {
    sandbox.addToken('telecel-gh');
    putList(sandbox, [...IN_FORCE, 'telecel-gh']);
    const { counts } = await succeed(warm, { dryRun: true });
    assert.deepEqual(counts, { tokens: 6, licenses: 6 });
  });
  await tally.check(
    'a warm call logs in by the secret of now: a wrong one fails, the next works',
    async () => {
      const kept = aws.secrets.get(login);
      aws.secrets.set(login, {
        value: JSON.stringify({ role_id: vault.role.roleId, secret_id: 'none-of-these' }),
      });
      const name = await errorOf(warm, { dryRun: true });
      assert.ok(kept !== undefined);
      aws.secrets.set(login, kept);
      assert.equal(name, 'AuditIncomplete');
      await succeed(warm, { dryRun: true });
    },
  );
  await tally.check('a warm call logs in to Docker Hub by the password of now', async () => {
    const path = sandbox.environment[ENV.vaultLoginPath] ?? '';
    const kept = vault.secrets.current(path) ?? {};
    vault.secrets.put(path, { ...kept, password: 'another password' });
    const name = await errorOf(warm, { dryRun: true });
    vault.secrets.put(path, kept);
    assert.equal(name, 'AuditIncomplete');
    await succeed(warm, { dryRun: true });
  });
  await tally.check("an event with a slip is a caller's error, whatever JSON it is", async () => {
    for (const event of [{ dryrun: true }, [], 'audit', 7, null])
      assert.equal(await errorOf(warm, event), 'InvalidRequest');
  });
  await tally.check(`after ${CALLS} calls no descriptor was left open`, async () => {
    for (let call = 0; call < 5; call++) await succeed(warm, { dryRun: true });
    const before = warm.descriptors();
    for (let call = 0; call < CALLS; call++)
      if (call % 4 === 0) await errorOf(warm, { asOf: 'never' });
      else await succeed(warm, { dryRun: true });
    console.log(`  descriptors: ${before} before, ${warm.descriptors()} after`);
    assert.ok(warm.descriptors() <= before + SPARE);
    assert.equal(vault.openTokens(), 0);
  });
}

/** Lambda ends what has run out of time without a word: here right after Docker Hub has done what was asked. */
async function timeOut(start: () => Promise<FunctionProcess>, sandbox: HttpSandbox): Promise<void> {
  const { aws, dockerHub } = sandbox;
  await tally.check('a run out of time in the midst of a change leaves the rest to the next', async () => {
    const cut = await start();
    const changed = new Promise<void>((resolve) => {
      dockerHub.faults.decide = ({ method }) => {
        if (method !== 'PATCH') return undefined;
        // The change has its effect before nobody answers.
        setTimeout(resolve, 200);
        return FAULTS.timeOutAfter;
      };
    });
    const answer = cut.invoke({}).catch(() => 'none');
    const first = await Promise.race([changed, answer]);
    await cut.end('SIGKILL');
    dockerHub.faults.decide = undefined;
    assert.equal(first, undefined);
    assert.equal(await answer, 'none');
    assert.equal(activeOf(sandbox).length, 1);
  });
  await tally.check('the next run takes over, does the rest, and reports what was done', async () => {
    const mails = aws.published.length;
    passLease(sandbox);
    const next = await start();
    const { actions } = await succeed(next, {});
    const done = actions.filter(({ kind, status }) => kind === 'deactivate' && status === 'done');
    assert.deepEqual(activeOf(sandbox), []);
    assert.ok(done.length >= 1);
    const mail = aws.published.slice(mails).map(({ messages }) => messages.get('email') ?? '');
    for (const label of ENDED) assert.match(mail.join('\n'), new RegExp(`${label} +switched off`));
    await tally.check('and knows both: renewed, both are switched on again', async () => {
      putList(sandbox, [...IN_FORCE, 'telecel-gh', ...ENDED]);
      await succeed(next, { review: true });
      assert.deepEqual(activeOf(sandbox), ENDED);
    });
    await next.end('SIGTERM');
  });
}

/** A quarter of an hour goes by: the lease that nobody released is over. */
function passLease(sandbox: HttpSandbox): void {
  const { holder, ...rest } = v.parse(leaseSchema, sandbox.json(OBJECTS.lease));
  const until = new Date(Date.now() - 1000).toISOString();
  const past = JSON.stringify({ ...rest, holder: { ...holder, until } });
  sandbox.aws.bucket.put(OBJECTS.lease, past, 'application/json');
}

async function onDemand(issue: FunctionProcess, sandbox: HttpSandbox): Promise<void> {
  await tally.check('issue: a token is made twice by one warm process, and refused by name', async () => {
    for (const deployment of ['mtn-gh', 'mtn-ug']) {
      const answer = await issue.invoke({ deployment, regenerate: true });
      assert.ok('result' in answer, JSON.stringify(answer));
    }
    assert.equal(await errorOf(issue, { deployment: 'mtn-gh' }), 'TokenAlreadyExists');
    assert.equal(await errorOf(issue, { deployment: 'example-xx' }), 'LicenseNotInForce');
  });
  await tally.check('nothing that grants access is in its log', async () => {
    const found = sandbox.secrets.filter((secret) => issue.log().includes(secret));
    assert.equal(found.length, 0);
    await issue.end('SIGTERM');
  });
}

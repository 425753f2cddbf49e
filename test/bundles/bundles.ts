import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { DAY, HOUR, addDays, dayOf } from '../../lambdas/domain/days.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';
import { createClock } from '../sandbox/clock.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { makeTally } from '../tally.ts';
import { type Assembly, type BuiltFunction, readFunction, synthesize } from './assembly.ts';
import { invoke } from './invoke.ts';

/*
 * Takes the bundles that would be deployed, not the sources, and lets them live a whole life in the sandbox: issue,
 * night, expiry, revocation. Each invocation is a fresh process with the environment that the template gives.
 */

const ZONE = 'Europe/Brussels';
const tally = makeTally();
let assembly: Assembly | undefined;
await tally.check('the stacks are synthesized without account or credentials', async () => {
  assembly = await synthesize();
});
if (assembly !== undefined) {
  const clock = createClock({ now: Date.now() });
  // With two factors each call would wait for a code of its own, half a minute.
  const sandbox = await startSandbox({ contents: 'empty', now: clock, twoFactor: false });
  try {
    await live(sandbox, assembly.folder);
  } finally {
    await sandbox.close();
    await assembly.remove();
  }
}
tally.close();

/** Sizes in KiB: of what a cold start reads, of all code, of the source maps. */
async function sizesOf(bundle: string): Promise<{ first: number; all: number; maps: number }> {
  const folder = dirname(bundle);
  const files = await readdir(folder, { recursive: true });
  const sum = async (ending: string) => {
    const wanted = files.filter((file) => file.endsWith(ending));
    const bytes = await Promise.all(wanted.map(async (file) => (await stat(join(folder, file))).size));
    return Math.round(bytes.reduce((total, size) => total + size, 0) / 1024);
  };
  return {
    first: Math.round((await stat(bundle)).size / 1024),
    all: await sum('.mjs'),
    maps: await sum('.map'),
  };
}

async function live(sandbox: HttpSandbox, assembly: string): Promise<void> {
  const { clock, aws, environment } = sandbox;
  const resources = {
    Bucket: aws.bucketName,
    Topic: aws.topicArn,
    VaultLogin: environment[ENV.vaultLoginSecret] ?? '',
  };
  // The world outside is the sandbox's; all else is the template's.
  const outside = [ENV.dockerHubUrl, ENV.dockerAuthUrl, ENV.dockerRegistryUrl, ENV.vaultAddr];
  const extra = Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => outside.some((url) => url === name) || name.startsWith('AWS_'),
    ),
  );
  const functions = {
    audit: await readFunction(assembly, 'HubTokenAuditor-Audit', 'hub-token-auditor-audit', resources),
    issue: await readFunction(assembly, 'HubTokenAuditor-Issue', 'hub-token-auditor-issue', resources),
    revoke: await readFunction(assembly, 'HubTokenAuditor-Issue', 'hub-token-auditor-revoke', resources),
  };
  for (const { bundle, functionName } of Object.values(functions)) {
    const { first, all, maps } = await sizesOf(bundle);
    console.log(
      `  ${functionName}: ${first} KiB at once, ${all} KiB with what is loaded later, source maps ${maps} KiB`,
    );
  }

  const spoken: string[] = [];
  const call = async (of: BuiltFunction, event: object) => {
    const answer = await invoke(of, extra, clock.now(), event);
    spoken.push(JSON.stringify(answer));
    return answer;
  };
  const succeed = async <Schema extends v.GenericSchema>(
    of: BuiltFunction,
    event: object,
    schema: Schema,
  ) => {
    const answer = await call(of, event);
    assert.ok('result' in answer, JSON.stringify(answer));
    return v.parse(schema, answer.result);
  };
  const fail = async (of: BuiltFunction, event: object) => {
    const answer = await call(of, event);
    assert.ok('errorType' in answer, JSON.stringify(answer));
    return answer.errorType;
  };
  const auditSchema = v.object({
    outcome: v.string(),
    notified: v.boolean(),
    report: v.string(),
    findings: v.array(v.object({ kind: v.string(), deployment: v.string() })),
    actions: v.array(v.object({ kind: v.string(), deployment: v.string(), status: v.string() })),
  });
  const issueSchema = v.object({
    deployment: v.string(),
    tokenId: v.string(),
    scopes: v.array(v.string()),
    pull: v.object({ verified: v.boolean(), image: v.string() }),
    replaced: v.array(v.object({ tokenId: v.string() })),
    instructions: v.array(v.string()),
  });
  const actionsSchema = v.object({ actions: v.array(v.object({ kind: v.string(), status: v.string() })) });
  const { audit, issue, revoke } = functions;
  const isActive = (label: string) =>
    sandbox.dockerHub.tokens.labelled(label).map(({ is_active: active }) => active);
  const short = ({ kind, deployment, status }: { kind: string; deployment: string; status: string }) =>
    `${kind} ${deployment} ${status}`;

  const today = dayOf(clock.now(), ZONE);
  sandbox.putLicenses([
    ['orange-cd', addDays(today, 5)],
    ['mtn-gh', addDays(today, 400)],
  ]);

  await tally.check('a misspelt field is refused by the bundle as by the source', async () => {
    assert.equal(await fail(audit, { dryrun: true }), 'InvalidRequest');
  });
  await tally.check('without a secret in Vault a token is issued only where one is asked for', async () => {
    assert.equal(await fail(issue, { deployment: 'orange-cd' }), 'VaultSecretMissing');
    const made = await succeed(issue, { telco: 'orange', country: 'cd', createSecret: true }, issueSchema);
    assert.deepEqual(
      [made.deployment, made.scopes, made.pull, made.replaced],
      ['orange-cd', ['repo:read'], { verified: true, image: 'riaktr/base:3.12' }, []],
    );
    assert.deepEqual(sandbox.keys.names, ['orange-cd']);
  });
  await tally.check('a second deployment gets its token, and the first keeps its key', async () => {
    await succeed(issue, { deployment: 'mtn-gh' }, issueSchema);
    assert.deepEqual(sandbox.keys.names.sort(), ['mtn-gh', 'orange-cd']);
  });
  await tally.check('a token is not issued without a license', async () => {
    assert.equal(await fail(issue, { deployment: 'example-xx' }), 'LicenseNotInForce');
  });
  await tally.check('a dry run writes nothing but its report', async () => {
    const before = aws.bucket.keys;
    const run = await succeed(audit, { dryRun: true }, auditSchema);
    assert.match(run.report, /^reports\/dry-run\//);
    const added = aws.bucket.keys.filter((key) => !before.includes(key));
    assert.deepEqual(added.sort(), [run.report, run.report.replace('.json', '.html')].sort());
  });
  await tally.check('the first night sees the end coming, announces it and mails', async () => {
    const mails = aws.published.length;
    const run = await succeed(audit, {}, auditSchema);
    assert.deepEqual(run.actions.map(short), ['announce orange-cd done']);
    assert.ok(run.notified);
    assert.equal(aws.published.length, mails + 1);
    assert.match(aws.published.at(-1)?.messages.get('email') ?? '', /orange-cd/);
  });
  await tally.check('the schedule’s later try of that night does nothing', async () => {
    const before = aws.bucket.versions.length;
    const mails = aws.published.length;
    await succeed(audit, { catchUp: true }, v.unknown());
    assert.equal(aws.published.length, mails);
    assert.equal(aws.bucket.versions.length, before);
  });
  await tally.check('on its last day the license is in force and the token works', async () => {
    clock.advance(5 * DAY);
    await succeed(audit, {}, auditSchema);
    assert.deepEqual(isActive('orange-cd'), [true]);
  });
  await tally.check('the night after, and after the days of grace, its token is switched off', async () => {
    // licenses.csv has a grace of 0 days, so that the next day is the first without a license.
    clock.advance(DAY);
    const run = await succeed(audit, {}, auditSchema);
    assert.deepEqual(run.actions.map(short), ['deactivate orange-cd done']);
    assert.deepEqual([isActive('orange-cd'), isActive('mtn-gh')], [[false], [true]]);
  });
  await tally.check('renewed, it is switched on again the next night', async () => {
    sandbox.putLicenses([
      ['orange-cd', addDays(today, 300)],
      ['mtn-gh', addDays(today, 400)],
    ]);
    clock.advance(DAY);
    const run = await succeed(audit, {}, auditSchema);
    assert.deepEqual(run.actions.map(short), ['reactivate orange-cd done']);
    assert.deepEqual(isActive('orange-cd'), [true]);
  });
  await tally.check('a token is switched off at once where no overlap is wanted', async () => {
    const [before] = sandbox.dockerHub.tokens.labelled('mtn-gh');
    const made = await succeed(
      issue,
      { deployment: 'mtn-gh', regenerate: true, overlapHours: 0 },
      issueSchema,
    );
    assert.deepEqual(
      made.replaced.map(({ tokenId }) => tokenId),
      [before?.uuid],
    );
    assert.deepEqual(
      sandbox.dockerHub.tokens.labelled('mtn-gh').map((token) => [token.uuid, token.is_active]),
      [
        [made.tokenId, true],
        [before?.uuid, false],
      ],
    );
  });
  await tally.check('people revoke and restore', async () => {
    clock.advance(HOUR);
    await succeed(revoke, { deployment: 'mtn-gh', reason: 'lost laptop' }, actionsSchema);
    assert.deepEqual(isActive('mtn-gh'), [false, false]);
    await succeed(revoke, { deployment: 'mtn-gh', restore: true }, actionsSchema);
    // What a new token replaced is meant only by its id.
    assert.deepEqual(isActive('mtn-gh'), [true, false]);
    assert.equal(await fail(revoke, { deployment: 'example-xx', reason: 'as it stands' }), 'TokenNotFound');
  });
  await tally.check('people delete a token and its key for good', async () => {
    await succeed(
      revoke,
      { deployment: 'mtn-gh', delete: true, confirm: 'mtn-gh', reason: 'contract ended' },
      actionsSchema,
    );
    assert.deepEqual(isActive('mtn-gh'), []);
    assert.deepEqual(sandbox.keys.names, ['orange-cd']);
  });
  await tally.check('a success is counted, at the end and under the configured name', () => {
    const metric =
      /\{(?:[^\n]*)"AuditSucceeded":1[^\n]*/.exec(spoken.join('\n').replaceAll('\\"', '"'))?.[0] ?? '';
    assert.match(metric, /"service":"hub-token-auditor"/);
  });
  await tally.check('nothing that grants access is in any result, log, mail or object', () => {
    const written = [
      ...spoken,
      ...aws.published.map(({ subject, messages }) => [subject, ...messages.values()].join('\n')),
      ...aws.bucket.versions.map(({ version }) => version.body.toString('utf8')),
    ].join('\n');
    const found = sandbox.secrets.filter((secret) => written.includes(secret));
    assert.ok(sandbox.secrets.length > 10);
    assert.equal(found.length, 0);
  });
}

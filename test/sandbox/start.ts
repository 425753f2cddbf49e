// `npm start`: two nights, an upload and a new token in a sandbox on this machine; with `-- --serve` it stays, to try commands against.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { DAY, HOUR, addDays, dayOf } from '../../lambdas/domain/days.ts';
import { nextNight } from '../../lambdas/domain/nights.ts';
import { OBJECTS, pageKey } from '../../lambdas/ledger/bucket-keys.ts';
import { ENV, readSettings } from '../../lambdas/runtime/settings.ts';
import { createClock } from './clock.ts';
import { type HttpSandbox, startSandbox } from './sandbox.ts';

/** Where the report is put, to be looked at in a browser. */
const OUT = 'reports';
const ZONE = 'TIME_ZONE';

if (process.argv.includes('--serve')) await serve();
else await show();

/**
 * The handlers are called as Lambda calls them, with the environment that the stacks would give them; Docker Hub,
 * registry, Vault and AWS are stand-ins on loopback.
 */
async function show(): Promise<void> {
  // Logs and metrics of the functions go to CloudWatch in AWS; here they would hide the mail.
  process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
  process.env['POWERTOOLS_METRICS_DISABLED'] = 'true';
  // It begins with the last night's run, as EventBridge would have started it.
  const schedule = readSettings({ [ENV.vaultAddr]: 'http://127.0.0.1' });
  const now = nextNight(Date.now() - DAY, schedule);
  const sandbox = await startSandbox({ now: createClock({ now, ticking: false }) });
  Object.assign(process.env, sandbox.environment);
  const leave = liveIn(sandbox);
  try {
    say('A sandbox on this machine: Docker Hub, its registry, Vault and AWS as stand-ins on loopback;');
    say('the functions are the real ones. Time passes as fast as they work.');
    await stories(sandbox);
  } finally {
    leave();
    await sandbox.close();
  }
}

async function stories(sandbox: HttpSandbox): Promise<void> {
  const { handler: audit } = await import('../../lambdas/audit/handler.ts');
  const { handler: issue } = await import('../../lambdas/issue/handler.ts');
  const today = (): string => dayOf(sandbox.clock.now(), sandbox.environment[ZONE] ?? 'UTC');

  title(`Night 1, ${today()}: everything is new, so the mail is long; this is its subject`);
  await audit({}, lambdaContext('audit', 'night-1'));
  say(sandbox.aws.published.at(-1)?.subject);

  sandbox.clock.advance(DAY);
  title(`Night 2, ${today()}: who was announced loses access`);
  const night = await audit({}, lambdaContext('audit', 'night-2'));
  showMails(sandbox, -1);

  sandbox.clock.advance(6 * HOUR);
  title('In the morning airtel-ne has paid after all: licenses.csv is uploaded, and a review answers');
  const before = sandbox.aws.published.length;
  sandbox.putLicenses(renewed(sandbox, 'airtel', 'ne', addDays(today(), 365)));
  await audit({ review: true }, lambdaContext('audit', 'review'));
  showMails(sandbox, before);

  sandbox.clock.advance(HOUR);
  title(
    'africell-ug needs a token: the issue function makes it, proves that it can pull, and mails how to use it',
  );
  const mailed = sandbox.aws.published.length;
  await issue({ deployment: 'africell-ug', requestedBy: 'ann' }, lambdaContext('issue', 'ann-1'));
  showMails(sandbox, mailed);

  mkdirSync(OUT, { recursive: true });
  writeFileSync(`${OUT}/night.json`, sandbox.aws.bucket.text(night.report) ?? '');
  writeFileSync(`${OUT}/night.html`, sandbox.aws.bucket.text(pageKey(night.report)) ?? '');
  say(`The page of night 2 is ${OUT}/night.html: open it in a browser.`);
  say('npm start -- --serve leaves a sandbox running, to try commands against it.');
}

function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

function title(text: string): void {
  say();
  say(`--- ${text}`);
  say();
}

/** Lets the functions see the sandbox's time: nights follow each other without anybody waiting for them. */
function liveIn(sandbox: HttpSandbox): () => void {
  const machineTime = Date.now;
  Date.now = () => sandbox.clock.now();
  return () => {
    Date.now = machineTime;
  };
}

function lambdaContext(name: string, id: string) {
  return {
    functionName: `hub-token-auditor-${name}`,
    awsRequestId: id,
    getRemainingTimeInMillis: () => 15 * 60_000,
  };
}

/** The mails from a place on. */
function showMails(sandbox: HttpSandbox, from: number): void {
  const mails = sandbox.aws.published.slice(from);
  for (const { subject, messages } of mails) {
    say(`Subject: ${subject}`);
    say();
    say((messages.get('email') ?? '').trimEnd());
  }
  if (mails.length === 0) say('(no mail: nothing is new)\n');
}

/** The license list with another end for one deployment, as somebody edits it in a spreadsheet. */
function renewed(sandbox: HttpSandbox, telco: string, country: string, end: string): string {
  const list = sandbox.aws.bucket.text(OBJECTS.licenses) ?? '';
  const [header = '', ...rows] = list.split(/\r?\n/);
  const separator = header.includes(';') ? ';' : ',';
  const place = header.split(separator).findIndex((cell) => cell.trim().toLowerCase() === 'expires_on');
  const changed = rows.map((row) => {
    const cells = row.split(separator);
    if (cells[0] !== telco || cells[1] !== country) return row;
    cells[place] = end;
    return cells.join(separator);
  });
  return [header, ...changed].join('\n');
}

/** A sandbox on the machine's own time that stays until it is told to stop. */
async function serve(): Promise<void> {
  // Without two-factor login: a code serves once, and each command would wait for the next.
  const sandbox = await startSandbox({ twoFactor: false });
  const lines = Object.entries(sandbox.environment).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  );
  mkdirSync(OUT, { recursive: true });
  const file = `${OUT}/sandbox.env`;
  writeFileSync(file, `${lines.join('\n')}\n`);
  say('The sandbox runs until Ctrl-C. Its environment, for another shell in this folder:');
  say();
  for (const line of lines) say(line);
  say();
  say(`The same is in ${file}. Try:`);
  say(`  . ${file}`);
  say('  npm run auditor -- doctor');
  say('  npm run auditor -- audit');
  say('  npm run auditor -- audit --enforce');
  say('  npm run auditor -- issue africell-ug --requested-by me');
  say('  npm run auditor -- revoke orange-cd --reason leaked');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await sandbox.close();
  rmSync(file, { force: true });
  say();
  say('The sandbox has stopped, and what was in it is gone.');
}

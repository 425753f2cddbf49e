// `doctor`: tries every setting, system and right without changing anything; a line each, ok or what to do.

import { type Http, NoAnswer, createHttp } from '../../lambdas/clients/http.ts';
import { countSubscribers } from '../../lambdas/clients/notifier.ts';
import type { ReadObject } from '../../lambdas/clients/ports.ts';
import { MAX_LIST_BYTES } from '../../lambdas/domain/csv.ts';
import { dayOf } from '../../lambdas/domain/days.ts';
import { readExemptions } from '../../lambdas/domain/exemptions.ts';
import { isInForce, readLicenses } from '../../lambdas/domain/licenses.ts';
import { isActive } from '../../lambdas/domain/token.ts';
import { isAuditorError } from '../../lambdas/errors.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { openLedger } from '../../lambdas/ledger/store.ts';
import { dayRules } from '../../lambdas/runtime/license-list.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { pluralize } from '../../lambdas/text/display.ts';
import type { Typed } from './arguments.ts';
import { doctorVault } from './doctor-vault.ts';
import { type Voice, openSession } from './session.ts';
import { wrapLine } from './words.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One line: what was tried, and what came of it. `note` is neither well nor ill. */
export interface Checkup {
  readonly subject: string;
  readonly state: 'ok' | 'note' | 'problem';
  readonly text: string;
}

/** What one subject's trial finds; it may throw what the systems throw. */
type Trial = () => Promise<Checkup | readonly Checkup[]>;

const ok = (subject: string, text: string): Checkup => ({ subject, state: 'ok', text });
const note = (subject: string, text: string): Checkup => ({ subject, state: 'note', text });
const problem = (subject: string, text: string): Checkup => ({ subject, state: 'problem', text });

/** A clock that is further off than this breaks one-time codes and signatures. */
const MAX_CLOCK_SKEW_MILLISECONDS = 30_000;

/**
 * Tries everything that a night needs. Logs in to Vault and to Docker Hub as a night does, reads, and writes nothing.
 *
 * @returns the findings, and whether any of them is a problem
 */
export async function doctor(
  typed: Typed,
  environment: Environment,
  voice: Voice,
): Promise<{ result: unknown; shown: string; failed: boolean }> {
  const checkups = await examine(typed, environment, voice);
  const failed = checkups.some(({ state }) => state === 'problem');
  const label = { ok: 'ok', note: 'note', problem: 'TO DO' };
  const lines = checkups.flatMap(({ subject, state, text }) =>
    wrapLine(`${label[state].padEnd(6)} ${subject.padEnd(20)} ${text}`, voice.columns, ' '.repeat(28)),
  );
  const problems = checkups.filter(({ state }) => state === 'problem').length;
  lines.push(
    '',
    failed
      ? `${pluralize(problems, 'thing')} to do before a night can go well. Nothing was changed.`
      : 'All is well. Nothing was changed.',
  );
  return { result: { checkups }, shown: lines.join('\n'), failed };
}

async function examine(typed: Typed, environment: Environment, voice: Voice): Promise<Checkup[]> {
  let services: Services;
  try {
    services = openSession(typed, environment, voice, true).services;
  } catch (error) {
    if (!isAuditorError(error)) throw error;
    return [problem('settings', error.message)];
  }
  const { settings } = services;
  const checkups: Checkup[] = [
    ok(
      'settings',
      `time zone ${settings.timeZone} (today is ${dayOf(services.clock.now(), settings.timeZone)}), mode ${settings.mode}, account ${settings.account}`,
    ),
    ...proxyCheckup(environment),
  ];
  try {
    for (const [subject, trial] of trials(services, environment, typed.text('state') === undefined)) {
      voice.progress(`Trying ${subject}`);
      checkups.push(...(await attempt(subject, trial)));
    }
  } finally {
    await services.vault.close();
  }
  return checkups;
}

/** Nothing here goes through a proxy: who relies on one learns it before the first time-out. */
function proxyCheckup(environment: Environment): Checkup[] {
  const named = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(
    (variable) => (environment[variable] ?? '').trim() !== '',
  );
  return named === undefined
    ? []
    : [
        note(
          'proxy',
          `${named} is set and not honoured: Docker Hub, registry, Vault and AWS are called directly; run this where they can be reached without a proxy.`,
        ),
      ];
}

async function attempt(subject: string, trial: Trial): Promise<readonly Checkup[]> {
  try {
    const found = await trial();
    return 'subject' in found ? [found] : found;
  } catch (error) {
    if (isAuditorError(error)) return [problem(subject, error.message)];
    const what =
      error instanceof NoAnswer
        ? error.message
        : `an unexpected ${error instanceof Error ? error.name : 'error'}`;
    return [problem(subject, `could not be tried: ${what}; check address and network.`)];
  }
}

/** In the order in which a night needs them: later ones need what earlier ones found. */
function trials(
  services: Services,
  environment: Environment,
  hasTopic: boolean,
): readonly (readonly [string, Trial])[] {
  const { settings, bucket, clock, deadline } = services;
  const http = (url: string): Http => createHttp({ url, clock, deadline });
  return [
    ['clock', () => clockTrial(services, http(settings.dockerHubUrl))],
    ['Vault login', () => loginTrial(services)],
    ['Vault keys', () => keysTrial(services)],
    ['Vault rights', () => doctorVault(services, environment)],
    ['Docker Hub', () => dockerHubTrial(services)],
    [
      'registry',
      () => registryTrial(services, http(settings.dockerAuthUrl), http(settings.dockerRegistryUrl)),
    ],
    [
      OBJECTS.licenses,
      async () => licensesTrial(services, await bucket.read(OBJECTS.licenses, MAX_LIST_BYTES)),
    ],
    [
      OBJECTS.exemptions,
      async () => exemptionsTrial(services, await bucket.read(OBJECTS.exemptions, MAX_LIST_BYTES)),
    ],
    [OBJECTS.hold, () => holdTrial(services)],
    [OBJECTS.ledger, () => ledgerTrial(services)],
    ['mail topic', () => topicTrial(services, hasTopic)],
  ];
}

async function clockTrial({ clock }: Services, http: Http): Promise<Checkup> {
  const { headers } = await http.read({ method: 'HEAD', path: '/' }, () => true);
  const theirs = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return note('clock', 'Docker Hub does not say what time it is.');
  const skew = clock.now() - theirs;
  return Math.abs(skew) <= MAX_CLOCK_SKEW_MILLISECONDS
    ? ok('clock', 'agrees with that of Docker Hub')
    : problem(
        'clock',
        `is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} that of Docker Hub; set it right, else one-time codes and signatures are refused.`,
      );
}

async function loginTrial({ vault, settings }: Services): Promise<Checkup> {
  const { username, totpSecret } = await vault.readDockerHubLogin();
  return username === settings.account
    ? ok(
        'Vault login',
        `works, and holds the Docker Hub login ${totpSecret === undefined ? 'without' : 'with'} two-factor secret`,
      )
    : problem(
        'Vault login',
        `works, but the Docker Hub login in Vault is not that of ${settings.account}; correct HUB_ACCOUNT or the secret ${settings.vaultLoginPath}.`,
      );
}

async function keysTrial({ vault, settings }: Services): Promise<Checkup> {
  const { names } = settings.verifyPerRun > 0 ? await vault.readKeys() : await vault.readKeyNames();
  return ok('Vault keys', `${pluralize(names.length, 'key')} in ${settings.vaultTokensPath}`);
}

async function dockerHubTrial({ dockerHub, clock }: Services): Promise<Checkup> {
  const tokens = await dockerHub.listTokens();
  const active = tokens.filter((token) => isActive(token, clock.now())).length;
  return ok('Docker Hub', `login works, ${pluralize(tokens.length, 'token')} listed, ${active} active`);
}

/** Without credentials: whether they answer as a registry does. What a token may pull only a token proves. */
async function registryTrial({ settings }: Services, auth: Http, registry: Http): Promise<Checkup[]> {
  const [repository = ''] = settings.testImage.split(':');
  const { status } = await auth.read({
    method: 'GET',
    path: `/token?service=registry.docker.io&scope=repository:${repository}:pull`,
  });
  const answer = await registry.read({ method: 'GET', path: '/v2/' }, ({ status: code }) => code === 401);
  return [
    status === 200
      ? ok('token service', 'answers')
      : problem('token service', `answers with status ${status} in place of 200; check DOCKER_AUTH_URL.`),
    answer.status === 401 || answer.status === 200
      ? ok('registry', `answers; ${settings.testImage} is pulled only when a token is issued`)
      : problem(
          'registry',
          `answers with status ${answer.status} in place of 401; check DOCKER_REGISTRY_URL.`,
        ),
  ];
}

const bodyOf = (object: ReadObject): Uint8Array | undefined =>
  typeof object === 'string' ? undefined : object.body;

function licensesTrial({ settings, clock }: Services, object: ReadObject): Checkup {
  const days = dayRules(settings, clock.now());
  const { licenses, invalid, rowCount } = readLicenses(bodyOf(object), settings.graceDays, days);
  const today = dayOf(clock.now(), settings.timeZone);
  const inForce = [...licenses.values()].filter((license) => isInForce(license, today)).length;
  const read = `${pluralize(rowCount, 'row')}, ${pluralize(licenses.size, 'deployment')}, ${inForce} in force`;
  const [first] = invalid;
  return first === undefined
    ? ok(OBJECTS.licenses, read)
    : problem(
        OBJECTS.licenses,
        `${read}; ${pluralize(invalid.length, 'row')} can't be read, first line ${first.line}: ${first.problem}.`,
      );
}

function exemptionsTrial({ settings, clock }: Services, object: ReadObject): Checkup {
  const body = bodyOf(object);
  return body === undefined
    ? note(OBJECTS.exemptions, 'is not there: nobody is exempt')
    : ok(
        OBJECTS.exemptions,
        pluralize(readExemptions(body, false, dayRules(settings, clock.now())).length, 'row'),
      );
}

async function holdTrial({ bucket }: Services): Promise<Checkup> {
  return (await bucket.exists(OBJECTS.hold))
    ? note(OBJECTS.hold, 'is there: nothing is withdrawn until it is removed')
    : ok(OBJECTS.hold, 'is not there');
}

async function ledgerTrial({ bucket }: Services): Promise<Checkup> {
  const found = await bucket.read(OBJECTS.ledger);
  if (found === 'absent') return note(OBJECTS.ledger, 'is not there: the next run is the first night');
  await openLedger(bucket);
  return ok(OBJECTS.ledger, 'can be read');
}

/** Publishing to nobody succeeds silently, so the subscribers are counted. */
async function topicTrial(
  { settings: { topicArn }, clock, deadline }: Services,
  isWanted: boolean,
): Promise<Checkup> {
  const subject = 'mail topic';
  if (topicArn === '')
    return isWanted
      ? problem(subject, 'TOPIC_ARN is not set; without it nobody gets mail and nothing can be enforced.')
      : note(subject, 'TOPIC_ARN is not set: mails become files in the folder of --state');
  const { confirmed, pending } = await countSubscribers(topicArn, { clock, deadline });
  return confirmed > 0
    ? ok(
        subject,
        `${pluralize(confirmed, 'confirmed subscriber')}${pending > 0 ? `, ${pending} not confirmed yet` : ''}`,
      )
    : problem(
        subject,
        `has no confirmed subscriber${pending > 0 ? ` (${pending} not confirmed yet)` : ''}, so nobody would read the mail and nothing is withdrawn; let the addresses confirm.`,
      );
}

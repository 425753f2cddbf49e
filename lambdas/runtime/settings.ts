import * as v from 'valibot';
import { AuditorError } from '../errors.ts';

/** The environment variables of the functions, each by its one name: the stacks write them, the functions read them. */
export const ENV = {
  dockerHubUrl: 'DOCKER_HUB_URL',
  dockerAuthUrl: 'DOCKER_AUTH_URL',
  dockerRegistryUrl: 'DOCKER_REGISTRY_URL',
  vaultAddr: 'VAULT_ADDR',
  vaultNamespace: 'VAULT_NAMESPACE',
  vaultMount: 'VAULT_MOUNT',
  vaultLoginPath: 'VAULT_LOGIN_PATH',
  vaultTokensPath: 'VAULT_TOKENS_PATH',
  vaultLoginSecret: 'VAULT_LOGIN_SECRET',
  organization: 'HUB_ORGANIZATION',
  account: 'HUB_ACCOUNT',
  testImage: 'TEST_IMAGE',
  bucket: 'BUCKET',
  topicArn: 'TOPIC_ARN',
  timeZone: 'TIME_ZONE',
  nightlyAt: 'NIGHTLY_AT',
  mode: 'MODE',
  graceDays: 'GRACE_DAYS',
  settleHours: 'SETTLE_HOURS',
  warnDays: 'WARN_DAYS',
  staleDays: 'STALE_DAYS',
  verifyPerRun: 'VERIFY_PER_RUN',
  noticeHours: 'NOTICE_HOURS',
  deleteAfterDays: 'DELETE_AFTER_DAYS',
  maxWithdrawals: 'MAX_WITHDRAWALS',
  maxWithdrawalPercent: 'MAX_WITHDRAWAL_PERCENT',
  notifyWhen: 'NOTIFY_WHEN',
} as const;

/** Name of one setting. */
export type SettingName = keyof typeof ENV;

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL points at this machine itself. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}

/** `https://…`, or `http://…` on this machine; without a path's closing slash. */
export const serverUrl = v.pipe(
  v.string(),
  v.check((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, username, password, search, hash } = new URL(text);
    if (username || password || search || hash) return false;
    return protocol === 'https:' || (protocol === 'http:' && isLoopback(text));
  }, 'must be an https:// address (http:// only on loopback), without user name, query or fragment'),
  v.transform((text) => text.replace(/\/+$/, '')),
);

/** Text of one form; `wanted` ends the sentence "must be …". */
export const text = (pattern: RegExp, wanted: string) =>
  v.pipe(v.string(), v.regex(pattern, `must be ${wanted}`));

/** A whole number within bounds. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number(`must be a whole number from ${min} to ${max}`),
    v.integer(`must be a whole number from ${min} to ${max}`),
    v.minValue(min, `must be a whole number from ${min} to ${max}`),
    v.maxValue(max, `must be a whole number from ${min} to ${max}`),
  );

/** A local time of day. */
export const timeOfDay = text(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time, written HH:MM');

const vaultPath = text(/^[\w.-]+(?:\/[\w.-]+)*$/, 'a Vault path without leading or closing slash');
const day = wholeNumber(0, 3650);

/**
 * Every setting that has a meaning outside AWS, with the vendor's own values as defaults: the configuration in
 * `cdk.json` and the functions' environment are both checked against this one table.
 */
export const policySchemas = {
  dockerHubUrl: v.optional(serverUrl, 'https://hub.docker.com'),
  dockerAuthUrl: v.optional(serverUrl, 'https://auth.docker.io'),
  dockerRegistryUrl: v.optional(serverUrl, 'https://registry-1.docker.io'),
  vaultNamespace: v.optional(text(/^[\w./-]*$/, 'a Vault namespace, or empty'), ''),
  vaultMount: v.optional(vaultPath, 'secret'),
  vaultLoginPath: v.optional(vaultPath, 'Global_customer_credentials/docker-deploy-tokens'),
  vaultTokensPath: v.optional(
    vaultPath,
    'Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens',
  ),
  organization: v.optional(text(/^[a-z0-9_-]{2,255}$/, 'a Docker Hub organization'), 'riaktr'),
  account: v.optional(text(/^[a-z0-9_-]{2,255}$/, 'a Docker Hub user name'), 'riaktrdelivery'),
  testImage: v.optional(
    text(
      /^[a-z0-9._-]+\/[a-z0-9._-]+(?:\/[a-z0-9._-]+)*:[\w][\w.-]{0,127}$/,
      'an image with organization and tag, such as riaktr/base:3.12',
    ),
    'riaktr/base:3.12',
  ),
  timeZone: v.optional(
    v.pipe(v.string(), v.check(isTimeZone, 'must be an IANA time zone, such as Europe/Brussels')),
    'Europe/Brussels',
  ),
  mode: v.optional(v.picklist(['enforce', 'observe'], 'must be enforce or observe'), 'enforce'),
  graceDays: v.optional(wholeNumber(0, 365), 3),
  settleHours: v.optional(wholeNumber(0, 720), 1),
  warnDays: v.optional(
    v.pipe(v.array(wholeNumber(0, 365)), v.minLength(1, 'must name at least one number of days')),
    [30, 14, 7, 1],
  ),
  staleDays: v.optional(day, 90),
  verifyPerRun: v.optional(wholeNumber(0, 1000), 20),
  noticeHours: v.optional(wholeNumber(0, 720), 20),
  deleteAfterDays: v.optional(v.nullable(day), 90),
  maxWithdrawals: v.optional(wholeNumber(0, 100_000), 3),
  maxWithdrawalPercent: v.optional(wholeNumber(0, 100), 2),
} as const;

/** When the audit sends mail, see contract section 12. */
export const notifyWhenSchema = v.optional(
  v.picklist(['changes', 'always'], 'must be changes or always'),
  'changes',
);

const settingsSchema = v.object({
  ...policySchemas,
  vaultAddr: serverUrl,
  vaultLoginSecret: v.optional(v.string(), ''),
  bucket: v.optional(v.string(), ''),
  topicArn: v.optional(v.string(), ''),
  nightlyAt: v.optional(timeOfDay, '03:30'),
  notifyWhen: notifyWhenSchema,
});

/** What a function knows from its environment. Nothing in it is secret. */
export type Settings = v.InferOutput<typeof settingsSchema>;

const NUMBERS: ReadonlySet<string> = new Set([
  'graceDays',
  'settleHours',
  'staleDays',
  'verifyPerRun',
  'noticeHours',
  'maxWithdrawals',
  'maxWithdrawalPercent',
]);

/** The names of all settings. */
export const settingNames: readonly SettingName[] = Object.keys(ENV).filter(
  (name): name is SettingName => name in ENV,
);

function numeral(value: string): unknown {
  return /^\d+$/.test(value) ? Number(value) : value;
}

/** The value of one environment variable in the type its schema wants; what can't be converted stays text and fails there. */
function fromText(name: SettingName, value: string): unknown {
  if (name === 'warnDays') return value.split(',').map((part) => numeral(part.trim()));
  if (name === 'deleteAfterDays') return value === 'never' ? null : numeral(value);
  return NUMBERS.has(name) ? numeral(value) : value;
}

/** The text of one setting as the stacks write it into a function's environment. */
export function toText(value: string | number | readonly number[] | null): string {
  if (value === null) return 'never';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/**
 * Reads the settings from a function's environment. Empty variables count as not set.
 *
 * @throws AuditorError `InvalidConfiguration`, naming every variable that is missing or wrong
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  if (environment['VAULT_SKIP_VERIFY'] !== undefined)
    problems.push('VAULT_SKIP_VERIFY switches certificate checks off and must not be set');
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    problems.push('NODE_TLS_REJECT_UNAUTHORIZED switches certificate checks off and must not be 0');
  const given = settingNames.flatMap((name): [string, unknown][] => {
    const value = environment[ENV[name]]?.trim();
    return value ? [[name, fromText(name, value)]] : [];
  });
  const parsed = v.safeParse(settingsSchema, Object.fromEntries(given));
  for (const issue of parsed.issues ?? []) {
    const name = settingNames.find((candidate) => candidate === issue.path?.[0]?.key);
    problems.push(
      name === undefined
        ? issue.message
        : environment[ENV[name]]?.trim()
          ? `${ENV[name]} ${issue.message}`
          : `${ENV[name]} is not set`,
    );
  }
  if (!parsed.success || problems.length > 0)
    throw new AuditorError(
      'InvalidConfiguration',
      `The function's environment is not usable: ${[...new Set(problems)].join('; ')}; correct the configuration in cdk.json and deploy again.`,
    );
  return parsed.output;
}

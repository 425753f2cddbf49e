// Every setting of the functions, stated once: variable, schema with default, form and meaning. Where the configuration
// has it stands in lib/config.ts; the functions' environment, the README's table and the command line's help are made
// from these two places.
import * as v from 'valibot';
import { readCertificates } from '../clients/certificate.ts';
import { AuditorError } from '../errors.ts';

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL points at this machine itself. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

/** `https://…`, or `http://…` on this machine; without a path's closing slash. */
const serverUrl = v.pipe(
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

const vaultUrl = v.pipe(
  serverUrl,
  v.check(
    (address) => !/\/(?:ui(?:\/.*)?|v1(?:\/.*)?)$/.test(address),
    'must be the address of Vault alone, such as https://vault.example.com: leave out /ui/... and /v1, which the functions add themselves',
  ),
);

const isClimbing = (path: string): boolean => path.split('/').some((part) => /^\.+$/.test(part));

const vaultPath = v.pipe(
  text(/^[\w.-]+(?:\/[\w.-]+)*$/, 'a Vault path without leading or closing slash'),
  v.check((path) => !isClimbing(path), 'must be a Vault path whose parts are names, not dots'),
);

/** The path of a secret as people name it; the API's own parts are added by the functions. */
const secretPath = v.pipe(
  vaultPath,
  v.check(
    (path) => !/^(?:data|metadata|subkeys)\//.test(path),
    'must be the path as `vault kv get` takes it: leave out the leading data/, which the functions add themselves',
  ),
);

const namespace = v.pipe(
  text(/^[\w./-]*$/, 'a Vault namespace, or empty'),
  v.check((path) => !isClimbing(path), 'must be a Vault namespace whose parts are names, not dots'),
);

/** The zone as EventBridge spells it, where a text names one; an offset such as +01:00 names none. */
function timeZoneOf(zone: string): string | undefined {
  if (/^[+-]/.test(zone)) return undefined;
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
    if (known.toLowerCase() === zone.toLowerCase()) return known;
    // Another name of a zone, which the platform resolves: kept as it is, where it is spelt as such names are.
    return /^[A-Z]/.test(zone) && !/\/[a-z]/.test(zone) ? zone : undefined;
  } catch {
    return undefined;
  }
}

const timeZone = v.pipe(
  v.string(),
  v.check((zone) => timeZoneOf(zone) !== undefined, 'must be an IANA time zone, such as Europe/Brussels'),
  v.transform((zone) => timeZoneOf(zone) ?? zone),
);

/** A name of Docker Hub's: letters and digits, joined by dots, underscores or hyphens. */
const IMAGE = /^[a-z0-9_-]+(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)+:\w[\w.-]{0,127}$/;

const caCert = v.pipe(
  v.string(),
  v.check(
    (pem) => pem.trim() === '' || readCertificates(pem) !== undefined,
    'must be certificates in PEM: the text itself, not the path of a file',
  ),
);

const days = (max: number) => `days, 0 to ${max}`;

/** A schema with what people read about it and the variable that holds it. */
const setting = <const Schema extends v.GenericSchema>(
  variable: string,
  schema: Schema,
  type: string,
  meaning: string,
) => v.pipe(schema, v.metadata({ variable, type, meaning }));

/**
 * Every setting, with the vendor's own values as defaults. What is configured in `cdk.json` and what a function finds
 * in its environment are both checked against this one table.
 */
export const settingSchemas = {
  name: setting(
    'AUDITOR_NAME',
    v.optional(
      v.pipe(
        text(
          /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/,
          'lower-case letters and digits in parts joined by hyphens, each part beginning with a letter',
        ),
        v.maxLength(40, 'must be 40 characters at most'),
      ),
      'hub-token-auditor',
    ),
    'text',
    'Begins the names of functions, alarms and stacks; another name is a second stage beside the first.',
  ),
  mode: setting(
    'MODE',
    v.optional(v.picklist(['enforce', 'observe'], 'must be enforce or observe'), 'enforce'),
    'enforce | observe',
    'Whether the audit withdraws access, or only reports and remembers.',
  ),
  timeZone: setting(
    'TIME_ZONE',
    v.optional(timeZone, 'Europe/Brussels'),
    'IANA zone',
    'Where a license’s last day ends and the night is night.',
  ),
  nightlyAt: setting(
    'NIGHTLY_AT',
    v.optional(timeOfDay, '03:30'),
    'HH:MM',
    'Local time of the nightly run; mails say by it on which night access ends.',
  ),
  organization: setting(
    'HUB_ORGANIZATION',
    v.optional(text(/^[a-z0-9_-]{2,255}$/, 'a Docker Hub organization'), 'riaktr'),
    'text',
    'Docker Hub organization that the images belong to.',
  ),
  account: setting(
    'HUB_ACCOUNT',
    v.optional(text(/^[a-z0-9_-]{2,255}$/, 'a Docker Hub user name'), 'riaktrdelivery'),
    'text',
    'Docker Hub account that the tokens belong to.',
  ),
  testImage: setting(
    'TEST_IMAGE',
    v.optional(
      text(IMAGE, 'an image with organization and tag, such as riaktr/base:3.12'),
      'riaktr/base:3.12',
    ),
    'image',
    'Image of the organization that a new token must be able to pull.',
  ),
  graceDays: setting(
    'GRACE_DAYS',
    v.optional(wholeNumber(0, 365), 3),
    days(365),
    'Days that access goes on after a license’s end, where its row has no grace_days.',
  ),
  dateOrder: setting(
    'DATE_ORDER',
    v.optional(
      v.picklist(['day-first', 'month-first', 'iso'], 'must be day-first, month-first or iso'),
      'day-first',
    ),
    'day-first | month-first | iso',
    'How the license list’s days with slashes or hyphens are read, such as 31/12/2026; iso reads none of these.',
  ),
  settleHours: setting(
    'SETTLE_HOURS',
    v.optional(wholeNumber(0, 720), 1),
    'hours, 0 to 720',
    'Age before a token without a key in Vault is a finding.',
  ),
  warnDays: setting(
    'WARN_DAYS',
    v.optional(
      v.pipe(v.array(wholeNumber(0, 365)), v.minLength(1, 'must name at least one number of days')),
      [30, 14, 7, 1],
    ),
    'list of days',
    'Days before a license’s end at which it is reported.',
  ),
  staleDays: setting(
    'STALE_DAYS',
    v.optional(wholeNumber(0, 3650), 90),
    days(3650),
    'Days without use after which a token is a finding.',
  ),
  verifyPerRun: setting(
    'VERIFY_PER_RUN',
    v.optional(wholeNumber(0, 1000), 20),
    'number, 0 to 1000',
    'Keys whose content is checked at Docker Hub each night; 0 reads no values.',
  ),
  noticeHours: setting(
    'NOTICE_HOURS',
    v.optional(wholeNumber(0, 168), 20),
    'hours, 0 to 168',
    'Hours between announcing a withdrawal and making it.',
  ),
  deleteAfterDays: setting(
    'DELETE_AFTER_DAYS',
    v.optional(v.nullable(wholeNumber(0, 3650)), 90),
    'days, 0 to 3650, or null',
    'Days after which a token that the audit switched off is deleted; null for never.',
  ),
  maxWithdrawals: setting(
    'MAX_WITHDRAWALS',
    v.optional(wholeNumber(0, 100_000), 3),
    'number',
    'Deployments that may lose their access within 20 hours without approval; 0 for none at all.',
  ),
  maxWithdrawalPercent: setting(
    'MAX_WITHDRAWAL_PERCENT',
    v.optional(wholeNumber(0, 100), 2),
    'per cent',
    'The same as a share of the deployments that have an active token; the larger of both counts.',
  ),
  dockerHubUrl: setting(
    'DOCKER_HUB_URL',
    v.optional(serverUrl, 'https://hub.docker.com'),
    'https URL',
    'Docker Hub API.',
  ),
  dockerAuthUrl: setting(
    'DOCKER_AUTH_URL',
    v.optional(serverUrl, 'https://auth.docker.io'),
    'https URL',
    'Token service of the registry.',
  ),
  dockerRegistryUrl: setting(
    'DOCKER_REGISTRY_URL',
    v.optional(serverUrl, 'https://registry-1.docker.io'),
    'https URL',
    'Registry.',
  ),
  /** When the audit sends mail, see contract section 12. */
  notifyWhen: setting(
    'NOTIFY_WHEN',
    v.optional(v.picklist(['changes', 'always'], 'must be changes or always'), 'changes'),
    'changes | always',
    'When the audit sends mail: when something is new, resolved, done or wrong and once a week, or every night.',
  ),
  vaultAddr: setting('VAULT_ADDR', vaultUrl, 'https URL', 'Vault, as the functions reach it.'),
  vaultNamespace: setting(
    'VAULT_NAMESPACE',
    v.optional(namespace, ''),
    'text',
    'Vault namespace; empty for none.',
  ),
  vaultMount: setting('VAULT_MOUNT', v.optional(vaultPath, 'secret'), 'path', 'Mount of the KV engine.'),
  vaultLoginPath: setting(
    'VAULT_LOGIN_PATH',
    v.optional(secretPath, 'Global_customer_credentials/docker-deploy-tokens'),
    'path',
    "Secret with Docker Hub's login.",
  ),
  vaultTokensPath: setting(
    'VAULT_TOKENS_PATH',
    v.optional(secretPath, 'Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens'),
    'path',
    'Secret with one key per deployment, label to token content.',
  ),
  vaultLogin: setting(
    'VAULT_LOGIN',
    v.optional(v.picklist(['approle', 'aws-iam'], 'must be approle or aws-iam'), 'approle'),
    'approle | aws-iam',
    'How the functions log in to Vault: by an AppRole in a Secrets Manager secret, or by their own AWS identity.',
  ),
  vaultRole: setting(
    'VAULT_ROLE',
    v.optional(text(/^[\w.-]*$/, 'the name of a role'), ''),
    'text',
    'With aws-iam: role of Vault’s AWS auth method.',
  ),
  vaultAuthMount: setting(
    'VAULT_AUTH_MOUNT',
    v.optional(vaultPath, 'aws'),
    'path',
    'With aws-iam: mount of Vault’s AWS auth method.',
  ),
  vaultServerId: setting(
    'VAULT_SERVER_ID',
    v.optional(text(/^[\w.:/-]*$/, 'the value that Vault wants in X-Vault-AWS-IAM-Server-ID'), ''),
    'text',
    'With aws-iam: what Vault is configured to want in X-Vault-AWS-IAM-Server-ID; empty for nothing.',
  ),
  vaultCaCert: setting(
    'VAULT_CA_CERT',
    v.optional(caCert, ''),
    'PEM',
    'With aws-iam: certificate of a private authority that issued Vault’s.',
  ),
  vaultLoginSecret: setting(
    'VAULT_LOGIN_SECRET',
    v.optional(v.string(), ''),
    'ARN',
    'With approle: an existing secret with the Vault login; without it an empty one is created.',
  ),
  bucket: setting(
    'BUCKET',
    v.optional(v.string(), ''),
    'text',
    'An existing bucket, which must keep versions; without it one is created.',
  ),
  trail: setting(
    'CALLER_TRAIL',
    v.optional(v.boolean('must be true or false'), false),
    'true or false',
    'Whether a trail of AWS CloudTrail, which AWS charges for, keeps who invoked the functions and who wrote the lists.',
  ),
  topicArn: setting('TOPIC_ARN', v.optional(v.string(), ''), 'ARN', 'Topic of the mail.'),
} as const;

/** Name of one setting. */
export type SettingName = keyof typeof settingSchemas;

/** The names of all settings. */
export const settingNames: readonly SettingName[] = Object.keys(settingSchemas).filter(
  (name): name is SettingName => name in settingSchemas,
);

const settingsSchema = v.object(settingSchemas);

/** What a function knows from its environment. Nothing in it is secret. */
export type Settings = v.InferOutput<typeof settingsSchema>;

const aboutSchema = v.object({ variable: v.optional(v.string()), type: v.string(), meaning: v.string() });

/** What people read about a key or setting: form, meaning, and the variable where it has one. */
export type About = v.InferOutput<typeof aboutSchema>;

/** What people read about a setting. */
export function aboutSetting(schema: v.GenericSchema): About {
  return v.parse(aboutSchema, v.getMetadata(schema));
}

function variables(): Readonly<Record<SettingName, string>> {
  const named = Object.fromEntries(
    settingNames.map((name) => [name, aboutSetting(settingSchemas[name]).variable]),
  );
  return v.parse(v.object(v.entriesFromList(settingNames, v.string())), named);
}

/** The environment variables of the functions, each by its one name: the stacks write them, the functions read them. */
export const ENV = variables();

/** The text of one setting as the stacks write it into a function's environment. */
export function toText(value: string | number | boolean | readonly number[] | null): string {
  if (value === null) return 'never';
  return typeof value === 'object' ? value.join(',') : String(value);
}

const wrapperSchema = v.object({
  wrapped: v.custom<v.GenericSchema>((schema) => v.is(v.object({ kind: v.literal('schema') }), schema)),
});

/** The value of one environment variable in the type its schema wants; what can't be converted stays text and fails there. */
function fromText(schema: v.GenericSchema, value: string): unknown {
  if (schema.type === 'nullable' && value === 'never') return null;
  if (v.is(wrapperSchema, schema)) return fromText(schema.wrapped, value);
  const numeral = (part: string): unknown => (/^\d+$/.test(part) ? Number(part) : part);
  if (schema.type === 'array') return value.split(',').map((part) => numeral(part.trim()));
  if (schema.type === 'boolean') return value === 'true' || (value === 'false' ? false : value);
  return schema.type === 'number' ? numeral(value) : value;
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
    return value ? [[name, fromText(settingSchemas[name], value)]] : [];
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

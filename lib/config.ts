import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as v from 'valibot';
import {
  ENV,
  type SettingName,
  notifyWhenSchema,
  policySchemas,
  serverUrl,
  settingNames,
  text,
  timeOfDay,
} from '../lambdas/runtime/settings.ts';
import { firstSkipped, minutesOf } from './clock-changes.ts';
import { DEFAULT_NAME } from './names.ts';

/** Key of the configuration in the context, `cdk.json`. */
export const CONTEXT_KEY = 'hub-token-auditor';

/** What a list of the configuration says about one key beside its default. */
interface Documented {
  readonly type: string;
  readonly meaning: string;
}

/** A schema with what people are told about it, so that lists of the keys can't differ from what is accepted. */
const documented = <const Schema extends v.GenericSchema>(schema: Schema, type: string, meaning: string) =>
  v.pipe(schema, v.metadata({ type, meaning }));

const arn = (pattern: RegExp, wanted: string) => v.optional(text(pattern, wanted));

const keyArn = arn(/^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key');

/** What CloudWatch Logs accepts; anything else fails when it is deployed. */
const LOG_RETENTION_WANTED = `must be one of ${Object.values(RetentionDays)
  .filter((days) => typeof days === 'number' && days !== RetentionDays.INFINITE)
  .join(', ')}`;

/** Minutes between two tries: a run may take the 15 minutes of a function, and the lease ends only then. */
const BETWEEN_TRIES = 20;

/**
 * Minutes from the nightly time to the last try. A night saved by the last try after one saved by the first must not
 * look like a missed one to the alarm, which waits 26 hours.
 */
const TRIES_WITHIN = 105;

const schedule = v.optional(
  v.pipe(
    v.strictObject({
      nightly: documented(
        v.optional(timeOfDay, '03:30'),
        'HH:MM',
        'Local time of the nightly run; mails say by it on which night access ends.',
      ),
      catchUps: documented(
        v.optional(v.pipe(v.array(timeOfDay), v.length(2, 'must be two times')), ['04:15', '05:00']),
        'two HH:MM',
        `Local times of two later tries the same night, which do nothing where the night is done; each at least ${BETWEEN_TRIES} minutes after the one before, the last within ${TRIES_WITHIN} minutes of the first.`,
      ),
    }),
    v.forward(
      v.partialCheck(
        [['nightly'], ['catchUps']],
        ({ nightly, catchUps }) => {
          const minutes = [nightly, ...catchUps].map(minutesOf);
          // A time that can't be read is told by itself.
          if (minutes.some(Number.isNaN)) return true;
          return minutes.every(
            (minute, index) =>
              index === 0 ||
              (minute - (minutes[index - 1] ?? 0) >= BETWEEN_TRIES &&
                minute - (minutes[0] ?? 0) <= TRIES_WITHIN),
          );
        },
        `must be later the same night, each at least ${BETWEEN_TRIES} minutes after the one before, the last within ${TRIES_WITHIN} minutes of nightly`,
      ),
      ['catchUps'],
    ),
  ),
  {},
);

const notifications = v.optional(
  v.strictObject({
    when: documented(
      notifyWhenSchema,
      'changes | always',
      'When the audit sends mail: when something is new, resolved, done or wrong and once a week, or every night.',
    ),
    emails: documented(
      v.optional(
        v.pipe(
          v.array(v.pipe(v.string(), v.email('must be a mail address'))),
          v.check((emails) => new Set(emails).size === emails.length, 'must not name an address twice'),
        ),
        [],
      ),
      'list of addresses',
      'Who gets the mail; each address has to confirm its subscription. Without any, nobody is told and nothing is withdrawn.',
    ),
  }),
  {},
);

const vault = v.optional(
  v.pipe(
    v.strictObject({
      address: documented(
        v.optional(serverUrl, 'https://vault-cloud.rianet.io'),
        'https URL',
        'Vault, as the functions reach it.',
      ),
      namespace: documented(policySchemas.vaultNamespace, 'text', 'Vault namespace; empty for none.'),
      mount: documented(policySchemas.vaultMount, 'path', 'Mount of the KV version 2 engine.'),
      loginPath: documented(policySchemas.vaultLoginPath, 'path', "Secret with Docker Hub's login."),
      tokensPath: documented(
        policySchemas.vaultTokensPath,
        'path',
        'Secret with one key per deployment, label to token content.',
      ),
      loginSecretArn: documented(
        arn(
          /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
          'the complete ARN of a Secrets Manager secret, with the six characters at its end',
        ),
        'ARN',
        'An existing secret with the Vault login; without it an empty one is created.',
      ),
      loginSecretKeyArn: documented(
        keyArn,
        'ARN',
        'KMS key of that secret, where it is not the account’s own.',
      ),
    }),
    v.forward(
      v.partialCheck(
        [['loginSecretArn'], ['loginSecretKeyArn']],
        ({ loginSecretArn, loginSecretKeyArn }) =>
          loginSecretKeyArn === undefined || loginSecretArn !== undefined,
        'goes with loginSecretArn: the secret created here has the key of this stack',
      ),
      ['loginSecretKeyArn'],
    ),
  ),
  {},
);

const ids = (prefix: string, what: string) =>
  v.pipe(
    v.array(text(new RegExp(`^${prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`), `the id of a ${what}, ${prefix}-…`)),
    v.minLength(1, `must name at least one ${what}`),
  );

const vpc = v.optional(
  v.strictObject({
    subnetIds: documented(
      ids('subnet', 'subnet'),
      'list of ids',
      'Subnets that the functions run in, with a way to Docker Hub, Vault and AWS.',
    ),
    securityGroupIds: documented(
      ids('sg', 'security group'),
      'list of ids',
      'Security groups of the functions.',
    ),
  }),
);

const aws = v.optional(
  v.strictObject({
    account: documented(
      v.optional(text(/^\d{12}$/, 'an AWS account, 12 digits in quotes')),
      '12 digits',
      'AWS account that the stacks belong to; without it, that of the login at deployment.',
    ),
    region: documented(
      v.optional(text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region, such as eu-west-1')),
      'region',
      'AWS region that the stacks belong to; without it, that of the login at deployment.',
    ),
  }),
  {},
);

const days = (max: number) => `days, 0 to ${max}`;

const entries = {
  name: documented(
    v.optional(
      v.pipe(
        text(
          /^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$/,
          'lower-case letters and digits in parts joined by hyphens, each part beginning with a letter',
        ),
        v.maxLength(40, 'must be 40 characters at most'),
      ),
      DEFAULT_NAME,
    ),
    'text',
    'Begins the names of functions, alarms and stacks; another name is a second stage beside the first.',
  ),
  mode: documented(
    policySchemas.mode,
    'enforce | observe',
    'Whether the audit withdraws access, or tells and remembers only.',
  ),
  timeZone: documented(
    policySchemas.timeZone,
    'IANA zone',
    'Where a license’s last day ends and the night is night.',
  ),
  organization: documented(
    policySchemas.organization,
    'text',
    'Docker Hub organization that the images belong to.',
  ),
  account: documented(policySchemas.account, 'text', 'Docker Hub account that the tokens belong to.'),
  testImage: documented(
    policySchemas.testImage,
    'image',
    'Image of the organization that a new token must be able to pull.',
  ),
  graceDays: documented(
    policySchemas.graceDays,
    days(365),
    'Days that access goes on after a license’s end, where its row has no grace_days.',
  ),
  settleHours: documented(
    policySchemas.settleHours,
    'hours, 0 to 720',
    'Age before a token without a key in Vault is a finding.',
  ),
  warnDays: documented(
    policySchemas.warnDays,
    'list of days',
    'Days before a license’s end at which it is told.',
  ),
  staleDays: documented(
    policySchemas.staleDays,
    days(3650),
    'Days without use after which a token is a finding.',
  ),
  verifyPerRun: documented(
    policySchemas.verifyPerRun,
    'number, 0 to 1000',
    'Keys whose content is checked at Docker Hub each night; 0 reads no values.',
  ),
  noticeHours: documented(
    policySchemas.noticeHours,
    'hours, 0 to 720',
    'Hours between announcing a withdrawal and making it.',
  ),
  deleteAfterDays: documented(
    policySchemas.deleteAfterDays,
    'days, 0 to 3650, or null',
    'Days after which a token that the audit switched off is deleted; null for never.',
  ),
  maxWithdrawals: documented(
    policySchemas.maxWithdrawals,
    'number',
    'Withdrawals within 24 hours that need no approval; 0 for none at all.',
  ),
  maxWithdrawalPercent: documented(
    policySchemas.maxWithdrawalPercent,
    'per cent',
    'The same as a share of the licensed deployments; the larger of both counts.',
  ),
  dockerHubUrl: documented(policySchemas.dockerHubUrl, 'https URL', 'Docker Hub API.'),
  dockerAuthUrl: documented(policySchemas.dockerAuthUrl, 'https URL', 'Token service of the registry.'),
  dockerRegistryUrl: documented(policySchemas.dockerRegistryUrl, 'https URL', 'Registry.'),
  notifications,
  vault,
  schedule,
  bucketName: documented(
    v.optional(text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket')),
    'text',
    'An existing bucket, which must keep versions; without it one is created.',
  ),
  bucketKeyArn: documented(keyArn, 'ARN', 'KMS key of that bucket, where it has one.'),
  vpc,
  logRetentionDays: documented(
    v.optional(
      v.pipe(
        v.enum(RetentionDays, LOG_RETENTION_WANTED),
        v.check((days) => days !== RetentionDays.INFINITE, LOG_RETENTION_WANTED),
      ),
      RetentionDays.SIX_MONTHS,
    ),
    'days',
    'How long CloudWatch keeps the functions’ logs.',
  ),
  aws,
} as const;

/** Which of the times some night does not have, in words; nothing where the time zone is a mistake itself. */
function skippedTimes(times: readonly string[], timeZone: string, now: number): string | undefined {
  if (!v.is(policySchemas.timeZone, timeZone)) return undefined;
  const skipped = times.flatMap((local) => {
    const day = firstSkipped(local, timeZone, now);
    return day === undefined ? [] : [`${local} does not exist in ${timeZone} on ${day}`];
  });
  return skipped.length === 0
    ? undefined
    : `must be a time that every night has, else a night is left out when the clocks go forward: ${skipped.join(', ')}`;
}

/** The configuration's schema, see {@link configEntries} for its keys. */
const makeConfigSchema = (now: number) =>
  v.pipe(
    v.strictObject(entries),
    v.forward(
      v.partialCheck(
        [['timeZone'], ['schedule', 'nightly']],
        (config) => skippedTimes([config.schedule.nightly], config.timeZone, now) === undefined,
        ({ input }) => skippedTimes([input.schedule.nightly], input.timeZone, now) ?? '',
      ),
      ['schedule', 'nightly'],
    ),
    v.forward(
      v.partialCheck(
        [['timeZone'], ['schedule', 'catchUps']],
        (config) => skippedTimes(config.schedule.catchUps, config.timeZone, now) === undefined,
        ({ input }) => skippedTimes(input.schedule.catchUps, input.timeZone, now) ?? '',
      ),
      ['schedule', 'catchUps'],
    ),
    v.forward(
      v.partialCheck(
        [['bucketName'], ['bucketKeyArn']],
        ({ bucketName, bucketKeyArn }) => bucketKeyArn === undefined || bucketName !== undefined,
        'goes with bucketName: the bucket created here has the key of this stack',
      ),
      ['bucketKeyArn'],
    ),
    v.forward(
      v.partialCheck(
        [['organization'], ['testImage']],
        ({ organization, testImage }) => testImage.startsWith(`${organization}/`),
        'must be an image of the organization: another one does not show that a token can pull the product',
      ),
      ['testImage'],
    ),
  );

/** The validated configuration, every default filled in. */
export type Config = v.InferOutput<ReturnType<typeof makeConfigSchema>>;

/** What a mistake says: where it is and what must be there instead. */
function describe(issue: v.BaseIssue<unknown>): string {
  const path = [CONTEXT_KEY, v.getDotPath(issue)].filter((part) => part !== null).join('.');
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${path} is no key of it`;
  if (issue.type === 'strict_object' && issue.received === 'undefined') return `${path} is missing`;
  const type = { string: 'text', array: 'a list', strict_object: 'an object' }[issue.type];
  return `${path} ${type === undefined ? issue.message : `must be ${type}`}`;
}

/** The value as it stands in `cdk.json`, or the JSON text that `--context` of the command line gives. */
function fromContext(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? {};
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/**
 * Parses the configuration.
 *
 * @param value of the context key `hub-token-auditor`: an object, JSON text from the command line, or nothing at all
 * @param now milliseconds since 1970, for the days on which clocks change
 * @throws Error naming every mistake with its path
 */
export function parseConfig(value: unknown, now: number): Config {
  const parsed = v.safeParse(makeConfigSchema(now), fromContext(value));
  if (parsed.success) return parsed.output;
  const mistakes = new Set(parsed.issues.map((issue) => `  - ${describe(issue)}`));
  throw new Error(`The configuration is not valid; correct it in cdk.json:\n${[...mistakes].join('\n')}`);
}

/** One key of the configuration, for people. */
export interface ConfigEntry extends Documented {
  /** With dots: `vault.address`. */
  readonly key: string;
  /** As JSON; absent where the key has no default. */
  readonly default?: string;
  /** Variable of the functions' environment that holds it; absent where the functions don't go by it. */
  readonly variable?: string;
}

/** Keys whose setting has another name than they have themselves. */
const SETTING_OF: ReadonlyMap<string, SettingName> = new Map([
  ['notifications.when', 'notifyWhen'],
  ['schedule.nightly', 'nightlyAt'],
  ['vault.address', 'vaultAddr'],
  ['vault.namespace', 'vaultNamespace'],
  ['vault.mount', 'vaultMount'],
  ['vault.loginPath', 'vaultLoginPath'],
  ['vault.tokensPath', 'vaultTokensPath'],
  ['vault.loginSecretArn', 'vaultLoginSecret'],
  ['bucketName', 'bucket'],
]);

const settingOf = (key: string): SettingName | undefined =>
  SETTING_OF.get(key) ?? settingNames.find((name) => name === key);

const documentedSchema = v.object({ type: v.string(), meaning: v.string() });

/** A key that holds keys of its own. */
const groupSchema = v.object({
  wrapped: v.object({
    entries: v.record(
      v.string(),
      v.custom<v.GenericSchema>((entry) => v.is(v.object({ kind: v.literal('schema') }), entry)),
    ),
  }),
});

function listEntries(of: Readonly<Record<string, v.GenericSchema>>, prefix: string): ConfigEntry[] {
  return Object.entries(of).flatMap(([name, schema]) => {
    const group = v.safeParse(groupSchema, schema);
    if (group.success) return listEntries(group.output.wrapped.entries, `${prefix}${name}.`);
    const key = `${prefix}${name}`;
    const standard = 'default' in schema ? schema.default : undefined;
    const setting = settingOf(key);
    return [
      {
        key,
        ...v.parse(documentedSchema, v.getMetadata(schema)),
        ...(standard === undefined ? {} : { default: JSON.stringify(standard) }),
        ...(setting === undefined ? {} : { variable: ENV[setting] }),
      },
    ];
  });
}

/** Every key of the configuration with type, default, variable and meaning, in the order of `cdk.json`. */
export function configEntries(): ConfigEntry[] {
  return listEntries(entries, '');
}

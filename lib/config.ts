// The configuration: which keys `cdk.json` has, where each setting of the functions stands among them, and what is
// refused at synthesis. Default, form and meaning of a setting stand in lambdas/runtime/settings.ts.
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as v from 'valibot';
import {
  type About,
  type SettingName,
  aboutSetting,
  settingNames,
  settingSchemas as settings,
  text,
  timeOfDay,
} from '../lambdas/runtime/settings.ts';
import { firstSkipped, minutesOf } from './clock-changes.ts';

/** Key of the configuration in the context, `cdk.json`. */
export const CONTEXT_KEY = 'hub-token-auditor';

/** A key that only the stacks go by, with what people read about it. */
const documented = <const Schema extends v.GenericSchema>(schema: Schema, type: string, meaning: string) =>
  v.pipe(schema, v.metadata({ type, meaning }));

/** A setting whose key wants another form than the functions' environment, or has a default of the configuration's own. */
const configured = <const Schema extends v.GenericSchema>(name: SettingName, schema: Schema) =>
  v.pipe(schema, v.metadata(aboutSetting(settings[name])));

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
      nightly: settings.nightlyAt,
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
          // A time that can't be read is reported by itself.
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

/** Mail addresses; an apostrophe is one of the signs that an address may have. */
const emails = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.rfcEmail('must be a mail address'),
      v.check((address) => /\.[a-z]{2,}$/i.test(address), 'must be a mail address'),
    ),
  ),
  v.check(
    (addresses) => new Set(addresses.map((address) => address.toLowerCase())).size === addresses.length,
    'must not name an address twice',
  ),
);

const notifications = v.optional(
  v.strictObject({
    when: settings.notifyWhen,
    emails: documented(
      v.optional(emails, []),
      'list of addresses',
      'Who gets the mail; each address has to confirm its subscription. Without any, nobody is notified and nothing is withdrawn.',
    ),
  }),
  {},
);

const alarms = v.optional(
  v.strictObject({
    emails: documented(
      v.optional(emails, []),
      'list of addresses',
      'Who gets the alarms; each address has to confirm its subscription. Without any, they go to the mail topic.',
    ),
  }),
  {},
);

const vault = v.optional(
  v.pipe(
    v.strictObject({
      address: configured('vaultAddr', v.optional(settings.vaultAddr, 'https://vault-cloud.rianet.io')),
      namespace: settings.vaultNamespace,
      mount: settings.vaultMount,
      loginPath: settings.vaultLoginPath,
      tokensPath: settings.vaultTokensPath,
      login: settings.vaultLogin,
      loginSecretArn: configured(
        'vaultLoginSecret',
        arn(
          /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
          'the complete ARN of a Secrets Manager secret, with the six characters at its end',
        ),
      ),
      loginSecretKeyArn: documented(
        keyArn,
        'ARN',
        'KMS key of that secret, where it is not the account’s own.',
      ),
      role: settings.vaultRole,
      authMount: settings.vaultAuthMount,
      serverId: settings.vaultServerId,
      caCert: settings.vaultCaCert,
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
    v.forward(
      v.partialCheck(
        [['login'], ['loginSecretArn']],
        ({ login, loginSecretArn }) => login === 'approle' || loginSecretArn === undefined,
        'goes with login approle: with aws-iam no secret is read',
      ),
      ['loginSecretArn'],
    ),
    v.forward(
      v.partialCheck(
        [['login'], ['role']],
        ({ login, role }) => (login === 'aws-iam') === (role !== ''),
        'goes with login aws-iam, which needs it: the role of Vault’s AWS auth method',
      ),
      ['role'],
    ),
    v.forward(
      v.partialCheck(
        [['loginPath'], ['tokensPath']],
        ({ loginPath, tokensPath }) => loginPath !== tokensPath,
        'must be another secret than loginPath: every key of it is taken for a deployment',
      ),
      ['tokensPath'],
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

const runbookUrl = v.pipe(
  text(/^https:\/\/[^\s#]+$/, 'the https:// address of the runbook, without #'),
  v.check((url) => URL.canParse(url), 'must be the https:// address of the runbook, without #'),
);

const entries = {
  name: settings.name,
  mode: settings.mode,
  timeZone: settings.timeZone,
  organization: settings.organization,
  account: settings.account,
  testImage: settings.testImage,
  graceDays: settings.graceDays,
  lists: v.optional(v.strictObject({ dateOrder: settings.dateOrder }), {}),
  settleHours: settings.settleHours,
  warnDays: settings.warnDays,
  staleDays: settings.staleDays,
  verifyPerRun: settings.verifyPerRun,
  noticeHours: settings.noticeHours,
  deleteAfterDays: settings.deleteAfterDays,
  maxWithdrawals: settings.maxWithdrawals,
  maxWithdrawalPercent: settings.maxWithdrawalPercent,
  dockerHubUrl: settings.dockerHubUrl,
  dockerAuthUrl: settings.dockerAuthUrl,
  dockerRegistryUrl: settings.dockerRegistryUrl,
  notifications,
  alarms,
  runbookUrl: documented(
    v.optional(runbookUrl),
    'https URL',
    'Where your people read docs/runbook.md: alarms link to its sections.',
  ),
  vault,
  schedule,
  bucketName: configured(
    'bucket',
    v.optional(text(/^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket')),
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
  trail: settings.trail,
  aws,
} as const;

/** Which of the times some night does not have, in words; nothing where the time zone is a mistake itself. */
function skippedTimes(times: readonly string[], timeZone: string, now: number): string | undefined {
  if (!v.is(settings.timeZone, timeZone)) return undefined;
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
export interface ConfigEntry extends About {
  /** With dots: `vault.address`. */
  readonly key: string;
  /** As JSON; absent where the key has no default. */
  readonly default?: string;
  /** The setting of the functions that it holds; absent where the functions don't go by it. */
  readonly setting?: SettingName;
}

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
    const about = aboutSetting(schema);
    const standard = 'default' in schema ? schema.default : undefined;
    const setting = settingNames.find(
      (candidate) =>
        about.variable !== undefined && aboutSetting(settings[candidate]).variable === about.variable,
    );
    return [
      {
        key: `${prefix}${name}`,
        ...about,
        ...(standard === undefined ? {} : { default: JSON.stringify(standard) }),
        ...(setting === undefined ? {} : { setting }),
      },
    ];
  });
}

/** Every key of the configuration with type, default, variable and meaning, in the order of `cdk.json`. */
export function configEntries(): ConfigEntry[] {
  return listEntries(entries, '');
}

/** The value of a key, `vault.address`, of a configuration. */
export function valueAt(config: Config, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (value, part) => (v.is(v.record(v.string(), v.unknown()), value) ? value[part] : undefined),
      config,
    );
}

import { describe, expect, it } from 'vitest';
import { firstSkipped } from '../../lib/clock-changes.ts';
import { CONTEXT_KEY, configEntries, parseConfig } from '../../lib/config.ts';
import { stackNames } from '../../lib/names.ts';
import { DEPLOYED, shippedContext } from './stacks.ts';

/** What parsing says is wrong, one mistake a line. */
function mistakes(value: unknown): string[] {
  try {
    parseConfig(value, DEPLOYED);
  } catch (error) {
    const [, ...found] = error instanceof Error ? error.message.split('\n  - ') : [];
    return found;
  }
  return [];
}

describe('The configuration', () => {
  it('has the vendor’s own values where it says nothing', () => {
    expect(parseConfig(undefined, DEPLOYED)).toMatchObject({
      name: 'hub-token-auditor',
      organization: 'riaktr',
      account: 'riaktrdelivery',
      testImage: 'riaktr/base:3.12',
      mode: 'enforce',
      graceDays: 3,
      settleHours: 1,
      warnDays: [30, 14, 7, 1],
      staleDays: 90,
      verifyPerRun: 20,
      noticeHours: 20,
      deleteAfterDays: 90,
      maxWithdrawals: 3,
      maxWithdrawalPercent: 2,
      notifications: { when: 'changes', emails: [] },
      vault: {
        address: 'https://vault-cloud.rianet.io',
        mount: 'secret',
        loginPath: 'Global_customer_credentials/docker-deploy-tokens',
        tokensPath: 'Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens',
      },
    });
  });

  it('ships in cdk.json with the same values', () => {
    expect(parseConfig(shippedContext()[CONTEXT_KEY], DEPLOYED)).toEqual(parseConfig(undefined, DEPLOYED));
  });

  it('tells all mistakes at once, each with its path', () => {
    expect(
      mistakes({
        graceDay: 3,
        name: 'Hub Auditor',
        graceDays: 366,
        maxWithdrawals: '3',
        warnDays: [30, 1.5],
        testImage: 'busybox',
        notifications: { emails: ['support', 'a@example.com', 'a@example.com'], when: 'never' },
        vault: { address: 'http://vault.example.com', token: 'x' },
        schedule: { nightly: '3:30' },
        vpc: { subnetIds: [] },
        aws: { account: 123 },
        logRetentionDays: 100,
      }),
    ).toEqual([
      expect.stringMatching(/^hub-token-auditor\.name must be lower-case letters/),
      'hub-token-auditor.testImage must be an image with organization and tag, such as riaktr/base:3.12',
      'hub-token-auditor.graceDays must be a whole number from 0 to 365',
      'hub-token-auditor.warnDays.1 must be a whole number from 0 to 365',
      'hub-token-auditor.maxWithdrawals must be a whole number from 0 to 100000',
      'hub-token-auditor.notifications.when must be changes or always',
      'hub-token-auditor.notifications.emails.0 must be a mail address',
      'hub-token-auditor.notifications.emails must not name an address twice',
      expect.stringMatching(/^hub-token-auditor\.vault\.address must be an https:\/\/ address/),
      'hub-token-auditor.vault.token is no key of it',
      'hub-token-auditor.schedule.nightly must be a time, written HH:MM',
      'hub-token-auditor.vpc.subnetIds must name at least one subnet',
      'hub-token-auditor.vpc.securityGroupIds is missing',
      expect.stringMatching(/^hub-token-auditor\.logRetentionDays must be one of 1, 3, 5/),
      'hub-token-auditor.aws.account must be text',
      'hub-token-auditor.graceDay is no key of it',
    ]);
  });

  it.each([
    ['no object', 7, 'hub-token-auditor must be an object'],
    ['text that is no JSON', 'name=x', 'hub-token-auditor must be an object'],
    ['a bucket’s key without the bucket', { bucketKeyArn: key() }, /bucketKeyArn goes with bucketName/],
    [
      'a login secret’s key without the secret',
      { vault: { loginSecretKeyArn: key() } },
      /vault\.loginSecretKeyArn goes with loginSecretArn/,
    ],
    [
      'a login secret’s ARN without its last six characters',
      { vault: { loginSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:vault' } },
      /vault\.loginSecretArn must be the complete ARN/,
    ],
    ['an image of somebody else', { testImage: 'library/busybox:1' }, /testImage must be an image of the/],
    ['a name whose parts begin with digits', { name: 'hub-2' }, /name must be/],
    ['logs without an end', { logRetentionDays: 9999 }, /logRetentionDays must be one of/],
  ])('refuses %s', (_, value, wanted) => {
    expect(mistakes(value)).toEqual([expect.stringMatching(wanted)]);
  });

  it.each([
    ['an offset for a time zone', { timeZone: '+01:00' }, /timeZone must be an IANA time zone, such as/],
    ['a zone in a spelling of its own', { timeZone: 'asia/kolkata' }, /timeZone must be an IANA time zone/],
    [
      'Vault’s page for its address',
      { vault: { address: 'https://vault.example.com/ui/vault/secrets' } },
      /address of Vault alone/,
    ],
    [
      'Vault’s API for its address',
      { vault: { address: 'https://vault.example.com/v1/' } },
      /address of Vault alone/,
    ],
    [
      'the API’s path of a secret',
      { vault: { tokensPath: 'data/tokens' } },
      /tokensPath .*leave out the leading data\//,
    ],
    [
      'the API’s path of the login',
      { vault: { loginPath: 'data/login' } },
      /loginPath .*leave out the leading data\//,
    ],
    [
      'a path that climbs',
      { vault: { tokensPath: 'a/../b' } },
      /tokensPath must be a Vault path whose parts are names/,
    ],
    ['a mount that climbs', { vault: { mount: '..' } }, /mount must be a Vault path whose parts are names/],
    ['a namespace that climbs', { vault: { namespace: '../admin' } }, /namespace must be a Vault namespace/],
    [
      'one secret for login and tokens',
      { vault: { loginPath: 'a/b', tokensPath: 'a/b' } },
      /tokensPath must be another secret/,
    ],
    [
      'an image that climbs',
      { testImage: 'riaktr/../base:3.12' },
      /testImage must be an image with organization and tag/,
    ],
    [
      'a runbook without https',
      { runbookUrl: 'http://wiki.example.com/runbook' },
      /runbookUrl must be the https:\/\/ address/,
    ],
    [
      'a runbook with a section',
      { runbookUrl: 'https://wiki.example.com/runbook#dead-letter' },
      /runbookUrl must be/,
    ],
    [
      'an address in two spellings',
      { alarms: { emails: ['a@example.com', 'A@example.com'] } },
      /must not name an address twice/,
    ],
    [
      'an address without a domain',
      { notifications: { emails: ['ann@localhost'] } },
      /emails\.0 must be a mail address/,
    ],
    [
      'another way to log in to Vault',
      { vault: { login: 'token' } },
      /vault\.login must be approle or aws-iam/,
    ],
    ['an AWS login without its role', { vault: { login: 'aws-iam' } }, /vault\.role goes with login aws-iam/],
    ['a role without the AWS login', { vault: { role: 'auditor' } }, /vault\.role goes with login aws-iam/],
    [
      'a login secret that nobody reads',
      {
        vault: {
          login: 'aws-iam',
          role: 'auditor',
          loginSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:vault-AbCdEf',
        },
      },
      /loginSecretArn goes with login approle/,
    ],
    [
      'what is no certificate',
      { vault: { caCert: '/etc/ssl/ca.pem' } },
      /caCert must be certificates in PEM: the text itself/,
    ],
    [
      'another order of dates',
      { lists: { dateOrder: 'year-first' } },
      /dateOrder must be day-first, month-first or iso/,
    ],
    [
      'a notice that lapses before it is over',
      { noticeHours: 169 },
      /noticeHours must be a whole number from 0 to 168/,
    ],
    ['a bucket’s name with two dots', { bucketName: 'a..b' }, /bucketName must be the name of a bucket/],
  ])('refuses %s', (_, value, wanted) => {
    expect(mistakes(value)).toEqual([expect.stringMatching(wanted)]);
  });

  it('puts a zone in another case right', () => {
    expect(parseConfig({ timeZone: 'europe/brussels' }, DEPLOYED).timeZone).toBe('Europe/Brussels');
    expect(parseConfig({ timeZone: 'Asia/Kolkata' }, DEPLOYED).timeZone).toBe('Asia/Kolkata');
  });

  it('accepts an apostrophe in an address, and a Vault behind a path', () => {
    expect(
      mistakes({
        notifications: { emails: ["o'brien@example.com"] },
        vault: { address: 'https://tools.example.com/vault' },
      }),
    ).toEqual([]);
  });

  it('is read from JSON text as well, which --context of the command line gives', () => {
    expect(parseConfig('{"name": "hub-token-auditor-test"}', DEPLOYED).name).toBe('hub-token-auditor-test');
  });

  it('lists every key with type, default and meaning', () => {
    const entries = configEntries();
    expect(entries.map(({ key: name }) => name)).toEqual(
      expect.arrayContaining([
        'name',
        'deleteAfterDays',
        'notifications.emails',
        'vault.address',
        'vpc.subnetIds',
      ]),
    );
    expect(entries.find(({ key: name }) => name === 'warnDays')?.default).toBe('[30,14,7,1]');
    expect(entries.find(({ key: name }) => name === 'schedule.nightly')?.default).toBe('"03:30"');
    expect(entries.filter(({ meaning, type }) => meaning === '' || type === '')).toEqual([]);
    expect(new Set(entries.map(({ key: name }) => name)).size).toBe(entries.length);
  });
});

describe('The schedule', () => {
  it('refuses a time that does not exist on the day clocks go forward', () => {
    const schedule = { nightly: '01:30', catchUps: ['02:15', '02:45'] };
    expect(mistakes({ schedule })).toEqual([
      'hub-token-auditor.schedule.catchUps must be a time that every night has, else a night is left out when the clocks go forward: 02:15 does not exist in Europe/Brussels on 2027-03-28, 02:45 does not exist in Europe/Brussels on 2027-03-28',
    ]);
    expect(mistakes({ schedule, timeZone: 'UTC' })).toEqual([]);
  });

  it.each([
    ['earlier', ['03:10', '05:00']],
    ['in the wrong order', ['05:00', '04:15']],
    ['before a run of 15 minutes and its lease are over', ['03:45', '05:00']],
    ['so late that a night saved by it would look missed the night after', ['04:15', '05:16']],
  ])('refuses tries that are %s', (_, catchUps) => {
    expect(mistakes({ schedule: { nightly: '03:30', catchUps } })).toEqual([
      expect.stringMatching(/^hub-token-auditor\.schedule\.catchUps must be later the same night/),
    ]);
  });

  it('refuses other than two tries', () => {
    expect(mistakes({ schedule: { nightly: '03:30', catchUps: ['04:15'] } })).toEqual([
      'hub-token-auditor.schedule.catchUps must be two times',
    ]);
  });
});

describe('A local time', () => {
  it.each([
    ['01:59', 'Europe/Brussels', undefined],
    ['02:00', 'Europe/Brussels', '2027-03-28'],
    ['02:59', 'Europe/Brussels', '2027-03-28'],
    ['03:00', 'Europe/Brussels', undefined],
    ['01:00', 'Europe/London', '2027-03-28'],
    ['02:30', 'America/New_York', '2027-03-14'],
    ['02:15', 'Australia/Lord_Howe', '2027-10-03'],
    ['02:30', 'Australia/Lord_Howe', undefined],
    ['02:30', 'Africa/Kinshasa', undefined],
  ])('%s in %s is skipped on %s', (time, zone, day) => {
    expect(firstSkipped(time, zone, DEPLOYED)).toBe(day);
  });
});

describe('Stack names', () => {
  it('are those of the contract by default, and others for another name', () => {
    expect(stackNames('hub-token-auditor')).toEqual({
      data: 'HubTokenAuditor-Data',
      audit: 'HubTokenAuditor-Audit',
      issue: 'HubTokenAuditor-Issue',
    });
    expect(stackNames('hub-token-auditor-test').data).toBe('HubTokenAuditorTest-Data');
  });
});

function key(): string {
  return 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
}

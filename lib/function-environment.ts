import { Token } from 'aws-cdk-lib/core';
import { ENV, type SettingName, settingNames, toText } from '../lambdas/runtime/settings.ts';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';

/** What Lambda accepts for all variables of a function together, in bytes. */
const ENVIRONMENT_LIMIT = 4096;

/** Bytes that an ARN or a name may have which is known only when the stack is deployed. */
const UNKNOWN = 200;

/**
 * The environment of the functions: every setting by its name, defaults included, so that the console shows what a
 * function goes by. It ends up in the template and holds no secret: the Vault login is named, not given.
 *
 * @throws Error where it is more than Lambda accepts
 */
export function makeEnvironment(config: Config, data: Data): Record<string, string> {
  const values: Record<SettingName, string | number | readonly number[] | null> = {
    dockerHubUrl: config.dockerHubUrl,
    dockerAuthUrl: config.dockerAuthUrl,
    dockerRegistryUrl: config.dockerRegistryUrl,
    vaultAddr: config.vault.address,
    vaultNamespace: config.vault.namespace,
    vaultMount: config.vault.mount,
    vaultLoginPath: config.vault.loginPath,
    vaultTokensPath: config.vault.tokensPath,
    vaultLoginSecret: data.vaultLogin,
    organization: config.organization,
    account: config.account,
    testImage: config.testImage,
    bucket: data.bucket.bucketName,
    topicArn: data.topic.topicArn,
    timeZone: config.timeZone,
    nightlyAt: config.schedule.nightly,
    mode: config.mode,
    graceDays: config.graceDays,
    settleHours: config.settleHours,
    warnDays: config.warnDays,
    staleDays: config.staleDays,
    verifyPerRun: config.verifyPerRun,
    noticeHours: config.noticeHours,
    deleteAfterDays: config.deleteAfterDays,
    maxWithdrawals: config.maxWithdrawals,
    maxWithdrawalPercent: config.maxWithdrawalPercent,
    notifyWhen: config.notifications.when,
  };
  const environment: Record<string, string> = { NODE_OPTIONS: '--enable-source-maps' };
  for (const name of settingNames) environment[ENV[name]] = toText(values[name]);
  const bytes = Object.entries(environment).reduce(
    (sum, [name, value]) =>
      sum + name.length + (Token.isUnresolved(value) ? UNKNOWN : Buffer.byteLength(value)),
    0,
  );
  if (bytes > ENVIRONMENT_LIMIT)
    throw new Error(
      `The functions' environment has ${bytes} bytes and Lambda accepts ${ENVIRONMENT_LIMIT}; shorten the paths or lists in cdk.json.`,
    );
  return environment;
}

// The environment of the functions, made from the configuration.
import { Token } from 'aws-cdk-lib/core';
import * as v from 'valibot';
import { ENV, type SettingName, settingNames, toText } from '../lambdas/runtime/settings.ts';
import { type Config, configEntries, valueAt } from './config.ts';
import type { Data } from './data-stack.ts';

/** What Lambda accepts for all variables of a function together, in bytes. */
const ENVIRONMENT_LIMIT = 4096;

const valueSchema = v.union([v.string(), v.number(), v.boolean(), v.array(v.number()), v.null()]);

/** Bytes that an ARN or a name may have which is known only when the stack is deployed. */
const UNKNOWN = 200;

/**
 * The environment of the functions: every setting by its name, defaults included, so that the console shows what a
 * function goes by. It ends up in the template and holds no secret: the Vault login is named, not given.
 *
 * @throws Error where it is more than Lambda accepts
 */
export function makeEnvironment(config: Config, data: Data): Record<string, string> {
  const made: Partial<Record<SettingName, string>> = {
    bucket: data.bucket.bucketName,
    topicArn: data.topic.topicArn,
    vaultLoginSecret: data.vaultLogin ?? '',
  };
  const keyOf = new Map(configEntries().map(({ setting, key }) => [setting, key]));
  const valueOf = (name: SettingName): unknown => made[name] ?? valueAt(config, keyOf.get(name) ?? '');
  const environment: Record<string, string> = { NODE_OPTIONS: '--enable-source-maps' };
  for (const name of settingNames) environment[ENV[name]] = toText(v.parse(valueSchema, valueOf(name)));
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

// The secret with the Vault login.
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';

/**
 * The ARN of the secret with the Vault login, `{"role_id": "…", "secret_id": "…"}` and, for a Vault with a private
 * certificate authority, `ca_cert`: an existing one, or one created without any value. A generated value would look
 * like a login and be tried at Vault, which locks the role after five refusals; without one the functions say
 * `SecretUnavailable`. The construct of the library for secrets always generates a value, hence the resource itself.
 *
 * With login `aws-iam` there is none: the functions log in by their own AWS identity.
 */
export function makeVaultLogin(scope: Construct, config: Config, key: Key): string | undefined {
  if (config.vault.login === 'aws-iam') return undefined;
  if (config.vault.loginSecretArn !== undefined) return config.vault.loginSecretArn;
  const secret = new CfnSecret(scope, 'VaultLogin', {
    name: secretNameOf(config),
    description: 'Vault AppRole login: {"role_id": "...", "secret_id": "..."}, optionally "ca_cert" (PEM)',
    kmsKeyId: key.keyArn,
  });
  secret.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
  acknowledge(secret, {
    'AwsSolutions-SMG4':
      'The login is issued by Vault and filled in by its administrators; AWS has nothing to rotate it with.',
  });
  return secret.ref;
}

/** Name of the secret with the Vault login; of an existing one, that which its ARN says. */
export function secretNameOf({ name, vault }: Config): string {
  return vault.loginSecretArn?.replace(/^.*:secret:(.*)-[^-]*$/, '$1') ?? `${name}/vault-login`;
}

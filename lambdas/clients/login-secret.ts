/** The Vault login in AWS Secrets Manager. */
import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import { type AwsOptions, awsDefaults, awsReason, lazily, withinTime } from './aws.ts';
import { readCertificates } from './certificate.ts';
import type { LoginSecret, VaultLogin } from './ports.ts';

const filled = v.pipe(v.string(), v.trim(), v.minLength(1));
const secretSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ role_id: filled, secret_id: filled, ca_cert: v.nullish(v.string()) }),
);

function unavailable(id: string, what: string, cure: string): AuditorError {
  return new AuditorError(
    'SecretUnavailable',
    `Reading the Vault login from AWS Secrets Manager (${id}) failed, because ${what}; ${cure}.`,
  );
}

const CURES = new Map([
  [
    'ResourceNotFoundException',
    ['there is no such secret or it has no value yet', 'fill it as the README says'],
  ],
  ['InvalidRequestException', ['it is scheduled for deletion', 'restore it with restore-secret']],
  ['DecryptionFailure', ['it could not be decrypted', "check the function's rights on the key"]],
  [
    'AccessDeniedException',
    ['the function may not read it', "check the function's rights on secret and key"],
  ],
]);

/** The Vault login in one AWS Secrets Manager secret. */
export function createLoginSecret(id: string, options: AwsOptions = {}): LoginSecret {
  const manager = lazily(async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    const client = new sdk.SecretsManagerClient(awsDefaults(options));
    options.scope?.atEnd(() => {
      client.destroy();
    });
    return { sdk, client };
  });
  const fetch = async (): Promise<VaultLogin> => {
    const { sdk, client } = await manager();
    let text: string | undefined;
    try {
      const command = new sdk.GetSecretValueCommand({ SecretId: id });
      text = (await withinTime(options, (abortSignal) => client.send(command, { abortSignal }))).SecretString;
      options.scope?.secrets.add(text);
    } catch (error) {
      const [what, cure] = CURES.get(error instanceof Error ? error.name : '') ?? [
        awsReason(error),
        'try again later',
      ];
      throw unavailable(id, what ?? '', cure ?? '');
    }
    const parsed = v.safeParse(secretSchema, text);
    if (!parsed.success)
      throw unavailable(id, 'it is not JSON with role_id and secret_id', 'fill it as the README says');
    const { role_id, secret_id } = parsed.output;
    const given = parsed.output.ca_cert ?? '';
    const caCert = readCertificates(given);
    if (caCert === undefined && given.trim() !== '')
      throw unavailable(
        id,
        'its ca_cert is no certificate in PEM',
        'put the whole text of the certificate there (-----BEGIN CERTIFICATE----- and what follows), not the path of its file',
      );
    return { roleId: role_id, secretId: secret_id, ...(caCert === undefined ? {} : { caCert }) };
  };
  let remembered: Promise<VaultLogin> | undefined;
  return {
    read(fresh = false) {
      if (fresh || remembered === undefined)
        remembered = fetch().catch((error: unknown) => {
          remembered = undefined;
          throw error;
        });
      return remembered;
    },
  };
}

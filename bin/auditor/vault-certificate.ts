// VAULT_CACERT, by which Vault's own command line knows a private certificate authority.
import { readFileSync } from 'node:fs';
import { AuditorError } from '../../lambdas/errors.ts';
import { ENV } from '../../lambdas/runtime/settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with the certificate that VAULT_CACERT names a file of, where none is set otherwise.
 *
 * @throws AuditorError `InvalidConfiguration`
 */
export function withVaultCertificate(environment: Environment): Environment {
  const file = environment['VAULT_CACERT']?.trim() ?? '';
  const isSet = (environment[ENV.vaultCaCert]?.trim() ?? '') !== '';
  if (file === '' || isSet) return environment;
  try {
    return { ...environment, [ENV.vaultCaCert]: readFileSync(file, 'utf8') };
  } catch {
    throw new AuditorError(
      'InvalidConfiguration',
      `The environment is not usable, because the file that VAULT_CACERT names (${file}) can't be read; name the PEM file of Vault's certificate authority.`,
    );
  }
}

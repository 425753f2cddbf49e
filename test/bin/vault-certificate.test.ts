// The command line takes the certificate that Vault's own command line takes.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withVaultCertificate } from '../../bin/auditor/vault-certificate.ts';
import { failureOf } from '../failure.ts';

const file = join(mkdtempSync(join(tmpdir(), 'certificate-')), 'ca.pem');
writeFileSync(file, 'PEM');

describe('VAULT_CACERT', () => {
  it('names a file whose text is the certificate of the authority', () => {
    expect(withVaultCertificate({ VAULT_CACERT: ` ${file} ` })['VAULT_CA_CERT']).toBe('PEM');
  });

  it('is not read where a certificate is set, or none is named', () => {
    for (const environment of [{ VAULT_CACERT: '/nowhere', VAULT_CA_CERT: 'x' }, { VAULT_CACERT: '' }, {}])
      expect(withVaultCertificate(environment)).toBe(environment);
  });

  it('is InvalidConfiguration where its file can not be read', async () => {
    const failure = await failureOf(() => withVaultCertificate({ VAULT_CACERT: '/nowhere/ca.pem' }));
    expect([failure.name, failure.message.includes('/nowhere/ca.pem')]).toEqual([
      'InvalidConfiguration',
      true,
    ]);
  });
});

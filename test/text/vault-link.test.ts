// The address of a secret's page in Vault.
import { describe, expect, it } from 'vitest';
import { vaultLink } from '../../lambdas/text/vault-link.ts';

const page = {
  address: 'https://vault.example.com',
  namespace: '',
  mount: 'secret',
  path: 'Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens',
};

describe('the link to a secret', () => {
  it('has the form of version 1 with its path as it is, and of version 2 with it as one part', () => {
    expect(vaultLink({ ...page, kvVersion: 1 })).toBe(
      'https://vault.example.com/ui/vault/secrets/secret/show/Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens',
    );
    expect(vaultLink({ ...page, kvVersion: 2 })).toBe(
      'https://vault.example.com/ui/vault/secrets/secret/kv/Global_customer_credentials%2Fdocker-deploy-tokens%2Friaktrdelivery-tokens',
    );
  });

  it('names the namespace, and takes a mount with slashes as one', () => {
    const link = vaultLink({ ...page, address: 'https://v.example//', namespace: 'admin/team', mount: 'team/kv', kvVersion: 2 }); // prettier-ignore
    expect(link).toMatch(
      /^https:\/\/v\.example\/ui\/vault\/secrets\/team%2Fkv\/kv\/.*\?namespace=admin%2Fteam$/,
    );
  });
});

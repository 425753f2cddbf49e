// The address of a secret's page in Vault, for people.

/** Where a secret is. */
export interface VaultPage {
  /** `https://vault.example`, with the path that Vault is under, if any. */
  readonly address: string;
  /** Empty for none. */
  readonly namespace: string;
  readonly mount: string;
  readonly path: string;
  /** Version of the KV engine; the two have pages of different forms. */
  readonly kvVersion: 1 | 2;
}

/**
 * The address of a secret's page. Version 1 has `show`, as version 2 had before Vault 1.15; since then version 2 has a
 * page of its own, with the path as one part of the address.
 */
export function vaultLink({ address, namespace, mount, path, kvVersion }: VaultPage): string {
  const parts = (text: string): string => text.split('/').map(encodeURIComponent).join('/');
  const page = kvVersion === 1 ? `show/${parts(path)}` : `kv/${encodeURIComponent(path)}`;
  const query = namespace === '' ? '' : `?namespace=${encodeURIComponent(namespace)}`;
  return `${address.replace(/\/+$/, '')}/ui/vault/secrets/${encodeURIComponent(mount)}/${page}${query}`;
}

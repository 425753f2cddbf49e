// The two secrets in Vault: Docker Hub's login and the deployments' keys.
import * as v from 'valibot';
import type { VaultKeys } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import { concealed, isConcealed, outsideName } from '../text/conceal.ts';
import { escapeText } from '../text/display.ts';
import type { DockerHubLogin, Vault, VaultWrite } from './ports.ts';
import { type KeyValue, type ReadSecret, openKeyValue } from './vault-kv.ts';
import { VaultSession, type VaultSessionOptions } from './vault-session.ts';

export interface VaultOptions extends VaultSessionOptions {
  readonly mount: string;
  /** Path of the Docker Hub login. */
  readonly loginPath: string;
  /** Path of the deployments' keys. */
  readonly tokensPath: string;
}

/** Vault's KV engine, spoken by node-vault over our own transport. */
export function createVault(options: VaultOptions): Vault {
  const secrets = new VaultSecrets(options);
  return {
    readDockerHubLogin: () => secrets.readDockerHubLogin(),
    readKeys: () => secrets.readKeys(),
    readKeyNames: () => secrets.readKeyNames(),
    patchKeys: (changes, version) => secrets.patchKeys(changes, version),
    createSecret: (keys) => secrets.createSecret(keys),
    close: () => secrets.close(),
  };
}

class VaultSecrets {
  private readonly options: VaultOptions;
  private readonly session: VaultSession;
  private engine: Promise<KeyValue> | undefined;

  constructor(options: VaultOptions) {
    this.options = options;
    this.session = new VaultSession(options);
  }

  async readDockerHubLogin(): Promise<DockerHubLogin> {
    const { mount, loginPath } = this.options;
    const { data } = await (await this.keyValue()).read('Reading the Docker Hub login', loginPath);
    const field = (name: string): string => {
      const value = textIn(data, name);
      if (value !== undefined) return value;
      throw new AuditorError(
        'VaultSecretMissing',
        `The Docker Hub login in Vault (${mount}/${loginPath}) has no ${name}; add it there.`,
      );
    };
    const totpSecret = textIn(data, 'totp_secret');
    return {
      username: field('username'),
      password: field('password'),
      ...(totpSecret === undefined ? {} : { totpSecret }),
    };
  }

  async readKeys(): Promise<VaultKeys> {
    const secret = await (
      await this.keyValue()
    ).read("Reading the deployments' keys", this.options.tokensPath);
    const values = withConcealedNames(secret.data);
    return { names: [...values.keys()], values, ...aboutVersion(secret) };
  }

  async readKeyNames(): Promise<VaultKeys> {
    const secret = await (
      await this.keyValue()
    ).readNames("Reading the names of the deployments' keys", this.options.tokensPath);
    return { names: [...withConcealedNames(secret.data).keys()], ...aboutVersion(secret) };
  }

  async patchKeys(changes: ReadonlyMap<string, string | null>, version: number): Promise<VaultWrite> {
    checkNames(changes.keys());
    const engine = await this.keyValue();
    return engine.patch(
      "Writing a deployment's key",
      this.options.tokensPath,
      writtenUnder(changes),
      version,
    );
  }

  async createSecret(keys: ReadonlyMap<string, string>): Promise<VaultWrite> {
    checkNames(keys.keys());
    const engine = await this.keyValue();
    return engine.create("Creating the deployments' secret", this.options.tokensPath, writtenUnder(keys));
  }

  close(): Promise<void> {
    return this.session.close();
  }

  /** Which version the mount has is asked once; a failure is not kept. */
  private keyValue(): Promise<KeyValue> {
    this.engine ??= openKeyValue(this.session, this.options.mount).catch((error: unknown) => {
      this.engine = undefined;
      throw error;
    });
    return this.engine;
  }
}

const filled = v.pipe(v.string(), v.trim(), v.minLength(1));

/** A field of the login without white space around it: a line break at its end is a slip of whoever stored it. */
function textIn(data: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const parsed = v.safeParse(filled, data.get(name));
  return parsed.success ? parsed.output : undefined;
}

function aboutVersion({ version, vanishesAt }: ReadSecret): Pick<VaultKeys, 'version' | 'vanishesAt'> {
  return { version, ...(vanishesAt === undefined ? {} : { vanishesAt }) };
}

/** The keys with names that may be shown: where label and content were swapped, the name is the content. */
function withConcealedNames(keys: ReadonlyMap<string, unknown>): ReadonlyMap<string, unknown> {
  for (const name of keys.keys())
    if (concealed(name) !== name)
      return new Map([...keys].map(([each, value]) => [concealed(each), value] as const));
  return keys;
}

/** The keys as Vault names them. */
function writtenUnder<Value>(keys: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...keys].map(([name, value]) => [outsideName(name), value]));
}

/** A concealed name is shown for a key, and is not the key's. */
function checkNames(names: Iterable<string>): void {
  for (const name of names)
    if (isConcealed(name))
      throw new AuditorError(
        'InvalidRequest',
        `Writing the key ${escapeText(name)} to Vault was not tried, because its real name is a token's content and is not shown; correct it by hand in Vault.`,
      );
}

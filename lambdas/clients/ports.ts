// What each client of an outside system promises, whatever it speaks.
import type { ContentCheck, HubToken, VaultKeys } from '../domain/token.ts';
import { AuditorError } from '../errors.ts';
import type { Notification } from '../mail/notification.ts';

/** A token just made, with its content: Docker Hub shows it this once. */
export interface CreatedToken {
  readonly token: HubToken;
  readonly content: string;
}

/**
 * Docker Hub made another token than was asked for, and it was deleted again; where even that failed, `left` is its id.
 * To ask once more would only make another one.
 */
export class WrongCreation extends AuditorError {
  readonly left: string | undefined;

  constructor(message: string, left?: string) {
    super('DockerHubUnavailable', message);
    this.left = left;
  }
}

/** The Docker Hub login as Vault holds it. */
export interface DockerHubLogin {
  readonly username: string;
  readonly password: string;
  /** Base32, where the account has two-factor login. */
  readonly totpSecret?: string;
}

/** One Docker Hub account's tokens. Logs in by itself on first use and again when the session runs out. */
export interface DockerHub {
  /** The whole list: as many different tokens as Docker Hub counts, else `DockerHubUnavailable`. */
  listTokens(): Promise<HubToken[]>;
  /** One token, `undefined` when it is gone (404). */
  getToken(id: string): Promise<HubToken | undefined>;
  /**
   * Creates a token without expiry. Never repeated by itself: a lost answer rejects with `DockerHubUnavailable`; with
   * another label, other scopes or an end of its own it is deleted again, and rejects with {@link WrongCreation}.
   */
  createToken(label: string, scopes: readonly string[]): Promise<CreatedToken>;
  /** Switches a token on or off. Where the answer was lost, the token is read to see what happened. */
  setEnabled(id: string, enabled: boolean): Promise<void>;
  /** Gives a token another label. Where the answer was lost, the token is read to see what happened. */
  setLabel(id: string, label: string): Promise<void>;
  /** Deletes a token; one that is gone already counts as deleted. */
  deleteToken(id: string): Promise<void>;
  /** Exchanges a stored content, without white space around it, for a session, once, and drops that. Never rejects. */
  checkContent(content: string): Promise<ContentCheck>;
}

/** The registry's two halves: token service and manifests. */
export interface Registry {
  /**
   * Proves that username and content can pull an image (`riaktr/base:3.12`): a bearer from the token service, then
   * HEAD of the manifest. A new token may not be known everywhere yet: what is refused is tried for some seconds.
   * Rejects with `PullVerificationFailed`, saying whether it was refused, not allowed, or there is no such image, and
   * with `RegistryUnavailable` where no usable answer came.
   */
  verifyPull(image: string, username: string, content: string): Promise<void>;
}

/** What a write to Vault left behind. */
export interface VaultWrite {
  /** 0 on a mount with KV version 1, which has no versions. */
  readonly version: number;
}

/** The secret was there and can be brought back, as the message says: it must not be created over that. */
export class SecretToRestore extends AuditorError {
  constructor(message: string) {
    super('VaultSecretMissing', message);
  }
}

/** A write that no further try would make better. */
export class WriteNotRetried extends AuditorError {}

/** The two KV secrets in Vault, version 2 or 1. Logs in by itself on first use. */
export interface Vault {
  /** `VaultSecretMissing` where the secret or a field is missing. */
  readDockerHubLogin(): Promise<DockerHubLogin>;
  /**
   * Names and values. `VaultSecretMissing` where there is no such secret, never an empty list instead; that it can be
   * restored is {@link SecretToRestore}.
   */
  readKeys(): Promise<VaultKeys>;
  /** Names only, by `subkeys`: no value leaves Vault. With KV version 1 the values are read and dropped. */
  readKeyNames(): Promise<VaultKeys>;
  /**
   * Sets (string) and removes (null) keys in one merge-patch with check-and-set on `version`; all other keys stay as
   * they are. `VaultConflict` where somebody wrote in between. KV version 1 takes no condition: there the secret is read
   * right before and right after. Where the answer was lost, rejects with
   * `VaultUnavailable`: the caller reads before it decides.
   */
  patchKeys(changes: ReadonlyMap<string, string | null>, version: number): Promise<VaultWrite>;
  /** Creates the secret with these keys (check-and-set 0). `VaultConflict` where it exists. */
  createSecret(keys: ReadonlyMap<string, string>): Promise<VaultWrite>;
  /** Revokes the Vault token that was got by logging in, if any. Never rejects. */
  close(): Promise<void>;
}

/** An object as it was read. `etag` is what a conditional put wants back, quotes included. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** What the bucket answers for one key. `deleted`: it existed once (delete marker). */
export type ReadObject = StoredObject | 'absent' | 'deleted';

/** An object at the top of the bucket, or a folder there, whose key ends with a slash. */
export interface TopObject {
  readonly key: string;
  /** When it was written, milliseconds since 1970; unknown of a folder. */
  readonly at?: number | undefined;
}

/** Where the objects of contract section 2 are. All methods reject with `StorageUnavailable`. */
export interface Bucket {
  /** For reports and mail: `s3://name` or the folder. */
  readonly location: string;
  /**
   * Reads an object.
   *
   * @param most bytes that are of use. Of a larger object, by whatever somebody uploaded by a slip, only the first come,
   *   one more than these, which shows that it is too large; default: all of it
   */
  read(key: string, most?: number): Promise<ReadObject>;
  /** Whether the object is there, whatever its content. */
  exists(key: string): Promise<boolean>;
  /** What is at the top of the bucket, folders as such. */
  listTop(): Promise<readonly TopObject[]>;
  /** Writes unconditionally. */
  write(key: string, body: string, contentType: string): Promise<void>;
  /**
   * Writes only if the object is still as it was read: `etag` of that read, or `undefined` for "must not exist".
   * Resolves with the new etag, or with `'conflict'` (412) where it is not.
   */
  writeIf(key: string, body: string, etag: string | undefined): Promise<{ etag: string } | 'conflict'>;
}

/** The Vault login as AWS Secrets Manager holds it. */
export interface VaultLogin {
  readonly roleId: string;
  readonly secretId: string;
  /** PEM of a private certificate authority. */
  readonly caCert?: string;
}

/** `SecretUnavailable` where it is not there, can't be read or is not the JSON that was promised. */
export interface LoginSecret {
  /** Read once per run; `fresh` reads again, past what was remembered. */
  read(fresh?: boolean): Promise<VaultLogin>;
}

/** The topic that support is subscribed to. Rejects with `NotificationFailed`. */
export interface Notifier {
  /** Publishes once. `confirmed`: the topic had at least one confirmed subscriber at that moment. */
  publish(notification: Notification): Promise<{ readonly confirmed: boolean }>;
}

/**
 * Which one-time code was sent to Docker Hub last, by whichever function: none is sent twice. Shared by the client, which
 * reads and moves it on, and the lease, which carries it from one function to the next.
 */
export interface OneTimeCodes {
  /** The code's step: its time in units of 30 seconds since 1970; 0 where none is known. */
  lastStep: number;
}

/** Time as the clients need it; tests pass a clock of their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** Between 0 and 1, for jitter. */
  random(): number;
}

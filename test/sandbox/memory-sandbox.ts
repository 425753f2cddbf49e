// A sandbox without HTTP: the state of the stand-ins behind the same interfaces as the clients, for thousands of nights.

import * as v from 'valibot';
import { tokenSchema } from '../../lambdas/clients/docker-hub-list.ts';
import {
  type Bucket,
  type DockerHub,
  type Notifier,
  type Registry,
  SecretToRestore,
  type TopObject,
  type Vault,
  type VaultWrite,
} from '../../lambdas/clients/ports.ts';
import type { ContentCheck, HubToken, VaultKeys } from '../../lambdas/domain/token.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import type { Notification } from '../../lambdas/mail/notification.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import type { Settings } from '../../lambdas/runtime/settings.ts';
import { concealed } from '../../lambdas/text/conceal.ts';
import { defaultSettings } from '../default-settings.ts';
import { Canaries } from './canaries.ts';
import { createClock } from './clock.ts';
import { type FirstContents, Sandbox } from './contents.ts';
import { type StoredToken, TokenStore } from './docker-hub-tokens.ts';
import { isObject } from './json.ts';
import { S3Bucket } from './s3-store.ts';
import { KvMount, type KvResult } from './vault-kv.ts';

/** What happens to one call: nothing, an error before or after its effect, or the end of the process around it. */
export type Fate = 'pass' | 'fail before' | 'fail after' | 'crash before' | 'crash after';

/** What the process dies of: after it nothing that the process does has an effect any more. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** What may differ from one sandbox in memory to another. */
export interface MemorySandboxOptions {
  readonly transport: 'memory';
  /** What is in it at first; default: nothing but an empty secret. */
  readonly contents?: FirstContents;
  /** Settings of the functions other than the defaults; the time zone is UTC. */
  readonly settings?: Partial<Settings>;
}

const START = Date.parse('2026-03-02T02:00:00Z');
const UNAVAILABLE = {
  hub: 'DockerHubUnavailable',
  vault: 'VaultUnavailable',
  bucket: 'StorageUnavailable',
  topic: 'NotificationFailed',
  registry: 'RegistryUnavailable',
} as const;

/** Docker Hub, registry, Vault, bucket and topic of one company, in memory. The time stands still at a night in March. */
export class MemorySandbox extends Sandbox {
  readonly mails: Notification[] = [];
  confirmed = true;
  /** Ids of tokens that Docker Hub's list lacks although they are there. */
  readonly unlisted = new Set<string>();
  /** Whether the registry lets a new token pull. */
  canPull = true;
  /** Decides the fate of each call by its name, such as `hub.setEnabled`. */
  fate: (call: string) => Fate = () => 'pass';
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  readonly metrics = new Map<string, number>();
  readonly vault: KvMount;
  private dead = false;
  private invocations = 0;

  constructor({ settings, contents = 'empty' }: MemorySandboxOptions) {
    const clock = createClock({ now: START, ticking: false });
    const canaries = new Canaries();
    const secrets = new KvMount(clock);
    let serial = 0;
    super({
      clock,
      canaries,
      secrets,
      settings: defaultSettings(settings),
      tokens: new TokenStore(clock, canaries, () => `id-${++serial}`),
      bucket: new S3Bucket(clock),
    });
    this.vault = secrets;
    this.keys.replace({});
    this.fill(contents);
  }

  /** Version of the deployments' secret. */
  get vaultVersion(): number {
    return this.vault.version(this.settings.vaultTokensPath);
  }

  async setConfirmed(confirmed: boolean): Promise<void> {
    this.confirmed = confirmed;
  }

  /** Everything that a process did is over; the next one starts. */
  revive(): void {
    this.dead = false;
  }

  async close(): Promise<void> {
    this.tokens.clear();
  }

  /** The services of one invocation. */
  services(requestId = `request-${++this.invocations}`): Services {
    const silent = (): void => undefined;
    return {
      settings: this.settings,
      clock: { now: () => this.now, sleep: () => Promise.resolve(), random: () => 0.5 },
      deadline: this.now + 15 * 60_000,
      requestId,
      codes: { lastStep: 0 },
      bucket: this.bucketClient,
      dockerHub: this.dockerHub,
      registry: this.registry,
      vault: this.vaultClient,
      notifier: this.notifier,
      log: { info: silent, warn: silent, error: silent },
      meter: {
        count: (name, value, kind) => this.metrics.set(kind === undefined ? name : `${name} ${kind}`, value),
        milliseconds: (name, value) => this.metrics.set(name, value),
        flush: silent,
      },
    };
  }

  private async call<Value>(
    system: keyof typeof UNAVAILABLE,
    name: string,
    effect: () => Value,
  ): Promise<Value> {
    if (this.dead) throw new Crash();
    const call = `${system}.${name}`;
    this.calls.push(call);
    const fate = this.fate(call);
    if (fate === 'crash before') this.die();
    const failure = new AuditorError(UNAVAILABLE[system], `${call} failed.`);
    if (fate === 'fail before') throw failure;
    const value = effect();
    if (fate === 'crash after') this.die();
    if (fate === 'fail after') throw failure;
    return value;
  }

  private die(): never {
    this.dead = true;
    throw new Crash();
  }

  private get dockerHub(): DockerHub {
    const { tokens } = this;
    const change = (id: string, changes: Partial<StoredToken>): void => {
      if (tokens.get(id) === undefined) throw new AuditorError('TokenNotFound', `No token ${id}.`);
      tokens.modify(id, changes);
    };
    return {
      listTokens: () =>
        this.call('hub', 'listTokens', () =>
          // The oldest first, unlike the stand-in's: which comes first means nothing to the functions.
          tokens.all
            .toReversed()
            .filter(({ uuid }) => !this.unlisted.has(uuid))
            .map((token) => asListed(token)),
        ),
      getToken: (id) =>
        this.call('hub', 'getToken', () => {
          const token = tokens.get(id);
          return token && asListed(token);
        }),
      createToken: (label, scopes) =>
        this.call('hub', 'createToken', () => {
          const token = tokens.add({ token_label: label, scopes });
          return { token: asListed(token), content: token.content };
        }),
      setEnabled: (id, enabled) =>
        this.call('hub', 'setEnabled', () => {
          change(id, { is_active: enabled });
        }),
      setLabel: (id, label) =>
        this.call('hub', 'setLabel', () => {
          change(id, { token_label: label });
        }),
      deleteToken: (id) =>
        this.call('hub', 'deleteToken', () => {
          tokens.delete(id);
        }),
      checkContent: (content) =>
        this.call('hub', 'checkContent', (): ContentCheck => {
          const token = this.open(content.trim());
          return token === undefined
            ? { outcome: 'refused' }
            : { outcome: 'accepted', claimedId: token.uuid };
        }).catch(() => ({ outcome: 'unwell' })),
    };
  }

  /** The token that a content opens, which is used by that: whether checking one is, is not known of the real one. */
  private open(content: string): StoredToken | undefined {
    const token = this.tokens.open(content);
    if (typeof token === 'string') return undefined;
    this.tokens.use(token);
    return token;
  }

  private get vaultClient(): Vault {
    const { vaultTokensPath: path } = this.settings;
    const read = (): VaultKeys => {
      const { data, metadata } = dataOf(this.vault.read(path)) ?? {};
      if (!isObject(data) || !isObject(metadata)) throw missing(this.vault.exists(path));
      const values = new Map(Object.entries(data).map(([name, value]) => [concealed(name), value]));
      return { names: [...values.keys()], values, version: Number(metadata['version']) };
    };
    return {
      readDockerHubLogin: () =>
        this.call('vault', 'readDockerHubLogin', () => ({ username: 'riaktrdelivery', password: 'secret' })),
      readKeys: () => this.call('vault', 'readKeys', read),
      readKeyNames: () =>
        this.call('vault', 'readKeyNames', () => {
          const { names, version } = read();
          return { names, version };
        }),
      patchKeys: (changes, version) =>
        this.call('vault', 'patchKeys', () =>
          written(
            this.vault.patch(path, { data: Object.fromEntries(changes), options: { cas: version } }),
            this.vault.exists(path),
          ),
        ),
      createSecret: (keys) =>
        this.call('vault', 'createSecret', () =>
          written(this.vault.write(path, { data: Object.fromEntries(keys), options: { cas: 0 } }), false),
        ),
      close: () => Promise.resolve(),
    };
  }

  private get bucketClient(): Bucket {
    const { bucket } = this;
    return {
      location: 's3://bucket',
      read: (key) =>
        this.call('bucket', `read ${key}`, () => {
          const object = bucket.current(key);
          if (object === undefined) return 'absent';
          return object.isDeleteMarker ? 'deleted' : { body: object.body, etag: object.etag };
        }),
      exists: (key) => this.call('bucket', `exists ${key}`, () => bucket.text(key) !== undefined),
      listTop: () => this.call('bucket', 'list', () => topOf(bucket)),
      write: (key, body, type) =>
        this.call('bucket', `write ${key.replace(/\d.*/, '')}`, () => {
          bucket.put(key, body, type);
        }),
      writeIf: (key, body, etag) =>
        this.call('bucket', `writeIf ${key}`, () => {
          const refusal = bucket.refusal(key, etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag });
          return refusal === undefined ? { etag: bucket.put(key, body).etag } : 'conflict';
        }),
    };
  }

  private get notifier(): Notifier {
    return {
      publish: (mail) =>
        this.call('topic', 'publish', () => {
          this.mails.push(mail);
          return { confirmed: this.confirmed };
        }),
    };
  }

  private get registry(): Registry {
    return {
      verifyPull: (_image, _username, content) =>
        this.call('registry', 'verifyPull', () => {
          this.open(content);
          if (!this.canPull) throw new AuditorError('PullVerificationFailed', "The token can't pull.");
        }),
    };
  }
}

/** A token as the client reads it from a row of Docker Hub's list. */
function asListed(token: StoredToken): HubToken {
  return v.parse(tokenSchema, token);
}

function dataOf(result: KvResult) {
  return 'data' in result && result.status === 200 ? result.data : undefined;
}

function missing(wasThere: boolean): AuditorError {
  return wasThere
    ? new SecretToRestore('The secret was deleted.')
    : new AuditorError('VaultSecretMissing', 'There is no secret.');
}

/** What a write came to: its version, or why it was refused. */
function written(result: KvResult, wasThere: boolean): VaultWrite {
  if ('error' in result) throw new AuditorError('VaultConflict', `Vault says: ${result.error}.`);
  const version = dataOf(result)?.['version'];
  if (typeof version !== 'number') throw missing(wasThere);
  return { version };
}

/** What is at the top of a bucket: objects, and folders as such. */
function topOf(bucket: S3Bucket): TopObject[] {
  const names = bucket.keys.map((key) => key.replace(/\/.*/s, '/'));
  return [...new Set(names)].map((key) => ({ key, at: bucket.current(key)?.at }));
}

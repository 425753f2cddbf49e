import { createHash } from 'node:crypto';
import type { Bucket, DockerHub, Notifier, Registry, Vault } from '../lambdas/clients/ports.ts';
import { type Ledger, emptyLedger, readLedger } from '../lambdas/domain/ledger.ts';
import type { ContentCheck, HubToken } from '../lambdas/domain/token.ts';
import { AuditorError } from '../lambdas/errors.ts';
import { OBJECTS } from '../lambdas/ledger/bucket-keys.ts';
import type { Notification } from '../lambdas/mail/notification.ts';
import type { Services } from '../lambdas/runtime/services.ts';
import { type Settings, readSettings } from '../lambdas/runtime/settings.ts';
import { concealed } from '../lambdas/text/conceal.ts';
import {
  Crash,
  type Disturbance,
  type Fate,
  type LifeWorld,
  type Raced,
  type Work,
  functionsWith,
} from './audit/life-world.ts';
import { inTurn } from './audit/turns.ts';

/** The settings that a function has where its environment says nothing but where Vault is. */
export function defaultSettings(changes: Partial<Settings> = {}): Settings {
  return { ...readSettings({ VAULT_ADDR: 'https://vault.example' }), timeZone: 'UTC', ...changes };
}

const UNAVAILABLE = {
  hub: 'DockerHubUnavailable',
  vault: 'VaultUnavailable',
  bucket: 'StorageUnavailable',
  topic: 'NotificationFailed',
  registry: 'RegistryUnavailable',
} as const;

/** A token that is stored in a {@link InMemorySystems}. */
type MutableToken = { -readonly [Key in keyof HubToken]: HubToken[Key] } & { content: string };

/**
 * Docker Hub, Vault, bucket and topic in memory, behind the same interfaces as the clients: for properties over
 * thousands of nights, where real HTTP would only cost time. The clients have their own tests over real HTTP.
 */
export class InMemorySystems implements LifeWorld {
  now = Date.parse('2026-03-02T02:00:00Z');
  readonly tokens = new Map<string, MutableToken>();
  readonly keys = new Map<string, unknown>();
  vaultVersion = 1;
  readonly objects = new Map<string, { body: string; etag: string } | 'deleted'>();
  readonly mails: Notification[] = [];
  confirmed = true;
  /** Ids of tokens that Docker Hub's list lacks although they are there. */
  readonly unlisted = new Set<string>();
  /** Whether the registry lets a new token pull. */
  canPull = true;
  /** Whether opening something with a content moves its token's last use: not known of the real Docker Hub. */
  openingIsUse = false;
  /** Whether the deployments' secret is there. */
  secretThere = true;
  settings: Settings;
  /** Decides the fate of each call by its name, such as `hub.setEnabled`. */
  fate: (call: string) => Fate = () => 'pass';
  /** Names of the calls so far. */
  readonly calls: string[] = [];
  readonly metrics = new Map<string, number>();
  private dead = false;
  private serial = 0;
  private searchedMails = 0;
  troubles = 0;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = defaultSettings(settings);
  }

  /** Adds a token of a deployment, with its key unless told otherwise. */
  addToken(
    label: string,
    { key = true, ...changes }: Partial<MutableToken> & { key?: boolean } = {},
  ): MutableToken {
    const id = changes.id ?? `id-${++this.serial}`;
    const token: MutableToken = {
      id,
      label,
      enabled: true,
      createdAt: this.now - 40 * 86_400_000,
      lastUsedAt: this.now - 86_400_000,
      generatedBy: 'manual',
      scopes: ['repo:read'],
      content: `dckr_pat_${createHash('sha256').update(id).digest('base64url').slice(0, 27)}`,
      ...changes,
    };
    this.tokens.set(id, token);
    if (key) this.keys.set(label, token.content);
    return token;
  }

  /** Writes an object as support would. */
  put(key: string, body: string): void {
    this.objects.set(key, { body, etag: `"${createHash('md5').update(body).digest('hex')}"` });
  }

  holder(name: string): string | undefined {
    return [...this.tokens.values()].find(({ content }) => content === this.keys.get(name))?.id;
  }

  switchToken(id: string, on: boolean): void {
    this.token(id).enabled = on;
  }

  relabel(id: string, label: string): void {
    this.token(id).label = label;
  }

  loseKeys(names: readonly string[]): void {
    for (const name of names) this.keys.delete(name);
    this.vaultVersion += 1;
  }

  remove(key: string): void {
    this.objects.delete(key);
  }

  read(key: string): string | undefined {
    const object = this.objects.get(key);
    return object === undefined || object === 'deleted' ? undefined : object.body;
  }

  async setConfirmed(confirmed: boolean): Promise<void> {
    this.confirmed = confirmed;
  }

  async close(): Promise<void> {
    this.objects.clear();
  }

  /** Here every call counts, in the order in which they are made. */
  async run(work: Work, disturbance?: Disturbance): Promise<unknown> {
    const { at, times, fate } = disturbance ?? { at: 1, times: 0, fate: 'pass' };
    let calls = 0;
    this.fate = () => {
      calls += 1;
      if (calls < at || calls >= at + times) return 'pass';
      if (fate !== 'pass') this.troubles += 1;
      return fate;
    };
    try {
      return await work(functionsWith(this.services()));
    } finally {
      this.revive();
      this.fate = () => 'pass';
    }
  }

  async race(first: Work, second: Work, isFirstSlow: boolean): Promise<Raced> {
    const begin = this.now;
    // Whoever waits for the other one works later than it.
    const sleep = async (milliseconds: number): Promise<void> => {
      this.now += milliseconds;
    };
    const runner = (work: Work) => {
      const services = this.services();
      return { services: { ...services, clock: { ...services.clock, sleep } }, work };
    };
    try {
      return await inTurn(runner(first), runner(second), isFirstSlow);
    } finally {
      this.now = begin;
    }
  }

  leak(): string | undefined {
    const said = this.mails.slice(this.searchedMails).map((mail) => JSON.stringify(mail));
    this.searchedMails = this.mails.length;
    for (const [key, object] of this.objects) {
      if (object !== 'deleted') said.push(object.body);
      // Reports of nights gone by were searched; keeping them would only cost memory.
      if (key.startsWith(OBJECTS.reports)) this.objects.delete(key);
    }
    const text = said.join('\n');
    const found = [...this.tokens.values()].find(({ content }) => text.includes(content));
    return found && `the content of a token of ${found.label} was said`;
  }

  /** The license list with these rows: deployment and last paid day, without grace. */
  putLicenses(rows: readonly (readonly [deployment: string, end: string])[]): void {
    const lines = rows.map(([deployment, end]) => {
      const cut = deployment.lastIndexOf('-');
      return `${deployment.slice(0, cut)},${deployment.slice(cut + 1)},${end},0`;
    });
    this.put(OBJECTS.licenses, ['telco,country,expires_on,grace_days', ...lines].join('\n'));
  }

  /** The ledger as it stands in the bucket. */
  get ledger(): Ledger {
    const object = this.objects.get(OBJECTS.ledger);
    return object === undefined || object === 'deleted'
      ? emptyLedger()
      : readLedger(new TextEncoder().encode(object.body));
  }

  /** Everything that a process did is over; the next one starts. */
  revive(): void {
    this.dead = false;
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
    if (fate === 'crash before') {
      this.dead = true;
      throw new Crash();
    }
    const failure = new AuditorError(UNAVAILABLE[system], `${call} failed.`);
    if (fate === 'fail before') throw failure;
    const value = effect();
    if (fate === 'crash after') {
      this.dead = true;
      throw new Crash();
    }
    if (fate === 'fail after') throw failure;
    return value;
  }

  private token(id: string): MutableToken {
    const token = this.tokens.get(id);
    if (token === undefined) throw new AuditorError('TokenNotFound', `No token ${id}.`);
    return token;
  }

  /** The token that a content opens. */
  private use(content: string): MutableToken | undefined {
    const token = [...this.tokens.values()].find((candidate) => candidate.content === content);
    if (token?.enabled !== true) return undefined;
    if (this.openingIsUse) token.lastUsedAt = this.now;
    return token;
  }

  private shown(token: MutableToken): HubToken {
    const { content, ...shown } = token;
    if (content === '') throw new Error('A token without content is no token.');
    return { ...shown, label: concealed(shown.label) };
  }

  private get dockerHub(): DockerHub {
    return {
      listTokens: () =>
        this.call('hub', 'listTokens', () =>
          [...this.tokens.values()]
            .filter(({ id }) => !this.unlisted.has(id))
            .map((token) => this.shown(token)),
        ),
      getToken: (id) =>
        this.call('hub', 'getToken', () => {
          const token = this.tokens.get(id);
          return token && this.shown(token);
        }),
      createToken: (label, scopes) =>
        this.call('hub', 'createToken', () => {
          const token = this.addToken(label, {
            key: false,
            createdAt: this.now,
            lastUsedAt: null,
            scopes: [...scopes],
          });
          return { token: this.shown(token), content: token.content };
        }),
      setEnabled: (id, enabled) =>
        this.call('hub', 'setEnabled', () => {
          this.token(id).enabled = enabled;
        }),
      setLabel: (id, label) =>
        this.call('hub', 'setLabel', () => {
          this.token(id).label = label;
        }),
      deleteToken: (id) =>
        this.call('hub', 'deleteToken', () => {
          this.tokens.delete(id);
        }),
      checkContent: async (content): Promise<ContentCheck> => {
        try {
          return await this.call('hub', 'checkContent', (): ContentCheck => {
            const token = this.use(content.trim());
            return token === undefined
              ? { outcome: 'refused' }
              : { outcome: 'accepted', claimedId: token.id };
          });
        } catch {
          return { outcome: 'unwell' };
        }
      },
    };
  }

  private get vault(): Vault {
    const read = (): { names: string[]; values: Map<string, unknown>; version: number } => {
      if (!this.secretThere) throw new AuditorError('VaultSecretMissing', 'There is no secret.');
      const values = new Map([...this.keys].map(([name, value]) => [concealed(name), value] as const));
      return { names: [...values.keys()], values, version: this.vaultVersion };
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
        this.call('vault', 'patchKeys', () => {
          if (version !== this.vaultVersion)
            throw new AuditorError('VaultConflict', 'Somebody wrote in between.');
          for (const [name, value] of changes)
            if (value === null) this.keys.delete(name);
            else this.keys.set(name, value);
          return { version: ++this.vaultVersion };
        }),
      createSecret: (keys) =>
        this.call('vault', 'createSecret', () => {
          if (this.secretThere) throw new AuditorError('VaultConflict', 'The secret exists.');
          this.secretThere = true;
          for (const [name, value] of keys) this.keys.set(name, value);
          return { version: ++this.vaultVersion };
        }),
      close: () => Promise.resolve(),
    };
  }

  private get bucket(): Bucket {
    const etagOf = (key: string): string | undefined => {
      const object = this.objects.get(key);
      return object === undefined || object === 'deleted' ? undefined : object.etag;
    };
    return {
      location: 's3://bucket',
      read: (key) =>
        this.call('bucket', `read ${key}`, () => {
          const object = this.objects.get(key);
          if (object === undefined) return 'absent';
          if (object === 'deleted') return 'deleted';
          return { body: new TextEncoder().encode(object.body), etag: object.etag };
        }),
      exists: (key) => this.call('bucket', `exists ${key}`, () => etagOf(key) !== undefined),
      listTop: () =>
        this.call('bucket', 'list', () =>
          [...this.objects.keys()]
            .filter((key) => etagOf(key) !== undefined && !/\/./.test(key))
            .map((key) => ({ key, at: this.now })),
        ),
      write: (key, body) =>
        this.call('bucket', `write ${key.replace(/\d.*/, '')}`, () => {
          this.put(key, body);
        }),
      writeIf: (key, body, etag) =>
        this.call('bucket', `writeIf ${key}`, () => {
          if (etagOf(key) !== etag) return 'conflict';
          this.put(key, body);
          return { etag: etagOf(key) ?? '' };
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
          this.use(content);
          if (!this.canPull) throw new AuditorError('PullVerificationFailed', "The token can't pull.");
        }),
    };
  }

  /** The services of one invocation. */
  services(requestId = `request-${++this.serial}`): Services {
    const silent = (): void => undefined;
    return {
      settings: this.settings,
      clock: { now: () => this.now, sleep: () => Promise.resolve(), random: () => 0.5 },
      deadline: this.now + 15 * 60_000,
      requestId,
      codes: { lastStep: 0 },
      bucket: this.bucket,
      dockerHub: this.dockerHub,
      registry: this.registry,
      vault: this.vault,
      notifier: this.notifier,
      log: { info: silent, warn: silent, error: silent },
      meter: {
        count: (name, value, kind) => this.metrics.set(kind === undefined ? name : `${name} ${kind}`, value),
        milliseconds: (name, value) => this.metrics.set(name, value),
        flush: silent,
      },
    };
  }
}

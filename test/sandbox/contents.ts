// What is in a sandbox, however its systems are reached: Docker Hub's tokens, Vault's keys and the bucket, in people's hands.

import { DAY, iso } from '../../lambdas/domain/days.ts';
import { type Ledger, emptyLedger, ledgerText, readLedger } from '../../lambdas/domain/ledger.ts';
import type { HubToken } from '../../lambdas/domain/token.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import type { Settings } from '../../lambdas/runtime/settings.ts';
import type { Canaries } from './canaries.ts';
import type { SandboxClock } from './clock.ts';
import {
  type SampleData,
  type SampleToken,
  bulkData,
  companyData,
  exemptionsCsv,
  licensesCsv,
  valueOf,
} from './data.ts';
import type { NewToken, StoredToken, TokenStore } from './docker-hub-tokens.ts';
import { type JsonObject, isObject } from './json.ts';
import type { S3Bucket } from './s3-store.ts';
import type { KvMount } from './vault-kv.ts';

/**
 * What is in a sandbox at first: a `company` of some fifty customers, so many customers for measuring, or nothing but
 * the accounts, for tests that put in what they need.
 */
export type FirstContents = 'company' | 'empty' | { readonly customers: number };

/** A token as the functions see it, with its content, and whether there is a key for it. */
export type NewHubToken = Partial<HubToken> & { readonly content?: string; readonly key?: boolean };

/** The state of the systems that a sandbox is made of. */
export interface SandboxState {
  readonly clock: SandboxClock;
  readonly canaries: Canaries;
  readonly settings: Settings;
  readonly tokens: TokenStore;
  /** Vault's secrets, of whichever KV version. */
  readonly secrets: Pick<KvMount, 'put' | 'current'>;
  readonly bucket: S3Bucket;
}

/** The keys of the deployments' secret in Vault, as people read and write them; none where there is no secret. */
class Keys {
  private readonly secrets: SandboxState['secrets'];
  private readonly path: string;

  constructor(secrets: SandboxState['secrets'], path: string) {
    this.secrets = secrets;
    this.path = path;
  }

  /** All of them, with their values. */
  get all(): JsonObject {
    return this.secrets.current(this.path) ?? {};
  }

  get names(): string[] {
    return Object.keys(this.all);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.all, name);
  }

  get(name: string): unknown {
    return this.has(name) ? this.all[name] : undefined;
  }

  set(name: string, value: unknown): void {
    this.replace({ ...this.all, [name]: value });
  }

  delete(...names: readonly string[]): void {
    this.replace(Object.fromEntries(Object.entries(this.all).filter(([name]) => !names.includes(name))));
  }

  /** Writes the secret again, with these keys and no others. */
  replace(keys: JsonObject): void {
    this.secrets.put(this.path, keys);
  }
}

/** A mail that went out, as far as every transport keeps it. */
export interface SentMail {
  readonly subject: string;
  readonly text: string;
}

/** What is in a sandbox, and what people do to it by hand. */
export abstract class Sandbox {
  /** The mails that went out, oldest first. */
  abstract readonly mails: readonly SentMail[];
  /** Whether anybody is subscribed who reads them. */
  abstract readonly confirmed: boolean;

  readonly clock: SandboxClock;
  /** Everything that grants access. */
  readonly canaries: Canaries;
  readonly tokens: TokenStore;
  readonly keys: Keys;
  readonly bucket: S3Bucket;
  /** The functions' settings, with where the systems are. */
  settings: Settings;
  /** The license list that support keeps: last paid day by deployment. It counts once it is uploaded. */
  readonly licenses = new Map<string, string>();

  constructor({ clock, canaries, settings, tokens, secrets, bucket }: SandboxState) {
    this.clock = clock;
    this.canaries = canaries;
    this.settings = settings;
    this.tokens = tokens;
    this.keys = new Keys(secrets, settings.vaultTokensPath);
    this.bucket = bucket;
  }

  /** The time, in milliseconds since 1970. */
  get now(): number {
    return this.clock.now();
  }

  set now(instant: number) {
    this.clock.set(instant);
  }

  /**
   * Adds a token that is 40 days old and was used a day ago, with its key, unless told otherwise. It takes the place of
   * one with its id.
   */
  addToken(label: string, { key = true, ...token }: NewHubToken = {}): StoredToken {
    const { id, enabled = true, createdAt, lastUsedAt, expiresAt, content, ...rest } = token;
    const { generatedBy = 'manual', scopes } = { scopes: ['repo:read'], ...rest };
    if (id !== undefined) this.tokens.delete(id);
    const added = this.tokens.add({
      token_label: label,
      ...(id === undefined ? {} : { uuid: id }),
      ...(content === undefined ? {} : { content }),
      is_active: enabled,
      created_at: iso(createdAt ?? this.now - 40 * DAY),
      last_used: lastUsedAt === null ? null : iso(lastUsedAt ?? this.now - DAY),
      expires_at: expiresAt === undefined ? null : iso(expiresAt),
      generated_by: generatedBy,
      scopes,
    });
    if (key) this.keys.set(label, added.content);
    return added;
  }

  /** Adds deployments with a token and its key, each licensed to that day. */
  addCustomers(names: readonly string[], lastDay: string): void {
    for (const name of names) this.addToken(name);
    this.changeLicenses(Object.fromEntries(names.map((name) => [name, lastDay])));
  }

  /** Whether a deployment has a token that is switched on. */
  isOn(label: string): boolean {
    return this.tokens.labelled(label).some(({ is_active }) => is_active === true);
  }

  /** The id of the token whose content a key holds. */
  holder(name: string): string | undefined {
    const content = this.keys.get(name);
    return this.tokens.all.find((token) => token.content === content)?.uuid;
  }

  /** Writes `licenses.csv`: deployment, last paid day, no grace; a text is written as it is. */
  putLicenses(rows: string | readonly (readonly [deployment: string, lastDay: string])[]): void {
    this.bucket.put(OBJECTS.licenses, typeof rows === 'string' ? rows : plainLicenses(rows), 'text/csv');
  }

  /** Writes `licenses.csv` as support keeps it, see {@link licenses}. */
  uploadLicenses(): void {
    this.putLicenses([...this.licenses]);
  }

  /** Changes last days in the list that support keeps, takes rows away (`undefined`), and uploads it. */
  changeLicenses(changes: Readonly<Record<string, string | undefined>>): void {
    for (const [deployment, lastDay] of Object.entries(changes))
      if (lastDay === undefined) this.licenses.delete(deployment);
      else this.licenses.set(deployment, lastDay);
    this.uploadLicenses();
  }

  /** Writes `exemptions.csv`. */
  putExemptions(csv: string): void {
    this.bucket.put(OBJECTS.exemptions, csv, 'text/csv');
  }

  /** The text of the last mail in one line, empty where there is none. */
  get lastMail(): string {
    return (this.mails.at(-1)?.text ?? '').replace(/\s+/g, ' ');
  }

  /** A JSON object of the bucket, `undefined` where it is not there. */
  json(key: string): JsonObject | undefined {
    const text = this.bucket.text(key);
    const parsed: unknown = text === undefined ? undefined : JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  }

  /** The ledger as it stands in the bucket. */
  get ledger(): Ledger {
    const text = this.bucket.text(OBJECTS.ledger);
    return text === undefined ? emptyLedger() : readLedger(Buffer.from(text));
  }

  /** Writes a ledger in which nothing stands but this. */
  putLedger(entries: Partial<Ledger>): void {
    this.bucket.put(OBJECTS.ledger, ledgerText({ ...emptyLedger(), ...entries }));
  }

  /** Lets somebody subscribe to the mails, or takes the subscription away. */
  abstract setConfirmed(confirmed: boolean): Promise<void>;
  /** The services of one invocation. */
  abstract services(): Services;
  abstract close(): Promise<void>;

  /** Puts in what is there at first. */
  fill(first: FirstContents): void {
    const { timeZone } = this.settings;
    if (first === 'company') this.fillWith(companyData(this.clock.now(), timeZone));
    else if (first !== 'empty') this.fillWith(bulkData(first.customers, this.clock.now(), timeZone));
  }

  private fillWith(data: SampleData): void {
    const now = this.clock.now();
    const contents = new Map<string, string>();
    for (const sample of data.tokens)
      contents.set(sample.label, this.tokens.add(storedToken(sample, now)).content);
    this.keys.replace(
      Object.fromEntries(
        [...data.keys].map(([label, key]) => [label, valueOf(key, label, contents, this.canaries)]),
      ),
    );
    this.putLicenses(licensesCsv(data.licenses));
    if (data.exemptions.length > 0)
      this.putExemptions(exemptionsCsv(data.exemptions, now, this.settings.timeZone));
  }
}

/** The license list in its plainest form: deployment and last paid day, no grace. */
function plainLicenses(rows: readonly (readonly [deployment: string, lastDay: string])[]): string {
  const lines = rows.map(([deployment, lastDay]) => {
    const cut = deployment.lastIndexOf('-');
    return `${deployment.slice(0, cut)},${deployment.slice(cut + 1)},${lastDay},0`;
  });
  return ['telco,country,expires_on,grace_days', ...lines].join('\n');
}

function storedToken(sample: SampleToken, now: number): NewToken {
  const ago = (days: number): string => new Date(now - days * DAY).toISOString();
  return {
    token_label: sample.label,
    created_at: ago(sample.createdDaysAgo),
    last_used: sample.usedDaysAgo === null ? null : ago(sample.usedDaysAgo),
    is_active: sample.isActive ?? true,
    generated_by: sample.generatedBy ?? 'manual',
    expires_at: sample.expiresInDays === undefined ? null : ago(-sample.expiresInDays),
    ...('scopes' in sample ? { scopes: sample.scopes } : {}),
  };
}

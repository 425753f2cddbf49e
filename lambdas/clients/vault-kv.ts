// The two versions of Vault's KV engine behind one interface: a secret's keys are read, changed and created.
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { AuditorError, isAuditorError } from '../errors.ts';
import { displayName, joinWithAnd } from '../text/display.ts';
import { SecretToRestore, type VaultWrite, WriteNotRetried } from './ports.ts';
import { type VaultRequestContext, metadataOnlyError, toVaultError } from './vault-errors.ts';
import { VaultRefusal } from './vault-send.ts';
import type { VaultClient, VaultSession } from './vault-session.ts';

/** A secret as it was read. */
export interface ReadSecret {
  readonly data: ReadonlyMap<string, unknown>;
  /** For check-and-set; 0 where the engine has no versions. */
  readonly version: number;
  /** Milliseconds since 1970 at which Vault deletes this version by itself. */
  readonly vanishesAt?: number;
}

/** One KV mount. Every method rejects with an `AuditorError`. */
export interface KeyValue {
  read(doing: string, path: string): Promise<ReadSecret>;
  /** Names of keys; their values, where the engine can't leave them out, are dropped at once. */
  readNames(doing: string, path: string): Promise<ReadSecret>;
  /** Sets (text) and removes (null) keys; all others stay as they are. */
  patch(
    doing: string,
    path: string,
    changes: ReadonlyMap<string, string | null>,
    version: number,
  ): Promise<VaultWrite>;
  /** Creates a secret that is not there. */
  create(doing: string, path: string, keys: ReadonlyMap<string, string>): Promise<VaultWrite>;
}

/** The engine of a mount, found out by asking Vault; where Vault does not say, it is version 2. */
export async function openKeyValue(session: VaultSession, mount: string): Promise<KeyValue> {
  const path = `sys/internal/ui/mounts/${mount}`;
  const doing = `Asking for the KV version of ${mount}`;
  let answer: unknown;
  try {
    answer = await session.ask((client) => client.read(path));
  } catch (error) {
    const saysNothing = error instanceof VaultRefusal && error.status >= 400 && error.status < 429;
    if (!saysNothing) throw toVaultError(error, { doing, path, capability: 'read', secret: mount });
  }
  return isVersion1(answer) ? new KeyValueVersion1(session, mount) : new KeyValueVersion2(session, mount);
}

const mountSchema = v.object({
  data: v.object({
    type: v.string(),
    options: v.nullish(v.object({ version: v.nullish(v.union([v.string(), v.number()])) })),
  }),
});

/** A mount that was made without a version has version 1, as Vault's own command line takes it too. */
function isVersion1(answer: unknown): boolean {
  const parsed = v.safeParse(mountSchema, answer);
  if (!parsed.success) return false;
  const { type, options } = parsed.output.data;
  const version = options?.version;
  return String(version ?? '') === '1' || (version == null && ['kv', 'generic'].includes(type));
}

/** Valibot's records leave `__proto__` out: a secret's keys are taken as they are by `Object.entries`. */
const entries = v.pipe(
  v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  v.transform((value) => new Map<string, unknown>(Object.entries(value))),
);

/** Asks and reads the answer in the promised shape. */
async function request<Schema extends v.GenericSchema>(
  session: VaultSession,
  context: VaultRequestContext,
  schema: Schema,
  work: (client: VaultClient) => Promise<unknown>,
): Promise<v.InferOutput<Schema>> {
  let answer: unknown;
  try {
    answer = await session.ask(work);
  } catch (error) {
    throw toVaultError(error, context);
  }
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  throw new AuditorError(
    'VaultUnavailable',
    `${context.doing} at Vault failed, because the answer has not the promised shape; check that ${context.secret} is a secret of a KV mount.`,
  );
}

const versionSchema = v.pipe(v.number(), v.integer());
const metadataSchema = v.object({ version: versionSchema, deletion_time: v.optional(v.string(), '') });
const dataSchema = v.object({ data: v.object({ data: entries, metadata: metadataSchema }) });
const subkeysSchema = v.object({ data: v.object({ subkeys: entries, metadata: metadataSchema }) });
const writtenSchema = v.object({ data: v.object({ version: versionSchema }) });

type Metadata = v.InferOutput<typeof metadataSchema>;

/** Version 2: versions, check-and-set, and changes of single keys. */
class KeyValueVersion2 implements KeyValue {
  private readonly session: VaultSession;
  private readonly mount: string;

  constructor(session: VaultSession, mount: string) {
    this.session = session;
    this.mount = mount;
  }

  async read(doing: string, path: string): Promise<ReadSecret> {
    const { data, metadata } = (await this.show(doing, path, 'data', dataSchema)).data;
    return found(data, metadata);
  }

  async readNames(doing: string, path: string): Promise<ReadSecret> {
    const { subkeys, metadata } = (await this.show(doing, path, 'subkeys', subkeysSchema)).data;
    return found(subkeys, metadata);
  }

  async patch(
    doing: string,
    path: string,
    changes: ReadonlyMap<string, string | null>,
    version: number,
  ): Promise<VaultWrite> {
    const body = { options: { cas: version }, data: Object.fromEntries(changes) };
    const context = this.context(doing, path, 'data', 'patch');
    return (
      await request(this.session, context, writtenSchema, (client) => client.update(context.path, body))
    ).data;
  }

  async create(doing: string, path: string, keys: ReadonlyMap<string, string>): Promise<VaultWrite> {
    const body = { options: { cas: 0 }, data: Object.fromEntries(keys) };
    const context = this.context(doing, path, 'data', 'create');
    return (await request(this.session, context, writtenSchema, (client) => client.write(context.path, body)))
      .data;
  }

  private context(doing: string, path: string, kind: string, capability: string): VaultRequestContext {
    return {
      doing,
      path: `${this.mount}/${kind}/${path}`,
      capability,
      secret: `${this.mount}/${path}`,
    };
  }

  private async show<Schema extends v.GenericSchema>(
    doing: string,
    path: string,
    kind: 'data' | 'subkeys',
    schema: Schema,
  ): Promise<v.InferOutput<Schema>> {
    const context = this.context(doing, path, kind, 'read');
    try {
      return await request(this.session, context, schema, (client) => client.read(context.path));
    } catch (error) {
      const isMissing = isAuditorError(error, 'VaultSecretMissing') && !(error instanceof SecretToRestore);
      if (isMissing && (await this.hasMetadata(path))) throw metadataOnlyError(context);
      throw error;
    }
  }

  /** Whether a secret without a version has metadata: then it was there once. Not to be allowed to ask says no. */
  private async hasMetadata(path: string): Promise<boolean> {
    try {
      await this.session.ask((client) => client.read(`${this.mount}/metadata/${path}`));
      return true;
    } catch {
      return false;
    }
  }
}

function found(data: ReadonlyMap<string, unknown>, metadata: Metadata): ReadSecret {
  const vanishesAt = Date.parse(metadata.deletion_time);
  return { data, version: metadata.version, ...(Number.isNaN(vanishesAt) ? {} : { vanishesAt }) };
}

const plainSchema = v.object({ data: entries });

/** Version 1: a write replaces the whole secret, so it is read right before and right after. */
class KeyValueVersion1 implements KeyValue {
  private readonly session: VaultSession;
  private readonly mount: string;

  constructor(session: VaultSession, mount: string) {
    this.session = session;
    this.mount = mount;
  }

  async read(doing: string, path: string): Promise<ReadSecret> {
    const context = this.context(doing, path, 'read');
    const { data } = await request(this.session, context, plainSchema, (client) => client.read(context.path));
    return { data, version: 0 };
  }

  async readNames(doing: string, path: string): Promise<ReadSecret> {
    const { data } = await this.read(doing, path);
    return { data: new Map([...data.keys()].map((name) => [name, null])), version: 0 };
  }

  async patch(doing: string, path: string, changes: ReadonlyMap<string, string | null>): Promise<VaultWrite> {
    const { data } = await this.read(doing, path);
    const wanted = new Map(data);
    for (const [name, value] of changes) {
      if (value === null) wanted.delete(name);
      else wanted.set(name, value);
    }
    if (wanted.size === 0)
      throw new AuditorError(
        'VaultConflict',
        `${doing} at Vault was not tried, because it would empty ${this.mount}/${path}, and KV version 1 keeps no empty secret; remove the secret by hand (vault kv delete).`,
      );
    await this.write(this.context(doing, path, 'update'), wanted);
    return this.confirm(doing, path, wanted, changes);
  }

  async create(doing: string, path: string, keys: ReadonlyMap<string, string>): Promise<VaultWrite> {
    if (await this.isThere(doing, path))
      throw new AuditorError(
        'VaultConflict',
        `${doing} at Vault failed, because the secret exists already; try again: it is read again then.`,
      );
    await this.write(this.context(doing, path, 'create'), keys);
    return this.confirm(doing, path, keys, keys);
  }

  private context(doing: string, path: string, capability: string): VaultRequestContext {
    const secret = `${this.mount}/${path}`;
    return { doing, path: secret, capability, secret };
  }

  private async isThere(doing: string, path: string): Promise<boolean> {
    try {
      await this.read(doing, path);
      return true;
    } catch (error) {
      if (isAuditorError(error, 'VaultSecretMissing')) return false;
      throw error;
    }
  }

  private async write(context: VaultRequestContext, data: ReadonlyMap<string, unknown>): Promise<void> {
    const body = Object.fromEntries(data);
    await request(this.session, context, v.unknown(), (client) => client.write(context.path, body));
  }

  /** Reads the secret back: the changed keys must be as they were written, and every other one as it was before. */
  private async confirm(
    doing: string,
    path: string,
    wanted: ReadonlyMap<string, unknown>,
    changes: ReadonlyMap<string, string | null>,
  ): Promise<VaultWrite> {
    const data = await this.readBack(doing, path);
    const differs = (name: string): boolean => !isDeepStrictEqual(data.get(name), wanted.get(name));
    if ([...changes.keys()].some(differs))
      throw new AuditorError(
        'VaultConflict',
        `${doing} at Vault did not last, because somebody else wrote ${this.mount}/${path} at the same time; try again: the secret is read again then.`,
      );
    const lost = [...wanted.keys()].filter(differs);
    if (lost.length === 0) return { version: 0 };
    const names = lost.slice(0, 5).map((name) => displayName(name));
    throw new WriteNotRetried(
      'VaultConflict',
      `${doing} at Vault was done, but other keys of ${this.mount}/${path} changed at the same moment (${joinWithAnd(names)}${lost.length > 5 ? ' and others' : ''}), which KV version 1 can't tell from a loss; compare them with what they should be.`,
    );
  }

  /** Reads what was just written; a failure here says nothing of the write. */
  private async readBack(doing: string, path: string): Promise<ReadSecret['data']> {
    try {
      return (await this.read(doing, path)).data;
    } catch (error) {
      const why = isAuditorError(error) ? ` (${error.name})` : '';
      throw new AuditorError(
        'VaultUnavailable',
        `${doing} at Vault was sent, but ${this.mount}/${path} could not be read back${why}; look at Vault's state (vault status) and try again later.`,
      );
    }
  }
}

// Docker Hub's tokens as it keeps them, whoever asks for them.
import { randomUUID } from 'node:crypto';
import type { Canaries } from './canaries.ts';
import type { SandboxClock } from './clock.ts';

/**
 * A personal access token as Docker Hub keeps it: the API's own field names, so that a row is this without its content.
 * Every field may be set to `undefined`: then the row lacks it, as rows sometimes do.
 */
export interface StoredToken {
  readonly uuid: string;
  client_id?: string | undefined;
  creator_ip?: string | undefined;
  creator_ua?: string | undefined;
  created_at?: string | undefined;
  last_used?: string | null | undefined;
  generated_by?: string | undefined;
  is_active?: boolean | undefined;
  token_label?: string | undefined;
  scopes?: readonly string[] | undefined;
  expires_at?: string | null | undefined;
  /** What `docker login` takes for a password. In no row and in no answer but the creation's. */
  content: string;
}

/** What a token is made with; the rest is made up as Docker Hub would. */
export type NewToken = Partial<StoredToken>;

/** Why a content does not open anything. */
export type Refusal = 'unknown' | 'inactive' | 'expired';

/** From so many tokens on, counts are remembered. */
const LARGE = 2_000;

/** The tokens of the account. */
export class TokenStore {
  /** In order of creation; lists show the newest first. */
  private list: StoredToken[] = [];
  private newestFirst: readonly StoredToken[] | undefined;
  private counted: { readonly at: number; readonly automatic: number; readonly active: number } | undefined;
  private readonly byId = new Map<string, StoredToken>();
  private readonly byContent = new Map<string, StoredToken>();
  private readonly clock: SandboxClock;
  private readonly canaries: Canaries;
  private readonly makeId: () => string;

  constructor(clock: SandboxClock, canaries: Canaries, makeId: () => string = randomUUID) {
    this.clock = clock;
    this.canaries = canaries;
    this.makeId = makeId;
  }

  /** Adds a token: active, `repo:read`, without end, made by hand just now, unless told otherwise. */
  add(token: NewToken = {}): StoredToken {
    const added: StoredToken = {
      uuid: this.makeId(),
      client_id: 'HUB',
      creator_ip: '198.51.100.7',
      creator_ua: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      created_at: new Date(this.clock.now()).toISOString(),
      last_used: null,
      generated_by: 'manual',
      is_active: true,
      token_label: '',
      scopes: ['repo:read'],
      expires_at: null,
      ...token,
      content: token.content === undefined ? this.canaries.tokenContent() : this.canaries.add(token.content),
    };
    this.list.push(added);
    this.forget();
    this.byId.set(added.uuid, added);
    this.byContent.set(added.content, added);
    return added;
  }

  /** All tokens, the newest first. */
  get all(): readonly StoredToken[] {
    return (this.newestFirst ??= this.list.toReversed());
  }

  /**
   * How many tokens can be used, and how many a program made for itself. In a large list they are counted again only
   * after changes and after a minute: counting 100,000 for each of 1,000 pages would be most of what a test measures.
   */
  get counts(): { readonly automatic: number; readonly active: number } {
    const now = this.clock.now();
    const isFresh = this.size > LARGE && this.counted !== undefined && now - this.counted.at < 60_000;
    if (isFresh && this.counted !== undefined) return this.counted;
    const automatic = this.list.filter(
      ({ generated_by }) => generated_by !== undefined && generated_by !== 'manual',
    ).length;
    const active = this.list.filter((token) => this.isUsable(token)).length;
    this.counted = { at: now, automatic, active };
    return this.counted;
  }

  private forget(): void {
    this.newestFirst = undefined;
    this.counted = undefined;
  }

  get size(): number {
    return this.list.length;
  }

  get(uuid: string): StoredToken | undefined {
    return this.byId.get(uuid);
  }

  /** The tokens of one label, the newest first. */
  labelled(label: string): StoredToken[] {
    return this.all.filter(({ token_label }) => token_label === label);
  }

  /** The one token of a label. Fails where there is none or several: a test that means one has one. */
  only(label: string): StoredToken {
    const [found, ...others] = this.labelled(label);
    if (found === undefined || others.length > 0)
      throw new Error(
        `The sandbox has ${found === undefined ? 'no token' : 'several tokens'} labelled ${label}.`,
      );
    return found;
  }

  /** Changes a token as somebody in the web page would. */
  modify(uuid: string, changes: Omit<NewToken, 'uuid' | 'content'>): void {
    const token = this.get(uuid);
    if (token === undefined) throw new Error(`The sandbox has no token ${uuid}.`);
    Object.assign(token, changes);
    this.forget();
  }

  /** Deletes a token; false where there is none. */
  delete(uuid: string): boolean {
    const token = this.byId.get(uuid);
    if (token === undefined) return false;
    this.byId.delete(uuid);
    this.byContent.delete(token.content);
    this.list.splice(this.list.indexOf(token), 1);
    this.forget();
    return true;
  }

  clear(): void {
    this.list = [];
    this.byId.clear();
    this.byContent.clear();
    this.forget();
  }

  /** Whether a token is switched on and not past its end. */
  isUsable(token: StoredToken): boolean {
    return token.is_active !== false && !this.isPast(token);
  }

  private isPast(token: StoredToken): boolean {
    return typeof token.expires_at === 'string' && Date.parse(token.expires_at) <= this.clock.now();
  }

  /** The token that a content opens, or why it opens nothing. */
  open(content: string): StoredToken | Refusal {
    const token = this.byContent.get(content);
    if (token === undefined) return 'unknown';
    if (token.is_active === false) return 'inactive';
    return this.isPast(token) ? 'expired' : token;
  }

  /** Notes that a token was used just now. */
  use(token: StoredToken): void {
    token.last_used = new Date(this.clock.now()).toISOString();
  }
}

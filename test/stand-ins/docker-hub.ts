import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { TOTP } from 'otpauth';
import { StandIn, type Received, type Reply } from './server.ts';

/** A personal access token as Docker Hub keeps it. Fields that a test leaves out are left out of the answers, too. */
export interface StoredToken {
  uuid: string;
  token_label: string | null;
  is_active: boolean;
  created_at?: string;
  last_used?: string | null;
  expires_at?: string;
  generated_by?: string;
  scopes?: string[];
  content: string;
}

const REFUSED: Reply = { status: 401, body: { detail: 'Incorrect authentication credentials' } };
const LOCKED: Reply = {
  status: 429,
  body: { detail: 'toomanyrequests: too many failed login attempts for username or IP address' },
};

/** A content as Docker Hub makes it. */
export function makeContent(): string {
  return `dckr_pat_${randomBytes(21).toString('base64url').slice(0, 27)}`;
}

function field(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
}

/** Docker Hub's API as far as tokens go, over real HTTP. */
export class DockerHubStandIn extends StandIn {
  username = 'riaktrdelivery';
  password = `pw-${randomBytes(12).toString('hex')}`;
  /** Base32; set where the account has two-factor login. */
  totpSecret: string | undefined;
  /** The new route refuses passwords, as it did at times. */
  newRouteRefuses = false;
  /** Milliseconds that a session lives. */
  sessionLife = 600_000;
  /** Rows of a page at the most, whatever is asked for. */
  largestPage = 100;
  /** What `next` of a page is; by default what Docker Hub's is. */
  next: (page: number, isLast: boolean) => string | null | undefined = (page, isLast) =>
    isLast ? null : `${this.url}/v2/access-tokens?page=${page + 1}&page_size=100`;
  /** Called before each page of the list is made: lets the list shift under way. */
  beforePage: (page: number) => void = () => undefined;
  /** Changes a page before it is sent. */
  spoilPage: (page: Record<string, unknown>, number: number) => Record<string, unknown> = (page) => page;
  /** What the claims of a session got with a token say of it. */
  claim: (token: StoredToken) => string | undefined = ({ uuid }) => `docker_pat|${uuid}`;
  /** Whether exchanging a content counts as use. */
  exchangeIsUse = false;
  /** Requests allowed in a window of time, and its length in milliseconds. */
  limit: { requests: number; milliseconds: number } | undefined;
  /** How many failed logins lock a user name out. */
  failuresToLockOut = 5;
  now: () => number = () => Date.now();
  readonly tokens = new Map<string, StoredToken>();
  readonly sessions = new Map<string, { until: number; pat: boolean }>();
  readonly halves = new Set<string>();
  failures = 0;
  lockedUntil = 0;
  /** Requests that came although none was left in the window. */
  overLimit = 0;
  private window = { from: 0, used: 0 };
  /** Everything that grants access and was ever given out. */
  readonly secrets = new Set<string>();

  constructor() {
    super((request) => this.route(request));
    this.secrets.add(this.password);
  }

  /** Adds a token. */
  add(label: string | null, changes: Partial<StoredToken> = {}): StoredToken {
    const token: StoredToken = {
      uuid: randomUUID(),
      token_label: label,
      is_active: true,
      created_at: new Date(this.now() - 40 * 86_400_000).toISOString(),
      last_used: new Date(this.now() - 86_400_000).toISOString(),
      generated_by: 'manual',
      scopes: ['repo:read'],
      content: makeContent(),
      ...changes,
    };
    this.tokens.set(token.uuid, token);
    this.secrets.add(token.content);
    return token;
  }

  /** The tokens of a label. */
  labelled(label: string): StoredToken[] {
    return [...this.tokens.values()].filter(({ token_label }) => token_label === label);
  }

  /** Whether a content can be used now. */
  find(content: string): { token: StoredToken; usable: boolean } | undefined {
    const token = [...this.tokens.values()].find((candidate) => candidate.content === content);
    if (token === undefined) return undefined;
    const isOver = token.expires_at !== undefined && Date.parse(token.expires_at) <= this.now();
    return { token, usable: token.is_active && !isOver };
  }

  private session(pat: boolean, claims: Record<string, unknown> = {}): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const until = this.now() + this.sessionLife;
    const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, exp: Math.floor(until / 1000), jti: randomUUID() })}`;
    const bearer = `${head}.${createHmac('sha256', 'stand-in').update(head).digest('base64url')}`;
    this.sessions.set(bearer, { until, pat });
    this.secrets.add(bearer);
    return bearer;
  }

  private shown({ content: _content, ...token }: StoredToken): Record<string, unknown> {
    return { client_id: 'HUB', creator_ip: '127.0.0.1', creator_ua: 'stand-in', ...token, token: '' };
  }

  private limited(): Reply | undefined {
    if (this.limit === undefined) return undefined;
    const { requests, milliseconds } = this.limit;
    if (this.now() >= this.window.from + milliseconds) this.window = { from: this.now(), used: 0 };
    this.window.used += 1;
    if (this.window.used <= requests) return undefined;
    this.overLimit += 1;
    return {
      status: 429,
      headers: { 'x-retry-after': String(Math.ceil((this.window.from + milliseconds) / 1000)) },
      body: { detail: 'Rate limit exceeded' },
    };
  }

  private limitHeaders(): Record<string, string> {
    if (this.limit === undefined) return {};
    return {
      'x-ratelimit-limit': String(this.limit.requests),
      'x-ratelimit-remaining': String(Math.max(0, this.limit.requests - this.window.used)),
      'x-ratelimit-reset': String((this.window.from + this.limit.milliseconds) / 1000),
    };
  }

  private login(username: unknown, secret: unknown, isNewRoute: boolean): Reply {
    const name = isNewRoute ? 'access_token' : 'token';
    if (this.now() < this.lockedUntil) return LOCKED;
    if (username === this.username && typeof secret === 'string') {
      const found = this.find(secret);
      if (found?.usable === true) {
        if (this.exchangeIsUse) found.token.last_used = new Date(this.now()).toISOString();
        const source = this.claim(found.token);
        return {
          status: 200,
          body: {
            [name]: this.session(true, { scope: 'repo:read', ...(source === undefined ? {} : { source }) }),
          },
        };
      }
      if (secret === this.password && !(isNewRoute && this.newRouteRefuses)) {
        if (this.totpSecret === undefined) return { status: 200, body: { [name]: this.session(false) } };
        const half = `half-${randomUUID()}`;
        this.halves.add(half);
        this.secrets.add(half);
        const detail = 'Require secondary authentication on MFA enabled account';
        return { status: 401, body: isNewRoute ? { detail } : { detail, login_2fa_token: half } };
      }
    }
    this.failures += 1;
    if (this.failures >= this.failuresToLockOut) this.lockedUntil = this.now() + 600_000;
    return REFUSED;
  }

  private secondStep(json: unknown): Reply {
    const half = field(json, 'login_2fa_token');
    const code = field(json, 'code');
    if (typeof half !== 'string' || !this.halves.delete(half) || this.totpSecret === undefined)
      return REFUSED;
    const isRight =
      typeof code === 'string' &&
      new TOTP({ secret: this.totpSecret }).validate({ token: code, timestamp: this.now(), window: 1 }) !==
        null;
    return isRight ? { status: 200, body: { token: this.session(false) } } : REFUSED;
  }

  private list(url: URL): Reply {
    const page = Number(url.searchParams.get('page') ?? '1');
    this.beforePage(page);
    const size = Math.min(Number(url.searchParams.get('page_size') ?? '10'), this.largestPage);
    const all = [...this.tokens.values()];
    const rows = all.slice((page - 1) * size, page * size);
    const next = this.next(page, page * size >= all.length);
    return {
      status: 200,
      body: this.spoilPage(
        {
          count: all.length,
          active_count: all.filter(({ is_active }) => is_active).length,
          ...(next === undefined ? {} : { next }),
          previous: null,
          results: rows.map((token) => this.shown(token)),
        },
        page,
      ),
    };
  }

  private create(json: unknown): Reply {
    const label = field(json, 'token_label');
    const scopes = field(json, 'scopes');
    if (typeof label !== 'string' || label.length < 1 || label.length > 100)
      return { status: 400, body: { message: 'invalid token_label', errinfo: {} } };
    const token = this.add(label, {
      created_at: new Date(this.now()).toISOString(),
      last_used: null,
      scopes: Array.isArray(scopes) ? scopes.map(String) : [],
    });
    return { status: 201, body: { ...this.shown(token), token: token.content } };
  }

  private one(token: StoredToken, request: Received): Reply {
    if (request.method === 'DELETE') {
      this.tokens.delete(token.uuid);
      return { status: 204 };
    }
    if (request.method === 'PATCH') {
      const label = field(request.json, 'token_label');
      const active = field(request.json, 'is_active');
      if (typeof label === 'string') token.token_label = label;
      if (typeof active === 'boolean') token.is_active = active;
    }
    return { status: 200, body: this.shown(token) };
  }

  private route(request: Received): Reply {
    const { method, url, json } = request;
    const limited = this.limited();
    if (limited !== undefined) return limited;
    const path = `${method} ${url.pathname}`;
    if (path === 'POST /v2/auth/token')
      return this.login(field(json, 'identifier'), field(json, 'secret'), true);
    if (path === 'POST /v2/users/login')
      return this.login(field(json, 'username'), field(json, 'password'), false);
    if (path === 'POST /v2/users/2fa-login') return this.secondStep(json);
    const bearer = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1] ?? '';
    const session = this.sessions.get(bearer);
    if (session === undefined || session.until <= this.now()) return REFUSED;
    if (session.pat)
      return {
        status: 403,
        body: { message: 'token issued from personal access token is not allowed', errinfo: {} },
      };
    const reply = this.tokenRoute(request);
    return { ...reply, headers: { ...this.limitHeaders(), ...reply.headers } };
  }

  private tokenRoute(request: Received): Reply {
    const { method, url, json } = request;
    if (url.pathname === '/v2/access-tokens') return method === 'POST' ? this.create(json) : this.list(url);
    const id = /^\/v2\/access-tokens\/([^/]+)$/.exec(url.pathname)?.[1];
    const token = id === undefined ? undefined : this.tokens.get(decodeURIComponent(id));
    return token === undefined
      ? { status: 404, body: { message: 'access token not found', errinfo: {} } }
      : this.one(token, request);
  }
}

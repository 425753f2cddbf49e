// The Docker Hub stand-in: its routes, its list in pages, its rate limit.
import { Canaries } from './canaries.ts';
import { type SandboxClock, createClock } from './clock.ts';
import { type DockerHubAccount, DockerHubLogins } from './docker-hub-login.ts';
import { type DockerHubSwitches, defaultSwitches } from './docker-hub-switches.ts';
import { type StoredToken, TokenStore } from './docker-hub-tokens.ts';
import type { FaultPlan, SandboxAnswer, SandboxRequest } from './faults.ts';
import { jsonObject, textOf } from './json.ts';
import { type LoggedRequest, type SandboxServer, startServer } from './server.ts';

export interface DockerHubOptions {
  readonly clock?: SandboxClock;
  readonly canaries?: Canaries;
  readonly sharedFaults?: FaultPlan;
  readonly sharedLog?: LoggedRequest[];
  readonly latencyMs?: number;
  /** Default `riaktrdelivery`, with a password of its own making and without two-factor login. */
  readonly account?: Partial<DockerHubAccount>;
  readonly switches?: Partial<DockerHubSwitches>;
  /** Makes the ids of tokens; default: random UUIDs. */
  readonly makeId?: () => string;
}

/** The Docker Hub API's stand-in. */
export interface DockerHubStandIn extends SandboxServer {
  readonly account: DockerHubAccount;
  readonly tokens: TokenStore;
  readonly switches: DockerHubSwitches;
  readonly logins: DockerHubLogins;
  /**
   * Runs before a page of the list is put together, with its number. A token made or deleted here shifts the pages that
   * follow.
   */
  beforePage: ((page: number) => void) | undefined;
  /** Runs after a token was created, before the answer goes out. */
  afterCreation: ((token: StoredToken) => void) | undefined;
}

const SCOPES = ['repo:admin', 'repo:write', 'repo:read', 'repo:public_read'];
const NOT_FOUND: SandboxAnswer = { status: 404, body: { message: 'access token not found', errinfo: {} } };
const BASE = '/v2/access-tokens';
const YEAR = 365 * 24 * 3_600_000;

const refusals = {
  message: { message: 'token issued from personal access token is not allowed', errinfo: {} },
  'older-message': { message: 'access to the resource is forbidden with personal access token' },
  'older-detail': { detail: 'access to the resource is forbidden with personal access token' },
} as const satisfies Record<DockerHubSwitches['tokenSessionRefusal'], unknown>;

function invalid(field: string): SandboxAnswer {
  return { status: 400, body: { message: 'bad request', errinfo: { [field]: 'invalid' } } };
}

/** Counts requests in windows, as the `X-RateLimit-*` headers tell. */
class RateLimit {
  private used = 0;
  private endsAt = 0;
  private readonly switches: DockerHubSwitches;
  private readonly clock: SandboxClock;

  constructor(switches: DockerHubSwitches, clock: SandboxClock) {
    this.switches = switches;
    this.clock = clock;
  }

  /** Counts one request; false where it is one too many. */
  count(): boolean {
    const { requests, seconds } = this.switches.rateLimit;
    const now = this.clock.now();
    if (now >= this.endsAt) {
      this.used = 0;
      // Told in whole seconds: who waits until then has waited long enough.
      this.endsAt = Math.floor(now / 1000) * 1000 + seconds * 1000;
    }
    this.used++;
    return this.used <= requests;
  }

  get headers(): Record<string, string> {
    if (!this.switches.rateLimitHeaders) return {};
    const { requests } = this.switches.rateLimit;
    return {
      'x-ratelimit-limit': String(requests),
      'x-ratelimit-remaining': String(Math.max(requests - this.used, 0)),
      'x-ratelimit-reset': String(this.endsAt / 1000),
    };
  }

  get refusal(): SandboxAnswer {
    const wait: Record<DockerHubSwitches['retryAfter'], Record<string, string>> = {
      seconds: { 'retry-after': String(Math.max(Math.ceil((this.endsAt - this.clock.now()) / 1000), 1)) },
      date: { 'retry-after': new Date(this.endsAt).toUTCString() },
      unix: { 'x-retry-after': String(this.endsAt / 1000) },
      nothing: {},
    };
    return {
      status: 429,
      headers: { ...this.headers, ...wait[this.switches.retryAfter] },
      body: { message: 'Rate limit exceeded', errinfo: {} },
    };
  }
}

/** Starts a Docker Hub with one account. */
export async function startDockerHub(options: DockerHubOptions = {}): Promise<DockerHubStandIn> {
  const { clock = createClock(), canaries = new Canaries() } = options;
  const account: DockerHubAccount = {
    username: 'riaktrdelivery',
    totpSecret: undefined,
    ...options.account,
    password: options.account?.password ?? canaries.password(),
  };
  canaries.add(account.password);
  const switches: DockerHubSwitches = { ...defaultSwitches(), ...options.switches };
  const tokens = new TokenStore(clock, canaries, options.makeId);
  const logins = new DockerHubLogins({ account, tokens, switches, clock, canaries });
  const limit = new RateLimit(switches, clock);

  /** A token as the API shows it. */
  const row = ({ content, expires_at, ...shown }: StoredToken, withContent = false): object => ({
    ...shown,
    ...(withContent
      ? { token: content }
      : switches.contentField === 'missing'
        ? {}
        : { token: switches.contentField === 'stars' ? '***' : '' }),
    ...(typeof expires_at === 'string'
      ? { expires_at }
      : switches.noEnd === 'null'
        ? { expires_at: null }
        : {}),
  });

  const nextOf = (page: number, size: number, isLast: boolean): { next?: string | null } => {
    const to = (number: number): string => `${BASE}?page=${number}&page_size=${size}`;
    switch (switches.next) {
      case 'missing':
        return {};
      case 'null':
        return { next: null };
      case 'empty':
        return { next: '' };
      case 'foreign':
        return { next: `https://hub.docker.example${to(page + 1)}` };
      case 'looping':
        return { next: `${standIn.url}${to(page)}` };
      case 'relative':
        return { next: isLast ? null : to(page + 1) };
      case 'absolute':
        return { next: isLast ? null : `${standIn.url}${to(page + 1)}` };
    }
  };

  const list = (query: URLSearchParams): SandboxAnswer => {
    const wanted = (name: string, fallback: number): number => Number(query.get(name) ?? fallback);
    const page = wanted('page', 1);
    const asked = wanted('page_size', switches.defaultPageSize);
    if (!Number.isInteger(page) || page < 1) return invalid('page');
    if (!Number.isInteger(asked) || asked < 1) return invalid('page_size');
    const size = Math.min(asked, switches.maxPageSize);
    standIn.beforePage?.(page);
    const all = tokens.all;
    const { automatic, active } = tokens.counts;
    const isLast = page * size >= all.length;
    const shown = all.slice((page - 1) * size, page * size);
    const rows =
      switches.list === 'blank' ? [] : switches.list === 'partial' ? shown.slice(0, Math.floor(shown.length / 2)) : shown; // prettier-ignore
    if (switches.pastEnd === 'not-found' && page > 1 && shown.length === 0)
      return { status: 404, body: { message: 'page not found', errinfo: {} } };
    return {
      status: 200,
      body: {
        count: all.length - (switches.countsAutomatic ? 0 : automatic),
        active_count: active,
        ...nextOf(page, size, isLast),
        previous: page === 1 ? null : `${standIn.url}${BASE}?page=${page - 1}&page_size=${size}`,
        results:
          rows.length === 0 && switches.emptyResults === 'null' ? null : rows.map((token) => row(token)),
      },
    };
  };

  const create = ({ body, headers }: SandboxRequest): SandboxAnswer => {
    const given = jsonObject(body);
    const label = textOf(given, 'token_label');
    const scopes = given?.['scopes'];
    const end = given?.['expires_at'];
    if (label.length < 1 || label.length > 100) return invalid('token_label');
    if (!Array.isArray(scopes) || scopes.length === 0) return invalid('scopes');
    const known = scopes.filter(
      (scope): scope is string => typeof scope === 'string' && SCOPES.includes(scope),
    );
    if (known.length < scopes.length) return invalid('scopes');
    if (end !== undefined && (typeof end !== 'string' || Number.isNaN(Date.parse(end))))
      return invalid('expires_at');
    const differs = switches.creationDiffers;
    const token = tokens.add({
      token_label: differs === 'label' ? `${label}-1` : label,
      scopes: differs === 'scopes' ? ['repo:admin'] : known,
      creator_ua: headers['user-agent'] ?? '',
      generated_by: switches.createdThroughApi ?? undefined,
      ...(end === undefined ? {} : { expires_at: end }),
      ...(differs === 'end' ? { expires_at: new Date(clock.now() + YEAR).toISOString() } : {}),
    });
    standIn.afterCreation?.(token);
    return { status: 201, body: row(token, true) };
  };

  const change = (token: StoredToken, body: Buffer): SandboxAnswer => {
    const given = jsonObject(body);
    const { token_label: label, is_active: active } = given ?? {};
    if (label !== undefined && (typeof label !== 'string' || label.length < 1 || label.length > 100))
      return invalid('token_label');
    if (active !== undefined && typeof active !== 'boolean') return invalid('is_active');
    if (switches.ignoresChanges) return { status: 200, body: row(token) };
    // Other fields, scopes and end among them, can't be changed and are ignored.
    tokens.modify(token.uuid, {
      ...(label === undefined ? {} : { token_label: label }),
      ...(active === undefined ? {} : { is_active: active }),
    });
    return { status: 200, body: row(token) };
  };

  const manage = (request: SandboxRequest): SandboxAnswer => {
    const session = logins.sessionOf(request.headers['authorization']);
    if (session === undefined) return { status: 401, body: { message: 'unauthorized', errinfo: {} } };
    if (session.bornOfToken) return { status: 403, body: refusals[switches.tokenSessionRefusal] };
    const { method, path } = request;
    if (path === BASE) {
      if (method === 'GET') return list(request.query);
      return method === 'POST' ? create(request) : notAllowed;
    }
    const token = tokens.get(decodeURIComponent(path.slice(BASE.length + 1)));
    if (token === undefined) return NOT_FOUND;
    if (method === 'GET') return { status: 200, body: row(token) };
    if (method === 'PATCH') return change(token, request.body);
    if (method !== 'DELETE') return notAllowed;
    tokens.delete(token.uuid);
    return { status: switches.deleted };
  };

  const route = (request: SandboxRequest): SandboxAnswer => {
    const { method, path } = request;
    const body = jsonObject(request.body);
    if (path === BASE || path.startsWith(`${BASE}/`)) return manage(request);
    if (method === 'POST' && path === '/v2/auth/token') return logins.newRoute(body);
    if (method === 'POST' && path === '/v2/users/login' && switches.hasOldRoute) return logins.oldRoute(body);
    if (method === 'POST' && path === '/v2/users/2fa-login') return logins.secondStep(body);
    return notFoundPage;
  };

  const server = await startServer({
    name: 'docker-hub',
    clock,
    handle: (request) => {
      const isAllowed = limit.count();
      if (!isAllowed && switches.rateLimitEnforced) return limit.refusal;
      const answer = route(request);
      return { ...answer, headers: { ...limit.headers, ...answer.headers } };
    },
    ...options,
  });
  const standIn: DockerHubStandIn = Object.assign(server, {
    account,
    tokens,
    switches,
    logins,
    beforePage: undefined,
    afterCreation: undefined,
  });
  return standIn;
}

const notFoundPage: SandboxAnswer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
};
const notAllowed: SandboxAnswer = {
  status: 405,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<html><body><h1>405 Not Allowed</h1></body></html>',
};

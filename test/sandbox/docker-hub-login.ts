// Docker Hub's logins: routes, second factor, lock-out, and the sessions that come of them.
import { randomBytes, randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import type { Canaries } from './canaries.ts';
import type { SandboxClock } from './clock.ts';
import type { DockerHubSwitches } from './docker-hub-switches.ts';
import type { StoredToken, TokenStore } from './docker-hub-tokens.ts';
import type { SandboxAnswer } from './faults.ts';
import { type JsonObject, isObject, textOf } from './json.ts';
import { readHs256, signHs256 } from './jwt.ts';

/** The technical account. */
export interface DockerHubAccount {
  username: string;
  password: string;
  /** Base32; where it is set, logging in with the password asks for a code. */
  totpSecret: string | undefined;
}

/** Who a session belongs to. */
export interface OpenSession {
  readonly username: string;
  /** Whether it was got with a token: then it may not manage tokens. */
  readonly bornOfToken: boolean;
}

const WRONG: SandboxAnswer = { status: 401, body: { detail: 'Incorrect authentication credentials' } };
const LOCKED: SandboxAnswer = {
  status: 429,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'toomanyrequests: too many failed login attempts for username or IP address',
};
/** https://github.com/docker/hub-feedback/issues/2181 */
const SINGLE_SIGN_ON: SandboxAnswer = {
  status: 401,
  body: { detail: 'unauthorized: please use personal access token to login when SSO is enforced' },
};
const ORGANIZATION: SandboxAnswer = {
  status: 401,
  body: { detail: 'Cannot log into an organization account' },
};
const MINUTE = 60_000;
const CODE_MS = 30_000;

/** Logging in to Docker Hub, by every route that there is, and the sessions that come of it. */
export class DockerHubLogins {
  private readonly key = randomBytes(32);
  private readonly failures = new Map<string, number[]>();
  private readonly lockedUntil = new Map<string, number>();
  /** Contents of other accounts' tokens, with the account. */
  private readonly foreign = new Map<string, string>();
  /** Half logins that wait for their code, with the route's name for the session. */
  private readonly halves = new Map<string, string>();
  /** The step of the code that was taken last. */
  private lastStep = 0;
  private readonly account: DockerHubAccount;
  private readonly tokens: TokenStore;
  private readonly switches: DockerHubSwitches;
  private readonly clock: SandboxClock;
  private readonly canaries: Canaries;

  constructor(parts: {
    account: DockerHubAccount;
    tokens: TokenStore;
    switches: DockerHubSwitches;
    clock: SandboxClock;
    canaries: Canaries;
  }) {
    this.account = parts.account;
    this.tokens = parts.tokens;
    this.switches = parts.switches;
    this.clock = parts.clock;
    this.canaries = parts.canaries;
  }

  /** `POST /v2/auth/token` */
  newRoute(body: JsonObject | undefined): SandboxAnswer {
    return this.logIn(textOf(body, 'identifier'), textOf(body, 'secret'), 'access_token');
  }

  /** `POST /v2/users/login` */
  oldRoute(body: JsonObject | undefined): SandboxAnswer {
    return this.logIn(textOf(body, 'username'), textOf(body, 'password'), 'token');
  }

  /** `POST /v2/users/2fa-login` */
  secondStep(body: JsonObject | undefined): SandboxAnswer {
    const { username, totpSecret } = this.account;
    if (this.isLocked(username)) return LOCKED;
    const half = textOf(body, 'login_2fa_token');
    this.canaries.codes.add(textOf(body, 'code'));
    const isKnown = this.halves.delete(half);
    if (!isKnown || totpSecret === undefined || !this.isCode(totpSecret, textOf(body, 'code')))
      return this.fail(username);
    this.failures.delete(username);
    return { status: 200, body: { token: this.session({ username }) } };
  }

  /** The session that an `Authorization` header opens, `undefined` where it opens none or one that ran out. */
  sessionOf(authorization: string | undefined): OpenSession | undefined {
    const bearer = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    // A raw token is no session: it has to be exchanged for one.
    const claims = bearer === undefined ? undefined : readHs256(bearer, this.key);
    if (claims === undefined) return undefined;
    const end = claims['exp'];
    if (typeof end !== 'number' || end * 1000 <= this.clock.now()) return undefined;
    const own = claims['https://hub.docker.com'];
    return {
      username: textOf(isObject(own) ? own : claims, 'username'),
      bornOfToken: claims['born_of_token'] === true,
    };
  }

  /** A session as a test needs it that does not want to log in; `token`: as got with that one. */
  session({ username, token }: { username: string; token?: StoredToken }): string {
    const now = Math.floor(this.clock.now() / 1000);
    const source = this.sourceOf(token);
    const id = randomUUID();
    const common = {
      aud: 'https://hub.docker.com',
      iss: 'https://api.docker.com/',
      sub: randomUUID(),
      jti: id,
      iat: now,
      exp: now + this.switches.sessionSeconds,
      ...(token === undefined ? {} : { born_of_token: true, scope: (token.scopes ?? []).join(' ') }),
    };
    const own = {
      username,
      session_id: id,
      uuid: randomUUID(),
      ...(source === undefined ? {} : { source }),
    };
    const claims =
      this.switches.claimsForm === 'flat'
        ? { ...common, ...own }
        : {
            ...common,
            'https://hub.docker.com': { ...own, email: `${username}@example.com`, roles: [] },
            source: { type: token === undefined ? 'password' : 'pat' },
          };
    return this.canaries.add(signHs256(claims, this.key));
  }

  /** The content of a token that another account has: it is accepted with whatever user name. */
  addForeignToken(account: string): string {
    const content = this.canaries.tokenContent();
    this.foreign.set(content, account);
    return content;
  }

  /** Whether a user name is locked out now. */
  isLocked(username: string): boolean {
    return (this.lockedUntil.get(username) ?? 0) > this.clock.now();
  }

  /** Counts a failed login, of whatever part of Docker Hub. */
  fail(username: string): SandboxAnswer {
    const now = this.clock.now();
    const span = this.switches.lockOutMinutes * MINUTE;
    const recent = [...(this.failures.get(username) ?? []), now].filter((at) => at > now - span);
    this.failures.set(username, recent);
    if (recent.length >= this.switches.lockOutAfter) {
      this.lockedUntil.set(username, now + span);
      this.failures.delete(username);
    }
    return WRONG;
  }

  private logIn(username: string, secret: string, field: 'access_token' | 'token'): SandboxAnswer {
    if (username === '' || secret === '')
      return { status: 400, body: { message: 'bad request', errinfo: { missing: 'credentials' } } };
    // Who is locked out is refused with good credentials too.
    if (this.isLocked(username)) return LOCKED;
    const { username: own, password } = this.account;
    if (username === own && secret === password) return this.byPassword(username, field);
    // A token is taken with whatever user name; whose it is, the session says.
    const account = this.foreign.get(secret) ?? own;
    const token = this.foreign.has(secret) ? foreignToken(secret) : this.tokens.open(secret);
    if (typeof token === 'string') return this.fail(username);
    if (this.switches.exchangeIsUse) this.tokens.use(token);
    return { status: 200, body: { [field]: this.session({ username: account, token }) } };
  }

  private byPassword(username: string, field: 'access_token' | 'token'): SandboxAnswer {
    if (this.switches.isOrganization) return ORGANIZATION;
    if (this.switches.enforcesSingleSignOn) return SINGLE_SIGN_ON;
    // The new route's refusal of good passwords is a fault of its own, and not counted as a failed login.
    if (field === 'access_token' && !this.switches.newRouteTakesPassword) return WRONG;
    this.failures.delete(username);
    if (this.account.totpSecret === undefined)
      return { status: 200, body: { [field]: this.session({ username }) } };
    const half = this.canaries.add(randomBytes(24).toString('base64url'));
    this.halves.set(half, field);
    return {
      status: 401,
      body: {
        detail: 'Require secondary authentication on MFA enabled account',
        login_2fa_token: half,
      },
    };
  }

  /** Whether a code is good; each is good once, and none that is older than one that was taken. */
  private isCode(secret: string, code: string): boolean {
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    const timestamp = this.clock.now();
    const delta = totp.validate({ token: code, timestamp, window: 1 });
    if (delta === null) return false;
    const step = Math.floor(timestamp / CODE_MS) + delta;
    if (step <= this.lastStep) return false;
    this.lastStep = step;
    return true;
  }

  private sourceOf(token: StoredToken | undefined): string | undefined {
    if (token === undefined || this.switches.claims === 'none') return undefined;
    return `docker_pat|${this.switches.claims === 'uuid' ? token.uuid : randomUUID()}`;
  }
}

/** A token of another account: the list of this one does not have it. */
function foreignToken(content: string): StoredToken {
  return { uuid: randomUUID(), scopes: ['repo:read'], content };
}

import { TOTP } from 'otpauth';
import * as v from 'valibot';
import { AuditorError, isAuditorError, type ErrorName } from '../errors.ts';
import { described, NoAnswer, shaped, toldWait, type Answer, type Http } from './http.ts';
import type { Clock, DockerHubLogin } from './types.ts';

/** A session as Docker Hub gave it; it is secret. */
export interface Session {
  readonly bearer: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A session without a readable end is taken to last this long; Docker Hub's last ten minutes. */
const UNKNOWN_LIFE = 5 * 60_000;
/** A login is not kept waiting longer than this by a limit. */
const LONGEST_LOGIN_WAIT = 60_000;
const PAT_PREFIX = 'dckr_pat_';

const newSession = v.object({ access_token: v.pipe(v.string(), v.minLength(1)) });
const oldSession = v.object({ token: v.pipe(v.string(), v.minLength(1)) });
const secondFactor = v.object({ login_2fa_token: v.pipe(v.string(), v.minLength(1)) });
const wording = v.object({ detail: v.optional(v.string(), ''), message: v.optional(v.string(), '') });
const claims = v.object({ exp: v.optional(v.number()), source: v.optional(v.string()) });

/** The claims of a JWT, not verified: who sent it is known by the connection. */
export function claimsOf(bearer: string): v.InferOutput<typeof claims> {
  try {
    const parsed = v.safeParse(
      claims,
      JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()),
    );
    return parsed.success ? parsed.output : {};
  } catch {
    return {};
  }
}

/** The id that the claims of a session got with a personal access token name (`source: "docker_pat|<id>"`). */
export function claimedTokenId(bearer: string): string | undefined {
  return /^docker_pat\|(.+)$/.exec(claimsOf(bearer).source ?? '')?.[1];
}

/** What Docker Hub says in words, to compare with known texts. */
export function wordsOf(answer: Answer): string {
  const words = shaped(wording, answer);
  return words === undefined ? answer.start : `${words.detail} ${words.message}`;
}

/** Whether a 429 is the lock-out after failed logins rather than a limit. */
export function isLockOut(answer: Answer): boolean {
  return answer.status === 429 && /too many failed login/i.test(wordsOf(answer));
}

/** Docker Hub's words for "this session may not manage tokens, because it was got with a token". */
export function isTokenSessionRefusal(answer: Answer): boolean {
  return answer.status === 403 && /personal access token/i.test(wordsOf(answer));
}

const CURES: Partial<Record<ErrorName, string>> = {
  DockerHubLoginFailed: 'put the right user name and password into the login secret in Vault',
  DockerHubNeedsPassword:
    "put the account's password into the login secret in Vault; where single sign-on is enforced, the account needs an address outside the verified domain",
  DockerHubNeedsTwoFactor:
    "put the account's TOTP secret (base32) as totp_secret into the login secret in Vault",
  DockerHubLockedOut:
    'wait at least 10 minutes, find out who keeps logging in with a wrong password, then try again',
  DockerHubUnavailable: 'look at https://www.dockerstatus.com and try again later',
};

/** An error about logging in, with its cure. */
export function loginError(name: ErrorName, what: string): AuditorError {
  return new AuditorError(
    name,
    `Logging in to Docker Hub failed, because ${what}; ${CURES[name] ?? 'try again later'}.`,
  );
}

export interface LoginOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly deadline: number;
}

/** Posts one login; a limit is waited for once, because a limited login is not a refused one. */
async function post({ http, clock, deadline }: LoginOptions, path: string, body: unknown): Promise<Answer> {
  const send = async (): Promise<Answer> => {
    try {
      return await http.send({ method: 'POST', path, body });
    } catch (error) {
      if (error instanceof NoAnswer) throw loginError('DockerHubUnavailable', error.message);
      throw error;
    }
  };
  const answer = await send();
  if (answer.status !== 429 || isLockOut(answer)) return answer;
  const wait = toldWait(answer.headers, clock.now());
  if (wait > LONGEST_LOGIN_WAIT || clock.now() + wait >= deadline) return answer;
  await clock.sleep(wait);
  return send();
}

function sessionOf(bearer: string, clock: Clock): Session {
  if (claimedTokenId(bearer) !== undefined)
    throw loginError(
      'DockerHubNeedsPassword',
      'a personal access token is stored where the password should be',
    );
  const { exp } = claimsOf(bearer);
  return { bearer, expiresAt: exp === undefined ? clock.now() + UNKNOWN_LIFE : exp * 1000 };
}

function codeOf(secret: string | undefined, now: number): string {
  if (secret === undefined)
    throw loginError(
      'DockerHubNeedsTwoFactor',
      'the account has two-factor login and no totp_secret is stored',
    );
  try {
    return new TOTP({ secret: secret.replace(/\s+/g, '').toUpperCase() }).generate({ timestamp: now });
  } catch {
    throw loginError('DockerHubNeedsTwoFactor', 'the stored totp_secret is not base32');
  }
}

/** The second step of a login with two factors. */
async function secondStep(options: LoginOptions, login: DockerHubLogin, half: string): Promise<Session> {
  const code = codeOf(login.totpSecret, options.clock.now());
  const answer = await post(options, '/v2/users/2fa-login', { login_2fa_token: half, code });
  const session = shaped(oldSession, answer)?.token ?? shaped(newSession, answer)?.access_token;
  if (answer.status === 200 && session !== undefined) return sessionOf(session, options.clock);
  if (isLockOut(answer))
    throw loginError('DockerHubLockedOut', 'Docker Hub locked the account out after too many failed logins');
  if (answer.status === 401 || answer.status === 400 || answer.status === 403)
    throw loginError(
      'DockerHubNeedsTwoFactor',
      `Docker Hub refused the code made from the stored totp_secret (status ${answer.status})`,
    );
  throw loginError('DockerHubUnavailable', `the second step was answered with ${described(answer)}`);
}

/** What one of the two routes came to: a session, the half of one, or a refusal. */
async function oneRoute(
  options: LoginOptions,
  login: DockerHubLogin,
  route: 'new' | 'old',
): Promise<Session | { refused: Answer }> {
  const { username, password } = login;
  const answer =
    route === 'new'
      ? await post(options, '/v2/auth/token', { identifier: username, secret: password })
      : await post(options, '/v2/users/login', { username, password });
  const session =
    route === 'new' ? shaped(newSession, answer)?.access_token : shaped(oldSession, answer)?.token;
  if (answer.status === 200 && session !== undefined) return sessionOf(session, options.clock);
  if (isLockOut(answer))
    throw loginError('DockerHubLockedOut', 'Docker Hub locked the account out after too many failed logins');
  const half = answer.status === 401 ? shaped(secondFactor, answer)?.login_2fa_token : undefined;
  if (half !== undefined) return secondStep(options, login, half);
  if (
    answer.status >= 400 &&
    answer.status < 500 &&
    answer.status !== 429 &&
    (answer.json !== undefined || answer.status === 404)
  )
    return { refused: answer };
  throw loginError('DockerHubUnavailable', `it was answered with ${described(answer)}`);
}

/**
 * Logs in with the account's password: by the new route, and where that refuses, by the old one, which is the only
 * documented way in with two factors. The two count as one login. Never repeated.
 *
 * @throws AuditorError `DockerHubLoginFailed`, `DockerHubNeedsPassword`, `DockerHubNeedsTwoFactor`,
 *   `DockerHubLockedOut`, `DockerHubUnavailable`
 */
export async function logIn(options: LoginOptions, login: DockerHubLogin): Promise<Session> {
  if (login.password.startsWith(PAT_PREFIX))
    throw loginError(
      'DockerHubNeedsPassword',
      'a personal access token is stored where the password should be',
    );
  const first = await oneRoute(options, login, 'new');
  if (!('refused' in first)) return first;
  const second = await oneRoute(options, login, 'old');
  if (!('refused' in second)) return second;
  const words = `${wordsOf(first.refused)} ${wordsOf(second.refused)}`;
  if (/\bSSO\b|single sign/i.test(words))
    throw loginError('DockerHubNeedsPassword', 'single sign-on is enforced for the account');
  if (/secondary authentication|MFA|two.factor/i.test(words))
    throw loginError(
      'DockerHubNeedsTwoFactor',
      'Docker Hub asks for a second factor and does not say how to give it',
    );
  if (isTokenSessionRefusal(first.refused) || isTokenSessionRefusal(second.refused))
    throw loginError(
      'DockerHubNeedsPassword',
      'a personal access token is stored where the password should be',
    );
  throw loginError(
    'DockerHubLoginFailed',
    `Docker Hub refused user name and password (status ${second.refused.status})`,
  );
}

/** Whether an error is a refusal that logging in again would only repeat. */
export function isRefusedLogin(error: unknown): error is AuditorError {
  return isAuditorError(
    error,
    'DockerHubLoginFailed',
    'DockerHubNeedsPassword',
    'DockerHubNeedsTwoFactor',
    'DockerHubLockedOut',
    'InvalidConfiguration',
  );
}

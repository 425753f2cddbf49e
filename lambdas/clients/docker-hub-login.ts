// Logs in to Docker Hub: both routes, the second factor, and what each refusal means.
import * as v from 'valibot';
import { AuditorError, type ErrorName, isAuditorError } from '../errors.ts';
import { sessionClaims } from './docker-hub-claims.ts';
import { type Answer, type Http, NoAnswer, describeStatus, isLockOut, parseJsonAs } from './http.ts';
import type { Clock, DockerHubLogin, OneTimeCodes } from './ports.ts';

/** A session as Docker Hub gave it; it is secret. */
export interface Session {
  readonly bearer: string;
  /** Milliseconds since 1970: shortly before its end, so that it does not run out under way. */
  readonly renewAt: number;
}

/** A session without a readable end is taken to last this long; Docker Hub's last ten minutes. */
const UNKNOWN_LIFE = 5 * 60_000;
/** A session is renewed this long before its end, one that lives shortly after four fifths of its life. */
const RENEWED_BEFORE = 30_000;
/** A code is good for this long (RFC 6238), and once: it is not sent again within its time. */
const CODE_MS = 30_000;
/** Personal and organization access tokens. */
const TOKEN_PREFIX = /^dckr_[a-z]{3}_/;

const newSession = v.object({ access_token: v.pipe(v.string(), v.minLength(1)) });
const oldSession = v.object({ token: v.pipe(v.string(), v.minLength(1)) });
const secondFactor = v.object({ login_2fa_token: v.pipe(v.string(), v.minLength(1)) });
const words = v.fallback(v.string(), '');
const wording = v.object({ detail: v.optional(words, ''), message: v.optional(words, '') });

/** Texts of refusals that are no matter of a wrong password. */
const SINGLE_SIGN_ON = /\bSSO\b|single sign/i;
const ORGANIZATION = /organi[sz]ation account/i;
const SECOND_FACTOR = /secondary authentication|MFA|two.factor/i;

/** What Docker Hub says in words, to compare with known texts. */
function wordsOf(answer: Answer): string {
  const found = parseJsonAs(wording, answer);
  return found === undefined ? answer.start : `${found.detail} ${found.message}`;
}

/** Docker Hub's words for "this session may not manage tokens, because it was got with a token". */
export function isTokenSessionRefusal(answer: Answer): boolean {
  return answer.status === 403 && /personal access token/i.test(wordsOf(answer));
}

/** Whether credentials are right as far as they go, and a second factor is asked for: a token never needs one. */
export function isMissingFactor(answer: Answer): boolean {
  return answer.status === 401 && parseJsonAs(secondFactor, answer) !== undefined;
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
  /** Which code of a second factor was sent last. */
  readonly codes: OneTimeCodes;
}

/** Posts one login; a limit is waited for, because a limited login is not a refused one. */
async function post({ http }: LoginOptions, path: string, body: unknown): Promise<Answer> {
  try {
    return await http.change({ method: 'POST', path, body });
  } catch (error) {
    if (error instanceof NoAnswer) throw loginError('DockerHubUnavailable', error.message);
    throw error;
  }
}

function sessionOf(bearer: string, clock: Clock): Session {
  const { isOfToken, expiresAt = 0 } = sessionClaims(bearer);
  if (isOfToken)
    throw loginError('DockerHubNeedsPassword', 'an access token is stored where the password should be');
  const now = clock.now();
  const expiry = expiresAt - now;
  // A new session that ran out already means that the two clocks differ: to renew it each time would never end.
  const life = expiry > 0 ? expiry : UNKNOWN_LIFE;
  return { bearer, renewAt: now + Math.max(life - RENEWED_BEFORE, life * 0.8) };
}

async function codeAt(secret: string | undefined, now: number): Promise<string> {
  if (secret === undefined)
    throw loginError(
      'DockerHubNeedsTwoFactor',
      'the account has two-factor login and no totp_secret is stored',
    );
  const { TOTP } = await import('otpauth');
  try {
    return new TOTP({ secret: secret.replace(/[\s-]+/g, '').toUpperCase() }).generate({ timestamp: now });
  } catch {
    throw loginError('DockerHubNeedsTwoFactor', 'the stored totp_secret is not base32');
  }
}

/** A code that no function sent yet: Docker Hub takes each once. Waits for the next where this one is spent. */
async function freshCode({ clock, codes }: LoginOptions, secret: string | undefined): Promise<string> {
  const present = Math.floor(clock.now() / CODE_MS);
  // A step far ahead was written by a clock that was wrong; to wait for it would be to wait for ever.
  const step = codes.lastStep > present + 1 ? present : Math.max(present, codes.lastStep + 1);
  const code = await codeAt(secret, step * CODE_MS);
  if (step > present) await clock.sleep(step * CODE_MS - clock.now());
  codes.lastStep = step;
  return code;
}

/** Docker Hub refused a code: it may have run out under way, so the next one is tried, once. */
class CodeRefused extends AuditorError {}

function codeRefused(status: number): CodeRefused {
  const { name, message } = loginError(
    'DockerHubNeedsTwoFactor',
    `Docker Hub refused two codes made from the stored totp_secret (status ${status}), so it is another account's, or the function's clock is wrong`,
  );
  return new CodeRefused(name, message);
}

/** The second step of a login with two factors. */
async function secondStep(options: LoginOptions, login: DockerHubLogin, half: string): Promise<Session> {
  const code = await freshCode(options, login.totpSecret);
  const answer = await post(options, '/v2/users/2fa-login', { login_2fa_token: half, code });
  const session = parseJsonAs(oldSession, answer)?.token ?? parseJsonAs(newSession, answer)?.access_token;
  if (answer.status === 200 && session !== undefined) return sessionOf(session, options.clock);
  if (isLockOut(answer))
    throw loginError('DockerHubLockedOut', 'Docker Hub locked the account out after too many failed logins');
  if (answer.status === 401 || answer.status === 400 || answer.status === 403)
    throw codeRefused(answer.status);
  throw loginError('DockerHubUnavailable', `the second step was answered with ${describeStatus(answer)}`);
}

/** Whether Docker Hub itself refused: an outage's pages are no JSON, and say none of the known words. */
function isRefusal(answer: Answer): boolean {
  const { status, json } = answer;
  if (status < 400 || status >= 500 || status === 429) return false;
  return json !== undefined || status === 404 || isKnownText(wordsOf(answer));
}

function isKnownText(text: string): boolean {
  return SINGLE_SIGN_ON.test(text) || ORGANIZATION.test(text);
}

/** The first step of a login, by one of the two routes. */
async function firstStep(
  options: LoginOptions,
  { username, password }: DockerHubLogin,
  route: 'new' | 'old',
): Promise<{ readonly answer: Answer; readonly session: string | undefined }> {
  if (route === 'new') {
    const answer = await post(options, '/v2/auth/token', { identifier: username, secret: password });
    return { answer, session: parseJsonAs(newSession, answer)?.access_token };
  }
  const answer = await post(options, '/v2/users/login', { username, password });
  return { answer, session: parseJsonAs(oldSession, answer)?.token };
}

/** What one of the two routes came to: a session, the half of one, or a refusal. */
async function oneRoute(
  options: LoginOptions,
  login: DockerHubLogin,
  route: 'new' | 'old',
  isLastTry = false,
): Promise<Session | { refused: Answer }> {
  const { answer, session } = await firstStep(options, login, route);
  if (answer.status === 200 && session !== undefined) return sessionOf(session, options.clock);
  if (isLockOut(answer))
    throw loginError('DockerHubLockedOut', 'Docker Hub locked the account out after too many failed logins');
  const half = answer.status === 401 ? parseJsonAs(secondFactor, answer)?.login_2fa_token : undefined;
  if (half !== undefined) {
    try {
      return await secondStep(options, login, half);
    } catch (error) {
      // The half of a session is good for one code, so the first step is made again for the next one.
      if (!(error instanceof CodeRefused) || isLastTry) throw error;
      return oneRoute(options, login, route, true);
    }
  }
  if (isRefusal(answer)) return { refused: answer };
  throw loginError('DockerHubUnavailable', `it was answered with ${describeStatus(answer)}`);
}

/**
 * Logs in with the account's password: by the new route, and where that refuses, by the old one, which is the only
 * documented way in with two factors. The two count as one login. Never repeated.
 *
 * @throws AuditorError `DockerHubLoginFailed`, `DockerHubNeedsPassword`, `DockerHubNeedsTwoFactor`,
 *   `DockerHubLockedOut`, `DockerHubUnavailable`
 */
export async function logIn(options: LoginOptions, login: DockerHubLogin): Promise<Session> {
  if (TOKEN_PREFIX.test(login.password))
    throw loginError('DockerHubNeedsPassword', 'an access token is stored where the password should be');
  const first = await oneRoute(options, login, 'new');
  if (!('refused' in first)) return first;
  const second = await oneRoute(options, login, 'old');
  if (!('refused' in second)) return second;
  throw refusalError(first.refused, second.refused);
}

/** What it means that both routes refused. */
function refusalError(first: Answer, second: Answer): AuditorError {
  const text = `${wordsOf(first)} ${wordsOf(second)}`;
  if (ORGANIZATION.test(text))
    return loginError(
      'DockerHubNeedsPassword',
      "Docker Hub says that this is an organization account; an organization's name and access tokens can't manage personal access tokens",
    );
  if (SINGLE_SIGN_ON.test(text))
    return loginError(
      'DockerHubNeedsPassword',
      'Docker Hub says that single sign-on is enforced for the account',
    );
  if (SECOND_FACTOR.test(text))
    return loginError(
      'DockerHubNeedsTwoFactor',
      'Docker Hub asks for a second factor and does not say how to give it',
    );
  if (isTokenSessionRefusal(first) || isTokenSessionRefusal(second))
    return loginError('DockerHubNeedsPassword', 'an access token is stored where the password should be');
  // A route that is not there refuses nobody.
  const decisive = [second, first].find(({ status }) => status !== 404 && status !== 405);
  if (decisive === undefined)
    return loginError('DockerHubUnavailable', `it was answered with ${describeStatus(first)}`);
  return loginError(
    'DockerHubLoginFailed',
    `Docker Hub refused user name and password (status ${decisive.status})`,
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

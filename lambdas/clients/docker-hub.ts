// Docker Hub's access tokens of one account: list, create, change, delete, and what a stored content opens.
import * as v from 'valibot';
import type { ContentCheck, HubToken } from '../domain/token.ts';
import { AuditorError, isAuditorError } from '../errors.ts';
import { isConcealed } from '../text/conceal.ts';
import { displayName, escapeText } from '../text/display.ts';
import { sessionClaims } from './docker-hub-claims.ts';
import {
  type Progress,
  RateGate,
  isOwnRefusal,
  isPage,
  isTokenId,
  listWhole,
  tokenSchema,
  unavailable,
} from './docker-hub-list.ts';
import {
  type Session,
  isMissingFactor,
  isRefusedLogin,
  isTokenSessionRefusal,
  logIn,
  loginError,
} from './docker-hub-login.ts';
import type { EventScope } from './event-scope.ts';
import {
  type Answer,
  NoAnswer,
  type Request,
  createHttp,
  describeStatus,
  isLockOut,
  parseJsonAs,
} from './http.ts';
import {
  type Clock,
  type CreatedToken,
  type DockerHub,
  type DockerHubLogin,
  type OneTimeCodes,
  WrongCreation,
} from './ports.ts';

/** Sessions given up in one run because Docker Hub refused them before their end; more is an outage, not an end. */
const MOST_REFUSED_SESSIONS = 3;
/** Logins in one run that may come to nothing without having been refused. */
const MOST_FAILED_LOGINS = 2;
/** Milliseconds for checking one content: there is always another night. */
const CHECK_MILLISECONDS = 10_000;

/** The content of a new token; listed ones show stars or nothing in its place. */
const createdSchema = v.object({ token: v.pipe(v.string(), v.regex(/[^\s*]/)) });
const sessionSchema = v.object({ access_token: v.pipe(v.string(), v.minLength(1)) });

export interface DockerHubOptions {
  readonly url: string;
  /** The account whose tokens these are: somebody else's are never judged. */
  readonly account: string;
  /** Reads the login from Vault, once. */
  readonly login: () => Promise<DockerHubLogin>;
  readonly clock: Clock;
  readonly deadline: number;
  /** Shared with the lease, which hands it from function to function; default: this run's own. */
  readonly codes?: OneTimeCodes;
  readonly answerMilliseconds?: number;
  readonly scope?: EventScope | undefined;
  /** Is told how many rows of the list were read. */
  readonly onProgress?: Progress;
}

/** The tokens of one Docker Hub account, by Docker Hub's API. */
export function createDockerHub(options: DockerHubOptions): DockerHub {
  const { url, account, clock, deadline, codes = { lastStep: 0 } } = options;
  const http = createHttp(options);
  const gate = new RateGate(clock, deadline);
  let login: Promise<DockerHubLogin> | undefined;
  let session: Promise<Session> | undefined;
  let refusal: AuditorError | undefined;
  let failedLogins = 0;
  let refusedSessions = 0;

  const credentials = (): Promise<DockerHubLogin> =>
    (login ??= options.login().then((found) => {
      if (found.username === account) return found;
      // What was found is not said: where the two fields were swapped, it is the password.
      throw new AuditorError(
        'InvalidConfiguration',
        `Logging in to Docker Hub was not tried, because the username of the login in Vault is not the configured account ${account}; correct whichever is wrong, other people's tokens are never judged.`,
      );
    }));

  const begin = async (): Promise<Session> => {
    // A refused login is not tried again in this run: Docker Hub counts failures and locks out.
    if (refusal !== undefined) throw refusal;
    try {
      return await logIn({ http, clock, codes }, await credentials());
    } catch (error) {
      failedLogins += 1;
      if (isRefusedLogin(error) || (isAuditorError(error) && failedLogins >= MOST_FAILED_LOGINS))
        refusal = error;
      throw error;
    }
  };

  /** The session in force; concurrent callers share one login, a failed one is not kept. */
  const current = async (): Promise<Session> => {
    const held = session;
    if (held !== undefined) {
      const known = await held;
      if (clock.now() < known.renewAt) return known;
      if (session === held) session = undefined;
    }
    session ??= begin();
    const mine = session;
    try {
      return await mine;
    } catch (error) {
      if (session === mine) session = undefined;
      throw error;
    }
  };

  /** Sends with the session, and once more with a new one where Docker Hub says that it ran out. */
  const withSession = async (send: (bearer: string) => Promise<Answer>): Promise<Answer> => {
    const first = await current();
    const answer = await send(first.bearer);
    if (answer.status !== 401) return answer;
    if (session !== undefined && (await session).bearer === first.bearer) {
      // Each renewal is a login, and must not become a loop of them.
      if (++refusedSessions > MOST_REFUSED_SESSIONS) return answer;
      session = undefined;
    }
    return send((await current()).bearer);
  };

  const checked = (answer: Answer, doing: string): Answer => {
    if (isTokenSessionRefusal(answer))
      throw loginError(
        'DockerHubNeedsPassword',
        'Docker Hub says that its session was got with a personal access token',
      );
    if (isLockOut(answer))
      throw loginError(
        'DockerHubLockedOut',
        'Docker Hub locked the account out after too many failed logins',
      );
    if (answer.status === 401 || answer.status === 403)
      throw unavailable(doing, `it refuses a session that it has just given (${describeStatus(answer)})`);
    return answer;
  };

  const reading = async (
    doing: string,
    path: string,
    isUsable: (answer: Answer) => boolean,
  ): Promise<Answer> => {
    try {
      const answer = await withSession(async (bearer) => {
        await gate.pass();
        let received: Answer | undefined;
        try {
          received = await http.read(
            { method: 'GET', path, headers: { authorization: `Bearer ${bearer}` } },
            isUsable,
          );
          return received;
        } finally {
          gate.learn(received);
        }
      });
      return checked(answer, doing);
    } catch (error) {
      if (error instanceof NoAnswer) throw unavailable(doing, error.message);
      throw error;
    }
  };

  const changing = async (doing: string, request: Omit<Request, 'headers'>): Promise<Answer> => {
    try {
      return checked(
        await withSession((bearer) =>
          http.change({ ...request, headers: { authorization: `Bearer ${bearer}` } }),
        ),
        doing,
      );
    } catch (error) {
      if (error instanceof NoAnswer) throw unavailable(doing, error.message);
      throw error;
    }
  };

  const pathOf = (id: string): string => {
    if (isTokenId(id)) return `/v2/access-tokens/${encodeURIComponent(id)}`;
    throw new AuditorError(
      'InvalidRequest',
      `Docker Hub was not asked for the token ${JSON.stringify(escapeText(id))}, because that is no token's id; take the id from Docker Hub's page or from the report.`,
    );
  };

  const getToken = async (id: string): Promise<HubToken | undefined> => {
    const doing = `Reading the token ${escapeText(id)}`;
    const isToken = (answer: Answer): boolean => parseJsonAs(tokenSchema, answer) !== undefined;
    const answer = await reading(
      doing,
      pathOf(id),
      (candidate) =>
        isOwnRefusal(candidate) ||
        (candidate.status === 404 && candidate.json !== undefined) ||
        isToken(candidate),
    );
    // A 404 page of an outage says nothing about the token; Docker Hub's own 404 is JSON.
    if (answer.status === 404 && answer.json !== undefined) return undefined;
    const token = answer.status === 200 ? parseJsonAs(tokenSchema, answer) : undefined;
    if (token?.id !== id) throw unavailable(doing, `it came back with ${describeStatus(answer)}`);
    return token;
  };

  /** Makes a change whose outcome can be read back: where the answer says nothing, the token does. */
  const change = async (
    doing: string,
    request: Omit<Request, 'headers'>,
    isDone: (answer: Answer) => boolean,
    isChanged: () => Promise<boolean>,
  ): Promise<void> => {
    let failure: AuditorError;
    try {
      const answer = await changing(doing, request);
      if (isDone(answer)) return;
      failure = unavailable(
        doing,
        answer.status === 200 && answer.json !== undefined
          ? 'it was answered with status 200, and the token is still as it was'
          : `it came back with ${describeStatus(answer)}`,
      );
    } catch (error) {
      if (!isAuditorError(error, 'DockerHubUnavailable')) throw error;
      failure = error;
    }
    if (!(await isChanged())) throw failure;
  };

  const deleteToken = (id: string): Promise<void> =>
    change(
      `Deleting the token ${escapeText(id)}`,
      { method: 'DELETE', path: pathOf(id) },
      (answer) => answer.status === 204 || answer.status === 202,
      async () => (await getToken(id)) === undefined,
    );

  /** Deletes again what Docker Hub made in place of what was asked for. */
  const rejectCreation = async (doing: string, id: string, what: string): Promise<WrongCreation> => {
    const { message } = unavailable(doing, `what it made ${what} instead of what was asked for`);
    try {
      await deleteToken(id);
      return new WrongCreation(message);
    } catch {
      return new WrongCreation(message, id);
    }
  };

  return {
    listTokens: () =>
      listWhole((path) => reading('Listing the tokens', path, isPage), url, options.onProgress),
    getToken,
    async createToken(label, scopes): Promise<CreatedToken> {
      const doing = `Creating the token ${escapeText(label)}`;
      const answer = await changing(doing, {
        method: 'POST',
        path: '/v2/access-tokens',
        body: { token_label: label, scopes },
      });
      const content = parseJsonAs(createdSchema, answer)?.token;
      const token = parseJsonAs(tokenSchema, answer);
      if (answer.status !== 201 || content === undefined || token === undefined)
        throw unavailable(doing, `it came back with ${describeStatus(answer)}`);
      const wrong = differenceOf(token, label, scopes);
      if (wrong !== undefined) throw await rejectCreation(doing, token.id, wrong);
      return { token, content };
    },
    setEnabled: (id, enabled) =>
      change(
        `Switching the token ${escapeText(id)} ${enabled ? 'on' : 'off'}`,
        { method: 'PATCH', path: pathOf(id), body: { is_active: enabled } },
        (answer) => answer.status === 200 && parseJsonAs(tokenSchema, answer)?.enabled === enabled,
        async () => (await getToken(id))?.enabled === enabled,
      ),
    async setLabel(id, label) {
      if (isConcealed(label))
        throw new AuditorError(
          'InvalidRequest',
          `Renaming the token ${escapeText(id)} at Docker Hub was not tried, because ${escapeText(label)} is only shown for a label that is a token's content; give it a proper name.`,
        );
      await change(
        `Renaming the token ${escapeText(id)}`,
        { method: 'PATCH', path: pathOf(id), body: { token_label: label } },
        (answer) => answer.status === 200 && parseJsonAs(tokenSchema, answer)?.label === label,
        async () => (await getToken(id))?.label === label,
      );
    },
    deleteToken,
    async checkContent(content): Promise<ContentCheck> {
      let answer: Answer;
      try {
        answer = await http.send({
          method: 'POST',
          path: '/v2/auth/token',
          body: { identifier: account, secret: content.trim() },
          milliseconds: CHECK_MILLISECONDS,
        });
      } catch {
        return { outcome: 'unwell' };
      }
      if (answer.status === 429) return { outcome: 'limited' };
      const bearer = answer.status === 200 ? parseJsonAs(sessionSchema, answer)?.access_token : undefined;
      if (bearer !== undefined) {
        const { tokenId, username } = sessionClaims(bearer);
        const isOthers = username !== undefined && username.toLowerCase() !== account.toLowerCase();
        return {
          outcome: 'accepted',
          ...(tokenId === undefined ? {} : { claimedId: tokenId }),
          ...(isOthers ? { otherAccount: username } : {}),
        };
      }
      if (isMissingFactor(answer)) return { outcome: 'password' };
      return answer.status === 401 && answer.json !== undefined
        ? { outcome: 'refused' }
        : { outcome: 'unwell' };
    },
  };
}

/** What a new token has otherwise than it was asked for, as a verb's end; what Docker Hub does not say is no difference. */
function differenceOf(token: HubToken, label: string, scopes: readonly string[]): string | undefined {
  if (token.label !== label) return `has the label ${displayName(token.label)}`;
  if (token.scopes !== undefined && [...token.scopes].sort().join() !== [...scopes].sort().join())
    return `may do ${token.scopes.length === 0 ? 'what no scope names' : escapeText(token.scopes.join(', '), 100)}`;
  if (token.expiresAt !== undefined)
    return `expires on ${new Date(token.expiresAt).toISOString().slice(0, 10)}`;
  return token.enabled ? undefined : 'is switched off';
}

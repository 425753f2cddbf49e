// Docker Hub's access tokens of one account: list, create, change, delete, and what a stored content opens.
import * as v from 'valibot';
import type { ContentCheck, HubToken } from '../domain/token.ts';
import { AuditorError, isAuditorError } from '../errors.ts';
import { isConcealed } from '../text/conceal.ts';
import { displayName, escapeText } from '../text/display.ts';
import { sessionClaims } from './docker-hub-claims.ts';
import {
  type Progress,
  isOwnRefusal,
  isPage,
  isTokenId,
  listWhole,
  tokenSchema,
  unavailable,
} from './docker-hub-list.ts';
import { isMissingFactor } from './docker-hub-login.ts';
import { HubSession, type HubSessionOptions } from './docker-hub-session.ts';
import type { EventScope } from './event-scope.ts';
import { type Answer, type Http, type Request, createHttp, describeStatus, parseJsonAs } from './http.ts';
import { type CreatedToken, type DockerHub, WrongCreation } from './ports.ts';

export interface DockerHubOptions extends HubSessionOptions {
  readonly url: string;
  readonly answerMilliseconds?: number;
  readonly scope?: EventScope | undefined;
  /** Is called with how many rows of the list were read. */
  readonly onProgress?: Progress;
}

/** The tokens of one Docker Hub account, by Docker Hub's API. */
export function createDockerHub(options: DockerHubOptions): DockerHub {
  const http = createHttp(options);
  const session = new HubSession(http, options);
  return {
    listTokens: () =>
      listWhole((path) => session.read('Listing the tokens', path, isPage), options.url, options.onProgress),
    getToken: (id) => getToken(session, id),
    createToken: (label, scopes) => createToken(session, label, scopes),
    setEnabled: (id, enabled) =>
      changeToken(session, {
        doing: `Switching the token ${escapeText(id)} ${enabled ? 'on' : 'off'}`,
        id,
        body: { is_active: enabled },
        isAsWanted: (token) => token.enabled === enabled,
      }),
    setLabel: (id, label) => setLabel(session, id, label),
    deleteToken: (id) => deleteToken(session, id),
    checkContent: (content) => checkContent(http, options.account, content),
  };
}

/** Milliseconds for checking one content: there is always another night. */
const CHECK_MS = 10_000;

/** The content of a new token; listed ones show stars or nothing in its place. */
const createdSchema = v.object({ token: v.pipe(v.string(), v.regex(/[^\s*]/)) });
const sessionSchema = v.object({ access_token: v.pipe(v.string(), v.minLength(1)) });

function pathOf(id: string): string {
  if (isTokenId(id)) return `/v2/access-tokens/${encodeURIComponent(id)}`;
  throw new AuditorError(
    'InvalidRequest',
    `Docker Hub was not asked for the token ${JSON.stringify(escapeText(id))}, because that is no token's id; take the id from Docker Hub's page or from the report.`,
  );
}

async function getToken(session: HubSession, id: string): Promise<HubToken | undefined> {
  const doing = `Reading the token ${escapeText(id)}`;
  // A 404 page of an outage says nothing about the token; Docker Hub's own 404 is JSON.
  const isGone = ({ status, json }: Answer): boolean => status === 404 && json !== undefined;
  const answer = await session.read(
    doing,
    pathOf(id),
    (candidate) =>
      isOwnRefusal(candidate) || isGone(candidate) || parseJsonAs(tokenSchema, candidate) !== undefined,
  );
  if (isGone(answer)) return undefined;
  const token = answer.status === 200 ? parseJsonAs(tokenSchema, answer) : undefined;
  if (token?.id !== id) throw unavailable(doing, `it came back with ${describeStatus(answer)}`);
  return token;
}

async function createToken(
  session: HubSession,
  label: string,
  scopes: readonly string[],
): Promise<CreatedToken> {
  const doing = `Creating the token ${escapeText(label)}`;
  const body = { token_label: label, scopes };
  const answer = await session.change(doing, { method: 'POST', path: '/v2/access-tokens', body });
  const content = parseJsonAs(createdSchema, answer)?.token;
  const token = parseJsonAs(tokenSchema, answer);
  if (answer.status !== 201 || content === undefined || token === undefined)
    throw unavailable(doing, `it came back with ${describeStatus(answer)}`);
  const difference = differenceOf(token, label, scopes);
  if (difference === undefined) return { token, content };
  const { message } = unavailable(doing, `what it made ${difference} instead of what was asked for`);
  const isDeleted = await deleteToken(session, token.id).then(
    () => true,
    () => false,
  );
  throw new WrongCreation(message, isDeleted ? undefined : token.id);
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

async function setLabel(session: HubSession, id: string, label: string): Promise<void> {
  if (isConcealed(label))
    throw new AuditorError(
      'InvalidRequest',
      `Renaming the token ${escapeText(id)} at Docker Hub was not tried, because ${escapeText(label)} is only shown for a label that is a token's content; give it a proper name.`,
    );
  await changeToken(session, {
    doing: `Renaming the token ${escapeText(id)}`,
    id,
    body: { token_label: label },
    isAsWanted: (token) => token.label === label,
  });
}

/** One change of a token: what is sent, and how the token is afterwards. */
interface TokenChange {
  readonly doing: string;
  readonly id: string;
  readonly body: unknown;
  readonly isAsWanted: (token: HubToken) => boolean;
}

async function changeToken(session: HubSession, { doing, id, body, isAsWanted }: TokenChange): Promise<void> {
  await change(session, {
    doing,
    request: { method: 'PATCH', path: pathOf(id), body },
    isDone: (answer) => {
      const token = answer.status === 200 ? parseJsonAs(tokenSchema, answer) : undefined;
      return token !== undefined && isAsWanted(token);
    },
    isChanged: async () => {
      const token = await getToken(session, id);
      return token !== undefined && isAsWanted(token);
    },
  });
}

async function deleteToken(session: HubSession, id: string): Promise<void> {
  await change(session, {
    doing: `Deleting the token ${escapeText(id)}`,
    request: { method: 'DELETE', path: pathOf(id) },
    isDone: ({ status }) => status === 204 || status === 202,
    isChanged: async () => (await getToken(session, id)) === undefined,
  });
}

/** A change whose outcome can be read back: where the answer says nothing, the token does. */
interface Change {
  readonly doing: string;
  readonly request: Omit<Request, 'headers'>;
  readonly isDone: (answer: Answer) => boolean;
  readonly isChanged: () => Promise<boolean>;
}

async function change(session: HubSession, { doing, request, isDone, isChanged }: Change): Promise<void> {
  let failure: AuditorError;
  try {
    const answer = await session.change(doing, request);
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
}

async function checkContent(http: Http, account: string, content: string): Promise<ContentCheck> {
  let answer: Answer;
  try {
    answer = await http.send({
      method: 'POST',
      path: '/v2/auth/token',
      body: { identifier: account, secret: content.trim() },
      milliseconds: CHECK_MS,
    });
  } catch {
    return { outcome: 'unwell' };
  }
  if (answer.status === 429) return { outcome: 'limited' };
  const bearer = answer.status === 200 ? parseJsonAs(sessionSchema, answer)?.access_token : undefined;
  if (bearer !== undefined) return accepted(bearer, account);
  if (isMissingFactor(answer)) return { outcome: 'password' };
  return answer.status === 401 && answer.json !== undefined ? { outcome: 'refused' } : { outcome: 'unwell' };
}

/** What the session says that an accepted content was exchanged for. */
function accepted(bearer: string, account: string): ContentCheck {
  const { tokenId, username } = sessionClaims(bearer);
  const isOthers = username !== undefined && username.toLowerCase() !== account.toLowerCase();
  return {
    outcome: 'accepted',
    ...(tokenId === undefined ? {} : { claimedId: tokenId }),
    ...(isOthers ? { otherAccount: username } : {}),
  };
}

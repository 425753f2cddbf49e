// Creates a token at Docker Hub, and deletes what was created in vain.

import { type CreatedToken, WrongCreation } from '../clients/ports.ts';
import type { HubToken } from '../domain/token.ts';
import { AuditorError, asAuditorError, isAuditorError, withDetail } from '../errors.ts';
import { listedIds } from '../runtime/on-demand.ts';
import type { Services } from '../runtime/services.ts';

/** The one right that a deployment's token has. */
export const SCOPES = ['repo:read'] as const;

const isNew =
  (deployment: string, before: ReadonlySet<string>) =>
  ({ id, label }: HubToken): boolean =>
    label === deployment && !before.has(id);

/** A creation failed and may have left a token that nobody could delete. */
export class TokenLeft extends AuditorError {}

/**
 * Finds what a creation without an answer left, and deletes it: its content is lost, so nobody can use it.
 *
 * @throws TokenLeft where that fails: it names the tokens, where they could be found at all
 */
async function deleteLost(
  services: Services,
  deployment: string,
  before: ReadonlySet<string>,
): Promise<void> {
  let left: readonly string[] | undefined;
  try {
    left = (await services.dockerHub.listTokens()).filter(isNew(deployment, before)).map(({ id }) => id);
    for (const id of [...left]) {
      await services.dockerHub.deleteToken(id);
      services.log.warn('A token whose creation got no answer was deleted', { token: id });
      left = left.filter((other) => other !== id);
    }
  } catch (error) {
    const { name, message } = asAuditorError(error, 'Deleting a token made in vain');
    const which =
      left === undefined
        ? 'a token of that label without a known id may be left on Docker Hub'
        : `the token ${listedIds(left)} is left on Docker Hub`;
    const end = withDetail(
      new AuditorError(name, message),
      `before that, creating the token of ${deployment} got no answer, so ${which}, whose content nobody knows; invoke again within the hour, which deletes it, or delete it by hand`,
    );
    throw new TokenLeft(end.name, end.message);
  }
}

/** What a creation that made another token than was asked for left, where it could not be deleted again. */
function leftBy(error: WrongCreation): AuditorError {
  if (error.left === undefined) return error;
  const end = withDetail(
    error,
    `the token ${listedIds([error.left])} that it made could not be deleted again, so delete it on Docker Hub by hand`,
  );
  return new TokenLeft(end.name, end.message);
}

/**
 * Creates a deployment's token. A creation whose answer was lost leaves at most one token: that one is found and
 * deleted, then it is made again, once.
 *
 * @param before ids of the tokens of that label that were there before
 * @throws TokenLeft where a lost one may be left; any other failure left nothing
 */
export async function createToken(
  services: Services,
  deployment: string,
  before: ReadonlySet<string>,
): Promise<CreatedToken> {
  const create = (): Promise<CreatedToken> => services.dockerHub.createToken(deployment, SCOPES);
  try {
    return await create();
  } catch (error) {
    if (error instanceof WrongCreation) throw leftBy(error);
    if (!isAuditorError(error, 'DockerHubUnavailable')) throw error;
  }
  await deleteLost(services, deployment, before);
  try {
    return await create();
  } catch (error) {
    if (error instanceof WrongCreation) throw leftBy(error);
    if (isAuditorError(error, 'DockerHubUnavailable')) await deleteLost(services, deployment, before);
    throw error;
  }
}

/**
 * Deletes a token that was made in vain.
 *
 * @returns the error to throw: the one that made it vain, or, where even deleting failed, one that names the token's id
 */
export async function discardToken(
  services: Services,
  id: string,
  error: AuditorError,
): Promise<AuditorError> {
  try {
    await services.dockerHub.deleteToken(id);
    return error;
  } catch {
    return withDetail(
      error,
      `the token ${listedIds([id])} that was made before could not be deleted again, so delete it on Docker Hub by hand, its content is stored nowhere`,
    );
  }
}

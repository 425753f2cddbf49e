import type { CreatedToken, HubToken } from '../clients/types.ts';
import { AuditorError, isAuditorError } from '../errors.ts';
import { listedIds } from '../on-demand.ts';
import type { Services } from '../services.ts';

/** The one right that a deployment's token has. */
export const SCOPES = ['repo:read'] as const;

const isNew =
  (deployment: string, before: ReadonlySet<string>) =>
  ({ id, label }: HubToken): boolean =>
    label === deployment && !before.has(id);

/** Finds what a creation without an answer left, and deletes it: its content is lost, so nobody can use it. */
async function deleteLost(
  services: Services,
  deployment: string,
  before: ReadonlySet<string>,
): Promise<void> {
  const lost = (await services.dockerHub.listTokens()).filter(isNew(deployment, before));
  for (const { id } of lost) await services.dockerHub.deleteToken(id);
  if (lost.length > 0)
    services.log.warn('A token whose creation got no answer was deleted', {
      tokens: lost.map(({ id }) => id),
    });
}

/**
 * Creates a deployment's token. A creation whose answer was lost leaves at most one token: that one is found and
 * deleted, then it is made anew, once.
 *
 * @param before ids of the tokens of that label that were there before
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
    if (!isAuditorError(error, 'DockerHubUnavailable')) throw error;
  }
  await deleteLost(services, deployment, before);
  try {
    return await create();
  } catch (error) {
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
    return new AuditorError(
      error.name,
      `${error.message} The token ${listedIds([id])} that was made before could not be deleted again: delete it on Docker Hub by hand, its content is stored nowhere.`,
    );
  }
}

import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import { createHttp, described, NoAnswer, shaped, type Answer, type Http } from './http.ts';
import type { Clock, Registry } from './types.ts';

/** The service that Docker Hub's registry names in its challenge. */
const SERVICE = 'registry.docker.io';

/** Every kind of manifest, so that a registry never answers 404 for want of a kind that we can read. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const bearerSchema = v.union([
  v.pipe(
    v.object({ token: v.pipe(v.string(), v.minLength(1)) }),
    v.transform(({ token }) => token),
  ),
  v.pipe(
    v.object({ access_token: v.pipe(v.string(), v.minLength(1)) }),
    v.transform(({ access_token }) => access_token),
  ),
]);

export interface RegistryOptions {
  readonly authUrl: string;
  readonly registryUrl: string;
  readonly clock: Clock;
  readonly deadline: number;
  readonly answerMilliseconds?: number;
}

function unavailable(where: string, what: string): AuditorError {
  return new AuditorError(
    'RegistryUnavailable',
    `Proving that the token can pull failed at ${where}, because ${what}; look at https://www.dockerstatus.com and try again later.`,
  );
}

function refused(image: string, what: string): AuditorError {
  return new AuditorError(
    'PullVerificationFailed',
    `The token can't pull ${image}: ${what}; check that the account may read that repository and that the configured test image exists.`,
  );
}

async function read(
  http: Http,
  path: string,
  headers: Record<string, string>,
  method: 'GET' | 'HEAD',
): Promise<Answer> {
  try {
    return await http.read({ method, path, headers });
  } catch (error) {
    if (error instanceof NoAnswer) throw unavailable(http.host, error.message);
    throw error;
  }
}

/** The registry's two halves: the token service, and the registry with its manifests. */
export function createRegistry({ authUrl, registryUrl, ...rest }: RegistryOptions): Registry {
  const auth = createHttp({ url: authUrl, ...rest });
  const registry = createHttp({ url: registryUrl, ...rest });
  return {
    async verifyPull(image, username, content): Promise<void> {
      const cut = image.lastIndexOf(':');
      const [repository, tag] = [image.slice(0, cut), image.slice(cut + 1)];
      const query = new URLSearchParams({ service: SERVICE, scope: `repository:${repository}:pull` });
      const basic = `Basic ${Buffer.from(`${username}:${content}`).toString('base64')}`;
      const given = await read(auth, `/token?${query.toString()}`, { authorization: basic }, 'GET');
      if ((given.status === 401 || given.status === 403) && given.json !== undefined)
        throw refused(image, `the registry's token service refuses it (status ${given.status})`);
      const bearer = given.status === 200 ? shaped(bearerSchema, given) : undefined;
      if (bearer === undefined)
        throw unavailable(auth.host, `the token service answered with ${described(given)}`);
      // A 200 proves nothing: the service hands out a session without rights where the right is missing.
      const head = await read(
        registry,
        `/v2/${repository}/manifests/${tag}`,
        { authorization: `Bearer ${bearer}`, accept: MANIFESTS },
        'HEAD',
      );
      if (head.status === 200) return;
      if (head.status === 401 || head.status === 403)
        throw refused(image, `the registry does not let it read that repository (status ${head.status})`);
      if (head.status === 404)
        throw refused(image, 'the registry knows no such image, or hides it from this token (status 404)');
      throw unavailable(registry.host, `asking for the manifest was answered with status ${head.status}`);
    },
  };
}

import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import {
  type Answer,
  type Http,
  NoAnswer,
  createHttp,
  describeStatus,
  isLockOut,
  parseJsonAs,
} from './http.ts';
import { claimsIn } from './jwt.ts';
import type { Clock, Registry } from './ports.ts';

/** The service that Docker Hub's registry names in its challenge. */
const SERVICE = 'registry.docker.io';

/** Every kind of manifest, so that a registry never answers 404 for want of a kind that we can read. */
const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Whether a 200 is about a manifest; an outage's page comes with 200 too, and proves nothing. */
function isManifest({ status, headers }: Answer): boolean {
  return status === 200 && !headers.get('content-type')?.startsWith('text/');
}

const accessSchema = v.object({
  access: v.array(v.object({ name: v.string(), actions: v.array(v.string()) })),
});

/**
 * Whether a bearer says that it may pull. The token service answers 200 and hands out one with empty `access` where the
 * right is missing (distribution #1203). `undefined` where it can't be read: then the registry tells.
 */
function mayPull(bearer: string, repository: string): boolean | undefined {
  const parsed = v.safeParse(accessSchema, claimsIn(bearer));
  if (!parsed.success) return undefined;
  return parsed.output.access.some(({ name, actions }) => name === repository && actions.includes('pull'));
}

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
  isUsable: (answer: Answer) => boolean,
): Promise<Answer> {
  try {
    return await http.read({ method, path, headers }, isUsable);
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
      const given = await read(
        auth,
        `/token?${query.toString()}`,
        { authorization: basic },
        'GET',
        ({ json }) => json !== undefined,
      );
      if (isLockOut(given))
        throw unavailable(
          auth.host,
          'Docker Hub locked the account out for 10 minutes after too many failed logins',
        );
      if ((given.status === 401 || given.status === 403) && given.json !== undefined)
        throw refused(
          image,
          /token is expired/i.test(given.start)
            ? 'it has expired'
            : `the registry's token service refuses it (status ${given.status})`,
        );
      const bearer = given.status === 200 ? parseJsonAs(bearerSchema, given) : undefined;
      if (bearer === undefined)
        throw unavailable(auth.host, `the token service answered with ${describeStatus(given)}`);
      if (mayPull(bearer, repository) === false)
        throw refused(image, "the registry's token service gives it no right to pull that repository");
      const head = await read(
        registry,
        `/v2/${repository}/manifests/${tag}`,
        { authorization: `Bearer ${bearer}`, accept: MANIFESTS },
        'HEAD',
        (answer) => answer.status !== 200 || isManifest(answer),
      );
      if (isManifest(head)) return;
      if (head.status === 401 || head.status === 403)
        throw refused(image, `the registry does not let it read that repository (status ${head.status})`);
      if (head.status === 404)
        throw refused(image, 'the registry knows no such image, or hides it from this token (status 404)');
      throw unavailable(
        registry.host,
        `asking for the manifest was answered with status ${head.status}${head.status === 200 ? ' and no manifest' : ''}`,
      );
    },
  };
}

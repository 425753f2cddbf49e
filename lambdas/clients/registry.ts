// The pull check: proves at Docker Hub's token service and registry that a token can pull an image.
import * as v from 'valibot';
import { AuditorError } from '../errors.ts';
import {
  type Answer,
  type Http,
  NoAnswer,
  type Request,
  createHttp,
  describeStatus,
  isLockOut,
  parseJsonAs,
} from './http.ts';
import { claimsIn } from './jwt.ts';
import type { EventScope } from './event-scope.ts';
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

/** Pauses before a refused token is tried again, in milliseconds: a new one may not be known everywhere yet. */
const PAUSES_MS = [1000, 2000, 4000];

const accessSchema = v.array(v.object({ name: v.string(), actions: v.array(v.string()) }));

/**
 * Whether a bearer says that it may pull. The token service answers 200 and hands out one with empty `access` where the
 * right is missing (distribution #1203). `undefined` where it can't be read: then the registry tells.
 */
function mayPull(bearer: string, repository: string): boolean | undefined {
  const parsed = v.safeParse(accessSchema, claimsIn(bearer).get('access'));
  if (!parsed.success) return undefined;
  return parsed.output.some(({ name, actions }) => name === repository && actions.includes('pull'));
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
  readonly scope?: EventScope | undefined;
}

function unavailable(where: string, what: string): AuditorError {
  return new AuditorError(
    'RegistryUnavailable',
    `Proving that the token can pull failed at ${where}, because ${what}; look at https://www.dockerstatus.com and try again later.`,
  );
}

/** What stands in the way of a pull, each with its cure. */
const CAUSES = {
  refused:
    "refused: look on Docker Hub's page whether the token is still there and active, and invoke again in some minutes",
  'not allowed':
    'not allowed: let the account read that repository (the team or collaborators on Docker Hub), or correct the configured test image',
  'no such image': 'no such image: push it, or correct the configured test image',
} as const;

function cantPull(image: string, cause: keyof typeof CAUSES, what: string): AuditorError {
  return new AuditorError(
    'PullVerificationFailed',
    `The token can't pull ${image}, because ${what}; ${CAUSES[cause]}.`,
  );
}

/** The registry's two halves: the token service, and the registry with its manifests. */
export function createRegistry({ authUrl, registryUrl, ...rest }: RegistryOptions): Registry {
  const halves: Halves = {
    auth: createHttp({ url: authUrl, ...rest }),
    registry: createHttp({ url: registryUrl, ...rest }),
  };
  const { clock, deadline } = rest;
  return {
    async verifyPull(image, username, content): Promise<void> {
      for (const pause of [...PAUSES_MS, undefined]) {
        const failure = await tryPull(halves, image, `${username}:${content}`);
        if (failure === undefined) return;
        const { error, mayPass } = failure;
        if (!mayPass || pause === undefined || clock.now() + pause >= deadline) throw error;
        await clock.sleep(pause);
      }
    },
  };
}

interface Halves {
  readonly auth: Http;
  readonly registry: Http;
}

/** Why a pull is not possible, and whether it may be in some seconds, once a new token is known everywhere. */
interface PullFailure {
  readonly error: AuditorError;
  readonly mayPass: boolean;
}

/** Tries once; `undefined` where the pull is possible. @throws AuditorError `RegistryUnavailable` */
async function tryPull(halves: Halves, image: string, login: string): Promise<PullFailure | undefined> {
  const cut = image.lastIndexOf(':');
  const [repository, tag] = [image.slice(0, cut), image.slice(cut + 1)];
  const bearer = await askForBearer(halves.auth, repository, login);
  if (typeof bearer !== 'string')
    return {
      error: cantPull(
        image,
        'refused',
        bearer.isExpired
          ? 'the token has expired'
          : `the registry's token service refuses the token (status ${bearer.status})`,
      ),
      mayPass: !bearer.isExpired,
    };
  if (mayPull(bearer, repository) === false)
    return {
      error: cantPull(
        image,
        'not allowed',
        "the registry's token service gives the token no right to pull that repository",
      ),
      mayPass: true,
    };
  return findManifest(halves.registry, image, `/v2/${repository}/manifests/${tag}`, bearer);
}

/** A bearer for pulling one repository, or how the token service refused the login. */
async function askForBearer(
  auth: Http,
  repository: string,
  login: string,
): Promise<string | { readonly status: number; readonly isExpired: boolean }> {
  const query = new URLSearchParams({ service: SERVICE, scope: `repository:${repository}:pull` });
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const given = await read(
    auth,
    { method: 'GET', path: `/token?${query.toString()}`, headers: { authorization } },
    ({ json }) => json !== undefined,
  );
  if (isLockOut(given))
    throw unavailable(
      auth.host,
      'Docker Hub locked the account out for 10 minutes after too many failed logins',
    );
  const { status } = given;
  if ((status === 401 || status === 403) && given.json !== undefined)
    return { status, isExpired: /token is expired/i.test(given.start) };
  const bearer = status === 200 ? parseJsonAs(bearerSchema, given) : undefined;
  if (bearer === undefined)
    throw unavailable(auth.host, `the token service answered with ${describeStatus(given)}`);
  return bearer;
}

async function findManifest(
  registry: Http,
  image: string,
  path: string,
  bearer: string,
): Promise<PullFailure | undefined> {
  const head = await read(
    registry,
    { method: 'HEAD', path, headers: { authorization: `Bearer ${bearer}`, accept: MANIFESTS } },
    (answer) => answer.status !== 200 || isManifest(answer),
  );
  if (isManifest(head)) return undefined;
  const { status } = head;
  if (status === 401 || status === 403)
    return {
      error: cantPull(
        image,
        'not allowed',
        `the registry does not let the token read that repository (status ${status})`,
      ),
      mayPass: true,
    };
  if (status === 404)
    return {
      error: cantPull(
        image,
        'no such image',
        'the registry knows no such image, or hides it from this token (status 404)',
      ),
      mayPass: false,
    };
  throw unavailable(
    registry.host,
    `asking for the manifest was answered with status ${status}${status === 200 ? ' and no manifest' : ''}`,
  );
}

async function read(http: Http, request: Request, isUsable: (answer: Answer) => boolean): Promise<Answer> {
  try {
    return await http.read(request, isUsable);
  } catch (error) {
    if (error instanceof NoAnswer) throw unavailable(http.host, error.message);
    throw error;
  }
}

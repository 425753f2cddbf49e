// What a session of Docker Hub says about itself.
import { claimsIn, fieldsOf } from './jwt.ts';

/**
 * Each claim is read by itself: one that is missing or of another type loses none of the others.
 *
 * @see https://github.com/mongodb/kingfisher/issues/202 for the nested form of a real session
 */
export interface SessionClaims {
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** Id of the access token that the session was got with; `undefined` where it names none. */
  readonly tokenId: string | undefined;
  /** Whether it was got with an access token of whatever kind. */
  readonly isOfToken: boolean;
  /** The account that it belongs to. */
  readonly username: string | undefined;
}

/** The claim that holds Docker Hub's own ones. */
const NESTED = 'https://hub.docker.com';

/** Reads the claims of a session: Docker Hub's own ones are nested; a flat form was seen too, and comes second. */
export function sessionClaims(bearer: string): SessionClaims {
  const flat = claimsIn(bearer);
  const nested = fieldsOf(flat.get(NESTED));
  const texts = (name: string): string[] =>
    [nested.get(name), flat.get(name)].filter((value) => typeof value === 'string');
  const sources = texts('source');
  const end = flat.get('exp') ?? nested.get('exp');
  return {
    expiresAt: typeof end === 'number' ? end * 1000 : undefined,
    tokenId: sources.flatMap((source) => /^docker_pat\|(.+)$/.exec(source)?.[1] ?? [])[0],
    isOfToken: sources.some((source) => /^docker_[po]at\|/.test(source)),
    username: texts('username').find((name) => name !== ''),
  };
}

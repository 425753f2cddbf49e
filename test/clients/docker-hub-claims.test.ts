// What a session of Docker Hub says about itself, in every form that was seen and some that were not.
import { describe, expect, it } from 'vitest';
import { sessionClaims } from '../../lambdas/clients/docker-hub-claims.ts';

const jwt = (claims: unknown): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
const read = (claims: unknown) => sessionClaims(jwt(claims));
const nested = (claims: unknown, rest: object = {}) => read({ 'https://hub.docker.com': claims, ...rest });
const EXP = 1_800_000_000;

describe('the claims of a session', () => {
  it('are nested, beside a source at the top that is an object', () => {
    expect(
      nested({ source: 'docker_pat|t1', username: 'riaktrdelivery' }, { exp: EXP, source: { type: 'pat' } }),
    ).toEqual({ expiresAt: EXP * 1000, tokenId: 't1', isOfToken: true, username: 'riaktrdelivery' });
  });

  it('may be flat, and the nested ones come first', () => {
    expect(read({ source: 'docker_pat|t1', username: 'a' })).toMatchObject({ tokenId: 't1', username: 'a' });
    expect(
      nested({ source: 'docker_pat|t1', username: 'a' }, { source: 'docker_pat|t2', username: 'b' }),
    ).toMatchObject({ tokenId: 't1', username: 'a' });
  });

  it.each([7, null, {}, [], true, ''])('lose nothing else where one of them is %j', (odd) => {
    expect(nested({ source: odd, username: 'a' }, { exp: EXP })).toMatchObject({
      expiresAt: EXP * 1000,
      tokenId: undefined,
      username: 'a',
    });
    expect(nested({ source: 'docker_pat|t1', username: odd }, { exp: EXP })).toMatchObject({
      expiresAt: EXP * 1000,
      tokenId: 't1',
      username: undefined,
    });
    expect(nested(odd, { exp: EXP, source: 'docker_pat|t1' })).toMatchObject({
      expiresAt: EXP * 1000,
      tokenId: 't1',
    });
    expect(nested({ source: 'docker_pat|t1' }, { exp: odd === 7 ? '7' : odd })).toMatchObject({
      expiresAt: undefined,
      tokenId: 't1',
    });
  });

  it('of a password name no token, and of an organization token none of ours', () => {
    expect(nested({ source: 'password' })).toMatchObject({ tokenId: undefined, isOfToken: false });
    expect(nested({ source: 'docker_oat|o1' })).toMatchObject({ tokenId: undefined, isOfToken: true });
  });

  it.each(['', 'x', 'a.b.c', '..', jwt(null), jwt([]), jwt('text')])('are none in %j', (bearer) => {
    expect(sessionClaims(bearer)).toEqual({
      expiresAt: undefined,
      tokenId: undefined,
      isOfToken: false,
      username: undefined,
    });
  });
});

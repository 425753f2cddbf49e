import { describe, expect, it } from 'vitest';
import { concealed, concealedKey, holdsContent, isConcealed } from '../../lambdas/text/conceal.ts';

const CONTENT = `dckr_pat_${'aB3-_'.repeat(5)}xy`;
const OTHER = `dckr_pat_${'aB3-_'.repeat(5)}xz`;
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

describe('a name that is a token’s content', () => {
  it('is shown as concealed, the same for the same content and another for another', () => {
    expect(concealed(CONTENT)).toMatch(/^dckr_pat_\(concealed [0-9a-f]{16}\)$/);
    expect(concealed(CONTENT)).toBe(concealed(CONTENT));
    expect(concealed(OTHER)).not.toBe(concealed(CONTENT));
    expect(concealed(`old ${CONTENT}, ${OTHER}!`)).toBe(`old ${concealed(CONTENT)}, ${concealed(OTHER)}!`);
    expect(concealed(CONTENT.replace('pat', 'oat'))).toMatch(/^dckr_oat_\(concealed /);
  });

  it('is recognised when it is concealed, and is no content then', () => {
    for (const name of [concealed(CONTENT), concealedKey(CONTENT), concealedKey(UUID)])
      expect([isConcealed(name), holdsContent(name), concealedKey(name)]).toEqual([true, false, name]);
    expect([holdsContent(CONTENT), isConcealed(CONTENT), isConcealed('orange-cd')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('leaves every other name as it is', () => {
    for (const name of ['', 'orange-cd', 'dckr_pat_short', 'dckr_pat_', 'docker_pat_123456789', 'Orange CD'])
      expect([concealed(name), concealedKey(name)]).toEqual([name, name]);
  });

  it('is a bare UUID in Vault only: there it is a content of before 2022', () => {
    expect(concealedKey(UUID)).toMatch(/^uuid_\(concealed [0-9a-f]{16}\)$/);
    expect([concealed(UUID), concealedKey(`a-${UUID}`)]).toEqual([UUID, `a-${UUID}`]);
    expect(concealedKey(`${UUID}-a`)).toBe(`${UUID}-a`);
  });
});

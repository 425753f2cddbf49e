import { describe, expect, it } from 'vitest';
import { digestOf } from '../../lambdas/text/fingerprint.ts';
import {
  concealContents,
  concealContentsBeside,
  concealed,
  holdsContent,
  isConcealed,
  outsideName,
  splitContent,
} from '../../lambdas/text/conceal.ts';

const LETTERS = `${'aB3-_'.repeat(5)}xy`;
const CONTENT = `dckr_pat_${LETTERS}`;
const OTHER = `dckr_pat_${'aB3-_'.repeat(5)}xz`;
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a name that is a token’s content', () => {
  it('is shown as concealed, the same for the same content and another for another', () => {
    expect(concealed(CONTENT)).toMatch(/^dckr_pat_\(concealed [0-9a-f]{16}\)$/);
    expect(concealed(CONTENT)).toBe(concealed(CONTENT));
    expect(concealed(OTHER)).not.toBe(concealed(CONTENT));
    expect(concealed(`old ${CONTENT}, ${OTHER}!`)).toBe(`old ${concealed(CONTENT)}, ${concealed(OTHER)}!`);
    expect(concealed(CONTENT.replace('pat', 'oat'))).toMatch(/^dckr_oat_\(concealed /);
  });

  it('is recognised when it is concealed, and is no content then', () => {
    for (const name of [concealed(CONTENT), concealed(UUID)])
      expect([isConcealed(name), holdsContent(name), concealContents(name)]).toEqual([true, false, name]);
    expect([holdsContent(CONTENT), isConcealed(CONTENT), isConcealed('orange-cd')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('leaves every other name as it is', () => {
    for (const name of [
      '',
      'orange-cd',
      'dckr_pat_short',
      'dckr_pat_',
      'docker_pat_123456789',
      'Orange CD',
      'Société Générale de Télécommunications, Kinshasa',
      'Orange\u200b CD of Kinshasa',
      'ｏrange-cd of ｋinshasa',
      's3://riaktr-licenses/reports/2026/11/27/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'f'.repeat(64),
    ])
      expect([concealed(name), holdsContent(name)]).toEqual([name, false]);
  });

  it('is concealed in whatever case, with whatever around it, and where invisible letters are put into it', () => {
    for (const text of [
      CONTENT.toUpperCase(),
      CONTENT.toLowerCase(),
      `orange-cd:${CONTENT}`,
      `x${CONTENT}`,
      CONTENT.replace('pat', 'p\u200bat'),
      CONTENT.replace('B3', 'B\u00ad3'),
      CONTENT.replace('B3', 'B\r\n3'),
      `ｄckr_pat_${LETTERS}`,
      `dckr%5Fpat%5F${LETTERS}`,
      `dckr&#95;pat&#x5f;${LETTERS}`,
      `dckr\\u005fpat\\u005f${LETTERS}`,
    ]) {
      expect(concealed(text)).not.toMatch(/aB3-|3-_a/i);
      expect(concealed(text)).toContain('_(concealed ');
      expect(holdsContent(text)).toBe(true);
    }
  });

  it('is concealed where it is encoded, as in what Docker keeps of a login', () => {
    for (const text of [
      base64(`riaktrdelivery:${CONTENT}`),
      base64(`ann:${CONTENT}`).toLowerCase(),
      base64(`a:${CONTENT}`).replaceAll('=', ''),
      base64(CONTENT).toUpperCase(),
      Buffer.from(CONTENT).toString('base64url'),
      Buffer.from(CONTENT).toString('hex'),
      base64(`dckr%5Fpat%5F${LETTERS}`),
      base64(`riaktrdelivery:${UUID}`),
      base64(UUID),
      ...['a', 'ab', 'abc'].map((before) => `${before}${base64(UUID)}`),
    ]) {
      expect(concealed(`{"auth": "${text}"}`)).toMatch(/^\{"auth": "base64_\(concealed [0-9a-f]{16}\)"\}$/);
      expect(holdsContent(text)).toBe(true);
    }
  });

  it('may be a UUID, in whatever case: a content of before 2022', () => {
    expect(concealed(UUID)).toMatch(/^uuid_\(concealed [0-9a-f]{16}\)$/);
    expect(concealed(`mtn-gh ${UUID}`)).toBe(`mtn-gh ${concealed(UUID)}`);
    for (const text of [UUID.toUpperCase(), `a-${UUID}`, `${UUID}-a`])
      expect(concealed(text)).not.toMatch(/d9cb/i);
    expect(holdsContent(UUID)).toBe(false);
  });

  it('may be a token of Vault or a session', () => {
    expect(concealed(`VAULT_TOKEN=hvs.${LETTERS}`)).toMatch(/^VAULT_TOKEN=session_\(concealed \w{16}\)$/);
    const earlier = `s.${'aB3'.repeat(8)}`;
    expect(concealed(`VAULT_TOKEN=${earlier}`)).toMatch(/^VAULT_TOKEN=session_\(concealed \w{16}\)$/);
    for (const other of [`${earlier}x`, `hm${earlier}`, 'www.s.example.com/aBcDeFgHiJkL'])
      expect(concealed(other)).toBe(other);
    const session = ['{"alg":"RS256"}', '{"source":"docker"}', LETTERS]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
    expect(concealed(session)).not.toContain(base64(LETTERS).slice(0, 10));
  });

  it('is not told by a hash where only a part of it stands, which trying could find', () => {
    const [part, content] = [`dckr_pat_${'a'.repeat(20)}`, `dckr_pat_${'a'.repeat(21)}`];
    for (const kind of ['dckr_pat', 'dckr_x'])
      expect(concealed(`${kind}_abcdefgh`)).toMatch(new RegExp(`^${kind}_\\(concealed [0-9a-f]{4}0{12}\\)$`));
    expect(concealed(part)).toBe(`dckr_pat_(concealed ${digestOf(part).slice(0, 4)}000000000000)`);
    expect(concealed(content)).toBe(`dckr_pat_(concealed ${digestOf(content)})`);
  });
});

describe('a name that looks like a concealed one', () => {
  it('gets a star, so that it is taken for what it is, and can be told from every other', () => {
    const forged = 'orange_(concealed 0123456789abcdef)';
    const names = [
      forged,
      forged.replace('concealed', 'concealed*'),
      forged.replace('concealed', 'concealed**'),
    ];
    const shown = names.map(concealed);
    expect(shown[0]).toBe('orange_(concealed* 0123456789abcdef)');
    expect(new Set(shown).size).toBe(3);
    expect(shown.some(isConcealed)).toBe(false);
    expect(shown.map(outsideName)).toEqual(names);
    expect([outsideName('orange-cd'), outsideName(concealed(CONTENT))]).toEqual([
      'orange-cd',
      concealed(CONTENT),
    ]);
  });
});

describe('a text that may name ids that are known', () => {
  const other = UUID.replace('0f', '1f');
  it.each([
    ['keeps a known id, however often it stands there', `a ${UUID} b ${UUID}`, `a ${UUID} b ${UUID}`],
    ['conceals an id that nobody knows', `a ${other} b`, `a ${concealed(other)} b`],
    [
      'conceals what stands on either side',
      `${CONTENT} ${UUID} ${other}`,
      `${concealed(CONTENT)} ${UUID} ${concealed(other)}`,
    ],
    ['finds a known id behind one that is not', `${other} ${UUID}`, `${concealed(other)} ${UUID}`],
    ['keeps what holds neither', 'orange-cd', 'orange-cd'],
  ])('%s', (_rule, text, shown) => {
    expect(concealContentsBeside(text, new Set([UUID]))).toBe(shown);
  });
});

describe('two fields that hold one content between them', () => {
  const [id, rest] = [UUID.slice(0, 18), UUID.slice(19)];
  it.each([
    ['are found where a hyphen stood between them', id, rest, concealed(UUID)],
    ['are found where nothing stood between them', CONTENT.slice(0, 6), CONTENT.slice(6), concealed(CONTENT)],
    ['are found where an underscore stood between them', 'dckr', `pat_${LETTERS}`, concealed(CONTENT)],
    ['are none where both are names', 'orange', 'cd', undefined],
    ['are none where one is empty', '', '', undefined],
    ['are none where the first alone holds one', concealed(CONTENT), 'cd', undefined],
    ['are none where the first is concealed already', concealed(OTHER), CONTENT, undefined],
    ['are none where the second is concealed already', CONTENT, concealed(OTHER), undefined],
    ['are none where one only looks like a concealed one', 'orange_(concealed 12)', 'cd', undefined],
    ['are none where the second alone holds one', 'orange', concealed(CONTENT), undefined],
  ])('%s', (_rule, first, second, shown) => {
    expect(splitContent(first, second)).toBe(shown);
  });
});

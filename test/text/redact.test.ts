import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { escapeText, quoteProse, quoteText } from '../../lambdas/text/display.ts';
import { REDACTED, Secrets } from '../../lambdas/text/redact.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { leaksIn } from '../sandbox/leaks.ts';

const CONTENT = 'dckr_pat_Ab3-_xYz901234567890AbCdEfG';
const PASSWORD = 'p?ss"w<ö>rd & more';
const knowing = (...all: string[]): Secrets => {
  const secrets = new Secrets();
  for (const secret of all) secrets.add(secret);
  return secrets;
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
const htmlOf = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'); // prettier-ignore
const withPassword = (password: string): Secrets => {
  const secrets = new Secrets();
  secrets.addPassword(password);
  return secrets;
};

/** How a secret may be written, by the name of the writing. */
const WRITINGS: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'in lower case': (secret) => secret.toLowerCase(),
  'in upper case': (secret) => secret.toUpperCase(),
  'in base64': base64,
  'in base64 behind one byte': (secret) => base64(`x${secret}y`),
  'in base64 behind two bytes': (secret) => base64(`xx${secret}`),
  'in base64 behind a user name': (secret) => base64(`riaktrdelivery:${secret}`),
  'in base64url': (secret) => Buffer.from(`:${secret}`).toString('base64url'),
  'in hexadecimal digits': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'in JSON': (secret) => JSON.stringify({ secret }),
  'in JSON in JSON': (secret) => JSON.stringify({ text: JSON.stringify({ secret }) }),
  'in JSON of ASCII': (secret) => asciiJson({ secret }),
  'in JSON of ASCII in JSON': (secret) => JSON.stringify({ text: asciiJson({ secret }) }),
  'as a cell in a text': (secret) => quoteText(secret, 1_000),
  'as a cell in a text in JSON': (secret) => JSON.stringify({ text: `line 4: ${quoteText(secret, 1_000)}` }),
  'as what somebody says': (secret) => quoteProse(secret, 1_000),
  'as a label on a page': (secret) => htmlOf(escapeText(secret, 1_000)),
  'in an address': (secret) => `https://host/?a=${encodeURIComponent(secret)}&b`,
  'in a form': (secret) => new URLSearchParams({ secret }).toString(),
  'as a name in a form': (secret) => new URLSearchParams({ [secret]: '' }).toString(),
  'in a page': (secret) => `<b title="${htmlOf(secret)}">`,
  'in a page that names its apostrophes': (secret) => htmlOf(secret).replaceAll('&#39;', '&apos;'),
  'in a page that counts in hexadecimal digits': (secret) => htmlOf(secret).replaceAll('&#39;', '&#x27;'),
  'in a page outside of attributes': (secret) =>
    htmlOf(secret).replaceAll('&#39;', "'").replaceAll('&quot;', '"'),
};

describe('a secret that a run knows', () => {
  // It stands first: what is known of letters is found out by the first search of all.
  it('is found in letters of either case, and in base64 of either alphabet', () => {
    const encoded = Buffer.from('>>>???~~~ÿÿÿ>>>???').toString('base64');
    const other = encoded.replaceAll('+', '-').replaceAll('/', '_');
    expect(encoded).toMatch(/\+.*\//);
    for (const [secret, text] of [
      [CONTENT.toLowerCase(), CONTENT.toUpperCase()],
      [encoded, other],
      [other, encoded],
    ] as const)
      expect(knowing(secret).redact(`a ${text} b`)).toBe(`a ${REDACTED} b`);
    for (const password of ['?????????', '>>>>>>>>>'])
      for (const alphabet of ['base64', 'base64url'] as const)
        expect(withPassword(password).redact(`a ${Buffer.from(password).toString(alphabet)} b`)).toBe(
          `a ${REDACTED} b`,
        );
  });

  it.each(Object.keys(WRITINGS))('is found and concealed %s', (name) => {
    for (const secret of [
      CONTENT,
      PASSWORD,
      `it's "more" & <more> than ö`,
      '0f8fad5b-d9cb-469f-a165-70867728950e',
    ]) {
      const text = `before ${WRITINGS[name]?.(secret) ?? ''} after`;
      const shown = knowing(secret).redact(text);
      expect(shown).toContain(REDACTED);
      expect(shown).toMatch(/^before .* after$/);
      expect(leaksIn([{ name, text: shown }], { all: [secret], codes: new Set() })).toEqual([]);
    }
  });

  it.each(Object.keys(WRITINGS))('is found %s where it is the account’s password, however short', (name) => {
    for (const password of ['Tr0ub&"r', `<r0ub> 'ö😀\\&`, `a longer one: r0ub "ö"'& <\\`]) {
      const shown = withPassword(password).redact(`before ${WRITINGS[name]?.(password) ?? ''} after`);
      expect(shown).toMatch(/^before .* after$/);
      expect(shown).toContain(REDACTED);
      expect(shown.toLowerCase()).not.toContain('r0ub');
      expect(shown).not.toMatch(/[0-9a-f]{4,}|amp;|[ö😀]/i);
    }
  });

  it('is found where texts escaped it one after the other', () => {
    const password = 'p?ss"w<ö>rd & more\\';
    for (const text of [
      JSON.stringify([asciiJson([quoteText(password, 1_000)])]),
      htmlOf(htmlOf(escapeText(password, 1_000))),
      htmlOf(JSON.stringify([asciiJson([password])])),
      encodeURIComponent(encodeURIComponent(password)),
      JSON.stringify([password]).replaceAll('<', '\\u003c'),
    ]) {
      const shown = withPassword(password).redact(text);
      expect(shown).toContain(REDACTED);
      expect(shown).not.toMatch(/p\W?ss|rd|more/);
    }
  });

  it.each(['hunter2 & Co?', 'a much longer password than a cell shows', '(a+)+$[x]{9}'])(
    'is found where a text was cut within it, if it is the password: %s',
    (password) => {
      const secrets = new Secrets();
      secrets.addPassword(password);
      for (let length = 5; length < password.length; length++)
        for (const dots of ['...', '…'])
          expect(secrets.redact(`"my password is ${password.slice(0, length)}${dots}" is no day`)).toBe(
            `"my password is ${REDACTED}${dots}" is no day`,
          );
      expect(secrets.redact(`${password.slice(0, 4)}... and ${password.slice(0, 7)} stay`)).not.toContain(
        REDACTED,
      );
    },
  );

  it('is found where a text was cut within its escapes', () => {
    const secrets = new Secrets();
    secrets.addPassword('pä"ß wörd & more');
    for (const shown of ['p\\u{e4}"\\u{df} w', 'p\\u{e4}\\"\\u{df} w\\u{f6}', 'pä\\"ß w'])
      for (const dots of ['...', '…'])
        for (const half of ['', '\\', '\\u', '\\u{', '\\u{f', '\\u00'])
          expect(secrets.redact(`"it is ${shown}${half}${dots}"`)).toBe(`"it is ${REDACTED}${dots}"`);
  });

  it('is found where a text was cut within it, if it is the secret of the second factor', () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    expect(knowing(secret).redact(`line 4: "totp ${secret.slice(0, 9)}..." is no day`)).toBe(
      `line 4: "totp ${REDACTED}..." is no day`,
    );
  });

  it('is found where lines were wrapped within it, at a blank or in a word', () => {
    for (const password of [false, true])
      for (const secret of ['correct horse battery staple', 'xK3#_longer-than-a-line-is-wide', 'Tr0ub&"r 3'])
        for (let at = 1; at < secret.length; at++) {
          const secrets = password ? new Secrets() : knowing(secret);
          if (password) secrets.addPassword(secret);
          else if (secret.length < 16) continue;
          const broken = `${secret.slice(0, at).trimEnd()}\n    ${secret.slice(at).trimStart()}`;
          const shown = secrets.redactWrapped(`- before ${broken} after\n  next line`);
          expect(shown).toBe(`- before ${REDACTED} after\n  next line`);
        }
  });

  it('leaves a wrapped text as it is where there is none in it', () => {
    const text = '- before\n    words that go on\n\n  and on \n';
    expect(knowing('correct horse battery staple').redactWrapped(text)).toBe(text);
    expect(new Secrets().redactWrapped(text)).toBe(text);
  });

  it('is found wherever it stands, as often as it does, beside others that begin alike', () => {
    const contents = Array.from({ length: 2_000 }, () => `dckr_pat_${randomBytes(20).toString('base64url')}`);
    const secrets = knowing(...contents);
    expect(secrets.redact(contents.join(' '))).toBe(contents.map(() => REDACTED).join(' '));
    expect(secrets.redact(contents.slice(0, 3).join(''))).toBe(REDACTED.repeat(3));
    const others = contents.map((content) => `${content.slice(0, -1)}!`).join(' ');
    expect(secrets.redact(others)).toBe(others);
  });

  it('is found where its end was cut off behind what it has for itself, of a password in base64 as well', () => {
    for (const dots of ['...', '…'])
      expect(knowing(CONTENT).redact(`"${CONTENT.slice(0, 23)}${dots}" is no day`)).toBe(
        `"${REDACTED}${dots}" is no day`,
      );
    for (const text of [
      `"${CONTENT.slice(0, 14)}..."`,
      `"${CONTENT.slice(0, 23)}" ...`,
      `"${CONTENT.slice(0, 23)}.."`,
    ])
      expect(knowing(CONTENT).redact(text)).toBe(text);
    for (const password of ['sixteen letters!', 'more than sixteen letters'])
      expect(withPassword(password).redact(`Basic ${base64(password).slice(0, -3)}...`)).toBe(
        `Basic ${REDACTED}...`,
      );
  });

  it('is found as a whole, however long it is', () => {
    const long = randomBytes(10_000).toString('base64url');
    expect(knowing(long).redact(`a ${long} b`)).toBe(`a ${REDACTED} b`);
  });

  it('is found beside another one, before or after it or across it', () => {
    const secrets = knowing('first-Secret of two', 'of two secrets that overlap', 'of two secrets');
    secrets.addPassword('hunter2 & Co');
    const [content, password] = ['first-Secret of two', 'hunter2 & Co'];
    expect(secrets.redact(`${password}, ${content}, ${password}`)).toBe(
      `${REDACTED}, ${REDACTED}, ${REDACTED}`,
    );
    expect(secrets.redact('the first-Secret of two secrets that overlap.')).toBe(`the ${REDACTED}.`);
  });

  it('is found where its name was allowed for another one, and not found once it was allowed itself', () => {
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const secrets = knowing(CONTENT, id);
    secrets.addPassword('riaktrdelivery');
    const text = `${CONTENT} ${id} riaktrdelivery`;
    expect(secrets.redact(text)).toBe(`${REDACTED} ${REDACTED} ${REDACTED}`);
    secrets.allow('another text');
    expect(secrets.redact(text)).toBe(`${REDACTED} ${REDACTED} ${REDACTED}`);
    secrets.allow(id);
    expect(secrets.redact(text)).toBe(`${REDACTED} ${id} ${REDACTED}`);
    secrets.allow('riaktrdelivery');
    expect(secrets.redact(text)).toBe(`${REDACTED} ${id} riaktrdelivery`);
  });

  it('is found without the blanks around it', () => {
    expect(withPassword(' hunter2 & Co\n').redact('"hunter2 & Co"')).toBe(`"${REDACTED}"`);
    expect(knowing(` ${PASSWORD}\n`).redact(`"${PASSWORD}"`)).toBe(`"${REDACTED}"`);
  });

  it('is found within what a key holds, and without the line break at its end', () => {
    const secrets = knowing(
      `{"auths": {"docker.io": {"auth": "${base64(`a:${CONTENT}`)}"}}}`,
      `${PASSWORD}\n`,
    );
    expect(secrets.redact(`auth ${base64(`a:${CONTENT}`)}, ${PASSWORD}.`)).toBe(
      `auth ${REDACTED}, ${REDACTED}.`,
    );
  });
});

describe('what is no secret', () => {
  it('stays as it is: short texts, names of deployments, addresses, and what is allowed', () => {
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const text = `short word, vodacom-holding-cd, https://hub.docker.com/u/riaktr, ${id}, word...`;
    const secrets = knowing(
      'short word',
      ' short word    \n',
      'vodacom-holding-cd',
      'vodacom-holding-cd\n',
      'deployment: vodacom-holding-group-cd',
      ' https://hub.docker.com/u/riaktr',
      id,
    );
    secrets.allow(id);
    expect(secrets.redact(text)).toBe(text);
    expect(secrets.redact('vodacom-holding-group-cd')).toBe('vodacom-holding-group-cd');
    secrets.addPassword('word');
    expect(secrets.redact(text)).toBe(text);
    expect(new Secrets().redact(text)).toBe(text);
  });

  it('ends where a secret of 16 letters begins', () => {
    const [shorter, just] = ['fifteen letters', 'sixteen letters!'];
    expect(knowing(shorter, just).redact(`${shorter}, ${just}`)).toBe(`${shorter}, ${REDACTED}`);
    expect(knowing(shorter).redact(base64(shorter))).toBe(base64(shorter));
    expect(withPassword('7letter').redact('7letter')).toBe('7letter');
    expect(withPassword('8letters').redact('8letters')).toBe(REDACTED);
  });

  it('keeps a value that holds none, the very same one', () => {
    const value = { a: ['x', 1, null] };
    expect(knowing(CONTENT).redactValue(value)).toBe(value);
    for (const secrets of [new Secrets(), knowing(CONTENT)])
      expect(secrets.redactValue<unknown>(undefined)).toBeUndefined();
  });
});

describe('a value or JSON with a secret in it', () => {
  it('keeps its shape', () => {
    const secrets = knowing(CONTENT, 'deployment: everything');
    const value = { deployment: [{ reason: `x ${CONTENT}`, count: 3, none: null, yes: true }] };
    const shown = { deployment: [{ reason: `x ${REDACTED}`, count: 3, none: null, yes: true }] };
    expect(secrets.redactValue(value)).toEqual(shown);
    expect(value.deployment[0]?.reason).toContain(CONTENT);
    expect(JSON.parse(secrets.redactJson(JSON.stringify(value)))).toEqual(shown);
    const plain = '{"a":1}';
    expect(secrets.redactJson(plain)).toBe(plain);
  });

  it('stays JSON where the secret begins or ends with what an escape is made of', () => {
    for (const [secret, text] of [
      ['nothing that is shown', '\nothing that is shown'],
      ['nothing that is shown', '\\nothing that is shown'],
      ['nothing that is shown', '\\\nothing that is shown'],
      ['\\nothing that is shown', '"\\nothing that is shown"'],
      ['nothing that is shown\\', 'nothing that is shown\\'],
      ['"quoted at both ends"', '"quoted at both ends"'],
    ] as const) {
      for (const secrets of [knowing(secret), withPassword(secret), withPassword(secret.slice(0, 15))])
        for (const around of ['', '"', '\\', 'x']) {
          const shown = secrets.redact(JSON.stringify([`${around}${text}${around}`, text]));
          expect(shown).toContain(REDACTED);
          expect(JSON.stringify(JSON.parse(shown))).toBe(shown);
        }
    }
    for (const secret of ['hunter2\\', '\\hunter2'])
      for (const around of ['', '"', '\\', '\\\\', '\\"']) {
        const inner = JSON.stringify([`${around}${secret}${around}`]);
        for (const text of [inner, JSON.stringify([inner])]) {
          const shown = withPassword(secret).redact(text);
          expect(shown).not.toContain('unter2');
          expect(JSON.stringify(JSON.parse(shown))).toBe(shown);
        }
      }
  });
});

describe('the canaries of the sandbox', () => {
  it('are all found, of whatever kind', () => {
    const canaries = new Canaries();
    for (let count = 0; count < 20; count++) {
      canaries.password();
      canaries.accessKey();
      canaries.base32();
      canaries.tokenContent();
      canaries.vaultToken();
      canaries.uuid();
    }
    const secrets = knowing(...canaries.all);
    for (const write of Object.values(WRITINGS)) {
      const text = secrets.redact(canaries.all.map(write).join('\n'));
      expect(leaksIn([{ name: 'text', text }], canaries)).toEqual([]);
    }
  });
});

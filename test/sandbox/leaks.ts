// Finds secrets in whatever left the program, however they were encoded.
import { inspect } from 'node:util';
import { type Canaries, markOf } from './canaries.ts';

/** Escapes lie in one another: a JSON text in a log line in a report is escaped three times. */
const LAYERS = 4;
const NAMED_ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

const fromHex = (hex: string): string => Buffer.from(hex.replace(/[^0-9a-f]/gi, ''), 'hex').toString();

/** Takes one layer of escapes off: bytes as Node shows them, `%C3%A9`, `\u00e9` and `\"`, `&quot;` and `&#x27;`. */
function unescapedOnce(text: string): string {
  return text
    .replace(/<Buffer ((?:[0-9a-f]{2} ?)+)/g, (_all, hex: string) => fromHex(hex))
    .replace(/(?:%[0-9a-f]{2})+/gi, fromHex)
    .replace(
      /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))/gi,
      (_all, four?: string, two?: string, one?: string) =>
        four === undefined && two === undefined
          ? (one ?? '')
          : String.fromCharCode(parseInt(four ?? two ?? '', 16)),
    )
    .replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return NAMED_ENTITIES.get(name ?? '') ?? (code <= 0x10ffff ? String.fromCodePoint(code) : all);
    });
}

/** A text, and the text with one, two, … layers of escapes taken off, as long as that changes anything. */
function layersOf(text: string): string[] {
  const layers = [text];
  for (let taken = 0; taken < LAYERS; taken++) {
    const inner = unescapedOnce(layers.at(-1) ?? '');
    if (inner === layers.at(-1)) break;
    layers.push(inner);
  }
  return layers;
}

/**
 * The letters that stand for a text in base64 wherever in the encoded bytes it begins: one form for each of the three
 * alignments, without the letters at its ends that its neighbours share. In base64url's alphabet.
 */
export function base64FormsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}

/** Whether a text shows a mark. One of hexadecimal digits counts where it begins: within longer ones it is chance. */
function shows(text: string, mark: string): boolean {
  return /^[0-9a-f]+$/.test(mark) ? new RegExp(`(?<![0-9a-f])${mark}`).test(text) : text.includes(mark);
}

/** One place where something leaves the program, and what left there. */
export interface Channel {
  readonly name: string;
  readonly text: string;
}

/** A secret that was found, told without telling it. */
export interface Leak {
  readonly channel: string;
  readonly form: 'plain' | 'base64' | 'code';
  /** Which of the canaries, counted from 1 as they were made. */
  readonly canary: number;
}

/**
 * Searches what left a program for everything that grants access: by the first eight characters that a secret has for
 * itself, so that whoever shows it whole, and whoever shows only its beginning, is found; plain, under any escapes of
 * URL, JSON, HTML and Node's own inspection, and in base64 at any alignment.
 */
export function leaksIn(channels: readonly Channel[], canaries: Pick<Canaries, 'all' | 'codes'>): Leak[] {
  const marks = canaries.all.map((secret) => ({
    mark: markOf(secret),
    encoded: base64FormsOf(markOf(secret)),
  }));
  return channels.flatMap(({ name, text }) => {
    const layers = layersOf(text).map((plain) => ({
      plain,
      // Both alphabets of base64 in one.
      encoded: plain.replaceAll('+', '-').replaceAll('/', '_'),
    }));
    const found = marks.flatMap(({ mark, encoded }, index): Leak[] => {
      const canary = index + 1;
      if (layers.some(({ plain }) => shows(plain, mark))) return [{ channel: name, form: 'plain', canary }];
      return layers.some((layer) => encoded.some((form) => layer.encoded.includes(form)))
        ? [{ channel: name, form: 'base64', canary }]
        : [];
    });
    const codes = [...canaries.codes].flatMap((code, index): Leak[] =>
      new RegExp(`(?<![\\w.-])${code}(?![\\w-])`).test(text)
        ? [{ channel: name, form: 'code', canary: index + 1 }]
        : [],
    );
    return [...found, ...codes];
  });
}

function* textsIn(value: unknown, seen: Set<object>): Iterable<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'symbol')
    yield String(value);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    yield bytes.toString();
    return;
  }
  if (value instanceof Map || value instanceof Set) for (const entry of value) yield* textsIn(entry, seen);
  for (const key of Reflect.ownKeys(value)) {
    yield String(key);
    yield* textsIn(read(value, key), seen);
  }
}

/** A property, also behind a getter; nothing where the getter itself fails. */
function read(value: object, key: string | symbol): unknown {
  try {
    const found: unknown = Reflect.get(value, key);
    return found;
  } catch {
    return undefined;
  }
}

/** A value as JSON; empty where it can't be, because it holds itself or a bigint. */
function jsonOf(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    return String(text);
  } catch {
    return '';
  }
}

/**
 * All that can be got out of a value, however deep: what `JSON.stringify` and Node's inspection show of it, and every
 * text and byte of its own properties, enumerable or not: message, stack, cause and whatever else hangs on an error.
 */
export function everythingIn(value: unknown): string {
  const shown = inspect(value, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
    breakLength: Infinity,
  });
  return [shown, jsonOf(value), ...textsIn(value, new Set())].join('\n');
}

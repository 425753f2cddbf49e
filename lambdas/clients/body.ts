import { crc32 } from 'node:zlib';
import { anew } from '../report/anew.ts';

/** Characters that are put together before they are worth sending. */
const CHUNK = 64 * 1024;
/** Bytes up to which a body is held whole; a longer one is made twice: to be measured, and to be sent. */
const HELD = 8 * 1024 * 1024;

/** A body as an object store wants it: its text, or where that is long, its length and how to make it. */
export type Body =
  | { readonly text: string }
  | {
      /** In bytes of UTF-8. */
      readonly length: number;
      /** CRC-32 of the whole, big-endian in base64, as S3 takes it. */
      readonly crc32: string;
      /** The text, anew each time. */
      readonly chunks: Iterable<string>;
    };

/** Puts pieces of text together, many at a time. */
function* gathered(pieces: Iterable<string>): Iterable<string> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

function base64Of(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}

/**
 * Makes a body of pieces of text, gone through once where it is short and twice where it is long: S3 wants to know its
 * length beforehand.
 *
 * @param held bytes up to which it is held whole, default 8 MiB
 */
export function bodyOf(pieces: Iterable<string>, held = HELD): Body {
  let chunks: string[] = [];
  let length = 0;
  let checksum = 0;
  for (const chunk of gathered(pieces)) {
    length += Buffer.byteLength(chunk);
    chunks.push(chunk);
    if (length <= held) continue;
    for (const dropped of chunks) checksum = crc32(dropped, checksum);
    chunks = [];
  }
  return length <= held
    ? { text: chunks.join('') }
    : { length, crc32: base64Of(checksum), chunks: anew(() => gathered(pieces)) };
}

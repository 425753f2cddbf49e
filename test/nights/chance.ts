// Chance that goes by a seed alone.
import { createHash } from 'node:crypto';
import { Canaries } from '../sandbox/canaries.ts';

/** A small generator of random numbers between 0 and 1 that goes by its seed alone (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A number from 0 to below `below` that goes by the text alone: what is drawn so does not depend on who was first to
 * draw.
 */
export function drawn(text: string, below: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE() % below;
}

/** One of the items, by the text alone. */
export function drawnOf<Item>(text: string, items: readonly [Item, ...Item[]]): Item {
  return items[drawn(text, items.length)] ?? items[0];
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Canaries that are the same whenever the seed is: of each kind the first, the second and so on. */
export class SeededCanaries extends Canaries {
  private readonly seed: string;
  private readonly made = new Map<string, number>();

  constructor(seed: string) {
    super();
    this.seed = seed;
  }

  /** The next bytes of one kind, so that kinds that are drawn at the same time do not depend on each other. */
  private bytes(kind: string): Buffer {
    const number = (this.made.get(kind) ?? 0) + 1;
    this.made.set(kind, number);
    return createHash('sha256').update(`${this.seed} ${kind} ${number}`).digest();
  }

  override password(): string {
    return this.add(`${this.bytes('password').toString('base64url').slice(0, 20)}+"&é`);
  }

  override base32(): string {
    return this.add(Array.from(this.bytes('base32'), (byte) => BASE32.charAt(byte & 31)).join(''));
  }

  override tokenContent(): string {
    return this.add(`dckr_pat_${this.bytes('content').toString('base64url').slice(0, 27)}`);
  }

  override vaultToken(): string {
    return this.add(`hvs.${this.bytes('vault token').toString('base64url').slice(0, 32)}`);
  }

  override uuid(): string {
    return this.add(this.id('secret id'));
  }

  /** A UUID that is no secret. */
  id(kind = 'id'): string {
    const hex = this.bytes(kind).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
      '-',
    );
  }
}

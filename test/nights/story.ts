// What happens in the lives that are led, drawn by a seed.
import { type Happening, NAMES } from '../audit/life.ts';
import type { Fate } from '../sandbox/memory-sandbox.ts';
import { generator } from './chance.ts';

const HAPPENINGS = 120;
/** So many in a life through the bundles: some twenty nights. */
const HAPPENINGS_OF_BUNDLES = 30;
const FATES: readonly [Fate, ...Fate[]] = ['crash before', 'crash after', 'fail before', 'fail after'];

/** What people ask for beside the functions for one deployment. */
function decision(random: () => number, who: number): Happening {
  const dice = random();
  if (dice < 0.4)
    return { do: 'exempt', who, days: [null, null, 0, 3, 30, 400][Math.floor(random() * 6)] ?? null };
  if (dice < 0.7) return { do: 'approve', who };
  if (dice < 0.75) return { do: 'approve nothing' };
  return { do: 'restore run' };
}

/** What is uploaded: EventBridge has it reviewed. */
const UPLOADS: ReadonlySet<Happening['do']> = new Set([
  'license',
  'misspell',
  'garble',
  'old copy',
  'sort one column',
  'tidy up',
  'hold',
  'exempt',
]);

/** Draws what happens next. */
function happening(random: () => number, disturbed: boolean): Happening {
  const one = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(random() * items.length)] ?? items[0];
  const who = (): number => Math.floor(random() * NAMES.length);
  if (random() < 0.08) return decision(random, who());
  if (random() < 0.06) return { do: 'pull', who: who(), old: random() < 0.3 };
  const dice = random();
  if (dice < 0.45) return { do: 'night', at: 0, fate: 'pass', times: 0 };
  // Once, three times in a row, or a whole night's outage.
  if (dice < 0.6)
    return {
      do: 'night',
      at: 1 + Math.floor(random() * 30),
      fate: disturbed ? one(FATES) : 'pass',
      times: one([1, 1, 3, 100]),
    };
  if (dice < 0.62) return { do: 'old copy', age: 1 + Math.floor(random() * 5) };
  if (dice < 0.63) return { do: 'sort one column' };
  if (dice < 0.64) return { do: 'tidy up' };
  if (dice < 0.66) return { do: 'relabel', who: who() };
  if (dice < 0.76) return { do: 'license', who: who(), days: one([null, -30, -1, 0, 3, 6, 90, 400, 400]) };
  if (dice < 0.8) return { do: 'switch', who: who(), on: random() < 0.5 };
  if (dice < 0.88)
    return {
      do: one(['revoke', 'revoke newest', 'restore', 'regenerate', 'regenerate'] as const),
      who: who(),
    };
  if (dice < 0.91)
    return {
      do: 'together',
      who: who(),
      meets: one(['night', 'night', 'regenerate']),
      personFirst: random() < 0.5,
      slow: random() < 0.3,
    };
  if (dice < 0.93) return { do: 'garble', who: who() };
  if (dice < 0.95) return { do: 'misspell', who: who(), days: 200 };
  if (dice < 0.97) return { do: 'hold', on: random() < 0.3 };
  if (dice < 0.99) return { do: 'subscriber', on: random() < 0.7 };
  if (dice < 0.993) return { do: 'lose keys' };
  return { do: one(['night twice', 'night twice', 'quiet nights']) };
}

/** How a life is reported. */
export interface Telling {
  readonly isBundled: boolean;
  readonly disturbed: boolean;
}

/** What happens in one life, which goes by the seed and its number alone. */
export function* story(
  seed: number,
  number: number,
  { isBundled, disturbed }: Telling,
): Generator<Happening> {
  const random = generator(seed + number * 0x9e3779b9);
  for (let count = 0; count < (isBundled ? HAPPENINGS_OF_BUNDLES : HAPPENINGS); count++) {
    const drawn = happening(random, disturbed);
    // A bundle that is slow would run out of the time that passes for the other one.
    const what = isBundled && drawn.do === 'together' ? { ...drawn, slow: false } : drawn;
    yield what;
    if (UPLOADS.has(what.do)) yield review(random, disturbed);
    if (what.do === 'regenerate') yield* afterNewToken(random, what.who);
    // A day or some pass between whatever happens.
    if (what.do === 'night')
      yield {
        do: 'pass',
        hours: ([24, 24, 24, 12, 24 * 7, 24 * 40][Math.floor(random() * 6)] ?? 24) + jitter(random),
      };
  }
}

/** Some customers use their new token at once, and some of these have it leak at once. */
function* afterNewToken(random: () => number, who: number): Generator<Happening> {
  if (random() < 0.5) return;
  yield { do: 'pull', who, old: false };
  if (random() < 0.4) yield { do: 'revoke newest', who };
}

/** The review that follows an upload: mostly once and undisturbed. */
function review(random: () => number, disturbed: boolean): Happening {
  const isDisturbed = random() < 0.2 && disturbed;
  const at = 1 + Math.floor(random() * 20);
  const fate = FATES[Math.floor(random() * FATES.length)] ?? 'pass';
  return isDisturbed
    ? { do: 'review', again: false, at, fate, times: 1 }
    : { do: 'review', again: at % 4 === 0, at: 1, fate: 'pass', times: 0 };
}

/** The schedule is some minutes early or late, in hours. */
function jitter(random: () => number): number {
  return Math.round((random() - 0.5) * 600) / 3600;
}

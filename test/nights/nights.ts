import { createHash } from 'node:crypto';
import type { Fate, LifeWorld } from '../audit/life-world.ts';
import { Broken, type Happening, LIFE_SETTINGS, Life, NAMES } from '../audit/life.ts';
import { InMemorySystems } from '../fakes.ts';
import { generator } from './chance.ts';
import { HttpWorld } from './http-world.ts';

/**
 * A seeded simulation: people, renewals, outages, crashes and calls at the same time, night after night, with the
 * invariants checked after each, and everything that left the program searched for secrets. The same lives are led in
 * memory, where nights are cheap, and over HTTP, where the real clients meet the stand-ins.
 *
 * `SEED=1 NIGHTS=1000 HTTP_NIGHTS=400`; a failing seed reproduces. `LIFE=7` begins with that life of the seed. The trace
 * is a hash of everything that the lives came to: two runs of one seed that print the same did the same.
 */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const firstLife = Number(process.env['LIFE'] ?? 0);
const HAPPENINGS = 120;
/** Of so many lives over HTTP one is undisturbed, and led in memory at the same time: both must come to the same. */
const TWINS = 4;

const FATES: readonly [Fate, ...Fate[]] = ['crash before', 'crash after', 'fail before', 'fail after'];

/** Draws what happens next. */
function happening(random: () => number, disturbed: boolean): Happening {
  const one = <Item>(items: readonly [Item, ...Item[]]): Item =>
    items[Math.floor(random() * items.length)] ?? items[0];
  const who = (): number => Math.floor(random() * NAMES.length);
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
  if (dice < 0.88) return { do: one(['revoke', 'restore', 'regenerate'] as const), who: who() };
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

/** What happens in one life, which goes by the seed and its number alone. */
function* story(number: number, disturbed: boolean): Generator<Happening> {
  const random = generator(seed + number * 0x9e3779b9);
  for (let count = 0; count < HAPPENINGS; count++) {
    const what = happening(random, disturbed);
    yield what;
    // A day or some pass between whatever happens.
    if (what.do === 'night')
      yield {
        do: 'pass',
        hours: [24, 24, 24, 12, 24 * 7, 24 * 40][Math.floor(random() * 6)] ?? 24,
      };
  }
}

/** What was in one life. */
interface Lived {
  readonly nights: number;
  readonly happenings: number;
  readonly withdrawals: number;
  readonly troubles: number;
}

/** Leads one life to its end. */
async function lead(
  number: number,
  world: LifeWorld,
  twin: Life<LifeWorld> | undefined,
  tell: (text: string) => void,
): Promise<Lived> {
  const life = new Life(world);
  let happenings = 0;
  for (const what of story(number, twin === undefined)) {
    await life.happen(what);
    happenings += 1;
    const found = world.leak();
    if (found !== undefined) throw new Broken(`${found} (night ${life.nights})`);
    const shape = JSON.stringify([life.shape, world.mails.at(-1)?.subject]);
    tell(shape);
    if (twin === undefined) continue;
    await twin.happen(what);
    twin.world.leak();
    const other = JSON.stringify([twin.shape, twin.world.mails.at(-1)?.subject]);
    if (other !== shape)
      throw new Broken(`after ${JSON.stringify(what)} HTTP has come to ${shape}, memory to ${other}`);
  }
  return { nights: life.nights, happenings, withdrawals: life.withdrawals, troubles: world.troubles };
}

interface Kind {
  readonly name: string;
  readonly variable: string;
  readonly wanted: number;
  readonly begin: (number: number) => Promise<LifeWorld>;
  readonly twin: (number: number) => Life<LifeWorld> | undefined;
}

/** A world in memory, in which using a token is noticed as the stand-in notices it. */
function inMemory(): LifeWorld {
  return Object.assign(new InMemorySystems(LIFE_SETTINGS), { openingIsUse: true });
}

const KINDS: readonly Kind[] = [
  {
    name: 'in memory',
    variable: 'NIGHTS',
    wanted: Number(process.env['NIGHTS'] ?? 1000),
    begin: async () => inMemory(),
    twin: () => undefined,
  },
  {
    name: 'over HTTP',
    variable: 'HTTP_NIGHTS',
    wanted: Number(process.env['HTTP_NIGHTS'] ?? 400),
    begin: (number) => HttpWorld.start(`${seed} ${number}`),
    twin: (number) => (number % TWINS === 0 ? new Life(inMemory()) : undefined),
  },
];

/** Leads lives of one kind until there were nights enough; false where one of them broke. */
async function play({ name, variable, wanted, begin, twin }: Kind): Promise<boolean> {
  const start = Date.now();
  const trace = createHash('sha256');
  const total = { nights: 0, happenings: 0, lives: 0, withdrawals: 0, troubles: 0 };
  for (let number = firstLife; total.nights < wanted; number++) {
    const world = await begin(number);
    try {
      const lived = await lead(number, world, twin(number), (text) => trace.update(text));
      total.nights += lived.nights;
      total.happenings += lived.happenings;
      total.withdrawals += lived.withdrawals;
      total.troubles += lived.troubles;
      total.lives += 1;
    } catch (error) {
      const what = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      console.log(`FAILED ${name}, life ${number}: ${what}`);
      const others = KINDS.map((kind) => `${kind.variable}=${kind.variable === variable ? 1 : 0}`);
      console.log(`Reproduce with SEED=${seed} LIFE=${number} ${others.join(' ')} npm run test:nights`);
      if (!(error instanceof Broken) && error instanceof Error) console.log(error.stack);
      return false;
    } finally {
      await world.close();
    }
  }
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(
    `${name}: ${total.nights} nights in ${total.lives} lives, ${total.happenings} happenings, ${total.withdrawals} withdrawals, ${total.troubles} calls disturbed, ${seconds} s, trace ${trace.digest('hex').slice(0, 16)}`,
  );
  return true;
}

console.log(`seed ${seed}`);
let broken = 0;
for (const kind of KINDS) if (!(await play(kind))) broken += 1;
console.log(`${KINDS.length - broken} passed, ${broken} failed`);
process.exitCode = broken === 0 ? 0 : 1;

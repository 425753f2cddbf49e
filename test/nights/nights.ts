// Leads seeded lives: in memory, over HTTP, and through the built bundles.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Broken, Life } from '../audit/life.ts';
import { MemoryScenario } from '../audit/memory-scenario.ts';
import type { Scenario } from '../audit/scenario.ts';
import { type Assembly, synthesize } from '../bundles/assembly.ts';
import { BundledScenario, giveTimersBack } from './bundled-scenario.ts';
import { HttpScenario } from './http-scenario.ts';
import { story } from './story.ts';

/**
 * A seeded simulation: people, renewals, outages, crashes and calls at the same time, night after night, with the
 * invariants checked after each, and everything that left the program searched for secrets. The same lives are led in
 * memory, where nights are cheap, over HTTP, where the real clients meet the stand-ins, and shorter ones through the built
 * bundles, which are what is deployed.
 *
 * `SEED=1 NIGHTS=1000 HTTP_NIGHTS=400 BUNDLED_LIVES=200`; a failing seed reproduces. `ASSEMBLY=cdk.out` takes bundles that
 * are there. `LIFE=7` begins with that life of the seed. The trace
 * is a hash of everything that the lives came to: two runs of one seed that print the same did the same.
 */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const firstLife = Number(process.env['LIFE'] ?? 0);
/** Of so many lives over HTTP one is undisturbed, and led in memory at the same time: both must come to the same. */
const TWINS = 4;

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
  { scenario, twin, isBundled = false }: Beginning,
  tell: (text: string) => void,
): Promise<Lived> {
  const life = new Life(scenario);
  let happenings = 0;
  for (const what of story(seed, number, { isBundled, disturbed: twin === undefined })) {
    await life.happen(what);
    happenings += 1;
    const found = scenario.leak();
    if (found !== undefined) throw new Broken(`${found} (night ${life.nights})`);
    const shape = shapeOf(life);
    tell(shape);
    if (twin === undefined) continue;
    await twin.happen(what);
    twin.scenario.leak();
    const other = shapeOf(twin);
    if (other !== shape)
      throw new Broken(`after ${JSON.stringify(what)} it has come to ${shape}, memory to ${other}`);
  }
  return { nights: life.nights, happenings, withdrawals: life.withdrawals, troubles: scenario.troubles };
}

/** What a life has come to, and what its last mail is about; every run has a name of its own. */
function shapeOf({ shape, sandbox }: Life): string {
  const subject = sandbox.mails.at(-1)?.subject.replace(/\d{8}T\d{6}Z-[0-9a-f]{8}/, 'a run');
  return JSON.stringify([shape, subject]);
}

/** What a life begins with. */
interface Beginning {
  readonly scenario: Scenario;
  /** The same life in memory, where both must come to the same. */
  readonly twin?: Life | undefined;
  readonly isBundled?: boolean;
}

interface Kind {
  readonly name: string;
  readonly variable: string;
  /** What is counted until there were enough, and how many are. */
  readonly unit: 'nights' | 'lives';
  readonly wanted: number;
  readonly begin: (number: number) => Promise<Beginning>;
}

/** Every so manieth life has a twin. */
const twinOf = (number: number): Life | undefined =>
  number % TWINS === 0 ? new Life(new MemoryScenario()) : undefined;

let made: Promise<Assembly> | undefined;
/** The assembly whose bundles are taken; it is made when the first life needs it. */
async function assembly(): Promise<string> {
  const given = process.env['ASSEMBLY'];
  if (given !== undefined) return resolve(given);
  made ??= synthesize();
  return (await made).folder;
}

const KINDS: readonly Kind[] = [
  {
    name: 'in memory',
    variable: 'NIGHTS',
    unit: 'nights',
    wanted: Number(process.env['NIGHTS'] ?? 1000),
    begin: async () => ({ scenario: new MemoryScenario() }),
  },
  {
    name: 'over HTTP',
    variable: 'HTTP_NIGHTS',
    unit: 'nights',
    wanted: Number(process.env['HTTP_NIGHTS'] ?? 400),
    begin: async (number) => ({
      scenario: await HttpScenario.start(`${seed} ${number}`),
      twin: twinOf(number),
    }),
  },
  {
    name: 'through the built bundles',
    variable: 'BUNDLED_LIVES',
    unit: 'lives',
    wanted: Number(process.env['BUNDLED_LIVES'] ?? 200),
    begin: async (number) => ({
      scenario: await BundledScenario.startBundled(`${seed} ${number}`, await assembly()),
      twin: twinOf(number),
      isBundled: true,
    }),
  },
];

/** Leads lives of one kind until there were enough; false where one of them broke. */
async function play({ name, variable, unit, wanted, begin }: Kind): Promise<boolean> {
  const start = Date.now();
  const trace = createHash('sha256');
  const total = { nights: 0, happenings: 0, lives: 0, withdrawals: 0, troubles: 0 };
  for (let number = firstLife; total[unit] < wanted; number++) {
    const beginning = await begin(number);
    try {
      const lived = await lead(number, beginning, (text) => trace.update(text));
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
      await beginning.scenario.sandbox.close();
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
giveTimersBack();
await (await made)?.remove();
console.log(`${KINDS.length - broken} passed, ${broken} failed`);
process.exitCode = broken === 0 ? 0 : 1;

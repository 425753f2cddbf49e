import { FAULTS, type Fault } from '../sandbox/faults.ts';
import { harmed, OPERATIONS, type Operation } from './operations.ts';
import { closeShared, outcomeOf, type SmallWorld } from './small-world.ts';

/**
 * Every call of every operation fails once, in every way that facts know: after each case nobody who has paid is
 * harmed, the failure shows, no secret is said, and the next undisturbed call brings the world to where it would have
 * been. `SHARE=3` tries every third case.
 */
const SHARE = Math.max(1, Number(process.env['SHARE'] ?? 1));
const only = process.env['ONLY'];

interface Case {
  readonly operation: Operation;
  readonly call: number;
  readonly fault: Fault;
}

/** How many requests an undisturbed operation makes, and what it leaves. */
async function undisturbed(operation: Operation): Promise<{ calls: number; state: string }> {
  const world = await operation.prepare();
  try {
    world.faults.clear();
    const { error } = await outcomeOf(world, () => operation.run(world));
    if (error !== undefined) throw new Error(`${operation.name} fails undisturbed with ${error}.`);
    const calls = world.faults.count;
    const wrong = operation.wanted(world) ?? harmed(world);
    if (wrong !== undefined) throw new Error(`${operation.name} does not do what it should: ${wrong}.`);
    return { calls, state: world.state() };
  } finally {
    await world.close();
  }
}

/** What is left to see of a failure: an error, a mail, a log line of a warning or an error, or a step not done. */
function isSeen(world: SmallWorld, result: unknown, error: string | undefined): boolean {
  if (error !== undefined) return true;
  return (
    /"status":"(?:failed|skipped|withheld)"|"notes":\["/.test(JSON.stringify(result)) ||
    world.said.some((line) => /fail|deleted|answer/i.test(line))
  );
}

async function attempt({ operation, call, fault }: Case, whole: string): Promise<string | undefined> {
  const world = await operation.prepare();
  try {
    world.faults.clear();
    world.faults.nth(call, fault);
    const { error, result } = await outcomeOf(world, () => operation.run(world));
    const met = world.faults.happened.length > 0;
    const state = world.state();
    world.faults.clear();
    const hurt = harmed(world);
    if (hurt !== undefined) return `at once: ${hurt}`;
    // A call that was made good by trying again needs no telling: everything is as it would have been.
    if (met && state !== whole && !isSeen(world, result, error)) return 'the failure is not to be seen';
    const { error: second } = await outcomeOf(world, () => operation.recover(world));
    if (second !== undefined)
      return `the next undisturbed call fails with ${second} (the first with ${error ?? 'nothing'})`;
    const wrong = operation.wanted(world) ?? harmed(world);
    if (wrong !== undefined)
      return `after the next undisturbed call: ${wrong} (the first failed with ${error ?? 'nothing'})`;
    const [leak] = world.leaks();
    return leak === undefined ? undefined : 'a secret was said';
  } finally {
    await world.close();
  }
}

const faults = Object.values(FAULTS);
let tried = 0;
const broken: string[] = [];
const begin = Date.now();
for (const operation of OPERATIONS.filter(({ name }) => only === undefined || name.includes(only))) {
  const { calls, state } = await undisturbed(operation);
  const before = tried;
  for (let call = 1; call <= calls; call++)
    for (const [index, fault] of faults.entries()) {
      if ((call * faults.length + index) % SHARE !== 0) continue;
      tried += 1;
      const wrong = await attempt({ operation, call, fault }, state);
      if (wrong !== undefined) {
        broken.push(`${operation.name}, request ${call}, ${fault.name}: ${wrong}`);
        console.log(`FAILED ${broken.at(-1) ?? ''}`);
      }
    }
  console.log(`${operation.name}: ${calls} requests, ${tried - before} cases`);
}
await closeShared();
console.log(
  `${tried} cases tried in ${Math.round((Date.now() - begin) / 1000)} s, ${faults.length} kinds of failure`,
);
console.log(`${tried - broken.length} passed, ${broken.length} failed`);
process.exitCode = broken.length === 0 ? 0 : 1;

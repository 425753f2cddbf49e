// `npm run test:faults`: every call of every operation fails once in every way that facts know.
import './loud.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { FAULTS, type Fault } from '../sandbox/faults.ts';
import { type Refusal, refuseConnection } from '../sandbox/refusal.ts';
import { startHearing } from './hearing.ts';
import { type Operation, canPull, harmed } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { type FaultSandbox, accessOf, hanging, keepNoConnections, tracesOf } from './fault-sandbox.ts';
import { takeTime } from './time.ts';

/**
 * Every call of every operation fails once, in every way that facts know. At once and after the next undisturbed call
 * nobody who has paid is harmed, nothing was withdrawn without notice or over the caps, and no secret is anywhere in
 * what left the program; the failure shows; and the next undisturbed call brings everything to where it would have been.
 * `SHARE=3` tries every third case, `ONLY='renaming|revoking'` the operations whose names match.
 */
const SHARE = Math.max(1, Number(process.env['SHARE'] ?? 1));
const only = new RegExp(process.env['ONLY'] ?? '');

/** One way to fail: once its request has reached the server, or because the connection is refused before. */
type Failure = Fault | 'connection refused';
const FAILURES: readonly Failure[] = ['connection refused', ...Object.values(FAULTS)];
const nameOf = (failure: Failure): string => (typeof failure === 'string' ? failure : failure.name);

/** Between them they need everything that is loaded lazily. */
const WARM_UP: ReadonlySet<string> = new Set([
  'a night that switches off, switches on, deletes and announces',
  'issuing a token, with AWS login',
  'revoking',
]);

const hearing = startHearing();
let current: FaultSandbox | undefined;
let isLoaded = false;
// Before anything is loaded: undici keeps the timer that it made first, and with one of the real time each time-out would
// last as long as it says.
const giveTimeBack = takeTime(() => (isLoaded && current !== undefined ? hanging(current) : -1));
// What is loaded only when it is needed is loaded now, while time stands still: no request is under way meanwhile, and it
// would fly.
for (const operation of OPERATIONS.filter(({ name }) => WARM_UP.has(name)))
  await inSandbox(operation, (sandbox) => operation.run(sandbox));
isLoaded = true;

/** What an operation came to. */
interface Outcome {
  /** Name of its error. */
  readonly error?: string;
  /** What error, result and log tell of that is not as it should be. */
  readonly said: readonly string[];
}

/** The levels and messages of the log's warnings and errors, and what they say went wrong. */
const warningsIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /"level":"(?:WARN|ERROR|CRITICAL)"/.test(line))
    .map((line) => line.match(/"(?:message|error|causes)":(?:"[^"]*"|\[[^\]]*\])/g)?.join() ?? '');

/** What a result says went wrong: steps not done, nobody to read the mail, notes, findings by kind and deployment. */
const complaintsIn = (result: unknown): readonly string[] =>
  JSON.stringify(result ?? null).match(
    /"notified":false|"status":"(?:failed|skipped|withheld)"|"notes":\[[^\]]*\]|"kind":"[a-z-]+","severity":"\w+","deployment":"[^"]*"/g,
  ) ?? [];

async function outcomeOf(sandbox: FaultSandbox, work: () => Promise<unknown>): Promise<Outcome> {
  const before = hearing.text.length;
  const warnings = (): string[] => warningsIn(hearing.text.slice(before));
  try {
    const result = await work();
    sandbox.note('result', result);
    return { said: [...complaintsIn(result), ...warnings()] };
  } catch (error) {
    sandbox.note('error', error);
    if (!(error instanceof AuditorError)) throw error;
    // An incomplete run's message begins with the names of its causes.
    const causes = error.message.split(':')[0] ?? '';
    return { error: error.name, said: [`${error.name}: ${causes}`, ...warnings()] };
  }
}

/** An operation without any disturbance. */
interface Undisturbed {
  readonly requests: number;
  readonly connections: number;
  readonly outcome: Outcome;
  /** What it leaves at once. */
  readonly access: string;
  readonly traces: string;
  /** What the next undisturbed calls leave. */
  readonly end: string;
}

/** What is wrong at this moment, whatever was disturbed. */
type Watch = (when: string) => void;

class Broken extends Error {}

function watch(operation: Operation, sandbox: FaultSandbox): Watch {
  const labels = [...new Set(sandbox.dockerHub.tokens.all.map(({ token_label }) => token_label ?? ''))];
  const couldPull = labels.filter((label) => canPull(sandbox, label));
  operation.always?.(sandbox);
  return (when) => {
    const wrong = harmed(sandbox, couldPull, operation) ?? operation.always?.(sandbox);
    if (wrong !== undefined) throw new Broken(`${when}: ${wrong}`);
    const [leak] = sandbox.leaks();
    if (leak !== undefined)
      throw new Broken(`${when}: secret ${leak.canary} was shown in ${leak.channel}, ${leak.form}`);
  };
}

async function inSandbox<Value>(
  operation: Operation,
  work: (sandbox: FaultSandbox, watched: Watch) => Promise<Value>,
): Promise<Value> {
  const sandbox = await operation.prepare({ hearing, ...operation.systems });
  current = sandbox;
  try {
    const watched = watch(operation, sandbox);
    sandbox.faults.clear();
    return await work(sandbox, watched);
  } finally {
    await sandbox.close();
  }
}

async function recover(operation: Operation, sandbox: FaultSandbox, watched: Watch): Promise<string> {
  const { error } = await outcomeOf(sandbox, () => operation.recover(sandbox));
  if (error !== undefined) throw new Broken(`the next undisturbed call fails with ${error}`);
  const wrong = operation.wanted(sandbox);
  if (wrong !== undefined) throw new Broken(`after the next undisturbed call: ${wrong}`);
  watched('after the next undisturbed call');
  return accessOf(sandbox);
}

const undisturbed = (operation: Operation, keepsConnections: boolean): Promise<Undisturbed> =>
  inSandbox(operation, async (sandbox, watched) => {
    if (!keepsConnections) keepNoConnections(sandbox);
    const counter = refuseConnection(0);
    const outcome = await outcomeOf(sandbox, () => operation.run(sandbox));
    counter.stop();
    const { count: requests } = sandbox.faults;
    if (outcome.error !== operation.fails) throw new Broken(`it ends with ${outcome.error ?? 'no error'}`);
    watched('at once');
    const [access, traces] = [accessOf(sandbox), tracesOf(sandbox)];
    const end = await recover(operation, sandbox, watched);
    return { requests, connections: counter.begun, outcome, access, traces, end };
  });

/** Lets the nth request of a sandbox fail; says how to stop it, and whether it came to pass. */
function arrange(sandbox: FaultSandbox, nth: number, failure: Failure): { stop(): boolean } {
  if (typeof failure !== 'string') {
    sandbox.faults.nth(nth, failure);
    return {
      stop: () => {
        const happened = sandbox.faults.happened.length > 0;
        sandbox.faults.clear();
        return happened;
      },
    };
  }
  keepNoConnections(sandbox);
  const refusal: Refusal = refuseConnection(nth);
  return {
    stop: () => {
      refusal.stop();
      return refusal.happened;
    },
  };
}

/** Tries one case; resolves with whether its request was made: how many there are depends on which answer comes first. */
const attempt = (operation: Operation, nth: number, failure: Failure, whole: Undisturbed): Promise<boolean> =>
  inSandbox(operation, async (sandbox, watched) => {
    const disturbance = arrange(sandbox, nth, failure);
    const { error, said } = await outcomeOf(sandbox, () => operation.run(sandbox));
    const happened = disturbance.stop();
    watched('at once');
    const isSaid = said.some((line) => !whole.outcome.said.includes(line));
    // A call that was made good by trying again needs no telling: everything is as it would have been.
    const isAsAlways = accessOf(sandbox) === whole.access && tracesOf(sandbox) === whole.traces;
    if (happened && !isAsAlways && !isSaid)
      throw new Broken(
        `the failure is not to be seen\n${whole.access} ${whole.traces}\n${accessOf(sandbox)} ${tracesOf(sandbox)}`,
      );
    try {
      const end = await recover(operation, sandbox, watched);
      if (end !== whole.end) throw new Broken(`the end is another:\n${whole.end}\n${end}`);
    } catch (broken) {
      if (!(broken instanceof Broken)) throw broken;
      throw new Broken(`${broken.message} (the first ended with ${error ?? 'no error'})`);
    }
    return happened;
  });

let tried = 0;
let passed = 0;
let unmet = 0;
const broken: string[] = [];
const begin = performance.now();
const fail = (what: string, error: unknown): void => {
  broken.push(what);
  hearing.tell(`FAILED ${what}: ${error instanceof Broken ? error.message : String(error)}`);
};
for (const operation of OPERATIONS.filter(({ name }) => only.test(name))) {
  const before = tried;
  try {
    const whole = await undisturbed(operation, true);
    const { connections } = await undisturbed(operation, false);
    for (let nth = 1; nth <= Math.max(whole.requests, connections); nth++)
      for (const [index, failure] of FAILURES.entries()) {
        if (nth > (typeof failure === 'string' ? connections : whole.requests)) continue;
        if ((nth * FAILURES.length + index) % SHARE !== 0) continue;
        tried++;
        try {
          if (!(await attempt(operation, nth, failure, whole))) unmet++;
          passed++;
        } catch (error) {
          fail(`${operation.name}, request ${nth}, ${nameOf(failure)}`, error);
        }
      }
    hearing.tell(
      `${operation.name}: ${whole.requests} requests (${connections} connections), ${tried - before} cases`,
    );
  } catch (error) {
    fail(`${operation.name}, undisturbed`, error);
  }
}
giveTimeBack();
const seconds = Math.round((performance.now() - begin) / 1000);
hearing.tell(
  `${tried} cases tried in ${seconds} s, ${FAILURES.length} kinds of failure; in ${unmet} the request was not made`,
);
// What tried nothing proved nothing.
if (tried === 0)
  hearing.tell(
    ['ONLY and SHARE leave no case; ONLY must match one of:', ...OPERATIONS.map(({ name }) => name)].join(
      '\n  ',
    ),
  );
hearing.tell(`${passed} passed, ${broken.length} failed`);
hearing.stop();
process.exitCode = broken.length === 0 && tried > 0 ? 0 : 1;

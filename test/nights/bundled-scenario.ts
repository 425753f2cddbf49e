// A life's sandbox over HTTP in which the functions are the built bundles, by a time that passes only while they wait.
import * as v from 'valibot';
import type { Functions, Raced, Work } from '../audit/scenario.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { type Side, Turns, meet } from '../audit/turns.ts';
import { replaceDate } from '../bundles/date.ts';
import { hanging } from '../faults/fault-sandbox.ts';
import { startHearing } from '../faults/hearing.ts';
import { takeTime } from '../faults/time.ts';
import type { Fault, SandboxRequest } from '../sandbox/faults.ts';
import { BundledFunctions } from './bundled-functions.ts';
import { HttpScenario, Invocation, startLifeSandbox } from './http-scenario.ts';

/** By so much the time of a process that died is over: no client of it tries anything again. */
const AFTER_DEATH = 24 * 3_600_000;

/** What tells in a lease who wants it; `null` where it is given back. */
const leaseSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ holder: v.nullable(v.object({ function: v.string(), runId: v.string() })) }),
);

/**
 * The timers of this process, once for all: Node's mock of them takes it amiss where a timer outlives it. They move the
 * clock of the sandbox in which a function runs.
 */
class SharedTime {
  private scenario: BundledScenario | undefined;
  private giveBack: (() => void) | undefined;

  begin(scenario: BundledScenario): void {
    this.scenario = scenario;
    this.giveBack ??= takeTime(
      () => this.scenario?.waiting ?? 0,
      (milliseconds) => {
        this.scenario?.sandbox.clock.advance(milliseconds);
      },
    );
  }

  end(): void {
    this.scenario = undefined;
  }

  close(): void {
    this.giveBack?.();
    this.giveBack = undefined;
  }
}

const time = new SharedTime();

/** Gives this process its timers back, after the last of these lives. */
export function giveTimersBack(): void {
  time.close();
}

/**
 * The bundles know nothing of the sandbox's clock: they ask the machine, whose `Date` and timers are the sandbox's while a
 * function runs.
 */
export class BundledScenario extends HttpScenario {
  private bundles: BundledFunctions | undefined;
  /** Requests that wait for the other one of two functions. */
  private held = 0;

  /** @param assembly folder of a synthesized assembly */
  static async startBundled(seed: string, assembly: string): Promise<BundledScenario> {
    const sandbox = await startLifeSandbox(seed);
    const scenario = new BundledScenario(sandbox, seed);
    scenario.bundles = await BundledFunctions.load(assembly, sandbox);
    return scenario;
  }

  protected override functions(invocation: Invocation, requestId: string): Functions {
    if (this.bundles === undefined) throw new Error('No bundles are loaded.');
    const bundles = this.bundles.for({ requestId, now: () => this.sandbox.now });
    return {
      audit: invocation.guard((event) => bundles.audit(event)),
      issue: invocation.guard((event) => bundles.issue(event)),
      revoke: invocation.guard((event) => bundles.revoke(event)),
    };
  }

  protected override async during<Value>(invocation: Invocation, work: () => Promise<Value>): Promise<Value> {
    time.begin(this);
    const hearing = startHearing();
    const giveDateBack = replaceDate(() => this.sandbox.now + (invocation.isDead() ? AFTER_DEATH : 0));
    try {
      return await work();
    } finally {
      giveDateBack();
      hearing.stop();
      this.said.push(hearing.text);
      time.end();
    }
  }

  /** Requests that get no answer for now. */
  get waiting(): number {
    return hanging(this.sandbox) + this.held;
  }

  /** The requests wait for each other, and not the clients. None is slow: its time-outs would pass with the other's. */
  override async race(first: Work, second: Work, isFirstSlow: boolean): Promise<Raced> {
    if (isFirstSlow) throw new Error('Bundles that meet are never slow.');
    const begin = this.sandbox.now;
    const name = this.nextRun();
    const turns = new Turns(false);
    const works = { first, second };
    let audits: Side = 'first';
    this.sandbox.faults.clear();
    this.sandbox.faults.decide = (request) => this.turnOf(request, turns, audits);
    try {
      return await this.during(new Invocation(), () =>
        meet(turns, (who) => {
          const functions = this.functions(new Invocation(), `${name} ${who}`);
          return this.heard(
            works[who]({
              ...functions,
              audit: (event) => {
                audits = who;
                return functions.audit(event);
              },
            }),
          );
        }),
      );
    } finally {
      this.sandbox.faults.clear();
      this.sandbox.now = begin;
    }
  }

  /** Lets a request for the lease wait for its turn. Only who was refused reads it once it is written. */
  private turnOf(
    { system, method, path, body }: SandboxRequest,
    turns: Turns,
    audits: Side,
  ): Fault | undefined {
    if (system !== 's3' || !path.endsWith(`/${OBJECTS.lease}`)) return undefined;
    if (method === 'GET') return this.holding(() => turns.pass('second'));
    if (method !== 'PUT') return undefined;
    const { holder } = v.parse(leaseSchema, body.toString());
    if (holder === null) return undefined;
    const who = holder.function === 'audit' ? audits : holder.runId.endsWith('first') ? 'first' : 'second';
    return this.holding(
      () => turns.turnOf(who),
      () => {
        turns.took(who);
      },
    );
  }

  /** A request that has its effect once its turn has come. Meanwhile time goes on for who does not wait for it. */
  private holding(turn: () => Promise<void>, done: () => void = () => undefined): Fault {
    return {
      name: 'waits for the other function',
      hasEffect: true,
      apply: async ({ handle }) => {
        this.held += 1;
        await turn();
        this.held -= 1;
        const answer = await handle();
        done();
        return answer;
      },
    };
  }
}

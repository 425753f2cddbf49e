// A life's sandbox over HTTP: the real clients and the stand-ins, failing and crashing as a seed says.
import { inspect } from 'node:util';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import {
  type Disturbance,
  type Functions,
  type Raced,
  type Scenario,
  type Work,
  functionsWith,
} from '../audit/scenario.ts';
import { LIFE_SETTINGS } from '../audit/life.ts';
import { inTurn } from '../audit/turns.ts';
import { markOf } from '../sandbox/canaries.ts';
import { FAULTS, type Fault, type SandboxRequest, afterEffect } from '../sandbox/faults.ts';
import type { HttpSandbox } from '../sandbox/http-sandbox.ts';
import { Crash } from '../sandbox/memory-sandbox.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { SeededCanaries, drawn, drawnOf } from './chance.ts';

const START = Date.parse('2026-03-02T02:00:00Z');
const DEADLINE = 15 * 60_000;
/** Nothing hangs in these lives, so a client that gives up is a machine that is too slow, and would not reproduce. */
const ANSWER_MILLISECONDS = 60_000;
/** Numbers that requests are given: with some thirty of them in a night, one number is about one request. */
const NUMBERS = 30;
/** Steps of a night that a crash is drawn from. */
const STEPS = 10;
/** The length of an outage among the disturbances, see {@link Disturbance}. */
const OUTAGE = 100;
/** Characters of a secret that are enough to recognise it: random ones, so that no coincidence is taken for a leak. */
const RECOGNISED = 12;

/**
 * How a request fails without an effect. A hang is not among them: to the clients it is a connection that was reset, only
 * later, and the later would be real time.
 */
const BEFORE: readonly [Fault, ...Fault[]] = [
  FAULTS.resetBefore,
  FAULTS.unauthorized,
  FAULTS.forbidden,
  FAULTS.notFound,
  FAULTS.limitedSeconds,
  FAULTS.limitedDate,
  FAULTS.limitedUnix,
  FAULTS.limitedPlain,
  FAULTS.internalError,
  FAULTS.unavailablePage,
  FAULTS.notAllowedPage,
  FAULTS.okPage,
];
/** AWS has no 429, and its SDK would wait for it in real time. */
const BEFORE_AT_AWS: readonly [Fault, ...Fault[]] = [
  FAULTS.resetBefore,
  FAULTS.unauthorized,
  FAULTS.forbidden,
  FAULTS.notFound,
  FAULTS.internalError,
  FAULTS.unavailablePage,
  FAULTS.notAllowedPage,
  FAULTS.okPage,
];
const AWS: readonly string[] = ['s3', 'sns', 'secretsmanager'];
/** How an answer is lost after the request had its effect. */
const AFTER: readonly [Fault, ...Fault[]] = [
  FAULTS.resetAfter,
  FAULTS.truncated,
  afterEffect(FAULTS.internalError),
  afterEffect(FAULTS.unavailablePage),
  afterEffect(FAULTS.okPage),
];
/** Who may be out for a night; an empty name is everybody. */
const OUTAGES: readonly [string, ...string[]] = ['docker-hub', 'vault', 's3', 'sns', 'secretsmanager', ''];

/**
 * What a request is, whenever it comes: the same in every run of one seed, whatever else is under way. A report's name
 * holds something random; the content that is checked is what tells one check from another.
 */
function identity({ system, method, path, body }: SandboxRequest): string {
  const text = body.toString();
  const more =
    path === '/v2/auth/token' ? text : system === 'sns' ? (/(?:^|&)Action=(\w+)/.exec(text)?.[1] ?? '') : '';
  return [system, method, path.replace(/reports\/.*(?=\.)/, 'reports'), more].join(' ');
}

/**
 * Whether a request is a step: a change, or the look before it. Steps come one after the other, so that they can be
 * counted; what comes at the same time (the reads at the beginning, the reports at the end) can't.
 */
function isStep({ system, method, path, body }: SandboxRequest): boolean {
  switch (system) {
    case 'docker-hub':
      return path.startsWith('/v2/access-tokens') && (method !== 'GET' || path !== '/v2/access-tokens');
    case 'vault':
      return path.includes('/data/') && method !== 'GET';
    case 's3':
      return method === 'PUT' && !path.includes(OBJECTS.reports);
    case 'sns':
      return body.includes('Action=Publish');
    default:
      return false;
  }
}

const never = <Value>(): Promise<Value> => new Promise<Value>(() => undefined);

/** One function's process: it ends by itself or by a crash. */
export class Invocation {
  /** Requests of each kind so far, by system and, for all of it, by identity. */
  readonly seen = new Map<string, number>();
  private dead = false;
  private underWay = 0;
  private idle: (() => void) | undefined;
  private die: (() => void) | undefined;
  /** Rejects when the process dies. */
  readonly death = new Promise<never>((_, reject) => {
    this.die = () => {
      reject(new Crash());
    };
  });

  constructor() {
    // Nobody has to be waiting for it.
    this.death.catch(() => undefined);
  }

  count(what: string): number {
    const number = (this.seen.get(what) ?? 0) + 1;
    this.seen.set(what, number);
    return number;
  }

  /** Whether it has crashed. */
  isDead(): boolean {
    return this.dead;
  }

  crash(): void {
    this.dead = true;
    this.die?.();
  }

  /** Resolves when no call of a client is under way any more: what still comes from this process has come. */
  quiet(): Promise<void> {
    return this.underWay === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.idle = resolve;
        });
  }

  /** A method that a dead process never gets an answer from: its function is abandoned where it is. */
  guard<Given extends unknown[], Value>(
    method: (...given: Given) => Promise<Value>,
  ): (...given: Given) => Promise<Value> {
    return async (...given) => {
      if (this.isDead()) return never();
      this.underWay += 1;
      const [result] = await Promise.allSettled([method(...given)]);
      this.underWay -= 1;
      if (this.underWay === 0) this.idle?.();
      if (this.isDead()) return never();
      if (result.status === 'fulfilled') return result.value;
      throw result.reason instanceof Error ? result.reason : new TypeError('It failed without an error.');
    };
  }

  /** The services as this process has them. */
  guarded(services: Services): Services {
    const { bucket, dockerHub, registry, vault, notifier } = services;
    return {
      ...services,
      bucket: this.guardAll(bucket),
      dockerHub: this.guardAll(dockerHub),
      registry: this.guardAll(registry),
      vault: this.guardAll(vault),
      notifier: this.guardAll(notifier),
    };
  }

  private guardAll<Client extends object>(client: Client): Client {
    return new Proxy(client, {
      get: (target, name): unknown => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return this.guard(async (...given): Promise<unknown> => Reflect.apply(member, target, given));
      },
    });
  }
}

/**
 * The stand-ins over real HTTP: real clients, Vault's versions, conditional puts, and SNS by an emulator. Everything
 * that decides goes by the seed: ids, contents and which request fails how, which depends on what a request is and not
 * on when it arrives. Not the same in every run is only what nothing depends on: the order in which requests arrive that
 * are under way at the same time, sessions, and whether the reports of a night that crashed in its last moment were
 * written.
 */
export class HttpScenario implements Scenario {
  readonly sandbox: HttpSandbox;
  /** Logs, metrics, results and errors since they were last searched for secrets. */
  protected readonly said: string[] = [];
  private readonly seed: string;
  private runs = 0;
  troubles = 0;
  private readonly searched = new WeakSet<object>();
  private readonly marks = new Set<string>();
  private known = 0;

  protected constructor(sandbox: HttpSandbox, seed: string) {
    this.sandbox = sandbox;
    this.seed = seed;
  }

  static async start(seed: string): Promise<HttpScenario> {
    return new HttpScenario(await startLifeSandbox(seed), seed);
  }

  async run(work: Work, disturbance?: Disturbance): Promise<unknown> {
    const { faults } = this.sandbox;
    const begin = this.sandbox.now;
    const invocation = new Invocation();
    const name = this.nextRun();
    faults.clear();
    faults.decide = (request) => this.faultOf(request, invocation, name, disturbance);
    try {
      return await this.during(invocation, async () => {
        try {
          return await this.heard(Promise.race([work(this.functions(invocation, name)), invocation.death]));
        } finally {
          // What is under way is refused; once it has ended, nothing of a dead process is left that could come later.
          if (invocation.isDead()) await invocation.quiet();
        }
      });
    } finally {
      this.troubles += faults.happened.length;
      faults.clear();
      this.sandbox.now = begin;
    }
  }

  async race(first: Work, second: Work, isFirstSlow: boolean): Promise<Raced> {
    const begin = this.sandbox.now;
    const name = this.nextRun();
    this.sandbox.faults.clear();
    const heard =
      (work: Work): Work =>
      (functions) =>
        this.heard(work(functions));
    try {
      return await inTurn(
        { services: this.services(new Invocation(), `${name} first`), work: heard(first) },
        { services: this.services(new Invocation(), `${name} second`), work: heard(second) },
        isFirstSlow,
      );
    } finally {
      this.sandbox.now = begin;
    }
  }

  /** A name that the next invocation has in every run of one seed. */
  protected nextRun(): string {
    return `run ${++this.runs}`;
  }

  /** The functions as one process runs them. */
  protected functions(invocation: Invocation, requestId: string): Functions {
    return functionsWith(this.services(invocation, requestId));
  }

  /** Runs what a process does, in whatever a process needs around it. */
  protected during<Value>(_invocation: Invocation, work: () => Promise<Value>): Promise<Value> {
    return work();
  }

  /** Keeps what came of a function for the search for secrets. */
  protected async heard(work: Promise<unknown>): Promise<unknown> {
    try {
      const result = await work;
      this.said.push(JSON.stringify(result));
      return result;
    } catch (error) {
      this.said.push(inspect(error, { depth: 10, showHidden: true }));
      throw error;
    }
  }

  private services(invocation: Invocation, requestId: string): Services {
    const { clock } = this.sandbox;
    const deadline = this.sandbox.now + DEADLINE;
    // For who is dead the time is over: no client of it tries again.
    const now = (): number => (invocation.isDead() ? Infinity : clock.now());
    const note = (message: string, fields?: unknown): void => {
      this.said.push(`${message} ${inspect(fields, { depth: 10 })}`);
    };
    return invocation.guarded(
      this.sandbox.services({
        requestId,
        deadline,
        log: { info: note, warn: note, error: note },
        meter: { count: note, milliseconds: () => undefined, flush: () => undefined },
        answerMilliseconds: ANSWER_MILLISECONDS,
        clock: { now, sleep: (milliseconds) => clock.sleep(milliseconds), random: () => clock.random() },
      }),
    );
  }

  private faultOf(
    request: SandboxRequest,
    invocation: Invocation,
    name: string,
    disturbance: Disturbance | undefined,
  ): Fault | undefined {
    if (invocation.isDead()) return FAULTS.resetBefore;
    if (disturbance === undefined || disturbance.fate === 'pass') return undefined;
    const { at, fate, times } = disturbance;
    const what = identity(request);
    const time = invocation.count(what);
    const step = isStep(request) ? invocation.count('step') : 0;
    const systemSteps = step > 0 ? invocation.count(`step of ${request.system}`) : (invocation.seen.get(`step of ${request.system}`) ?? 0); // prettier-ignore
    const here = `${this.seed} ${name}`;
    if (fate === 'crash before' || fate === 'crash after')
      return step === 1 + (at % STEPS) ? crash(invocation, fate) : undefined;
    const before = AWS.includes(request.system) ? BEFORE_AT_AWS : BEFORE;
    const kinds = fate === 'fail before' ? before : AFTER;
    if (times < OUTAGE) {
      // Half of them at the steps: a night has few, and they are what matters most.
      const wanted = 1 + ((at / 2) % STEPS);
      if (at % 2 === 0)
        return step >= wanted && step < wanted + times ? drawnOf(`${here} step ${step}`, kinds) : undefined;
      const isIt = 1 + drawn(`${here} ${what}`, NUMBERS) === at && time <= times;
      return isIt ? drawnOf(`${here} ${what} ${time}`, kinds) : undefined;
    }
    const system = drawnOf(`${here} outage`, OUTAGES);
    const from = drawn(`${here} outage begins`, 4);
    return (system === '' || system === request.system) && systemSteps >= from
      ? drawnOf(`${here} outage is`, kinds)
      : undefined;
  }

  leak(): string | undefined {
    const { aws, bucket, canaries } = this.sandbox;
    const isNew = (thing: object): boolean => !this.searched.has(thing) && Boolean(this.searched.add(thing));
    const fresh = [
      ...this.said.splice(0),
      ...aws.published
        .filter(isNew)
        .map(({ subject, messages }) => `${subject} ${[...messages.values()].join(' ')}`),
      ...bucket.versions
        .filter(({ version }) => isNew(version))
        .map(({ version }) => version.body.toString()),
    ];
    const secrets = canaries.all;
    for (const secret of secrets.slice(this.known)) for (const mark of marksOf(secret)) this.marks.add(mark);
    this.known = secrets.length;
    // Reports of nights gone by are searched; keeping them would only cost memory.
    for (const { key, version } of bucket.versions)
      if (key.startsWith(OBJECTS.reports)) bucket.deleteVersion(key, version.versionId);
    const hit = fresh.find((text) => this.isMarked(text));
    return hit && `a secret was said in the text that begins with ${JSON.stringify(hit.slice(0, 40))}`;
  }

  private isMarked(text: string): boolean {
    for (let at = 0; at + RECOGNISED <= text.length; at++)
      if (this.marks.has(text.slice(at, at + RECOGNISED))) return true;
    return false;
  }
}

/** A sandbox in which everything that decides goes by the seed. */
export async function startLifeSandbox(seed: string): Promise<HttpSandbox> {
  const canaries = new SeededCanaries(seed);
  const sandbox = await startSandbox({
    contents: 'empty',
    now: START,
    canaries,
    makeId: () => canaries.id(),
    settings: { ...LIFE_SETTINGS, timeZone: 'UTC' },
  });
  sandbox.keys.replace({});
  return sandbox;
}

/** By what a secret is recognised, as it is and in base64, each past the beginning that its whole kind shares. */
function marksOf(secret: string): string[] {
  const coded = Buffer.from(secret).toString('base64');
  return [markOf(secret, RECOGNISED), coded.slice(12, 12 + RECOGNISED)].filter(
    (mark) => mark.length === RECOGNISED,
  );
}

/** A fault that ends the process, before the request had its effect or after it. */
function crash(invocation: Invocation, fate: 'crash before' | 'crash after'): Fault {
  return {
    name: fate,
    hasEffect: fate === 'crash after',
    apply: async ({ handle }) => {
      if (fate === 'crash after') await handle();
      invocation.crash();
      return 'reset';
    },
  };
}

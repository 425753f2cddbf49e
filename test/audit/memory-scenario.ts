// A sandbox in memory as a simulated life needs it: calls that fail or crash, and what left the program.

import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { LIFE_SETTINGS } from './life.ts';
import { type Disturbance, type Raced, type Scenario, type Work, functionsWith } from './scenario.ts';
import { inTurn } from './turns.ts';

/** The life's sandbox in memory. Every call of a client counts, in the order in which they are made. */
export class MemoryScenario implements Scenario {
  readonly sandbox: MemorySandbox = startSandbox({ transport: 'memory', settings: LIFE_SETTINGS });
  troubles = 0;
  private searched = 0;

  async run(work: Work, disturbance?: Disturbance): Promise<unknown> {
    const { sandbox } = this;
    const { at, times, fate } = disturbance ?? { at: 1, times: 0, fate: 'pass' };
    let calls = 0;
    sandbox.fate = () => {
      calls += 1;
      if (calls < at || calls >= at + times) return 'pass';
      if (fate !== 'pass') this.troubles += 1;
      return fate;
    };
    try {
      return await work(functionsWith(sandbox.services()));
    } finally {
      sandbox.revive();
      sandbox.fate = () => 'pass';
    }
  }

  async race(first: Work, second: Work, isFirstSlow: boolean): Promise<Raced> {
    const { sandbox } = this;
    const begin = sandbox.now;
    const runner = (work: Work) => {
      // Whoever waits for the other one works later than it.
      const sleep = async (milliseconds: number): Promise<void> => {
        sandbox.now += milliseconds;
      };
      const services = sandbox.services();
      return { services: { ...services, clock: { ...services.clock, sleep } }, work };
    };
    try {
      return await inTurn(runner(first), runner(second), isFirstSlow);
    } finally {
      sandbox.now = begin;
    }
  }

  leak(): string | undefined {
    const { mails, bucket, tokens } = this.sandbox;
    const said = mails.slice(this.searched).map((mail) => JSON.stringify(mail));
    this.searched = mails.length;
    for (const { key, version } of bucket.versions) {
      said.push(version.body.toString());
      // Objects of nights gone by were searched; keeping them would only cost memory.
      if (key.startsWith(OBJECTS.reports) || version !== bucket.current(key))
        bucket.deleteVersion(key, version.versionId);
    }
    const text = said.join('\n');
    const found = tokens.all.find(({ content }) => text.includes(content));
    return found && `the content of a token of ${found.token_label} was said`;
  }
}

// What the stacks of one stage have in common.
import type { StackProps } from 'aws-cdk-lib/core';
import type { Day } from '../lambdas/domain/days.ts';
import type { Config } from './config.ts';
import type { Data } from './data-stack.ts';

/** One stage: the configuration, what holds its data, and how its stacks are deployed. */
export interface Stage {
  readonly config: Config;
  readonly data: Data;
  /** The day of synthesis, by the configured zone. */
  readonly today: Day;
  /** Whether the region has the registry in which the Lambda console keeps shared test events. */
  readonly testEvents: boolean;
  readonly props: StackProps;
}

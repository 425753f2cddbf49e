// The app: configuration, stacks, and what is checked of them.
import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { dayOf } from '../lambdas/domain/days.ts';
import { AuditStack } from './audit-stack.ts';
import { CONTEXT_KEY, parseConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { IssueStack } from './issue-stack.ts';
import { stackNames } from './names.ts';
import type { Stage } from './stage.ts';

/** The app with its three stacks. */
export interface AuditorApp {
  readonly app: App;
  readonly data: DataStack;
  readonly audit: AuditStack;
  readonly issue: IssueStack;
}

/** Regions without `AWS::EventSchemas`: a template that names it there is refused as a whole. */
const WITHOUT_TEST_EVENTS: ReadonlySet<string> = new Set([
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'il-central-1',
  'mx-central-1',
]);

/**
 * Builds the app from the configuration in its context. Needs neither an account nor credentials: nothing is looked
 * up.
 *
 * @param now milliseconds since 1970
 * @param deployRegion region of the login at deployment, which counts where the configuration names none
 * @throws Error naming every mistake of the configuration
 */
export function buildApp(now: number, props: AppProps = {}, deployRegion?: string): AuditorApp {
  const app = new App({ analyticsReporting: false, ...props });
  const config = parseConfig(app.node.tryGetContext(CONTEXT_KEY), now);
  const { account, region } = config.aws;
  const names = stackNames(config.name);
  const tags = { application: config.name };
  const stackProps = {
    env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
    tags,
  };
  const data = new DataStack(app, names.data, config, stackProps);
  const stage: Stage = {
    config,
    data,
    today: dayOf(now, config.timeZone),
    testEvents: !WITHOUT_TEST_EVENTS.has(region ?? deployRegion ?? ''),
    props: stackProps,
  };
  const audit = new AuditStack(app, names.audit, stage);
  const issue = new IssueStack(app, names.issue, stage);
  audit.addStackDependency(data);
  issue.addStackDependency(data);
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, data, audit, issue };
}

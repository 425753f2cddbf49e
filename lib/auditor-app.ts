import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { dayOf } from '../lambdas/domain/days.ts';
import { AuditStack } from './audit-stack.ts';
import { CONTEXT_KEY, parseConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { IssueStack } from './issue-stack.ts';
import { stackNames } from './names.ts';

/** The app with its three stacks. */
export interface AuditorApp {
  readonly app: App;
  readonly data: DataStack;
  readonly audit: AuditStack;
  readonly issue: IssueStack;
}

/**
 * Builds the app from the configuration in its context. Needs neither an account nor credentials: nothing is looked
 * up.
 *
 * @param now milliseconds since 1970
 * @throws Error naming every mistake of the configuration
 */
export function buildApp(now: number, props: AppProps = {}): AuditorApp {
  const app = new App({ analyticsReporting: false, ...props });
  const config = parseConfig(app.node.tryGetContext(CONTEXT_KEY), now);
  const { account, region } = config.aws;
  const names = stackNames(config.name);
  const stackProps = {
    env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
  };
  const today = dayOf(now, config.timeZone);
  const data = new DataStack(app, names.data, config, stackProps);
  const audit = new AuditStack(app, names.audit, config, data, today, stackProps);
  const issue = new IssueStack(app, names.issue, config, data, today, stackProps);
  audit.addStackDependency(data);
  issue.addStackDependency(data);
  Tags.of(app).add('application', config.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, data, audit, issue };
}

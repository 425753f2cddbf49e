// Saved queries of CloudWatch Logs Insights, for whoever looks for what happened.
import { LogQueryVisualizationType } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { FUNCTIONS, functionName } from './names.ts';

/** The log groups of the three functions. */
export function logGroupNames(name: string): string[] {
  return FUNCTIONS.map((kind) => `/aws/lambda/${functionName(name, kind)}`);
}

/** How a dashboard shows a query. */
export const AS_TABLE = LogQueryVisualizationType.TABLE;

/** The queries by what they answer. */
export const QUERIES = {
  'Last failures': [
    'fields @timestamp, service, error, errorMessage, requestId',
    'filter ispresent(error) or @message like /Task timed out|Runtime exited/',
    'sort @timestamp desc',
    'limit 50',
  ],
  'History of one deployment': [
    "# Put the deployment's name in place of orange-cd.",
    'fields @timestamp, service, message, @message',
    'filter @message like "orange-cd"',
    'sort @timestamp desc',
    'limit 200',
  ],
  'Slow requests': [
    'filter @type = "REPORT"',
    'fields @timestamp, @log, @duration / 1000 as seconds, @maxMemoryUsed / 1000 / 1000 as megabytes, @requestId',
    'sort @duration desc',
    'limit 50',
  ],
} as const;

/** Saves the queries under the configured name. */
export function saveQueries(scope: Construct, name: string): void {
  for (const [title, lines] of Object.entries(QUERIES))
    new CfnQueryDefinition(scope, `Query${title.replaceAll(' ', '')}`, {
      name: `${name}/${title}`,
      logGroupNames: logGroupNames(name),
      queryString: lines.join('\n| ').replace(/^(#[^\n]*\n)\| /, '$1'),
    });
}

// Links into the AWS console, for outputs and dashboard.
import type { Stack } from 'aws-cdk-lib/core';

/** The console's host; China and GovCloud have their own, where the region is known at synthesis. */
function host(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

function link(stack: Stack, service: string, rest: string): string {
  return `https://${stack.region}.${host(stack.region)}/${service}/${rest}`;
}

/** Links to what people open of a stage. */
export const consoleLink = {
  function: (stack: Stack, name: string) =>
    link(stack, 'lambda', `home?region=${stack.region}#/functions/${name}?tab=testing`),
  bucket: (stack: Stack, name: string) => link(stack, 's3', `buckets/${name}?region=${stack.region}`),
  reports: (stack: Stack, name: string, prefix: string) =>
    link(stack, 's3', `buckets/${name}?region=${stack.region}&prefix=${prefix}`),
  dashboard: (stack: Stack, name: string) =>
    link(stack, 'cloudwatch', `home?region=${stack.region}#dashboards/dashboard/${name}`),
  /** Lists the secrets whose name begins so: a secret's ARN ends in what is not known beforehand. */
  secret: (stack: Stack, name: string) =>
    link(stack, 'secretsmanager', `secret?name=${encodeURIComponent(name)}&region=${stack.region}`),
} as const;

import type { Context } from 'aws-lambda';
import { parseEvent } from '../events.ts';
import { runtime } from '../runtime.ts';
import { issue } from './issue.ts';
import { issueEventSchema } from './event.ts';

// Called by AWS.
export const handler = (event: unknown, context: Context) =>
  runtime(context, (services) => issue(parseEvent(issueEventSchema, event), services));

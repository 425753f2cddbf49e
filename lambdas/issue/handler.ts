import { parseEvent } from '../events.ts';
import { runtime, type Invocation } from '../runtime.ts';
import { issue } from './issue.ts';
import { issueEventSchema } from './event.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => issue(parseEvent(issueEventSchema, event), services));

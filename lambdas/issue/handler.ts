// The issue function as AWS calls it.

import { type Invocation, runtime } from '../runtime/invoke.ts';
import { parseEvent } from '../runtime/parse-event.ts';
import { issueEventSchema } from './event.ts';
import { issue } from './issue.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => issue(parseEvent(issueEventSchema, event), services));

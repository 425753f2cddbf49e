// The revoke function as AWS calls it.

import { type Invocation, runtime } from '../runtime/invoke.ts';
import { parseEvent } from '../runtime/parse-event.ts';
import { revokeEventSchema } from './event.ts';
import { revoke } from './revoke.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => revoke(parseEvent(revokeEventSchema, event), services));

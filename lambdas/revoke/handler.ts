import { parseEvent } from '../events.ts';
import { runtime, type Invocation } from '../runtime.ts';
import { revoke } from './revoke.ts';
import { revokeEventSchema } from './event.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => revoke(parseEvent(revokeEventSchema, event), services));

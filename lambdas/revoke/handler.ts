import type { Context } from 'aws-lambda';
import { parseEvent } from '../events.ts';
import { runtime } from '../runtime.ts';
import { revoke } from './revoke.ts';
import { revokeEventSchema } from './event.ts';

// Called by AWS.
export const handler = (event: unknown, context: Context) =>
  runtime(context, (services) => revoke(parseEvent(revokeEventSchema, event), services));

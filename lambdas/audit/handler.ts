import type { Context } from 'aws-lambda';
import { parseEvent } from '../events.ts';
import { runtime } from '../runtime.ts';
import { audit } from './audit.ts';
import { auditEventSchema } from './event.ts';

// Called by AWS.
export const handler = (event: unknown, context: Context) =>
  runtime(context, (services) => audit(parseEvent(auditEventSchema, event), services));

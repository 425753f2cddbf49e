import { parseEvent } from '../events.ts';
import { runtime, type Invocation } from '../runtime.ts';
import { audit } from './audit.ts';
import { auditEventSchema } from './event.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => audit(parseEvent(auditEventSchema, event), services));

// The audit as Lambda calls it.
import { type Invocation, runtime } from '../runtime/invoke.ts';
import { parseEvent } from '../runtime/parse-event.ts';
import { audit } from './audit.ts';
import { auditEventSchema, isNightly } from './event.ts';

/** Called by AWS. */
export const handler = (event: unknown, context: Invocation) =>
  runtime(context, (services) => audit(parseEvent(auditEventSchema, event), services), {
    raisesAlarm: isNightly(event),
  });

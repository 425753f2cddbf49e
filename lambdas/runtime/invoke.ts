// One event as Lambda calls it, from the context to result or error.

import type { Context } from 'aws-lambda';
import { EventScope } from '../clients/event-scope.ts';
import { AuditorError, CALLER_ERRORS, asAuditorError } from '../errors.ts';
import { guardLog } from './edges.ts';
import { makeServices } from './make-services.ts';
import type { Services } from './services.ts';
import { readSettings } from './settings.ts';

/** What is done between the last moment of work and the moment Lambda ends the function, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 2_000;

/** What the functions use of Lambda's context. */
export type Invocation = Pick<Context, 'awsRequestId' | 'functionName' | 'getRemainingTimeInMillis'>;

/**
 * Runs one event as Lambda calls it: settings from the environment, services for this event alone, every failure as an
 * error of ours, no secret in result or error, and no connection left open. What is not ours is a defect: it is named by its class, never by its content, which may hold a
 * request with its tokens.
 *
 * @param raisesAlarm whether a failure that is not the caller's mistake is one for the alarms
 */
export async function runtime<Result>(
  context: Invocation,
  work: (services: Services) => Promise<Result>,
  { raisesAlarm = true }: { readonly raisesAlarm?: boolean } = {},
): Promise<Result> {
  const startedAt = Date.now();
  const { powertoolsLog, powertoolsMeter, powertoolsOutcome } = await import('./telemetry.ts');
  const scope = new EventScope();
  const log = guardLog(powertoolsLog(context.functionName, context.awsRequestId), scope.secrets);
  const { service, kind } = namesOf(context.functionName);
  const outcome = powertoolsOutcome(service, kind, startedAt);
  try {
    const result = await withinScope(scope, async () =>
      work(
        makeServices(readSettings(process.env), {
          deadline: Date.now() + context.getRemainingTimeInMillis() - SHUTDOWN_MARGIN_MS,
          requestId: context.awsRequestId,
          log,
          meter: powertoolsMeter(service),
          scope,
        }),
      ),
    );
    outcome.succeeded();
    return result;
  } catch (error) {
    const { name, message } = asAuditorError(error, 'The function');
    outcome.failed(raisesAlarm && !CALLER_ERRORS.includes(name));
    // `message` is the log line's own.
    log.error('The function failed', { error: name, errorMessage: message });
    throw error;
  }
}

/**
 * Runs one event's work, and ends what its clients share.
 *
 * @returns what the work returns, without any of the secrets that it met
 * @throws AuditorError whatever the work throws, without any of them
 */
export async function withinScope<Result>(scope: EventScope, work: () => Promise<Result>): Promise<Result> {
  try {
    return scope.secrets.redactValue(await work());
  } catch (error) {
    const { name, message } = asAuditorError(error, 'The function');
    throw new AuditorError(name, scope.secrets.redact(message));
  } finally {
    await scope.end();
  }
}

/** The configured name, and which of the three functions it is: `<name>-audit`. */
function namesOf(functionName: string): { readonly service: string; readonly kind: string } {
  const [, service = functionName, kind = ''] = /^(.*)-(audit|issue|revoke)$/.exec(functionName) ?? [];
  return { service, kind };
}

import type { Context } from 'aws-lambda';
import { asAuditorError } from '../errors.ts';
import { makeServices } from './make-services.ts';
import type { Services } from './services.ts';
import { readSettings } from './settings.ts';

/** What is done between the last moment of work and the moment Lambda ends the function, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 2_000;

/** What the functions use of Lambda's context. */
export type Invocation = Pick<Context, 'awsRequestId' | 'functionName' | 'getRemainingTimeInMillis'>;

/**
 * Runs one event as Lambda calls it: settings from the environment, services for this event alone, and every failure
 * as an error of ours. What is not ours is a defect: it is told by its class, never by its content, which may hold a
 * request with its tokens.
 */
export async function runtime<Result>(
  context: Invocation,
  work: (services: Services) => Promise<Result>,
): Promise<Result> {
  const { powertoolsLog, powertoolsMeter } = await import('./telemetry.ts');
  const log = powertoolsLog(context.functionName, context.awsRequestId);
  try {
    const services = makeServices(readSettings(process.env), {
      deadline: Date.now() + context.getRemainingTimeInMillis() - SHUTDOWN_MARGIN_MS,
      requestId: context.awsRequestId,
      log,
      meter: powertoolsMeter(serviceName(context.functionName)),
    });
    return await work(services);
  } catch (error) {
    const known = asAuditorError(error, 'The function');
    // `message` is the log line's own.
    log.error('The function failed', { error: known.name, errorMessage: known.message });
    throw known;
  }
}

/** The configured name, which the functions' names begin with. */
function serviceName(functionName: string): string {
  return functionName.replace(/-(?:audit|issue|revoke)$/, '');
}

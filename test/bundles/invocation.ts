/*
 * Runs in a process of its own what Lambda runs: loads a bundle, calls its handler with one event, and tells what came
 * back as one JSON object over the channel to its parent. No source that is deployed is loaded.
 */
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { replaceDate } from './date.ts';

const [, , bundle = '', functionName = '', timeout = '', now = '', event = ''] = process.argv;

const ahead = Number(now) - Date.now();
replaceDate((real) => real + ahead);

const started = performance.now();
const context = {
  awsRequestId: crypto.randomUUID(),
  functionName,
  getRemainingTimeInMillis: () => Number(timeout) - (performance.now() - started),
};

const bundleSchema = v.object({ handler: v.function() });
const tell = (answer: object) => {
  process.send?.(answer);
};
try {
  const { handler } = v.parse(bundleSchema, await import(pathToFileURL(bundle).href));
  const result = await handler(JSON.parse(event), context);
  tell({ result });
} catch (error) {
  tell(
    error instanceof Error
      ? { errorType: error.name, errorMessage: error.message }
      : { errorType: 'Error', errorMessage: String(error) },
  );
}
process.disconnect();

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import type { BuiltFunction } from './assembly.ts';

const answerSchema = v.union([
  v.object({ result: v.unknown() }),
  v.object({ errorType: v.string(), errorMessage: v.string() }),
]);

/** What an invocation gave. */
export type Answer = v.InferOutput<typeof answerSchema> & {
  /** Standard output and error: what would stand in the log. */
  readonly log: string;
};

/**
 * Calls a bundle's handler in a fresh process that has the function's environment and nothing else, with the clock at
 * an instant.
 */
export function invoke(
  { bundle, functionName, timeout, environment }: BuiltFunction,
  extra: Readonly<Record<string, string>>,
  now: number,
  event: object,
): Promise<Answer> {
  const script = fileURLToPath(new URL('invocation.ts', import.meta.url));
  const args = [bundle, functionName, String(timeout), String(now), JSON.stringify(event)];
  return new Promise((resolve, reject) => {
    const child = fork(script, args, {
      // As Lambda sets them: the function's own, and where and who it is.
      env: { ...environment, ...extra, AWS_LAMBDA_FUNCTION_NAME: functionName },
      silent: true,
    });
    let log = '';
    let said: unknown;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (log += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text));
    child.on('message', (message) => (said = message));
    child.on('error', reject);
    child.on('close', () => {
      const answer = v.safeParse(answerSchema, said);
      if (answer.success) resolve({ ...answer.output, log });
      else reject(new Error(`${functionName} said nothing:\n${log}`));
    });
  });
}

// A function as Lambda runs it: AWS's own runtime client in a process of its own, with the built bundle.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { BuiltFunction } from '../bundles/assembly.ts';
import { type Answer, type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

/** One execution environment: it stays warm until it is ended. */
export interface FunctionProcess {
  invoke(event: unknown): Promise<Answer>;
  /** Ends it as Lambda ends what has run out of time, or what it no longer needs. Resolves with code and signal. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<readonly [number | null, NodeJS.Signals | null]>;
  /** Open descriptors. */
  descriptors(): number;
  /** What would stand in the log. */
  log(): string;
}

/**
 * Starts a function.
 *
 * @param client path of the runtime client's executable
 * @param extra where the systems are
 */
export async function startFunction(
  client: string,
  built: BuiltFunction,
  extra: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  const api = await startRuntimeApi();
  const { bundle, functionName, timeout, environment } = built;
  const child = spawn(process.execPath, [client, 'index.handler'], {
    cwd: dirname(bundle),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      ...extra,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: functionName,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${functionName}`,
      AWS_LAMBDA_LOG_STREAM_NAME: 'a-stream',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: dirname(bundle),
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = endOf(child, api);
  const died = ended.then(([code, signal]) => {
    throw new Error(`${functionName} ended (${code ?? signal}) without an answer:\n${log}`);
  });
  died.catch(() => undefined);
  return {
    invoke: (event) => Promise.race([api.invoke(event, functionName, timeout), died]),
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    log: () => log,
  };
}

async function endOf(
  child: ChildProcess,
  api: RuntimeApi,
): Promise<readonly [number | null, NodeJS.Signals | null]> {
  const end = await new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('close', (code, signal) => {
      resolve([code, signal]);
    });
  });
  await api.close();
  return end;
}

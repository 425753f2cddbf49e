// The one door to all systems around the functions, with what is in them.

import type { HttpSandbox, HttpSandboxOptions } from './http-sandbox.ts';
import { MemorySandbox, type MemorySandboxOptions } from './memory-sandbox.ts';

export type { Sandbox } from './contents.ts';
export type { HttpSandbox, MemorySandbox };

/**
 * Starts Docker Hub, registry, Vault and AWS, and fills them. Over `http` (the default) the functions reach stand-ins on
 * loopback with their real clients; in `memory` the same state stands behind the clients' interfaces, and is there at
 * once.
 */
export function startSandbox(options: MemorySandboxOptions): MemorySandbox;
export function startSandbox(options?: HttpSandboxOptions): Promise<HttpSandbox>;
export function startSandbox(
  options: MemorySandboxOptions | HttpSandboxOptions = {},
): MemorySandbox | Promise<HttpSandbox> {
  if (options.transport === 'memory') return new MemorySandbox(options);
  // Who stays in memory is spared the servers and the emulator of SNS.
  return import('./http-sandbox.ts').then(({ startHttpSandbox }) => startHttpSandbox(options));
}

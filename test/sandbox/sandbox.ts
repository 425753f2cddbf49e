// The one door to all systems around the functions, with what is in them.

import { type HttpSandbox, type HttpSandboxOptions, startHttpSandbox } from './http-sandbox.ts';

export type Sandbox = HttpSandbox;

/** Starts Docker Hub, registry, Vault and AWS on loopback, and fills them. */
export function startSandbox(options: HttpSandboxOptions = {}): Promise<Sandbox> {
  return startHttpSandbox(options);
}

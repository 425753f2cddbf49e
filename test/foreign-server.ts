// A server that somebody else wrote, as a child process on loopback: Vault, a registry, AWS emulators, Prism.
import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a command is on the path. */
export function hasCommand(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' }).status === 0;
}

/** A port of this machine that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('No port is free.'));
      });
    });
  });
}

/**
 * Waits until a server answers, at most a minute. It ends with this process, however that ends.
 *
 * @param isReady whether an answer's status is the one of a server that is ready
 * @throws when it ends before, or takes longer
 */
export async function answering(
  server: ChildProcess,
  url: string,
  isReady: (status: number) => boolean = () => true,
): Promise<void> {
  process.once('exit', () => server.kill('SIGKILL'));
  for (let tries = 0; tries < 600 && server.exitCode === null; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && isReady(answer.status)) return;
    await sleep(100);
  }
  const { exitCode } = server;
  server.kill();
  throw new Error(
    `${server.spawnfile} ${exitCode === null ? `does not answer at ${url}` : `ended with exit code ${exitCode}`}.`,
  );
}

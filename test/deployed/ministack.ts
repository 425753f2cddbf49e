// Starts ministack, an AWS emulator of others that runs functions and enforces permissions.
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { answering, freePort, hasCommand } from '../foreign-server.ts';

/** The account that ministack plays. */
export const ACCOUNT = '000000000000';
/** A region without test events: ministack does not know them either. */
export const REGION = 'il-central-1';

/** A running emulator. */
export interface Ministack {
  /** `http://127.0.0.1:…`. */
  readonly url: string;
  stop(): void;
}

/** Whether the command is there: `pip install ministack==1.5.33`. */
export function hasMinistack(): boolean {
  return hasCommand('ministack');
}

/** Starts it and waits until it answers; what it says is kept in a file. */
export async function startMinistack(home: string): Promise<Ministack> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = createWriteStream(join(home, 'ministack.log'));
  const child = spawn('ministack', [], {
    env: {
      // Functions run under the Node that runs this.
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      TMPDIR: home,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  await answering(child, `${url}/_ministack/health`, (status) => status === 200).catch((error: unknown) => {
    throw new Error(`ministack did not start, see ${home}/ministack.log`, { cause: error });
  });
  return { url, stop: () => void child.kill() };
}

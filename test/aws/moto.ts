import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { answering, freePort } from '../foreign-server.ts';

/** The account that moto plays, and the region used in it. */
export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';

/** A running moto. */
export interface Moto {
  /** `http://127.0.0.1:…`. */
  readonly url: string;
  /** What its CloudFormation did with types that it lacks, see moto_server.py: `served AWS::SNS::Subscription`. */
  readonly said: readonly string[];
  stop(): void;
}

/** Whether `pip install 'moto[server]'` was done for the `python3` of the path. */
export function hasMoto(): boolean {
  return spawnSync('python3', ['-c', 'import boto3, moto.server'], { stdio: 'ignore' }).status === 0;
}

/** Starts moto and waits until it answers. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const said: string[] = [];
  const script = fileURLToPath(new URL('moto_server.py', import.meta.url));
  const child = spawn('python3', [script, String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  createInterface(child.stdout).on('line', (line) => said.push(line));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  await answering(child, `${url}/moto-api/`, (status) => status === 200).catch((error: unknown) => {
    throw new Error(`moto did not start:\n${errors}`, { cause: error });
  });
  return { url, said, stop: () => void child.kill() };
}

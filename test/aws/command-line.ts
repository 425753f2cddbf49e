import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { REGION } from './moto.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the real `cdk` command answered. */
export interface Answer {
  readonly code: number;
  /** Standard output and error together. */
  readonly text: string;
}

/** Environment in which AWS is the emulator and nothing of this machine's own AWS settings is seen. */
export function emulated(url: string, home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    // The command line remembers which account a key belongs to, and would take another emulator's for this one's.
    CDK_HOME: home,
    AWS_ENDPOINT_URL: url,
    // The command line tells CloudFormation where its template is; moto finds a bucket by AWS's own address only.
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: `http://s3.${REGION}.amazonaws.com`,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    CI: 'true',
  };
}

/** Runs the project's own `cdk` as a person would. */
export function cdk(args: readonly string[], env: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`${root}node_modules/aws-cdk/bin/cdk`, ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    const add = (part: string) => (text += part);
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code: code ?? 1, text });
    });
  });
}

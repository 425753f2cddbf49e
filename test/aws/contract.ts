import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkIdentity } from './identity.ts';
import { REGION, hasMoto, startMoto } from './moto.ts';

/*
 * Holds an emulator that others wrote to the contract that the stand-ins of S3, SNS and Secrets Manager are held to:
 * starts moto, runs the contract tests against it, and ends it. What moto does otherwise than AWS is named in the tests.
 */

const TESTS = 'test/clients/aws-contract.test.ts';
const root = join(import.meta.dirname, '..', '..');

/** Runs the tests beside the emulator: its output is read here meanwhile. */
function contractTests(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const tests = spawn(process.execPath, [vitest, 'run', '--reporter=verbose', TESTS], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, AWS_REGION: REGION, AWS_CONTRACT_URL: url, AWS_CONTRACT_EMULATOR: 'moto' },
    });
    tests.on('error', reject);
    tests.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

if (hasMoto()) {
  const moto = await startMoto();
  try {
    process.exitCode = await contractTests(moto.url);
    await checkIdentity(moto.url);
  } finally {
    moto.stop();
  }
} else {
  const missing =
    "moto is not installed for python3, so the AWS contract was not tried against it; pip install 'moto[server]' and run this again.";
  const isNeeded = process.env['CI'] === 'true';
  console.log(isNeeded ? `FAIL ${missing}` : `Skipped: ${missing}`);
  if (isNeeded) process.exitCode = 1;
}

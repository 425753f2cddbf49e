// That a fault sweep which tries nothing proves nothing, and fails.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('The sweep of failures', () => {
  it('fails where ONLY matches no operation: what tried nothing proved nothing', () => {
    const { status, stdout } = spawnSync(process.execPath, ['test/faults/sweep.ts'], {
      env: { ...process.env, ONLY: 'issue' },
      encoding: 'utf8',
    });
    expect(stdout).toContain('ONLY and SHARE leave no case; ONLY must match one of:\n  a night that ');
    expect(stdout).toContain('\n  issuing a token\n');
    expect(status).toBe(1);
  });
});

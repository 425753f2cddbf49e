// How the tests are run: more of them at once than there are cores, because many wait for a server more than they compute.
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2 * availableParallelism(),
    coverage: {
      provider: 'v8',
      include: ['lambdas/**', 'lib/**', 'bin/**'],
      reporter: ['text', 'json-summary'],
    },
  },
});

import { AuditorError } from '../lambdas/errors.ts';

/** The error that some work fails with; fails itself where the work does not, or with a foreign error. */
export async function failureOf(work: () => unknown): Promise<AuditorError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AuditorError) return error;
    throw error;
  }
  throw new Error('It was expected to fail, and did not.');
}

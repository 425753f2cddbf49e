/** Counts what a script has proved, one line each. */
export interface Tally {
  /** Runs one check; what it throws is reported and counted, and the next one runs. Resolves with whether it passed. */
  check(title: string, proof: () => void | Promise<void>): Promise<boolean>;
  /** Prints the closing line and sets the exit code. */
  close(): void;
}

/** A tally that prints to standard output. */
export function makeTally(): Tally {
  let passed = 0;
  let failed = 0;
  return {
    async check(title, proof) {
      try {
        await proof();
        passed++;
        console.log(`  ok    ${title}`);
        return true;
      } catch (error) {
        failed++;
        console.log(`  FAIL  ${title}\n${error instanceof Error ? error.message : String(error)}`);
        return false;
      }
    },
    close() {
      console.log(`${passed} passed, ${failed} failed`);
      if (failed > 0) process.exitCode = 1;
    },
  };
}

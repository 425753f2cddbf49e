// The command line: what was typed, the environment, and where the words go.

import { INTERRUPTED, interruptedText } from './auditor/interrupted.ts';
import { run } from './auditor/run.ts';
import { DEFAULT_COLUMNS } from './auditor/words.ts';

// Pipes that close early (`| head`) are not a failure of the audit.
process.stdout.on('error', () => undefined);

let hasProgress = false;
/** Clears the line of progress, so that what is printed next does not stand behind it. */
function clearProgress(): void {
  if (hasProgress) process.stderr.write('\r\x1b[2K');
  hasProgress = false;
}

process.once('SIGINT', () => {
  clearProgress();
  process.stderr.write(`${interruptedText(process.argv.slice(2), process.env)}\n`);
  process.exit(INTERRUPTED);
});

process.exitCode = await run(process.argv.slice(2), process.env, {
  print: (text) => {
    clearProgress();
    process.stdout.write(`${text}\n`);
  },
  printError: (text) => {
    clearProgress();
    process.stderr.write(`${text}\n`);
  },
  progress: (text) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[2K${text.slice(0, process.stderr.columns - 1)}`);
    hasProgress = true;
  },
  columns: process.stdout.isTTY ? process.stdout.columns : DEFAULT_COLUMNS,
});
clearProgress();

import { run } from './auditor/run.ts';

// Pipes that close early (`| head`) are not a failure of the audit.
process.stdout.on('error', () => undefined);
process.exitCode = await run(process.argv.slice(2), process.env, {
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(text.startsWith('\r') ? text : `${text}\n`),
  isTerminal: process.stderr.isTTY,
});

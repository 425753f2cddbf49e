import { run } from './auditor/run.ts';

// Pipes that close early (`| head`) are not a failure of the audit.
process.stdout.on('error', () => undefined);
process.exitCode = await run(process.argv.slice(2), process.env, {
  say: (text) => process.stdout.write(`${text}\n`),
  mutter: (text) => process.stderr.write(text.startsWith('\r') ? text : `${text}\n`),
  isTerminal: process.stderr.isTTY,
});

#!/usr/bin/env node
// What `npx hub-token-auditor` starts: the command line, by a Node that reads TypeScript (the one that npm installed beside it).
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants } from 'node:os';

function nodeBeside() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    return process.execPath;
  }
}

// Ctrl-C reaches both: the command line says how it ended, and this one ends behind it.
process.on('SIGINT', () => undefined);

const executable = process.features.typescript ? process.execPath : nodeBeside();
const { status, signal } = spawnSync(
  executable,
  [join(import.meta.dirname, 'auditor.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 128 + (signal === null ? 0 : constants.signals[signal]);

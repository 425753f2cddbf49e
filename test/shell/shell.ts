/**
 * The shell as somebody has it before them: programs in a terminal of a given width, keys pressed while they work.
 * Needs python3, which makes the terminal; without it the script says what it skips, and fails only where `CI=true`
 * promises that it is there.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY, addDays, dayOf } from '../../lambdas/domain/days.ts';
import { createClock } from '../sandbox/clock.ts';
import { FAULTS } from '../sandbox/faults.ts';
import { runNight } from '../sandbox/run-audit.ts';
import { type HttpSandbox, startSandbox } from '../sandbox/sandbox.ts';
import { makeTally } from '../tally.ts';
import { hasTerminals, inTerminal } from './terminal.ts';

const tally = makeTally();
const AUDITOR = [process.execPath, 'bin/auditor.ts'];
const BY_NAME = [process.execPath, 'bin/hub-token-auditor.js'];
const BY_NPM = ['npm', 'run', '--silent', 'auditor', '--'];
/** What clears the line of progress before the next one: the one thing that a terminal obeys. */
const CLEARED = '\r\u001b[2K';
const PROGRESS = 'Dry run: reading Docker Hub';
const folder = mkdtempSync(join(tmpdir(), 'shell-'));

if (hasTerminals()) {
  try {
    await tryTerminal();
    await tryNights();
    await tryServing();
  } finally {
    rmSync(folder, { recursive: true });
  }
  tally.close();
} else {
  const isPromised = process.env['CI'] === 'true';
  console.log(`${isPromised ? 'Failed' : 'Skipped'}: the shell in a terminal, because there is no python3.`);
  if (isPromised) process.exitCode = 1;
}

/** Runs a command to its end. */
function ran(program: readonly string[], words: readonly string[], sandbox?: HttpSandbox, columns = 80) {
  return inTerminal([...program, ...words], sandbox?.environment ?? {}, columns).ended();
}

/** What stays on the screen: each line as it was written last. */
function linesOf(screen: string): string[] {
  return screen.split('\n').map((line) => line.split(CLEARED).at(-1) ?? '');
}

async function tryTerminal(): Promise<void> {
  // One login follows the other at once here, and no one-time code serves twice.
  const sandbox = await startSandbox({ twoFactor: false });
  try {
    await tally.check('a line is as long as the terminal is wide, at the most', async () => {
      for (const columns of [60, 100, 160]) {
        const { code, screen } = await ran(AUDITOR, ['audit'], sandbox, columns);
        assert.equal(code, 0, screen);
        const long = linesOf(screen).filter((line) => line.length > columns && !line.startsWith('Report: '));
        assert.deepEqual(long, []);
        assert.ok(linesOf(screen).some((line) => line.length > columns - 15));
      }
    });
    await tally.check('the help of every command fits a narrow terminal too', async () => {
      for (const command of ['audit', 'issue', 'simulate', 'doctor']) {
        const { screen } = await ran(AUDITOR, ['help', command], undefined, 60);
        assert.deepEqual(
          linesOf(screen).filter((line) => line.length > 60),
          [],
        );
      }
    });
    await tally.check('nothing is written for the terminal itself but the line of progress', async () => {
      for (const words of [['audit'], ['doctor'], ['help'], ['adit']]) {
        const { screen } = await ran(AUDITOR, words, sandbox);
        assert.ok(!screen.replaceAll(CLEARED, '').includes('\u001b'), screen);
        assert.equal(screen.includes(CLEARED), words[0] === 'audit' || words[0] === 'doctor');
      }
    });
    await tally.check('the progress stands there before any system has answered', async () => {
      sandbox.faults.always(FAULTS.timeOut);
      const shown = inTerminal([...AUDITOR, 'audit'], sandbox.environment);
      await shown.shows(PROGRESS);
      shown.pressCtrlC();
      await shown.ended();
    });
    for (const [name, program] of [
      ['by itself', AUDITOR],
      ['by its own name', BY_NAME],
      ['by npm', BY_NPM],
    ] as const)
      await tally.check(`Ctrl-C leaves a sentence and no half-written file: started ${name}`, async () => {
        const shown = inTerminal(
          [...program, 'audit', '--report', join(folder, 'report.html')],
          sandbox.environment,
        );
        await shown.shows(PROGRESS);
        shown.pressCtrlC();
        const { code, screen } = await shown.ended();
        assert.equal(code, 130, screen);
        assert.match(linesOf(screen).at(-2) ?? '', /^Stopped by Ctrl-C\. Nothing was changed/);
        assert.deepEqual(readdirSync(folder), []);
      });
    await tally.check('Ctrl-C in the midst of a change says that it may be done', async () => {
      const shown = inTerminal([...AUDITOR, 'issue', 'africell-ug'], sandbox.environment);
      await shown.shows('Issuing');
      shown.pressCtrlC();
      const { code, screen } = await shown.ended();
      assert.equal(code, 130);
      assert.match(screen, /A step that was begun may be done/);
    });
    sandbox.faults.clear();
    await tally.check('misspelt commands and options are answered by what was probably meant', async () => {
      for (const [words, meant] of [
        [['adit'], 'audit'],
        [['restor', 'orange-cd'], 'restore'],
        [['audit', '--aprove', 'orange-cd'], '--approve'],
        [['simulate', '--untill', '2030-01-01'], '--until'],
      ] as const) {
        const { code, screen } = await ran(AUDITOR, words);
        assert.equal(code, 2);
        assert.match(screen, new RegExp(`Did you mean ${meant}\\?`));
      }
    });
    await tally.check('an option that npm kept for itself is refused, and nothing is asked', async () => {
      const before = sandbox.log.length;
      const { code, screen } = await ran(['npm', 'run', 'auditor', 'audit', '--dry-run'], [], sandbox);
      assert.equal(code, 2);
      assert.match(screen, /npm kept --dry-run for itself, so nothing was done/);
      assert.equal(sandbox.log.length, before);
    });
  } finally {
    await sandbox.close();
  }
}

/** Two nights: the first as the schedule had it a day ago, the rest from the shell. */
async function tryNights(): Promise<void> {
  const clock = createClock({ now: Date.now() - DAY - 60_000 });
  const sandbox = await startSandbox({ contents: 'empty', now: clock, twoFactor: false });
  const isActive = (): (boolean | undefined)[] =>
    ['orange-cd', 'airtel-ne'].flatMap((label) =>
      sandbox.dockerHub.tokens.labelled(label).map(({ is_active: active }) => active),
    );
  try {
    const today = dayOf(Date.now(), 'Europe/Brussels');
    const rows = (end: string): [string, string][] => [
      ['orange-cd', end],
      ['airtel-ne', addDays(today, -30)],
      ['mtn-gh', addDays(today, 300)],
    ];
    for (const [name] of rows('')) sandbox.addToken(name);
    sandbox.putLicenses(rows(addDays(today, -30)));
    await runNight(sandbox);
    clock.advance(DAY + 60_000);

    let runId = '';
    await tally.check('audit --enforce withdraws what was announced the night before', async () => {
      const { code, screen } = await ran(AUDITOR, ['audit', '--enforce'], sandbox, 200);
      assert.equal(code, 0, screen);
      assert.match(screen, /done +deactivate orange-cd/);
      assert.deepEqual(isActive(), [false, false]);
      runId = /Audit (\S+)/.exec(screen)?.[1] ?? '';
    });
    await tally.check(
      'audit --enforce --review switches on whoever has renewed, and no one off',
      async () => {
        sandbox.putLicenses(rows(addDays(today, 200)));
        const { code, screen } = await ran(AUDITOR, ['audit', '--enforce', '--review'], sandbox, 200);
        assert.equal(code, 0, screen);
        assert.match(screen, /done +reactivate orange-cd/);
        assert.deepEqual(isActive(), [true, false]);
      },
    );
    await tally.check('a run that switched off nothing can not be restored, and says so', async () => {
      const words = ['restore', '--run', '20200101T000000Z-00000000', '--reason', 'a wrong list'];
      const { code, screen } = await ran(AUDITOR, words, sandbox);
      assert.equal(code, 1);
      assert.match(screen, /TokenNotFound: /);
    });
    await tally.check('restore --run gives back what of that run is still off', async () => {
      const words = ['restore', '--run', runId, '--reason', 'a wrong list'];
      const { code, screen } = await ran(AUDITOR, words, sandbox, 200);
      assert.equal(code, 0, screen);
      assert.match(screen, new RegExp(`run ${runId}: 1 step`));
      assert.deepEqual(isActive(), [true, true]);
    });
  } finally {
    await sandbox.close();
  }
}

async function tryServing(): Promise<void> {
  await tally.check('npm start -- --serve prints its environment, and stops on Ctrl-C', async () => {
    const shown = inTerminal(['npm', 'start', '--silent', '--', '--serve'], {});
    await shown.shows('revoke orange-cd');
    const file = readFileSync('reports/sandbox.env', 'utf8');
    shown.pressCtrlC();
    // The exit code is npm's, which Ctrl-C reaches too.
    const { screen } = await shown.ended();
    assert.match(file, /^export DOCKER_HUB_URL='http:\/\/127/m);
    for (const line of file.trim().split('\n')) assert.ok(screen.includes(line), line);
    assert.match(screen, /The sandbox has stopped/);
    assert.equal(existsSync('reports/sandbox.env'), false);
  });
}

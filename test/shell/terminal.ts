// Programs in a terminal of a given width, with somebody at the keyboard.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, 'terminal.py');
const CTRL_C = '\u0003';

/** Whether this machine has what makes a terminal. */
export const hasTerminals = (): boolean => spawnSync('python3', ['-c', 'import pty']).status === 0;

/** A program that runs in a terminal. */
export interface Terminal {
  /** Resolves once the screen holds a text; rejects when the program ends before. */
  shows(text: string): Promise<void>;
  pressCtrlC(): void;
  /** The exit code, and all that was written, with line breaks as `\n`. */
  ended(): Promise<{ readonly code: number | null; readonly screen: string }>;
}

/** Starts a program. Of the environment only what a login shell has, and what is given. */
export function inTerminal(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  columns = 80,
): Terminal {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('python3', [SCRIPT, String(columns), ...words], {
    env: { PATH, HOME, TERM: 'xterm-256color', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (screen.includes(text)) resolve();
        };
        child.stdout.on('data', look);
        void closed.then(() => {
          reject(new Error(`The program ended without "${text}":\n${screen}`));
        });
        look();
      }),
    pressCtrlC: () => child.stdin.write(CTRL_C),
    ended: async () => {
      const code = await closed;
      return { code, screen: screen.replaceAll('\r\n', '\n') };
    },
  };
}

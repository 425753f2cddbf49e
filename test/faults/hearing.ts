// What this process says while it is listened to.
import { Console } from 'node:console';
import { type Channel, everythingIn } from '../sandbox/leaks.ts';

/** Everything that this process says while it is listened to. */
export interface Hearing {
  /** What was said since {@link forget}. */
  channels(): Channel[];
  /** What was said since then, all in one, in order. */
  readonly text: string;
  /** A new case begins. */
  forget(): void;
  /** Says something past the hearing. */
  tell(line: string): void;
  /** Gives the streams back. */
  stop(): void;
}

/** A stream as far as it is listened to. */
type Stream = Pick<NodeJS.WriteStream, 'write'>;

function listenTo(stream: Stream, hear: (text: string) => void): () => void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    hear(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    for (const done of rest) if (typeof done === 'function') Reflect.apply(done, undefined, []);
    return true;
  };
  return () => {
    stream.write = write;
  };
}

/**
 * Listens to standard output and error of this process, in place of whoever reads them: logs and metrics are written
 * there, also by `console` and by whatever `DEBUG` switches on. Warnings of Node itself are heard, too.
 */
export function startHearing(): Hearing {
  const heard = { output: '', error: '', warnings: '', text: '' };
  const into = (channel: 'output' | 'error' | 'warnings') => (text: string) => {
    heard[channel] += text;
    heard.text += text;
  };
  const write = process.stdout.write.bind(process.stdout);
  const stops = [listenTo(process.stdout, into('output')), listenTo(process.stderr, into('error'))];
  // A runner of tests has a console of its own, which writes elsewhere.
  const { console: usual } = globalThis;
  globalThis.console = new Console({ stdout: process.stdout, stderr: process.stderr });
  const warn = (warning: Error): void => {
    into('warnings')(everythingIn(warning));
  };
  process.on('warning', warn);
  return {
    channels: () => [
      { name: 'standard output', text: heard.output },
      { name: 'standard error', text: heard.error },
      { name: 'warning of Node', text: heard.warnings },
    ],
    get text() {
      return heard.text;
    },
    forget: () => {
      Object.assign(heard, { output: '', error: '', warnings: '', text: '' });
    },
    tell: (line) => {
      write(`${line}\n`);
    },
    stop: () => {
      process.off('warning', warn);
      globalThis.console = usual;
      for (const stop of stops) stop();
    },
  };
}

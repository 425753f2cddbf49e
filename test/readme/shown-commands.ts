// The commands that the documents show, as a reader would paste them: blocks of a shell, and code within a sentence.
import { globSync, readFileSync } from 'node:fs';

/** The documents that people paste from. */
export const DOCUMENTS: readonly string[] = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md')];

/** A block of a document that is pasted whole. */
export interface ShownBlock {
  readonly file: string;
  /** The language behind the fence; empty where there is none. */
  readonly language: string;
  readonly text: string;
  /** The comment right above it that says by which test it is tried, such as `vault` or `tried: base`. */
  readonly mark: string | undefined;
}

/** What a command of this project, or one that its readers need, begins with. */
const PROGRAMS = 'npm|npx|node|aws|vault|docker|pip|apt-get|git|curl|sh|\\.ci/run';
const COMMAND = new RegExp(`^(?:${PROGRAMS})(?: |$)`);

const FENCE = /(?:<!-- ([^>]*?) -->\n+)?^```(\w*)\n([^]*?)\n```$/gm;

export function blocksOf(file: string): ShownBlock[] {
  return [...readFileSync(file, 'utf8').matchAll(FENCE)].map(([, mark, language = '', text = '']) => ({
    file,
    language,
    text,
    mark,
  }));
}

/** A line of a block without its comment, with the lines that it goes on in; `&&` between npm's commands separates two. */
export function commandsIn(text: string): string[] {
  return text
    .replaceAll(/ *(?:\\\n|(?<=\|)\n) */g, ' ')
    .split('\n')
    .flatMap(separated)
    .filter((line) => line !== '');
}

/** Code within the sentences of a document that is a command with words behind it. */
export function inlineCommandsOf(file: string): string[] {
  const prose = readFileSync(file, 'utf8').replaceAll(FENCE, '');
  return [...prose.matchAll(/`([^`]+)`/g)]
    .map(([, code = '']) => code.replaceAll(/\s+/g, ' ').replaceAll('\\|', '|').trim())
    .filter((code) => COMMAND.test(code) && (code.includes(' ') || code.startsWith('.')))
    .flatMap(separated);
}

/** Whether a line is a command. */
export const isCommandLine = (line: string): boolean => COMMAND.test(line);

function separated(line: string): string[] {
  const bare = line.replace(/(^|\s+)# .*$/, '').trim();
  return bare.startsWith('np') ? bare.split(' && ').map((part) => part.trim()) : [bare];
}

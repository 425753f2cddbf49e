// The blocks of README and docs/vault.md that set up Vault.
import { readFileSync } from 'node:fs';

const readme = readFileSync('README.md', 'utf8');
const guide = readFileSync('docs/vault.md', 'utf8');

/** The README's block, as it is pasted into a shell. */
export function readmeBlock(): string {
  return blockIn(/<!-- vault -->\n+```sh\n([^]*?)\n```/.exec(readme));
}

/** A block of docs/vault.md by its mark. */
export function guideBlock(name: string): string {
  return blockIn(new RegExp(`<!-- tried: ${name} -->\\n+\`\`\`sh\\n([^]*?)\\n\`\`\``).exec(guide));
}

function blockIn(found: RegExpExecArray | null): string {
  if (found?.[1] === undefined) throw new Error('There is no such block.');
  return found[1];
}

/** Path to capabilities, as the policy of a block gives them. */
export function policyIn(block: string): Map<string, string[]> {
  const rules = block.matchAll(/path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]/g);
  return new Map([...rules].map(([, path = '', list = '']) => [path, list.match(/\w+/g) ?? []]));
}

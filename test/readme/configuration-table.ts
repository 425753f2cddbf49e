// The README's configuration table, made from the schema; run by itself, it writes the table into the README.
import { readFileSync, writeFileSync } from 'node:fs';
import { configEntries } from '../../lib/config.ts';

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

/** The configuration table as the schema says it. */
export function configurationTable(): string {
  const rows = configEntries().map(
    ({ key, type, default: standard, variable, meaning }) =>
      `| ${[code(key), type.replaceAll('|', 'or'), code(standard), code(variable), meaning].join(' | ')} |`,
  );
  return ['| key | type | default | variable | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

if (import.meta.main) {
  const readme = readFileSync('README.md', 'utf8');
  const between = /(?<=<!-- configuration -->\n)[^]*?(?=\n<!-- \/configuration -->)/;
  writeFileSync(
    'README.md',
    readme.replace(between, () => configurationTable()),
  );
}

// The configuration table of docs/configuration.md, made from the schema; run by itself, it writes the table there.
import { readFileSync, writeFileSync } from 'node:fs';
import { configEntries } from '../../lib/config.ts';

const code = (text: string | undefined): string => (text === undefined ? '' : `\`${text}\``);

const FILE = 'docs/configuration.md';

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
  const readme = readFileSync(FILE, 'utf8');
  const between = /(?<=<!-- configuration -->\n)[^]*?(?=\n<!-- \/configuration -->)/;
  writeFileSync(
    FILE,
    readme.replace(between, () => configurationTable()),
  );
}

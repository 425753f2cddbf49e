// The mail that the README shows: that of the sandbox's second night. Run by itself (`npm run table`), it writes it there.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterFirstNight } from './sample-nights.ts';

const BLOCK = /(<!-- mail -->\n```\n)[^]*?(\n```\n<!-- \/mail -->)/;

/** The README with another mail in it. */
export function withMail(readme: string, mail: string): string {
  return readme.replace(BLOCK, (_, before: string, after: string) => `${before}${mail}${after}`);
}

/** The mail of a sandbox's second night; what is random in a run's name is always the same. */
export async function sampleMail(): Promise<string> {
  const mail = await afterFirstNight(async (sandbox, audit) => {
    await audit({}, 'night-2');
    return sandbox.aws.published.at(-1);
  });
  const text = `Subject: ${mail?.subject ?? ''}\n\n${mail?.messages.get('email') ?? ''}`;
  return text.trimEnd().replace(/(\d{8}T\d{6}Z)-[0-9a-f]{8}/g, '$1-c86d4372');
}

if (import.meta.main)
  writeFileSync('README.md', withMail(readFileSync('README.md', 'utf8'), await sampleMail()));

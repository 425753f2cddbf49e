import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sampleMail, withMail } from './sample-mail.ts';

it('the mail that the README shows is what the sandbox sends', async () => {
  const readme = readFileSync('README.md', 'utf8');
  // `npm run table` writes it there.
  expect(readme).toBe(withMail(readme, await sampleMail()));
});

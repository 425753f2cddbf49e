// What the subject and the page's headline say of a night: who lost access, and who only lost a token that was no use.
import { beforeEach, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

const FAR = '2027-06-01';
const PAST = '2026-02-20';
const OTHERS = Array.from({ length: 9 }, (_, index) => `telco${index}-be`);
let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory', settings: { deleteAfterDays: 9 } });
  for (const name of [...OTHERS, 'orange-cd']) sandbox.addToken(name);
  licensed(FAR);
});

/** Gives orange-cd this end; the others have paid. */
function licensed(end: string, others: readonly string[] = OTHERS): void {
  sandbox.putLicenses([...others.map((name): [string, string] => [name, FAR]), ['orange-cd', end]]);
}

/** So many nights: the subjects of their mails, and the headlines of the pages of the nights with a mail. */
async function nights(count: number, event: AuditEvent = {}): Promise<string[]> {
  const said: string[] = [];
  for (let number = 0; number < count; number++) {
    const before = sandbox.mails.length;
    const { report } = await audit(event, sandbox.services());
    const [mail] = sandbox.mails.slice(before);
    const page = sandbox.bucket.text(report.replace('.json', '.html')) ?? '';
    const title = /<title>([^<]*)<\/title>/.exec(page)?.[1];
    if (mail !== undefined || event.dryRun === true)
      said.push(
        `${mail?.subject.replace(/^\[[^\]]*\] /, '') ?? 'no mail'} | ${title?.split(': ').slice(1).join(': ')}`,
      );
    sandbox.now += DAY;
  }
  return said;
}

it('says revoked of those who could pull and can not any more, and deleted of what was off already', async () => {
  licensed(PAST);
  expect(await nights(12)).toEqual([
    '1 loses access tonight | 1 loses access tonight',
    '1 revoked | 1 revoked',
    '1 to be deleted | 1 to be deleted',
    '1 to be deleted | 1 to be deleted',
    '1 deleted | 1 deleted',
  ]);
});

it('does not call a customer revoked whose replaced token goes', async () => {
  await nights(1);
  await issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 1 }, sandbox.services());
  const said = await nights(10);
  expect(said.filter((text) => text.includes('old token'))).toEqual([
    '1 old token removed | 1 old token removed',
    '1 old token removed | 1 old token removed',
  ]);
  expect(said.join()).not.toContain('revoked');
});

it('does not say that all is well while an ended customer can pull', async () => {
  licensed(PAST);
  await nights(2);
  await revoke({ deployment: 'orange-cd', restore: true, reason: 'paid' }, sandbox.services());
  expect(await nights(1)).toEqual(['1 ended, can still pull | 1 ended, can still pull']);
});

it('says in observe and of a dry run who would lose access, and promises no night', async () => {
  sandbox.settings = { ...sandbox.settings, mode: 'observe' };
  licensed(PAST);
  expect(await nights(1)).toEqual([
    '1 would lose access | 1 would lose access (Observe: nothing was changed)',
  ]);
  sandbox.settings = { ...sandbox.settings, mode: 'enforce' };
  expect(await nights(1, { dryRun: true })).toEqual([
    'no mail | 1 would lose access (Dry run: nothing was changed)',
  ]);
  await nights(1);
  expect(await nights(1, { dryRun: true })).toEqual([
    'no mail | 1 would be revoked (Dry run: nothing was changed)',
  ]);
});

it('says in observe of nobody that they would lose access while HOLD is there', async () => {
  sandbox.settings = { ...sandbox.settings, mode: 'observe' };
  licensed(PAST);
  sandbox.bucket.put('HOLD', '');
  const [said = ''] = await nights(1);
  expect(said).toMatch(/^HOLD\b.* \| HOLD\b/);
  expect(said).not.toContain('would lose access');
});

it('says of a list that shrank whether it stands in the way or was approved', async () => {
  await nights(1);
  licensed(FAR, OTHERS.slice(3));
  expect((await nights(1))[0]).toMatch(/^a list shrank \|/);
  expect(sandbox.mails.at(-1)?.text).toContain('Is it right? Then let the new numbers count [1].');
  expect((await nights(1, { approve: [], reason: 'they left' }))[0]).toMatch(
    /^shrunken list approved, 3 to fix \|/,
  );
  const text = sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ');
  expect(text).toMatch(
    /^The license list went from 10 to 7 rows .* since the last whole run\. This run approves that: /,
  );
  expect(text).not.toContain('"approve"');
});

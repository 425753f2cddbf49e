// What a night says of the check itself: when it says nothing, and what is no finding.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import type { ContentCheck } from '../../lambdas/domain/token.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;
const NAMES = ['orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td', 'moov-bj', 'telma-mg'];

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(NAMES, '2027-01-01');
});

const nightWith = (check: (content: string) => ContentCheck | undefined): Promise<AuditResult> => {
  const services = sandbox.services();
  const { dockerHub: hub } = services;
  const checkContent = async (content: string): Promise<ContentCheck> =>
    check(content) ?? hub.checkContent(content);
  return audit({}, { ...services, dockerHub: { ...hub, checkContent } });
};

describe('the check of stored contents', () => {
  it('is reported as saying nothing where none of five or more could be compared', async () => {
    const { counts, findings, notes } = await nightWith(() => ({ outcome: 'accepted' }));
    expect(counts.verified).toMatchObject({ unclear: 6, matching: 0 });
    expect(findings).toEqual([]);
    expect(notes.join()).toContain('says nothing');
    expect(sandbox.lastMail).toContain('The check of stored contents says nothing');
  });

  it('says something where one could be compared, and where the others are of another account', async () => {
    const own = sandbox.keys.get('orange-cd');
    for (const check of [
      (content: string): ContentCheck | undefined =>
        content === own ? undefined : { outcome: 'accepted', claimedId: 'nobody' },
      (): ContentCheck => ({ outcome: 'accepted', otherAccount: 'somebody' }),
    ])
      expect((await nightWith(check)).notes.join()).not.toContain('says nothing');
  });

  it("names the key that holds another account's token, and the account", async () => {
    const own = sandbox.keys.get('orange-cd');
    const { counts, notes } = await nightWith((content) =>
      content === own ? { outcome: 'accepted', claimedId: 'x', otherAccount: 'some\u001bbody' } : undefined,
    );
    expect(counts.verified).toMatchObject({ matching: 5, unclear: 1 });
    expect(notes.join()).toContain('The key orange-cd in Vault holds a token of another Docker Hub account');
    expect(sandbox.lastMail).toContain('another Docker Hub account ("some\\u{1b}body")');
  });

  it('reports white space around a content as that, once, and refuses nothing for it', async () => {
    for (const name of ['orange-cd', 'mtn-cm']) sandbox.keys.set(name, `${String(sandbox.keys.get(name))}\n`);
    const { counts, findings, notes } = await nightWith(() => undefined);
    expect([counts.verified.matching, findings]).toEqual([6, []]);
    expect(notes.join()).toContain('2 keys orange-cd and mtn-cm in Vault have white space around');
    expect(sandbox.lastMail).toContain('white space around');
    sandbox.now += 86_400_000;
    expect((await nightWith(() => undefined)).notified).toBe(false);
  });

  it('finds nothing but white space to be no content', async () => {
    sandbox.keys.set('orange-cd', ' \n');
    const { findings } = await nightWith(() => undefined);
    expect(findings).toMatchObject([{ kind: 'malformed-key', deployment: 'orange-cd' }]);
    expect(findings[0]?.detail).toContain('nothing but white space');
  });
});

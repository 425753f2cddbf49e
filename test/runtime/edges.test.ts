// Whatever leaves is searched for the secrets of the event.

import { describe, expect, it } from 'vitest';
import type { Bucket, DockerHub } from '../../lambdas/clients/ports.ts';
import type { Notification } from '../../lambdas/mail/notification.ts';
import { allowIds, guardBucket, guardLog, guardMeter, guardNotifier } from '../../lambdas/runtime/edges.ts';
import { Secrets } from '../../lambdas/text/redact.ts';

const PASSWORD = 'p?ss"word of the account';
const CONTENT = `dckr_pat_${'aB3-_'.repeat(5)}xy`;

function knowing(): Secrets {
  const secrets = new Secrets();
  secrets.addPassword(PASSWORD);
  secrets.add(CONTENT);
  return secrets;
}

const isClean = (text: string): boolean => !/ss\\*"word|aB3-/i.test(text);

describe('the edges', () => {
  it('let no secret into an object, and leave an object without one as it is', async () => {
    const written: string[] = [];
    const bucket: Bucket = {
      location: 's3://bucket',
      read: async () => 'absent',
      exists: async () => false,
      listTop: async () => [],
      write: async (_key, body) => {
        written.push(body);
      },
      writeIf: async (_key, body) => {
        written.push(body);
        return { etag: 'e' };
      },
    };
    const guarded = guardBucket(bucket, knowing());
    await guarded.write('report.html', `<b>${PASSWORD}</b>`, 'text/html');
    await guarded.writeIf('ledger.json', JSON.stringify({ reason: PASSWORD, label: CONTENT }), undefined);
    expect(written).toHaveLength(2);
    expect(written.every(isClean)).toBe(true);
    expect(JSON.parse(written[1] ?? '')).toEqual({ reason: '(concealed)', label: '(concealed)' });
    await guarded.writeIf('ledger.json', '{"a": 1}', undefined);
    expect(written[2]).toBe('{"a": 1}');
    expect([await guarded.read('a'), await guarded.exists('a'), guarded.location]).toEqual([
      'absent',
      false,
      's3://bucket',
    ]);
  });

  it('let no secret into a mail, a log line or a metric', async () => {
    const left: unknown[] = [];
    const secrets = knowing();
    const mail: Notification = {
      subject: `about ${CONTENT}`,
      text: `The owner says ${JSON.stringify(PASSWORD)}.`,
      summary: JSON.stringify({ runId: PASSWORD }),
      outcome: 'attention',
      severity: 'info',
    };
    await guardNotifier(
      {
        publish: async (notification) => {
          left.push(notification);
          return { confirmed: true };
        },
      },
      secrets,
    ).publish(mail);
    const note = (...all: unknown[]): void => {
      left.push(all);
    };
    const log = guardLog({ info: note, warn: note, error: note }, secrets);
    log.info(`read ${CONTENT}`, { fields: [{ deep: PASSWORD }] });
    log.warn(CONTENT);
    log.error('x', { error: PASSWORD.toUpperCase() });
    guardMeter({ count: note, milliseconds: note, flush: note }, secrets).count('Findings', 1, CONTENT);
    expect(left).toHaveLength(5);
    expect(left.map((entry) => isClean(JSON.stringify(entry)))).toEqual(left.map(() => true));
  });

  it('keep the id of a token, also where a key holds it in place of its content', async () => {
    const secrets = new Secrets();
    const ids = ['0f8fad5b-d9cb-469f-a165-70867728950e', '1f8fad5b-d9cb-469f-a165-70867728950e'];
    for (const id of ids) secrets.add(id);
    const hub = {
      listTokens: async () => [{ id: ids[0] ?? '', label: 'orange-cd', enabled: true }],
      getToken: async (id: string) => ({ id, label: 'orange-cd', enabled: true }),
      createToken: async () => ({ token: { id: 'new', label: 'a', enabled: true }, content: CONTENT }),
    };
    const none = async (): Promise<never> => Promise.reject(new Error('not asked for'));
    const dockerHub: DockerHub = {
      ...hub,
      setEnabled: none,
      setLabel: none,
      deleteToken: none,
      checkContent: none,
    };
    const guarded = allowIds(dockerHub, secrets);
    await guarded.listTokens();
    await guarded.getToken(ids[1] ?? '');
    await guarded.createToken('a', []);
    expect(secrets.redact([...ids, CONTENT].join(' '))).toBe(`${ids.join(' ')} (concealed)`);
  });
});

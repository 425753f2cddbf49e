// What a night does when something goes wrong between reading and remembering: it says so, and a catch-up runs.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Fate } from '../sandbox/memory-sandbox.ts';
import { steps } from './nightly.ts';

const FAR = '2027-01-01';
let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(['orange-cd', 'mtn-cm', 'airtel-td', 'moov-bj', 'telma-mg'], FAR);
  licenses('2026-03-01');
});

/** The license of orange-cd ends on that day, all others next year. */
function licenses(end: string): void {
  sandbox.changeLicenses({ 'orange-cd': end });
}

const night = (event = {}): Promise<AuditResult> => audit(event, sandbox.services());

/** The fate of the first call of that name after another one was made. */
function onceAfter(earlier: string, name: string, fate: Fate): (call: string) => Fate {
  let isArmed = false;
  return (call) => {
    if (call === earlier) isArmed = true;
    else if (isArmed && call === name) {
      isArmed = false;
      return fate;
    }
    return 'pass';
  };
}

/** Announced on the first night; the second one withdraws. */
async function announced(): Promise<void> {
  expect(steps(await night())).toEqual(['announce orange-cd done']);
  sandbox.now += DAY;
}

/** Something happens while the second night checks contents. */
async function nightWhile(happening: () => void): Promise<AuditResult> {
  let isOver = false;
  sandbox.fate = (call) => {
    if (call === 'hub.checkContent' && !isOver) {
      isOver = true;
      happening();
    }
    return 'pass';
  };
  const result = await night();
  expect(isOver).toBe(true);
  return result;
}

describe('a list or HOLD that changes while the night is at work', () => {
  it.each([
    [
      'HOLD is put',
      () => {
        sandbox.bucket.put(OBJECTS.hold, '');
      },
      'HOLD changed while this run was at work',
    ],
    [
      'HOLD is put under a name with a slip',
      () => {
        sandbox.bucket.put('hold.txt', '');
      },
      'HOLD changed while this run was at work',
    ],
    [
      'the renewed list is saved',
      () => {
        licenses(FAR);
      },
      'licenses.csv changed while this run was at work',
    ],
    [
      'exemptions.csv is added',
      () => {
        sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\norange-cd,strategic,ops,\n');
      },
      'exemptions.csv changed while this run was at work',
    ],
    ['the list is deleted', () => sandbox.bucket.delete(OBJECTS.licenses), 'licenses.csv changed'],
  ])('keeps everybody on: %s', async (_what, happening, why) => {
    await announced();
    const result = await nightWhile(happening);
    expect(steps(result)).toEqual(['deactivate orange-cd skipped']);
    expect(result.actions[0]?.reason).toContain(why);
    expect(sandbox.isOn('orange-cd')).toBe(true);
    expect(sandbox.ledger.intents).toEqual([]);
    expect(sandbox.ledger.lastNight?.undisturbed).toBe(false);
  });

  it('counts as changed where it can not be looked at again', async () => {
    await announced();
    sandbox.fate = onceAfter('hub.checkContent', `bucket.read ${OBJECTS.licenses}`, 'fail before');
    const result = await night();
    expect(result.actions[0]?.reason).toContain('could not be looked at again');
    expect(sandbox.isOn('orange-cd')).toBe(true);
  });

  it('is gone by in the next run', async () => {
    await announced();
    await nightWhile(() => {
      licenses('2026-02-28');
    });
    sandbox.fate = () => 'pass';
    sandbox.now += DAY;
    licenses('2026-03-01');
    expect(steps(await night())).toContain('deactivate orange-cd done');
  });
});

describe('a ledger that can not be written right after a token was switched off', () => {
  it('is no reason to keep silent: the mail of that night names it, and a catch-up runs once more', async () => {
    await announced();
    sandbox.fate = onceAfter('hub.setEnabled', `bucket.writeIf ${OBJECTS.ledger}`, 'fail before');
    const failure = await failureOf(() => night());
    expect(failure.name).toBe('StorageUnavailable');
    expect(sandbox.isOn('orange-cd')).toBe(false);
    expect(sandbox.mails.at(-1)?.subject).toContain('1 revoked');
    expect(sandbox.lastMail).toContain('orange-cd');
    expect(sandbox.lastMail).toContain('This run failed on its way and did not do all that was due');
    sandbox.fate = () => 'pass';
    // What could not be marked then was marked by the last write.
    expect(sandbox.ledger.suspensions).toMatchObject([{ deployment: 'orange-cd', by: 'audit' }]);
    expect(sandbox.ledger.intents).toEqual([]);
    sandbox.now += HOUR;
    const mails = sandbox.mails.length;
    const caughtUp = await night({ catchUp: true });
    expect(caughtUp.counts.tokens).toBe(5);
    expect(sandbox.mails.slice(mails)).toEqual([]);
    expect((await night({ catchUp: true })).notes.join()).toContain('Nothing to catch up');
  });
});

describe('a report that can not be written', () => {
  it.each(['hub.listTokens', 'hub.setEnabled'])(
    'does not make a catch-up needless (after %s)',
    async (earlier) => {
      await announced();
      sandbox.fate = onceAfter(earlier, `bucket.write ${OBJECTS.reports}`, 'fail before');
      expect((await failureOf(() => night())).name).toBe('StorageUnavailable');
      sandbox.fate = () => 'pass';
      expect(sandbox.ledger.lastNight?.undisturbed).toBe(false);
      sandbox.now += HOUR;
      expect((await night({ catchUp: true })).counts.tokens).toBe(5);
    },
  );
});

describe('a mail that nobody confirmed could read', () => {
  it('was not notified', async () => {
    sandbox.confirmed = false;
    expect((await night()).notified).toBe(false);
    sandbox.now += DAY;
    sandbox.confirmed = true;
    expect((await night()).notified).toBe(true);
  });

  it.each(['nobody confirmed', 'the mail failed'])(
    'leaves the changes of the list to the next that somebody can read: %s',
    async (why) => {
      licenses(FAR);
      await night();
      const unread = async (): Promise<void> => {
        sandbox.confirmed = why !== 'nobody confirmed';
        sandbox.fate = (call) => (!sandbox.confirmed || call !== 'topic.publish' ? 'pass' : 'fail before');
        sandbox.now += DAY;
        await night().catch(() => undefined);
        sandbox.confirmed = true;
        sandbox.fate = () => 'pass';
      };
      licenses('2026-09-30');
      await unread();
      await unread();
      sandbox.now += DAY;
      await night();
      expect(sandbox.lastMail).toMatch(/orange-cd: the end moved BACK, from .* to 30 Sep/);
      const mails = sandbox.mails.length;
      sandbox.now += DAY;
      await night();
      expect(
        sandbox.mails
          .slice(mails)
          .map(({ text }) => text)
          .join(''),
      ).not.toContain('moved BACK');
    },
  );
});

describe('what a run itself did', () => {
  it('is put right in no later mail: neither what was withdrawn, nor what was switched on again', async () => {
    await announced();
    await night();
    const later = async (): Promise<string> => {
      const before = sandbox.mails.length;
      sandbox.now += HOUR;
      await night();
      return sandbox.mails
        .slice(before)
        .map(({ text }) => text)
        .join('');
    };
    expect(await later()).not.toContain('PUT RIGHT');
    licenses(FAR);
    await night();
    expect(await later()).not.toContain('PUT RIGHT');
  });
});

describe('an automatic token', () => {
  it('is reported by the first run that sees it, and its passing by none', async () => {
    licenses(FAR);
    await night();
    const mailed = async (): Promise<string[]> => {
      const before = sandbox.mails.length;
      sandbox.now += DAY;
      await night();
      return sandbox.mails.slice(before).map(({ text }) => text.replace(/\s+/g, ' '));
    };
    sandbox.addToken('docker-desktop', { key: false, generatedBy: 'desktop', scopes: ['repo:read'] });
    expect((await mailed()).join('')).toContain('docker-desktop');
    expect(await mailed()).toEqual([]);
  });
});

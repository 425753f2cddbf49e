// Withdrawing: notices, caps, approvals, and what holds them.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { type AuditEvent, auditEventSchema } from '../../lambdas/audit/event.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { failureOf } from '../failure.ts';
import type { StoredToken } from '../sandbox/docker-hub-tokens.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { nightly, reasons, steps } from './nightly.ts';

const NAMES = ['orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td', 'moov-bj', 'telma-mg'] as const;
const FAR = '2027-01-01';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(NAMES, FAR);
});

/** Gives licenses of these deployments this last day. */
function end(day: string, ...names: string[]): void {
  sandbox.changeLicenses(Object.fromEntries(names.map((name) => [name, day])));
}

const night = (event?: AuditEvent): Promise<AuditResult> => nightly(sandbox, event);

const lastMail = (): string => {
  const mail = sandbox.mails.at(-1);
  return `${mail?.subject ?? ''}\n${mail?.text ?? ''}`.replace(/\s+/g, ' ');
};
/** The oldest token of a deployment. */
const tokenOf = (name: string): StoredToken => {
  const token = sandbox.tokens.labelled(name).at(-1);
  if (token === undefined) throw new Error(`no token ${name}`);
  return token;
};

describe('the life of an ended license', () => {
  it('is announced within 7 days of its end, switched off the night after, announced and deleted 90 days later', async () => {
    end('2026-03-10', 'orange-cd');
    const log: string[] = [];
    for (let day = 2; day < 110; day++) {
      const date = new Date(sandbox.now).toISOString().slice(0, 10);
      log.push(...steps(await night()).map((step) => `${date} ${step}`));
    }
    expect(log).toEqual([
      '2026-03-03 announce orange-cd done',
      '2026-03-11 deactivate orange-cd done',
      '2026-06-02 announce orange-cd done',
      '2026-06-09 delete-token orange-cd done',
      '2026-06-09 remove-key orange-cd done',
    ]);
    expect(sandbox.keys.has('orange-cd')).toBe(false);
    expect(sandbox.keys.names.length).toBe(NAMES.length - 1);
  });

  it('is not deleted with deleteAfterDays null', async () => {
    sandbox.settings = { ...sandbox.settings, deleteAfterDays: null };
    end('2026-03-01', 'orange-cd');
    for (let day = 0; day < 200; day++) await night();
    expect(tokenOf('orange-cd').is_active).toBe(false);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
  });

  it('keeps the key where its content is not that of then any more', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    sandbox.keys.set('orange-cd', 'dckr_pat_written_by_somebody_else');
    for (let day = 0; day < 100; day++) await night();
    expect(sandbox.tokens.labelled('orange-cd').length > 0).toBe(false);
    expect(sandbox.keys.get('orange-cd')).toBe('dckr_pat_written_by_somebody_else');
  });

  it('keeps the key where another token of the label is left', async () => {
    end('2026-03-01', 'orange-cd');
    sandbox.addToken('orange-cd', { key: false, enabled: false });
    for (let day = 0; day < 110; day++) await night();
    expect(sandbox.tokens.labelled('orange-cd')).toHaveLength(1);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
  });

  it('is over when the license is renewed: the token is switched on again and not reported as missing', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    expect(sandbox.isOn('orange-cd')).toBe(false);
    end(FAR, 'orange-cd');
    const renewed = await night();
    expect(steps(renewed)).toEqual(['reactivate orange-cd done']);
    expect(renewed.findings.map(({ kind }) => kind)).not.toContain('missing-token');
    expect(lastMail()).toContain('1 restored');
    expect(sandbox.isOn('orange-cd')).toBe(true);
  });

  it('withdraws nothing where the row disappears before its end', async () => {
    end('2026-03-03', 'orange-cd');
    await night();
    sandbox.licenses.delete('orange-cd');
    sandbox.uploadLicenses();
    for (let day = 0; day < 9; day++) expect(steps(await night())).toEqual([]);
    expect(sandbox.isOn('orange-cd')).toBe(true);
  });

  it('goes on as announced where the row of an end that had passed disappears, and deletes nothing without a row', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    sandbox.licenses.delete('orange-cd');
    sandbox.uploadLicenses();
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
    for (let day = 0; day < 120; day++) expect(steps(await night())).toEqual([]);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
  });

  it('is over when a row says otherwise after its row was gone', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    sandbox.licenses.delete('orange-cd');
    sandbox.uploadLicenses();
    await night();
    end(FAR, 'orange-cd');
    expect(steps(await night())).toEqual(['reactivate orange-cd done']);
  });
});

describe('notice', () => {
  it('is given at least noticeHours before', async () => {
    end('2026-03-01', 'orange-cd');
    await audit({}, sandbox.services());
    sandbox.now += 19 * HOUR;
    expect(steps(await audit({}, sandbox.services()))).toEqual([]);
    sandbox.now += HOUR;
    expect(steps(await audit({}, sandbox.services()))).toEqual(['deactivate orange-cd done']);
  });

  it('does not count where the topic has no confirmed subscriber, nor where the mail failed', async () => {
    end('2026-03-01', 'orange-cd');
    sandbox.confirmed = false;
    expect(steps(await night())).toEqual(['announce orange-cd failed']);
    sandbox.confirmed = true;
    sandbox.fate = (call) => (call === 'topic.publish' ? 'fail before' : 'pass');
    expect((await failureOf(() => night())).name).toBe('NotificationFailed');
    sandbox.now += DAY;
    sandbox.fate = () => 'pass';
    expect(steps(await night())).toEqual(['announce orange-cd done']);
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('lapses when the end changes, and when the token does', async () => {
    end('2026-03-03', 'orange-cd');
    await night();
    end('2026-03-02', 'orange-cd');
    expect(steps(await night())).toEqual(['announce orange-cd done']);
    const old = tokenOf('orange-cd');
    sandbox.tokens.delete(old.uuid);
    sandbox.addToken('orange-cd');
    expect(steps(await night())).toEqual(['announce orange-cd done']);
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('lapses when people switch the token on: it is left for 7 days, then announced again', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    tokenOf('orange-cd').is_active = true;
    const log: string[][] = [];
    for (let day = 0; day < 9; day++) log.push(steps(await night()));
    expect(log.slice(0, 7).flat()).toEqual([]);
    expect(log.slice(7)).toEqual([['announce orange-cd done'], ['deactivate orange-cd done']]);
  });
});

describe('what people switched off', () => {
  it('is never switched on by the audit', async () => {
    await night();
    tokenOf('orange-cd').is_active = false;
    for (let day = 0; day < 3; day++) expect(steps(await night())).toEqual([]);
    expect(sandbox.isOn('orange-cd')).toBe(false);
  });

  it('and on again while its license had ended is left for 7 days', async () => {
    end('2026-03-01', 'orange-cd');
    tokenOf('orange-cd').is_active = false;
    await night();
    tokenOf('orange-cd').is_active = true;
    expect(steps(await night())).toEqual([]);
  });
});

describe('the caps', () => {
  it('withhold all, not some, when more are due than 3 in 24 hours, and name the event that approves', async () => {
    end('2026-03-01', 'orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td');
    await night();
    const result = await night();
    expect(result.outcome).toBe('withheld');
    expect(new Set(result.actions.map(({ status }) => status))).toEqual(new Set(['withheld']));
    expect(NAMES.every((name) => sandbox.isOn(name))).toBe(true);
    expect(lastMail()).toContain('{"approve": ["airtel-td", "mtn-cm", "orange-cd", "vodacom-cd"]}');
  });

  it('let as many as allowed pass', async () => {
    end('2026-03-01', 'orange-cd', 'vodacom-cd', 'mtn-cm');
    await night();
    expect(steps(await night())).toHaveLength(3);
    expect(sandbox.isOn('mtn-cm')).toBe(false);
  });

  it('count what was withdrawn in the last 20 hours', async () => {
    end('2026-03-01', 'orange-cd', 'vodacom-cd', 'mtn-cm');
    await night();
    await audit({}, sandbox.services());
    end('2026-03-01', 'airtel-td');
    await audit({}, sandbox.services());
    sandbox.settings = { ...sandbox.settings, noticeHours: 10 };
    sandbox.now += 19 * HOUR;
    expect(reasons(await audit({}, sandbox.services()))).toContain(
      '1 withdrawal due and 3 in the last 20 hours',
    );
    expect(sandbox.isOn('airtel-td')).toBe(true);
    sandbox.now += HOUR;
    expect(steps(await audit({}, sandbox.services()))).toEqual(['deactivate airtel-td done']);
  });

  it('take the relative one where it is more, rounded down', async () => {
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 0, maxWithdrawalPercent: 40 };
    end('2026-03-01', 'orange-cd', 'vodacom-cd');
    await night();
    expect(steps(await night())).toHaveLength(2);
    sandbox.settings = { ...sandbox.settings, maxWithdrawalPercent: 33 };
    end('2026-03-01', 'mtn-cm', 'airtel-td');
    await night();
    expect((await night()).outcome).toBe('withheld');
  });

  it('of 0 and 0 mean none at all, and no approval overrides that', async () => {
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 0, maxWithdrawalPercent: 0 };
    end('2026-03-01', 'orange-cd');
    await night();
    const result = await night({ approve: ['orange-cd'] });
    expect(steps(result)).toEqual(['deactivate orange-cd withheld']);
    expect(lastMail()).not.toContain('"approve"');
  });
});

describe('approve', () => {
  beforeEach(async () => {
    end('2026-03-01', 'orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td');
    await night();
  });

  it('withdraws exactly the named ones over the caps', async () => {
    const result = await night({ approve: ['orange-cd', 'mtn-cm'] });
    expect(steps(result)).toEqual([
      'deactivate mtn-cm done',
      'deactivate orange-cd done',
      'deactivate airtel-td withheld',
      'deactivate vodacom-cd withheld',
    ]);
  });

  it('fails with NotDue before anything is changed where a name is not due', async () => {
    // Checking a content is a use of its token.
    const state = (): string =>
      JSON.stringify([
        sandbox.ledger,
        sandbox.tokens.all.map((token) => ({ ...token, last_used: null })),
        sandbox.keys.all,
      ]);
    const before = state();
    const failure = await failureOf(() => audit({ approve: ['orange-cd', 'moov-bj'] }, sandbox.services()));
    expect(failure.name).toBe('NotDue');
    expect(failure.message).toContain('moov-bj');
    expect(failure.message).not.toContain('orange-cd');
    expect(state()).toBe(before);
  });

  it('does not override HOLD', async () => {
    sandbox.bucket.put(OBJECTS.hold, '');
    expect(steps(await night({ approve: ['orange-cd'] })).every((step) => step.endsWith('withheld'))).toBe(
      true,
    );
  });

  it('stands whole in the notes of the report, and not in those of the result', async () => {
    for (let number = 0; number < 400; number++) {
      sandbox.addToken(`telco${number}-cd`);
      sandbox.licenses.set(`telco${number}-cd`, '2026-03-01');
    }
    sandbox.uploadLicenses();
    await night();
    const result = await night();
    expect(Buffer.byteLength(sandbox.mails.at(-1)?.text ?? '')).toBeLessThanOrEqual(20_000);
    expect(result.notes).toEqual([]);
    const text = sandbox.bucket.text(result.report) ?? '';
    const event: unknown = JSON.parse(
      /\{\\"approve\\": \[.*?\]\}/.exec(text)?.[0].replaceAll('\\"', '"') ?? 'null',
    );
    expect(parseEvent(auditEventSchema, event).approve).toHaveLength(400);
  });
});

describe('HOLD', () => {
  it('withholds what is due, whatever its content, and neither announcing nor reactivating', async () => {
    end('2026-03-01', 'orange-cd', 'mtn-cm');
    await night();
    await night();
    end(FAR, 'mtn-cm');
    end('2026-03-04', 'vodacom-cd');
    sandbox.bucket.put(OBJECTS.hold, 'anything');
    expect(steps(await night())).toEqual(['reactivate mtn-cm done', 'announce vodacom-cd done']);
    const held = await night();
    expect([held.outcome, steps(held)]).toEqual(['withheld', ['deactivate vodacom-cd withheld']]);
    expect(lastMail()).toContain('HOLD');
  });

  it('alone is no outcome: nothing was due', async () => {
    sandbox.bucket.put(OBJECTS.hold, '');
    expect((await night()).outcome).toBe('clean');
  });
});

describe('a shrunken input', () => {
  it('withholds all withdrawals until it is approved or nothing is due', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    for (const name of ['vodacom-cd', 'mtn-cm', 'airtel-td']) sandbox.keys.delete(name);
    const result = await night();
    expect(result.outcome).toBe('withheld');
    expect(reasons(result)).toContain("Vault's keys went from 6 to 3");
    // The count of before stays what is compared with: withholding does not wear off by itself.
    expect((await night()).outcome).toBe('withheld');
    expect(steps(await night({ approve: ['orange-cd'] }))).toEqual(['deactivate orange-cd done']);
  });

  it('takes no notice away: once the list is whole again, the caps meet all that are due, not those it kept', async () => {
    end('2026-03-01', 'orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td');
    await night();
    sandbox.putLicenses(
      [...sandbox.licenses].filter(([name]) => !['vodacom-cd', 'mtn-cm', 'airtel-td'].includes(name)),
    );
    expect(reasons(await night())).toContain('the license list went from 6 to 3');
    sandbox.uploadLicenses();
    expect(steps(await night())).toEqual(
      ['airtel-td', 'mtn-cm', 'orange-cd', 'vodacom-cd'].map((name) => `deactivate ${name} withheld`),
    );
    expect(NAMES.every((name) => sandbox.isOn(name))).toBe(true);
  });

  it('takes no notice away, and is compared with the rows of before until it is whole again', async () => {
    end('2026-03-08', 'orange-cd', 'vodacom-cd', 'mtn-cm');
    await night();
    const whole = new Map(sandbox.licenses);
    for (const name of ['orange-cd', 'vodacom-cd', 'mtn-cm']) sandbox.licenses.delete(name);
    sandbox.uploadLicenses();
    await night();
    expect(sandbox.ledger.notices).toHaveLength(3);
    expect(sandbox.ledger.measures.licenses?.rows).toHaveLength(6);
    sandbox.putLicenses([...whole]);
    expect(steps(await night())).toEqual([]);
    expect(sandbox.ledger.notices).toHaveLength(3);
  });

  it('by two entries or by a fifth is none', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    for (const name of ['vodacom-cd', 'mtn-cm']) sandbox.keys.delete(name);
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('is measured for itself: what another input withholds does not hold its measure up', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    for (const name of ['vodacom-cd', 'mtn-cm', 'airtel-td']) sandbox.keys.delete(name);
    for (let count = 0; count < 9; count++) sandbox.licenses.set(`new${count}-cd`, FAR);
    sandbox.uploadLicenses();
    expect((await night()).outcome).toBe('withheld');
    for (let count = 0; count < 9; count++) sandbox.licenses.delete(`new${count}-cd`);
    sandbox.uploadLicenses();
    expect(reasons(await night())).toContain('the license list went from 15 to 6 rows');
  });
});

describe('a token that Docker Hub does not list for a night', () => {
  const hide = (...names: string[]): void => {
    for (const name of names)
      for (const { uuid } of sandbox.tokens.labelled(name)) sandbox.unlisted.add(uuid);
  };

  it('is asked for by its id: a renewed customer gets the token back', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
    hide('orange-cd');
    end(FAR, 'orange-cd');
    expect(steps(await night())).toEqual(['reactivate orange-cd done']);
  });

  it('is unknown where even asking fails, and nothing of it is forgotten', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    hide('orange-cd');
    sandbox.fate = (call) => (call === 'hub.getToken' ? 'fail before' : 'pass');
    for (let day = 0; day < 9; day++) await night();
    sandbox.fate = () => 'pass';
    sandbox.unlisted.clear();
    end(FAR, 'orange-cd');
    expect(steps(await night())).toEqual(['reactivate orange-cd done']);
  });

  it('keeps the 7 days for which a restored one is left alone, and the end of a replaced one', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    tokenOf('orange-cd').is_active = true;
    const { replaced } = await issue({ deployment: 'mtn-cm', regenerate: true, overlapHours: 24 }, sandbox.services()); // prettier-ignore
    await night();
    hide('orange-cd', 'mtn-cm');
    await night();
    sandbox.unlisted.clear();
    const log: string[] = [];
    for (let day = 0; day < 10; day++) log.push(...steps(await night()).map((step) => `${day} ${step}`));
    expect(log).toContain('5 announce orange-cd done');
    expect(log).toContain('6 deactivate orange-cd done');
    expect(sandbox.tokens.get(replaced[0]?.tokenId ?? '')).toBeUndefined();
  });

  it('is forgotten when Docker Hub says that it is gone', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    await night();
    sandbox.tokens.delete(tokenOf('orange-cd').uuid);
    await night();
    expect([sandbox.ledger.suspensions, sandbox.ledger.inactive]).toEqual([[], []]);
  });

  it('leaves open what an earlier night broke off in, until it is found', async () => {
    end('2026-03-01', 'orange-cd', 'mtn-cm');
    await night();
    sandbox.fate = (call) => (call === 'hub.setEnabled' ? 'crash after' : 'pass');
    await expect(night()).rejects.toThrow();
    sandbox.revive();
    const off = tokenOf('mtn-cm');
    hide('mtn-cm');
    sandbox.fate = (call) => (call === 'hub.getToken' ? 'fail before' : 'pass');
    sandbox.now += DAY;
    await night();
    expect(sandbox.ledger.intents.map(({ deployment }) => deployment)).toContain('mtn-cm');
    sandbox.fate = () => 'pass';
    await night();
    expect(sandbox.ledger.suspensions.map(({ tokenId, by }) => [tokenId, by])).toContainEqual([
      off.uuid,
      'audit',
    ]);
  });
});

describe('probably renewed under another spelling', () => {
  it('is held and reported, until the other deployment has a token of its own', async () => {
    end('2026-03-01', 'orange-cd');
    sandbox.licenses.set('ornage-cd', FAR);
    sandbox.uploadLicenses();
    await night();
    const held = await night();
    expect(steps(held)).toEqual(['deactivate orange-cd withheld']);
    expect(reasons(held)).toContain('probably renewed as ornage-cd');
    sandbox.addToken('ornage-cd');
    expect(steps(await night())).toEqual(['announce orange-cd done']);
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('is not another telco, another country, or a license that has ended', async () => {
    end('2026-03-01', 'orange-cd');
    sandbox.licenses.set('expresso-cd', FAR);
    sandbox.licenses.set('orange-cg', FAR);
    sandbox.licenses.set('orangee-cd', '2026-02-01');
    sandbox.uploadLicenses();
    await night();
    expect(steps(await night())).toContain('deactivate orange-cd done');
  });
});

describe('an unreadable row', () => {
  it('keeps its deployment from being withdrawn, its country where the name is lost, everybody where all is', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    const text = sandbox.bucket.text(OBJECTS.licenses) ?? '';
    for (const [row, status] of [
      ['orange,cd,never,', 'withheld'],
      [',cd,2026-03-01,', 'withheld'],
      ['x,,2026-03-01,', 'withheld'],
      ['vodacom,cd,never,', 'done'],
    ] as const) {
      sandbox.bucket.put(OBJECTS.licenses, `${text}\n${row}`);
      expect(steps(await night({ dryRun: true }))).toEqual([
        `deactivate orange-cd ${status === 'done' ? 'planned' : status}`,
      ]);
    }
  });
});

describe('an exemption', () => {
  it('without kinds keeps a deployment from being announced and withdrawn; with kinds it does not', async () => {
    end('2026-03-01', 'orange-cd');
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until,findings\norange-cd,,,,\n');
    expect(steps(await night())).toEqual([]);
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until,findings\norange-cd,,,,unused-token\n');
    expect(steps(await night())).toEqual(['announce orange-cd done']);
  });
});

describe('taking the steps', () => {
  it('reads every token again and leaves alone what is no longer as planned', async () => {
    end('2026-03-01', 'orange-cd', 'mtn-cm');
    await night();
    // Somebody renames one and switches the other off between reading and acting.
    sandbox.fate = (call) => {
      if (call === `bucket.writeIf ${OBJECTS.ledger}`) {
        for (const token of sandbox.tokens.labelled('orange-cd')) token.token_label = 'renamed-cd';
        for (const token of sandbox.tokens.labelled('mtn-cm')) token.is_active = false;
      }
      return 'pass';
    };
    expect(steps(await night())).toEqual(['deactivate mtn-cm skipped', 'deactivate orange-cd skipped']);
    sandbox.fate = () => 'pass';
    expect(sandbox.isOn('renamed-cd')).toBe(true);
    expect(sandbox.ledger.suspensions).toEqual([]);
  });

  it('stops after 3 failed changes in a row, and the next night does the rest', async () => {
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 6 };
    end('2026-03-01', ...NAMES.slice(0, 5));
    await night();
    sandbox.fate = (call) => (call === 'hub.setEnabled' ? 'fail before' : 'pass');
    const result = await night();
    expect(result.actions.map(({ status }) => status)).toEqual([
      'failed',
      'failed',
      'failed',
      'skipped',
      'skipped',
    ]);
    expect(lastMail()).toContain('3 changes in a row failed');
    sandbox.fate = () => 'pass';
    expect(new Set((await night()).actions.map(({ status }) => status))).toEqual(new Set(['done']));
  });

  it('leaves the rest when the time gets short', async () => {
    end('2026-03-01', 'orange-cd', 'mtn-cm');
    await night();
    const services = sandbox.services();
    sandbox.fate = (call) => {
      if (call === 'hub.setEnabled') sandbox.now += 14.5 * 60_000;
      return 'pass';
    };
    const result = await audit({}, services);
    expect(steps(result)).toEqual(['deactivate mtn-cm done', 'deactivate orange-cd skipped']);
    expect(reasons(result)).toContain('the time got short');
  });

  it('writes the steps to the ledger before the first is taken', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    let intents = -1;
    sandbox.fate = (call) => {
      if (call === 'hub.setEnabled') intents = sandbox.ledger.intents.length;
      return 'pass';
    };
    await night();
    expect(intents).toBe(1);
    expect(sandbox.ledger.intents).toEqual([]);
  });

  it('changes nothing where the ledger can not be written', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    sandbox.fate = (call) => (call === `bucket.writeIf ${OBJECTS.ledger}` ? 'fail before' : 'pass');
    const failure = await failureOf(() => audit({}, sandbox.services()));
    expect([failure.name, failure.message.split(':')[0]]).toEqual(['AuditIncomplete', 'StorageUnavailable']);
    expect(sandbox.isOn('orange-cd')).toBe(true);
  });
});

describe('a mail that fails after changes were made', () => {
  it('loses neither what is resolved nor what has become critical: the next mail reports it', async () => {
    sandbox.keys.set('old-xx', 'x');
    tokenOf('mtn-cm').expires_at = iso(sandbox.now + 1.5 * DAY);
    await night();
    await night();
    sandbox.keys.delete('old-xx');
    sandbox.fate = (call) => (call === 'topic.publish' ? 'fail before' : 'pass');
    await failureOf(() => audit({}, sandbox.services()));
    sandbox.fate = () => 'pass';
    sandbox.now += HOUR;
    expect((await night({ catchUp: true })).notified).toBe(true);
    expect(lastMail()).toContain('PUT RIGHT SINCE THE LAST MAIL (1) old-xx');
    expect(lastMail()).toContain("CAN'T PULL TODAY (1) mtn-cm its token expired on 3 Mar");
    expect((await night()).notified).toBe(false);
  });

  it('fails the run loudly, and the next mail tells the changes; nothing is done twice', async () => {
    end('2026-03-01', 'orange-cd');
    await night();
    sandbox.fate = (call) => (call === 'topic.publish' ? 'fail before' : 'pass');
    expect((await failureOf(() => night())).name).toBe('NotificationFailed');
    sandbox.now += DAY;
    expect(sandbox.isOn('orange-cd')).toBe(false);
    sandbox.fate = () => 'pass';
    const next = await night();
    expect(next.actions).toEqual([]);
    expect(lastMail()).toContain('orange-cd switched off: the license ended with 2026-03-01');
  });
});

describe('observe', () => {
  it('mails and remembers, and never changes Docker Hub or Vault', async () => {
    sandbox.settings = { ...sandbox.settings, mode: 'observe' };
    end('2026-03-01', 'orange-cd');
    for (let day = 0; day < 5; day++) expect(steps(await night())).toEqual(['announce orange-cd planned']);
    expect(sandbox.isOn('orange-cd')).toBe(true);
    expect(sandbox.calls.filter((call) => /set|create|delete|patch/.test(call))).toEqual([]);
    expect(lastMail()).toContain('observe');
    // What was only planned counts as no notice.
    sandbox.settings = { ...sandbox.settings, mode: 'enforce' };
    expect(steps(await night())).toEqual(['announce orange-cd done']);
  });
});

describe('a replaced token', () => {
  const replace = (until: number): string => {
    const old = tokenOf('orange-cd');
    const fresh = sandbox.addToken('orange-cd');
    const ledger = {
      ...sandbox.ledger,
      replaced: [
        { tokenId: old.uuid, deployment: 'orange-cd', until: new Date(until).toISOString(), by: fresh.uuid },
      ],
    };
    sandbox.bucket.put(OBJECTS.ledger, JSON.stringify(ledger));
    return fresh.uuid;
  };

  it('is switched off when its time is over, uncounted by the caps, and deleted 7 days later', async () => {
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 1, maxWithdrawalPercent: 0 };
    await night();
    replace(sandbox.now + 30 * HOUR);
    expect(steps(await night())).toEqual([]);
    expect(steps(await night())).toEqual([]);
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
    for (let day = 0; day < 6; day++) expect(steps(await night())).toEqual([]);
    expect(steps(await night())).toEqual(['delete-token orange-cd done']);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
    expect(sandbox.ledger.withdrawals).toEqual([]);
  });

  it('is being replaced no longer when the one that replaces it is gone', async () => {
    await night();
    const fresh = replace(sandbox.now);
    sandbox.tokens.delete(fresh);
    for (let day = 0; day < 9; day++) expect((await night()).outcome).not.toBe('withheld');
    expect([sandbox.isOn('orange-cd'), sandbox.ledger.replaced]).toEqual([true, []]);
  });
});

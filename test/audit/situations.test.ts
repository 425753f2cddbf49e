// Situations in which people were cut off or left in by mistake, each as a story over a few nights.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { nightly, reasons, steps } from './nightly.ts';

const FAR = '2027-06-01';
const PAST = '2026-02-20';
const CUSTOMERS = Array.from({ length: 12 }, (_, index) => `telco${index}-be`);

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(CUSTOMERS, FAR);
});

/** Gives licenses of these deployments this last day; `undefined` takes their rows away. */
function license(end: string | undefined, ...names: string[]): void {
  sandbox.changeLicenses(Object.fromEntries(names.map((name) => [name, end])));
}
const exempt = (...rows: string[]): void => {
  sandbox.bucket.put(OBJECTS.exemptions, ['label,reason,owner,until,findings', ...rows].join('\n'));
};
const night = (event?: AuditEvent): Promise<AuditResult> => nightly(sandbox, event);
/** The steps of so many nights, each with its number. */
async function nights(count: number): Promise<string[]> {
  const log: string[] = [];
  for (let number = 0; number < count; number++)
    log.push(...steps(await night()).map((step) => `${number} ${step}`));
  return log;
}
const isOn = (id: string): boolean => sandbox.tokens.get(id)?.is_active === true;
const regenerate = async (deployment: string, overlapHours = 72): Promise<string> =>
  (await issue({ deployment, regenerate: true, overlapHours }, sandbox.services())).tokenId;

describe('a key of somebody in force that holds the content of an ended one', () => {
  it('keeps that token until it has one of its own, or until it is approved', async () => {
    const used = sandbox.addToken('mtn-ug');
    sandbox.addToken('mtn-rw', { key: false });
    license(FAR, 'mtn-ug', 'mtn-rw');
    sandbox.keys.set('mtn-rw', used.content);
    await night({ verifyAll: true });
    license(PAST, 'mtn-ug');
    expect(await nights(4)).toEqual([
      '0 announce mtn-ug done',
      ...[1, 2, 3].map((number) => `${number} deactivate mtn-ug withheld`),
    ]);
    const held = await night();
    expect(reasons(held)).toContain('the key mtn-rw in Vault was last seen to hold this token');
    expect(isOn(used.uuid)).toBe(true);
    const approved = await night({ approve: ['mtn-ug'], reason: 'agreed', requestedBy: 'ana' });
    expect(steps(approved)).toEqual(['deactivate mtn-ug done']);
    expect(reasons(approved)).toContain('by approval ("ana" says "agreed"), over: the key mtn-rw');
  });

  it('lets it go, announced again, once it has one of its own', async () => {
    const used = sandbox.addToken('mtn-ug');
    sandbox.addToken('mtn-rw', { key: false });
    license(FAR, 'mtn-ug', 'mtn-rw');
    sandbox.keys.set('mtn-rw', used.content);
    await night({ verifyAll: true });
    license(PAST, 'mtn-ug');
    await nights(2);
    await regenerate('mtn-rw', 720);
    expect(await nights(2)).toEqual(['0 announce mtn-ug done', '1 deactivate mtn-ug done']);
  });
});

describe('a customer who renewed and was switched on', () => {
  it('stays on when that night broke off and the row disappears: the last end that was read lies ahead', async () => {
    const token = sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await nights(2);
    expect(isOn(token.uuid)).toBe(false);
    license(FAR, 'orange-cd');
    sandbox.fate = (call) => (call === 'topic.publish' ? 'crash before' : 'pass');
    await expect(night()).rejects.toThrow();
    sandbox.fate = () => 'pass';
    sandbox.revive();
    sandbox.now += DAY;
    expect(isOn(token.uuid)).toBe(true);
    license(undefined, 'orange-cd');
    expect(await nights(10)).toEqual([]);
    expect(isOn(token.uuid)).toBe(true);
  });

  it('stays on when a review switched it on, nobody could read that, and the row disappears', async () => {
    const token = sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await nights(2);
    license(FAR, 'orange-cd');
    sandbox.confirmed = false;
    await audit({ review: true }, sandbox.services());
    sandbox.confirmed = true;
    license(undefined, 'orange-cd');
    await nights(10);
    expect(isOn(token.uuid)).toBe(true);
  });
});

describe('tokens of one deployment', () => {
  it('come back each, where the audit switched off each for the end of the license', async () => {
    const ids = [sandbox.addToken('orange-cd').uuid, sandbox.addToken('orange-cd', { key: false }).uuid];
    license(PAST, 'orange-cd');
    await nights(2);
    expect(ids.map(isOn)).toEqual([false, false]);
    license(FAR, 'orange-cd');
    expect(steps(await night())).toEqual(['reactivate orange-cd done', 'reactivate orange-cd done']);
    expect(ids.map(isOn)).toEqual([true, true]);
  });

  it('come back within an overlap that lasts, and not after it', async () => {
    const old = sandbox.addToken('orange-cd').uuid;
    license('2026-03-10', 'orange-cd');
    const fresh = await regenerate('orange-cd', 720);
    await nights(12);
    expect([old, fresh].map(isOn)).toEqual([false, false]);
    license(FAR, 'orange-cd');
    await night();
    expect([old, fresh].map(isOn)).toEqual([true, true]);
    await nights(20);
    expect([old, fresh].map(isOn)).toEqual([false, true]);
  });

  it('come back under the label that somebody gave them meanwhile', async () => {
    const token = sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await nights(2);
    token.token_label = 'orange-dr-cd';
    license(undefined, 'orange-cd');
    license(FAR, 'orange-dr-cd');
    expect(steps(await night())).toEqual(['reactivate orange-dr-cd done']);
  });
});

describe('a hold that ends', () => {
  it('makes the notice of before void: probably renewed, and the other name gets a token of its own', async () => {
    sandbox.addToken('expresso-sn');
    license(PAST, 'expresso-sn');
    license(FAR, 'expreso-sn');
    expect(await nights(3)).toEqual([
      '0 announce expresso-sn done',
      '1 deactivate expresso-sn withheld',
      '2 deactivate expresso-sn withheld',
    ]);
    sandbox.addToken('expreso-sn');
    expect(await nights(2)).toEqual(['0 announce expresso-sn done', '1 deactivate expresso-sn done']);
  });

  it.each([
    [
      'HOLD',
      () => {
        sandbox.bucket.put(OBJECTS.hold, '');
      },
      () => {
        sandbox.bucket.delete(OBJECTS.hold);
      },
    ],
    [
      'a full exemption',
      () => {
        exempt('orange-cd,,,,');
      },
      () => {
        exempt();
      },
    ],
    [
      'observe',
      () => (sandbox.settings = { ...sandbox.settings, mode: 'observe' }),
      () => (sandbox.settings = { ...sandbox.settings, mode: 'enforce' }),
    ],
    [
      'an unreadable row',
      () => {
        license('never', 'orange-cd');
      },
      () => {
        license(PAST, 'orange-cd');
      },
    ],
    [
      'an exemption under another name',
      () => {
        exempt('Orange_CD,,,,');
      },
      () => {
        exempt();
      },
    ],
  ] as const)('makes the notice of before void: %s', async (_, begin, end) => {
    exempt();
    sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await night();
    begin();
    await nights(3);
    end();
    expect(await nights(2)).toEqual(['0 announce orange-cd done', '1 deactivate orange-cd done']);
  });

  it('does not where caps or a shrunken list stood in the way', async () => {
    for (const name of ['a-be', 'b-be', 'c-be', 'd-be']) sandbox.addToken(name);
    license(PAST, 'a-be', 'b-be', 'c-be', 'd-be');
    await nights(3);
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 4 };
    expect(steps(await night())).toEqual(
      ['a-be', 'b-be', 'c-be', 'd-be'].map((name) => `deactivate ${name} done`),
    );
  });

  it('that the caps held until it was too old counts for them still: no part of too many goes meanwhile', async () => {
    const names = ['a-be', 'b-be', 'c-be', 'd-be'];
    const ids = names.map((name) => sandbox.addToken(name).uuid);
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 1, maxWithdrawalPercent: 0 };
    license(PAST, 'a-be', 'b-be', 'c-be');
    await nights(6);
    license(PAST, 'd-be');
    // The notices of the first three are too old some nights before that of the fourth; somebody runs it once more then.
    const log: string[] = [];
    for (let count = 0; count < 40; count++) {
      log.push(...steps(await night()));
      sandbox.now -= DAY - HOUR;
      log.push(...steps(await night()));
      sandbox.now -= HOUR;
    }
    expect(log.filter((step) => step.endsWith(' done') && !step.includes('announce'))).toEqual([]);
    expect(ids.map(isOn)).toEqual([true, true, true, true]);
  });

  it('leaves a notice that is older than 14 days to be given again, among the withheld', async () => {
    for (const name of ['a-be', 'b-be', 'c-be', 'd-be']) sandbox.addToken(name);
    license(PAST, 'a-be', 'b-be', 'c-be', 'd-be');
    await nights(20);
    const again = sandbox.ledger.notices.map(({ at, firstAt }) => [
      at > (firstAt ?? at),
      firstAt?.slice(0, 10),
    ]);
    expect(again).toEqual(Array(4).fill([true, '2026-03-02']));
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 4 };
    expect(steps(await night())).toHaveLength(4);
    expect(sandbox.ledger.suspensions).toHaveLength(4);
  });
});

describe('a replaced token', () => {
  it('that the customer goes on using is held, and only switched off when it is approved', async () => {
    const old = sandbox.tokens.only('telco0-be');
    const use = async (): Promise<AuditResult> => {
      old.last_used = iso(sandbox.now - HOUR);
      return night();
    };
    const fresh = await regenerate('telco0-be');
    for (let day = 0; day < 3; day++) expect(steps(await use())).toEqual([]);
    sandbox.now += 2 * HOUR;
    for (let day = 0; day < 9; day++) expect(steps(await use())).toEqual(['deactivate telco0-be withheld']);
    expect(isOn(old.uuid)).toBe(true);
    expect(steps(await night({ approve: ['telco0-be'] }))).toContain('deactivate telco0-be done');
    expect([sandbox.tokens.get(old.uuid)?.is_active, isOn(fresh)]).toEqual([false, true]);
  });

  it('without an overlap is off at once, and deleted 7 days after that', async () => {
    const { uuid: old } = sandbox.tokens.only('telco0-be');
    await regenerate('telco0-be', 0);
    expect([isOn(old), sandbox.ledger.suspensions[0]?.replaced]).toEqual([false, true]);
    expect(await nights(8)).toEqual(['7 delete-token telco0-be done']);
  });

  it('is left alone while its deployment is exempt, or has an unreadable row', async () => {
    await regenerate('telco0-be');
    exempt('telco0-be,migration is late,ops,,');
    expect(await nights(6)).toEqual([]);
    exempt();
    license('never', 'telco0-be');
    expect(steps(await night())).toEqual(['deactivate telco0-be withheld']);
    expect(sandbox.tokens.labelled('telco0-be').filter(({ is_active }) => is_active)).toHaveLength(2);
  });

  it('is replaced no longer when its successor was revoked: no night is withheld by it', async () => {
    const fresh = await regenerate('telco0-be');
    await revoke({ deployment: 'telco0-be', tokenId: fresh, reason: 'leaked' }, sandbox.services());
    expect(await nights(30)).toEqual([]);
  });

  it('does not hold up what the license list is compared with', async () => {
    await regenerate('telco0-be');
    const old = sandbox.tokens.labelled('telco0-be').at(-1);
    for (let day = 0; day < 6; day++) {
      if (old !== undefined) old.last_used = iso(sandbox.now);
      for (let more = 0; more < 5; more++) license(FAR, `new${day}${more}-be`);
      await night();
    }
    for (const name of [...sandbox.licenses.keys()].slice(12)) sandbox.licenses.delete(name);
    sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await night();
    expect(reasons(await night())).toContain('the license list went from 42 to 13 rows');
  });
});

describe('the license list', () => {
  it('that loses the renewals of some is not believed: rows count, not deployments', async () => {
    const list = (renewed: boolean): void => {
      const rows = CUSTOMERS.slice(0, 7).map((name) => [name, PAST] as const);
      const renewals = CUSTOMERS.slice(0, 3).map((name) => [name, FAR] as const);
      sandbox.putLicenses([...rows, ...(renewed ? renewals : [])]);
    };
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 20 };
    for (const name of CUSTOMERS.slice(3)) sandbox.tokens.delete(sandbox.tokens.only(name).uuid);
    for (const name of CUSTOMERS.slice(3)) sandbox.keys.delete(name);
    list(true);
    await night();
    list(false);
    const log = await nights(3);
    expect(log.filter((step) => step.includes('deactivate') && !step.includes('withheld'))).toEqual([]);
    expect(sandbox.tokens.all.every(({ is_active }) => is_active)).toBe(true);
  });

  it('whose days went back for many is not believed, and an approval of it takes it as the measure', async () => {
    await night();
    license('2026-02-25', ...CUSTOMERS.slice(0, 4));
    await night();
    const shrunk = await night();
    expect(shrunk.outcome).toBe('withheld');
    expect(reasons(shrunk)).toContain('the access of 4 rows of 12 ends earlier');
    await night({ approve: [], reason: 'they have left' });
    expect(reasons(await night())).toContain('4 withdrawals due');
  });

  it('with many invented names does not raise the cap', async () => {
    for (let index = 0; index < 2000; index++) sandbox.licenses.set(`invented${index}-zz`, '2020-01-01');
    sandbox.uploadLicenses();
    await night();
    license('2026-02-25', ...CUSTOMERS.slice(0, 2), 'orange-cd');
    for (const name of ['a-be', 'b-be', 'c-be']) sandbox.addToken(name);
    license('2026-02-25', 'a-be', 'b-be', 'c-be');
    await night();
    expect(reasons(await night())).toContain('more than the 3 allowed');
  });

  it('that loses an ended row keeps the end', async () => {
    sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    await night();
    license(undefined, 'orange-cd');
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('keeps an end that only a review has read', async () => {
    sandbox.addToken('orange-cd');
    license(FAR, 'orange-cd');
    await night();
    license(PAST, 'orange-cd');
    await audit({ review: true }, sandbox.services());
    license(undefined, 'orange-cd');
    await audit({ review: true }, sandbox.services());
    expect(await nights(2)).toEqual(['1 deactivate orange-cd done']);
  });

  it('that names the country otherwise is taken for a renewal', async () => {
    sandbox.addToken('orange-cd');
    license(PAST, 'orange-cd');
    license(FAR, 'orange-drc');
    await night();
    const held = await night();
    expect(steps(held)).toEqual(['deactivate orange-cd withheld']);
    expect(reasons(held)).toContain('probably renewed as orange-drc');
  });
});

describe('exemptions', () => {
  it('that are all gone at once are not believed', async () => {
    const names = ['a-be', 'b-be', 'c-be'];
    for (const name of names) sandbox.addToken(name);
    exempt(...names.map((name) => `${name},,,,`));
    license(PAST, ...names);
    expect(await nights(2)).toEqual([]);
    exempt();
    expect(await nights(3)).toEqual([
      ...names.map((name) => `0 announce ${name} done`),
      ...[1, 2].flatMap((number) => names.map((name) => `${number} deactivate ${name} withheld`)),
    ]);
  });

  it('of a name that is spelt otherwise hold the one that was probably meant', async () => {
    exempt('Telco0-BE,strategic,sales,');
    license(PAST, 'telco0-be');
    await night();
    const held = await night();
    expect(steps(held)).toEqual(['deactivate telco0-be withheld']);
    expect(reasons(held)).toContain('exemptions.csv exempts Telco0-BE');
    expect(steps(await night({ approve: ['telco0-be'] }))).toEqual(['deactivate telco0-be withheld']);
  });
});

describe('a misnamed token of an ended license', () => {
  it('is announced, and goes only by approval of its own label', async () => {
    const token = sandbox.addToken('Orange_CD');
    license(PAST, 'orange-cd');
    expect(await nights(3)).toEqual([
      '0 announce Orange_CD done',
      '1 deactivate Orange_CD withheld',
      '2 deactivate Orange_CD withheld',
    ]);
    expect(isOn(token.uuid)).toBe(true);
    expect(steps(await night({ approve: ['Orange_CD'] }))).toEqual(['deactivate Orange_CD done']);
    expect(isOn(token.uuid)).toBe(false);
    license(FAR, 'orange-cd');
    expect(steps(await night())).toEqual(['reactivate Orange_CD done']);
  });
});

describe('nights that do not begin at the second', () => {
  it('are not held up by the withdrawals of the night before', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `ended${index}-be`);
    for (const name of names) sandbox.addToken(name);
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 3, maxWithdrawalPercent: 0 };
    license('2026-02-25', ...names.slice(0, 3));
    await night();
    let withheld = 0;
    for (let number = 1; number < 10; number++) {
      license('2026-02-25', ...names.slice(3 * number, 3 * number + 3));
      sandbox.now += number % 2 === 0 ? 60_000 : -60_000;
      if ((await night()).outcome === 'withheld') withheld += 1;
    }
    expect(withheld).toBe(0);
    expect(sandbox.ledger.suspensions).toHaveLength(27);
  });
});

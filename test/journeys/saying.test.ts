// What mail, report and result say is so, on bad nights as well.

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { iso } from '../../lambdas/domain/days.ts';
import { failureOf } from '../failure.ts';
import { ENDED, PAID, Story, kindsOf } from './story.ts';

const reportSchema = v.looseObject({
  outcome: v.string(),
  notified: v.boolean(),
  deployments: v.array(v.looseObject({ deployment: v.string(), hub: v.unknown(), verdict: v.string() })),
});

/** The last report in the bucket. */
function reportOf({ sandbox: sandbox }: Story): v.InferOutput<typeof reportSchema> {
  const key = sandbox.bucket.keysAsWritten.filter((name) => /^reports\/.*\.json$/.test(name)).at(-1);
  const text = sandbox.bucket.text(key ?? '');
  return v.parse(v.pipe(v.string(), v.parseJson(), reportSchema), text);
}

describe('a night in which something fails after a change', () => {
  it.each(['bucket.writeIf ledger.json', 'bucket.write reports/'])(
    'names the change in its own mail, and leaves a catch-up to do: %s',
    async (call) => {
      const story = new Story();
      story.customer('orange-cd', ENDED);
      await story.night(0);
      let isOff = false;
      story.sandbox.fate = (name) => {
        if (name === 'hub.setEnabled') isOff = true;
        return isOff && name.startsWith(call) ? 'fail before' : 'pass';
      };
      await failureOf(() => story.night(24));
      expect(story.isOn('orange-cd')).toBe(false);
      expect(story.mail).toContain('orange-cd');
      story.sandbox.fate = () => 'pass';
      const caughtUp = await story.night(25, { catchUp: true });
      expect(caughtUp.counts.tokens).toBeGreaterThan(0);
    },
  );

  it('does not report the same change a second time as resolved', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.nights(0, 24);
    const before = story.sandbox.mails.length;
    await story.night(25);
    const later = story.sandbox.mails.slice(before).map(({ text }) => text);
    expect(later.filter((text) => text.includes('orange-cd'))).toEqual([]);
  });
});

it('a renewed customer whom a run could not switch on again is one who can not pull', async () => {
  const story = new Story();
  story.customer('orange-cd', ENDED);
  await story.nights(0, 24);
  story.list({ 'orange-cd': PAID });
  story.sandbox.fate = (name) => (name === 'hub.setEnabled' ? 'fail before' : 'pass');
  for (const event of [{ review: true }, {}]) {
    const result = await story.night(40, event);
    expect(kindsOf(result, 'orange-cd')).toContain('missing-token');
    expect(story.mail).toContain("CAN'T PULL TODAY");
  }
  story.sandbox.fate = () => 'pass';
  expect(kindsOf(await story.night(48), 'orange-cd')).not.toContain('missing-token');
});

it('what nobody confirmed could read is reported again once somebody can', async () => {
  const story = new Story();
  story.sandbox.addToken('mtn-gh', { id: 'orphan', key: false });
  story.list({ 'mtn-gh': PAID });
  await story.sandbox.setConfirmed(false);
  const silent = await story.nights(0, 48);
  expect(silent.map(({ notified }) => notified)).toEqual([false, false, false]);
  await story.sandbox.setConfirmed(true);
  const heard = await story.night(72);
  expect(heard.notified).toBe(true);
  expect(story.mail).toContain('mtn-gh');
});

it('a night that can not read Docker Hub says unknown of it and advises nothing about it', async () => {
  const story = new Story();
  story.sandbox.addToken('Orange_LR', { id: 'misnamed' });
  await story.night(0);
  story.sandbox.fate = (name) => (name === 'hub.listTokens' ? 'fail before' : 'pass');
  const failure = await failureOf(() => story.night(24));
  expect(failure.name).toBe('AuditIncomplete');
  expect(failure.message).toMatch(/^DockerHubUnavailable/);
  const report = reportOf(story);
  expect(report.outcome).toBe('incomplete');
  expect(JSON.stringify(report)).not.toContain('"delete": true');
  for (const { hub, verdict } of report.deployments) {
    expect(JSON.stringify(hub)).toContain('unknown');
    expect(verdict).not.toBe('ok');
  }
});

it('findings about a content lapse once its key holds something else', async () => {
  const story = new Story();
  await story.night(0);
  story.sandbox.keys.set('telco0-be', 'dckr_pat_AAAAAAAAAAAAAAAAAAAAAAAAAAA');
  expect(kindsOf(await story.night(24, { verifyAll: true }), 'telco0-be')).toContain('rejected-key');
  await story.issue({ deployment: 'telco0-be', regenerate: true });
  expect(kindsOf(await story.night(48), 'telco0-be')).not.toContain('rejected-key');
});

it('no event that people may paste holds a name that was made up', async () => {
  const story = new Story();
  story.sandbox.addToken('Orange_LR', { id: 'misnamed' });
  await story.nights(0, 24);
  const said = story.sandbox.mails.map(({ text }) => text).join('\n') + JSON.stringify(reportOf(story));
  expect(said).not.toContain('telco-country');
});

it('a list that shrank is the first thing that is said, also where nothing is due', async () => {
  const story = new Story({ customers: 60 });
  await story.night(0);
  story.list(Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`telco${number}-be`, undefined])));
  await story.night(24);
  expect(story.mailLines.slice(0, 4).join(' ')).toMatch(/60.*40/);
  expect(story.mail).not.toContain('switch it off');
});

it('a withheld step is not in nine mails in a row', async () => {
  const story = new Story({ customers: 20 });
  for (let number = 0; number < 8; number++) story.list({ [`telco${number}-be`]: ENDED });
  await story.night(0);
  const before = story.sandbox.mails.length;
  await story.nights(24, 9 * 24);
  const naming = story.sandbox.mails.slice(before).filter(({ text }) => text.includes('telco0-be'));
  expect(naming.length).toBeGreaterThanOrEqual(2);
  expect(naming.length).toBeLessThanOrEqual(3);
});

it('a forgotten HOLD is in a mail every week, with since when', async () => {
  const story = new Story();
  await story.night(0);
  story.sandbox.bucket.put('HOLD', '');
  await story.nights(24, 48);
  const before = story.sandbox.mails.length;
  await story.nights(72, 28 * 24);
  const weekly = story.sandbox.mails.slice(before).filter(({ text }) => text.includes('HOLD'));
  expect(weekly.length).toBeGreaterThanOrEqual(3);
});

it('the same night twice changes nothing', async () => {
  const story = new Story();
  story.customer('orange-cd', ENDED);
  await story.nights(0, 48);
  const mails = story.sandbox.mails.length;
  const again = await story.night(48);
  expect(again.actions).toEqual([]);
  expect(story.sandbox.mails.length).toBe(mails);
});

describe('a review after an upload', () => {
  it('says who goes on which night, switches renewed customers on, and withdraws nothing', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.nights(0, 24);
    story.customer('mtn-gh', PAID);
    await story.night(48);
    story.list({ 'orange-cd': PAID, 'mtn-gh': ENDED });
    const result = await story.night(50, { review: true });
    expect(story.isOn('orange-cd')).toBe(true);
    expect(story.isOn('mtn-gh')).toBe(true);
    expect(story.mail).toContain('orange-cd');
    expect(story.mail).toContain('mtn-gh');
    expect(result.actions.every(({ kind, status }) => kind !== 'deactivate' || status === 'planned')).toBe(
      true,
    );
    expect((await story.night(51, { catchUp: true })).actions).toBeDefined();
  });

  it('sends no mail where nothing changed', async () => {
    const story = new Story();
    await story.night(0);
    const before = story.sandbox.mails.length;
    await story.night(2, { review: true });
    expect(story.sandbox.mails.length).toBe(before);
  });

  it('says in its report that nobody was there to read what it could not', async () => {
    const story = new Story();
    await story.night(0);
    await story.sandbox.setConfirmed(false);
    story.sandbox.bucket.put('licenses.csv', 'nonsense');
    const result = await story.night(1, { review: true });
    expect([result.notified, reportOf(story).notified]).toEqual([false, false]);
  });

  it('mails what it can not read also where its report can not be written', async () => {
    const story = new Story();
    await story.night(0);
    story.sandbox.bucket.put('licenses.csv', 'nonsense');
    story.sandbox.fate = (name) => (name.startsWith('bucket.write reports/') ? 'fail before' : 'pass');
    const before = story.sandbox.mails.length;
    await failureOf(() => story.night(1, { review: true }));
    expect(story.sandbox.mails.length).toBe(before + 1);
  });

  it('mails what it can not read, once for each version of the list', async () => {
    const story = new Story();
    await story.night(0);
    story.sandbox.bucket.put('licenses.csv', 'nonsense');
    const before = story.sandbox.mails.length;
    await story.night(1, { review: true }).catch(() => undefined);
    await story.night(2, { review: true }).catch(() => undefined);
    expect(story.sandbox.mails.length).toBe(before + 1);
  });
});

describe('who loses access next', () => {
  it('is said on every night, also while an old token of the same deployment is held', async () => {
    const story = new Story();
    story.customer('orange-cd', '2026-03-12');
    await story.night(0);
    await story.issue({ deployment: 'orange-cd', regenerate: true });
    for (let day = 1; day <= 10; day++) {
      const old = story.at(day * 24).sandbox.tokens.get('orange-cd');
      if (old !== undefined) old.last_used = iso(story.sandbox.now);
      await story.night(day * 24);
    }
    // The last night before it happens.
    expect(story.mail).toContain('Fri 13 Mar 03:30 orange-cd paid until 12 Mar, access until 12 Mar');
    expect(story.sandbox.mails.at(-1)?.subject).toContain('1 loses access tonight');
  });

  it('is never switched off a night before the mail said, should that night begin later than the last', async () => {
    const story = new Story({ settings: { noticeHours: 24, nightlyAt: '02:00' } });
    story.customer('orange-cd', ENDED);
    const second = 1 / 3600;
    const first = await story.night(5 * second);
    expect(story.mail).toContain('Tue 3 Mar 02:00 orange-cd');
    expect(first.actions[0]?.reason).toContain('in the night of 2026-03-03, 02:00');
    await story.night(24 + 10 * second);
    expect(story.isOn('orange-cd')).toBe(false);
  });

  it('is nobody where the caps are 0: who has ended stands among the withheld from the first night on', async () => {
    const story = new Story({ settings: { maxWithdrawals: 0, maxWithdrawalPercent: 0 } });
    story.customer('orange-cd', ENDED);
    await story.night(0);
    expect(story.mail).not.toContain('LOSES ACCESS NEXT');
    expect(story.mail).toMatch(/NOT DONE, PLEASE DECIDE \(1\) orange-cd .* with caps of 0/);
    expect(story.sandbox.mails.at(-1)?.subject).toContain('1 withheld');
  });
});

describe('a renewal under another spelling, uploaded before the end', () => {
  const begun = async (): Promise<Story> => {
    const story = new Story();
    story.customer('expresso-sn', '2026-03-03');
    await story.night(0);
    story.list({ 'expreso-sn': PAID });
    await story.night(24);
    return story;
  };

  it('is shown to be one, with the rename that keeps the customer on, and no night on which it goes', async () => {
    const { mail } = await begun();
    expect(mail).toContain('expreso-sn expresso-sn (ends soon) may be the same customer: rename [1]');
    expect(mail).toContain('{"deployment": "expresso-sn", "renameTo": "expreso-sn"}');
    expect(mail).not.toContain('LOSES ACCESS NEXT');
    expect(mail).toContain('It will not be cut off: it was probably renewed as expreso-sn');
  });

  it('makes the notice of before void once it has a token of its own', async () => {
    const story = await begun();
    story.at(30);
    await story.issue({ deployment: 'expreso-sn' });
    await story.night(48);
    expect(story.isOn('expresso-sn')).toBe(true);
    expect(story.mail).toContain('LOSES ACCESS NEXT');
    await story.night(72);
    expect(story.isOn('expresso-sn')).toBe(false);
  });
});

describe('a misspelt token whose license has ended', () => {
  it('stands with the days of the license that it means', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    story.sandbox.tokens.modify('orange-cd', { token_label: 'Orange_CD' });
    await story.nights(0, 24);
    expect(story.mail).toContain('Orange_CD paid until 1 Feb, access until 1 Feb');
    expect(story.mail).not.toContain('its row is gone');
  });

  it('is nothing to put in order once it was switched off by approval, nor put right because of that', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    story.sandbox.tokens.modify('orange-cd', { token_label: 'Orange_CD' });
    story.sandbox.keys.delete(...['orange-cd']);
    await story.nights(0, 24);
    await story.night(30, { approve: ['Orange_CD'] });
    expect(story.isOn('orange-cd')).toBe(false);
    expect(story.mail).toContain('Nothing is open');
    const mails = story.sandbox.mails.length;
    await story.night(48);
    expect(story.sandbox.mails.slice(mails).map(({ text }) => text)).toEqual([]);
  });
});

describe('what a mail says to do first', () => {
  it('is never to wait for a night or a run by hand in observe, in which neither comes', async () => {
    const story = new Story({ settings: { mode: 'observe' } });
    story.customer('orange-cd', ENDED);
    await story.night(0);
    expect(story.mail).toContain('LOSES ACCESS NEXT (not in mode observe)');
    expect(story.mail).not.toContain('By hand, a run does it');
  });

  it('names what is wrong with the list where a row or an exemption holds somebody', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    story.exempt('Orange-CD,strategic,sales,');
    await story.nights(0, 24);
    expect(story.mail).toContain('probably means it: correct the label there, or remove the row');
  });

  it('says of what failed that the next run tries again, and promises nobody access until then', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.sandbox.fate = (name) => (name === 'hub.setEnabled' ? 'fail before' : 'pass');
    await story.night(24);
    expect(story.mail).toContain('The next run tries again what is due then.');
    expect(story.mail).not.toContain('Nobody loses access');
  });

  it('is not repeated by every mail of a week', async () => {
    const story = new Story();
    story.customer('mtn-ug', '2026-03-05');
    story.sandbox.bucket.put('Licenses.csv', 'an old copy');
    await story.nights(0, 24);
    const noted = story.sandbox.mails.filter(({ text }) => text.includes('Licenses.csv'));
    expect(noted).toHaveLength(1);
    await story.nights(48, 96);
    expect(story.mail).toContain('switched off');
    expect(story.mail).not.toContain('Licenses.csv');
    await story.night(168);
    expect(story.mail).toContain('Licenses.csv');
  });
});

describe('words that a reader stumbles over', () => {
  it('are no cure named twice, and no question before what is to be done', async () => {
    const story = new Story();
    story.sandbox.addToken('mtn-gh', { key: false });
    story.customer('orange-cd', '2026-03-20');
    const token = story.sandbox.tokens.get('orange-cd');
    if (token !== undefined) token.expires_at = '2026-03-19T00:00:00Z';
    await story.night(0);
    expect(story.mail).toContain('in no row of licenses.csv: switch off, or add its row');
    expect(story.mail).not.toMatch(/switch off, or .*switch off/);
    expect(story.mail).toContain('its token expires on 19 Mar: new token, or has it renewed?');
  });

  it('are no backslash of a name written out in the subject', async () => {
    const story = new Story();
    story.sandbox.addToken('Orange é', { id: 'odd' });
    await story.issue({ deployment: 'Orange é', renameTo: 'orange-cd' });
    expect(story.sandbox.mails.at(-1)?.subject).toContain('renamed "Orange \\u{e9}" to orange-cd');
  });

  it('are no end that came said to be put right, and not that all is well where the run failed', async () => {
    const story = new Story();
    story.customer('orange-cd', '2026-03-05');
    const token = story.sandbox.tokens.get('orange-cd');
    if (token !== undefined) token.expires_at = '2026-03-05T12:00:00Z';
    await story.nights(0, 120);
    expect(story.sandbox.mails.map(({ text }) => text).join('')).not.toContain('PUT RIGHT');

    const failing = new Story();
    failing.customer('mtn-gh', ENDED);
    await failing.night(0);
    failing.sandbox.fate = (name) =>
      name === 'bucket.writeIf ledger.json' && failing.isOn('mtn-gh') === false ? 'fail before' : 'pass';
    await failureOf(() => failing.night(24));
    expect(failing.mail).toContain('This run failed on its way');
    expect(failing.mail).not.toContain('all is well');
  });
});

describe('what is open when a run is over', () => {
  it('is no token off that this very run switched on again or deleted', async () => {
    const story = new Story({ settings: { deleteAfterDays: 0 } });
    story.customer('orange-cd', ENDED);
    story.customer('mtn-gh', ENDED);
    await story.nights(0, 24);
    story.list({ 'mtn-gh': PAID });
    const { actions } = await story.night(48);
    expect(actions.some(({ kind, status }) => kind === 'reactivate' && status === 'done')).toBe(true);
    expect(story.mail).toContain('Still open: 1 switched off.');
    const last = await story.nights(72, 216);
    expect(last.at(-1)?.actions.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'delete-token done',
      'remove-key done',
    ]);
    expect(story.mail).toContain('Nothing is open');
  });

  it('is an ended customer whom people switched on again, with the day until which that lasts', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.nights(0, 24);
    story.at(30);
    await story.revoke({ deployment: 'orange-cd', restore: true });
    await story.night(48);
    expect(story.mail).toContain('the audit leaves it alone until 10 Mar');
  });
});

describe('a token that somebody gave another proper name by hand', () => {
  it('is joined with its key by the advice about both, and followed it does so', async () => {
    const story = new Story();
    story.customer('orange-cd', PAID);
    await story.night(0);
    story.sandbox.tokens.modify('orange-cd', { token_label: 'orange-dr-cd' });
    story.list({ 'orange-cd': undefined, 'orange-dr-cd': PAID });
    const { findings } = await story.night(24);
    const event = '{"deployment": "orange-cd", "renameTo": "orange-dr-cd"}';
    for (const kind of ['orphaned-token', 'orphaned-key'])
      expect(findings.find((finding) => finding.kind === kind)?.remedy).toContain(event);
    story.at(30);
    await story.issue(JSON.parse(event));
    const after = await story.night(48);
    expect([kindsOf(after, 'orange-cd'), kindsOf(after, 'orange-dr-cd')]).toEqual([[], []]);
  });
});

it('keys that are gone from Vault are no list to be uploaded again', async () => {
  const story = new Story({ customers: 12 });
  await story.night(0);
  story.sandbox.keys.delete(...['telco0-be', 'telco1-be', 'telco2-be']);
  await story.night(24);
  expect(story.mail).toContain("Is it a mistake? Restore the secret's earlier version in Vault.");
  expect(story.mail).not.toContain('Upload the complete list');
});

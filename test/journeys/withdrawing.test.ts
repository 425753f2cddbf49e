// Nobody is cut off by mistake, and nobody stays by mistake: what happens where rules meet.

import { describe, expect, it } from 'vitest';
import { HOUR, iso } from '../../lambdas/domain/days.ts';
import { failureOf } from '../failure.ts';
import { ENDED, PAID, Story, kindsOf, statusOf } from './story.ts';

describe('a customer who has paid is not cut off', () => {
  it('by the end of another one whose content their key holds', async () => {
    const story = new Story();
    story.customer('mtn-rw', PAID);
    story.customer('mtn-ug', PAID);
    story.sandbox.keys.set('mtn-rw', story.sandbox.tokens.get('mtn-ug')?.content);
    await story.night(0, { verifyAll: true });
    story.list({ 'mtn-ug': ENDED });
    for (const result of await story.nights(24, 120))
      expect(statusOf(result, 'deactivate', 'mtn-ug') ?? 'withheld').toBe('withheld');
    expect(story.isOn('mtn-ug')).toBe(true);
    // With a token of its own the other one is no reason any more.
    await story.issue({ deployment: 'mtn-rw', regenerate: true });
    await story.nights(144, 216);
    expect(story.isOn('mtn-ug')).toBe(false);
  });

  it('when a misspelt renewal gets a token of its own: notice begins again', async () => {
    const story = new Story();
    story.customer('expresso-sn', ENDED);
    story.list({ 'expreso-sn': PAID });
    await story.nights(0, 96);
    expect(story.isOn('expresso-sn')).toBe(true);
    story.at(100);
    await story.issue({ deployment: 'expreso-sn' });
    const next = await story.night(120);
    expect(statusOf(next, 'deactivate', 'expresso-sn')).not.toBe('done');
    expect(story.isOn('expresso-sn')).toBe(true);
    await story.night(144);
    expect(story.isOn('expresso-sn')).toBe(false);
  });

  it('who was renewed under another spelling, and the mail offers the rename that keeps them on', async () => {
    const story = new Story();
    story.customer('expresso-sn', ENDED);
    story.list({ 'expreso-sn': PAID });
    await story.nights(0, 24);
    const offered = story.sandbox.mails.map(({ text }) => text.replace(/\s+/g, ' ')).join(' ');
    expect(offered).toContain('{"deployment": "expresso-sn", "renameTo": "expreso-sn"}');
    await story.issue({ deployment: 'expresso-sn', renameTo: 'expreso-sn' });
    await story.nights(48, 240);
    expect(story.isOn('expresso-sn')).toBe(true);
  });

  it.each([
    ['drc', 'orange-cd', 'orange-drc'],
    ['the code of three letters', 'orange-cd', 'orange-cod'],
    ['a longer telco', 'moov-ci', 'moov-africa-ci'],
    ['the name of the country', 'moov-ci', 'moov-cotedivoire'],
  ])('whose renewal has another spelling of the name: %s', async (_, ended, renewed) => {
    const story = new Story();
    story.customer(ended, ENDED);
    story.list({ [renewed]: PAID });
    await story.nights(0, 120);
    expect(story.isOn(ended)).toBe(true);
  });

  it('on the notice from before an exemption, HOLD or observe ended', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.exempt('orange-cd,a migration,ops,');
    await story.nights(24, 48);
    story.exempt('telco1-be,another one,ops,');
    expect(statusOf(await story.night(72), 'deactivate', 'orange-cd')).not.toBe('done');
    expect(story.isOn('orange-cd')).toBe(true);
    await story.night(96);
    expect(story.isOn('orange-cd')).toBe(false);
  });

  it.each(['HOLD', 'HOLD.txt', 'hold', 'Hold/', ' hold .TXT'])('while %j is in the bucket', async (name) => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.sandbox.bucket.put(name, '');
    const held = await story.night(24);
    expect(held.outcome).toBe('withheld');
    expect(story.isOn('orange-cd')).toBe(true);
    story.sandbox.bucket.delete(name);
    await story.night(48);
    expect(story.isOn('orange-cd')).toBe(true);
    await story.night(72);
    expect(story.isOn('orange-cd')).toBe(false);
  });

  it('by a list that lost its last rows, the renewals', async () => {
    const story = new Story({ customers: 4 });
    const lines = [
      'telco,country,expires_on,product',
      ...[0, 1, 2, 3].map((number) => `telco${number},be,2027-03-01,a`),
      ...[4, 5, 6].map((number) => `telco${number},be,2026-02-01,a`),
      ...[4, 5, 6].map((number) => `telco${number},be,2027-03-01,a`),
    ];
    for (const number of [4, 5, 6]) story.sandbox.addToken(`telco${number}-be`, { id: `telco${number}-be` });
    story.sandbox.bucket.put('licenses.csv', lines.join('\n'));
    await story.night(0);
    story.sandbox.bucket.put('licenses.csv', lines.slice(0, -3).join('\n'));
    await story.nights(24, 120);
    for (const number of [4, 5, 6]) expect(story.isOn(`telco${number}-be`)).toBe(true);
    expect(story.sandbox.mails[1]?.text.split('\n').slice(0, 6).join(' ')).toContain('license list');
  });

  it('by last quarter’s copy of the list, and what moved back is reported', async () => {
    const story = new Story({ customers: 10 });
    const old = new Map(
      [...story.sandbox.licenses.keys()].map((name, index) => [name, index < 4 ? ENDED : PAID]),
    );
    await story.night(0);
    story.list(Object.fromEntries(old));
    await story.nights(24, 120);
    for (let number = 0; number < 4; number++) expect(story.isOn(`telco${number}-be`)).toBe(true);
  });

  it('by exemptions that all went at once', async () => {
    const story = new Story();
    const names = ['airtel-ne', 'telecel-gh', 'orange-ml'];
    for (const name of names) story.customer(name, ENDED);
    story.exempt(...names.map((name) => `${name},a migration,ops,`));
    await story.night(0);
    story.exempt();
    await story.nights(24, 96);
    for (const name of names) expect(story.isOn(name)).toBe(true);
  });

  it('by rows of invented names that raise the cap', async () => {
    const story = new Story({ customers: 50 });
    await story.night(0);
    story.list(
      Object.fromEntries(Array.from({ length: 2000 }, (_, number) => [`nobody${number}-fr`, ENDED])),
    );
    await story.night(24);
    story.list(
      Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`telco${number}-be`, '2026-03-02'])),
    );
    await story.nights(48, 168);
    const off = story.sandbox.tokens.all.filter(({ is_active }) => is_active !== true);
    expect(off.length).toBeLessThanOrEqual(3);
  });

  it('under the name of an exemption with a typing error, in that run', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.exempt('Orange-CD,strategic,sales,');
    await story.nights(24, 96);
    expect(story.isOn('orange-cd')).toBe(true);
    expect(story.sandbox.mails.map(({ text }) => text).join('')).toContain('Orange-CD');
  });

  it('while the customer goes on using the token that was replaced, and never its successor', async () => {
    const story = new Story();
    await story.night(0);
    await story.issue({ deployment: 'telco0-be', regenerate: true });
    for (let hours = 24; hours <= 240; hours += 24) {
      story.at(hours);
      const old = story.sandbox.tokens.get('telco0-be');
      if (old !== undefined) old.last_used = iso(story.sandbox.now - HOUR);
      await story.night(hours);
    }
    expect(story.isOn('telco0-be')).toBe(true);
    expect(story.sandbox.mails.map(({ text }) => text).join('')).toContain('telco0-be');
  });

  it('from a replaced token while an exemption from everything is in force', async () => {
    const story = new Story();
    await story.night(0);
    await story.issue({ deployment: 'telco0-be', regenerate: true });
    story.exempt('telco0-be,migration is late,ops,');
    await story.nights(24, 240);
    expect(story.isOn('telco0-be')).toBe(true);
  });
});

describe('whoever renews is on again', () => {
  it('with each of the tokens that the audit switched off', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    story.sandbox.addToken('orange-cd', { id: 'second', key: false });
    await story.nights(0, 24);
    expect([story.isOn('orange-cd'), story.isOn('second')]).toEqual([false, false]);
    story.list({ 'orange-cd': PAID });
    await story.night(96);
    expect([story.isOn('orange-cd'), story.isOn('second')]).toEqual([true, true]);
  });

  it('with a token that was relabelled by hand while it was off', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.nights(0, 24);
    const token = story.sandbox.tokens.get('orange-cd');
    if (token !== undefined) token.token_label = 'orange-drk-cd';
    story.sandbox.keys.set('orange-drk-cd', token?.content);
    story.sandbox.keys.delete('orange-cd');
    story.list({ 'orange-cd': undefined, 'orange-drk-cd': PAID });
    await story.night(48);
    expect(story.isOn('orange-cd')).toBe(true);
  });

  it('even after a night in which Docker Hub’s list lacked the token', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.nights(0, 24);
    story.sandbox.unlisted.add('orange-cd');
    await story.night(48);
    story.sandbox.unlisted.delete('orange-cd');
    story.list({ 'orange-cd': PAID });
    await story.night(72);
    expect(story.isOn('orange-cd')).toBe(true);
  });

  it('with the old token of a long overlap that lasts still', async () => {
    const story = new Story();
    story.customer('orange-cd', '2026-03-04');
    await story.night(0);
    await story.issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 720 });
    await story.nights(24, 120);
    expect(story.isOn('orange-cd')).toBe(false);
    story.list({ 'orange-cd': PAID });
    await story.night(144);
    expect(story.isOn('orange-cd')).toBe(true);
  });
});

describe('whoever has ended goes', () => {
  it('though support deletes the ended row the day before', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.list({ 'orange-cd': undefined });
    await story.nights(24, 72);
    expect(story.isOn('orange-cd')).toBe(false);
  });

  it('under a misnamed label by approval, after it was reported as critical', async () => {
    const story = new Story();
    story.sandbox.addToken('Orange_CD', { id: 'misnamed' });
    story.list({ 'orange-cd': ENDED });
    const first = await story.night(0);
    expect(first.findings.find(({ kind }) => kind === 'misnamed-token')).toMatchObject({
      severity: 'critical',
    });
    const nights = await story.nights(24, 48);
    expect(story.isOn('misnamed')).toBe(true);
    expect(nights.some((result) => result.outcome === 'withheld')).toBe(true);
    await story.night(72, { approve: ['Orange_CD'] });
    expect(story.isOn('misnamed')).toBe(false);
  });

  it('once a shrunken list is approved, whose counts are the measure then', async () => {
    const story = new Story({ customers: 20 });
    story.customer('orange-cd', PAID);
    await story.night(0);
    for (let number = 0; number < 8; number++) {
      story.sandbox.tokens.delete(`telco${number}-be`);
      story.sandbox.keys.delete(`telco${number}-be`);
      story.list({ [`telco${number}-be`]: undefined });
    }
    story.list({ 'orange-cd': ENDED });
    await story.nights(24, 48);
    expect(story.isOn('orange-cd')).toBe(true);
    await story.night(50, { approve: [], reason: 'eight customers left' });
    await story.nights(72, 96);
    expect(story.isOn('orange-cd')).toBe(false);
  });

  it('every night, though a replaced token’s successor was revoked', async () => {
    const story = new Story();
    await story.night(0);
    const { tokenId } = await story.issue({ deployment: 'telco0-be', regenerate: true });
    await story.revoke({ deployment: 'telco0-be', tokenId, reason: 'leaked' });
    const nights = await story.nights(24, 240);
    expect(nights.slice(4).every(({ outcome }) => outcome !== 'withheld')).toBe(true);
    expect(story.isOn('telco0-be')).toBe(true);
    story.list({ 'telco1-be': ENDED });
    await story.nights(264, 288);
    expect(story.isOn('telco1-be')).toBe(false);
  });

  it('with nights that begin a minute earlier or later', async () => {
    const story = new Story({ customers: 60 });
    let withheld = 0;
    for (let night = 0; night < 12; night++) {
      const changes = [0, 1, 2].map((number) => [`telco${3 * night + number}-be`, ENDED] as const);
      story.list(Object.fromEntries(changes));
      const result = await story.night(24 * night + (night % 2 === 0 ? 0 : -1 / 60));
      withheld += result.actions.filter(({ status }) => status === 'withheld').length;
    }
    expect(withheld).toBe(0);
  });

  it('only with a notice of at most 14 days', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    // Nobody ran the audit for three weeks.
    await story.night(21 * 24);
    expect(story.isOn('orange-cd')).toBe(true);
    await story.night(22 * 24);
    expect(story.isOn('orange-cd')).toBe(false);
  });
});

describe('a customer in force without a token is missed', () => {
  it('when they renew after people revoked them', async () => {
    const story = new Story();
    story.customer('orange-cd', '2026-03-20');
    await story.night(0);
    await story.revoke({ deployment: 'orange-cd', reason: 'they did not pay' });
    expect(kindsOf(await story.night(24), 'orange-cd')).not.toContain('missing-token');
    story.list({ 'orange-cd': PAID });
    expect(kindsOf(await story.night(48), 'orange-cd')).toContain('missing-token');
  });

  it('a week after people deleted the token', async () => {
    const story = new Story();
    await story.night(0);
    await story.revoke({ deployment: 'telco0-be', delete: true, confirm: 'telco0-be', reason: 'gone' });
    expect(kindsOf(await story.night(24), 'telco0-be')).not.toContain('missing-token');
    expect(kindsOf(await story.night(9 * 24), 'telco0-be')).toContain('missing-token');
  });
});

describe('approval', () => {
  it('takes exactly who is due, over the cap, and says by whom and over what', async () => {
    const story = new Story({ customers: 20 });
    for (let number = 0; number < 8; number++) story.list({ [`telco${number}-be`]: ENDED });
    await story.night(0);
    const held = await story.night(24);
    expect(held.outcome).toBe('withheld');
    const result = await story.night(25, {
      approve: ['telco0-be', 'telco1-be'],
      reason: 'I asked sales',
      requestedBy: 'ann',
    });
    expect(statusOf(result, 'deactivate', 'telco0-be')).toBe('done');
    expect(story.isOn('telco2-be')).toBe(true);
    expect(story.mail).toContain('"ann" says "I asked sales"');
    const failure = await failureOf(() => story.night(26, { approve: ['telco9-be'] }));
    expect(failure.name).toBe('NotDue');
  });

  it('does not go over HOLD', async () => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    story.sandbox.bucket.put('HOLD', '');
    await story.night(24, { approve: ['orange-cd'] });
    expect(story.isOn('orange-cd')).toBe(true);
  });
});

describe('what changes while the audit is at work', () => {
  it.each([
    ['HOLD', ''],
    ['licenses.csv', 'telco,country,expires_on\norange,cd,2027-03-01\n'],
  ])('is seen right before the first withdrawal: %s', async (name, body) => {
    const story = new Story();
    story.customer('orange-cd', ENDED);
    await story.night(0);
    const { fate } = story.sandbox;
    story.sandbox.fate = (call) => {
      if (call === 'vault.readKeys' || call === 'vault.readKeyNames') story.sandbox.bucket.put(name, body);
      return fate(call);
    };
    const result = await story.night(24);
    expect(story.isOn('orange-cd')).toBe(true);
    expect(statusOf(result, 'deactivate', 'orange-cd')).not.toBe('done');
  });
});

it('three hundred licenses that end on one day: nobody goes who was never named in a mail', async () => {
  const story = new Story({ customers: 300, settings: { maxWithdrawals: 1000 } });
  for (const name of story.sandbox.licenses.keys()) story.sandbox.licenses.set(name, '2026-03-04');
  story.sandbox.uploadLicenses();
  const named = (): Set<string> =>
    new Set(story.sandbox.mails.flatMap(({ text }) => text.match(/telco\d+-be/g) ?? []));
  for (let night = 0; night < 12; night++) {
    const before = named();
    const { actions } = await story.night(24 * night);
    const off = story.sandbox.tokens.all
      .filter(({ is_active }) => is_active !== true)
      .map(({ token_label = '' }) => token_label);
    expect(off.filter((label) => !before.has(label))).toEqual([]);
    // What the result calls announced stands in the mail; what had no room there failed, and comes with the next.
    const announced = actions.filter(({ kind }) => kind === 'announce');
    const now = named();
    for (const { deployment, status } of announced)
      expect([deployment, status]).toEqual([deployment, now.has(deployment) ? 'done' : 'failed']);
    for (const { status, reason } of announced)
      if (status === 'failed')
        expect(reason).toMatch(/^it had no room in the mail, and comes with the next;/);
  }
  expect(named().size).toBe(300);
  expect(story.sandbox.tokens.all.filter(({ is_active }) => is_active).length).toBe(0);
});

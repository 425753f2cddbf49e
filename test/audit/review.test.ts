// A review: what an upload means, said at once; every withdrawal is left to the night.
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { nightly, steps } from './nightly.ts';

const FAR = '2027-01-01';
const OTHERS = ['mtn-cm', 'airtel-td', 'moov-bj', 'telma-mg', 'vodacom-cd'];
let world: MemorySandbox;

beforeEach(() => {
  world = startSandbox({ transport: 'memory' });
  world.addCustomers(['orange-cd', ...OTHERS], FAR);
});

const night = (): Promise<AuditResult> => nightly(world);

/** An hour after the night at the earliest. */
async function review(): Promise<AuditResult> {
  world.now += HOUR;
  return audit({ review: true }, world.services());
}

describe('a review', () => {
  it('says how days were read that fit two orders, and that an object beside the list is not read', async () => {
    await night();
    world.bucket.put(
      OBJECTS.licenses,
      [
        'telco,country,expires_on',
        ...[...world.licenses.keys()].map((name) => `${name.replace('-', ',')},01/02/2027`),
      ].join('\n'),
    );
    world.bucket.put('Licenses.csv', 'telco,country,expires_on');
    await review();
    expect(world.lastMail).toContain('No day of licenses.csv shows whether the day or the month comes first');
    expect(world.lastMail).toContain('The object Licenses.csv');
  });

  it('sends no mail and remembers nothing where nothing changed', async () => {
    await night();
    const before = JSON.stringify(world.ledger);
    const mails = world.mails.length;
    const result = await review();
    expect([result.outcome, result.notified, result.actions, result.findings]).toEqual([
      'clean',
      false,
      [],
      [],
    ]);
    expect(world.mails.length).toBe(mails);
    expect(JSON.stringify(world.ledger)).toBe(before);
  });

  it('says what changed, who goes on which night, and announces it', async () => {
    await night();
    world.changeLicenses({
      'orange-cd': '2026-03-05',
      'mtn-cm': '2028-01-01',
      'telma-mg': undefined,
      'expresso-sn': FAR,
    });
    const result = await review();
    expect(steps(result)).toEqual(['announce orange-cd done']);
    expect(result.notified).toBe(true);
    const mail = world.lastMail;
    expect(mail).toContain('licenses.csv: 6 rows of 6 deployments, all of them readable.');
    expect(mail).toContain('orange-cd: the end moved BACK, from 1 Jan 2027 to 5 Mar');
    expect(mail).toContain('mtn-cm: the end moved forward, from 1 Jan 2027 to 1 Jan 2028');
    expect(mail).toContain('telma-mg is gone from the list');
    expect(mail).toContain('expresso-sn is new');
    expect(mail).toMatch(/LOSES ACCESS NEXT[^]*6 Mar 03:30 orange-cd paid until 5 Mar, access until 5 Mar/);
    expect(world.ledger.notices).toMatchObject([
      { deployment: 'orange-cd', step: 'deactivate', end: '2026-03-05' },
    ]);
  });

  it('says of an exemption at once that it exempts nobody, and the night does not say it again', async () => {
    await night();
    world.bucket.put(
      OBJECTS.exemptions,
      'label,reason,owner,until\nOrange-CD,strategic,sales,\nmtn-cm,migration,ops,2026-01-31\n',
    );
    await review();
    expect(world.lastMail).toContain('The exemption of Orange-CD exempts nobody, since no token, key or row');
    expect(world.lastMail).toContain('probably orange-cd is meant');
    expect(world.lastMail).toContain(
      'The exemption of mtn-cm was over on 2026-01-31 already when it was added',
    );
    const mails = world.mails.length;
    expect((await review()).notified).toBe(false);
    await night();
    expect(world.mails.slice(mails)).toEqual([]);
  });

  it('reports the same change once, however often it is delivered', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-20', 'expresso-sn': FAR });
    expect((await review()).notified).toBe(true);
    expect((await review()).notified).toBe(false);
    const mails = world.mails.length;
    world.now += DAY - 2 * HOUR;
    const { findings } = await night();
    expect(findings.map(({ kind, deployment }) => `${kind} ${deployment}`)).toContain(
      'missing-token expresso-sn',
    );
    expect(world.mails.slice(mails)).toEqual([]);
  });

  it('leaves every withdrawal to the night', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    world.changeLicenses({ 'mtn-cm': '2028-01-01' });
    const result = await review();
    expect(steps(result)).toEqual(['deactivate orange-cd planned']);
    expect(world.isOn('orange-cd')).toBe(true);
    expect(world.ledger.intents).toEqual([]);
    world.now += DAY;
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('switches on at once whoever has renewed', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    expect(world.isOn('orange-cd')).toBe(false);
    world.changeLicenses({ 'orange-cd': FAR });
    const result = await review();
    expect(steps(result)).toEqual(['reactivate orange-cd done']);
    expect(world.isOn('orange-cd')).toBe(true);
    expect(world.mails.at(-1)?.subject).toContain('1 switched on again');
    world.now += DAY;
    const mails = world.mails.length;
    await night();
    // What the review mailed no other mail repeats.
    expect(
      world.mails
        .slice(mails)
        .map(({ text }) => text)
        .join('\n'),
    ).not.toContain('orange-cd');
    expect(world.ledger.suspensions).toEqual([]);
    expect(world.ledger.restores).toEqual([]);
  });

  it('changes nothing in observe', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    world.settings = { ...world.settings, mode: 'observe' };
    world.changeLicenses({ 'orange-cd': FAR });
    expect(steps(await review())).toEqual(['reactivate orange-cd planned']);
    expect(world.isOn('orange-cd')).toBe(false);
  });

  it('leaves all else to the night as if it had not been seen', async () => {
    await night();
    world.addToken('stray-cd', { key: false });
    world.changeLicenses({ 'mtn-cm': '2026-06-30' });
    const result = await review();
    expect(result.findings).toEqual([]);
    expect(world.lastMail).not.toContain('stray-cd');
    world.now += DAY;
    await night();
    expect(world.lastMail).toContain('stray-cd');
  });

  it('announces nobody whom the change is not about', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-10' });
    await night();
    // By now its end is within a week: the night's business.
    world.now += DAY;
    world.changeLicenses({ 'mtn-cm': '2026-06-30' });
    expect(steps(await review())).toEqual([]);
    expect(world.ledger.notices).toEqual([]);
  });

  it('moves no measure: a list that lost its half is still said to have shrunk at night', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    const measures = JSON.stringify(world.ledger.measures.tokens);
    world.changeLicenses({ 'airtel-td': undefined, 'moov-bj': undefined, 'telma-mg': undefined });
    await review();
    expect(world.lastMail).toMatch(/The license list[^]*nobody is cut off/);
    await review();
    expect(JSON.stringify(world.ledger.measures.tokens)).toBe(measures);
    world.now += DAY;
    const result = await night();
    expect(steps(result)).toEqual(['deactivate orange-cd withheld']);
  });

  it('checks no contents', async () => {
    await night();
    const calls = world.calls.length;
    world.changeLicenses({ 'mtn-cm': '2026-06-30' });
    await review();
    expect(world.calls.slice(calls)).not.toContain('hub.checkContent');
  });

  it('does not make a catch-up needless', async () => {
    await night();
    world.changeLicenses({ 'mtn-cm': '2026-06-30' });
    await review();
    const caughtUp = await audit({ catchUp: true }, world.services());
    expect(caughtUp.counts.tokens).toBe(6);
    expect(world.metrics.get('AuditSucceeded')).toBe(1);
  });

  it('says that HOLD is there, and that it is gone', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    world.bucket.put(OBJECTS.hold, '');
    const held = await review();
    expect([held.outcome, steps(held)]).toEqual(['withheld', ['deactivate orange-cd withheld']]);
    expect(world.lastMail).toContain('HOLD is in the bucket');
    expect((await review()).notified).toBe(false);
    world.bucket.delete(OBJECTS.hold);
    const gone = await review();
    expect(gone.notified).toBe(true);
    expect(world.lastMail).toContain('HOLD is gone');
  });

  it('says which exemptions came and went, and no other', async () => {
    world.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\nmtn-cm,strategic,ops,\n');
    await night();
    world.bucket.put(
      OBJECTS.exemptions,
      'label,reason,owner,until\nmtn-cm,strategic,ops,\norange-cd,strategic,sales,\n',
    );
    expect((await review()).notified).toBe(true);
    expect(world.lastMail).toContain('orange-cd is exempt from everything');
    expect(world.lastMail).not.toContain('mtn-cm is exempt');
    expect((await review()).notified).toBe(false);
  });

  it('says which rows can not be read, with line and remedy, once', async () => {
    await night();
    world.changeLicenses({ 'mtn-cm': 'never' });
    const result = await review();
    expect(result.findings).toMatchObject([{ kind: 'invalid-license', deployment: 'mtn-cm' }]);
    expect(world.lastMail).toContain("1 can't be read");
    expect(world.lastMail).toContain('Correct line 3 of licenses.csv');
    expect((await review()).notified).toBe(false);
  });

  it('is repeated by the next run where nobody confirmed could read it', async () => {
    await night();
    world.changeLicenses({ 'mtn-cm': '2026-06-30', 'orange-cd': '2026-03-05' });
    world.confirmed = false;
    const unheard = await review();
    expect([unheard.notified, steps(unheard)]).toEqual([false, ['announce orange-cd failed']]);
    world.confirmed = true;
    const heard = await review();
    expect([heard.notified, steps(heard)]).toEqual([true, ['announce orange-cd done']]);
  });
});

describe('what a review remembers', () => {
  it('is what it found, with its token, until another upload puts it right', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-01', 'mtn-cm': '2026-03-20', 'airtel-td': 'never' });
    await review();
    const found = (): string[] =>
      world.ledger.findings.map(({ kind, deployment, tokenId }) => `${kind} ${deployment} ${tokenId}`).sort();
    expect(found()).toEqual([
      'invalid-license airtel-td undefined',
      'license-expired orange-cd id-1',
      'license-expiring mtn-cm undefined',
    ]);
    world.changeLicenses({ 'orange-cd': FAR, 'airtel-td': FAR });
    await review();
    expect(found()).toEqual(['license-expiring mtn-cm undefined']);
    const mails = world.mails.length;
    await night();
    expect(world.mails.slice(mails)).toEqual([]);
  });

  it('leaves the findings that are not about lists, or about others, to the night', async () => {
    const stray = world.addToken('stray-cd', { key: false });
    world.changeLicenses({ 'moov-bj': '2026-03-01' });
    await night();
    const before = world.ledger.findings;
    world.tokens.delete(stray.uuid);
    world.changeLicenses({ 'mtn-cm': '2028-01-01' });
    await review();
    expect(world.ledger.findings).toEqual(before);
  });

  it('are the notices of those whom the change is about: the others stand as they were', async () => {
    world.changeLicenses({ 'orange-cd': '2026-03-05', 'mtn-cm': '2026-03-05' });
    await night();
    const [orange, mtn] = ['orange-cd', 'mtn-cm'].map((name) =>
      world.ledger.notices.find(({ deployment }) => deployment === name),
    );
    world.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\norange-cd,strategic,sales,\n');
    await review();
    expect(world.ledger.notices).toEqual([mtn, { ...orange, heldBy: ['exempt'] }]);
    world.bucket.delete(OBJECTS.exemptions);
    world.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\n');
    expect(steps(await review())).toEqual(['announce orange-cd done']);
    expect(world.ledger.notices.find(({ deployment }) => deployment === 'orange-cd')).toMatchObject({
      at: new Date(world.now).toISOString(),
      firstAt: orange?.at,
    });
  });

  it('is no notice in observe', async () => {
    world.settings = { ...world.settings, mode: 'observe' };
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-01' });
    expect(steps(await review())).toEqual(['announce orange-cd planned']);
    expect(world.ledger.notices).toEqual([]);
  });

  it('is that it reminded of the night to come, where it announced the evening before', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-01', 'mtn-cm': '2026-03-05' });
    await review();
    const announced = world.ledger.reported.filter(({ key }) => key.startsWith('announc'));
    expect(announced.map(({ key, level }) => [/orange-cd|mtn-cm/.exec(key)?.[0], level])).toEqual([
      ['orange-cd', 2],
      ['mtn-cm', 1],
    ]);
  });
});

describe('a review that fails half-way', () => {
  it('announces nobody where its mail can not be sent, and the next one says all of it', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-05' });
    const before = world.ledger;
    world.fate = (call) => (call === 'topic.publish' ? 'fail before' : 'pass');
    expect((await failureOf(review)).name).toBe('NotificationFailed');
    expect(world.ledger).toEqual(before);
    world.fate = () => 'pass';
    expect(steps(await review())).toEqual(['announce orange-cd done']);
  });

  it('remembers what its mail said where its report can not be written', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-05' });
    world.fate = (call) => (call === 'bucket.write reports/' ? 'fail before' : 'pass');
    expect((await failureOf(review)).name).toBe('StorageUnavailable');
    world.fate = () => 'pass';
    expect(world.ledger.notices).toMatchObject([{ deployment: 'orange-cd' }]);
    expect((await review()).notified).toBe(false);
  });
});

describe('a review that can not read what changed', () => {
  it('mails it once for each version, fails nothing, and changes nothing', async () => {
    await night();
    const before = JSON.stringify([world.ledger.measures, world.ledger.lastNight, world.tokens.all]);
    const mails = world.mails.length;
    world.bucket.put(OBJECTS.licenses, 'telco,country\norange,cd\n');
    const result = await review();
    expect([result.outcome, result.notified, result.actions]).toEqual(['incomplete', true, []]);
    expect(world.mails.slice(mails)).toMatchObject([{ outcome: 'incomplete' }]);
    expect(world.lastMail).toContain('The license list licenses.csv');
    expect((await review()).notified).toBe(false);
    world.bucket.put(OBJECTS.licenses, 'telco,country\norange,cd,\n');
    expect((await review()).notified).toBe(true);
    expect(JSON.stringify([world.ledger.measures, world.ledger.lastNight, world.tokens.all])).toBe(before);
  });

  it('says so of Docker Hub as well', async () => {
    await night();
    world.changeLicenses({ 'orange-cd': '2026-03-05' });
    world.fate = (call) => (call === 'hub.listTokens' ? 'fail before' : 'pass');
    expect((await review()).outcome).toBe('incomplete');
    world.fate = () => 'pass';
    expect(steps(await review())).toEqual(['announce orange-cd done']);
  });
});

describe('a review while something else is at work', () => {
  it('waits ten minutes for it, then is busy', async () => {
    const holder = { function: 'audit', runId: 'r', until: new Date(world.now + 14 * 60_000).toISOString() };
    world.bucket.put(OBJECTS.lease, JSON.stringify({ holder, incompleteTold: null }));
    const slept: number[] = [];
    const services = world.services();
    const clock = { ...services.clock, sleep: (time: number) => Promise.resolve(void slept.push(time)) };
    const failure = await failureOf(() => audit({ review: true }, { ...services, clock }));
    expect(failure.name).toBe('Busy');
    const waited = slept.reduce((sum, time) => sum + time, 0);
    expect(waited).toBeGreaterThan(590_000);
    expect(waited).toBeLessThanOrEqual(600_000);
  });
});

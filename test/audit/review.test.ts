// A review: what an upload means, said at once; every withdrawal is left to the night.
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { ledgerText } from '../../lambdas/domain/ledger.ts';
import { findingKey, findingLevel } from '../../lambdas/domain/reported.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import { nightly, reasons, steps } from './nightly.ts';

const FAR = '2027-01-01';
const OTHERS = ['mtn-cm', 'airtel-td', 'moov-bj', 'telma-mg', 'vodacom-cd'];
let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(['orange-cd', ...OTHERS], FAR);
});

const night = (): Promise<AuditResult> => nightly(sandbox);

/** An hour after the night at the earliest. */
async function review(): Promise<AuditResult> {
  sandbox.now += HOUR;
  return audit({ review: true }, sandbox.services());
}

const reportSchema = v.object({
  notes: v.array(v.string()),
  causes: v.array(v.string()),
  actions: v.array(
    v.object({ kind: v.string(), deployment: v.string(), status: v.string(), reason: v.string() }),
  ),
});
/** The report that was written last. */
function lastReport(): v.InferOutput<typeof reportSchema> {
  const key = sandbox.bucket.keysAsWritten
    .filter((name) => name.startsWith('reports/') && name.endsWith('.json'))
    .at(-1);
  return v.parse(reportSchema, JSON.parse(sandbox.bucket.text(key ?? '') ?? ''));
}

describe('a review', () => {
  it('says how days were read that fit two orders, and that an object beside the list is not read', async () => {
    await night();
    sandbox.bucket.put(
      OBJECTS.licenses,
      [
        'telco,country,expires_on',
        ...[...sandbox.licenses.keys()].map((name) => `${name.replace('-', ',')},01/02/2027`),
      ].join('\n'),
    );
    sandbox.bucket.put('Licenses.csv', 'telco,country,expires_on');
    await review();
    expect(sandbox.lastMail).toContain(
      'No day of licenses.csv shows whether the day or the month comes first',
    );
    expect(sandbox.lastMail).toContain('The object Licenses.csv');
  });

  it('sends no mail and remembers nothing where nothing changed', async () => {
    await night();
    const before = JSON.stringify(sandbox.ledger);
    const mails = sandbox.mails.length;
    const result = await review();
    expect([result.outcome, result.notified, result.actions, result.findings]).toEqual([
      'clean',
      false,
      [],
      [],
    ]);
    expect(sandbox.mails.length).toBe(mails);
    expect(JSON.stringify(sandbox.ledger)).toBe(before);
  });

  it('says what changed, who goes on which night, and announces it', async () => {
    await night();
    sandbox.changeLicenses({
      'orange-cd': '2026-03-05',
      'mtn-cm': '2028-01-01',
      'telma-mg': undefined,
      'expresso-sn': FAR,
    });
    const result = await review();
    expect(steps(result)).toEqual(['announce orange-cd done']);
    expect(result.notified).toBe(true);
    const mail = sandbox.lastMail;
    expect(mail).toContain('licenses.csv: 6 rows of 6 deployments, all of them readable.');
    expect(mail).toContain('orange-cd: the end moved BACK, from 1 Jan 2027 to 5 Mar');
    expect(mail).toContain('mtn-cm: the end moved forward, from 1 Jan 2027 to 1 Jan 2028');
    expect(mail).toContain('telma-mg is gone from the list');
    expect(mail).toContain('expresso-sn is new');
    expect(mail).toMatch(/LOSES ACCESS NEXT[^]*6 Mar 03:30 orange-cd paid until 5 Mar, access until 5 Mar/);
    expect(sandbox.ledger.notices).toMatchObject([
      { deployment: 'orange-cd', step: 'deactivate', end: '2026-03-05' },
    ]);
  });

  it('says of an exemption at once that it exempts nobody, and the night does not say it again', async () => {
    await night();
    sandbox.bucket.put(
      OBJECTS.exemptions,
      'label,reason,owner,until\nOrange-CD,strategic,sales,\nmtn-cm,migration,ops,2026-01-31\n',
    );
    await review();
    expect(sandbox.lastMail).toContain(
      'The exemption of Orange-CD exempts nobody, since no token, key or row',
    );
    expect(sandbox.lastMail).toContain('probably orange-cd is meant');
    expect(sandbox.lastMail).toContain(
      'The exemption of mtn-cm was over on 2026-01-31 already when it was added',
    );
    const mails = sandbox.mails.length;
    expect((await review()).notified).toBe(false);
    await night();
    expect(sandbox.mails.slice(mails)).toEqual([]);
  });

  it('reports the same change once, however often it is delivered', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-20', 'expresso-sn': FAR });
    expect((await review()).notified).toBe(true);
    expect((await review()).notified).toBe(false);
    const mails = sandbox.mails.length;
    sandbox.now += DAY - 2 * HOUR;
    const { findings } = await night();
    expect(findings.map(({ kind, deployment }) => `${kind} ${deployment}`)).toContain(
      'missing-token expresso-sn',
    );
    expect(sandbox.mails.slice(mails)).toEqual([]);
  });

  it('leaves every withdrawal to the night', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    sandbox.changeLicenses({ 'mtn-cm': '2028-01-01' });
    const result = await review();
    expect(steps(result)).toEqual(['deactivate orange-cd planned']);
    expect(sandbox.isOn('orange-cd')).toBe(true);
    expect(sandbox.ledger.intents).toEqual([]);
    sandbox.now += DAY;
    expect(steps(await night())).toEqual(['deactivate orange-cd done']);
  });

  it('switches on at once whoever has renewed', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    expect(sandbox.isOn('orange-cd')).toBe(false);
    sandbox.changeLicenses({ 'orange-cd': FAR });
    const result = await review();
    expect(steps(result)).toEqual(['reactivate orange-cd done']);
    expect(sandbox.isOn('orange-cd')).toBe(true);
    expect(sandbox.mails.at(-1)?.subject).toContain('1 switched on again');
    sandbox.now += DAY;
    const mails = sandbox.mails.length;
    await night();
    // What the review mailed no other mail repeats.
    expect(
      sandbox.mails
        .slice(mails)
        .map(({ text }) => text)
        .join('\n'),
    ).not.toContain('orange-cd');
    expect(sandbox.ledger.suspensions).toEqual([]);
    expect(sandbox.ledger.restores).toEqual([]);
  });

  it('changes nothing in observe', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    sandbox.settings = { ...sandbox.settings, mode: 'observe' };
    sandbox.changeLicenses({ 'orange-cd': FAR });
    expect(steps(await review())).toEqual(['reactivate orange-cd planned']);
    expect(sandbox.isOn('orange-cd')).toBe(false);
  });

  it('leaves all else to the night as if it had not been seen', async () => {
    await night();
    sandbox.addToken('stray-cd', { key: false });
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30' });
    const result = await review();
    expect(result.findings).toEqual([]);
    expect(sandbox.lastMail).not.toContain('stray-cd');
    sandbox.now += DAY;
    await night();
    expect(sandbox.lastMail).toContain('stray-cd');
  });

  it('announces nobody whom the change is not about', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-10' });
    await night();
    // By now its end is within a week: the night's business.
    sandbox.now += DAY;
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30' });
    expect(steps(await review())).toEqual([]);
    expect(sandbox.ledger.notices).toEqual([]);
  });

  it('moves no measure: a list that lost its half is still said to have shrunk at night', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    const measures = JSON.stringify(sandbox.ledger.measures.tokens);
    sandbox.changeLicenses({ 'airtel-td': undefined, 'moov-bj': undefined, 'telma-mg': undefined });
    await review();
    expect(sandbox.lastMail).toMatch(/The license list[^]*nobody is cut off/);
    await review();
    expect(JSON.stringify(sandbox.ledger.measures.tokens)).toBe(measures);
    sandbox.now += DAY;
    const result = await night();
    expect(steps(result)).toEqual(['deactivate orange-cd withheld']);
  });

  it('checks no contents', async () => {
    await night();
    const calls = sandbox.calls.length;
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30' });
    const { counts } = await review();
    const none = { matching: 0, rejected: 0, mismatched: 0, unclear: 0 };
    expect(counts.verified).toEqual({ ...none, unchecked: 1 + OTHERS.length });
    expect(sandbox.calls.slice(calls)).not.toContain('hub.checkContent');
  });

  it('does not make a catch-up needless', async () => {
    await night();
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30' });
    await review();
    const caughtUp = await audit({ catchUp: true }, sandbox.services());
    expect(caughtUp.counts.tokens).toBe(6);
    expect(sandbox.metrics.get('AuditSucceeded')).toBe(1);
  });

  it('says that HOLD is there, and that it is gone', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    sandbox.bucket.put(OBJECTS.hold, '');
    const held = await review();
    expect([held.outcome, steps(held)]).toEqual(['withheld', ['deactivate orange-cd withheld']]);
    expect(sandbox.lastMail).toContain('HOLD is in the bucket');
    expect((await review()).notified).toBe(false);
    sandbox.bucket.delete(OBJECTS.hold);
    const gone = await review();
    expect(gone.notified).toBe(true);
    expect(sandbox.lastMail).toContain('HOLD is gone');
    expect((await review()).notified).toBe(false);
  });

  it('says which exemptions came and went, and no other', async () => {
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\nmtn-cm,strategic,ops,\n');
    await night();
    sandbox.bucket.put(
      OBJECTS.exemptions,
      'label,reason,owner,until\nmtn-cm,strategic,ops,\norange-cd,strategic,sales,\n',
    );
    expect((await review()).notified).toBe(true);
    expect(sandbox.lastMail).toContain('orange-cd is exempt from everything');
    expect(sandbox.lastMail).not.toContain('mtn-cm is exempt');
    expect((await review()).notified).toBe(false);
  });

  it('says which rows can not be read, with line and remedy, once', async () => {
    await night();
    sandbox.changeLicenses({ 'mtn-cm': 'never' });
    const result = await review();
    expect(result.findings).toMatchObject([{ kind: 'invalid-license', deployment: 'mtn-cm' }]);
    expect(sandbox.lastMail).toContain("1 can't be read");
    expect(sandbox.lastMail).toContain('Correct line 3 of licenses.csv');
    expect((await review()).notified).toBe(false);
  });

  it('says as well of a row that was never readable, until it is put right', async () => {
    await night();
    sandbox.changeLicenses({ 'expresso-sn': 'never' });
    const result = await review();
    expect(result.findings).toMatchObject([{ kind: 'invalid-license', deployment: 'expresso-sn' }]);
    expect(sandbox.ledger.findings).toMatchObject([{ kind: 'invalid-license' }]);
    sandbox.changeLicenses({ 'expresso-sn': undefined, 'mtn-cm': '2026-06-30' });
    await review();
    expect(sandbox.ledger.findings).toEqual([]);
  });

  it('says in its report that it was one', async () => {
    await night();
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30' });
    await review();
    const { notes, causes } = lastReport();
    expect(notes).toEqual([
      'This was a review of a changed list or HOLD: the night does the rest.',
      'mtn-cm: the end moved BACK, from 1 Jan 2027 to 30 Jun (now paid until 30 Jun, access until 30 Jun).',
    ]);
    expect(causes).toEqual([]);
  });

  it('is repeated by the next run where nobody confirmed could read it', async () => {
    await night();
    sandbox.changeLicenses({ 'mtn-cm': '2026-06-30', 'orange-cd': '2026-03-05' });
    sandbox.confirmed = false;
    const unheard = await review();
    expect([unheard.notified, steps(unheard)]).toEqual([false, ['announce orange-cd failed']]);
    expect(reasons(unheard)).toContain('the topic has no confirmed subscriber');
    sandbox.confirmed = true;
    const heard = await review();
    expect([heard.notified, steps(heard)]).toEqual([true, ['announce orange-cd done']]);
  });
});

describe('what a review remembers', () => {
  it('is what it found, with its token, until another upload puts it right', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01', 'mtn-cm': '2026-03-20', 'airtel-td': 'never' });
    await review();
    const found = (): string[] =>
      sandbox.ledger.findings
        .map(({ kind, deployment, tokenId }) => `${kind} ${deployment} ${tokenId}`)
        .sort();
    expect(found()).toEqual([
      'invalid-license airtel-td undefined',
      'license-expired orange-cd id-1',
      'license-expiring mtn-cm undefined',
    ]);
    sandbox.changeLicenses({ 'orange-cd': FAR, 'airtel-td': FAR });
    await review();
    expect(found()).toEqual(['license-expiring mtn-cm undefined']);
    const mails = sandbox.mails.length;
    await night();
    expect(sandbox.mails.slice(mails)).toEqual([]);
  });

  it('is what it found before and what is so still, although the list changed again', async () => {
    await night();
    sandbox.changeLicenses({ 'mtn-cm': '2026-03-20' });
    await review();
    const before = sandbox.ledger.findings;
    expect(before).toMatchObject([{ kind: 'license-expiring', deployment: 'mtn-cm' }]);
    sandbox.bucket.put(OBJECTS.hold, '');
    await review();
    expect(sandbox.ledger.findings).toEqual(before);
  });

  it('is how far each license that ends has come: the night says it again at the next threshold only', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01', 'mtn-cm': '2026-03-20', 'moov-bj': '2026-03-05' });
    const { findings } = await review();
    const levels = new Map(sandbox.ledger.reported.map(({ key, level }) => [key, level]));
    expect(
      findings.map(({ id, kind, deployment }) => [kind, deployment, levels.get(findingKey(id))]).sort(),
    ).toEqual([
      ['license-expired', 'orange-cd', findingLevel('critical', undefined)],
      ['license-expiring', 'moov-bj', findingLevel('warning', 7)],
      ['license-expiring', 'mtn-cm', findingLevel('warning', 30)],
    ]);
  });

  it('is that it withdrew something although it was switched on since, where no mail has reported it', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    sandbox.confirmed = false;
    await night();
    sandbox.confirmed = true;
    sandbox.changeLicenses({ 'orange-cd': FAR });
    expect(steps(await review())).toEqual(['reactivate orange-cd done']);
    expect(sandbox.ledger.unreported).toMatchObject([{ kind: 'deactivate', deployment: 'orange-cd' }]);
  });

  it('is what an earlier run switched on, where this one could not do it again', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    const [tokenId = ''] = sandbox.ledger.suspensions.map((entry) => entry.tokenId);
    const earlier = { kind: 'reactivate', deployment: 'orange-cd', tokenId, status: 'done', reason: 'why' } as const; // prettier-ignore
    sandbox.bucket.put(OBJECTS.ledger, ledgerText({ ...sandbox.ledger, unreported: [earlier] }));
    sandbox.changeLicenses({ 'orange-cd': FAR });
    sandbox.fate = (call) => (call === 'hub.setEnabled' ? 'fail before' : 'pass');
    expect(steps(await review())).toEqual(['reactivate orange-cd failed']);
    expect(sandbox.ledger.unreported).toEqual([earlier]);
  });

  it('is no finding of the night less, also of whom the change is about', async () => {
    const stray = sandbox.addToken('stray-cd', { key: false });
    await night();
    const before = sandbox.ledger.findings.filter(({ deployment }) => deployment === 'stray-cd');
    expect(before.map(({ kind }) => kind)).toContain('orphaned-token');
    sandbox.tokens.delete(stray.uuid);
    sandbox.changeLicenses({ 'stray-cd': FAR });
    await review();
    const after = sandbox.ledger.findings.map(({ id }) => id);
    expect(before.filter(({ kind, id }) => kind === 'orphaned-token' && !after.includes(id))).toEqual([]);
  });

  it('is every notice of another deployment, although its token was relabelled meanwhile', async () => {
    sandbox.changeLicenses({ 'mtn-cm': '2026-03-05' });
    await night();
    const { notices } = sandbox.ledger;
    expect(notices).toMatchObject([{ deployment: 'mtn-cm' }]);
    for (const token of sandbox.tokens.labelled('mtn-cm')) token.token_label = 'mtn-gh';
    sandbox.changeLicenses({ 'moov-bj': '2028-01-01' });
    await review();
    expect(sandbox.ledger.notices).toEqual(notices);
  });

  it('is no step that it switched on itself, and every other one that no mail has reported yet', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01', 'moov-bj': '2026-03-01' });
    await night();
    await night();
    expect([sandbox.isOn('orange-cd'), sandbox.isOn('moov-bj')]).toEqual([false, false]);
    sandbox.confirmed = false;
    sandbox.changeLicenses({ 'moov-bj': FAR });
    await review();
    const open = (): string[] =>
      sandbox.ledger.unreported.map(({ kind, deployment }) => `${kind} ${deployment}`).sort();
    expect(open()).toEqual(['reactivate moov-bj']);
    sandbox.confirmed = true;
    sandbox.changeLicenses({ 'orange-cd': FAR });
    await review();
    expect(open()).toEqual(['reactivate moov-bj']);
  });

  it('leaves the findings that are not about lists, or about others, to the night', async () => {
    const stray = sandbox.addToken('stray-cd', { key: false });
    sandbox.changeLicenses({ 'moov-bj': '2026-03-01' });
    await night();
    const before = sandbox.ledger.findings;
    sandbox.tokens.delete(stray.uuid);
    sandbox.changeLicenses({ 'mtn-cm': '2028-01-01' });
    await review();
    expect(sandbox.ledger.findings).toEqual(before);
  });

  it('are the notices of those whom the change is about: the others stand as they were', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-05', 'mtn-cm': '2026-03-05' });
    await night();
    const [orange, mtn] = ['orange-cd', 'mtn-cm'].map((name) =>
      sandbox.ledger.notices.find(({ deployment }) => deployment === name),
    );
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\norange-cd,strategic,sales,\n');
    await review();
    expect(sandbox.ledger.notices).toEqual([mtn, { ...orange, heldBy: ['exempt'] }]);
    sandbox.bucket.delete(OBJECTS.exemptions);
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\n');
    expect(steps(await review())).toEqual(['announce orange-cd done']);
    expect(sandbox.ledger.notices.find(({ deployment }) => deployment === 'orange-cd')).toMatchObject({
      at: new Date(sandbox.now).toISOString(),
      firstAt: orange?.at,
    });
  });

  it('is no notice in observe', async () => {
    sandbox.settings = { ...sandbox.settings, mode: 'observe' };
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    expect(steps(await review())).toEqual(['announce orange-cd planned']);
    expect(sandbox.ledger.notices).toEqual([]);
  });

  it('is that it reminded of the night to come, where it announced the evening before', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01', 'mtn-cm': '2026-03-05' });
    await review();
    const announced = sandbox.ledger.reported.filter(({ key }) => key.startsWith('announc'));
    expect(announced.map(({ key, level }) => [/orange-cd|mtn-cm/.exec(key)?.[0], level])).toEqual([
      ['orange-cd', 2],
      ['mtn-cm', 1],
    ]);
  });
});

describe('a review that fails half-way', () => {
  it('announces nobody where its mail can not be sent, and the next one says all of it', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-05' });
    const before = sandbox.ledger;
    sandbox.fate = (call) => (call === 'topic.publish' ? 'fail before' : 'pass');
    expect((await failureOf(review)).name).toBe('NotificationFailed');
    expect(sandbox.ledger).toEqual(before);
    expect(reasons(lastReport())).toContain('the mail could not be sent');
    sandbox.fate = () => 'pass';
    expect(steps(await review())).toEqual(['announce orange-cd done']);
  });

  it('says which announcements had room in the mail, and gives no notice of the others', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `telco${index}-be`);
    sandbox.addCustomers(names, FAR);
    await night();
    sandbox.changeLicenses(Object.fromEntries(names.map((name) => [name, '2026-03-05'])));
    const { actions } = await review();
    const [done, failed] = (['done', 'failed'] as const).map((wanted) =>
      actions.filter(({ status }) => status === wanted),
    );
    expect([done?.length, failed?.length]).not.toContain(0);
    expect(actions).toHaveLength(400);
    for (const { reason } of failed ?? []) expect(reason).toContain('it had no room in the mail');
    expect(sandbox.ledger.notices.map(({ deployment }) => deployment).sort()).toEqual(
      done?.map(({ deployment }) => deployment).sort(),
    );
  });

  it('fails where the ledger could not be written on the way, after the mail said what was done', async () => {
    sandbox.changeLicenses({ 'orange-cd': '2026-03-01' });
    await night();
    await night();
    sandbox.changeLicenses({ 'orange-cd': FAR, 'mtn-cm': '2026-03-09' });
    let isOn = false;
    let hasFailed = false;
    sandbox.fate = (call) => {
      isOn ||= call.startsWith('hub.setEnabled');
      if (!isOn || hasFailed || call !== `bucket.writeIf ${OBJECTS.ledger}`) return 'pass';
      hasFailed = true;
      return 'fail before';
    };
    expect((await failureOf(review)).name).toBe('StorageUnavailable');
    sandbox.fate = () => 'pass';
    expect([hasFailed, sandbox.isOn('orange-cd')]).toEqual([true, true]);
    expect(sandbox.mails.at(-1)?.subject).toContain('1 switched on again');
    expect(steps(lastReport())).toEqual(['reactivate orange-cd done', 'announce mtn-cm done']);
  });

  it('remembers what its mail said where its report can not be written', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-05' });
    sandbox.fate = (call) => (call === 'bucket.write reports/' ? 'fail before' : 'pass');
    expect((await failureOf(review)).name).toBe('StorageUnavailable');
    sandbox.fate = () => 'pass';
    expect(sandbox.ledger.notices).toMatchObject([{ deployment: 'orange-cd' }]);
    expect((await review()).notified).toBe(false);
  });
});

describe('a review that can not read what changed', () => {
  it('mails it once for each version, fails nothing, and changes nothing', async () => {
    await night();
    const before = JSON.stringify([sandbox.ledger.measures, sandbox.ledger.lastNight, sandbox.tokens.all]);
    const mails = sandbox.mails.length;
    sandbox.bucket.put(OBJECTS.licenses, 'telco,country\norange,cd\n');
    const result = await review();
    expect([result.outcome, result.notified, result.actions]).toEqual(['incomplete', true, []]);
    expect(sandbox.mails.slice(mails)).toMatchObject([{ outcome: 'incomplete' }]);
    expect(sandbox.lastMail).toContain('The license list licenses.csv');
    expect((await review()).notified).toBe(false);
    sandbox.bucket.put(OBJECTS.licenses, 'telco,country\norange,cd,\n');
    expect((await review()).notified).toBe(true);
    expect(JSON.stringify([sandbox.ledger.measures, sandbox.ledger.lastNight, sandbox.tokens.all])).toBe(
      before,
    );
  });

  it('says so of Docker Hub as well', async () => {
    await night();
    sandbox.changeLicenses({ 'orange-cd': '2026-03-05' });
    sandbox.fate = (call) => (call === 'hub.listTokens' ? 'fail before' : 'pass');
    expect((await review()).outcome).toBe('incomplete');
    sandbox.fate = () => 'pass';
    expect(steps(await review())).toEqual(['announce orange-cd done']);
  });
});

describe('a review while something else is at work', () => {
  it('waits ten minutes for it, then is busy', async () => {
    const holder = {
      function: 'audit',
      runId: 'r',
      until: new Date(sandbox.now + 14 * 60_000).toISOString(),
    };
    sandbox.bucket.put(OBJECTS.lease, JSON.stringify({ holder, incompleteTold: null }));
    const slept: number[] = [];
    const services = sandbox.services();
    const clock = { ...services.clock, sleep: (time: number) => Promise.resolve(void slept.push(time)) };
    const failure = await failureOf(() => audit({ review: true }, { ...services, clock }));
    expect(failure.name).toBe('Busy');
    const waited = slept.reduce((sum, time) => sum + time, 0);
    expect(waited).toBeGreaterThan(590_000);
    expect(waited).toBeLessThanOrEqual(600_000);
  });
});

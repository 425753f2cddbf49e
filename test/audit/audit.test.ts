// A run from event to report: inputs, errors, modes, and what is written.
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { auditEventSchema } from '../../lambdas/audit/event.ts';
import { DAY, HOUR } from '../../lambdas/domain/days.ts';
import { emptyLedger, readLedger } from '../../lambdas/domain/ledger.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import type { AuditResult } from '../../lambdas/report/report.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addCustomers(['orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td'], '2027-01-01');
});

const isMonday = (now: number): boolean => new Date(now).getUTCDay() === 1;
const run = (event: unknown = {}): Promise<AuditResult> =>
  audit(parseEvent(auditEventSchema, event), sandbox.services());
const reports = (): string[] => sandbox.bucket.keysAsWritten.filter((key) => key.startsWith(OBJECTS.reports));
const reportText = (key: string | undefined): string => sandbox.bucket.text(key ?? '') ?? '';

describe('the event', () => {
  it.each([
    [{ dryrun: true }, 'dryrun is no field'],
    [{ dryRun: 'true' }, 'dryRun must be true or false'],
    [{ asOf: '2026-02-30' }, 'asOf must be a day that exists'],
    [{ asOf: 20260101 }, 'asOf must be a day'],
    [{ asOf: '0026-03-02' }, 'asOf must be a day from 2000 on'],
    [{ asOf: '1999-12-31' }, 'asOf must be a day from 2000 on'],
    [{ approve: 'orange-cd' }, 'approve must be a list'],
    [{ approve: [7] }, 'must be text'],
    [{ approve: ['a-bc'], asOf: '2026-01-01' }, 'exclude each other'],
    [{ approve: [] }, 'approve must name at least one deployment'],
    [{ reason: 'why' }, 'go with approve only'],
    [{ requestedBy: 'ann', dryRun: true }, 'go with approve only'],
    [{ approve: ['a-bc'], reason: '' }, 'reason must not be empty'],
    [{ review: true, dryRun: true }, 'go with no other field'],
    [{ review: true, catchUp: true }, 'go with no other field'],
    [{ catchUp: true, approve: ['a-bc'] }, 'go with no other field'],
    [{ catchUp: true, verifyAll: true }, 'go with no other field'],
    [{ review: 'true' }, 'review must be true or false'],
    [{ source: 'aws.events', detail: {} }, 'is no field'],
    [null, 'must be a JSON object'],
    ['{}', 'must be a JSON object'],
    [7, 'must be a JSON object'],
    [[], 'must be a JSON object'],
    [[{ dryRun: true }], 'must be a JSON object'],
    ['{}', 'must be a JSON object'],
  ])('%j is refused, not run', async (event, why) => {
    const failure = await failureOf(() => run(event));
    expect(failure.name).toBe('InvalidRequest');
    expect(failure.message).toContain(why);
    expect(sandbox.calls).toEqual([]);
  });
});

describe('a night', () => {
  it('returns what the contract promises and writes the whole of it as the report', async () => {
    const result = await run();
    expect(result).toMatchObject({
      asOf: '2026-03-02',
      mode: 'enforce',
      outcome: 'clean',
      counts: {
        tokens: 4,
        activeTokens: 4,
        automaticTokens: 0,
        keys: 4,
        licenses: 4,
        exempt: 0,
        findings: {},
        verified: { matching: 4, rejected: 0, mismatched: 0, unclear: 0, unchecked: 0 },
      },
      findings: [],
      actions: [],
      // The first night of a week: that all is well is mailed as well.
      notified: true,
      truncated: false,
    });
    expect(result.report).toBe(`reports/2026/03/02/${result.runId}.json`);
    expect(reports()).toEqual([result.report, result.report.replace('.json', '.html')]);
    const report: unknown = JSON.parse(reportText(result.report));
    const { finishedAt: _, ...same } = result;
    expect(report).toMatchObject(same);
    expect(report).toHaveProperty('deployments.length', 4);
    expect(sandbox.metrics.get('AuditSucceeded')).toBe(1);
  });

  it('cuts the result at 500 findings and never the report', async () => {
    for (let number = 0; number < 600; number++) sandbox.keys.set(`telco${number}-cd`, 'x');
    const result = await run();
    expect([result.findings.length, result.truncated, result.counts.findings['orphaned-key']]).toEqual([
      500,
      true,
      600,
    ]);
    expect(JSON.parse(reportText(result.report))).toHaveProperty('findings.length', 600);
  });

  it('mails only what is new, resolved, done or wrong, and once a week everything that is open', async () => {
    sandbox.keys.set('old-xx', 'x');
    expect((await run()).notified).toBe(true);
    for (let day = 0; day < 6; day++) {
      sandbox.now += DAY;
      expect((await run()).notified).toBe(false);
    }
    sandbox.now += DAY;
    expect((await run()).notified).toBe(true);
    expect(sandbox.mails.at(-1)?.text).toMatch(/TO PUT IN ORDER \(1;.*\n- old-xx: /);
    sandbox.now += DAY;
    sandbox.keys.delete('old-xx');
    expect((await run()).notified).toBe(true);
    expect(sandbox.mails.at(-1)?.text).toContain('PUT RIGHT SINCE THE LAST MAIL (1)\n  old-xx');
  });

  it('mails every night with notifications.when always', async () => {
    sandbox.settings = { ...sandbox.settings, notifyWhen: 'always' };
    expect([(await run()).notified, (await run()).notified]).toEqual([true, true]);
    expect(sandbox.mails[0]?.subject).toBe('[Docker Hub tokens] all is well, 4 tokens, 4 customers');
  });

  it('reports an ending license once at each of warnDays that it reaches, and the night before, the weekly mail aside', async () => {
    sandbox.now = Date.parse('2026-11-25T02:00:00Z');
    const said: string[] = [];
    for (let day = 0; day < 37; day++) {
      const { notified, findings } = await run();
      expect(findings.some(({ kind }) => kind === 'license-expiring')).toBe(day >= 7);
      const left = findings.find(({ kind }) => kind === 'license-expiring')?.detail;
      if (
        notified &&
        !isMonday(sandbox.now) &&
        /^(?:LOSES ACCESS|- .*: paid until)/m.test(sandbox.mails.at(-1)?.text ?? '')
      )
        said.push(/ends in (\d+) day/.exec(left ?? '')?.[1] ?? 'ended');
      sandbox.now += DAY;
    }
    expect(said).toEqual(['30', '14', '7', '1']);
  });
});

describe('a catch-up', () => {
  it('does nothing if this local day already had an undisturbed run', async () => {
    const night = await run();
    sandbox.now += HOUR;
    const calls = sandbox.calls.length;
    const again = await run({ catchUp: true });
    expect([again.runId, again.report, again.notified]).toEqual([night.runId, night.report, false]);
    expect(sandbox.calls.slice(calls)).toEqual([`bucket.read ${OBJECTS.ledger}`]);
  });

  it('runs where the night failed or was another day', async () => {
    sandbox.fate = (call) => (call === 'hub.listTokens' ? 'fail before' : 'pass');
    await failureOf(() => run());
    sandbox.fate = () => 'pass';
    const made = await run({ catchUp: true });
    expect(made.counts.tokens).toBe(4);
    sandbox.now += DAY;
    expect((await run({ catchUp: true })).runId).not.toBe(made.runId);
  });
});

describe('a dry run', () => {
  it('changes nothing, sends no mail, takes no lease, and writes nothing but its report', async () => {
    sandbox.keys.set('old-xx', 'x');
    const result = await run({ dryRun: true });
    expect(result).toMatchObject({ mode: 'dry-run', outcome: 'attention', notified: false });
    expect(result.report).toMatch(/^reports\/dry-run\/2026\/03\/02\//);
    expect(sandbox.bucket.keys.sort()).toEqual(
      [OBJECTS.licenses, result.report, result.report.replace('.json', '.html')].sort(),
    );
    expect(sandbox.mails).toEqual([]);
    expect(sandbox.metrics.size).toBe(0);
  });

  it('judges as of any day from 2000 on', async () => {
    expect((await run({ asOf: '2000-01-01' })).asOf).toBe('2000-01-01');
  });

  it('judges as at noon of asOf', async () => {
    const result = await run({ asOf: '2027-01-02' });
    expect([result.asOf, result.mode, result.counts.findings['license-expired']]).toEqual([
      '2027-01-02',
      'dry-run',
      4,
    ]);
    expect(result.actions.map(({ kind, status }) => `${kind} ${status}`)).toEqual(
      Array(4).fill('announce planned'),
    );
  });

  it('checks stored contents only with verifyAll', async () => {
    expect((await run({ dryRun: true })).counts.verified).toMatchObject({ matching: 0, unchecked: 4 });
    expect((await run({ dryRun: true, verifyAll: true })).counts.verified).toMatchObject({
      matching: 4,
      unchecked: 0,
    });
  });
});

describe('a run that can not read one of its inputs wholly', () => {
  it.each([
    ['hub.listTokens', 'DockerHubUnavailable'],
    ['vault.readKeys', 'VaultUnavailable'],
    [`bucket.read ${OBJECTS.licenses}`, 'StorageUnavailable'],
    [`bucket.read ${OBJECTS.exemptions}`, 'StorageUnavailable'],
    [`bucket.exists ${OBJECTS.hold}`, 'StorageUnavailable'],
    [`bucket.read ${OBJECTS.ledger}`, 'StorageUnavailable'],
    [`bucket.read ${OBJECTS.lease}`, 'StorageUnavailable'],
  ])('because of %s mails that, writes a report, changes nothing, and fails with %s', async (call, cause) => {
    await run();
    const before = JSON.stringify([sandbox.ledger, sandbox.tokens.all]);
    const mails = sandbox.mails.length;
    sandbox.now += DAY;
    sandbox.fate = (made) => (made === call ? 'fail before' : 'pass');
    const failure = await failureOf(() => run());
    expect(failure.name).toBe('AuditIncomplete');
    expect(failure.message.startsWith(`${cause}:`)).toBe(true);
    expect(sandbox.mails.slice(mails)).toMatchObject([{ outcome: 'incomplete', severity: 'critical' }]);
    expect(sandbox.mails.at(-1)?.subject).toBe(`[Docker Hub tokens] audit incomplete: ${cause}`);
    const report: unknown = JSON.parse(
      reportText(reports().find((key) => key.includes('/03/') && key.endsWith('.json'))),
    );
    expect(report).toHaveProperty('runId');
    expect(reports()).toHaveLength(4);
    sandbox.fate = () => 'pass';
    expect(JSON.stringify([sandbox.ledger, sandbox.tokens.all])).toBe(before);
  });

  it('says so in one sentence, whatever the causes say', async () => {
    sandbox.bucket.put(OBJECTS.licenses, 'telco;country\n');
    const { message } = await failureOf(() => run());
    expect(message).toMatch(
      /^LicenseListUnreadable: the audit could not be made and nothing was changed; the license list licenses\.csv can't be used: [^.]*\.csv [^.]*\.$/,
    );
  });

  it('mails the same cause once a day, another one at once', async () => {
    sandbox.fate = (made) => (made === 'hub.listTokens' ? 'fail before' : 'pass');
    await failureOf(() => run());
    await failureOf(() => run({ catchUp: true }));
    expect(sandbox.mails).toHaveLength(1);
    sandbox.fate = (made) => (made === 'vault.readKeys' ? 'fail before' : 'pass');
    await failureOf(() => run({ catchUp: true }));
    expect(sandbox.mails).toHaveLength(2);
    sandbox.now += DAY;
    await failureOf(() => run());
    expect(sandbox.mails).toHaveLength(3);
  });

  it('mails the same cause again where nobody had confirmed to read it', async () => {
    sandbox.fate = (made) => (made === 'hub.listTokens' ? 'fail before' : 'pass');
    sandbox.confirmed = false;
    await failureOf(() => run());
    expect(JSON.parse(reportText(reports().find((key) => key.endsWith('.json'))))).toMatchObject({
      notified: false,
    });
    sandbox.confirmed = true;
    await failureOf(() => run({ catchUp: true }));
    await failureOf(() => run({ catchUp: true }));
    expect(sandbox.mails).toHaveLength(2);
  });

  it('mails an unreadable list once a day for each version of it', async () => {
    const mailed = async (list: string): Promise<number> => {
      const before = sandbox.mails.length;
      sandbox.bucket.put(OBJECTS.licenses, list);
      await failureOf(() => run());
      return sandbox.mails.length - before;
    };
    expect([await mailed('a'), await mailed('a'), await mailed('b'), await mailed('a')]).toEqual([
      1, 0, 1, 0,
    ]);
  });

  it('says in its report whether its mail went out', async () => {
    const notified = async (failing: readonly string[]): Promise<unknown> => {
      sandbox.fate = (made) => (failing.includes(made) ? 'fail before' : 'pass');
      const before = new Set(reports());
      const failure = await failureOf(() => run());
      expect(failure.message.startsWith('DockerHubUnavailable')).toBe(true);
      const key = reports().find((name) => !before.has(name) && name.endsWith('.json'));
      const report: unknown = JSON.parse(reportText(key));
      return typeof report === 'object' && report !== null && 'notified' in report && report.notified;
    };
    expect(await notified(['hub.listTokens', 'topic.publish'])).toBe(false);
    expect(await notified(['hub.listTokens'])).toBe(true);
    expect(await notified(['hub.listTokens'])).toBe(false);
  });

  it('still judges what it can', async () => {
    sandbox.addToken('Orange_CD', { key: false });
    sandbox.fate = (made) => (made === 'vault.readKeys' ? 'fail before' : 'pass');
    await failureOf(() => run());
    const report = reportText(reports().find((key) => key.endsWith('.json')));
    expect(report).toContain('misnamed-token');
    expect(report).not.toContain('orphaned-token');
  });

  it.each([
    ['everything', ''],
    ['a kind', 'misnamed-token orphaned-token'],
  ])(
    'does not judge what was exempt from %s when the exemptions could last be read',
    async (_from, kinds) => {
      sandbox.addToken('Orange_CD', { key: false });
      sandbox.addToken('MTN_CM', { key: false });
      sandbox.bucket.put(
        OBJECTS.exemptions,
        `label,reason,owner,until,findings\nOrange_CD,old,ops,,${kinds}\n`,
      );
      await run();
      sandbox.bucket.put(OBJECTS.exemptions, 'label,reason\nOrange_CD,old\n');
      await failureOf(() => run());
      const newest = reports()
        .filter((key) => key.endsWith('.json'))
        .at(-1);
      const report: unknown = JSON.parse(reportText(newest));
      expect(report).not.toMatchObject({
        findings: expect.arrayContaining([expect.objectContaining({ deployment: 'Orange_CD' })]) as unknown,
      });
      expect(report).toMatchObject({
        findings: expect.arrayContaining([
          expect.objectContaining({ deployment: 'MTN_CM', kind: 'misnamed-token' }),
        ]) as unknown,
        deployments: expect.arrayContaining([
          expect.objectContaining({ deployment: 'Orange_CD', verdict: 'unknown' }),
        ]) as unknown,
      });
    },
  );

  it('because exemptions.csv is gone is incomplete, too', async () => {
    sandbox.bucket.put(OBJECTS.exemptions, 'label,reason,owner,until\n');
    await run();
    sandbox.bucket.delete(OBJECTS.exemptions);
    expect((await failureOf(() => run())).message).toContain('ExemptionsUnreadable');
  });
});

describe('the ledger', () => {
  it.each([
    ['deleted', 'deleted'],
    ['not JSON', '{"version":1,'],
    ['empty', ''],
    ['of another version', JSON.stringify({ ...emptyLedger(), version: 3 })],
    ['without one of its parts', JSON.stringify({ version: 2 })],
    ['with something unknown', JSON.stringify({ ...emptyLedger(), more: [] })],
  ])('%s is LedgerUnreadable: nothing is changed and it is not overwritten', async (_name, content) => {
    if (content === 'deleted') sandbox.bucket.delete(OBJECTS.ledger);
    else sandbox.bucket.put(OBJECTS.ledger, content);
    const failure = await failureOf(() => run());
    expect(failure.message.startsWith('LedgerUnreadable:')).toBe(true);
    expect(sandbox.bucket.text(OBJECTS.ledger) ?? 'deleted').toBe(content);
  });

  it('that never existed is a first night: everything is announced, nothing withdrawn', async () => {
    sandbox.putLicenses([
      ['orange-cd', '2026-01-01'],
      ['mtn-cm', '2026-01-01'],
      ['vodacom-cd', '2027-01-01'],
    ]);
    expect((await run()).actions.map(({ kind }) => kind)).toEqual(['announce', 'announce']);
  });

  it('to begin again with stands in docs/decisions.md as this version reads it', () => {
    const text = /```json\n(.*)\n```/.exec(readFileSync('docs/decisions.md', 'utf8'))?.[1] ?? '';
    expect(readLedger(new TextEncoder().encode(text))).toEqual(emptyLedger());
  });
});

describe('the check of stored contents', () => {
  it('takes its share of those changed or longest unchecked first', async () => {
    sandbox.settings = { ...sandbox.settings, verifyPerRun: 2 };
    const checked = async (): Promise<string[]> => {
      const before = new Set(sandbox.ledger.checks.map(({ deployment, at }) => `${deployment} ${at}`));
      await run();
      sandbox.now += DAY;
      return sandbox.ledger.checks
        .filter(({ deployment, at }) => !before.has(`${deployment} ${at}`))
        .map(({ deployment }) => deployment)
        .sort();
    };
    expect(await checked()).toEqual(['airtel-td', 'mtn-cm']);
    expect(await checked()).toEqual(['orange-cd', 'vodacom-cd']);
    sandbox.keys.set('vodacom-cd', 'changed');
    expect(await checked()).toEqual(['airtel-td', 'vodacom-cd']);
  });

  it('stops at the second refusal, with verifyAll as well, and says so', async () => {
    for (const name of sandbox.keys.names) sandbox.keys.set(name, 'nonsense');
    const result = await run({ verifyAll: true });
    expect(result.counts.verified).toMatchObject({ rejected: 2, unchecked: 2 });
    expect(result.counts.findings['rejected-key']).toBe(2);
    expect(result.notes.join()).toContain('refused 2 contents');
    expect(sandbox.mails[0]?.text).toContain('stopped for this run');
  });

  it('finds the content of another token', async () => {
    sandbox.keys.set('orange-cd', sandbox.tokens.only('mtn-cm').content);
    const result = await run();
    expect(result.findings).toMatchObject([{ kind: 'mismatched-key', deployment: 'orange-cd' }]);
  });

  it('reads names only with verifyPerRun 0', async () => {
    sandbox.settings = { ...sandbox.settings, verifyPerRun: 0 };
    await run();
    expect(sandbox.calls).toContain('vault.readKeyNames');
    expect(sandbox.calls).not.toContain('vault.readKeys');
  });

  describe('where Docker Hub does not answer as it should', () => {
    type Check = Services['dockerHub']['checkContent'];
    const nightWith = async (check: (content: string, checkContent: Check) => ReturnType<Check>) => {
      const services = sandbox.services();
      const { dockerHub: hub } = services;
      const dockerHub = {
        ...hub,
        checkContent: (content: string) => check(content, (asked) => hub.checkContent(asked)),
      };
      const result = await audit({}, { ...services, dockerHub });
      sandbox.now += DAY;
      return result;
    };
    const only =
      (label: string, outcome: 'unwell' | 'password') =>
      (content: string, checkContent: Check): ReturnType<Check> =>
        content === sandbox.keys.get(label) ? Promise.resolve({ outcome }) : checkContent(content);

    it('of one key only, this key does not starve the others', async () => {
      sandbox.settings = { ...sandbox.settings, verifyPerRun: 2 };
      expect((await nightWith(only('airtel-td', 'unwell'))).counts.verified).toMatchObject({ unclear: 1 });
      expect((await nightWith(only('airtel-td', 'unwell'))).counts.verified).toMatchObject({ matching: 2 });
      expect(new Set(sandbox.ledger.checks.map(({ deployment }) => deployment)).size).toBe(4);
    });

    it('says so by mail when it begins, and once a week while it lasts', async () => {
      const notified: boolean[] = [];
      for (let night = 0; night < 15; night++)
        notified.push((await nightWith(() => Promise.resolve({ outcome: 'limited' }))).notified);
      expect(notified.flatMap((was, night) => (was ? [night] : []))).toEqual([0, 7, 14]);
      expect(sandbox.mails.at(-1)?.text).toContain('The check of stored contents stopped');
      expect(sandbox.ledger.checks).toEqual([]);
    });

    it("goes on past a key that holds the account's own password, and says which it is", async () => {
      const { counts, notes, notified } = await nightWith(only('airtel-td', 'password'));
      expect(counts.verified).toMatchObject({ matching: 3, unclear: 1, unchecked: 0 });
      expect([notes.length, notified]).toEqual([1, true]);
      expect(notes[0]).toContain('The key airtel-td in Vault seems to hold the password');
      expect((await nightWith(only('airtel-td', 'password'))).notified).toBe(false);
    });
  });
});

describe('a key whose name is a token’s content', () => {
  it('is a finding of its own, and the content is in no mail, report and result', async () => {
    const [content, other] = [`dckr_pat_${'x'.repeat(27)}`, `dckr_pat_${'y'.repeat(27)}`];
    sandbox.keys.set(content, 'orange-cd');
    sandbox.keys.set(other, 'mtn-cm');
    const result = await run();
    const misnamed = result.findings.filter(({ kind }) => kind === 'misnamed-key');
    expect(new Set(misnamed.map(({ deployment }) => deployment)).size).toBe(2);
    expect(misnamed[0]?.remedy).toContain('by hand in Vault');
    expect(result.counts.keys).toBe(6);
    const everything = JSON.stringify([result, sandbox.mails, sandbox.bucket.everything]);
    for (const secret of [content, other]) expect(everything).not.toContain(secret);
  });

  it('is refused in the event', async () => {
    const failure = await failureOf(() => run({ approve: ['orange-cd', `dckr_pat_${'x'.repeat(27)}`] }));
    expect([failure.name, failure.message]).toEqual([
      'InvalidRequest',
      expect.stringContaining('the field approve'),
    ]);
  });
});

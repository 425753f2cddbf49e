import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { type RevokeResult, revoke } from '../../lambdas/revoke/revoke.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addToken('orange-cd', { id: 'first' });
  sandbox.addToken('orange-cd', { id: 'second', key: false });
  sandbox.addToken('Mtn_CM', { id: 'third' });
  sandbox.putLicenses([['orange-cd', '2027-01-01']]);
});

const call = (event: unknown): Promise<RevokeResult> =>
  revoke(parseEvent(revokeEventSchema, event), sandbox.services());
const isOn = (id: string): boolean | undefined => sandbox.tokens.get(id)?.is_active;
const night = async () => {
  sandbox.now += DAY;
  return audit({}, sandbox.services());
};

describe('revoking', () => {
  it('switches all tokens of the label off, says so by mail, and the audit never switches them on', async () => {
    const { actions } = await call({ deployment: 'orange-cd', reason: 'leaked', requestedBy: 'ann' });
    expect(actions).toMatchObject([
      { kind: 'deactivate', tokenId: 'first', status: 'done' },
      { kind: 'deactivate', tokenId: 'second', status: 'done' },
    ]);
    expect(sandbox.mails[0]?.subject).toContain('switched off orange-cd');
    expect(sandbox.mails[0]?.text).toContain('"ann" says "leaked"');
    const result = await night();
    expect([isOn('first'), isOn('second'), result.actions]).toEqual([false, false, []]);
    expect(result.findings.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['suspended', 'suspended']),
    );
    expect(result.findings.map(({ kind }) => kind)).not.toContain('missing-token');
  });

  it('switches only the named one off', async () => {
    await call({ deployment: 'orange-cd', tokenId: 'second', reason: 'duplicate' });
    expect([isOn('first'), isOn('second')]).toEqual([true, false]);
  });

  it('of one of several tokens silences nobody: the other one is missed when it goes, too', async () => {
    const missing = async (): Promise<boolean> =>
      (await night()).findings.some(({ kind }) => kind === 'missing-token');
    await call({ deployment: 'orange-cd', tokenId: 'first', reason: 'duplicate' });
    sandbox.addToken('orange-cd', { id: 'second', enabled: false });
    expect(await missing()).toBe(true);
    sandbox.tokens.delete('second');
    expect(await missing()).toBe(true);
    sandbox.addToken('orange-cd', { id: 'third' });
    expect(await missing()).toBe(false);
    await call({ deployment: 'orange-cd', reason: 'leaked' });
    expect(await missing()).toBe(false);
  });

  it('works on misnamed labels', async () => {
    await call({ deployment: 'Mtn_CM', reason: 'unknown' });
    expect(isOn('third')).toBe(false);
  });

  it('records what is inactive already as people’s', async () => {
    sandbox.putLicenses([
      ['orange-cd', '2026-03-01'],
      ['filler-zz', '2027-01-01'],
    ]);
    await audit({}, sandbox.services());
    await night();
    expect(isOn('first')).toBe(false);
    await call({ deployment: 'orange-cd', reason: 'stays off' });
    sandbox.putLicenses([
      ['orange-cd', '2027-01-01'],
      ['filler-zz', '2027-01-01'],
    ]);
    expect((await night()).actions).toEqual([]);
    expect(isOn('first')).toBe(false);
  });

  it.each([
    [{ deployment: 'orange-cd' }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', reason: '' }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', reason: 'x', force: true }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', reason: 'x', confirm: 'orange-cm' }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', restore: true, confirm: 'orange-cd' }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', reason: 'x', delete: true }, 'InvalidRequest'],
    [{ deployment: 'orange-cd', reason: 'x', delete: true, confirm: 'orange-cm' }, 'InvalidRequest'],
    [
      { deployment: 'orange-cd', reason: 'x', delete: true, restore: true, confirm: 'orange-cd' },
      'InvalidRequest',
    ],
    [[], 'InvalidRequest'],
    [{ deployment: 'orange', reason: 'x' }, 'TokenNotFound'],
    [{ deployment: 'orange-cd', tokenId: 'third', reason: 'x' }, 'TokenNotFound'],
  ])('refuses %j and changes nothing', async (event, name) => {
    expect((await failureOf(() => call(event))).name).toBe(name);
    expect(sandbox.calls.filter((made) => /setEnabled|deleteToken|patch/.test(made))).toEqual([]);
  });

  it('fails loudly where the mail fails, and the next night reports it', async () => {
    sandbox.fate = (name) => (name === 'topic.publish' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
    expect([failure.name, isOn('first')]).toEqual(['NotificationFailed', false]);
    expect(failure.message).toContain('do not repeat');
    sandbox.fate = () => 'pass';
    await night();
    expect(sandbox.mails[0]?.text.replace(/\s+/g, ' ')).toContain(
      'orange-cd switched off: the caller says "leaked" (2 tokens)',
    );
  });

  it('is reported again by the audit where nobody had confirmed to read its mail', async () => {
    sandbox.confirmed = false;
    await call({ deployment: 'orange-cd', reason: 'leaked' });
    sandbox.confirmed = true;
    await night();
    expect(sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ')).toContain(
      'orange-cd switched off: the caller says "leaked" (2 tokens)',
    );
    expect(sandbox.ledger.unreported).toEqual([]);
  });
});

describe('a revoke that fails', () => {
  const mail = () => sandbox.mails.at(-1);
  const textOfMail = (): string => (mail()?.text ?? '').replace(/\s+/g, ' ');

  it('is mailed as failed and critical, never as done', async () => {
    sandbox.fate = (name) => (name === 'hub.setEnabled' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
    expect(failure.name).toBe('DockerHubUnavailable');
    expect(mail()).toMatchObject({ outcome: 'failed', severity: 'critical' });
    expect(mail()?.subject).toContain('switching off orange-cd failed');
    expect(mail()?.text).not.toContain('revoked');
  });

  it('throws the failure of the token where the mail fails as well, and never says everything was done', async () => {
    sandbox.fate = (name) => (/hub.setEnabled|topic.publish/.test(name) ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
    expect(failure.name).toBe('DockerHubUnavailable');
    expect(failure.message).toContain('NotificationFailed');
    expect(failure.message).not.toMatch(/everything|was asked was done/i);
  });

  it('says in error and mail which tokens it changed before', async () => {
    let changed = 0;
    sandbox.fate = (name) => (name === 'hub.setEnabled' && ++changed === 2 ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
    expect(failure.message).toContain('already done: first switched off');
    expect(textOfMail()).toContain('1 token switched off: first.');
    expect(textOfMail()).toContain('second deactivate failed');
    expect(sandbox.mails).toHaveLength(1);
  });

  it('says what it deleted where the key can not be removed, and the same call again removes it', async () => {
    sandbox.tokens.delete('second');
    const event = {
      deployment: 'orange-cd',
      tokenId: 'first',
      delete: true,
      confirm: 'orange-cd',
      reason: 'x',
    };
    sandbox.fate = (name) => (name.startsWith('vault.') ? 'fail before' : 'pass');
    const failure = await failureOf(() => call(event));
    expect(failure.name).toBe('VaultUnavailable');
    expect(failure.message).toContain('already done: first deleted');
    expect(mail()).toMatchObject({ severity: 'critical' });
    expect(textOfMail()).toContain('orange-cd: deleting failed');
    expect(textOfMail()).toContain('1 token deleted: first.');
    expect(sandbox.mails).toHaveLength(1);
    sandbox.fate = () => 'pass';
    expect((await call(event)).actions).toMatchObject([{ kind: 'remove-key', status: 'done' }]);
    expect(sandbox.keys.has('orange-cd')).toBe(false);
  });

  it.each([
    [{ reason: 'leaked' }, 'first switched off and second switched off'],
    [{ restore: true }, 'first left on and second left on'],
    [
      { delete: true, confirm: 'orange-cd', reason: 'gone' },
      'first deleted, second deleted and orange-cd key removed from Vault',
    ],
  ])('at writing the ledger says in error and mail what was done: %j', async (wish, done) => {
    sandbox.fate = (name) => (name === 'bucket.writeIf ledger.json' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', ...wish }));
    expect(failure.name).toBe('StorageUnavailable');
    expect(failure.message).toContain(`already done: ${done}, which the ledger does not know`);
    expect(textOfMail()).toContain('The ledger does not know it');
    expect([sandbox.mails.length, mail()?.outcome]).toEqual([1, 'failed']);
  });

  it('leaves what it did to the next mail where its own fails', async () => {
    let changed = 0;
    sandbox.fate = (name) =>
      name === 'topic.publish' || (name === 'hub.setEnabled' && ++changed === 2) ? 'fail before' : 'pass';
    await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
    sandbox.fate = () => 'pass';
    await night();
    expect(textOfMail()).toContain('orange-cd switched off: the caller says "leaked"');
  });
});

describe('restoring', () => {
  it('switches on again, and the audit leaves the token alone for 7 days, then announces again', async () => {
    sandbox.putLicenses([
      ['orange-cd', '2026-03-01'],
      ['filler-zz', '2027-01-01'],
    ]);
    await audit({}, sandbox.services());
    await night();
    const { actions } = await call({ deployment: 'orange-cd', restore: true, tokenId: 'first' });
    expect(actions).toMatchObject([{ kind: 'reactivate', tokenId: 'first', status: 'done' }]);
    for (let day = 0; day < 6; day++) expect((await night()).actions).toEqual([]);
    expect((await night()).actions).toMatchObject([{ kind: 'announce', tokenId: 'first' }]);
    expect((await night()).actions).toMatchObject([{ kind: 'deactivate', tokenId: 'first' }]);
  });
});

describe('restoring what no switch can bring back', () => {
  const expire = (id: string, enabled: boolean): void => {
    const token = sandbox.tokens.get(id);
    if (token !== undefined) Object.assign(token, { is_active: enabled, expires_at: iso(sandbox.now - DAY) });
  };
  const restoring = { deployment: 'orange-cd', restore: true };

  it.each([true, false])(
    'is refused for a token past its own expiry, naming the day and that regenerate is needed (on: %s)',
    async (enabled) => {
      expire('first', enabled);
      expire('second', enabled);
      const { name, message } = await failureOf(() => call(restoring));
      expect(name).toBe('InvalidRequest');
      expect(message).toContain('first of orange-cd stopped working on 2026-03-01 by its own expiry');
      expect(message).toContain('("regenerate": true)');
      expect([sandbox.mails, sandbox.ledger.restores, isOn('first')]).toEqual([[], [], enabled]);
    },
  );

  it('skips a token past its own expiry and switches the others of the label on', async () => {
    expire('first', true);
    sandbox.addToken('orange-cd', { id: 'second', enabled: false });
    const { actions } = await call(restoring);
    expect(actions.map(({ tokenId, status }) => [tokenId, status])).toEqual([
      ['second', 'done'],
      ['first', 'skipped'],
    ]);
    expect(actions[1]?.reason).toContain('by its own expiry');
    expect(sandbox.ledger.restores.map(({ tokenId }) => tokenId)).toEqual(['second']);
    const text = sandbox.mails[0]?.text.replace(/\s+/g, ' ');
    expect(text).toContain('1 token switched on again: second.');
    expect(text).toContain('first reactivate skipped: it stopped working on 2026-03-01');
  });
});

it('a revoke of hundreds of tokens keeps its mail to 20 kB and says first what failed', async () => {
  for (let number = 0; number < 900; number++)
    sandbox.addToken('orange-cd', { key: false, id: `${'x'.repeat(32)}-${number}` });
  let calls = 0;
  sandbox.fate = (name) => (name === 'hub.setEnabled' && ++calls === 902 ? 'fail before' : 'pass');
  await failureOf(() => call({ deployment: 'orange-cd', reason: 'leaked' }));
  const text = sandbox.mails[0]?.text ?? '';
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20_000);
  expect(text.split('\n')[2]).toMatch(/^NOT DONE: x+-\d+ deactivate failed:/);
  expect(text).toMatch(/\.\.\. and \d+ more lines\.\n/);
});

describe('a call for what is so already', () => {
  it('never says that tokens were switched on which were on, in its own mail or the next of the audit', async () => {
    await call({ deployment: 'orange-cd', restore: true });
    expect(sandbox.mails[0]?.subject).toContain('orange-cd was on already');
    expect(sandbox.mails[0]?.text).toContain('Already on: first and second.');
    sandbox.fate = (name) => (name === 'topic.publish' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd', restore: true }));
    expect(failure.message).toContain('no other mail will report it, because nothing had to be changed');
    sandbox.fate = () => 'pass';
    await night();
    expect(JSON.stringify(sandbox.mails)).not.toContain('switched on again');
  });

  it('says of tokens that were off that they were left off', async () => {
    for (const id of ['first', 'second']) sandbox.tokens.modify(id, { is_active: false });
    await call({ deployment: 'orange-cd', reason: 'leaked' });
    expect(sandbox.mails[0]?.text).toContain("Already off: first and second, now recorded as people's.");
    expect(sandbox.mails[0]?.text).not.toContain('switched off: first');
  });
});

describe('restoring a token that another one replaces', () => {
  beforeEach(async () => {
    sandbox = startSandbox({ transport: 'memory' });
    sandbox.addToken('orange-cd', { id: 'first' });
    sandbox.putLicenses([['orange-cd', '2027-01-01']]);
    await issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 24 }, sandbox.services());
    sandbox.now += 20 * HOUR;
  });

  it('by its id ends its being replaced: the audit never deletes it for that', async () => {
    const { actions } = await call({ deployment: 'orange-cd', restore: true, tokenId: 'first' });
    expect(actions).toMatchObject([{ kind: 'reactivate', tokenId: 'first', status: 'done' }]);
    expect(sandbox.ledger.replaced).toEqual([]);
    for (let day = 0; day < 20; day++) await night();
    expect(isOn('first')).toBe(true);
  });

  it('counts only after the replacing: what was restored before and then replaced goes in time', async () => {
    await call({ deployment: 'orange-cd', restore: true, tokenId: 'first' });
    sandbox.now += HOUR;
    await issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 3 }, sandbox.services());
    sandbox.now -= 20 * HOUR;
    await night();
    expect(isOn('first')).toBe(false);
  });

  it('by its label alone leaves it as it is and says how it is meant', async () => {
    sandbox.tokens.modify('first', { is_active: false });
    const { actions } = await call({ deployment: 'orange-cd', restore: true });
    const skipped = actions.find(({ tokenId }) => tokenId === 'first');
    expect(skipped).toMatchObject({ kind: 'reactivate', status: 'skipped' });
    expect(skipped?.reason).toContain('name it with "tokenId"');
    expect(isOn('first')).toBe(false);
    expect(sandbox.ledger.replaced).toHaveLength(1);
  });

  it.each([
    ['is on still', 0],
    ['is off since its overlap was over', 1],
  ])('by its label never brings it back after both were revoked, where it %s', async (_, nightsBefore) => {
    for (let day = 0; day < nightsBefore; day++) await night();
    await call({ deployment: 'orange-cd', reason: 'unpaid' });
    for (let day = 0; day < 2; day++) await night();
    const { actions } = await call({ deployment: 'orange-cd', restore: true });
    expect(actions.map(({ tokenId, status }) => [tokenId === 'first', status]).sort()).toEqual([
      [false, 'done'],
      [true, 'skipped'],
    ]);
    expect(isOn('first')).toBe(false);
    await call({ deployment: 'orange-cd', restore: true, tokenId: 'first' });
    expect(isOn('first')).toBe(true);
  });
});

describe('undoing what one run of the audit switched off', () => {
  const ENDED = ['airtel-ne', 'telecel-gh', 'expired-sn'];
  let runId: string;

  beforeEach(async () => {
    for (const label of ENDED) sandbox.addToken(label, { id: label });
    sandbox.putLicenses([
      ['orange-cd', '2027-01-01'],
      ...ENDED.map((label): [string, string] => [label, '2026-02-01']),
    ]);
    await audit({}, sandbox.services());
    runId = (await night()).runId;
    expect(ENDED.map(isOn)).toEqual([false, false, false]);
  });

  const undo = (run = runId): Promise<RevokeResult> => call({ restoreRun: run, reason: 'a wrong list' });

  it('switches all of them on again, and the audit leaves them alone for 7 days', async () => {
    const result = await undo();
    expect(result).toMatchObject({ restoreRun: runId });
    expect(result.actions.map(({ deployment, kind, status }) => [deployment, kind, status]).sort()).toEqual(
      [...ENDED].sort().map((label) => [label, 'reactivate', 'done']),
    );
    expect(sandbox.mails.at(-1)?.subject).toContain('restored 3 deployments');
    await night();
    expect(ENDED.map(isOn)).toEqual([true, true, true]);
  });

  it('leaves alone what people revoked since', async () => {
    await call({ deployment: 'airtel-ne', reason: 'leaked' });
    await undo();
    expect(ENDED.map(isOn)).toEqual([false, true, true]);
  });

  it('skips what is gone', async () => {
    sandbox.tokens.delete('airtel-ne');
    const { actions } = await undo();
    expect(actions.find(({ deployment }) => deployment === 'airtel-ne')).toMatchObject({
      kind: 'reactivate',
      status: 'skipped',
      reason: 'the token is gone',
    });
    expect(ENDED.map(isOn)).toEqual([undefined, true, true]);
  });

  it.each([
    ['lasts: it comes back and still goes when it is over', 240, true],
    ['is over: it stays off', 72, false],
  ])('of a replaced token whose overlap %s', async (_, overlapHours, comesBack) => {
    sandbox = startSandbox({ transport: 'memory' });
    sandbox.addToken('orange-cd', { id: 'first' });
    sandbox.putLicenses([['orange-cd', '2026-03-03']]);
    const { tokenId } = await issue(
      { deployment: 'orange-cd', regenerate: true, overlapHours },
      sandbox.services(),
    );
    await audit({}, sandbox.services());
    await night();
    const run = (await night()).runId;
    expect([isOn('first'), isOn(tokenId)]).toEqual([false, false]);
    sandbox.now += 2 * DAY;
    const { actions } = await undo(run);
    expect(actions.find((action) => action.tokenId === 'first')?.status).toBe(comesBack ? 'done' : 'skipped');
    expect([isOn('first'), isOn(tokenId)]).toEqual([comesBack, true]);
    sandbox.putLicenses([['orange-cd', '2027-03-03']]);
    for (let day = 0; day < 12; day++) await night();
    expect([isOn('first') ?? false, isOn(tokenId)]).toEqual([false, true]);
  });

  it('is TokenNotFound for a run that switched off nothing, and for one that is undone already', async () => {
    expect((await failureOf(() => undo('20260101T000000Z-00000000'))).name).toBe('TokenNotFound');
    await undo();
    expect((await failureOf(() => undo())).name).toBe('TokenNotFound');
  });

  it.each([
    [{ tokenId: 'airtel-ne' }],
    [{ deployment: 'airtel-ne' }],
    [{ restore: true }],
    [{ delete: true }],
    [{ confirm: 'airtel-ne' }],
    [{ reason: undefined }],
  ])('is refused with %j', async (fields) => {
    const event = { restoreRun: runId, reason: 'a wrong list', ...fields };
    expect((await failureOf(() => call(event))).name).toBe('InvalidRequest');
    expect(ENDED.map(isOn)).toEqual([false, false, false]);
  });
});

describe("a token whose content another deployment's key holds", () => {
  beforeEach(async () => {
    sandbox = startSandbox({ transport: 'memory' });
    sandbox.addToken('mtn-ug', { id: 'ug' });
    sandbox.addToken('mtn-rw', { id: 'rw' });
    sandbox.keys.set('mtn-rw', sandbox.tokens.get('ug')?.content);
    sandbox.putLicenses([
      ['mtn-ug', '2027-01-01'],
      ['mtn-rw', '2027-01-01'],
    ]);
    await audit({ verifyAll: true }, sandbox.services());
  });

  it('is not switched off without confirm, and the other deployment is named', async () => {
    const failure = await failureOf(() => call({ deployment: 'mtn-ug', reason: 'leaked' }));
    expect(failure.name).toBe('InvalidRequest');
    expect(failure.message).toContain('mtn-rw');
    expect(isOn('ug')).toBe(true);
  });

  it('is switched off with confirm', async () => {
    await call({ deployment: 'mtn-ug', reason: 'leaked', confirm: 'mtn-ug' });
    expect(isOn('ug')).toBe(false);
  });

  it('is switched off without confirm once the other license has ended, or its key holds something else', async () => {
    sandbox.keys.set('mtn-rw', sandbox.tokens.get('rw')?.content);
    await call({ deployment: 'mtn-ug', reason: 'leaked' });
    expect(isOn('ug')).toBe(false);
  });

  it('is guarded where the license list can not be read, too', async () => {
    sandbox.bucket.put('licenses.csv', 'nonsense');
    expect((await failureOf(() => call({ deployment: 'mtn-ug', reason: 'leaked' }))).name).toBe(
      'InvalidRequest',
    );
  });
});

describe('deleting', () => {
  it('deletes tokens and key with the name confirmed, and other keys stay', async () => {
    const { actions } = await call({
      deployment: 'orange-cd',
      delete: true,
      confirm: 'orange-cd',
      reason: 'gone',
    });
    expect(actions.map(({ kind }) => kind)).toEqual(['delete-token', 'delete-token', 'remove-key']);
    expect(sandbox.tokens.all.map(({ uuid }) => uuid)).toEqual(['third']);
    expect(sandbox.keys.names).toEqual(['Mtn_CM']);
    expect((await night()).findings.map(({ kind }) => kind)).not.toContain('missing-token');
  });

  it('of one of several tokens leaves the key', async () => {
    await call({
      deployment: 'orange-cd',
      tokenId: 'second',
      delete: true,
      confirm: 'orange-cd',
      reason: 'x',
    });
    expect([isOn('first'), sandbox.keys.has('orange-cd')]).toEqual([true, true]);
  });

  it('of one of several tokens silences nobody: the other one is missed when it goes, too', async () => {
    await call({
      deployment: 'orange-cd',
      tokenId: 'first',
      delete: true,
      confirm: 'orange-cd',
      reason: 'x',
    });
    sandbox.tokens.delete('second');
    expect((await night()).findings.map(({ kind }) => kind)).toContain('missing-token');
  });

  it('of a token that the label does not have is TokenNotFound and leaves a key without tokens', async () => {
    sandbox.keys.set('old-xx', 'x');
    for (const tokenId of ['first', 'no-such']) {
      const event = { deployment: 'old-xx', tokenId, delete: true, confirm: 'old-xx', reason: 'x' };
      expect((await failureOf(() => call(event))).name).toBe('TokenNotFound');
    }
    expect([sandbox.keys.has('old-xx'), isOn('first')]).toEqual([true, true]);
  });

  it('removes a key that no token is left of', async () => {
    sandbox.keys.set('old-xx', 'x');
    const { actions } = await call({
      deployment: 'old-xx',
      delete: true,
      confirm: 'old-xx',
      reason: 'orphan',
    });
    expect(actions).toMatchObject([{ kind: 'remove-key', status: 'done' }]);
    expect(sandbox.keys.has('old-xx')).toBe(false);
  });
});

describe('a token’s content where a name or a reason belongs', () => {
  const content = `dckr_pat_${'x'.repeat(27)}`;

  it.each([
    { deployment: content, reason: 'x' },
    { deployment: 'orange-cd', reason: `${content} was found on GitHub` },
    { deployment: 'orange-cd', reason: 'x', requestedBy: `ann (${content})` },
    { deployment: 'orange-cd', reason: 'x', tokenId: content },
    { deployment: 'orange-cd', reason: 'x', delete: true, confirm: content },
    { deployment: 'orange-cd', reason: 'x', [content]: true },
    { deployment: 'orange-cd', reason: { nested: [content] } },
  ])('is refused in an event, and not repeated: case %#', async (event) => {
    const failure = await failureOf(() => call(event));
    expect(failure.name).toBe('InvalidRequest');
    expect(failure.message).toContain("looks like a token's content");
    expect(failure.message).not.toContain(content.slice(9));
    expect([sandbox.calls, sandbox.mails]).toEqual([[], []]);
  });

  it('as a label can be switched off by the name that is shown, and not deleted', async () => {
    sandbox.addToken(content, { id: 'swapped' });
    const shown =
      (await sandbox.services().dockerHub.listTokens()).find(({ id }) => id === 'swapped')?.label ?? '';
    const gone = { deployment: shown, reason: 'x', delete: true, confirm: shown };
    expect((await failureOf(() => call(gone))).name).toBe('InvalidRequest');
    await call({ deployment: shown, reason: 'exposed' });
    expect([isOn('swapped'), sandbox.keys.has(content)]).toEqual([false, true]);
    await night();
    expect(JSON.stringify([sandbox.mails, sandbox.bucket.everything])).not.toContain(content);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { WrongCreation } from '../../lambdas/clients/ports.ts';
import { DAY, HOUR, iso } from '../../lambdas/domain/days.ts';
import type { VaultKeys } from '../../lambdas/domain/token.ts';
import { AuditorError } from '../../lambdas/errors.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { makeServices } from '../../lambdas/runtime/make-services.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { readSettings } from '../../lambdas/runtime/settings.ts';
import { Crash, type Fate } from '../sandbox/memory-sandbox.ts';
import { failureOf } from '../failure.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

let sandbox: MemorySandbox;

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
  sandbox.addToken('vodacom-cd');
  sandbox.putLicenses([
    ['orange-cd', '2027-01-01'],
    ['vodacom-cd', '2027-01-01'],
    ['mtn-cm', '2026-01-01'],
  ]);
});

const call = (event: unknown, requestId?: string): Promise<IssueResult> =>
  issue(parseEvent(issueEventSchema, event), sandbox.services(requestId));
/** The tokens of a deployment, oldest first. */
const labelled = (label: string) => sandbox.tokens.labelled(label).toReversed();
/** Both or neither: every token of the deployment that can be used has its content in Vault, and the other way round. */
const isWhole = (label: string): boolean => {
  const active = labelled(label).filter(({ is_active }) => is_active);
  const key = sandbox.keys.get(label);
  return active.length === 0 ? key === undefined : active.some(({ content }) => content === key);
};

describe('issuing a token', () => {
  it('leaves a token with repo:read whose content is in Vault, and never returns the content', async () => {
    const result = await call({ telco: 'orange', country: 'cd', requestedBy: 'ann' });
    const [token] = labelled('orange-cd');
    expect(result).toMatchObject({
      deployment: 'orange-cd',
      tokenId: token?.uuid,
      scopes: ['repo:read'],
      pull: { verified: true, image: 'riaktr/base:3.12' },
      replaced: [],
    });
    expect(result.vault).toMatchObject({ key: 'orange-cd', version: sandbox.vaultVersion });
    expect(sandbox.keys.get('orange-cd')).toBe(token?.content);
    expect(JSON.stringify([result, sandbox.mails, sandbox.bucket.everything])).not.toContain(token?.content);
    expect(sandbox.mails).toHaveLength(1);
    expect(sandbox.mails[0]?.text).toContain('asked for by "ann"');
  });

  it('comes with the link to its content, the lines to run, and until when the old one works', async () => {
    const first = await call({ deployment: 'orange-cd', requestedBy: 'ann' });
    const page =
      'https://vault.example/ui/vault/secrets/secret/kv/Global_customer_credentials%2Fdocker-deploy-tokens%2Friaktrdelivery-tokens';
    expect(first.instructions.join('\n')).toContain(page);
    expect(first.instructions).toEqual(
      expect.arrayContaining(['docker logout', 'docker login --username riaktrdelivery']),
    );
    expect(sandbox.mails[0]?.text).toContain(`\n${page}\n`);
    expect(sandbox.mails[0]?.text).toContain('Paid until');
    const next = await call({ deployment: 'orange-cd', regenerate: true, overlapHours: 24 });
    expect(next.instructions.at(-1)).toBe('# The old token stops on Tuesday 3 March 2026, 02:00 (UTC).');
  });

  it('keeps every other key of the secret', async () => {
    const before = sandbox.keys.get('vodacom-cd');
    await call({ deployment: 'orange-cd' });
    expect(sandbox.keys.get('vodacom-cd')).toBe(before);
  });

  it.each([
    [{}, 'either deployment, or telco and country'],
    [{ telco: 'orange' }, 'either deployment, or telco and country'],
    [{ deployment: 'orange-cd', telco: 'orange', country: 'cd' }, 'either deployment, or telco and country'],
    [{ deployment: 7 }, 'deployment must be text'],
    [{ deployment: 'orange-cd', regenrate: true }, 'regenrate is no field'],
    [{ deployment: 'orange-cd', regenerate: 'yes' }, 'regenerate must be true or false'],
    [{ deployment: 'orange-cd', regenerate: true, overlapHours: 721 }, 'overlapHours must be a whole number'],
    [{ deployment: 'orange-cd', overlapHours: 1 }, 'overlapHours goes with regenerate'],
    [{ deployment: 'orange-cd', allowUnlicensed: true }, 'allowUnlicensed wants a reason'],
    [{ deployment: 'Orange_CD' }, 'probably orange-cd was meant'],
    ['orange-cd', 'must be a JSON object'],
    [null, 'must be a JSON object'],
    [7, 'must be a JSON object'],
    [true, 'must be a JSON object'],
    [[], 'must be a JSON object'],
    [[{ deployment: 'orange-cd' }], 'must be a JSON object'],
  ])('refuses the event %j before anything is made', async (event, why) => {
    const failure = await failureOf(() => call(event));
    expect(failure.name).toBe('InvalidRequest');
    expect(failure.message).toContain(why);
    expect(sandbox.calls.filter((name) => /create|patch|set/.test(name))).toEqual([]);
  });

  it.each([
    ['mtn-cm', 'ended with 2026-01-01'],
    ['airtel-td', 'no row of licenses.csv names it'],
    ['orange-cg', 'no row of licenses.csv names it'],
  ])('is refused without a license in force: %s', async (deployment, why) => {
    const failure = await failureOf(() => call({ deployment }));
    expect(failure.name).toBe('LicenseNotInForce');
    expect(failure.message).toContain(why);
    expect(labelled(deployment)).toEqual([]);
  });

  it('is done without a license for a reason, and the audit leaves it alone for 7 days', async () => {
    await call({ deployment: 'mtn-cm', allowUnlicensed: true, reason: 'pilot' });
    for (let day = 0; day < 7; day++) {
      expect((await audit({}, sandbox.services())).actions).toEqual([]);
      sandbox.now += DAY;
    }
    expect((await audit({}, sandbox.services())).actions).toMatchObject([
      { kind: 'announce', deployment: 'mtn-cm' },
    ]);
  });

  it('is refused where token or key exist, and says whether to restore or to regenerate', async () => {
    expect((await failureOf(() => call({ deployment: 'vodacom-cd' }))).message).toContain(
      '"regenerate": true',
    );
    for (const token of labelled('vodacom-cd')) token.is_active = false;
    const failure = await failureOf(() => call({ deployment: 'vodacom-cd' }));
    expect([failure.name, failure.message]).toEqual([
      'TokenAlreadyExists',
      expect.stringContaining('"restore": true'),
    ]);
    sandbox.tokens.clear();
    expect((await failureOf(() => call({ deployment: 'vodacom-cd' }))).name).toBe('TokenAlreadyExists');
  });

  it('is refused for a token past its own expiry with regenerate, never with a restore that can not help', async () => {
    for (const enabled of [true, false]) {
      for (const token of labelled('vodacom-cd'))
        Object.assign(token, { is_active: enabled, expires_at: iso(sandbox.now) });
      const { name, message } = await failureOf(() => call({ deployment: 'vodacom-cd' }));
      expect(name).toBe('TokenAlreadyExists');
      expect(message).toContain('has expired by its own date');
      expect(message).toContain('"regenerate": true');
      expect(message).not.toContain('"restore"');
    }
    sandbox.addToken('vodacom-cd', { enabled: false });
    expect((await failureOf(() => call({ deployment: 'vodacom-cd' }))).message).toContain('"restore": true');
  });

  it('counts one day since a license ended as one day', async () => {
    sandbox.putLicenses([['mtn-cm', '2026-03-01']]);
    expect((await failureOf(() => call({ deployment: 'mtn-cm' }))).message).toContain('1 day ago');
    sandbox.putLicenses([['mtn-cm', '2026-02-28']]);
    expect((await failureOf(() => call({ deployment: 'mtn-cm' }))).message).toContain('2 days ago');
  });

  it('makes the secret in Vault only when asked to', async () => {
    sandbox.vault.forget(sandbox.settings.vaultTokensPath);
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('VaultSecretMissing');
    expect(labelled('orange-cd')).toEqual([]);
    await call({ deployment: 'orange-cd', createSecret: true });
    expect(isWhole('orange-cd')).toBe(true);
  });

  it.each(['crash before', 'down from then on'])(
    'makes the secret also after a call that broke off at making it (%s)',
    async (how) => {
      sandbox.vault.forget(sandbox.settings.vaultTokensPath);
      let isDown = false;
      sandbox.fate = (name) => {
        isDown ||= name === 'vault.createSecret';
        if (how === 'crash before') return isDown ? 'crash before' : 'pass';
        return isDown && name.startsWith('vault.') ? 'fail before' : 'pass';
      };
      await expect(call({ deployment: 'orange-cd', createSecret: true })).rejects.toThrow(Error);
      sandbox.revive();
      sandbox.fate = () => 'pass';
      sandbox.now += 16 * 60_000;
      await call({ deployment: 'orange-cd', createSecret: true });
      expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
    },
  );

  it('deletes the token again where it can not pull', async () => {
    sandbox.canPull = false;
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('PullVerificationFailed');
    expect([labelled('orange-cd'), sandbox.keys.has('orange-cd'), sandbox.ledger.issuing]).toEqual([
      [],
      false,
      [],
    ]);
  });

  it('names the token where even deleting fails, in error and mail, and the next call cleans up', async () => {
    sandbox.canPull = false;
    sandbox.fate = (name) => (name === 'hub.deleteToken' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd' }));
    const [left] = labelled('orange-cd');
    expect(failure.message).toContain(left?.uuid);
    expect(sandbox.mails[0]?.text).toContain(left?.uuid);
    sandbox.fate = () => 'pass';
    sandbox.canPull = true;
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
  });

  it('leaves at most one token where the answer of the creation was lost', async () => {
    let lost = 0;
    sandbox.fate = (name) => (name === 'hub.createToken' && lost++ === 0 ? 'fail after' : 'pass');
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
  });

  it('reads first where the answer of the write to Vault was lost', async () => {
    let lost = 0;
    const before = sandbox.vaultVersion;
    sandbox.fate = (name) => (name === 'vault.patchKeys' && lost++ === 0 ? 'fail after' : 'pass');
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
    expect(sandbox.vaultVersion).toBe(before + 1);
  });

  /** Services with a Vault that goes on answering what it held before the write, as often as said. */
  const lagging = (answers: number): Services => {
    const services = sandbox.services();
    const { vault } = services;
    let stale: VaultKeys | undefined;
    return {
      ...services,
      vault: {
        ...vault,
        readKeys: async () => {
          const keys = await vault.readKeys();
          return stale !== undefined && answers-- > 0 ? stale : keys;
        },
        patchKeys: async (changes, version) => {
          const before = await vault.readKeys();
          const written = await vault.patchKeys(changes, version);
          stale = before;
          return written;
        },
      },
    };
  };

  it('waits for a Vault server that lags behind the write when it is read back', async () => {
    const result = await issue({ deployment: 'orange-cd' }, lagging(3));
    expect([result.vault?.version, isWhole('orange-cd')]).toEqual([sandbox.vaultVersion, true]);
  });

  it('keeps the token and tells it where Vault goes on lagging, and the next call finishes it', async () => {
    const failure = await failureOf(() => issue({ deployment: 'orange-cd' }, lagging(Infinity)));
    const [token] = labelled('orange-cd');
    expect([failure.name, isWhole('orange-cd')]).toEqual(['VaultUnavailable', true]);
    expect(failure.message).toContain(token?.uuid);
    expect(sandbox.mails[0]?.text).toContain(token?.uuid);
    // A call that meets the same server again knows no more: it undoes nothing.
    const again = sandbox.services();
    const stale: VaultKeys = { names: [], values: new Map(), version: sandbox.vaultVersion - 1 };
    const blind = { ...again, vault: { ...again.vault, readKeys: () => Promise.resolve(stale) } };
    expect((await failureOf(() => issue({ deployment: 'orange-cd' }, blind))).name).toBe('VaultUnavailable');
    expect((await call({ deployment: 'orange-cd' })).tokenId).toBe(token?.uuid);
  });

  it('never takes a lagging answer for a write that did not arrive, where the answer of the write was lost', async () => {
    const services = sandbox.services();
    const stale = await services.vault.readKeys();
    const { vault } = services;
    const lossy = {
      ...services,
      vault: {
        ...vault,
        readKeys: () => Promise.resolve(stale),
        patchKeys: async (changes: ReadonlyMap<string, string | null>, version: number) => {
          const lost = version === sandbox.vaultVersion;
          const written = await vault.patchKeys(changes, version);
          if (lost) throw new AuditorError('VaultUnavailable', 'The answer was lost.');
          return written;
        },
      },
    };
    const failure = await failureOf(() => issue({ deployment: 'orange-cd' }, lossy));
    expect([failure.name, isWhole('orange-cd')]).toEqual(['VaultConflict', true]);
    expect(failure.message).toContain(labelled('orange-cd')[0]?.uuid);
  });

  it('deletes the token again where Vault takes no write, and nobody reads Vault where none was tried', async () => {
    sandbox.fate = (name) => (name === 'vault.patchKeys' ? 'fail before' : 'pass');
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('VaultUnavailable');
    expect(labelled('orange-cd')).toEqual([]);
    sandbox.canPull = false;
    sandbox.fate = (name) => (name === 'vault.readKeys' ? 'fail before' : 'pass');
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('PullVerificationFailed');
    expect(labelled('orange-cd')).toEqual([]);
  });

  it('goes on where another key was written in between', async () => {
    let first = true;
    sandbox.fate = (name) => {
      if (name === 'vault.patchKeys' && first) {
        first = false;
        sandbox.keys.set('other-xx', 'theirs');
      }
      return 'pass';
    };
    await call({ deployment: 'orange-cd' });
    expect([isWhole('orange-cd'), sandbox.keys.get('other-xx')]).toEqual([true, 'theirs']);
  });

  it('is done once where one request is delivered twice', async () => {
    const first = await call({ deployment: 'orange-cd' }, 'same');
    const second = await call({ deployment: 'orange-cd' }, 'same');
    expect(second).toEqual(first);
    const regenerated = await call({ deployment: 'orange-cd', regenerate: true }, 'other');
    expect(await call({ deployment: 'orange-cd', regenerate: true }, 'other')).toEqual(regenerated);
    expect(labelled('orange-cd')).toHaveLength(2);
  });

  it('is Busy while another function changes things, and not any more after 15 minutes', async () => {
    sandbox.fate = (name) => (name === 'hub.createToken' ? 'crash before' : 'pass');
    await expect(call({ deployment: 'orange-cd' })).rejects.toThrow(Error);
    sandbox.revive();
    sandbox.fate = () => 'pass';
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('Busy');
    sandbox.now += 15 * 60_000;
    await call({ deployment: 'orange-cd' });
    expect(isWhole('orange-cd')).toBe(true);
  });

  it('ends with both or neither wherever it breaks off, once it is called again', async () => {
    for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] satisfies Fate[])
      for (let at = 1; at <= 20; at++) {
        sandbox = startSandbox({ transport: 'memory' });
        sandbox.putLicenses([['orange-cd', '2027-01-01']]);
        let calls = 0;
        sandbox.fate = () => (++calls === at ? fate : 'pass');
        let failed = false;
        try {
          await call({ deployment: 'orange-cd' });
        } catch (error) {
          failed = true;
          if (error instanceof Crash) expect(fate).toContain('crash');
        }
        sandbox.revive();
        sandbox.fate = () => 'pass';
        sandbox.now += 16 * 60_000;
        if (failed)
          try {
            await call({ deployment: 'orange-cd' });
          } catch (error) {
            // The first call got as far as the confirmed write; only what came after it failed.
            expect([fate, at, error instanceof Error ? error.name : '']).toEqual([
              fate,
              at,
              'TokenAlreadyExists',
            ]);
          }
        expect([fate, at, labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([fate, at, 1, true]);
      }
  });
});

describe('regenerating a token', () => {
  it('leaves the replaced one working for the overlap, then the audit switches it off and deletes it 7 days later', async () => {
    const [old] = labelled('vodacom-cd');
    const result = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 48 });
    expect(result.replaced).toEqual([
      { tokenId: old?.uuid, until: new Date(sandbox.now + 48 * HOUR).toISOString() },
    ]);
    expect((await audit({}, sandbox.services())).findings.map(({ kind }) => kind)).not.toContain(
      'duplicate-token',
    );
    sandbox.now += 47 * HOUR;
    await audit({}, sandbox.services());
    expect(labelled('vodacom-cd')).toHaveLength(2);
    sandbox.now += HOUR;
    await audit({}, sandbox.services());
    expect(labelled('vodacom-cd').map(({ is_active }) => is_active)).toEqual([false, true]);
    sandbox.now += 7 * 24 * HOUR;
    await audit({}, sandbox.services());
    expect(labelled('vodacom-cd').map(({ uuid }) => uuid)).toEqual([result.tokenId]);
    expect(isWhole('vodacom-cd')).toBe(true);
  });

  it('says of each token that it replaces whether it keeps working', async () => {
    sandbox.addToken('vodacom-cd', { id: 'off', enabled: false });
    sandbox.addToken('vodacom-cd', { id: 'expired', expiresAt: sandbox.now });
    await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 1 });
    const text = sandbox.mails[0]?.text.replace(/\s+/g, ' ');
    expect(text).toContain('The old token id-1 stops on Monday 2 March 2026, 03:00 (UTC).');
    for (const id of ['off', 'expired'])
      expect(text).toContain(`The old token ${id} does not work already; it is deleted later.`);
  });

  it('again does not put off the end of a token that is being replaced already', async () => {
    const [old] = labelled('vodacom-cd');
    const first = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 24 });
    const end = first.replaced[0]?.until;
    sandbox.now += 20 * HOUR;
    const second = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 720 });
    const later = new Date(sandbox.now + 720 * HOUR).toISOString();
    expect(second.replaced).toEqual([
      { tokenId: old?.uuid, until: end },
      { tokenId: first.tokenId, until: later },
    ]);
    expect(sandbox.ledger.replaced).toMatchObject(second.replaced);
    expect(sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ')).toContain('stops on Tuesday 3 March 2026, 02:00');
  });

  it('again brings the end of a token that is being replaced forward', async () => {
    await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 72 });
    const { replaced } = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 1 });
    const soon = new Date(sandbox.now + HOUR).toISOString();
    expect(replaced.map(({ until }) => until)).toEqual([soon, soon]);
  });

  it.each(['switched off', 'restored'])(
    'again gives the overlap again to the token that the deployment uses, where the new one was no help (%s)',
    async (why) => {
      const [old] = labelled('vodacom-cd');
      const { tokenId } = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 24 });
      sandbox.now += 30 * HOUR;
      await revoke(
        why === 'restored'
          ? { deployment: 'vodacom-cd', tokenId: old?.uuid ?? '', restore: true }
          : { deployment: 'vodacom-cd', tokenId, reason: 'leaked' },
        sandbox.services(),
      );
      const { replaced } = await call({ deployment: 'vodacom-cd', regenerate: true });
      expect(replaced[0]).toEqual({
        tokenId: old?.uuid,
        until: new Date(sandbox.now + 72 * HOUR).toISOString(),
      });
    },
  );

  it('switches the replaced one off at once with overlapHours 0, and remembers that it is being replaced', async () => {
    const [old] = labelled('vodacom-cd');
    const result = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 0 });
    expect(labelled('vodacom-cd').map(({ uuid, is_active }) => [uuid, is_active])).toEqual([
      [old?.uuid, false],
      [result.tokenId, true],
    ]);
    expect(sandbox.ledger.replaced).toMatchObject([{ tokenId: old?.uuid, by: result.tokenId }]);
    expect(sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ')).toContain(
      'The old token was switched off just now; it is deleted 7 days later.',
    );
  });

  it('leaves a replaced one on whose content the key of another deployment in force holds', async () => {
    const [old] = labelled('vodacom-cd');
    sandbox.addToken('orange-cd');
    sandbox.keys.set('orange-cd', old?.content);
    await audit({ verifyAll: true }, sandbox.services());
    const result = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 0 });
    expect(sandbox.tokens.get(old?.uuid ?? '')?.is_active).toBe(true);
    const said =
      '# The old token is still on, because the key of orange-cd, which is in force, holds its content.';
    expect(result.instructions.at(-1)).toBe(said);
    expect(sandbox.ledger.answered.map((answer) => answer.result.includes(said))).toEqual([true]);
    expect(sandbox.mails.at(-1)?.text.replace(/\s+/g, ' ')).toContain(
      'The old token is still on, because the key of orange-cd, which is in force, holds its content.',
    );
  });

  it('leaves the old token and its content untouched where it fails', async () => {
    const [old] = labelled('vodacom-cd');
    sandbox.canPull = false;
    await failureOf(() => call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 0 }));
    expect(labelled('vodacom-cd')).toEqual([old]);
    expect(sandbox.keys.get('vodacom-cd')).toBe(old?.content);
  });
});

describe('a misnamed token beside the one that is asked for', () => {
  beforeEach(() => {
    sandbox.addToken('Orange_CD');
  });

  it('keeps a second one from being made, and is offered a rename', async () => {
    const failure = await failureOf(() => call({ deployment: 'orange-cd' }));
    expect(failure.name).toBe('TokenAlreadyExists');
    expect(failure.message).toContain('{"deployment": "Orange_CD", "renameTo": "orange-cd"}');
    expect(labelled('orange-cd')).toEqual([]);
  });

  it('keeps one from being made with regenerate, too, where there is none to replace', async () => {
    const failure = await failureOf(() => call({ deployment: 'orange-cd', regenerate: true }));
    expect(failure.name).toBe('TokenAlreadyExists');
  });

  it('keeps one from being made without a license, too', async () => {
    sandbox.putLicenses([['vodacom-cd', '2027-01-01']]);
    const failure = await failureOf(() =>
      call({ deployment: 'orange-cd', allowUnlicensed: true, reason: 'a pilot' }),
    );
    expect(failure.name).toBe('TokenAlreadyExists');
  });

  it('is no obstacle with allowSimilar, switched off, or where it is meant for somebody else', async () => {
    await call({ deployment: 'orange-cd', allowSimilar: true });
    expect(labelled('orange-cd')).toHaveLength(1);
    sandbox.addToken('MTN_CM', { enabled: false });
    await call({ deployment: 'mtn-cm', allowUnlicensed: true, reason: 'a pilot' });
    expect(labelled('mtn-cm')).toHaveLength(1);
  });

  it('is no obstacle to replacing a token of the right name', async () => {
    await call({ deployment: 'vodacom-cd', regenerate: true });
    sandbox.addToken('Vodacom_CD');
    await call({ deployment: 'vodacom-cd', regenerate: true });
    expect(labelled('vodacom-cd')).toHaveLength(3);
  });
});

describe('renaming', () => {
  it('does not take the name of an example for the name of a deployment', async () => {
    const failure = await failureOf(() => call({ deployment: 'Orange_CD', renameTo: 'telco-country' }));
    expect(failure.name).toBe('InvalidRequest');
    expect(labelled('telco-country')).toEqual([]);
  });

  beforeEach(() => {
    sandbox.addToken('Orange_CD');
  });

  it('gives token and key the proper name and leaves the content as it is', async () => {
    const [token] = labelled('Orange_CD');
    const result = await call({ deployment: 'Orange_CD', renameTo: 'orange-cd' });
    expect(result).toMatchObject({
      deployment: 'orange-cd',
      tokenId: token?.uuid,
      vault: { key: 'orange-cd' },
    });
    expect(labelled('orange-cd')).toHaveLength(1);
    expect([sandbox.keys.get('orange-cd'), sandbox.keys.has('Orange_CD')]).toEqual([token?.content, false]);
  });

  it.each([
    [{ deployment: 'Orange_CD', renameTo: 'vodacom-cd' }, 'TokenAlreadyExists'],
    [{ deployment: 'no-such', renameTo: 'orange-cd' }, 'TokenNotFound'],
    [{ deployment: 'Orange_CD', renameTo: 'Orange-CD' }, 'InvalidRequest'],
    [{ deployment: 'vodacom-cd', renameTo: 'vodacom-cd' }, 'InvalidRequest'],
    [{ deployment: 'Orange_CD', renameTo: 'orange-cd', regenerate: true }, 'InvalidRequest'],
  ])('refuses %j', async (event, name) => {
    expect((await failureOf(() => call(event))).name).toBe(name);
    expect([labelled('Orange_CD').length, sandbox.keys.has('Orange_CD')]).toEqual([1, true]);
  });

  const RENAME = { deployment: 'Orange_CD', renameTo: 'orange-cd' };
  /** A sandbox in which token and key of one deployment have different names. */
  const halves = (label: string, key: string): string => {
    sandbox = startSandbox({ transport: 'memory' });
    sandbox.putLicenses([['orange-cd', '2027-01-01']]);
    const { content } = sandbox.addToken(label, { id: 'mine', key: false });
    sandbox.keys.set(key, content);
    return content;
  };

  it.each([
    ['orange-cd', 'Orange_CD'],
    ['Orange_CD', 'orange-cd'],
  ])('renames only the half that is misnamed: token %s, key %s', async (label, key) => {
    const content = halves(label, key);
    expect(await call(RENAME)).toMatchObject({
      deployment: 'orange-cd',
      tokenId: 'mine',
      vault: { key: 'orange-cd', version: sandbox.vaultVersion },
    });
    expect(sandbox.tokens.all.map(({ uuid, token_label }) => [uuid, token_label])).toEqual([
      ['mine', 'orange-cd'],
    ]);
    expect(Object.entries(sandbox.keys.all)).toEqual([['orange-cd', content]]);
    expect(sandbox.ledger.renaming).toEqual([]);
    // Our own check of the content is no use of the token.
    expect(sandbox.ledger.checks).toMatchObject([
      {
        deployment: 'orange-cd',
        tokenId: 'mine',
        verdict: 'matching',
        lastUse: new Date(sandbox.now - DAY).toISOString(),
      },
    ]);
  });

  it.each([
    ['orange-cd', 'Orange_CD'],
    ['Orange_CD', 'orange-cd'],
  ])(
    'is whole wherever renaming one half breaks off, once it is called again: token %s, key %s',
    async (label, key) => {
      for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] satisfies Fate[])
        for (let at = 1; at <= 16; at++) {
          const content = halves(label, key);
          let calls = 0;
          sandbox.fate = () => (++calls === at ? fate : 'pass');
          await call(RENAME).catch(() => undefined);
          sandbox.revive();
          sandbox.fate = () => 'pass';
          sandbox.now += 16 * 60_000;
          if (labelled('Orange_CD').length > 0 || sandbox.keys.has('Orange_CD')) await call(RENAME);
          expect([fate, at, labelled('orange-cd').length, Object.entries(sandbox.keys.all)]).toEqual([
            fate,
            at,
            1,
            [['orange-cd', content]],
          ]);
        }
    },
  );

  it.each([
    ['orange-cd', 'Orange_CD'],
    ['Orange_CD', 'orange-cd'],
  ])(
    'refuses to join halves that Docker Hub says are not of one token: token %s, key %s',
    async (label, key) => {
      halves(label, key);
      const other = sandbox.addToken('vodacom-cd');
      for (const content of [other.content, 'dead']) {
        sandbox.keys.set(key, content);
        const failure = await failureOf(() => call(RENAME));
        expect([failure.name, failure.message]).toEqual([
          'InvalidRequest',
          expect.stringContaining('do not belong together'),
        ]);
        expect(failure.message).not.toContain(other.content);
        expect([labelled(label).length, sandbox.keys.get(key)]).toEqual([1, content]);
      }
    },
  );

  it('to another name is refused while a rename is half done, naming that one, and works once it is finished', async () => {
    const [token] = labelled('Orange_CD');
    sandbox.fate = (name) => (name === 'hub.setLabel' ? 'fail before' : 'pass');
    await failureOf(() => call(RENAME));
    sandbox.fate = () => 'pass';
    const failure = await failureOf(() => call({ ...RENAME, renameTo: 'orange-dr-cd' }));
    expect([failure.name, failure.message]).toEqual([
      'InvalidRequest',
      expect.stringContaining('"renameTo": "orange-cd"'),
    ]);
    expect(sandbox.keys.get('orange-cd')).toBe(token?.content);
    await call(RENAME);
    await call({ deployment: 'orange-cd', renameTo: 'orange-dr-cd' });
    expect([labelled('orange-dr-cd').length, sandbox.keys.get('orange-dr-cd')]).toEqual([1, token?.content]);
  });

  it('to another name is not in the way of a rename that was taken back or finished by hand', async () => {
    const [token] = labelled('Orange_CD');
    sandbox.fate = (name) => (name === 'hub.setLabel' ? 'fail before' : 'pass');
    await failureOf(() => call(RENAME));
    sandbox.fate = () => 'pass';
    sandbox.keys.set('Orange_CD', sandbox.keys.get('orange-cd'));
    sandbox.keys.delete('orange-cd');
    await call({ ...RENAME, renameTo: 'orange-dr-cd' });
    expect([sandbox.keys.get('orange-dr-cd'), sandbox.ledger.renaming]).toEqual([token?.content, []]);
  });

  it('gives a proper name to a token whose label is a content, and leaves a key of that name to people', async () => {
    const content = `dckr_pat_${'x'.repeat(27)}`;
    sandbox.addToken(content, { id: 'swapped', key: false });
    const shown = (await sandbox.services().dockerHub.listTokens()).find(({ id }) => id === 'swapped')?.label;
    sandbox.keys.set(content, 'orange-cd');
    const rename = { deployment: shown, renameTo: 'orange-cd' };
    expect((await failureOf(() => call(rename))).name).toBe('InvalidRequest');
    sandbox.keys.delete(content);
    await call(rename);
    expect(sandbox.tokens.get('swapped')?.token_label).toBe('orange-cd');
    expect(JSON.stringify([sandbox.mails, sandbox.bucket.everything])).not.toContain(content);
  });

  it.each([
    ['orange-cd', 'Orange_CD'],
    ['Orange_CD', 'orange-cd'],
  ])(
    'is what the audit advises for a key whose token has another spelling: token %s, key %s',
    async (label, key) => {
      halves(label, key);
      const { findings } = await audit({}, sandbox.services());
      // Whoever removed the key would delete the only copy of a content that is in use.
      const remedy = findings.find(({ kind }) => kind === 'orphaned-key')?.remedy;
      expect(remedy).toContain('{"deployment": "Orange_CD", "renameTo": "orange-cd"}');
      expect(remedy).not.toContain('"delete"');
    },
  );

  it('never advises to revoke or delete where both names are in use', async () => {
    halves('orange-cd', 'orange-cd');
    sandbox.addToken('Orange_CD');
    const { name, message } = await failureOf(() => call(RENAME));
    expect(name).toBe('TokenAlreadyExists');
    expect(message).not.toMatch(/revoke|delete/);
  });

  it('is whole or undone wherever it breaks off, once it is called again', async () => {
    for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] satisfies Fate[])
      for (let at = 1; at <= 16; at++) {
        sandbox = startSandbox({ transport: 'memory' });
        const { content } = sandbox.addToken('Orange_CD');
        sandbox.putLicenses([['orange-cd', '2027-01-01']]);
        let calls = 0;
        sandbox.fate = () => (++calls === at ? fate : 'pass');
        const rename = { deployment: 'Orange_CD', renameTo: 'orange-cd' };
        await call(rename).catch(() => undefined);
        sandbox.revive();
        sandbox.fate = () => 'pass';
        sandbox.now += 16 * 60_000;
        if (labelled('Orange_CD').length > 0 || sandbox.keys.has('Orange_CD')) await call(rename);
        expect([
          fate,
          at,
          labelled('orange-cd').length,
          sandbox.keys.get('orange-cd'),
          sandbox.keys.names.length,
        ]).toEqual([fate, at, 1, content, 1]);
      }
  });
});

/** Issues a token whose confirmed write to Vault is the last thing that the ledger learns nothing of. */
async function breakOff(event: unknown): Promise<string> {
  let writes = 0;
  sandbox.fate = (name) => (name === 'bucket.writeIf ledger.json' && ++writes === 3 ? 'fail before' : 'pass');
  await failureOf(() => call(event));
  sandbox.fate = () => 'pass';
  return labelled('orange-cd').at(-1)?.uuid ?? '';
}

describe('an issue that broke off', () => {
  it.each([[{ regenerate: true }], [{}]])(
    'is never undone when its token may be in use: after an hour it is a token like any other (%j)',
    async (wish) => {
      const id = await breakOff({ deployment: 'orange-cd' });
      sandbox.now += 60 * DAY;
      const token = sandbox.tokens.get(id);
      if (token !== undefined) token.last_used = iso(sandbox.now - HOUR);
      sandbox.keys.delete('orange-cd');
      const again = (): Promise<IssueResult> => call({ deployment: 'orange-cd', ...wish });
      if ('regenerate' in wish) expect((await again()).replaced).toMatchObject([{ tokenId: id }]);
      else expect((await failureOf(again)).name).toBe('TokenAlreadyExists');
      expect(sandbox.tokens.get(id)?.is_active).toBe(true);
      expect(sandbox.ledger.issued).toContainEqual(expect.objectContaining({ tokenId: id }));
      expect(sandbox.ledger.issuing).toEqual([]);
    },
  );

  it('is not undone within the hour either, once somebody used its token', async () => {
    const id = await breakOff({ deployment: 'orange-cd' });
    sandbox.now += 20 * 60_000;
    const token = sandbox.tokens.get(id);
    if (token !== undefined) token.last_used = iso(sandbox.now - 60_000);
    sandbox.keys.delete('orange-cd');
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('TokenAlreadyExists');
    expect(sandbox.tokens.get(id)).toBeDefined();
  });

  it('is undone where its token was never stored and used by nothing but our own pull check', async () => {
    sandbox.fate = (name) => {
      if (name === 'registry.verifyPull')
        for (const token of labelled('orange-cd')) token.last_used = iso(sandbox.now);
      return name === 'vault.patchKeys' ? 'crash before' : 'pass';
    };
    await expect(call({ deployment: 'orange-cd' })).rejects.toThrow(Error);
    const [left] = labelled('orange-cd');
    sandbox.revive();
    sandbox.fate = () => 'pass';
    sandbox.now += 16 * 60_000;
    const { tokenId } = await call({ deployment: 'orange-cd' });
    expect(labelled('orange-cd').map(({ uuid }) => uuid)).toEqual([tokenId]);
    expect(tokenId).not.toBe(left?.uuid);
  });

  it('is closed by the audit when it is an hour old, and its token known as ours', async () => {
    const id = await breakOff({ deployment: 'orange-cd' });
    sandbox.now += HOUR - 1;
    await audit({}, sandbox.services());
    expect(sandbox.ledger.issuing).toHaveLength(1);
    sandbox.now += 1;
    await audit({}, sandbox.services());
    expect([sandbox.ledger.issuing, sandbox.ledger.issued]).toMatchObject([[], [{ tokenId: id }]]);
  });

  it('is the answer to the same request within the hour', async () => {
    const id = await breakOff({ deployment: 'orange-cd' });
    sandbox.now += 20 * 60_000;
    expect((await call({ deployment: 'orange-cd' })).tokenId).toBe(id);
    expect(labelled('orange-cd')).toHaveLength(1);
  });

  it.each([
    ['asks for another overlap', { overlapHours: 0 }, 60_000, null],
    ['comes more than an hour later', { overlapHours: 24 }, HOUR, null],
    ['comes after the token was used', { overlapHours: 24 }, 20 * 60_000, 10 * 60_000],
  ])('gives no old token as a new one to a regenerate that %s', async (_, wish, later, used) => {
    sandbox.addToken('orange-cd', { id: 'before' });
    const id = await breakOff({ deployment: 'orange-cd', regenerate: true, overlapHours: 24 });
    sandbox.now += later;
    const token = sandbox.tokens.get(id);
    if (token !== undefined && used !== null) token.last_used = iso(sandbox.now - used);
    const result = await call({ deployment: 'orange-cd', regenerate: true, ...wish });
    const until = new Date(sandbox.now + wish.overlapHours * HOUR).toISOString();
    expect(result.replaced).toEqual([
      { tokenId: 'before', until },
      { tokenId: id, until },
    ]);
    expect(labelled('orange-cd').map((left) => left.uuid)).toEqual(['before', id, result.tokenId]);
    for (const old of ['before', id]) expect(sandbox.tokens.get(old)?.is_active).toBe(wish.overlapHours > 0);
    expect(isWhole('orange-cd')).toBe(true);
  });

  it('is finished in the ledger, and no answer, where a call asks for a first token', async () => {
    sandbox.addToken('orange-cd', { id: 'before' });
    const id = await breakOff({ deployment: 'orange-cd', regenerate: true, overlapHours: 24 });
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('TokenAlreadyExists');
    expect(sandbox.ledger).toMatchObject({
      issuing: [],
      issued: [{ tokenId: id }],
      replaced: [{ tokenId: 'before', by: id, until: new Date(sandbox.now + DAY).toISOString() }],
    });
  });
});

describe('a failure after something changed', () => {
  const said = (): string => (sandbox.mails.at(-1)?.text ?? '').replace(/\s+/g, ' ');

  it.each([
    ['deleting', 'hub.deleteToken'],
    ['listing', 'hub.listTokens'],
  ])(
    'is reported in error and mail where a lost creation could not be undone: %s fails',
    async (_, failing) => {
      let isLost = false;
      sandbox.fate = (name) => {
        isLost ||= name === 'hub.createToken';
        if (name === 'hub.createToken') return 'fail after';
        return isLost && name === failing ? 'fail before' : 'pass';
      };
      const failure = await failureOf(() => call({ deployment: 'orange-cd' }));
      const [left] = labelled('orange-cd');
      const named = failing === 'hub.deleteToken' ? (left?.uuid ?? 'nothing') : 'without a known id';
      expect(failure.name).toBe('DockerHubUnavailable');
      expect(failure.message).toContain(named);
      expect([sandbox.mails.length, sandbox.mails[0]?.severity]).toEqual([1, 'critical']);
      expect(said()).toContain(named);
      sandbox.fate = () => 'pass';
      const { tokenId } = await call({ deployment: 'orange-cd' });
      expect(labelled('orange-cd').map(({ uuid }) => uuid)).toEqual([tokenId]);
    },
  );

  it.each([undefined, 'wrong-id'])(
    'asks Docker Hub once where it makes another token than was asked for, and names the one that stays: %s',
    async (left) => {
      const services = sandbox.services();
      let creations = 0;
      const dockerHub = {
        ...services.dockerHub,
        createToken: () => {
          creations += 1;
          return Promise.reject(new WrongCreation('It made another one.', left));
        },
      };
      const event = parseEvent(issueEventSchema, { deployment: 'orange-cd' });
      const failure = await failureOf(() => issue(event, { ...services, dockerHub }));
      expect([failure.name, creations]).toEqual(['DockerHubUnavailable', 1]);
      expect(failure.message.includes('wrong-id')).toBe(left !== undefined);
      expect(said().includes('wrong-id')).toBe(left !== undefined);
    },
  );

  it('leaves no open issue where nothing was made', async () => {
    sandbox.fate = (name) => (name === 'hub.createToken' ? 'fail before' : 'pass');
    await failureOf(() => call({ deployment: 'orange-cd' }));
    expect([sandbox.ledger.issuing, sandbox.mails]).toEqual([[], []]);
  });

  it('is reported in error and mail where only the ledger could not be written', async () => {
    const id = await breakOff({ deployment: 'orange-cd' });
    expect(sandbox.mails.map(({ severity }) => severity)).toEqual(['critical']);
    expect(sandbox.mails[0]?.subject).toContain('issue of orange-cd failed at its end');
    expect(said()).toContain(`the token ${id} of orange-cd was made and its content is in Vault`);
  });

  it('of a rename is reported in error and mail where only the ledger could not be written', async () => {
    sandbox.addToken('Orange_CD', { id: 'mine' });
    let writes = 0;
    sandbox.fate = (name) =>
      name === 'bucket.writeIf ledger.json' && ++writes === 2 ? 'fail before' : 'pass';
    const rename = { deployment: 'Orange_CD', renameTo: 'orange-cd' };
    const failure = await failureOf(() => call(rename));
    expect([failure.name, failure.message]).toEqual([
      'StorageUnavailable',
      expect.stringContaining('Orange_CD (mine) was renamed to orange-cd'),
    ]);
    expect(said()).toContain('Orange_CD (mine) was renamed to orange-cd');
    sandbox.fate = () => 'pass';
    expect(await call(rename)).toMatchObject({ tokenId: 'mine', vault: { key: 'orange-cd' } });
  });

  it.each([
    [
      { deployment: 'orange-cd', requestedBy: 'ann' },
      /orange-cd issued, token (\S+) \(asked for by "ann", no reason given\)/,
    ],
    [{ deployment: 'vodacom-cd', regenerate: true }, /vodacom-cd regenerated, token (\S+) /],
    [{ deployment: 'Mtn_CM', renameTo: 'mtn-cm' }, /mtn-cm renamed from Mtn_CM, (\S+) /],
  ])('that is the mail is told by the next night’s: %j', async (event, line) => {
    sandbox.addToken('Mtn_CM');
    await audit({}, sandbox.services());
    sandbox.fate = (name) => (name === 'topic.publish' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call(event));
    expect([failure.name, failure.message]).toEqual([
      'NotificationFailed',
      expect.stringContaining("the next night's mail reports it"),
    ]);
    sandbox.fate = () => 'pass';
    sandbox.now += DAY;
    await audit({}, sandbox.services());
    const id = line.exec(said())?.[1] ?? 'nothing';
    expect(sandbox.tokens.get(id)).toBeDefined();
    expect(failure.message).toContain(id);
    expect(sandbox.mails.at(-1)?.subject).toContain('1 issued or renamed');
    expect(sandbox.ledger.unreported).toEqual([]);
  });
});

describe('a message', () => {
  const isOneSentence = (message: string): boolean => message.endsWith('.') && !/\. \S/.test(message);

  it('is one sentence, however much it has to tell', async () => {
    const failing: Record<string, (name: string) => Fate> = {
      'the pull check and deleting': (name) => (/verifyPull|deleteToken/.test(name) ? 'fail before' : 'pass'),
      'storing and reading back': (name) => (/patchKeys|topic/.test(name) ? 'fail after' : 'pass'),
      'the creation and listing': (name) => (/createToken|deleteToken/.test(name) ? 'fail after' : 'pass'),
      mail: (name) => (name === 'topic.publish' ? 'fail before' : 'pass'),
      'mail and ledger': (name) => (/publish|ledger/.test(name) && labelled('orange-cd').length > 0 ? 'fail before' : 'pass'), // prettier-ignore
    };
    const messages: string[] = [];
    for (const fate of Object.values(failing)) {
      sandbox = startSandbox({ transport: 'memory' });
      sandbox.putLicenses([['orange-cd', '2027-01-01']]);
      sandbox.fate = fate;
      messages.push((await failureOf(() => call({ deployment: 'orange-cd' }))).message);
    }
    sandbox = startSandbox({ transport: 'memory' });
    sandbox.addToken('Orange_CD');
    sandbox.fate = (name) => (name === 'hub.setLabel' ? 'fail before' : 'pass');
    messages.push((await failureOf(() => call({ deployment: 'Orange_CD', renameTo: 'orange-cd' }))).message);
    messages.push((await failureOf(() => readSettings({ VAULT_SKIP_VERIFY: '' }))).message);
    const { clock, deadline, requestId, log, meter } = sandbox.services();
    const options = { clock, deadline, requestId, log, meter };
    messages.push((await failureOf(() => makeServices(sandbox.settings, options))).message);
    expect(messages.filter((message) => !isOneSentence(message))).toEqual([]);
    expect(messages).toHaveLength(8);
  });
});

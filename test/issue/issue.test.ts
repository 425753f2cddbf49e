import { beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, HOUR } from '../../lambdas/core/days.ts';
import { parseEvent } from '../../lambdas/events.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import type { IssueResult } from '../../lambdas/issue/result.ts';
import { failureOf } from '../failure.ts';
import { Crash, type Fate } from '../audit/life-world.ts';
import { FakeWorld } from '../fakes.ts';

let world: FakeWorld;

beforeEach(() => {
  world = new FakeWorld();
  world.addToken('vodacom-cd');
  world.putLicenses([
    ['orange-cd', '2027-01-01'],
    ['vodacom-cd', '2027-01-01'],
    ['mtn-cm', '2026-01-01'],
  ]);
});

const call = (event: unknown, requestId?: string): Promise<IssueResult> =>
  issue(parseEvent(issueEventSchema, event), world.services(requestId));
const labelled = (label: string) => [...world.tokens.values()].filter((token) => token.label === label);
/** Both or neither: every token of the deployment that can be used has its content in Vault, and the other way round. */
const isWhole = (label: string): boolean => {
  const active = labelled(label).filter(({ enabled }) => enabled);
  const key = world.keys.get(label);
  return active.length === 0 ? key === undefined : active.some(({ content }) => content === key);
};

describe('issuing a token', () => {
  it('leaves a token with repo:read whose content is in Vault, and never returns the content', async () => {
    const result = await call({ telco: 'orange', country: 'cd', requestedBy: 'ann' });
    const [token] = labelled('orange-cd');
    expect(result).toMatchObject({
      deployment: 'orange-cd',
      tokenId: token?.id,
      scopes: ['repo:read'],
      pull: { verified: true, image: 'riaktr/base:3.12' },
      replaced: [],
    });
    expect(result.vault).toMatchObject({ key: 'orange-cd', version: world.vaultVersion });
    expect(world.keys.get('orange-cd')).toBe(token?.content);
    expect(JSON.stringify([result, world.mails, [...world.objects]])).not.toContain(token?.content);
    expect(world.mails).toHaveLength(1);
    expect(world.mails[0]?.text).toContain('requested by ann');
  });

  it('keeps every other key of the secret', async () => {
    const before = world.keys.get('vodacom-cd');
    await call({ deployment: 'orange-cd' });
    expect(world.keys.get('vodacom-cd')).toBe(before);
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
    [[], 'event'],
  ])('refuses the event %j before anything is made', async (event, why) => {
    const failure = await failureOf(() => call(event));
    expect(failure.name).toBe('InvalidRequest');
    expect(failure.message).toContain(why);
    expect(world.calls.filter((name) => /create|patch|set/.test(name))).toEqual([]);
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
      expect((await audit({}, world.services())).actions).toEqual([]);
      world.now += DAY;
    }
    expect((await audit({}, world.services())).actions).toMatchObject([
      { kind: 'announce', deployment: 'mtn-cm' },
    ]);
  });

  it('is refused where token or key exist, and says whether to restore or to regenerate', async () => {
    expect((await failureOf(() => call({ deployment: 'vodacom-cd' }))).message).toContain(
      '"regenerate": true',
    );
    for (const token of labelled('vodacom-cd')) token.enabled = false;
    const failure = await failureOf(() => call({ deployment: 'vodacom-cd' }));
    expect([failure.name, failure.message]).toEqual([
      'TokenAlreadyExists',
      expect.stringContaining('"restore": true'),
    ]);
    world.tokens.clear();
    expect((await failureOf(() => call({ deployment: 'vodacom-cd' }))).name).toBe('TokenAlreadyExists');
  });

  it('makes the secret in Vault only when asked to', async () => {
    world.secretThere = false;
    world.keys.clear();
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('VaultSecretMissing');
    expect(labelled('orange-cd')).toEqual([]);
    await call({ deployment: 'orange-cd', createSecret: true });
    expect(isWhole('orange-cd')).toBe(true);
  });

  it('deletes the token again where it can not pull', async () => {
    world.canPull = false;
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('PullVerificationFailed');
    expect([labelled('orange-cd'), world.keys.has('orange-cd'), world.ledger.issuing]).toEqual([
      [],
      false,
      [],
    ]);
  });

  it('names the token where even deleting fails, in error and mail, and the next call cleans up', async () => {
    world.canPull = false;
    world.fate = (name) => (name === 'hub.deleteToken' ? 'fail before' : 'pass');
    const failure = await failureOf(() => call({ deployment: 'orange-cd' }));
    const [left] = labelled('orange-cd');
    expect(failure.message).toContain(left?.id);
    expect(world.mails[0]?.text).toContain(left?.id);
    world.fate = () => 'pass';
    world.canPull = true;
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
  });

  it('leaves at most one token where the answer of the creation was lost', async () => {
    let lost = 0;
    world.fate = (name) => (name === 'hub.createToken' && lost++ === 0 ? 'fail after' : 'pass');
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
  });

  it('reads first where the answer of the write to Vault was lost', async () => {
    let lost = 0;
    world.fate = (name) => (name === 'vault.patchKeys' && lost++ === 0 ? 'fail after' : 'pass');
    await call({ deployment: 'orange-cd' });
    expect([labelled('orange-cd').length, isWhole('orange-cd')]).toEqual([1, true]);
    expect(world.vaultVersion).toBe(2);
  });

  it('goes on where another key was written in between', async () => {
    let first = true;
    world.fate = (name) => {
      if (name === 'vault.patchKeys' && first) {
        first = false;
        world.keys.set('other-xx', 'theirs');
        world.vaultVersion += 1;
      }
      return 'pass';
    };
    await call({ deployment: 'orange-cd' });
    expect([isWhole('orange-cd'), world.keys.get('other-xx')]).toEqual([true, 'theirs']);
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
    world.fate = (name) => (name === 'hub.createToken' ? 'crash before' : 'pass');
    await expect(call({ deployment: 'orange-cd' })).rejects.toThrow(Error);
    world.revive();
    world.fate = () => 'pass';
    expect((await failureOf(() => call({ deployment: 'orange-cd' }))).name).toBe('Busy');
    world.now += 15 * 60_000;
    await call({ deployment: 'orange-cd' });
    expect(isWhole('orange-cd')).toBe(true);
  });

  it('ends with both or neither wherever it breaks off, once it is called again', async () => {
    for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] satisfies Fate[])
      for (let at = 1; at <= 20; at++) {
        world = new FakeWorld();
        world.putLicenses([['orange-cd', '2027-01-01']]);
        let calls = 0;
        world.fate = () => (++calls === at ? fate : 'pass');
        let failed = false;
        try {
          await call({ deployment: 'orange-cd' });
        } catch (error) {
          failed = true;
          if (error instanceof Crash) expect(fate).toContain('crash');
        }
        world.revive();
        world.fate = () => 'pass';
        world.now += 16 * 60_000;
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
  it('leaves the replaced one working for the overlap, then the audit deletes it', async () => {
    const [old] = labelled('vodacom-cd');
    const result = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 48 });
    expect(result.replaced).toEqual([
      { tokenId: old?.id, until: new Date(world.now + 48 * HOUR).toISOString() },
    ]);
    expect((await audit({}, world.services())).findings.map(({ kind }) => kind)).not.toContain(
      'duplicate-token',
    );
    world.now += 47 * HOUR;
    await audit({}, world.services());
    expect(labelled('vodacom-cd')).toHaveLength(2);
    world.now += HOUR;
    await audit({}, world.services());
    expect(labelled('vodacom-cd').map(({ id }) => id)).toEqual([result.tokenId]);
    expect(isWhole('vodacom-cd')).toBe(true);
  });

  it('deletes the replaced one at once with overlapHours 0', async () => {
    const result = await call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 0 });
    expect(labelled('vodacom-cd').map(({ id }) => id)).toEqual([result.tokenId]);
    expect(world.ledger.replaced).toEqual([]);
  });

  it('leaves the old token and its content untouched where it fails', async () => {
    const [old] = labelled('vodacom-cd');
    world.canPull = false;
    await failureOf(() => call({ deployment: 'vodacom-cd', regenerate: true, overlapHours: 0 }));
    expect(labelled('vodacom-cd')).toEqual([old]);
    expect(world.keys.get('vodacom-cd')).toBe(old?.content);
  });
});

describe('renaming', () => {
  beforeEach(() => {
    world.addToken('Orange_CD');
  });

  it('gives token and key the proper name and leaves the content as it is', async () => {
    const [token] = labelled('Orange_CD');
    const result = await call({ deployment: 'Orange_CD', renameTo: 'orange-cd' });
    expect(result).toMatchObject({
      deployment: 'orange-cd',
      tokenId: token?.id,
      vault: { key: 'orange-cd' },
    });
    expect(labelled('orange-cd')).toHaveLength(1);
    expect([world.keys.get('orange-cd'), world.keys.has('Orange_CD')]).toEqual([token?.content, false]);
  });

  it.each([
    [{ deployment: 'Orange_CD', renameTo: 'vodacom-cd' }, 'TokenAlreadyExists'],
    [{ deployment: 'no-such', renameTo: 'orange-cd' }, 'TokenNotFound'],
    [{ deployment: 'Orange_CD', renameTo: 'Orange-CD' }, 'InvalidRequest'],
    [{ deployment: 'vodacom-cd', renameTo: 'vodacom-cd' }, 'InvalidRequest'],
    [{ deployment: 'Orange_CD', renameTo: 'orange-cd', regenerate: true }, 'InvalidRequest'],
  ])('refuses %j', async (event, name) => {
    expect((await failureOf(() => call(event))).name).toBe(name);
    expect([labelled('Orange_CD').length, world.keys.has('Orange_CD')]).toEqual([1, true]);
  });

  it('is whole or undone wherever it breaks off, once it is called again', async () => {
    for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] satisfies Fate[])
      for (let at = 1; at <= 16; at++) {
        world = new FakeWorld();
        const { content } = world.addToken('Orange_CD');
        world.putLicenses([['orange-cd', '2027-01-01']]);
        let calls = 0;
        world.fate = () => (++calls === at ? fate : 'pass');
        const rename = { deployment: 'Orange_CD', renameTo: 'orange-cd' };
        await call(rename).catch(() => undefined);
        world.revive();
        world.fate = () => 'pass';
        world.now += 16 * 60_000;
        if (labelled('Orange_CD').length > 0 || world.keys.has('Orange_CD')) await call(rename);
        expect([
          fate,
          at,
          labelled('orange-cd').length,
          world.keys.get('orange-cd'),
          world.keys.size,
        ]).toEqual([fate, at, 1, content, 1]);
      }
  });
});

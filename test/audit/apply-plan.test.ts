// How a plan's steps are carried out, marked and reported, whatever call fails.
import { beforeEach, describe, expect, it } from 'vitest';
import { type AppliedPlan, actionOf, applyPlan, findingsAfter } from '../../lambdas/audit/apply-plan.ts';
import type { Action, Mode } from '../../lambdas/domain/actions.ts';
import { iso } from '../../lambdas/domain/days.ts';
import type { Finding } from '../../lambdas/domain/findings.ts';
import { type Plan, makePlan } from '../../lambdas/domain/plan/plan.ts';
import { type Change, intentsOf, isChange } from '../../lambdas/domain/plan/step.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { openLedger } from '../../lambdas/ledger/store.ts';
import { fingerprintOfNew } from '../../lambdas/text/fingerprint.ts';
import { NOW, snapshotOf } from '../domain/situation.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Fate } from '../sandbox/memory-sandbox.ts';

let sandbox: MemorySandbox;
const UNCHANGED = () => Promise.resolve(undefined);

beforeEach(() => {
  sandbox = startSandbox({ transport: 'memory' });
});

const step = (kind: Change['kind'], tokenId: string, changes: Partial<Change> = {}): Change => ({
  kind,
  deployment: 'orange-cd',
  tokenId,
  reason: 'why',
  ...changes,
});
/** A step about the key of `orange-cd`, which holds this content. */
const removal = (content = 'content'): Change => ({
  kind: 'remove-key',
  deployment: 'orange-cd',
  reason: 'why',
  fingerprint: fingerprintOfNew(content),
});
const token = (id: string, enabled = true): void => {
  sandbox.addToken('orange-cd', { id, enabled, key: false });
};

/** Writes the intents as a run does, then carries the steps out, with the fate of single calls. */
async function carry(
  steps: readonly Change[],
  fate: (call: string) => Fate = () => 'pass',
  changed?: string,
): Promise<AppliedPlan> {
  const services = sandbox.services();
  const store = await openLedger(services.bucket);
  await store.update((ledger) => ({ ...ledger, intents: intentsOf(steps, 'run-1', sandbox.now) }));
  sandbox.calls.length = 0;
  sandbox.fate = fate;
  const lastLook = () => Promise.resolve(changed);
  const carriedOut = await applyPlan({ services, store, now: sandbox.now, lastLook }, steps);
  sandbox.fate = () => 'pass';
  return carriedOut;
}
const results = ({ actions }: AppliedPlan): string[] =>
  actions.map(({ kind, tokenId, status, reason }) =>
    [kind, tokenId ?? 'key', status, ...(reason === 'why' ? [] : [reason])].join(' '),
  );
const onNth =
  (name: string, fates: readonly Fate[]) =>
  (call: string): Fate => {
    if (call !== name) return 'pass';
    const made = sandbox.calls.filter((before) => before === name).length;
    return fates[made - 1] ?? 'pass';
  };

describe('a step', () => {
  it('changes something unless it announces or a guard stops it', () => {
    const change = step('deactivate', 't1');
    expect(isChange(change)).toBe(true);
    expect(isChange({ ...change, kind: 'announce' })).toBe(false);
    expect(isChange({ ...change, withheld: 'HOLD' })).toBe(false);
  });

  it('is intended with everything that settling it later needs, and nothing that it has not', () => {
    const whole = step('deactivate', 't1', {
      end: '2026-03-01',
      fingerprint: 'f',
      approved: true,
      replaced: true,
    });
    const common = { deployment: 'orange-cd', reason: 'why', at: iso(sandbox.now), runId: 'run-1' };
    const { tokenId: _, ...bare } = step('remove-key', 't1');
    expect(intentsOf([whole, bare], 'run-1', sandbox.now)).toStrictEqual([
      {
        ...common,
        step: 'deactivate',
        tokenId: 't1',
        end: '2026-03-01',
        fingerprint: 'f',
        approved: true,
        replaced: true,
      },
      { ...common, step: 'remove-key', approved: false, replaced: false },
    ]);
    expect(actionOf(bare, 'planned')).toStrictEqual({
      kind: 'remove-key',
      deployment: 'orange-cd',
      status: 'planned',
      reason: 'why',
    });
    expect(actionOf(whole, 'withheld', 'HOLD')).toMatchObject({ tokenId: 't1', reason: 'HOLD' });
  });
});

describe('carrying out', () => {
  it('switches off, on, and deletes, and marks each in the ledger', async () => {
    token('off');
    token('on', false);
    token('gone', false);
    const carriedOut = await carry([
      step('reactivate', 'on'),
      step('deactivate', 'off'),
      step('delete-token', 'gone'),
    ]);
    expect(carriedOut).not.toHaveProperty('storageError');
    expect(results(carriedOut)).toEqual([
      'reactivate on done',
      'deactivate off done',
      'delete-token gone done',
    ]);
    expect(sandbox.tokens.all.toReversed().map(({ uuid, is_active }) => `${uuid} ${is_active}`)).toEqual([
      'off false',
      'on true',
    ]);
    expect(sandbox.ledger.intents).toEqual([]);
    expect(sandbox.ledger.unreported.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'reactivate done',
      'deactivate done',
      'delete-token done',
    ]);
    expect(sandbox.ledger.suspensions).toMatchObject([{ tokenId: 'off', at: iso(sandbox.now) }]);
  });

  it('withdraws nothing once the last look saw a change, and still switches on who has renewed', async () => {
    token('off');
    token('on', false);
    token('gone', false);
    const steps = [step('reactivate', 'on'), step('deactivate', 'off'), step('delete-token', 'gone')];
    expect(results(await carry(steps, undefined, 'HOLD changed'))).toEqual([
      'reactivate on done',
      'deactivate off skipped not tried, because HOLD changed; why',
      'delete-token gone skipped not tried, because HOLD changed; why',
    ]);
    expect(sandbox.calls).not.toContain('hub.deleteToken');
    expect(sandbox.tokens.all.every(({ is_active, uuid }) => is_active === (uuid !== 'gone'))).toBe(true);
  });

  it('looks again once, right before the first withdrawal, and not where there is none', async () => {
    token('a', false);
    token('b');
    token('c');
    const looks: string[][] = [];
    const lastLook = (): Promise<undefined> => {
      looks.push([...sandbox.calls]);
      return Promise.resolve(undefined);
    };
    const services = sandbox.services();
    const store = await openLedger(services.bucket);
    const context = { services, store, now: sandbox.now, lastLook };
    await applyPlan(context, [step('reactivate', 'a')]);
    expect(looks).toEqual([]);
    sandbox.tokens.modify('a', { is_active: false });
    await applyPlan(context, [step('reactivate', 'a'), step('deactivate', 'b'), step('deactivate', 'c')]);
    expect(looks).toHaveLength(1);
    expect(looks[0]?.filter((call) => call === 'hub.setEnabled')).toHaveLength(2);
  });

  it('leaves alone what is no longer as planned, says so, and closes its intent only', async () => {
    token('t1', false);
    token('t2');
    const carriedOut = await carry([step('deactivate', 't1'), step('deactivate', 't2')], (call) =>
      call === 'hub.setEnabled' ? 'fail before' : 'pass',
    );
    expect(results(carriedOut)).toEqual([
      'deactivate t1 skipped it is no longer as planned: somebody changed it meanwhile; why',
      'deactivate t2 failed DockerHubUnavailable: hub.setEnabled failed.',
    ]);
    expect(sandbox.ledger.intents.map(({ tokenId }) => tokenId)).toEqual(['t2']);
    expect(sandbox.ledger.unreported).toEqual([]);
  });

  it('goes on after two failures in a row, and not after three', async () => {
    const names = ['t1', 't2', 't3', 't4', 't5', 't6', 't7'];
    for (const name of names) token(name);
    const fates: Fate[] = ['fail before', 'fail before', 'pass', 'fail before', 'fail before', 'fail before'];
    const carriedOut = await carry(
      names.map((name) => step('deactivate', name)),
      onNth('hub.setEnabled', fates),
    );
    expect(carriedOut.actions.map(({ status }) => status)).toEqual([
      'failed',
      'failed',
      'done',
      'failed',
      'failed',
      'failed',
      'skipped',
    ]);
    expect(carriedOut.actions.at(-1)?.reason).toBe('not tried, because 3 changes in a row failed; why');
  });

  it('begins no change in the last minute', async () => {
    token('t1');
    token('t2');
    const begin = sandbox.now;
    const carriedOut = await carry([step('deactivate', 't1'), step('deactivate', 't2')], (call) => {
      if (call === 'hub.setEnabled') sandbox.now = begin + 14 * 60_000 + 1;
      return 'pass';
    });
    expect(results(carriedOut)).toEqual([
      'deactivate t1 done',
      'deactivate t2 skipped not tried, because the time got short; why',
    ]);
    sandbox.now = begin;
    const services = { ...sandbox.services(), deadline: begin + 60_000 };
    const store = await openLedger(services.bucket);
    const context = { services, store, now: begin, lastLook: UNCHANGED };
    expect(results(await applyPlan(context, [step('deactivate', 't2')]))).toEqual(['deactivate t2 done']);
  });

  it('stops where the ledger can not be written any more, and says so', async () => {
    token('t1');
    token('t2');
    const carriedOut = await carry([step('deactivate', 't1'), step('deactivate', 't2')], (call) =>
      call === `bucket.writeIf ${OBJECTS.ledger}` ? 'fail before' : 'pass',
    );
    expect(results(carriedOut)).toEqual([
      'deactivate t1 done',
      'deactivate t2 skipped not tried, because the ledger could not be written; why',
    ]);
    expect(carriedOut.storageError?.name).toBe('StorageUnavailable');
    expect(sandbox.ledger.intents).toHaveLength(2);
  });

  it('changes nothing in the ledger for a step that it does not know', async () => {
    token('t1');
    const services = sandbox.services();
    const store = await openLedger(services.bucket);
    const before = store.current;
    const carriedOut = await applyPlan(
      { services: services, store: store, now: sandbox.now, lastLook: UNCHANGED },
      [step('deactivate', 't1')],
    );
    expect(carriedOut).not.toHaveProperty('storageError');
    expect(store.current).toBe(before);
  });

  it('closes the intent of the step that was taken, and of none that is like it', async () => {
    token('t1', false);
    token('t2', false);
    sandbox.keys.set('mtn-cm', 'content');
    const steps = [
      step('delete-token', 't1', { replaced: true }),
      step('delete-token', 't2'),
      step('reactivate', 't1'),
      removal(),
      { ...removal(), deployment: 'mtn-cm' },
    ];
    await carry(steps, onNth('hub.deleteToken', ['fail before']));
    expect(sandbox.ledger.intents).toMatchObject([
      { step: 'delete-token', tokenId: 't1' },
      { step: 'remove-key', deployment: 'orange-cd' },
    ]);
    expect(sandbox.ledger.unreported.map(({ kind, deployment }) => `${kind} ${deployment}`)).toEqual([
      'delete-token orange-cd',
      'reactivate orange-cd',
      'remove-key mtn-cm',
    ]);
  });

  it('logs each step that was tried with what became of it, and never with an answer of Docker Hub', async () => {
    token('t1');
    token('t2');
    const lines: unknown[] = [];
    const note = (message: string, fields?: unknown): void => void lines.push([message, fields]);
    const services = { ...sandbox.services(), log: { info: note, warn: note, error: note } };
    sandbox.fate = onNth('hub.setEnabled', ['fail before']);
    const store = await openLedger(services.bucket);
    await applyPlan({ services: services, store: store, now: sandbox.now, lastLook: UNCHANGED }, [
      step('deactivate', 't1'),
      step('deactivate', 't2'),
    ]);
    const common = { step: 'deactivate', deployment: 'orange-cd' };
    expect(lines).toEqual([
      ['A step failed', { ...common, error: 'DockerHubUnavailable' }],
      ['A step was taken', { ...common, status: 'done' }],
    ]);
  });
});

describe('removing a key', () => {
  beforeEach(() => {
    sandbox.keys.set('orange-cd', 'content');
    sandbox.keys.set('mtn-cm', 'other');
  });

  it('takes this one, while it holds what it held, and leaves the others', async () => {
    expect(results(await carry([removal()]))).toEqual(['remove-key key done']);
    expect(Object.entries(sandbox.keys.all)).toEqual([['mtn-cm', 'other']]);
  });

  it('is skipped where the key holds something else or is gone', async () => {
    const skipped = ['remove-key key skipped it is no longer as planned: somebody changed it meanwhile; why'];
    expect(results(await carry([removal('another')]))).toEqual(skipped);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
    sandbox.keys.delete('orange-cd');
    expect(results(await carry([removal()]))).toEqual(skipped);
    expect(sandbox.calls).not.toContain('vault.patchKeys');
  });

  it('is decided again by what is there where somebody wrote in between', async () => {
    let isWritten = false;
    const write =
      (content: string) =>
      (call: string): Fate => {
        if (call === 'vault.patchKeys' && !isWritten) {
          isWritten = true;
          sandbox.keys.set('orange-cd', content);
        }
        return 'pass';
      };
    expect(results(await carry([removal()], write('new')))[0]).toContain('skipped');
    expect(sandbox.keys.get('orange-cd')).toBe('new');
    isWritten = false;
    expect(results(await carry([removal('new')], write('new')))).toEqual(['remove-key key done']);
    expect(sandbox.keys.has('orange-cd')).toBe(false);
  });

  it('whose answer was lost is done where the key is gone, and is tried once more where it is not', async () => {
    expect(results(await carry([removal()], onNth('vault.patchKeys', ['fail after'])))).toEqual([
      'remove-key key done',
    ]);
    expect(sandbox.calls.filter((call) => call === 'vault.patchKeys')).toHaveLength(1);
    sandbox.keys.set('orange-cd', 'content');
    expect(results(await carry([removal()], onNth('vault.patchKeys', ['fail before'])))).toEqual([
      'remove-key key done',
    ]);
    sandbox.keys.set('orange-cd', 'content');
    expect(
      results(await carry([removal()], onNth('vault.patchKeys', ['fail before', 'fail before']))),
    ).toEqual(['remove-key key failed VaultUnavailable: vault.patchKeys failed.']);
  });

  it('fails at once with any other error', async () => {
    sandbox.vault.forget(sandbox.settings.vaultTokensPath);
    expect(results(await carry([removal()]))).toEqual([
      'remove-key key failed VaultSecretMissing: There is no secret.',
    ]);
    expect(sandbox.calls.filter((call) => call === 'vault.readKeys')).toHaveLength(1);
  });

  it('waits while one of several tokens of its label could not be deleted or was switched on meanwhile', async () => {
    for (const first of ['failed', 'skipped']) {
      token('t1', first === 'skipped');
      token('t2', false);
      const steps = [step('delete-token', 't1'), step('delete-token', 't2'), removal()];
      const { actions } = await carry(
        steps,
        onNth('hub.deleteToken', first === 'failed' ? ['fail before'] : []),
      );
      expect(actions.map(({ status }) => status)).toEqual([first, 'done', 'skipped']);
      expect(sandbox.keys.has('orange-cd')).toBe(true);
    }
  });

  it('waits while a token of its label could not be deleted', async () => {
    token('t1', false);
    const steps = [step('delete-token', 't1'), removal()];
    expect(
      results(await carry(steps, (call) => (call === 'hub.deleteToken' ? 'fail before' : 'pass'))),
    ).toEqual([
      'delete-token t1 failed DockerHubUnavailable: hub.deleteToken failed.',
      'remove-key key skipped not tried, because a token of that label is left; why',
    ]);
    expect(sandbox.keys.has('orange-cd')).toBe(true);
    const elsewhere = [step('delete-token', 't1', { deployment: 'mtn-cm' }), removal()];
    expect(results(await carry(elsewhere))[1]).toBe('remove-key key done');
    sandbox.keys.set('orange-cd', 'content');
    expect(results(await carry(steps))).toEqual(['delete-token t1 done', 'remove-key key done']);
  });
});

describe('the findings after the steps', () => {
  type Kind = Finding['kind'];
  const missing: readonly [Kind, string] = ['missing-token', 'orange-cd'];
  const on = actionOf(step('reactivate', 't1'), 'done');
  const planned = [step('reactivate', 't1')];

  it.each<
    [rule: string, found: readonly [Kind, string], actions: readonly Action[], mode: Mode, isLeft: boolean]
  >([
    ['whoever was switched on is not missed', missing, [on], 'enforce', false],
    ['another deployment is', ['missing-token', 'mtn-cm'], [on], 'enforce', true],
    ['whatever else was found stays', ['orphaned-key', 'orange-cd'], [on], 'enforce', true],
    ['who could not be switched on is missed', missing, [{ ...on, status: 'failed' }], 'enforce', true],
    ['who is only to be switched on is missed', missing, [{ ...on, status: 'planned' }], 'observe', true],
    ['a dry run takes what is planned for done', missing, [{ ...on, status: 'planned' }], 'dry-run', false],
    ['who was switched off is missed', missing, [{ ...on, kind: 'deactivate' }], 'enforce', true],
  ])('%s', (_rule, [kind, deployment], actions, mode, isLeft) => {
    const plan: Plan = { ...makePlan(snapshotOf({}), { hold: false }), steps: planned };
    const finding: Finding = {
      id: 'f',
      kind,
      deployment,
      severity: 'warning',
      detail: 'why',
      remedy: 'what to do',
      since: iso(NOW),
    };
    const left = findingsAfter([finding], plan, { actions, unmarked: [] }, mode);
    expect(left).toEqual(isLeft ? [finding] : []);
  });
});

// That the events which remedies print are taken by the functions and end the finding.
import { expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import { type Finding, type FindingKind, SEVERITY_OF } from '../../lambdas/domain/findings.ts';
import { issueEventSchema } from '../../lambdas/issue/event.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import { type MemorySandbox, startSandbox } from '../sandbox/sandbox.ts';

const EVENT = /\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\}/g;

/** The events of a remedy, each with the function that the words before it name. */
function eventsOf({ remedy }: Finding): { name: string; event: unknown }[] {
  return [...remedy.matchAll(EVENT)].map((match) => {
    const event: unknown = JSON.parse(match[0]);
    return { name: /the (\w+) function \($/.exec(remedy.slice(0, match.index))?.[1] ?? 'no', event };
  });
}

async function invoke(
  world: MemorySandbox,
  { name, event }: { name: string; event: unknown },
): Promise<void> {
  if (name === 'issue') await issue(parseEvent(issueEventSchema, event), world.services());
  else if (name === 'revoke') await revoke(parseEvent(revokeEventSchema, event), world.services());
  else throw new Error(`A remedy names no function that takes ${JSON.stringify(event)}.`);
}

/** A world in which `orange-cd` is licensed and `mtn-cm` was; nobody has a token yet. */
function worldWith(prepare: (world: MemorySandbox) => unknown): MemorySandbox {
  const world = startSandbox({ transport: 'memory' });
  world.putLicenses([
    ['orange-cd', '2027-01-01'],
    ['mtn-cm', '2026-01-01'],
    ['filler-zz', '2027-01-01'],
  ]);
  world.addToken('filler-zz');
  prepare(world);
  return world;
}

const labels = ['orange-cd', 'mtn-cm', 'unlicensed-xx', 'Misnamed One'] as const;

/** One situation: the kind of the finding, how many events its remedy prints, and how it comes to it. */
type Case = readonly [
  kind: FindingKind,
  what: string,
  events: number,
  prepare: (world: MemorySandbox) => unknown,
];

const eachLabel = (
  kind: FindingKind,
  events: readonly [number, number, number, number],
  prepare: (world: MemorySandbox, label: string) => unknown,
): Case[] =>
  labels.map((label, index) => [kind, label, events[index] ?? 0, (world) => prepare(world, label)] as const);

const CASES: readonly Case[] = [
  ...eachLabel('orphaned-token', [2, 1, 1, 0], (world, label) => world.addToken(label, { key: false })),
  ...eachLabel('orphaned-key', [2, 1, 1, 1], (world, label) => { world.keys.set(label, 'x'); }),
  ...eachLabel('duplicate-token', [1, 1, 1, 0], (world, label) => {
    world.addToken(label);
    world.addToken(label);
  }),
  ...eachLabel('wrong-scope', [1, 1, 1, 0], (world, label) =>
    world.addToken(label, { scopes: ['repo:write'] }),
  ),
  ...eachLabel('rejected-key', [1, 1, 1, 0], (world, label) => {
    world.addToken(label);
    world.keys.set(label, 'stale');
  }),
  ...eachLabel('mismatched-key', [1, 1, 1, 0], (world, label) => {
    world.addToken(label);
    world.keys.set(label, world.keys.get('filler-zz'));
  }),
  ...eachLabel('malformed-key', [1, 0, 0, 0], (world, label) => {
    world.addToken(label);
    world.keys.set(label, 7);
  }),
  ['orphaned-key', 'beside a misnamed token', 1, (world) => {
    const { content } = world.addToken('Orange_CD', { key: false });
    world.keys.set('orange-cd', content);
  }],
  ['orphaned-key', 'misnamed, beside its token', 1, (world) => {
    const { content } = world.addToken('orange-cd', { key: false });
    world.keys.set('Orange_CD', content);
  }],
  ['orphaned-key', 'with a look-alike letter, beside its token', 1, (world) => {
    const { content } = world.addToken('orange-cd', { key: false });
    world.keys.set('оrange-cd', content);
  }],
  ['orphaned-key', 'with a name that no event can hold', 0, (world) => { world.keys.set('x'.repeat(101), 'x'); }],
  ['misnamed-token', 'without a near name', 0, (world) => world.addToken('Misnamed  One ')],
  ['misnamed-token', 'with a near name', 1, (world) => world.addToken('Orange_CD')],
  ['misnamed-token', 'with a near name that is taken', 0, (world) => {
    world.addToken('Orange_CD');
    world.addToken('orange-cd');
  }],
  ['misnamed-token', 'that nobody can type', 0, (world) => world.addToken('a\nb')],
  ['misnamed-key', 'with its token', 1, (world) => world.addToken('Orange_CD')],
  ['misnamed-key', 'whose token has the proper name', 1, (world) => {
    const { content } = world.addToken('orange-cd', { key: false });
    world.keys.set('Orange_CD', content);
  }],
  ['misnamed-key', 'with no token anywhere', 1, (world) => { world.keys.set('Orange_CD', 'x'); }],
  ['misnamed-key', 'besides a token with a key', 1, (world) => {
    world.addToken('orange-cd');
    world.keys.set('Orange_CD', 'x');
  }],
  ['unlicensed-token', 'near a licensed name that has a token', 1, (world) => {
    world.addToken('orange-cd');
    world.addToken('orangee-cd');
  }],
  ['unlicensed-token', 'near a licensed name that has none', 2, (world) => world.addToken('orangee-cd')],
  ['automatic-token', 'that can do more than read', 0, (world) =>
    world.addToken('docker-desktop', { key: false, generatedBy: 'desktop', scopes: ['repo:admin'] })],
  ['unlicensed-token', 'that is active', 1, (world) => world.addToken('unlicensed-xx')],
  ['license-expired', 'in enforce', 0, (world) => world.addToken('mtn-cm')],
  ['license-expired', 'probably renewed under another spelling', 1, (world) => {
    world.addToken('expresso-sn');
    world.putLicenses([['expresso-sn', '2026-01-01'], ['expreso-sn', '2027-01-01'], ['filler-zz', '2027-01-01']]);
  }],
  ['license-expired', 'in observe', 1, (world) => {
    world.addToken('mtn-cm');
    world.settings = { ...world.settings, mode: 'observe' };
  }],
  ['license-expired', 'with caps of 0', 1, (world) => {
    world.addToken('mtn-cm');
    world.settings = { ...world.settings, maxWithdrawals: 0, maxWithdrawalPercent: 0 };
  }],
  ['license-expiring', 'soon', 0, (world) => {
    world.addToken('orange-cd');
    world.putLicenses([['orange-cd', '2026-03-09']]);
  }],
  ['invalid-license', 'without an end', 0, (world) => { world.putLicenses([['orange-cd', ''], ['filler-zz', '2027-01-01']]); }],
  ['missing-token', 'with nothing there', 1, () => undefined],
  ['missing-token', 'with only a key', 1, (world) => { world.keys.set('orange-cd', 'x'); }],
  ['missing-token', 'with an inactive one', 2, (world) => world.addToken('orange-cd', { enabled: false })],
  ['missing-token', 'with an expired one', 1, (world) => world.addToken('orange-cd', { expiresAt: world.now - DAY })],
  ['missing-token', 'with one both inactive and expired', 1, (world) =>
    world.addToken('orange-cd', { enabled: false, expiresAt: world.now - DAY })],
  ['missing-token', 'with a misnamed one', 1, (world) => world.addToken('Orange_CD')],
  ['missing-token', 'with a misnamed one that a look-alike letter spoils', 1, (world) => world.addToken('оrange-cd')],
  ['missing-token', 'with a misnamed one, and a key at either name', 0, (world) => {
    world.addToken('Orange_CD');
    world.keys.set('orange-cd', 'x');
  }],
  ['token-expiring', 'soon', 1, (world) => world.addToken('orange-cd', { expiresAt: world.now + 5 * DAY })],
  ['token-expiring', 'that has expired', 1, (world) => world.addToken('orange-cd', { expiresAt: world.now - DAY })],
  ['unused-token', 'that never was', 0, (world) => world.addToken('orange-cd', { lastUsedAt: null })],
  ['suspended', 'by the audit', 0, (world) => world.addToken('mtn-cm')],
]; // prettier-ignore

/** The finding, after as many nights as it takes to come up. */
async function found(world: MemorySandbox, kind: FindingKind): Promise<Finding> {
  for (let night = 0; night < 3; night++) {
    const { findings } = await audit({}, world.services());
    const finding = findings.find((one) => one.kind === kind && one.deployment !== 'filler-zz');
    if (finding !== undefined) return finding;
    world.now += DAY;
  }
  throw new Error(`There is no finding ${kind}.`);
}

it.each(CASES)(
  'each event that the remedy of %s prints (%s) is accepted by the function that it names, and helps',
  async (kind, _what, number, prepare) => {
    const events = eventsOf(await found(worldWith(prepare), kind));
    expect(events).toHaveLength(number);
    for (const event of events) {
      const world = worldWith(prepare);
      const { id } = await found(world, kind);
      await invoke(world, event);
      // The replaced ones of a regenerate keep working for three days.
      world.now += 4 * DAY;
      await audit({}, world.services());
      world.now += DAY;
      const left = (await audit({}, world.services())).findings.map((finding) => finding.id);
      // What was found of a content stands until it is checked again, which is not done without an active token.
      const stands = kind === 'mismatched-key' && event.name === 'revoke';
      expect([event, left.includes(id)]).toEqual([event, stands]);
    }
  },
);

it('every kind of finding is among these', () => {
  expect(new Set(CASES.map(([kind]) => kind))).toEqual(new Set(Object.keys(SEVERITY_OF)));
});

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
  sandbox: MemorySandbox,
  { name, event }: { name: string; event: unknown },
): Promise<void> {
  if (name === 'issue') await issue(parseEvent(issueEventSchema, event), sandbox.services());
  else if (name === 'revoke') await revoke(parseEvent(revokeEventSchema, event), sandbox.services());
  else throw new Error(`A remedy names no function that takes ${JSON.stringify(event)}.`);
}

/** A sandbox in which `orange-cd` is licensed and `mtn-cm` was; nobody has a token yet. */
function worldWith(prepare: (sandbox: MemorySandbox) => unknown): MemorySandbox {
  const sandbox = startSandbox({ transport: 'memory' });
  sandbox.putLicenses([
    ['orange-cd', '2027-01-01'],
    ['mtn-cm', '2026-01-01'],
    ['filler-zz', '2027-01-01'],
  ]);
  sandbox.addToken('filler-zz');
  prepare(sandbox);
  return sandbox;
}

const labels = ['orange-cd', 'mtn-cm', 'unlicensed-xx', 'Misnamed One'] as const;

/** One situation: the kind of the finding, how many events its remedy prints, and how it comes to it. */
type Case = readonly [
  kind: FindingKind,
  what: string,
  events: number,
  prepare: (sandbox: MemorySandbox) => unknown,
];

const eachLabel = (
  kind: FindingKind,
  events: readonly [number, number, number, number],
  prepare: (sandbox: MemorySandbox, label: string) => unknown,
): Case[] =>
  labels.map(
    (label, index) => [kind, label, events[index] ?? 0, (sandbox) => prepare(sandbox, label)] as const,
  );

const CASES: readonly Case[] = [
  ...eachLabel('orphaned-token', [2, 1, 1, 0], (sandbox, label) => sandbox.addToken(label, { key: false })),
  ...eachLabel('orphaned-key', [2, 1, 1, 1], (sandbox, label) => { sandbox.keys.set(label, 'x'); }),
  ...eachLabel('duplicate-token', [1, 1, 1, 0], (sandbox, label) => {
    sandbox.addToken(label);
    sandbox.addToken(label);
  }),
  ...eachLabel('wrong-scope', [1, 1, 1, 0], (sandbox, label) =>
    sandbox.addToken(label, { scopes: ['repo:write'] }),
  ),
  ...eachLabel('rejected-key', [1, 1, 1, 0], (sandbox, label) => {
    sandbox.addToken(label);
    sandbox.keys.set(label, 'stale');
  }),
  ...eachLabel('mismatched-key', [1, 1, 1, 0], (sandbox, label) => {
    sandbox.addToken(label);
    sandbox.keys.set(label, sandbox.keys.get('filler-zz'));
  }),
  ...eachLabel('malformed-key', [1, 0, 0, 0], (sandbox, label) => {
    sandbox.addToken(label);
    sandbox.keys.set(label, 7);
  }),
  ['orphaned-key', 'beside a misnamed token', 1, (sandbox) => {
    const { content } = sandbox.addToken('Orange_CD', { key: false });
    sandbox.keys.set('orange-cd', content);
  }],
  ['orphaned-key', 'misnamed, beside its token', 1, (sandbox) => {
    const { content } = sandbox.addToken('orange-cd', { key: false });
    sandbox.keys.set('Orange_CD', content);
  }],
  ['orphaned-key', 'with a look-alike letter, beside its token', 1, (sandbox) => {
    const { content } = sandbox.addToken('orange-cd', { key: false });
    sandbox.keys.set('оrange-cd', content);
  }],
  ['orphaned-key', 'with a name that no event can hold', 0, (sandbox) => { sandbox.keys.set('x'.repeat(101), 'x'); }],
  ['misnamed-token', 'without a near name', 0, (sandbox) => sandbox.addToken('Misnamed  One ')],
  ['misnamed-token', 'with a near name', 1, (sandbox) => sandbox.addToken('Orange_CD')],
  ['misnamed-token', 'with a near name that is taken', 0, (sandbox) => {
    sandbox.addToken('Orange_CD');
    sandbox.addToken('orange-cd');
  }],
  ['misnamed-token', 'that nobody can type', 0, (sandbox) => sandbox.addToken('a\nb')],
  ['misnamed-key', 'with its token', 1, (sandbox) => sandbox.addToken('Orange_CD')],
  ['misnamed-key', 'whose token has the proper name', 1, (sandbox) => {
    const { content } = sandbox.addToken('orange-cd', { key: false });
    sandbox.keys.set('Orange_CD', content);
  }],
  ['misnamed-key', 'with no token anywhere', 1, (sandbox) => { sandbox.keys.set('Orange_CD', 'x'); }],
  ['misnamed-key', 'besides a token with a key', 1, (sandbox) => {
    sandbox.addToken('orange-cd');
    sandbox.keys.set('Orange_CD', 'x');
  }],
  ['unlicensed-token', 'near a licensed name that has a token', 1, (sandbox) => {
    sandbox.addToken('orange-cd');
    sandbox.addToken('orangee-cd');
  }],
  ['unlicensed-token', 'near a licensed name that has none', 2, (sandbox) => sandbox.addToken('orangee-cd')],
  ['automatic-token', 'that can do more than read', 0, (sandbox) =>
    sandbox.addToken('docker-desktop', { key: false, generatedBy: 'desktop', scopes: ['repo:admin'] })],
  ['unlicensed-token', 'that is active', 1, (sandbox) => sandbox.addToken('unlicensed-xx')],
  ['license-expired', 'in enforce', 0, (sandbox) => sandbox.addToken('mtn-cm')],
  ['license-expired', 'probably renewed under another spelling', 1, (sandbox) => {
    sandbox.addToken('expresso-sn');
    sandbox.putLicenses([['expresso-sn', '2026-01-01'], ['expreso-sn', '2027-01-01'], ['filler-zz', '2027-01-01']]);
  }],
  ['license-expired', 'in observe', 1, (sandbox) => {
    sandbox.addToken('mtn-cm');
    sandbox.settings = { ...sandbox.settings, mode: 'observe' };
  }],
  ['license-expired', 'with caps of 0', 1, (sandbox) => {
    sandbox.addToken('mtn-cm');
    sandbox.settings = { ...sandbox.settings, maxWithdrawals: 0, maxWithdrawalPercent: 0 };
  }],
  ['license-expiring', 'soon', 0, (sandbox) => {
    sandbox.addToken('orange-cd');
    sandbox.putLicenses([['orange-cd', '2026-03-09']]);
  }],
  ['invalid-license', 'without an end', 0, (sandbox) => { sandbox.putLicenses([['orange-cd', ''], ['filler-zz', '2027-01-01']]); }],
  ['missing-token', 'with nothing there', 1, () => undefined],
  ['missing-token', 'with only a key', 1, (sandbox) => { sandbox.keys.set('orange-cd', 'x'); }],
  ['missing-token', 'with an inactive one', 2, (sandbox) => sandbox.addToken('orange-cd', { enabled: false })],
  ['missing-token', 'with an expired one', 1, (sandbox) => sandbox.addToken('orange-cd', { expiresAt: sandbox.now - DAY })],
  ['missing-token', 'with one both inactive and expired', 1, (sandbox) =>
    sandbox.addToken('orange-cd', { enabled: false, expiresAt: sandbox.now - DAY })],
  ['missing-token', 'with a misnamed one', 1, (sandbox) => sandbox.addToken('Orange_CD')],
  ['missing-token', 'with a misnamed one that a look-alike letter spoils', 1, (sandbox) => sandbox.addToken('оrange-cd')],
  ['missing-token', 'with a misnamed one, and a key at either name', 0, (sandbox) => {
    sandbox.addToken('Orange_CD');
    sandbox.keys.set('orange-cd', 'x');
  }],
  ['token-expiring', 'soon', 1, (sandbox) => sandbox.addToken('orange-cd', { expiresAt: sandbox.now + 5 * DAY })],
  ['token-expiring', 'that has expired', 1, (sandbox) => sandbox.addToken('orange-cd', { expiresAt: sandbox.now - DAY })],
  ['unused-token', 'that never was', 0, (sandbox) => sandbox.addToken('orange-cd', { lastUsedAt: null })],
  ['suspended', 'by the audit', 0, (sandbox) => sandbox.addToken('mtn-cm')],
]; // prettier-ignore

/** The finding, after as many nights as it takes to come up. */
async function found(sandbox: MemorySandbox, kind: FindingKind): Promise<Finding> {
  for (let night = 0; night < 3; night++) {
    const { findings } = await audit({}, sandbox.services());
    const finding = findings.find((one) => one.kind === kind && one.deployment !== 'filler-zz');
    if (finding !== undefined) return finding;
    sandbox.now += DAY;
  }
  throw new Error(`There is no finding ${kind}.`);
}

it.each(CASES)(
  'each event that the remedy of %s prints (%s) is accepted by the function that it names, and helps',
  async (kind, _what, number, prepare) => {
    const events = eventsOf(await found(worldWith(prepare), kind));
    expect(events).toHaveLength(number);
    for (const event of events) {
      const sandbox = worldWith(prepare);
      const { id } = await found(sandbox, kind);
      await invoke(sandbox, event);
      // The replaced ones of a regenerate keep working for three days.
      sandbox.now += 4 * DAY;
      await audit({}, sandbox.services());
      sandbox.now += DAY;
      const left = (await audit({}, sandbox.services())).findings.map((finding) => finding.id);
      // What was found of a content stands until it is checked again, which is not done without an active token.
      const stands = kind === 'mismatched-key' && event.name === 'revoke';
      expect([event, left.includes(id)]).toEqual([event, stands]);
    }
  },
);

it('every kind of finding is among these', () => {
  expect(new Set(CASES.map(([kind]) => kind))).toEqual(new Set(Object.keys(SEVERITY_OF)));
});

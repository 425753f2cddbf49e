// What people ask for, each time in a sandbox where it can be done.
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import {
  BYSTANDER,
  FAR,
  type Operation,
  canPull,
  ignoring,
  isOn,
  isWhole,
  labelled,
  later,
} from './operation.ts';
import { type FaultSandbox, type Surroundings, startFaultSandbox } from './fault-sandbox.ts';

const people = (around: Surroundings): Promise<FaultSandbox> =>
  startFaultSandbox(
    [
      { label: BYSTANDER, lastDay: FAR },
      { label: 'orange-cd', lastDay: FAR },
      { label: 'Mtn_CM', withKey: true },
    ],
    around,
  );

/** The night after. */
async function nextNight(world: FaultSandbox, days = 1): Promise<void> {
  world.clock.advance(days * DAY);
  await audit({}, world.services());
}

const airtelIsWhole = (world: FaultSandbox): string | undefined => {
  const { length } = labelled(world, 'airtel-td');
  if (length !== 1) return `${length} tokens of airtel-td`;
  return canPull(world, 'airtel-td') ? undefined : 'token and key of airtel-td do not belong together';
};

/** A token that is left behind is in the ledger, where the next call finds it: no key is left without its token. */
const noDeadKey =
  (label: string) =>
  (world: FaultSandbox): string | undefined =>
    world.keys.has(label) && !isWhole(world, label) ? `the key of ${label} is of no token` : undefined;

const ISSUE = { deployment: 'airtel-td' };
const issued: Operation = {
  name: 'issuing a token',
  prepare: async (around) => {
    const world = await startFaultSandbox([{ label: BYSTANDER, lastDay: FAR }], around);
    world.putLicenses([
      [BYSTANDER, FAR],
      ['airtel-td', FAR],
    ]);
    return world;
  },
  run: (world) => issue(ISSUE, world.services()),
  recover: (world) => later(world, () => ignoring(issue(ISSUE, world.services()))),
  always: noDeadKey('airtel-td'),
  wanted: airtelIsWhole,
};

const FIRST = { ...ISSUE, createSecret: true };
const first: Operation = {
  name: 'issuing the first token, and making the secret for it',
  prepare: async (around) => {
    const world = await startFaultSandbox([], { ...around, secret: false });
    world.putLicenses([['airtel-td', FAR]]);
    return world;
  },
  run: (world) => issue(FIRST, world.services()),
  recover: (world) => later(world, () => ignoring(issue(FIRST, world.services()))),
  always: noDeadKey('airtel-td'),
  wanted: airtelIsWhole,
};

/** A regenerated token: by the time the nights are over it is the only one, and Vault holds its content. */
const orangeIsOne = (world: FaultSandbox): string | undefined => {
  const { length } = labelled(world, 'orange-cd');
  if (length !== 1) return `${length} tokens of orange-cd`;
  return canPull(world, 'orange-cd') ? undefined : 'orange-cd can not pull with what Vault holds';
};

const AT_ONCE = { deployment: 'orange-cd', regenerate: true, overlapHours: 0 };
const regenerated: Operation = {
  name: 'regenerating a token without overlap',
  prepare: people,
  run: (world) => issue(AT_ONCE, world.services()),
  recover: async (world) => {
    await later(world, () => issue(AT_ONCE, world.services()));
    // Switched off at once, deleted 7 days later.
    await nextNight(world);
    await nextNight(world, 8);
  },
  wanted: orangeIsOne,
};

const OVERLAPPING = { deployment: 'orange-cd', regenerate: true };
const overlapped: Operation = {
  name: 'regenerating a token whose predecessor keeps working',
  prepare: people,
  run: (world) => issue(OVERLAPPING, world.services()),
  recover: async (world) => {
    await later(world, () => issue(OVERLAPPING, world.services()));
    // Switched off when the overlap is over, deleted 7 days later.
    await nextNight(world, 4);
    await nextNight(world, 8);
  },
  always: (world) => {
    // What the customer's server holds works until the overlap is over, whatever became of the new token.
    const oldest = world.dockerHub.tokens.all
      .toReversed()
      .find(({ token_label }) => token_label === 'orange-cd');
    const isEarly = world.clock.now() < Date.parse('2026-06-17T00:00:00Z');
    return isEarly && Date.parse(oldest?.created_at ?? '') > Date.parse('2026-06-01T00:00:00Z')
      ? 'the token that orange-cd uses is gone'
      : undefined;
  },
  wanted: orangeIsOne,
};

const RENAME = { deployment: 'Mtn_CM', renameTo: 'mtn-cm' };
const renamed: Operation = {
  name: 'renaming token and key',
  prepare: people,
  run: (world) => issue(RENAME, world.services()),
  recover: (world) =>
    later(world, async () => {
      if (labelled(world, 'Mtn_CM').length > 0 || world.keys.has('Mtn_CM'))
        await issue(RENAME, world.services());
    }),
  always: (world) => {
    const token = [...labelled(world, 'Mtn_CM'), ...labelled(world, 'mtn-cm')][0];
    if (token?.is_active !== true) return 'the token that is renamed can not be used';
    return Object.values(world.keys.all).includes(token.content)
      ? undefined
      : 'the key that is renamed is gone';
  },
  wanted: (world) => {
    if (world.keys.has('Mtn_CM') || labelled(world, 'Mtn_CM').length > 0)
      return 'the old name is still there';
    return canPull(world, 'mtn-cm') ? undefined : 'token and key of mtn-cm do not belong together';
  },
};

const REVOKE = { deployment: 'orange-cd', reason: 'leaked' };
const revoked: Operation = {
  name: 'revoking',
  takesFrom: ['orange-cd'],
  prepare: people,
  run: (world) => revoke(REVOKE, world.services()),
  recover: async (world) => {
    await later(world, () => revoke(REVOKE, world.services()));
    await nextNight(world);
  },
  wanted: (world) => (isOn(world, 'orange-cd') ? 'orange-cd is on' : undefined),
};

const RESTORE = { deployment: 'orange-cd', restore: true };
const restored: Operation = {
  name: 'restoring',
  prepare: async (around) => {
    const world = await people(around);
    await revoke(REVOKE, world.services());
    return world;
  },
  run: (world) => revoke(RESTORE, world.services()),
  recover: (world) => later(world, () => revoke(RESTORE, world.services())),
  wanted: (world) => (isOn(world, 'orange-cd') ? undefined : 'orange-cd is off'),
};

const RESTORE_RUN = { restoreRun: 'run-7', reason: 'the list was wrong' };
const runRestored: Operation = {
  name: 'restoring what a run switched off',
  prepare: async (around) => {
    const world = await startFaultSandbox(
      [
        { label: BYSTANDER, lastDay: FAR },
        { label: 'orange-cd', lastDay: '2026-06-10', enabled: false },
      ],
      around,
    );
    const tokenId = world.dockerHub.tokens.only('orange-cd').uuid;
    world.putLedger({
      suspensions: [
        {
          tokenId,
          deployment: 'orange-cd',
          by: 'audit',
          at: iso(world.clock.now() - DAY),
          reason: 'the license ended',
          end: '2026-06-10',
          runId: 'run-7',
        },
      ],
      inactive: [tokenId],
    });
    return world;
  },
  run: (world) => revoke(RESTORE_RUN, world.services()),
  recover: (world) => later(world, () => ignoring(revoke(RESTORE_RUN, world.services()))),
  wanted: (world) => (isOn(world, 'orange-cd') ? undefined : 'orange-cd is off'),
};

const DELETE = { deployment: 'orange-cd', delete: true, confirm: 'orange-cd', reason: 'gone' };
const deleted: Operation = {
  name: 'deleting token and key',
  takesFrom: ['orange-cd'],
  prepare: people,
  run: (world) => revoke(DELETE, world.services()),
  recover: (world) => later(world, () => ignoring(revoke(DELETE, world.services()))),
  wanted: (world) =>
    labelled(world, 'orange-cd').length > 0 || world.keys.has('orange-cd')
      ? 'orange-cd is still there'
      : undefined,
};

/** Everything that is done when a person asks for it. */
export const ON_DEMAND: readonly Operation[] = [
  issued,
  first,
  regenerated,
  overlapped,
  renamed,
  revoked,
  restored,
  runRestored,
  deleted,
];

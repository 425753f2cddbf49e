import { audit } from '../../lambdas/audit/audit.ts';
import { DAY, iso } from '../../lambdas/core/days.ts';
import { fingerprintOf } from '../../lambdas/core/fingerprint.ts';
import { issue } from '../../lambdas/issue/issue.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { startSmallWorld, type SmallWorld } from './small-world.ts';

/** One operation of the program, in a world where it has something to do. */
export interface Operation {
  readonly name: string;
  prepare(): Promise<SmallWorld>;
  run(world: SmallWorld): Promise<unknown>;
  /** Undisturbed, after a disturbed `run`: what a night or a person does next. */
  recover(world: SmallWorld): Promise<void>;
  /** What must be true after the recovery, whatever happened before; throws where it is not. */
  readonly wanted: (world: SmallWorld) => string | undefined;
}

const FAR = '2027-06-01';
/** Whoever else is there has paid, and must never notice anything. */
const BYSTANDER = 'moov-bj';

const labelled = (world: SmallWorld, label: string) => world.hub.tokens.labelled(label);
const isOn = (world: SmallWorld, label: string): boolean =>
  labelled(world, label).some(({ is_active }) => is_active === true);

/** A token that can be used has its content in Vault, and a key belongs to a token: both or neither. */
function isWhole(world: SmallWorld, label: string): boolean {
  const key = world.keys()[label];
  const tokens = labelled(world, label);
  return key === undefined ? tokens.length === 0 : tokens.some(({ content }) => content === key);
}

/** The next call is a while later: a lease that a failure left is past. */
async function later(world: SmallWorld, work: () => Promise<unknown>): Promise<void> {
  world.clock.advance(16 * 60_000);
  await work();
}

async function ignoring(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}

const night: Operation = {
  name: 'a night that switches off, switches on, deletes and announces',
  prepare: async () => {
    const world = await startSmallWorld([
      { label: BYSTANDER, lastDay: FAR },
      { label: 'orange-cd', lastDay: '2026-06-10' },
      { label: 'vodacom-cd', lastDay: FAR, enabled: false },
      { label: 'mtn-cm', lastDay: '2026-03-01', enabled: false },
      { label: 'airtel-td', lastDay: '2026-06-18' },
    ]);
    const now = world.clock.now();
    const id = (label: string): string => world.hub.tokens.only(label).uuid;
    const off = (label: string, days: number) => ({
      tokenId: id(label),
      deployment: label,
      by: 'audit' as const,
      at: iso(now - days * DAY),
      reason: 'the license ended',
      end: '2026-03-01',
      fingerprint: fingerprintOf(String(world.keys()[label])),
    });
    world.changeLedger((ledger) => ({
      ...ledger,
      suspensions: [off('vodacom-cd', 5), off('mtn-cm', 100)],
      inactive: [id('vodacom-cd'), id('mtn-cm')],
      notices: [
        {
          tokenId: id('orange-cd'),
          deployment: 'orange-cd',
          step: 'deactivate',
          end: '2026-06-10',
          at: iso(now - 2 * DAY),
        },
        {
          tokenId: id('mtn-cm'),
          deployment: 'mtn-cm',
          step: 'delete-token',
          end: '2026-03-01',
          at: iso(now - 8 * DAY),
        },
      ],
    }));
    return world;
  },
  run: (world) => audit({}, world.services()),
  recover: async (world) => {
    world.clock.advance(DAY);
    await audit({}, world.services());
    // Where half of the license list was lost on its way, rows were gone for a night: their notices lapsed, and are given
    // anew before anything is withdrawn. Seven days for a deletion; until then the one that is ending renews.
    if (!isOn(world, 'orange-cd') && labelled(world, 'mtn-cm').length === 0) return;
    world.setLicenses([
      [BYSTANDER, FAR],
      ['orange-cd', '2026-06-10'],
      ['vodacom-cd', FAR],
      ['mtn-cm', '2026-03-01'],
      ['airtel-td', FAR],
    ]);
    for (let more = 0; more < 9; more++) {
      world.clock.advance(DAY);
      await audit({}, world.services());
    }
  },
  wanted: (world) => {
    if (isOn(world, 'orange-cd')) return 'orange-cd is still on';
    if (!isOn(world, 'vodacom-cd')) return 'vodacom-cd is still off';
    if (!isOn(world, 'airtel-td')) return 'airtel-td is off, and its license is in force';
    if (labelled(world, 'mtn-cm').length > 0 || 'mtn-cm' in world.keys()) return 'mtn-cm is still there';
    if (!('orange-cd' in world.keys())) return 'the key of orange-cd is gone';
    return undefined;
  },
};

const people = async (): Promise<SmallWorld> =>
  startSmallWorld([
    { label: BYSTANDER, lastDay: FAR },
    { label: 'orange-cd', lastDay: FAR },
    { label: 'Mtn_CM', withKey: true },
  ]);

const issued: Operation = {
  name: 'issuing a token',
  prepare: async () => {
    const world = await startSmallWorld([{ label: BYSTANDER, lastDay: FAR }]);
    world.setLicenses([
      [BYSTANDER, FAR],
      ['airtel-td', FAR],
    ]);
    return world;
  },
  run: (world) => issue({ deployment: 'airtel-td' }, world.services()),
  recover: (world) => later(world, () => ignoring(issue({ deployment: 'airtel-td' }, world.services()))),
  wanted: (world) => {
    if (labelled(world, 'airtel-td').length !== 1)
      return `${labelled(world, 'airtel-td').length} tokens of airtel-td`;
    return isWhole(world, 'airtel-td') ? undefined : 'token and key of airtel-td do not belong together';
  },
};

const regenerated: Operation = {
  name: 'regenerating a token without overlap',
  prepare: people,
  run: (world) => issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 0 }, world.services()),
  recover: async (world) => {
    await later(world, () =>
      issue({ deployment: 'orange-cd', regenerate: true, overlapHours: 0 }, world.services()),
    );
    world.clock.advance(DAY);
    await audit({}, world.services());
  },
  wanted: (world) => {
    if (labelled(world, 'orange-cd').length !== 1)
      return `${labelled(world, 'orange-cd').length} tokens of orange-cd`;
    return isWhole(world, 'orange-cd') && isOn(world, 'orange-cd')
      ? undefined
      : 'orange-cd can not pull with what Vault holds';
  },
};

const RENAME = { deployment: 'Mtn_CM', renameTo: 'mtn-cm' };
const renamed: Operation = {
  name: 'renaming token and key',
  prepare: people,
  run: (world) => issue(RENAME, world.services()),
  recover: (world) =>
    later(world, async () => {
      if (labelled(world, 'Mtn_CM').length > 0 || 'Mtn_CM' in world.keys())
        await issue(RENAME, world.services());
    }),
  wanted: (world) => {
    if ('Mtn_CM' in world.keys() || labelled(world, 'Mtn_CM').length > 0)
      return 'the old name is still there';
    return isWhole(world, 'mtn-cm') && isOn(world, 'mtn-cm')
      ? undefined
      : 'token and key of mtn-cm do not belong together';
  },
};

const REVOKE = { deployment: 'orange-cd', reason: 'leaked' };
const revoked: Operation = {
  name: 'revoking',
  prepare: people,
  run: (world) => revoke(REVOKE, world.services()),
  recover: async (world) => {
    await later(world, () => revoke(REVOKE, world.services()));
    world.clock.advance(DAY);
    await audit({}, world.services());
  },
  wanted: (world) => (isOn(world, 'orange-cd') ? 'orange-cd is on' : undefined),
};

const restored: Operation = {
  name: 'restoring',
  prepare: async () => {
    const world = await people();
    await revoke(REVOKE, world.services());
    return world;
  },
  run: (world) => revoke({ deployment: 'orange-cd', restore: true }, world.services()),
  recover: (world) =>
    later(world, () => revoke({ deployment: 'orange-cd', restore: true }, world.services())),
  wanted: (world) => (isOn(world, 'orange-cd') ? undefined : 'orange-cd is off'),
};

const DELETE = { deployment: 'orange-cd', delete: true, confirm: 'orange-cd', reason: 'gone' };
const deleted: Operation = {
  name: 'deleting token and key',
  prepare: people,
  run: (world) => revoke(DELETE, world.services()),
  recover: (world) => later(world, () => ignoring(revoke(DELETE, world.services()))),
  wanted: (world) =>
    labelled(world, 'orange-cd').length > 0 || 'orange-cd' in world.keys()
      ? 'orange-cd is still there'
      : undefined,
};

/** Everything that the functions do. */
export const OPERATIONS: readonly Operation[] = [
  night,
  issued,
  regenerated,
  renamed,
  revoked,
  restored,
  deleted,
];

/** What no operation may ever do, recovered or not: touch whoever has paid. */
export function harmed(world: SmallWorld): string | undefined {
  const [token] = labelled(world, BYSTANDER);
  if (token?.is_active !== true) return `${BYSTANDER} lost its token`;
  return world.keys()[BYSTANDER] === token.content ? undefined : `${BYSTANDER} lost its key`;
}

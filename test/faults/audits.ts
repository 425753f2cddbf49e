// What the audit does, each time in a sandbox where it has something to do.
import { audit } from '../../lambdas/audit/audit.ts';
import type { AuditEvent } from '../../lambdas/audit/event.ts';
import { DAY, iso } from '../../lambdas/domain/days.ts';
import type { Ledger } from '../../lambdas/domain/ledger.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { fingerprintOf } from '../../lambdas/text/fingerprint.ts';
import {
  BYSTANDER,
  FAR,
  type Operation,
  ignoring,
  isOn,
  labelled,
  overCaps,
  unannounced,
} from './operation.ts';
import { type FaultSandbox, type Surroundings, startFaultSandbox } from './fault-sandbox.ts';

const ENDED = '2026-06-10';
const night = (world: FaultSandbox, event: AuditEvent = {}) => audit(event, world.services());

/** Nights that follow, each a day later. */
async function nights(world: FaultSandbox, number: number): Promise<void> {
  for (let count = 0; count < number; count++) {
    world.clock.advance(DAY);
    await night(world);
  }
}

const idOf = (world: FaultSandbox, label: string): string => world.dockerHub.tokens.only(label).uuid;

/** The notice that a deployment's token will be switched off, given two days ago. */
const notice = (world: FaultSandbox, deployment: string): Ledger['notices'][number] => ({
  tokenId: idOf(world, deployment),
  deployment,
  step: 'deactivate',
  end: ENDED,
  at: iso(world.clock.now() - 2 * DAY),
});

/** Watches the labels of a world's first tokens: a deleted one can't be asked for it any more. */
function watching(noticed: readonly string[], capped = true): (world: FaultSandbox) => string | undefined {
  const labels = new WeakMap<FaultSandbox, Map<string, string>>();
  return (world) => {
    const known = labels.get(world) ?? new Map<string, string>();
    for (const { uuid, token_label } of world.dockerHub.tokens.all) known.set(uuid, token_label ?? '');
    labels.set(world, known);
    return unannounced(world, new Set(noticed), known) ?? (capped ? overCaps(world, known) : undefined);
  };
}

const everything: Operation = {
  name: 'a night that switches off, switches on, deletes and announces',
  prepare: async (around) => {
    const world = await startFaultSandbox(
      [
        { label: BYSTANDER, lastDay: FAR },
        { label: 'orange-cd', lastDay: ENDED },
        { label: 'vodacom-cd', lastDay: FAR, enabled: false },
        { label: 'mtn-cm', lastDay: '2026-03-01', enabled: false },
        { label: 'airtel-td', lastDay: '2026-06-18' },
        { label: 'tigo-sn', lastDay: ENDED },
      ],
      around,
    );
    const now = world.clock.now();
    const off = (label: string, days: number) => ({
      tokenId: idOf(world, label),
      deployment: label,
      by: 'audit' as const,
      at: iso(now - days * DAY),
      reason: 'the license ended',
      end: '2026-03-01',
      fingerprint: fingerprintOf(String(world.keys.get(label))),
    });
    world.putLedger({
      suspensions: [off('vodacom-cd', 5), off('mtn-cm', 100)],
      inactive: [idOf(world, 'vodacom-cd'), idOf(world, 'mtn-cm')],
      notices: [
        notice(world, 'orange-cd'),
        {
          tokenId: idOf(world, 'mtn-cm'),
          deployment: 'mtn-cm',
          step: 'delete-token',
          end: '2026-03-01',
          at: iso(now - 8 * DAY),
        },
      ],
    });
    return world;
  },
  run: (world) => night(world),
  recover: async (world) => {
    await nights(world, 2);
    // Where half of the license list was lost on its way, rows were gone for a night: their notices lapsed, and are given
    // anew before anything is withdrawn. Seven days for a deletion; until then the one that is ending renews.
    if (!isOn(world, 'orange-cd') && labelled(world, 'mtn-cm').length === 0) return;
    world.putLicenses([
      [BYSTANDER, FAR],
      ['orange-cd', ENDED],
      ['vodacom-cd', FAR],
      ['mtn-cm', '2026-03-01'],
      ['airtel-td', FAR],
      ['tigo-sn', ENDED],
    ]);
    await nights(world, 8);
  },
  always: watching(['orange-cd', 'mtn-cm']),
  wanted: (world) => {
    if (isOn(world, 'orange-cd')) return 'orange-cd is still on';
    if (isOn(world, 'tigo-sn')) return 'tigo-sn is still on';
    if (!isOn(world, 'vodacom-cd')) return 'vodacom-cd is still off';
    if (!isOn(world, 'airtel-td')) return 'airtel-td is off, and its license is in force';
    if (labelled(world, 'mtn-cm').length > 0 || world.keys.has('mtn-cm')) return 'mtn-cm is still there';
    if (!world.keys.has('orange-cd')) return 'the key of orange-cd is gone';
    return undefined;
  },
};

/** One deployment whose license ended and that was told so, beside one that has paid. */
async function oneDue(around: Surroundings): Promise<FaultSandbox> {
  const world = await startFaultSandbox(
    [
      { label: BYSTANDER, lastDay: FAR },
      { label: 'orange-cd', lastDay: ENDED },
    ],
    around,
  );
  world.putLedger({ notices: [notice(world, 'orange-cd')] });
  return world;
}

const bringLicenses = (world: FaultSandbox): void => {
  world.putLicenses([
    [BYSTANDER, FAR],
    ['orange-cd', ENDED],
  ]);
};
const orangeIsOff = (world: FaultSandbox): string | undefined =>
  isOn(world, 'orange-cd') ? 'orange-cd is still on' : undefined;
const orangeIsOn = (world: FaultSandbox): string | undefined =>
  isOn(world, 'orange-cd') ? undefined : 'orange-cd was switched off';

/** While an input is missing nothing at all is changed. */
const incomplete: Operation = {
  name: 'a night without the license list',
  fails: 'AuditIncomplete',
  prepare: async (around) => {
    const world = await oneDue(around);
    world.bucket.delete(OBJECTS.licenses);
    return world;
  },
  run: (world) => night(world),
  recover: async (world) => {
    bringLicenses(world);
    await nights(world, 2);
  },
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const caughtUp: Operation = {
  name: 'a later try after a night that could not be made',
  prepare: async (around) => {
    const world = await oneDue(around);
    world.bucket.delete(OBJECTS.licenses);
    await ignoring(night(world));
    bringLicenses(world);
    world.clock.advance(DAY / 12);
    return world;
  },
  run: (world) => night(world, { catchUp: true }),
  recover: async (world) => {
    world.clock.advance(DAY / 12);
    await night(world, { catchUp: true });
    await nights(world, 2);
  },
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const nothingToCatchUp: Operation = {
  name: 'a later try with nothing to catch up',
  prepare: async (around) => {
    const world = await oneDue(around);
    await night(world);
    world.clock.advance(DAY / 12);
    return world;
  },
  run: (world) => night(world, { catchUp: true }),
  recover: (world) => nights(world, 1),
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const dry: Operation = {
  name: 'a dry run that checks every key',
  prepare: oneDue,
  run: (world) => night(world, { dryRun: true, verifyAll: true }),
  recover: async (world) => {
    await night(world, { dryRun: true, verifyAll: true });
  },
  always: (world) => {
    if (world.aws.published.length > 0) return 'a mail was sent';
    const written = world.bucket.versions.filter(({ key }) => !key.startsWith(`${OBJECTS.reports}dry-run/`));
    return written.length === 2 ? orangeIsOn(world) : 'something beside the report was written';
  },
  wanted: orangeIsOn,
};

const held: Operation = {
  name: 'a night while HOLD is there',
  prepare: async (around) => {
    const world = await oneDue(around);
    world.bucket.put(OBJECTS.hold, 'wait');
    return world;
  },
  run: (world) => night(world),
  recover: (world) => nights(world, 1),
  always: orangeIsOn,
  wanted: orangeIsOn,
};

const MANY = ['orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td', 'tigo-sn'];

/** Five at once are due, and three may go; the measures tell that nothing was lost meanwhile. */
async function manyDue(around: Surroundings): Promise<FaultSandbox> {
  const world = await startFaultSandbox(
    [{ label: BYSTANDER, lastDay: FAR }, ...MANY.map((label) => ({ label, lastDay: ENDED }))],
    around,
  );
  world.putLedger({
    notices: MANY.map((label) => notice(world, label)),
    measures: { tokens: 6, keys: 6, licenses: { deployments: 6, rows: null }, exemptions: [] },
  });
  return world;
}

const capped: Operation = {
  name: 'a night with more to withdraw than the caps allow',
  prepare: manyDue,
  run: (world) => night(world),
  recover: (world) => nights(world, 1),
  always: watching(MANY),
  wanted: (world) => {
    const off = MANY.filter((label) => !isOn(world, label));
    return off.length === 0 ? undefined : `${off.join(', ')} went although all are over the caps`;
  },
};

const approved: Operation = {
  name: 'a night that approves what is over the caps',
  prepare: manyDue,
  run: (world) => night(world, { approve: MANY }),
  recover: async (world) => {
    world.clock.advance(DAY);
    // What is approved already is not due any more.
    const left = MANY.filter((label) => isOn(world, label));
    if (left.length > 0) await ignoring(night(world, { approve: left }));
    await nights(world, 2);
    const again = MANY.filter((label) => isOn(world, label));
    if (again.length > 0) await night(world, { approve: again });
  },
  always: watching(MANY, false),
  wanted: (world) => {
    const on = MANY.filter((label) => isOn(world, label));
    return on.length === 0 ? undefined : `${on.join(', ')} is still on`;
  },
};

/** A customer has renewed: the upload's review switches the token on, and announces somebody else's end. */
const reviewed: Operation = {
  name: 'a review that switches on and announces',
  prepare: async (around) => {
    const world = await startFaultSandbox(
      [
        { label: BYSTANDER, lastDay: FAR },
        { label: 'orange-cd', lastDay: FAR, enabled: false },
        { label: 'airtel-td', lastDay: '2026-06-18' },
      ],
      around,
    );
    const orange = { tokenId: idOf(world, 'orange-cd'), deployment: 'orange-cd' };
    const row = (deployment: string, end: string) => ({
      deployment,
      product: '',
      paidUntil: end,
      accessUntil: end,
    });
    world.putLedger({
      suspensions: [
        {
          ...orange,
          by: 'audit',
          at: iso(world.clock.now() - 5 * DAY),
          reason: 'the license ended',
          end: ENDED,
        },
      ],
      inactive: [orange.tokenId],
      licenseRows: [row(BYSTANDER, FAR), row('orange-cd', ENDED), row('airtel-td', FAR)],
      passedEnds: [{ deployment: 'orange-cd', end: ENDED }],
    });
    return world;
  },
  run: (world) => night(world, { review: true }),
  recover: async (world) => {
    world.clock.advance(16 * 60_000);
    await night(world, { review: true });
    await nights(world, 1);
  },
  always: watching([]),
  wanted: (world) =>
    orangeIsOn(world) ??
    (world.ledger.notices.some(({ deployment }) => deployment === 'airtel-td')
      ? undefined
      : 'airtel-td was not announced'),
};

/** Every kind of run of the audit. */
export const AUDITS: readonly Operation[] = [
  everything,
  incomplete,
  caughtUp,
  nothingToCatchUp,
  dry,
  held,
  capped,
  approved,
  reviewed,
];

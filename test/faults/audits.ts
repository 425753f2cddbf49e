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
const night = (sandbox: FaultSandbox, event: AuditEvent = {}) => audit(event, sandbox.services());

/** Nights that follow, each a day later. */
async function nights(sandbox: FaultSandbox, number: number): Promise<void> {
  for (let count = 0; count < number; count++) {
    sandbox.clock.advance(DAY);
    await night(sandbox);
  }
}

const idOf = (sandbox: FaultSandbox, label: string): string => sandbox.dockerHub.tokens.only(label).uuid;

/** The notice that a deployment's token will be switched off, given two days ago. */
const notice = (sandbox: FaultSandbox, deployment: string): Ledger['notices'][number] => ({
  tokenId: idOf(sandbox, deployment),
  deployment,
  step: 'deactivate',
  end: ENDED,
  at: iso(sandbox.clock.now() - 2 * DAY),
});

/** Watches the labels of a sandbox's first tokens: a deleted one can't be asked for it any more. */
function watching(noticed: readonly string[], capped = true): (sandbox: FaultSandbox) => string | undefined {
  const labels = new WeakMap<FaultSandbox, Map<string, string>>();
  return (sandbox) => {
    const known = labels.get(sandbox) ?? new Map<string, string>();
    for (const { uuid, token_label } of sandbox.dockerHub.tokens.all) known.set(uuid, token_label ?? '');
    labels.set(sandbox, known);
    return unannounced(sandbox, new Set(noticed), known) ?? (capped ? overCaps(sandbox, known) : undefined);
  };
}

const everything: Operation = {
  name: 'a night that switches off, switches on, deletes and announces',
  prepare: async (around) => {
    const sandbox = await startFaultSandbox(
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
    const now = sandbox.clock.now();
    const off = (label: string, days: number) => ({
      tokenId: idOf(sandbox, label),
      deployment: label,
      by: 'audit' as const,
      at: iso(now - days * DAY),
      reason: 'the license ended',
      end: '2026-03-01',
      fingerprint: fingerprintOf(String(sandbox.keys.get(label))),
    });
    sandbox.putLedger({
      suspensions: [off('vodacom-cd', 5), off('mtn-cm', 100)],
      inactive: [idOf(sandbox, 'vodacom-cd'), idOf(sandbox, 'mtn-cm')],
      notices: [
        notice(sandbox, 'orange-cd'),
        {
          tokenId: idOf(sandbox, 'mtn-cm'),
          deployment: 'mtn-cm',
          step: 'delete-token',
          end: '2026-03-01',
          at: iso(now - 8 * DAY),
        },
      ],
    });
    return sandbox;
  },
  run: (sandbox) => night(sandbox),
  recover: async (sandbox) => {
    await nights(sandbox, 2);
    // Where half of the license list was lost on its way, rows were gone for a night: their notices lapsed, and are given
    // again before anything is withdrawn. Seven days for a deletion; until then the one that is ending renews.
    if (!isOn(sandbox, 'orange-cd') && labelled(sandbox, 'mtn-cm').length === 0) return;
    sandbox.putLicenses([
      [BYSTANDER, FAR],
      ['orange-cd', ENDED],
      ['vodacom-cd', FAR],
      ['mtn-cm', '2026-03-01'],
      ['airtel-td', FAR],
      ['tigo-sn', ENDED],
    ]);
    await nights(sandbox, 8);
  },
  always: watching(['orange-cd', 'mtn-cm']),
  wanted: (sandbox) => {
    if (isOn(sandbox, 'orange-cd')) return 'orange-cd is still on';
    if (isOn(sandbox, 'tigo-sn')) return 'tigo-sn is still on';
    if (!isOn(sandbox, 'vodacom-cd')) return 'vodacom-cd is still off';
    if (!isOn(sandbox, 'airtel-td')) return 'airtel-td is off, and its license is in force';
    if (labelled(sandbox, 'mtn-cm').length > 0 || sandbox.keys.has('mtn-cm')) return 'mtn-cm is still there';
    if (!sandbox.keys.has('orange-cd')) return 'the key of orange-cd is gone';
    return undefined;
  },
};

/** One deployment whose license ended and that was told so, beside one that has paid. */
async function oneDue(around: Surroundings): Promise<FaultSandbox> {
  const sandbox = await startFaultSandbox(
    [
      { label: BYSTANDER, lastDay: FAR },
      { label: 'orange-cd', lastDay: ENDED },
    ],
    around,
  );
  sandbox.putLedger({ notices: [notice(sandbox, 'orange-cd')] });
  return sandbox;
}

const bringLicenses = (sandbox: FaultSandbox): void => {
  sandbox.putLicenses([
    [BYSTANDER, FAR],
    ['orange-cd', ENDED],
  ]);
};
const orangeIsOff = (sandbox: FaultSandbox): string | undefined =>
  isOn(sandbox, 'orange-cd') ? 'orange-cd is still on' : undefined;
const orangeIsOn = (sandbox: FaultSandbox): string | undefined =>
  isOn(sandbox, 'orange-cd') ? undefined : 'orange-cd was switched off';

/** While an input is missing nothing at all is changed. */
const incomplete: Operation = {
  name: 'a night without the license list',
  fails: 'AuditIncomplete',
  prepare: async (around) => {
    const sandbox = await oneDue(around);
    sandbox.bucket.delete(OBJECTS.licenses);
    return sandbox;
  },
  run: (sandbox) => night(sandbox),
  recover: async (sandbox) => {
    bringLicenses(sandbox);
    await nights(sandbox, 2);
  },
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const caughtUp: Operation = {
  name: 'a later try after a night that could not be made',
  prepare: async (around) => {
    const sandbox = await oneDue(around);
    sandbox.bucket.delete(OBJECTS.licenses);
    await ignoring(night(sandbox));
    bringLicenses(sandbox);
    sandbox.clock.advance(DAY / 12);
    return sandbox;
  },
  run: (sandbox) => night(sandbox, { catchUp: true }),
  recover: async (sandbox) => {
    sandbox.clock.advance(DAY / 12);
    await night(sandbox, { catchUp: true });
    await nights(sandbox, 2);
  },
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const nothingToCatchUp: Operation = {
  name: 'a later try with nothing to catch up',
  prepare: async (around) => {
    const sandbox = await oneDue(around);
    await night(sandbox);
    sandbox.clock.advance(DAY / 12);
    return sandbox;
  },
  run: (sandbox) => night(sandbox, { catchUp: true }),
  recover: (sandbox) => nights(sandbox, 1),
  always: watching(['orange-cd']),
  wanted: orangeIsOff,
};

const dry: Operation = {
  name: 'a dry run that checks every key',
  prepare: oneDue,
  run: (sandbox) => night(sandbox, { dryRun: true, verifyAll: true }),
  recover: async (sandbox) => {
    await night(sandbox, { dryRun: true, verifyAll: true });
  },
  always: (sandbox) => {
    if (sandbox.aws.published.length > 0) return 'a mail was sent';
    const written = sandbox.bucket.versions.filter(
      ({ key }) => !key.startsWith(`${OBJECTS.reports}dry-run/`),
    );
    return written.length === 2 ? orangeIsOn(sandbox) : 'something beside the report was written';
  },
  wanted: orangeIsOn,
};

const held: Operation = {
  name: 'a night while HOLD is there',
  prepare: async (around) => {
    const sandbox = await oneDue(around);
    sandbox.bucket.put(OBJECTS.hold, 'wait');
    return sandbox;
  },
  run: (sandbox) => night(sandbox),
  recover: (sandbox) => nights(sandbox, 1),
  always: orangeIsOn,
  wanted: orangeIsOn,
};

const MANY = ['orange-cd', 'vodacom-cd', 'mtn-cm', 'airtel-td', 'tigo-sn'];

/** Five at once are due, and three may go; the measures tell that nothing was lost meanwhile. */
async function manyDue(around: Surroundings): Promise<FaultSandbox> {
  const sandbox = await startFaultSandbox(
    [{ label: BYSTANDER, lastDay: FAR }, ...MANY.map((label) => ({ label, lastDay: ENDED }))],
    around,
  );
  sandbox.putLedger({
    notices: MANY.map((label) => notice(sandbox, label)),
    measures: { tokens: 6, keys: 6, licenses: { deployments: 6, rows: null }, exemptions: [] },
  });
  return sandbox;
}

const capped: Operation = {
  name: 'a night with more to withdraw than the caps allow',
  prepare: manyDue,
  run: (sandbox) => night(sandbox),
  recover: (sandbox) => nights(sandbox, 1),
  always: watching(MANY),
  wanted: (sandbox) => {
    const off = MANY.filter((label) => !isOn(sandbox, label));
    return off.length === 0 ? undefined : `${off.join(', ')} went although all are over the caps`;
  },
};

const approved: Operation = {
  name: 'a night that approves what is over the caps',
  prepare: manyDue,
  run: (sandbox) => night(sandbox, { approve: MANY }),
  recover: async (sandbox) => {
    sandbox.clock.advance(DAY);
    // What is approved already is not due any more.
    const left = MANY.filter((label) => isOn(sandbox, label));
    if (left.length > 0) await ignoring(night(sandbox, { approve: left }));
    await nights(sandbox, 2);
    const again = MANY.filter((label) => isOn(sandbox, label));
    if (again.length > 0) await night(sandbox, { approve: again });
  },
  always: watching(MANY, false),
  wanted: (sandbox) => {
    const on = MANY.filter((label) => isOn(sandbox, label));
    return on.length === 0 ? undefined : `${on.join(', ')} is still on`;
  },
};

/** A customer has renewed: the upload's review switches the token on, and announces somebody else's end. */
const reviewed: Operation = {
  name: 'a review that switches on and announces',
  prepare: async (around) => {
    const sandbox = await startFaultSandbox(
      [
        { label: BYSTANDER, lastDay: FAR },
        { label: 'orange-cd', lastDay: FAR, enabled: false },
        { label: 'airtel-td', lastDay: '2026-06-18' },
      ],
      around,
    );
    const orange = { tokenId: idOf(sandbox, 'orange-cd'), deployment: 'orange-cd' };
    const row = (deployment: string, end: string) => ({
      deployment,
      product: '',
      paidUntil: end,
      accessUntil: end,
    });
    sandbox.putLedger({
      suspensions: [
        {
          ...orange,
          by: 'audit',
          at: iso(sandbox.clock.now() - 5 * DAY),
          reason: 'the license ended',
          end: ENDED,
        },
      ],
      inactive: [orange.tokenId],
      licenseRows: [row(BYSTANDER, FAR), row('orange-cd', ENDED), row('airtel-td', FAR)],
      passedEnds: [{ deployment: 'orange-cd', end: ENDED }],
    });
    return sandbox;
  },
  run: (sandbox) => night(sandbox, { review: true }),
  recover: async (sandbox) => {
    sandbox.clock.advance(16 * 60_000);
    await night(sandbox, { review: true });
    await nights(sandbox, 1);
  },
  always: watching([]),
  wanted: (sandbox) =>
    orangeIsOn(sandbox) ??
    (sandbox.ledger.notices.some(({ deployment }) => deployment === 'airtel-td')
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

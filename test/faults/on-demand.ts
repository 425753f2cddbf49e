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
async function nextNight(sandbox: FaultSandbox, days = 1): Promise<void> {
  sandbox.clock.advance(days * DAY);
  await audit({}, sandbox.services());
}

const airtelIsWhole = (sandbox: FaultSandbox): string | undefined => {
  const { length } = labelled(sandbox, 'airtel-td');
  if (length !== 1) return `${length} tokens of airtel-td`;
  return canPull(sandbox, 'airtel-td') ? undefined : 'token and key of airtel-td do not belong together';
};

/** A token that is left behind is in the ledger, where the next call finds it: no key is left without its token. */
const noDeadKey =
  (label: string) =>
  (sandbox: FaultSandbox): string | undefined =>
    sandbox.keys.has(label) && !isWhole(sandbox, label) ? `the key of ${label} is of no token` : undefined;

const ISSUE = { deployment: 'airtel-td' };
const issued: Operation = {
  name: 'issuing a token',
  prepare: async (around) => {
    const sandbox = await startFaultSandbox([{ label: BYSTANDER, lastDay: FAR }], around);
    sandbox.putLicenses([
      [BYSTANDER, FAR],
      ['airtel-td', FAR],
    ]);
    return sandbox;
  },
  run: (sandbox) => issue(ISSUE, sandbox.services()),
  recover: (sandbox) => later(sandbox, () => ignoring(issue(ISSUE, sandbox.services()))),
  always: noDeadKey('airtel-td'),
  wanted: airtelIsWhole,
};

const FIRST = { ...ISSUE, createSecret: true };
const first: Operation = {
  name: 'issuing the first token, and making the secret for it',
  prepare: async (around) => {
    const sandbox = await startFaultSandbox([], { ...around, secret: false });
    sandbox.putLicenses([['airtel-td', FAR]]);
    return sandbox;
  },
  run: (sandbox) => issue(FIRST, sandbox.services()),
  recover: (sandbox) => later(sandbox, () => ignoring(issue(FIRST, sandbox.services()))),
  always: noDeadKey('airtel-td'),
  wanted: airtelIsWhole,
};

/** A regenerated token: by the time the nights are over it is the only one, and Vault holds its content. */
const orangeIsOne = (sandbox: FaultSandbox): string | undefined => {
  const { length } = labelled(sandbox, 'orange-cd');
  if (length !== 1) return `${length} tokens of orange-cd`;
  return canPull(sandbox, 'orange-cd') ? undefined : 'orange-cd can not pull with what Vault holds';
};

const AT_ONCE = { deployment: 'orange-cd', regenerate: true, overlapHours: 0 };
const regenerated: Operation = {
  name: 'regenerating a token without overlap',
  prepare: people,
  run: (sandbox) => issue(AT_ONCE, sandbox.services()),
  recover: async (sandbox) => {
    await later(sandbox, () => issue(AT_ONCE, sandbox.services()));
    // Switched off at once, deleted 7 days later.
    await nextNight(sandbox);
    await nextNight(sandbox, 8);
  },
  wanted: orangeIsOne,
};

const OVERLAPPING = { deployment: 'orange-cd', regenerate: true };
const overlapped: Operation = {
  name: 'regenerating a token whose predecessor keeps working',
  prepare: people,
  run: (sandbox) => issue(OVERLAPPING, sandbox.services()),
  recover: async (sandbox) => {
    await later(sandbox, () => issue(OVERLAPPING, sandbox.services()));
    // Switched off when the overlap is over, deleted 7 days later.
    await nextNight(sandbox, 4);
    await nextNight(sandbox, 8);
  },
  always: (sandbox) => {
    // What the customer's server holds works until the overlap is over, whatever became of the new token.
    const oldest = sandbox.dockerHub.tokens.all
      .toReversed()
      .find(({ token_label }) => token_label === 'orange-cd');
    const isEarly = sandbox.clock.now() < Date.parse('2026-06-17T00:00:00Z');
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
  run: (sandbox) => issue(RENAME, sandbox.services()),
  recover: (sandbox) =>
    later(sandbox, async () => {
      if (labelled(sandbox, 'Mtn_CM').length > 0 || sandbox.keys.has('Mtn_CM'))
        await issue(RENAME, sandbox.services());
    }),
  always: (sandbox) => {
    const token = [...labelled(sandbox, 'Mtn_CM'), ...labelled(sandbox, 'mtn-cm')][0];
    if (token?.is_active !== true) return 'the token that is renamed can not be used';
    return Object.values(sandbox.keys.all).includes(token.content)
      ? undefined
      : 'the key that is renamed is gone';
  },
  wanted: (sandbox) => {
    if (sandbox.keys.has('Mtn_CM') || labelled(sandbox, 'Mtn_CM').length > 0)
      return 'the old name is still there';
    return canPull(sandbox, 'mtn-cm') ? undefined : 'token and key of mtn-cm do not belong together';
  },
};

const REVOKE = { deployment: 'orange-cd', reason: 'leaked' };
const revoked: Operation = {
  name: 'revoking',
  takesFrom: ['orange-cd'],
  prepare: people,
  run: (sandbox) => revoke(REVOKE, sandbox.services()),
  recover: async (sandbox) => {
    await later(sandbox, () => revoke(REVOKE, sandbox.services()));
    await nextNight(sandbox);
  },
  wanted: (sandbox) => (isOn(sandbox, 'orange-cd') ? 'orange-cd is on' : undefined),
};

const RESTORE = { deployment: 'orange-cd', restore: true };
const restored: Operation = {
  name: 'restoring',
  prepare: async (around) => {
    const sandbox = await people(around);
    await revoke(REVOKE, sandbox.services());
    return sandbox;
  },
  run: (sandbox) => revoke(RESTORE, sandbox.services()),
  recover: (sandbox) => later(sandbox, () => revoke(RESTORE, sandbox.services())),
  wanted: (sandbox) => (isOn(sandbox, 'orange-cd') ? undefined : 'orange-cd is off'),
};

const RESTORE_RUN = { restoreRun: 'run-7', reason: 'the list was wrong' };
const runRestored: Operation = {
  name: 'restoring what a run switched off',
  prepare: async (around) => {
    const sandbox = await startFaultSandbox(
      [
        { label: BYSTANDER, lastDay: FAR },
        { label: 'orange-cd', lastDay: '2026-06-10', enabled: false },
      ],
      around,
    );
    const tokenId = sandbox.dockerHub.tokens.only('orange-cd').uuid;
    sandbox.putLedger({
      suspensions: [
        {
          tokenId,
          deployment: 'orange-cd',
          by: 'audit',
          at: iso(sandbox.clock.now() - DAY),
          reason: 'the license ended',
          end: '2026-06-10',
          runId: 'run-7',
        },
      ],
      inactive: [tokenId],
    });
    return sandbox;
  },
  run: (sandbox) => revoke(RESTORE_RUN, sandbox.services()),
  recover: (sandbox) => later(sandbox, () => ignoring(revoke(RESTORE_RUN, sandbox.services()))),
  wanted: (sandbox) => (isOn(sandbox, 'orange-cd') ? undefined : 'orange-cd is off'),
};

const DELETE = { deployment: 'orange-cd', delete: true, confirm: 'orange-cd', reason: 'gone' };
const deleted: Operation = {
  name: 'deleting token and key',
  takesFrom: ['orange-cd'],
  prepare: people,
  run: (sandbox) => revoke(DELETE, sandbox.services()),
  recover: (sandbox) => later(sandbox, () => ignoring(revoke(DELETE, sandbox.services()))),
  wanted: (sandbox) =>
    labelled(sandbox, 'orange-cd').length > 0 || sandbox.keys.has('orange-cd')
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

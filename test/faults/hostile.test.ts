// Secrets where people put them by mistake: nothing of them leaves, by whatever way.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { OBJECTS } from '../../lambdas/ledger/bucket-keys.ts';
import { EventScope } from '../../lambdas/clients/event-scope.ts';
import { revokeEventSchema } from '../../lambdas/revoke/event.ts';
import { revoke } from '../../lambdas/revoke/revoke.ts';
import { withinScope } from '../../lambdas/runtime/invoke.ts';
import { parseEvent } from '../../lambdas/runtime/parse-event.ts';
import type { Services } from '../../lambdas/runtime/services.ts';
import { type Hearing, startHearing } from './hearing.ts';
import { BYSTANDER, FAR } from './operation.ts';
import { type FaultSandbox, startFaultSandbox } from './fault-sandbox.ts';

let hearing: Hearing;
let sandbox: FaultSandbox;

const GOOD = Array.from({ length: 40 }, (_unused, index) => `telco${index}`);

beforeEach(async () => {
  hearing = startHearing();
  sandbox = await startFaultSandbox(
    [
      { label: BYSTANDER, lastDay: FAR },
      { label: 'orange-cd', lastDay: FAR },
    ],
    { hearing },
  );
});

afterEach(async () => {
  hearing.stop();
  await sandbox.close();
});

const contentOf = (label: string): string => sandbox.dockerHub.tokens.only(label).content;

/** Secrets that somebody may paste, as they may be pasted. */
const PASTED: Readonly<Record<string, () => string>> = {
  'the content of a token': () => contentOf('orange-cd'),
  'the content of a token in capitals': () => contentOf('orange-cd').toUpperCase(),
  'the content of a token of nobody': () => sandbox.canaries.tokenContent(),
  'a content of before 2022': () => sandbox.canaries.uuid(),
  'what Docker keeps of a login': () =>
    Buffer.from(`riaktrdelivery:${contentOf('orange-cd')}`).toString('base64'),
  'the password of the account': () => sandbox.dockerHub.account.password,
  'the TOTP secret': () => sandbox.dockerHub.account.totpSecret ?? '',
};

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const COLUMNS = ['telco', 'country', 'expires_on', 'grace_days', 'product', 'contact', 'note', 'whatever'];
const EXEMPTION_COLUMNS = ['label', 'reason', 'owner', 'until', 'findings'];

function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => row.map(quoted).join(',')).join('\n');
}

/** A license list of which one row has a secret in one column. */
function licensesWith(column: string, secret: string): string {
  const row = (telco: string): string[] => [telco, 'be', FAR, '3', 'base', 'ann', '', ''];
  const odd = row('mtn').map((cell, index) => (COLUMNS[index] === column ? secret : cell));
  return csv(COLUMNS, [...GOOD.map(row), ['moov', 'bj', ...row('').slice(2)], odd]);
}

function exemptionsWith(column: string, secret: string): string {
  const row = ['orange-cd', 'a migration', 'ann', '2026-12-31', ''];
  return csv(EXEMPTION_COLUMNS, [
    row.map((cell, index) => (EXEMPTION_COLUMNS[index] === column ? secret : cell)),
  ]);
}

/** Runs an event as the functions do, and notes what it came to. */
async function run(work: (services: Services) => Promise<unknown>): Promise<void> {
  const scope = new EventScope();
  await withinScope(scope, () => work(sandbox.services({ scope }))).then(
    (result) => {
      sandbox.note('result', result);
    },
    (error: unknown) => {
      sandbox.note('error', error);
    },
  );
  sandbox.clock.advance(86_400_000);
}

const night = (): Promise<void> => run((services) => audit({}, services));

/** Runs a night and a later one, which knows what the first one remembered. */
async function nights(): Promise<void> {
  await night();
  await night();
}

describe('the password of the account behind other words, where a cell is cut and a line of the mail ends', () => {
  it('is not shown', async () => {
    const { password } = sandbox.dockerHub.account;
    for (const offset of [22, 31, 38, 56, 64]) {
      const filler = 'a sentence that goes on '.repeat(4).slice(0, offset);
      sandbox.bucket.put(OBJECTS.licenses, licensesWith('expires_on', `${filler}${password}`));
      sandbox.bucket.put(OBJECTS.exemptions, exemptionsWith('reason', `${filler}-${password}`));
      await night();
      expect([offset, sandbox.leaks()]).toEqual([offset, []]);
    }
    expect(sandbox.aws.published.length).toBeGreaterThan(0);
  });
});

describe.each(Object.keys(PASTED))('%s', (kind) => {
  const secret = (): string => PASTED[kind]?.() ?? '';

  it('in a cell of the license list is not shown', async () => {
    for (const column of COLUMNS) {
      sandbox.bucket.put(OBJECTS.licenses, licensesWith(column, secret()));
      await night();
      expect([column, sandbox.leaks()]).toEqual([column, []]);
    }
    expect(sandbox.aws.published.length).toBeGreaterThan(0);
  });

  it('in a header of a list is not shown', async () => {
    sandbox.bucket.put(OBJECTS.licenses, csv([secret(), 'country', 'expires_on'], [['mtn', 'be', FAR]]));
    sandbox.bucket.put(OBJECTS.exemptions, csv(['label', secret()], [['orange-cd', '']]));
    await nights();
    expect(sandbox.leaks()).toEqual([]);
    expect(sandbox.aws.published[0]?.messages.get('email')).toContain('licenses.csv');
  });

  it('in a cell of the exemptions is not shown', async () => {
    for (const column of EXEMPTION_COLUMNS) {
      sandbox.bucket.put(OBJECTS.exemptions, exemptionsWith(column, secret()));
      await night();
      expect([column, sandbox.leaks()]).toEqual([column, []]);
    }
  });

  it('as the label of a token or the name of a key is not shown', async () => {
    sandbox.dockerHub.tokens.add({ token_label: secret() });
    sandbox.dockerHub.tokens.add({ token_label: `mtn-gh ${secret()}` });
    sandbox.vault.kv.put('Global_customer_credentials/docker-deploy-tokens/riaktrdelivery-tokens', {
      ...sandbox.keys.all,
      [secret()]: 'orange-cd',
    });
    await nights();
    expect(sandbox.leaks()).toEqual([]);
  });

  it('in what a caller says is not shown', async () => {
    const event = {
      deployment: 'orange-cd',
      reason: `it leaked: ${secret()}`,
      requestedBy: secret().slice(0, 90),
    };
    await run(async (services) => revoke(parseEvent(revokeEventSchema, event), services));
    await nights();
    expect(sandbox.leaks()).toEqual([]);
  });
});

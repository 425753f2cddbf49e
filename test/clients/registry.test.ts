import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry } from '../../lambdas/clients/registry.ts';
import type { AuditorError } from '../../lambdas/errors.ts';
import { failureOf } from '../failure.ts';
import { Canaries } from '../sandbox/canaries.ts';
import { type SandboxClock, createClock } from '../sandbox/clock.ts';
import { type DockerHubStandIn, startDockerHub } from '../sandbox/docker-hub.ts';
import { FAULTS, type Fault, type FaultName, RETRY_AFTER_SECONDS, answering } from '../sandbox/faults.ts';
import { type RegistryStandIn, startRegistry } from '../sandbox/registry.ts';

const IMAGE = 'riaktr/base:3.12';
const ACCOUNT = 'riaktrdelivery';

let clock: SandboxClock;
let canaries: Canaries;
let hub: DockerHubStandIn;
let registry: RegistryStandIn;

beforeEach(async () => {
  clock = createClock({ now: Date.parse('2026-03-02T02:00:00Z'), ticking: false });
  canaries = new Canaries();
  hub = await startDockerHub({ clock, canaries });
  registry = await startRegistry({ hub, clock, canaries });
});

afterEach(async () => {
  await registry.close();
  await hub.close();
});

function verify(content: string, image = IMAGE, at = { registry, clock }): Promise<void> {
  return createRegistry({
    authUrl: at.registry.auth.url,
    registryUrl: at.registry.registry.url,
    clock: at.clock,
    deadline: at.clock.now() + 15 * 60_000,
    answerMilliseconds: 150,
  }).verifyPull(image, ACCOUNT, content);
}

/** How the check fails where one half of a registry of its own always has this fault. */
async function failureWith(half: 'auth' | 'registry', fault: Fault, content: string): Promise<unknown> {
  const own = createClock({ now: clock.now(), ticking: false });
  const at = { registry: await startRegistry({ hub, clock: own, canaries }), clock: own };
  at.registry[half].faults.always(fault);
  try {
    return await failureOf(() => verify(content, IMAGE, at)).catch(String);
  } finally {
    await at.registry.close();
  }
}

const newContent = (changes = {}): string => hub.tokens.add({ token_label: 'orange-cd', ...changes }).content;
const failure = (content: string, image?: string): Promise<AuditorError> =>
  failureOf(() => verify(content, image));

describe('the pull check', () => {
  it.each(['token', 'access_token', 'both'] as const)(
    'passes where the bearer comes as %s',
    async (field) => {
      registry.switches.bearerField = field;
      await verify(newContent());
    },
  );

  it('asks for the one scope, and looks at the manifest without pulling it', async () => {
    await verify(newContent());
    const [asked] = registry.auth.log;
    expect(new URLSearchParams(asked?.query).getAll('scope')).toEqual(['repository:riaktr/base:pull']);
    expect(registry.registry.log.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'HEAD /v2/riaktr/base/manifests/3.12',
    ]);
    expect(registry.pulls).toBe(0);
  });

  it('fails where the token service says 200 and gives no right', async () => {
    registry.switches.withoutRights = true;
    expect((await failure(newContent())).name).toBe('PullVerificationFailed');
    expect(registry.registry.log).toEqual([]);
  });

  it('fails where the scope does not include pulling private images', async () => {
    expect((await failure(newContent({ scopes: ['repo:public_read'] }))).name).toBe('PullVerificationFailed');
  });

  it('fails where the content is wrong, and says so where it has expired', async () => {
    expect((await failure('nonsense')).name).toBe('PullVerificationFailed');
    const expired = await failure(newContent({ expires_at: '2026-01-01T00:00:00Z' }));
    expect([expired.name, expired.message.includes('expired')]).toEqual(['PullVerificationFailed', true]);
  });

  it('fails where the image is not there, naming it', async () => {
    const found = await failure(newContent(), 'riaktr/base:9.99');
    expect([found.name, found.message.includes('riaktr/base:9.99')]).toEqual([
      'PullVerificationFailed',
      true,
    ]);
  });

  it.each([1, 2, 3])(
    'passes where a new token is refused %d times before it is known everywhere',
    async (times) => {
      const content = newContent();
      const refusal = answering('401', { status: 401, body: { details: 'incorrect username or password' } });
      for (let time = 0; time < times; time++) registry.auth.faults.when(() => true, refusal);
      const before = clock.now();
      await verify(content);
      expect(clock.now() - before).toBeGreaterThanOrEqual(1000);
      expect(registry.auth.log).toHaveLength(times + 1);
    },
  );

  it('tries what is refused for some seconds, what has expired or is not there once', async () => {
    await failure('nonsense');
    expect(registry.auth.log).toHaveLength(4);
    registry.auth.log.length = 0;
    await failure(newContent({ expires_at: '2026-01-01T00:00:00Z' }));
    await failure(newContent(), 'riaktr/base:9.99');
    expect(registry.auth.log).toHaveLength(2);
  });

  it('says which of refused, not allowed and no such image it was', async () => {
    const said = async (content: string, image?: string): Promise<string | undefined> =>
      /refused|not allowed|no such image/.exec(
        (await failure(content, image)).message.split('; ')[1] ?? '',
      )?.[0];
    expect(await said('nonsense')).toBe('refused');
    expect(await said(newContent({ scopes: ['repo:public_read'] }))).toBe('not allowed');
    expect(await said(newContent(), 'riaktr/base:9.99')).toBe('no such image');
  });

  it('does not ask again, and again, during a lock-out', async () => {
    registry.switches.failuresCount = true;
    for (let time = 0; time < 5; time++) await failure('nonsense');
    registry.auth.log.length = 0;
    expect((await failure(newContent())).name).toBe('RegistryUnavailable');
    expect(registry.auth.log).toHaveLength(1);
  });

  it('does not follow a redirect with the bearer', async () => {
    registry.registry.faults.always(
      answering('307', { status: 307, headers: { location: `${registry.auth.url}/elsewhere` } }),
    );
    expect((await failure(newContent())).name).toBe('RegistryUnavailable');
    expect(registry.auth.log.map(({ path }) => path)).toEqual(['/token']);
  });

  it.each<FaultName>(['resetBefore', 'timeOut', 'internalError', 'unavailablePage', 'okPage', 'limitedDate'])(
    'goes on after one %s of either half',
    async (fault) => {
      registry.auth.faults.nth(1, FAULTS[fault]);
      registry.registry.faults.nth(1, FAULTS[fault]);
      await verify(newContent());
      expect([registry.auth.log.length, registry.registry.log.length]).toEqual([2, 2]);
    },
  );

  it.each<FaultName>([
    'resetBefore',
    'timeOut',
    'internalError',
    'unavailablePage',
    'okPage',
    'limitedPlain',
  ])('is RegistryUnavailable where %s does not end, and proves nothing', async (fault) => {
    for (const half of [registry.auth, registry.registry]) {
      half.faults.always(FAULTS[fault]);
      expect((await failure(newContent())).name).toBe('RegistryUnavailable');
      half.faults.clear();
    }
  });

  it('waits as it is told', async () => {
    const before = clock.now();
    registry.auth.faults.nth(1, FAULTS.limitedUnix);
    await verify(newContent());
    expect(clock.now() - before).toBeGreaterThanOrEqual(RETRY_AFTER_SECONDS * 1000);
  });

  it('shows no secret in its errors', async () => {
    const content = newContent();
    const cases = Object.values(FAULTS).flatMap((fault) =>
      (['auth', 'registry'] as const).map((half) => failureWith(half, fault, content)),
    );
    for (const failed of await Promise.all(cases)) {
      const shown = inspect(failed, { depth: 10, showHidden: true });
      for (const secret of canaries.all) expect(shown).not.toContain(secret);
    }
  });
});

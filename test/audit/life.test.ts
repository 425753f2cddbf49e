// Lives in memory: whatever comes in whatever order, no invariant is broken.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audit } from '../../lambdas/audit/audit.ts';
import { DAY } from '../../lambdas/domain/days.ts';
import type { Fate } from '../sandbox/memory-sandbox.ts';
import { type Happening, Life, NAMES } from './life.ts';
import { MemoryScenario } from './memory-scenario.ts';

const begin = (): Life<MemoryScenario> => new Life(new MemoryScenario());
const who = fc.nat({ max: NAMES.length - 1 });
const night = (fate: fc.Arbitrary<Fate>, times: number): fc.Arbitrary<Happening> =>
  fc.record({
    do: fc.constant('night' as const),
    at: fc.integer({ min: 1, max: 40 }),
    fate,
    times: fc.constant(times),
  });

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: night(fc.constant<Fate>('pass'), 1) },
  { weight: 3, arbitrary: night(fc.constantFrom<Fate>('crash before', 'crash after'), 1) },
  { weight: 3, arbitrary: night(fc.constantFrom<Fate>('fail before', 'fail after'), 1) },
  { weight: 1, arbitrary: night(fc.constantFrom<Fate>('fail before', 'fail after'), 3) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      hours: fc.constantFrom(1, 12, 20, 24, 48, 24 * 8, 24 * 84),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('license' as const),
      who,
      days: fc.constantFrom(null, -30, -1, 0, 1, 5, 8, 400),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('misspell' as const), who, days: fc.constant(200) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('garble' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('switch' as const), who, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('subscriber' as const), on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('revoke' as const, 'restore' as const, 'regenerate' as const),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.constant<Happening>({ do: 'lose keys' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('exempt' as const),
      who,
      days: fc.constantFrom(null, 0, 3, 30),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('review' as const),
      again: fc.boolean(),
      at: fc.integer({ min: 1, max: 20 }),
      fate: fc.constantFrom<Fate>('pass', 'fail before', 'crash after'),
      times: fc.constant(1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('approve' as const), who }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ do: 'restore run' }) },
);

describe('the life of licenses', () => {
  it('never breaks an invariant, whatever happens in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 60 }), async (happenings) => {
        const life = begin();
        for (const what of happenings) await life.happen(what);
      }),
      { numRuns: Number(process.env['LIVES'] ?? 300) },
    );
  }, 120_000);

  it('is changed by nothing when a night is run again at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
        const life = begin();
        for (const what of happenings) await life.happen(what);
        await life.night();
        const once = JSON.stringify(life.state);
        life.sandbox.now -= 16 * 60_000;
        await life.night();
        expect(JSON.stringify(life.state)).toBe(once);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('ends where an uninterrupted one ends, wherever a night crashed and was run again', async () => {
    const story = async (crashAt: number | undefined, fate: Fate): Promise<string> => {
      const life = begin();
      const { sandbox } = life;
      for (const [index, name] of NAMES.entries())
        if (index < 2) await life.happen({ do: 'license', who: NAMES.indexOf(name), days: 3 });
      const start = sandbox.now;
      // The quiet weeks between the nights that announce, switch off, announce the deletion and delete are left out.
      const nights = [0, 1, 2, 3, 4, 5, 6, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97];
      for (const day of nights) {
        sandbox.now = start + day * DAY;
        if (crashAt !== undefined && [0, 4, 87, 94].includes(day))
          await life.night({ at: crashAt, fate, times: 1 });
        else await life.night();
      }
      return JSON.stringify(life.state);
    };
    const whole = await story(undefined, 'pass');
    expect(whole).not.toContain('orange-cd');
    expect(whole).toContain('mtn-cm');
    for (const fate of ['crash before', 'crash after', 'fail before', 'fail after'] as const)
      for (let at = 1; at <= 36; at++) expect([fate, at, await story(at, fate)]).toEqual([fate, at, whole]);
  }, 120_000);

  it('is touched by no dry run', async () => {
    const life = begin();
    await life.happen({ do: 'license', who: 0, days: -1 });
    await life.night();
    life.sandbox.now += DAY;
    const { bucket, mails } = life.sandbox;
    const everything = (): string => JSON.stringify([life.state, bucket.versions, mails.length]);
    const before = everything();
    const result = await audit({ dryRun: true }, life.sandbox.services());
    expect(result.actions).toMatchObject([{ kind: 'deactivate', status: 'planned' }]);
    const reports = bucket.keys.filter((key) => key.startsWith('reports/dry-run/'));
    expect(reports).toHaveLength(2);
    for (const key of reports) bucket.deleteVersion(key, bucket.current(key)?.versionId ?? '');
    expect(everything()).toBe(before);
  });
});

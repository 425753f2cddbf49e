// When nights come, and how days and times are written.
import { describe, expect, it } from 'vitest';
import { dayOf } from '../../lambdas/domain/days.ts';
import { endOfDay, longDay, longTime, nextNight, shortDay, shortTime } from '../../lambdas/domain/nights.ts';

const BRUSSELS = { timeZone: 'Europe/Brussels', nightlyAt: '03:30' };
const at = (text: string): number => Date.parse(text);

describe('the next night', () => {
  it('is the first nightly time at an instant or after it, by the clock of the place', () => {
    const next = (from: string): string => new Date(nextNight(at(from), BRUSSELS)).toISOString();
    expect(next('2026-11-27T02:30:00Z')).toBe('2026-11-27T02:30:00.000Z');
    expect(next('2026-11-27T02:30:01Z')).toBe('2026-11-28T02:30:00.000Z');
    expect(next('2026-11-26T23:30:00Z')).toBe('2026-11-27T02:30:00.000Z');
  });

  it('comes at the same time by the clock when the clocks change', () => {
    const next = (from: string): string => new Date(nextNight(at(from), BRUSSELS)).toISOString();
    expect(next('2026-03-28T12:00:00Z')).toBe('2026-03-29T01:30:00.000Z');
    expect(next('2026-10-24T12:00:00Z')).toBe('2026-10-25T02:30:00.000Z');
  });
});

describe('a day and a time for people', () => {
  it('name the weekday, and the year only where it is another one', () => {
    expect(longDay('2026-11-27')).toBe('Friday 27 November 2026');
    expect(longTime(at('2026-11-30T02:30:00Z'), 'Europe/Brussels')).toBe(
      'Monday 30 November 2026, 03:30 (Europe/Brussels)',
    );
    expect(shortTime(at('2026-12-04T02:30:00Z'), 'Europe/Brussels', '2026-11-27')).toBe('Fri  4 Dec 03:30');
    expect(shortTime(at('2027-01-04T02:30:00Z'), 'Europe/Brussels', '2026-11-27')).toBe(
      'Mon  4 Jan 2027 03:30',
    );
    expect([shortDay('2026-10-18', '2026-11-27'), shortDay('2025-10-18', '2026-11-27')]).toEqual([
      '18 Oct',
      '18 Oct 2025',
    ]);
    expect(shortDay('9999-12-31', '2026-11-27')).toBe('no end');
  });
});

describe('an hour that clocks skip or show twice', () => {
  const written = (instant: number): string => new Date(instant).toISOString();

  it.each([
    ['2026-09-05', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    ['2026-03-07', 'America/Havana', '2026-03-08T05:00:00.000Z'],
    ['2026-10-31', 'America/Havana', '2026-11-01T04:00:00.000Z'],
    ['2026-04-23', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    ['2026-03-28', 'Asia/Beirut', '2026-03-28T22:00:00.000Z'],
  ])('does not end the day %s of %s before or after it is over', (day, timeZone, end) => {
    expect(written(endOfDay(day, timeZone))).toBe(end);
    expect(dayOf(endOfDay(day, timeZone), timeZone) > day).toBe(true);
    expect(dayOf(endOfDay(day, timeZone) - 1, timeZone)).toBe(day);
  });

  it.each([
    ['America/New_York', '2026-03-08T05:00:00Z', '2026-03-08T07:30:00.000Z'],
    ['Europe/Brussels', '2026-03-28T23:00:00Z', '2026-03-29T01:30:00.000Z'],
  ])('lets the night of %s come at the later one', (timeZone, from, night) => {
    expect(written(nextNight(at(from), { timeZone, nightlyAt: '02:30' }))).toBe(night);
  });
});
